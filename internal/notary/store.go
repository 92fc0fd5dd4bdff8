package notary

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"timebank/internal/errs"
	"timebank/internal/store"
)

// head is a row of notary_head; the zero head is that of an empty log, which has no row.
type head struct {
	size       int64
	root       tlog.Hash
	checkpoint string
	signedAt   int64 // UTC microseconds
	leaseOwner string
	leaseUntil int64 // UTC microseconds
}

func (h head) tree() tlog.Tree { return tlog.Tree{N: h.size, Hash: h.root} }

// loadHead reads a log's head.
func loadHead(tx *store.Tx, log string) (head, error) {
	var (
		h    head
		root []byte
	)
	err := tx.QueryRow(`SELECT size, root, checkpoint, signed_at, lease_owner, lease_until FROM notary_head WHERE log = $1`, log).
		Scan(&h.size, &root, &h.checkpoint, &h.signedAt, &h.leaseOwner, &h.leaseUntil)
	if errors.Is(err, store.ErrNoRows) {
		return head{}, nil
	}
	if err != nil {
		return head{}, err
	}
	if len(root) != tlog.HashSize {
		return head{}, errs.New(errs.Internal, "notary.tree_damaged")
	}
	h.root = tlog.Hash(root)
	return h, nil
}

func needHead(tx *store.Tx, log string) (head, error) {
	h, err := loadHead(tx, log)
	if err == nil && h.size == 0 {
		err = errs.New(errs.NotFound, "notary.log_empty")
	}
	return h, err
}

// moveHead stores a new head if the old one still stands.
func moveHead(tx *store.Tx, log string, old, now head) error {
	var (
		n   int64
		err error
	)
	if old.size == 0 {
		n, err = tx.Exec(`INSERT INTO notary_head (log, size, root, checkpoint, signed_at, lease_owner, lease_until)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (log) DO NOTHING`,
			log, now.size, now.root[:], now.checkpoint, now.signedAt, now.leaseOwner, now.leaseUntil)
	} else {
		n, err = tx.Exec(`UPDATE notary_head SET size = $1, root = $2, checkpoint = $3, signed_at = $4, lease_owner = $5, lease_until = $6
			WHERE log = $7 AND size = $8 AND root = $9`,
			now.size, now.root[:], now.checkpoint, now.signedAt, now.leaseOwner, now.leaseUntil, log, old.size, old.root[:])
	}
	if err != nil {
		return err
	}
	if n != 1 {
		return errs.New(errs.Conflict, "notary.head_moved").By("record.state", "nobody")
	}
	return nil
}

func releaseLease(tx *store.Tx, log, owner string) error {
	_, err := tx.Exec(`UPDATE notary_head SET lease_until = 0 WHERE log = $1 AND lease_owner = $2`, log, owner)
	return err
}

// saveTiles writes full tiles once and the open tiles over their narrower selves; the database refuses anything else.
func saveTiles(tx *store.Tx, log string, tiles []tile) error {
	args := make([]any, 0, 5*len(tiles))
	for _, t := range tiles {
		args = append(args, log, int64(t.level), t.n, int64(t.width()), t.data)
	}
	n, err := tx.Insert(`INSERT INTO notary_tile (log, level, n, width, data)`, 5, args,
		`ON CONFLICT (log, level, n) DO UPDATE SET width = excluded.width, data = excluded.data`)
	if err == nil && n != int64(len(tiles)) {
		err = fmt.Errorf("notary: %d tiles written, want %d", n, len(tiles))
	}
	return err
}

// tileReader reads tiles of a log, a handful in one query. A tile that is missing or too narrow is Internal
// notary.tree_damaged.
func tileReader(tx *store.Tx, log string) readTiles {
	type place struct {
		level int
		n     int64
	}
	return func(tiles []tlog.Tile) ([][]byte, error) {
		if len(tiles) == 0 {
			return nil, nil
		}
		var where strings.Builder
		args := []any{log}
		for i, t := range tiles {
			if i > 0 {
				where.WriteString(" OR ")
			}
			where.WriteString("(level = $" + strconv.Itoa(len(args)+1) + " AND n = $" + strconv.Itoa(len(args)+2) + ")")
			args = append(args, int64(t.L), t.N)
		}
		found := map[place][]byte{}
		_, err := store.All(tx, func(rows *store.Rows) (struct{}, error) {
			var (
				p    place
				data []byte
			)
			err := rows.Scan(&p.level, &p.n, &data)
			found[p] = data
			return struct{}{}, err
		}, `SELECT level, n, data FROM notary_tile WHERE log = $1 AND (`+where.String()+`)`, args...)
		if err != nil {
			return nil, err
		}
		out := make([][]byte, len(tiles))
		for i, t := range tiles {
			data := found[place{t.L, t.N}]
			if len(data) < t.W*tlog.HashSize {
				return nil, errs.New(errs.Internal, "notary.tree_damaged").With(fmt.Errorf("tile %s is missing or too narrow", t.Path()))
			}
			out[i] = data[:t.W*tlog.HashSize]
		}
		return out, nil
	}
}

// storedTile reads one tile as it is stored; its data is nil when there is none.
func storedTile(tx *store.Tx, log string, level int, n int64) (width int64, data []byte, err error) {
	err = tx.QueryRow(`SELECT width, data FROM notary_tile WHERE log = $1 AND level = $2 AND n = $3`, log, int64(level), n).
		Scan(&width, &data)
	if errors.Is(err, store.ErrNoRows) {
		return 0, nil, nil
	}
	return width, data, err
}

// firstTileBeyond returns the first stored tile of a level from number n on; ok is false when there is none.
func firstTileBeyond(tx *store.Tx, log string, level int, n int64) (found int64, ok bool, err error) {
	err = tx.QueryRow(`SELECT n FROM notary_tile WHERE log = $1 AND level = $2 AND n >= $3 ORDER BY n LIMIT 1`, log, int64(level), n).
		Scan(&found)
	if errors.Is(err, store.ErrNoRows) {
		return 0, false, nil
	}
	return found, err == nil, err
}
