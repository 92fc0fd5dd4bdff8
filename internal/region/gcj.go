package region

import "math"

// Places are WGS-84 inside. Maps of mainland China draw GCJ-02, which shifts every place by some hundred metres; it is made at the edge, for a
// link that opens such a map and for a point that somebody taps on one. No decision looks at a shifted point, so floats may stand here.

// The Krasovsky 1940 ellipsoid of the shift: half the long axis in metres, and the square of the eccentricity.
const (
	krasovskyAxis = 6378245.0
	krasovskyE2   = 0.00669342162296594323
)

// GCJ02 returns where a map of mainland China draws the point; outside of the box in which such maps shift, that is the point itself.
func (p Point) GCJ02() Point {
	if !shifted(p) {
		return p
	}
	dLat, dLon := shift(float64(p.LatE6)/1e6, float64(p.LonE6)/1e6)
	return Point{LatE6: p.LatE6 + int64(math.Round(dLat*1e6)), LonE6: p.LonE6 + int64(math.Round(dLon*1e6))}
}

// FromGCJ02 returns the place that a map of mainland China draws at a point, within a metre of the exact inverse.
func FromGCJ02(drawn Point) Point {
	if !shifted(drawn) {
		return drawn
	}
	// The shift changes by a few millionths from here to there: each round divides what is left by some thousand.
	p := drawn
	for range 4 {
		q := p.GCJ02()
		p = Point{LatE6: p.LatE6 + drawn.LatE6 - q.LatE6, LonE6: p.LonE6 + drawn.LonE6 - q.LonE6}
	}
	return p
}

// shifted reports whether a point lies in the box in which the maps shift.
func shifted(p Point) bool {
	return p.LonE6 >= 72_004_000 && p.LonE6 <= 137_834_700 && p.LatE6 >= 829_300 && p.LatE6 <= 55_827_100
}

// shift is how far a place is moved, in degrees.
func shift(lat, lon float64) (dLat, dLon float64) {
	x, y := lon-105, lat-35
	wave := func(v, a, b, f, g float64) float64 {
		return (a*math.Sin(v*f*math.Pi) + b*math.Sin(v*g*math.Pi)) * 2 / 3
	}
	root := math.Sqrt(math.Abs(x))
	common := wave(x, 20, 20, 6, 2)
	dLat = -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*root + common + wave(y, 20, 40, 1, 1.0/3) + wave(y, 160, 320, 1.0/12, 1.0/30)
	dLon = 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*root + common + wave(x, 20, 40, 1, 1.0/3) + wave(x, 150, 300, 1.0/12, 1.0/30)
	radians := lat / 180 * math.Pi
	bulge := 1 - krasovskyE2*math.Sin(radians)*math.Sin(radians)
	dLat = dLat * 180 / (krasovskyAxis * (1 - krasovskyE2) / (bulge * math.Sqrt(bulge)) * math.Pi)
	dLon = dLon * 180 / (krasovskyAxis / math.Sqrt(bulge) * math.Cos(radians) * math.Pi)
	return dLat, dLon
}
