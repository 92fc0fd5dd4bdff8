package feedback

import (
	"context"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/store"
	"timebank/internal/why"
)

// RateCmd rates the other side of a service. The actor is the recipient, its delegate, or a volunteer who served.
type RateCmd struct {
	Actor identity.Actor
	Key   string
	Order order.ID
	Of    member.PersonID // who is rated: a volunteer who served, or the recipient
	Stars int             // 1 to 5
	Tags  []Tag           // from Tags of the direction
	Words string          // at most 200 characters, sealed; "" for none
}

// Rate records ratings: each side of an order once about each other side, from the end of the service until the order closes
// (order.close_after). Errors of a command: feedback.rating_invalid with every bad field, feedback.not_served_yet, feedback.rating_over
// with the rule, feedback.rated_already, feedback.not_a_side, identity.not_oneself.
func (s *Service) Rate(ctx context.Context, cmds []RateCmd) ([]identity.Result[identity.Nothing], error) {
	return s.rate.Perform(ctx, s.db, cmds)
}

// pairing names a rating.
type pairing struct {
	order        order.ID
	rater, ratee member.PersonID
}

func (s *Service) runRate(tx *store.Tx, cmds []*RateCmd, out []*identity.Result[identity.Nothing]) error {
	ids := make([]order.ID, len(cmds))
	for i, c := range cmds {
		ids[i] = c.Order
	}
	d, err := s.begin(tx, ids)
	if err != nil {
		return err
	}
	said, err := ratingsOf(tx, unique(ids))
	if err != nil {
		return err
	}
	given := make(map[pairing]bool, len(said)+len(cmds))
	for _, r := range said {
		given[pairing{r.Order, r.Rater, r.Ratee}] = true
	}
	fresh := make([]Rating, 0, len(cmds))
	for i, c := range cmds {
		r, err := d.rating(c)
		if err == nil && given[pairing{r.Order, r.Rater, r.Ratee}] {
			err = errs.New(errs.Conflict, "feedback.rated_already").By("record.once", "nobody")
		}
		if err != nil {
			var all error
			if out[i].Err, all = refusal(err); all != nil {
				return all
			}
			continue
		}
		given[pairing{r.Order, r.Rater, r.Ratee}] = true
		r.sealed = s.seal(fieldRating, c.Words)
		fresh = append(fresh, r)
		d.note(c.Actor, "feedback.rate", "order", string(r.Order), r.Rater, r.Region, "", string(r.Direction))
	}
	if err := insertRatings(tx, fresh); err != nil {
		return err
	}
	return d.done()
}

// rating is what a command says, or why it cannot be said.
func (d *desk) rating(c *RateCmd) (Rating, error) {
	o, rules, err := d.order(c.Order)
	if err != nil {
		return Rating{}, err
	}
	r := Rating{Order: o.ID, Rater: o.Recipient, Ratee: c.Of, Direction: OfVolunteer, Region: o.Region, Stars: c.Stars, Tags: c.Tags,
		RatedBy: c.Actor.ID, RatedAt: d.tx.Now()}
	if c.Of == o.Recipient {
		r.Rater, r.Direction = member.PersonID(c.Actor.Person), OfRecipient
	}
	if err := d.mayRate(c, r, o, rules); err != nil {
		return Rating{}, d.hidden(c.Actor, o, err, noOrder)
	}
	return r, checkRating(c, r.Direction)
}

func (d *desk) mayRate(c *RateCmd, r Rating, o *order.Order, rules policy.Rules) error {
	allowed, err := d.answersFor(c.Actor, identity.FeedbackRate, r.Rater, o)
	if err != nil {
		return err
	}
	if !allowed {
		return c.Actor.MayOwn(identity.FeedbackRate, string(r.Rater))
	}
	if err := rateable(o, d.tx.Now(), rules); err != nil {
		return err
	}
	volunteer := r.Ratee
	if r.Direction == OfRecipient {
		volunteer = r.Rater
	}
	if !served(o, volunteer) {
		return errs.New(errs.Forbidden, "feedback.not_a_side").Because(why.Rule("feedback.sides", o.PolicyVersion, "law"))
	}
	return nil
}
