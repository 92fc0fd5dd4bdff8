package app

import (
	"context"
	"os"
	"path/filepath"

	"timebank/internal/config"
	"timebank/internal/id"
	"timebank/internal/paper"
	"timebank/internal/pii"
	"timebank/internal/store"
)

// CheckProof says whether the line of a printed passbook stands in the book of an installation, beside a server that may be running on it.
// Errors: those of paper.CheckLine, app.no_database, app.keys_unusable.
func CheckProof(ctx context.Context, c config.Config, code string) (p paper.Proof, err error) {
	ring, err := readRing(c)
	if err != nil {
		return p, err
	}
	// Nothing is sealed here, so that no data key is needed.
	box, err := pii.NewBox(ring)
	if err != nil {
		return p, err
	}
	db, err := OpenDatabase(ctx, c)
	if err != nil {
		return p, err
	}
	defer db.Close() // it only read
	err = db.Read(ctx, "app.proof", func(tx *store.Tx) error {
		p, err = paper.CheckLine(tx, box, code)
		return err
	})
	return p, err
}

// readRing reads the ring of an installation for whoever seals nothing.
func readRing(c config.Config) (pii.Ring, error) {
	text, err := os.ReadFile(filepath.Join(c.KeyFolder(), sealingFile))
	if err != nil {
		return pii.Ring{}, errKeys.With(err)
	}
	ring, err := parseRing(string(text))
	if err != nil {
		return pii.Ring{}, err
	}
	suite, ok := pii.SuiteOf(c.Keys.Suite)
	if !ok {
		return pii.Ring{}, errKeys
	}
	// A ring without a source of randomness is none.
	ring.Suite, ring.Random = suite, id.System()
	return ring, nil
}
