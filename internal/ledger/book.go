package ledger

import (
	"slices"

	"timebank/internal/clock"
	"timebank/internal/store"
)

// account is a row of the working set.
type account struct {
	seq       AccountID // 0 until the row is inserted
	key       Key
	balance   int64
	held      int64
	frozen    bool
	expires   clock.Day
	pseudonym pseudonym
	salt      [16]byte // of the pseudonym; only known while the account is being opened, and to verify
	openedAt  int64    // only known to verify
	salted    bool     // only known to verify
	open      bool     // in the database, or to be inserted by write
	touched   bool     // listed in book.touched

	wasBalance, wasHeld int64 // as loaded; a new account begins at zero
}

// free is what is not held, whatever the account's state.
func (a *account) free() int64 { return a.balance - a.held }

// available is what a person may hold or take today.
func (a *account) available(today clock.Day) int64 {
	if a.frozen || a.expires != "" && today >= a.expires {
		return 0
	}
	return a.free()
}

// move is one transfer of the transaction in hand.
type move struct {
	reason   Reason
	src, dst *account
	minutes  int64
	regionTo string // of the earner, where it is not the transaction's
}

// change remembers what an account was before a step, so that a refused item leaves no trace.
type change struct {
	a             *account
	balance, held int64
}

// posting is a transaction that will be written.
type posting struct {
	id       TxID
	reverses bool
	moves    []move
}

// book is the working set of one call: accounts are loaded and locked once, items are decided one after the other in memory, and
// everything is written in a handful of statements. All random draws of an item happen when it is committed, so that the size of a
// group never changes what is written.
type book struct {
	tx    *store.Tx
	today clock.Day
	byKey map[Key]*account
	bySeq map[AccountID]*account

	moves   []move   // of the item in hand
	changes []change // of the item in hand
	// regionTo is the region of the earner for whom the item in hand moves minutes now, "" for the transaction's.
	regionTo string

	touched []*account
	fresh   []*account
	posted  []posting
	txArgs  []any

	entries []publicEntry // scratch
}

func newBook(tx *store.Tx, items int) *book {
	return &book{tx: tx, today: clock.DayOf(tx.Now()), byKey: make(map[Key]*account, 4*items), bySeq: make(map[AccountID]*account, 4*items),
		posted: make([]posting, 0, items), txArgs: make([]any, 0, txCols*items)}
}

// load brings accounts into the working set and locks them in the order of their numbers.
func (b *book) load(keys []Key, seqs []AccountID) error { return b.bring(keys, seqs, b.tx.ForUpdate()) }

// loadLoose brings accounts into the working set on which no decision hangs: they receive, or pay and let go of what is held for it. What they
// change by is added to their rows in the last statement, so that those who share a busy account need not wait for each other before.
func (b *book) loadLoose(keys []Key) error { return b.bring(keys, nil, "") }

func (b *book) bring(keys []Key, seqs []AccountID, lock string) error {
	want := make([]Key, 0, len(keys))
	for _, k := range keys {
		if _, ok := b.byKey[k]; !ok {
			b.byKey[k] = nil
			want = append(want, k)
		}
	}
	// Accounts of both kinds are locked together below, in one order.
	both := lock != "" && len(seqs) > 0
	first := lock
	if both {
		first = ""
	}
	found, err := loadByKey(b.tx, want, first)
	if err != nil {
		return err
	}
	var rest []AccountID
	for i, a := range found {
		if a == nil {
			a = &account{key: want[i]}
		} else {
			b.bySeq[a.seq] = a
			if both {
				rest = append(rest, a.seq)
			}
		}
		b.byKey[want[i]] = a
	}
	for _, s := range seqs {
		if _, ok := b.bySeq[s]; !ok {
			b.bySeq[s] = nil
			rest = append(rest, s)
		}
	}
	slices.Sort(rest)
	rows, err := loadBySeq(b.tx, rest, lock)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if a := b.bySeq[row.seq]; a != nil {
			*a = *row
		} else {
			b.bySeq[row.seq], b.byKey[row.key] = row, row
		}
	}
	return nil
}

// know brings accounts into the working set that were read, and not locked, together with the holds on them.
func (b *book) know(all map[AccountID]*account) {
	for seq, a := range all {
		if _, ok := b.bySeq[seq]; !ok {
			b.bySeq[seq], b.byKey[a.key] = a, a
		}
	}
}

// change alters an account within the item in hand.
func (b *book) change(a *account, balance, held int64) {
	b.changes = append(b.changes, change{a, a.balance, a.held})
	a.balance += balance
	a.held += held
	if !a.touched {
		a.touched = true
		b.touched = append(b.touched, a)
	}
}

// move transfers minutes within the item in hand. The caller has seen to it that they are there.
func (b *book) move(r Reason, src, dst *account, minutes int64) {
	b.moves = append(b.moves, move{r, src, dst, minutes, b.regionTo})
	b.change(src, -minutes, 0)
	b.change(dst, minutes, 0)
	if src.free() < 0 && !src.key.Class.mayOwe() {
		panic(errAccountChanged)
	}
}

// abort takes the item in hand back.
func (b *book) abort() {
	for i := len(b.changes) - 1; i >= 0; i-- {
		c := b.changes[i]
		c.a.balance, c.a.held = c.balance, c.held
	}
	b.moves, b.changes, b.regionTo = b.moves[:0], b.changes[:0], ""
}

// keep ends an item that moved nothing.
func (b *book) keep() { b.changes = b.changes[:0] }

// post ends the item in hand as a transaction. Without transfers it writes none and returns "".
func (b *book) post(r Reason, m Meta, reverses TxID) TxID {
	b.changes = b.changes[:0]
	if len(b.moves) == 0 {
		return ""
	}
	moves := slices.Clone(b.moves)
	b.moves, b.regionTo = b.moves[:0], ""
	b.entries = b.entries[:0]
	for i := range moves {
		mv := &moves[i]
		if mv.regionTo == m.RegionTo {
			mv.regionTo = ""
		}
		b.open(mv.src)
		b.open(mv.dst)
		b.entries = append(b.entries, publicEntry{string(mv.reason), mv.src.pseudonym, mv.dst.pseudonym, mv.minutes})
	}
	id := store.NewID[Tx](b.tx)
	salt := make([]byte, 32)
	b.tx.Fill(salt)
	if m.OccurredAt.IsZero() {
		m.OccurredAt = b.tx.Now()
	}
	p := private{ref: m.Ref, reverses: string(reverses), service: m.Service, grade: m.Grade, region: m.Region, regionTo: m.RegionTo,
		policyVersion: m.PolicyVersion, occurredAt: clock.Micros(m.OccurredAt), recordedAt: b.tx.NowMicros(),
		day: string(clock.DayOf(m.OccurredAt)), actor: m.Actor, note: m.Note, regionsTo: regionsOf(moves, func(mv *move) string { return mv.regionTo })}
	leaf := digestOf(leafBytes(publicPart(string(id), string(r), b.entries), p.hash(salt)))
	b.posted = append(b.posted, posting{id: id, reverses: reverses != "", moves: moves})
	b.txArgs = appendTx(b.txArgs, id, r, &p, salt, leaf)
	return id
}

// open gives a new account its pseudonym.
func (b *book) open(a *account) {
	if a.open {
		return
	}
	a.open = true
	b.tx.Fill(a.salt[:])
	a.pseudonym = a.commit(b.tx.NowMicros())
	b.fresh = append(b.fresh, a)
}

// write stores what the items did: new accounts, transactions, transfers, balances.
func (b *book) write() error {
	if err := insertAccounts(b.tx, b.fresh); err != nil {
		return err
	}
	if err := insertPosted(b.tx, b.posted, b.txArgs); err != nil {
		return err
	}
	changed := make([]*account, 0, len(b.touched))
	for _, a := range b.touched {
		if a.balance != a.wasBalance || a.held != a.wasHeld {
			changed = append(changed, a)
		}
	}
	slices.SortFunc(changed, func(x, y *account) int { return int(x.seq - y.seq) })
	return updateAccounts(b.tx, changed)
}
