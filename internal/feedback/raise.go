package feedback

import (
	"context"
	"strings"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
)

// PassUpCmd hands a complaint to the level above before its clock does: a case that is too large for the office, or its own. The actor is staff
// of the level that has it, or of one above.
type PassUpCmd struct {
	Actor     identity.Actor
	Key       string
	Complaint ComplaintID
	Reason    string // what the level above is told, at most 200 characters; it names nobody
}

// PassUp hands complaints up, with a clock that begins anew, and returns the level that has to decide now. The minutes stay frozen. Errors of a
// command: feedback.pass_up_invalid with every bad field, feedback.complaint_unknown, feedback.decided_already, feedback.last_level,
// identity.not_allowed.
func (s *Service) PassUp(ctx context.Context, cmds []PassUpCmd) ([]identity.Result[region.Level], error) {
	return s.passUp.Perform(ctx, s.db, cmds)
}

func (s *Service) runPassUp(tx *store.Tx, cmds []*PassUpCmd, out []*identity.Result[region.Level]) error {
	ids := make([]ComplaintID, len(cmds))
	for i, c := range cmds {
		ids[i] = c.Complaint
	}
	d, all, err := s.pick(tx, ids)
	if err != nil {
		return err
	}
	raised := map[region.Level][]order.ID{}
	var rows []*Complaint
	for i, c := range cmds {
		known := all[c.Complaint]
		next, r, err := d.passable(c, known)
		if err != nil {
			var failed error
			if out[i].Err, failed = refusal(err); failed != nil {
				return failed
			}
			continue
		}
		out[i].Value = next
		known.RaisedBy, known.RaisedReason = c.Actor.ID, strings.TrimSpace(c.Reason)
		d.up(c.Actor, known, next, r)
		rows, raised[next] = append(rows, known), append(raised[next], known.Order)
	}
	if err := updateComplaints(tx, rows); err != nil {
		return err
	}
	if err := raise(tx, raised); err != nil {
		return err
	}
	return d.done()
}

// up gives a complaint to the level above, by a person or by the clock, and tells whoever complained.
func (d *desk) up(by identity.Actor, c *Complaint, next region.Level, r policy.Rules) {
	d.note(by, "feedback.escalate", "complaint", string(c.ID), c.Complainant, c.Region, string(c.Level), string(next))
	d.hand(c, next, r)
	d.tx.Outbox(TopicEscalated, string(c.ID), `{"level":"`+string(next)+`"}`)
}

// passable decides whether a command may hand a complaint up, and returns the level above with the rules of the place.
func (d *desk) passable(c *PassUpCmd, known *Complaint) (next region.Level, r policy.Rules, err error) {
	if known == nil {
		return "", r, errs.New(errs.NotFound, "feedback.complaint_unknown")
	}
	if r, err = d.at(known.Region); err != nil {
		return "", r, err
	}
	// Who answers may pass on, and so may who dispatches: neither decides anything by it.
	place := placeAt(d.tree, known.Region, known.Level)
	if err := c.Actor.May(identity.FeedbackAnswer, place, d.tree); err != nil && c.Actor.May(identity.OrderEscalate, place, d.tree) != nil {
		return "", r, err
	}
	if !known.Open {
		return "", r, errs.New(errs.Conflict, "feedback.decided_already").By("record.once", "nobody")
	}
	var bad errs.Fields
	if strings.TrimSpace(c.Reason) == "" {
		bad.Add("reason", "feedback.reason_missing")
	}
	checkWords(&bad, "reason", c.Reason, longestWords)
	if err := bad.Err("feedback.pass_up_invalid"); err != nil {
		return "", r, err
	}
	next, ok := above(known.Level)
	if !ok {
		return "", r, errs.New(errs.Refused, "feedback.last_level").Because(r.Why("complaint.answer_within.city"))
	}
	return next, r, nil
}

// TopicEscalated is the topic of the outbox event that a complaint went to the level above; its ref is the complaint.
const TopicEscalated = "feedback.complaint_escalated"

// Complainant returns who made a complaint and about which order, and whether it still waits for a decision; "" when there is none.
func Complainant(tx *store.Tx, id ComplaintID) (who member.PersonID, about order.ID, open bool, err error) {
	all, err := loadComplaints(tx, []ComplaintID{id}, false)
	if c := all[id]; err == nil && c != nil {
		return c.Complainant, c.Order, c.Open, nil
	}
	return "", "", false, err
}
