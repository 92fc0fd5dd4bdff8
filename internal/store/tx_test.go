package store_test

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"testing"

	"timebank/internal/clock"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func TestManyRowsOfAnyLength(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		for _, n := range []int{0, 1, 2, 3, 127, 128, 129, 700} {
			storetest.Write(t, db, func(tx *store.Tx) error {
				if _, err := tx.Exec("DELETE FROM setting"); err != nil {
					return err
				}
				var args []any
				var names []string
				for i := range n {
					names = append(names, fmt.Sprintf("k%03d", i))
					args = append(args, names[i], "old")
				}
				k, err := tx.Insert("INSERT INTO setting (name, value)", 2, args, "")
				if err != nil || k != int64(n) {
					return fmt.Errorf("inserted %d of %d: %w", k, n, err)
				}
				for i := range n {
					args[2*i+1] = fmt.Sprint(i)
				}
				k, err = tx.With("WITH v (name, value) AS (VALUES ", []string{"TEXT", "TEXT"}, args,
					") UPDATE setting SET value = v.value FROM v WHERE setting.name = v.name")
				if err != nil || k != int64(n) {
					return fmt.Errorf("updated %d of %d: %w", k, n, err)
				}
				got, err := store.In(tx, "SELECT value FROM setting WHERE name IN (", names, ") ORDER BY name",
					func(r *store.Rows) (v string, err error) { return v, r.Scan(&v) })
				if len(got) != n {
					return fmt.Errorf("found %d of %d: %w", len(got), n, err)
				}
				for i, v := range got {
					if v != fmt.Sprint(i) {
						t.Errorf("row %d of %d is %q", i, n, v)
					}
				}
				return err
			})
		}
	})
}

func TestWhatNobodyWaitsForIsDoneInOrderAndToldInTheEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		storetest.Write(t, db, func(tx *store.Tx) error {
			for _, text := range []string{"INSERT INTO setting (name, value) VALUES ('a', '1')", "UPDATE setting SET value = '2' WHERE name = 'a'"} {
				if _, err := tx.Later().Exec(text); err != nil {
					return err
				}
			}
			var v string
			if err := tx.QueryRow("SELECT value FROM setting WHERE name = 'a'").Scan(&v); err != nil || v != "2" {
				return fmt.Errorf("the next statement sees %q: %w", v, err)
			}
			return nil
		})
		err := db.Write(t.Context(), "test", func(tx *store.Tx) error {
			if _, err := tx.Exec("INSERT INTO setting (name, value) VALUES ('b', '1')"); err != nil {
				return err
			}
			_, err := tx.Later().Exec("INSERT INTO setting (name, value) VALUES ('a', '3')")
			return err
		})
		if !store.Duplicate(err, "setting") {
			t.Errorf("a name that is there: got %v", err)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			names, err := store.All(tx, func(r *store.Rows) (s string, err error) { return s, r.Scan(&s) }, "SELECT name FROM setting WHERE name IN ('a', 'b')")
			if len(names) != 1 {
				t.Errorf("there are %q; want a alone", names)
			}
			return err
		})
	})
}

func TestAQuestionForLaterIsAnsweredWithTheNextThatIsWaitedFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		names := []string{"a", "b", "c"}
		storetest.Write(t, db, func(tx *store.Tx) error {
			_, err := tx.Insert("INSERT INTO setting (name, value)", 2, []any{"a", "1", "b", "2"}, "")
			return err
		})
		// ask adds what it is told to a list.
		ask := func(tx *store.Tx, told *[]string) error {
			return store.EachIn(tx.Later(), "SELECT name, value FROM setting WHERE name IN (", names, ") ORDER BY name", func(r *store.Rows) error {
				var name, value string
				err := r.Scan(&name, &value)
				*told = append(*told, name+value)
				return err
			})
		}
		storetest.Write(t, db, func(tx *store.Tx) error {
			var first, second, third []string
			if err := ask(tx, &first); err != nil {
				return err
			}
			if _, err := tx.Later().Exec("UPDATE setting SET value = '3' WHERE name = 'b'"); err != nil {
				return err
			}
			if err := ask(tx, &second); err != nil {
				return err
			}
			var n int
			if err := tx.QueryRow("SELECT COUNT(1) FROM setting WHERE value = '3'").Scan(&n); err != nil || n != 1 {
				t.Errorf("the question that is waited for: %d, %v", n, err)
			}
			if !slices.Equal(first, []string{"a1", "b2"}) || !slices.Equal(second, []string{"a1", "b3"}) {
				t.Errorf("asked before and after a change: %q, %q", first, second)
			}
			if err := ask(tx, &third); err != nil {
				return err
			}
			if err := tx.Await(); err != nil || !slices.Equal(third, second) {
				t.Errorf("waited for by itself: %q, %v", third, err)
			}
			return tx.Await()
		})
		// Whoever takes the rows may refuse one: the transaction is told, and the connection serves the next.
		unreadable := errors.New("unreadable")
		for range 20 {
			err := db.Write(t.Context(), "test", func(tx *store.Tx) error {
				refuse := func(*store.Rows) error { return unreadable }
				if err := store.EachIn(tx.Later(), "SELECT name FROM setting WHERE name IN (", names, ")", refuse); err != nil {
					return err
				}
				_, err := tx.Exec("DELETE FROM setting WHERE name = 'a'")
				return err
			})
			if !errors.Is(err, unreadable) {
				t.Errorf("rows that nobody can read: %v", err)
			}
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			var told []string
			if err := ask(tx, &told); err != nil {
				return err
			}
			if err := tx.Await(); err != nil || !slices.Equal(told, []string{"a1", "b3"}) {
				t.Errorf("in the end: %q, %v", told, err)
			}
			return nil
		})
	})
}

// guarded refuses to be stored, and prints something.
type guarded struct{}

var errGuarded = errors.New("guarded")

func (guarded) String() string { return "1*****7" }

func (guarded) Value() (driver.Value, error) { return nil, errGuarded }

// A value that refuses to be stored is not stored as it is printed either.
func TestAValueThatRefusesToBeStoredIsNot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		for name, do := range map[string]func(tx *store.Tx) error{
			"a statement": func(tx *store.Tx) error {
				_, err := tx.Exec("INSERT INTO setting (name, value) VALUES ('a', $1)", guarded{})
				return err
			},
			"one for later": func(tx *store.Tx) error {
				_, err := tx.Later().Exec("INSERT INTO setting (name, value) VALUES ('a', $1)", guarded{})
				return err
			},
			"a question": func(tx *store.Tx) error {
				return tx.QueryRow("SELECT value FROM setting WHERE name = $1", guarded{}).Scan(new(string))
			},
		} {
			if err := db.Write(t.Context(), "test", do); !errors.Is(err, errGuarded) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got := settings(t, db); len(got) != 0 {
			t.Errorf("stored: %v", got)
		}
	})
}

// Yes and no are whole numbers in both databases.
func TestFlagsAreReadAsYesAndNo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		storetest.Read(t, db, func(tx *store.Tx) error {
			var yes, no, truth bool
			if err := tx.QueryRow("SELECT CAST(1 AS BIGINT), CAST(0 AS BIGINT), 1 = 1").Scan(&yes, &no, &truth); err != nil || !yes || no || !truth {
				t.Errorf("got %v, %v, %v, %v", yes, no, truth, err)
			}
			if err := tx.QueryRow("SELECT CAST(NULL AS BIGINT)").Scan(&no); err == nil {
				t.Error("NULL is read as yes or no")
			}
			return nil
		})
	})
}

type (
	word  string
	count int
)

// TestValuesComeBackAsWhatTheyAre holds both drivers to what database/sql made of values.
func TestValuesComeBackAsWhatTheyAre(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		storetest.Read(t, db, func(tx *store.Tx) error {
			seven := int64(7)
			const typed = "SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS TEXT)"
			var a, c string
			var b int64
			var w word
			var n count
			var some, none *int64
			if err := tx.QueryRow(typed, "x", 5, word("y"), &seven, (*int64)(nil), "").Scan(&a, &b, &w, &some, &none, &c); err != nil ||
				a != "x" || b != 5 || w != "y" || some == nil || *some != 7 || none != nil || c != "" {
				t.Errorf("read %q, %d, %q, %v, %v, %q (%v)", a, b, w, some, none, c, err)
			}
			if err := tx.QueryRow("SELECT CAST($2 AS TEXT), CAST($1 AS BIGINT), CAST($2 AS TEXT)", count(9), "z").Scan(&a, &n, &c); err != nil || a != "z" || n != 9 || c != "z" {
				t.Errorf("in another order and twice: %q, %d, %q (%v)", a, n, c, err)
			}
			return nil
		})
		read := func(into any, text string, args ...any) func(tx *store.Tx) error {
			return func(tx *store.Tx) error { return tx.QueryRow(text, args...).Scan(into) }
		}
		for name, wrong := range map[string]func(tx *store.Tx) error{
			"nothing as text":           read(new(string), "SELECT CAST(NULL AS TEXT)"),
			"nothing as a number":       read(new(int64), "SELECT CAST(NULL AS BIGINT)"),
			"text as a number":          read(new(int64), "SELECT CAST('one' AS TEXT)"),
			"text as a count":           read(new(count), "SELECT CAST('one' AS TEXT)"),
			"two columns as one":        read(new(int64), "SELECT 1, 2"),
			"a parameter left out":      read(new(string), "SELECT CAST($1 AS TEXT) || CAST($2 AS TEXT)", "x"),
			"a parameter that is not":   read(new(string), "SELECT CAST($1 AS TEXT)", "x", "y"),
			"a time, which is no row's": read(new(int64), "SELECT CAST($1 AS BIGINT)", storetest.Epoch),
		} {
			if err := db.Read(t.Context(), "test", wrong); err == nil {
				t.Errorf("%s is no error", name)
			}
		}
	})
}

// TestAQuestionIsNotAskedAgainBeforeItIsRead keeps one question from taking the rows of another: a statement is prepared once for its text.
func TestAQuestionIsNotAskedAgainBeforeItIsRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		err := db.Read(t.Context(), "test", func(tx *store.Tx) error {
			const text = "SELECT CAST($1 AS TEXT)"
			first, err := tx.Query(text, "first")
			if err != nil {
				return err
			}
			second, err := tx.Query(text, "second")
			if err == nil {
				err = second.Close()
			}
			return errors.Join(err, first.Close())
		})
		if err == nil {
			t.Error("it was asked again")
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			var got string
			if err := tx.QueryRow("SELECT CAST($1 AS TEXT)", "third").Scan(&got); err != nil || got != "third" {
				t.Errorf("the next that asks reads %q (%v)", got, err)
			}
			return nil
		})
	})
}

// TestBytesComeBackWhole tells nothing from no bytes.
func TestBytesComeBackWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		bytes := map[store.Engine]string{store.SQLite: "BLOB", store.Postgres: "BYTEA"}[db.Engine()]
		storetest.Read(t, db, func(tx *store.Tx) error {
			for _, want := range [][]byte{nil, {}, {0}, []byte("a\x00b")} {
				var got []byte
				if err := tx.QueryRow("SELECT CAST($1 AS "+bytes+")", want).Scan(&got); err != nil || string(got) != string(want) || (got == nil) != (want == nil) {
					t.Errorf("%v came back as %v (%v)", want, got, err)
				}
			}
			if db.Engine() == store.SQLite {
				var raw store.RawBytes
				for _, want := range [][]byte{nil, {}, []byte("longer"), {1}, nil} {
					if err := tx.QueryRow("SELECT CAST($1 AS BLOB)", want).Scan(&raw); err != nil || string(raw) != string(want) || (raw == nil) != (want == nil) {
						t.Errorf("%v came back as %v (%v)", want, raw, err)
					}
				}
			}
			return nil
		})
	})
}

func TestViolationsSpeakOneLanguage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		insert := func(tx *store.Tx) error {
			_, err := tx.Exec("INSERT INTO setting (name, value) VALUES ('a', '1')")
			return err
		}
		storetest.Write(t, db, insert)
		err := db.Write(t.Context(), "test", insert)
		if !store.Duplicate(err, "setting") || store.Duplicate(err, "audit") {
			t.Errorf("a second row with the same key: %v", err)
		}
		err = db.Write(t.Context(), "test", func(tx *store.Tx) error {
			_, err := tx.Exec("INSERT INTO outbox (topic, ref, payload, recorded_at) VALUES ('', '', '', 0)")
			return err
		})
		if !store.Refused(err) || store.Duplicate(err, "outbox") {
			t.Errorf("a row that breaks a check: %v", err)
		}
	})
}
