package feedback

import (
	"context"
	"strings"
	"time"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
)

func fromMicros(n *int64) time.Time {
	if n == nil {
		return time.Time{}
	}
	return clock.FromMicros(*n)
}

const ratingColumns = "order_id, rater, ratee, direction, region, stars, tags, words, rated_by, rated_at"

func scanRating(r *store.Rows) (one Rating, err error) {
	var tags string
	var at int64
	err = r.Scan(&one.Order, &one.Rater, &one.Ratee, &one.Direction, &one.Region, &one.Stars, &tags, &one.sealed, &one.RatedBy, &at)
	for _, t := range strings.Fields(tags) {
		one.Tags = append(one.Tags, Tag(t))
	}
	one.RatedAt, one.HasWords = clock.FromMicros(at), len(one.sealed) > 0
	return one, err
}

// ratingsOf returns the ratings of orders.
func ratingsOf(tx *store.Tx, orders []order.ID) ([]Rating, error) {
	return store.In(tx, "SELECT "+ratingColumns+" FROM rating WHERE order_id IN (", orders, ") ORDER BY order_id, rater, ratee", scanRating)
}

const followUpColumns = "order_id, recipient, region, cause, state, opened_at, due_at, tries, result, note, complaint, done_by, done_at"

func scanFollowUp(r *store.Rows) (*FollowUp, error) {
	f := &FollowUp{}
	var state string
	var opened, due int64
	var done *int64
	err := r.Scan(&f.Order, &f.Recipient, &f.Region, &f.Cause, &state, &opened, &due, &f.Tries, &f.Result, &f.Note, &f.Complaint, &f.DoneBy, &done)
	f.Done, f.OpenedAt, f.DueAt, f.DoneAt = state == "done", clock.FromMicros(opened), clock.FromMicros(due), fromMicros(done)
	return f, err
}

// followUpsOf returns the follow-ups of orders, locked in the order of their ids if asked for.
func followUpsOf(tx *store.Tx, orders []order.ID, lock bool) (map[order.ID]*FollowUp, error) {
	clause := ""
	if lock {
		clause = tx.ForUpdate()
	}
	rows, err := store.In(tx, "SELECT "+followUpColumns+" FROM follow_up WHERE order_id IN (", orders, ") ORDER BY order_id"+clause, scanFollowUp)
	found := make(map[order.ID]*FollowUp, len(rows))
	for _, f := range rows {
		found[f.Order] = f
	}
	return found, err
}

const complaintColumns = `SELECT id, order_id, complainant, filed_by, filed_at, region, category, words, state, level, level_since, due_at, decision,
 reason, decided_by, decided_at, appealed_at, appeal_words, first_decision, first_by, raised_by, raised_reason FROM complaint `

func scanComplaint(r *store.Rows) (*Complaint, error) {
	c := &Complaint{}
	var state string
	var filed, since, due int64
	var decided, appealed *int64
	err := r.Scan(&c.ID, &c.Order, &c.Complainant, &c.FiledBy, &filed, &c.Region, &c.Category, &c.words, &state, &c.Level, &since, &due, &c.Decision,
		&c.Reason, &c.DecidedBy, &decided, &appealed, &c.appealWords, &c.FirstDecision, &c.FirstBy, &c.RaisedBy, &c.RaisedReason)
	c.Open, c.FiledAt, c.LevelSince, c.DueAt = state == "open", clock.FromMicros(filed), clock.FromMicros(since), clock.FromMicros(due)
	c.DecidedAt, c.AppealedAt = fromMicros(decided), fromMicros(appealed)
	return c, err
}

// loadComplaints returns complaints, locked in the order of their ids if asked for; an unknown one is missing.
func loadComplaints(tx *store.Tx, ids []ComplaintID, lock bool) (map[ComplaintID]*Complaint, error) {
	clause := ""
	if lock {
		clause = tx.ForUpdate()
	}
	rows, err := store.In(tx, complaintColumns+"WHERE id IN (", ids, ") ORDER BY id"+clause, scanComplaint)
	found := make(map[ComplaintID]*Complaint, len(rows))
	for _, c := range rows {
		found[c.ID] = c
	}
	return found, err
}

// complaintsOf returns the complaints of orders, oldest first.
func complaintsOf(tx *store.Tx, orders []order.ID) (map[order.ID][]*Complaint, error) {
	rows, err := store.In(tx, complaintColumns+"WHERE order_id IN (", orders, ") ORDER BY id", scanComplaint)
	found := map[order.ID][]*Complaint{}
	for _, c := range rows {
		found[c.Order] = append(found[c.Order], c)
	}
	return found, err
}

// OpenComplaints lists the complaints of a place and all below it that wait for a decision, the most pressing first: the board's list.
// Level says who has to act, LevelSince since when, DueAt until when. It needs identity.OrderRead for the place and shows no words.
func (s *Service) OpenComplaints(ctx context.Context, actor identity.Actor, place region.ID) (list []Complaint, err error) {
	err = s.inPlace(ctx, actor, identity.OrderRead, place, func(tx *store.Tx, day string) error {
		within, err := region.Within(tx, "region", place, 1, 2)
		if err != nil {
			return err
		}
		rows, err := store.All(tx, scanComplaint, complaintColumns+"WHERE state = 'open' AND "+within+
			" ORDER BY due_at, id", string(place), day)
		list = make([]Complaint, len(rows))
		for i, c := range rows {
			list[i] = *c
		}
		return err
	})
	return list, err
}

// OpenFollowUps lists the visits of a place and all below it that the station still has to ask about, the most pressing first. It needs
// identity.FeedbackFollowUp for the place.
func (s *Service) OpenFollowUps(ctx context.Context, actor identity.Actor, place region.ID) (list []FollowUp, err error) {
	err = s.inPlace(ctx, actor, identity.FeedbackFollowUp, place, func(tx *store.Tx, day string) error {
		within, err := region.Within(tx, "region", place, 1, 2)
		if err != nil {
			return err
		}
		rows, err := store.All(tx, scanFollowUp, "SELECT "+followUpColumns+" FROM follow_up WHERE state = 'open' AND "+within+
			" ORDER BY due_at, order_id", string(place), day)
		list = make([]FollowUp, len(rows))
		for i, f := range rows {
			list[i] = *f
		}
		return err
	})
	return list, err
}

// inPlace runs a query of a place for somebody with a right there.
func (s *Service) inPlace(ctx context.Context, actor identity.Actor, right identity.Right, place region.ID, query func(tx *store.Tx, day string) error) error {
	return s.db.Read(ctx, string(right), func(tx *store.Tx) error {
		tree, err := s.regions.Tree(tx)
		if err != nil {
			return err
		}
		if err := actor.May(right, place, tree); err != nil {
			return err
		}
		return query(tx, string(clock.DayOf(tx.Now())))
	})
}

// About is all feedback on one order.
type About struct {
	Ratings    []Rating
	FollowUp   *FollowUp // nil when nobody asked
	Complaints []Complaint
}

// OfOrder returns the feedback on an order, without words, for a side of it, a delegate who may see the recipient's visits, or staff with
// identity.OrderRead there. Whoever may not see the order does not learn that it exists. Errors: order.not_found, member.kin_may_not_see.
func (s *Service) OfOrder(ctx context.Context, actor identity.Actor, id order.ID) (a About, err error) {
	err = s.db.Read(ctx, "feedback.of_order", func(tx *store.Tx) error {
		d, err := s.begin(tx, []order.ID{id})
		if err != nil {
			return err
		}
		o, _, err := d.order(id)
		if err != nil {
			return err
		}
		if sees, err := d.sees(actor, o, identity.OrderRead); err != nil {
			return err
		} else if !sees {
			return errs.New(errs.NotFound, noOrder)
		}
		if a.Ratings, err = ratingsOf(tx, []order.ID{id}); err != nil {
			return err
		}
		asked, err := followUpsOf(tx, []order.ID{id}, false)
		if err != nil {
			return err
		}
		a.FollowUp = asked[id]
		known, err := complaintsOf(tx, []order.ID{id})
		for _, c := range known[id] {
			a.Complaints = append(a.Complaints, *c)
		}
		return err
	})
	return a, err
}

// sees reports whether the actor is a side of an order, its recipient's delegate, or staff with the right there. A delegate whom the recipient
// lets act and not see is refused with why.
func (d *desk) sees(actor identity.Actor, o *order.Order, right identity.Right) (bool, error) {
	if actor.May(right, o.Region, d.tree) == nil || concerned(o, member.PersonID(actor.Person)) {
		return true, nil
	}
	return d.reads(actor, o.Recipient, o)
}

// reads reports whether what was said by a person about an order is open to the actor: the person, or the recipient's delegate who may see too.
func (d *desk) reads(actor identity.Actor, person member.PersonID, o *order.Order) (bool, error) {
	own, err := d.answersFor(actor, identity.FeedbackComplain, person, o)
	if err != nil || !own || actor.MayOwn(identity.FeedbackComplain, string(person)) == nil {
		return own, err
	}
	return true, member.Seeing(d.tx, person, member.PersonID(actor.Person))
}

// Words are a complaint's words in clear.
type Words struct {
	Complaint string
	Appeal    string
}

// Words opens what was said in a complaint, for the complainant, the recipient's delegate, or staff that may decide at its level; the look is
// in the audit trail. Errors: feedback.complaint_unknown, identity.not_allowed.
func (s *Service) Words(ctx context.Context, actor identity.Actor, id ComplaintID) (w Words, err error) {
	err = s.db.Write(ctx, "feedback.words", func(tx *store.Tx) error {
		all, err := loadComplaints(tx, []ComplaintID{id}, false)
		if err != nil {
			return err
		}
		c := all[id]
		if c == nil {
			return errs.New(errs.NotFound, noComplaint)
		}
		d, err := s.begin(tx, []order.ID{c.Order})
		if err != nil {
			return err
		}
		o, _, err := d.order(c.Order)
		if err != nil {
			return err
		}
		// Who wrote them for the recipient knows them.
		own, err := d.answersFor(actor, identity.FeedbackComplain, c.Complainant, o)
		if err == nil && own && c.FiledBy != actor.ID {
			own, err = d.reads(actor, c.Complainant, o)
		}
		if err != nil {
			return err
		}
		if !own {
			if err := actor.May(identity.FeedbackAnswer, c.Region, d.tree); err != nil {
				return d.hidden(actor, o, err, noComplaint)
			}
		}
		if w.Complaint, err = s.open(fieldComplaint, c.words); err != nil {
			return err
		}
		if w.Appeal, err = s.open(fieldAppeal, c.appealWords); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Actor: actor.ID, OnBehalf: string(c.Complainant), Action: "feedback.look", Kind: "complaint", Ref: string(c.ID),
			Region: string(c.Region), Origin: actor.Origin})
	})
	return w, err
}

// RatingWords opens the words of an order's ratings, in the order of OfOrder, for the sides that said or heard them and for staff with
// identity.FeedbackAnswer there; the look is in the audit trail.
func (s *Service) RatingWords(ctx context.Context, actor identity.Actor, id order.ID) (words []string, err error) {
	err = s.db.Write(ctx, "feedback.rating_words", func(tx *store.Tx) error {
		d, err := s.begin(tx, []order.ID{id})
		if err != nil {
			return err
		}
		o, _, err := d.order(id)
		if err != nil {
			return err
		}
		if sees, err := d.sees(actor, o, identity.FeedbackAnswer); err != nil {
			return err
		} else if !sees {
			return errs.New(errs.NotFound, noOrder)
		}
		said, err := ratingsOf(tx, []order.ID{id})
		if err != nil {
			return err
		}
		words = make([]string, len(said))
		for i, r := range said {
			if words[i], err = s.open(fieldRating, r.sealed); err != nil {
				return err
			}
		}
		return audit.Record(tx, audit.Entry{Actor: actor.ID, OnBehalf: string(o.Recipient), Action: "feedback.look", Kind: "order", Ref: string(id),
			Region: string(o.Region), Origin: actor.Origin})
	})
	return words, err
}

// Standing is how a person has been rated by all others, in whole numbers: the mean is Stars divided by Ratings.
type Standing struct {
	Ratings int64
	Stars   int64
}

// Standings returns how persons have been rated; one without a rating is missing.
func Standings(tx *store.Tx, persons []member.PersonID) (map[member.PersonID]Standing, error) {
	all := map[member.PersonID]Standing{}
	_, err := store.In(tx, "SELECT ratee, COUNT(1), SUM(stars) FROM rating WHERE ratee IN (", persons, ") GROUP BY ratee",
		func(r *store.Rows) (none struct{}, err error) {
			var who member.PersonID
			var st Standing
			err = r.Scan(&who, &st.Ratings, &st.Stars)
			all[who] = st
			return none, err
		})
	return all, err
}

// ratingsAfter returns up to max orders' ratings with words, after the given order.
func ratingsAfter(tx *store.Tx, after string, max int) ([]Rating, error) {
	return store.All(tx, scanRating, "SELECT "+ratingColumns+" FROM rating WHERE order_id > $1 AND words IS NOT NULL ORDER BY order_id, rater, ratee LIMIT $2", after, max)
}

func complaintsAfter(tx *store.Tx, after string, max int) ([]*Complaint, error) {
	return store.All(tx, scanComplaint, complaintColumns+"WHERE id > $1 ORDER BY id LIMIT $2"+tx.ForUpdate(), after, max)
}
