package member_test

import (
	"testing"

	"timebank/internal/citytest"
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
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			at, community, own, err := c.Members.HomeOf(tx, c.Tree, desk.Actor, elder.ID)
			if err != nil || at != there || community != middle || !own {
				t.Errorf("got %v of %v (%t), %v, want %v", at, community, own, err, there)
			}
			if _, _, _, err := c.Members.HomeOf(tx, c.Tree, other.Actor, elder.ID); err == nil {
				t.Error("another sees where the home is")
			}
			var told int
			err = tx.QueryRow("SELECT COUNT(*) FROM audit WHERE action = 'member.pin' AND ref = $1 AND before = '' AND after = ''", string(elder.ID)).Scan(&told)
			if told != 1 {
				t.Errorf("the trail has %d entries without a place, want 1", told)
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
