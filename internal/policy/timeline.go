package policy

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
)

// entry is one publication as the timeline needs it.
type entry struct {
	seq    int64
	id     VersionID
	region string // "" for the city
	level  Level
	from   int64 // UTC microseconds
	parsed func() (Draft, error)
}

func newEntry(seq int64, id VersionID, region string, level Level, from int64, text string) *entry {
	return &entry{seq: seq, id: id, region: region, level: level, from: from,
		parsed: sync.OnceValues(func() (Draft, error) { return stored(text, level == City) })}
}

// timeline is every publication in the order in which they take effect, later approvals after earlier ones of the same moment. It never
// changes; a publication makes a new one. Since nothing is back-dated, whatever precedes an entry in force stays as it is.
type timeline struct {
	order    []*entry
	position map[VersionID]int
	regions  map[string][]int // positions of each region's publications, rising
	resolved sync.Map         // positions of the publications that apply, joined → Rules without Version
}

func newTimeline(entries []*entry) *timeline {
	t := &timeline{order: entries, position: map[VersionID]int{}, regions: map[string][]int{}}
	sort.Slice(t.order, func(i, j int) bool {
		a, b := t.order[i], t.order[j]
		return a.from < b.from || (a.from == b.from && a.seq < b.seq)
	})
	for i, e := range t.order {
		t.position[e.id] = i
		t.regions[e.region] = append(t.regions[e.region], i)
	}
	return t
}

// newest is the last approved publication, by which a cached timeline is recognised.
func (t *timeline) newest() VersionID {
	var last *entry
	for _, e := range t.order {
		if last == nil || e.seq > last.seq {
			last = e
		}
	}
	if last == nil {
		return ""
	}
	return last.id
}

// asOf returns the position of the last publication in force at the moment, -1 when there is none.
func (t *timeline) asOf(at int64) int {
	return sort.Search(len(t.order), func(i int) bool { return t.order[i].from > at }) - 1
}

// last returns the region's newest publication at or before the position, -1 when there is none.
func (t *timeline) last(region string, position int) int {
	own := t.regions[region]
	i := sort.SearchInts(own, position+1)
	if i == 0 {
		return -1
	}
	return own[i-1]
}

func (t *timeline) city(position int) (int, error) {
	city := t.last("", position)
	if city < 0 {
		return 0, errs.New(errs.Unavailable, "policy.none_in_force")
	}
	return city, nil
}

func (t *timeline) rules(position int, path []string) (Rules, error) {
	city, err := t.city(position)
	if err != nil {
		return Rules{}, err
	}
	var overrides []int
	for _, region := range path {
		if region == "" {
			continue
		}
		if i := t.last(region, position); i >= 0 && !slices.Contains(overrides, i) {
			overrides = append(overrides, i)
		}
	}
	slices.SortStableFunc(overrides, func(a, b int) int { return depth(t.order[a].level) - depth(t.order[b].level) })
	key := strconv.Itoa(city)
	if len(overrides) > 0 {
		var b strings.Builder
		b.WriteString(key)
		for _, i := range overrides {
			b.WriteByte(' ')
			b.WriteString(strconv.Itoa(i))
		}
		key = b.String()
	}
	if r, ok := t.resolved.Load(key); ok {
		rules := *r.(*Rules)
		rules.Version = t.order[position].id
		return rules, nil
	}
	base, err := t.order[city].parsed()
	if err != nil {
		return Rules{}, err
	}
	rules := Of(base, "")
	for _, i := range overrides {
		over, err := t.order[i].parsed()
		if err != nil {
			return Rules{}, err
		}
		rules = narrowed(rules, t.order[i].level, over)
	}
	t.resolved.Store(key, &rules)
	out := rules
	out.Version = t.order[position].id
	return out, nil
}

// View is every publication that one transaction sees. Take it once per transaction and ask it for as many regions as needed: it costs one
// row when it is taken and none afterwards.
type View struct{ t *timeline }

// At returns the rules in force at the moment for the region whose ancestors, itself included, are path (region ids in any order; empty
// for the city as a whole). The error is policy.none_in_force when the city has no snapshot in force then.
func (v View) At(at time.Time, path []string) (Rules, error) {
	position := v.t.asOf(clock.Micros(at))
	if position < 0 {
		return Rules{}, errs.New(errs.Unavailable, "policy.none_in_force")
	}
	return v.t.rules(position, path)
}

// Version returns the rules for the region as of the publication, as they were when it took effect. The error is policy.not_found for
// an unknown version.
func (v View) Version(version VersionID, path []string) (Rules, error) {
	position, ok := v.t.position[version]
	if !ok {
		return Rules{}, errs.New(errs.NotFound, "policy.not_found")
	}
	return v.t.rules(position, path)
}

// Own is a rule that holds in a region because the region's own publication says so, narrower than above it.
type Own struct {
	Key, Value string
	From       time.Time // when its publication took effect, or will
}

// Own lists the rules of its own that the region has at the moment, and those that it is to have later, by their beginning. Path is as for At. What
// a publication says and does not hold, because the rules above it are stricter, is left out, and so is all where the path leaves the region out.
func (v View) Own(region string, at time.Time, path []string) (own []Own, err error) {
	if !slices.Contains(path, region) {
		return nil, nil
	}
	now := v.t.asOf(clock.Micros(at))
	for _, position := range v.t.regions[region] {
		if position < now && position != v.t.last(region, now) {
			continue
		}
		e := v.t.order[position]
		says, err := e.parsed()
		if err != nil {
			return nil, err
		}
		holds, err := v.t.rules(max(position, now), path)
		if err != nil {
			return nil, err
		}
		for _, key := range says.Keys() {
			if holds.SetBy(key) == e.level {
				own = append(own, Own{Key: key, Value: holds.Text(key), From: clock.FromMicros(e.from)})
			}
		}
	}
	return own, nil
}
