package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"timebank/internal/hours"
	"timebank/internal/ledger"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// BenchmarkCapture settles orders whose minutes are held: with an account for each payer, and with everybody drawing on the pool.
func BenchmarkCapture(b *testing.B) {
	for _, pool := range []bool{false, true} {
		for _, group := range []int{1, 64, 512} {
			name := fmt.Sprintf("distinct/group=%d", group)
			if pool {
				name = fmt.Sprintf("pool/group=%d", group)
			}
			b.Run(name, func(b *testing.B) { benchmarkCapture(b, group, pool) })
		}
	}
}

func benchmarkCapture(b *testing.B, group int, pool bool) {
	const people = 20000
	db, clk := storetest.New(b, store.SQLite)
	payer := func(i int) ledger.Key {
		if pool {
			return ledger.PoolAccount
		}
		return saved(fmt.Sprintf("payer-%05d", i%people))
	}
	issue(b, db, 1<<38)
	for from := 0; from < people && !pool; from += 1000 {
		storetest.Write(b, db, func(tx *store.Tx) error {
			var all []ledger.Posting
			for i := from; i < from+1000; i++ {
				all = append(all, ledger.Posting{Meta: by("test"), Reason: ledger.ForAdjustment, Transfers: []ledger.Transfer{
					{From: ledger.PoolAccount, To: ledger.AdjustmentAccount, Minutes: hours.Of(1 << 20)},
					{From: ledger.AdjustmentAccount, To: payer(i), Minutes: hours.Of(1 << 20)},
				}})
			}
			posted, err := ledger.Book(tx, all)
			return first(posted, err)
		})
	}
	orders := 0
	hold := func(n int) {
		storetest.Write(b, db, func(tx *store.Tx) error {
			needs := make([]ledger.Need, n)
			for i := range needs {
				needs[i] = ledger.Need{Ref: fmt.Sprintf("order-%020d", orders+i), Reason: "order", Minutes: hours.Of(60), Sources: []ledger.Key{payer(orders + i)}}
			}
			results, err := ledger.Hold(tx, needs)
			for _, r := range results {
				if err == nil {
					err = r.Err
				}
			}
			return err
		})
	}
	settle := func(n int) {
		storetest.Write(b, db, func(tx *store.Tx) error {
			all := make([]ledger.Settlement, n)
			for i := range all {
				all[i] = ledger.Settlement{Meta: by("01jd0000000000000000000000"), Reason: ledger.ForService, Credits: []ledger.Credit{
					{To: saved(fmt.Sprintf("volunteer-%05d", (orders+i)*7919%people)), Debit: hours.Of(45), Credit: hours.Of(45), Cap: hours.Of(1 << 30)}}}
				all[i].Ref, all[i].Service, all[i].Grade = fmt.Sprintf("order-%020d", orders+i), "errands", "both"
			}
			posted, err := capture(tx, all)
			return first(posted, err)
		})
		orders += n
	}
	for b.Loop() {
		b.StopTimer()
		hold(group)
		clk.Advance(time.Millisecond)
		b.StartTimer()
		settle(group)
	}
	b.ReportMetric(float64(orders)/b.Elapsed().Seconds(), "settlements/s")
}
