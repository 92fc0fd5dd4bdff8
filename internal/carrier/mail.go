package carrier

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"

	"timebank/internal/i18n"
	"timebank/internal/notify"
)

// The ways of encrypting mail, as the settings name them.
const (
	startTLS = "starttls"
	fromTLS  = "tls"
)

type mailer struct {
	host, from string
	options    []mail.Option
	encrypted  bool // from the first byte
}

func (b builder) mail() carrier {
	c := b.c.SMTP
	b.need("smtp.addr", c.Addr, "smtp.from", c.From)
	host, port, err := net.SplitHostPort(c.Addr)
	number, wrong := strconv.Atoi(port)
	if c.Addr != "" && (err != nil || wrong != nil || host == "") {
		b.bad.Add("smtp.addr", "config.bad_address")
	}
	if c.From != "" && mail.NewMsg().From(c.From) != nil {
		b.bad.Add("smtp.from", "config.bad_address")
	}
	m := &mailer{host: host, from: c.From, encrypted: c.TLS == fromTLS}
	m.options = append(m.options, mail.WithPort(number), mail.WithTimeout(b.c.Carriers.Timeout))
	switch c.TLS {
	case startTLS:
		m.options = append(m.options, mail.WithTLSPolicy(mail.TLSMandatory))
	case fromTLS:
		m.options = append(m.options, mail.WithSSL())
	default:
		m.options = append(m.options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if c.CA != "" {
		trusted := x509.NewCertPool()
		if text, err := os.ReadFile(c.CA); err != nil || !trusted.AppendCertsFromPEM(text) {
			b.bad.Add("smtp.ca", "config.unreadable")
		}
		m.options = append(m.options, mail.WithTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: trusted}))
	}
	if c.User != "" {
		m.options = append(m.options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(c.User), mail.WithPassword(c.Password))
	}
	return m
}

func (m *mailer) name() string { return Mail }

// carries implements carrier: a mail has its words from the catalogue, so that it needs no template of somebody else.
func (m *mailer) carries(kind notify.Kind) bool { return i18n.Has("message." + string(kind)) }

func (m *mailer) send(ctx context.Context, l notify.Letter) (string, error) {
	letter := mail.NewMsg()
	if err := letter.From(m.from); err != nil {
		return "", err
	}
	if err := letter.To(l.To); err != nil {
		return "", notify.Failure{Code: "bad_address", Final: true}
	}
	_, domain, _ := strings.Cut(strings.TrimSuffix(m.from, ">"), "@")
	// One number a letter, so that a mailbox that gets it twice shows it once.
	reference := string(l.ID) + "@" + domain
	letter.SetMessageIDWithValue(reference)
	letter.SetBulk()
	letter.Subject(phrase(i18n.Chinese, "message.mail.subject"))
	letter.SetBodyString(mail.TypeTextPlain, words(l))
	options, hangUp := m.line()
	defer hangUp()
	client, err := mail.NewClient(m.host, options...)
	if err != nil {
		return "", notify.Failure{Code: badAnswer}
	}
	if err := client.DialAndSendWithContext(ctx, letter); err != nil {
		return "", mailFailure(ctx, err)
	}
	return reference, nil
}

// line returns the options of one conversation and what ends it: the library forgets connections on which no conversation came about.
// Where the first byte is encrypted the library has to dial by itself, to know that it is.
func (m *mailer) line() ([]mail.Option, func()) {
	var open []net.Conn
	if m.encrypted {
		return m.options, func() {}
	}
	var d net.Dialer
	dial := mail.WithDialContextFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, addr)
		if err == nil {
			open = append(open, conn)
		}
		return conn, err
	})
	return append(slices.Clone(m.options), dial), func() {
		for _, conn := range open {
			_ = conn.Close() // closed already where all went well
		}
	}
}

// words is the text of a mail: in both languages, because a mail goes to whoever reads it.
func words(l notify.Letter) string {
	var values []any
	for name, value := range l.Values {
		values = append(values, name, value)
	}
	var b strings.Builder
	for _, lang := range i18n.Langs() {
		b.WriteString(i18n.Text(lang, "message."+string(l.Kind), values...) + "\r\n" + phrase(lang, "message.mail.foot") + "\r\n\r\n")
	}
	return b.String()
}

// phrase is a sentence that stands in every mail.
func phrase(lang, code string) string { return i18n.Text(lang, code) }

// mailFailure keeps the three digits of a mail server's answer. That it refuses the addressee for good is about the addressee; that it refuses
// us, or the letter, is for an operator to mend.
func mailFailure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	said, ok := errors.AsType[*mail.SendError](err)
	if !ok || said.ErrorCode() == 0 {
		return err
	}
	return notify.Failure{Code: strconv.Itoa(said.ErrorCode()), Final: said.Reason == mail.ErrSMTPRcptTo && !said.IsTemp() && said.ErrorCode() >= 500}
}
