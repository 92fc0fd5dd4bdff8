package region

import (
	"cmp"
	"fmt"
	"slices"

	"timebank/internal/clock"
	"timebank/internal/errs"
)

// Tree is every region as of one civil day: immutable, in memory, safe for concurrent use.
//
// A region that has ended by that day is still found by ByID and keeps its place (Path, District, Contains and their like answer for
// it), because old orders and entries name it; it is left out of ByCode, Children and the lists. A region that has not begun
// yet is unknown.
//
// The zero ID stands for "none" wherever an answer may be missing, and an unknown ID is answered like a region without relatives.
type Tree struct {
	day       clock.Day
	begin     clock.Day // first day on which this same tree holds
	end       clock.Day // first day on which it no longer does, as far as was known when it was loaded
	regions   []Region  // ordered by code, ended ones included
	byID      map[ID]int32
	byCode    map[string]int32
	parent    [2][]int32 // by TreeName, -1 for none
	children  [2][][]ID
	points    []Point
	city      ID
	community []Region
	reporting []Region
}

// facts are the dated rows that a Tree is built from.
type facts struct {
	regions []regionFact
	codes   []codeFact
	parents []parentFact
}

type regionFact struct {
	id        ID
	level     Level
	seat      *Point
	from      clock.Day
	until     clock.Day
	successor ID
}

type codeFact struct {
	region      ID
	code        string
	system      System
	name        string
	from, until clock.Day
}

type parentFact struct {
	region      ID
	tree        TreeName
	parent      ID
	from, until clock.Day
}

// newTree builds the tree of a day. Facts must be ordered by their first day.
func newTree(day clock.Day, f facts) (*Tree, error) {
	t := &Tree{day: day, begin: Beginning, end: Forever, byID: map[ID]int32{}, byCode: map[string]int32{}}
	// The tree is the same on every day between two neighbouring days on which anything begins or ends.
	edge := func(days ...clock.Day) {
		for _, d := range days {
			if d <= day {
				t.begin = max(t.begin, d)
			} else {
				t.end = min(t.end, d)
			}
		}
	}
	codes := make(map[ID]codeFact, len(f.regions))
	for _, c := range f.codes {
		edge(c.from, c.until)
		if c.from <= day {
			codes[c.region] = c // ordered by first day: the last one wins
		}
	}
	for _, r := range f.regions {
		edge(r.from, r.until)
		if r.from > day {
			continue
		}
		c, ok := codes[r.id]
		if !ok {
			return nil, errs.New(errs.Internal, "internal").With(fmt.Errorf("region %s has no code on %s", r.id, day))
		}
		one := Region{ID: r.id, Code: c.code, System: c.system, Name: c.name, Level: r.level, Kind: kindOf(r.level, c.system, c.code),
			Until: r.until, Successor: r.successor}
		if r.seat != nil {
			one.Seat, one.HasSeat = *r.seat, true
		}
		t.regions = append(t.regions, one)
	}
	slices.SortFunc(t.regions, func(a, b Region) int { return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.ID, b.ID)) })
	for i, r := range t.regions {
		t.byID[r.ID] = int32(i)
		if t.inForce(i) {
			t.byCode[r.Code] = int32(i)
		}
	}
	for n := range t.parent {
		t.parent[n] = make([]int32, len(t.regions))
		for i := range t.parent[n] {
			t.parent[n][i] = -1
		}
		t.children[n] = make([][]ID, len(t.regions))
	}
	for _, p := range f.parents {
		edge(p.from, p.until)
		child, known := t.byID[p.region]
		parent, parentKnown := t.byID[p.parent]
		if !known || p.from > day || day >= p.until {
			continue
		}
		n := p.tree.index()
		if n < 0 || !parentKnown || t.regions[parent].Level.Rank()+1 != t.regions[child].Level.Rank() {
			return nil, errs.New(errs.Internal, "internal").With(fmt.Errorf("region %s cannot stand under %s", p.region, p.parent))
		}
		t.parent[n][child] = parent
	}
	t.finish()
	return t, nil
}

func (t *Tree) inForce(i int) bool { return t.day < t.regions[i].Until }

// finish derives what follows from the parents: lists, places, and what a form for residents offers.
func (t *Tree) finish() {
	for i := range t.regions {
		r := &t.regions[i]
		switch r.Kind {
		case KindUnit, KindZone:
		case KindCommunity:
			p := t.parent[0][i]
			r.residential = p >= 0 && t.regions[p].Kind != KindUnit
		default:
			r.residential = true
		}
		if !t.inForce(i) {
			continue
		}
		for n := range t.parent {
			if p := t.parent[n][i]; p >= 0 {
				t.children[n][p] = append(t.children[n][p], r.ID)
			}
		}
	}
	for i, r := range t.regions {
		switch {
		case !t.inForce(i):
		case r.Level == City:
			t.city = r.ID
		case r.Level == District:
			t.reporting = append(t.reporting, r)
		case r.Level == Community:
			t.community = append(t.community, r)
		}
	}
	t.points = make([]Point, len(t.regions))
	place := func(level Level, f func(i int) Point) {
		for i, r := range t.regions {
			if r.Level != level {
				continue
			}
			if r.HasSeat {
				t.points[i] = r.Seat
			} else {
				t.points[i] = f(i)
			}
		}
	}
	under := func(i int, f func(Point, string) Point) Point {
		if p := t.parent[0][i]; p >= 0 {
			return f(t.points[p], t.regions[i].Code)
		}
		return Point{}
	}
	mean := func(i int) Point {
		var sum Point
		below := t.children[1][i]
		for _, c := range below {
			p := t.points[t.byID[c]]
			sum.LatE6 += p.LatE6
			sum.LonE6 += p.LonE6
		}
		n := int64(max(len(below), 1))
		return Point{LatE6: sum.LatE6 / n, LonE6: sum.LonE6 / n}
	}
	place(District, func(int) Point { return Point{} })
	place(Street, func(i int) Point { return under(i, SyntheticStreet) })
	place(District, mean)
	place(City, mean)
	place(Community, func(i int) Point { return under(i, SyntheticCommunity) })
}

// Day returns the civil day that the tree holds for.
func (t *Tree) Day() clock.Day { return t.day }

// on returns the same tree for another day on which it holds.
func (t *Tree) on(day clock.Day) *Tree {
	again := *t
	again.day = day
	return &again
}

// holds reports whether the tree, as far as was known when it was loaded, is also that of the given day.
func (t *Tree) holds(day clock.Day) bool { return t.begin <= day && day < t.end }

// Len returns the number of regions in force.
func (t *Tree) Len() int { return len(t.byCode) }

// City returns the region at the top, or the zero ID of an empty tree.
func (t *Tree) City() ID { return t.city }

// ByID returns a region by its identity, one that has ended included.
func (t *Tree) ByID(id ID) (Region, bool) {
	if i, ok := t.byID[id]; ok {
		return t.regions[i], true
	}
	return Region{}, false
}

// ByCode returns the region that bears the code on the tree's day.
func (t *Tree) ByCode(code string) (Region, bool) {
	if i, ok := t.byCode[code]; ok {
		return t.regions[i], true
	}
	return Region{}, false
}

// Name returns the name of a region, or "" for an unknown one.
func (t *Tree) Name(id ID) string {
	r, _ := t.ByID(id)
	return r.Name
}

// Level returns the level of a region, or "" for an unknown one.
func (t *Tree) Level(id ID) Level {
	r, _ := t.ByID(id)
	return r.Level
}

// Path returns the regions from the city down to the given one by the administrative tree. A functional zone stands in the
// reporting tree alone, so its path is the one it has there.
func (t *Tree) Path(id ID) []ID {
	if r, ok := t.ByID(id); ok && r.Kind == KindZone {
		return t.PathIn(Reporting, id)
	}
	return t.PathIn(Administrative, id)
}

// RulePath names the regions whose rules hold in a region on a day, from the city down, as package policy keeps them: the region's own and those
// above it. From the day on which it ends the rules of what takes it over hold instead, and its own end with it. It is empty for an unknown region.
func (t *Tree) RulePath(id ID, day clock.Day) []string {
	// A chain of mergers is at most as long as there are regions, as in Current.
	for range t.regions {
		r, ok := t.ByID(id)
		if !ok || day < r.Until || r.Successor == "" {
			break
		}
		id = r.Successor
	}
	steps := t.Path(id)
	names := make([]string, len(steps))
	for i, step := range steps {
		names[i] = string(step)
	}
	return names
}

// PathIn returns the regions from the root of one tree down to the given one, or nil for an unknown region or tree.
func (t *Tree) PathIn(tree TreeName, id ID) []ID {
	i, ok := t.byID[id]
	n := tree.index()
	if !ok || n < 0 {
		return nil
	}
	path := make([]ID, 0, 4)
	for ; i >= 0; i = t.parent[n][i] {
		path = append(path, t.regions[i].ID)
	}
	slices.Reverse(path)
	return path
}

// FullName joins the names along Path, as an address is written: 南京市六合区大厂街道.
func (t *Tree) FullName(id ID) string {
	var name string
	for _, step := range t.Path(id) {
		name += t.Name(step)
	}
	return name
}

// District returns the statutory district that a region lies in, the region itself if it is one. A city and a functional zone lie
// in none: the answer is the zero ID.
func (t *Tree) District(id ID) ID {
	r, ok := t.at(Administrative, id, District)
	if !ok || r.Kind == KindZone {
		return ""
	}
	return r.ID
}

// ReportingDistrict returns the unit that statistics count a region under: its statutory district, or the functional zone that manages
// its street. A city is counted under none: the answer is the zero ID.
func (t *Tree) ReportingDistrict(id ID) ID {
	r, _ := t.at(Reporting, id, District)
	return r.ID
}

// StreetOf returns the street that a community belongs to, the street itself if it is one, and the zero ID above streets.
func (t *Tree) StreetOf(id ID) ID {
	r, _ := t.at(Administrative, id, Street)
	return r.ID
}

// at climbs to the ancestor at a level.
func (t *Tree) at(tree TreeName, id ID, level Level) (Region, bool) {
	i, ok := t.byID[id]
	if !ok {
		return Region{}, false
	}
	for n := tree.index(); i >= 0; i = t.parent[n][i] {
		if t.regions[i].Level == level {
			return t.regions[i], true
		}
	}
	return Region{}, false
}

// Contains reports whether ancestor is id or stands above it in either tree. So the statutory district and the functional zone both
// contain a street that lies in the one and reports to the other, and staff of both may act there. Where it matters which, use
// ContainsIn.
func (t *Tree) Contains(ancestor, id ID) bool {
	return t.ContainsIn(Administrative, ancestor, id) || t.ContainsIn(Reporting, ancestor, id)
}

// ContainsIn reports whether ancestor is id or stands above it in one tree. What was merged into another region lies in that one as well.
// Unknown regions contain nothing.
func (t *Tree) ContainsIn(tree TreeName, ancestor, id ID) bool {
	a, ok := t.byID[ancestor]
	i, known := t.byID[id]
	n := tree.index()
	if !ok || !known || n < 0 {
		return false
	}
	// A chain of mergers is at most as long as there are regions, as in Current.
	for range t.regions {
		for at := i; at >= 0; at = t.parent[n][at] {
			if at == a {
				return true
			}
		}
		if t.inForce(int(i)) {
			return false
		}
		if i, known = t.byID[t.regions[i].Successor]; !known {
			return false
		}
	}
	return false
}

// Up returns the next level up in the reporting tree, where an order that nobody takes climbs to: community, street, reporting unit,
// city. It is false for the city and for an unknown region. UpIn climbs a named tree.
func (t *Tree) Up(id ID) (ID, bool) { return t.UpIn(Reporting, id) }

// UpIn returns the parent of a region in one tree, and false if it has none there.
func (t *Tree) UpIn(tree TreeName, id ID) (ID, bool) {
	i, ok := t.byID[id]
	n := tree.index()
	if !ok || n < 0 || t.parent[n][i] < 0 {
		return "", false
	}
	return t.regions[t.parent[n][i]].ID, true
}

// Children returns the regions in force right below one in a tree, ordered by code.
func (t *Tree) Children(tree TreeName, id ID) []ID {
	i, ok := t.byID[id]
	n := tree.index()
	if !ok || n < 0 {
		return nil
	}
	return slices.Clone(t.children[n][i])
}

// Descendants returns the region and everything in force below it in one tree, parents before their children.
func (t *Tree) Descendants(tree TreeName, id ID) []ID {
	n := tree.index()
	if _, ok := t.byID[id]; !ok || n < 0 {
		return nil
	}
	all := []ID{id}
	for i := 0; i < len(all); i++ {
		all = append(all, t.children[n][t.byID[all[i]]]...)
	}
	return all
}

// All returns the regions in force, ordered by code.
func (t *Tree) All() []Region {
	all := make([]Region, 0, len(t.byCode))
	for i, r := range t.regions {
		if t.inForce(i) {
			all = append(all, r)
		}
	}
	return all
}

// Communities returns the communities in force, ordered by code.
func (t *Tree) Communities() []Region { return slices.Clone(t.community) }

// ReportingDistricts returns the units that statistics count, statutory districts and functional zones, ordered by code.
func (t *Tree) ReportingDistricts() []Region { return slices.Clone(t.reporting) }

// Districts returns the statutory districts, ordered by code.
func (t *Tree) Districts() []Region {
	return slices.DeleteFunc(slices.Clone(t.reporting), func(r Region) bool { return r.Kind == KindZone })
}

// Current follows mergers from a region to the one that stands for it on the tree's day: the region itself while it exists. It is
// false when the region is unknown or ended without a successor.
func (t *Tree) Current(id ID) (ID, bool) {
	// A chain of mergers is at most as long as there are regions; the bound keeps a broken one from turning for ever.
	for range t.regions {
		i, ok := t.byID[id]
		if !ok {
			return "", false
		}
		if t.inForce(int(i)) {
			return id, true
		}
		id = t.regions[i].Successor
	}
	return "", false
}

// Point returns a place for a region: its seat if one is known, else an invented one (see SyntheticStreet and
// SyntheticCommunity; for a zone and the city the mean of what reports to them). Invented places serve demonstration and replay
// only. It is false for an unknown region.
func (t *Tree) Point(id ID) (Point, bool) {
	i, ok := t.byID[id]
	if !ok {
		return Point{}, false
	}
	return t.points[i], true
}
