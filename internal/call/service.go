package call

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/pii"
	"timebank/internal/region"
	"timebank/internal/store"
)

// Service holds the use-cases of calls. It is safe for concurrent use.
type Service struct {
	db      *store.DB
	regions *region.Service
	orders  *order.Service
	box     *pii.Box

	note identity.Call[NoteCmd, ID]
	ask  identity.Call[AskCmd, order.ID]
}

// The kinds under which words are sealed and commands are told apart.
const (
	fieldWords   = "call.words"
	fieldCommand = "call.command"
)

// New returns the service of one database. The box seals what is written down.
func New(db *store.DB, regions *region.Service, orders *order.Service, box *pii.Box) *Service {
	s := &Service{db: db, regions: regions, orders: orders, box: box}
	s.note = identity.Call[NoteCmd, ID]{Name: "call.note", Encode: identity.Same[ID], Decode: identity.AsID[ID], Run: each(s.runNote),
		Head: func(c *NoteCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Person)).Str(string(c.Order)).Str(string(c.Reason)).Blob(box.Index(fieldCommand, c.Words))
			return c.Actor, c.Key
		}}
	s.ask = identity.Call[AskCmd, order.ID]{Name: "call.ask", Encode: identity.Same[order.ID], Decode: identity.AsID[order.ID], Run: each(s.runAsk),
		Head: func(c *AskCmd, w *canon.Writer) (identity.Actor, string) {
			p := c.Place
			w.Str(string(p.Recipient)).Str(p.Item).Time(p.Start).Int(p.Minutes.Int64()).Str(string(p.Urgency)).Bool(p.FamilyPresent)
			if p.Again {
				w.Bool(true)
			}
			w.Str(string(c.Reason)).Blob(box.Index(fieldCommand, c.Words))
			return p.Actor, p.Key
		}}
	return s
}

// each runs commands one after the other: somebody answers one telephone at a time. What was refused after something was written takes the whole
// back.
func each[C any, R ~string](run func(tx *store.Tx, c *C) (R, error)) func(*store.Tx, []*C, []*identity.Result[R]) error {
	return func(tx *store.Tx, cmds []*C, out []*identity.Result[R]) error {
		for i, c := range cmds {
			out[i].Value, out[i].Err = run(tx, c)
			if errs.Fault(out[i].Err) {
				return out[i].Err
			}
		}
		return nil
	}
}

// NoteCmd writes a call down. The actor is the staff of a station where the person lives, or where the visit is that it was about.
type NoteCmd struct {
	Actor  identity.Actor
	Key    string
	Person member.PersonID
	Order  order.ID // of that person, "" for none
	Reason Reason
	Words  string // at most [LongestWords] characters, sealed; "" for none
}

// Note writes calls down. Errors of a command: call.invalid with every bad field, member.person_unknown, order.not_found, identity.not_allowed.
func (s *Service) Note(ctx context.Context, cmds []NoteCmd) ([]identity.Result[ID], error) {
	return s.note.Perform(ctx, s.db, cmds)
}

func (s *Service) runNote(tx *store.Tx, c *NoteCmd) (ID, error) {
	place, err := s.placeOf(tx, c.Person, c.Order)
	if err != nil {
		return "", err
	}
	if err := s.may(tx, c.Actor, place); err != nil {
		return "", err
	}
	if err := check(c.Reason, c.Words); err != nil {
		return "", err
	}
	return s.keep(tx, c.Actor, Call{Person: c.Person, Order: c.Order, Region: place, Reason: c.Reason}, c.Words)
}

// AskCmd places the order that a caller asks for, and keeps what the call was about with it.
type AskCmd struct {
	Place  order.PlaceCmd
	Reason Reason
	Words  string // as in [NoteCmd]
}

// Ask places orders and writes their calls down, each in one transaction: there is no order without its call, and no call of an order that was
// refused. Errors of a command: call.invalid with every bad field, and those of [order.Service.Place].
func (s *Service) Ask(ctx context.Context, cmds []AskCmd) ([]identity.Result[order.ID], error) {
	return s.ask.Perform(ctx, s.db, cmds)
}

func (s *Service) runAsk(tx *store.Tx, c *AskCmd) (order.ID, error) {
	if err := check(c.Reason, c.Words); err != nil {
		return "", err
	}
	place, err := s.placeOf(tx, c.Place.Recipient, "")
	if err != nil {
		return "", err
	}
	if err := s.may(tx, c.Place.Actor, place); err != nil {
		return "", err
	}
	placed, err := s.orders.PlaceIn(tx, c.Place)
	if err != nil {
		return "", err
	}
	_, err = s.keep(tx, c.Place.Actor, Call{Person: c.Place.Recipient, Order: placed.ID, Region: place, Reason: c.Reason}, c.Words)
	return placed.ID, err
}

// keep writes a call and its entry in the trail, which has no words.
func (s *Service) keep(tx *store.Tx, by identity.Actor, c Call, words string) (ID, error) {
	c.ID, c.TakenBy, c.TakenAt = store.NewID[Call](tx), by.ID, tx.Now()
	if words = strings.TrimSpace(words); words != "" {
		c.sealed = s.box.Seal(fieldWords, words)
	}
	if err := insert(tx, c); err != nil {
		return "", err
	}
	kind, ref := "person", string(c.Person)
	if c.Order != "" {
		// Whoever has the order's page open sees the call there.
		kind, ref = "order", string(c.Order)
	}
	return c.ID, audit.Record(tx, audit.Entry{Actor: by.ID, OnBehalf: by.Behalf(string(c.Person)), Action: "call.note", Kind: kind, Ref: ref, Region: string(c.Region),
		After: string(c.Reason), Origin: by.Origin})
}

// check names every bad field of a call.
func check(reason Reason, words string) error {
	var bad errs.Fields
	if !slices.Contains(Reasons(), reason) {
		bad.Add("about", "call.reason_unknown")
	}
	switch {
	case !utf8.ValidString(words):
		bad.Add("words", "call.words_malformed")
	case utf8.RuneCountInString(words) > LongestWords:
		bad.Add("words", "call.words_too_long", "most", LongestWords)
	}
	return bad.Err("call.invalid")
}

// placeOf is where a call belongs: to the order's community, which must be the person's order, else to where the person lives.
func (s *Service) placeOf(tx *store.Tx, who member.PersonID, about order.ID) (region.ID, error) {
	people, err := member.LoadPersons(tx, []member.PersonID{who})
	if err != nil {
		return "", err
	}
	p, ok := people[who]
	if !ok {
		return "", errs.New(errs.NotFound, "member.person_unknown")
	}
	if about == "" {
		return p.Region, nil
	}
	orders, err := order.Load(tx, []order.ID{about})
	if err != nil {
		return "", err
	}
	o := orders[about]
	if o == nil || o.Recipient != who {
		return "", errs.New(errs.NotFound, "order.not_found")
	}
	return o.Region, nil
}

// may asks for the right of who takes calls: the staff that may order for people there.
func (s *Service) may(tx *store.Tx, by identity.Actor, place region.ID) error {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return err
	}
	return by.May(identity.OrderPlaceFor, place, tree)
}

// Filter chooses calls: those about an order, or those about a person.
type Filter struct {
	Order  order.ID
	Person member.PersonID // read when Order is ""
	Before ID              // "" begins with the newest
	Limit  int             // 1 to 100
}

// List lists calls without words, newest first, for who takes calls in their place. Errors: member.person_unknown, order.not_found,
// identity.not_allowed.
func (s *Service) List(ctx context.Context, by identity.Actor, f Filter) (list []Call, err error) {
	err = s.db.Read(ctx, "call.list", func(tx *store.Tx) error {
		if f.Order != "" {
			orders, err := order.Load(tx, []order.ID{f.Order})
			if err != nil {
				return err
			}
			o := orders[f.Order]
			if o == nil {
				return errs.New(errs.NotFound, "order.not_found")
			}
			if err := s.may(tx, by, o.Region); err != nil {
				return err
			}
		} else {
			place, err := s.placeOf(tx, f.Person, "")
			if err != nil {
				return err
			}
			if err := s.may(tx, by, place); err != nil {
				return err
			}
		}
		list, err = calls(tx, f)
		return err
	})
	return list, err
}

// Words opens what was written down of a call, "" when its days are over; the look is in the audit trail. Errors: call.unknown, also for whoever
// takes no calls in its place.
func (s *Service) Words(ctx context.Context, by identity.Actor, which ID) (words string, err error) {
	err = s.db.Write(ctx, "call.words", func(tx *store.Tx) error {
		c, found, err := load(tx, which)
		if err != nil {
			return err
		}
		unknown := errs.New(errs.NotFound, "call.unknown")
		if !found {
			return unknown
		}
		if err := s.may(tx, by, c.Region); err != nil {
			return unknown.With(err)
		}
		if words, err = s.open(c.sealed); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Actor: by.ID, OnBehalf: by.Behalf(string(c.Person)), Action: "call.look", Kind: "call", Ref: string(c.ID), Region: string(c.Region),
			Origin: by.Origin})
	})
	return words, err
}

func (s *Service) open(sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	words, err := s.box.Open(fieldWords, sealed)
	if err != nil {
		return "", errs.New(errs.Internal, errs.CodeInternal).With(err)
	}
	return words, nil
}
