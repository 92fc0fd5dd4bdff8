package region_test

import (
	"testing"

	"pgregory.net/rapid"

	"timebank/internal/region"
)

// The pairs are those of widely used converters, which agree with each other to a decimetre.
func TestGCJ02IsThatOfTheMaps(t *testing.T) {
	for _, c := range []struct {
		name        string
		place, want region.Point
	}{
		{"Beijing", region.Point{LatE6: 39_915_000, LonE6: 116_404_000}, region.Point{LatE6: 39_916_404, LonE6: 116_410_244}},
		{"Beijing, Haidian", region.Point{LatE6: 39_911_954, LonE6: 116_377_817}, region.Point{LatE6: 39_913_345, LonE6: 116_384_047}},
		{"Shanghai", region.Point{LatE6: 31_177_428, LonE6: 121_527_211}, region.Point{LatE6: 31_175_304, LonE6: 121_531_542}},
		{"Shenzhen", region.Point{LatE6: 22_543_847, LonE6: 113_912_316}, region.Point{LatE6: 22_540_796, LonE6: 113_917_176}},
		{"Tokyo lies outside", region.Point{LatE6: 35_681_236, LonE6: 139_767_125}, region.Point{LatE6: 35_681_236, LonE6: 139_767_125}},
		{"Paris lies outside", region.Point{LatE6: 48_856_613, LonE6: 2_352_222}, region.Point{LatE6: 48_856_613, LonE6: 2_352_222}},
		{"the south lies outside", region.Point{LatE6: -33_868_820, LonE6: 115_000_000}, region.Point{LatE6: -33_868_820, LonE6: 115_000_000}},
	} {
		if got := c.place.GCJ02(); region.DistanceMetres(got, c.want) > 1 {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
		if got := region.FromGCJ02(c.want); region.DistanceMetres(got, c.place) > 1 {
			t.Errorf("%s: back from the map: got %v, want %v", c.name, got, c.place)
		}
	}
}

func TestWhatAMapDrawsLeadsBackToThePlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// A degree inside of the box, so that what is drawn lies in it as well.
		p := region.Point{LatE6: rapid.Int64Range(2_000_000, 54_000_000).Draw(t, "lat"), LonE6: rapid.Int64Range(74_000_000, 136_000_000).Draw(t, "lon")}
		drawn := p.GCJ02()
		if d := region.DistanceMetres(p, drawn); d > 2000 {
			t.Errorf("%v: drawn %d m away", p, d)
		}
		if back := region.FromGCJ02(drawn); region.DistanceMetres(p, back) > 1 {
			t.Errorf("%v: back at %v, %d m away", p, back, region.DistanceMetres(p, back))
		}
	})
}

// Abroad no map shifts: what is drawn is the place.
func TestAbroadNothingIsShifted(t *testing.T) {
	for name, p := range map[string]region.Point{"London": {LatE6: 51_500_700, LonE6: -124_600}, "Sydney": {LatE6: -33_856_800, LonE6: 151_215_300},
		"New York": {LatE6: 40_689_200, LonE6: -74_044_500}} {
		if got := p.GCJ02(); got != p {
			t.Errorf("%s is drawn at %v, want %v", name, got, p)
		}
		if got := region.FromGCJ02(p); got != p {
			t.Errorf("%s is read as %v, want %v", name, got, p)
		}
	}
}

func TestAPlaceIsReadAsPeopleWriteIt(t *testing.T) {
	for text, want := range map[string]region.Point{"32.111 118.812": {LatE6: 32_111_000, LonE6: 118_812_000}, "32.1,118": {LatE6: 32_100_000, LonE6: 118_000_000},
		"-0.5， 170.123456": {LatE6: -500_000, LonE6: 170_123_456}} {
		if got, err := region.ParsePoint(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "32", "91 0", "0 181", "32.1234567 1", "a b", "1e3 1", "1 2 3", "- -", "+1 2", "1234 1"} {
		if got, err := region.ParsePoint(text); err == nil {
			t.Errorf("%q: got %v, want it refused", text, got)
		}
	}
}
