package replay

import (
	"cmp"
	"errors"
	"slices"
	"sort"
)

// Shares in thousandths of the orders besides the completed ones, and of what happens on the way (default: not published).
const (
	cancelledShare = 66 // of completed orders, besides them
	unfilledShare  = 33
	overruledShare = 1

	paperShare     = 10 // of completed orders
	disputedShare  = 3
	reversedShare  = 1
	complaintShare = 5
	ratedShare     = 250
	ratedBackShare = 100
	timeOutShare   = 130
	nearShare      = 80 // are served by a volunteer from another street within reach
	promptShare    = 700
)

// Limits of the default policy that the plan keeps: minutes of a volunteer's day and of a pair's month, in quarters.
const (
	mostPerDay  = 480 / quarter
	mostPerPair = 1200 / quarter
)

// Hours in which people act.
const (
	deskOpens, deskCloses   = 8, 18
	phoneOpens, phoneCloses = 7, 21
)

// stint is a piece of a volunteer's diary.
type stint struct {
	from      tick
	hours     uint8
	planned   uint8
	recipient uint32
}

// pool is volunteers in the order in which they become ready.
type pool struct {
	who   []uint32
	ready []tick
}

// before is how many are ready before t.
func (p *pool) before(t tick) int {
	return sort.Search(len(p.ready), func(i int) bool { return p.ready[i] >= t })
}

// scheduler makes visits. Everything that a use-case would refuse is avoided here, on the same rules.
type scheduler struct {
	*society
	atlas    *atlas
	services []service
	weights  []int
	dice     dice
	month    []int16 // civil month by day
	pools    []pool  // of all active volunteers, by street
	skilled  [][]pool
	diary    [][]stint
	missedBy map[uint32]bool
	busy     map[uint64]bool // recipient and day
	visits   []visit
}

var errPlan = errors.New("replay: the plan has no room for an order; the scale is too small for its figures")

func newScheduler(a *atlas, s *society, services []service, cal calendar, seed uint64) *scheduler {
	b := &scheduler{society: s, atlas: a, services: services, dice: newDice(seed, "visits"), diary: make([][]stint, len(s.volunteers)),
		missedBy: map[uint32]bool{}, busy: map[uint64]bool{}}
	for _, one := range services {
		b.weights = append(b.weights, one.weight)
	}
	for d := range allDays + hoursPerDay {
		day := cal.first.Add(d)
		t := day.Start().AddDate(0, 0, 1)
		b.month = append(b.month, int16(t.Year()*12+int(t.Month())-1))
	}
	b.gather()
	return b
}

// gather fills the pools.
func (b *scheduler) gather() {
	order := make([]uint32, 0, len(b.volunteers))
	for i, v := range b.volunteers {
		if v.active {
			order = append(order, uint32(i))
		}
	}
	slices.SortStableFunc(order, func(x, y uint32) int { return cmp.Compare(b.volunteers[x].certified, b.volunteers[y].certified) })
	b.pools = make([]pool, len(b.atlas.streets))
	for _, i := range order {
		p := &b.pools[b.streetOf(b.volunteers[i].person)]
		p.who, p.ready = append(p.who, i), append(p.ready, b.volunteers[i].certified)
	}
	slices.SortStableFunc(order, func(x, y uint32) int { return cmp.Compare(b.volunteers[x].skilled, b.volunteers[y].skilled) })
	b.skilled = make([][]pool, len(skills))
	for k := range skills {
		b.skilled[k] = make([]pool, len(b.atlas.streets))
		for _, i := range order {
			if v := &b.volunteers[i]; v.skills&(1<<k) != 0 {
				p := &b.skilled[k][b.streetOf(v.person)]
				p.who, p.ready = append(p.who, i), append(p.ready, v.skilled)
			}
		}
	}
}

func (b *scheduler) streetOf(person uint32) int {
	return b.atlas.communities[b.persons[person].community].street
}

// run plans every order of a period.
func (b *scheduler) run(p phase, n int, cal calendar) error {
	first := p.from
	if p.from == 0 {
		first += lead
	}
	count := func(permille int) int { return (n*permille + 500) / 1000 }
	unfilled := count(unfilledShare)
	plan := []struct {
		fates []fate
		n     int
	}{
		{[]fate{completed}, n},
		{[]fate{cancelledEarly, cancelledLate, cancelledEarly, withdrawn, cancelledLate, cancelledEarly, missed, cancelledEarly, rejected, cancelledLate}, count(cancelledShare)},
		{[]fate{unfilledFund, unfilledDropped, unfilledDropped}, unfilled},
		{[]fate{overruled}, count(overruledShare)},
	}
	days := make([][]fate, p.until)
	for _, part := range plan {
		k := 0
		for d, m := range p.daily(part.n, p.orders, first, p.until-tail, cal.first) {
			for range m {
				days[d] = append(days[d], part.fates[k%len(part.fates)])
				k++
			}
		}
	}
	var carried []fate
	for d := first; d < p.until-tail; d++ {
		// What found no room yesterday is tried first.
		today := append(carried, days[d]...)
		carried = nil
		for _, f := range today {
			if !b.add(f, d, p) {
				carried = append(carried, f)
			}
		}
	}
	for _, f := range carried {
		if !b.addAnywhere(f, first, p) {
			return errPlan
		}
	}
	return nil
}

// addAnywhere looks for room on any day of the period.
func (b *scheduler) addAnywhere(f fate, first int, p phase) bool {
	for d := p.until - tail - 1; d >= first; d-- {
		if b.add(f, d, p) {
			return true
		}
	}
	return false
}

const tries = 60

// add plans one order of the fate for the day, and is false if there was no room in a number of tries.
func (b *scheduler) add(f fate, day int, p phase) bool {
	known := sort.Search(len(b.recipients), func(i int) bool { return b.recipients[i].approved >= at(day, 0) })
	if known == 0 {
		return false
	}
	for range tries {
		v := visit{recipient: uint32(b.dice.IntN(known)), fate: f, helpers: [2]uint32{nobody, nobody}, review: never, take: never, end: never,
			confirm: never, act: never, taking: notAtAll}
		if int(b.recipients[v.recipient].appetite) <= b.dice.IntN(8) || b.busy[b.key(v.recipient, day)] {
			continue
		}
		if b.shape(&v, day, p) && b.time(&v, day, p) && b.man(&v) && b.finish(&v, p) {
			b.book(&v)
			return true
		}
	}
	return false
}

func (b *scheduler) key(recipient uint32, day int) uint64 { return uint64(recipient)<<16 | uint64(day) }

// shape chooses the item, its length, who places it and how it goes.
func (b *scheduler) shape(v *visit, day int, p phase) bool {
	r := &b.recipients[v.recipient]
	v.item = uint8(b.dice.weighted(b.weights))
	s := &b.services[v.item]
	q := s.shortest + []int{0, 1, 2, 4}[b.dice.weighted([]int{84, 10, 4, 2})]
	v.served = uint8(min(q, s.longest))
	v.planned = v.served
	if !v.fate.served() {
		v.served = 0
	}
	switch {
	case r.kin >= 0 && b.kin[r.kin].agreed < at(day-5, 0) && b.dice.permille(750):
		v.placer = byKin
	case !r.phone:
		v.placer = byStation
	}
	if v.fate != completed {
		return true
	}
	inTime := day < p.until-12
	switch {
	case b.dice.permille(paperShare) && inTime && !s.urgentOnly && !s.agreement:
		v.marks |= onPaper
		v.placer = byStation
	case b.dice.permille(disputedShare) && inTime:
		v.marks |= isDisputed
	case b.dice.permille(reversedShare) && inTime:
		v.marks |= isReversed
	}
	for _, m := range []struct {
		share int
		mark  uint8
	}{{complaintShare, complained}, {ratedShare, rated}, {ratedBackShare, ratedBack}} {
		if b.dice.permille(m.share) {
			v.marks |= m.mark
		}
	}
	return true
}

// hoursOf is how many whole hours of a diary quarters take.
func hoursOf(quarters uint8) int { return (int(quarters) + 3) / 4 }

// time chooses when it is placed, looked at and served.
func (b *scheduler) time(v *visit, day int, p phase) bool {
	s := &b.services[v.item]
	last := s.until - hoursOf(v.planned)
	if last < s.from {
		return false
	}
	// Two draws: most visits lie in the middle of the day.
	v.start = at(day, (b.dice.between(s.from, last)+b.dice.between(s.from, last))/2)
	opens, closes := phoneOpens, phoneCloses
	if v.placer == byStation {
		opens, closes = deskOpens, deskCloses
	}
	back := []int{0, 1, 2, 3, 4}[b.dice.weighted([]int{20, 45, 18, 10, 7})]
	switch {
	case v.has(onPaper):
		// The slip reaches the station on one of the next days.
		v.place = at(day+b.dice.between(1, 2), b.dice.between(9, 16))
		v.review = v.place
		return true
	case v.fate == unfilledFund || v.fate == unfilledDropped:
		back = b.dice.between(2, 3)
		closes = 11
	case s.urgentOnly:
		back = 0
	}
	if back == 0 {
		if v.start.hour()-1 < opens {
			return false
		}
		v.place = at(day, b.dice.between(opens, min(closes, v.start.hour()-1)))
		if s.urgentOnly && b.dice.permille(400) && v.start.hour() <= deskCloses {
			v.place = v.start
			v.marks |= atOnce
		}
	} else {
		v.place = at(day-back, b.dice.between(opens, closes))
	}
	if v.place < at(p.from, 0) || v.place <= b.recipients[v.recipient].approved {
		return false
	}
	v.review = v.place
	switch h := v.place.hour(); {
	case h < deskOpens:
		v.review = at(v.place.day(), deskOpens)
	case h > deskCloses:
		v.review = at(v.place.day()+1, deskOpens)
	}
	return v.review <= v.start
}

// man finds the volunteers and says when and how they take the order.
func (b *scheduler) man(v *visit) bool {
	switch v.fate {
	case cancelledEarly, rejected, unfilledFund, unfilledDropped:
		return true
	}
	v.take, v.taking = v.review, claims
	if v.has(onPaper) {
		v.taking = isAgreed
	} else if !b.dice.permille(promptShare) {
		later := v.review + tick(b.dice.between(1, 6))
		if h := later.hour(); later < v.start && h >= phoneOpens && h <= phoneCloses {
			v.take = later
			// Nobody has come forward: the station looks for somebody.
			if h >= deskOpens && h <= deskCloses {
				v.taking = taking(b.dice.weighted([]int{40, 33, 27}))
			}
		}
	}
	s := &b.services[v.item]
	street := b.streetOf(b.recipients[v.recipient].person)
	if near := b.atlas.streets[street].near; len(near) > 0 && b.dice.permille(nearShare) {
		street = near[b.dice.IntN(len(near))]
	}
	from := &b.pools[street]
	if s.skill >= 0 {
		from = &b.skilled[s.skill][street]
	}
	// A slip is keyed in later, but who served must have been certified when it was served.
	n := from.before(min(v.take, v.start))
	for i := range s.volunteers {
		h := b.helper(v, from, n)
		if h == nobody {
			return false
		}
		v.helpers[i] = h
	}
	if who := &b.volunteers[v.helpers[0]]; s.volunteers == 1 && who.team >= 0 && b.joinsTeam(who) < v.take && v.fate == completed {
		v.marks |= inTeam
	}
	return true
}

// helper finds a volunteer among the first n of a pool who is free, or nobody.
func (b *scheduler) helper(v *visit, from *pool, n int) uint32 {
	if n == 0 {
		return nobody
	}
	// Some are asked far more often than others: the product of two draws leans to one end.
	k := b.dice.IntN(n)
	for range min(n, 24) {
		if h := from.who[k]; b.free(h, v) {
			return h
		}
		k = (k + 1 + b.dice.IntN(max(1, n/8))) % n
	}
	return nobody
}

// free reports whether the volunteer may serve: not oneself, not twice, nothing else at that time, and within the limits.
func (b *scheduler) free(h uint32, v *visit) bool {
	if h == v.helpers[0] || b.volunteers[h].own == int32(v.recipient) || v.fate == missed && b.missedBy[h] {
		return false
	}
	if r := &b.recipients[v.recipient]; r.kin >= 0 && b.kin[r.kin].volunteer == int32(h) {
		return false // a delegate cannot confirm its own service
	}
	from, to := v.start, v.start+tick(hoursOf(v.planned))
	day, pair := int(v.planned), int(v.planned)
	for _, s := range b.diary[h] {
		if s.from < to && from < s.from+tick(s.hours) {
			return false
		}
		if s.from.day() == from.day() {
			day += int(s.planned)
		}
		if s.recipient == v.recipient && b.month[s.from.day()] == b.month[from.day()] {
			pair += int(s.planned)
		}
	}
	return day <= mostPerDay && pair <= mostPerPair
}

// finish says how the order ends.
func (b *scheduler) finish(v *visit, p phase) bool {
	switch v.fate {
	case cancelledEarly:
		v.act = min(v.review+tick(b.dice.between(0, 3)), v.start)
	case rejected:
		v.act = v.review
	case cancelledLate, withdrawn:
		v.act = min(v.take+tick(b.dice.between(1, 20)), v.start-1)
		if v.act <= v.take {
			return false
		}
		v.act = awake(v.act, v.take, v.start-1)
	case missed:
		v.act = v.start + 1
	case unfilledFund:
		v.act = at(v.start.day()+1, b.dice.between(9, 16))
	case unfilledDropped:
		v.act = awake(v.place+tick(b.dice.between(3, 20)), v.place, v.start)
	case completed, overruled:
		b.confirm(v, p)
	}
	return true
}

// awake moves a tick out of the night, within bounds.
func awake(t, after, until tick) tick {
	if h := t.hour(); h < phoneOpens {
		t += tick(phoneOpens - h)
	} else if h > phoneCloses {
		t -= tick(h - phoneCloses)
	}
	return max(after, min(t, until))
}

// confirm says who confirms a service and when, and what comes after it.
func (b *scheduler) confirm(v *visit, p phase) {
	v.end = v.start + tick(hoursOf(v.served))
	sent := v.end
	if v.has(onPaper) {
		v.end, sent = v.place, v.place
	}
	r := &b.recipients[v.recipient]
	switch {
	case v.has(onPaper) && b.dice.permille(500):
		v.confirmBy = followUp
		v.confirm = at(sent.day()+3, b.dice.between(9, 16))
	case b.dice.permille(timeOutShare) && !v.has(onPaper|isDisputed) && v.fate == completed:
		v.confirmBy = timeConfirms
	case v.placer == byKin:
		v.confirmBy, v.confirm = kinConfirms, sent
	case r.phone && !v.has(onPaper):
		v.confirmBy, v.confirm = selfConfirms, sent
	default:
		v.confirmBy, v.confirm = deskConfirms, sent
	}
	if v.confirm == sent && b.dice.permille(350) {
		opens, closes := phoneOpens, phoneCloses
		if v.confirmBy == deskConfirms {
			opens, closes = deskOpens, deskCloses
		}
		next := sent + tick(b.dice.between(1, 20))
		if h := next.hour(); h >= opens && h <= closes {
			v.confirm = next
		}
	}
	switch {
	case v.has(isDisputed) || v.fate == overruled:
		// Before it is paid, a day after the confirmation.
		v.act = v.confirm + tick(b.dice.between(1, 20))
	case v.has(isReversed):
		v.act = at(v.start.day()+b.dice.between(7, 9), b.dice.between(9, 16))
	}
}

// book writes the visit into the plan and the diaries.
func (b *scheduler) book(v *visit) {
	b.busy[b.key(v.recipient, v.start.day())] = true
	for _, h := range v.helpers {
		if h == nobody {
			continue
		}
		b.diary[h] = append(b.diary[h], stint{from: v.start, hours: uint8(hoursOf(v.planned)), planned: v.planned, recipient: v.recipient})
		if v.fate == missed {
			b.missedBy[h] = true
		}
	}
	b.visits = append(b.visits, *v)
}
