package privacy

import (
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// TimerRetention is the kind of the daily timer that erases those whose records need not be kept any longer.
const TimerRetention = "privacy.retention"

// eraseMost bounds what one day erases, so that the first day after a long pause does not keep others waiting.
const eraseMost = 200

// ScheduleDaily makes retention run in the coming night; it goes on by itself.
func (s *Service) ScheduleDaily(tx *store.Tx) error {
	return timer.Set(tx, timer.Timer{Kind: TimerRetention, Ref: "city", Due: clock.DayOf(tx.Now()).Add(1).Start().Add(4 * time.Hour)})
}

// retentionDue lets each room destroy what its own rules end, and erases people who left or died more than the years of retention.records_years
// ago. One with something still open is left for another day: an office sees to it. Evidence has its own days, which the orders' daily timer keeps.
func (s *Service) retentionDue(tx *store.Tx, due []timer.Timer) ([]error, error) {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return nil, err
	}
	view, err := s.policies.View(tx)
	if err != nil {
		return nil, err
	}
	rules, err := view.At(tx.Now(), []string{string(tree.City())})
	if err != nil {
		return nil, err
	}
	for _, part := range s.parts {
		if part.Retain == nil {
			continue
		}
		if err := part.Retain(tx, rules); err != nil {
			return nil, err
		}
	}
	until := clock.DayOf(tx.Now().In(clock.Zone).AddDate(-rules.RetentionRecordsYears, 0, 0))
	for after, done := member.PersonID(""), 0; done < eraseMost; {
		page, err := member.ToErase(tx, until, after, eraseMost)
		if err != nil {
			return nil, err
		}
		for _, id := range page {
			after = id
			who, p, err := subject(tx, id)
			if err == nil {
				err = s.eraseIn(tx, who, p, identity.System)
			}
			if err == nil {
				done++
			} else if errs.KindOf(err) != errs.Refused {
				return nil, err
			}
		}
		if len(page) < eraseMost {
			break
		}
	}
	return make([]error, len(due)), s.ScheduleDaily(tx)
}
