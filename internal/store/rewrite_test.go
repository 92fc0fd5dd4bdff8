package store

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestATextThatSQLiteDoesNotUnderstandIsTakenBack puts nonsense in place of a table's text: without an error here, the database would not open again.
func TestATextThatSQLiteDoesNotUnderstandIsTakenBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	conn := func() *lite {
		l, err := openLite(path, "journal_mode = WAL")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := conn()
	for _, text := range []string{"CREATE TABLE goose_db_version (id INTEGER)", "CREATE TABLE pet (kind TEXT CHECK (kind IN ('a', 'b', 'c')))", "INSERT INTO pet (kind) VALUES ('a')"} {
		if _, err := l.exec(text, nil); err != nil {
			t.Fatal(err)
		}
	}
	err := l.rewrite(func(text string) string { return strings.Replace(text, "kind IN", "kind is one of", 1) })
	if err == nil {
		t.Error("nonsense was taken")
	}
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	l = conn()
	if n, err := l.exec("UPDATE pet SET kind = 'b'", nil); n != 1 || err != nil {
		t.Errorf("after it, %d rows change (%v)", n, err)
	}
	if err := l.unroll(); err != nil {
		t.Error(err)
	}
	if _, err := l.exec("UPDATE pet SET kind = 'd'", nil); !Refused(mapError(err)) {
		t.Errorf("what the list does not hold: %v", err)
	}
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
}
