package ledger_test

import (
	"testing"

	"timebank/internal/hours"
	"timebank/internal/ledger"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func saved(owner string) ledger.Key { return ledger.Key{Owner: owner, Class: ledger.Saved} }

func by(actor string) ledger.Meta { return ledger.Meta{Actor: actor} }

// first is the first error of a batch.
func first(posted []ledger.Posted, err error) error {
	for _, p := range posted {
		if err == nil {
			err = p.Err
		}
	}
	return err
}

// issue puts minutes into the pool.
func issue(t testing.TB, db *store.DB, minutes int64) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error {
		return first(ledger.Book(tx, []ledger.Posting{{Meta: by("test"), Reason: ledger.ForIssue,
			Transfers: []ledger.Transfer{{From: ledger.IssuerAccount, To: ledger.PoolAccount, Minutes: hours.Of(minutes)}}}}))
	})
}

// capture decides and writes at once.
func capture(tx *store.Tx, all []ledger.Settlement) ([]ledger.Posted, error) {
	c, err := ledger.Capture(tx, all, nil)
	if err != nil {
		return nil, err
	}
	return c.Posted, c.Write()
}
