package privacy_test

import (
	"testing"

	"timebank/internal/citytest"
	"timebank/internal/feedback"
	"timebank/internal/member"
	"timebank/internal/pii"
	"timebank/internal/privacy"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// TestRotationSealsEverythingAnew turns the key and then opens everything with the new key alone.
func TestRotationSealsEverythingAnew(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, volunteer := c.KeyElder(c.Home()), c.Volunteer(c.Home())
		moved, err := c.Members.Move(ctx, []member.MoveCmd{{Actor: elder.Actor, Key: c.Key(), Person: elder.ID, Region: c.Home(), Address: "和燕路 100 号",
			From: "2030-01-01"}})
		citytest.Must(t, moved, err)
		id := c.Earn(volunteer, elder, 60)
		rated, err := c.Feedback.Rate(ctx, []feedback.RateCmd{{Actor: elder.Actor, Key: c.Key(), Order: id, Of: volunteer.ID, Stars: 5, Words: "很好"}})
		citytest.Must(t, rated, err)
		for range 205 {
			c.Person(40, c.Home())
		}

		both := c.Keys.Ring
		both.Active, both.Keys = 2, map[byte][32]byte{1: c.Keys.Ring.Keys[1], 2: {9}}
		rotate := func() (int, error) { return service(t, c, both).Rotate(ctx, 2) }
		changed, err := rotate()
		if err != nil || changed != 209 {
			t.Fatalf("got %d rows sealed anew, %v, want 207 people, an address and a rating", changed, err)
		}
		if again, err := rotate(); err != nil || again != 0 {
			t.Errorf("a second time: got %d rows, %v, want none", again, err)
		}

		alone := both
		alone.Keys = map[byte][32]byte{2: {9}}
		box, err := pii.NewBox(alone)
		if err != nil {
			t.Fatal(err)
		}
		members := member.New(c.DB, c.Regions, c.Policies, box, nil)
		words := feedback.New(c.DB, c.Regions, c.Policies, c.Orders, box)
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			own, err := members.PersonalData(tx, elder.ID)
			if err != nil || own.Name != "张测试" || own.Homes[len(own.Homes)-1].Address != "和燕路 100 号" {
				t.Errorf("got %+v, %v", own, err)
			}
			said, err := words.PersonalData(tx, elder.ID)
			if err != nil || len(said.Said) != 1 || said.Said[0].Words != "很好" {
				t.Errorf("got %+v, %v", said, err)
			}
			return nil
		})
		if found, err := members.LookUp(ctx, c.Staff("point_staff", c.Home()).Actor, own(t, members, c, elder.ID), ""); err != nil || len(found) != 1 {
			t.Errorf("the identity number finds %v, %v", found, err)
		}
	})
}

func own(t *testing.T, members *member.Service, c *citytest.City, who member.PersonID) (number string) {
	t.Helper()
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		d, err := members.Open(tx, who)
		number = d.IDNumber.Reveal()
		return err
	})
	return number
}

func service(t *testing.T, c *citytest.City, ring pii.Ring) *privacy.Service {
	t.Helper()
	box, err := pii.NewBox(ring)
	if err != nil {
		t.Fatal(err)
	}
	return privacy.New(c.DB, c.Regions, c.Policies, member.New(c.DB, c.Regions, c.Policies, box, nil), feedback.New(c.DB, c.Regions, c.Policies, c.Orders, box))
}
