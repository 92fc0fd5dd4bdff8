package pgtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// DSN returns the address of a new empty database, which is dropped when the test ends. It fails the test when PostgreSQL is missing:
// a test on one engine only would prove half.
func DSN(t testing.TB) string {
	t.Helper()
	return create(t, "template0")
}

// Copy returns the address of a new database that is a copy of a template, and drops the copy when the test ends. The template is made
// once per server: the first test that asks for the key calls build with the address of an empty database, all later ones, in other
// packages too, copy the result. The key must change with what build does, so it is best a digest of it; build must close its
// connections.
func Copy(t testing.TB, key string, build func(ctx context.Context, dsn string) error) string {
	t.Helper()
	h, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	template, err := h.template(t.Context(), key, build)
	if err != nil {
		t.Fatal(err)
	}
	return create(t, template)
}

func create(t testing.TB, template string) string {
	t.Helper()
	h, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	name := "test_" + randomName()
	if _, err := h.admin.ExecContext(t.Context(), `CREATE DATABASE `+name+` TEMPLATE "`+template+`"`); err != nil {
		t.Fatalf("pgtest: create a database: %v", err)
	}
	t.Cleanup(func() {
		if _, err := h.admin.ExecContext(context.Background(), `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Errorf("pgtest: drop a database: %v", err)
		}
	})
	return h.dsn(name)
}

// host is the server that the tests of this process use.
type host struct {
	admin *sql.DB
	url   *url.URL
	// server is the one this process started, nil when the run shares one. Holding it keeps the pipe to its guard open.
	server *Server
}

var shared = sync.OnceValues(func() (*host, error) {
	h := &host{}
	dsn := os.Getenv(EnvServer)
	if dsn == "" {
		server, err := Start(context.Background(), Config{})
		if err != nil {
			return nil, err
		}
		h.server, dsn = server, server.DSN("postgres")
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, fmt.Errorf("pgtest: %s: %w", EnvServer, err)
	}
	h.url = u
	if h.admin, err = sql.Open("pgx", dsn); err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	h.admin.SetMaxIdleConns(1)
	if err := h.admin.Ping(); err != nil {
		return nil, fmt.Errorf("pgtest: the server named in %s does not answer: %w", EnvServer, err)
	}
	return h, nil
})

func (h *host) dsn(database string) string {
	u := *h.url
	u.Path = "/" + database
	return u.String()
}

// template returns the name of the template database for a key and builds it if nobody has. Processes that share the server wait for
// each other on an advisory lock; a template gets its name only when it is complete.
func (h *host) template(ctx context.Context, key string, build func(ctx context.Context, dsn string) error) (string, error) {
	name := "template_" + hex.EncodeToString([]byte(key))
	if len(name) > 63 {
		return "", fmt.Errorf("pgtest: the template key %q is longer than 27 bytes", key)
	}
	conn, err := h.admin.Conn(ctx)
	if err != nil {
		return "", fmt.Errorf("pgtest: template: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(hashtext($1))`, name); err != nil {
		return "", fmt.Errorf("pgtest: template: %w", err)
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(hashtext($1))`, name)

	var there bool
	if err := conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, name).Scan(&there); err != nil {
		return "", fmt.Errorf("pgtest: template: %w", err)
	}
	if there {
		return name, nil
	}
	draft := "draft_" + randomName()
	if _, err := conn.ExecContext(ctx, `CREATE DATABASE `+draft+` TEMPLATE template0`); err != nil {
		return "", fmt.Errorf("pgtest: template: %w", err)
	}
	if err := build(ctx, h.dsn(draft)); err != nil {
		return "", fmt.Errorf("pgtest: build the template %q: %w", key, err)
	}
	if _, err := conn.ExecContext(ctx, `ALTER DATABASE `+draft+` RENAME TO "`+name+`"`); err != nil {
		return "", fmt.Errorf("pgtest: template: %w", err)
	}
	return name, nil
}

func randomName() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b[:])
}
