// Package geocode asks services of the network where a building is: Tianditu, the map service of the state, and Amap. It is the one place that
// speaks their protocols.
//
// A service is behind member.Geocoder and learns a building, never a name, a room or why it is asked. The package must never keep what was asked
// or answered, put it or a key into an error or a log line, or let a point of a shifted map go further than this edge.
package geocode

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"timebank/internal/config"
	"timebank/internal/errs"
	"timebank/internal/member"
	"timebank/internal/region"
)

// The names of providers in the settings.
const (
	Community = "community"
	Tianditu  = "tianditu"
	Amap      = "amap"
)

// services are the addresses of the providers.
var services = map[string]string{Tianditu: "https://api.tianditu.gov.cn", Amap: "https://restapi.amap.com"}

// service asks one provider. It is safe for concurrent use.
type service struct {
	name, key, endpoint string
	within              time.Duration
	http                *http.Client
	pace                *rate.Limiter
	// path makes the question, answer reads what is said to it.
	path   func(s *service, b member.Building) string
	answer func(body []byte) (region.Point, bool, error)
}

// New returns the geocoder of the settings, nil where nobody is asked. The error is config.invalid and names every setting that is missing or
// cannot be: a service is asked by an encrypted way, or on this machine.
func New(c config.Geocoder) (member.Geocoder, error) {
	if c.Provider == Community {
		return nil, nil
	}
	var bad errs.Fields
	if c.Key == "" {
		bad.Add("geocoder.key", "config.missing")
	}
	s := &service{name: c.Provider, key: c.Key, endpoint: c.Endpoint, within: c.Timeout, pace: rate.NewLimiter(rate.Limit(c.PerSecond), c.PerSecond), http: client()}
	if s.endpoint == "" {
		s.endpoint = services[c.Provider]
	}
	if !private(s.endpoint) {
		bad.Add("geocoder.endpoint", "config.bad_address")
	}
	switch c.Provider {
	case Tianditu:
		s.path, s.answer = askTianditu, readTianditu
	case Amap:
		s.path, s.answer = askAmap, readAmap
	default:
		bad.Add("geocoder.provider", "config.bad_choice")
	}
	if err := bad.Err("config.invalid"); err != nil {
		return nil, err
	}
	return s, nil
}

// client goes nowhere but where it was sent: a service that points elsewhere would send the address there too.
func client() *http.Client {
	return &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// private reports whether nobody can read along on the way to an address.
func private(address string) bool {
	at, err := url.Parse(address)
	if err != nil || at.Host == "" || at.User != nil {
		return false
	}
	if at.Scheme == "http" {
		ip, err := netip.ParseAddr(at.Hostname())
		return err == nil && ip.IsLoopback()
	}
	return at.Scheme == "https"
}

// Name implements [member.Geocoder].
func (s *service) Name() string { return s.name }

// answerLimit is the longest answer that is read.
const answerLimit = 64 << 10

// Find implements [member.Geocoder].
func (s *service) Find(ctx context.Context, b member.Building) (region.Point, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	if err := s.pace.Wait(ctx); err != nil {
		return region.Point{}, false, failure("busy")
	}
	body, err := s.get(ctx, s.path(s, b))
	if err != nil {
		return region.Point{}, false, err
	}
	return s.answer(body)
}

func (s *service) get(ctx context.Context, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.endpoint+path, nil)
	if err != nil {
		return nil, failure("unreachable")
	}
	got, err := s.http.Do(r) // #nosec G704 -- the service's address is a setting of the operator
	if err != nil {
		return nil, network(err)
	}
	defer got.Body.Close() // it was only read
	if got.StatusCode != http.StatusOK {
		return nil, failure("http:" + strconv.Itoa(got.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(got.Body, answerLimit))
	if err != nil {
		return nil, network(err)
	}
	return body, nil
}

// failure is why a question was not answered, in a word that says nothing of the question. Errors of the network hold addresses with keys in them
// and are never passed on.
type failure string

// Error implements error.
func (f failure) Error() string { return "geocode: " + string(f) }

func network(err error) failure {
	var slow net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &slow) && slow.Timeout() {
		return "timeout"
	}
	return "unreachable"
}

// question is the building in words, from the city down; what the address says already is not said twice.
func question(b member.Building) string {
	text := b.Address.Reveal()
	for _, above := range []string{b.District, b.City} {
		if !strings.Contains(text, above) {
			text = above + text
		}
	}
	return text
}

// askTianditu is the question of Tianditu's geocoding service, http://lbs.tianditu.gov.cn/server/geocodinginterface.html.
func askTianditu(s *service, b member.Building) string {
	// A map of two strings is always JSON.
	ds, _ := json.Marshal(map[string]string{"keyWord": question(b)})
	return "/geocoder?" + url.Values{"ds": {string(ds)}, "tk": {s.key}}.Encode()
}

// leastScore is how sure Tianditu has to be of 100 (default, ours).
const leastScore = 80

// readTianditu reads its answer. Its points are of CGCS2000, which is WGS-84 within a metre.
func readTianditu(body []byte) (region.Point, bool, error) {
	var said struct {
		Status   word `json:"status"`
		Location *struct {
			Lat   word `json:"lat"`
			Lon   word `json:"lon"`
			Score word `json:"score"`
			Level word `json:"level"`
		} `json:"location"`
	}
	if json.Unmarshal(body, &said) != nil || said.Status == "" {
		return region.Point{}, false, failure("bad_answer")
	}
	switch {
	case said.Status == "101", said.Status == "0" && said.Location == nil:
		return region.Point{}, false, nil
	case said.Status != "0":
		return region.Point{}, false, failure(said.Status.code())
	}
	l := said.Location
	score, err := strconv.ParseFloat(string(l.Score), 64)
	if err != nil || score < leastScore || strings.ContainsAny(string(l.Level), "省市区县乡镇道") {
		return region.Point{}, false, nil
	}
	return point(string(l.Lat), string(l.Lon))
}

// askAmap is the question of Amap's geocoding service, https://lbs.amap.com/api/webservice/guide/api/georegeo.
func askAmap(s *service, b member.Building) string {
	return "/v3/geocode/geo?" + url.Values{"address": {question(b)}, "city": {b.CityCode}, "output": {"JSON"}, "key": {s.key}}.Encode()
}

// amapNear are Amap's levels of a match that is nearer than a community.
var amapNear = map[word]bool{"门牌号": true, "门址": true, "单元号": true, "楼栋号": true, "住宅区": true, "兴趣点": true}

// amapUnknown are Amap's codes for an address that it makes nothing of.
var amapUnknown = map[word]bool{"20000": true, "30001": true}

// readAmap reads its answer, whose points are of GCJ-02.
func readAmap(body []byte) (region.Point, bool, error) {
	var said struct {
		Status word `json:"status"`
		Code   word `json:"infocode"`
		Found  []struct {
			Location word `json:"location"`
			Level    word `json:"level"`
		} `json:"geocodes"`
	}
	if json.Unmarshal(body, &said) != nil || said.Status == "" {
		return region.Point{}, false, failure("bad_answer")
	}
	if said.Status != "1" {
		if amapUnknown[said.Code] {
			return region.Point{}, false, nil
		}
		return region.Point{}, false, failure(said.Code.code())
	}
	// More than one is none: nobody is there to choose.
	if len(said.Found) != 1 || !amapNear[said.Found[0].Level] {
		return region.Point{}, false, nil
	}
	lon, lat, _ := strings.Cut(string(said.Found[0].Location), ",")
	at, known, err := point(lat, lon)
	return region.FromGCJ02(at), known, err
}

// word is a value that a service writes as a string, as a number, or as an empty list where there is none.
type word string

// UnmarshalJSON implements json.Unmarshaler.
func (w *word) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*w = word(s)
		return nil
	}
	var n json.Number
	if json.Unmarshal(b, &n) == nil {
		*w = word(n.String())
	}
	return nil
}

// code is the word if it looks like a code of a service; anything else could be words of the question.
func (w word) code() string {
	if n, err := strconv.Atoi(string(w)); err != nil || n < 0 || len(w) > 6 {
		return "refused"
	}
	return string(w)
}

// point reads degrees with any number of decimals; a millionth is enough.
func point(lat, lon string) (region.Point, bool, error) {
	north, errNorth := strconv.ParseFloat(lat, 64)
	east, errEast := strconv.ParseFloat(lon, 64)
	if errNorth != nil || errEast != nil || !(math.Abs(north) <= 90 && math.Abs(east) <= 180) {
		return region.Point{}, false, failure("bad_answer")
	}
	return region.Point{LatE6: int64(math.Round(north * 1e6)), LonE6: int64(math.Round(east * 1e6))}, true, nil
}
