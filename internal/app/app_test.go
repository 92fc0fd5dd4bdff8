package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"timebank/internal/app"
	"timebank/internal/citytest"
	"timebank/internal/config"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/id"
	"timebank/internal/ledger"
	"timebank/internal/notary"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// paid is a city in which one order was served and paid, and everything is numbered.
func paid(t *testing.T, c *citytest.City) {
	t.Helper()
	c.Earn(c.Volunteer(c.Home()), c.KeyElder(c.Home()), 60)
	if n, err := c.Sequence(t.Context()); err != nil || n == 0 {
		t.Fatalf("sequence: got %d, %v, want some rows", n, err)
	}
}

func TestACityVerifiesAndAReceiptStandsAlone(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		paid(t, c)
		v, err := app.Verify(t.Context(), c.DB, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(v.Problems) > 0 || v.Root() == "" || v.Book.Numbered == 0 || v.Heads[app.AuditLog].Size != v.Trail {
			t.Fatalf("verification: got %+v, want no problem, a root, and the whole trail in its log", v)
		}
		// The published keys say the same as those that the database names.
		published, err := app.ParseVerifiers([]string{c.Keys.Signers[app.LedgerLog].Verifier(), c.Keys.Signers[app.AuditLog].Verifier()})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := app.Verify(t.Context(), c.DB, published); err != nil || again.Root() != v.Root() {
			t.Errorf("with published keys: got root %q, %v, want %q", again.Root(), err, v.Root())
		}

		var id ledger.TxID
		if err := c.DB.Read(t.Context(), "test", func(tx *store.Tx) error {
			return tx.QueryRow("SELECT id FROM ledger_tx WHERE number = 0").Scan(&id)
		}); err != nil {
			t.Fatal(err)
		}
		text, err := app.Receipt(t.Context(), c.DB, id)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := notary.VerifyReceipt(text, c.Keys.Signers[app.LedgerLog].Verifier()); err != nil || p.Index != 0 {
			t.Errorf("receipt: got entry %d, %v, want 0", p.Index, err)
		}
		if _, err := app.Receipt(t.Context(), c.DB, "nothing"); errs.KindOf(err) != errs.NotFound && errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("receipt of nothing: got %v, want not found", err)
		}
	})
}

// behind runs SQL on a database with its guards taken off.
func behind(t *testing.T, c config.Config, text string) {
	t.Helper()
	driver, dsn := "sqlite", "file:"+filepath.Join(c.Data, store.FileName)
	if c.Postgres != "" {
		driver, dsn = "pgx", c.Postgres
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	guards := []string{"SET session_replication_role = replica"}
	if c.Postgres == "" {
		guards = nil
		rows, err := conn.QueryContext(ctx, "SELECT name FROM sqlite_master WHERE type = 'trigger'")
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			guards = append(guards, "DROP TRIGGER "+name)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, g := range append(guards, text) {
		done, err := conn.ExecContext(ctx, g)
		if err != nil {
			t.Fatalf("%s: %v", g, err)
		}
		if n, _ := done.RowsAffected(); g == text && n == 0 {
			t.Fatalf("%s changed no row", g)
		}
	}
}

func TestOneChangedByteIsFoundAndNamed(t *testing.T) {
	for _, lie := range []struct{ name, sql, names string }{
		{"the earner's region of a transfer", "UPDATE ledger_entry SET region_to = 'x' WHERE tx = (SELECT MAX(tx) FROM ledger_entry)", "ledger_tx "},
		{"minutes of a transfer", "UPDATE ledger_entry SET minutes = minutes + 1 WHERE tx = (SELECT MAX(tx) FROM ledger_entry)", "ledger_tx "},
		{"minutes and the leaf's place", "UPDATE ledger_tx SET number = number + 1000 WHERE number = (SELECT MAX(number) FROM ledger_tx)", "ledger_tx "},
		{"a balance", "UPDATE account SET balance = balance + 1 WHERE seq = (SELECT MAX(seq) FROM account)", "account "},
		{"whose account it is", "UPDATE account SET owner = 'somebody' WHERE seq = (SELECT MAX(seq) FROM account WHERE class = 'saved')", "account "},
		{"how long a grant lasts", "UPDATE account SET expires_on = '2099-01-01' WHERE seq = (SELECT MAX(seq) FROM account)", "account "},
		{"what an order holds", "UPDATE hold SET ref = 'nothing' WHERE reason = 'order'", "hold "},
		{"what an order was paid by", "UPDATE service_order SET settled_by = id WHERE settled_at IS NOT NULL", "service_order "},
		{"what a command returned", "UPDATE idempotency SET result = actor WHERE command = 'ledger.donate'", "idempotency "},
		{"who did it", "UPDATE audit SET actor = 'nobody' WHERE seq = (SELECT MAX(seq) FROM audit)", "audit "},
		{"the trail's end", "DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)", "audit number "},
		{"the tree", "UPDATE notary_head SET size = size - 1 WHERE log = 'ledger'", "ledger_tx number "},
	} {
		t.Run(strings.ReplaceAll(lie.name, " ", "_"), func(t *testing.T) {
			citytest.Each(t, func(t *testing.T, c *citytest.City) {
				paid(t, c)
				// Something of everything that verify looks at: hours that are held, and a command on the book.
				old, elder := c.Person(70, c.Home()), c.Recipient(83, c.Home())
				c.Certify(old)
				c.Earn(old, elder, 60)
				c.Place(elder.Actor, elder)
				if _, err := c.Ledger.Donate(t.Context(), ledger.DonateCmd{Actor: old.Actor, Key: c.Key(), From: ledger.Key{Owner: string(old.ID), Class: ledger.Saved},
					Minutes: hours.Of(30)}); err != nil {
					t.Fatal(err)
				}
				if _, err := c.Sequence(t.Context()); err != nil {
					t.Fatal(err)
				}
				if v, err := app.Verify(t.Context(), c.DB, nil); err != nil || len(v.Problems) > 0 {
					t.Fatalf("before the lie: got %q, %v, want no problem", v.Problems, err)
				}
				behind(t, c.Config, lie.sql)
				v, err := app.Verify(t.Context(), c.DB, nil)
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range v.Problems {
					if strings.HasPrefix(p, lie.names) {
						return
					}
				}
				t.Errorf("problems: got %q, want one that begins with %q", v.Problems, lie.names)
			})
		})
	}
}

// Each entry of the trail is held against its digest, with a number and without, also behind a leaf that is gone and where no log asks for any.
func TestEveryEntryOfTheTrailIsHeld(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		paid(t, c)
		elder := c.Recipient(83, c.Home())
		c.Place(elder.Actor, elder)
		rows := map[string]int64{}
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			for name, text := range map[string]string{"first": "SELECT MIN(seq) FROM audit", "gone": "SELECT seq FROM audit WHERE number = 2",
				"last with a number": "SELECT MAX(seq) FROM audit WHERE number IS NOT NULL", "without a number": "SELECT MIN(seq) FROM audit WHERE number IS NULL"} {
				var row int64
				if err := tx.QueryRow(text).Scan(&row); err != nil {
					return err
				}
				rows[name] = row
			}
			return nil
		})
		whole, err := app.Verify(t.Context(), c.DB, nil)
		if err != nil || len(whole.Problems) > 0 {
			t.Fatalf("before the lies: got %q, %v, want no problem", whole.Problems, err)
		}
		behind(t, c.Config, fmt.Sprintf("DELETE FROM audit WHERE seq = %d", rows["gone"]))
		delete(rows, "gone")
		for _, row := range rows {
			behind(t, c.Config, fmt.Sprintf("UPDATE audit SET actor = 'nobody' WHERE seq = %d", row))
		}
		bookOnly, err := app.ParseVerifiers([]string{c.Keys.Signers[app.LedgerLog].Verifier()})
		if err != nil {
			t.Fatal(err)
		}
		for which, keys := range map[string]map[string]notary.Key{"of both logs": nil, "of the book alone": bookOnly} {
			v, err := app.Verify(t.Context(), c.DB, keys)
			if err != nil {
				t.Fatal(err)
			}
			if v.Trail != whole.Trail-1 {
				t.Errorf("with keys %s %d entries were looked at, want %d", which, v.Trail, whole.Trail-1)
			}
			for name, row := range rows {
				want := fmt.Sprintf("audit %d: ", row)
				if n := len(slices.DeleteFunc(slices.Clone(v.Problems), func(p string) bool { return !strings.HasPrefix(p, want) })); n != 1 {
					t.Errorf("with keys %s the entry %s is named %d times, want once: %q", which, name, n, v.Problems)
				}
			}
		}
	})
}

func TestEveryTimerOfALivedInCityHasAHandler(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		paid(t, c)
		kinds := c.Timers.Kinds()
		for _, got := range waitingKinds(t, c.DB) {
			if !kinds[got] {
				t.Errorf("a timer of kind %s waits and nobody handles it", got)
			}
		}
	})
}

func waitingKinds(t *testing.T, db *store.DB) (kinds []string) {
	t.Helper()
	if err := db.Read(t.Context(), "test", func(tx *store.Tx) (err error) {
		kinds, err = store.All(tx, func(r *store.Rows) (k string, err error) { return k, r.Scan(&k) }, "SELECT DISTINCT kind FROM timer ORDER BY kind")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return kinds
}

func TestKeysAreDrawnOnceAndHiddenFromOthers(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "keys")
	first, err := app.OpenKeys(folder, "320100", id.System())
	if err != nil {
		t.Fatal(err)
	}
	again, err := app.OpenKeys(folder, "320100", id.System())
	if err != nil {
		t.Fatal(err)
	}
	if first.Ring.Index != again.Ring.Index || first.Ring.Keys[1] != again.Ring.Keys[1] ||
		first.Signers[app.LedgerLog].Secret() != again.Signers[app.LedgerLog].Secret() {
		t.Error("opened again, the keys are others")
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != 7 {
		t.Fatalf("files: got %d, %v, want 7", len(files), err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]os.FileMode{true: 0o644, false: 0o600}[strings.HasSuffix(f.Name(), ".pub")]; info.Mode().Perm() != want {
			t.Errorf("mode of %s: got %o, want %o", f.Name(), info.Mode().Perm(), want)
		}
	}
	other, err := app.NewKeys("320100", id.Seeded(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Save(folder); errs.CodeOf(err) != "app.other_keys" {
		t.Errorf("saving other keys over them: got %v, want app.other_keys", err)
	}
	if err := first.Save(folder); err != nil {
		t.Errorf("saving the same keys: %v", err)
	}

	secret := "c2VjcmV0"
	if err := os.WriteFile(filepath.Join(folder, "sealing.key"), []byte("active 1\nkey 1 "+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := app.OpenKeys(folder, "320100", id.System()); err == nil || strings.Contains(fmt.Sprint(err), secret) {
		t.Errorf("a malformed key: got %v, want an error that does not show it", err)
	}
}
