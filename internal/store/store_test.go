package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
	"timebank/internal/timer"
)

func settings(t *testing.T, db *store.DB) map[string]string {
	t.Helper()
	got := map[string]string{}
	storetest.Read(t, db, func(tx *store.Tx) error {
		clear(got)
		rows, err := store.All(tx, func(r *store.Rows) (kv [2]string, err error) { return kv, r.Scan(&kv[0], &kv[1]) },
			"SELECT name, value FROM setting ORDER BY name")
		for _, kv := range rows {
			got[kv[0]] = kv[1]
		}
		return err
	})
	return got
}

// The contract of Write, the same on both engines.

func TestWriteKeepsAllOrNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		refusal := errs.New(errs.Refused, "test.refused")
		err := db.Write(t.Context(), "test", func(tx *store.Tx) error {
			if err := store.SetSetting(tx, "a", "1"); err != nil {
				return err
			}
			tx.Outbox("test.happened", "a", "{}")
			return refusal
		})
		if !errors.Is(err, refusal) {
			t.Errorf("Write returned %v, want the function's own error", err)
		}
		if got := settings(t, db); len(got) != 0 {
			t.Errorf("a refused write left %v", got)
		}
	})
}

func TestNeighboursInAGroupDoNotMatter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		const n = 60
		var wg sync.WaitGroup
		got := make([]error, n)
		for i := range n {
			wg.Go(func() {
				got[i] = db.Write(t.Context(), "test", func(tx *store.Tx) error {
					if err := store.SetSetting(tx, fmt.Sprintf("k%02d", i), "x"); err != nil {
						return err
					}
					switch i % 3 {
					case 1:
						return errs.New(errs.Refused, "test.refused")
					case 2:
						panic("a broken rule")
					}
					return nil
				})
			})
		}
		wg.Wait()
		kept := settings(t, db)
		for i, err := range got {
			want := []string{"", "test.refused", "internal"}[i%3]
			if errs.CodeOf(err) != want {
				t.Errorf("write %d: code %q, want %q (%v)", i, errs.CodeOf(err), want, err)
			}
			if _, ok := kept[fmt.Sprintf("k%02d", i)]; ok != (i%3 == 0) {
				t.Errorf("write %d: kept is %v", i, ok)
			}
		}
	})
}

func TestCancelledBeforeTheStartIsRefusedAfterwardsIgnored(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Write(ctx, "test", func(tx *store.Tx) error {
			cancel()
			return store.SetSetting(tx, "a", "1")
		})
		if err != nil {
			t.Errorf("cancelled during: %v", err)
		}
		err = db.Write(ctx, "test", func(tx *store.Tx) error { return store.SetSetting(tx, "b", "1") })
		if errs.KindOf(err) != errs.Unavailable {
			t.Errorf("cancelled before: %v", err)
		}
		if got := settings(t, db); len(got) != 1 || got["a"] != "1" {
			t.Errorf("kept %v, want only a", got)
		}
	})
}

func TestTogetherKeepsWhatSucceededOrNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		err := db.Together(t.Context(), func(ctx context.Context) error {
			set := func(name string, then error) error {
				return db.Write(ctx, "test", func(tx *store.Tx) error {
					return errors.Join(store.SetSetting(tx, name, "1"), then)
				})
			}
			if err := set("a", nil); err != nil {
				return err
			}
			if err := set("b", errors.New("refused")); err == nil {
				return errors.New("the refused write was not refused")
			}
			return db.Read(ctx, "test", func(tx *store.Tx) error {
				if v, err := store.Setting(tx, "a"); v != "1" || err != nil {
					return fmt.Errorf("inside, a is %q (%v)", v, err)
				}
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := settings(t, db); len(got) != 1 || got["a"] != "1" {
			t.Errorf("kept %v, want only a", got)
		}
		stop := errors.New("stop")
		err = db.Together(t.Context(), func(ctx context.Context) error {
			return errors.Join(db.Write(ctx, "test", func(tx *store.Tx) error { return store.SetSetting(tx, "c", "1") }), stop)
		})
		if !errors.Is(err, stop) {
			t.Errorf("got %v, want stop", err)
		}
		if got := settings(t, db); got["c"] != "" {
			t.Errorf("a group that failed left %v", got)
		}
	})
}

// TestWholeIsLostWithOneWriteThatFails holds even when nobody looks at that write's error.
func TestWholeIsLostWithOneWriteThatFails(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		refused := errors.New("refused")
		run := func(then ...error) error {
			return db.Whole(t.Context(), func(ctx context.Context) error {
				for i, err := range then {
					_ = db.Write(ctx, "test", func(tx *store.Tx) error {
						tx.Outbox("test", "ref", "{}")
						return errors.Join(store.SetSetting(tx, fmt.Sprint("a", i), "1"), err)
					})
				}
				return nil
			})
		}
		if err := run(nil, refused, nil); !errors.Is(err, refused) {
			t.Errorf("got %v, want the refusal", err)
		}
		if got := settings(t, db); len(got) != 0 {
			t.Errorf("a whole that failed left %v", got)
		}
		if err := run(nil, nil, nil); err != nil {
			t.Fatal(err)
		}
		if got := settings(t, db); len(got) != 3 {
			t.Errorf("kept %v, want all three", got)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			got, err := topics(tx)
			if len(got) != 3 {
				t.Errorf("%d events, want those of the one whole that was kept", len(got))
			}
			return err
		})
	})
}

// TestNewestIsAskedAgainAfterTheTableGrew holds in the write that added, in its neighbours, and when the adding write is taken back.
func TestNewestIsAskedAgainAfterTheTableGrew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		newest := func(tx *store.Tx) string {
			t.Helper()
			name, err := store.Newest(tx, "setting", func() (name string, err error) {
				err = tx.QueryRow("SELECT COALESCE(MAX(name), '') FROM setting").Scan(&name)
				return name, err
			})
			if err != nil {
				t.Error(err)
			}
			return name
		}
		want := ""
		err := db.Together(t.Context(), func(ctx context.Context) error {
			for i, fails := range []bool{false, true, false, true, true, false} {
				name := fmt.Sprint("n", i)
				err := db.Write(ctx, "test", func(tx *store.Tx) error {
					if got := newest(tx); got != want {
						t.Errorf("before %s the newest is %q, want %q", name, got, want)
					}
					if _, err := tx.Insert("INSERT INTO setting (name, value)", 2, []any{name, "1"}, ""); err != nil {
						return err
					}
					if got := newest(tx); got != name {
						t.Errorf("after %s the newest is %q", name, got)
					}
					if fails {
						return errors.New("refused")
					}
					return nil
				})
				if err == nil {
					want = name
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		storetest.Write(t, db, func(tx *store.Tx) error {
			if got := newest(tx); got != want {
				t.Errorf("in the end the newest is %q, want %q", got, want)
			}
			return nil
		})
	})
}

func TestReadCannotWrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		err := db.Read(t.Context(), "test", func(tx *store.Tx) error { return store.SetSetting(tx, "a", "1") })
		if err == nil {
			t.Error("a read wrote")
		}
		if got := settings(t, db); len(got) != 0 {
			t.Errorf("a read left %v", got)
		}
	})
}

func TestOneKeyHasOneEffectAlsoAtTheSameMoment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		key := store.Key{Actor: "actor", Key: "once", Command: "test.add", Digest: [32]byte{1}}
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				err := db.Write(t.Context(), "test.add", func(tx *store.Tx) error {
					seen, err := store.Claims(tx, []store.Key{key})
					if err != nil || seen[0].Found {
						return errors.Join(err, seen[0].Err())
					}
					tx.Outbox("test.added", "x", "{}")
					return store.Done(tx, []store.Key{key}, []string{"x"})
				})
				if err != nil {
					t.Errorf("submit: %v", err)
				}
			})
		}
		wg.Wait()
		storetest.Write(t, db, func(tx *store.Tx) error {
			events, err := store.TakeEvents(tx, 100)
			if len(events) != 1 {
				t.Errorf("%d effects of one command", len(events))
			}
			other := key
			other.Digest[0] = 2
			seen, err2 := store.Claims(tx, []store.Key{key, other})
			if len(seen) == 2 && (seen[0].Result != "x" || seen[0].Conflict || !seen[1].Conflict) {
				t.Errorf("claims: %+v", seen)
			}
			return errors.Join(err, err2)
		})
	})
}

func TestEventsKeepTheirNumbersAndWaitUntilDropped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		ask := func(ref string) {
			storetest.Write(t, db, func(tx *store.Tx) error { tx.Outbox("test.asked", ref, "{}"); return nil })
		}
		waiting := func() (events []store.Event) {
			storetest.Read(t, db, func(tx *store.Tx) (err error) {
				events, err = store.WaitingEvents(tx, 10)
				at, ok, err2 := store.OldestEvent(tx)
				if ok != (len(events) > 0) || ok && !at.Equal(storetest.Epoch) {
					t.Errorf("oldest event: got %v, %v with %d waiting", at, ok, len(events))
				}
				return errors.Join(err, err2)
			})
			return events
		}
		ask("a")
		ask("b")
		clk.Advance(time.Hour)
		first := waiting()
		if len(first) != 2 || first[0].Ref != "a" || len(waiting()) != 2 {
			t.Fatalf("waiting: got %+v, want a and b, and still there", first)
		}
		for range 2 { // dropping twice is what two processes do
			storetest.Write(t, db, func(tx *store.Tx) error { return store.DropEvents(tx, first) })
		}
		if left := waiting(); len(left) != 0 {
			t.Fatalf("after the drop: got %+v, want none", left)
		}
		clk.Set(storetest.Epoch)
		ask("c")
		if got := waiting(); len(got) != 1 || got[0].Seq <= first[1].Seq {
			t.Errorf("an event after an empty table: got %+v, want a number above %d", got, first[1].Seq)
		}
	})
}

func TestABackupIsTheWholeDatabaseAndPostgreSQLHasItsOwn(t *testing.T) {
	db, _ := storetest.New(t, store.SQLite)
	storetest.Write(t, db, func(tx *store.Tx) error { return store.SetSetting(tx, "kept", "yes") })
	dir := t.TempDir()
	path := filepath.Join(dir, store.FileName)
	if err := db.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), path); errs.CodeOf(err) != "store.backup_exists" {
		t.Errorf("over an older backup: got %v, want store.backup_exists", err)
	}
	copied := storetest.Open(t, store.Config{Engine: store.SQLite, Dir: dir})
	if got := settings(t, copied); got["kept"] != "yes" {
		t.Errorf("settings in the copy: got %v", got)
	}
	pg, _ := storetest.New(t, store.Postgres)
	if err := pg.Backup(t.Context(), filepath.Join(dir, "x")); errs.CodeOf(err) != "store.backup_elsewhere" {
		t.Errorf("on PostgreSQL: got %v, want store.backup_elsewhere", err)
	}
}

func TestTheTrailCannotBeChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		storetest.Write(t, db, func(tx *store.Tx) error {
			return audit.Record(tx, audit.Entry{Actor: audit.System, Action: "test.act", Kind: "test", Ref: "r"})
		})
		for _, change := range []string{"UPDATE audit SET actor = 'x'", "DELETE FROM audit", "UPDATE audit SET digest = digest"} {
			err := db.Write(t.Context(), "test", func(tx *store.Tx) error { _, err := tx.Exec(change); return err })
			if !store.Refused(err) {
				t.Errorf("%s: got %v, want a refusal", change, err)
			}
		}
		storetest.Write(t, db, func(tx *store.Tx) error { _, err := tx.Exec("UPDATE audit SET number = 0"); return err })
		err := db.Write(t.Context(), "test", func(tx *store.Tx) error { _, err := tx.Exec("UPDATE audit SET number = 1"); return err })
		if !store.Refused(err) {
			t.Errorf("numbering twice: got %v, want a refusal", err)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			all, err := audit.Of(tx, "r")
			if len(all) != 1 || all[0].Recompute() != all[0].Digest {
				t.Errorf("read back %+v", all)
			}
			return err
		})
	})
}

func TestTimersRunInOrderAndAFailingOneIsParked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		s := timer.New(db, 4)
		var ran []string
		s.Handle("good", func(tx *store.Tx, due []timer.Timer) ([]error, error) {
			for _, d := range due {
				ran = append(ran, d.Ref)
				if d.Arg == "again" {
					if err := timer.Set(tx, timer.Timer{Kind: "good", Ref: d.Ref, Due: d.Due.Add(time.Hour)}); err != nil {
						return nil, err
					}
				}
			}
			return make([]error, len(due)), nil
		})
		s.Handle("bad", func(_ *store.Tx, due []timer.Timer) ([]error, error) {
			out := make([]error, len(due))
			out[0] = errors.New("cannot")
			return out, nil
		})
		s.Handle("broken", func(*store.Tx, []timer.Timer) ([]error, error) { panic("broken handler") })
		at := func(m int) time.Time { return storetest.Epoch.Add(time.Duration(m) * time.Minute) }
		storetest.Write(t, db, func(tx *store.Tx) error {
			return timer.Set(tx, timer.Timer{Kind: "good", Ref: "c", Due: at(3)}, timer.Timer{Kind: "bad", Ref: "x", Due: at(2)},
				timer.Timer{Kind: "broken", Ref: "y", Due: at(2)}, timer.Timer{Kind: "broken", Ref: "z", Due: at(2)},
				timer.Timer{Kind: "good", Ref: "a", Due: at(1), Arg: "again"}, timer.Timer{Kind: "good", Ref: "b", Due: at(1)},
				timer.Timer{Kind: "good", Ref: "gone", Due: at(1)}, timer.Timer{Kind: "good", Ref: "later", Due: at(100)})
		})
		storetest.Write(t, db, func(tx *store.Tx) error { return timer.Cancel(tx, "good", "gone", "never was") })
		if _, err := s.Run(t.Context(), at(10)); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(ran, ""); got != "abc" {
			t.Errorf("ran %q, want abc", got)
		}
		clk.Set(at(61))
		if _, err := s.Run(t.Context(), at(61)); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(ran, ""); got != "abca" {
			t.Errorf("after an hour ran %q, want abca", got)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			parked, err := timer.ListParked(tx)
			if len(parked) != 3 || parked[0].Problem != "cannot" {
				t.Errorf("parked %+v", parked)
			}
			next, ok, err2 := timer.Next(tx)
			if !ok || !next.Equal(at(100)) {
				t.Errorf("next is %v", next)
			}
			return errors.Join(err, err2)
		})
	})
}

// TestAFolderMayHaveAnyName holds for the two ways in which its file is named: as a path, and as an address.
func TestAFolderMayHaveAnyName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "50% or more? #1 南京")
	db := storetest.Open(t, store.Config{Engine: store.SQLite, Dir: dir})
	storetest.Write(t, db, func(tx *store.Tx) error { return store.SetSetting(tx, "kept", "yes") })
	there, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(there) != 1 {
		t.Errorf("beside the folder there are %v (%v)", there, err)
	}
	if got := settings(t, db); got["kept"] != "yes" {
		t.Errorf("read %v", got)
	}
}

// TestABackupThatIsCancelledLeavesNothing keeps half a copy from being taken for one.
func TestABackupThatIsCancelledLeavesNothing(t *testing.T) {
	db, _ := storetest.New(t, store.SQLite)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := db.Backup(ctx, path); errs.CodeOf(err) != "store.cancelled" {
		t.Errorf("a backup that is cancelled: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a file (%v)", err)
	}
}
