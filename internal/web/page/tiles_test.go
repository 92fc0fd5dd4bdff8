package page

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"timebank/internal/region"
)

func TestTilesAreNamedByTheInstallationAlone(t *testing.T) {
	for templates, want := range map[string]string{
		"https://t0.tianditu.gov.cn/vec_w/wmts?TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=k https://t0.tianditu.gov.cn/cva_w/wmts?TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=k": "https://t0.tianditu.gov.cn",
		"https://a.example:8443/{z}/{x}/{y}.png https://b.example/{z}/{x}/{y}.png":                                                                                            "https://a.example:8443 https://b.example",
		"http://127.0.0.1:9/{z}/{x}/{y}": "http://127.0.0.1:9", "http://[::1]:9/{z}/{x}/{y}": "http://[::1]:9",
		"": "none", "http://maps.example/{z}/{x}/{y}": "none", "https://maps.example/{z}/{x}": "none", "https://{z}.example/{x}/{y}": "none", "/{z}/{x}/{y}": "none",
		"https://user:pass@maps.example/{z}/{x}/{y}": "none", "https://maps.example;script-src/{z}/{x}/{y}": "none", "https://*/{z}/{x}/{y}": "none", "data:{z}{x}{y}": "none"} {
		got := "none"
		if tiles, ok := NewTiles(templates, "", false); ok {
			got = strings.Join(tiles.origins, " ")
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", templates, got, want)
		}
	}
}

// The tiles cover the sketch, and a place lies on them where the sketch draws it: checked by the inverse of the projection.
func TestTilesLieUnderTheSketch(t *testing.T) {
	for _, shifted := range []bool{false, true} {
		tiles, _ := NewTiles("https://maps.example/{z}/{x}/{y}", "GS(2026)1", shifted)
		for _, c := range []struct {
			middle              region.Point
			side, units, metres int64
		}{{region.Point{LatE6: 32_111_000, LonE6: 118_812_000}, 400, 176, 3000}, {region.Point{LatE6: 39_915_000, LonE6: 116_404_000}, 400, 1, 3}, {region.Point{LatE6: 32_000_000, LonE6: 118_000_000}, 400, 176, 500}} {
			g := tiles.ground(c.middle, c.side, c.units, c.metres)
			if len(g.Tiles) < 4 || len(g.Tiles) > 25 || g.Credit != "GS(2026)1" {
				t.Errorf("%+v: got %d tiles by %q", c, len(g.Tiles), g.Credit)
			}
			west, north, east, south := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
			for _, one := range g.Tiles {
				x, y, side := number(t, one.X), number(t, one.Y), number(t, one.Side)
				west, north, east, south = min(west, x), min(north, y), max(east, x+side), max(south, y+side)
				var z, column, row int
				if _, err := fmt.Sscanf(one.Href, "https://maps.example/%d/%d/%d", &z, &column, &row); err != nil {
					t.Fatal(err)
				}
				// Where the corner of the tile is on the earth, and where the sketch would draw that.
				all := float64(int64(1) << z)
				corner := region.Point{LatE6: int64(math.Atan(math.Sinh(math.Pi*(1-2*float64(row)/all))) * 180 / math.Pi * 1e6), LonE6: int64((float64(column)/all*360 - 180) * 1e6)}
				if shifted {
					corner = region.FromGCJ02(corner)
				}
				right, up := eastward(corner, c.middle), float64(corner.LatE6-c.middle.LatE6)*0.111195
				per := float64(c.units) / float64(c.metres)
				if dx, dy := x-(float64(c.side)/2+right*per), y-(float64(c.side)/2-up*per); math.Hypot(dx, dy) > float64(c.side)/100 {
					t.Errorf("%+v: the corner of %s lies (%.1f, %.1f) units beside its place", c, one.Href, dx, dy)
				}
			}
			if west > 0 || north > 0 || east < float64(c.side) || south < float64(c.side) {
				t.Errorf("%+v: the tiles cover %.0f %.0f to %.0f %.0f", c, west, north, east, south)
			}
		}
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func eastward(p, from region.Point) float64 {
	return float64(p.LonE6-from.LonE6) * 0.111195 * math.Cos(float64(from.LatE6)/1e6*math.Pi/180)
}
