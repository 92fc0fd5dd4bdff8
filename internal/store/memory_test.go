package store_test

import (
	"context"
	"testing"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// What the writes of one transaction know of rows lasts as long as nobody alters them behind the back of whoever knows them.
func TestATransactionKnowsRowsUntilTheyChange(t *testing.T) {
	db, _ := storetest.New(t, store.SQLite)
	known := func(tx *store.Tx) *store.Memory[string, int] { return store.Known[string, int](tx, "setting", "timer") }
	storetest.Write(t, db, func(tx *store.Tx) error {
		if _, ok := known(tx).Get("row"); ok {
			t.Error("a row is known before anybody said what it is")
		}
		known(tx).Put("row", 1)
		return nil
	})
	storetest.Write(t, db, func(tx *store.Tx) error {
		if _, ok := known(tx).Get("row"); ok {
			t.Error("a row is known after its transaction")
		}
		return nil
	})
	refusal := errs.New(errs.Refused, "test.refused")
	for _, test := range []struct {
		name, text string
		answers    bool
		fails      bool
		want       bool
	}{
		{name: "a look", text: "SELECT name FROM setting", want: true},
		{name: "a new row", text: "INSERT INTO setting (name, value) VALUES ('a', 'b')", want: true},
		{name: "a row of another table", text: "DELETE FROM outbox WHERE seq = 1", want: true},
		{name: "a change", text: "UPDATE setting SET value = value"},
		{name: "a change out of a list", text: "WITH v (n) AS (VALUES (1)) UPDATE setting SET value = value FROM v WHERE v.n = 2"},
		{name: "a row that is gone", text: "DELETE FROM setting WHERE name = 'none'"},
		{name: "a row that may be there", text: "INSERT INTO setting (name, value) VALUES ('c', 'd') ON CONFLICT (name)\n DO UPDATE SET value = excluded.value"},
		{name: "a part that is new", text: "INSERT INTO timer (kind, ref, due, arg) VALUES ('k', 'r', 1, '')"},
		{name: "a change by who answers for it", text: "UPDATE setting SET value = value", answers: true, want: true},
		{name: "a part by who answers for it", text: "UPDATE timer SET arg = arg", answers: true, want: true},
		{name: "a write taken back", text: "SELECT name FROM setting", fails: true},
	} {
		err := db.Together(t.Context(), func(ctx context.Context) error {
			if err := db.Write(ctx, "test", func(tx *store.Tx) error { known(tx).Put("row", 1); return nil }); err != nil {
				return err
			}
			err := db.Write(ctx, "test", func(tx *store.Tx) error {
				if test.answers {
					tx = tx.Answering("setting", "timer")
				}
				if _, err := tx.Exec(test.text); err != nil {
					return err
				}
				if test.fails {
					return refusal
				}
				return nil
			})
			if err != nil && !test.fails {
				return err
			}
			return db.Read(ctx, "test", func(tx *store.Tx) error {
				if _, ok := known(tx).Get("row"); ok != test.want {
					t.Errorf("%s: known afterwards is %t, want %t", test.name, ok, test.want)
				}
				return nil
			})
		})
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
	}
}

// Of many rows those stay known that are asked for.
func TestWhatIsAskedForStaysKnown(t *testing.T) {
	db, _ := storetest.New(t, store.SQLite)
	storetest.Write(t, db, func(tx *store.Tx) error {
		known := store.Known[int, int](tx, "setting")
		for i := range 50_000 {
			known.Put(i, i)
			if v, ok := known.Get(0); !ok || v != 0 {
				t.Fatalf("after %d rows the first is lost", i)
			}
		}
		if _, ok := known.Get(1); ok {
			t.Error("a row that nobody asked for is still there after 50,000 others")
		}
		return nil
	})
}

// Where others write beside, nothing is taken for known; the newest row of a table is asked for each time.
func TestTheNewestRowIsAskedForOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		asked := 0
		err := db.Together(t.Context(), func(ctx context.Context) error {
			for range 3 {
				if err := db.Write(ctx, "test", func(tx *store.Tx) error {
					_, err := store.Newest(tx, "setting", func() (int, error) { asked++; return 1, nil })
					return err
				}); err != nil {
					return err
				}
			}
			return nil
		})
		if want := map[store.Engine]int{store.SQLite: 1, store.Postgres: 3}[db.Engine()]; err != nil || asked != want {
			t.Errorf("asked %d times (%v), want %d", asked, err, want)
		}
	})
}
