// Package notary keeps append-only Merkle logs of bytes and proves things about them.
//
// It owns the tables notary_tile and notary_head, the signed checkpoints and the receipts. Other packages own what is
// logged: they write a 32-byte leaf digest without a number in their own rows, and Service.Sequence numbers those rows in
// batches, grows the tree and signs its new head in one transaction.
//
// The tree is RFC 6962 with SHA-256 as golang.org/x/mod/sumdb/tlog computes it, cut into tiles of height 8; a record of the
// tree is a leaf digest. Checkpoints are C2SP tlog-checkpoints, receipts are C2SP tlog-proofs. docs/ledger-format.md holds
// every byte of it.
//
// It must never know what a leaf means, change or drop a hash once it stands in a full tile, sign a head that is not the one
// it stores in the same transaction, or let a wall clock reach anything that is hashed or signed: equal leaves under an equal
// key give equal bytes.
package notary

import (
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"timebank/internal/errs"
)

// MaxSize is the largest number of leaves of a log, 2^48. It bounds what a checker follows in a receipt (default, ours).
const MaxSize int64 = 1 << 48

// originMark stands between the city code and the log's name in an origin.
const originMark = ".timebank/"

// Origin returns the name under which the log of a city signs: "<city code>.timebank/<log>". It is both the first line of each
// checkpoint and the name of the log's key, so that a verifier key is good for exactly one log.
func Origin(city, log string) string { return city + originMark + log }

// Checkpoint is a signed head of a log: this many leaves, this root.
type Checkpoint struct {
	Origin string   // "<city code>.timebank/<log>"
	Size   int64    // number of leaves, at least 1
	Root   [32]byte // RFC 6962 tree hash of these leaves
	Note   string   // the signed note, as a C2SP tlog-checkpoint
	// SignedAt is when the head was stored. It is not part of the note, and is zero in a checkpoint that was read from one.
	SignedAt time.Time
}

// OpenCheckpoint checks a signed note against a verifier key and returns the head it states. The origin must be the key's
// name; further signatures, of witnesses, are let stand and not checked. Errors: Invalid notary.verifier_malformed and
// notary.checkpoint_malformed, Refused notary.signature_wrong.
func OpenCheckpoint(signed []byte, verifier string) (Checkpoint, error) {
	v, err := note.NewVerifier(verifier)
	if err != nil {
		return Checkpoint{}, errs.Invalid("notary.verifier_malformed").With(err)
	}
	return openCheckpoint(signed, v)
}

func openCheckpoint(signed []byte, v note.Verifier) (Checkpoint, error) {
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(v.Name()), torchwood.SingleVerifierPolicy(v))
	c, n, err := torchwood.VerifyCheckpoint(signed, policy)
	if err != nil {
		return Checkpoint{}, errs.New(errs.Refused, "notary.signature_wrong").By("notary.log", "nobody").With(err)
	}
	if c.N < 1 || c.N > MaxSize || c.Extension != "" || !canonicalSignatures(n) {
		return Checkpoint{}, errs.Invalid("notary.checkpoint_malformed")
	}
	return Checkpoint{Origin: c.Origin, Size: c.N, Root: c.Hash, Note: string(signed)}, nil
}

// checkpointText is the note's text: origin, size and root, a line each.
func checkpointText(origin string, size int64, root tlog.Hash) string {
	return torchwood.Checkpoint{Origin: origin, Tree: tlog.Tree{N: size, Hash: root}}.String()
}

// canonicalSignatures reports whether each signature is spelt in the one way its bytes have: base64 decoders let the unused
// bits of the last character be anything, and a receipt must not have two spellings.
func canonicalSignatures(n *note.Note) bool {
	for _, s := range append(append([]note.Signature(nil), n.Sigs...), n.UnverifiedSigs...) {
		if !canonicalBase64(s.Base64) {
			return false
		}
	}
	return true
}

// logOf returns the log's name of an origin of the city, or "" when the origin is none.
func logOf(city, origin string) string {
	log, ok := strings.CutPrefix(origin, city+originMark)
	if !ok || strings.ContainsAny(log, "/ ") {
		return ""
	}
	return log
}
