package volunteer

import (
	"strconv"
	"strings"

	"timebank/internal/hours"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// The map is a schematic that the server draws: the reader's home in the middle, rings of distance, and a mark for what stands open, at its
// community and not at a door. Where the installation names tiles, they lie under it. Its table is the list below it.

// mapSide is the length of the drawing's side in units, mapReach the units from the middle to the outermost ring.
const (
	mapSide  = 400
	mapReach = 176
)

// mapMerge is how near two marks may come in units before they become one that a finger can hit.
const mapMerge = 62

type markView struct {
	X, Y        string
	Href, Label string
	Text        string
}

type ringView struct{ R, LabelY, Text string }

type mapView struct {
	Label  string
	Rings  []ringView
	Areas  [][2]string
	Marks  []markView
	Ground *ui.Ground
}

func drawMap(r *page.Request, tree *region.Tree, home region.Point, radius int64, offers []order.Offer) *mapView {
	v := &mapView{Label: r.T("page.volunteer.map_label", "count", len(offers)), Ground: r.MapGround(home, mapSide, mapReach, radius)}
	for _, m := range []int64{radius / 3, radius * 2 / 3, radius} {
		reach := m * mapReach / radius
		v.Rings = append(v.Rings, ringView{R: strconv.FormatInt(reach, 10), LabelY: strconv.FormatInt(mapSide/2-reach+6, 10), Text: r.Far(m)})
	}
	at := func(p region.Point) (x, y int64) {
		// One millionth of a degree of latitude is 111 mm.
		east := (p.LonE6 - home.LonE6) * region.LongitudeShare(home.LatE6) / 1000 * 111 / 1000
		north := (p.LatE6 - home.LatE6) * 111 / 1000
		keep := func(n int64) int64 { return max(30, min(mapSide-30, n)) }
		return keep(mapSide/2 + east*mapReach/radius), keep(mapSide/2 - north*mapReach/radius)
	}
	for _, c := range tree.Communities() {
		if p, ok := tree.Point(c.ID); ok && region.DistanceMetres(home, p) <= radius {
			x, y := at(p)
			v.Areas = append(v.Areas, [2]string{strconv.FormatInt(x, 10), strconv.FormatInt(y, 10)})
		}
	}
	type mark struct {
		x, y    int64
		numbers []string
		names   []string
	}
	var marks []*mark
	for i, o := range offers {
		p, ok := tree.Point(o.Region)
		if !ok {
			continue
		}
		x, y := at(p)
		var near *mark
		for _, m := range marks {
			if abs(m.x-x) < mapMerge && abs(m.y-y) < mapMerge {
				near = m
				break
			}
		}
		if near == nil {
			near = &mark{x: x, y: y}
			marks = append(marks, near)
		}
		near.numbers = append(near.numbers, strconv.Itoa(i+1))
		if name := tree.Name(o.Region); len(near.names) == 0 || near.names[len(near.names)-1] != name {
			near.names = append(near.names, name)
		}
	}
	for _, m := range marks {
		words := m.numbers[0]
		if len(m.numbers) > 1 {
			words = r.T("page.volunteer.map_many", "count", len(m.numbers))
		}
		v.Marks = append(v.Marks, markView{X: strconv.FormatInt(m.x, 10), Y: strconv.FormatInt(m.y, 10), Href: "#offer-" + m.numbers[0], Text: words,
			Label: r.T("page.volunteer.map_mark", "numbers", strings.Join(m.numbers, ", "), "where", strings.Join(m.names, ", "))})
	}
	return v
}

func abs(n int64) int64 { return max(n, -n) }

// long64 is a number of minutes as people say it.
func long64(r *page.Request, minutes int64) string { return r.Long(hours.Of(minutes)) }
