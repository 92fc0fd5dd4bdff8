package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"timebank/internal/errs"
	"timebank/internal/store"
	"timebank/internal/store/pgtest"
	"timebank/internal/store/storetest"
)

// A full disk is a clear error, loses nothing that was acknowledged, and is over when there is room again.
func TestFullDisk(t *testing.T) {
	db, _ := storetest.New(t, store.SQLite)
	pages := func(tx *store.Tx, limit string) (n int64, err error) {
		err = tx.QueryRow("PRAGMA max_page_count" + limit).Scan(&n)
		return n, err
	}
	var before int64
	storetest.Write(t, db, func(tx *store.Tx) (err error) {
		if err := store.SetSetting(tx, "kept", "yes"); err != nil {
			return err
		}
		var used int64
		if err := tx.QueryRow("PRAGMA page_count").Scan(&used); err != nil {
			return err
		}
		if before, err = pages(tx, ""); err != nil {
			return err
		}
		_, err = pages(tx, fmt.Sprintf(" = %d", used+8))
		return err
	})
	big := strings.Repeat("x", 200_000)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			err := db.Write(t.Context(), "test", func(tx *store.Tx) error { return store.SetSetting(tx, fmt.Sprint("big", i), big) })
			if errs.CodeOf(err) != "store.full" || errs.KindOf(err) != errs.Unavailable {
				t.Errorf("writing to a full disk: %v", err)
			}
		})
	}
	wg.Wait()
	if got := settings(t, db); len(got) != 1 || got["kept"] != "yes" {
		t.Errorf("after a full disk there are %d settings, want the one that was acknowledged", len(got))
	}
	storetest.Write(t, db, func(tx *store.Tx) error { _, err := pages(tx, fmt.Sprintf(" = %d", before)); return err })
	storetest.Write(t, db, func(tx *store.Tx) error { return store.SetSetting(tx, "big", big) })
}

// A database server that goes away is a clear error, and the next write after it is back succeeds.
func TestLostConnection(t *testing.T) {
	server, err := pgtest.Start(t.Context(), pgtest.Config{Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	db := storetest.Open(t, store.Config{Engine: store.Postgres, DSN: server.DSN("postgres")})
	storetest.Write(t, db, func(tx *store.Tx) error { return store.SetSetting(tx, "kept", "yes") })
	err = db.Write(t.Context(), "test", func(tx *store.Tx) error {
		if err := store.SetSetting(tx, "lost", "yes"); err != nil {
			return err
		}
		if err := server.Restart(context.WithoutCancel(t.Context())); err != nil {
			return err
		}
		return store.SetSetting(tx, "lost", "again")
	})
	if errs.KindOf(err) != errs.Unavailable {
		t.Errorf("a write whose connection was lost: %v", err)
	}
	// Connections that were idle in the pool are dead too; each is found out and replaced by the pool or answered with a clear error.
	for range 20 {
		err = db.Write(t.Context(), "test", func(tx *store.Tx) error { return store.SetSetting(tx, "after", "yes") })
		if err == nil {
			break
		}
		if errs.KindOf(err) != errs.Unavailable {
			t.Fatalf("after the restart: %v", err)
		}
	}
	if got := settings(t, db); got["kept"] != "yes" || got["lost"] != "" || got["after"] != "yes" {
		t.Errorf("after the restart: %v", got)
	}
}

func TestAClosedDatabaseRefuses(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		db, err := store.Open(t.Context(), storetest.Config(t, engine))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		err = db.Write(t.Context(), "test", func(tx *store.Tx) error { return nil })
		if errs.KindOf(err) != errs.Unavailable {
			t.Errorf("%s: writing to a closed database: %v", engine, err)
		}
	}
}
