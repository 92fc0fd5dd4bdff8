package ledger

import (
	"errors"
	"math"
	"time"

	"timebank/internal/clock"
	"timebank/internal/store"
)

const recordColumns = "t.seq, t.id, COALESCE(t.number, -1), t.reason, t.ref, COALESCE(t.reverses, ''), t.service, t.grade, t.region, t.region_to, " +
	"t.policy_version, t.occurred_at, t.recorded_at, t.day, t.actor, t.note, t.salt, t.private_hash, t.leaf"

// record is a transaction as it stands in the book, with its transfers.
type record struct {
	seq         int64
	id          string
	number      int64
	reason      Reason
	private     private
	salt        []byte
	privateHash []byte
	leaf        []byte
	entries     []entryRow
}

type entryRow struct {
	tx, n       int64
	reason      Reason
	source      AccountID
	destination AccountID
	minutes     int64
	regionTo    string
}

func scanRecord(r *store.Rows) (*record, error) {
	t := &record{}
	p := &t.private
	return t, r.Scan(&t.seq, &t.id, &t.number, &t.reason, &p.ref, &p.reverses, &p.service, &p.grade, &p.region, &p.regionTo, &p.policyVersion,
		&p.occurredAt, &p.recordedAt, &p.day, &p.actor, &p.note, &t.salt, &t.privateHash, &t.leaf)
}

const entryColumns = "tx, n, reason, source, destination, minutes, region_to"

func scanEntry(r *store.Rows) (e entryRow, err error) {
	return e, r.Scan(&e.tx, &e.n, &e.reason, &e.source, &e.destination, &e.minutes, &e.regionTo)
}

// loadRecords reads the transactions after a row number, with their transfers; strays are transfers of transactions that do not exist.
func loadRecords(tx *store.Tx, after int64, most int) (page []*record, strays []entryRow, err error) {
	page, err = store.All(tx, scanRecord, "SELECT "+recordColumns+" FROM ledger_tx t WHERE t.seq > $1 ORDER BY t.seq LIMIT $2", after, most)
	if err != nil {
		return nil, nil, err
	}
	last := int64(math.MaxInt64)
	if len(page) == most {
		last = page[most-1].seq
	}
	entries, err := store.All(tx, scanEntry, "SELECT "+entryColumns+" FROM ledger_entry WHERE tx > $1 AND tx <= $2 ORDER BY tx, n", after, last)
	if err != nil {
		return nil, nil, err
	}
	i := 0
	for _, t := range page {
		for i < len(entries) && entries[i].tx < t.seq {
			strays = append(strays, entries[i])
			i++
		}
		first := i
		for i < len(entries) && entries[i].tx == t.seq {
			i++
		}
		t.entries = entries[first:i]
	}
	return page, append(strays, entries[i:]...), nil
}

// loadRecord reads one transaction.
func loadRecord(tx *store.Tx, id TxID) (*record, error) {
	found, err := store.In(tx, "SELECT "+recordColumns+" FROM ledger_tx t WHERE t.id IN (", []TxID{id}, ")", scanRecord)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errUnknownTx
	}
	found[0].entries, err = store.All(tx, scanEntry, "SELECT "+entryColumns+" FROM ledger_entry WHERE tx = $1 ORDER BY n", found[0].seq)
	return found[0], err
}

// loadNumbered reads leaves from a number on.
func loadNumbered(tx *store.Tx, from int64, most int) ([]numbered, error) {
	return store.All(tx, func(r *store.Rows) (n numbered, err error) {
		return n, r.Scan(&n.number, &n.id, &n.leaf)
	}, "SELECT number, id, leaf FROM ledger_tx WHERE number IS NOT NULL AND number >= $1 ORDER BY number LIMIT $2", from, most)
}

type numbered struct {
	number int64
	id     string
	leaf   []byte
}

// loadAccounts reads accounts after a row number.
func loadAccounts(tx *store.Tx, after AccountID, most int) ([]*account, error) {
	return store.All(tx, func(r *store.Rows) (*account, error) {
		a := &account{}
		var salt store.RawBytes
		err := scanAccount(r, a, &a.key.Owner, &a.key.Class, &a.key.Bucket, &a.openedAt, &salt)
		a.salted = copy(a.salt[:], salt) > 0
		return a, err
	}, "SELECT a.owner, a.class, a.bucket, a.opened_at, a.salt, "+accountColumns+" FROM account a WHERE a.seq > $1 ORDER BY a.seq LIMIT $2", int64(after), most)
}

// PaidTwice returns references for which more than one payment for a service stands in the book.
func PaidTwice(tx *store.Tx) ([]string, error) {
	return store.All(tx, func(r *store.Rows) (s string, err error) { return s, r.Scan(&s) },
		"SELECT t.ref FROM ledger_tx t WHERE t.ref <> '' AND t.reason IN ('service', 'fund_claim') GROUP BY t.ref HAVING COUNT(*) > 1 ORDER BY t.ref")
}

// brokenHolds returns references of holds with a gap in their lines.
func brokenHolds(tx *store.Tx) ([]string, error) {
	return store.All(tx, func(r *store.Rows) (s string, err error) { return s, r.Scan(&s) },
		"SELECT h.ref FROM hold h GROUP BY h.ref HAVING MIN(h.n) <> 0 OR MAX(h.n) <> COUNT(*) - 1 OR MIN(h.reason) <> MAX(h.reason) ORDER BY h.ref")
}

// holdSums returns the open holds by account.
func holdSums(tx *store.Tx) (map[AccountID]int64, error) {
	sums := map[AccountID]int64{}
	_, err := store.All(tx, func(r *store.Rows) (struct{}, error) {
		var a AccountID
		var m int64
		err := r.Scan(&a, &m)
		sums[a] = m
		return struct{}{}, err
	}, "SELECT account, CAST(SUM(minutes) AS BIGINT) FROM hold GROUP BY account")
	return sums, err
}

// unheldPending returns pending postings whose hold is missing or has another size.
func unheldPending(tx *store.Tx) ([]string, error) {
	return store.All(tx, func(r *store.Rows) (id string, err error) { return id, r.Scan(&id) },
		"SELECT p.id FROM pending_posting p LEFT JOIN hold h ON h.ref = p.id GROUP BY p.id, p.minutes HAVING COALESCE(SUM(h.minutes), 0) <> p.minutes ORDER BY p.id")
}

func unnumbered(tx *store.Tx, most int) ([]Waiting, error) {
	return store.All(tx, func(r *store.Rows) (w Waiting, err error) {
		var leaf []byte
		err = r.Scan(&w.Row, &leaf)
		copy(w.Digest[:], leaf)
		return w, err
	}, "SELECT seq, leaf FROM ledger_tx WHERE number IS NULL ORDER BY seq LIMIT $1", most)
}

// oldestUnnumbered returns when the oldest transaction without a number was recorded; ok is false when all have one.
func oldestUnnumbered(tx *store.Tx) (at time.Time, ok bool, err error) {
	var micros int64
	err = tx.QueryRow("SELECT recorded_at FROM ledger_tx WHERE number IS NULL ORDER BY seq LIMIT 1").Scan(&micros)
	if errors.Is(err, store.ErrNoRows) {
		return time.Time{}, false, nil
	}
	return clock.FromMicros(micros), err == nil, err
}

func setNumbers(tx *store.Tx, rows []Waiting, first int64) (int64, error) {
	args := make([]any, 0, 2*len(rows))
	for i, r := range rows {
		args = append(args, r.Row, first+int64(i))
	}
	return tx.With("WITH v (seq, number) AS (VALUES ", []string{"BIGINT", "BIGINT"}, args,
		") UPDATE ledger_tx SET number = v.number FROM v WHERE ledger_tx.seq = v.seq AND ledger_tx.number IS NULL")
}

// saltedOf reads the transactions of an owner's accounts that still have their salt.
func saltedOf(tx *store.Tx, owner string) ([]*record, error) {
	return store.All(tx, scanRecord, "SELECT "+recordColumns+" FROM ledger_tx t WHERE t.salt IS NOT NULL AND t.seq IN ("+
		"SELECT e.tx FROM account a JOIN ledger_entry e ON e.source = a.seq WHERE a.owner = $1 UNION "+
		"SELECT e.tx FROM account a JOIN ledger_entry e ON e.destination = a.seq WHERE a.owner = $1) ORDER BY t.seq", owner)
}

func eraseSalt(tx *store.Tx, t *record, hash [32]byte) error {
	_, err := tx.Exec("UPDATE ledger_tx SET salt = NULL, private_hash = $1 WHERE seq = $2", hash[:], t.seq)
	return err
}
