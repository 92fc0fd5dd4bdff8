package store

import (
	"bytes"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
)

// Key names one attempt of a person to have one effect. Two commands with the same Actor and Key are the same command; if their
// Digest differs, the second is a conflict.
type Key struct {
	Actor   string
	Key     string // "" for commands the system gives itself, which are not recorded
	Command string
	Digest  [32]byte
	// Forever keeps the key as long as the book: commands that move hours. Others are forgotten after [KeepKeys].
	Forever bool
}

// KeepKeys is how long a key of a command that moves no hours is remembered (default; Decided in the house rules).
const KeepKeys = 7 * 24 * time.Hour

// Seen tells what is known of a key.
type Seen struct {
	Found    bool
	Conflict bool   // the same key came before with another input or for another command
	Result   string // the ids that the first run returned
}

// Err is the refusal of a reused key, or nil.
func (s Seen) Err() error {
	if s.Conflict {
		return errs.New(errs.Conflict, "idempotency.key_reused").By("record.once", "nobody")
	}
	return nil
}

// Claims looks keys up. What is not Found is free; record it with [Done] in the same transaction. A key that stands twice in one
// slice is Found nowhere: callers keep their first and repeat it, see [Firsts].
func Claims(tx *Tx, keys []Key) ([]Seen, error) {
	seen := make([]Seen, len(keys))
	args := make([]any, 0, 3*len(keys))
	waiting := &tx.session.pending
	for i, k := range keys {
		if k.Key == "" {
			continue
		}
		if n, ok := waiting.byName[[2]string{k.Actor, k.Key}]; ok {
			old := &waiting.keys[n]
			seen[i] = k.seen(old.Command, old.Digest[:], old.result)
		} else {
			args = append(args, i, k.Actor, k.Key)
		}
	}
	if len(args) == 0 {
		return seen, nil
	}
	type row struct {
		n               int
		command, result string
		digest          []byte
	}
	rows, err := AllWith(tx, "WITH v (n, actor, key) AS (VALUES ", []string{"BIGINT", "TEXT", "TEXT"}, args,
		claims, func(r *Rows) (o row, err error) { return o, r.Scan(&o.n, &o.command, &o.digest, &o.result) })
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		seen[r.n] = keys[r.n].seen(r.command, r.digest, r.result)
	}
	return seen, nil
}

// claims ends the statement that looks keys up. It does not look at those that wait, see [Tx.Append].
const claims = ") SELECT v.n, i.command, i.digest, i.result FROM v JOIN idempotency i ON i.actor = v.actor AND i.key = v.key"

// seen compares a key with the one that came first.
func (k *Key) seen(command string, digest []byte, result string) Seen {
	return Seen{Found: true, Result: result, Conflict: command != k.Command || !bytes.Equal(digest, k.Digest[:])}
}

// Firsts returns, for each key, the index of the first equal (Actor, Key) in the slice: its own index when it is the first or has
// no key.
func Firsts(keys []Key) []int {
	first := make([]int, len(keys))
	at := make(map[[2]string]int, len(keys))
	for i, k := range keys {
		first[i] = i
		if k.Key == "" {
			continue
		}
		name := [2]string{k.Actor, k.Key}
		if j, ok := at[name]; ok {
			first[i] = j
		} else {
			at[name] = i
		}
	}
	return first
}

// Done records the results of commands that were carried out. A key with an empty Key is passed over. Like the rows of [Tx.Append], they are
// written when the transaction ends, and [Claims] finds them before.
func Done(tx *Tx, keys []Key, results []string) error {
	p := &tx.session.pending
	if p.byName == nil {
		p.byName = map[[2]string]int{}
	}
	for i, k := range keys {
		if k.Key == "" {
			continue
		}
		name := [2]string{k.Actor, k.Key}
		if _, twice := p.byName[name]; twice {
			return &Violation{Unique: true, Name: "idempotency.key, idempotency.actor"}
		}
		done := doneKey{Key: k, result: results[i], at: tx.NowMicros()}
		if !k.Forever {
			done.until = clock.Micros(tx.Now().Add(KeepKeys))
		}
		p.byName[name] = len(p.keys)
		p.keys = append(p.keys, done)
		p.waits = true
	}
	return nil
}

// ForgetKeys removes keys whose time is over and returns how many there were.
func ForgetKeys(tx *Tx) (int64, error) {
	return tx.Exec("DELETE FROM idempotency WHERE keep_until < $1", tx.NowMicros())
}

// Kept is a key that is kept as long as the book, and what its command returned.
type Kept struct{ Actor, Key, Command, Result string }

// KeptKeys returns at most max keys of commands on the book that are kept for ever, in the order of actor and key, after one of them.
func KeptKeys(tx *Tx, after Kept, max int) ([]Kept, error) {
	return All(tx, func(r *Rows) (k Kept, err error) { return k, r.Scan(&k.Actor, &k.Key, &k.Command, &k.Result) },
		"SELECT actor, key, command, result FROM idempotency WHERE keep_until IS NULL AND command LIKE 'ledger.%' AND (actor, key) > ($1, $2) ORDER BY actor, key LIMIT $3",
		after.Actor, after.Key, max)
}
