package jobs

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"timebank/internal/clock"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// each runs test on a real database of each engine.
func each(t *testing.T, test func(t *testing.T, cfg Config)) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			where := storetest.Config(t, engine)
			db := storetest.Open(t, where)
			test(t, Config{DB: db, Postgres: where.DSN, Log: slog.New(slog.DiscardHandler), Relay: 10 * time.Millisecond, Workers: 2})
		})
	}
}

func open(t *testing.T, cfg Config) *Jobs {
	t.Helper()
	j, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func start(t *testing.T, j *Jobs) {
	t.Helper()
	if err := j.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func stop(t *testing.T, j *Jobs) {
	t.Helper()
	if err := j.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func ask(t *testing.T, db *store.DB, refs ...string) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error {
		for _, r := range refs {
			tx.Outbox("test.asked", r, `{"of":"`+r+`"}`)
		}
		return nil
	})
}

// receiver counts deliveries and tells when a reference came.
type receiver struct {
	mu   sync.Mutex
	got  map[string]int
	came chan string
}

func newReceiver() *receiver { return &receiver{got: map[string]int{}, came: make(chan string, 100)} }

func (r *receiver) Deliver(_ context.Context, e store.Event) error {
	r.mu.Lock()
	r.got[e.Ref]++
	r.mu.Unlock()
	r.came <- e.Ref
	return nil
}

// await waits until n deliveries came.
func (r *receiver) await(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		select {
		case <-r.came:
		case <-t.Context().Done():
			t.Fatalf("got %d deliveries, want %d", i, n)
		case <-time.After(time.Minute):
			t.Fatalf("got %d deliveries in a minute, want %d", i, n)
		}
	}
}

func TestACrashBetweenInsertAndDropLosesNothingAndDeliversOnce(t *testing.T) {
	each(t, func(t *testing.T, cfg Config) {
		r := newReceiver()
		cfg.Otherwise = r.Deliver
		ask(t, cfg.DB, "a", "b")

		// A process hands over and ends before it drops; another begins where it stood.
		dead := open(t, cfg)
		if events, err := dead.handOver(t.Context()); err != nil || len(events) != 2 {
			t.Fatalf("hand over: got %d events, %v, want 2", len(events), err)
		}
		stop(t, dead)

		ask(t, cfg.DB, "c")
		alive := open(t, cfg)
		start(t, alive)
		r.await(t, 3)
		stop(t, alive)
		if r.got["a"] != 1 || r.got["b"] != 1 || r.got["c"] != 1 {
			t.Errorf("deliveries: got %v, want each once", r.got)
		}
		storetest.Read(t, cfg.DB, func(tx *store.Tx) error {
			_, waits, err := store.OldestEvent(tx)
			if waits {
				t.Error("the outbox is not empty after the hand-over")
			}
			return err
		})
	})
}

func TestAFailedDeliveryIsTriedAgain(t *testing.T) {
	each(t, func(t *testing.T, cfg Config) {
		r := newReceiver()
		failed := false
		cfg.Workers = 1
		cfg.Topics = map[string]Deliver{"test.asked": func(ctx context.Context, e store.Event) error {
			if !failed {
				failed = true
				return errors.New("the sender is away")
			}
			return r.Deliver(ctx, e)
		}}
		ask(t, cfg.DB, "a")
		j := open(t, cfg)
		start(t, j)
		r.await(t, 1)
		stop(t, j)
	})
}

func TestTasksRunAtTheStartAndAgain(t *testing.T) {
	each(t, func(t *testing.T, cfg Config) {
		ran, nightly := make(chan struct{}, 100), make(chan struct{}, 100)
		cfg.Tasks = []Task{
			{Name: "often", When: Every(time.Second), Do: func(context.Context) error { ran <- struct{}{}; return nil }},
			{Name: "nightly", When: Nightly(3), Do: func(context.Context) error {
				nightly <- struct{}{}
				return errors.New("a task that fails stops no other")
			}},
		}
		j := open(t, cfg)
		start(t, j)
		for _, c := range []chan struct{}{ran, nightly, ran, ran} {
			select {
			case <-c:
			case <-time.After(time.Minute):
				t.Fatal("a task did not run within a minute")
			}
		}
		stop(t, j)
		if len(nightly) != 0 {
			t.Errorf("the nightly task ran %d times more", len(nightly))
		}
	})
}

func TestTheJobsFileMayBeLost(t *testing.T) {
	where := storetest.Config(t, store.SQLite)
	r := newReceiver()
	cfg := Config{DB: storetest.Open(t, where), Log: slog.New(slog.DiscardHandler), Relay: 10 * time.Millisecond, Workers: 1, Otherwise: r.Deliver}
	stop(t, open(t, cfg))
	ask(t, cfg.DB, "a")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(where.Dir, FileName+suffix)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	j := open(t, cfg)
	start(t, j)
	r.await(t, 1)
	stop(t, j)
}

func TestNightlyCountsInTheCitysZone(t *testing.T) {
	for _, c := range []struct{ now, want string }{
		{"2020-10-12T18:59:59Z", "2020-10-12T19:00:00Z"}, // 02:59 on the 13th in the city
		{"2020-10-12T19:00:00Z", "2020-10-13T19:00:00Z"},
		{"2020-10-12T01:00:00Z", "2020-10-12T19:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := Nightly(3)(now).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("after %s: got %s, want %s (zone %s)", c.now, got, c.want, clock.Zone)
		}
	}
}

func TestTheInboxHoldsOneLineAnEvent(t *testing.T) {
	dir := t.TempDir()
	box := NewInbox(dir)
	for i := range 2 {
		if err := box.Deliver(t.Context(), store.Event{Seq: int64(i + 1), Topic: "order.claimed", Ref: "r", Payload: "{}"}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(filepath.Join(dir, InboxName))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"seq":1,"topic":"order.claimed","ref":"r","payload":"{}"}` + "\n" + `{"seq":2,"topic":"order.claimed","ref":"r","payload":"{}"}` + "\n"
	if strings.Compare(string(got), want) != 0 {
		t.Errorf("inbox: got %q, want %q", got, want)
	}
}
