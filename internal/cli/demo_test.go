package cli

import (
	"testing"
	"time"

	"timebank/internal/app"
	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/i18n"
	"timebank/internal/id"
	"timebank/internal/replay"
)

// Who can be chosen in a demo is told apart in both languages.
func TestEverybodyOfTheDemoIsToldInBothLanguages(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 30, 0, 0, clock.Zone)
	cfg := config.Default()
	cfg.Data = t.TempDir()
	a, err := app.Open(t.Context(), app.Options{Config: cfg, Clock: clock.NewFake(now), IDs: id.Streams(1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	accounts, _, err := replay.Demo(t.Context(), replay.Config{App: a, Scale: 0.002, Seed: demoSeed}, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range accounts {
		if aboutZH[p.About] == "" {
			t.Errorf("%q is told in English alone", p.About)
		}
	}
	if got := doors(accounts); len(got) < len(accounts)-1 || got[0].Does[i18n.Chinese] == got[0].Does[i18n.English] {
		t.Errorf("doors: got %v", got)
	}
}
