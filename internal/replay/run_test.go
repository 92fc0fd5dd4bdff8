package replay_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"timebank/internal/app"
	"timebank/internal/config"
	"timebank/internal/errs"
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
	cities := []struct {
		engine store.Engine
		seed   uint64
		group  int
	}{{store.SQLite, 1, 500}, {store.SQLite, 1, 1}, {store.Postgres, 1, 7}, {store.Postgres, 2, 500}}
	roots := make([]string, len(cities))
	t.Run("runs", func(t *testing.T) {
		for i, c := range cities {
			t.Run(fmt.Sprintf("%s seed %d group %d", c.engine, c.seed, c.group), func(t *testing.T) {
				t.Parallel()
				roots[i] = run(t, c.engine, 0.004, c.seed, c.group).LedgerRoot
			})
		}
	})
	if roots[0] == "" {
		t.Fatal("the book has no root")
	}
	for i, c := range cities {
		if same := roots[i] == roots[0]; same != (c.seed == cities[0].seed) {
			t.Errorf("%s, seed %d, groups of %d: root %s; seed 1 on SQLite in groups of 500: %s", c.engine, c.seed, c.group, roots[i], roots[0])
		}
	}
}

func TestACityIsReplayedIntoAnEmptyDatabaseOnly(t *testing.T) {
	c := config.Default()
	c.Data = t.TempDir()
	a, err := replay.Open(t.Context(), c, 1, 0)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer a.Close()
	if err := a.Found(t.Context(), app.Nanjing()); err != nil {
		t.Fatalf("found: %v", err)
	}
	if _, err := replay.Run(t.Context(), replay.Config{App: a, Scale: 0.001}); errs.CodeOf(err) != "replay.not_empty" {
		t.Errorf("got %v, want replay.not_empty", err)
	}
}
