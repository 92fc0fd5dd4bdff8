package replay_test

import (
	"testing"
	"time"

	"timebank/internal/app"
	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/id"
	"timebank/internal/replay"
)

func TestADemoCityEndsNowAndTellsTheThreeStories(t *testing.T) {
	// A morning, the turn of a year, and an evening of a leap day: the year is moved, and with it weekdays and ages.
	for _, now := range []string{"2026-11-24T09:30:00+08:00", "2027-01-01T00:10:00+08:00", "2028-02-29T22:59:59+08:00"} {
		t.Run(now[:10], func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, now)
			if err != nil {
				t.Fatal(err)
			}
			cfg := config.Default()
			cfg.Data = t.TempDir()
			a, err := app.Open(t.Context(), app.Options{Config: cfg, Clock: clock.NewFake(at), IDs: id.Streams(1)})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := a.Close(); err != nil {
					t.Error(err)
				}
			}()
			accounts, refused, err := replay.Demo(t.Context(), replay.Config{App: a, Scale: 0.002, Seed: 1}, at)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range refused {
				t.Errorf("refused: %s", r)
			}
			byStory := map[int]int{}
			for _, p := range accounts {
				byStory[p.Story]++
				if _, err := a.Identity.IssueToken(t.Context(), p.Actor, time.Hour, "test"); err != nil {
					t.Errorf("a token for %s %s: %v", p.Role, p.Name, err)
				}
			}
			if byStory[1] != 5 || byStory[2] != 2 || byStory[3] != 1 || byStory[0] < 8 {
				t.Errorf("accounts by story: got %v", byStory)
			}
			if v, err := app.Verify(t.Context(), a.DB, nil); err != nil || len(v.Problems) > 0 || v.Root() == "" {
				t.Errorf("verification: got %v, %v", v.Problems, err)
			}
			if got := a.Clock.Now(); clock.DayOf(got) != clock.DayOf(at) || got.After(at) {
				t.Errorf("the demo's clock stands at %s, want the last full hour before %s", got, at)
			}
		})
	}
}
