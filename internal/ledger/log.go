package ledger

import (
	"slices"
	"time"

	"timebank/internal/errs"
	"timebank/internal/store"
)

// Waiting is a transaction that has no number yet. It is an alias, so that [LogSource] fits the notary's interface without importing it.
type Waiting = struct {
	Row    int64
	Digest [32]byte
}

// LogSource hands the leaves of the book to the sequencer of the log "ledger".
type LogSource struct{}

// Name is the log's name.
func (LogSource) Name() string { return "ledger" }

// Pending returns at most max transactions without a number, in the order in which they are to be numbered.
func (LogSource) Pending(tx *store.Tx, max int) ([]Waiting, error) { return unnumbered(tx, max) }

// Oldest returns when the oldest transaction without a number was recorded; ok is false when all have one.
func (LogSource) Oldest(tx *store.Tx) (at time.Time, ok bool, err error) { return oldestUnnumbered(tx) }

// Number gives rows[i] the number first+i. Error: Conflict ledger.numbered_already.
func (LogSource) Number(tx *store.Tx, rows []Waiting, first int64) error {
	n, err := setNumbers(tx, rows, first)
	if err == nil && n != int64(len(rows)) {
		return errs.New(errs.Conflict, "ledger.numbered_already").By("record.once", "nobody")
	}
	return err
}

// Disclosure is what a receipt shows of a transaction.
type Disclosure struct {
	Tx     TxID
	Number int64    // in the log, -1 until sequenced
	Leaf   []byte   // the leaf's bytes, recomputed from the book
	Digest [32]byte // of these bytes
}

// Disclose recomputes the leaf of a transaction for its receipt. Errors: NotFound ledger.transaction_unknown, Internal
// ledger.leaf_differs when the book no longer gives the stored digest.
func Disclose(tx *store.Tx, id TxID) (Disclosure, error) {
	t, err := loadRecord(tx, id)
	if err != nil {
		return Disclosure{}, err
	}
	var seqs []AccountID
	for _, e := range t.entries {
		seqs = append(seqs, e.source, e.destination)
	}
	slices.Sort(seqs)
	accounts, err := loadBySeq(tx, slices.Compact(seqs), "")
	if err != nil {
		return Disclosure{}, err
	}
	names := make(map[AccountID]pseudonym, len(accounts))
	for _, a := range accounts {
		names[a.seq] = a.pseudonym
	}
	leaf, ok := t.leafBytes(func(a AccountID) (pseudonym, bool) {
		name, ok := names[a]
		return name, ok
	})
	d := Disclosure{Tx: id, Number: t.number, Leaf: leaf, Digest: digestOf(leaf)}
	if !ok || string(d.Digest[:]) != string(t.leaf) {
		return Disclosure{}, errs.New(errs.Internal, "ledger.leaf_differs")
	}
	return d, nil
}

// EraseSalt makes what is private in the log about an owner's transactions unguessable for ever and returns how many there were: each
// salt is replaced by the hash that was made with it, so that the log stays provable.
func EraseSalt(tx *store.Tx, owner string) (int, error) {
	all, err := saltedOf(tx, owner)
	if err != nil {
		return 0, err
	}
	for _, t := range all {
		if err := eraseSalt(tx, t, t.private.hash(t.salt)); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}

// Leaf is a numbered transaction with the digest that stands in the book, which [Verify] holds against the transaction; an alias for the
// same reason as [Waiting].
type Leaf = struct {
	Index  int64
	Digest [32]byte
}

// Leaves returns at most max numbered transactions from a number on, so that the log's tree is recomputed from the book.
func (LogSource) Leaves(tx *store.Tx, from int64, max int) ([]Leaf, error) {
	page, err := loadNumbered(tx, from, max)
	if err != nil {
		return nil, err
	}
	leaves := make([]Leaf, len(page))
	for i, n := range page {
		leaves[i].Index = n.number
		copy(leaves[i].Digest[:], n.leaf)
	}
	return leaves, nil
}
