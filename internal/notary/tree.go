package notary

import (
	"crypto/sha256"
	"fmt"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileWidth = torchwood.TileWidth // hashes of a full tile, 256
	tileBytes = tileWidth * tlog.HashSize
)

// tile is one stored tile: consecutive hashes at height 8·level of the tree, the first of them being number n·256 there.
type tile struct {
	level int
	n     int64
	data  []byte // width hashes of 32 bytes
}

func (t tile) width() int { return len(t.data) / tlog.HashSize }

// tree is the right edge of a log: what is needed to append to it and to know its root, a few kilobytes at any size.
type tree struct {
	size int64
	open []openTile // open[l] is the tile of level l that is not full yet
	full []tile     // tiles that became full since the edge was loaded or last taken
}

type openTile struct {
	data  []byte
	grown bool
}

// edge lists the tiles that are not full in a log of this size.
func edge(size int64) []tlog.Tile {
	var tiles []tlog.Tile
	for level := 0; size>>(level*torchwood.TileHeight) > 0; level++ {
		here := size >> (level * torchwood.TileHeight)
		if w := int(here % tileWidth); w > 0 {
			tiles = append(tiles, tlog.Tile{H: torchwood.TileHeight, L: level, N: here / tileWidth, W: w})
		}
	}
	return tiles
}

// loadTree reads the right edge of a log of this size.
func loadTree(size int64, read readTiles) (*tree, error) {
	t := &tree{size: size}
	tiles := edge(size)
	if len(tiles) == 0 {
		return t, nil
	}
	data, err := read(tiles)
	if err != nil {
		return nil, err
	}
	for i, at := range tiles {
		t.level(at.L).data = append(make([]byte, 0, tileBytes), data[i]...)
	}
	return t, nil
}

func (t *tree) level(l int) *openTile {
	for len(t.open) <= l {
		t.open = append(t.open, openTile{})
	}
	return &t.open[l]
}

// add appends one leaf digest as the record numbered t.size.
func (t *tree) add(digest [32]byte) {
	hash := recordHash(digest)
	for l := 0; ; l++ {
		o := t.level(l)
		if o.data == nil {
			o.data = make([]byte, 0, tileBytes)
		}
		o.data = append(o.data, hash[:]...)
		o.grown = true
		if len(o.data) < tileBytes {
			break
		}
		n := t.size >> ((l + 1) * torchwood.TileHeight)
		t.full = append(t.full, tile{level: l, n: n, data: o.data})
		hash = subtreeHash(o.data)
		*o = openTile{}
	}
	t.size++
}

// take returns the tiles that must be stored for what was added since the edge was loaded or last taken: those now full and
// the grown open ones.
func (t *tree) take() []tile {
	tiles := t.full
	t.full = nil
	for l := range t.open {
		o := &t.open[l]
		if !o.grown || len(o.data) == 0 {
			continue
		}
		o.grown = false
		tiles = append(tiles, tile{level: l, n: t.size >> ((l + 1) * torchwood.TileHeight), data: o.data})
	}
	return tiles
}

// root returns the RFC 6962 tree hash; the tree must not be empty.
func (t *tree) root() tlog.Hash {
	var (
		root tlog.Hash
		some bool
	)
	// The complete subtrees of the edge are folded from the right, smallest first. Those inside one tile are its width's
	// binary digits, largest on the left.
	for l := range t.open {
		data := t.open[l].data
		for width := len(data) / tlog.HashSize; width > 0; width = len(data) / tlog.HashSize {
			start := len(data) - (width&-width)*tlog.HashSize
			h := subtreeHash(data[start:])
			if some {
				h = tlog.NodeHash(h, root)
			}
			root, some = h, true
			data = data[:start]
		}
	}
	return root
}

// recordHash is tlog.RecordHash of a digest without its allocation: it runs once for each leaf of a city.
func recordHash(digest [32]byte) tlog.Hash {
	var buf [1 + 32]byte
	copy(buf[1:], digest[:])
	return sha256.Sum256(buf[:])
}

// subtreeHash is the hash over a complete subtree whose lowest hashes, a power of two of them, are in data.
func subtreeHash(data []byte) tlog.Hash {
	var level [tileWidth]tlog.Hash
	n := len(data) / tlog.HashSize
	for i := range n {
		copy(level[i][:], data[i*tlog.HashSize:])
	}
	for ; n > 1; n /= 2 {
		for i := range n / 2 {
			level[i] = tlog.NodeHash(level[2*i], level[2*i+1])
		}
	}
	return level[0]
}

// readTiles returns the data of the tiles asked for, cut to the widths asked for. It is a tlog.TileReader; what is read
// through tlog.TileHashReader is checked against the head's root before it is used.
type readTiles func(tiles []tlog.Tile) ([][]byte, error)

// Height returns the height of all tiles, 8.
func (readTiles) Height() int { return torchwood.TileHeight }

// ReadTiles returns the data of the tiles.
func (r readTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) { return r(tiles) }

// SaveTiles does nothing: the tiles already are where they are kept.
func (readTiles) SaveTiles([]tlog.Tile, [][]byte) {}

// proveRecord returns the inclusion proof of a leaf in the log of this head, and the leaf's record hash.
func proveRecord(head tlog.Tree, index int64, read readTiles) (tlog.RecordProof, tlog.Hash, error) {
	reader := tlog.TileHashReader(head, read)
	proof, err := tlog.ProveRecord(head.N, index, reader)
	if err != nil {
		return nil, tlog.Hash{}, fmt.Errorf("prove leaf %d of %d: %w", index, head.N, err)
	}
	hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	if err != nil {
		return nil, tlog.Hash{}, fmt.Errorf("read leaf %d of %d: %w", index, head.N, err)
	}
	return proof, hashes[0], nil
}

// proveGrowth returns the proof that the log's first `newer` leaves begin with its first `older`.
func proveGrowth(head tlog.Tree, older, newer int64, read readTiles) (tlog.TreeProof, error) {
	proof, err := tlog.ProveTree(newer, older, tlog.TileHashReader(head, read))
	if err != nil {
		return nil, fmt.Errorf("prove growth from %d to %d: %w", older, newer, err)
	}
	return proof, nil
}
