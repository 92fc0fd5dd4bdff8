package member_test

import (
	"testing"

	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func TestAHomeIsPutOnTheMapByItsPersonOrItsStation(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, other := c.Recipient(80, c.Home()), c.Person(40, c.Home())
		desk := c.Staff(identity.PointStaff, c.Home())
		middle, _ := c.Tree.Point(c.Home())
		pin := func(by citytest.Person, at region.Point) citytest.Outcome[identity.Nothing] {
			return citytest.Got(c.Members.Pin(t.Context(), []member.PinCmd{{Actor: by.Actor, Key: c.Key(), Person: elder.ID, Point: at}}))
		}
		there := region.Point{LatE6: middle.LatE6 + 1800, LonE6: middle.LonE6 - 2100}
		pin(other, there).Refused(t, "another's home", "identity.not_allowed")
		pin(elder, region.Point{LatE6: 91_000_000}).Refused(t, "nowhere", "member.pin_invalid")
		pin(elder, region.Point{LatE6: middle.LatE6 + 200_000, LonE6: middle.LonE6}).Refused(t, "another district", "member.pin_too_far")
		pin(elder, there).Must(t, "one's own")
		if home, err := c.Members.HomeOf(t.Context(), desk.Actor, elder.ID); err != nil || home.At != there || home.Community != middle || !home.ByHand() {
			t.Errorf("got %+v, %v, want %v by hand", home, err, there)
		}
		if _, err := c.Members.HomeOf(t.Context(), other.Actor, elder.ID); errs.CodeOf(err) != "identity.not_allowed" {
			t.Errorf("another sees where the home is: got %v", err)
		}
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			var told int
			err := tx.QueryRow("SELECT COUNT(*) FROM audit WHERE action = 'member.pin' AND ref = $1 AND before IN ('nowhere', 'somewhere') AND after = 'on the map'", string(elder.ID)).Scan(&told)
			if told != 1 {
				t.Errorf("the trail has %d entries without a place, want 1", told)
			}
			if err != nil {
				return err
			}
			err = tx.QueryRow("SELECT COUNT(*) FROM audit WHERE action = 'member.look' AND ref = $1 AND actor = $2 AND after = 'home'", string(elder.ID), desk.Actor.ID).Scan(&told)
			if told != 1 {
				t.Errorf("the trail has %d looks of the desk, want 1", told)
			}
			return err
		})
		next := region.Point{LatE6: there.LatE6 + 90, LonE6: there.LonE6}
		pin(desk, next).Must(t, "by the station")
		if o := c.Order(c.Place(elder.Actor, elder)); o.Point != next {
			t.Errorf("an order from then on begins at %v, want %v", o.Point, next)
		}
		off, err := c.Members.Consent(t.Context(), []member.ConsentCmd{{Actor: elder.Actor, Key: c.Key(), Person: elder.ID, Purpose: member.PurposeLocation, Withdraw: true}})
		citytest.Must(t, off, err)
		pin(elder, there).Refused(t, "without the consent", "member.pin_invalid")
	})
}

// A relative puts the home of a parent on the map if the parent lets it act and lets relatives see its visits.
func TestARelativePutsAHomeOnTheMap(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder := c.Recipient(80, c.Home())
		kin, acting := c.Relative(elder, false), c.Relative(elder, true)
		middle, _ := c.Tree.Point(c.Home())
		there := region.Point{LatE6: middle.LatE6 + 900, LonE6: middle.LonE6 + 900}
		pin := func(by citytest.Person) citytest.Outcome[identity.Nothing] {
			return citytest.Got(c.Members.Pin(t.Context(), []member.PinCmd{{Actor: by.Actor, Key: c.Key(), Person: elder.ID, Point: there}}))
		}
		c.WithKinSeeing(elder.ID, false, func() { pin(acting).Refused(t, "a relative who may not see", "member.kin_may_not_see") })
		c.WithKinSeeing(elder.ID, true, func() {
			pin(kin).Refused(t, "a relative who may not act", "identity.not_allowed")
			pin(acting).Must(t, "a relative who acts")
			if home, err := c.Members.HomeOf(t.Context(), acting.Actor, elder.ID); err != nil || home.At != there {
				t.Errorf("the relative sees %+v, %v, want %v", home, err, there)
			}
		})
	})
}
