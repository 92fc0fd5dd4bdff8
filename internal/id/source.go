package id

import (
	crand "crypto/rand"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"
)

// Source gives identifiers and random bytes. Everything random in the program comes from one, so that a seeded one makes a whole run
// repeatable. It is safe for concurrent use.
type Source interface {
	// UUID returns a version 7 UUID for something born at the given time, greater than every one this source gave before.
	UUID(at time.Time) [16]byte
	// Fill fills b with random bytes.
	Fill(b []byte)
}

// source keeps UUIDs ascending as RFC 9562 method 3 says: rand_a carries the fraction of the millisecond, and a time that does not
// move (or goes back) counts on from the last value instead.
type source struct {
	mu   sync.Mutex
	read func([]byte)
	last uint64 // milliseconds << 12 | fraction
}

var system = &source{read: func(b []byte) {
	// Read of crypto/rand ends the program when the system has no randomness, so that there is no error to lose.
	_, _ = crand.Read(b)
}}

// System returns the process's one source of cryptographic randomness; its identifiers ascend within the process.
func System() Source { return system }

// Seeded returns a source that repeats itself: the same seed and the same sequence of calls give the same bytes. It is for replays and
// tests, never for a city's real data.
func Seeded(seed uint64) Source {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	stream := rand.NewChaCha8(key)
	return &source{read: func(b []byte) { _, _ = stream.Read(b) }}
}

func (s *source) UUID(at time.Time) [16]byte {
	us := max(at.UnixMicro(), 0)
	v := uint64(us/1000)<<12 | uint64(us%1000)<<12/1000

	var u [16]byte
	s.mu.Lock()
	if v <= s.last {
		v = s.last + 1
	}
	s.last = v
	s.read(u[8:])
	s.mu.Unlock()

	binary.BigEndian.PutUint64(u[:8], v>>12<<16|7<<12|v&0xfff)
	u[8] = u[8]&0x3f | 0x80
	return u
}

func (s *source) Fill(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read(b)
}
