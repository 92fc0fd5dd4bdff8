package obs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"timebank/internal/pii"
)

func TestLinesCarryTheFieldsOfTheirContext(t *testing.T) {
	var out bytes.Buffer
	name, err := pii.ParseName("王小明")
	if err != nil {
		t.Fatal(err)
	}
	log := Logger(&out, "json", "info").With("part", "test")
	ctx := With(With(context.Background(), slog.String("request", "r1")), slog.String("actor", "a1"))
	log.InfoContext(ctx, "answered", "name", name)
	log.DebugContext(ctx, "not written")

	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("one line of JSON: %v in %q", err, out.String())
	}
	for key, want := range map[string]any{"request": "r1", "actor": "a1", "part": "test", "msg": "answered"} {
		if line[key] != want {
			t.Errorf("%s: got %v, want %v", key, line[key], want)
		}
	}
	if strings.Contains(out.String(), "小明") {
		t.Errorf("a name is in the log: %s", out.String())
	}
}

func TestMetricsAreReadAsText(t *testing.T) {
	m := NewMetrics()
	m.Request("place-order", "ok", 3*time.Millisecond)
	m.Write("order.place", "ok", time.Millisecond)
	m.Group(7)
	m.Timers(2)
	m.Leaves("ledger", 5)
	m.Relayed(1)
	m.Gauge("outbox_waiting", "Rows that wait.", func() float64 { return 4 })

	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`timebank_requests_total{code="ok",operation="place-order"} 1`,
		`timebank_writes_total{code="ok",name="order.place"} 1`,
		`timebank_write_group_size_sum 7`,
		`timebank_timers_total 2`,
		`timebank_log_leaves_total{log="ledger"} 5`,
		`timebank_outbox_relayed_total 1`,
		`timebank_outbox_waiting 4`,
	} {
		if !strings.Contains(w.Body.String(), want+"\n") {
			t.Errorf("metrics have no line %q", want)
		}
	}
}

func TestReadinessFollowsTheDatabaseAndTheStop(t *testing.T) {
	var problem error
	h := NewHealth(func(context.Context) error { return problem })
	status := func(f http.HandlerFunc) int {
		w := httptest.NewRecorder()
		f(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return w.Code
	}
	for _, step := range []struct {
		name       string
		ready      bool
		problem    error
		live, want int
	}{
		{"before the start", false, nil, 200, 503},
		{"running", true, nil, 200, 200},
		{"database away", true, errors.New("away"), 200, 503},
		{"stopping", false, nil, 200, 503},
	} {
		h.SetReady(step.ready)
		problem = step.problem
		if got := status(h.Live); got != step.live {
			t.Errorf("%s: live got %d, want %d", step.name, got, step.live)
		}
		if got := status(h.Ready); got != step.want {
			t.Errorf("%s: ready got %d, want %d", step.name, got, step.want)
		}
	}
}
