package store

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"

	"timebank/internal/errs"
)

// retries bounds how often a PostgreSQL transaction that lost a race is run again.
const retries = 8

func (db *DB) writePostgres(ctx context.Context, fn func(tx *Tx) error) error {
	var err error
	for range retries {
		err = db.onceIn(ctx, func(s *session) error { return db.run(s, context.WithoutCancel(ctx), fn) })
		if !lostRace(err) {
			return err
		}
	}
	return errs.New(errs.Unavailable, "store.busy").With(err)
}

func (db *DB) readPostgres(ctx context.Context, fn func(tx *Tx) error) error {
	return db.onConn(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", func(s *session) error {
		return db.run(s, context.WithoutCancel(ctx), fn)
	})
}

func (db *DB) onceIn(ctx context.Context, fn func(s *session) error) error {
	return db.onConn(ctx, "BEGIN", fn)
}

// onConn runs fn between begin and COMMIT on a connection of the pool. A connection whose state is unknown is thrown away.
func (db *DB) onConn(ctx context.Context, begin string, fn func(s *session) error) (err error) {
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return mapError(err)
	}
	s := &session{}
	broken := true
	defer func() {
		if broken {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
		_ = conn.Close()
	}()
	// The pool's own way of asking waits for each answer before the next question. The connection is ours until it is closed.
	if err := conn.Raw(func(c any) error {
		s.pg = c.(*stdlib.Conn).Conn()
		return nil
	}); err != nil {
		return mapError(err)
	}
	s.later = append(s.later, statement{text: begin})
	err = fn(s)
	if err == nil {
		err = db.settle(s)
	}
	if err == nil {
		s.later = append(s.later, statement{text: "COMMIT"})
		err = s.send(context.WithoutCancel(ctx))
	}
	if err != nil {
		s.later = nil
		broken = s.plain("ROLLBACK") != nil
		return mapError(err)
	}
	broken = false
	return nil
}

// statement is one that waits for others.
type statement struct {
	text string
	args []any
	each func(*Rows) error // of a question: who gets the rows
}

// send gives PostgreSQL the statements that wait, all in one round trip.
func (s *session) send(ctx context.Context) error {
	if len(s.later) == 0 {
		return nil
	}
	results, err := s.batch(ctx)
	return cmp.Or(err, results.Close())
}

// batch gives PostgreSQL the statements that wait and whatever is to follow them, and sees to the answers of the former. After the first that fails
// none is carried out.
func (s *session) batch(ctx context.Context, then ...statement) (pgx.BatchResults, error) {
	waiting := s.later
	s.later = nil
	all := &pgx.Batch{}
	for _, one := range waiting {
		all.Queue(one.text, one.args...)
	}
	for _, one := range then {
		all.Queue(one.text, one.args...)
	}
	results := s.pg.SendBatch(ctx, all)
	for _, one := range waiting {
		if one.each == nil {
			if _, err := results.Exec(); err != nil {
				return results, err
			}
			continue
		}
		found, err := results.Query()
		if err == nil {
			err = (&Rows{&answer{Rows: found}}).each(one.each)
		}
		if err != nil {
			return results, err
		}
	}
	return results, nil
}

func (s *session) execPostgres(ctx context.Context, st statement) (int64, error) {
	if len(s.later) == 0 {
		done, err := s.pg.Exec(ctx, st.text, st.args...)
		return done.RowsAffected(), err
	}
	results, err := s.batch(ctx, st)
	if err != nil {
		return 0, cmp.Or(err, results.Close())
	}
	done, err := results.Exec()
	return done.RowsAffected(), cmp.Or(err, results.Close())
}

func (s *session) queryPostgres(ctx context.Context, st statement) (*Rows, error) {
	if len(s.later) == 0 {
		found, err := s.pg.Query(ctx, st.text, st.args...)
		return &Rows{&answer{Rows: found}}, err
	}
	results, err := s.batch(ctx, st)
	if err != nil {
		return nil, cmp.Or(err, results.Close())
	}
	found, err := results.Query()
	if err != nil {
		return nil, cmp.Or(err, results.Close())
	}
	return &Rows{&answer{Rows: found, last: results}}, nil
}

// answer is what PostgreSQL says to a question.
type answer struct {
	pgx.Rows
	last pgx.BatchResults // which end with it
}

// Close ends the question, and the batch whose last it was.
func (a *answer) Close() error {
	a.Rows.Close()
	err := a.Rows.Err()
	if a.last != nil {
		err = cmp.Or(err, a.last.Close())
		a.last = nil
	}
	return err
}

// readFlags lets whole numbers be read as what they say, yes or no: the embedded database has no other type for it.
func readFlags(m *pgtype.Map) {
	m.TryWrapScanPlanFuncs = append(m.TryWrapScanPlanFuncs, func(target any) (pgtype.WrappedScanPlanNextSetter, any, bool) {
		yes, ok := target.(*bool)
		if !ok {
			return nil, nil, false
		}
		return &flagPlan{}, (*flag)(yes), true
	})
}

// flag is a yes or no that was stored as 1 or 0.
type flag bool

// ScanInt64 takes the number.
func (f *flag) ScanInt64(n pgtype.Int8) error {
	if !n.Valid {
		return errors.New("store: NULL is neither yes nor no")
	}
	*f = n.Int64 != 0
	return nil
}

type flagPlan struct{ next pgtype.ScanPlan }

// SetNext is told how a [flag] is read.
func (p *flagPlan) SetNext(next pgtype.ScanPlan) { p.next = next }

// Scan reads a bool as a [flag].
func (p *flagPlan) Scan(src []byte, dst any) error { return p.next.Scan(src, (*flag)(dst.(*bool))) }
