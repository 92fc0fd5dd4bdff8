package obs

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"
)

// Health answers whether the process lives and whether it is ready for requests.
type Health struct {
	check func(ctx context.Context) error
	ready atomic.Bool
}

// NewHealth returns a health that is not ready yet. check tells whether what the program relies on answers.
func NewHealth(check func(ctx context.Context) error) *Health { return &Health{check: check} }

// SetReady says whether requests are welcome: after the start, and until the stop begins.
func (h *Health) SetReady(ready bool) { h.ready.Store(ready) }

// checkWithin bounds how long readiness may take to find out (default, ours).
const checkWithin = 2 * time.Second

// Live answers 200 for as long as the process can answer at all.
func (h *Health) Live(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "live") }

// Ready answers 200 when requests are welcome and the database answers, and 503 otherwise, without a reason: that is in the log.
func (h *Health) Ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), checkWithin)
	defer cancel()
	if !h.ready.Load() || h.check(ctx) != nil {
		say(w, http.StatusServiceUnavailable, "not ready")
		return
	}
	say(w, http.StatusOK, "ready")
}

func say(w http.ResponseWriter, status int, word string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// A reader that has gone away is nobody's problem.
	_, _ = w.Write([]byte(word + "\n"))
}
