package signin

import (
	"cmp"
	"slices"
	"time"

	"timebank/internal/store"
)

// Limit slows down who tries again and again: Free attempts at once, then a pause after each that doubles from Pause up to Most. Who has not
// tried for Forget begins anew.
type Limit struct {
	Free                int64
	Pause, Most, Forget time.Duration
}

// next returns when another attempt is heard, after so many of which the last was at a time.
func (l Limit) next(hits int64, last time.Time) time.Time {
	if hits < l.Free {
		return last
	}
	pause := l.Pause
	for range min(hits-l.Free, 40) {
		if pause *= 2; pause >= l.Most {
			break
		}
	}
	return last.Add(min(pause, l.Most))
}

// hit is an attempt as one limit counts it.
type hit struct {
	limit   Limit
	scope   string // "send.number"
	subject string // keyed index
	own     bool   // it counts the one who is to be proved, not from where
}

// hits are the limits that an attempt runs into.
func (s *Service) hits(w Where, own hit, device, address hit) []hit {
	all := []hit{own}
	if w.Device != "" {
		device.subject = s.index("signin.device", w.Device)
		all = append(all, device)
	}
	if w.Address != "" {
		address.subject = s.index("signin.address", w.Address)
		all = append(all, address)
	}
	return all
}

// trying are the limits of an attempt to prove who one is; the own one is forgotten by proving it.
func (s *Service) trying(w Where, scope, subject string, own Limit) []hit {
	return s.hits(w, hit{limit: own, scope: scope, subject: subject, own: true}, hit{limit: s.set.TryDevice, scope: "try.device"}, hit{limit: s.set.TryAddress, scope: "try.address"})
}

// count counts an attempt before it is looked at, so that many at once are no way around. While one of its limits pauses the attempt is
// refused with signin.too_many and counts nothing.
func count(tx *store.Tx, all []hit) (refusal error, err error) {
	// Rows are locked in one order, whoever comes first.
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b hit) int { return cmp.Or(cmp.Compare(a.scope, b.scope), cmp.Compare(a.subject, b.subject)) })
	known := make([]counted, len(all))
	for i, h := range all {
		if known[i], err = lockCount(tx, h); err != nil {
			return nil, err
		}
		if known[i].hits > 0 && tx.Now().Sub(known[i].last) >= h.limit.Forget {
			known[i].hits = 0
		}
		if next := h.limit.next(known[i].hits, known[i].last); next.After(tx.Now()) && refusal == nil {
			refusal = tooMany(h.scope, next.Sub(tx.Now()))
		}
	}
	if refusal != nil {
		return refusal, nil
	}
	for i, h := range all {
		if err := saveCount(tx, h, known[i].hits+1); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// proved takes an attempt back that was right: the own limit begins anew, and the device's and the address's, which many share, have one less.
func proved(tx *store.Tx, all []hit) error {
	for _, h := range all {
		var err error
		if h.own {
			err = clearCount(tx, h.scope, h.subject)
		} else {
			err = uncount(tx, h)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
