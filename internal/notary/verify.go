package notary

import (
	"bytes"
	"fmt"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/store"
)

const (
	verifyPage = 16 * tileWidth // leaves asked for at once
	levels     = 7              // tile levels that a log of MaxSize leaves has
)

// Leaves returns the numbered rows of a log's owner, in order of their numbers: at most max of those numbered from and above.
// The digests should be recomputed from what the rows say, not read from them.
type Leaves func(tx *store.Tx, from int64, max int) ([]Numbered, error)

// Fault is the first thing in a log that does not agree with the rest. It is the cause of the error that Verify returns.
type Fault struct {
	Log   string
	Code  string // the error's code, such as notary.leaf_differs
	Index int64  // the leaf's number, or -1 where no single leaf is at fault
	Level int    // the tile's level, or -1 where no tile is at fault
	Tile  int64  // the tile's number within its level, or -1
}

// Error names the log, the fault and its place.
func (f *Fault) Error() string {
	at := ""
	if f.Index >= 0 {
		at += fmt.Sprintf(" at leaf %d", f.Index)
	}
	if f.Level >= 0 {
		at += fmt.Sprintf(" at tile %d of level %d", f.Tile, f.Level)
	}
	return fmt.Sprintf("log %s: %s%s", f.Log, f.Code, at)
}

// Verify recomputes a log from its owner's rows in one snapshot: numbers without gaps, each tile, the root, and the signature over it. It
// streams, holds a few tiles in memory, and returns the verified head (size 0 for a log without leaves). The first
// disagreement is a Conflict error whose cause is a *Fault: notary.leaf_missing, notary.leaf_differs (row and tile disagree),
// notary.leaf_beyond_head, notary.tile_missing, notary.tile_differs, notary.tile_beyond_head, notary.root_differs or
// notary.checkpoint_differs.
func (s *Service) Verify(tx *store.Tx, log string, leaves Leaves) (Checkpoint, error) {
	k, err := s.key(log)
	if err != nil {
		return Checkpoint{}, err
	}
	h, err := loadHead(tx, log)
	if err != nil {
		return Checkpoint{}, err
	}
	v := &verification{tx: tx, log: log}
	var t tree
	for t.size < h.size {
		page, err := leaves(tx, t.size, int(min(verifyPage, h.size-t.size)))
		if err != nil {
			return Checkpoint{}, err
		}
		if len(page) == 0 {
			return Checkpoint{}, v.fault("notary.leaf_missing", t.size, -1, -1)
		}
		for _, leaf := range page {
			if leaf.Index != t.size {
				return Checkpoint{}, v.fault("notary.leaf_missing", t.size, -1, -1)
			}
			t.add(leaf.Digest)
		}
		if err := v.compare(t.full); err != nil {
			return Checkpoint{}, err
		}
		t.full = nil
	}
	beyond, err := leaves(tx, h.size, 1)
	if err != nil {
		return Checkpoint{}, err
	}
	if len(beyond) > 0 {
		return Checkpoint{}, v.fault("notary.leaf_beyond_head", beyond[0].Index, -1, -1)
	}
	if err := v.compare(t.take()); err != nil {
		return Checkpoint{}, err
	}
	if err := v.nothingBeyond(h.size); err != nil {
		return Checkpoint{}, err
	}
	if h.size == 0 {
		return Checkpoint{Origin: k.Name()}, nil
	}
	if t.root() != h.root {
		return Checkpoint{}, v.fault("notary.root_differs", -1, -1, -1)
	}
	c, err := openCheckpoint([]byte(h.checkpoint), k.verifier)
	if err != nil || c.Size != h.size || c.Root != h.root {
		return Checkpoint{}, v.fault("notary.checkpoint_differs", -1, -1, -1)
	}
	c.SignedAt = clock.FromMicros(h.signedAt)
	return c, nil
}

type verification struct {
	tx  *store.Tx
	log string
}

func (v *verification) fault(code string, index int64, level int, n int64) error {
	return errs.New(errs.Conflict, code).By("notary.log", "nobody").With(&Fault{Log: v.log, Code: code, Index: index, Level: level, Tile: n})
}

// compare checks recomputed tiles against the stored ones.
func (v *verification) compare(tiles []tile) error {
	for _, t := range tiles {
		width, data, err := storedTile(v.tx, v.log, t.level, t.n)
		if err != nil {
			return err
		}
		switch {
		case data == nil:
			return v.fault("notary.tile_missing", -1, t.level, t.n)
		case bytes.Equal(data, t.data) && width == int64(t.width()):
			continue
		case t.level > 0 || len(data) != len(t.data) || width != int64(t.width()):
			return v.fault("notary.tile_differs", -1, t.level, t.n)
		}
		at := 0
		for bytes.Equal(data[at:at+tlog.HashSize], t.data[at:at+tlog.HashSize]) {
			at += tlog.HashSize
		}
		return v.fault("notary.leaf_differs", t.n*tileWidth+int64(at/tlog.HashSize), t.level, t.n)
	}
	return nil
}

// nothingBeyond checks that no tile is stored that a log of this size does not have.
func (v *verification) nothingBeyond(size int64) error {
	for level := range levels {
		hashes := size >> (torchwood.TileHeight * level)
		n := (hashes + tileWidth - 1) / tileWidth
		found, ok, err := firstTileBeyond(v.tx, v.log, level, n)
		if err != nil {
			return err
		}
		if ok {
			return v.fault("notary.tile_beyond_head", -1, level, found)
		}
	}
	return nil
}
