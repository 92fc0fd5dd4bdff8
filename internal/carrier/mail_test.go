package carrier

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"io"

	"timebank/internal/notify"
)

// mailServer is a server of one connection at a time that speaks SMTP as RFC 5321 has it: what it was told, and what it says to a recipient.
type mailServer struct {
	addr    string
	toRcpt  string
	toFrom  string
	offer   *tls.Config
	mu      sync.Mutex
	lines   []string
	letter  string
	secured bool
}

func serveMail(t testing.TB, s *mailServer) *mailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.talk(conn)
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		all.Wait()
	})
	return s
}

func (s *mailServer) talk(conn net.Conn) {
	defer func() { _ = conn.Close() }() // the client may have gone first
	r := bufio.NewReader(conn)
	say := func(line string) { _, _ = fmt.Fprint(conn, line+"\r\n") }
	say("220 mail.example.org")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.lines = append(s.lines, line)
		s.mu.Unlock()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		switch verb {
		case "EHLO":
			if s.offer != nil && !s.secured {
				say("250-mail.example.org\r\n250 STARTTLS")
			} else {
				say("250-mail.example.org\r\n250-8BITMIME\r\n250 AUTH PLAIN")
			}
		case "STARTTLS":
			say("220 go on")
			inside := tls.Server(conn, s.offer)
			if inside.Handshake() != nil {
				return
			}
			conn, r, s.secured = inside, bufio.NewReader(inside), true
		case "AUTH":
			say("235 come in")
		case "MAIL":
			say(s.toFrom)
		case "RCPT":
			say(s.toRcpt)
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for {
				one, err := r.ReadString('\n')
				if err != nil || one == ".\r\n" {
					break
				}
				text.WriteString(one)
			}
			s.mu.Lock()
			s.letter = text.String()
			s.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (s *mailServer) told(prefix string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lines {
		if strings.HasPrefix(l, prefix) {
			return l
		}
	}
	return ""
}

func TestMailGoesEncryptedAndSignedIn(t *testing.T) {
	// A certificate for 127.0.0.1 that nobody but this test trusts.
	issuer := httptest.NewTLSServer(nil)
	defer issuer.Close()
	s := serveMail(t, &mailServer{toFrom: "250 ok", toRcpt: "250 ok", offer: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: issuer.TLS.Certificates}})
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: issuer.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c := settings()
	c.Carriers.Email = "smtp"
	c.SMTP.Addr, c.SMTP.TLS, c.SMTP.CA, c.SMTP.User, c.SMTP.Password = s.addr, "starttls", ca, "bank", secret
	l := letter(notify.Email)
	taken, err := send(t, open(t, c), l)
	if err != nil || taken != (notify.Taken{Carrier: "smtp", Reference: string(l.ID) + "@example.org"}) {
		t.Fatalf("got %+v, %v", taken, err)
	}
	if want := "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00bank\x00"+secret)); s.told("AUTH") != want || !s.secured {
		t.Errorf("signed in by %q encrypted %v, want %q encrypted", s.told("AUTH"), s.secured, want)
	}
	if !strings.HasPrefix(s.told("MAIL"), "MAIL FROM:<bank@example.org>") || s.told("RCPT") != "RCPT TO:<planted@example.org>" {
		t.Errorf("told %q and %q", s.told("MAIL"), s.told("RCPT"))
	}
	head, body, _ := strings.Cut(s.letter, "\r\n\r\n")
	text, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(head, "Message-ID: <"+string(l.ID)+"@example.org>") || strings.Contains(head, code) {
		t.Errorf("the head is %q", head)
	}
	for _, part := range []string{code, "验证码", "Your code is"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("the mail %q does not hold %q", text, part)
		}
	}
	// A server that shows a certificate nobody knows gets neither the password nor the letter.
	stranger := serveMail(t, &mailServer{toFrom: "250 ok", toRcpt: "250 ok", offer: s.offer})
	c.SMTP.Addr, c.SMTP.CA = stranger.addr, ""
	if _, err := send(t, open(t, c), l); said(t, err).Code != "unreachable" || stranger.told("AUTH")+stranger.told("MAIL") != "" {
		t.Errorf("a stranger: got %v and was told %q", err, stranger.told("AUTH"))
	}
	// Nor does one that offers no encryption at all.
	plain := serveMail(t, &mailServer{toFrom: "250 ok", toRcpt: "250 ok"})
	c.SMTP.Addr, c.SMTP.User = plain.addr, ""
	if _, err := send(t, open(t, c), l); said(t, err).Final || plain.told("MAIL") != "" {
		t.Errorf("without encryption: got %v and was told %q", err, plain.told("MAIL"))
	}
}

func TestAMailServerRefusesForNowOrForGood(t *testing.T) {
	for _, c := range []struct {
		from, rcpt string
		want       notify.Failure
	}{
		{"250 ok", "550 5.1.1 planted@example.org is nobody", notify.Failure{Code: "550", Final: true}},
		{"250 ok", "451 4.7.1 planted@example.org: later", notify.Failure{Code: "451"}},
		{"550 5.7.1 we do not take your mail", "250 ok", notify.Failure{Code: "550"}},
	} {
		s := serveMail(t, &mailServer{toFrom: c.from, toRcpt: c.rcpt})
		set := settings()
		set.Carriers.Email, set.SMTP.Addr = "smtp", s.addr
		_, err := send(t, open(t, set), letter(notify.Email))
		c.want.Carrier = "smtp"
		if got := said(t, err); got != c.want || s.letter != "" {
			t.Errorf("%s / %s: got %+v, want %+v", c.from, c.rcpt, got, c.want)
		}
	}
}
