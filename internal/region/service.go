package region

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/store"
)

// Service seeds, reads and changes the regions of one database. It is safe for concurrent use.
type Service struct {
	db     *store.DB
	cached atomic.Pointer[cachedTree]
	// seeded is the revision of this process's last Import: the only change that holds at once, so the only one that a cached tree
	// of the same day may miss.
	seeded atomic.Int64
}

type cachedTree struct {
	tree     *Tree
	revision int64
}

// New returns the service of one database.
func New(db *store.DB) *Service { return &Service{db: db} }

// Tree returns the regions as of the civil day of tx.Now().
//
// It is cached. Since every change but an import takes effect on a later day, the tree of a day is final when the day begins: within
// a day the answer costs no query, on the first call of another day one row tells whether anything was changed at all. An import made by
// another process is seen on the next day; where nothing was imported yet, nothing is cached.
func (s *Service) Tree(tx *store.Tx) (*Tree, error) {
	day := clock.DayOf(tx.Now())
	c := s.cached.Load()
	if c != nil && c.revision < s.seeded.Load() {
		c = nil
	}
	if c != nil && c.tree.day == day {
		return c.tree, nil
	}
	revision, err := loadRevision(tx)
	if err != nil {
		return nil, err
	}
	var tree *Tree
	if c != nil && c.revision == revision && c.tree.holds(day) {
		tree = c.tree.on(day)
	} else if tree, err = Load(tx, day); err != nil {
		return nil, err
	}
	if tree.Len() > 0 {
		s.cached.Store(&cachedTree{tree: tree, revision: revision})
	}
	return tree, nil
}

// Today is Tree in a transaction of its own.
func (s *Service) Today(ctx context.Context) (tree *Tree, err error) {
	err = s.db.Read(ctx, "region.today", func(tx *store.Tx) error {
		tree, err = s.Tree(tx)
		return err
	})
	return tree, err
}

// At returns the regions as of any civil day, past or future, without a cache.
func (s *Service) At(ctx context.Context, day clock.Day) (tree *Tree, err error) {
	err = s.db.Read(ctx, "region.at", func(tx *store.Tx) error {
		tree, err = Load(tx, day)
		return err
	})
	return tree, err
}

// Imported says what an import did.
type Imported struct {
	Added    int // regions that were new
	Existing int // rows whose code some region bears or once bore
}

// Import seeds the database with the rows of a dataset whose codes no region has ever borne, in one transaction; a second import of
// the same dataset changes nothing. Identities are made in the order of the rows. It returns errs.Invalid when the dataset is
// malformed, and errs.Conflict (region.dataset_contradicts) when a code belongs to a region of another level.
func (s *Service) Import(ctx context.Context, d Dataset) (Imported, error) {
	if err := d.Validate(); err != nil {
		return Imported{}, err
	}
	var done Imported
	var revision int64
	err := s.db.Write(ctx, "region.import", func(tx *store.Tx) error {
		done, revision = Imported{}, 0
		number, err := beginChange(tx)
		if err != nil {
			return err
		}
		known, err := loadFacts(tx)
		if err != nil {
			return err
		}
		if err := agrees(d, known); err != nil {
			return err
		}
		fresh := seed(d, known, func() ID { return store.NewID[Region](tx) })
		done = Imported{Added: len(fresh.regions), Existing: len(d.Rows) - len(fresh.regions)}
		if done.Added == 0 {
			return nil
		}
		revision = number
		if err := insertFacts(tx, fresh); err != nil {
			return err
		}
		all := facts{
			regions: append(known.regions, fresh.regions...),
			codes:   append(known.codes, fresh.codes...),
			parents: append(known.parents, fresh.parents...),
		}
		ids := make([]ID, len(fresh.regions))
		for i, r := range fresh.regions {
			ids[i] = r.id
		}
		for _, tree := range TreeNames() {
			if err := insertClosure(tx, closure(tree, all, ids)); err != nil {
				return err
			}
		}
		return audit.Record(tx, audit.Entry{Actor: audit.System, Action: "region.import", Kind: "region", Ref: string(ids[0]),
			Region: string(ids[0]), After: asJSON(done)})
	})
	if err != nil {
		return Imported{}, err
	}
	if revision > 0 {
		s.seeded.Store(revision)
	}
	return done, nil
}

// agrees refuses a dataset that says something else about a code than the database knows.
func agrees(d Dataset, known facts) error {
	level := make(map[ID]Level, len(known.regions))
	for _, r := range known.regions {
		level[r.id] = r.level
	}
	byCode := make(map[string]Level, len(known.codes))
	for _, c := range known.codes {
		byCode[c.code] = level[c.region]
	}
	var e []errs.Field
	for i, row := range d.Rows {
		if have, ok := byCode[row.Code]; ok && have != row.Level {
			e = append(e, errs.Field{Path: fmt.Sprintf("rows.%d.level", i), Code: "region.level_contradicts", Params: []any{"level", string(have)}})
		}
	}
	if e == nil {
		return nil
	}
	refused := errs.New(errs.Conflict, "region.dataset_contradicts").By("record.state", "nobody")
	refused.Fields = e
	return refused
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only maps of strings come here
	}
	return string(b)
}
