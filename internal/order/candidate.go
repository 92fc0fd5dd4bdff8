package order

import (
	"cmp"
	"context"
	"slices"
	"time"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
)

// Candidate is a volunteer whom the desk could send to an order by hand.
type Candidate struct {
	Volunteer member.PersonID
	Region    region.ID
	DistanceM int64
	// Refused says why this one cannot have the place; nil for one who can.
	Refused error
}

// How many volunteers of a community are looked at, and how many of all, the nearest first (defaults, ours: a desk calls a handful).
const (
	candidatesOfCommunity = 200
	candidatesLooked      = 30
)

// Candidates lists the certified volunteers around an order for whoever dispatches by hand: those who can take it, nearest first, and then
// those who cannot, each with the reason. It proposes nobody and decides nothing. Errors: order.not_found, identity.not_allowed.
func (s *Service) Candidates(ctx context.Context, actor identity.Actor, id ID) (out []Candidate, err error) {
	err = s.db.Read(ctx, "order.candidates", func(tx *store.Tx) error {
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
		if err := actor.May(identity.OrderDispatch, o.Region, w.tree); err != nil {
			return err
		}
		near, err := w.around(o)
		if err != nil {
			return err
		}
		since := make(map[member.PersonID]time.Time, len(near))
		for _, c := range near {
			since[c.Volunteer] = o.Start
		}
		if err := w.know(since); err != nil {
			return err
		}
		if err := w.read(since); err != nil {
			return err
		}
		for _, c := range near {
			if _, c.Refused = w.mayTake(o, c.Volunteer, ""); errs.Fault(c.Refused) {
				return c.Refused
			}
			out = append(out, c)
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b Candidate) int {
		switch {
		case a.Refused == nil && b.Refused != nil:
			return -1
		case a.Refused != nil && b.Refused == nil:
			return 1
		}
		return 0
	})
	return out, err
}

// around are the certified volunteers within the radius of the rules, nearest first. Who has told no exact place counts as living at the
// community's point.
func (w *work) around(o *Order) (near []Candidate, err error) {
	r, err := w.rules(o)
	if err != nil {
		return nil, err
	}
	from, radius := o.Point, int64(r.OrderRadiusM)
	if from == (region.Point{}) {
		from, _ = w.tree.Point(o.Region)
	}
	for _, c := range w.tree.Communities() {
		middle, ok := w.tree.Point(c.ID)
		if !ok || region.DistanceMetres(from, middle) > radius+communityReachM {
			continue
		}
		living, err := member.VolunteersIn(w.tx, c.ID, member.VolunteerCertified, "", candidatesOfCommunity)
		if err != nil {
			return nil, err
		}
		for _, v := range living {
			at := middle
			if v.Person.HasPoint {
				at = v.Person.Point
			}
			if d := region.DistanceMetres(from, at); d <= radius {
				near = append(near, Candidate{Volunteer: v.Person.ID, Region: c.ID, DistanceM: d})
			}
		}
	}
	slices.SortStableFunc(near, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(a.DistanceM, b.DistanceM), cmp.Compare(a.Volunteer, b.Volunteer))
	})
	return near[:min(len(near), candidatesLooked)], nil
}
