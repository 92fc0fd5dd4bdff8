package family

import (
	"context"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/store"
	"timebank/internal/why"
)

// LineCmd says for a person that messages may pass between it and a relative, or no longer. Messages pass while both sides say so.
type LineCmd struct {
	Actor            identity.Actor
	Key              string
	Person, Relative member.PersonID
	Open             bool
}

// Line opens or closes a side. While one side is closed no message passes, and those that were sent are shown to nobody. Errors of a command:
// family.not_kin, member.person_unknown, member.person_not_active, identity.not_allowed.
func (s *Service) Line(ctx context.Context, cmds []LineCmd) ([]identity.Result[identity.Nothing], error) {
	return s.line.Perform(ctx, s.db, cmds)
}

func (s *Service) runLine(tx *store.Tx, c *LineCmd) error {
	p, err := s.speaks(tx, c.Actor, c.Person)
	if err != nil {
		return err
	}
	open, err := Lines(tx, c.Person)
	if err != nil {
		return err
	}
	before, after := "closed", "closed"
	if open[c.Relative].Person {
		before = "open"
	}
	if c.Open {
		kin, err := related(tx, c.Person, c.Relative)
		if err != nil {
			return err
		}
		if !kin {
			return errs.New(errs.Conflict, "family.not_kin").By("record.state", "nobody")
		}
		after = "open"
		err = openLine(tx, line{c.Person, c.Relative, c.Actor.ID})
		if err != nil {
			return err
		}
	} else if err := closeLine(tx, c.Person, c.Relative); err != nil {
		return err
	}
	return note(tx, c.Actor, "family.line", "kin", string(c.Person)+" "+string(c.Relative), p, before, after)
}

// Sides says which sides have said yes to messages between a person and a relative.
type Sides struct{ Person, Relative bool }

// Open reports whether messages pass.
func (s Sides) Open() bool { return s.Person && s.Relative }

// Lines returns which sides have said yes, for each relative of a person of whom at least one has. The relation may have ended since.
func Lines(tx *store.Tx, person member.PersonID) (map[member.PersonID]Sides, error) {
	rows, err := linesOf(tx, person)
	all := map[member.PersonID]Sides{}
	for _, l := range rows {
		if l.person == person {
			s := all[l.relative]
			s.Person = true
			all[l.relative] = s
			continue
		}
		s := all[l.person]
		s.Relative = true
		all[l.person] = s
	}
	return all, err
}

// passes reports whether messages pass between two people now.
func passes(tx *store.Tx, a, b member.PersonID) (bool, error) {
	lines, err := Lines(tx, a)
	if err != nil || !lines[b].Open() {
		return false, err
	}
	return related(tx, a, b)
}

// SendCmd tells a relative something in a few words. The actor is the sender itself: nobody speaks for somebody here.
type SendCmd struct {
	Actor    identity.Actor
	Key      string
	From, To member.PersonID
	Order    order.ID // a visit to the receiver or the sender that the words are about; "" for none
	Words    string   // at most [LongestMessage] characters on one line
}

// Send sends messages. Errors of a command: family.message_invalid with every bad field, family.line_closed with the rule,
// family.too_many_messages with the rule, order.not_found, identity.not_oneself.
func (s *Service) Send(ctx context.Context, cmds []SendCmd) ([]identity.Result[MessageID], error) {
	return s.send.Perform(ctx, s.db, cmds)
}

func (s *Service) runSend(tx *store.Tx, c *SendCmd) (MessageID, error) {
	if err := c.Actor.MayOwn(identity.MemberKin, string(c.From)); err != nil {
		return "", err
	}
	from, err := s.speaks(tx, c.Actor, c.From)
	if err != nil {
		return "", err
	}
	words := strings.TrimSpace(c.Words)
	var bad errs.Fields
	if n := utf8.RuneCountInString(words); n == 0 || n > LongestMessage || !utf8.ValidString(words) || strings.ContainsFunc(words, unicode.IsControl) {
		bad.Add("words", "family.words_malformed", "most", strconv.Itoa(LongestMessage))
	}
	if err := bad.Err("family.message_invalid"); err != nil {
		return "", err
	}
	open, err := passes(tx, c.From, c.To)
	if err != nil {
		return "", err
	}
	if !open {
		return "", errs.New(errs.Refused, "family.line_closed").Because(why.Rule("consent.messages", "", "person"))
	}
	if c.Order != "" {
		about, err := order.Load(tx, []order.ID{c.Order})
		if err != nil {
			return "", err
		}
		if o := about[c.Order]; o == nil || o.Recipient != c.To && o.Recipient != c.From {
			return "", errs.New(errs.NotFound, "order.not_found")
		}
	}
	rules, err := s.rules(tx, from)
	if err != nil {
		return "", err
	}
	if n, err := sentSince(tx, c.From, c.To, clock.DayOf(tx.Now()).Start()); err != nil {
		return "", err
	} else if n >= rules.FamilyMessagesPerDay {
		return "", errs.New(errs.Refused, "family.too_many_messages").Because(rules.Why("family.messages_per_day"))
	}
	m := Message{ID: store.NewID[Message](tx), From: c.From, To: c.To, Order: c.Order, SentAt: tx.Now(), sealed: s.box.Seal(fieldMessage, words)}
	if err := insertMessage(tx, m); err != nil {
		return "", err
	}
	tx.Outbox("family.message_sent", string(m.ID), "{}")
	return m.ID, note(tx, c.Actor, "family.send", "message", string(m.ID), from, "", "sent")
}

// MessageCmd is a command about one message.
type MessageCmd struct {
	Actor   identity.Actor
	Key     string
	Message MessageID
}

var errMessage = errs.New(errs.NotFound, "family.message_unknown")

// Addressee returns to whom a message goes, and whether it still waits for its reader: nobody has taken it back, and both sides agree.
func Addressee(tx *store.Tx, which MessageID) (to member.PersonID, waits bool, err error) {
	m, err := lockMessage(tx, which)
	if errs.KindOf(err) == errs.NotFound {
		return "", false, nil
	}
	if err != nil || m.gone || !m.SeenAt.IsZero() {
		return m.To, false, err
	}
	waits, err = passes(tx, m.From, m.To)
	return m.To, waits, err
}

// Seen says that the receiver has read messages. Saying it twice changes nothing. Error of a command: family.message_unknown.
func (s *Service) Seen(ctx context.Context, cmds []MessageCmd) ([]identity.Result[identity.Nothing], error) {
	return s.seen.Perform(ctx, s.db, cmds)
}

func (s *Service) runSeen(tx *store.Tx, c *MessageCmd) error {
	m, err := s.mine(tx, c, func(m Message) member.PersonID { return m.To })
	if err != nil || !m.SeenAt.IsZero() {
		return err
	}
	if err := markSeen(tx, m.ID); err != nil {
		return err
	}
	return s.noteMessage(tx, c.Actor, "family.seen", m, m.To, "seen")
}

// TakeBack destroys the words of messages, for who sent them. Error of a command: family.message_unknown.
func (s *Service) TakeBack(ctx context.Context, cmds []MessageCmd) ([]identity.Result[identity.Nothing], error) {
	return s.takeBack.Perform(ctx, s.db, cmds)
}

func (s *Service) runTakeBack(tx *store.Tx, c *MessageCmd) error {
	m, err := s.mine(tx, c, func(m Message) member.PersonID { return m.From })
	if err != nil {
		return err
	}
	if err := destroyWords(tx, m.ID); err != nil {
		return err
	}
	return s.noteMessage(tx, c.Actor, "family.take_back", m, m.From, "withdrawn")
}

// mine is a message that still stands, for the side that the actor is.
func (s *Service) mine(tx *store.Tx, c *MessageCmd, side func(Message) member.PersonID) (Message, error) {
	m, err := lockMessage(tx, c.Message)
	if err != nil {
		return m, err
	}
	if m.gone || c.Actor.MayOwn(identity.MemberKin, string(side(m))) != nil {
		return m, errMessage
	}
	return m, nil
}

func (s *Service) noteMessage(tx *store.Tx, by identity.Actor, action string, m Message, of member.PersonID, after string) error {
	people, err := member.LoadPersons(tx, []member.PersonID{of})
	if err != nil {
		return err
	}
	before := "sent"
	if !m.SeenAt.IsZero() {
		before = "seen"
	}
	return note(tx, by, action, "message", string(m.ID), people[of], before, after)
}

// MessageFilter chooses messages between a person and its relatives.
type MessageFilter struct {
	Person member.PersonID // the reader
	With   member.PersonID // the other side; "" for all relatives
	Order  order.ID        // about this visit alone; "" for all
	Unseen bool            // what the person has not said to have read
	Before MessageID       // cursor; "" for the newest
	Limit  int
}

// Messages lists what passed between a person and its relatives, newest first, for the person alone: not what was taken back, and nothing of a
// relative while one of the two does not agree to messages. Error: identity.not_oneself.
func (s *Service) Messages(ctx context.Context, by identity.Actor, f MessageFilter) (list []Message, err error) {
	if err := by.MayOwn(identity.MemberKin, string(f.Person)); err != nil {
		return nil, err
	}
	if f.Limit <= 0 || f.Limit > 100 {
		f.Limit = 20
	}
	err = s.db.Read(ctx, "family.messages", func(tx *store.Tx) error {
		lines, err := Lines(tx, f.Person)
		if err != nil {
			return err
		}
		var open []member.PersonID
		kin, err := member.KinOf(tx, f.Person)
		for _, k := range kin {
			if k.State == member.KinConfirmed && lines[k.Relative].Open() && (f.With == "" || f.With == k.Relative) {
				open = append(open, k.Relative)
			}
		}
		if err != nil || len(open) == 0 {
			return err
		}
		if list, err = messagesWith(tx, f, open); err != nil {
			return err
		}
		for i := range list {
			if list[i].Words, err = s.box.Open(fieldMessage, list[i].sealed); err != nil {
				return errs.New(errs.Internal, errs.CodeInternal).With(err)
			}
		}
		return nil
	})
	return list, err
}
