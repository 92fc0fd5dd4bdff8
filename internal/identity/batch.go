package identity

import (
	"context"
	"errors"
	"fmt"

	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/store"
)

// Result is what one command came to. Err is a refusal of this command alone; Value is then meaningless.
type Result[R any] struct {
	Value    R
	Err      error
	Replayed bool // the key was used before: nothing was done now, and Value is the first run's
}

// Call is a use-case that takes many commands at once. It holds the pattern of all of them: which attempt is it, was it made before,
// do the fresh ones, remember those that were done. HTTP passes one command, the replay many, and both run the same statements.
type Call[C, R any] struct {
	// Name is the command, "order.confirm". It is the tag of the digest.
	Name string
	// Forever keeps the keys as long as the book: for commands that move hours.
	Forever bool
	// Head returns who acts and the idempotency key ("" is for the system's own commands alone), and writes everything else that the
	// command asks for to w, so that the same key with another wish is found out.
	Head func(c *C, w *canon.Writer) (Actor, string)
	// Encode gives what is kept with the key: ids, nothing personal.
	Encode func(r R) string
	// Decode reads it back.
	Decode func(s string) (R, error)
	// Run decides and writes the commands, of which no two have the same key, and sets Value or Err of the result at the same index.
	// An error that it returns fails them all and leaves nothing written.
	Run func(tx *store.Tx, cmds []*C, out []*Result[R]) error
}

var errNoKey = errs.Invalid("idempotency.key_missing", errs.Field{Path: "key", Code: "idempotency.key_missing"})

// Keys returns the idempotency keys of commands.
func (call Call[C, R]) Keys(cmds []C) (keys []store.Key, system []bool) {
	keys, system = make([]store.Key, len(cmds)), make([]bool, len(cmds))
	for i := range cmds {
		w := canon.New(call.Name, 1)
		actor, key := call.Head(&cmds[i], w)
		keys[i] = store.Key{Actor: actor.ID, Key: key, Command: call.Name, Digest: w.Digest(), Forever: call.Forever}
		system[i] = actor.IsSystem()
	}
	return keys, system
}

// Do carries out the commands within tx, in one pass unless a key stands in the slice more than once: then as if they had come one after
// another. The results are in the order of the commands.
func (call Call[C, R]) Do(tx *store.Tx, cmds []C) ([]Result[R], error) {
	out := make([]Result[R], len(cmds))
	keys, system := call.Keys(cmds)
	waiting := make([]int, 0, len(cmds))
	for i, k := range keys {
		switch {
		case k.Actor == "":
			out[i].Err = errs.New(errs.Unauthenticated, "identity.nobody")
		case k.Key == "" && !system[i]:
			out[i].Err = errNoKey
		default:
			waiting = append(waiting, i)
		}
	}
	for len(waiting) > 0 {
		asked := pick(keys, waiting)
		seen, err := store.Claims(tx, asked)
		if err != nil {
			return nil, err
		}
		var fresh, later []int
		for n, first := range store.Firsts(asked) {
			i := waiting[n]
			switch {
			case seen[n].Found:
				out[i] = call.replay(seen[n])
			case first == n:
				fresh = append(fresh, i)
			default:
				later = append(later, i)
			}
		}
		if err := call.run(tx, cmds, keys, fresh, out); err != nil {
			return nil, err
		}
		waiting = later
	}
	return out, nil
}

func (call Call[C, R]) replay(s store.Seen) (r Result[R]) {
	if r.Err = s.Err(); r.Err == nil {
		r.Value, r.Err = call.Decode(s.Result)
		r.Replayed = true
	}
	return r
}

// run does the fresh ones and remembers those that were done.
func (call Call[C, R]) run(tx *store.Tx, cmds []C, keys []store.Key, fresh []int, out []Result[R]) error {
	if len(fresh) == 0 {
		return nil
	}
	theirs, results := make([]*C, len(fresh)), make([]*Result[R], len(fresh))
	for n, i := range fresh {
		theirs[n], results[n] = &cmds[i], &out[i]
	}
	if err := call.Run(tx, theirs, results); err != nil {
		return err
	}
	for _, r := range results {
		if errs.Fault(r.Err) {
			return r.Err
		}
	}
	done, kept := make([]store.Key, 0, len(fresh)), make([]string, 0, len(fresh))
	var refused []int
	for n, i := range fresh {
		if results[n].Err == nil {
			done, kept = append(done, keys[i]), append(kept, call.Encode(results[n].Value))
		} else if keys[i].Key != "" {
			refused = append(refused, i)
		}
	}
	if err := store.Done(tx, done, kept); err != nil {
		return err
	}
	return call.echoes(tx, keys, refused, out)
}

// echoes looks again at what was refused: the same attempt, sent twice at the same moment, may have been committed by another connection
// between the first look and the decision, which then saw its own effect. It gets the first one's answer.
func (call Call[C, R]) echoes(tx *store.Tx, keys []store.Key, refused []int, out []Result[R]) error {
	seen, err := store.Claims(tx, pick(keys, refused))
	if err != nil {
		return err
	}
	for n, i := range refused {
		if seen[n].Found {
			out[i] = call.replay(seen[n])
		}
	}
	return nil
}

// Perform is Do in a write of its own. When the group fails as a whole because the database refused one of its rows, each command is
// carried out alone, so that the others do not suffer; an unavailable database fails them all.
func (call Call[C, R]) Perform(ctx context.Context, db *store.DB, cmds []C) ([]Result[R], error) {
	out, err := call.write(ctx, db, cmds)
	if err == nil || errs.KindOf(err) == errs.Unavailable {
		return out, err
	}
	if len(cmds) == 1 && !store.Refused(err) {
		return []Result[R]{{Err: err}}, nil
	}
	// A single command that the database refused runs once more too: what it lost a race against now stands there for its rules to see.
	out = make([]Result[R], len(cmds))
	for i := range cmds {
		one, err := call.write(ctx, db, cmds[i:i+1])
		switch {
		case errs.KindOf(err) == errs.Unavailable:
			return nil, err
		case err != nil:
			out[i].Err = err
		default:
			out[i] = one[0]
		}
	}
	return out, nil
}

func (call Call[C, R]) write(ctx context.Context, db *store.DB, cmds []C) (out []Result[R], err error) {
	err = db.Write(ctx, call.Name, func(tx *store.Tx) error {
		out, err = call.Do(tx, cmds)
		return err
	})
	return out, err
}

func pick[T any](all []T, at []int) []T {
	some := make([]T, len(at))
	for n, i := range at {
		some[n] = all[i]
	}
	return some
}

// Same is the Encode of a command whose result is an id.
func Same[S ~string](s S) string { return string(s) }

// AsID is the Decode of a command whose result is an id.
func AsID[S ~string](s string) (S, error) { return S(s), nil }

// Nothing is the result of a command that has none.
type Nothing struct{}

// NoResult is the Encode of a command without a result.
func NoResult(Nothing) string { return "" }

// AsNothing is its Decode.
func AsNothing(s string) (Nothing, error) {
	if s != "" {
		return Nothing{}, errs.New(errs.Internal, errs.CodeInternal).With(errors.New("a command without a result has one: " + s))
	}
	return Nothing{}, nil
}

// One performs a single command and returns its value or its refusal.
func (call Call[C, R]) One(ctx context.Context, db *store.DB, cmd C) (R, error) {
	out, err := call.Perform(ctx, db, []C{cmd})
	if err != nil {
		var none R
		return none, err
	}
	if len(out) != 1 {
		panic(fmt.Sprintf("identity: one command gave %d results", len(out)))
	}
	return out[0].Value, out[0].Err
}
