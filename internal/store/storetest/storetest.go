// Package storetest gives tests real databases of both engines.
//
// A test written with [Each] runs on SQLite and on PostgreSQL and sees a migrated, empty database with a fake clock and a seeded
// source of identifiers. It must never replace a database by something that only behaves like one.
package storetest

import (
	"context"
	"testing"
	"time"

	"timebank/internal/clock"
	"timebank/internal/id"
	"timebank/internal/store"
	"timebank/internal/store/pgtest"
)

// Epoch is the time at which every test's clock begins: a working morning in the city.
var Epoch = time.Date(2020, 10, 12, 1, 0, 0, 0, time.UTC)

// Each runs test once on each engine.
func Each(t *testing.T, test func(t *testing.T, db *store.DB, clk *clock.Fake)) {
	t.Helper()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			db, clk := New(t, engine)
			test(t, db, clk)
		})
	}
}

// New opens an empty, migrated database that is closed with the test.
func New(t testing.TB, engine store.Engine) (*store.DB, *clock.Fake) {
	t.Helper()
	clk := clock.NewFake(Epoch)
	cfg := Config(t, engine)
	cfg.Clock, cfg.IDs = clk, id.Seeded(1)
	return Open(t, cfg), clk
}

// Config returns where an empty database of the engine is, so that a test can open it more than once.
func Config(t testing.TB, engine store.Engine) store.Config {
	t.Helper()
	if engine == store.SQLite {
		return store.Config{Engine: store.SQLite, Dir: t.TempDir(), Readers: 2}
	}
	// Migrating once for a process and copying costs a tenth of migrating for every test.
	dsn := pgtest.Copy(t, "storetest", func(ctx context.Context, dsn string) error {
		db, err := store.Open(ctx, store.Config{Engine: store.Postgres, DSN: dsn})
		if err != nil {
			return err
		}
		if err := db.Migrate(ctx); err != nil {
			return err
		}
		return db.Close()
	})
	return store.Config{Engine: store.Postgres, DSN: dsn, Readers: 2}
}

// Open opens and migrates the database of cfg and closes it with the test.
func Open(t testing.TB, cfg store.Config) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("open %s: %v", cfg.Engine, err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close %s: %v", cfg.Engine, err)
		}
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatalf("migrate %s: %v", cfg.Engine, err)
	}
	return db
}

// Write runs fn in a transaction and fails the test when it is refused.
func Write(t testing.TB, db *store.DB, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), "test", fn); err != nil {
		t.Fatalf("write: %v", err)
	}
}

// Read runs fn on a snapshot and fails the test when it is refused.
func Read(t testing.TB, db *store.DB, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Read(t.Context(), "test", fn); err != nil {
		t.Fatalf("read: %v", err)
	}
}
