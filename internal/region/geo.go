package region

import (
	"math/bits"
	"strconv"
	"strings"

	"timebank/internal/errs"
)

// Point is a place on the earth in millionths of a degree, north and east positive. One millionth of a degree of latitude is about
// 11 cm.
type Point struct {
	LatE6 int64 `json:"lat_e6"`
	LonE6 int64 `json:"lon_e6"`
}

// Valid reports whether the point lies within ±90 degrees of latitude and ±180 of longitude.
func (p Point) Valid() bool {
	return p.LatE6 >= -90_000_000 && p.LatE6 <= 90_000_000 && p.LonE6 >= -180_000_000 && p.LonE6 <= 180_000_000
}

// ParsePoint reads a place as people write it: latitude and longitude in degrees with at most six decimals, with a comma or a space between.
// Error: Invalid region.point_malformed.
func ParsePoint(s string) (Point, error) {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '，' || r == ' ' })
	if len(words) != 2 {
		return Point{}, errPoint
	}
	lat, okLat := microDegrees(words[0])
	lon, okLon := microDegrees(words[1])
	p := Point{LatE6: lat, LonE6: lon}
	if !okLat || !okLon || !p.Valid() {
		return Point{}, errPoint
	}
	return p, nil
}

var errPoint = errs.Invalid("region.point_malformed")

// microDegrees reads degrees without a float.
func microDegrees(s string) (int64, bool) {
	whole, part, _ := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if len(whole) == 0 || len(whole) > 3 || len(part) > 6 {
		return 0, false
	}
	n, err := strconv.ParseUint(whole+part+strings.Repeat("0", 6-len(part)), 10, 32)
	if err != nil {
		return 0, false
	}
	if s[0] == '-' {
		return -int64(n), true
	}
	return int64(n), true
}

// Degrees prints millionths of a degree as degrees with six decimals.
func Degrees(e6 int64) string {
	sign := ""
	if e6 < 0 {
		sign, e6 = "-", -e6
	}
	fraction := strconv.FormatInt(e6%1_000_000+1_000_000, 10)[1:]
	return sign + strconv.FormatInt(e6/1_000_000, 10) + "." + fraction
}

// LongitudeShare returns how many thousandths of a degree of latitude's length a degree of longitude has at a latitude, for drawings.
func LongitudeShare(latE6 int64) int64 { return (cosE6(latE6)*1000 + q30/2) >> 30 }

// metresPerDegree is the length of one degree of a great circle on a sphere of the earth's mean radius, 6,371,008.8 m.
const metresPerDegree = 111_195

// q30 is the one of the fixed-point numbers with 30 fractional bits in which cosE6 reckons.
const q30 = int64(1) << 30

// DistanceMetres returns the distance between two valid points in whole metres. It uses integers only, so that every processor
// stores the same decision. The formula is the equirectangular approximation with the cosine of the mean latitude: for points at
// most 200 km apart and between 60 degrees south and north the result is within 1 m + 0.1 % of the great circle on the mean sphere.
// It is symmetric and zero for equal points. Further apart it stays an order of magnitude, not a distance.
func DistanceMetres(a, b Point) int64 {
	dLat := abs(a.LatE6 - b.LatE6)
	dLon := abs(a.LonE6 - b.LonE6)
	if dLon > 180_000_000 {
		dLon = 360_000_000 - dLon
	}
	x := (dLon*cosE6((a.LatE6+b.LatE6)/2) + q30/2) >> 30
	return (isqrt(uint64(x*x+dLat*dLat))*metresPerDegree + 500_000) / 1_000_000 // #nosec G115 -- a sum of squares
}

// cosE6 returns the cosine of a latitude in millionths of a degree as a fixed-point number with 30 fractional bits. It sums the
// Taylor series to the twelfth power by Horner's rule; for latitudes its error is below 1e-7.
func cosE6(latE6 int64) int64 {
	// The factor is π/180·10⁻⁶ with 62 fractional bits and the shift brings the product to 30; 90,000,000 times the factor is
	// below 2⁶³.
	x := abs(latE6) * 80_489_105_090 >> 32
	square := x * x >> 30
	sum := q30
	for _, divisor := range [...]int64{132, 90, 56, 30, 12, 2} {
		sum = q30 - (square*sum>>30)/divisor
	}
	return sum
}

// isqrt returns the whole part of the square root.
func isqrt(n uint64) int64 {
	if n == 0 {
		return 0
	}
	x := uint64(1) << ((bits.Len64(n) + 1) / 2)
	for {
		y := (x + n/x) / 2
		if y >= x {
			return int64(x) // #nosec G115 -- a root has half the bits
		}
		x = y
	}
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// Half sides of the boxes that synthetic points are spread over, in millionths of a degree at the latitude of the lower Yangtze:
// about 4 km around the seat of a district for its streets, about 800 m around a street for its communities.
const (
	streetSpreadLat, streetSpreadLon       = 36_000, 42_000
	communitySpreadLat, communitySpreadLon = 7_200, 8_500
)

// SyntheticStreet returns an invented place for the street with this code near the seat of its district. It is for demonstration
// only and depends on nothing but its arguments: the FNV-1a hash of the code, mixed by the finaliser of SplitMix64, gives the two
// offsets, each uniform within about 4 km.
func SyntheticStreet(seat Point, code string) Point {
	return scatter(seat, code, streetSpreadLat, streetSpreadLon)
}

// SyntheticCommunity returns an invented place for the community with this code within about 800 m (each way) of its street's
// place, by the same function as SyntheticStreet.
func SyntheticCommunity(street Point, code string) Point {
	return scatter(street, code, communitySpreadLat, communitySpreadLon)
}

func scatter(around Point, code string, spreadLat, spreadLon uint64) Point {
	h := uint64(14695981039346656037)
	for _, c := range []byte(code) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 30
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	h ^= h >> 31
	return Point{
		LatE6: around.LatE6 + int64((h>>32)%(2*spreadLat+1)) - int64(spreadLat),        // #nosec G115 -- smaller than twice the spread
		LonE6: around.LonE6 + int64((h&0xffffffff)%(2*spreadLon+1)) - int64(spreadLon), // #nosec G115 -- smaller than twice the spread
	}
}

// parseE6 reads a decimal number of degrees with at most six decimals, without going through a float.
func parseE6(s string) (int64, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if whole == "" || len(whole) > 3 || len(fraction) > 6 {
		return 0, false
	}
	var n int64
	for _, c := range []byte(whole + fraction + strings.Repeat("0", 6-len(fraction))) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}
