package id

import (
	"encoding/binary"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// Kinds is a Source that keeps the identifiers of each kind of entity apart.
type Kinds interface {
	Source
	// UUIDOf is UUID for an entity of the kind.
	UUIDOf(kind string, at time.Time) [16]byte
}

// Streams returns a source that repeats itself as [Seeded] does and keeps a stream for each kind of entity and for each length of bytes.
// What is drawn for one never depends on how many of another were drawn in between, so a replay comes to the same identifiers whether its
// commands go through one at a time or hundreds at once.
func Streams(seed uint64) Kinds { return &streams{seed: seed, kinds: map[string]*source{}} }

type streams struct {
	seed  uint64
	mu    sync.Mutex
	kinds map[string]*source
}

func (s *streams) of(kind string) *source {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.kinds[kind]; one != nil {
		return one
	}
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], s.seed)
	// The kind fills the rest of the key; kinds longer than that differ in their beginning or their length.
	binary.LittleEndian.PutUint16(key[8:], uint16(len(kind))) // #nosec G115 -- kinds are short words of ours
	copy(key[10:], kind)
	stream := rand.NewChaCha8(key)
	one := &source{read: func(b []byte) { _, _ = stream.Read(b) }}
	s.kinds[kind] = one
	return one
}

func (s *streams) UUIDOf(kind string, at time.Time) [16]byte { return s.of(kind).UUID(at) }

func (s *streams) UUID(at time.Time) [16]byte { return s.of("").UUID(at) }

func (s *streams) Fill(b []byte) { s.of("bytes " + strconv.Itoa(len(b))).Fill(b) }
