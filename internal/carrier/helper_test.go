package carrier

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/id"
	"timebank/internal/notify"
)

// What must stand in no error and no line of a log.
const (
	planted = "13812345678"
	secret  = "planted-secret"
	code    = "424242"
)

var start = time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)

// settings are those of a city with every carrier, at addresses that answer nothing.
func settings() config.Config {
	c := config.Default()
	c.Carriers.Timeout = 20 * time.Second
	c.Aliyun = config.Aliyun{Key: "planted-key", Secret: secret, Sign: "时间银行", Endpoint: "http://127.0.0.1:1", Templates: "signin.code=SMS_1(code) order.paid=SMS_2(when:start,what:service)"}
	c.Tencent = config.Tencent{ID: "planted-id", Secret: secret, App: "1400000000", Sign: "时间银行", Region: "ap-guangzhou", Endpoint: "http://127.0.0.1:1",
		Templates: "signin.code=77(code,minutes)"}
	c.WeChat = config.WeChat{App: "wx1", Secret: secret, Endpoint: "http://127.0.0.1:1", Templates: "signin.code=T1(thing1:code,time2:minutes)", Page: "pages/order"}
	c.SMTP = config.SMTP{Addr: "127.0.0.1:1", From: "Time bank <bank@example.org>", TLS: "none"}
	return c
}

func open(t testing.TB, c config.Config) *Switch {
	t.Helper()
	s, err := New(c, clock.NewFake(start))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// letter is a code for a number.
func letter(by notify.Channel) notify.Letter {
	l := notify.Letter{ID: notify.ID(id.Code(id.Seeded(1), 12)), Created: start, Expires: start.Add(5 * time.Minute), Message: notify.Message{Channel: by, To: planted,
		Kind: notify.Code, Life: 5 * time.Minute, Values: map[string]string{"code": code, "minutes": "5"}}}
	if by == notify.Email {
		l.To = "planted@example.org"
	}
	return l
}

// answer is what a provider's server says next.
type answer struct {
	status int
	body   string
}

// provider is a provider's server: it keeps requests and gives answers, the last of them again and again.
type provider struct {
	*httptest.Server
	mu      sync.Mutex
	answers []answer
	got     []*http.Request
	bodies  []string
}

func provide(t testing.TB, answers ...answer) *provider {
	p := &provider{answers: answers}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		p.mu.Lock()
		p.got, p.bodies = append(p.got, r), append(p.bodies, string(body))
		a := p.answers[0]
		if len(p.answers) > 1 {
			p.answers = p.answers[1:]
		}
		p.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(a.status)
		if _, err := io.WriteString(w, a.body); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

// silent is a server that says nothing until the test is over.
func silent(t testing.TB) *httptest.Server {
	over := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-over:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(over); s.Close() })
	return s
}

// said is how a letter failed. Its words must hold nothing of the letter and no secret.
func said(t testing.TB, err error) notify.Failure {
	t.Helper()
	f, ok := errors.AsType[notify.Failure](err)
	if !ok {
		t.Fatalf("got %v, want a failure", err)
	}
	for _, never := range []string{planted, "planted", secret, code, "127.0.0.1"} {
		if strings.Contains(err.Error(), never) {
			t.Errorf("the error %q holds %q", err, never)
		}
	}
	return f
}

func send(t testing.TB, s *Switch, l notify.Letter) (notify.Taken, error) {
	t.Helper()
	return s.Send(context.WithoutCancel(t.Context()), l)
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// part cuts what stands in an authorization header between two marks.
func part(header, from, to string) string {
	_, rest, _ := strings.Cut(header, from)
	found, _, _ := strings.Cut(rest, to)
	return found
}

// aliyunSigned checks the third version of Alibaba Cloud's signature as its documentation describes it.
func aliyunSigned(t testing.TB, r *http.Request, body string) {
	t.Helper()
	auth := r.Header.Get("Authorization")
	names := strings.Split(part(auth, "SignedHeaders=", ","), ";")
	var headers strings.Builder
	for _, n := range names {
		value := r.Header.Get(n)
		if n == "host" {
			value = r.Host
		}
		headers.WriteString(n + ":" + strings.TrimSpace(value) + "\n")
	}
	query := strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20")
	canonical := strings.Join([]string{r.Method, "/", query, headers.String(), strings.Join(names, ";"), digest(body)}, "\n")
	want := hex.EncodeToString(mac([]byte(secret), "ACS3-HMAC-SHA256\n"+digest(canonical)))
	if got := part(auth, "Signature=", ","); got != want || part(auth, "Credential=", ",") != "planted-key" {
		t.Errorf("authorization %s: got signature %s, want %s by planted-key", auth, got, want)
	}
	for _, n := range []string{"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce"} {
		if !slices.Contains(names, n) {
			t.Errorf("%s is not signed", n)
		}
	}
}

// tencentSigned checks TC3-HMAC-SHA256 as its documentation describes it.
func tencentSigned(t testing.TB, r *http.Request, body string) {
	t.Helper()
	auth := r.Header.Get("Authorization")
	scope := part(auth, "Credential=planted-id/", ",")
	day, _, _ := strings.Cut(scope, "/")
	canonical := strings.Join([]string{r.Method, "/", "", "content-type:" + r.Header.Get("Content-Type") + "\nhost:" + r.Host + "\n", "content-type;host", digest(body)}, "\n")
	text := strings.Join([]string{"TC3-HMAC-SHA256", r.Header.Get("X-TC-Timestamp"), scope, digest(canonical)}, "\n")
	key := mac(mac(mac([]byte("TC3"+secret), day), "sms"), "tc3_request")
	if got, want := part(auth, "Signature=", ","), hex.EncodeToString(mac(key, text)); got != want {
		t.Errorf("authorization %s: got signature %s, want %s", auth, got, want)
	}
}

func values(t testing.TB, r *http.Request) url.Values { t.Helper(); return r.URL.Query() }
