package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"zombiezen.com/go/sqlite"

	"timebank/internal/errs"
)

// Violation says that the database refused a write which the rules should have refused before it.
type Violation struct {
	// Unique is set when a key exists already; otherwise a check, a reference or a trigger refused.
	Unique bool
	// Name is the constraint's or the trigger's text: on SQLite "table.column, table.column" of a unique key.
	Name string
}

// Error names the constraint for logs.
func (v *Violation) Error() string {
	if v.Unique {
		return "unique constraint: " + v.Name
	}
	return "constraint: " + v.Name
}

// Duplicate reports whether err is a violated unique key of the table.
func Duplicate(err error, table string) bool {
	v, ok := errors.AsType[*Violation](err)
	return ok && v.Unique && (strings.HasPrefix(v.Name, table+".") || strings.HasPrefix(v.Name, table+"_"))
}

// Refused reports whether err is a constraint or trigger that refused a write, whatever its name.
func Refused(err error) bool {
	_, ok := errors.AsType[*Violation](err)
	return ok
}

// mapError turns what a driver says into the errors this system speaks. It is the only place that knows drivers' words. An error
// that is ours already passes through.
func mapError(err error) error {
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if _, ok := errors.AsType[*errs.Error](err); ok {
		return err
	}
	if lite, ok := errors.AsType[*liteError](err); ok {
		return mapSQLite(lite)
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return mapPostgres(pg)
	}
	_, isNet := errors.AsType[net.Error](err)
	_, isDial := errors.AsType[*pgconn.ConnectError](err)
	switch {
	case isNet, isDial, errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, net.ErrClosed),
		strings.Contains(err.Error(), "database is closed"), strings.Contains(err.Error(), "conn closed"), strings.Contains(err.Error(), "unexpected EOF"):
		return errs.New(errs.Unavailable, "store.unavailable").With(err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return errs.New(errs.Unavailable, "store.cancelled").With(err)
	}
	return err
}

func mapSQLite(e *liteError) error {
	switch e.code.ToPrimary() {
	case sqlite.ResultConstraint:
		_, name, told := strings.Cut(e.Error(), "constraint failed: ")
		if !told {
			name = e.Error()
		}
		v := &Violation{Name: name}
		switch e.code {
		case sqlite.ResultConstraintUnique, sqlite.ResultConstraintPrimaryKey, sqlite.ResultConstraintRowID:
			v.Unique = true
			v.Name = strings.TrimPrefix(name, "UNIQUE constraint failed: ")
		}
		return errs.New(errs.Conflict, "store.constraint").By("record.state", "nobody").With(v)
	case sqlite.ResultInterrupt:
		return errs.New(errs.Unavailable, "store.cancelled").With(e)
	case sqlite.ResultFull:
		return errs.New(errs.Unavailable, "store.full").With(e)
	case sqlite.ResultBusy, sqlite.ResultLocked:
		return errs.New(errs.Unavailable, "store.busy").With(e)
	case sqlite.ResultIOErr, sqlite.ResultCantOpen, sqlite.ResultReadOnly, sqlite.ResultCorrupt, sqlite.ResultNotADB:
		return errs.New(errs.Unavailable, "store.unavailable").With(e)
	}
	return errs.New(errs.Internal, "internal").With(e)
}

func mapPostgres(e *pgconn.PgError) error {
	switch {
	case e.Code == "23505":
		return errs.New(errs.Conflict, "store.constraint").By("record.state", "nobody").With(&Violation{Unique: true, Name: e.ConstraintName})
	case strings.HasPrefix(e.Code, "23"), e.Code == "P0001":
		name := e.ConstraintName
		if name == "" {
			name = e.Message
		}
		return errs.New(errs.Conflict, "store.constraint").By("record.state", "nobody").With(&Violation{Name: name})
	case e.Code == "40001", e.Code == "40P01":
		return errs.New(errs.Unavailable, "store.race").With(e)
	case e.Code == "53100":
		return errs.New(errs.Unavailable, "store.full").With(e)
	case strings.HasPrefix(e.Code, "08"), strings.HasPrefix(e.Code, "53"), strings.HasPrefix(e.Code, "57P"), e.Code == "25006":
		return errs.New(errs.Unavailable, "store.unavailable").With(e)
	}
	return errs.New(errs.Internal, "internal").With(e)
}

// lostRace reports whether running the transaction again may succeed: a serialisation failure, a deadlock, or the same
// idempotency key committed by a neighbour in between.
func lostRace(err error) bool {
	return err != nil && (errs.CodeOf(err) == "store.race" || Duplicate(err, "idempotency"))
}
