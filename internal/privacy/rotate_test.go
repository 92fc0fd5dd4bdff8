package privacy_test

import (
	"bytes"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/feedback"
	"timebank/internal/member"
	"timebank/internal/pii"
	"timebank/internal/privacy"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// box prepares the database's data keys for a ring and holds them.
func box(t *testing.T, c *citytest.City, ring pii.Ring) *pii.Box {
	t.Helper()
	b, err := pii.NewBox(ring)
	if err != nil {
		t.Fatal(err)
	}
	storetest.Write(t, c.DB, func(tx *store.Tx) error { return privacy.PrepareDataKeys(tx, b) })
	storetest.Read(t, c.DB, func(tx *store.Tx) error { return privacy.HoldDataKeys(tx, b) })
	return b
}

func dataKeys(t *testing.T, c *citytest.City) (keys []privacy.DataKey) {
	t.Helper()
	storetest.Read(t, c.DB, func(tx *store.Tx) (err error) {
		keys, err = privacy.DataKeys(tx)
		return err
	})
	return keys
}

// TestRotationSealsEverythingAnew draws another data key and then opens everything with it alone. What the ring itself sealed, as fields were before
// there were data keys, goes with it.
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
		storetest.Write(t, c.DB, func(tx *store.Tx) error {
			_, err := tx.Exec("UPDATE person SET name = $1 WHERE id = $2", sealedByTheRing(t, c.Keys.Ring, "person.name", "张测试"), string(elder.ID))
			return err
		})

		b := box(t, c, c.Keys.Ring)
		rotate := func(want int) {
			t.Helper()
			if changed, err := service(c, b).Rotate(ctx, b.Active()); err != nil || changed != want {
				t.Errorf("under the data key %d: got %d rows sealed anew, %v, want %d", b.Active(), changed, err, want)
			}
		}
		rotate(1) // what the ring had sealed
		storetest.Write(t, c.DB, func(tx *store.Tx) error {
			_, err := privacy.RenewDataKey(tx, b)
			return err
		})
		b = box(t, c, c.Keys.Ring)
		rotate(0) // the new key seals nothing before every process knows it
		c.Clock.Advance(privacy.Lead)
		b = box(t, c, c.Keys.Ring)
		rotate(209) // 207 people, an address and a rating
		rotate(0)

		alone, err := pii.NewBox(c.Keys.Ring)
		if err == nil {
			err = alone.Hold(2, []pii.DataKey{dataKeys(t, c)[1].DataKey})
		}
		if err != nil {
			t.Fatal(err)
		}
		opens(t, c, alone, elder)
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			entries, err := audit.Of(tx, "2")
			if err != nil || len(entries) != 1 || entries[0].Action != "privacy.renew_key" || entries[0].Before != "data key 1" || entries[0].After != "data key 2" {
				t.Errorf("the trail says %+v, %v", entries, err)
			}
			return nil
		})
	})
}

// sealedByTheRing seals as fields were sealed before there were data keys: under a key of the ring, whose id is the first byte.
func sealedByTheRing(t *testing.T, ring pii.Ring, kind, text string) []byte {
	t.Helper()
	key := ring.Keys[ring.Active]
	aead, err := pii.International.AEAD(pii.International.MAC(key[:], []byte("timebank/pii field"))[:32])
	if err != nil {
		t.Fatal(err)
	}
	nonce := []byte("twelve bytes")
	return aead.Seal(append([]byte{ring.Active}, nonce...), nonce, []byte(text), []byte(kind))
}

// opens opens what is sealed about the person of TestRotationSealsEverythingAnew.
func opens(t *testing.T, c *citytest.City, box *pii.Box, elder citytest.Person) {
	t.Helper()
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
	if found, err := members.LookUp(t.Context(), c.Staff("point_staff", c.Home()).Actor, own(t, members, c, elder.ID), ""); err != nil || len(found) != 1 {
		t.Errorf("the identity number finds %v, %v", found, err)
	}
}

// TestTurningTheRingWrapsKeysAndTouchesNoField turns the ring: the data key is wrapped anew, which is an entry, and what it sealed opens with the
// ring's new key alone. Without any of the keys that wrapped it nothing opens.
func TestTurningTheRingWrapsKeysAndTouchesNoField(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder := c.KeyElder(c.Home())
		before := dataKeys(t, c)
		sealed := func() (name []byte) {
			storetest.Read(t, c.DB, func(tx *store.Tx) error {
				return tx.QueryRow("SELECT name FROM person WHERE id = $1", string(elder.ID)).Scan(&name)
			})
			return name
		}
		was := sealed()

		turned := c.Keys.Ring
		turned.Active, turned.Keys = 2, map[byte][32]byte{1: c.Keys.Ring.Keys[1], 2: {9}}
		box(t, c, turned)
		after := dataKeys(t, c)
		if len(before) != 1 || before[0].Under != 1 || len(after) != 1 || after[0].Under != 2 || bytes.Equal(after[0].Wrapped, before[0].Wrapped) {
			t.Fatalf("the data keys were %+v and are %+v", before, after)
		}
		if !bytes.Equal(sealed(), was) {
			t.Error("a field was touched")
		}
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			entries, err := audit.Of(tx, "1")
			if err != nil || len(entries) != 1 || entries[0].Action != "privacy.rewrap_key" || entries[0].Before != "ring key 1" || entries[0].After != "ring key 2" {
				t.Errorf("the trail says %+v, %v", entries, err)
			}
			return nil
		})

		turned.Keys = map[byte][32]byte{2: {9}}
		members := member.New(c.DB, c.Regions, c.Policies, box(t, c, turned), nil)
		if number := own(t, members, c, elder.ID); len(number) != 18 {
			t.Errorf("with the new key alone the number is %q", number)
		}
		lost, err := pii.NewBox(c.Keys.Ring)
		if err != nil {
			t.Fatal(err)
		}
		err = c.DB.Write(t.Context(), "test", func(tx *store.Tx) error { return privacy.PrepareDataKeys(tx, lost) })
		if errs.CodeOf(err) != "pii.key_unknown" {
			t.Errorf("with the old key alone: got %v, want pii.key_unknown", err)
		}
		for _, change := range []string{"DELETE FROM data_key", "UPDATE data_key SET id = 5", "UPDATE data_key SET seals_from = 0"} {
			if err := c.DB.Write(t.Context(), "test", func(tx *store.Tx) error {
				_, err := tx.Exec(change)
				return err
			}); err == nil {
				t.Errorf("the database takes %s", change)
			}
		}
	})
}

// TestAnOldDataKeyIsRenewed draws another one when the newest has the age of the settings.
func TestAnOldDataKeyIsRenewed(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		b := box(t, c, c.Keys.Ring)
		for _, step := range []struct {
			wait time.Duration
			drew bool
		}{{23 * time.Hour, false}, {time.Hour, true}, {time.Hour, false}, {23 * time.Hour, true}} {
			c.Clock.Advance(step.wait)
			storetest.Write(t, c.DB, func(tx *store.Tx) error {
				drew, err := privacy.RenewOldDataKey(tx, b, 24*time.Hour)
				if drew != step.drew {
					t.Errorf("%s later: drew %v, want %v", step.wait, drew, step.drew)
				}
				return err
			})
		}
		if keys := dataKeys(t, c); len(keys) != 3 || keys[2].ID != 3 {
			t.Errorf("the data keys are %+v", keys)
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

func service(c *citytest.City, box *pii.Box) *privacy.Service {
	return privacy.New(c.DB, c.Regions, c.Policies, member.New(c.DB, c.Regions, c.Policies, box, nil), feedback.New(c.DB, c.Regions, c.Policies, c.Orders, box))
}
