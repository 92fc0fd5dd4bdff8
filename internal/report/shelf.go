package report

import (
	"context"
	"errors"
	"sync"
	"time"

	"timebank/internal/store"
)

// How long counts are shown before they are counted again, how often somebody looks after them, and from what age on they are counted again in the
// background when they were asked for within a while (default, ours): a page that thousands open must not add up the book for each of them.
const (
	fresh     = 5 * time.Minute
	keepEvery = 30 * time.Second
	ripe      = 3 * time.Minute
	wanted    = 30 * time.Minute
)

// shelf holds counts for a while, by what was counted.
type shelf struct {
	mu   sync.Mutex
	held map[any]*held
}

// held is one count. counting is locked while somebody counts; all else is read and written under the shelf's lock.
type held struct {
	counting  sync.Mutex
	at, asked time.Time
	value     any
	count     func(*store.Tx) (any, error)
}

// young reports whether there is a count that may be shown.
func (h *held) young(now time.Time) bool {
	return h.value != nil && now.Sub(h.at) < fresh && !now.Before(h.at)
}

// mostKept bounds what is kept: what was counted longest ago goes first.
const mostKept = 200

// keptOr returns what is kept under a key if it is fresh, and counts it otherwise. While one counts, others get what was there before; only the
// first count of all is waited for.
func keptOr[T any](k *shelf, tx *store.Tx, key any, count func(*store.Tx) (T, error)) (T, error) {
	now := tx.Now()
	k.mu.Lock()
	if k.held == nil {
		k.held = map[any]*held{}
	}
	h := k.held[key]
	if h == nil {
		k.makeRoom()
		h = &held{count: func(tx *store.Tx) (any, error) { return count(tx) }}
		k.held[key] = h
	}
	h.asked = now
	value, known := h.value.(T)
	young := h.young(now)
	k.mu.Unlock()
	if young {
		return value, nil
	}
	if known {
		if !h.counting.TryLock() {
			return value, nil
		}
	} else {
		h.counting.Lock()
	}
	defer h.counting.Unlock()
	got, err := k.fill(tx, h, h.young)
	if err != nil {
		return value, err
	}
	return got.(T), nil
}

// fill counts, unless what somebody else has counted meanwhile will do. The caller holds h.counting.
func (k *shelf) fill(tx *store.Tx, h *held, will func(now time.Time) bool) (any, error) {
	k.mu.Lock()
	value, done := h.value, will(tx.Now())
	k.mu.Unlock()
	if done {
		return value, nil
	}
	value, err := h.count(tx)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	h.at, h.value = tx.Now(), value
	k.mu.Unlock()
	return value, nil
}

// again counts what is wanted and soon too old.
func (k *shelf) again(ctx context.Context, db *store.DB) (wrong error) {
	k.mu.Lock()
	all := make([]*held, 0, len(k.held))
	for _, h := range k.held {
		all = append(all, h)
	}
	k.mu.Unlock()
	for _, h := range all {
		wrong = errors.Join(wrong, db.Read(ctx, "report.keep", func(tx *store.Tx) error {
			will := func(now time.Time) bool {
				return now.Sub(h.asked) > wanted || h.value != nil && now.Sub(h.at) < ripe && !now.Before(h.at)
			}
			if !h.counting.TryLock() {
				return nil // somebody counts already
			}
			defer h.counting.Unlock()
			_, err := k.fill(tx, h, will)
			return err
		}))
	}
	return wrong
}

// makeRoom drops the oldest count when there are too many.
func (k *shelf) makeRoom() {
	if len(k.held) < mostKept {
		return
	}
	var oldest any
	for key, h := range k.held {
		if oldest == nil || h.at.Before(k.held[oldest].at) {
			oldest = key
		}
	}
	delete(k.held, oldest)
}
