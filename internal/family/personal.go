package family

import (
	"time"

	"timebank/internal/errs"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/store"
)

// Personal is everything this package stores about a person, in clear: for the person's own copy and for nobody else.
type Personal struct {
	Asks     []PersonalAsk     `json:"asks"`
	Lines    []member.PersonID `json:"message_lines"`
	Messages []PersonalMessage `json:"messages"`
}

// PersonalAsk is a wish to become kin that the person made or that it was asked for. It names the other side to the person asked alone, and
// to the asker once both are kin.
type PersonalAsk struct {
	Relative member.PersonID `json:"relative,omitempty"`
	Relation member.Relation `json:"relation"`
	AskedAt  time.Time       `json:"asked_at"`
	State    AskState        `json:"state"`
}

// PersonalMessage is a message that the person sent or got.
type PersonalMessage struct {
	Relative member.PersonID `json:"relative"`
	Sent     bool            `json:"sent"`
	Order    order.ID        `json:"order,omitempty"`
	Words    string          `json:"words"`
	SentAt   time.Time       `json:"sent_at"`
}

// PersonalData gathers what is stored about a person. It checks no right; the use-case that hands it out does.
func (s *Service) PersonalData(tx *store.Tx, who member.PersonID) (p Personal, err error) {
	asks, err := asksOf(tx, who)
	if err != nil {
		return p, err
	}
	for _, a := range asks {
		one := PersonalAsk{Relation: a.Relation, AskedAt: a.AskedAt, State: a.State}
		switch {
		case a.Person == who:
			one.Relative, one.Relation = a.Asker, a.Relation.Inverse()
		case a.State == Agreed:
			one.Relative = a.Person
		case a.State == Refused:
			one.State = Waiting
		}
		p.Asks = append(p.Asks, one)
	}
	lines, err := linesOf(tx, who)
	if err != nil {
		return p, err
	}
	for _, l := range lines {
		if l.person == who {
			p.Lines = append(p.Lines, l.relative)
		}
	}
	messages, err := messagesOf(tx, who)
	for _, m := range messages {
		one := PersonalMessage{Relative: m.From, Sent: m.From == who, Order: m.Order, SentAt: m.SentAt}
		if one.Sent {
			one.Relative = m.To
		}
		if one.Words, err = s.box.Open(fieldMessage, m.sealed); err != nil {
			return p, errs.New(errs.Internal, errs.CodeInternal).With(err)
		}
		p.Messages = append(p.Messages, one)
	}
	return p, err
}

// Erase destroys what the package stores about a person. It checks no right; the use-case that asks for it does.
func (s *Service) Erase(tx *store.Tx, who member.PersonID) error { return erase(tx, who) }

// Reseal seals anew, under the active key, the words of up to max messages after the given one. It returns the last message it has looked at,
// "" when there is none, and how many rows it changed.
func (s *Service) Reseal(tx *store.Tx, after string, max int) (last string, changed int, err error) {
	rows, err := messagesAfter(tx, after, max)
	if err != nil {
		return "", 0, err
	}
	for _, m := range rows {
		last = string(m.ID)
		if !s.box.Stale(m.sealed) {
			continue
		}
		sealed, err := s.box.Reseal(fieldMessage, m.sealed)
		if err == nil {
			err = saveWords(tx, m.ID, sealed)
		}
		if err != nil {
			return "", 0, err
		}
		changed++
	}
	return last, changed, nil
}

// Merge hands to the record that stays what another record of the same person said, heard, asked and agreed; what passed between the two
// records is gone. It checks no right; the use-case that makes one record of two does.
func (s *Service) Merge(tx *store.Tx, keep, drop member.PersonID) error { return merge(tx, keep, drop) }
