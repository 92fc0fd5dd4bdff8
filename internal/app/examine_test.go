package app_test

import (
	"strings"
	"testing"

	"timebank/internal/app"
	"timebank/internal/citytest"
	"timebank/internal/config"
	"timebank/internal/store"
)

// found is what the doctor says of one thing.
func found(t *testing.T, c config.Config, name string) app.Check {
	t.Helper()
	for _, check := range app.Examine(t.Context(), c) {
		if check.Name == name {
			return check
		}
	}
	t.Fatalf("the doctor does not look at %q", name)
	return app.Check{}
}

// The doctor is asked by a system's clock about a city of another year, in which everything that waits is late: rows without a number are named until
// the sequencer has seen to them.
func TestTheDoctorNamesWhatNoSequencerHasNumbered(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		if n, err := c.Sequence(t.Context()); err != nil || n == 0 {
			t.Fatalf("sequence: %d, %v", n, err)
		}
		if got := found(t, c.Config, "logs"); !got.OK {
			t.Errorf("all is numbered: %+v", got)
		}
		c.Earn(c.Volunteer(c.Home()), c.KeyElder(c.Home()), 60)
		if got := found(t, c.Config, "logs"); got.OK || !strings.Contains(got.Says, "the log ledger have waited") {
			t.Errorf("a payment waits for its number: %+v", got)
		}
		if got := found(t, c.Config, "outbox"); got.OK {
			t.Errorf("effects wait: %+v", got)
		}
		if _, err := c.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := found(t, c.Config, "logs"); !got.OK {
			t.Errorf("all is numbered again: %+v", got)
		}
	})
}

func TestTheDoctorLooksAtPostgreSQL(t *testing.T) {
	c := citytest.New(t, store.Postgres)
	// What is said of the disk is this machine's affair; see TestADiskWithoutRoomIsNamed.
	found(t, c.Config, "disk")
	for name, want := range map[string]string{"database": "answers, schema", "database link": "on this machine", "backups": "does not archive its write-ahead log"} {
		if got := found(t, c.Config, name); !got.OK || !strings.Contains(got.Says, want) {
			t.Errorf("%s: %+v, want %q", name, got, want)
		}
	}
	open := c.Config
	open.HTTP.Addr = "0.0.0.0:8080"
	if got := found(t, open, "backups"); got.OK || !strings.Contains(got.Says, "a base backup alone loses what came after it") {
		t.Errorf("a city that others reach, without an archive: %+v", got)
	}
	// Whoever looks at another machine's database sees neither who it is nor what it says in clear, and its password stands nowhere.
	for dsn, want := range map[string]bool{
		"postgres://bank:planted-secret@192.0.2.1:1/bank?connect_timeout=1&sslmode=require":     false,
		"postgres://bank:planted-secret@192.0.2.1:1/bank?connect_timeout=1&sslmode=verify-full": true,
		"host=192.0.2.1 port=1 user=bank password=planted-secret connect_timeout=1":             false,
	} {
		away := c.Config
		away.Postgres = dsn
		if got := found(t, away, "database link"); got.OK != want {
			t.Errorf("%s: %+v, want %v", dsn, got, want)
		}
		all := app.Examine(t.Context(), away)
		last := all[len(all)-1]
		if last.Name != "database" || last.OK {
			t.Errorf("a database that is away: %+v", last)
		}
		for _, check := range all {
			if strings.Contains(check.Says, "planted-secret") {
				t.Errorf("the password stands in %+v", check)
			}
		}
	}
}
