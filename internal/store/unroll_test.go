package store_test

import (
	"regexp"
	"testing"

	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// TestNoRowOfTheEmbeddedDatabaseIsLookedUpInAList holds CHECKs and the conditions of indexes: both are asked for each row that is written.
func TestNoRowOfTheEmbeddedDatabaseIsLookedUpInAList(t *testing.T) {
	list := regexp.MustCompile(`\w+ (NOT )?IN \([^()]*,[^()]*,[^()]*\)`)
	texts := indexes(t, store.SQLite, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
	if len(texts) < 50 {
		t.Fatalf("only %d texts: the query finds nothing", len(texts))
	}
	for _, text := range texts {
		if found := list.FindString(text); found != "" {
			t.Errorf("%s\nmakes a table of a list for each row: %s", text, found)
		}
	}
}

// TestListsBecomeComparisonsInADatabaseInUse gives a database with rows a table whose CHECKs hold lists and brings it to this binary's version again.
func TestListsBecomeComparisonsInADatabaseInUse(t *testing.T) {
	db, _ := storetest.New(t, store.SQLite)
	exec := func(text string) error {
		return db.Write(t.Context(), "test", func(tx *store.Tx) error {
			_, err := tx.Exec(text)
			return err
		})
	}
	for _, text := range []string{
		`CREATE TABLE pet (kind TEXT CHECK (kind IN ('cat', 'dog',
    'it''s')), age INTEGER CHECK (age NOT IN (3, 4, 5)), sex TEXT CHECK (sex IN ('f', 'm')), name TEXT DEFAULT 'who is IN (a, b, c)',
    CHECK (age % 7 IN (0, 1, 2, 6) AND kind NOT IN ('x', 'y', 'z'))) STRICT`,
		"CREATE INDEX pet_kind ON pet (kind)",
		"INSERT INTO pet (kind, age, sex) VALUES ('dog', 2, 'f'), (NULL, NULL, NULL)",
	} {
		if err := exec(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, ok := range []string{
		"INSERT INTO pet (kind, age, sex) VALUES ('cat', 6, 'm')",
		"UPDATE pet SET kind = 'it''s' WHERE kind = 'dog'",
		"INSERT INTO pet (kind, age) VALUES (NULL, NULL)",
	} {
		if err := exec(ok); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, bad := range []string{
		"INSERT INTO pet (kind) VALUES ('cow')", "INSERT INTO pet (age) VALUES (4)", "INSERT INTO pet (sex) VALUES ('x')", "UPDATE pet SET age = 5",
	} {
		if err := exec(bad); !store.Refused(err) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	storetest.Read(t, db, func(tx *store.Tx) error {
		var rows int64
		var text, sound, name string
		if err := tx.QueryRow("SELECT COUNT(1), MAX(name) FROM pet").Scan(&rows, &name); err != nil || rows != 4 || name != "who is IN (a, b, c)" {
			t.Errorf("%d rows, %q (%v)", rows, name, err)
		}
		want := `CREATE TABLE pet (kind TEXT CHECK ((kind = 'cat' OR kind = 'dog' OR kind = 'it''s')), age INTEGER CHECK ((age <> 3 AND age <> 4 AND age <> 5)), ` +
			`sex TEXT CHECK (sex IN ('f', 'm')), name TEXT DEFAULT 'who is IN (a, b, c)',
    CHECK (age % 7 IN (0, 1, 2, 6) AND (kind <> 'x' AND kind <> 'y' AND kind <> 'z'))) STRICT`
		if err := tx.QueryRow("SELECT sql FROM sqlite_schema WHERE name = 'pet'").Scan(&text); err != nil || text != want {
			t.Errorf("the table is now\n%s\nnot\n%s (%v)", text, want, err)
		}
		if err := tx.QueryRow("PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
			t.Errorf("the database says %q (%v)", sound, err)
		}
		return nil
	})
	if err := exec("UPDATE sqlite_schema SET sql = 'x' WHERE name = 'pet'"); err == nil {
		t.Error("the schema stayed open to writing")
	}
}
