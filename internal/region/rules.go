package region

import (
	"cmp"
	"slices"
	"strings"

	"timebank/internal/clock"
	"timebank/internal/errs"
)

// validDay reports whether day is a civil date written as 2006-01-02, within the bounds of what comes in.
func validDay(day clock.Day) bool {
	_, err := clock.ParseDay(string(day))
	return err == nil
}

// decider collects what is wrong with a command that changes a region from a day on.
type decider struct {
	errs.Fields
	tree  *Tree // as of the day from which the change holds
	facts facts
}

// common checks what every change needs. A change must begin after today, so that nothing which was decided today is contradicted
// and every running process may keep the tree of a day until that day ends.
func (d *decider) common(actor, reason string, from, today clock.Day) {
	if strings.TrimSpace(actor) == "" {
		d.Add("actor", "region.actor_missing")
	}
	if strings.TrimSpace(reason) == "" {
		d.Add("reason", "region.reason_missing")
	}
	switch {
	case !validDay(from):
		d.Add("from", "region.bad_day")
	case from <= today:
		d.Add("from", "region.day_not_in_future", "today", string(today))
	}
}

// existing finds a region that is in force on the day of the change.
func (d *decider) existing(path string, id ID) (Region, bool) {
	r, ok := d.tree.ByID(id)
	switch {
	case !ok:
		d.Add(path, "region.unknown")
		return r, false
	case d.tree.day >= r.Until:
		d.Add(path, "region.ended", "until", string(r.Until))
		return r, false
	}
	return r, true
}

// decideMove says whether a region may stand under another parent from a day on.
func (d *decider) decideMove(cmd MoveCmd, today clock.Day) error {
	d.common(cmd.Actor, cmd.Reason, cmd.From, today)
	r, ok := d.existing("region", cmd.Region)
	p, parentOK := d.existing("parent", cmd.Parent)
	if ok && r.Level == City {
		d.Add("region", "region.city_has_no_parent")
		ok = false
	}
	if ok && parentOK && p.Level.Rank()+1 != r.Level.Rank() {
		d.Add("parent", "region.parent_wrong_level", "level", string(p.Level))
		ok = false
	}
	if parentOK && p.Until != Forever {
		d.Add("parent", "region.change_already_planned", "from", string(p.Until))
	}
	if len(cmd.Trees) == 0 {
		d.Add("trees", "region.tree_missing")
	}
	for i, tree := range cmd.Trees {
		switch {
		case tree.index() < 0:
			d.Add("trees", "region.unknown_tree", "tree", string(tree))
			continue
		case slices.Contains(cmd.Trees[:i], tree):
			d.Add("trees", "region.tree_repeated", "tree", string(tree))
			continue
		}
		if tree == Administrative && (r.Kind == KindZone || p.Kind == KindZone) {
			d.Add("trees", "region.zone_is_not_administrative")
		}
		if now, has := d.tree.UpIn(tree, cmd.Region); ok && parentOK && has && now == cmd.Parent {
			d.Add("parent", "region.parent_unchanged", "tree", string(tree))
		}
		for _, f := range d.facts.parents {
			if f.region == cmd.Region && f.tree == tree && f.from >= cmd.From {
				d.Add("from", "region.change_already_planned", "from", string(f.from))
			}
		}
	}
	// What a merger brings later would stay behind.
	for _, f := range d.facts.regions {
		if ok && f.successor == cmd.Region && f.until > cmd.From {
			d.Add("from", "region.change_already_planned", "from", string(f.until))
		}
	}
	return d.Err("region.move_invalid")
}

// decideRecode says whether a region may bear another code or name from a day on.
func (d *decider) decideRecode(cmd RecodeCmd, today clock.Day) error {
	d.common(cmd.Actor, cmd.Reason, cmd.From, today)
	if strings.TrimSpace(cmd.Name) == "" {
		d.Add("name", "region.name_missing")
	}
	r, ok := d.existing("region", cmd.Region)
	if ok {
		switch {
		case cmd.System != Official && cmd.System != Private:
			d.Add("system", "region.unknown_system")
		case !validCode(cmd.System, r.Level, cmd.Code):
			d.Add("code", "region.bad_code", "level", string(r.Level))
		}
		if r.Kind == KindZone && cmd.System == Official || r.Kind == KindDistrict && cmd.System == Private {
			d.Add("system", "region.zone_is_not_administrative")
		}
		if r.Code == cmd.Code && r.Name == cmd.Name {
			d.Add("code", "region.code_unchanged")
		}
	}
	for _, f := range d.facts.codes {
		switch {
		case f.region == cmd.Region && f.from >= cmd.From:
			d.Add("from", "region.change_already_planned", "from", string(f.from))
		case f.region != cmd.Region && f.code == cmd.Code && f.until > cmd.From:
			d.Add("code", "region.code_taken", "until", string(f.until))
		}
	}
	return d.Err("region.recode_invalid")
}

// decideMerge says whether regions may be taken over by another one from a day on.
func (d *decider) decideMerge(cmd MergeCmd, today clock.Day) error {
	d.common(cmd.Actor, cmd.Reason, cmd.From, today)
	into, ok := d.existing("into", cmd.Into)
	if ok && into.Until != Forever {
		d.Add("into", "region.change_already_planned", "from", string(into.Until))
	}
	if ok && into.Level != Street && into.Level != Community {
		d.Add("into", "region.merge_wrong_level", "level", string(into.Level))
	}
	if len(cmd.Merged) == 0 {
		d.Add("merged", "region.merged_missing")
	}
	for i, id := range cmd.Merged {
		if id == cmd.Into || slices.Contains(cmd.Merged[:i], id) {
			d.Add("merged", "region.merged_repeated", "region", string(id))
			continue
		}
		r, known := d.existing("merged", id)
		if !known {
			continue
		}
		if ok && r.Level != into.Level {
			d.Add("merged", "region.merge_wrong_level", "level", string(r.Level))
		}
		if r.Until != Forever {
			d.Add("merged", "region.change_already_planned", "from", string(r.Until))
		}
		// One place stands under one office: whoever answers for what ends must answer for what goes on.
		for _, tree := range TreeNames() {
			mine, _ := d.tree.UpIn(tree, id)
			if other, _ := d.tree.UpIn(tree, cmd.Into); ok && r.Level == into.Level && mine != other {
				d.Add("merged", "region.merge_other_parent", "region", string(id))
				break
			}
		}
		// What stands below would be left without a place, now or by a move that is planned for later.
		for _, f := range d.facts.parents {
			if child, in := d.tree.ByID(f.region); f.parent == id && f.until > cmd.From && (!in || child.Until > cmd.From) {
				d.Add("merged", "region.has_children", "region", string(id))
				break
			}
		}
		for _, f := range d.facts.regions {
			if f.successor == id && f.until > cmd.From {
				d.Add("merged", "region.change_already_planned", "from", string(f.until))
			}
		}
		for _, f := range d.facts.codes {
			if f.region == id && f.from >= cmd.From {
				d.Add("from", "region.change_already_planned", "from", string(f.from))
			}
		}
	}
	// Both stay where they are until the day has come: a move that is planned for later would part them.
	if i := slices.IndexFunc(d.facts.parents, func(f parentFact) bool {
		return f.from > cmd.From && (f.region == cmd.Into || slices.Contains(cmd.Merged, f.region))
	}); ok && i >= 0 {
		d.Add("from", "region.change_already_planned", "from", string(d.facts.parents[i].from))
	}
	return d.Err("region.merge_invalid")
}

// closureRow says that an ancestor stands depth levels above a descendant on the days from <= d < until.
type closureRow struct {
	tree                 TreeName
	ancestor, descendant ID
	depth                int64
	from, until          clock.Day
}

// closure computes the closure of one tree for the given descendants from the dated parents. A region is its own ancestor at depth
// zero. One that has ended keeps its place, so that sums over the past still find it; from the day of its merger on what took it over, which
// stands under the same parents, counts as one step above it.
func closure(tree TreeName, f facts, descendants []ID) []closureRow {
	parents := make(map[ID][]parentFact, len(f.parents))
	for _, p := range f.parents {
		if p.tree == tree {
			parents[p.region] = append(parents[p.region], p)
		}
	}
	known := make(map[ID]regionFact, len(f.regions))
	for _, r := range f.regions {
		known[r.id] = r
	}
	var rows []closureRow
	var climb func(descendant, at ID, depth int64, from, until clock.Day)
	climb = func(descendant, at ID, depth int64, from, until clock.Day) {
		rows = append(rows, closureRow{tree, at, descendant, depth, from, until})
		for _, p := range parents[at] {
			if f, u := max(from, p.from), min(until, p.until); f < u {
				climb(descendant, p.parent, depth+1, f, u)
			}
		}
	}
	for _, d := range descendants {
		first := len(rows)
		climb(d, d, 0, known[d].from, Forever)
		for at := known[d]; at.successor != ""; at = known[at.successor] {
			rows = append(rows, closureRow{tree, at.successor, d, 1, at.until, Forever})
		}
		rows = append(rows[:first], joinAdjacent(rows[first:])...)
	}
	return rows
}

// joinAdjacent merges rows of one descendant whose intervals touch: a change high up cuts what is unchanged above it in two.
func joinAdjacent(rows []closureRow) []closureRow {
	slices.SortFunc(rows, func(a, b closureRow) int {
		return cmp.Or(cmp.Compare(a.depth, b.depth), cmp.Compare(a.ancestor, b.ancestor), cmp.Compare(a.from, b.from))
	})
	kept := rows[:0]
	for _, r := range rows {
		if n := len(kept); n > 0 && kept[n-1].ancestor == r.ancestor && kept[n-1].until == r.from {
			kept[n-1].until = r.until
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

// planned lists what begins after a day, by its first day and region.
func (f facts) planned(today clock.Day) []Planned {
	var all []Planned
	for _, p := range f.parents {
		if p.from <= today {
			continue
		}
		i := slices.IndexFunc(all, func(one Planned) bool { return one.Region == p.region && one.From == p.from && one.Parent == p.parent })
		if i < 0 {
			i, all = len(all), append(all, Planned{Region: p.region, From: p.from, Parent: p.parent})
		}
		all[i].Trees = append(all[i].Trees, p.tree)
	}
	for _, c := range f.codes {
		if c.from > today {
			all = append(all, Planned{Region: c.region, From: c.from, Code: c.code, Name: c.name})
		}
	}
	for _, r := range f.regions {
		if r.until > today && r.successor != "" {
			all = append(all, Planned{Region: r.id, From: r.until, Into: r.successor})
		}
	}
	slices.SortStableFunc(all, func(a, b Planned) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Region, b.Region)) })
	return all
}

// seed plans which rows of a dataset are new to a database, making their identities in the dataset's order. A code that any region
// has ever borne is not seeded again.
func seed(d Dataset, known facts, newID func() ID) facts {
	byCode := make(map[string]ID, len(known.codes)+len(d.Rows))
	for _, c := range known.codes {
		byCode[c.code] = c.region
	}
	var fresh facts
	for _, row := range d.Rows {
		if _, ok := byCode[row.Code]; ok {
			continue
		}
		region := newID()
		byCode[row.Code] = region
		fresh.regions = append(fresh.regions, regionFact{id: region, level: row.Level, seat: row.Seat, from: d.From, until: Forever})
		fresh.codes = append(fresh.codes, codeFact{region: region, code: row.Code, system: row.System, name: row.Name, from: d.From, until: Forever})
		if row.Administrative != "" {
			fresh.parents = append(fresh.parents, parentFact{region, Administrative, byCode[row.Administrative], d.From, Forever})
		}
		if row.Reporting != "" {
			fresh.parents = append(fresh.parents, parentFact{region, Reporting, byCode[row.Reporting], d.From, Forever})
		}
	}
	return fresh
}
