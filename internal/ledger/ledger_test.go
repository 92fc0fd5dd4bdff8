package ledger_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/id"
	"timebank/internal/ledger"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
	"timebank/internal/timer"
)

func donated(owner string) ledger.Key { return ledger.Key{Owner: owner, Class: ledger.Donated} }

// endow gives a person saved hours by way of an adjustment.
func endow(t testing.TB, db *store.DB, to ledger.Key, minutes int64) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error {
		return first(ledger.Book(tx, []ledger.Posting{{Meta: by("test"), Reason: ledger.ForAdjustment, Transfers: []ledger.Transfer{
			{From: ledger.IssuerAccount, To: ledger.AdjustmentAccount, Minutes: hours.Of(minutes)},
			{From: ledger.AdjustmentAccount, To: to, Minutes: hours.Of(minutes)}}}}))
	})
}

func hold(t testing.TB, db *store.DB, ref string, minutes int64, from ...ledger.Key) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error {
		r, err := ledger.Hold(tx, []ledger.Need{{Ref: ref, Reason: "order", Minutes: hours.Of(minutes), Sources: from}})
		if err == nil {
			err = r[0].Err
		}
		return err
	})
}

// settle pays minutes of a held order to a volunteer.
func settle(t testing.TB, db *store.DB, ref, volunteer string, minutes int64) ledger.Posted {
	t.Helper()
	var posted []ledger.Posted
	storetest.Write(t, db, func(tx *store.Tx) (err error) {
		posted, err = capture(tx, []ledger.Settlement{{Meta: ledger.Meta{Ref: ref, Service: "errands", Grade: "both", Region: "qixia", RegionTo: "gulou", Actor: "system"},
			Reason: ledger.ForService, Credits: []ledger.Credit{{To: saved(volunteer), Debit: hours.Of(minutes), Credit: hours.Of(minutes)}}}})
		return first(posted, err)
	})
	return posted[0]
}

func balance(t testing.TB, db *store.DB, k ledger.Key) ledger.Balance {
	t.Helper()
	var got map[ledger.Key]ledger.Balance
	storetest.Read(t, db, func(tx *store.Tx) (err error) { got, err = ledger.Balances(tx, []ledger.Key{k}); return err })
	return got[k]
}

func wantBalance(t testing.TB, db *store.DB, k ledger.Key, minutes, held int64) {
	t.Helper()
	if b := balance(t, db, k); b.Balance.Int64() != minutes || b.Held.Int64() != held {
		t.Errorf("%v: got %v held %v, want %d held %d minutes", k, b.Balance, b.Held, minutes, held)
	}
}

func wantSound(t testing.TB, db *store.DB) {
	t.Helper()
	report, err := ledger.Verify(t.Context(), db, nil)
	if err != nil || len(report.Problems) > 0 {
		t.Fatalf("verify: %v, %v", err, report.Problems)
	}
}

// number gives every waiting transaction its number, as the notary does.
func number(t testing.TB, db *store.DB, first int64) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error {
		rows, err := ledger.LogSource{}.Pending(tx, 1000)
		if err != nil {
			return err
		}
		return ledger.LogSource{}.Number(tx, rows, first)
	})
}

func TestDatabaseRefusesChangesOfTheBook(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		endow(t, db, saved("li"), 60)
		number(t, db, 0)
		for _, text := range []string{
			"UPDATE ledger_entry SET minutes = 61", "DELETE FROM ledger_entry", "DELETE FROM ledger_tx", "UPDATE ledger_tx SET note = 'x'",
			"UPDATE ledger_tx SET number = 7", "UPDATE ledger_tx SET number = NULL", "UPDATE account SET owner = 'me'", "DELETE FROM account",
			"UPDATE account SET balance = -1 WHERE class = 'saved'", "UPDATE account SET held = 61 WHERE class = 'saved'",
			"INSERT INTO ledger_entry (tx, n, reason, source, destination, minutes) VALUES (1, 9, 'gift', 1, 2, 5)",
			"INSERT INTO ledger_entry (tx, n, reason, source, destination, minutes) VALUES (1, 9, 'issue', 1, 2, 0)",
			"INSERT INTO ledger_entry (tx, n, reason, source, destination, minutes) VALUES (1, 9, 'issue', 1, 1, 5)",
			"UPDATE ledger_tx SET salt = private_hash", "UPDATE ledger_tx SET salt = NULL",
		} {
			err := db.Write(t.Context(), "test", func(tx *store.Tx) error { _, err := tx.Exec(text); return err })
			if !store.Refused(err) {
				t.Errorf("%s: got %v, want it refused", text, err)
			}
		}
		wantSound(t, db)
	})
}

func TestUndoPostAndPassbook(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		endow(t, db, saved("chen"), 300)
		due := clk.Now().Add(10 * time.Minute)
		schedule := func(minutes int64) (s ledger.Scheduled) {
			storetest.Write(t, db, func(tx *store.Tx) error {
				r, err := ledger.Schedule(tx, []ledger.Pending{{Meta: by("chen"), Reason: ledger.ForTransfer, From: saved("chen"), To: donated("mother"), Minutes: hours.Of(minutes), Due: due}})
				s = r[0]
				return err
			})
			return s
		}
		kept, undone := schedule(100), schedule(120)
		if refused := schedule(100); errs.CodeOf(refused.Err) != "ledger.not_enough" {
			t.Errorf("third gift: got %v, want ledger.not_enough", refused.Err)
		}
		wantBalance(t, db, saved("chen"), 300, 220)
		var page ledger.Passbook
		storetest.Read(t, db, func(tx *store.Tx) (err error) { page, err = ledger.PassbookOf(tx, "chen", "", 10); return err })
		if len(page.Pending) != 2 || page.Pending[0].Minutes != hours.Of(100) || len(page.Held) != 2 {
			t.Errorf("pending lines: got %+v and %+v", page.Pending, page.Held)
		}
		storetest.Write(t, db, func(tx *store.Tx) error { _, err := ledger.Undo(tx, undone.ID); return err })
		svc := timer.New(db, 0)
		svc.Handle(ledger.TimerPost, ledger.PostDue)
		if n, err := svc.Run(t.Context(), due); n != 1 || err != nil {
			t.Fatalf("timers: ran %d, %v", n, err)
		}
		wantBalance(t, db, saved("chen"), 200, 0)
		wantBalance(t, db, donated("mother"), 100, 0)
		err := db.Write(t.Context(), "test", func(tx *store.Tx) error { _, err := ledger.Undo(tx, kept.ID); return err })
		if errs.CodeOf(err) != "ledger.not_pending" {
			t.Errorf("undo after posting: got %v, want ledger.not_pending", err)
		}
		wantSound(t, db)
	})
}

func TestPassbookPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		issue(t, db, 10_000)
		for i := range 7 {
			ref := fmt.Sprint("order-", i)
			hold(t, db, ref, 60, ledger.PoolAccount)
			p := settle(t, db, ref, "chen", 30+int64(i))
			if i == 3 {
				storetest.Write(t, db, func(tx *store.Tx) error {
					return first(ledger.Reverse(tx, []ledger.Reversal{{Tx: p.Tx, Actor: "two", Note: "not done"}}))
				})
			}
			clk.Advance(time.Hour)
		}
		var all, paged []ledger.Line
		storetest.Read(t, db, func(tx *store.Tx) error {
			whole, err := ledger.PassbookOf(tx, "chen", "", 100)
			all = whole.Lines
			for next := ""; err == nil; {
				var page ledger.Passbook
				page, err = ledger.PassbookOf(tx, "chen", next, 2)
				paged = append(paged, page.Lines...)
				if next = page.Next; next == "" {
					break
				}
			}
			return err
		})
		if len(all) != 8 || fmt.Sprint(all) != fmt.Sprint(paged) {
			t.Errorf("pages of two differ from the whole:\n%v\n%v", paged, all)
		}
		for i, l := range all {
			before := hours.Zero
			if i+1 < len(all) {
				before = all[i+1].Balance
			}
			if before.Add(l.Minutes) != l.Balance {
				t.Errorf("line %d: %v after %v, but it brought %v", i, l.Balance, before, l.Minutes)
			}
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			totals, err := ledger.TotalsOf(tx, "chen")
			if want := int64(30 + 31 + 32 + 34 + 35 + 36); totals.Given.Int64() != want {
				t.Errorf("given: got %v, want %d minutes", totals.Given, want)
			}
			rows, err2 := ledger.Clearing(tx, "2020-10-01", "2020-10-31")
			if len(rows) != 1 || rows[0].Services != 7 || rows[0].Minutes.Int64() != 231 || rows[0].Reversed.Int64() != 33 || rows[0].Region != "qixia" || rows[0].RegionTo != "gulou" {
				t.Errorf("clearing: got %+v", rows)
			}
			return errors.Join(err, err2)
		})
		checkExports(t, all)
	})
}

// A service counts once in the matrix, wherever its earners are from: also where none is from the transaction's own region, and for one who got nothing.
func TestAServiceCountsOnceInTheMatrix(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		issue(t, db, 1000)
		hold(t, db, "a", 150, ledger.PoolAccount)
		earner := func(name, region string, minutes int64) ledger.Credit {
			return ledger.Credit{To: saved(name), Debit: hours.Of(minutes), Credit: hours.Of(minutes), RegionTo: region}
		}
		storetest.Write(t, db, func(tx *store.Tx) error {
			return first(capture(tx, []ledger.Settlement{{Meta: ledger.Meta{Ref: "a", Region: "qixia", RegionTo: "pukou", Actor: "system"}, Reason: ledger.ForService,
				Credits: []ledger.Credit{earner("chen", "gulou", 60), earner("wu", "xuanwu", 90), earner("zhou", "pukou", 0)}}}))
		})
		storetest.Read(t, db, func(tx *store.Tx) error {
			rows, err := ledger.Clearing(tx, "0001-01-01", "9999-12-31")
			var services, minutes int64
			for _, r := range rows {
				services, minutes = services+r.Services, minutes+r.Minutes.Int64()
			}
			if len(rows) != 2 || services != 1 || minutes != 150 {
				t.Errorf("got %+v, want one service and 150 minutes in two rows", rows)
			}
			return err
		})
	})
}

func checkExports(t *testing.T, lines []ledger.Line) {
	t.Helper()
	var text, book bytes.Buffer
	if err := errors.Join(ledger.WriteCSV(&text, lines, nil), ledger.WriteXLSX(&book, lines, nil)); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&text).ReadAll()
	if err != nil || len(rows) != len(lines)+1 || rows[1][4] != fmt.Sprint(lines[0].Minutes.Int64()) {
		t.Errorf("csv: %v, %v", rows, err)
	}
	f, err := excelize.OpenReader(&book)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cells, err := f.GetRows(f.GetSheetName(0))
	if err != nil || len(cells) != len(lines)+1 || cells[1][5] != rows[1][5] {
		t.Errorf("xlsx: %v, %v", cells, err)
	}
}

func TestCapAndDebt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		issue(t, db, 1000)
		hold(t, db, "a", 100, ledger.PoolAccount)
		p := settle(t, db, "a", "chen", 100)
		storetest.Write(t, db, func(tx *store.Tx) error {
			return first(ledger.Book(tx, []ledger.Posting{{Meta: by("chen"), Reason: ledger.ForTransfer, Transfers: []ledger.Transfer{{From: saved("chen"), To: donated("mother"), Minutes: hours.Of(70)}}}}))
		})
		storetest.Write(t, db, func(tx *store.Tx) error {
			r, err := ledger.Reverse(tx, []ledger.Reversal{{Tx: p.Tx, Actor: "two", Note: "sold"}})
			if err == nil && r[0].Debt.Int64() != 70 {
				t.Errorf("debt: got %v, want 70 minutes", r[0].Debt)
			}
			return first(r, err)
		})
		wantBalance(t, db, ledger.Key{Owner: "chen", Class: ledger.Recovery}, -70, 0)
		wantBalance(t, db, ledger.PoolAccount, 1000, 0)
		hold(t, db, "b", 200, ledger.PoolAccount)
		storetest.Write(t, db, func(tx *store.Tx) error {
			r, err := capture(tx, []ledger.Settlement{{Meta: ledger.Meta{Ref: "b", Actor: "system"}, Reason: ledger.ForService,
				Credits: []ledger.Credit{{To: saved("chen"), Debit: hours.Of(150), Credit: hours.Of(150), Cap: hours.Of(50), Overflow: ledger.RetiredAccount}}}})
			if err == nil && (r[0].Repaid.Int64() != 70 || r[0].Overflow.Int64() != 30) {
				t.Errorf("got %+v, want 70 repaid and 30 above the cap", r[0])
			}
			return first(r, err)
		})
		wantBalance(t, db, saved("chen"), 50, 0)
		wantBalance(t, db, ledger.RetiredAccount, 30, 0)
		wantSound(t, db)
	})
}

// TestTwoTogetherComeAboveTheCap: neither does alone, and only of the second is it asked what becomes of the rest.
func TestTwoTogetherComeAboveTheCap(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		issue(t, db, 1000)
		hold(t, db, "a", 60, ledger.PoolAccount)
		hold(t, db, "b", 60, ledger.PoolAccount)
		pay := func(ref string) ledger.Settlement {
			return ledger.Settlement{Meta: ledger.Meta{Ref: ref, Actor: "system"}, Reason: ledger.ForService,
				Credits: []ledger.Credit{{To: saved("chen"), Debit: hours.Of(60), Credit: hours.Of(60), Cap: hours.Of(100)}}}
		}
		storetest.Write(t, db, func(tx *store.Tx) error {
			all := []ledger.Settlement{pay("a"), pay("b")}
			var asked []int
			c, err := ledger.Capture(tx, all, func(at []int) error {
				asked = at
				for _, i := range at {
					all[i].Credits[0].Overflow = ledger.RetiredAccount
				}
				return nil
			})
			if err != nil {
				return err
			}
			if want := []int{1}; !slices.Equal(asked, want) {
				t.Errorf("asked about %v, want %v", asked, want)
			}
			if got := c.Posted[1].Overflow.Int64(); got != 20 {
				t.Errorf("above the cap: %d, want 20", got)
			}
			return errors.Join(first(c.Posted, nil), c.Write())
		})
		wantBalance(t, db, saved("chen"), 100, 0)
		wantBalance(t, db, ledger.RetiredAccount, 20, 0)
		wantSound(t, db)
	})
}

func TestDisputeGrantAndClose(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		issue(t, db, 1000)
		hold(t, db, "a", 60, ledger.PoolAccount)
		settle(t, db, "a", "chen", 60)
		storetest.Write(t, db, func(tx *store.Tx) error {
			got, err := ledger.Freeze(tx, "a", "unknown")
			if err == nil && (got[0].Int64() != 60 || got[1].Int64() != 0) {
				err = fmt.Errorf("frozen: got %v, want 60 and none", got)
			}
			return err
		})
		wantBalance(t, db, saved("chen"), 60, 60)
		closing := func(owner string, to ledger.Key) (p ledger.Posted) {
			storetest.Write(t, db, func(tx *store.Tx) (err error) { p, err = ledger.Close(tx, owner, to, by("clerk")); return err })
			return p
		}
		if p := closing("chen", donated("heir")); errs.CodeOf(p.Err) != "ledger.holds_open" {
			t.Errorf("close while frozen: got %v", p.Err)
		}
		storetest.Write(t, db, func(tx *store.Tx) error { return ledger.Unfreeze(tx, "a") })
		month := clock.MonthOf(clk.Now())
		grant := func() (posted []ledger.Posted) {
			storetest.Write(t, db, func(tx *store.Tx) (err error) {
				posted, err = ledger.GrantMonthly(tx, month, []ledger.Grantee{{Owner: "chen", Minutes: hours.Of(120)}, {Owner: "cao", Minutes: hours.Of(120)}}, month.Add(1).First(), by("system"))
				return err
			})
			return posted
		}
		if err := first(grant(), nil); err != nil {
			t.Fatal(err)
		}
		if p := grant(); errs.CodeOf(p[0].Err) != "ledger.granted_already" {
			t.Errorf("second grant: got %v", p[0].Err)
		}
		if p := closing("chen", donated("heir")); p.Err != nil || p.Tx == "" {
			t.Errorf("close: got %+v", p)
		}
		wantBalance(t, db, donated("heir"), 60, 0)
		clk.Set(month.End())
		err := db.Write(t.Context(), "test", func(tx *store.Tx) error {
			r, err := ledger.Hold(tx, []ledger.Need{{Ref: "late", Reason: "order", Minutes: hours.Of(1), Sources: []ledger.Key{{Owner: "cao", Class: ledger.Granted, Bucket: string(month)}}}})
			if err == nil {
				err = r[0].Err
			}
			return err
		})
		if errs.CodeOf(err) != "ledger.not_enough" {
			t.Errorf("hold of an expired grant: got %v", err)
		}
		storetest.Write(t, db, func(tx *store.Tx) error {
			n, err := ledger.ExpireGrants(tx, clock.DayOf(clk.Now()), "system")
			if n != 1 {
				t.Errorf("expired: got %d, want 1", n)
			}
			return err
		})
		wantBalance(t, db, ledger.PoolAccount, 940, 0)
		wantSound(t, db)
	})
}

// TestGroupSizeChangesNothing posts the same settlements one by one and in groups, and wants the same leaves.
func TestGroupSizeChangesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(rt, "orders")
		all := make([]ledger.Settlement, n)
		for i := range all {
			m := rapid.Int64Range(0, 70).Draw(rt, "minutes")
			all[i] = ledger.Settlement{Meta: ledger.Meta{Ref: fmt.Sprint("order-", i), Actor: "system"}, Reason: ledger.ForService, Credits: []ledger.Credit{
				{To: saved(fmt.Sprint("v", rapid.IntRange(0, 3).Draw(rt, "volunteer"))), Debit: hours.Of(m), Credit: hours.Of(m), Cap: hours.Of(100)}}}
		}
		run := func(sizes []int) string {
			dir, err := os.MkdirTemp(t.TempDir(), "book")
			if err != nil {
				rt.Fatal(err)
			}
			db, err := store.Open(t.Context(), store.Config{Engine: store.SQLite, Dir: dir, Clock: clock.NewFake(storetest.Epoch), IDs: id.Seeded(5), Readers: 1})
			if err != nil {
				rt.Fatal(err)
			}
			defer db.Close()
			if err := db.Migrate(t.Context()); err != nil {
				rt.Fatal(err)
			}
			issue(t, db, 60*int64(n))
			for i := range all {
				hold(t, db, all[i].Ref, 60, ledger.PoolAccount)
			}
			from := 0
			for _, size := range sizes {
				storetest.Write(t, db, func(tx *store.Tx) error {
					_, err := capture(tx, all[from:from+size])
					return err
				})
				from += size
			}
			number(t, db, 0)
			var out strings.Builder
			report, err := ledger.Verify(t.Context(), db, func(n int64, leaf [32]byte) error {
				fmt.Fprintf(&out, "%d %x\n", n, leaf)
				return nil
			})
			if err != nil || len(report.Problems) > 0 {
				rt.Fatalf("verify: %v %v", err, report.Problems)
			}
			return out.String()
		}
		ones := make([]int, n)
		for i := range ones {
			ones[i] = 1
		}
		var groups []int
		for left := n; left > 0; {
			size := rapid.IntRange(1, left).Draw(rt, "group")
			groups = append(groups, size)
			left -= size
		}
		if one, many := run(ones), run(groups); one != many {
			rt.Fatalf("groups of %v give other leaves:\n%s\n%s", groups, one, many)
		}
	})
}

func TestConcurrentPostsKeepTheBook(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		issue(t, db, 2000)
		var wg sync.WaitGroup
		failures := make(chan error, 400)
		for w := range 8 {
			wg.Go(func() {
				for i := range 12 {
					ref := fmt.Sprintf("order-%d-%d", w, i)
					failures <- db.Write(context.WithoutCancel(t.Context()), "test", func(tx *store.Tx) error {
						_, err := ledger.Hold(tx, []ledger.Need{{Ref: ref, Reason: "order", Minutes: hours.Of(30), Sources: []ledger.Key{saved(fmt.Sprint("v", w)), ledger.PoolAccount}}})
						return err
					})
					failures <- db.Write(context.WithoutCancel(t.Context()), "test", func(tx *store.Tx) error {
						_, err := capture(tx, []ledger.Settlement{{Meta: ledger.Meta{Ref: ref, Actor: "system"}, Reason: ledger.ForService,
							Credits: []ledger.Credit{{To: saved(fmt.Sprint("v", (w+1+i)%8)), Debit: hours.Of(20), Credit: hours.Of(20)}}}})
						return err
					})
				}
			})
		}
		wg.Wait()
		close(failures)
		for err := range failures {
			if err != nil {
				t.Error(err)
			}
		}
		wantSound(t, db)
	})
}

func TestVerifyNamesTheRow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		issue(t, db, 1000)
		hold(t, db, "a", 60, ledger.PoolAccount)
		p := settle(t, db, "a", "chen", 45)
		number(t, db, 0)
		wantSound(t, db)
		disable, enable := "DROP TRIGGER ledger_entry_no_update", ""
		if db.Engine() == store.Postgres {
			disable, enable = "ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_no_update", "ALTER TABLE ledger_entry ENABLE TRIGGER ledger_entry_no_update"
		}
		exec := func(text string) {
			if text != "" {
				storetest.Write(t, db, func(tx *store.Tx) error { _, err := tx.Exec(text); return err })
			}
		}
		exec(disable)
		exec("UPDATE ledger_entry SET minutes = minutes + 1 WHERE reason = 'service'")
		exec(enable)
		report, err := ledger.Verify(t.Context(), db, nil)
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprint(report.Problems)
		for _, want := range []string{"ledger_tx " + string(p.Tx), "account chen/saved/", "account city/pool/"} {
			if !strings.Contains(text, want) {
				t.Errorf("verify does not name %s: %s", want, text)
			}
		}
	})
}

func TestErasureKeepsTheLog(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		issue(t, db, 1000)
		hold(t, db, "a", 60, ledger.PoolAccount)
		p := settle(t, db, "a", "chen", 45)
		var before, after ledger.Disclosure
		storetest.Read(t, db, func(tx *store.Tx) (err error) { before, err = ledger.Disclose(tx, p.Tx); return err })
		storetest.Write(t, db, func(tx *store.Tx) error {
			n, err := ledger.EraseSalt(tx, "chen")
			if n != 1 {
				t.Errorf("erased: got %d, want 1", n)
			}
			return err
		})
		storetest.Read(t, db, func(tx *store.Tx) (err error) { after, err = ledger.Disclose(tx, p.Tx); return err })
		if before.Digest != after.Digest {
			t.Error("the leaf changed with the erasure")
		}
		wantSound(t, db)
	})
}

func TestHledgerAgrees(t *testing.T) {
	db, _ := storetest.New(t, store.SQLite)
	issue(t, db, 1000)
	for i := range 5 {
		hold(t, db, fmt.Sprint("order-", i), 60, saved("chen"), ledger.PoolAccount)
		settle(t, db, fmt.Sprint("order-", i), fmt.Sprint("v", i%2), 45)
	}
	path := filepath.Join(t.TempDir(), "book.journal")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ledger.WriteJournal(t.Context(), db, f), f.Close()); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("hledger", "-f", path, "check", "accounts", "commodities", "ordereddates").CombinedOutput(); err != nil {
		t.Fatalf("hledger check: %v\n%s", err, out)
	}
	out, err := exec.Command("hledger", "-f", path, "balance", "--depth", "1", "--no-total", "-O", "csv").Output()
	if err != nil {
		t.Fatal(err)
	}
	var totals []ledger.ClassTotal
	storetest.Read(t, db, func(tx *store.Tx) (err error) { totals, err = ledger.ClassTotals(tx); return err })
	for _, c := range totals {
		if want := fmt.Sprintf("\"%s\",\"%d min\"", c.Class, c.Balance.Int64()); !c.Balance.IsZero() && !strings.Contains(string(out), want) {
			t.Errorf("hledger has no line %s:\n%s", want, out)
		}
	}
}
