package ledger

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"timebank/internal/clock"
	"timebank/internal/hours"
	"timebank/internal/store"
)

// Balances returns what stands in accounts; one that was never opened is not in the map.
func Balances(tx *store.Tx, keys []Key) (map[Key]Balance, error) {
	found, err := loadByKey(tx, keys, "")
	out := make(map[Key]Balance, len(keys))
	for _, a := range found {
		if a != nil {
			out[a.key] = a.read()
		}
	}
	return out, err
}

func (a *account) read() Balance {
	return Balance{Balance: hours.Of(a.balance), Held: hours.Of(a.held), Frozen: a.frozen, Expires: a.expires}
}

// Holding is an account with what stands in it.
type Holding struct {
	Key
	Balance
}

// Holdings returns an owner's accounts, oldest first.
func Holdings(tx *store.Tx, owner string) ([]Holding, error) {
	accounts, err := ownersAccounts(tx, owner)
	out := make([]Holding, len(accounts))
	for i, a := range accounts {
		out[i] = Holding{a.key, a.read()}
	}
	return out, err
}

func ownersAccounts(tx *store.Tx, owner string) ([]*account, error) {
	seqs, err := accountsOf(tx, owner)
	if err != nil {
		return nil, err
	}
	return loadBySeq(tx, seqs, "")
}

// Of returns the transactions of a reference, oldest first.
func Of(tx *store.Tx, ref string) ([]TxID, error) {
	return store.All(tx, func(r *store.Rows) (id TxID, err error) { return id, r.Scan(&id) },
		"SELECT id FROM ledger_tx WHERE ref = $1 AND ref <> '' ORDER BY seq", ref)
}

// Concerns reports whether a transaction moved anything on an owner's accounts.
func Concerns(tx *store.Tx, id TxID, owner string) (bool, error) {
	var n int64
	err := tx.QueryRow("SELECT COUNT(*) FROM ledger_tx t JOIN ledger_entry e ON e.tx = t.seq JOIN account a ON a.seq = e.source OR a.seq = e.destination "+
		"WHERE t.id = $1 AND a.owner = $2", string(id), owner).Scan(&n)
	return n > 0, err
}

// Line is one line of a passbook: what one transfer did to one account of the owner.
type Line struct {
	Tx         TxID
	Number     int64 // in the log, -1 until sequenced
	Reason     Reason
	Class      Class
	Bucket     string
	Minutes    hours.Minutes // above zero when they came in
	Balance    hours.Minutes // of the account after this line
	Counter    Class         // where they came from or went to
	Ref        string
	Service    string
	Grade      string
	Region     string
	RegionTo   string
	Day        clock.Day
	OccurredAt time.Time
	RecordedAt time.Time

	at      place
	account AccountID
	leaf    []byte
}

// Anchor names the line and what the log says of it: its place in the book and its transaction's leaf. It names nobody, and changes if a byte
// of the transaction does.
func (l Line) Anchor() string { return l.at.cursor() + " " + hex.EncodeToString(l.leaf) }

// place is where a line stands; newest first is descending. side is 1 for what went out, so that a transfer between two accounts of
// one owner has two places.
type place struct{ tx, n, side int64 }

func (p place) cursor() string { return fmt.Sprintf("%d.%d.%d", p.tx, p.n, p.side) }

func parsePlace(cursor string) (p place, err error) {
	if cursor == "" {
		return place{tx: math.MaxInt64}, nil
	}
	if _, err := fmt.Sscanf(cursor, "%d.%d.%d", &p.tx, &p.n, &p.side); err != nil || p.cursor() != cursor {
		return p, errMalformedCursor
	}
	return p, nil
}

// Held is an open hold on one of the owner's accounts.
type Held struct {
	Ref     string
	Class   Class
	Bucket  string
	Minutes hours.Minutes
	Reason  string // the word that was given when it was made; "dispute" for what a dispute has frozen
	Since   time.Time
}

// Passbook is a page of what happened to an owner's hours.
type Passbook struct {
	Owner    string
	Holdings []Holding
	Lines    []Line    // newest first
	Held     []Held    // open holds
	Pending  []Pending // from and to the owner, soonest first
	Next     string    // cursor of the next page, "" on the last
}

// maxLines bounds a page of a passbook.
const maxLines = 1000

// PassbookOf returns a page of at most limit lines (1 to 1,000) that stand before the cursor; "" begins with the newest. The balance
// after each line is the account's own. Error: Invalid ledger.cursor_malformed.
func PassbookOf(tx *store.Tx, owner, before string, limit int) (Passbook, error) {
	p := Passbook{Owner: owner}
	limit = min(max(limit, 1), maxLines)
	from, err := parsePlace(before)
	if err != nil {
		return p, err
	}
	accounts, err := ownersAccounts(tx, owner)
	if err != nil {
		return p, err
	}
	running := make(map[AccountID]int64, len(accounts))
	for _, a := range accounts {
		p.Holdings = append(p.Holdings, Holding{a.key, a.read()})
		running[a.seq] = a.balance
		if before != "" {
			later, err := sumFrom(tx, a.seq, from)
			if err != nil {
				return p, err
			}
			running[a.seq] -= later
		}
		in, err := loadLines(tx, a, from, 0, limit+1)
		if err != nil {
			return p, err
		}
		out, err := loadLines(tx, a, from, 1, limit+1)
		if err != nil {
			return p, err
		}
		p.Lines = append(append(p.Lines, in...), out...)
	}
	slices.SortFunc(p.Lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(b.at.tx, a.at.tx), cmp.Compare(b.at.n, a.at.n), cmp.Compare(b.at.side, a.at.side))
	})
	if len(p.Lines) > limit {
		p.Lines = p.Lines[:limit]
		p.Next = p.Lines[limit-1].at.cursor()
	}
	for i := range p.Lines {
		l := &p.Lines[i]
		l.Balance = hours.Of(running[l.account])
		running[l.account] -= l.Minutes.Int64()
	}
	if p.Held, err = loadHeld(tx, accounts); err != nil {
		return p, err
	}
	p.Pending, err = store.All(tx, scanPending, "SELECT "+pendingColumns+" FROM pending_posting WHERE from_owner = $1 OR to_owner = $1 ORDER BY due_at, id", owner)
	return p, err
}

// bound is the place from which on lines of one side are shown already, as the pair that SQL compares with.
func (p place) bound(side int64) (tx, n int64) {
	if side < p.side {
		return p.tx, p.n + 1
	}
	return p.tx, p.n
}

// sides are the column of the owner's account and that of its counterpart, for what came in and what went out.
var sides = [2][2]string{{"destination", "source"}, {"source", "destination"}}

func loadLines(tx *store.Tx, a *account, from place, side int64, limit int) ([]Line, error) {
	t, n := from.bound(side)
	own, other := sides[side][0], sides[side][1]
	return store.All(tx, func(r *store.Rows) (Line, error) {
		l := Line{Class: a.key.Class, Bucket: a.key.Bucket, account: a.seq}
		var minutes, occurred, recorded int64
		err := r.Scan(&l.at.tx, &l.at.n, &l.Reason, &minutes, &l.Counter, &l.Tx, &l.Number, &l.Ref, &l.Service, &l.Grade, &l.Region, &l.RegionTo,
			&l.Day, &occurred, &recorded, &l.leaf)
		if l.at.side = side; side == 1 {
			minutes = -minutes
		}
		l.Minutes, l.OccurredAt, l.RecordedAt = hours.Of(minutes), clock.FromMicros(occurred), clock.FromMicros(recorded)
		return l, err
	}, "SELECT e.tx, e.n, e.reason, e.minutes, c.class, t.id, COALESCE(t.number, -1), t.ref, t.service, t.grade, t.region, "+earnerRegion+", t.day, "+
		"t.occurred_at, t.recorded_at, t.leaf FROM ledger_entry e JOIN ledger_tx t ON t.seq = e.tx JOIN account c ON c.seq = e."+other+
		" WHERE e."+own+" = $1 AND (e.tx, e.n) < ($2, $3) ORDER BY e.tx DESC, e.n DESC LIMIT $4", int64(a.seq), t, n, limit)
}

// LineAt returns the line that an anchor names, without the balance after it. It is another line's anchor, or none, when the book no longer
// says what it said: NotFound ledger.line_unknown.
func LineAt(tx *store.Tx, anchor string) (Line, error) {
	cursor, _, _ := strings.Cut(anchor, " ")
	at, err := parsePlace(cursor)
	if err != nil || at.side < 0 || at.side > 1 {
		return Line{}, errUnknownLine
	}
	seqs, err := store.All(tx, func(r *store.Rows) (seq AccountID, err error) { return seq, r.Scan(&seq) },
		"SELECT "+sides[at.side][0]+" FROM ledger_entry WHERE tx = $1 AND n = $2", at.tx, at.n)
	if err != nil {
		return Line{}, err
	}
	accounts, err := loadBySeq(tx, seqs, "")
	if err != nil {
		return Line{}, err
	}
	for _, a := range accounts {
		lines, err := loadLines(tx, a, place{tx: at.tx, n: at.n + 1}, at.side, 1)
		if err != nil {
			return Line{}, err
		}
		for _, l := range lines {
			if l.Anchor() == anchor {
				return l, nil
			}
		}
	}
	return Line{}, errUnknownLine
}

// Reversed reports whether a transaction was taken back later.
func Reversed(tx *store.Tx, id TxID) (bool, error) {
	var n int64
	err := tx.QueryRow("SELECT COUNT(*) FROM ledger_tx WHERE reverses = $1", string(id)).Scan(&n)
	return n > 0, err
}

// sumFrom sums what the lines at and after a place did to an account.
func sumFrom(tx *store.Tx, a AccountID, from place) (sum int64, err error) {
	for side := range int64(2) {
		t, n := from.bound(side)
		var part int64
		if err := tx.QueryRow("SELECT CAST(COALESCE(SUM(minutes), 0) AS BIGINT) FROM ledger_entry WHERE "+sides[side][0]+" = $1 AND (tx, n) >= ($2, $3)",
			int64(a), t, n).Scan(&part); err != nil {
			return 0, err
		}
		if side == 1 {
			part = -part
		}
		sum += part
	}
	return sum, nil
}

func loadHeld(tx *store.Tx, accounts []*account) ([]Held, error) {
	byID := make(map[AccountID]Key, len(accounts))
	args := make([]any, len(accounts))
	for i, a := range accounts {
		byID[a.seq], args[i] = a.key, int64(a.seq)
	}
	return store.AllWith(tx, "WITH v (seq) AS (VALUES ", []string{"BIGINT"}, args,
		") SELECT h.ref, h.account, h.minutes, h.reason, h.held_at FROM v CROSS JOIN hold h WHERE h.account = v.seq ORDER BY h.held_at, h.ref, h.n",
		func(r *store.Rows) (h Held, err error) {
			var a AccountID
			var at int64
			err = r.Scan(&h.Ref, &a, &h.Minutes, &h.Reason, &at)
			h.Class, h.Bucket, h.Since = byID[a].Class, byID[a].Bucket, clock.FromMicros(at)
			return h, err
		})
}

// Totals are what a person has given and received, over all times.
type Totals struct {
	Given    hours.Minutes // credited for services that the person did
	Received hours.Minutes // paid for services that the person received
}

// TotalsOf sums an owner's services, those that were taken back left out.
func TotalsOf(tx *store.Tx, owner string) (Totals, error) {
	var t Totals
	const kept = " JOIN ledger_tx t ON t.seq = e.tx WHERE a.owner = $1 AND t.reason = 'service' AND NOT EXISTS (SELECT 1 FROM ledger_tx r WHERE r.reverses = t.id)"
	if err := tx.QueryRow("SELECT CAST(COALESCE(SUM(e.minutes), 0) AS BIGINT) FROM account a JOIN ledger_entry e ON e.destination = a.seq"+kept+
		" AND a.class IN ('saved', 'group')", owner).Scan(&t.Given); err != nil {
		return t, err
	}
	err := tx.QueryRow("SELECT CAST(COALESCE(SUM(e.minutes), 0) AS BIGINT) FROM account a JOIN ledger_entry e ON e.source = a.seq"+kept+
		" AND e.reason IN ('service', 'adjust')", owner).Scan(&t.Received)
	return t, err
}

// ServedDays is what a person did in a span of days.
type ServedDays struct {
	Visits  int64
	Minutes hours.Minutes // credited
	First   clock.Day     // of the first service, "" for none
}

// ServedBy sums what an owner was credited for services of the civil days from..to, both included, those that were taken back left out, and
// those of some references; "" as the first day means since the beginning.
func ServedBy(tx *store.Tx, owner string, from, to clock.Day, except ...string) (s ServedDays, err error) {
	args := []any{owner, string(from), string(to)}
	without := ""
	for _, ref := range except {
		args = append(args, ref)
		without += " AND t.ref <> $" + strconv.Itoa(len(args))
	}
	err = tx.QueryRow("SELECT COUNT(DISTINCT t.ref), CAST(COALESCE(SUM(e.minutes), 0) AS BIGINT), COALESCE(MIN(t.day), '') FROM account a "+
		"JOIN ledger_entry e ON e.destination = a.seq JOIN ledger_tx t ON t.seq = e.tx WHERE a.owner = $1 AND a.class IN ('saved', 'group') "+
		"AND t.reason = 'service' AND t.day BETWEEN $2 AND $3 AND NOT EXISTS (SELECT 1 FROM ledger_tx r WHERE r.reverses = t.id)"+without, args...).
		Scan(&s.Visits, &s.Minutes, &s.First)
	return s, err
}

// Earned sums what owners were credited for services that they did themselves, those that were taken back left out; who earned nothing is
// missing.
func Earned(tx *store.Tx, owners []string) (map[string]hours.Minutes, error) {
	earned := make(map[string]hours.Minutes, len(owners))
	_, err := store.In(tx, "SELECT a.owner, CAST(SUM(e.minutes) AS BIGINT) FROM account a JOIN ledger_entry e ON e.destination = a.seq JOIN ledger_tx t ON t.seq = e.tx "+
		"WHERE a.class = 'saved' AND t.reason = 'service' AND NOT EXISTS (SELECT 1 FROM ledger_tx r WHERE r.reverses = t.id) AND a.owner IN (", owners,
		") GROUP BY a.owner", func(r *store.Rows) (none struct{}, err error) {
			var owner string
			var m hours.Minutes
			err = r.Scan(&owner, &m)
			earned[owner] = m
			return none, err
		})
	return earned, err
}

// earnerRegion is the region of the earner of a transfer e of a transaction t, in SQL.
const earnerRegion = "CASE WHEN e.region_to <> '' THEN e.region_to ELSE t.region_to END"

// Served is one row of the clearing matrix: what earners of one region did for payers of another.
type Served struct {
	Region   string        // of the payer
	RegionTo string        // of the earner
	Services int64         // each in one row only, that of its first earner
	Minutes  hours.Minutes // credited
	Reversed hours.Minutes // of these, taken back later
}

// Clearing sums the services of the civil days from..to, both included, by payer's and earner's region. The minutes of a service of several
// earners stand where each of them is from, and the service where the first is from; the services of all rows add up to those that were paid. The caller adds regions up to districts.
func Clearing(tx *store.Tx, from, to clock.Day) ([]Served, error) {
	return store.All(tx, func(r *store.Rows) (s Served, err error) {
		return s, r.Scan(&s.Region, &s.RegionTo, &s.Services, &s.Minutes, &s.Reversed)
	}, "SELECT s.region, s.region_to, COUNT(s.one), CAST(SUM(s.minutes) AS BIGINT), CAST(SUM(s.reversed) AS BIGINT) FROM ("+
		"SELECT t.region AS region, "+earnerRegion+" AS region_to, CASE WHEN e.n = MIN(e.n) OVER (PARTITION BY e.tx) THEN 1 END AS one, "+
		"e.minutes AS minutes, CASE WHEN v.reverses IS NULL THEN 0 ELSE e.minutes END AS reversed FROM ledger_tx t JOIN ledger_entry e ON e.tx = t.seq JOIN account a ON a.seq = e.destination LEFT JOIN ledger_tx v ON v.reverses = t.id "+
		"WHERE t.reason = 'service' AND a.class IN ('saved', 'group') AND t.day BETWEEN $1 AND $2) s GROUP BY 1, 2 ORDER BY 1, 2",
		string(from), string(to))
}

// ClassTotal is what stands in all accounts of a class.
type ClassTotal struct {
	Class    Class
	Accounts int64
	Balance  hours.Minutes
	Held     hours.Minutes
}

// ClassTotals sums the book by class; the balances add up to zero.
func ClassTotals(tx *store.Tx) ([]ClassTotal, error) {
	return store.All(tx, func(r *store.Rows) (c ClassTotal, err error) {
		return c, r.Scan(&c.Class, &c.Accounts, &c.Balance, &c.Held)
	}, "SELECT class, COUNT(*), CAST(SUM(balance) AS BIGINT), CAST(SUM(held) AS BIGINT) FROM account GROUP BY class ORDER BY class")
}

// givenSince counts and sums an owner's gifts to kin since a day, those included that are pending, those left out that were taken back.
func givenSince(tx *store.Tx, owner string, since clock.Day) (count int, minutes hours.Minutes, err error) {
	err = tx.QueryRow("SELECT COUNT(*), CAST(COALESCE(SUM(g.minutes), 0) AS BIGINT) FROM ("+
		"SELECT e.minutes FROM account a JOIN ledger_entry e ON e.source = a.seq JOIN ledger_tx t ON t.seq = e.tx "+
		"WHERE a.owner = $1 AND a.class = 'saved' AND a.bucket = '' AND e.reason = 'transfer' AND t.day >= $2 "+
		"AND NOT EXISTS (SELECT 1 FROM ledger_tx r WHERE r.reverses = t.id) UNION ALL "+
		"SELECT p.minutes FROM pending_posting p WHERE p.from_owner = $1 AND p.reason = 'transfer') g", owner, string(since)).Scan(&count, &minutes)
	return count, minutes, err
}

// OpenHold is a reference that holds minutes, and why.
type OpenHold struct{ Ref, Reason string }

// OpenHolds returns at most max references that hold minutes, in the order of the references, after one of them.
func OpenHolds(tx *store.Tx, after string, max int) ([]OpenHold, error) {
	return store.All(tx, func(r *store.Rows) (h OpenHold, err error) { return h, r.Scan(&h.Ref, &h.Reason) },
		"SELECT h.ref, h.reason FROM hold h WHERE h.n = 0 AND h.ref > $1 ORDER BY h.ref LIMIT $2", after, max)
}

// PostedFor returns what each transaction was for; an unknown one is missing.
func PostedFor(tx *store.Tx, ids []TxID) (map[TxID]string, error) {
	found := make(map[TxID]string, len(ids))
	_, err := store.In(tx, "SELECT t.id, t.ref FROM ledger_tx t WHERE t.id IN (", ids, ")", func(r *store.Rows) (none struct{}, err error) {
		var id TxID
		var ref string
		err = r.Scan(&id, &ref)
		found[id] = ref
		return none, err
	})
	return found, err
}

// Known tells which of the ids stand for something that was asked of the book: a posting that waits, or what a transaction was for.
func Known(tx *store.Tx, ids []string) (map[string]bool, error) {
	known := make(map[string]bool, len(ids))
	for _, text := range []string{"SELECT p.id FROM pending_posting p WHERE p.id IN (", "SELECT t.ref FROM ledger_tx t WHERE t.ref <> '' AND t.ref IN ("} {
		_, err := store.In(tx, text, ids, ")", func(r *store.Rows) (none struct{}, err error) {
			var id string
			err = r.Scan(&id)
			known[id] = true
			return none, err
		})
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}
