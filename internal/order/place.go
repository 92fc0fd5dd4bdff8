package order

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/store"
)

// Place submits orders: each holds the hours of the longest visit from its sources, and is published at once unless the station has to
// look at it first or no source of hours was found. It is never refused for want of hours: then it goes to the station with the reason.
func (s *Service) Place(ctx context.Context, cmds []PlaceCmd) ([]identity.Result[Placed], error) {
	return s.place.Perform(ctx, s.db, cmds)
}

func (s *Service) runPlace(tx *store.Tx, cmds []*PlaceCmd, out []*identity.Result[Placed]) error {
	w, err := s.begin(tx)
	if err != nil {
		return err
	}
	p, err := w.preparePlacing(cmds)
	if err != nil {
		return err
	}
	orders := make([]*Order, len(cmds))
	var needs []ledger.Need
	for i, c := range cmds {
		o, err := p.decide(c)
		if out[i].Err = err; err != nil {
			if errs.Fault(err) {
				return err
			}
			continue
		}
		orders[i] = o
		w.add(o)
		need, err := p.need(o)
		if err != nil {
			return err
		}
		needs = append(needs, need)
	}
	if err := w.fund(needs); err != nil {
		return err
	}
	for i, o := range orders {
		if o == nil {
			continue
		}
		if err := p.route("order.place", cmds[i], o); err != nil {
			return err
		}
		if o.PlacedAs != BySelf {
			tx.Outbox("order.placed", string(o.ID), "{}")
		}
		out[i].Value = Placed{ID: o.ID, State: o.State, WaitsFor: o.WaitsFor}
	}
	return w.save()
}

// placing is what deciding on a slice of placements looks at.
type placing struct {
	*work
	recipients map[member.PersonID]member.Recipient
	known      map[string]bool // recipients who have been served before
	planned    map[member.PersonID]member.Residence
	asked      map[member.PersonID][]asked // what is open for who does not say that one more is meant
}

// asked is what somebody has asked for, and when that is.
type asked struct {
	item     string
	from, to time.Time
}

func (w *work) preparePlacing(cmds []*PlaceCmd) (*placing, error) {
	ids := make([]member.PersonID, len(cmds))
	names := make([]string, len(cmds))
	var once []member.PersonID
	for i, c := range cmds {
		ids[i], names[i] = c.Recipient, string(c.Recipient)
		if c.Item != "" && !c.Again && !c.Paper {
			once = append(once, c.Recipient)
		}
	}
	slices.Sort(ids)
	slices.Sort(names)
	p := &placing{work: w}
	var err error
	if p.recipients, err = member.LoadRecipients(w.tx, slices.Compact(ids)); err != nil {
		return nil, err
	}
	if p.planned, err = member.PlannedHomes(w.tx, w.tree, slices.Compact(ids)); err != nil {
		return nil, err
	}
	if len(once) > 0 {
		slices.Sort(once)
		if p.asked, err = askedBy(w.tx, slices.Compact(once)); err != nil {
			return nil, err
		}
	}
	p.known, err = servedBefore(w.tx, slices.Compact(names))
	return p, err
}

// decide makes the order that a command asks for, or says what is wrong with it.
func (p *placing) decide(c *PlaceCmd) (*Order, error) {
	rec, ok := p.recipients[c.Recipient]
	if !ok {
		return nil, errs.New(errs.NotFound, "order.recipient_unknown")
	}
	as, err := p.placedAs(c, rec)
	if err != nil {
		return nil, err
	}
	if !rec.MayAsk() {
		return nil, errs.New(errs.Refused, "order.recipient_not_approved").By("member.admitted", "street")
	}
	offered, err := p.catalogue()
	if err != nil {
		return nil, err
	}
	item, err := offered.Current(c.Item, p.tx.Now())
	if err != nil {
		return nil, cmp.Or(withoutItem(c, p.tx.Now(), err), err)
	}
	home := p.homeOn(p.planned, rec.Person, clock.DayOf(c.Start))
	rules, err := p.rulesNow(home.Region)
	if err != nil {
		return nil, err
	}
	if unset := rules.Unset(); len(unset) > 0 {
		return nil, errs.New(errs.Refused, "order.city_not_live").Because(rules.Why(unset[0]))
	}
	length := c.Minutes
	if length.IsZero() {
		length = item.Usual
	}
	if c.Paper && as != ByStation {
		return nil, errs.New(errs.Forbidden, "order.paper_by_station").By("paper.station", "street")
	}
	payer, unpaid := p.payer(c, as, rec, rules)
	if errs.Fault(unpaid) {
		return nil, unpaid
	}
	if err := (placement{now: p.tx.Now(), start: c.Start, length: length, item: *item, rules: rules, paper: c.Paper, unpaid: unpaid}).check(c); err != nil {
		return nil, err
	}
	if err := p.askedAlready(c, item.Code, length); err != nil {
		return nil, err
	}
	now := p.tx.Now()
	o := &Order{ID: store.NewID[Order](p.tx), Item: item.Code, ItemVersion: item.Version, Recipient: c.Recipient, PlacedBy: c.Actor.ID,
		PlacedAs: as, Payer: payer, Region: home.Region, Class: item.Class, Urgency: c.Urgency, Start: c.Start, Minutes: length,
		Volunteers: item.Volunteers, Point: home.Point, PolicyVersion: string(rules.Version), SubmittedAt: now, Level: Community,
		LevelSince: now, CheckCode: p.checkCode()}
	return o, nil
}

// askedAlready refuses the same service for the same person at a time at which it is asked for already, unless whoever asks says that one more is
// meant: mostly it was sent twice (default, ours; nobody published a rule). A visit that is keyed in from paper has taken place.
func (p *placing) askedAlready(c *PlaceCmd, item string, length hours.Minutes) error {
	end := c.Start.Add(minutes(length))
	for _, a := range p.asked[c.Recipient] {
		if a.item == item && overlaps(a.from, a.to, c.Start, end) && !c.Again && !c.Paper {
			return errs.Invalid("order.invalid", errs.Field{Path: "again", Code: "order.asked_already"}).By("order.asked_once", "person")
		}
	}
	if p.asked != nil {
		p.asked[c.Recipient] = append(p.asked[c.Recipient], asked{item, c.Start, end})
	}
	return nil
}

// checkCode draws the six digits that the recipient will tell the volunteer.
func (w *work) checkCode() string {
	var b [4]byte
	w.tx.Fill(b[:])
	n := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	return fmt.Sprintf("%06d", n%1_000_000)
}

// placedAs says in which role the actor places an order for the recipient, or that it may not.
func (p *placing) placedAs(c *PlaceCmd, rec member.Recipient) (PlacedAs, error) {
	if c.Actor.MayOwn(identity.OrderPlace, string(c.Recipient)) == nil && !c.Actor.IsSystem() {
		return BySelf, nil
	}
	refused := c.Actor.May(identity.OrderPlaceFor, rec.Person.Region, p.tree)
	if refused == nil {
		return ByStation, nil
	}
	delegate, err := member.IsDelegate(p.tx, c.Recipient, member.PersonID(c.Actor.Person))
	if err != nil {
		return "", err
	}
	if delegate {
		return ByKin, nil
	}
	return "", refused
}

// payer is whose saved hours may pay: a relative's only if it offers them and the policy's beneficiaries include the recipient.
func (p *placing) payer(c *PlaceCmd, as PlacedAs, rec member.Recipient, r policy.Rules) (member.PersonID, error) {
	if !c.OfferOwnHours {
		return c.Recipient, nil
	}
	kin := member.PersonID(c.Actor.Person)
	if as != ByKin {
		return "", errs.New(errs.Refused, "order.only_kin_offer_hours").By("redeem.kin", "city")
	}
	ok, err := member.MayBenefit(p.tx, kin, c.Recipient, r.RedeemBeneficiaries, r.RedeemBeneficiaryMinAge)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", errs.New(errs.Refused, "order.not_a_beneficiary").Because(r.Why("redeem.beneficiaries"))
	}
	return kin, nil
}

// holdReason is the word under which orders hold minutes.
const holdReason = "order"

// need is what the order has to hold: the longest visit, for every volunteer, from the sources in the policy's order.
func (p *placing) need(o *Order) (ledger.Need, error) {
	rec := p.recipients[o.Recipient]
	// Both were read a moment ago and are cached; they cannot fail now.
	r, _ := p.rules(o)
	item, _ := p.item(o)
	earned, err := p.earned(o, r)
	if err != nil {
		return ledger.Need{}, err
	}
	longest := hours.Min(item.Longest, r.TimeMaxPerOrder)
	return ledger.Need{Ref: string(o.ID), Reason: holdReason, Minutes: longest.Times(int64(o.Volunteers)), Sources: sources(o, rec, r, earned),
		Ratio: int64(r.RedeemRatioPermille)}, nil
}

// longest is what an order holds for each of its volunteers.
func (w *work) longest(o *Order) (hours.Minutes, error) {
	r, err := w.rules(o)
	if err != nil {
		return hours.Zero, err
	}
	item, err := w.item(o)
	if err != nil {
		return hours.Zero, err
	}
	return hours.Min(item.Longest, r.TimeMaxPerOrder), nil
}

// earned is what those who may pay for an order have earned so far; it is asked for only where a first redemption needs some.
func (p *placing) earned(o *Order, r policy.Rules) (map[string]hours.Minutes, error) {
	if r.RedeemMinSavedBefore.Sign() <= 0 {
		return nil, nil
	}
	return ledger.Earned(p.tx, []string{string(o.Recipient), string(o.Payer)})
}

// sources lists the accounts that may pay for an order, in the policy's order (domain: "Funding").
// earned is what savers have earned so far, where the first redemption needs some; nil where it needs none.
func sources(o *Order, rec member.Recipient, r policy.Rules, earned map[string]hours.Minutes) []ledger.Key {
	owner := string(o.Recipient)
	day := clock.DayOf(o.SubmittedAt)
	var keys []ledger.Key
	for f := range r.OrderFunding.All() {
		switch f {
		case policy.FundGrant:
			if rec.KeyElder {
				month := clock.MonthOf(o.Start)
				for back := r.GrantCarryOverMonths; back >= 0; back-- {
					keys = append(keys, ledger.Key{Owner: owner, Class: ledger.Granted, Bucket: string(month.Add(-back))})
				}
			}
			keys = append(keys, ledger.Key{Owner: owner, Class: ledger.Granted, Bucket: ledger.JoiningBucket})
		case policy.FundSaved:
			if mayRedeem(rec, r, day) && savedEnough(owner, r, earned) {
				keys = append(keys, ledger.Key{Owner: owner, Class: ledger.Saved})
			}
		case policy.FundGift:
			keys = append(keys, ledger.Key{Owner: owner, Class: ledger.Donated})
			if o.Payer != o.Recipient && savedEnough(string(o.Payer), r, earned) {
				keys = append(keys, ledger.Key{Owner: string(o.Payer), Class: ledger.Saved})
			}
		case policy.FundPool:
			if fromPool(rec, r, day) {
				keys = append(keys, ledger.PoolAccount)
			}
		case policy.FundFund:
			keys = append(keys, ledger.FundAccount)
		}
	}
	return keys
}

// mayRedeem reports whether the recipient is old enough to spend saved hours (published: from 60; Shanghai from 65, 60 in hardship).
func mayRedeem(rec member.Recipient, r policy.Rules, day clock.Day) bool {
	age := rec.Person.AgeOn(day)
	return age >= r.RedeemMinAge || rec.Attributes.Hardship && age >= r.RedeemMinAgeHardship
}

// savedEnough reports whether a saver has earned what must be saved before the first redemption (default none; 20 h in Yaohua). What was
// earned once counts, also after it was spent, so that nobody has to save up again.
func savedEnough(owner string, r policy.Rules, earned map[string]hours.Minutes) bool {
	return r.RedeemMinSavedBefore.Sign() <= 0 || earned[owner].Cmp(r.RedeemMinSavedBefore) >= 0
}

// fromPool reports whether the recipient is among those whom donated hours serve.
func fromPool(rec member.Recipient, r policy.Rules, day clock.Day) bool {
	return poolRank(rec, r, day) < r.DonatePriority.Len()
}

// poolRank is the place of a recipient among those whom donated hours serve, 0 first (published: key elders first); the length of the list
// when it is not among them. An elder is who is old enough to redeem.
func poolRank(rec member.Recipient, r policy.Rules, day clock.Day) int {
	rank := 0
	for need := range r.DonatePriority.All() {
		switch {
		case need == policy.NeedKeyElder && rec.KeyElder, need == policy.NeedElder && mayRedeem(rec, r, day), need == policy.NeedAnyone:
			return rank
		}
		rank++
	}
	return rank
}

// fund holds the hours of orders and writes on each where they come from, or why there are none.
func (w *work) fund(needs []ledger.Need) error {
	if len(needs) == 0 {
		return nil
	}
	held, err := ledger.Hold(w.tx, needs)
	if err != nil {
		return err
	}
	for i, h := range held {
		o := w.orders[ID(needs[i].Ref)]
		w.touch(o)
		if h.Err != nil {
			o.Funding, o.Reason = "", errs.CodeOf(h.Err)
			continue
		}
		names := make([]string, len(h.Lines))
		for n, line := range h.Lines {
			names[n] = string(line.Key.Class)
		}
		o.Funding, o.Reason = strings.Join(slices.Compact(names), " "), ""
	}
	return nil
}

// route sends a new order on its way: to the station if it must be looked at or has no hours, else to the neighbourhood.
func (p *placing) route(action string, c *PlaceCmd, o *Order) error {
	r, err := p.rules(o)
	if err != nil {
		return err
	}
	item, err := p.item(o)
	if err != nil {
		return err
	}
	needsAgreement := false
	if item.Agreement {
		has, err := signed(p.tx, string(o.Recipient), o.Item)
		if err != nil {
			return err
		}
		needsAgreement = !has
	}
	first := !p.known[string(o.Recipient)]
	switch {
	case o.Funding == "":
		p.move(c.Actor, action, o, Submitted, ForFunding)
		p.climb(o, r)
	case needsAgreement || needsReview(r, *item, first) && !c.Paper:
		p.move(c.Actor, action, o, Submitted, ForReview)
		p.climb(o, r)
	default:
		p.publish(c.Actor, action, o, r)
	}
	return nil
}

// publish shows an order to the neighbourhood and starts the clock of its level. One that had climbed to the fund waits there for a provider again,
// since no level above would take it up.
func (w *work) publish(actor identity.Actor, action string, o *Order, r policy.Rules) {
	if o.Level == Fund {
		w.move(actor, action, o, AtFund, ForProvider)
	} else {
		w.move(actor, action, o, Published, ForVolunteer)
	}
	w.climb(o, r)
}

// climb starts the clock of the level that has to see to the order.
func (w *work) climb(o *Order, r policy.Rules) {
	o.LevelSince = w.tx.Now()
	if o.Level == Fund {
		return
	}
	w.wait(TimerEscalate, o, w.tx.Now().Add(r.OrderEscalateAfter.At(policy.Level(o.Level))), "")
}

// review is the station's decision on one submitted order.
func (w *work) review(o *Order, c *ReviewCmd) error {
	if err := c.Actor.May(identity.OrderReview, o.Region, w.tree); err != nil {
		return err
	}
	if o.State != Submitted {
		return errState("order.not_submitted", o)
	}
	item, err := w.item(o)
	if err != nil {
		return err
	}
	r, err := w.rules(o)
	if err != nil {
		return err
	}
	if !c.Approve {
		if errs.Blank(c.Reason) {
			return errs.Invalid("order.invalid", errs.Field{Path: "reason", Code: "order.reason_missing"})
		}
		o.Reason = c.Reason
		w.end(c.Actor, "order.review", o)
		return nil
	}
	if err := w.papers(o, item, c); err != nil {
		return err
	}
	if o.Funding == "" {
		// The station tries again: a grant or a gift may have come in the meantime.
		recs, err := member.LoadRecipients(w.tx, []member.PersonID{o.Recipient})
		if err != nil {
			return err
		}
		p := &placing{work: w, recipients: recs}
		need, err := p.need(o)
		if err != nil {
			return err
		}
		if err := w.fund([]ledger.Need{need}); err != nil {
			return err
		}
		if o.Funding == "" {
			return errs.New(errs.Refused, "order.no_source").Because(r.Why("order.funding"))
		}
	}
	w.publish(c.Actor, "order.review", o, r)
	return nil
}

// papers checks and records the documents that an item asks for.
func (w *work) papers(o *Order, item *catalog.Item, c *ReviewCmd) error {
	var bad errs.Fields
	if item.Insurance && c.Insurance == "" {
		bad.Add("insurance", "order.insurance_missing")
	}
	if item.Agreement {
		has, err := signed(w.tx, string(o.Recipient), o.Item)
		if err != nil {
			return err
		}
		if !has && c.Agreement == "" {
			bad.Add("agreement", "order.agreement_missing")
		}
	}
	if err := bad.Err("order.invalid"); err != nil {
		return err
	}
	if item.Agreement && c.Agreement != "" {
		return insertAgreement(w.tx, string(o.Recipient), o.Item, c.Agreement, clock.DayOf(w.tx.Now()))
	}
	return nil
}

// end cancels an order: its hours are let go and nobody waits for it any more.
func (w *work) end(actor identity.Actor, action string, o *Order) {
	w.release(o)
	calledOff := w.callOff(o)
	w.move(actor, action, o, Cancelled, ForNothing)
	w.tx.Outbox("order.cancelled", string(o.ID), `{"to":[`+calledOff+`]}`)
}

// callOff takes back every place of an order that no volunteer will serve, and everything that it waited for. It says whose places they were, as the
// outbox has it. Whoever had said yes goes on seeing the order and what became of it, whoever was only asked does not.
func (w *work) callOff(o *Order) string {
	w.unwaitAll(o)
	var whose []string
	for _, a := range o.Assignments {
		if a.State.live() {
			to := CalledOff
			if a.State == Offered {
				to = Withdrawn
			}
			w.set(a, to)
			whose = append(whose, strconv.Quote(string(a.Volunteer)))
		}
	}
	return strings.Join(whose, ",")
}

// set changes an assignment's state.
func (w *work) set(a *Assignment, to AssignmentState) {
	a.State = to
	a.changed = !a.isNew
}

// late is how long after an order's start a volunteer can still take it.
func late(o *Order, now time.Time) bool { return now.After(o.Start) }
