package replay

import (
	"cmp"
	"errors"
	"slices"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/region"
)

// plan is a whole synthetic year: who there is, what they will do, and when. It is a pure function of its inputs.
type plan struct {
	*society
	figures  Figures
	seed     uint64
	cal      calendar
	atlas    *atlas
	services []service
	visits   []visit // in the order of placing
	gifts    []gift
}

// gift is a transfer of saved hours to kin, a volunteer's donation, or a team's.
type gift struct {
	at      tick
	kind    giftKind
	from    uint32 // index of a volunteer, or of a team
	to      uint32 // index of a kin tie, for a transfer
	minutes int64
}

type giftKind uint8

const (
	toKin giftKind = iota
	toPool
	teamToPool
)

// attempts is how many cities newPlan draws before it gives up. At a thousandth of the published size, where a few dozen volunteers
// serve a whole pilot, one draw in eighty leaves an order without anybody near it.
const attempts = 8

// newPlan plans a city of the scale. The same inputs give the same plan on every machine. The error is errPlan when no draw has room for
// every order.
func newPlan(scale float64, seed uint64, first clock.Day, regions region.Dataset, items []catalog.Spec, stories bool) (*plan, error) {
	for k := range uint64(attempts) {
		p, err := drawPlan(scale, seed+k<<32, first, regions, items, stories)
		if !errors.Is(err, errPlan) {
			return p, err
		}
	}
	return nil, errPlan
}

// drawPlan plans the one city of a seed, or returns errPlan if that has no room for an order.
func drawPlan(scale float64, seed uint64, first clock.Day, regions region.Dataset, items []catalog.Spec, stories bool) (*plan, error) {
	p := &plan{figures: Published.Scaled(scale), seed: seed, cal: calendar{first}}
	var err error
	if p.atlas, err = newAtlas(regions, p.figures, stories); err != nil {
		return nil, err
	}
	p.services = services(items)
	p.society = newSociety(p.atlas, p.cal, seed, p.figures)
	b := newScheduler(p.atlas, p.society, p.services, p.cal, seed)
	orders := [2]int{p.figures.Orders - p.figures.OrdersOpening, p.figures.OrdersOpening}
	for i := range phases {
		if err := b.run(phases[i], orders[i], p.cal); err != nil {
			return nil, err
		}
	}
	p.visits = b.visits
	if !balance(p.visits, p.services, p.figures.Minutes/quarter, newDice(seed, "minutes")) {
		return nil, errPlan
	}
	slices.SortStableFunc(p.visits, func(x, y visit) int { return cmp.Compare(x.place, y.place) })
	p.give()
	return p, nil
}

// balance changes the served time of completed orders, a quarter of an hour at a time and in a random order, until their
// volunteer-time is the wanted number of quarters. It keeps within the item's bounds as long as it can; then visits end early, but none
// lasts longer than was asked for. It is false when the sum cannot be reached.
func balance(visits []visit, services []service, want int64, d dice) bool {
	var order []int
	sum := int64(0)
	for i := range visits {
		if v := &visits[i]; v.fate == completed {
			order = append(order, i)
			sum += int64(v.served) * int64(v.volunteers())
		}
	}
	d.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	floor := func(s *service) uint8 { return uint8(s.shortest) }
	for range 64 {
		moved := false
		for _, i := range order {
			v := &visits[i]
			s := &services[v.item]
			n := int64(v.volunteers())
			switch {
			case sum == want:
				return true
			case sum > want && v.served > floor(s) && sum-n >= want:
				v.served--
				sum -= n
				moved = true
			case sum < want && v.served < v.planned && sum+n <= want:
				v.served++
				sum += n
				moved = true
			case sum < want && v.served < uint8(min(s.longest, 4*hoursOf(v.planned))) && sum+n <= want:
				// Whole hours are kept free in diaries, so a longer visit within the same hour clashes with nothing.
				v.served++
				v.planned = max(v.planned, v.served)
				sum += n
				moved = true
			}
		}
		if !moved {
			floor = func(*service) uint8 { return 1 }
		}
	}
	return sum == want
}

// Shares in thousandths of volunteers who give hours away.
const (
	donorShare = 15
	giftDays   = 14 // between rounds of gifts
)

// give plans transfers and donations out of what will surely be paid by then.
func (p *plan) give() {
	d := newDice(p.seed, "gifts")
	earned := make([]int64, len(p.volunteers))
	teams := make([]int64, len(p.teams))
	tie := make([]int32, len(p.volunteers))
	for i := range tie {
		tie[i] = -1
	}
	for i, k := range p.kin {
		if k.volunteer >= 0 {
			tie[k.volunteer] = int32(i)
		}
	}
	donates := make([]bool, len(p.volunteers))
	for i, v := range p.volunteers {
		donates[i] = v.own < 0 && tie[i] < 0 && d.permille(donorShare)
	}
	// By the time of service; what is disputed or taken back is not counted on.
	byService := make([]int, 0, len(p.visits))
	for i := range p.visits {
		if v := &p.visits[i]; v.fate == completed && !v.has(isDisputed|isReversed|complained) {
			byService = append(byService, i)
		}
	}
	slices.SortStableFunc(byService, func(x, y int) int { return cmp.Compare(p.visits[x].start, p.visits[y].start) })
	next := 0
	count := make([]uint8, len(p.volunteers))
	for day := lead + giftDays; day < allDays; day += giftDays {
		for ; next < len(byService) && p.visits[byService[next]].start < at(day-10, 0); next++ {
			v := &p.visits[byService[next]]
			for _, h := range v.helpers {
				switch {
				case h == nobody:
				case v.has(inTeam):
					teams[p.volunteers[h].team] += int64(v.served) * quarter
				default:
					earned[h] += int64(v.served) * quarter
				}
			}
		}
		for i := range p.volunteers {
			switch who := uint32(i); {
			case earned[i] < 60 || count[i] >= 3:
			case tie[i] >= 0 && p.kin[tie[i]].agreed < at(day, 0) && d.permille(400):
				m := earned[i] / 2 / quarter * quarter
				p.gifts = append(p.gifts, gift{at(day, d.between(9, 19)), toKin, who, uint32(tie[i]), m})
				earned[i] -= m
				count[i]++
			case donates[i] && d.permille(400):
				m := earned[i] / 2 / quarter * quarter
				p.gifts = append(p.gifts, gift{at(day, d.between(9, 19)), toPool, who, 0, m})
				earned[i] -= m
				count[i]++
			}
		}
		for i := range p.teams {
			if teams[i] >= 120 {
				p.gifts = append(p.gifts, gift{at(day, d.between(9, 17)), teamToPool, uint32(i), 0, teams[i]})
				teams[i] = 0
			}
		}
	}
}

// home is where a person lives.
func (p *plan) home(person uint32) region.Point {
	return p.atlas.home(int(p.persons[person].community), mix(p.seed, 4, uint64(person)))
}
