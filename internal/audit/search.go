package audit

import (
	"encoding/binary"
	"hash/fnv"
	"slices"
	"time"
)

// Filter says which entries a search is after. An empty field asks for nothing; Until is exclusive.
type Filter struct {
	Actor    string // who acted
	OnBehalf string // for whom
	Ref      string // what it was done to
	// Action is a whole action or its beginning: "order." finds whatever was done to orders.
	Action      string
	From, Until time.Time
	// Regions limits to entries of these regions, "" among them for those that have none; nil asks for nothing.
	Regions []string
}

// blockRows is how many rows one block sums up.
const blockRows = 4096

// A row rests this long before its block is summed up: no transaction stays open for a day, so that none can still bring in an earlier row
// (default, ours).
const rest = 24 * time.Hour

// The columns of which a block keeps marks.
const (
	markActor    = 'a'
	markOnBehalf = 'b'
	markRegion   = 'r'
)

// mark is 32 bits of a column's value. Two values share one in four thousand million: a block is then read for nothing, never passed over.
func mark(column byte, value string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte{column})
	_, _ = h.Write([]byte(value))
	return h.Sum32()
}

// marks are those of a block, sorted.
type marks []byte

func newMarks(set map[uint32]bool) marks {
	all := make([]uint32, 0, len(set))
	for m := range set {
		all = append(all, m)
	}
	slices.Sort(all)
	out := make(marks, 0, 4*len(all))
	for _, m := range all {
		out = binary.BigEndian.AppendUint32(out, m)
	}
	return out
}

func (s marks) has(m uint32) bool {
	low, high := 0, len(s)/4
	for low < high {
		middle := (low + high) / 2
		if got := binary.BigEndian.Uint32(s[4*middle:]); got == m {
			return true
		} else if got < m {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return false
}

// wants are the marks that a block must have to be read: one of each group.
func (f Filter) wants() (all [][]uint32) {
	if f.Actor != "" {
		all = append(all, []uint32{mark(markActor, f.Actor)})
	}
	if f.OnBehalf != "" {
		all = append(all, []uint32{mark(markOnBehalf, f.OnBehalf)})
	}
	if f.Regions != nil {
		group := make([]uint32, len(f.Regions))
		for i, r := range f.Regions {
			group[i] = mark(markRegion, r)
		}
		all = append(all, group)
	}
	return all
}

// may reports whether a block with these marks may have what is wanted.
func (s marks) may(wants [][]uint32) bool {
	for _, group := range wants {
		if !slices.ContainsFunc(group, s.has) {
			return false
		}
	}
	return true
}

// within is the test of an entry's region.
func (f Filter) within() func(region string) bool {
	if f.Regions == nil {
		return func(string) bool { return true }
	}
	set := make(map[string]bool, len(f.Regions))
	for _, r := range f.Regions {
		set[r] = true
	}
	return func(region string) bool { return set[region] }
}
