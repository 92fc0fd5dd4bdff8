package e2e_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/identity"
	"timebank/internal/replay"
)

var (
	pageScale = flag.Float64("pages.scale", 1, "size of the city behind the pages, 1 being the published one with 45,490 volunteers")
	pageRate  = flag.Int("pages.rate", 200, "pages asked for in a second")
)

// doorPages are what each of the demo's people looks at; what is not here is asked for by anybody.
var doorPages = map[string][]string{
	"recipient":   {"/elder/", "/elder/visits", "/elder/help", "/elder/hours"},
	"volunteer":   {"/volunteer/", "/volunteer/visits", "/volunteer/passbook"},
	"point staff": {"/desk/"}, "point manager": {"/desk/"}, "street dispatcher": {"/desk/"},
	"city administrator":     {"/office/", "/office/map", "/office/waiting", "/office/people", "/office/points", "/office/rules", "/office/catalogue", "/office/hours"},
	"district administrator": {"/office/", "/office/map", "/office/waiting", "/office/people"},
	"":                       {"/", "/public/figures", "/public/check", "/public/points"},
}

// Pages of the published city at a steady rate, each person on its own pages, on the embedded engine: how long a reader waits for the
// server. The one who asks runs on the same processors.
func BenchmarkPages(b *testing.B) {
	c := config.Default()
	c.Data = b.TempDir()
	a, err := replay.Open(b.Context(), c, 1, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			b.Error(err)
		}
	}()
	accounts, _, err := replay.Demo(b.Context(), replay.Config{App: a, Scale: *pageScale, Seed: 1}, clock.System().Now())
	if err != nil {
		b.Fatal(err)
	}
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
		attacker := vegeta.NewAttacker(vegeta.Timeout(10*time.Second), vegeta.MaxWorkers(256))
		rate := vegeta.Rate{Freq: *pageRate, Per: time.Second}
		for r := range attacker.Attack(vegeta.NewStaticTargeter(targets...), rate, 20*time.Second, "pages") {
			m.Add(r)
		}
		m.Close()
		if m.Success < 1 {
			b.Errorf("%.2f %% of the pages were answered: %v %v", 100*m.Success, m.StatusCodes, m.Errors)
		}
		b.ReportMetric(float64(m.Latencies.P50.Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(m.Latencies.P95.Microseconds())/1000, "p95-ms")
		b.ReportMetric(float64(m.Latencies.P99.Microseconds())/1000, "p99-ms")
		b.ReportMetric(m.Rate, "pages/s")
	}
}
