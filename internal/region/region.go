// Package region owns the administrative divisions that the time bank works in: the regions themselves with an identity of their
// own, the codes and names they bear from one day to another, the two trees they stand in from one day to another, and where they
// roughly lie.
//
// Two trees exist because a functional zone is counted like a district without being one: the administrative tree is the law's,
// the reporting tree is the one that statistics and duty rosters follow. Both are stored; neither is ever computed from the digits of
// a code, and a name is never a key, since names repeat.
//
// The package must never decide who may change a region: its use-cases take the id of the person who acts, and the caller has
// checked the right. It must never change the past either: every change takes effect on a day that has not begun yet.
package region

import (
	"timebank/internal/clock"
	"timebank/internal/id"
)

// ID identifies a region for ever, whatever its code, name and parents become.
type ID = id.ID[Region]

// Beginning is the first day on which a fact holds whose real first day the register does not tell.
const Beginning clock.Day = "0001-01-01"

// Forever is the day that ends what has no known end. Ends are exclusive: a fact holds on days d with from <= d < until.
const Forever clock.Day = "9999-12-31"

// Level is one of the four levels of administration.
type Level string

// The levels, from the top. A functional zone stands at the level of a district.
const (
	City      Level = "city"
	District  Level = "district"
	Street    Level = "street"
	Community Level = "community"
)

// Levels lists the levels from the top down.
func Levels() []Level { return []Level{City, District, Street, Community} }

// Rank returns 1 for a city, 2 for a district, 3 for a street, 4 for a community, and 0 for anything else.
func (l Level) Rank() int {
	switch l {
	case City:
		return 1
	case District:
		return 2
	case Street:
		return 3
	case Community:
		return 4
	}
	return 0
}

// Valid reports whether l is one of the four levels.
func (l Level) Valid() bool { return l.Rank() > 0 }

// Kind tells regions of one level apart by what they are in law.
type Kind string

// The kinds. KindSubdistrict is a 街道, KindTown a 镇, KindUnit a development zone, farm or prison that is counted at street level.
const (
	KindCity        Kind = "city"
	KindDistrict    Kind = "district"
	KindZone        Kind = "zone"
	KindSubdistrict Kind = "subdistrict"
	KindTown        Kind = "town"
	KindUnit        Kind = "unit"
	KindCommunity   Kind = "community"
)

// System names who issued a code.
type System string

const (
	// Official codes are those of the National Bureau of Statistics: 6 digits (GB/T 2260), 9 for a street, 12 for a community.
	Official System = "official"
	// Private codes are this project's, for what has no official one; they begin with a letter, so they cannot clash.
	Private System = "private"
)

// TreeName names one of the two trees.
type TreeName string

const (
	// Administrative is the tree of the law: city, statutory district, street, community.
	Administrative TreeName = "administrative"
	// Reporting is the tree of statistics and duty: like the administrative one, except that the streets of a functional zone
	// stand under the zone.
	Reporting TreeName = "reporting"
)

// TreeNames lists both trees.
func TreeNames() []TreeName { return []TreeName{Administrative, Reporting} }

func (n TreeName) index() int {
	switch n {
	case Administrative:
		return 0
	case Reporting:
		return 1
	}
	return -1
}

// Region is one region as it stands on the day of the Tree that returned it.
type Region struct {
	ID     ID
	Code   string // the code it bears, or bore last when it has ended
	System System // who issued the code
	Name   string // never a key
	Level  Level
	Kind   Kind
	Seat   Point // where its seat roughly is; meaningful if HasSeat
	// HasSeat is false for regions whose seat nobody entered; Tree.Point has an answer for those too.
	HasSeat bool
	// Until is the first day on which the region no longer exists, Forever if none is known.
	Until clock.Day
	// Successor is the region that took over what was this one's, empty unless it was merged.
	Successor ID

	residential bool
}

// Residential reports whether a form for residents offers the region. It leaves out the units that only statistics count at street
// level (development zones, farms, prisons) with their communities, and functional zones, which nobody's address names.
func (r Region) Residential() bool { return r.residential }

// kindOf derives the kind from the level and, for streets, from digits 7 to 9 of the official code: 001-099 are 街道 and 100-199
// are 镇 (published by the National Bureau of Statistics); all others are units of another sort.
func kindOf(level Level, system System, code string) Kind {
	switch level {
	case City:
		return KindCity
	case District:
		if system == Private {
			return KindZone
		}
		return KindDistrict
	case Community:
		return KindCommunity
	}
	if system == Official && len(code) == 9 {
		switch digits := code[6:9]; {
		case "001" <= digits && digits <= "099":
			return KindSubdistrict
		case "100" <= digits && digits <= "199":
			return KindTown
		}
	}
	return KindUnit
}

// validCode reports whether code has the form that its system and level ask for.
func validCode(system System, level Level, code string) bool {
	switch system {
	case Official:
		want := map[Level]int{City: 6, District: 6, Street: 9, Community: 12}[level]
		if len(code) != want {
			return false
		}
		for _, c := range []byte(code) {
			if c < '0' || c > '9' {
				return false
			}
		}
		return true
	case Private:
		if len(code) < 2 || len(code) > 12 || code[0] < 'A' || code[0] > 'Z' {
			return false
		}
		for _, c := range []byte(code) {
			if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
				return false
			}
		}
		return true
	}
	return false
}
