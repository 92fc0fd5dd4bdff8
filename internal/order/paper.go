package order

import (
	"time"

	"timebank/internal/catalog"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/store"
)

// PaperVisit is a visit that took place while nothing could be keyed in, as its slip says. The actor is the station's staff.
type PaperVisit struct {
	Actor         identity.Actor
	Slip          string
	Recipient     member.PersonID
	Item          string
	Start         time.Time
	Minutes       hours.Minutes
	Volunteers    []member.PersonID
	FamilyPresent bool
}

// ServedOnPaper keys a whole visit in: it is ordered, its volunteers take their places, come and go, in one transaction. Nobody has confirmed
// it then: that is another person's part. An error leaves nothing behind when the caller's transaction ends with it. Errors: those of Place,
// Dispatch, CheckIn and CheckOut; order.no_source where Place would have waited for hours, order.wrong_number for too few or too many
// volunteers.
func (s *Service) ServedOnPaper(tx *store.Tx, v PaperVisit) (ID, error) {
	c := &PlaceCmd{Actor: v.Actor, Recipient: v.Recipient, Item: v.Item, Start: v.Start, Minutes: v.Minutes, FamilyPresent: v.FamilyPresent, Paper: true}
	w, o, err := s.placeOne(tx, c)
	if err != nil {
		return "", err
	}
	r, err := w.rules(o)
	if err != nil {
		return "", err
	}
	switch {
	case o.Funding == "":
		return "", errs.New(errs.Refused, "order.no_source").Because(r.Why("order.funding"))
	case o.State != Published:
		return "", errs.Invalid("order.invalid", errs.Field{Path: "agreement", Code: "order.agreement_missing"})
	case len(v.Volunteers) != o.Volunteers:
		return "", errs.Invalid("order.invalid", errs.Field{Path: "volunteer", Code: "order.wrong_number", Params: []any{"volunteers", o.Volunteers}})
	}
	since := map[member.PersonID]time.Time{}
	for _, who := range v.Volunteers {
		since[who] = o.Start
	}
	if err := w.know(since); err != nil {
		return "", err
	}
	if err := w.read(since); err != nil {
		return "", err
	}
	for _, who := range v.Volunteers {
		if err := w.engage(v.Actor, o, who, "", "paper", Taken, "order.dispatch"); err != nil {
			return "", err
		}
	}
	check := CheckCmd{Actor: v.Actor, Order: o.ID, Factors: []Factor{{Method: ByPaper, Value: v.Slip}}}
	for _, step := range []struct {
		at time.Time
		do func(*Order, *CheckCmd) error
	}{{o.Start, w.checkIn}, {o.Start.Add(minutes(v.Minutes)), w.checkOut}} {
		for _, who := range v.Volunteers {
			check.Volunteer, check.OccurredAt = who, step.at
			if err := step.do(o, &check); err != nil {
				return "", err
			}
		}
	}
	return o.ID, w.save()
}

// AskedOnPaper places the order that somebody asked for while nothing could be keyed in, in the caller's transaction. Errors: those of Place.
func (s *Service) AskedOnPaper(tx *store.Tx, c PlaceCmd) (ID, error) {
	w, o, err := s.placeOne(tx, &c)
	if err != nil {
		return "", err
	}
	return o.ID, w.save()
}

// placeOne decides on one order and funds it, and leaves the work open. An order without an urgency gets the calmest that its item allows.
func (s *Service) placeOne(tx *store.Tx, c *PlaceCmd) (*work, *Order, error) {
	w, err := s.begin(tx)
	if err != nil {
		return nil, nil, err
	}
	if c.Urgency == "" {
		items, err := w.catalogue()
		if err != nil {
			return nil, nil, err
		}
		item, err := items.Current(c.Item, tx.Now())
		if err != nil {
			return nil, nil, err
		}
		for _, u := range []catalog.Urgency{catalog.AtOnce, catalog.WithinDay, catalog.Everyday} {
			if item.Allows(u) {
				c.Urgency = u
			}
		}
	}
	p, err := w.preparePlacing([]*PlaceCmd{c})
	if err != nil {
		return nil, nil, err
	}
	o, err := p.decide(c)
	if err != nil {
		return nil, nil, err
	}
	w.add(o)
	need, err := p.need(o)
	if err != nil {
		return nil, nil, err
	}
	if err := w.fund([]ledger.Need{need}); err != nil {
		return nil, nil, err
	}
	return w, o, p.route("order.place", c, o)
}
