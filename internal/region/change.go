package region

import (
	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/store"
)

// Change is a [MoveCmd], a [RecodeCmd] or a [MergeCmd]: a change of the divisions that holds from a day on.
type Change interface {
	// about returns the region that the change is about and its first day.
	about() (ID, clock.Day)
	// decide refuses what must not be, with all bad fields.
	decide(d *decider, today clock.Day) error
	// carry writes what was decided, with the trail.
	carry(tx *store.Tx, d *decider) error
}

// Check refuses what [Carry] would refuse today, and writes nothing. The error is errs.Invalid with all bad fields.
func Check(tx *store.Tx, c Change) error {
	_, err := decided(tx, c)
	return err
}

// Carry carries a change out and returns the region that it is about as of the first day. Whoever calls it has checked the right, and that the
// same change is not carried out twice. The error is that of [Check].
func Carry(tx *store.Tx, c Change) (Region, error) {
	if _, err := beginChange(tx); err != nil {
		return Region{}, err
	}
	d, err := decided(tx, c)
	if err != nil {
		return Region{}, err
	}
	if err := c.carry(tx, d); err != nil {
		return Region{}, err
	}
	which, from := c.about()
	tree, err := Load(tx, from)
	if err != nil {
		return Region{}, err
	}
	r, _ := tree.ByID(which)
	return r, nil
}

func decided(tx *store.Tx, c Change) (*decider, error) {
	known, err := loadFacts(tx)
	if err != nil {
		return nil, err
	}
	today := clock.DayOf(tx.Now())
	day := today
	if _, from := c.about(); validDay(from) {
		day = from
	}
	tree, err := newTree(day, known)
	if err != nil {
		return nil, err
	}
	d := &decider{tree: tree, facts: known}
	return d, c.decide(d, today)
}

// MoveCmd puts a region, with all that stands below it, under another parent from a day on. What was merged into it goes along. The refusal is
// region.move_invalid; among the bad fields are a region or parent that is unknown or has ended, a parent that does not stand one level higher or is
// the present one, a day that is not in the future or lies before a change already planned.
type MoveCmd struct {
	Actor  string     // who acts; the caller has checked the right
	Origin string     // see audit.Entry
	Region ID         // what moves
	Parent ID         // where to, one level higher
	Trees  []TreeName // in which trees, at least one
	From   clock.Day  // first day under the new parent, tomorrow at the earliest
	Reason string     // the decree or decision, kept in the audit trail
}

func (c MoveCmd) about() (ID, clock.Day) { return c.Region, c.From }

func (c MoveCmd) decide(d *decider, today clock.Day) error { return d.decideMove(c, today) }

func (c MoveCmd) carry(tx *store.Tx, d *decider) error {
	along := append([]ID{c.Region}, absorbed(d.facts, c.Region)...)
	var moved []ID
	for _, one := range along {
		moved = append(moved, below(d.facts, one)...)
	}
	before := map[TreeName]ID{}
	for _, tree := range c.Trees {
		before[tree], _ = d.tree.UpIn(tree, c.Region)
		for _, one := range along {
			if err := endParent(tx, one, tree, c.From); err != nil {
				return err
			}
			fresh := parentFact{one, tree, c.Parent, c.From, Forever}
			for i, p := range d.facts.parents {
				if p.region == one && p.tree == tree && p.until == Forever {
					d.facts.parents[i].until = c.From
				}
			}
			d.facts.parents = append(d.facts.parents, fresh)
			if err := insertFacts(tx, facts{parents: []parentFact{fresh}}); err != nil {
				return err
			}
		}
		if err := renewClosure(tx, tree, d.facts, moved); err != nil {
			return err
		}
	}
	return audit.Record(tx, audit.Entry{Actor: c.Actor, Action: "region.move", Kind: "region", Ref: string(c.Region),
		Region: string(c.Region), Origin: c.Origin, Before: asJSON(map[string]any{"parent": before}),
		After: asJSON(map[string]any{"parent": c.Parent, "trees": c.Trees, "from": c.From, "reason": c.Reason})})
}

// RecodeCmd gives a region another code, name or both from a day on. Its identity stays, so everything that refers to it does. The refusal is
// region.recode_invalid; among the bad fields are a code that is malformed for the level or that another region bears on or after that day.
type RecodeCmd struct {
	Actor  string // who acts; the caller has checked the right
	Origin string // see audit.Entry
	Region ID
	Code   string // may be the present one where only the name changes
	System System
	Name   string // may be the present one where only the code changes
	From   clock.Day
	Reason string
}

func (c RecodeCmd) about() (ID, clock.Day) { return c.Region, c.From }

func (c RecodeCmd) decide(d *decider, today clock.Day) error { return d.decideRecode(c, today) }

func (c RecodeCmd) carry(tx *store.Tx, d *decider) error {
	was, _ := d.tree.ByID(c.Region)
	if err := endCode(tx, c.Region, c.From); err != nil {
		return err
	}
	if err := insertFacts(tx, facts{codes: []codeFact{{c.Region, c.Code, c.System, c.Name, c.From, Forever}}}); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: c.Actor, Action: "region.recode", Kind: "region", Ref: string(c.Region),
		Region: string(c.Region), Origin: c.Origin, Before: asJSON(map[string]any{"code": was.Code, "system": was.System, "name": was.Name}),
		After: asJSON(map[string]any{"code": c.Code, "system": c.System, "name": c.Name, "from": c.From, "reason": c.Reason})})
}

// MergeCmd lets one street or community take over others from a day on: their people and places then belong to it (Tree.Current), and who may act
// in it may act for them (Tree.Contains). What ends keeps its identity and its place in the trees, because old orders and entries name it. The
// refusal is region.merge_invalid; among the bad fields are a region that stands under another parent, and one with others below it: move
// them first.
type MergeCmd struct {
	Actor  string // who acts; the caller has checked the right
	Origin string // see audit.Entry
	Into   ID     // what goes on
	Merged []ID   // what ends, of the same level, with nothing left below it
	From   clock.Day
	Reason string
}

func (c MergeCmd) about() (ID, clock.Day) { return c.Into, c.From }

func (c MergeCmd) decide(d *decider, today clock.Day) error { return d.decideMerge(c, today) }

func (c MergeCmd) carry(tx *store.Tx, d *decider) error {
	var entries []audit.Entry
	var taken []ID
	for _, merged := range c.Merged {
		was, _ := d.tree.ByID(merged)
		if err := endRegion(tx, merged, c.Into, c.From); err != nil {
			return err
		}
		if err := endCode(tx, merged, c.From); err != nil {
			return err
		}
		taken = append(append(taken, merged), absorbed(d.facts, merged)...)
		for i, r := range d.facts.regions {
			if r.id == merged {
				d.facts.regions[i].until, d.facts.regions[i].successor = c.From, c.Into
			}
		}
		entries = append(entries, audit.Entry{Actor: c.Actor, Action: "region.merge", Kind: "region", Ref: string(merged),
			Region: string(merged), Origin: c.Origin, Before: asJSON(map[string]any{"code": was.Code, "name": was.Name}),
			After: asJSON(map[string]any{"into": c.Into, "from": c.From, "reason": c.Reason})})
	}
	for _, tree := range TreeNames() {
		if err := renewClosure(tx, tree, d.facts, taken); err != nil {
			return err
		}
	}
	return audit.Record(tx, entries...)
}

func renewClosure(tx *store.Tx, tree TreeName, f facts, descendants []ID) error {
	if err := deleteClosure(tx, tree, descendants); err != nil {
		return err
	}
	return insertClosure(tx, closure(tree, f, descendants))
}

// below returns a region and everything that stands below it on any day, in either tree.
func below(f facts, region ID) []ID {
	children := map[ID][]ID{}
	for _, p := range f.parents {
		children[p.parent] = append(children[p.parent], p.region)
	}
	return reached(children, region)
}

// absorbed returns what was merged into a region, and into that.
func absorbed(f facts, into ID) []ID {
	merged := map[ID][]ID{}
	for _, r := range f.regions {
		if r.successor != "" {
			merged[r.successor] = append(merged[r.successor], r.id)
		}
	}
	return reached(merged, into)[1:]
}

// reached returns a region and all that next leads to from it, once each.
func reached(next map[ID][]ID, from ID) []ID {
	all := []ID{from}
	seen := map[ID]bool{from: true}
	for i := 0; i < len(all); i++ {
		for _, c := range next[all[i]] {
			if !seen[c] {
				seen[c] = true
				all = append(all, c)
			}
		}
	}
	return all
}

// Planned is a change that was carried out and has not begun.
type Planned struct {
	Region ID
	From   clock.Day
	Parent ID         // of a move
	Trees  []TreeName // of a move
	Code   string     // of a new code or name
	Name   string     // of a new code or name
	Into   ID         // of a merger
}

// Plans lists the changes that begin after today, by the day.
func Plans(tx *store.Tx) ([]Planned, error) {
	f, err := loadFacts(tx)
	if err != nil {
		return nil, err
	}
	return f.planned(clock.DayOf(tx.Now())), nil
}
