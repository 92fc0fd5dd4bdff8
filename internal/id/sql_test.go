package id_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	_ "modernc.org/sqlite"

	"timebank/internal/id"
)

// An identifier carries no Scan and no Value: both engines take a string kind as it is, and this is where that is held true.

func TestSQLite(t *testing.T) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE thing (id TEXT PRIMARY KEY, parent TEXT) STRICT"); err != nil {
		t.Fatal(err)
	}
	x := id.From[thing](id.Seeded(1).UUID(time.UnixMilli(1601510400000)))
	if _, err := db.Exec("INSERT INTO thing (id, parent) VALUES ($1, $2)", x, sql.Null[thingID]{}); err != nil {
		t.Fatal(err)
	}
	var got thingID
	var parent sql.Null[thingID]
	if err := db.QueryRow("SELECT id, parent FROM thing WHERE id = $1", x).Scan(&got, &parent); err != nil || got != x || parent.Valid {
		t.Errorf("got %q, %v, %v, want %q", got, parent, err, x)
	}
}

func TestPostgresTypes(t *testing.T) {
	types := pgtype.NewMap()
	x := id.From[thing](id.Seeded(1).UUID(time.UnixMilli(1601510400000)))
	for _, format := range []int16{pgtype.TextFormatCode, pgtype.BinaryFormatCode} {
		b, err := types.Encode(pgtype.TextOID, format, x, nil)
		if err != nil || string(b) != string(x) {
			t.Errorf("format %d: written as %q, %v, want %q", format, b, err, x)
		}
		var got thingID
		if err := types.Scan(pgtype.TextOID, format, b, &got); err != nil || got != x {
			t.Errorf("format %d: read as %q, %v, want %q", format, got, err, x)
		}
	}
}
