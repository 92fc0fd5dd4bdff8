package region

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"timebank/internal/audit"
	"timebank/internal/canon"
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

// MoveCmd puts a region under another parent from a day on.
type MoveCmd struct {
	Actor  string     // who acts; the caller has checked the right
	Key    string     // idempotency key, "" for the system's own commands
	Origin string     // see audit.Entry
	Region ID         // what moves
	Parent ID         // where to, one level higher
	Trees  []TreeName // in which trees, at least one
	From   clock.Day  // first day under the new parent, tomorrow at the earliest
	Reason string     // the decree or decision, kept in the audit trail
}

// Move puts a region, with all that stands below it, under another parent from a day on, and returns it as of that day. The error
// is errs.Invalid (region.move_invalid) with all bad fields, among them: a region or parent that is unknown or ended, a parent
// that does not stand one level higher or is the present one, a day that is not in the future or lies before a change already planned.
func (s *Service) Move(ctx context.Context, cmd MoveCmd) (Region, error) {
	w := canon.New("timebank/region.move", 1).Str(string(cmd.Region)).Str(string(cmd.Parent)).List(len(cmd.Trees))
	for _, tree := range cmd.Trees {
		w.Str(string(tree))
	}
	key := store.Key{Actor: cmd.Actor, Key: cmd.Key, Command: "region.move", Digest: w.Str(string(cmd.From)).Str(cmd.Reason).Digest()}
	return s.change(ctx, key, cmd.Region, cmd.From, func(tx *store.Tx, d *decider, today clock.Day) error {
		if err := d.decideMove(cmd, today); err != nil {
			return err
		}
		moved := below(d.facts, cmd.Region)
		before := map[TreeName]ID{}
		for _, tree := range cmd.Trees {
			before[tree], _ = d.tree.UpIn(tree, cmd.Region)
			if err := endParent(tx, cmd.Region, tree, cmd.From); err != nil {
				return err
			}
			fresh := parentFact{cmd.Region, tree, cmd.Parent, cmd.From, Forever}
			for i, p := range d.facts.parents {
				if p.region == cmd.Region && p.tree == tree && p.until == Forever {
					d.facts.parents[i].until = cmd.From
				}
			}
			d.facts.parents = append(d.facts.parents, fresh)
			if err := insertFacts(tx, facts{parents: []parentFact{fresh}}); err != nil {
				return err
			}
			if err := deleteClosure(tx, tree, moved); err != nil {
				return err
			}
			if err := insertClosure(tx, closure(tree, d.facts, moved)); err != nil {
				return err
			}
		}
		return audit.Record(tx, audit.Entry{Actor: cmd.Actor, Action: "region.move", Kind: "region", Ref: string(cmd.Region),
			Region: string(cmd.Region), Origin: cmd.Origin, Before: asJSON(map[string]any{"parent": before}),
			After: asJSON(map[string]any{"parent": cmd.Parent, "trees": cmd.Trees, "from": cmd.From, "reason": cmd.Reason})})
	})
}

// RecodeCmd gives a region another code and name from a day on.
type RecodeCmd struct {
	Actor  string // who acts; the caller has checked the right
	Key    string // idempotency key, "" for the system's own commands
	Origin string // see audit.Entry
	Region ID
	Code   string // may be the present one where only the name changes
	System System
	Name   string // may be the present one where only the code changes
	From   clock.Day
	Reason string
}

// Recode gives a region another code, name or both from a day on, and returns it as of that day. Its identity stays, so everything that
// refers to it does. The error is errs.Invalid (region.recode_invalid) with all bad fields, among them a code that is malformed for
// the level or that another region bears on or after that day.
func (s *Service) Recode(ctx context.Context, cmd RecodeCmd) (Region, error) {
	key := store.Key{Actor: cmd.Actor, Key: cmd.Key, Command: "region.recode",
		Digest: canon.New("timebank/region.recode", 1).Str(string(cmd.Region)).Str(cmd.Code).Str(string(cmd.System)).Str(cmd.Name).
			Str(string(cmd.From)).Str(cmd.Reason).Digest()}
	return s.change(ctx, key, cmd.Region, cmd.From, func(tx *store.Tx, d *decider, today clock.Day) error {
		if err := d.decideRecode(cmd, today); err != nil {
			return err
		}
		was, _ := d.tree.ByID(cmd.Region)
		if err := endCode(tx, cmd.Region, cmd.From); err != nil {
			return err
		}
		if err := insertFacts(tx, facts{codes: []codeFact{{cmd.Region, cmd.Code, cmd.System, cmd.Name, cmd.From, Forever}}}); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Actor: cmd.Actor, Action: "region.recode", Kind: "region", Ref: string(cmd.Region),
			Region: string(cmd.Region), Origin: cmd.Origin, Before: asJSON(map[string]any{"code": was.Code, "system": was.System, "name": was.Name}),
			After: asJSON(map[string]any{"code": cmd.Code, "system": cmd.System, "name": cmd.Name, "from": cmd.From, "reason": cmd.Reason})})
	})
}

// MergeCmd lets one street or community take over others from a day on.
type MergeCmd struct {
	Actor  string // who acts; the caller has checked the right
	Key    string // idempotency key, "" for the system's own commands
	Origin string // see audit.Entry
	Into   ID     // what goes on
	Merged []ID   // what ends, of the same level, with nothing left below it
	From   clock.Day
	Reason string
}

// Merge ends streets or communities on a day, whose people and places then belong to another one (Tree.Current), and returns that one as
// of the day. What ends keeps its identity and its place in the trees, because old orders and entries name it. The error is errs.Invalid
// (region.merge_invalid) with all bad fields, among them a region with others below it: move those first.
func (s *Service) Merge(ctx context.Context, cmd MergeCmd) (Region, error) {
	w := canon.New("timebank/region.merge", 1).Str(string(cmd.Into)).List(len(cmd.Merged))
	for _, merged := range cmd.Merged {
		w.Str(string(merged))
	}
	key := store.Key{Actor: cmd.Actor, Key: cmd.Key, Command: "region.merge", Digest: w.Str(string(cmd.From)).Str(cmd.Reason).Digest()}
	return s.change(ctx, key, cmd.Into, cmd.From, func(tx *store.Tx, d *decider, today clock.Day) error {
		if err := d.decideMerge(cmd, today); err != nil {
			return err
		}
		var entries []audit.Entry
		for _, merged := range cmd.Merged {
			was, _ := d.tree.ByID(merged)
			if err := endRegion(tx, merged, cmd.Into, cmd.From); err != nil {
				return err
			}
			if err := endCode(tx, merged, cmd.From); err != nil {
				return err
			}
			entries = append(entries, audit.Entry{Actor: cmd.Actor, Action: "region.merge", Kind: "region", Ref: string(merged),
				Region: string(merged), Origin: cmd.Origin, Before: asJSON(map[string]any{"code": was.Code, "name": was.Name}),
				After: asJSON(map[string]any{"into": cmd.Into, "from": cmd.From, "reason": cmd.Reason})})
		}
		return audit.Record(tx, entries...)
	})
}

// change runs one change of the regions: the same command again gives the first run's answer.
func (s *Service) change(ctx context.Context, key store.Key, subject ID, from clock.Day, do func(tx *store.Tx, d *decider, today clock.Day) error) (Region, error) {
	var result Region
	err := s.db.Write(ctx, key.Command, func(tx *store.Tx) error {
		if _, err := beginChange(tx); err != nil {
			return err
		}
		seen, err := store.Claims(tx, []store.Key{key})
		if err != nil {
			return err
		}
		if err := seen[0].Err(); err != nil {
			return err
		}
		if !seen[0].Found {
			known, err := loadFacts(tx)
			if err != nil {
				return err
			}
			today := clock.DayOf(tx.Now())
			day := today
			if validDay(from) {
				day = from
			}
			tree, err := newTree(day, known)
			if err != nil {
				return err
			}
			if err := do(tx, &decider{tree: tree, facts: known}, today); err != nil {
				return err
			}
			if err := store.Done(tx, []store.Key{key}, []string{string(subject)}); err != nil {
				return err
			}
		}
		tree, err := Load(tx, from)
		if err != nil {
			return err
		}
		result, _ = tree.ByID(subject)
		return nil
	})
	return result, err
}

// below returns a region and everything that stands below it on any day, in either tree.
func below(f facts, region ID) []ID {
	children := map[ID][]ID{}
	for _, p := range f.parents {
		children[p.parent] = append(children[p.parent], p.region)
	}
	all := []ID{region}
	seen := map[ID]bool{region: true}
	for i := 0; i < len(all); i++ {
		for _, c := range children[all[i]] {
			if !seen[c] {
				seen[c] = true
				all = append(all, c)
			}
		}
	}
	return all
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only maps of strings come here
	}
	return string(b)
}
