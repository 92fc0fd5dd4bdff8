package app_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"timebank/internal/app"
	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/errs"
)

// answering is a server of a new city until the test ends.
func answering(t *testing.T, set map[string]string) *app.Server {
	t.Helper()
	all := map[string]string{"data": t.TempDir(), "http.addr": "127.0.0.1:0"}
	for key, value := range set {
		all[key] = value
	}
	c, err := config.Load(nil, nil, all)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), app.Options{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := a.Found(t.Context(), app.Nanjing()); err != nil {
		t.Fatal(err)
	}
	s, err := a.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- s.Run(ctx, func() error { close(ready); return nil }) }()
	<-ready
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

// selfSigned writes a certificate for this machine and its key, and returns the files and what trusts it.
func selfSigned(t *testing.T) (cert, key string, trust *x509.CertPool) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: clock.System().Now().Add(-time.Hour),
		NotAfter: clock.System().Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &secret.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	trust = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	trust.AddCert(parsed)
	return cert, key, trust
}

func TestAServerWithACertificateAnswersEncryptedAlone(t *testing.T) {
	cert, key, trust := selfSigned(t)
	s := answering(t, map[string]string{"http.cert": cert, "http.key": key})
	if !strings.HasPrefix(s.URL, "https://") {
		t.Fatalf("it announces %s", s.URL)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust}, ForceAttemptHTTP2: true}}
	res, err := client.Get(s.URL + "public/join")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Strict-Transport-Security"), "max-age=63072000") || res.ProtoMajor != 2 {
		t.Errorf("got %s %s with strict transport %q", res.Proto, res.Status, res.Header.Get("Strict-Transport-Security"))
	}
	// A choice of language stands in a cookie that is bound to the host.
	form, err := client.Post(s.URL+"settings", "application/x-www-form-urlencoded", strings.NewReader("lang=en&back=/public/join"))
	if err != nil {
		t.Fatal(err)
	}
	defer form.Body.Close()
	set := form.Request.Response.Header.Get("Set-Cookie")
	if !strings.HasPrefix(set, "__Host-lang=") || !strings.Contains(set, "Secure") || !strings.Contains(set, "HttpOnly") || !strings.Contains(set, "Path=/") {
		t.Errorf("got the cookie %q", set)
	}
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust, MaxVersion: tls.VersionTLS11}}} //nolint:gosec // it must be refused
	if res, err := old.Get(s.URL); err == nil {
		res.Body.Close()
		t.Error("TLS 1.1 is answered")
	}
	plain, err := http.Get("http" + strings.TrimPrefix(s.URL, "https"))
	if err == nil {
		defer plain.Body.Close()
		if plain.StatusCode != http.StatusBadRequest {
			t.Errorf("without encryption: got %s", plain.Status)
		}
	}
}

func TestHalfACertificateDoesNotStart(t *testing.T) {
	for _, c := range []struct {
		set  map[string]string
		code string
	}{{map[string]string{"http.cert": "x"}, "config.invalid"}, {map[string]string{"http.key": "x"}, "config.invalid"},
		{map[string]string{"http.cert": "/nowhere", "http.key": "/nowhere"}, "app.certificate_unusable"}, {map[string]string{"http.proxies": "the proxy"}, "config.invalid"}} {
		all := map[string]string{"data": t.TempDir(), "http.addr": "127.0.0.1:0"}
		for key, value := range c.set {
			all[key] = value
		}
		settings, err := config.Load(nil, nil, all)
		if err != nil {
			t.Fatal(err)
		}
		a, err := app.Open(t.Context(), app.Options{Config: settings})
		if err == nil {
			_, err = a.Listen(t.Context())
			if closed := a.Close(); closed != nil {
				t.Error(closed)
			}
		}
		if errs.CodeOf(err) != c.code {
			t.Errorf("%v: got %v, want %s", c.set, err, c.code)
		}
	}
}

// A client that sends a byte now and then is let go, while its head is missing and while its body is.
func TestASlowClientIsLetGo(t *testing.T) {
	s := answering(t, map[string]string{"http.read": "200ms"})
	for _, c := range []struct{ name, sends, answers string }{
		{"no head", "GET /public/join HTTP/1.1\r\nHost: x\r\nX-Slow: ", ""},
		{"no body", "POST /api/v1/sign-in/codes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", "408"},
		{"no form", "POST /settings HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nlang", "422"},
	} {
		conn, err := net.Dial("tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		// The server ends it; a minute only keeps a broken server from holding the test.
		if err := conn.SetDeadline(clock.System().Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, c.sends); err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(bufio.NewReader(conn))
		if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
			t.Errorf("%s: the server waits for ever", c.name)
		}
		if status := strings.Split(string(answer)+"  ", " ")[1]; c.answers != "" && status != c.answers {
			t.Errorf("%s: got %.200q, want %s", c.name, answer, c.answers)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestALongHeadIsRefused(t *testing.T) {
	s := answering(t, nil)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", strings.Repeat("x", 64<<10))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %s, want 431", res.Status)
	}
}

// Where there is nothing, a person gets a page and a program a problem; and the address of a program never answers with a page.
func TestNowhereAnswersPersonsAndProgramsInTheirWay(t *testing.T) {
	s := answering(t, nil)
	for _, one := range []struct {
		path, accept, kind string
		status             int
	}{
		{"/", "text/html", "text/html; charset=utf-8", http.StatusOK},
		{"/", "*/*", "application/json", http.StatusOK},
		{"/nowhere", "text/html,*/*;q=0.8", "text/html; charset=utf-8", http.StatusNotFound},
		{"/nowhere", "*/*", "application/problem+json", http.StatusNotFound},
		{"/elder/nowhere", "text/html", "text/html; charset=utf-8", http.StatusNotFound},
		{"/api/v1/nowhere", "text/html", "application/problem+json", http.StatusNotFound},
		{"/health/live", "text/html", "text/plain; charset=utf-8", http.StatusOK},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+strings.TrimPrefix(one.path, "/"), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", one.accept)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		if kind := resp.Header.Get("Content-Type"); resp.StatusCode != one.status || kind != one.kind {
			t.Errorf("%s for %s: got %d %s, want %d %s", one.path, one.accept, resp.StatusCode, kind, one.status, one.kind)
		}
	}
}

// Too many requests are told when to come back, on pages and in the API, and a health check is not counted.
func TestTooManyRequestsAreToldWhenToComeBack(t *testing.T) {
	s := answering(t, map[string]string{"limits.address": "1", "limits.address_burst": "3"})
	for _, path := range []string{"public/join", "api/v1/regions", "health/live"} {
		got := []int{}
		var last *http.Response
		for range 8 {
			res, err := http.Get(s.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, res.Body); err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			got, last = append(got, res.StatusCode), res
		}
		limited := strings.Contains(fmt.Sprint(got), "429")
		if limited != (path != "health/live") {
			t.Errorf("%s: got %v", path, got)
		}
		if last.StatusCode == http.StatusTooManyRequests && last.Header.Get("Retry-After") == "" {
			t.Errorf("%s: refused without saying when to come back", path)
		}
	}
}
