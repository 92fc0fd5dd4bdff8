package notary

import (
	"crypto/sha256"

	"timebank/internal/errs"
)

// LeafVersion is the first byte of a leaf, version 1.
const LeafVersion = 1

// Leaf is what the owner of a row discloses of it in a receipt. The digest of its bytes is the record in the log. The private
// part is only there as a hash that is salted, so that erasing the salt leaves the log intact and the private part unguessable.
type Leaf struct {
	Public  []byte   // what a checker may read; its meaning is the owner's, written in docs/ledger-format.md
	Private [32]byte // HashPrivate of what a checker may not read
}

// HashPrivate returns SHA-256(private ‖ salt). The salt is 32 random bytes that the owner keeps beside the private part.
func HashPrivate(private []byte, salt [32]byte) [32]byte {
	h := sha256.New()
	h.Write(private)
	h.Write(salt[:])
	return [32]byte(h.Sum(nil))
}

// Bytes returns the leaf's bytes: version 1, the public part, the 32 bytes of the private hash. Both ends have a fixed length,
// so no two leaves have the same bytes.
func (l Leaf) Bytes() []byte {
	b := make([]byte, 0, 1+len(l.Public)+len(l.Private))
	b = append(b, LeafVersion)
	b = append(b, l.Public...)
	return append(b, l.Private[:]...)
}

// Digest returns SHA-256 of the leaf's bytes: what the owner writes in its row and Sequence puts in the log.
func (l Leaf) Digest() [32]byte { return sha256.Sum256(l.Bytes()) }

// ParseLeaf reads leaf bytes. Errors: Invalid notary.leaf_malformed, notary.leaf_version_unknown.
func ParseLeaf(b []byte) (Leaf, error) {
	if len(b) < 1+32 {
		return Leaf{}, errs.Invalid("notary.leaf_malformed")
	}
	if b[0] != LeafVersion {
		return Leaf{}, errs.Invalid("notary.leaf_version_unknown")
	}
	split := len(b) - 32
	return Leaf{Public: append([]byte(nil), b[1:split]...), Private: [32]byte(b[split:])}, nil
}
