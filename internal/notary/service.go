package notary

import (
	"context"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/store"
)

// DefaultLease is how long a sequencer that stopped without a word keeps others from its logs (default, ours).
const DefaultLease = 30 * time.Second

// Pending is a row that waits for its number: the owner's own key of it, and the digest to log. It is an alias, so that owners
// whom the import rule keeps from this package can implement Source with the same struct.
type Pending = struct {
	Row    int64
	Digest [32]byte
}

// Numbered is a row that has its number: the leaf index, from 0 without gaps, and the digest that the owner recomputes.
type Numbered = struct {
	Index  int64
	Digest [32]byte
}

// Source is an owner of rows that are logged.
type Source interface {
	// Name is the log's name: "ledger", "audit".
	Name() string
	// Pending returns at most max rows without a number, in the order in which they are to be numbered.
	Pending(tx *store.Tx, max int) ([]Pending, error)
	// Number gives rows[i] the number first+i. It fails when one of them has a number already.
	Number(tx *store.Tx, rows []Pending, first int64) error
}

// Config says for which city a service keeps logs, and with which keys.
type Config struct {
	City  string        // the city's code, as in "<city code>.timebank/ledger"
	Keys  []Key         // one a log, named by Origin
	Owner string        // who this sequencer is; two that run at once have different names
	Lease time.Duration // 0 is DefaultLease
}

// Service keeps the logs of a city.
type Service struct {
	db    *store.DB
	owner string
	lease time.Duration
	keys  map[string]Key // by the log's name
}

// New returns the service of a city. Errors: Invalid notary.key_name when a key's name is not an origin of the city or two keys
// have one name, Invalid notary.owner_missing.
func New(db *store.DB, cfg Config) (*Service, error) {
	s := &Service{db: db, owner: cfg.Owner, lease: cfg.Lease, keys: map[string]Key{}}
	if s.owner == "" {
		return nil, errs.Invalid("notary.owner_missing")
	}
	if s.lease == 0 {
		s.lease = DefaultLease
	}
	for _, k := range cfg.Keys {
		log := logOf(cfg.City, k.Name())
		if _, twice := s.keys[log]; log == "" || twice {
			return nil, errs.Invalid("notary.key_name")
		}
		s.keys[log] = k
	}
	return s, nil
}

// Verifier returns the verifier string of a log, which a checker of its receipts needs. Error: NotFound notary.log_unknown.
func (s *Service) Verifier(log string) (string, error) {
	k, err := s.key(log)
	return k.Verifier(), err
}

func (s *Service) key(log string) (Key, error) {
	k, ok := s.keys[log]
	if !ok {
		return Key{}, errs.New(errs.NotFound, "notary.log_unknown")
	}
	return k, nil
}

// Sequence numbers at most max waiting rows of the source, appends their digests to its log and signs the new head, all in one
// transaction, and returns how many; fewer than max means that none waits any more. Errors: NotFound notary.log_unknown,
// Unavailable notary.key_absent, Conflict notary.lease_held and notary.head_moved (another sequencer is at work: try later),
// Internal notary.tree_damaged (run Verify), and the source's own.
func (s *Service) Sequence(ctx context.Context, source Source, max int) (int, error) {
	k, err := s.key(source.Name())
	if err != nil {
		return 0, err
	}
	if k.signer == nil {
		return 0, errs.New(errs.Unavailable, "notary.key_absent")
	}
	var n int
	err = s.db.Write(ctx, "notary.sequence", func(tx *store.Tx) error {
		var err error
		n, err = s.sequence(tx, source, k, max)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

func (s *Service) sequence(tx *store.Tx, source Source, k Key, max int) (int, error) {
	log := source.Name()
	// A lock on the head's row would not hold back two sequencers of a log that has no row yet.
	if err := tx.LockName("notary/" + log); err != nil {
		return 0, err
	}
	old, err := loadHead(tx, log)
	if err != nil {
		return 0, err
	}
	if old.leaseOwner != s.owner && old.leaseUntil > tx.NowMicros() {
		return 0, errs.New(errs.Conflict, "notary.lease_held").By("record.state", "nobody")
	}
	rows, err := source.Pending(tx, max)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if old.size+int64(len(rows)) > MaxSize {
		return 0, errs.New(errs.Unavailable, "notary.log_full")
	}
	t, err := loadTree(old.size, tileReader(tx, log))
	if err != nil {
		return 0, err
	}
	if old.size > 0 && t.root() != old.root {
		return 0, errs.New(errs.Internal, "notary.tree_damaged")
	}
	for _, r := range rows {
		t.add(r.Digest)
	}
	if err := saveTiles(tx, log, t.take()); err != nil {
		return 0, err
	}
	if err := source.Number(tx, rows, old.size); err != nil {
		return 0, err
	}
	head := head{size: t.size, root: t.root(), signedAt: tx.NowMicros(),
		leaseOwner: s.owner, leaseUntil: clock.Micros(tx.Now().Add(s.lease))}
	if head.checkpoint, err = signHead(k, head.size, head.root); err != nil {
		return 0, err
	}
	if err := moveHead(tx, log, old, head); err != nil {
		return 0, err
	}
	return len(rows), nil
}

// Release lets go of this sequencer's lease on a log, so that another may follow at once. Error: NotFound notary.log_unknown.
func (s *Service) Release(ctx context.Context, log string) error {
	if _, err := s.key(log); err != nil {
		return err
	}
	return s.db.Write(ctx, "notary.release", func(tx *store.Tx) error { return releaseLease(tx, log, s.owner) })
}

// Checkpoint returns the log's signed head. Errors: NotFound notary.log_unknown, and notary.log_empty before the first leaf.
func (s *Service) Checkpoint(ctx context.Context, log string) (Checkpoint, error) {
	k, err := s.key(log)
	if err != nil {
		return Checkpoint{}, err
	}
	var c Checkpoint
	err = s.db.Read(ctx, "notary.checkpoint", func(tx *store.Tx) error {
		h, err := needHead(tx, log)
		c = Checkpoint{Origin: k.Name(), Size: h.size, Root: h.root, Note: h.checkpoint, SignedAt: clock.FromMicros(h.signedAt)}
		return err
	})
	return c, err
}

// Receipt returns the receipt of a leaf, which VerifyReceipt checks anywhere with the log's verifier string. leaf holds the
// leaf's bytes as the owner recomputes them (Leaf.Bytes). Errors: NotFound notary.log_unknown, notary.log_empty and
// notary.not_logged_yet, Conflict notary.leaf_differs when these are not the bytes that were logged under the number, Invalid
// notary.leaf_malformed, Internal notary.tree_damaged.
func (s *Service) Receipt(ctx context.Context, log string, index int64, leaf []byte) ([]byte, error) {
	if _, err := s.key(log); err != nil {
		return nil, err
	}
	l, err := ParseLeaf(leaf)
	if err != nil {
		return nil, err
	}
	var out []byte
	err = s.db.Read(ctx, "notary.receipt", func(tx *store.Tx) error {
		h, err := needHead(tx, log)
		if err != nil {
			return err
		}
		if index < 0 || index >= h.size {
			return errs.New(errs.NotFound, "notary.not_logged_yet")
		}
		path, logged, err := proveRecord(h.tree(), index, tileReader(tx, log))
		if err != nil {
			return damaged(err)
		}
		if logged != recordHash(l.Digest()) {
			return errs.New(errs.Conflict, "notary.leaf_differs").By("notary.log", "nobody")
		}
		out = formatReceipt(index, leaf, path, h.checkpoint)
		if len(out) > MaxReceipt {
			return errs.Invalid("notary.leaf_malformed")
		}
		return nil
	})
	return out, err
}

// Growth returns the proof that the log's first newer leaves begin with its first older ones; CheckGrowth checks it against the
// two checkpoints. Errors: NotFound notary.log_unknown, notary.log_empty and notary.not_logged_yet, Invalid notary.sizes_wrong,
// Internal notary.tree_damaged.
func (s *Service) Growth(ctx context.Context, log string, older, newer int64) (tlog.TreeProof, error) {
	if _, err := s.key(log); err != nil {
		return nil, err
	}
	if older < 1 || older > newer {
		return nil, errs.Invalid("notary.sizes_wrong")
	}
	var proof tlog.TreeProof
	err := s.db.Read(ctx, "notary.growth", func(tx *store.Tx) error {
		h, err := needHead(tx, log)
		if err != nil {
			return err
		}
		if newer > h.size {
			return errs.New(errs.NotFound, "notary.not_logged_yet")
		}
		if proof, err = proveGrowth(h.tree(), older, newer, tileReader(tx, log)); err != nil {
			return damaged(err)
		}
		return nil
	})
	return proof, err
}

// damaged keeps errors that have a code and calls the rest, which come from tlog's own checks, damage to the tree.
func damaged(err error) error {
	if errs.CodeOf(err) != "internal" {
		return err
	}
	return errs.New(errs.Internal, "notary.tree_damaged").With(err)
}

// signHead returns the signed note of a head. It holds no time and no randomness.
func signHead(k Key, size int64, root tlog.Hash) (string, error) {
	text := checkpointText(k.Name(), size, root)
	signed, err := note.Sign(&note.Note{Text: text}, k.signer)
	if err != nil {
		return "", errs.New(errs.Internal, "notary.not_signed").With(err)
	}
	return string(signed), nil
}
