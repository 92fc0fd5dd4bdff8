package ledger

import (
	"crypto/sha256"

	"timebank/internal/canon"
)

// leafVersion is the first byte of a leaf. The bytes are specified in docs/ledger-format.md; a change needs a new version.
const leafVersion = 1

const (
	publicTag  = "timebank/ledger.public"
	privateTag = "timebank/ledger.private"
)

// pseudonym stands for an account wherever outsiders look. It commits to whose account it is with a salt that only the city knows, so that an
// account cannot be given to somebody else behind the log's back.
type pseudonym [16]byte

const accountTag = "timebank/ledger.account"

// commit makes the pseudonym of an account that is opened at a time.
func (a *account) commit(openedAt int64) (name pseudonym) {
	w := canon.New(accountTag, leafVersion).Str(a.key.Owner).Str(string(a.key.Class)).Str(a.key.Bucket).Str(string(a.expires)).Int(openedAt).Blob(a.salt[:])
	digest := w.Digest()
	copy(name[:], digest[:])
	return name
}

// publicEntry is what outsiders may see of a transfer.
type publicEntry struct {
	reason              string
	source, destination pseudonym
	minutes             int64
}

// publicPart writes what a checker of a receipt may read.
func publicPart(id, reason string, entries []publicEntry) []byte {
	w := canon.New(publicTag, leafVersion).Str(id).Str(reason).List(len(entries))
	for i := range entries {
		e := &entries[i]
		w.Str(e.reason).Blob(e.source[:]).Blob(e.destination[:]).Int(e.minutes)
	}
	return w.Bytes()
}

// regionsVersion is the version of a private part whose transfers have earners of several regions; any other one is of leafVersion.
const regionsVersion = 2

// private is what only the city knows of a transaction. Its hash is salted, and erasing the salt makes it unguessable.
type private struct {
	ref, reverses, service, grade, region, regionTo, policyVersion, day, actor, note string
	occurredAt, recordedAt                                                           int64
	regionsTo                                                                        []string // by transfer, "" where it is regionTo; nil where all are
}

// regionsOf are the earners' regions of transfers, nil where none has one of its own.
func regionsOf[T any](transfers []T, of func(*T) string) (all []string) {
	for i := range transfers {
		if r := of(&transfers[i]); r != "" {
			if all == nil {
				all = make([]string, len(transfers))
			}
			all[i] = r
		}
	}
	return all
}

func (p *private) bytes() []byte {
	version := uint8(leafVersion)
	if p.regionsTo != nil {
		version = regionsVersion
	}
	w := canon.New(privateTag, version).Str(p.ref)
	if p.reverses == "" {
		w.None()
	} else {
		w.Str(p.reverses)
	}
	w.Str(p.service).Str(p.grade).Str(p.region).Str(p.regionTo).Str(p.policyVersion).
		Int(p.occurredAt).Int(p.recordedAt).Str(p.day).Str(p.actor).Str(p.note)
	if p.regionsTo != nil {
		w.List(len(p.regionsTo))
		for _, r := range p.regionsTo {
			w.Str(r)
		}
	}
	return w.Bytes()
}

// hash is SHA-256 of the private part's bytes followed by the salt.
func (p *private) hash(salt []byte) [32]byte { return sha256.Sum256(append(p.bytes(), salt...)) }

// leafBytes is the version, the public part and the private hash.
func leafBytes(public []byte, private [32]byte) []byte {
	b := make([]byte, 0, 1+len(public)+len(private))
	return append(append(append(b, leafVersion), public...), private[:]...)
}

// digestOf is what stands in the row and goes into the log.
func digestOf(leaf []byte) [32]byte { return sha256.Sum256(leaf) }

// leafBytes recomputes a stored transaction's leaf; ok is false when one of its accounts does not exist.
func (t *record) leafBytes(name func(AccountID) (pseudonym, bool)) (leaf []byte, ok bool) {
	ok = true
	entries := make([]publicEntry, len(t.entries))
	for i, e := range t.entries {
		src, known := name(e.source)
		dst, knownToo := name(e.destination)
		ok = ok && known && knownToo
		entries[i] = publicEntry{string(e.reason), src, dst, e.minutes}
	}
	var hash [32]byte
	if t.salt != nil {
		private := t.private
		private.regionsTo = regionsOf(t.entries, func(e *entryRow) string { return e.regionTo })
		hash = private.hash(t.salt)
	} else {
		copy(hash[:], t.privateHash)
	}
	return leafBytes(publicPart(t.id, string(t.reason), entries), hash), ok
}
