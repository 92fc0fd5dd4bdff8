package e2e_test

import (
	"cmp"
	"errors"
	"flag"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"timebank/internal/app"
	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/identity"
	"timebank/internal/replay"
)

var (
	pageScale = flag.Float64("pages.scale", 1, "size of the city behind the pages, 1 being the published one with 45,490 volunteers")
	pageRate  = flag.Int("pages.rate", 200, "pages asked for in a second")
)

// officeFigures are pages of one figure, opened to its entries: of a month, of all times, from the book, from the orders, and how things stand.
var officeFigures = []string{"/office/figure?code=figure.completed", "/office/figure?code=figure.redeemed&when=last", "/office/figure?code=figure.earned&when=all",
	"/office/figure?code=figure.asked&when=all", "/office/figure?code=figure.minutes&when=all", "/office/figure?code=figure.open"}

// doorPages are what each of the demo's people looks at; what is not here is asked for by anybody.
var doorPages = map[string][]string{
	"recipient":                {"/elder/", "/elder/visits", "/elder/help", "/elder/hours", "/elder/family"},
	"kin and delegate":         {"/family/"},
	"volunteer":                {"/volunteer/", "/volunteer/?view=map", "/volunteer/visits", "/volunteer/calendar", "/volunteer/passbook"},
	"volunteer, point manager": {"/volunteer/", "/volunteer/passbook"},
	"point staff":              {"/desk/", "/desk/follow-ups", "/desk/complaints"}, "point manager": {"/desk/", "/desk/reviews"}, "street dispatcher": {"/desk/", "/office/waiting"},
	"city administrator": append([]string{"/office/", "/office/?when=all", "/office/map", "/office/waiting", "/office/people", "/office/points", "/office/rules",
		"/office/rules/account.cap", "/office/catalogue", "/office/hours"}, officeFigures...),
	"district administrator": append([]string{"/office/", "/office/map", "/office/waiting", "/office/people"}, officeFigures...),
	"city auditor":           {"/office/trail"},
	"":                       {"/", "/public/figures", "/public/figures?period=month", "/public/check", "/public/points", "/public/join"},
}

// Pages of the published city at a steady rate, each person on its own pages, on the embedded engine: how long a reader waits for the
// server. The one who asks runs on the same processors.
func BenchmarkPages(b *testing.B) {
	c := config.Default()
	c.Data = b.TempDir()
	// All ask from one address, some very often: the limits on a visitor would answer in the pages' place.
	c.Limits.Address, c.Limits.Account = 0, 0
	made, err := replay.Open(b.Context(), c, 1, 0)
	if err != nil {
		b.Fatal(err)
	}
	accounts, _, err := replay.Demo(b.Context(), replay.Config{App: made, Scale: *pageScale, Seed: 1}, clock.System().Now())
	if err = errors.Join(err, made.Close()); err != nil {
		b.Fatal(err)
	}
	// A replay reads little and keeps few pages in memory: the city is opened as a server opens it, on the clock of the day.
	a, err := app.Open(b.Context(), app.Options{Config: c})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			b.Error(err)
		}
	}()
	srv := httptest.NewServer(a.Pages())
	defer srv.Close()
	var targets []vegeta.Target
	add := func(role, token string) {
		for _, path := range doorPages[role] {
			head := http.Header{"Accept-Language": {"zh-CN"}, "Accept-Encoding": {"gzip"}}
			if token != "" {
				head.Set("Cookie", "session="+token)
			}
			targets = append(targets, vegeta.Target{Method: http.MethodGet, URL: srv.URL + path, Header: head})
		}
	}
	add("", "")
	for _, who := range accounts {
		if doorPages[who.Role] == nil {
			continue
		}
		token, err := a.Identity.IssueToken(b.Context(), identity.ActorID(who.Actor), time.Hour, "bench")
		if err != nil {
			b.Fatal(err)
		}
		add(who.Role, token)
	}
	// What is counted once for everybody has been counted when the day begins.
	for _, target := range targets {
		r, err := target.Request()
		if err != nil {
			b.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
			b.Fatalf("%s: got %s, %v", target.URL, answer.Status, err)
		}
	}
	for b.Loop() {
		var m vegeta.Metrics
		took := map[string][]time.Duration{}
		attacker := vegeta.NewAttacker(vegeta.Timeout(10*time.Second), vegeta.MaxWorkers(256))
		rate := vegeta.Rate{Freq: *pageRate, Per: time.Second}
		for r := range attacker.Attack(vegeta.NewStaticTargeter(targets...), rate, 20*time.Second, "pages") {
			m.Add(r)
			path := strings.TrimPrefix(r.URL, srv.URL)
			took[path] = append(took[path], r.Latency)
		}
		m.Close()
		if m.Success < 1 {
			b.Errorf("%.2f %% of the pages were answered: %v %v", 100*m.Success, m.StatusCodes, m.Errors)
		}
		b.ReportMetric(float64(m.Latencies.P50.Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(m.Latencies.P95.Microseconds())/1000, "p95-ms")
		b.ReportMetric(float64(m.Latencies.P99.Microseconds())/1000, "p99-ms")
		b.ReportMetric(m.Rate, "pages/s")
		tell(b, took)
	}
}

// tell logs the pages whose slowest answers took longest, so that what is slow has a name.
func tell(b *testing.B, took map[string][]time.Duration) {
	b.Helper()
	worst := func(path string) time.Duration { return slices.Max(took[path]) }
	paths := slices.SortedFunc(maps.Keys(took), func(x, y string) int { return cmp.Compare(worst(y), worst(x)) })
	for _, path := range paths[:min(len(paths), 12)] {
		all := slices.Sorted(slices.Values(took[path]))
		b.Logf("%4d times, half in %3d ms, all in %4d ms: %s", len(all), all[len(all)/2].Milliseconds(), all[len(all)-1].Milliseconds(), path)
	}
}
