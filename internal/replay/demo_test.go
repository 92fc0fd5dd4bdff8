package replay_test

import (
	"testing"
	"time"

	"timebank/internal/app"
	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/pii"
	"timebank/internal/replay"
	"timebank/internal/store"
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
			tellsWhereItSays(t, a, accounts)
			if v, err := app.Verify(t.Context(), a.DB, nil); err != nil || len(v.Problems) > 0 || v.Root() == "" {
				t.Errorf("verification: got %v, %v", v.Problems, err)
			}
			if got := a.Clock.Now(); clock.DayOf(got) != clock.DayOf(at) || got.After(at) {
				t.Errorf("the demo's clock stands at %s, want the last full hour before %s", got, at)
			}
		})
	}
}

// tellsWhereItSays checks that the stories stand in the streets that the product names, that names and identity numbers agree on who is a woman, that
// the service points can be called, and that the officer's morning board has something on it for every level of asking.
func tellsWhereItSays(t *testing.T, a *app.App, accounts []replay.Account) {
	t.Helper()
	tree, err := a.Regions.Today(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	actors := map[string]identity.Actor{}
	for _, p := range accounts {
		if actors[p.Name], err = a.Identity.Actor(t.Context(), p.Actor, "test"); err != nil {
			t.Fatal(err)
		}
	}
	people := map[string]member.Person{}
	var points []member.ServicePoint
	if err := a.DB.Read(t.Context(), "test", func(tx *store.Tx) error {
		for name, actor := range actors {
			if actor.Person == "" {
				continue
			}
			found, err := member.LoadPersons(tx, []member.PersonID{member.PersonID(actor.Person)})
			if err != nil {
				return err
			}
			people[name] = found[member.PersonID(actor.Person)]
		}
		var err error
		points, err = member.PointsFor(tx, tree, people["李德明"].Region)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for name, sex := range map[string]pii.Sex{"李德明": pii.Male, "曹桂英": pii.Female, "李静": pii.Female, "陈伟": pii.Male, "田华": pii.Female, "周敏": pii.Female} {
		if got := people[name].Sex; got != sex {
			t.Errorf("%s is registered as %s", name, got)
		}
	}
	street, _ := tree.ByCode("320113003")
	for _, name := range []string{"李德明", "曹桂英", "陈伟", "周敏"} {
		if got := tree.StreetOf(people[name].Region); got != street.ID {
			t.Errorf("%s lives in %s, want Maigaoqiao", name, tree.FullName(people[name].Region))
		}
	}
	if len(points) == 0 || points[0].Phone == "" {
		t.Errorf("the points of Mr Li: %+v, want one that can be called", points)
	}
	b, err := a.Orders.Board(t.Context(), actors["周敏"], street.ID)
	if err != nil {
		t.Fatal(err)
	}
	if b.Count[order.ForReview] < 2 || b.Count[order.ForVolunteer] < 2 {
		t.Errorf("the morning board has %v", b.Count)
	}
	levels := map[order.Level]bool{}
	for _, l := range b.Lines {
		levels[l.Level] = true
	}
	if !levels[order.Street] || !levels[order.Community] {
		t.Errorf("who has to act on the board: got %v", levels)
	}
}
