package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"timebank/internal/audit"
	"timebank/internal/errs"
	"timebank/internal/ledger"
	"timebank/internal/notary"
	"timebank/internal/order"
	"timebank/internal/store"
)

// Verification is what [Verify] found.
type Verification struct {
	Book ledger.Report
	// Heads are the verified heads of the logs by name; a log without leaves has size 0.
	Heads map[string]notary.Checkpoint
	// Trail is how many entries the audit trail has.
	Trail int64
	// Problems names each row that contradicts the rest; none means that everything agrees.
	Problems []string
}

// Verify recomputes a database from its entries: the book, the digests of the audit trail, and the Merkle tree and signature of each log.
// keys check the signatures, by the log's name; nil means those that the database names itself. It needs no lock and may run beside a
// server. An error means that the database could not be read; what is wrong in it is in the result.
func Verify(ctx context.Context, db *store.DB, keys map[string]notary.Key) (Verification, error) {
	v := Verification{Heads: map[string]notary.Checkpoint{}}
	var city string
	err := db.Read(ctx, "app.verifiers", func(tx *store.Tx) (err error) {
		if city, err = store.Setting(tx, settingCity); err == nil && keys == nil {
			keys, err = Verifiers(tx)
		}
		return err
	})
	if err != nil {
		return v, err
	}
	logs, err := notary.New(db, notary.Config{City: city, Keys: list(keys), Owner: "verify"})
	if err != nil {
		return v, err
	}
	// The trail takes most of the time: it is walked while the rest is checked.
	var trail *Verification
	both, shared := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		trail, err = walkTrail(shared, db, logs, keys)
		return err
	})
	both.Go(func() error { return v.book(shared, db, logs, keys) })
	if err := both.Wait(); err != nil {
		return v, err
	}
	v.Trail = trail.Trail
	v.Problems = append(v.Problems, trail.Problems...)
	maps.Copy(v.Heads, trail.Heads)
	return v, nil
}

// book checks the book, the orders that it paid for, the kept commands, and the book's log.
func (v *Verification) book(ctx context.Context, db *store.DB, logs *notary.Service, keys map[string]notary.Key) (err error) {
	if v.Book, err = ledger.Verify(ctx, db, nil); err != nil {
		return err
	}
	for _, p := range v.Book.Problems {
		v.Problems = append(v.Problems, p.String())
	}
	orders, err := order.Verify(ctx, db)
	if err != nil {
		return err
	}
	v.Problems = append(v.Problems, orders...)
	if err := v.walkKeys(ctx, db); err != nil {
		return err
	}
	return db.Read(ctx, "app.verify_log", func(tx *store.Tx) error {
		return v.log(tx, logs, keys, LedgerLog, "ledger_tx", ledger.LogSource{}.Leaves)
	})
}

// log checks the tree and the signature of a log, whose leaves are rows of a table.
func (v *Verification) log(tx *store.Tx, logs *notary.Service, keys map[string]notary.Key, name, table string, leaves notary.Leaves) error {
	if _, ok := keys[name]; !ok {
		return nil // an installation that never started has no log
	}
	head, err := logs.Verify(tx, name, leaves)
	var fault *notary.Fault
	switch {
	case errors.As(err, &fault) && fault.Index >= 0:
		v.Problems = append(v.Problems, fmt.Sprintf("%s number %d: %s", table, fault.Index, fault.Error()))
	case errors.As(err, &fault):
		v.Problems = append(v.Problems, fault.Error())
	case err != nil:
		return err
	default:
		v.Heads[name] = head
	}
	return nil
}

// PublicKeys returns the keys that check the logs of a database, by the log's name, as the database itself names them.
func PublicKeys(ctx context.Context, db *store.DB) (keys map[string]notary.Key, err error) {
	err = db.Read(ctx, "app.verifiers", func(tx *store.Tx) error {
		keys, err = Verifiers(tx)
		return err
	})
	return keys, err
}

// ParseVerifiers reads published verifier keys and returns them by the name of their log. Errors: Invalid notary.verifier_malformed and
// app.key_of_no_log.
func ParseVerifiers(texts []string) (map[string]notary.Key, error) {
	keys := map[string]notary.Key{}
	for _, text := range texts {
		k, err := notary.OpenVerifier(text)
		if err != nil {
			return nil, err
		}
		log := k.Name()[strings.LastIndexByte(k.Name(), '/')+1:]
		if log != LedgerLog && log != AuditLog {
			return nil, errs.Invalid("app.key_of_no_log")
		}
		keys[log] = k
	}
	return keys, nil
}

// Root returns the verified root of the book's log in hexadecimal, "" while it has no leaf.
func (v Verification) Root() string {
	head, ok := v.Heads[LedgerLog]
	if !ok || head.Size == 0 {
		return ""
	}
	return fmt.Sprintf("%x", head.Root)
}

// trailPage is how many entries of the trail are in memory at once.
const trailPage = 2048

// walkTrail holds each entry of the audit trail, numbered or not, against the digest that was stored with it, and the numbered ones against their
// log. An entry is read once for both, by its number as far as the log asks for it.
func walkTrail(ctx context.Context, db *store.DB, logs *notary.Service, keys map[string]notary.Key) (*Verification, error) {
	v := &Verification{Heads: map[string]notary.Checkpoint{}}
	hold := func(e audit.Recorded) [32]byte {
		v.Trail++
		got := e.Recompute()
		if got != e.Digest {
			v.Problems = append(v.Problems, fmt.Sprintf("audit %d: the entry is not what was written: digest %x, recomputed %x", e.Seq, e.Digest, got))
		}
		return got
	}
	err := db.Read(ctx, "app.verify_trail", func(tx *store.Tx) error {
		next := int64(0) // numbers below have been held
		leaves := func(tx *store.Tx, from int64, most int) ([]notary.Numbered, error) {
			page, err := audit.Numbered(tx, from, most)
			all := make([]notary.Numbered, len(page))
			for i, e := range page {
				all[i] = notary.Numbered{Index: e.Number, Digest: hold(e)}
				next = e.Number + 1
			}
			return all, err
		}
		if err := v.log(tx, logs, keys, AuditLog, "audit", leaves); err != nil {
			return err
		}
		// What a log with a fault, or no log, has not asked for.
		for {
			page, err := leaves(tx, next, trailPage)
			if err != nil {
				return err
			}
			if len(page) < trailPage {
				break
			}
		}
		for after := int64(0); ; {
			page, err := audit.Unnumbered(tx, after, trailPage)
			if err != nil {
				return err
			}
			for _, e := range page {
				hold(e)
				after = e.Seq
			}
			if len(page) < trailPage {
				return nil
			}
		}
	})
	return v, err
}

// walkKeys sees that what commands of the book once returned is still there, so that the same command sent again is answered by what it did:
// a transaction, a posting that waits or was made, or one that the trail says was undone.
func (v *Verification) walkKeys(ctx context.Context, db *store.DB) error {
	return db.Read(ctx, "app.verify_keys", func(tx *store.Tx) error {
		for after := (store.Kept{}); ; {
			page, err := store.KeptKeys(tx, after, trailPage)
			if err != nil {
				return err
			}
			var asked []string
			var made []ledger.TxID
			for _, k := range page {
				after = k
				switch k.Command {
				case "ledger.transfer", "ledger.donate":
					asked = append(asked, k.Result)
				case "ledger.approve":
					made = append(made, ledger.TxID(k.Result))
				}
			}
			known, err := ledger.Known(tx, asked)
			if err != nil {
				return err
			}
			posted, err := ledger.PostedFor(tx, made)
			if err != nil {
				return err
			}
			for _, k := range page {
				ok := true
				switch k.Command {
				case "ledger.transfer", "ledger.donate":
					if ok = known[k.Result]; !ok {
						acts, err := audit.Of(tx, k.Result)
						if err != nil {
							return err
						}
						ok = slices.ContainsFunc(acts, func(e audit.Recorded) bool { return e.Action == "ledger.undo" })
					}
				case "ledger.approve":
					_, ok = posted[ledger.TxID(k.Result)]
				}
				if !ok {
					v.Problems = append(v.Problems, fmt.Sprintf("idempotency %s/%s: %s returned %q, which the book does not know", k.Actor, k.Key, k.Command, k.Result))
				}
			}
			if len(page) < trailPage {
				return nil
			}
		}
	})
}

// Receipt returns the receipt of a transaction of the book, which anyone checks with the log's public key alone. Errors: NotFound
// ledger.transaction_unknown and notary.not_logged_yet, and those of the notary.
func Receipt(ctx context.Context, db *store.DB, tx ledger.TxID) ([]byte, error) {
	var d ledger.Disclosure
	var city string
	var keys map[string]notary.Key
	err := db.Read(ctx, "app.disclose", func(t *store.Tx) (err error) {
		if city, err = store.Setting(t, settingCity); err != nil {
			return err
		}
		if keys, err = Verifiers(t); err != nil {
			return err
		}
		d, err = ledger.Disclose(t, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if d.Number < 0 {
		return nil, errs.New(errs.NotFound, "notary.not_logged_yet")
	}
	logs, err := notary.New(db, notary.Config{City: city, Keys: list(keys), Owner: "receipt"})
	if err != nil {
		return nil, err
	}
	return logs.Receipt(ctx, LedgerLog, d.Number, d.Leaf)
}
