package geocode

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"timebank/internal/config"
	"timebank/internal/errs"
	"timebank/internal/member"
	"timebank/internal/pii"
	"timebank/internal/region"
)

// What must stand in no error.
const secret = "planted-key"

// provider is a service's server: it keeps what it was asked, and answers.
type provider struct {
	*httptest.Server
	asked  []*url.URL
	status int
	body   string
}

func provide(t *testing.T, status int, body string) *provider {
	p := &provider{status: status, body: body}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked = append(p.asked, r.URL)
		w.Header().Set("Location", "https://elsewhere.example/")
		w.WriteHeader(p.status)
		if _, err := io.WriteString(w, p.body); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func open(t *testing.T, provider, endpoint string) member.Geocoder {
	t.Helper()
	g, err := New(config.Geocoder{Provider: provider, Key: secret, Endpoint: endpoint, Timeout: 20 * time.Second, PerSecond: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func building(t *testing.T, text string) member.Building {
	t.Helper()
	a, err := pii.ParseAddress(text)
	if err != nil {
		t.Fatal(err)
	}
	return member.Building{CityCode: "320100", City: "南京市", District: "栖霞区", Address: a.Building()}
}

func TestAmapIsAskedForTheHouseAndItsPointIsPutWhereItIs(t *testing.T) {
	// As its documentation shows an answer: empty values are lists. The point is that of Beijing in the vectors of region, on the map.
	p := provide(t, 200, `{"status":"1","info":"OK","infocode":"10000","count":"1","geocodes":[{"formatted_address":"x","country":"中国","province":"北京市","citycode":"010",
		"city":"北京市","district":"朝阳区","township":[],"neighborhood":{"name":[],"type":[]},"building":{"name":[],"type":[]},"adcode":"110105","street":"阜通东大街","number":"6号",
		"location":"116.410244,39.916404","level":"门牌号"}]}`)
	at, known, err := open(t, Amap, p.URL).Find(t.Context(), building(t, "迈皋桥街道和平路12号3幢502室"))
	want := region.Point{LatE6: 39_915_000, LonE6: 116_404_000}
	if err != nil || !known || region.DistanceMetres(at, want) > 1 {
		t.Errorf("got %v (%t), %v, want %v", at, known, err, want)
	}
	q := p.asked[0].Query()
	if p.asked[0].Path != "/v3/geocode/geo" || q.Get("address") != "南京市栖霞区迈皋桥街道和平路12号3幢" || q.Get("city") != "320100" || q.Get("key") != secret || len(q) != 4 {
		t.Errorf("asked %v", p.asked[0])
	}
}

func TestTiandituIsAskedForTheHouse(t *testing.T) {
	p := provide(t, 200, `{"msg":"ok","location":{"score":100,"level":"门址","lon":"118.8123456","lat":32.1112345,"keyWord":"x"},"searchVersion":"6.4.9V","status":"0"}`)
	at, known, err := open(t, Tianditu, p.URL).Find(t.Context(), building(t, "南京市栖霞区和平路12号3幢502室"))
	if want := (region.Point{LatE6: 32_111_235, LonE6: 118_812_346}); err != nil || !known || at != want {
		t.Errorf("got %v (%t), %v, want %v", at, known, err, want)
	}
	q := p.asked[0].Query()
	if p.asked[0].Path != "/geocoder" || q.Get("ds") != `{"keyWord":"南京市栖霞区和平路12号3幢"}` || q.Get("tk") != secret || len(q) != 2 {
		t.Errorf("asked %v", p.asked[0])
	}
}

func TestWhatServicesAnswer(t *testing.T) {
	amap := func(level, more string) string {
		return `{"status":"1","infocode":"10000","count":"1","geocodes":[{"location":"118.8,32.1","level":"` + level + `"}` + more + `]}`
	}
	tianditu := func(score, level string) string {
		return `{"msg":"ok","location":{"score":` + score + `,"level":"` + level + `","lon":118.8,"lat":32.1},"status":"0"}`
	}
	for _, c := range []struct {
		provider, body string
		status         int
		want           string // "" known, "unknown", else the failure
	}{
		{Amap, amap("门牌号", ""), 200, ""},
		{Amap, amap("区县", ""), 200, "unknown"},
		{Amap, amap("门牌号", `,{"location":"118.9,32.1","level":"门牌号"}`), 200, "unknown"},
		{Amap, `{"status":"1","infocode":"10000","count":"0","geocodes":[]}`, 200, "unknown"},
		{Amap, `{"status":"0","info":"ENGINE_RESPONSE_DATA_ERROR","infocode":"30001"}`, 200, "unknown"},
		{Amap, `{"status":"0","info":"INVALID_USER_KEY planted-key","infocode":"10001"}`, 200, "10001"},
		{Amap, `{"status":"0","info":"DAILY_QUERY_OVER_LIMIT","infocode":"10003"}`, 200, "10003"},
		{Amap, `{"status":"0","infocode":"和平路12号"}`, 200, "refused"},
		{Amap, `{"status":"1","geocodes":[{"location":"nowhere","level":"门牌号"}]}`, 200, "bad_answer"},
		{Amap, `{"status":"1","geocodes":[{"location":"200,95","level":"门牌号"}]}`, 200, "bad_answer"},
		{Amap, `<html>`, 200, "bad_answer"},
		{Amap, amap("门牌号", ""), 302, "http:302"},
		{Amap, ``, 503, "http:503"},
		{Tianditu, tianditu("100", "门址"), 200, ""},
		{Tianditu, tianditu(`"90"`, "兴趣点"), 200, ""},
		{Tianditu, tianditu("60", "门址"), 200, "unknown"},
		{Tianditu, tianditu("100", "街道"), 200, "unknown"},
		{Tianditu, `{"msg":"无结果","status":"101"}`, 200, "unknown"},
		{Tianditu, `{"msg":"和平路12号","status":"404"}`, 200, "404"},
		{Tianditu, `{}`, 200, "bad_answer"},
	} {
		p := provide(t, c.status, c.body)
		at, known, err := open(t, c.provider, p.URL).Find(t.Context(), building(t, "和平路12号"))
		got := ""
		switch f, failed := errors.AsType[failure](err); {
		case failed:
			got = string(f)
		case err != nil:
			t.Errorf("%s: got %v, want a failure", c.body, err)
		case !known:
			got = "unknown"
		}
		if got != c.want || known && region.DistanceMetres(at, region.Point{LatE6: 32_100_000, LonE6: 118_800_000}) > 1000 {
			t.Errorf("%s answers %d %s: got %q at %v, want %q", c.provider, c.status, c.body, got, at, c.want)
		}
		if len(p.asked) != 1 {
			t.Errorf("%s: asked %d times, want once: trying again is the job's", c.body, len(p.asked))
		}
	}
}

// Errors of the network hold the address that was asked, with the key.
func TestAServiceThatIsAwayOrSlowIsGivenUpWithoutAWord(t *testing.T) {
	gone := provide(t, 200, "")
	gone.Close()
	over := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	t.Cleanup(func() { close(over); slow.Close() })
	for endpoint, want := range map[string]string{gone.URL: "geocode: unreachable", slow.URL: "geocode: timeout"} {
		g, err := New(config.Geocoder{Provider: Amap, Key: secret, Endpoint: endpoint, Timeout: 50 * time.Millisecond, PerSecond: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := g.Find(t.Context(), building(t, "和平路12号")); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		// One a second is the contract, and the next would be too late.
		if _, _, err := g.Find(t.Context(), building(t, "和平路12号")); err == nil || err.Error() != "geocode: busy" {
			t.Errorf("asked again at once: got %v, want busy", err)
		}
	}
}

func TestAServiceIsAskedByAnEncryptedWayAlone(t *testing.T) {
	if g, err := New(config.Default().Geocoder); g != nil || err != nil {
		t.Errorf("by default: got %v, %v, want nobody asked", g, err)
	}
	for endpoint, fine := range map[string]bool{"": true, "https://map.example.org": true, "http://127.0.0.1:9": true, "http://[::1]:9": true, "http://map.example.org": false,
		"http://10.0.0.1": false, "map.example.org": false, "https://user:pass@map.example.org": false} {
		_, err := New(config.Geocoder{Provider: Tianditu, Key: secret, Endpoint: endpoint, PerSecond: 1})
		if (err == nil) != fine {
			t.Errorf("%q: got %v", endpoint, err)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error holds the key: %v", err)
		}
	}
	_, err := New(config.Geocoder{Provider: "elsewhere", Endpoint: "https://x.example", PerSecond: 1})
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || len(e.Fields) != 2 || e.Fields[0].Path != "geocoder.key" || e.Fields[1].Path != "geocoder.provider" {
		t.Errorf("got %v, want the key and the provider named", err)
	}
}
