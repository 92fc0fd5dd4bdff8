package replay

import (
	"context"
	"errors"
	"strconv"

	"timebank/internal/feedback"
	"timebank/internal/hours"
	"timebank/internal/order"
)

var (
	errNoHours = errors.New("replay: an order found no hours")
	errNoCode  = errors.New("replay: an order has no check code")
)

func (d *driver) confirm(ctx context.Context, events []event) error {
	var cmds []order.ConfirmCmd
	var calls []feedback.RecordCmd
	for _, e := range events {
		i := e.index()
		v := &d.plan.visits[i]
		desk := d.staff(d.office(d.plan.recipients[v.recipient].person).manager)
		if v.confirmBy == followUp {
			calls = append(calls, feedback.RecordCmd{Actor: desk, Key: key("ask", i), Order: d.runs[i].id, Result: feedback.ResultOK})
			continue
		}
		c := order.ConfirmCmd{Key: key("confirm", i), Order: d.runs[i].id}
		if o := d.plan.services[v.item].outcome; o != "" {
			c.Outcomes = []string{o}
		}
		switch v.confirmBy {
		case kinConfirms:
			c.Actor = d.side(v, byKin)
		case deskConfirms:
			c.Actor, c.CallBack = desk, true
		default:
			c.Actor = d.side(v, bySelf)
		}
		cmds = append(cmds, c)
	}
	if err := batch(ctx, d, cmds, d.Orders.Confirm, func(int, order.Changed) { d.confirmed() }); err != nil {
		return err
	}
	return batch(ctx, d, calls, d.Feedback.RecordFollowUp, func(int, feedback.Recorded) { d.confirmed() })
}

// end does what the fate of an order asks for, one kind of act after the other.
func (d *driver) end(ctx context.Context, events []event) error {
	var withdrawals, cancels, disputes []order.OrderCmd
	var missing []order.NoShowCmd
	var funded []order.FundCmd
	var cancelled, bought, back []int
	for _, e := range events {
		i := e.index()
		v := &d.plan.visits[i]
		person := d.plan.recipients[v.recipient].person
		c := order.OrderCmd{Actor: d.side(v, v.placer), Order: d.runs[i].id}
		cancel := func(reason string) {
			c.Key, c.Reason = key("cancel", i), reason
			cancels, cancelled = append(cancels, c), append(cancelled, i)
		}
		switch v.fate {
		case cancelledEarly, cancelledLate:
			cancel("家中有事，暂不需要")
		case rejected:
			if !d.runs[i].over {
				cancel("家中有事，暂不需要")
			}
		case unfilledDropped:
			c.Actor = d.staff(d.office(person).one)
			cancel("暂无志愿者接单")
		case withdrawn:
			helper := d.citizen(d.plan.volunteers[v.helpers[0]].person)
			withdrawals = append(withdrawals, order.OrderCmd{Actor: helper, Key: key("withdraw", i), Order: c.Order, Reason: "临时有事"})
			c.Actor = d.staff(d.office(person).one)
			cancel("志愿者无法前来")
		case missed:
			c.Actor = d.staff(d.office(person).one)
			for k, h := range v.helpers {
				if h != nobody {
					missing = append(missing, order.NoShowCmd{Actor: c.Actor, Key: "missing" + key(strconv.Itoa(k), i), Order: c.Order,
						Volunteer: d.id(d.plan.volunteers[h].person)})
				}
			}
			cancel("志愿者未到")
		case unfilledFund:
			funded = append(funded, order.FundCmd{Actor: d.staff(d.districtOf(person).administrator), Key: key("fund", i), Order: c.Order,
				Provider: "养老服务机构", Document: "JJ" + strconv.Itoa(i), Minutes: hours.Of(int64(v.planned) * quarter)})
			bought = append(bought, i)
		case completed, overruled:
			if v.has(isReversed) {
				back = append(back, i)
				continue
			}
			disputes = append(disputes, order.OrderCmd{Actor: d.side(v, bySelf), Key: key("dispute", i), Order: c.Order, Reason: "服务时长有异议"})
		}
	}
	if err := batch(ctx, d, withdrawals, d.Orders.Withdraw, nil); err != nil {
		return err
	}
	if err := batch(ctx, d, missing, d.Orders.NoShow, nil); err != nil {
		return err
	}
	if err := batch(ctx, d, cancels, d.Orders.Cancel, func(n int, _ order.Changed) { d.finish(cancelled[n]) }); err != nil {
		return err
	}
	if err := batch(ctx, d, funded, d.Orders.FundClaim, func(n int, _ order.Changed) { d.finish(bought[n]) }); err != nil {
		return err
	}
	if err := batch(ctx, d, disputes, d.Orders.Dispute, nil); err != nil {
		return err
	}
	return d.reverse(ctx, back)
}

// decide ends disputes: the reviewer of the district decides.
func (d *driver) decide(ctx context.Context, events []event) error {
	cmds := make([]order.DecideCmd, len(events))
	for n, e := range events {
		i := e.index()
		v := &d.plan.visits[i]
		cmds[n] = order.DecideCmd{Actor: d.staff(d.districtOf(d.plan.recipients[v.recipient].person).reviewer), Key: key("decide", i), Order: d.runs[i].id,
			Uphold: v.fate == completed, Reason: "已核实服务记录"}
	}
	return batch(ctx, d, cmds, d.Orders.Decide, func(n int, _ order.Changed) {
		if i := events[n].index(); d.plan.visits[i].fate == overruled {
			d.finish(i)
		}
	})
}

// rate lets both sides say how it was.
func (d *driver) rate(ctx context.Context, events []event) error {
	var cmds []feedback.RateCmd
	for _, e := range events {
		i := e.index()
		v := &d.plan.visits[i]
		elder, helper := d.plan.recipients[v.recipient].person, d.plan.volunteers[v.helpers[0]].person
		stars := 5 - int(mix(d.plan.seed, 10, uint64(i))%20/17)
		if v.has(rated) {
			cmds = append(cmds, feedback.RateCmd{Actor: d.citizen(elder), Key: key("rate", i), Order: d.runs[i].id, Of: d.id(helper), Stars: stars,
				Tags: []feedback.Tag{feedback.TagKind}})
		}
		if v.has(ratedBack) {
			cmds = append(cmds, feedback.RateCmd{Actor: d.citizen(helper), Key: key("rate back", i), Order: d.runs[i].id, Of: d.id(elder), Stars: stars,
				Tags: []feedback.Tag{feedback.TagFriendly}})
		}
	}
	return batch(ctx, d, cmds, d.Feedback.Rate, nil)
}

// followUp lets the station ask how visits were.
func (d *driver) followUp(ctx context.Context, events []event) error {
	cmds := make([]feedback.RecordCmd, len(events))
	for n, e := range events {
		i := e.index()
		v := &d.plan.visits[i]
		c := feedback.RecordCmd{Actor: d.staff(d.office(d.plan.recipients[v.recipient].person).manager), Key: key("follow up", i), Order: d.runs[i].id,
			Result: feedback.ResultOK}
		if mix(d.plan.seed, 11, uint64(i))%20 == 0 {
			c.Result = feedback.ResultUnreachable
		}
		cmds[n] = c
	}
	return batch(ctx, d, cmds, d.Feedback.RecordFollowUp, nil)
}

func (d *driver) complain(ctx context.Context, events []event) error {
	cmds := make([]feedback.ComplainCmd, len(events))
	for n, e := range events {
		i := e.index()
		v := &d.plan.visits[i]
		cmds[n] = feedback.ComplainCmd{Actor: d.side(v, bySelf), Key: key("complain", i), Order: d.runs[i].id, Category: feedback.Poor, Words: "来得晚了一些"}
	}
	return batch(ctx, d, cmds, d.Feedback.Complain, func(n int, c feedback.ComplaintID) { d.complaints[events[n].index()] = c })
}

// answer decides complaints: the service stands.
func (d *driver) answer(ctx context.Context, events []event) error {
	cmds := make([]feedback.DecideCmd, len(events))
	for n, e := range events {
		i := e.index()
		v := &d.plan.visits[i]
		cmds[n] = feedback.DecideCmd{Actor: d.staff(d.districtOf(d.plan.recipients[v.recipient].person).reviewer), Key: key("answer", i),
			Complaint: d.complaints[i], Decision: feedback.Release, Reason: "已回访说明"}
		delete(d.complaints, i)
	}
	return batch(ctx, d, cmds, d.Feedback.Decide, nil)
}
