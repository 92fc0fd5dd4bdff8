package notary

import (
	"bytes"
	"encoding/binary"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// memory holds tiles as the table does and refuses what its triggers refuse.
type memory map[[2]int64][]byte

func (m memory) save(t interface{ Fatalf(string, ...any) }, tiles []tile) {
	for _, x := range tiles {
		at := [2]int64{int64(x.level), x.n}
		if old, ok := m[at]; ok && (len(old) >= len(x.data) || !bytes.Equal(old, x.data[:len(old)])) {
			t.Fatalf("tile %v is rewritten, from width %d to %d", at, len(old)/32, x.width())
		}
		m[at] = bytes.Clone(x.data)
	}
}

func (m memory) read(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		out[i] = m[[2]int64{int64(t.L), t.N}][:t.W*tlog.HashSize]
	}
	return out, nil
}

func digestAt(i int64) (d [32]byte) {
	binary.BigEndian.PutUint64(d[:], uint64(i)+1)
	return d
}

// TestTreeGrowsAsTlogSays compares roots, tiles and proofs with package tlog over random batches, loading the edge anew for each.
func TestTreeGrowsAsTlogSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := memory{}
		var (
			stored []tlog.Hash // by stored hash index
			heads  []tlog.Tree
			size   int64
		)
		reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
			out := make([]tlog.Hash, len(indexes))
			for i, x := range indexes {
				out[i] = stored[x]
			}
			return out, nil
		})
		for _, batch := range rapid.SliceOfN(rapid.OneOf(rapid.IntRange(1, 5), rapid.IntRange(200, 300), rapid.Just(256), rapid.IntRange(1, 3000)), 1, 8).Draw(t, "batches") {
			tr, err := loadTree(size, m.read)
			if err != nil {
				t.Fatal(err)
			}
			if size > 0 && tr.root() != heads[len(heads)-1].Hash {
				t.Fatalf("at %d the loaded edge has another root", size)
			}
			for range batch {
				d := digestAt(tr.size)
				more, err := tlog.StoredHashes(tr.size, d[:], reader)
				if err != nil {
					t.Fatal(err)
				}
				stored = append(stored, more...)
				tr.add(d)
			}
			tiles := tr.take()
			if want := len(tlog.NewTiles(8, size, tr.size)); len(tiles) != want {
				t.Fatalf("from %d to %d: %d tiles written, want %d", size, tr.size, len(tiles), want)
			}
			m.save(t, tiles)
			if again := tr.take(); len(again) != 0 {
				t.Fatalf("tiles are written twice: %v", again)
			}
			want, err := tlog.TreeHash(tr.size, reader)
			if err != nil {
				t.Fatal(err)
			}
			if got := tr.root(); got != want {
				t.Fatalf("root at %d: got %v, want %v", tr.size, got, want)
			}
			size = tr.size
			heads = append(heads, tlog.Tree{N: size, Hash: want})
		}

		head := heads[len(heads)-1]
		for range 20 {
			i := rapid.Int64Range(0, size-1).Draw(t, "leaf")
			path, hash, err := proveRecord(head, i, m.read)
			if err != nil {
				t.Fatal(err)
			}
			if hash != recordHash(digestAt(i)) {
				t.Fatalf("leaf %d is another", i)
			}
			if err := tlog.CheckRecord(path, size, head.Hash, i, hash); err != nil {
				t.Fatalf("leaf %d of %d: %v", i, size, err)
			}
		}
		for _, older := range heads {
			proof, err := proveGrowth(head, older.N, head.N, m.read)
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckTree(proof, head.N, head.Hash, older.N, older.Hash); err != nil {
				t.Fatalf("growth from %d to %d: %v", older.N, head.N, err)
			}
		}
	})
}

func TestThreeLevels(t *testing.T) {
	const size = 256*256 + 256 + 1
	m := memory{}
	tr := &tree{}
	for range size {
		tr.add(digestAt(tr.size))
	}
	m.save(t, tr.take())
	again, err := loadTree(size, m.read)
	if err != nil {
		t.Fatal(err)
	}
	if again.root() != tr.root() {
		t.Fatal("the loaded edge has another root")
	}
	if got, want := len(m), 258+2+1; got != want {
		t.Errorf("got %d tiles, want %d", got, want)
	}
	for _, i := range []int64{0, 255, 256, 65535, 65536, size - 1} {
		path, hash, err := proveRecord(tlog.Tree{N: size, Hash: tr.root()}, i, m.read)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(path, size, tr.root(), i, hash); err != nil {
			t.Errorf("leaf %d: %v", i, err)
		}
	}
}

func TestRecordHash(t *testing.T) {
	d := digestAt(7)
	if got, want := recordHash(d), tlog.RecordHash(d[:]); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// BenchmarkSequence appends batches of 3,250 digests, as a replay does, without the database.
func BenchmarkSequence(b *testing.B) {
	m := memory{}
	var size int64
	for b.Loop() {
		tr, err := loadTree(size, m.read)
		if err != nil {
			b.Fatal(err)
		}
		for range 3250 {
			tr.add(digestAt(tr.size))
		}
		m.save(b, tr.take())
		tr.root()
		size = tr.size
	}
}
