package replay_test

import (
	"encoding/json"
	"testing"

	"timebank/internal/config"
	"timebank/internal/replay"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// run replays a city on an empty database of the engine.
func run(t testing.TB, engine store.Engine, scale float64, seed uint64, group int) replay.Report {
	t.Helper()
	where := storetest.Config(t, engine)
	c := config.Default()
	c.Data, c.Postgres = where.Dir, where.DSN
	if engine == store.Postgres {
		c.Keys.Folder = t.TempDir()
	}
	a, err := replay.Open(t.Context(), c, seed, group)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	r, err := replay.Run(t.Context(), replay.Config{App: a, Scale: scale, Seed: seed, Group: group})
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	if !r.OK {
		text, _ := json.MarshalIndent(r, "", "  ")
		t.Errorf("the run is not as wanted:\n%s", text)
	}
	return r
}

func TestASmallCityHasOneRootWhateverTheEngineAndTheGroups(t *testing.T) {
	want := run(t, store.SQLite, 0.004, 1, 500)
	if want.LedgerRoot == "" {
		t.Fatal("the book has no root")
	}
	for _, c := range []struct {
		engine store.Engine
		group  int
	}{{store.SQLite, 1}, {store.SQLite, 7}, {store.Postgres, 7}, {store.Postgres, 500}} {
		if got := run(t, c.engine, 0.004, 1, c.group); got.LedgerRoot != want.LedgerRoot {
			t.Errorf("%s in groups of %d: root %s, want %s", c.engine, c.group, got.LedgerRoot, want.LedgerRoot)
		}
	}
	if other := run(t, store.SQLite, 0.004, 2, 500); other.LedgerRoot == want.LedgerRoot {
		t.Error("two seeds gave one book")
	}
}
