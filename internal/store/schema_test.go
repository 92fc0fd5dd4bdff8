package store_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"timebank/internal/clock"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// column is what both engines must agree on: the types of SQLite and PostgreSQL are mapped to one word.
type column struct {
	Table, Name, Type string
	Null              bool
}

func columns(t *testing.T, engine store.Engine, query string) []column {
	t.Helper()
	db, _ := storetest.New(t, engine)
	var all []column
	storetest.Read(t, db, func(tx *store.Tx) (err error) {
		all, err = store.All(tx, func(r *store.Rows) (c column, err error) {
			var null int64
			err = r.Scan(&c.Table, &c.Name, &c.Type, &null)
			c.Null = null != 0
			switch strings.ToUpper(c.Type) {
			case "BIGINT", "INTEGER":
				c.Type = "integer"
			case "BYTEA", "BLOB":
				c.Type = "bytes"
			case "TEXT":
				c.Type = "text"
			}
			return c, err
		}, query)
		return err
	})
	all = slices.DeleteFunc(all, func(c column) bool {
		return strings.HasPrefix(c.Table, "goose_") || strings.HasPrefix(c.Table, "sqlite_")
	})
	slices.SortFunc(all, func(a, b column) int { return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Name, b.Name)) })
	return all
}

func TestBothEnginesHaveOneSchema(t *testing.T) {
	lite := columns(t, store.SQLite, `SELECT m.name, c.name, c.type, CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN 0 ELSE 1 END
 FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`)
	pg := columns(t, store.Postgres, `SELECT table_name::text, column_name::text, data_type::text, CASE WHEN is_nullable = 'YES' THEN 1 ELSE 0 END
 FROM information_schema.columns WHERE table_schema = 'public'`)
	if len(lite) < 20 {
		t.Fatalf("only %d columns: the query finds nothing", len(lite))
	}
	if diff := gocmp.Diff(lite, pg); diff != "" {
		t.Errorf("the schemas differ (- SQLite, + PostgreSQL):\n%s", diff)
	}
}

func indexes(t *testing.T, engine store.Engine, query string) []string {
	t.Helper()
	db, _ := storetest.New(t, engine)
	var all []string
	storetest.Read(t, db, func(tx *store.Tx) (err error) {
		all, err = store.All(tx, func(r *store.Rows) (s string, err error) { return s, r.Scan(&s) }, query)
		return err
	})
	return all
}

func TestBothEnginesHaveTheSameNamedIndexes(t *testing.T) {
	lite := indexes(t, store.SQLite, "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name")
	pg := indexes(t, store.Postgres, `SELECT i.relname::text FROM pg_class i JOIN pg_index x ON x.indexrelid = i.oid JOIN pg_namespace n ON n.oid = i.relnamespace
 WHERE n.nspname = 'public' AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.oid) AND i.relname NOT LIKE 'goose%' ORDER BY i.relname COLLATE "C"`)
	if diff := gocmp.Diff(lite, pg); diff != "" {
		t.Errorf("the indexes differ (- SQLite, + PostgreSQL):\n%s", diff)
	}
}

// TestSQLiteKeepsWhatItsConnectionAsksFor holds what a database takes from its first day and can never take later.
func TestSQLiteKeepsWhatItsConnectionAsksFor(t *testing.T) {
	db, _ := storetest.New(t, store.SQLite)
	storetest.Read(t, db, func(tx *store.Tx) error {
		for name, want := range map[string]string{"page_size": "8192", "journal_mode": "wal"} {
			var got any
			if err := tx.QueryRow("PRAGMA " + name).Scan(&got); err != nil || fmt.Sprint(got) != want {
				t.Errorf("%s is %v (%v), want %s", name, got, err, want)
			}
		}
		return nil
	})
}

// TestOrdersAndVisitsHoldNothingElse gives columns whose values are listed, or bounded, values that are not: by CHECKs in one database, by domains in the other.
func TestOrdersAndVisitsHoldNothingElse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		storetest.Write(t, db, func(tx *store.Tx) error {
			for _, text := range []string{
				`INSERT INTO service_order (id, state, since, phase, item, item_version, recipient, placed_by, placed_as, payer, region, class, urgency, start_at,
 minutes, volunteers, lat_e6, lon_e6, check_code, funding, policy_version, submitted_at, level, level_since, waits_for)
 VALUES ('o', 'submitted', 0, 1, 'meal', 1, 'r', 'r', 'self', 'r', 'g', 'c', 'everyday', 0, 30, 1, 0, 0, '', '', '1', 0, 'community', 0, 'review')`,
				`INSERT INTO assignment (id, order_id, volunteer, team, how, state, recipient, region, start_at, end_at)
 VALUES ('a', 'o', 'v', '', 'claimed', 'accepted', 'r', 'g', 0, 1)`,
			} {
				if n, err := tx.Exec(text); n != 1 || err != nil {
					return fmt.Errorf("%s: %d rows: %w", text, n, err)
				}
			}
			return nil
		})
		for table, changes := range map[string][]string{
			"service_order": {
				"state = 'done'", "state = 'settled'", "phase = 3", "phase = 0", "item_version = 0", "placed_as = 'friend'", "urgency = 'soon'", "minutes = 0", "volunteers = 0",
				"level = 'province'", "waits_for = 'luck'", "confirmed_by = 'nobody'", "state = NULL",
			},
			"assignment": {"how = 'drawn'", "state = 'lost'", "minutes = -1", "credit = -1", "grade = 'three'", "end_at = 0", "out_at = 5", "grade = NULL"},
		} {
			for _, change := range changes {
				err := db.Write(t.Context(), "test", func(tx *store.Tx) error {
					_, err := tx.Exec("UPDATE " + table + " SET " + change)
					return err
				})
				if !store.Refused(err) {
					t.Errorf("%s: %s: %v", table, change, err)
				}
			}
		}
		storetest.Write(t, db, func(tx *store.Tx) error {
			n, err := tx.Exec("UPDATE service_order SET state = 'published', waits_for = 'volunteer', confirmed_by = 'kin', level = 'city'")
			if n != 1 || err != nil {
				t.Errorf("what may stand there: %d rows, %v", n, err)
			}
			return nil
		})
	})
}

// TestAnAddressBeginsWithItsPragmas holds what migrations and the queue of messages rely on.
func TestAnAddressBeginsWithItsPragmas(t *testing.T) {
	pool, err := sql.Open("sqlite", store.SQLiteDSN(filepath.Join(t.TempDir(), "a b?.db"), "foreign_keys = ON", "cache_size = -123"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	}()
	for name, want := range map[string]string{"foreign_keys": "1", "cache_size": "-123", "busy_timeout": "10000"} {
		var got string
		if err := pool.QueryRow("PRAGMA " + name).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", name, got, err, want)
		}
	}
}
