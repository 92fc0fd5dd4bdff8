package signin

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/pii"
	"timebank/internal/store"
)

// The kinds of tickets of this way in.
const (
	codeTicket   ticketKind = "code"
	choiceTicket ticketKind = "choice"
)

// choiceLife is how long the people who share a telephone may think.
const choiceLife = 10 * time.Minute

// AskCodeCmd asks for a code by text message.
type AskCodeCmd struct {
	Where
	Phone string
}

// Asked is the answer to everybody, whether the number is known or not.
type Asked struct {
	Challenge string    // to be given back with the code
	Expires   time.Time // of the code
}

// AskCode sends a code of six digits to a mobile number, registered or not: somebody new signs in first and registers then. Errors:
// signin.phone_invalid, signin.too_many with how long to wait.
func (s *Service) AskCode(ctx context.Context, cmd AskCodeCmd) (asked Asked, err error) {
	phone, err := pii.ParsePhone(cmd.Phone)
	if err == nil && !phone.IsMobile() {
		err = errs.Invalid("signin.phone_not_mobile")
	}
	if err != nil {
		var bad errs.Fields
		bad.AddErr("phone", err)
		return Asked{}, bad.Err("signin.phone_invalid")
	}
	number := s.index("signin.phone", phone.Reveal())
	limits := s.hits(cmd.Where, hit{limit: s.set.SendNumber, scope: "send.number", subject: number}, hit{limit: s.set.SendDevice, scope: "send.device"},
		hit{limit: s.set.SendAddress, scope: "send.address"})
	err = s.settled(ctx, "signin.ask_code", func(tx *store.Tx) (error, error) {
		if refusal, err := count(tx, limits); refusal != nil || err != nil {
			return refusal, err
		}
		t := ticket{id: store.NewID[ticket](tx), kind: codeTicket, subject: number, expires: tx.Now().Add(s.set.CodeLife),
			sealed: s.box.Seal("signin.code", phone.Reveal())}
		code := draw(tx)
		t.digest = s.codeDigest(t.id, code)
		if err := endTickets(tx, codeTicket, number); err != nil {
			return nil, err
		}
		if err := insertTicket(tx, t); err != nil {
			return nil, err
		}
		asked = Asked{Challenge: string(t.id), Expires: t.expires}
		_, err := s.notify.Send(tx, notify.Message{Channel: notify.SMS, To: phone.Reveal(), Kind: notify.Code,
			Values: map[string]string{"code": code, "minutes": fmt.Sprint(int(s.set.CodeLife.Minutes()))}, Life: s.set.CodeLife})
		return nil, err
	})
	return asked, err
}

// draw makes six digits, each number as likely as any other to one part in 2^44.
func draw(tx *store.Tx) string {
	var b [8]byte
	tx.Fill(b[:])
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(b[:])%1_000_000)
}

// codeDigest is keyed: whoever has the table alone cannot try out a million codes.
func (s *Service) codeDigest(of ticketID, code string) []byte {
	return s.box.Index("signin.code", string(of)+" "+code)
}

// CheckCodeCmd answers a challenge with the code.
type CheckCodeCmd struct {
	Sign
	Challenge string
	Code      string
}

// CheckCode signs in by code. A code is good once; where several people share the telephone the answer is a choice between them, and a number
// that nobody has registered with gets an account that is nobody's yet. Errors: signin.wrong for a wrong, used or late code,
// signin.too_many.
func (s *Service) CheckCode(ctx context.Context, cmd CheckCodeCmd) (in SignedIn, err error) {
	err = s.settled(ctx, "signin.check_code", func(tx *store.Tx) (error, error) {
		in = SignedIn{}
		t, found, err := lockTicket(tx, ticketID(cmd.Challenge), codeTicket)
		if err != nil {
			return nil, err
		}
		// An invented challenge counts too, for the device and the address.
		limits := s.trying(cmd.Where, "try.number", t.subject, s.set.TryNumber)
		if !found {
			limits = limits[1:]
		}
		if refusal, err := count(tx, limits); refusal != nil || err != nil {
			return refusal, err
		}
		right := same(s.codeDigest(t.id, cmd.Code), t.digest)
		if !found || !right || t.used || t.tries >= s.set.CodeTries || !tx.Now().Before(t.expires) {
			if !found {
				return errWrong, nil
			}
			if err := countTry(tx, t.id); err != nil {
				return nil, err
			}
			return errWrong, refused(tx, "signin.check_code", string(t.id), cmd.Where)
		}
		if err := useTicket(tx, t.id); err != nil {
			return nil, err
		}
		if err := proved(tx, limits); err != nil {
			return nil, err
		}
		if err := clearCount(tx, "send.number", t.subject); err != nil {
			return nil, err
		}
		in, err = s.holders(tx, t, cmd.Sign)
		return nil, err
	})
	return in, err
}

// phoneOf opens the number that a ticket was issued for.
func (s *Service) phoneOf(kind string, sealed []byte) (pii.Phone, error) {
	clear, err := s.box.Open(kind, sealed)
	if err != nil {
		return pii.Phone{}, err
	}
	return pii.ParsePhone(clear)
}

// holders signs in who holds a telephone.
func (s *Service) holders(tx *store.Tx, t ticket, sign Sign) (SignedIn, error) {
	phone, err := s.phoneOf("signin.code", t.sealed)
	if err != nil {
		return SignedIn{}, err
	}
	people, err := s.members.ByPhone(tx, phone)
	if err != nil {
		return SignedIn{}, err
	}
	switch len(people) {
	case 0:
		actor, err := guest(tx, t.subject)
		if err != nil {
			return SignedIn{}, err
		}
		return s.open(tx, actor, identity.GradeCitizen, sign)
	case 1:
		return s.open(tx, people[0].Actor, identity.GradeCitizen, sign)
	}
	ids := make([]member.PersonID, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	names, err := s.members.Names(tx, ids)
	if err != nil {
		return SignedIn{}, err
	}
	in := SignedIn{}
	for _, p := range people {
		in.Among = append(in.Among, Candidate{Person: p.ID, Name: names[p.ID]})
	}
	in.Choice, err = s.issue(tx, choiceTicket, t.subject, phone.Reveal(), choiceLife)
	return in, err
}

// open opens a session of a grade.
func (s *Service) open(tx *store.Tx, actor identity.ActorID, grade identity.Grade, sign Sign) (SignedIn, error) {
	opened, err := s.identity.Open(tx, identity.Opening{Of: actor, Grade: grade, Label: sign.Label, Replaces: sign.Replaces, Origin: sign.Origin,
		SteppedUp: grade == identity.GradeStaff})
	return SignedIn{Opened: opened, Actor: actor}, err
}

// ChooseCmd says which of the people who share a telephone signs in.
type ChooseCmd struct {
	Sign
	Choice string
	Person member.PersonID
}

// Choose ends a sign-in by code that led to a choice. Errors: signin.stale for a choice that is over, signin.not_among for somebody else.
func (s *Service) Choose(ctx context.Context, cmd ChooseCmd) (in SignedIn, err error) {
	err = s.settled(ctx, "signin.choose", func(tx *store.Tx) (error, error) {
		_, clear, err := s.take(tx, choiceTicket, cmd.Choice)
		if err != nil {
			return nil, err
		}
		phone, err := pii.ParsePhone(clear)
		if err != nil {
			return nil, err
		}
		people, err := s.members.ByPhone(tx, phone)
		if err != nil {
			return nil, err
		}
		for _, p := range people {
			if p.ID == cmd.Person {
				in, err = s.open(tx, p.Actor, identity.GradeCitizen, cmd.Sign)
				return nil, err
			}
		}
		return errs.New(errs.Forbidden, "signin.not_among").By("record.one_person", "law"), nil
	})
	return in, err
}

// guest returns the account of a number that nobody has registered with, making it when it is new. An account that has become somebody who
// registered another number is that person's, and the number gets a new one.
func guest(tx *store.Tx, number string) (identity.ActorID, error) {
	actor, err := guestOf(tx, number)
	if err != nil {
		return "", err
	}
	if actor != "" {
		known, err := identity.Load(tx, []identity.ActorID{actor}, "")
		if err != nil || known[actor].Person == "" {
			return actor, err
		}
	}
	fresh, err := identity.Register(tx, []string{""})
	if err != nil {
		return "", err
	}
	return fresh[0], saveGuest(tx, number, fresh[0])
}
