package replay

import (
	"context"
	"fmt"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/region"
)

// Account is somebody whom a demo can act as.
type Account struct {
	Story int              `json:"story,omitempty"` // of the product's three stories, 0 for none
	Name  string           `json:"name,omitempty"`
	Role  string           `json:"role"`
	About string           `json:"about,omitempty"`
	Actor identity.ActorID `json:"actor"`
}

// The demo's year is moved so that it ends now: in the last days of the opening, while orders are still open. The people of the stories
// join storyDays before.
const (
	demoLast  = allDays - 8
	storyDays = 36
)

// Demo fills an installation as [Run] needs it with a city whose year ends at now, tells the three stories of the product in it, and
// returns whom one can act as. What was refused although the plan did not expect it is returned too.
func Demo(ctx context.Context, cfg Config, now time.Time) (accounts []Account, refused []string, err error) {
	today := clock.DayOf(now)
	p, err := newPlan(cfg.Scale, cfg.Seed, today.Add(-demoLast), region.Nanjing(), catalog.Default(), true)
	if err != nil {
		return nil, nil, err
	}
	d, err := newDriver(cfg, p, stopwatch{clock.System()})
	if err != nil {
		return nil, nil, err
	}
	if err := d.all(ctx, at(demoLast-storyDays, 0)); err != nil {
		return nil, nil, err
	}
	end := at(demoLast, int(now.Sub(today.Start())/time.Hour)+1)
	s := &stories{driver: d, end: end}
	for day := demoLast - storyDays; day <= demoLast; day++ {
		if err := d.DB.Together(ctx, func(ctx context.Context) error { return s.day(ctx, day) }); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", p.cal.first.Add(day), err)
		}
		if _, err := d.Sequence(ctx); err != nil {
			return nil, nil, err
		}
	}
	if d.progress != nil {
		d.progress(len(d.events), len(d.events))
	}
	return append(s.cast(), d.officers()...), d.firstWords, nil
}

// officers are who works in the city's and one district's offices and at one service point.
func (d *driver) officers() []Account {
	name := func(n int) string { i := d.plan.officials[n]; return d.plan.persons[i].name(d.plan.seed, i) }
	list := []Account{
		{Name: name(0), Role: "city administrator", About: "proposes rules, grants and corrections", Actor: identity.ActorID(d.city[0].ID)},
		{Name: name(1), Role: "city administrator", About: "the second person", Actor: identity.ActorID(d.city[1].ID)},
		{Name: name(2), Role: "city reviewer", About: "approves, decides last", Actor: identity.ActorID(d.city[2].ID)},
	}
	for i, code := range d.plan.atlas.districts {
		if code == qixia {
			n := cityOfficials + districtOfficials*i
			list = append(list,
				Account{Name: name(n), Role: "district administrator", About: "Qixia", Actor: identity.ActorID(d.district[code].administrator.ID)},
				Account{Name: name(n + 1), Role: "district reviewer", About: "Qixia: second review, disputes", Actor: identity.ActorID(d.district[code].reviewer.ID)})
		}
	}
	return list
}

// day is a civil day of the city with what the stories add to it.
func (s *stories) day(ctx context.Context, day int) error {
	for t := at(day, 0); t < at(day+1, 0) && t < s.end; t++ {
		if err := s.hour(ctx, t); err != nil {
			return err
		}
		if err := s.tell(ctx, day-(demoLast-storyDays), t); err != nil {
			return err
		}
	}
	return nil
}
