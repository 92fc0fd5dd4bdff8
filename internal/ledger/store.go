package ledger

import (
	"slices"

	"timebank/internal/clock"
	"timebank/internal/store"
)

const accountColumns = "a.seq, a.balance, a.held, a.frozen, a.pseudonym, a.expires_on"

// scanAccount reads accountColumns after the given leading columns.
func scanAccount(r *store.Rows, a *account, lead ...any) error {
	var name store.RawBytes
	err := r.Scan(append(lead, &a.seq, &a.balance, &a.held, &a.frozen, &name, &a.expires)...)
	copy(a.pseudonym[:], name)
	a.open, a.wasBalance, a.wasHeld = true, a.balance, a.held
	return err
}

// loadByKey finds accounts; the result has a nil where there is none. lock is "" or the clause that locks them, in the order of their numbers.
func loadByKey(tx *store.Tx, keys []Key, lock string) ([]*account, error) {
	if lock != "" {
		lock = " ORDER BY a.seq" + lock
	}
	found := make([]*account, len(keys))
	args := make([]any, 0, 4*len(keys))
	for i, k := range keys {
		args = append(args, i, k.Owner, string(k.Class), k.Bucket)
	}
	_, err := store.AllWith(tx, "WITH v (n, owner, class, bucket) AS (VALUES ", []string{"BIGINT", "TEXT", "TEXT", "TEXT"}, args,
		") SELECT v.n, "+accountColumns+" FROM v CROSS JOIN account a WHERE a.owner = v.owner AND a.class = v.class AND a.bucket = v.bucket"+lock,
		func(r *store.Rows) (struct{}, error) {
			var n int
			a := &account{}
			err := scanAccount(r, a, &n)
			a.key = keys[n]
			found[n] = a
			return struct{}{}, err
		})
	return found, err
}

// loadBySeq reads accounts in the order of their numbers, which must be ascending; lock is "" or the clause that locks them.
func loadBySeq(tx *store.Tx, seqs []AccountID, lock string) ([]*account, error) {
	args := make([]any, len(seqs))
	for i, s := range seqs {
		args[i] = int64(s)
	}
	return store.AllWith(tx, "WITH v (seq) AS (VALUES ", []string{"BIGINT"}, args,
		") SELECT a.owner, a.class, a.bucket, "+accountColumns+" FROM v CROSS JOIN account a WHERE a.seq = v.seq ORDER BY a.seq"+lock,
		func(r *store.Rows) (*account, error) {
			a := &account{}
			return a, scanAccount(r, a, &a.key.Owner, &a.key.Class, &a.key.Bucket)
		})
}

// accountsOf returns the numbers of an owner's accounts.
func accountsOf(tx *store.Tx, owner string) ([]AccountID, error) {
	return store.All(tx, scanSeq, "SELECT seq FROM account WHERE owner = $1 ORDER BY seq", owner)
}

func scanSeq(r *store.Rows) (s AccountID, err error) { return s, r.Scan(&s) }

// insertAccounts inserts new accounts as they stand and sets their numbers.
func insertAccounts(tx *store.Tx, fresh []*account) error {
	if len(fresh) == 0 {
		return nil
	}
	args := make([]any, 0, 10*len(fresh))
	byName := make(map[pseudonym]*account, len(fresh))
	for _, a := range fresh {
		args = append(args, a.key.Owner, string(a.key.Class), a.key.Bucket, a.balance, a.held, flag(a.frozen), a.pseudonym[:], string(a.expires), tx.NowMicros(), a.salt[:])
		byName[a.pseudonym] = a
	}
	_, err := store.InsertReturning(tx, "INSERT INTO account (owner, class, bucket, balance, held, frozen, pseudonym, expires_on, opened_at, salt)", 10, args,
		"RETURNING seq, pseudonym", func(r *store.Rows) (struct{}, error) {
			var seq AccountID
			var name store.RawBytes
			if err := r.Scan(&seq, &name); err != nil {
				return struct{}{}, err
			}
			a := byName[pseudonym(name)]
			a.seq, a.wasBalance, a.wasHeld = seq, a.balance, a.held
			return struct{}{}, nil
		})
	if store.Duplicate(err, "account") {
		return errRace.With(err)
	}
	return err
}

// updateAccounts adds what has changed to the stored balances, one row an account.
func updateAccounts(tx *store.Tx, changed []*account) error {
	if len(changed) == 0 {
		return nil
	}
	args := make([]any, 0, 3*len(changed))
	for _, a := range changed {
		args = append(args, int64(a.seq), a.balance-a.wasBalance, a.held-a.wasHeld)
		a.wasBalance, a.wasHeld = a.balance, a.held
	}
	_, err := tx.Later().With("WITH v (seq, balance, held) AS (VALUES ", []string{"BIGINT", "BIGINT", "BIGINT"}, args,
		") UPDATE account SET balance = account.balance + v.balance, held = account.held + v.held FROM v WHERE account.seq = v.seq")
	return err
}

const txCols = 16

func appendTx(args []any, id TxID, r Reason, p *private, salt []byte, leaf [32]byte) []any {
	var reverses any
	if p.reverses != "" {
		reverses = p.reverses
	}
	return append(args, string(id), string(r), p.ref, reverses, p.service, p.grade, p.region, p.regionTo, p.policyVersion, p.occurredAt,
		p.recordedAt, p.day, p.actor, p.note, salt, leaf[:])
}

// insertPosted inserts transactions and their transfers.
func insertPosted(tx *store.Tx, posted []posting, txArgs []any) error {
	if len(posted) == 0 {
		return nil
	}
	first := tx.Later()
	if slices.ContainsFunc(posted, func(p posting) bool { return p.reverses }) {
		// A neighbour may have taken the same transaction back: the book says so in its own words.
		first = tx
	}
	_, err := first.Insert("INSERT INTO ledger_tx (id, reason, ref, reverses, service, grade, region, region_to, policy_version, "+
		"occurred_at, recorded_at, day, actor, note, salt, leaf)", txCols, txArgs, "")
	if store.Duplicate(err, "ledger_tx") {
		return errRace.With(err)
	}
	if err != nil {
		return err
	}
	args := make([]any, 0, 14*len(posted))
	for _, p := range posted {
		for n, m := range p.moves {
			args = append(args, string(p.id), n, string(m.reason), int64(m.src.seq), int64(m.dst.seq), m.minutes, m.regionTo)
		}
	}
	_, err = tx.Later().With("WITH v (id, n, reason, source, destination, minutes, region_to) AS (VALUES ",
		[]string{"TEXT", "BIGINT", "TEXT", "BIGINT", "BIGINT", "BIGINT", "TEXT"}, args,
		") INSERT INTO ledger_entry (tx, n, reason, source, destination, minutes, region_to) "+
			"SELECT t.seq, v.n, v.reason, v.source, v.destination, v.minutes, v.region_to FROM v CROSS JOIN ledger_tx t WHERE t.id = v.id")
	return err
}

// holdRow is a row of hold.
type holdRow struct {
	ref     string
	n       int
	account AccountID
	minutes int64
	reason  string
	expires *int64 // UTC microseconds
	ratio   int64  // minutes of service that a thousand of them buy
}

// loadHolds reads and locks the open holds of references, in the order in which they were made, and reads their accounts.
func loadHolds(tx *store.Tx, refs []string, found func(h holdRow, a *account)) error {
	return store.EachIn(tx, "SELECT h.ref, h.n, h.account, h.minutes, h.reason, h.expires_at, h.ratio, a.owner, a.class, a.bucket, "+accountColumns+
		" FROM hold h CROSS JOIN account a WHERE a.seq = h.account AND h.ref IN (", refs, ") ORDER BY h.ref, h.n"+tx.ForUpdateOf("h"),
		func(r *store.Rows) error {
			var h holdRow
			a := &account{}
			err := scanAccount(r, a, &h.ref, &h.n, &h.account, &h.minutes, &h.reason, &h.expires, &h.ratio, &a.key.Owner, &a.key.Class, &a.key.Bucket)
			found(h, a)
			return err
		})
}

// heldRefs tells which of the references have an open hold.
func heldRefs(tx *store.Tx, refs []string) (map[string]bool, error) {
	held := make(map[string]bool, len(refs))
	_, err := store.In(tx, "SELECT ref FROM hold WHERE n = 0 AND ref IN (", refs, ")", func(r *store.Rows) (struct{}, error) {
		var ref string
		err := r.Scan(&ref)
		held[ref] = true
		return struct{}{}, err
	})
	return held, err
}

func insertHolds(tx *store.Tx, holds []holdRow) error {
	args := make([]any, 0, 8*len(holds))
	for _, h := range holds {
		var expires any
		if h.expires != nil {
			expires = *h.expires
		}
		args = append(args, h.ref, h.n, int64(h.account), h.minutes, h.reason, expires, tx.NowMicros(), h.ratio)
	}
	_, err := tx.Insert("INSERT INTO hold (ref, n, account, minutes, reason, expires_at, held_at, ratio)", 8, args, "")
	if store.Duplicate(err, "hold") {
		return errRace.With(err)
	}
	return err
}

func deleteHolds(tx *store.Tx, refs []string) error {
	return deleteIn(tx, "hold WHERE ref", refs)
}

// original is a transaction as its reversal needs it.
type original struct {
	seq      int64
	id       TxID
	reason   Reason
	meta     Meta
	reversed bool
	entries  []originalEntry
}

type originalEntry struct {
	tx                  int64
	source, destination AccountID
	payer, owner        string // of the source and of the destination
	minutes             int64
	regionTo            string // of the earner, "" where it is the transaction's
}

// loadOriginals reads transactions with their transfers, and whether they were taken back already.
func loadOriginals(tx *store.Tx, ids []TxID) (map[TxID]*original, error) {
	found := make(map[TxID]*original, len(ids))
	bySeq := make(map[int64]*original, len(ids))
	list, err := store.In(tx, "SELECT t.seq, t.id, t.reason, t.ref, t.service, t.grade, t.region, t.region_to, t.policy_version, "+
		"CASE WHEN EXISTS (SELECT 1 FROM ledger_tx r WHERE r.reverses = t.id) THEN 1 ELSE 0 END FROM ledger_tx t WHERE t.id IN (", ids, ") ORDER BY t.seq",
		func(r *store.Rows) (*original, error) {
			o := &original{}
			m := &o.meta
			return o, r.Scan(&o.seq, &o.id, &o.reason, &m.Ref, &m.Service, &m.Grade, &m.Region, &m.RegionTo, &m.PolicyVersion, &o.reversed)
		})
	if err != nil {
		return nil, err
	}
	args := make([]any, len(list))
	for i, o := range list {
		found[o.id], bySeq[o.seq], args[i] = o, o, o.seq
	}
	entries, err := store.AllWith(tx, "WITH v (seq) AS (VALUES ", []string{"BIGINT"}, args,
		") SELECT e.tx, e.source, e.destination, s.owner, d.owner, e.minutes, e.region_to FROM v CROSS JOIN ledger_entry e JOIN account s ON s.seq = e.source "+
			"JOIN account d ON d.seq = e.destination WHERE e.tx = v.seq ORDER BY e.tx, e.n",
		func(r *store.Rows) (e originalEntry, err error) {
			return e, r.Scan(&e.tx, &e.source, &e.destination, &e.payer, &e.owner, &e.minutes, &e.regionTo)
		})
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		o := bySeq[e.tx]
		o.entries = append(o.entries, e)
	}
	return found, nil
}

// earned is what a reference's settled services gave to an account and was not taken back.
type earned struct {
	ref     string
	account AccountID
	minutes int64
}

func loadEarned(tx *store.Tx, refs []string) ([]earned, error) {
	return store.In(tx, "SELECT t.ref, e.destination, CAST(SUM(e.minutes) AS BIGINT) FROM ledger_tx t JOIN ledger_entry e ON e.tx = t.seq "+
		"JOIN account a ON a.seq = e.destination WHERE t.reason = 'service' AND a.class IN ('saved', 'group') "+
		"AND NOT EXISTS (SELECT 1 FROM ledger_tx r WHERE r.reverses = t.id) AND t.ref <> '' AND t.ref IN (", refs,
		") GROUP BY t.ref, e.destination ORDER BY t.ref, e.destination",
		func(r *store.Rows) (e earned, err error) { return e, r.Scan(&e.ref, &e.account, &e.minutes) })
}

// loadExpired returns accounts whose day has come and that have something which is not held.
func loadExpired(tx *store.Tx, on clock.Day, most int) ([]AccountID, error) {
	return store.All(tx, scanSeq, "SELECT seq FROM account WHERE expires_on <> '' AND expires_on <= $1 AND balance > held ORDER BY expires_on DESC, seq LIMIT $2",
		string(on), most)
}

func setFrozen(tx *store.Tx, owner string, frozen bool) error {
	_, err := tx.Exec("UPDATE account SET frozen = $1 WHERE owner = $2", flag(frozen), owner)
	return err
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

const pendingColumns = "id, reason, from_owner, from_class, from_bucket, to_owner, to_class, to_bucket, minutes, cap, over_owner, over_class, over_bucket, " +
	"ref, service, grade, region, region_to, policy_version, occurred_at, actor, note, due_at"

func insertPending(tx *store.Tx, all []Pending) error {
	const cols = 24
	args := make([]any, 0, cols*len(all))
	for _, p := range all {
		args = append(args, string(p.ID), string(p.Reason), p.From.Owner, string(p.From.Class), p.From.Bucket, p.To.Owner, string(p.To.Class), p.To.Bucket,
			p.Minutes.Int64(), p.Cap.Int64(), p.Overflow.Owner, string(p.Overflow.Class), p.Overflow.Bucket, p.Ref, p.Service, p.Grade, p.Region,
			p.RegionTo, p.PolicyVersion, clock.Micros(p.OccurredAt), p.Actor, p.Note, clock.Micros(p.Due), tx.NowMicros())
	}
	_, err := tx.Insert("INSERT INTO pending_posting ("+pendingColumns+", recorded_at)", cols, args, "")
	return err
}

func scanPending(r *store.Rows) (p Pending, err error) {
	var occurred, due int64
	err = r.Scan(&p.ID, &p.Reason, &p.From.Owner, &p.From.Class, &p.From.Bucket, &p.To.Owner, &p.To.Class, &p.To.Bucket, &p.Minutes, &p.Cap,
		&p.Overflow.Owner, &p.Overflow.Class, &p.Overflow.Bucket, &p.Ref, &p.Service, &p.Grade, &p.Region, &p.RegionTo, &p.PolicyVersion,
		&occurred, &p.Actor, &p.Note, &due)
	p.OccurredAt, p.Due = clock.FromMicros(occurred), clock.FromMicros(due)
	return p, err
}

func loadPending(tx *store.Tx, ids []PendingID) ([]Pending, error) {
	return store.In(tx, "SELECT "+pendingColumns+" FROM pending_posting WHERE id IN (", ids, ") ORDER BY id"+tx.ForUpdate(), scanPending)
}

// pendingTo reports whether a pending posting goes to the owner.
func pendingTo(tx *store.Tx, owner string) (yes bool, err error) {
	return yes, tx.QueryRow("SELECT EXISTS (SELECT 1 FROM pending_posting WHERE to_owner = $1)", owner).Scan(&yes)
}

func deletePending(tx *store.Tx, ids []PendingID) error {
	return deleteIn(tx, "pending_posting WHERE id", ids)
}

// deleteIn deletes the rows of a table whose key is one of the keys; where is "table WHERE key".
func deleteIn[K ~string](tx *store.Tx, where string, keys []K) error {
	args := make([]any, len(keys))
	for i, k := range keys {
		args[i] = string(k)
	}
	_, err := tx.Later().With("WITH v (key) AS (VALUES ", []string{"TEXT"}, args, ") DELETE FROM "+where+" IN (SELECT v.key FROM v)")
	return err
}
