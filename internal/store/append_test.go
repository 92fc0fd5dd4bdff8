package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func topics(tx *store.Tx) ([]string, error) {
	events, err := store.WaitingEvents(tx, 20_000)
	all := make([]string, len(events))
	for i, e := range events {
		all[i] = e.Topic
	}
	return all, err
}

func claimed(tx *store.Tx, name string) (bool, error) {
	seen, err := store.Claims(tx, []store.Key{{Actor: "actor", Key: name, Command: "test"}})
	return err == nil && seen[0].Found, err
}

// TestAppendedRowsStandWithTheirWrite lets writes of one transaction add rows, look at them or not, and fail or not: what a write added stands
// if and only if the write does, whoever looked in between.
func TestAppendedRowsStandWithTheirWrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		refusal := errs.New(errs.Refused, "test.refused")
		var want []string
		err := db.Together(t.Context(), func(ctx context.Context) error {
			for i := range 24 {
				look, fails := i%3 == 1, i%4 >= 2
				name := fmt.Sprintf("test.%02d", i)
				err := db.Write(ctx, "test", func(tx *store.Tx) error {
					tx.Outbox(name, "ref", "{}")
					if err := store.Done(tx, []store.Key{{Actor: "actor", Key: name, Command: "test"}}, []string{"done"}); err != nil {
						return err
					}
					if found, err := claimed(tx, name); err != nil || !found {
						t.Errorf("%s: its own key is not found (%v)", name, err)
					}
					if look {
						got, err := topics(tx)
						if diff := cmp.Diff(append(slices.Clone(want), name), got); err != nil || diff != "" {
							t.Errorf("%s sees (- want, + got) %v:\n%s", name, err, diff)
						}
						if _, err := store.ForgetKeys(tx); err != nil {
							return err
						}
					}
					if fails {
						return refusal
					}
					return nil
				})
				switch {
				case fails && !errors.Is(err, refusal):
					t.Errorf("%s: got %v, want the refusal", name, err)
				case !fails && err != nil:
					return err
				case !fails:
					want = append(want, name)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			got, err := topics(tx)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("kept (- want, + got):\n%s", diff)
			}
			for i := range 24 {
				name := fmt.Sprintf("test.%02d", i)
				if found, err := claimed(tx, name); err != nil || found != slices.Contains(want, name) {
					t.Errorf("key %s: found is %v (%v)", name, found, err)
				}
			}
			return err
		})
	})
}

// TestManyAppendedRows goes past what may wait at once.
func TestManyAppendedRows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		err := db.Together(t.Context(), func(ctx context.Context) error {
			for i := range 10 {
				if err := db.Write(ctx, "test", func(tx *store.Tx) error {
					for k := range 1000 {
						tx.Outbox(fmt.Sprint("test.", 1000*i+k), "ref", "{}")
					}
					return nil
				}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			got, err := topics(tx)
			if len(got) != 10_000 || got[0] != "test.0" || got[9999] != "test.9999" {
				t.Errorf("got %d rows, want 10000 in order", len(got))
			}
			return err
		})
	})
}

// TestAnAppendedRowThatIsRefusedFailsItsWriteAlone holds for the neighbours that share its commit.
func TestAnAppendedRowThatIsRefusedFailsItsWriteAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		got := make(chan error, 40)
		for i := range cap(got) {
			go func() {
				topic := "test.good"
				if i%10 == 0 {
					topic = "" // the database refuses it
				}
				err := db.Write(t.Context(), "test", func(tx *store.Tx) error {
					tx.Outbox(topic, "ref", "{}")
					return nil
				})
				if store.Refused(err) != (topic == "") || topic != "" && err != nil {
					t.Errorf("topic %q: got %v", topic, err)
				}
				got <- err
			}()
		}
		for range cap(got) {
			<-got
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			all, err := topics(tx)
			if len(all) != 36 {
				t.Errorf("%d rows were kept, want 36", len(all))
			}
			return err
		})
	})
}

// TestAReadCannotAppend holds on both engines.
func TestAReadCannotAppend(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		err := db.Read(t.Context(), "test", func(tx *store.Tx) error {
			tx.Outbox("test.read", "ref", "{}")
			return nil
		})
		if err == nil {
			t.Error("a read added a row")
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			all, err := topics(tx)
			if len(all) != 0 {
				t.Errorf("a read left %v", all)
			}
			return err
		})
	})
}
