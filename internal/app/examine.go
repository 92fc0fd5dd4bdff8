package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"timebank/internal/audit"
	"timebank/internal/config"
	"timebank/internal/ledger"
	"timebank/internal/pii"
	"timebank/internal/policy"
	"timebank/internal/privacy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// Check is what was looked at in an installation and what was found.
type Check struct {
	Name string
	OK   bool
	Says string // for operators, in English
}

// lateAfter is when something that waits counts as late: the relay and the timers run every few seconds (default, docs/operations.md).
const lateAfter = 5 * time.Minute

// Examine looks at an installation from outside, beside a running server, without changing it.
func Examine(ctx context.Context, c config.Config) []Check {
	checks := append([]Check{examineKeys(c)}, examineSafety(c)...)
	db, err := OpenDatabase(ctx, c)
	if err != nil {
		return append(checks, Check{"database", false, err.Error()})
	}
	defer db.Close() // it only read
	version, err := db.SchemaVersion(ctx)
	checks = append(checks, said("database", err, "answers, schema %d", version))
	if err != nil {
		return checks
	}
	checks = append(checks, examineBackups(ctx, c, db), examineDisk(c))
	err = db.Read(ctx, "app.examine", func(tx *store.Tx) error {
		checks = append(checks, examineDataKeys(c, tx), examineTimers(tx), examineOutbox(tx), examineLogs(tx))
		checks = append(checks, examineCity(db, tx))
		problems, err := policy.New(db).GoLive(tx)
		rules := said("rules", err, "%d parameters keep the city from going live", len(problems))
		rules.OK = rules.OK && len(problems) == 0
		checks = append(checks, rules)
		return nil
	})
	if err != nil {
		checks = append(checks, Check{"database", false, err.Error()})
	}
	return checks
}

func said(name string, err error, text string, args ...any) Check {
	if err != nil {
		return Check{name, false, err.Error()}
	}
	return Check{name, true, fmt.Sprintf(text, args...)}
}

func examineKeys(c config.Config) Check {
	for _, name := range []string{sealingFile, LedgerLog + ".key", AuditLog + ".key", CertificateKey + ".key"} {
		info, err := os.Stat(filepath.Join(c.KeyFolder(), name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return Check{"keys", false, name + " is missing in " + c.KeyFolder()}
		case err != nil:
			return Check{"keys", false, err.Error()}
		case info.Mode().Perm()&0o077 != 0:
			return Check{"keys", false, name + " can be read by others: its mode should be 0600"}
		}
	}
	return Check{"keys", true, "in " + c.KeyFolder()}
}

// examineDataKeys finds data keys that the key file does not open: whatever they sealed would be lost with it.
func examineDataKeys(c config.Config, tx *store.Tx) Check {
	keys, err := privacy.DataKeys(tx)
	if err != nil {
		return Check{"data keys", false, err.Error()}
	}
	if len(keys) == 0 {
		return Check{"data keys", true, "none yet: the first is drawn at the next start"}
	}
	ring, err := readRing(c)
	if err != nil {
		return Check{"data keys", false, err.Error()}
	}
	box, err := pii.NewBox(ring)
	if err == nil {
		err = privacy.HoldDataKeys(tx, box)
	}
	if err != nil {
		return Check{"data keys", false, "the key file does not open them all, and what they seal is lost without: " + err.Error()}
	}
	old := 0
	for _, k := range keys {
		if k.Under != ring.Active {
			old++
		}
	}
	newest := keys[len(keys)-1]
	says := fmt.Sprintf("%d, the newest of %s", len(keys), newest.DrawnAt.Format(time.DateOnly))
	switch {
	case old > 0:
		return Check{"data keys", true, fmt.Sprintf("%s; %d wrapped under an older key of the ring until the next start", says, old)}
	case c.Keys.Renew == 0 && tx.Now().Sub(newest.DrawnAt) > keyOld:
		return Check{"data keys", false, says + ": older than two years, and keys.renew draws no other"}
	}
	return Check{"data keys", true, says}
}

// keyOld is when a data key counts as too old where the nights draw none (default, docs/decisions/0020).
const keyOld = 2 * 365 * 24 * time.Hour

func examineTimers(tx *store.Tx) Check {
	due, waits, err := timer.Next(tx)
	if err != nil {
		return Check{"timers", false, err.Error()}
	}
	parked, err := timer.ListParked(tx)
	switch {
	case err != nil:
		return Check{"timers", false, err.Error()}
	case len(parked) > 0:
		return Check{"timers", false, fmt.Sprintf("%d failed and wait for a person, the first: %s of %s: %s", len(parked), parked[0].Kind, parked[0].Ref, parked[0].Problem)}
	case waits && tx.Now().Sub(due) > lateAfter:
		return Check{"timers", false, "the earliest has been due since " + due.Format(time.RFC3339) + ": is the server running?"}
	}
	return Check{"timers", true, "none is late"}
}

func examineOutbox(tx *store.Tx) Check {
	at, waits, err := store.OldestEvent(tx)
	switch {
	case err != nil:
		return Check{"outbox", false, err.Error()}
	case waits && tx.Now().Sub(at) > lateAfter:
		return Check{"outbox", false, "effects have waited since " + at.Format(time.RFC3339) + ": is the server running?"}
	}
	return Check{"outbox", true, "nothing is late"}
}

// examineLogs finds rows that no sequencer has numbered: until then no receipt and no public head stands for them.
func examineLogs(tx *store.Tx) Check {
	for _, log := range []struct {
		name   string
		oldest func(*store.Tx) (time.Time, bool, error)
	}{{LedgerLog, ledger.LogSource{}.Oldest}, {AuditLog, audit.Log{}.Oldest}} {
		at, waits, err := log.oldest(tx)
		switch {
		case err != nil:
			return Check{"logs", false, err.Error()}
		case waits && tx.Now().Sub(at) > lateAfter:
			return Check{"logs", false, "rows of the log " + log.name + " have waited for their numbers since " + at.Format(time.RFC3339) + ": is a server running, and does it have the key?"}
		}
	}
	return Check{"logs", true, "everything is numbered and signed"}
}

// A disk counts as full when less than this is free, and less than a tenth of it: a backup and a busy week still fit (default, docs/operations.md).
const diskLeast = 5 << 30

// examineDisk looks at the folders that grow: database, pictures, jobs. Of a PostgreSQL server's own disk it knows nothing.
func examineDisk(c config.Config) Check {
	for _, folder := range []string{c.Data, c.Photos} {
		if folder == "" {
			continue
		}
		switch _, err := os.Stat(folder); {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return Check{"disk", false, err.Error()}
		}
		free, all, err := diskOf(folder)
		if err != nil {
			return Check{"disk", false, err.Error()}
		}
		if full(free, all) {
			return Check{"disk", false, fmt.Sprintf("%d MiB are free in %s: the next backup may not fit, and a full disk refuses every change", free>>20, folder)}
		}
	}
	return Check{"disk", true, "there is room"}
}

// full reports whether a disk has too little room. A file system that says nothing of its size is not judged.
func full(free, all uint64) bool { return all > 0 && free < diskLeast && free < all/10 }

// examineCity says whether there is a city, and whether it has those who decide in it.
func examineCity(db *store.DB, tx *store.Tx) Check {
	done, err := founded(tx)
	if err == nil && !done {
		return Check{"city", false, "none yet: timebank found sets one up"}
	}
	led := false
	if err == nil {
		led, err = ledIn(tx, region.New(db))
	}
	if err == nil && !led {
		return Check{"city", false, "fewer than two decide in it, so that nobody can be appointed: timebank found lets new ones in"}
	}
	return said("city", err, "founded")
}
