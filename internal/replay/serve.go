package replay

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/order"
	"timebank/internal/region"
)

// side is who acts on the recipient's side of an order.
func (d *driver) side(v *visit, p placer) identity.Actor {
	r := &d.plan.recipients[v.recipient]
	switch p {
	case byKin:
		return d.citizen(d.plan.kin[r.kin].person)
	case byStation:
		return d.staff(d.office(r.person).one)
	}
	return d.citizen(r.person)
}

func (d *driver) place(ctx context.Context, events []event) error {
	cmds := make([]order.PlaceCmd, len(events))
	for n, e := range events {
		v := &d.plan.visits[e.index()]
		s := &d.plan.services[v.item]
		c := order.PlaceCmd{Actor: d.side(v, v.placer), Key: key("place", e.index()), Recipient: d.id(d.plan.recipients[v.recipient].person),
			Item: s.code, Start: d.plan.cal.time(v.start), Minutes: hours.Of(int64(v.planned) * quarter), Urgency: catalog.Everyday,
			FamilyPresent: s.family, Again: true, Paper: v.has(onPaper)} // the plan means each of its visits
		if s.urgentOnly {
			c.Urgency = catalog.WithinDay
			if v.has(atOnce) {
				c.Urgency = catalog.AtOnce
			}
		}
		cmds[n] = c
	}
	return batch(ctx, d, cmds, d.Orders.Place, func(n int, p order.Placed) {
		i := events[n].index()
		d.runs[i] = run{id: p.ID, waits: p.WaitsFor == order.ForReview}
		if p.WaitsFor == order.ForFunding {
			d.refuse(cmds[n], errNoHours)
		}
	})
}

// review lets the station look at the orders that wait for it.
func (d *driver) review(ctx context.Context, events []event) error {
	var cmds []order.ReviewCmd
	var of []int
	for _, e := range events {
		i := e.index()
		if !d.runs[i].waits {
			continue
		}
		v := &d.plan.visits[i]
		s := &d.plan.services[v.item]
		c := order.ReviewCmd{Actor: d.staff(d.office(d.plan.recipients[v.recipient].person).manager), Key: key("review", i), Order: d.runs[i].id, Approve: true}
		if s.insured {
			c.Insurance = "BX" + strconv.Itoa(i)
		}
		if s.agreement && !d.agreed[[2]uint32{v.recipient, uint32(v.item)}] {
			c.Agreement = "XY" + strconv.Itoa(i)
		}
		if v.fate == rejected {
			c.Approve, c.Reason = false, "不属于服务范围"
		} else if s.agreement {
			d.agreed[[2]uint32{v.recipient, uint32(v.item)}] = true
		}
		cmds, of = append(cmds, c), append(of, i)
	}
	return batch(ctx, d, cmds, d.Orders.Review, func(n int, _ order.Changed) {
		d.runs[of[n]].waits = false
		if !cmds[n].Approve {
			d.finish(of[n])
		}
	})
}

// take lets volunteers claim orders, or the station dispatch them.
func (d *driver) take(ctx context.Context, events []event) error {
	var claimed []order.ClaimCmd
	var sent []order.DispatchCmd
	var answered []order.AnswerCmd
	for _, e := range events {
		i := e.index()
		v := &d.plan.visits[i]
		for k, h := range v.helpers {
			if h == nobody {
				continue
			}
			who := &d.plan.volunteers[h]
			name := key(strconv.Itoa(k), i)
			c := order.ClaimCmd{Actor: d.citizen(who.person), Key: "claim" + name, Order: d.runs[i].id}
			if v.has(inTeam) {
				c.Team = d.teams[who.team]
			}
			if v.taking == claims {
				claimed = append(claimed, c)
				continue
			}
			sent = append(sent, order.DispatchCmd{Actor: d.staff(d.office(d.plan.recipients[v.recipient].person).two), Key: "dispatch" + name, Order: c.Order,
				Volunteer: d.id(who.person), Team: c.Team, Agreed: v.taking == isAgreed})
			if v.taking == isOffered {
				answered = append(answered, order.AnswerCmd{Actor: c.Actor, Key: "answer" + name, Order: c.Order, Accept: true})
			}
		}
	}
	if err := batch(ctx, d, claimed, d.Orders.Claim, nil); err != nil {
		return err
	}
	if err := batch(ctx, d, sent, d.Orders.Dispatch, nil); err != nil {
		return err
	}
	return batch(ctx, d, answered, d.Orders.Answer, nil)
}

// learnCodes asks for the check codes that the recipients will tell.
func (d *driver) learnCodes(ctx context.Context, events []event) error {
	ids := make([]order.ID, 0, len(events))
	for _, e := range events {
		if r := &d.runs[e.index()]; r.id != "" {
			ids = append(ids, r.id)
		}
	}
	codes, err := d.Orders.CheckCodes(ctx, ids)
	if err != nil {
		return err
	}
	for _, e := range events {
		r := &d.runs[e.index()]
		n, err := strconv.ParseUint(codes[r.id], 10, 32)
		if err != nil {
			d.refuse(r.id, errNoCode)
		}
		r.code = uint32(n)
	}
	return nil
}

// factors are how a volunteer proves to be there: mostly the code and the place, else the code and the recipient's card.
func (d *driver) factors(i int) []order.Factor {
	v := &d.plan.visits[i]
	code := fmt.Sprintf("%06d", d.runs[i].code)
	h := mix(d.plan.seed, 9, uint64(i))
	if h%10 < 2 {
		return []order.Factor{{Method: order.ByCode, Value: code}, {Method: order.ByQR, Value: code}}
	}
	where := d.plan.home(d.plan.recipients[v.recipient].person)
	// A phone is some ten metres off.
	where = region.Point{LatE6: where.LatE6 + int64(h>>8%200) - 100, LonE6: where.LonE6 + int64(h>>16%200) - 100}
	return []order.Factor{{Method: order.ByCode, Value: code}, {Method: order.ByPlace, Point: where}}
}

func (d *driver) checkIn(ctx context.Context, events []event) error {
	if err := d.learnCodes(ctx, events); err != nil {
		return err
	}
	return batch(ctx, d, d.checks(events, "in", func(*visit) time.Time { return time.Time{} }), d.Orders.CheckIn, nil)
}

// served is when a visit ends.
func (d *driver) served(v *visit) time.Time {
	return d.plan.cal.time(v.start).Add(time.Duration(v.served) * quarter * time.Minute)
}

func (d *driver) checkOut(ctx context.Context, events []event) error {
	return batch(ctx, d, d.checks(events, "out", d.served), d.Orders.CheckOut, nil)
}

func (d *driver) checks(events []event, name string, occurred func(*visit) time.Time) []order.CheckCmd {
	cmds := make([]order.CheckCmd, 0, len(events)+len(events)/8)
	for _, e := range events {
		i := e.index()
		v := &d.plan.visits[i]
		for k, h := range v.helpers {
			if h != nobody {
				cmds = append(cmds, order.CheckCmd{Actor: d.citizen(d.plan.volunteers[h].person), Key: name + key(strconv.Itoa(k), i),
					Order: d.runs[i].id, Factors: d.factors(i), OccurredAt: occurred(v)})
			}
		}
	}
	return cmds
}

// slip keys in what a paper says: when the volunteer came and went.
func (d *driver) slip(ctx context.Context, events []event) error {
	var in, out []order.CheckCmd
	for _, e := range events {
		i := e.index()
		v := &d.plan.visits[i]
		for k, h := range v.helpers {
			if h == nobody {
				continue
			}
			c := order.CheckCmd{Actor: d.staff(d.office(d.plan.recipients[v.recipient].person).two), Key: "in" + key(strconv.Itoa(k), i), Order: d.runs[i].id,
				Volunteer:  d.id(d.plan.volunteers[h].person),
				Factors:    []order.Factor{{Method: order.ByPaper, Value: "ZZ" + strconv.Itoa(i)}},
				OccurredAt: d.plan.cal.time(v.start)}
			in = append(in, c)
			c.Key, c.OccurredAt = "out"+key(strconv.Itoa(k), i), d.served(v)
			out = append(out, c)
		}
	}
	if err := batch(ctx, d, in, d.Orders.CheckIn, nil); err != nil {
		return err
	}
	return batch(ctx, d, out, d.Orders.CheckOut, nil)
}
