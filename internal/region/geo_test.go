package region

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// haversine is the reference that only tests may use: it needs floats.
func haversine(a, b Point) float64 {
	rad := func(e6 int64) float64 { return float64(e6) / 1e6 * math.Pi / 180 }
	dLat, dLon := rad(b.LatE6-a.LatE6), rad(b.LonE6-a.LonE6)
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(rad(a.LatE6))*math.Cos(rad(b.LatE6))*math.Pow(math.Sin(dLon/2), 2)
	return 2 * 6371008.8 * math.Asin(math.Sqrt(h))
}

func TestDistanceMetresStaysWithinItsDocumentedError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Point{rapid.Int64Range(-60e6, 60e6).Draw(t, "lat"), rapid.Int64Range(-180e6, 180e6).Draw(t, "lon")}
		span := rapid.SampledFrom([]int64{1_000, 30_000, 1_700_000}).Draw(t, "span")
		b := Point{
			LatE6: a.LatE6 + rapid.Int64Range(-span, span).Draw(t, "dlat"),
			LonE6: a.LonE6 + rapid.Int64Range(-span, span).Draw(t, "dlon"),
		}
		if b.LonE6 > 180e6 {
			b.LonE6 -= 360e6
		}
		if b.LonE6 < -180e6 {
			b.LonE6 += 360e6
		}
		want := haversine(a, b)
		if abs(b.LatE6) > 60e6 || want > 200_000 {
			t.Skip("outside the documented range")
		}
		got := DistanceMetres(a, b)
		if diff := math.Abs(float64(got) - want); diff > 1+want/1000 {
			t.Fatalf("got %d m, want %.2f m from %v to %v", got, want, a, b)
		}
		if back := DistanceMetres(b, a); back != got {
			t.Fatalf("got %d m there and %d m back", got, back)
		}
	})
}

func TestDistanceMetresOfKnownPairs(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b Point
		want int64
	}{
		{"same place", Point{32_050_000, 118_800_000}, Point{32_050_000, 118_800_000}, 0},
		{"one degree of latitude", Point{31_000_000, 118_800_000}, Point{32_000_000, 118_800_000}, 111_195},
		{"one degree of longitude on the equator", Point{0, 10_000_000}, Point{0, 11_000_000}, 111_195},
		{"across the date line", Point{0, 179_500_000}, Point{0, -179_500_000}, 111_195},
		{"one millionth of a degree", Point{0, 0}, Point{1, 0}, 0},
		{"ten millionths of a degree", Point{0, 0}, Point{10, 0}, 1},
	} {
		if got := DistanceMetres(c.a, c.b); got != c.want {
			t.Errorf("%s: got %d m, want %d m", c.name, got, c.want)
		}
	}
}

func TestCosineOfLatitudes(t *testing.T) {
	for lat := int64(-90e6); lat <= 90e6; lat += 12_345 {
		got := float64(cosE6(lat)) / float64(q30)
		want := math.Cos(float64(lat) / 1e6 * math.Pi / 180)
		if math.Abs(got-want) > 1e-7 {
			t.Fatalf("cosine of %d: got %.9f, want %.9f", lat, got, want)
		}
	}
}

func TestIsqrt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(0, 1<<62).Draw(t, "n")
		r := uint64(isqrt(n))
		if r*r > n || (r+1)*(r+1) <= n {
			t.Fatalf("square root of %d: got %d", n, r)
		}
	})
}

func TestParseE6(t *testing.T) {
	for in, want := range map[string]int64{"32.05": 32_050_000, "118.8": 118_800_000, "-0.000001": -1, "7": 7_000_000} {
		if got, ok := parseE6(in); !ok || got != want {
			t.Errorf("%q: got %d, %t, want %d", in, got, ok, want)
		}
	}
	for _, in := range []string{"", ".", "-", "1e3", "1.0000001", "1234", "1,5", "+1", "--1", "1.-5"} {
		if got, ok := parseE6(in); ok {
			t.Errorf("%q: got %d, want a refusal", in, got)
		}
	}
}

func TestSyntheticPointsAreNearAndFixed(t *testing.T) {
	seat := Point{32_050_000, 118_800_000}
	street := SyntheticStreet(seat, "320102002")
	if want := (Point{32_074_209, 118_775_072}); street != want {
		t.Errorf("place of the street: got %v, want %v, since a stored demo depends on it", street, want)
	}
	if d := DistanceMetres(seat, street); d > 6_000 {
		t.Errorf("the street lies %d m from its district's seat, want at most 6 km", d)
	}
	if d := DistanceMetres(street, SyntheticCommunity(street, "320102002002")); d > 1_200 {
		t.Errorf("the community lies %d m from its street, want at most 1.2 km", d)
	}
}
