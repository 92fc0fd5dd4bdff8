package pii

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"

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

// Ring holds the keys of one city. Old sealing keys stay in it for opening; the index key never changes without rebuilding every index.
type Ring struct {
	// Active is the id of the key that seals.
	Active byte
	// Keys are the sealing keys by id.
	Keys map[byte][32]byte
	// Index is the key of the blind indexes.
	Index [32]byte
	// Random gives what makes two seals of one text differ.
	Random Filler
	// Suite is International when it is left empty.
	Suite Suite
}

// Box seals single fields for the database and computes their blind indexes. It is safe for concurrent use.
type Box struct {
	active byte
	keys   map[byte]fieldKey
	index  []byte
	random Filler
	mac    func(key, data []byte) []byte
}

type fieldKey struct {
	aead  cipher.AEAD
	nonce []byte
}

// NewBox makes a box of a ring; the error has the code pii.key_ring_unusable when the active key or the randomness is missing.
func NewBox(ring Ring) (*Box, error) {
	if ring.Suite.AEAD == nil && ring.Suite.MAC == nil {
		ring.Suite = International
	}
	if _, ok := ring.Keys[ring.Active]; !ok || ring.Random == nil || ring.Suite.AEAD == nil || ring.Suite.MAC == nil {
		return nil, errRing
	}
	mac := ring.Suite.MAC
	b := &Box{active: ring.Active, keys: make(map[byte]fieldKey, len(ring.Keys)), random: ring.Random, mac: mac}
	b.index = mac(ring.Index[:], []byte("timebank/pii index"))
	for id, key := range ring.Keys {
		aead, err := ring.Suite.AEAD(mac(key[:], []byte("timebank/pii field"))[:32])
		if err != nil {
			return nil, errRing.With(err)
		}
		b.keys[id] = fieldKey{aead: aead, nonce: mac(key[:], []byte("timebank/pii nonce"))}
	}
	return b, nil
}

// Seal encrypts a field of the given kind ("person.phone") under the active key: one byte of key id, the nonce, the ciphertext. The kind is
// authenticated and not stored, so that a sealed field opens only where it belongs.
func (b *Box) Seal(kind string, plaintext string) []byte {
	key := b.keys[b.active]
	var salt [32]byte
	b.random.Fill(salt[:])
	// The nonce depends on the text too: when a seeded source repeats itself with another text, GCM's one deadly sin is not committed.
	nonce := b.mac(key.nonce, canon.New("pii.nonce", 1).Blob(salt[:]).Str(kind).Str(plaintext).Bytes())[:key.aead.NonceSize()]
	out := make([]byte, 0, 1+len(nonce)+len(plaintext)+key.aead.Overhead())
	out = append(append(out, b.active), nonce...)
	return key.aead.Seal(out, nonce, []byte(plaintext), []byte(kind))
}

// Open decrypts what Seal gave for the same kind. Errors have the code pii.key_unknown when the ring lacks the key, and pii.cannot_open
// when a byte was changed or the kind is another.
func (b *Box) Open(kind string, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", errOpen
	}
	key, ok := b.keys[sealed[0]]
	if !ok {
		return "", errKey
	}
	body, n := sealed[1:], key.aead.NonceSize()
	if len(body) < n {
		return "", errOpen
	}
	plain, err := key.aead.Open(nil, body[:n], body[n:], []byte(kind))
	if err != nil {
		return "", errOpen.With(err)
	}
	return string(plain), nil
}

// Index returns 16 bytes that are equal for equal values of one kind and say nothing without the key: what a sealed column is looked up and
// kept unique by. Give it the canonical text, which is what Reveal returns.
func (b *Box) Index(kind, value string) []byte {
	return b.mac(b.index, canon.New("pii.index", 1).Str(kind).Str(value).Bytes())[:indexLen]
}

// Stale reports whether a field was sealed under another key than the active one.
func (b *Box) Stale(sealed []byte) bool { return len(sealed) > 0 && sealed[0] != b.active }

// Active is the id of the key that seals.
func (b *Box) Active() byte { return b.active }

// Reseal seals under the active key what an older one sealed; a field that is empty or fresh is returned as it is. Errors as for Open.
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
