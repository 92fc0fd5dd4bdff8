package feedback

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/why"
)

// The longest texts, in characters: a rating's few words, and what somebody has to complain about.
const (
	longestWords     = 200
	longestComplaint = 1000
)

func checkWords(bad *errs.Fields, path, words string, longest int) {
	switch {
	case !utf8.ValidString(words):
		bad.Add(path, "feedback.words_malformed")
	case utf8.RuneCountInString(words) > longest:
		bad.Add(path, "feedback.words_too_long", "most", longest)
	}
}

func (c Category) check(bad *errs.Fields, path string) {
	if !slices.Contains(Categories(), c) {
		bad.Add(path, "feedback.category_unknown")
	}
}

// served reports whether the person did the service: has checked out, whether paid or not.
func served(o *order.Order, p member.PersonID) bool {
	return slices.ContainsFunc(o.Assignments, func(a *order.Assignment) bool {
		return p != "" && a.Volunteer == p && (a.State == order.CheckedOut || a.State == order.Paid)
	})
}

// concerned reports whether the person is a side of the order: its recipient, or somebody who agreed to serve, came or not.
func concerned(o *order.Order, p member.PersonID) bool {
	return p != "" && (p == o.Recipient || slices.ContainsFunc(o.Assignments, func(a *order.Assignment) bool {
		return a.Volunteer == p && a.State != order.Offered
	}))
}

// closesAt is when nobody can rate or complain any more, false while nothing has begun to run: order.close_after from the payment, or
// from the planned time of a service that never was.
func closesAt(o *order.Order, r policy.Rules) (time.Time, bool) {
	switch {
	case !o.SettledAt.IsZero():
		return o.SettledAt.Add(r.OrderCloseAfter), true
	case o.State.Open():
		return time.Time{}, false
	}
	return o.Start.Add(r.OrderCloseAfter), true
}

// inTime refuses with the code what comes after an order's time.
func inTime(o *order.Order, now time.Time, r policy.Rules, code string) error {
	until, runs := closesAt(o, r)
	if o.State != order.Closed && (!runs || now.Before(until)) {
		return nil
	}
	return tooLate(code, until, r)
}

func tooLate(code string, until time.Time, r policy.Rules) error {
	return errs.New(errs.Refused, code).Because(r.Why("order.close_after", why.Value{Name: "until", Value: until.Format(time.RFC3339)}))
}

// checkRating names every bad field of a rating.
func checkRating(c *RateCmd, d Direction) error {
	var bad errs.Fields
	if c.Stars < 1 || c.Stars > 5 {
		bad.Add("stars", "feedback.stars_out_of_range", "from", 1, "to", 5)
	}
	for i, t := range c.Tags {
		path := "tags." + strconv.Itoa(i)
		switch {
		case !slices.Contains(Tags(d), t):
			bad.Add(path, "feedback.tag_unknown")
		case slices.Contains(c.Tags[:i], t):
			bad.Add(path, "feedback.tag_repeated")
		}
	}
	checkWords(&bad, "words", c.Words, longestWords)
	return bad.Err("feedback.rating_invalid")
}

// rateable decides whether an order can be rated at all.
func rateable(o *order.Order, now time.Time, r policy.Rules) error {
	switch o.State {
	case order.Awaiting, order.Confirmed, order.Settled, order.Disputed:
	case order.Closed:
	default:
		return errs.New(errs.Conflict, "feedback.not_served_yet").Because(why.Rule("order.state", o.PolicyVersion, "law").With("state", string(o.State)))
	}
	return inTime(o, now, r, "feedback.rating_over")
}

// causeOf says whether the station asks about a paid visit and why (default: ten of a hundred, all of a recipient's first three, and all
// that somebody else ordered). The sample is drawn by the digest of the order's id, so that a replay draws the same.
func causeOf(v order.Visit, r policy.Rules) (Cause, bool) {
	switch {
	case r.FollowUpProxyAll && v.PlacedAs != order.BySelf:
		return CauseProxy, true
	case v.Nth > 0 && v.Nth <= int64(r.FollowUpFirstVisits):
		return CauseFirstVisits, true
	}
	d := sha256.Sum256([]byte("timebank/follow_up " + v.ID))
	return CauseSample, binary.BigEndian.Uint64(d[:8])%100 < uint64(r.FollowUpSamplePercent) // #nosec G115 -- the rule is from 0 to 100
}

// disinterested refuses staff that placed or served the order, or is its recipient (two persons stand behind every hour).
func disinterested(a identity.Actor, o *order.Order, code string) error {
	if a.ID == o.PlacedBy || concerned(o, member.PersonID(a.Person)) {
		return errs.New(errs.Forbidden, code).Because(why.Rule("order.two_persons", o.PolicyVersion, "law"))
	}
	return nil
}

// above is the level that follows when one does not answer; the city is the last.
func above(l region.Level) (region.Level, bool) {
	levels := region.Levels()
	i := slices.Index(levels, l)
	if i < 1 {
		return l, false
	}
	return levels[i-1], true
}

// placeAt is the region of a level that a community reports to.
func placeAt(tree *region.Tree, community region.ID, l region.Level) region.ID {
	place := community
	for tree.Level(place) != l {
		up, ok := tree.Up(place)
		if !ok {
			return place
		}
		place = up
	}
	return place
}

// answerWithin is how long a level has to decide.
func answerWithin(r policy.Rules, l region.Level) time.Duration {
	return r.ComplaintAnswerWithin.At(policy.Level(l))
}

// mayDecide refuses who cannot decide on a complaint: without the right at its level or above, in a case of their own, or twice.
func mayDecide(a identity.Actor, c *Complaint, o *order.Order, tree *region.Tree) error {
	if !c.Open {
		return errs.New(errs.Conflict, "feedback.decided_already").By("record.once", "nobody")
	}
	if err := a.May(identity.FeedbackAnswer, placeAt(tree, c.Region, c.Level), tree); err != nil {
		return err
	}
	if a.ID == c.FiledBy {
		return errs.New(errs.Forbidden, "feedback.decide_own").Because(why.Rule("order.two_persons", o.PolicyVersion, "law"))
	}
	if a.ID == c.FirstBy {
		return errs.New(errs.Forbidden, "feedback.decide_twice").Because(why.Rule("order.two_persons", o.PolicyVersion, "law"))
	}
	return disinterested(a, o, "feedback.decide_own")
}

// checkDecision names every bad field of a decision.
func checkDecision(c *DecideCmd) error {
	var bad errs.Fields
	if c.Decision != Release && c.Decision != Reverse {
		bad.Add("decision", "feedback.decision_unknown")
	}
	if strings.TrimSpace(c.Reason) == "" {
		bad.Add("reason", "feedback.reason_missing")
	}
	checkWords(&bad, "reason", c.Reason, longestWords)
	return bad.Err("feedback.decision_invalid")
}

// mayAppeal decides whether a decision can be taken to the level above: once, in time, below the city, and while there is something to
// decide. What was reversed is gone; only two persons can make hours again.
func mayAppeal(c *Complaint, o *order.Order, now time.Time, r policy.Rules) error {
	switch {
	case c.Open:
		return errs.New(errs.Conflict, "feedback.not_decided_yet").By("record.state", "nobody")
	case !c.AppealedAt.IsZero():
		return errs.New(errs.Refused, "feedback.appealed_already").By("record.once", "nobody")
	case o.State == order.Void:
		return errs.New(errs.Conflict, "feedback.reversed_already").By("record.once", "nobody")
	}
	if _, ok := above(c.Level); !ok {
		return errs.New(errs.Refused, "feedback.last_level").Because(r.Why("complaint.answer_within.city"))
	}
	return appealInTime(c, o, now, r)
}

// appealInTime refuses an appeal after its time, which runs from the decision where that is later than what the time of a rating or a complaint
// runs from: nobody can appeal before.
func appealInTime(c *Complaint, o *order.Order, now time.Time, r policy.Rules) error {
	until, runs := closesAt(o, r)
	if decided := c.DecidedAt.Add(r.OrderCloseAfter); runs && decided.After(until) {
		until = decided
	}
	if !runs || now.Before(until) {
		return nil
	}
	return tooLate("feedback.appeal_over", until, r)
}
