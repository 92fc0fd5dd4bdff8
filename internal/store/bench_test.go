package store_test

import (
	"fmt"
	"testing"

	"timebank/internal/audit"
	"timebank/internal/id"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
	"timebank/internal/timer"
)

// BenchmarkRows measures what one row costs in statements of different lengths, on SQLite with full durability.
func BenchmarkRows(b *testing.B) {
	for _, n := range []int{1, 16, 128} {
		b.Run(fmt.Sprint("audit/", n), func(b *testing.B) {
			db, _ := storetest.New(b, store.SQLite)
			rows := make([]audit.Entry, n)
			// Of a year's entries one in three is the installation's own, one in five somebody's for another, and the others come from a city's people.
			people := make([]string, 80_000)
			source := id.Seeded(7)
			for i := range people {
				people[i] = string(id.From[int](source.UUID(storetest.Epoch)))
			}
			k := 0
			b.ResetTimer()
			for b.Loop() {
				err := db.Write(b.Context(), "bench", func(tx *store.Tx) error {
					for range 4096 / n {
						for i := range rows {
							k++
							actor, behalf := people[k*7919%len(people)], ""
							switch {
							case k%3 == 0:
								actor = audit.System
							case k%5 == 0:
								behalf = people[k*104_729%len(people)]
							}
							rows[i] = audit.Entry{Actor: actor, OnBehalf: behalf, Action: "order.confirm", Kind: "order",
								Ref: string(store.NewID[int](tx)), Region: "01h455vb4pex5vsknk084sn02q", Before: "awaiting", After: "confirmed", Origin: "replay"}
						}
						if err := audit.Record(tx, rows...); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(k), "ns/row")
		})
		b.Run(fmt.Sprint("timer/", n), func(b *testing.B) {
			db, _ := storetest.New(b, store.SQLite)
			rows := make([]timer.Timer, n)
			refs := make([]string, n)
			k := 0
			for b.Loop() {
				err := db.Write(b.Context(), "bench", func(tx *store.Tx) error {
					for range 4096 / n {
						for i := range rows {
							k++
							refs[i] = string(store.NewID[int](tx))
							rows[i] = timer.Timer{Kind: "order.settle", Ref: refs[i], Due: tx.Now()}
						}
						if err := timer.Set(tx, rows...); err != nil {
							return err
						}
						if err := timer.Cancel(tx, "order.settle", refs...); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(k), "ns/row")
		})
	}
}

// BenchmarkCommit measures one durable transaction with one row.
func BenchmarkCommit(b *testing.B) {
	db, _ := storetest.New(b, store.SQLite)
	for b.Loop() {
		if err := db.Write(b.Context(), "bench", func(tx *store.Tx) error { return store.SetSetting(tx, "a", "b") }); err != nil {
			b.Fatal(err)
		}
	}
}
