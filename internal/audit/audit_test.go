package audit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// fill writes a trail of two blocks and a half over some days, in which one actor, one person and one region are rare.
func fill(t testing.TB, db *store.DB, clk *clock.Fake) {
	t.Helper()
	for n := 0; n < 10_240; n += 512 {
		storetest.Write(t, db, func(tx *store.Tx) error {
			rows := make([]audit.Entry, 512)
			for i := range rows {
				k := n + i
				rows[i] = audit.Entry{Actor: fmt.Sprint("actor-", k%97), Action: []string{"order.place", "order_x.place", "member.look"}[k%3], Kind: "order",
					Ref: fmt.Sprint("ref-", k%1000), Region: fmt.Sprint("region-", k%13), Origin: "test"}
				if k%1111 == 5 {
					rows[i].Actor, rows[i].OnBehalf, rows[i].Region = "rare", "person", "village"
				}
			}
			return audit.Record(tx, rows...)
		})
		clk.Advance(7 * time.Hour)
	}
}

func everything(t testing.TB, db *store.DB) (all []audit.Recorded) {
	t.Helper()
	storetest.Read(t, db, func(tx *store.Tx) (err error) {
		all, err = audit.After(tx, 0, 20_000)
		return err
	})
	slices.Reverse(all)
	return all
}

func pages(t testing.TB, db *store.DB, f audit.Filter, limit int) (seqs []int64) {
	t.Helper()
	storetest.Read(t, db, func(tx *store.Tx) error {
		for before := int64(0); ; {
			found, next, err := audit.Search(tx, f, before, limit)
			if err != nil {
				return err
			}
			if len(found) > limit {
				t.Errorf("got %d entries on a page of %d", len(found), limit)
			}
			for _, e := range found {
				seqs = append(seqs, e.Seq)
			}
			if next == 0 {
				return nil
			}
			before = next
		}
	})
	return seqs
}

// TestSearch holds what a search finds against a plain look at every entry, before and after the trail was summed up.
func TestSearch(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		began := clk.Now()
		fill(t, db, clk)
		all := everything(t, db)
		filters := map[string]audit.Filter{
			"all":            {},
			"actor":          {Actor: "actor-42"},
			"rare actor":     {Actor: "rare"},
			"unknown actor":  {Actor: "nobody"},
			"person":         {OnBehalf: "person"},
			"ref":            {Ref: "ref-17"},
			"action":         {Action: "member.look", Actor: "actor-3"},
			"actions":        {Action: "order.", Ref: "ref-200"},
			"region":         {Regions: []string{"village"}},
			"regions":        {Regions: []string{"village", "region-3"}, Actor: "actor-9"},
			"no region":      {Regions: []string{}},
			"span":           {From: began.Add(20 * time.Hour), Until: began.Add(41 * time.Hour), Actor: "actor-1"},
			"nothing before": {Until: began},
			"rare in a span": {From: began.Add(50 * time.Hour), OnBehalf: "person"},
		}
		check := func(t *testing.T) {
			for name, f := range filters {
				var want []int64
				for _, e := range all {
					if (f.Actor == "" || e.Actor == f.Actor) && (f.OnBehalf == "" || e.OnBehalf == f.OnBehalf) && (f.Ref == "" || e.Ref == f.Ref) &&
						strings.HasPrefix(e.Action, f.Action) && (f.From.IsZero() || !e.At.Before(f.From)) && (f.Until.IsZero() || e.At.Before(f.Until)) &&
						(f.Regions == nil || slices.Contains(f.Regions, e.Region)) {
						want = append(want, e.Seq)
					}
				}
				for _, limit := range []int{7, 20_000} {
					if limit == 7 && len(want) > 1000 {
						continue
					}
					if diff := cmp.Diff(want, pages(t, db, f, limit)); diff != "" {
						t.Errorf("%s in pages of %d (- want, + got):\n%s", name, limit, diff)
					}
				}
			}
		}
		check(t)
		done := 0
		clk.Advance(-10 * time.Hour)
		storetest.Write(t, db, func(tx *store.Tx) (err error) {
			done, err = audit.Summarise(tx, 100)
			return err
		})
		if done != 2 {
			t.Errorf("got %d blocks summed up, want the two whose rows have all rested", done)
		}
		check(t)
	})
}

// TestRecentRowsAreNotSummedUp keeps a block open while a transaction could still bring in one of its rows.
func TestRecentRowsAreNotSummedUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		storetest.Write(t, db, func(tx *store.Tx) error {
			for range 5000 / 250 {
				if err := audit.Record(tx, slices.Repeat([]audit.Entry{{Actor: "a", Action: "b.c", Origin: "test"}}, 250)...); err != nil {
					return err
				}
			}
			return nil
		})
		for _, step := range []struct {
			wait time.Duration
			want int
		}{{23 * time.Hour, 0}, {2 * time.Hour, 1}, {0, 0}} {
			clk.Advance(step.wait)
			storetest.Write(t, db, func(tx *store.Tx) error {
				done, err := audit.Summarise(tx, 100)
				if done != step.want {
					t.Errorf("got %d blocks after %s, want %d", done, step.wait, step.want)
				}
				return err
			})
		}
	})
}

// BenchmarkSearch looks for the five entries of a person in a trail of two hundred thousand, with the summary and without.
func BenchmarkSearch(b *testing.B) {
	db, clk := storetest.New(b, store.SQLite)
	for n := range 50 {
		storetest.Write(b, db, func(tx *store.Tx) error {
			rows := make([]audit.Entry, 4096)
			for i := range rows {
				rows[i] = audit.Entry{Actor: fmt.Sprint("actor-", (n*4096+i)*7919%60_000), Action: "order.confirm", Kind: "order", Ref: fmt.Sprint(n, "-", i), Region: "r"}
				if n%10 == 3 && i == 99 {
					rows[i].OnBehalf = "person"
				}
			}
			return audit.Record(tx, rows...)
		})
	}
	find := func(b *testing.B) {
		for b.Loop() {
			if found := pages(b, db, audit.Filter{OnBehalf: "person"}, 100); len(found) != 5 {
				b.Fatalf("got %d entries, want 5", len(found))
			}
		}
	}
	b.Run("scan", find)
	clk.Advance(48 * time.Hour)
	storetest.Write(b, db, func(tx *store.Tx) error {
		_, err := audit.Summarise(tx, 1000)
		return err
	})
	b.Run("summary", find)
	b.Run("summarise", func(b *testing.B) {
		for b.Loop() {
			storetest.Write(b, db, func(tx *store.Tx) error {
				if _, err := tx.Exec("DELETE FROM audit_block"); err != nil {
					return err
				}
				_, err := audit.Summarise(tx, 1000)
				return err
			})
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/200_000, "ns/row")
	})
}

// An act of anybody says from where it comes, or it is not done.
func TestAnEntrySaysFromWhereItComes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		err := db.Write(t.Context(), "test", func(tx *store.Tx) error {
			return audit.Record(tx, audit.Entry{Actor: "actor-1", Action: "order.place", Kind: "order", Ref: "1"})
		})
		if errs.KindOf(err) != errs.Internal {
			t.Errorf("an entry without its origin: got %v", err)
		}
		storetest.Write(t, db, func(tx *store.Tx) error {
			return audit.Record(tx, audit.Entry{Actor: audit.System, Action: "order.place", Kind: "order", Ref: "2"})
		})
		if all := everything(t, db); len(all) != 1 || all[0].Origin != audit.System {
			t.Errorf("the trail has %+v", all)
		}
	})
}
