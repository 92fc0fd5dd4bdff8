// Package notice decides who is told what when something happens to a visit or passes between relatives: it turns events of the outbox into
// messages.
//
// It decides from what stands in the database when the event is delivered, and says nothing that is over by then. One event tells one person
// once, however often it is delivered. The package must never put a name, an address or words of people into a message, tell relatives what the
// person has not agreed to, or choose the way of a message: that is notify's.
package notice

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/family"
	"timebank/internal/feedback"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/order"
	"timebank/internal/store"
)

// The kinds of notices, by whom they are for. Each has its sentence in the catalogues, and its template at a carrier.
const (
	Placed      notify.Kind = "order.placed"     // recipient: somebody asked for a service for you. service, start
	Coming      notify.Kind = "order.coming"     // recipient: somebody comes. service, start
	Looking     notify.Kind = "order.looking"    // recipient: nobody yet, the next level looks. service, start
	Cancelled   notify.Kind = "order.cancelled"  // recipient. service, start
	Confirm     notify.Kind = "order.confirm"    // recipient: please say that it was done. service, start
	Offered     notify.Kind = "order.offered"    // volunteer: will you come. service, start
	CalledOff   notify.Kind = "order.called_off" // volunteer: you need not come. service, start
	Paid        notify.Kind = "order.paid"       // volunteer: hours are in the account. service, start, hours
	KinComing   notify.Kind = "kin.coming"       // relative: somebody comes to your relative. service, start
	KinCalled   notify.Kind = "kin.cancelled"    // relative. service, start
	KinConfirm  notify.Kind = "kin.confirm"      // relative who may act: please say that it was done. service, start
	FamilyWrote notify.Kind = "family.message"   // relative: words wait for you.
	Moved       notify.Kind = "order.moved"      // recipient: your visit is at another time now. service, start
	MovedAsk    notify.Kind = "order.moved_ask"  // volunteer: your visit is at another time, will you come all the same. service, start, until
	HouseAsk    notify.Kind = "order.house_ask"  // volunteer: your visit is at another home now, will you come all the same. service, start, until
	KinMoved    notify.Kind = "kin.moved"        // relative: your relative's visit is at another time now. service, start
	TeamAsks    notify.Kind = "team.invited"     // volunteer: a team would like to have you. until
	RaisedUp    notify.Kind = "complaint.raised" // who complained: the level above looks at it now. service, start
)

// The topics of the events that tell somebody something.
const (
	placed    = "order.placed"
	offered   = "order.offered"
	accepted  = "order.accepted"
	escalated = "order.escalated"
	awaiting  = "order.awaiting"
	cancelled = "order.cancelled"
	bought    = "order.bought"
	settled   = "order.settled"
	moved     = "order.rescheduled"
	rehoused  = "order.rehoused"
	wrote     = "family.message_sent"
	raised    = feedback.TopicEscalated
	invited   = member.TopicInvited
)

// Topics lists the events that [Service.Tell] is for.
func Topics() []string {
	return []string{placed, offered, accepted, escalated, awaiting, cancelled, bought, settled, moved, rehoused, wrote, raised, invited}
}

// How long a notice is worth delivering after the quiet hours (default, ours).
const (
	life      = 24 * time.Hour
	shortLife = 2 * time.Hour // what somebody has to answer or to act on soon
)

// soon is how near a visit has to be for its news to be worth waking somebody (default, ours).
const soon = 12 * time.Hour

// Service tells people. It is safe for concurrent use.
type Service struct {
	db       *store.DB
	catalog  *catalog.Service
	messages *notify.Service
}

// New returns the service of one database.
func New(db *store.DB, services *catalog.Service, messages *notify.Service) *Service {
	return &Service{db: db, catalog: services, messages: messages}
}

// Tell writes the messages that an event asks for. It is called at least once for each event of [Topics].
func (s *Service) Tell(ctx context.Context, e store.Event) error {
	return s.db.Write(ctx, "notice.tell", func(tx *store.Tx) error {
		var all []notify.Notice
		var err error
		switch e.Topic {
		case wrote:
			all, err = written(tx, family.MessageID(e.Ref))
		case invited:
			all, err = asked(tx, member.InviteID(e.Ref))
		case raised:
			all, err = s.complained(tx, feedback.ComplaintID(e.Ref))
		default:
			all, err = s.about(tx, e)
		}
		if err != nil {
			return err
		}
		// A restored backup counts events from an older number on, so the number alone would not name one.
		cause := strconv.FormatInt(e.Seq, 10) + " " + e.Topic + " " + e.Ref
		for _, n := range all {
			n.Cause = cause
			if _, err := s.messages.Tell(tx, n); err != nil {
				return err
			}
		}
		return nil
	})
}

// written is the notice of words between relatives: that they are there, not what they say.
func written(tx *store.Tx, which family.MessageID) ([]notify.Notice, error) {
	to, waits, err := family.Addressee(tx, which)
	if err != nil || !waits {
		return nil, err
	}
	return []notify.Notice{{Person: to, Kind: FamilyWrote, About: string(which), Life: life}}, nil
}

// asked is the notice that a team would like to have a volunteer, as long as it waits for an answer.
func asked(tx *store.Tx, which member.InviteID) ([]notify.Notice, error) {
	one, waits, err := member.Invited(tx, which)
	if err != nil || !waits {
		return nil, err
	}
	return []notify.Notice{{Person: one.Person, Kind: TeamAsks, About: string(which), Life: life, Values: map[string]string{"until": when(one.Until)}}}, nil
}

// about gathers the notices about an order.
func (s *Service) about(tx *store.Tx, e store.Event) ([]notify.Notice, error) {
	which := order.ID(e.Ref)
	var named struct {
		To    []member.PersonID `json:"to"`
		Level order.Level       `json:"level"`
		order.Rescheduled
	}
	if err := json.Unmarshal([]byte(e.Payload), &named); err != nil {
		return nil, errs.New(errs.Internal, errs.CodeInternal).With(err)
	}
	found, err := order.Load(tx, []order.ID{which})
	if err != nil || found[which] == nil {
		return nil, err
	}
	o := found[which]
	kin, err := watchers(tx, o.Recipient)
	if err != nil {
		return nil, err
	}
	return s.saying(tx, o, decide(event{e.Topic, named.To, named.Level, named.Rescheduled}, o, kin, tx.Now()))
}

// complained is the notice that somebody else looks at a complaint now, as long as it waits for a decision.
func (s *Service) complained(tx *store.Tx, which feedback.ComplaintID) ([]notify.Notice, error) {
	who, about, open, err := feedback.Complainant(tx, which)
	if err != nil || !open {
		return nil, err
	}
	found, err := order.Load(tx, []order.ID{about})
	if err != nil || found[about] == nil {
		return nil, err
	}
	return s.saying(tx, found[about], []notify.Notice{{Person: who, Kind: RaisedUp, Life: life}})
}

// saying fills notices about an order with the name of its service and its time.
func (s *Service) saying(tx *store.Tx, o *order.Order, all []notify.Notice) ([]notify.Notice, error) {
	services, err := s.catalog.Catalogue(tx)
	if err != nil {
		return nil, err
	}
	name := o.Item
	if item, err := services.ByVersion(o.Item, o.ItemVersion); err == nil {
		name = item.Name("zh-CN")
	}
	for i := range all {
		n := &all[i]
		n.About = string(o.ID)
		values := map[string]string{"service": name, "start": when(o.Start)}
		for k, v := range n.Values {
			values[k] = v
		}
		n.Values = values
	}
	return all, nil
}

// when is a time as messages say it.
func when(t time.Time) string { return t.In(clock.Zone).Format("01-02 15:04") }

// watcher is a relative whom a person lets see its visits, and whether it may act for the person.
type watcher struct {
	person member.PersonID
	acts   bool
}

// watchers are the relatives who are told: both sides have confirmed the relation, and the person has agreed to its visits being seen.
func watchers(tx *store.Tx, of member.PersonID) (list []watcher, err error) {
	given, err := member.ConsentsOf(tx, of)
	if err != nil || !slices.Contains(given, member.PurposeKin) {
		return nil, err
	}
	kin, err := member.KinOf(tx, of)
	for _, k := range kin {
		if k.Person == of && k.State == member.KinConfirmed {
			list = append(list, watcher{k.Relative, k.Acts()})
		}
	}
	return list, err
}

// event is what happened, the volunteers whom the event itself names, the level that an order has climbed to, and how a visit was moved.
type event struct {
	topic string
	named []member.PersonID
	level order.Level
	move  order.Rescheduled
}

// decide says who is told what of an event, given where the order stands now: what is over is not said any more. That nobody has been found is
// said at the first step up and at the last, not at each.
func decide(e event, o *order.Order, kin []watcher, now time.Time) (all []notify.Notice) {
	near := func(t time.Time) bool { return t.After(now) && t.Before(now.Add(soon)) }
	urgent := near(o.Start)
	tell := func(who member.PersonID, kind notify.Kind, lasts time.Duration, urgent bool) {
		all = append(all, notify.Notice{Person: who, Kind: kind, Life: lasts, Urgent: urgent})
	}
	askAgain := func(kind notify.Kind) {
		for _, a := range o.Assignments {
			if a.State == order.Offered && slices.Contains(e.move.Asked, a.Volunteer) {
				tell(a.Volunteer, kind, life, urgent)
				all[len(all)-1].Values = map[string]string{"until": when(e.move.Until)}
			}
		}
	}
	switch e.topic {
	case placed:
		if o.State.Open() && o.PlacedAs != order.BySelf {
			tell(o.Recipient, Placed, life, false)
		}
	case offered:
		for _, a := range o.Assignments {
			if a.State == order.Offered && slices.Contains(e.named, a.Volunteer) && o.Start.After(now) {
				tell(a.Volunteer, Offered, shortLife, urgent)
			}
		}
	case accepted:
		if o.State == order.Accepted && o.Start.After(now) {
			tell(o.Recipient, Coming, life, urgent)
			for _, k := range kin {
				tell(k.person, KinComing, life, false)
			}
		}
	case escalated:
		if (o.State == order.Published && e.level == order.Street || o.State == order.AtFund && e.level == order.Fund) && o.Start.After(now) {
			tell(o.Recipient, Looking, life, false)
		}
	case awaiting:
		if o.State == order.Awaiting {
			tell(o.Recipient, Confirm, life, false)
			for _, k := range kin {
				if k.acts {
					tell(k.person, KinConfirm, life, false)
				}
			}
		}
	case cancelled:
		if o.State == order.Cancelled {
			tell(o.Recipient, Cancelled, life, urgent)
			for _, k := range kin {
				tell(k.person, KinCalled, life, false)
			}
			for _, who := range e.named {
				tell(who, CalledOff, life, urgent)
			}
		}
	case bought:
		for _, who := range e.named {
			tell(who, CalledOff, life, urgent)
		}
	case moved:
		// Who would come or wait in vain is told at once, as is who has to come soon.
		urgent = urgent || near(e.move.From)
		if o.Start.Equal(e.move.To) && o.State.Open() && o.Start.After(now) {
			if o.Recipient != e.move.By {
				tell(o.Recipient, Moved, life, urgent)
			}
			for _, k := range kin {
				if k.person != e.move.By {
					tell(k.person, KinMoved, life, false)
				}
			}
			askAgain(MovedAsk)
		}
		for _, who := range e.move.CalledOff {
			tell(who, CalledOff, life, urgent)
			all[len(all)-1].Values = map[string]string{"start": when(e.move.From)}
		}
	case rehoused:
		// Whoever said where and from when a person lives was told what becomes of the visits; the volunteer was not.
		if o.Start.Equal(e.move.To) && o.State.Open() && o.Start.After(now) {
			askAgain(HouseAsk)
		}
		for _, who := range e.move.CalledOff {
			tell(who, CalledOff, life, urgent)
		}
	case settled:
		for _, a := range o.Assignments {
			// A team's hours are the team's: its members have none to be told of.
			if a.State == order.Paid && a.Team == "" && !a.Credit.IsZero() {
				tell(a.Volunteer, Paid, life, false)
				all[len(all)-1].Values = map[string]string{"hours": a.Credit.String()}
			}
		}
	}
	return all
}
