package pii

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"sync/atomic"

	"timebank/internal/canon"
	"timebank/internal/errs"
)

var (
	errRing = errs.New(errs.Internal, "pii.key_ring_unusable")
	errOpen = errs.New(errs.Internal, "pii.cannot_open")
	errKey  = errs.New(errs.Internal, "pii.key_unknown")
)

// indexLen is the length of a blind index: 128 bits, so that two of a city's people never share one by chance.
const indexLen = 16

// Filler fills bytes from the program's source of randomness, an id.Source or a transaction, so that a replay seals the same bytes.
type Filler interface {
	Fill(b []byte)
}

// Suite is the cryptography that a Box works with. See International and Guomi.
type Suite struct {
	// AEAD makes the cipher of a field from a key of 32 bytes.
	AEAD func(key []byte) (cipher.AEAD, error)
	// MAC is a keyed digest of at least 32 bytes.
	MAC func(key, data []byte) []byte
}

// International is the suite of an installation outside government: AES-256-GCM and HMAC-SHA-256.
var International = Suite{
	AEAD: func(key []byte) (cipher.AEAD, error) {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		return cipher.NewGCM(block)
	},
	MAC: func(key, data []byte) []byte {
		h := hmac.New(sha256.New, key)
		h.Write(data)
		return h.Sum(nil)
	},
}

// Ring holds the keys of one city that are kept outside of its database. They encrypt keys and no field: fields are sealed under data keys, which
// the database holds wrapped under a key of the ring. Old keys stay in it for unwrapping; the index key never changes without rebuilding every index.
type Ring struct {
	// Active is the id of the key that wraps.
	Active byte
	// Keys are the wrapping keys by id, which is not 0.
	Keys map[byte][32]byte
	// Index is the key of the blind indexes.
	Index [32]byte
	// Random gives data keys, and what makes two seals of one text differ.
	Random Filler
	// Suite is International when it is left empty.
	Suite Suite
}

// DataKey is a key that seals fields as it may be stored: wrapped, and of no use to whoever lacks the ring.
type DataKey struct {
	// ID stands in whatever was sealed under the key; the first one is 1.
	ID uint32
	// Under is the id of the key of the ring that wrapped it.
	Under   byte
	Wrapped []byte
}

// Box seals single fields for the database and computes their blind indexes. It is safe for concurrent use.
type Box struct {
	active byte
	// wrapping are the keys of the ring as they wrap, direct as they sealed fields before there were data keys.
	wrapping, direct map[byte]secret
	index            []byte
	random           Filler
	suite            Suite
	// data is replaced as a whole; unwrapped keys are in memory alone.
	data atomic.Pointer[dataKeys]
}

type dataKeys struct {
	active uint32
	keys   map[uint32]secret
}

// secret is one key at one kind of work.
type secret struct {
	aead  cipher.AEAD
	nonce []byte
}

// secret makes the keys of a kind of work from a key of 32 bytes.
func (s Suite) secret(key []byte, work string) (secret, error) {
	aead, err := s.AEAD(s.MAC(key, []byte("timebank/pii "+work))[:32])
	if err != nil {
		return secret{}, errRing.With(err)
	}
	return secret{aead: aead, nonce: s.MAC(key, []byte("timebank/pii "+work+" nonce"))}, nil
}

// The kinds of work of keys, which keep what is made by one key for one of them apart from all others.
const (
	workField = "field" // of a key of the ring, before there were data keys
	workWrap  = "wrap"
	workData  = "data"
)

// NewBox makes a box of a ring; the error has the code pii.key_ring_unusable when the active key or the randomness is missing. The box unwraps
// and indexes; it seals when it was given data keys by [Box.Hold].
func NewBox(ring Ring) (*Box, error) {
	if ring.Suite.AEAD == nil && ring.Suite.MAC == nil {
		ring.Suite = International
	}
	if _, ok := ring.Keys[ring.Active]; !ok || ring.Active == 0 || ring.Random == nil || ring.Suite.AEAD == nil || ring.Suite.MAC == nil {
		return nil, errRing
	}
	b := &Box{active: ring.Active, wrapping: make(map[byte]secret, len(ring.Keys)), direct: make(map[byte]secret, len(ring.Keys)), random: ring.Random, suite: ring.Suite}
	b.index = ring.Suite.MAC(ring.Index[:], []byte("timebank/pii index"))
	for id, key := range ring.Keys {
		var err error
		if b.wrapping[id], err = ring.Suite.secret(key[:], workWrap); err != nil {
			return nil, err
		}
		if b.direct[id], err = ring.Suite.secret(key[:], workField); err != nil {
			return nil, err
		}
	}
	b.data.Store(&dataKeys{})
	return b, nil
}

// DrawKey draws a data key, wrapped under the ring's active key. It seals nothing before the box holds it.
func (b *Box) DrawKey(id uint32) DataKey {
	var key [32]byte
	b.random.Fill(key[:])
	return b.wrap(id, key[:])
}

func (b *Box) wrap(id uint32, key []byte) DataKey {
	return DataKey{ID: id, Under: b.active, Wrapped: b.seal(b.wrapping[b.active], nil, keyName(id), string(key))}
}

func (b *Box) unwrap(k DataKey) (string, error) {
	by, ok := b.wrapping[k.Under]
	if !ok {
		return "", errKey
	}
	return by.open(keyName(k.ID), k.Wrapped)
}

// keyName binds a wrapped key to its id.
func keyName(id uint32) string { return "data key " + strconv.FormatUint(uint64(id), 10) }

// Rewrap wraps a data key under the ring's active key when another one wrapped it: what was sealed under it stays as it is. Errors: pii.key_unknown
// when the ring lacks the key that wrapped it, pii.cannot_open when a byte was changed.
func (b *Box) Rewrap(k DataKey) (DataKey, error) {
	if k.Under == b.active {
		return k, nil
	}
	key, err := b.unwrap(k)
	if err != nil {
		return DataKey{}, err
	}
	return b.wrap(k.ID, []byte(key)), nil
}

// Hold unwraps data keys and keeps them in memory: from now on fields are sealed under the active one and opened under all of them. Errors as for
// Rewrap; pii.key_ring_unusable when the active one is not among them. After an error the box holds what it held.
func (b *Box) Hold(active uint32, keys []DataKey) error {
	held := &dataKeys{active: active, keys: make(map[uint32]secret, len(keys))}
	for _, k := range keys {
		key, err := b.unwrap(k)
		if err != nil {
			return err
		}
		if held.keys[k.ID], err = b.suite.secret([]byte(key), workData); err != nil {
			return err
		}
	}
	if _, ok := held.keys[active]; !ok || active == 0 {
		return errRing
	}
	b.data.Store(held)
	return nil
}

// A field begins with 0 and the four bytes of its data key's id. One that was sealed before there were data keys begins with the id of a key of
// the ring, which is never 0.
const (
	markData = 0
	headLen  = 5
)

// Seal encrypts a field of the given kind ("person.phone") under the active data key: a head with the key's id, the nonce, the ciphertext. The kind is
// authenticated and not stored, so that a sealed field opens only where it belongs. A box that holds no data key cannot seal, and panics.
func (b *Box) Seal(kind string, plaintext string) []byte {
	held := b.data.Load()
	key, ok := held.keys[held.active]
	if !ok {
		panic("pii: a box seals before it holds a data key") // the program was put together wrongly
	}
	head := make([]byte, headLen, headLen+key.aead.NonceSize()+len(plaintext)+key.aead.Overhead())
	binary.BigEndian.PutUint32(head[1:], held.active)
	return b.seal(key, head, kind, plaintext)
}

// seal appends nonce and ciphertext to a head.
func (b *Box) seal(key secret, head []byte, kind, plaintext string) []byte {
	var salt [32]byte
	b.random.Fill(salt[:])
	// The nonce depends on the text too: when a seeded source repeats itself with another text, GCM's one deadly sin is not committed.
	nonce := b.suite.MAC(key.nonce, canon.New("pii.nonce", 1).Blob(salt[:]).Str(kind).Str(plaintext).Bytes())[:key.aead.NonceSize()]
	return key.aead.Seal(append(head, nonce...), nonce, []byte(plaintext), []byte(kind))
}

func (s secret) open(kind string, sealed []byte) (string, error) {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return "", errOpen
	}
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], []byte(kind))
	if err != nil {
		return "", errOpen.With(err)
	}
	return string(plain), nil
}

// Open decrypts what Seal gave for the same kind, and what was sealed before there were data keys. Errors have the code pii.key_unknown when the box
// lacks the key, and pii.cannot_open when a byte was changed or the kind is another.
func (b *Box) Open(kind string, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", errOpen
	}
	if sealed[0] != markData {
		key, ok := b.direct[sealed[0]]
		if !ok {
			return "", errKey
		}
		return key.open(kind, sealed[1:])
	}
	if len(sealed) < headLen {
		return "", errOpen
	}
	key, ok := b.data.Load().keys[binary.BigEndian.Uint32(sealed[1:])]
	if !ok {
		return "", errKey
	}
	return key.open(kind, sealed[headLen:])
}

// Index returns 16 bytes that are equal for equal values of one kind and say nothing without the key: what a sealed column is looked up and
// kept unique by. Give it the canonical text, which is what Reveal returns.
func (b *Box) Index(kind, value string) []byte {
	return b.suite.MAC(b.index, canon.New("pii.index", 1).Str(kind).Str(value).Bytes())[:indexLen]
}

// Stale reports whether a field was sealed under another key than the active data key.
func (b *Box) Stale(sealed []byte) bool {
	if len(sealed) == 0 {
		return false
	}
	return sealed[0] != markData || len(sealed) < headLen || binary.BigEndian.Uint32(sealed[1:]) != b.Active()
}

// Active is the id of the data key that seals, 0 before the box holds one.
func (b *Box) Active() uint32 { return b.data.Load().active }

// Reseal seals under the active data key what another one sealed; a field that is empty or fresh is returned as it is. Errors as for Open.
func (b *Box) Reseal(kind string, sealed []byte) ([]byte, error) {
	if !b.Stale(sealed) {
		return sealed, nil
	}
	clear, err := b.Open(kind, sealed)
	if err != nil {
		return nil, err
	}
	return b.Seal(kind, clear), nil
}
