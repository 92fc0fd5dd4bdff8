package order

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"timebank/internal/audit"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/timer"
	"timebank/internal/why"
)

// View is an order as one reader may see it.
type View struct {
	Order
	// Near is set when the reader belongs to the order: its sides, whoever serves, its desk.
	Near bool
	// Exact is set when Point is the place itself; otherwise it is the community's. The desk finds the place by [Service.SeePlace].
	Exact bool
	// Code is the check code, for the recipient's side and the desk alone: whoever has it proves that the recipient gave it.
	Code     string
	Evidence []Evidence
	Photos   []Photo
	History  []audit.Recorded
	Next     []timer.Timer // what happens by itself, and when
	Why      why.Why       // the rules that the order keeps
	Ended    EndedBy       // who cancelled it, "" as long as nobody did
	// Withheld says why a relative who may act for the recipient does not see who comes and what happened: the recipient has not consented to
	// its relatives seeing its visits. It is nil for everybody else.
	Withheld *why.Why
}

// Get returns an order as the actor may see it. A volunteer who has no place on it sees its area and its item, if it can be taken.
func (s *Service) Get(ctx context.Context, actor identity.Actor, id ID) (v View, err error) {
	err = s.db.Read(ctx, "order.get", func(tx *store.Tx) error {
		w, err := s.begin(tx)
		if err != nil {
			return err
		}
		if w.orders, err = load(tx, []ID{id}, false); err != nil {
			return err
		}
		o, err := w.order(id)
		if err != nil {
			return err
		}
		v, err = w.show(actor, o)
		return err
	})
	return v, err
}

// SeePlace returns where exactly an order is served. Staff that has the right to see a door finds it so, and each look is in the trail; who serves or is
// served sees it anyway. Errors: NotFound order.not_found for whoever does not belong to the order, identity.not_allowed.
func (s *Service) SeePlace(ctx context.Context, actor identity.Actor, id ID) (p region.Point, err error) {
	err = s.db.Write(ctx, "order.see_place", func(tx *store.Tx) error {
		w, err := s.begin(tx)
		if err != nil {
			return err
		}
		if w.orders, err = load(tx, []ID{id}, false); err != nil {
			return err
		}
		o, err := w.order(id)
		if err != nil {
			return err
		}
		v, err := w.show(actor, o)
		switch {
		case err != nil:
			return err
		case !v.Near:
			return errs.New(errs.NotFound, "order.not_found")
		case v.Exact:
			p = v.Point
			return nil
		}
		if err := actor.May(identity.OrderSeeDoor, o.Region, w.tree); err != nil {
			return err
		}
		p = o.Point
		return audit.Record(tx, audit.Entry{Actor: actor.ID, OnBehalf: string(o.Recipient), Action: string(identity.OrderSeeDoor), Kind: "order", Ref: string(o.ID),
			Region: string(o.Region), After: "place", Origin: actor.Origin})
	})
	return p, err
}

func (w *work) show(actor identity.Actor, o *Order) (View, error) {
	v := View{Order: *o}
	v.CheckCode = ""
	side, refused := w.sideOf(actor, o, identity.OrderPlace, identity.OrderRead)
	part := o.partOf(member.PersonID(actor.Person))
	kin := false
	if refused != nil && part == nil || side == ByFamily {
		var err error
		if kin, err = member.MaySee(w.tx, o.Recipient, member.PersonID(actor.Person)); err != nil {
			return View{}, err
		}
	}
	switch {
	case refused == nil && side == ByFamily && !kin:
		withheld := why.Rule("consent.kin", "", "person")
		v.Near, v.Exact, v.Withheld, v.Assignments = true, true, &withheld, nil
		history, err := audit.Of(w.tx, string(o.ID))
		if err != nil {
			return View{}, err
		}
		return w.because(v, o, history)
	case refused == nil:
		v.Near, v.Exact = true, side != ByDesk || actor.IsSystem()
		if !v.Exact {
			v.Point, _ = w.tree.Point(o.Region)
		}
		if side != ByDesk || actor.May(identity.OrderWitness, o.Region, w.tree) == nil {
			v.Code = o.CheckCode
		}
	case part != nil:
		v.Near, v.Exact = true, part.State.findsTheDoor()
		if !v.Exact {
			v.Point, _ = w.tree.Point(o.Region)
		}
	case kin:
		v.Point, _ = w.tree.Point(o.Region)
	case o.State == Published && actor.Person != "":
		v.Point, _ = w.tree.Point(o.Region)
		v.Recipient, v.Payer, v.PlacedBy, v.Reason, v.DisputedBy, v.Assignments = "", "", "", "", "", nil
		return v, nil
	default:
		// Who may not see an order does not learn that it exists.
		return View{}, errs.New(errs.NotFound, "order.not_found")
	}
	var err error
	if v.Evidence, err = evidenceOf(w.tx, o.ID); err != nil {
		return View{}, err
	}
	if v.Photos, err = photosOf(w.tx, o.ID); err != nil {
		return View{}, err
	}
	if v.History, err = audit.Of(w.tx, string(o.ID)); err != nil {
		return View{}, err
	}
	if v.Next, err = timer.Waiting(w.tx, string(o.ID)); err != nil {
		return View{}, err
	}
	return w.because(v, o, v.History)
}

// because adds the rules that an order keeps, and who ended it.
func (w *work) because(v View, o *Order, history []audit.Recorded) (View, error) {
	var err error
	if v.Ended, err = w.endedBy(o, history); err != nil {
		return View{}, err
	}
	r, err := w.rules(o)
	if err != nil {
		return View{}, err
	}
	v.Why = r.Why("order.funding", why.Value{Name: "sources", Value: o.Funding}, why.Value{Name: "waits_for", Value: string(o.WaitsFor)})
	return v, nil
}

// NearQuery asks what can be taken nearby.
type NearQuery struct {
	// From is where to look from; the zero point means the volunteer's home.
	From region.Point
	// RadiusM bounds the distance in metres; zero means the policy's, which also bounds it.
	RadiusM int64
	Limit   int
}

// Offer is an order that stands open nearby. It shows the area, not the door.
type Offer struct {
	ID        ID
	Item      string
	Version   int
	Class     string
	Urgency   string
	Region    region.ID
	Start     time.Time
	Minutes   hours.Minutes
	Places    int // still free
	DistanceM int64
	// Refused says why this volunteer cannot take it; nil when it can be taken.
	Refused error
	// Flagged are the rules, separated by spaces, that taking it would exceed and that only flag; "checkin.overlap" warns of a clash.
	Flagged string
}

// communityReachM is how far from its community's point a home is looked for, in metres (default: the city's communities are smaller).
const communityReachM = 3000

// Neighbourhood lists what stands open around a volunteer, nearest first, and why some of it is not for this volunteer.
func (s *Service) Neighbourhood(ctx context.Context, actor identity.Actor, q NearQuery) (out []Offer, err error) {
	if actor.Person == "" {
		return nil, errs.New(errs.Forbidden, "identity.not_oneself").By("identity.rights", "law")
	}
	who := member.PersonID(actor.Person)
	err = s.db.Read(ctx, "order.neighbourhood", func(tx *store.Tx) error {
		w, err := s.begin(tx)
		if err != nil {
			return err
		}
		since := map[member.PersonID]time.Time{who: tx.Now()}
		if err := errors.Join(w.know(since), w.read(since)); err != nil {
			return err
		}
		v, ok := w.volunteers[who]
		if !ok {
			return errs.New(errs.NotFound, "order.volunteer_unknown")
		}
		r, err := w.rulesNow(v.Person.Region)
		if err != nil {
			return err
		}
		from, radius := q.From, q.RadiusM
		if from == (region.Point{}) {
			from = member.HomeNow(v.Person, w.tree).Point
		}
		if radius <= 0 || radius > int64(r.OrderRadiusM) {
			radius = int64(r.OrderRadiusM)
		}
		var around []region.ID
		for _, c := range w.tree.Communities() {
			if p, ok := w.tree.Point(c.ID); ok && region.DistanceMetres(from, p) <= radius+communityReachM {
				around = append(around, c.ID)
			}
		}
		near, err := publishedIn(tx, around)
		if err != nil {
			return err
		}
		for _, o := range near {
			d := region.DistanceMetres(from, o.Point)
			if d > radius || late(o, tx.Now()) {
				continue
			}
			live, _ := o.filled()
			flagged, refused := w.mayTake(o, who, "")
			if errs.Fault(refused) {
				return refused
			}
			out = append(out, Offer{ID: o.ID, Item: o.Item, Version: o.ItemVersion, Class: string(o.Class), Urgency: string(o.Urgency), Region: o.Region,
				Start: o.Start, Minutes: o.Minutes, Places: o.Volunteers - live, DistanceM: d, Refused: refused, Flagged: flagged})
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b Offer) int { return int(a.DistanceM - b.DistanceM) })
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	return out, err
}

// Line is one open order on a board: who asked, since when, and who is to act now.
type Line struct {
	ID        ID
	Item      string
	Recipient member.PersonID
	PlacedAs  PlacedAs
	Urgency   string
	Region    region.ID
	State     State
	WaitsFor  WaitsFor
	Level     Level
	Acts      region.ID // the region whose office has to act; the city for the fund
	Asked     time.Time
	Since     time.Time // how long it has been waiting for this
	Start     time.Time
	Due       time.Time // when the clock runs out, zero when none runs
	Late      bool      // the service should have begun and nobody has checked in
}

// Board is the morning board of an office.
type Board struct {
	Place region.ID
	At    time.Time
	Count map[WaitsFor]int
	// All counts what waits, Levels by whose turn it is; Lines are the longest waiting of them.
	All    int
	Levels map[Level]int
	Lines  []Line
}

// boardMax bounds a board; what is beyond it is counted but not listed, except where an office itself has to decide: that must not be missed.
const boardMax = 500

// Board lists what waits in a place and below it, the longest waiting first.
func (s *Service) Board(ctx context.Context, actor identity.Actor, place region.ID) (b Board, err error) {
	err = s.db.Read(ctx, "order.board", func(tx *store.Tx) error {
		w, err := s.begin(tx)
		if err != nil {
			return err
		}
		if b, err = w.board(actor, place); err != nil {
			return err
		}
		ids := make([]ID, len(b.Lines))
		for i, l := range b.Lines {
			ids[i] = l.ID
		}
		b.Lines, err = w.lines(ids)
		return err
	})
	return b, err
}

// Waiting is [Service.Board] for who shows a page of it: its lines say where each order stands, and [Service.Lines] says the rest.
func (s *Service) Waiting(ctx context.Context, actor identity.Actor, place region.ID) (b Board, err error) {
	err = s.db.Read(ctx, "order.waiting", func(tx *store.Tx) error {
		w, err := s.begin(tx)
		if err != nil {
			return err
		}
		b, err = w.board(actor, place)
		return err
	})
	return b, err
}

// Lines returns orders as a board has them. Error: Forbidden identity.not_allowed for one that the actor may not read.
func (s *Service) Lines(ctx context.Context, actor identity.Actor, ids []ID) (lines []Line, err error) {
	err = s.db.Read(ctx, "order.lines", func(tx *store.Tx) error {
		w, err := s.begin(tx)
		if err != nil {
			return err
		}
		if lines, err = w.lines(ids); err != nil {
			return err
		}
		for _, l := range lines {
			if err := actor.May(identity.OrderRead, l.Region, w.tree); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return lines, nil
}

// board counts what waits in a place, and says where the longest waiting and what an office has to decide stand.
func (w *work) board(actor identity.Actor, place region.ID) (Board, error) {
	if err := actor.May(identity.OrderRead, place, w.tree); err != nil {
		return Board{}, err
	}
	b := Board{Place: place, At: w.tx.Now(), Count: map[WaitsFor]int{}, Levels: map[Level]int{}}
	open, err := openIn(w.tx, place, w.tree.Day())
	if err != nil {
		return Board{}, err
	}
	for _, l := range open {
		b.Count[l.WaitsFor]++
		b.Levels[l.Level]++
	}
	b.All = len(open)
	if len(open) > boardMax {
		decide := slices.DeleteFunc(slices.Clone(open[boardMax:]), func(l Line) bool { return l.WaitsFor != ForProvider && l.State != Disputed })
		open = append(open[:boardMax:boardMax], decide...)
	}
	b.Lines = open
	return b, nil
}

// lines are orders as a board has them, in the order of the ids.
func (w *work) lines(ids []ID) ([]Line, error) {
	orders, err := heads(w.tx, ids)
	if err != nil {
		return nil, err
	}
	refs := make([]string, len(ids))
	for i, id := range ids {
		refs[i] = string(id)
	}
	due, err := timer.Soonest(w.tx, refs)
	if err != nil {
		return nil, err
	}
	lines := make([]Line, 0, len(ids))
	for _, id := range ids {
		if o := orders[id]; o != nil {
			lines = append(lines, Line{ID: o.ID, Item: o.Item, Recipient: o.Recipient, PlacedAs: o.PlacedAs, Urgency: string(o.Urgency), Region: o.Region,
				State: o.State, WaitsFor: o.WaitsFor, Level: o.Level, Acts: w.acts(o), Asked: o.SubmittedAt, Since: o.Since, Start: o.Start,
				Due: due[string(o.ID)], Late: o.State == Accepted && late(o, w.tx.Now())})
		}
	}
	return lines, nil
}

// acts is the region whose office has to see to an order at its level.
func (w *work) acts(o *Order) region.ID {
	switch o.Level {
	case Street:
		return w.tree.StreetOf(o.Region)
	case District:
		return w.tree.ReportingDistrict(o.Region)
	case City, Fund:
		return w.tree.City()
	}
	return o.Region
}

// Filter chooses orders for a list. Exactly one of Recipient and Volunteer is set.
type Filter struct {
	Recipient member.PersonID
	Volunteer member.PersonID
	OpenOnly  bool
	Before    ID // cursor: the last id of the page before; "" for the first page
	Limit     int
}

// List returns a person's orders, newest first. Error: member.person_unknown, to who sees the orders of the whole city; to others somebody who is not
// there is like somebody whose orders they do not see.
func (s *Service) List(ctx context.Context, actor identity.Actor, f Filter) (out []View, err error) {
	if f.Limit <= 0 || f.Limit > 100 {
		f.Limit = 20
	}
	err = s.db.Read(ctx, "order.list", func(tx *store.Tx) error {
		w, err := s.begin(tx)
		if err != nil {
			return err
		}
		ids, err := idsOf(tx, f)
		if err != nil {
			return err
		}
		if len(ids) == 0 && actor.May(identity.OrderRead, w.tree.City(), w.tree) == nil {
			of := cmp.Or(f.Recipient, f.Volunteer)
			people, err := member.LoadPersons(tx, []member.PersonID{of})
			if _, known := people[of]; err == nil && !known {
				err = errs.New(errs.NotFound, "member.person_unknown")
			}
			return err
		}
		if w.orders, err = load(tx, slices.Sorted(slices.Values(ids)), false); err != nil {
			return err
		}
		for _, id := range ids {
			v, err := w.show(actor, w.orders[id])
			if errs.KindOf(err) == errs.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			if f.Recipient != "" && v.Recipient != f.Recipient {
				// It stands open for everybody, but whose it is may not be found out by asking for somebody's.
				continue
			}
			out = append(out, v)
		}
		return nil
	})
	return out, err
}

// CheckCodes returns the codes of orders, as the recipient's side has them. It is for the installation itself: the replay plays the
// recipients, the station prints door cards.
func (s *Service) CheckCodes(ctx context.Context, ids []ID) (codes map[ID]string, err error) {
	err = s.db.Read(ctx, "order.check_codes", func(tx *store.Tx) error {
		codes, err = checkCodes(tx, ids)
		return err
	})
	return codes, err
}
