package notify

import (
	"context"
	"time"

	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// Notice is something to be told to a person whom the bank knows, by the way that the person chose.
type Notice struct {
	Person member.PersonID
	Kind   Kind
	// Values fill the sentence: they say when and what, never who or where.
	Values map[string]string
	// About is the id of what it is about, for whoever asks later whether the person was told.
	About string
	// Cause names the event. One event tells one person once.
	Cause string
	// Urgent notices do not wait for the end of the person's quiet hours.
	Urgent bool
	// Life is how long after the quiet hours it is worth delivering.
	Life time.Duration
}

// TimerDue is the kind of the timers that end the wait of a notice for the end of quiet hours.
const TimerDue = "notify.due"

// noWay is the problem of a notice for somebody whom none of our ways reaches: a station calls instead.
const noWay = "no_way"

// Tell writes a notice in the caller's transaction and reports whether it is new. It goes by the first way that the person has and that carries
// such notices: the chosen one, then a text message, WeChat, mail. Who has chosen to be told nothing is told nothing; who cannot be reached has
// a notice that failed, so that a station sees it. Somebody who has died, left or moved away is told nothing either.
func (s *Service) Tell(tx *store.Tx, n Notice) (fresh bool, err error) {
	people, err := member.LoadPersons(tx, []member.PersonID{n.Person})
	if err != nil || people[n.Person].State != member.PersonActive {
		return false, err
	}
	choice, err := choiceOf(tx, n.Person)
	if err != nil || choice == Nothing {
		return false, err
	}
	by, to, err := s.way(tx, n, choice)
	if err != nil {
		return false, err
	}
	row, err := s.seal(tx, Message{Channel: by, To: to, Kind: n.Kind, Values: n.Values, Life: n.Life})
	if err != nil {
		return false, err
	}
	row.person, row.about, row.cause = string(n.Person), n.About, n.Cause
	if to == "" {
		row.state, row.problem, row.addressee, row.content = failed, noWay, nil, nil
	} else if !n.Urgent {
		wishes, err := member.WishesOf(tx, []member.PersonID{n.Person})
		if err != nil {
			return false, err
		}
		quiet := member.Night
		if w, asked := wishes[n.Person]; asked {
			quiet = w.Quiet
		}
		row.due = quiet.Ends(tx.Now())
		row.expires = row.due.Add(n.Life)
	}
	if fresh, err = insertMessage(tx, row); err != nil || !fresh || to == "" {
		return fresh, err
	}
	if row.due.After(tx.Now()) {
		return true, timer.Set(tx, timer.Timer{Kind: TimerDue, Ref: string(row.id), Due: row.due})
	}
	tx.Outbox(Topic, string(row.id), "{}")
	return true, nil
}

// way returns how a notice reaches its person; to is "" when it does not.
func (s *Service) way(tx *store.Tx, n Notice, choice Channel) (by Channel, to string, err error) {
	for _, by := range []Channel{choice, SMS, WeChat, Email} {
		if !s.sender.Carries(by, n.Kind) {
			continue
		}
		if by == SMS {
			phone, err := s.members.Phone(tx, n.Person)
			if err != nil {
				return by, "", err
			}
			if phone.IsMobile() {
				return by, phone.Reveal(), nil
			}
			continue
		}
		c, found, err := contactOf(tx, n.Person, by)
		if err != nil {
			return by, "", err
		}
		if found && c.digest == nil {
			to, err := s.box.Open(fieldContact, c.address)
			return by, to, err
		}
	}
	return choice, "", nil
}

// Handlers returns the handlers of the timers that this package sets.
func (s *Service) Handlers() map[string]timer.Handler {
	return map[string]timer.Handler{TimerDue: func(tx *store.Tx, due []timer.Timer) ([]error, error) {
		for _, t := range due {
			tx.Outbox(Topic, t.Ref, "{}")
		}
		return make([]error, len(due)), nil
	}}
}

// Status is what became of a message, without its words and its addressee's number.
type Status struct {
	ID      ID
	Kind    Kind
	Channel Channel
	Person  member.PersonID
	About   string
	State   State
	Problem string // a code of the carrier or of ours
	Carrier string
	Created time.Time
	Due     time.Time
	Changed time.Time // when it was taken or ended; zero while it waits
}

// Missed reports whether the message did not arrive and will not: somebody should call instead.
func (s Status) Missed() bool { return s.State == failed || s.State == expired }

// About returns what became of the messages about something, newest first. It checks no right: whoever shows what they are about does.
func About(tx *store.Tx, ref string, max int) ([]Status, error) {
	return statuses(tx, "about = $1 AND about <> ''", ref, "", max)
}

// Of returns what became of the messages to a person, newest first, those before one; "" for the newest of all. It checks no right: whoever
// shows the person does.
func Of(tx *store.Tx, person member.PersonID, before ID, max int) ([]Status, error) {
	return statuses(tx, "person = $1 AND person <> ''", string(person), before, max)
}

// Mine returns what became of one's own messages, newest first, those before one; "" for the newest of all. Error: identity.not_oneself.
func (s *Service) Mine(ctx context.Context, by identity.Actor, who member.PersonID, before ID, max int) (list []Status, err error) {
	if err := by.MayOwn(identity.MemberCorrect, string(who)); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, "notify.mine", func(tx *store.Tx) error {
		list, err = Of(tx, who, before, max)
		return err
	})
	return list, err
}

func statuses(tx *store.Tx, where, ref string, before ID, max int) ([]Status, error) {
	rows, err := messagesWhere(tx, where, ref, before, max)
	list := make([]Status, len(rows))
	for i, m := range rows {
		list[i] = Status{ID: m.id, Kind: m.kind, Channel: m.channel, Person: member.PersonID(m.person), About: m.about, State: m.state, Problem: m.problem,
			Carrier: m.carrier, Created: m.created, Due: m.due, Changed: m.ended}
	}
	return list, err
}

// Personal is everything this package stores about a person, in clear: for the person's own copy and for nobody else.
type Personal struct {
	Told     Channel           `json:"told_by"`
	Contacts []PersonalContact `json:"contacts"`
	Messages []PersonalMessage `json:"told"`
}

// PersonalContact is an address of the person.
type PersonalContact struct {
	Channel   Channel   `json:"channel"`
	Address   string    `json:"address"`
	Confirmed bool      `json:"confirmed"`
	AskedAt   time.Time `json:"asked_at"`
}

// PersonalMessage is a message to the person; its words are gone.
type PersonalMessage struct {
	Kind      Kind      `json:"message"`
	Channel   Channel   `json:"channel"`
	State     State     `json:"state"`
	CreatedAt time.Time `json:"sent_at"`
}

// personalMost is how many messages a copy holds: more than anybody gets in the month that they are kept.
const personalMost = 10000

// PersonalData gathers what is stored about a person. It checks no right; the use-case that hands it out does.
func (s *Service) PersonalData(tx *store.Tx, who member.PersonID) (p Personal, err error) {
	if p.Told, err = choiceOf(tx, who); err != nil {
		return p, err
	}
	contacts, err := contactsOf(tx, who)
	if err != nil {
		return p, err
	}
	for _, c := range contacts {
		address, err := s.box.Open(fieldContact, c.address)
		if err != nil {
			return p, err
		}
		p.Contacts = append(p.Contacts, PersonalContact{c.channel, address, c.digest == nil, c.asked})
	}
	list, err := Of(tx, who, "", personalMost)
	for _, m := range list {
		p.Messages = append(p.Messages, PersonalMessage{m.Kind, m.Channel, m.State, m.Created})
	}
	return p, err
}

// Erase destroys what the package stores about a person. It checks no right; the use-case that asks for it does.
func (s *Service) Erase(tx *store.Tx, who member.PersonID) error { return erase(tx, who) }

// mayDecide checks that the actor is the person, and that the person is with the bank.
func mayDecide(tx *store.Tx, by identity.Actor, who member.PersonID) (member.Person, error) {
	if err := by.MayOwn(identity.MemberCorrect, string(who)); err != nil {
		return member.Person{}, err
	}
	people, err := member.LoadPersons(tx, []member.PersonID{who})
	if err != nil {
		return member.Person{}, err
	}
	p, ok := people[who]
	if !ok || p.State != member.PersonActive {
		return p, errNotActive
	}
	return p, nil
}
