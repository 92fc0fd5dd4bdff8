// Package store owns the database: opening it, transactions on either engine, migrations, the outbox and idempotency keys.
//
// It hides how an engine is made fast (see [DB.Write]) and how it words its errors, and nothing else: it knows no business noun and
// decides no rule. Nobody outside this package and files named store.go or query.go writes SQL.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/id"
)

// Engine names a database engine.
type Engine string

// The two engines that one SQL text serves.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// Config says which database to open and where time and identifiers come from.
type Config struct {
	Engine Engine
	// Dir is the data folder of an SQLite installation; it is created when missing.
	Dir string
	// DSN is the connection string of a PostgreSQL installation.
	DSN string
	// Clock defaults to the system clock.
	Clock clock.Clock
	// IDs defaults to the system's random source.
	IDs id.Source
	// Readers is the number of read connections; 0 means 4.
	Readers int
	// Writers is the number of write connections on PostgreSQL; 0 means 8. SQLite has exactly one.
	Writers int
	// Observer is told of every write; nil means nobody.
	Observer Observer
	// CacheMiB bounds SQLite's page cache per connection that writes; 0 means 48.
	CacheMiB int
}

// Observer is told what the database does, for metrics. Its methods return at once and are called by many goroutines.
type Observer interface {
	// Write tells that a write of the name ended: its error code or "ok", and how long it took until it was durable.
	Write(name, code string, took time.Duration)
	// Group tells how many writes shared one commit.
	Group(size int)
}

type nobody struct{}

func (nobody) Write(string, string, time.Duration) {}
func (nobody) Group(int)                           {}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	engine  Engine
	clock   clock.Clock
	ids     id.Source
	watch   Observer
	pool    *sql.DB       // PostgreSQL only
	readers chan *session // SQLite only
	// readerCount is how many sessions circulate through readers; Close waits for each to come home.
	readerCount int
	writer      *writer  // SQLite only
	writing     []string // pragmas of a connection that writes; SQLite only
	inserts     insertCache
	dir         string
}

// FileName is the name of the database file inside an SQLite data folder.
const FileName = "timebank.db"

// Open opens the database and checks that it answers. It does not migrate: see [DB.Migrate].
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if cfg.Clock == nil {
		cfg.Clock = clock.System()
	}
	if cfg.IDs == nil {
		cfg.IDs = id.System()
	}
	if cfg.Readers == 0 {
		cfg.Readers = max(4, runtime.NumCPU())
	}
	if cfg.Writers == 0 {
		cfg.Writers = 8
	}
	if cfg.CacheMiB == 0 {
		cfg.CacheMiB = 48
	}
	if cfg.Observer == nil {
		cfg.Observer = nobody{}
	}
	db := &DB{engine: cfg.Engine, clock: cfg.Clock, ids: cfg.IDs, watch: cfg.Observer, dir: cfg.Dir}
	var err error
	switch cfg.Engine {
	case SQLite:
		err = db.openSQLite(cfg)
	case Postgres:
		err = db.openPostgres(ctx, cfg)
	default:
		err = errs.Invalid("store.engine_unknown", errs.Field{Path: "engine", Code: "store.engine_unknown"})
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (db *DB) openSQLite(cfg Config) error {
	if cfg.Dir == "" {
		return errs.Invalid("store.folder_missing", errs.Field{Path: "dir", Code: "store.folder_missing"})
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return errs.New(errs.Unavailable, "store.folder_unusable").With(err)
	}
	path := filepath.Join(cfg.Dir, FileName)
	reserve(cfg.CacheMiB)
	// FULL makes an acknowledged commit survive a power cut; the writer's groups make it affordable. A checkpoint every 64 MiB
	// of log instead of every 4 rewrites a page that changes often once instead of sixteen times. Pages of 8 KiB, which a database keeps from
	// its first day, make its trees a level lower.
	db.writing = []string{fmt.Sprintf("page_size = %d", pageSize), "journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 8192",
		"foreign_keys = ON", "temp_store = MEMORY", fmt.Sprintf("cache_size = -%d", cfg.CacheMiB*1024)}
	write, err := openLite(path, db.writing...)
	if err != nil {
		return mapError(err)
	}
	db.writer = newWriter(db, &session{lite: write, memory: newMemory()})
	db.readers = make(chan *session, cfg.Readers)
	for range cfg.Readers {
		read, err := openLite(path, "query_only = ON", "temp_store = MEMORY", "cache_size = -8192")
		if err != nil {
			return mapError(err)
		}
		db.readers <- &session{lite: read}
		db.readerCount++
	}
	return nil
}

func (db *DB) openPostgres(ctx context.Context, cfg Config) error {
	where, err := pgx.ParseConfig(cfg.DSN)
	if err != nil {
		return mapError(err)
	}
	pool := stdlib.OpenDB(*where, stdlib.OptionAfterConnect(func(_ context.Context, c *pgx.Conn) error {
		readFlags(c.TypeMap())
		return nil
	}))
	pool.SetMaxOpenConns(cfg.Writers + cfg.Readers)
	pool.SetMaxIdleConns(cfg.Writers + cfg.Readers)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db.pool = pool
	return mapError(pool.PingContext(ctx))
}

// Engine tells which engine this database runs on.
func (db *DB) Engine() Engine { return db.engine }

// Lanes is how many groups of a [Gather] are worth running at once: while PostgreSQL works for one, the program decides another; more only make the
// groups shorter, and half of what a group of 25 costs is the group. SQLite has one writer, whose waiting writes share a commit.
func (db *DB) Lanes() int {
	if db.engine == Postgres {
		return 2
	}
	return 1
}

// Clock returns the clock that transactions take their time from.
func (db *DB) Clock() clock.Clock { return db.clock }

// Dir returns the data folder of an SQLite database and "" on PostgreSQL.
func (db *DB) Dir() string { return db.dir }

// Close finishes the writes that have begun, refuses the rest and closes every connection.
func (db *DB) Close() error {
	var all []error
	if db.writer != nil {
		all = append(all, db.writer.stop())
	}
	for range db.readerCount {
		all = append(all, (<-db.readers).lite.close())
	}
	if db.pool != nil {
		all = append(all, db.pool.Close())
	}
	return errors.Join(all...)
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	return db.Read(ctx, "store.ping", func(tx *Tx) error {
		var one int64
		return tx.QueryRow("SELECT 1").Scan(&one)
	})
}

// Read runs fn on one consistent snapshot. fn must not write: both engines refuse it. Inside [DB.Together] it sees the writes made
// so far.
func (db *DB) Read(ctx context.Context, name string, fn func(tx *Tx) error) error {
	if outer := joined(ctx, db); outer != nil {
		return db.run(outer.session, ctx, fn)
	}
	if err := ctx.Err(); err != nil {
		return errs.New(errs.Unavailable, "store.cancelled").With(err)
	}
	if db.engine == Postgres {
		return db.readPostgres(ctx, fn)
	}
	var s *session
	select {
	case s = <-db.readers:
	case <-ctx.Done():
		return errs.New(errs.Unavailable, "store.cancelled").With(ctx.Err())
	}
	defer func() { db.readers <- s }()
	if err := s.plain("BEGIN"); err != nil {
		return mapError(err)
	}
	// The statements run without the caller's deadline: an interrupted one would leave the pooled connection mid-transaction.
	err := db.run(s, context.WithoutCancel(ctx), fn)
	if err == nil {
		// A read that wants to write is told so here.
		err = mapError(db.settle(s))
	}
	s.pending.reset()
	if end := s.plain("ROLLBACK"); err == nil && end != nil {
		err = mapError(end)
	}
	return err
}

// Write runs fn in a transaction and returns once its effects would survive a power cut.
//
// On SQLite one goroutine runs all queued writes, each in a savepoint, and commits the group with one fsync. On PostgreSQL every
// write is its own short transaction. The contract is the same on both: fn may run again, so it changes nothing but its own
// result; it does no input or output; a context cancelled before the start refuses the write, afterwards it is ignored; a panic is
// this write's error; and a failing neighbour in the group does not matter.
func (db *DB) Write(ctx context.Context, name string, fn func(tx *Tx) error) error {
	if outer := joined(ctx, db); outer != nil {
		return outer.write(ctx, fn)
	}
	if err := ctx.Err(); err != nil {
		return errs.New(errs.Unavailable, "store.cancelled").With(err)
	}
	start := db.clock.Now()
	var err error
	if db.engine == Postgres {
		err = db.writePostgres(ctx, fn)
	} else {
		err = db.writer.do(ctx, fn)
	}
	code := "ok"
	if err != nil {
		code = errs.CodeOf(err)
	}
	db.watch.Write(name, code, db.clock.Now().Sub(start))
	return err
}

type togetherKey struct{}

type together struct {
	db      *DB
	session *session
	whole   bool  // writes have no savepoints
	lost    error // of a write that failed in a whole
}

func (t *together) write(ctx context.Context, fn func(tx *Tx) error) error {
	if !t.whole {
		return t.db.savepoint(t.session, ctx, fn)
	}
	if t.lost == nil {
		if err := t.db.run(t.session, context.WithoutCancel(ctx), fn); err != nil {
			t.lost = &groupLost{cause: err}
		} else if t.session.pending.long() {
			if err := t.db.settle(t.session); err != nil {
				t.lost = &groupLost{cause: err}
			}
			t.session.pending.reset()
		}
	}
	return mapError(t.lost)
}

func joined(ctx context.Context, db *DB) *together {
	if t, ok := ctx.Value(togetherKey{}).(*together); ok && t.db == db {
		return t
	}
	return nil
}

// Together runs fn, in which every [DB.Write] made with the context it is given joins one transaction as a savepoint. All of them
// are acknowledged when Together returns nil, and none is kept when it returns an error. It is for a single producer that makes
// many writes in a row, such as the replay; fn runs once and must not start goroutines that write.
func (db *DB) Together(ctx context.Context, fn func(ctx context.Context) error) error {
	return db.join(ctx, false, fn)
}

// Whole is [DB.Together] for a producer whose writes do not fail: one that does takes all of them with it, whatever fn then returns. Without
// savepoints the engine keeps no copies of the pages that each write changes.
func (db *DB) Whole(ctx context.Context, fn func(ctx context.Context) error) error {
	return db.join(ctx, true, fn)
}

func (db *DB) join(ctx context.Context, whole bool, fn func(ctx context.Context) error) error {
	inner := func(s *session) error {
		t := &together{db: db, session: s, whole: whole}
		err := fn(context.WithValue(context.WithoutCancel(ctx), togetherKey{}, t))
		return cmp.Or(t.lost, err)
	}
	if db.engine == Postgres {
		return db.onceIn(ctx, inner)
	}
	return db.writer.alone(ctx, inner)
}

// run gives fn a transaction on s without opening one.
func (db *DB) run(s *session, ctx context.Context, fn func(tx *Tx) error) (err error) {
	tx := &Tx{ctx: ctx, db: db, session: s, now: db.clock.Now().UTC().Truncate(time.Microsecond)}
	defer func() {
		if p := recover(); p != nil {
			stack := make([]byte, 8<<10)
			stack = stack[:runtime.Stack(stack, false)]
			err = errs.New(errs.Internal, "internal").With(fmt.Errorf("panic in a transaction: %v\n%s", p, stack))
		}
	}()
	return mapError(fn(tx))
}

// settle writes the rows that wait for the end of a session's transaction.
func (db *DB) settle(s *session) error {
	return (&Tx{ctx: context.Background(), db: db, session: s}).settle()
}

// savepoint runs fn inside the transaction that s already has open and takes back only fn's own effects when it fails.
func (db *DB) savepoint(s *session, ctx context.Context, fn func(tx *Tx) error) error {
	if err := s.plain("SAVEPOINT one"); err != nil {
		return mapError(err)
	}
	m := s.pending.mark()
	err := db.run(s, context.WithoutCancel(ctx), fn)
	s.pending.end(m, err == nil)
	if err != nil {
		s.memory.forget()
		s.later = nil
		if back := s.plain("ROLLBACK TO SAVEPOINT one"); back != nil {
			// The engine has given up the whole transaction (disk full, lost connection): the group must know.
			return &groupLost{cause: errors.Join(err, back)}
		}
	}
	if end := s.plain("RELEASE SAVEPOINT one"); end != nil {
		return &groupLost{cause: errors.Join(err, end)}
	}
	if s.pending.depth == 0 && s.pending.long() {
		if full := db.settle(s); full != nil {
			return &groupLost{cause: errors.Join(err, full)}
		}
		s.pending.reset()
	}
	return err
}

// groupLost says that not only a write but the transaction around it is gone.
type groupLost struct{ cause error }

func (g *groupLost) Error() string { return "the transaction was lost: " + g.cause.Error() }
func (g *groupLost) Unwrap() error { return g.cause }

// session is one connection. It is used by one goroutine at a time.
type session struct {
	lite    *lite     // to SQLite
	pg      *pgx.Conn // to PostgreSQL
	pending pending
	later   []statement // that PostgreSQL gets together; see [Tx.Later]
	memory  *memory     // of the embedded database's writer; see [Known] and [Newest]
}

// plain executes transaction control.
func (s *session) plain(text string) error {
	_, err := s.exec(context.Background(), text)
	return err
}

func (s *session) exec(ctx context.Context, text string, args ...any) (int64, error) {
	if s.pg != nil {
		return s.execPostgres(ctx, statement{text: text, args: args})
	}
	return s.lite.exec(text, args)
}

func (s *session) query(ctx context.Context, text string, args ...any) (*Rows, error) {
	if s.pg != nil {
		return s.queryPostgres(ctx, statement{text: text, args: args})
	}
	found, err := s.lite.query(text, args)
	if err != nil {
		return nil, err
	}
	return &Rows{found}, nil
}

var writes = regexp.MustCompile(`(?:^|\) )(?:INSERT INTO|UPDATE) `)

// orFail lets a statement that the database refuses leave its first rows behind. Whatever a write has done is taken back with it as a whole,
// so SQLite need not keep, for every statement of many rows, a copy of each page as it was before.
func orFail(text string) string {
	at := writes.FindStringIndex(text)
	if at == nil {
		return text
	}
	verb, rest, _ := strings.Cut(strings.TrimPrefix(text[at[0]:], ") "), " ")
	lead := text[:at[0]]
	if at[0] > 0 {
		lead += ") "
	}
	return lead + verb + " OR FAIL " + rest
}
