package timer

import (
	"time"

	"timebank/internal/clock"
	"timebank/internal/store"
)

// Set makes timers wait, or moves those that wait already for the same kind and reference.
func Set(tx *store.Tx, timers ...Timer) error {
	if len(timers) == 0 {
		return nil
	}
	args := make([]any, 0, 4*len(timers))
	for _, t := range timers {
		args = append(args, t.Kind, t.Ref, clock.Micros(t.Due), t.Arg)
	}
	_, err := tx.Later().Insert("INSERT INTO timer (kind, ref, due, arg)", 4, args,
		"ON CONFLICT (ref, kind) DO UPDATE SET due = excluded.due, arg = excluded.arg, parked_at = NULL, problem = ''")
	return err
}

// Cancel removes the timers of a kind that wait for the references. One that does not wait is no error.
func Cancel(tx *store.Tx, kind string, refs ...string) error {
	if len(refs) == 0 {
		return nil
	}
	args := make([]any, 0, 2*len(refs))
	for _, r := range refs {
		args = append(args, r, kind)
	}
	_, err := tx.Later().With("WITH v (ref, kind) AS (VALUES ", []string{"TEXT", "TEXT"}, args,
		") DELETE FROM timer WHERE (ref, kind) IN (SELECT v.ref, v.kind FROM v)")
	return err
}

const columns = "SELECT seq, kind, ref, due, arg FROM timer"

func scan(r *store.Rows) (t Timer, err error) {
	var due int64
	err = r.Scan(&t.Seq, &t.Kind, &t.Ref, &due, &t.Arg)
	t.Due = clock.FromMicros(due)
	return t, err
}

func loadDue(tx *store.Tx, now int64, most int) ([]Timer, error) {
	// Two processes must not run the same timer, nor one the later before the other's earlier: they take turns.
	if err := tx.LockName("timer"); err != nil {
		return nil, err
	}
	return store.All(tx, scan, columns+" WHERE parked_at IS NULL AND due <= $1 ORDER BY due, seq LIMIT $2", now, most)
}

func remove(tx *store.Tx, timers []Timer) error {
	args := make([]any, len(timers))
	for i, t := range timers {
		args[i] = t.Seq
	}
	_, err := tx.With("WITH v (seq) AS (VALUES ", []string{"BIGINT"}, args, ") DELETE FROM timer WHERE seq IN (SELECT v.seq FROM v)")
	return err
}

func putParked(tx *store.Tx, t Timer, problem string) error {
	_, err := tx.Exec("INSERT INTO timer (kind, ref, due, arg, parked_at, problem) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (ref, kind) DO NOTHING",
		t.Kind, t.Ref, clock.Micros(t.Due), t.Arg, tx.NowMicros(), problem)
	return err
}

// Waiting returns the timers that wait for a reference, soonest first: what an order's page shows as "next".
func Waiting(tx *store.Tx, ref string) ([]Timer, error) {
	return store.All(tx, scan, columns+" WHERE parked_at IS NULL AND ref = $1 ORDER BY due, seq", ref)
}

// Next returns when the earliest timer is due; ok is false when none waits.
func Next(tx *store.Tx) (due time.Time, ok bool, err error) {
	var micros *int64
	if err := tx.QueryRow("SELECT MIN(due) FROM timer WHERE parked_at IS NULL").Scan(&micros); err != nil || micros == nil {
		return time.Time{}, false, err
	}
	return clock.FromMicros(*micros), true, nil
}

// Parked is a timer that failed and waits for a person.
type Parked struct {
	Timer
	At      time.Time
	Problem string
}

// ListParked returns the timers that failed, oldest first.
func ListParked(tx *store.Tx) ([]Parked, error) {
	return store.All(tx, func(r *store.Rows) (p Parked, err error) {
		var due, at int64
		err = r.Scan(&p.Seq, &p.Kind, &p.Ref, &due, &p.Arg, &at, &p.Problem)
		p.Due, p.At = clock.FromMicros(due), clock.FromMicros(at)
		return p, err
	}, "SELECT seq, kind, ref, due, arg, parked_at, problem FROM timer WHERE parked_at IS NOT NULL ORDER BY seq")
}

// Soonest returns, for each reference that has a timer, when its first one is due.
func Soonest(tx *store.Tx, refs []string) (map[string]time.Time, error) {
	type pair struct {
		ref string
		due int64
	}
	rows, err := store.In(tx, "SELECT ref, MIN(due) FROM timer WHERE parked_at IS NULL AND ref IN (", refs, ") GROUP BY ref",
		func(r *store.Rows) (p pair, err error) { return p, r.Scan(&p.ref, &p.due) })
	due := make(map[string]time.Time, len(rows))
	for _, p := range rows {
		due[p.ref] = clock.FromMicros(p.due)
	}
	return due, err
}
