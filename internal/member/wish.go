package member

import (
	"context"
	"time"

	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/policy"
	"timebank/internal/store"
)

// Quiet are the hours of the day in which a person is left alone: no message is sent and no order offered. Whole hours of the city's clock;
// they may go over midnight, and equal hours are none.
type Quiet struct{ From, Until int }

// Night are the quiet hours of who has never said any: whoever wants none says so (default, ours).
var Night = Quiet{From: 21, Until: 8}

// IsZero reports whether there are no quiet hours.
func (q Quiet) IsZero() bool { return q.From == q.Until }

// Covers reports whether a moment lies in the quiet hours.
func (q Quiet) Covers(at time.Time) bool {
	h := at.In(clock.Zone).Hour()
	if q.From <= q.Until {
		return q.From <= h && h < q.Until
	}
	return h >= q.From || h < q.Until
}

// Ends is the first moment from at on that is not quiet.
func (q Quiet) Ends(at time.Time) time.Time {
	if !q.Covers(at) {
		return at
	}
	end := clock.DayOf(at).Start().Add(time.Duration(q.Until) * time.Hour)
	if !end.After(at) {
		end = clock.DayOf(at).Add(1).Start().Add(time.Duration(q.Until) * time.Hour)
	}
	return end
}

// Wish is what a person asks of the bank besides service. The zero value is that of somebody who never asked.
type Wish struct {
	Quiet Quiet
	// OverCap is what becomes of hours above the cap; "" leaves it to the rules.
	OverCap policy.Surplus
}

// WishCmd says what a person wishes from now on.
type WishCmd struct {
	Actor  identity.Actor
	Key    string
	Person PersonID
	Wish   Wish
}

// Wishes keeps what people wish; a later command replaces an earlier one. Errors of a command: member.wish_invalid with all bad fields,
// member.person_unknown, member.person_not_active, identity.not_allowed.
func (s *Service) Wishes(ctx context.Context, cmds []WishCmd) ([]identity.Result[identity.Nothing], error) {
	return s.wishes.Perform(ctx, s.db, cmds)
}

func (s *Service) wishCalls() {
	s.wishes = nothing("member.wish", func(c *WishCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Int(int64(c.Wish.Quiet.From)).Int(int64(c.Wish.Quiet.Until)).Str(string(c.Wish.OverCap))
		return c.Actor, c.Key
	}, s.runWishes)
}

func (s *Service) runWishes(tx *store.Tx, cmds []*WishCmd, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.ruled(tx)
	if err != nil {
		return err
	}
	people, err := lockPersons(tx, idsOf(cmds, func(c *WishCmd) []PersonID { return []PersonID{c.Person} }))
	if err != nil {
		return err
	}
	wished, err := WishesOf(tx, unique(idsOf(cmds, func(c *WishCmd) []PersonID { return []PersonID{c.Person} })))
	if err != nil {
		return err
	}
	for i, c := range cmds {
		p, err := sc.whom(people, c.Actor, identity.MemberCorrect, c.Person, identity.MemberCorrectFor)
		if err == nil {
			var rules policy.Rules
			if rules, err = sc.at(p.Region); err == nil {
				err = c.Wish.check(rules)
			}
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		if err := putWish(tx, p.ID, c.Wish); err != nil {
			return err
		}
		sc.note(c.Actor, "member.wish", "person", string(p.ID), p, wished[p.ID].text(), c.Wish.text())
		wished[p.ID] = c.Wish
	}
	return sc.done()
}

// check names every bad field.
func (w Wish) check(r policy.Rules) error {
	var bad errs.Fields
	for _, h := range []struct {
		field string
		hour  int
	}{{"quiet_from", w.Quiet.From}, {"quiet_until", w.Quiet.Until}} {
		if h.hour < 0 || h.hour > 23 {
			bad.Add(h.field, "member.hour_out_of_range")
		}
	}
	if w.OverCap != "" && !r.AccountOverCap.Has(w.OverCap) {
		bad.Add("over_cap", "member.over_cap_not_offered")
	}
	return bad.Err("member.wish_invalid")
}

// text is the wish as it stands in the trail.
func (w Wish) text() string {
	quiet := "none"
	if !w.Quiet.IsZero() {
		quiet = hourText(w.Quiet.From) + "-" + hourText(w.Quiet.Until)
	}
	return "quiet " + quiet + ", over cap " + string(w.OverCap)
}

func hourText(h int) string { return time.Date(2000, 1, 1, h, 0, 0, 0, time.UTC).Format("15:04") }
