package audit

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"timebank/internal/clock"
	"timebank/internal/store"
)

// Waiting is an entry that has no number yet. It is an alias, so that [Log] fits the notary's interface without importing it.
type Waiting = struct {
	Row    int64
	Digest [32]byte
}

// Log gives the trail to the sequencer of the notary, which numbers its entries without gaps.
type Log struct{}

// Name is the name of the log.
func (Log) Name() string { return "audit" }

// Pending returns up to max entries without a number, in the order in which they were written.
func (Log) Pending(tx *store.Tx, max int) ([]Waiting, error) {
	return store.All(tx, func(r *store.Rows) (w Waiting, err error) {
		var d []byte
		err = r.Scan(&w.Row, &d)
		copy(w.Digest[:], d)
		return w, err
	}, "SELECT seq, digest FROM audit WHERE number IS NULL ORDER BY seq LIMIT $1", max)
}

// Oldest returns when the oldest entry without a number was written; ok is false when all have one.
func (Log) Oldest(tx *store.Tx) (at time.Time, ok bool, err error) {
	var micros int64
	err = tx.QueryRow("SELECT recorded_at FROM audit WHERE number IS NULL ORDER BY seq LIMIT 1").Scan(&micros)
	if errors.Is(err, store.ErrNoRows) {
		return time.Time{}, false, nil
	}
	return clock.FromMicros(micros), err == nil, err
}

// Number gives entries their numbers, beginning with first.
func (Log) Number(tx *store.Tx, rows []Waiting, first int64) error { return number(tx, rows, first) }

// A search goes backwards through the trail in steps, and reads not more of it in one call than this.
const searchMost = 400_000

// Search returns up to limit entries before a row number, newest first, and the row number to go on from: 0 when there is no more. A call
// that finds little in a long trail may end before limit is reached. before 0 begins with the newest.
func Search(tx *store.Tx, f Filter, before int64, limit int) (found []Recorded, next int64, err error) {
	first, last, err := span(tx, f)
	if err != nil {
		return nil, 0, err
	}
	if before <= 0 || before > last+1 {
		before = last + 1
	}
	s := &search{tx: tx, Filter: f, wants: f.wants(), within: f.within()}
	step := int64(blockRows)
	if f.Ref != "" {
		// The index of references finds them all at once.
		step = last + 1
	}
	for read := int64(0); before > first && read < searchMost; {
		from := max(first, (before-1)/step*step)
		skip, err := s.skips(from / blockRows)
		if err != nil {
			return nil, 0, err
		}
		if skip {
			before = from
			continue
		}
		rows, err := s.rows(from, before, limit+1-len(found))
		if err != nil {
			return nil, 0, err
		}
		found = append(found, rows...)
		if len(found) > limit {
			return found[:limit], found[limit-1].Seq, nil
		}
		read, before = read+before-from, from
	}
	if before <= first {
		return found, 0, nil
	}
	return found, before, nil
}

// Last returns the row number of the newest entry, 0 when there is none.
func Last(tx *store.Tx) (seq int64, err error) {
	return seq, tx.QueryRow("SELECT COALESCE(MAX(seq), 0) FROM audit").Scan(&seq)
}

// search is a search under way.
type search struct {
	tx *store.Tx
	Filter
	wants  [][]uint32
	within func(region string) bool

	blocks map[int64]marks // those read ahead, from this block down
	lowest int64
}

// blocksAhead is how many blocks are read at once; a block is some kilobytes.
const blocksAhead = 64

// skips reports whether a block is known to have nothing that is wanted.
func (s *search) skips(block int64) (bool, error) {
	if len(s.wants) == 0 || s.Ref != "" {
		return false, nil
	}
	if s.blocks == nil || block < s.lowest {
		s.blocks, s.lowest = map[int64]marks{}, block-blocksAhead+1
		_, err := store.All(s.tx, func(r *store.Rows) (none struct{}, err error) {
			var n int64
			var m []byte
			err = r.Scan(&n, &m)
			s.blocks[n] = m
			return none, err
		}, "SELECT block, marks FROM audit_block WHERE block BETWEEN $1 AND $2", s.lowest, block)
		if err != nil {
			return false, err
		}
	}
	m, known := s.blocks[block]
	return known && !m.may(s.wants), nil
}

// rows returns up to most entries with from <= seq < before, newest first.
func (s *search) rows(from, before int64, most int) ([]Recorded, error) {
	text, args := columns+" WHERE seq >= $1 AND seq < $2", []any{from, before}
	add := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(args)), 1)
		}
		text += " AND " + condition
	}
	if s.Actor != "" {
		add("actor = ?", s.Actor)
	}
	if s.OnBehalf != "" {
		add("on_behalf = ?", s.OnBehalf)
	}
	if s.Ref != "" {
		add("ref = ?", s.Ref)
	}
	if s.Action != "" {
		// Not LIKE: an underscore is part of many actions.
		add("substr(action, 1, CAST(? AS INTEGER)) = ?", utf8.RuneCountInString(s.Action), s.Action)
	}
	if !s.From.IsZero() {
		add("recorded_at >= ?", clock.Micros(s.From))
	}
	if !s.Until.IsZero() {
		add("recorded_at < ?", clock.Micros(s.Until))
	}
	// Few regions are asked for by name. Many are compared here: a statement with a place for each would be another one for each level.
	if len(s.Regions) == 1 {
		add("region = ?", s.Regions[0])
	}
	text += " ORDER BY seq DESC"
	if len(s.Regions) <= 1 {
		text += " LIMIT " + strconv.Itoa(most)
	}
	rows, err := s.tx.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []Recorded
	for len(found) < most && rows.Next() {
		e, err := scan(rows)
		if err != nil {
			return nil, err
		}
		if s.within(e.Region) {
			found = append(found, e)
		}
	}
	return found, rows.Err()
}

// slack is by how much a row's time may lie behind that of an earlier row: two transactions that run at once.
const slack = time.Minute

// span finds the rows between which the entries of a time are. Rows are numbered as time goes on, so halving finds them without an index.
func span(tx *store.Tx, f Filter) (first, last int64, err error) {
	if last, err = Last(tx); err != nil {
		return 0, 0, err
	}
	first = 1
	if !f.From.IsZero() {
		if first, err = seqAt(tx, last, clock.Micros(f.From.Add(-slack))); err != nil {
			return 0, 0, err
		}
	}
	if !f.Until.IsZero() {
		end, err := seqAt(tx, last, clock.Micros(f.Until.Add(slack)))
		if err != nil {
			return 0, 0, err
		}
		last = min(last, end)
	}
	return first, last, nil
}

// seqAt returns the first row at or after a time, last+1 when there is none.
func seqAt(tx *store.Tx, last, at int64) (int64, error) {
	low, high := int64(1), last+1
	for low < high {
		middle := (low + high) / 2
		var seq, recorded int64
		if err := tx.QueryRow("SELECT seq, recorded_at FROM audit WHERE seq >= $1 ORDER BY seq LIMIT 1", middle).Scan(&seq, &recorded); err != nil {
			return 0, err
		}
		if recorded >= at {
			high = middle
		} else {
			low = seq + 1
		}
	}
	return low, nil
}

// Summarise sums up the next blocks whose rows have all rested for a day, at most the given number of them, and returns how many those
// were. Searches are right without it and quick with it.
func Summarise(tx *store.Tx, most int) (done int, err error) {
	var block int64
	if err := tx.LockName("audit.summarise"); err != nil {
		return 0, err
	}
	if err := tx.QueryRow("SELECT COALESCE(MAX(block), -1) + 1 FROM audit_block").Scan(&block); err != nil {
		return 0, err
	}
	for ; done < most; done, block = done+1, block+1 {
		var after int64
		err := tx.QueryRow("SELECT recorded_at FROM audit WHERE seq >= $1 ORDER BY seq LIMIT 1", (block+1)*blockRows).Scan(&after)
		if errors.Is(err, store.ErrNoRows) || err == nil && after > clock.Micros(tx.Now().Add(-rest)) {
			return done, nil
		}
		if err != nil {
			return done, err
		}
		set := map[uint32]bool{}
		_, err = store.All(tx, func(r *store.Rows) (none struct{}, err error) {
			var actor, behalf, region string
			err = r.Scan(&actor, &behalf, &region)
			set[mark(markActor, actor)], set[mark(markOnBehalf, behalf)], set[mark(markRegion, region)] = true, true, true
			return none, err
		}, "SELECT actor, on_behalf, region FROM audit WHERE seq >= $1 AND seq < $2", block*blockRows, (block+1)*blockRows)
		if err != nil {
			return done, err
		}
		if _, err := tx.Exec("INSERT INTO audit_block (block, marks) VALUES ($1, $2)", block, []byte(newMarks(set))); err != nil {
			return done, err
		}
	}
	return done, nil
}
