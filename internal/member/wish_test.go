package member_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"timebank/internal/audit"
	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func TestQuietHoursGoOverMidnight(t *testing.T) {
	at := func(h int) time.Time { return clock.Day("2020-10-17").Start().Add(time.Duration(h) * time.Hour) }
	night, noon := member.Quiet{From: 21, Until: 7}, member.Quiet{From: 12, Until: 14}
	for _, c := range []struct {
		quiet  member.Quiet
		hour   int
		covers bool
		ends   int
	}{
		{night, 20, false, 20}, {night, 21, true, 31}, {night, 0, true, 7}, {night, 6, true, 7}, {night, 7, false, 7},
		{noon, 11, false, 11}, {noon, 12, true, 14}, {noon, 14, false, 14}, {member.Quiet{}, 3, false, 3}, {member.Quiet{From: 5, Until: 5}, 5, false, 5},
	} {
		if got := c.quiet.Covers(at(c.hour)); got != c.covers {
			t.Errorf("%v at %d: covers %v, want %v", c.quiet, c.hour, got, c.covers)
		}
		if got := c.quiet.Ends(at(c.hour)); !got.Equal(at(c.ends)) {
			t.Errorf("%v at %d: ends %s, want %s", c.quiet, c.hour, got, at(c.ends))
		}
	}
}

func TestAWishIsThePersonsOwn(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		mine, other := c.Person(30, c.Home()), c.Person(30, c.Home())
		wish := func(by citytest.Person, w member.Wish) citytest.Outcome[identity.Nothing] {
			return citytest.Got(c.Members.Wishes(t.Context(), []member.WishCmd{{Actor: by.Actor, Key: c.Key(), Person: mine.ID, Wish: w}}))
		}
		want := member.Wish{Quiet: member.Quiet{From: 22, Until: 6}, OverCap: policy.SurplusHonour}
		wish(mine, member.Wish{Quiet: member.Quiet{From: 1, Until: 2}}).Must(t, "wish")
		wish(mine, want).Must(t, "wish something else")
		wish(other, member.Wish{}).Refused(t, "the wish of another", "identity.not_allowed")
		wish(mine, member.Wish{Quiet: member.Quiet{From: 24, Until: -1}, OverCap: "spend"}).Refused(t, "strange hours", "member.wish_invalid")
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			all, err := member.WishesOf(tx, []member.PersonID{mine.ID, other.ID})
			if len(all) != 1 || all[mine.ID] != want {
				t.Errorf("got %+v, want %+v alone", all, want)
			}
			if err != nil {
				return err
			}
			trail, err := audit.Of(tx, string(mine.ID))
			var wishes []string
			for _, e := range trail {
				if e.Action == "member.wish" {
					wishes = append(wishes, e.Before+" → "+e.After)
				}
			}
			if diff := cmp.Diff([]string{"quiet none, over cap  → quiet 01:00-02:00, over cap ", "quiet 01:00-02:00, over cap  → quiet 22:00-06:00, over cap " + string(policy.SurplusHonour)}, wishes); diff != "" {
				t.Errorf("the trail (- want, + got):\n%s", diff)
			}
			return err
		})
	})
}
