package gate

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// most bounds how many senders a limiter remembers in each of its two halves: some megabytes, however many addresses somebody has.
const most = 8192

// limiter is a token bucket for each sender. It remembers the senders of late: when one half is full, the older half is forgotten, and
// whoever was in it begins with a full bucket.
type limiter struct {
	rate Rate

	mu         sync.Mutex
	now, older map[string]*rate.Limiter
}

// newLimiter returns nil, which limits nobody, for a rate of zero.
func newLimiter(r Rate) *limiter {
	if r.Second <= 0 {
		return nil
	}
	return &limiter{rate: r, now: map[string]*rate.Limiter{}}
}

// take counts one and returns how long to wait, zero when it may go on. Who is refused is not counted, so that trying early costs
// nothing.
func (l *limiter) take(key string, at time.Time) time.Duration {
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.now[key]
	if !ok {
		if b, ok = l.older[key]; !ok {
			b = rate.NewLimiter(rate.Limit(l.rate.Second), max(l.rate.Burst, 1))
		}
		if len(l.now) >= most {
			l.older, l.now = l.now, map[string]*rate.Limiter{}
		}
		l.now[key] = b
	}
	r := b.ReserveN(at, 1)
	wait := r.DelayFrom(at)
	if wait > 0 {
		r.CancelAt(at)
	}
	return wait
}
