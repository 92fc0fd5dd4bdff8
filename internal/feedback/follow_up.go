package feedback

import (
	"context"
	"strings"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// sampleHour is how long after a day's end its visits are sampled, so that whatever was being paid at midnight is there.
const sampleHour = time.Hour

// ScheduleDaily sets the timer of the sample for the next civil night, when today's visits are drawn.
func (s *Service) ScheduleDaily(tx *store.Tx) error {
	return timer.Set(tx, sampleOf(clock.DayOf(tx.Now())))
}

// sampleOf is the timer that draws a day's visits.
func sampleOf(day clock.Day) timer.Timer {
	return timer.Timer{Kind: TimerSample, Ref: "city", Due: day.End().Add(sampleHour)}
}

// sample is the handler of TimerSample. It looks at the civil day before its due time, so that an installation that stood still draws every
// day that it missed.
func (s *Service) sample(tx *store.Tx, due []timer.Timer) ([]error, error) {
	for _, t := range due {
		day := clock.DayOf(t.Due).Add(-1)
		if err := s.sampleDay(tx, day); err != nil {
			return nil, err
		}
		if err := timer.Set(tx, sampleOf(day.Add(1))); err != nil {
			return nil, err
		}
	}
	return make([]error, len(due)), nil
}

func (s *Service) sampleDay(tx *store.Tx, day clock.Day) error {
	d, err := s.begin(tx, nil)
	if err != nil {
		return err
	}
	paid, err := order.SettledBetween(tx, day.Start(), day.End())
	if err != nil {
		return err
	}
	fresh := make([]FollowUp, 0, len(paid)/2)
	for _, v := range paid {
		r, err := d.at(v.Region)
		if err != nil {
			return err
		}
		if cause, ok := causeOf(v, r); ok {
			fresh = append(fresh, d.question(v.ID, v.Recipient, v.Region, cause, r))
		}
	}
	return insertFollowUps(tx, fresh, "ON CONFLICT (order_id) DO NOTHING")
}

// askNow is the handler of order.TimerFollowUp: it opens a follow-up for each visit that only one side has shown, anew for one that was asked about
// and whose confirmation was undone.
func (s *Service) askNow(tx *store.Tx, due []timer.Timer) ([]error, error) {
	d, err := s.begin(tx, nil)
	if err != nil {
		return nil, err
	}
	ids := make([]order.ID, len(due))
	for i, t := range due {
		ids[i] = order.ID(t.Ref)
	}
	orders, err := order.Load(tx, ids)
	if err != nil {
		return nil, err
	}
	fresh := make([]FollowUp, 0, len(orders))
	for _, id := range unique(ids) {
		o := orders[id]
		if o == nil || o.WaitsFor != order.ForFollowUp {
			continue // the station was faster
		}
		r, err := d.at(o.Region)
		if err != nil {
			return nil, err
		}
		fresh = append(fresh, d.question(o.ID, o.Recipient, o.Region, CauseOneSided, r))
	}
	return make([]error, len(due)), openFollowUps(tx, fresh)
}

// question opens a follow-up. The station has as long for it as for a complaint (complaint.answer_within.community; default: nobody
// published a time of its own).
func (d *desk) question(id order.ID, recipient member.PersonID, place region.ID, cause Cause, r policy.Rules) FollowUp {
	now := d.tx.Now()
	return FollowUp{Order: id, Recipient: recipient, Region: place, Cause: cause, OpenedAt: now, DueAt: now.Add(answerWithin(r, region.Community))}
}

// RecordCmd says what a follow-up found. The actor is staff that neither placed nor served the order.
type RecordCmd struct {
	Actor  identity.Actor
	Key    string
	Order  order.ID
	Result Result
	Note   Category // what the problem is, for ResultProblem alone
	Words  string   // what the recipient said about the problem, sealed; "" for none
}

// Recorded is what became of a RecordCmd.
type Recorded struct {
	// Done is false when nobody answered and the visit still has to be asked about.
	Done bool
	// Complaint is the complaint that a problem opened, or the one that there was already.
	Complaint ComplaintID
}

func (r Recorded) encode() string {
	if r.Done {
		return "done " + string(r.Complaint)
	}
	return "open " + string(r.Complaint)
}

func decodeRecorded(text string) (Recorded, error) {
	word, complaint, ok := strings.Cut(text, " ")
	if !ok {
		return Recorded{}, errs.New(errs.Internal, errs.CodeInternal)
	}
	return Recorded{Done: word == "done", Complaint: ComplaintID(complaint)}, nil
}

// RecordFollowUp records what the station was told. "ok" about a visit that only one side had shown confirms it as the station, with a
// call-back for evidence; a problem opens a complaint of the recipient, which freezes the minutes; nobody reached leaves a one-sided visit
// open for another try and ends the others. Errors of a command: feedback.follow_up_invalid with every bad field, feedback.no_follow_up,
// feedback.followed_up_already, feedback.follow_up_own, and those of the order's confirmation and dispute.
func (s *Service) RecordFollowUp(ctx context.Context, cmds []RecordCmd) ([]identity.Result[Recorded], error) {
	return s.record.Perform(ctx, s.db, cmds)
}

func (s *Service) runRecord(tx *store.Tx, cmds []*RecordCmd, out []*identity.Result[Recorded]) error {
	ids := make([]order.ID, len(cmds))
	for i, c := range cmds {
		ids[i] = c.Order
	}
	d, err := s.beginLocked(tx, ids)
	if err != nil {
		return err
	}
	ids = unique(ids)
	asked, err := followUpsOf(tx, ids, true)
	if err != nil {
		return err
	}
	complaints, err := complaintsOf(tx, ids)
	if err != nil {
		return err
	}
	rows := make([]*FollowUp, len(cmds))
	var confirm []order.ConfirmCmd
	var confirmed []int
	var filings []*filing
	var filed []int
	for i, c := range cmds {
		o, r, err := d.order(c.Order)
		if err == nil {
			rows[i], err = d.asked(c, o, r, asked[c.Order])
		}
		if err != nil {
			var all error
			if out[i].Err, all = refusal(err); all != nil {
				return all
			}
			rows[i] = nil
			continue
		}
		f := rows[i]
		asked[c.Order] = f
		f.finish(c, o, d.tx.Now(), answerWithin(r, region.Community))
		switch c.Result {
		case ResultOK:
			if o.WaitsFor == order.ForFollowUp {
				confirm = append(confirm, order.ConfirmCmd{Actor: c.Actor, Key: inner(c.Key, "order.confirm"), Order: o.ID, CallBack: true})
				confirmed = append(confirmed, i)
			}
		case ResultProblem:
			if known := standing(complaints[o.ID], o.Recipient); known != "" {
				f.Complaint = known
				continue
			}
			filings = append(filings, &filing{actor: c.Actor, key: c.Key, order: o, rules: r, complainant: o.Recipient, category: c.Note, words: c.Words})
			filed = append(filed, i)
		}
	}
	results, err := s.orders.ConfirmIn(tx, confirm)
	if err != nil {
		return err
	}
	for n, i := range confirmed {
		if out[i].Err = results[n].Err; out[i].Err != nil {
			rows[i] = nil
		}
	}
	if err := s.file(d, filings); err != nil {
		return err
	}
	for n, i := range filed {
		if out[i].Err = filings[n].err; out[i].Err != nil {
			rows[i] = nil
		} else {
			rows[i].Complaint = filings[n].id
		}
	}
	for i, f := range rows {
		if f != nil {
			out[i].Value = Recorded{Done: f.Done, Complaint: f.Complaint}
			d.note(cmds[i].Actor, "feedback.follow_up", "order", string(f.Order), f.Recipient, f.Region, string(f.Cause), string(f.Result))
		}
	}
	if err := saveFollowUps(tx, rows); err != nil {
		return err
	}
	return d.done()
}

// asked returns the open follow-up that a command is about. A visit that waits for the station is one, whether it was drawn yet or not, and also
// when it was asked about before and the confirmation was undone.
func (d *desk) asked(c *RecordCmd, o *order.Order, r policy.Rules, f *FollowUp) (*FollowUp, error) {
	if err := c.Actor.May(identity.FeedbackFollowUp, o.Region, d.tree); err != nil {
		return nil, err
	}
	if err := disinterested(c.Actor, o, "feedback.follow_up_own"); err != nil {
		return nil, err
	}
	if err := checkRecord(c); err != nil {
		return nil, err
	}
	switch {
	case (f == nil || f.Done && !f.told) && o.WaitsFor == order.ForFollowUp:
		q := d.question(o.ID, o.Recipient, o.Region, CauseOneSided, r)
		q.fresh = true
		return &q, nil
	case f == nil:
		return nil, errs.New(errs.NotFound, "feedback.no_follow_up")
	case f.Done:
		return nil, errs.New(errs.Conflict, "feedback.followed_up_already").By("record.once", "nobody")
	}
	return f, nil
}

// checkRecord names every bad field of a follow-up.
func checkRecord(c *RecordCmd) error {
	var bad errs.Fields
	switch c.Result {
	case ResultProblem:
		c.Note.check(&bad, "note")
		checkWords(&bad, "words", c.Words, longestComplaint)
	case ResultOK, ResultUnreachable:
		if c.Note != "" {
			bad.Add("note", "feedback.note_not_wanted")
		}
		if c.Words != "" {
			bad.Add("words", "feedback.note_not_wanted")
		}
	default:
		bad.Add("result", "feedback.result_unknown")
	}
	return bad.Err("feedback.follow_up_invalid")
}

// finish writes what was found on a follow-up.
func (f *FollowUp) finish(c *RecordCmd, o *order.Order, now time.Time, clock time.Duration) {
	f.Result, f.Note, f.told = c.Result, c.Note, true
	if c.Result == ResultUnreachable {
		f.Tries++
		if o.WaitsFor == order.ForFollowUp {
			f.DueAt = now.Add(clock)
			return
		}
	}
	f.Done, f.DoneBy, f.DoneAt = true, c.Actor.ID, now
}
