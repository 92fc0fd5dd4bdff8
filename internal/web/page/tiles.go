package page

import (
	"math"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"timebank/internal/region"
	"timebank/internal/web/ui"
)

// Tiles are pictures of a map that the installation names: under a sketch they show streets and houses. Whoever serves them learns which area a
// reader looks at; without the setting nobody does, and the sketch is drawn from our own data alone.
type Tiles struct {
	layers  []string // templates, from the ground up
	origins []string
	credit  string
	shifted bool // they draw GCJ-02
}

// The form of a host in a policy header: nothing in it can end the header or name another source.
var tileHost = regexp.MustCompile(`^[a-z0-9.-]+(:[0-9]{1,5})?$|^\[[0-9a-f:]+\](:[0-9]{1,5})?$`)

// NewTiles reads the setting: templates with {z}, {x} and {y} and spaces between, encrypted or on this machine. ok is false where one is none.
func NewTiles(templates, credit string, shifted bool) (t *Tiles, ok bool) {
	t = &Tiles{layers: strings.Fields(templates), credit: credit, shifted: shifted}
	for _, layer := range t.layers {
		at, err := url.Parse(layer)
		if err != nil || at.User != nil || !tileHost.MatchString(at.Host) || !strings.Contains(layer, "{z}") || !strings.Contains(layer, "{x}") || !strings.Contains(layer, "{y}") {
			return nil, false
		}
		ip, err := netip.ParseAddr(at.Hostname())
		if at.Scheme != "https" && !(at.Scheme == "http" && err == nil && ip.IsLoopback()) {
			return nil, false
		}
		if origin := at.Scheme + "://" + at.Host; !slices.Contains(t.origins, origin) {
			t.origins = append(t.origins, origin)
		}
	}
	return t, len(t.layers) > 0
}

// Who names those who serve the pictures.
func (t *Tiles) Who() string {
	var hosts []string
	for _, o := range t.origins {
		_, host, _ := strings.Cut(o, "://")
		hosts = append(hosts, host)
	}
	return strings.Join(hosts, ", ")
}

const (
	// earthRound is the length of the equator in metres by which tiles are cut (EPSG:3857), finest their finest level.
	earthRound = 40075016.686
	finest     = 18
)

// MapGround is what lies under a square sketch of so many units a side, of which units are metres, with a place in its middle; nil where the
// installation names no tiles. It lets this answer, and no other, load pictures from those who serve them, and tells them by which site they are
// asked, because they know their contracts by it.
func (r *Request) MapGround(middle region.Point, side, units, metres int64) *ui.Ground {
	t := r.Tiles
	if t == nil {
		return nil
	}
	h := r.out.Header()
	h.Set("Content-Security-Policy", strings.Replace(policyHeader, "img-src 'self'", "img-src 'self' "+strings.Join(t.origins, " "), 1))
	h.Set("Referrer-Policy", "strict-origin")
	return t.ground(middle, side, units, metres)
}

// ground lays tiles of about their natural size. No decision looks at it, so floats may stand here.
func (t *Tiles) ground(middle region.Point, side, units, metres int64) *ui.Ground {
	if t.shifted {
		middle = middle.GCJ02()
	}
	lat, lon := float64(middle.LatE6)/1e6*math.Pi/180, float64(middle.LonE6)/1e6
	level, size := 0, 0.0
	for level = finest; level > 0; level-- {
		// The side of a tile in units of the sketch.
		size = earthRound * math.Cos(lat) / float64(int64(1)<<level) * float64(units) / float64(metres)
		if size > float64(side)/3 {
			break
		}
	}
	all := float64(int64(1) << level)
	x, y := (lon+180)/360*all, (1-math.Asinh(math.Tan(lat))/math.Pi)/2*all
	reach := float64(side) / 2 / size
	g := &ui.Ground{Credit: t.credit}
	for _, layer := range t.layers {
		for row := math.Floor(y - reach); row < y+reach; row++ {
			for column := math.Floor(x - reach); column < x+reach; column++ {
				if row < 0 || row >= all || column < 0 || column >= all {
					continue
				}
				address := strings.NewReplacer("{z}", strconv.Itoa(level), "{x}", strconv.Itoa(int(column)), "{y}", strconv.Itoa(int(row))).Replace(layer)
				// A hair wider, so that no seam shows.
				g.Tiles = append(g.Tiles, ui.Tiled{Href: address, X: fixed(float64(side)/2 + (column-x)*size), Y: fixed(float64(side)/2 + (row-y)*size), Side: fixed(size + 0.5)})
			}
		}
	}
	return g
}

func fixed(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }
