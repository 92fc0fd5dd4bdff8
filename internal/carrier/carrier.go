// Package carrier hands letters to the networks that carry them: two providers of text messages, mail servers, and WeChat. It is the one place
// that speaks their protocols, and takes their reports of delivery.
//
// A carrier is behind notify.Sender and knows a letter only while it hands it over. The package must never keep a letter, put a number, an
// address, a value or a credential into an error or a log line, or decide whether somebody is told something: that is notify's.
package carrier

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/errs"
	"timebank/internal/notify"
)

// The names of carriers in the settings.
const (
	Aliyun  = "aliyun"
	Tencent = "tencent"
	Mail    = "smtp"
	WeChat  = "wechat"
)

// carrier is one network. send returns the carrier's own number of the letter; its error is a notify.Failure.
type carrier interface {
	name() string
	carries(kind notify.Kind) bool
	send(ctx context.Context, l notify.Letter) (reference string, err error)
}

// Switch hands each letter to the first carrier of its channel that takes it. A channel without a carrier ends in the development inbox. It is
// safe for concurrent use.
type Switch struct {
	channels map[notify.Channel][]carrier
	within   time.Duration
}

// New returns the switch that the settings describe. The error is config.invalid and names every setting that is missing or cannot be.
func New(c config.Config, clk clock.Clock) (*Switch, error) {
	var bad errs.Fields
	b := builder{c: c, clock: clk, bad: &bad}
	s := &Switch{within: c.Carriers.Timeout, channels: map[notify.Channel][]carrier{
		notify.SMS:    b.list("carriers.sms", c.Carriers.SMS, Aliyun, Tencent),
		notify.Email:  b.list("carriers.email", c.Carriers.Email, Mail),
		notify.WeChat: b.list("carriers.wechat", c.Carriers.WeChat, WeChat),
	}}
	return s, bad.Err("config.invalid")
}

// builder makes carriers of settings and gathers what is wrong with these.
type builder struct {
	c     config.Config
	clock clock.Clock
	bad   *errs.Fields
}

func (b builder) list(setting, names string, known ...string) (all []carrier) {
	for _, name := range strings.Fields(names) {
		if !slices.Contains(known, name) || slices.ContainsFunc(all, func(c carrier) bool { return c.name() == name }) {
			b.bad.Add(setting, "config.bad_choice")
			continue
		}
		switch name {
		case Aliyun:
			all = append(all, b.aliyun())
		case Tencent:
			all = append(all, b.tencent())
		case Mail:
			all = append(all, b.mail())
		case WeChat:
			all = append(all, b.wechat())
		}
	}
	return all
}

// need names the settings of a carrier that are missing: pairs of key and value.
func (b builder) need(pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			b.bad.Add(pairs[i], "config.missing")
		}
	}
}

func (b builder) templates(setting, text string) templates {
	t, ok := parseTemplates(text)
	if !ok {
		b.bad.Add(setting, "config.bad_templates")
	}
	return t
}

// Carriers returns the names of a channel's carriers in the order in which they are tried.
func (s *Switch) Carriers(by notify.Channel) (names []string) {
	for _, c := range s.channels[by] {
		names = append(names, c.name())
	}
	return names
}

// Carries implements [notify.Sender].
func (s *Switch) Carries(by notify.Channel, kind notify.Kind) bool {
	list := s.channels[by]
	return len(list) == 0 || slices.ContainsFunc(list, func(c carrier) bool { return c.carries(kind) })
}

// Send implements [notify.Sender]. A carrier that is down, slow, or out of money is passed over; a number that is wrong is wrong for all. After
// a time-out the next carrier may send what the first one sent too: twice is better than never.
func (s *Switch) Send(ctx context.Context, l notify.Letter) (notify.Taken, error) {
	list := s.channels[l.Channel]
	if len(list) == 0 {
		return notify.Inbox{}.Send(ctx, l)
	}
	last := notify.Failure{Code: noTemplate, Final: true}
	for _, c := range list {
		if !c.carries(l.Kind) {
			continue
		}
		reference, err := s.hand(ctx, c, l)
		if err == nil {
			return notify.Taken{Carrier: c.name(), Reference: reference}, nil
		}
		last = failure(err)
		last.Carrier = c.name()
		if last.Final || ctx.Err() != nil {
			break
		}
	}
	return notify.Taken{}, last
}

func (s *Switch) hand(ctx context.Context, c carrier, l notify.Letter) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	return c.send(ctx, l)
}

// What we say where no carrier has said anything.
const (
	noTemplate  = "no_template"
	timedOut    = "timeout"
	unreachable = "unreachable"
	badAnswer   = "bad_answer"
)

// failure makes any error one that says nothing of the letter: errors of a network hold addresses, and those hold numbers and keys.
func failure(err error) notify.Failure {
	var known notify.Failure
	if errors.As(err, &known) {
		return known
	}
	var slow net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &slow) && slow.Timeout() {
		return notify.Failure{Code: timedOut}
	}
	return notify.Failure{Code: unreachable}
}

// refusal is what a carrier answered: its own code, if that looks like one, and whether it is about the addressee.
func refusal(code string, final []string) notify.Failure {
	return notify.Failure{Code: Code(code), Final: slices.Contains(final, code)}
}

// longestCode is the longest code of a carrier that is kept.
const longestCode = 64

// Code returns what a carrier calls a code if it is one: letters, digits and a few marks. Anything else could be words about the letter.
func Code(said string) string {
	ok := said != "" && len(said) <= longestCode
	for _, c := range said {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		ok = ok && (letter || strings.ContainsRune("._:-", c))
	}
	// A row of eleven digits is a telephone number whatever its sender calls it.
	if !ok || digits(said) >= 11 {
		return badAnswer
	}
	return said
}

func digits(s string) (n int) {
	for _, c := range s {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return n
}
