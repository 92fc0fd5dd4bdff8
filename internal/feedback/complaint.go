package feedback

import (
	"context"
	"strings"
	"time"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/timer"
	"timebank/internal/why"
)

// ComplainCmd complains about an order. The actor is a side of it, a delegate of its recipient, or the staff of a station for a side.
type ComplainCmd struct {
	Actor    identity.Actor
	Key      string
	Order    order.ID
	For      member.PersonID // whose complaint it is; "" means the actor's own, or the recipient's when the actor is no side
	Category Category
	Words    string // at most 1,000 characters, sealed; "" for none
}

// Complain opens complaints and freezes the minutes of their orders if there still are any. The community has the first word, and
// complaint.answer_within says for how long. An order has one open complaint at a time, and one from each side. Errors of a command:
// feedback.complaint_invalid with every bad field, feedback.not_a_side, feedback.complaint_open, feedback.complained_already,
// feedback.complaint_over with the rule, identity.not_allowed.
func (s *Service) Complain(ctx context.Context, cmds []ComplainCmd) ([]identity.Result[ComplaintID], error) {
	return s.complain.Perform(ctx, s.db, cmds)
}

func (s *Service) runComplain(tx *store.Tx, cmds []*ComplainCmd, out []*identity.Result[ComplaintID]) error {
	ids := make([]order.ID, len(cmds))
	for i, c := range cmds {
		ids[i] = c.Order
	}
	d, err := s.beginLocked(tx, ids)
	if err != nil {
		return err
	}
	known, err := complaintsOf(tx, unique(ids))
	if err != nil {
		return err
	}
	var filings []*filing
	var at []int
	for i, c := range cmds {
		f, err := d.filing(c, known[c.Order])
		if err != nil {
			var all error
			if out[i].Err, all = refusal(err); all != nil {
				return all
			}
			continue
		}
		filings, at = append(filings, f), append(at, i)
	}
	if err := s.file(d, filings); err != nil {
		return err
	}
	for n, i := range at {
		out[i].Value, out[i].Err = filings[n].id, filings[n].err
	}
	return d.done()
}

// filing is a complaint on its way into the database, and what became of it.
type filing struct {
	actor       identity.Actor
	key         string
	order       *order.Order
	rules       policy.Rules
	complainant member.PersonID
	category    Category
	words       string
	id          ComplaintID
	err         error
}

// filing decides whether a command may open a complaint.
func (d *desk) filing(c *ComplainCmd, known []*Complaint) (*filing, error) {
	o, r, err := d.order(c.Order)
	if err != nil {
		return nil, err
	}
	who := c.For
	if who == "" {
		who = o.Recipient
		if own := member.PersonID(c.Actor.Person); concerned(o, own) {
			who = own
		}
	}
	if err := d.speaksFor(c.Actor, who, o); err != nil {
		return nil, d.hidden(c.Actor, o, err, noOrder)
	}
	if !concerned(o, who) {
		return nil, errs.New(errs.Forbidden, "feedback.not_a_side").Because(why.Rule("feedback.sides", o.PolicyVersion, "law"))
	}
	for _, k := range known {
		if k.Open {
			return nil, errs.New(errs.Conflict, "feedback.complaint_open").By("record.once", "nobody")
		}
		if k.Complainant == who {
			return nil, errs.New(errs.Conflict, "feedback.complained_already").By("record.once", "nobody")
		}
	}
	if err := inTime(o, d.tx.Now(), r, "feedback.complaint_over"); err != nil {
		return nil, err
	}
	var bad errs.Fields
	c.Category.check(&bad, "category")
	checkWords(&bad, "words", c.Words, longestComplaint)
	if err := bad.Err("feedback.complaint_invalid"); err != nil {
		return nil, err
	}
	return &filing{actor: c.Actor, key: c.Key, order: o, rules: r, complainant: who, category: c.Category, words: c.Words}, nil
}

// speaksFor refuses who may not complain for a person.
func (d *desk) speaksFor(a identity.Actor, who member.PersonID, o *order.Order) error {
	allowed, err := d.answersFor(a, identity.FeedbackComplain, who, o)
	if err != nil || allowed {
		return err
	}
	return a.May(identity.FeedbackComplainFor, o.Region, d.tree)
}

// standing returns the complaint of an order that already says what a person would, "" when there is none.
func standing(known []*Complaint, who member.PersonID) ComplaintID {
	for _, k := range known {
		if k.Open || k.Complainant == who {
			return k.ID
		}
	}
	return ""
}

// freezes reports whether a complaint of the person can freeze the order's minutes: somebody who did not come has none there.
func freezes(o *order.Order, who member.PersonID) bool {
	return o.State.Disputable() && (who == o.Recipient || o.Serves(who))
}

// file freezes what complaints are about and writes them. A filing that the order refuses has its error set and is not written.
func (s *Service) file(d *desk, all []*filing) error {
	if len(all) == 0 {
		return nil
	}
	var disputes []order.OrderCmd
	var at []*filing
	for _, f := range all {
		if freezes(f.order, f.complainant) {
			disputes = append(disputes, order.OrderCmd{Actor: f.actor, Key: inner(f.key, "order.dispute"), Order: f.order.ID,
				Reason: "complaint." + string(f.category)})
			at = append(at, f)
		}
	}
	frozen, err := s.orders.DisputeIn(d.tx, disputes)
	if err != nil {
		return err
	}
	for n, f := range at {
		f.err = frozen[n].Err
	}
	rows := make([]*Complaint, 0, len(all))
	for _, f := range all {
		if f.err != nil {
			continue
		}
		f.id = store.NewID[Complaint](d.tx)
		c := &Complaint{ID: f.id, Order: f.order.ID, Complainant: f.complainant, FiledBy: f.actor.ID, FiledAt: d.tx.Now(), Region: f.order.Region,
			Category: f.category, Open: true, words: s.seal(fieldComplaint, f.words)}
		d.hand(c, region.Community, f.rules)
		rows = append(rows, c)
		d.note(f.actor, "feedback.complain", "complaint", string(c.ID), c.Complainant, c.Region, "", string(c.Category))
		d.tx.Outbox("feedback.complaint_opened", string(c.ID), "{}")
	}
	return insertComplaints(d.tx, rows)
}

// hand gives a complaint to a level and starts its clock.
func (d *desk) hand(c *Complaint, l region.Level, r policy.Rules) {
	c.Level, c.LevelSince = l, d.tx.Now()
	c.DueAt = c.LevelSince.Add(answerWithin(r, l))
	d.timers = append(d.timers, timer.Timer{Kind: TimerComplaint, Ref: string(c.ID), Due: c.DueAt})
}

// climb is the handler of TimerComplaint: what a level did not decide in time goes to the one above. Above the city there is none; there
// the complaint stays and is overdue.
func (s *Service) climb(tx *store.Tx, due []timer.Timer) ([]error, error) {
	ids := make([]ComplaintID, len(due))
	for i, t := range due {
		ids[i] = ComplaintID(t.Ref)
	}
	all, err := loadComplaints(tx, unique(ids), true)
	if err != nil {
		return nil, err
	}
	d, err := s.begin(tx, nil)
	if err != nil {
		return nil, err
	}
	raised := map[region.Level][]order.ID{}
	var rows []*Complaint
	for _, id := range ids {
		c := all[id]
		if c == nil || !c.Open {
			continue
		}
		r, err := d.at(c.Region)
		if err != nil {
			return nil, err
		}
		next, ok := above(c.Level)
		if !ok {
			d.tx.Outbox("feedback.complaint_overdue", string(c.ID), "{}")
			continue
		}
		// The reason for which it came here is this level's no more.
		c.RaisedBy, c.RaisedReason = "", ""
		d.up(identity.System, c, next, r)
		rows, raised[next] = append(rows, c), append(raised[next], c.Order)
	}
	if err := updateComplaints(tx, rows); err != nil {
		return nil, err
	}
	if err := raise(tx, raised); err != nil {
		return nil, err
	}
	return make([]error, len(due)), d.done()
}

// raise tells the orders who decides on them now, so that the morning board shows the same as the complaint.
func raise(tx *store.Tx, at map[region.Level][]order.ID) error {
	for _, l := range region.Levels() {
		if err := order.RaiseDisputes(tx, order.Level(l), at[l]...); err != nil {
			return err
		}
	}
	return nil
}

// DecideCmd ends a complaint.
type DecideCmd struct {
	Actor     identity.Actor
	Key       string
	Complaint ComplaintID
	Decision  Decision
	Reason    string // what the sides are told, at most 200 characters; it names nobody
}

// Decided is what became of a complaint and of its order.
type Decided struct {
	Order order.ID
	State order.State
}

func (c Decided) encode() string { return string(c.Order) + " " + string(c.State) }

func decodeDecided(text string) (Decided, error) {
	id, state, ok := strings.Cut(text, " ")
	if !ok {
		return Decided{}, errs.New(errs.Internal, errs.CodeInternal)
	}
	return Decided{order.ID(id), order.State(state)}, nil
}

// Decide ends complaints, by the level that has them or one above it, and with them the disputes of their orders: the minutes are
// released or reversed. Nobody decides in a case of their own, on a complaint that they filed, or twice on the same. Errors of a command:
// feedback.decision_invalid with every bad field, feedback.complaint_unknown, feedback.decided_already, feedback.decide_own,
// feedback.decide_twice, feedback.nothing_to_reverse, feedback.reversed_already, identity.not_allowed.
func (s *Service) Decide(ctx context.Context, cmds []DecideCmd) ([]identity.Result[Decided], error) {
	return s.decide.Perform(ctx, s.db, cmds)
}

// pick loads complaints, locked, and their orders.
func (s *Service) pick(tx *store.Tx, ids []ComplaintID) (*desk, map[ComplaintID]*Complaint, error) {
	all, err := loadComplaints(tx, unique(ids), true)
	if err != nil {
		return nil, nil, err
	}
	orders := make([]order.ID, 0, len(all))
	for _, c := range all {
		orders = append(orders, c.Order)
	}
	d, err := s.beginLocked(tx, orders)
	return d, all, err
}

func (s *Service) runDecide(tx *store.Tx, cmds []*DecideCmd, out []*identity.Result[Decided]) error {
	ids := make([]ComplaintID, len(cmds))
	for i, c := range cmds {
		ids[i] = c.Complaint
	}
	d, all, err := s.pick(tx, ids)
	if err != nil {
		return err
	}
	var freeze []order.OrderCmd
	var decide []order.DecideCmd
	var at []int
	decided := make([]*Complaint, len(cmds))
	for i, c := range cmds {
		cc, o, err := d.decidable(c, all[c.Complaint])
		if err != nil {
			var failed error
			if out[i].Err, failed = refusal(err); failed != nil {
				return failed
			}
			continue
		}
		decided[i] = cc
		out[i].Value = Decided{o.ID, o.State}
		undo := c.Decision == Reverse && o.State != order.Void
		if o.State != order.Disputed && undo {
			// The complaint came when there was nothing to freeze yet; whoever decides may reverse all the same.
			freeze = append(freeze, order.OrderCmd{Actor: identity.System.From(c.Actor.Origin), Order: o.ID, Reason: "complaint." + string(cc.Category)})
		}
		if o.State == order.Disputed || undo {
			decide = append(decide, order.DecideCmd{Actor: c.Actor, Key: inner(c.Key, "order.decide"), Order: o.ID, Uphold: c.Decision == Release, Reason: c.Reason})
			at = append(at, i)
		}
	}
	frozen, err := s.orders.DisputeIn(tx, freeze)
	if err != nil {
		return err
	}
	for _, f := range frozen {
		if f.Err != nil {
			return f.Err
		}
	}
	done, err := s.orders.DecideIn(tx, decide)
	if err != nil {
		return err
	}
	for n, i := range at {
		out[i].Value.State = done[n].Value.State
		if out[i].Err = done[n].Err; out[i].Err != nil {
			if !all[cmds[i].Complaint].frozenBefore(d) {
				// What was frozen for this decision alone must not stay so without it.
				return out[i].Err
			}
			decided[i] = nil
		}
	}
	return d.close(cmds, decided)
}

// frozenBefore reports whether the complaint's order was disputed when the transaction began.
func (c *Complaint) frozenBefore(d *desk) bool { return d.orders[c.Order].State == order.Disputed }

// close writes decisions.
func (d *desk) close(cmds []*DecideCmd, decided []*Complaint) error {
	rows := make([]*Complaint, 0, len(decided))
	clocks := make([]string, 0, len(decided))
	for i, c := range decided {
		if c == nil {
			continue
		}
		cmd := cmds[i]
		d.note(cmd.Actor, "feedback.decide", "complaint", string(c.ID), c.Complainant, c.Region, string(c.Level), string(cmd.Decision))
		d.tx.Outbox("feedback.complaint_decided", string(c.ID), `{"decision":"`+string(cmd.Decision)+`"}`)
		c.Open, c.Decision, c.Reason, c.DecidedBy, c.DecidedAt = false, cmd.Decision, cmd.Reason, cmd.Actor.ID, d.tx.Now()
		rows, clocks = append(rows, c), append(clocks, string(c.ID))
	}
	if err := updateComplaints(d.tx, rows); err != nil {
		return err
	}
	if err := timer.Cancel(d.tx, TimerComplaint, clocks...); err != nil {
		return err
	}
	return d.done()
}

// decidable decides whether a command may end a complaint as it says.
func (d *desk) decidable(c *DecideCmd, known *Complaint) (*Complaint, *order.Order, error) {
	if known == nil {
		return nil, nil, errs.New(errs.NotFound, noComplaint)
	}
	o, _, err := d.order(known.Order)
	if err != nil {
		return nil, nil, err
	}
	if err := mayDecide(c.Actor, known, o, d.tree); err != nil {
		return nil, nil, err
	}
	if err := checkDecision(c); err != nil {
		return nil, nil, err
	}
	switch {
	case o.State == order.Void && c.Decision == Reverse:
		// The office has taken the payment back by itself: it is as decided.
	case o.State == order.Void:
		return nil, nil, errs.New(errs.Conflict, "feedback.reversed_already").By("record.once", "nobody")
	case c.Decision == Reverse && o.State != order.Disputed && !o.State.Disputable():
		return nil, nil, errs.New(errs.Conflict, "feedback.nothing_to_reverse").
			Because(why.Rule("order.state", o.PolicyVersion, "law").With("state", string(o.State)))
	}
	return known, o, nil
}

// AppealCmd takes a decision to the level above. The actor is the complainant, a delegate of the recipient, or staff for them.
type AppealCmd struct {
	Actor     identity.Actor
	Key       string
	Complaint ComplaintID
	Words     string // at most 1,000 characters, sealed; "" for none
}

// Appeal opens decided complaints again, once, at the level above the one that decided, and freezes the minutes anew; the city's decision
// is the last. It returns the level that has to decide now. Errors of a command: feedback.appeal_invalid with every bad field,
// feedback.complaint_unknown, feedback.not_decided_yet, feedback.appealed_already, feedback.last_level, feedback.reversed_already,
// feedback.appeal_over with the rule, feedback.complaint_open when the order has another complaint by now, identity.not_allowed.
func (s *Service) Appeal(ctx context.Context, cmds []AppealCmd) ([]identity.Result[region.Level], error) {
	return s.appeal.Perform(ctx, s.db, cmds)
}

func (s *Service) runAppeal(tx *store.Tx, cmds []*AppealCmd, out []*identity.Result[region.Level]) error {
	ids := make([]ComplaintID, len(cmds))
	for i, c := range cmds {
		ids[i] = c.Complaint
	}
	d, all, err := s.pick(tx, ids)
	if err != nil {
		return err
	}
	orders := make([]order.ID, 0, len(all))
	for _, c := range all {
		orders = append(orders, c.Order)
	}
	others, err := complaintsOf(tx, unique(orders))
	if err != nil {
		return err
	}
	var freeze []order.OrderCmd
	var frozenAt []int
	again := make([]*Complaint, len(cmds))
	for i, c := range cmds {
		known, o, err := d.appealable(c, all[c.Complaint], others)
		if err != nil {
			var failed error
			if out[i].Err, failed = refusal(err); failed != nil {
				return failed
			}
			continue
		}
		again[i] = known
		if freezes(o, known.Complainant) {
			freeze = append(freeze, order.OrderCmd{Actor: c.Actor, Key: inner(c.Key, "order.dispute"), Order: o.ID, Reason: "complaint." + string(known.Category)})
			frozenAt = append(frozenAt, i)
		}
	}
	frozen, err := s.orders.DisputeIn(tx, freeze)
	if err != nil {
		return err
	}
	for n, i := range frozenAt {
		if out[i].Err = frozen[n].Err; out[i].Err != nil {
			again[i] = nil
		}
	}
	raised := map[region.Level][]order.ID{}
	var rows []*Complaint
	for i, c := range again {
		if c == nil {
			continue
		}
		_, r, err := d.order(c.Order)
		if err != nil {
			return err
		}
		d.note(cmds[i].Actor, "feedback.appeal", "complaint", string(c.ID), c.Complainant, c.Region, string(c.Decision), c.Reason)
		next, _ := above(c.Level)
		c.Open, c.FirstDecision, c.FirstBy = true, c.Decision, c.DecidedBy
		c.Decision, c.Reason, c.DecidedBy, c.DecidedAt = Undecided, "", "", time.Time{}
		c.AppealedAt, c.appealWords = tx.Now(), s.seal(fieldAppeal, cmds[i].Words)
		c.RaisedBy, c.RaisedReason = "", ""
		d.hand(c, next, r)
		out[i].Value = next
		rows, raised[next] = append(rows, c), append(raised[next], c.Order)
		tx.Outbox("feedback.complaint_appealed", string(c.ID), `{"level":"`+string(next)+`"}`)
	}
	if err := updateComplaints(tx, rows); err != nil {
		return err
	}
	if err := raise(tx, raised); err != nil {
		return err
	}
	return d.done()
}

// appealable decides whether a command may open a complaint again.
func (d *desk) appealable(c *AppealCmd, known *Complaint, others map[order.ID][]*Complaint) (*Complaint, *order.Order, error) {
	if known == nil {
		return nil, nil, errs.New(errs.NotFound, noComplaint)
	}
	o, r, err := d.order(known.Order)
	if err != nil {
		return nil, nil, err
	}
	if err := d.speaksFor(c.Actor, known.Complainant, o); err != nil {
		return nil, nil, d.hidden(c.Actor, o, err, noComplaint)
	}
	if err := mayAppeal(known, o, d.tx.Now(), r); err != nil {
		return nil, nil, err
	}
	for _, other := range others[o.ID] {
		if other.Open {
			return nil, nil, errs.New(errs.Conflict, "feedback.complaint_open").By("record.once", "nobody")
		}
	}
	var bad errs.Fields
	checkWords(&bad, "words", c.Words, longestComplaint)
	return known, o, bad.Err("feedback.appeal_invalid")
}
