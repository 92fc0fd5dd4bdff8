package notify

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/store"
)

// Nothing is the choice of who wants to be told nothing. Codes are sent all the same: they are asked for.
const Nothing Channel = "none"

// Choices lists what a person may choose, the default first.
func Choices() []Channel { return []Channel{SMS, Email, WeChat, Nothing} }

// Limits of a code that shows that an address is one's own (default, ours).
const (
	contactLife  = 30 * time.Minute
	contactTries = 5
	contactPause = time.Minute
)

const fieldContact = "contact.address"

var (
	errNotActive = errs.New(errs.Conflict, "member.person_not_active").By("record.state", "nobody")
	errWrongCode = errs.Invalid("notify.code_wrong", errs.Field{Path: "code", Code: "notify.code_wrong"})
)

// AskEmailCmd gives a mail address at which a person wants to be told.
type AskEmailCmd struct {
	Actor   identity.Actor
	Key     string
	Person  member.PersonID
	Address string
}

// AskEmail sends a code to mail addresses; they count once the code has come back. Errors of a command: notify.address_malformed,
// notify.no_carrier where the city sends no mail, notify.too_soon within a minute of the last code, member.person_not_active,
// identity.not_oneself.
func (s *Service) AskEmail(ctx context.Context, cmds []AskEmailCmd) ([]identity.Result[identity.Nothing], error) {
	return s.askEmail.Perform(ctx, s.db, cmds)
}

// ConfirmEmailCmd gives back the code that came to an address.
type ConfirmEmailCmd struct {
	Actor  identity.Actor
	Key    string
	Person member.PersonID
	Code   string
}

// ConfirmEmail makes addresses count. Errors of a command: notify.code_wrong for a wrong or late code and after five wrong ones,
// member.person_not_active, identity.not_oneself.
func (s *Service) ConfirmEmail(ctx context.Context, cmds []ConfirmEmailCmd) ([]identity.Result[identity.Nothing], error) {
	return s.confirm.Perform(ctx, s.db, cmds)
}

// DropContactCmd takes an address back.
type DropContactCmd struct {
	Actor   identity.Actor
	Key     string
	Person  member.PersonID
	Channel Channel
}

// DropContact destroys addresses. One that came with a sign-in elsewhere is not kept again before its person allows it. Errors of a command:
// member.person_not_active, identity.not_oneself.
func (s *Service) DropContact(ctx context.Context, cmds []DropContactCmd) ([]identity.Result[identity.Nothing], error) {
	return s.drop.Perform(ctx, s.db, cmds)
}

// AllowContactCmd lets an address that came with a sign-in elsewhere be kept again.
type AllowContactCmd struct {
	Actor   identity.Actor
	Key     string
	Person  member.PersonID
	Channel Channel
}

// AllowContact takes back that an address was dropped: the next sign-in that brings it is heard. Errors of a command:
// member.person_not_active, identity.not_oneself.
func (s *Service) AllowContact(ctx context.Context, cmds []AllowContactCmd) ([]identity.Result[identity.Nothing], error) {
	return s.allow.Perform(ctx, s.db, cmds)
}

// Vouched keeps the address of a person that a sign-in elsewhere vouches for, within that sign-in's transaction. It counts at once, since
// whoever vouches has seen its holder; nothing is kept of an address that is kept already, of a way that the person has dropped, and of a
// person who has ended. It checks no right; the use-case that signs in does.
func (s *Service) Vouched(tx *store.Tx, who member.Person, by Channel, address, origin string) error {
	if who.State != member.PersonActive {
		return nil
	}
	dropped, err := contactDropped(tx, who.ID, by)
	if err != nil || dropped {
		return err
	}
	before, found, err := contactOf(tx, who.ID, by)
	if err != nil {
		return err
	}
	was := "none"
	if found {
		was = "another"
		known, err := s.box.Open(fieldContact, before.address)
		if err != nil || known == address {
			return err
		}
	}
	if err := putContact(tx, contact{person: who.ID, channel: by, address: s.box.Seal(fieldContact, address)}); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: string(who.Actor), Action: "notify.vouched", Kind: "person", Ref: string(who.ID), Region: string(who.Region),
		Before: was, After: string(by), Origin: origin})
}

// ChooseCmd says by which way a person wants to be told.
type ChooseCmd struct {
	Actor   identity.Actor
	Key     string
	Person  member.PersonID
	Channel Channel
}

// Choose keeps the way by which people want to be told. Errors of a command: notify.channel_unknown, member.person_not_active,
// identity.not_oneself.
func (s *Service) Choose(ctx context.Context, cmds []ChooseCmd) ([]identity.Result[identity.Nothing], error) {
	return s.choose.Perform(ctx, s.db, cmds)
}

func (s *Service) contactCalls() {
	s.askEmail = nothing("notify.ask_email", s.runAskEmail, func(c *AskEmailCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Blob(s.box.Index(fieldContact, c.Address))
		return c.Actor, c.Key
	})
	s.confirm = nothing("notify.confirm_email", s.runConfirm, func(c *ConfirmEmailCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Blob(s.contactDigest(c.Person, c.Code))
		return c.Actor, c.Key
	})
	s.drop = nothing("notify.drop_contact", func(tx *store.Tx, c *DropContactCmd) error {
		p, err := mayDecide(tx, c.Actor, c.Person)
		if err == nil {
			err = deleteContact(tx, c.Person, c.Channel)
		}
		if err == nil && c.Channel == WeChat {
			err = putDropped(tx, c.Person, c.Channel)
		}
		if err != nil {
			return err
		}
		return note(tx, c.Actor, "notify.drop_contact", p, string(c.Channel), "dropped")
	}, func(c *DropContactCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Str(string(c.Channel))
		return c.Actor, c.Key
	})
	s.allow = nothing("notify.allow_contact", func(tx *store.Tx, c *AllowContactCmd) error {
		p, err := mayDecide(tx, c.Actor, c.Person)
		if err == nil {
			err = deleteDropped(tx, c.Person, c.Channel)
		}
		if err != nil {
			return err
		}
		return note(tx, c.Actor, "notify.allow_contact", p, "dropped", string(c.Channel))
	}, func(c *AllowContactCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Str(string(c.Channel))
		return c.Actor, c.Key
	})
	s.choose = nothing("notify.choose", func(tx *store.Tx, c *ChooseCmd) error {
		if !known(c.Channel) {
			return errs.Invalid("notify.channel_unknown", errs.Field{Path: "channel", Code: "notify.channel_unknown"})
		}
		p, err := mayDecide(tx, c.Actor, c.Person)
		if err != nil {
			return err
		}
		before, err := choiceOf(tx, c.Person)
		if err == nil {
			err = putChoice(tx, c.Person, c.Channel)
		}
		if err != nil {
			return err
		}
		return note(tx, c.Actor, "notify.choose", p, string(before), string(c.Channel))
	}, func(c *ChooseCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Str(string(c.Channel))
		return c.Actor, c.Key
	})
}

func known(by Channel) bool {
	for _, c := range Choices() {
		if c == by {
			return true
		}
	}
	return false
}

// nothing makes a call that carries out its commands one after the other: these are rare.
func nothing[C any](name string, run func(tx *store.Tx, c *C) error, head func(*C, *canon.Writer) (identity.Actor, string)) identity.Call[C, identity.Nothing] {
	return identity.Call[C, identity.Nothing]{Name: name, Head: head, Encode: identity.NoResult, Decode: identity.AsNothing,
		Run: func(tx *store.Tx, cmds []*C, out []*identity.Result[identity.Nothing]) error {
			for i, c := range cmds {
				out[i].Err = run(tx, c)
				if errs.Fault(out[i].Err) {
					return out[i].Err
				}
			}
			return nil
		}}
}

func (s *Service) runAskEmail(tx *store.Tx, c *AskEmailCmd) error {
	p, err := mayDecide(tx, c.Actor, c.Person)
	if err != nil {
		return err
	}
	if !isAddress(c.Address) {
		return errs.Invalid("notify.address_malformed", errs.Field{Path: "address", Code: "notify.address_malformed"})
	}
	if !s.sender.Carries(Email, ContactCode) {
		return errs.New(errs.Refused, "notify.no_carrier").By("notify.ways", "city")
	}
	before, found, err := contactOf(tx, c.Person, Email)
	if err != nil {
		return err
	}
	if found && tx.Now().Before(before.asked.Add(contactPause)) {
		return errs.New(errs.Refused, "notify.too_soon").By("notify.again", "nobody")
	}
	code := draw(tx)
	if err := putContact(tx, contact{person: c.Person, channel: Email, address: s.box.Seal(fieldContact, c.Address), digest: s.contactDigest(c.Person, code)}); err != nil {
		return err
	}
	if _, err := s.Send(tx, Message{Channel: Email, To: c.Address, Kind: ContactCode, Life: contactLife,
		Values: map[string]string{"code": code, "minutes": fmt.Sprint(int(contactLife.Minutes()))}}); err != nil {
		return err
	}
	return note(tx, c.Actor, "notify.ask_email", p, "", "asked")
}

// isAddress reports whether text is a mail address and nothing else.
func isAddress(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Name == "" && a.Address == text && len(text) <= 254
}

// draw makes six digits, each number as likely as any other to one part in 2^44.
func draw(tx *store.Tx) string {
	var b [8]byte
	tx.Fill(b[:])
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(b[:])%1_000_000)
}

// contactDigest is keyed: whoever has the table alone cannot try out a million codes.
func (s *Service) contactDigest(of member.PersonID, code string) []byte {
	return s.box.Index("contact.code", string(of)+" "+strings.TrimSpace(code))
}

func (s *Service) runConfirm(tx *store.Tx, c *ConfirmEmailCmd) error {
	p, err := mayDecide(tx, c.Actor, c.Person)
	if err != nil {
		return err
	}
	k, found, err := contactOf(tx, c.Person, Email)
	if err != nil {
		return err
	}
	if !found || k.digest == nil || k.tries >= contactTries || !tx.Now().Before(k.asked.Add(contactLife)) {
		return errWrongCode
	}
	if subtle.ConstantTimeCompare(k.digest, s.contactDigest(c.Person, c.Code)) != 1 {
		if err := countContactTry(tx, c.Person, Email); err != nil {
			return err
		}
		return errWrongCode
	}
	if err := confirmContact(tx, c.Person, Email); err != nil {
		return err
	}
	return note(tx, c.Actor, "notify.confirm_email", p, "asked", "confirmed")
}

// note writes an act into the trail. It holds no address.
func note(tx *store.Tx, by identity.Actor, action string, of member.Person, before, after string) error {
	return audit.Record(tx, audit.Entry{Actor: by.ID, OnBehalf: by.Behalf(string(of.ID)), Action: action, Kind: "person", Ref: string(of.ID), Region: string(of.Region),
		Before: before, After: after, Origin: by.Origin})
}

// Reach is how a person is told, as it sees it.
type Reach struct {
	Choice Channel
	// Email is the mail address, masked; "" for none. It counts when it is confirmed.
	Email     string
	Confirmed bool
	// Mail and WeChat say whether the city has carriers of them.
	Mail, WeChat bool
	// Linked says that the city's app has told the person's place in WeChat, Dropped that the person wants none to be kept.
	Linked, Dropped bool
}

// ReachOf returns how a person is told, for the person itself. Error: identity.not_oneself.
func (s *Service) ReachOf(ctx context.Context, by identity.Actor, who member.PersonID) (r Reach, err error) {
	if err := by.MayOwn(identity.MemberCorrect, string(who)); err != nil {
		return r, err
	}
	err = s.db.Read(ctx, "notify.reach", func(tx *store.Tx) error {
		r = Reach{Mail: s.sender.Carries(Email, ContactCode), WeChat: s.sender.Carries(WeChat, ContactCode)}
		if r.Choice, err = choiceOf(tx, who); err != nil {
			return err
		}
		if _, r.Linked, err = contactOf(tx, who, WeChat); err != nil {
			return err
		}
		if r.Dropped, err = contactDropped(tx, who, WeChat); err != nil {
			return err
		}
		k, found, err := contactOf(tx, who, Email)
		if err != nil || !found {
			return err
		}
		address, err := s.box.Open(fieldContact, k.address)
		r.Email, r.Confirmed = maskAddress(address), k.digest == nil
		return err
	})
	return r, err
}

// maskAddress keeps the first letter and the domain.
func maskAddress(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	if local == "" {
		return ""
	}
	return local[:1] + "***@" + domain
}

// ResealContacts seals anew, under the active key, up to max addresses after the given one. It returns the last that it looked at, "" when
// there is none, and how many rows it changed.
func (s *Service) ResealContacts(tx *store.Tx, after string, max int) (last string, changed int, err error) {
	rows, err := contactsAfter(tx, after, max)
	if err != nil {
		return "", 0, err
	}
	for _, c := range rows {
		last = string(c.person) + "/" + string(c.channel)
		if !s.box.Stale(c.address) {
			continue
		}
		if c.address, err = s.box.Reseal(fieldContact, c.address); err == nil {
			err = saveAddress(tx, c)
		}
		if err != nil {
			return "", 0, err
		}
		changed++
	}
	return last, changed, nil
}
