package replay

import (
	"cmp"
	"errors"
	"slices"

	"timebank/internal/region"
)

// community is a community that takes part, with its invented place.
type community struct {
	code   string
	name   string
	street int // index into atlas.streets
	pilot  bool
	point  region.Point
}

// street is a residential street with the communities that take part.
type street struct {
	code        string
	name        string
	district    string // code of the unit that statistics count it under
	law         string // code of the statutory district
	pilot       bool
	communities []int // indices into atlas.communities
	near        []int // other streets all of whose communities are within reach of all of this one's
}

// atlas is the geography of a run.
type atlas struct {
	city        string
	districts   []string
	streets     []street
	communities []community // pilot communities first
	pilots      int         // how many communities take part in the pilot
}

// reach is how far apart a volunteer's home and the place of service may be in metres: the published radius less the jitter of two homes.
const reach = 2_500

// jitter is how far a home lies from its community's place at most, in millionths of a degree on either axis (about 150 m).
const jitter = 1_400

var errAtlas = errors.New("replay: the regions have no streets that fit the published pilot")

// newAtlas chooses the communities of a run: the pilot's and the others', one after another through districts and streets, so that the
// smallest city still reaches every district. With stories, it is the streets of the product's stories that a small city reaches in theirs.
func newAtlas(d region.Dataset, f Figures, stories bool) (*atlas, error) {
	a := &atlas{}
	points := map[string]region.Point{}
	at := map[string]int{}
	var byStreet [][]community
	for _, row := range d.Rows {
		switch row.Level {
		case region.City:
			a.city = row.Code
		case region.District:
			a.districts = append(a.districts, row.Code)
			if row.Seat != nil {
				points[row.Code] = *row.Seat
			}
		case region.Street:
			if row.Code[6] > '1' {
				continue // a development zone, farm or prison, where nobody registers
			}
			points[row.Code] = region.SyntheticStreet(points[row.Administrative], row.Code)
			at[row.Code] = len(a.streets)
			a.streets = append(a.streets, street{code: row.Code, name: row.Name, district: row.Reporting, law: row.Administrative})
			byStreet = append(byStreet, nil)
		case region.Community:
			if s, ok := at[row.Administrative]; ok {
				byStreet[s] = append(byStreet[s], community{code: row.Code, name: row.Name, street: s,
					point: region.SyntheticCommunity(points[row.Administrative], row.Code)})
			}
		}
	}
	pilots := a.pilotStreets(byStreet, stories)
	if pilots == nil {
		return nil, errAtlas
	}
	for _, s := range pilots {
		a.streets[s].pilot = true
	}
	a.take(byStreet, pilots, f.PilotCommunities, true)
	a.pilots = len(a.communities)
	rest := make([]int, 0, len(a.streets))
	for s := range a.streets {
		if !a.streets[s].pilot {
			rest = append(rest, s)
		}
	}
	a.take(byStreet, a.inTurn(rest), f.ServicePoints-a.pilots, false)
	a.neighbours()
	return a, nil
}

// inTurn orders streets so that districts take turns.
func (a *atlas) inTurn(streets []int) []int {
	turn := map[string]int{}
	rank := map[int]int{}
	for _, s := range streets {
		turn[a.streets[s].district]++
		rank[s] = turn[a.streets[s].district]
	}
	out := slices.Clone(streets)
	slices.SortStableFunc(out, func(x, y int) int {
		return cmp.Or(cmp.Compare(rank[x], rank[y]), cmp.Compare(slices.Index(a.districts, a.streets[x].district), slices.Index(a.districts, a.streets[y].district)))
	})
	return out
}

// take adds n communities, a round through the streets at a time, or as many as there are.
func (a *atlas) take(byStreet [][]community, streets []int, n int, pilot bool) {
	for round := 0; n > 0; round++ {
		some := false
		for _, s := range streets {
			if round >= len(byStreet[s]) || n == 0 {
				continue
			}
			some = true
			c := byStreet[s][round]
			c.pilot = pilot
			a.streets[s].communities = append(a.streets[s].communities, len(a.communities))
			a.communities = append(a.communities, c)
			n--
		}
		if !some {
			return
		}
	}
}

// wanted are streets of product stories, which the pilot includes.
var wanted = []string{maigaoqiao, getang}

// pilotStreets chooses two streets of each of the twelve districts with the published number of communities together. Which streets
// the pilot really had is not published; the choice depends on the regions alone. It is nil when there is none.
func (a *atlas) pilotStreets(byStreet [][]community, stories bool) []int {
	type pair struct{ x, y, size int }
	var options [][]pair
	for _, d := range a.districts {
		var own []int
		for s := range a.streets {
			if a.streets[s].district == d {
				own = append(own, s)
			}
		}
		must := slices.IndexFunc(own, func(s int) bool { return slices.Contains(wanted, a.streets[s].code) })
		var pairs []pair
		for i, x := range own {
			for j := i + 1; j < len(own); j++ {
				if must < 0 || i == must || j == must {
					pairs = append(pairs, pair{x, own[j], len(byStreet[x]) + len(byStreet[own[j]])})
				}
			}
		}
		options = append(options, pairs)
	}
	if len(options)*2 != Published.PilotStreets {
		return nil
	}
	// reach[i][n] tells whether the districts from i on can make n communities.
	can := make([][]bool, len(options)+1)
	can[len(options)] = make([]bool, Published.PilotCommunities+1)
	can[len(options)][0] = true
	for i := len(options) - 1; i >= 0; i-- {
		can[i] = make([]bool, Published.PilotCommunities+1)
		for n := range can[i] {
			can[i][n] = slices.ContainsFunc(options[i], func(p pair) bool { return p.size <= n && can[i+1][n-p.size] })
		}
	}
	left := Published.PilotCommunities
	var chosen []int
	for i := range options {
		k := slices.IndexFunc(options[i], func(p pair) bool { return p.size <= left && can[i+1][left-p.size] })
		if k < 0 {
			return nil
		}
		p := options[i][k]
		if stories && slices.Contains(wanted, a.streets[p.y].code) {
			p.x, p.y = p.y, p.x
		}
		chosen = append(chosen, p.x, p.y)
		left -= p.size
	}
	return a.inTurn(chosen)
}

// neighbours finds for each street the streets whose volunteers are within reach of all its homes.
func (a *atlas) neighbours() {
	for i := range a.streets {
		for j := range a.streets {
			if i != j && a.within(i, j) {
				a.streets[i].near = append(a.streets[i].near, j)
			}
		}
	}
}

func (a *atlas) within(i, j int) bool {
	if len(a.streets[i].communities) == 0 || len(a.streets[j].communities) == 0 {
		return false
	}
	for _, x := range a.streets[i].communities {
		for _, y := range a.streets[j].communities {
			if region.DistanceMetres(a.communities[x].point, a.communities[y].point) > reach {
				return false
			}
		}
	}
	return true
}

// home is where a person of the community lives.
func (a *atlas) home(c int, h uint64) region.Point {
	p := a.communities[c].point
	p.LatE6 += int64(h%(2*jitter+1)) - jitter
	p.LonE6 += int64((h>>32)%(2*jitter+1)) - jitter
	return p
}
