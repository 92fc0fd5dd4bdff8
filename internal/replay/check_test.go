package replay

import (
	"fmt"

	"timebank/internal/region"
)

// check recomputes, by other means than the scheduler, every rule whose breach a use-case would refuse. It returns the first breach in
// words, or "".
func (p *plan) check() string {
	busy := map[uint32]map[tick]int{}
	day := map[string]int{}
	pair := map[string]int{}
	missedBy := map[uint32]int{}
	boundary := at(pilotDays, 0)
	for i := range p.visits {
		v := &p.visits[i]
		bad := func(format string, args ...any) string {
			return fmt.Sprintf("visit %d %+v of %s: %s", i, *v, p.services[v.item].code, fmt.Sprintf(format, args...))
		}
		s, r := &p.services[v.item], &p.recipients[v.recipient]
		paper := v.has(onPaper)
		if i > 0 && p.visits[i-1].place > v.place {
			return bad("out of order")
		}
		if r.approved >= v.place {
			return bad("placed before the recipient is approved at %d", r.approved)
		}
		if !paper && v.start < v.place || paper && v.start >= v.place {
			return bad("starts on the wrong side of its placing")
		}
		if int(v.planned) < s.shortest || int(v.planned) > min(s.longest, 240/quarter) {
			return bad("has the wrong length")
		}
		if h := v.start.hour(); h < s.from || h*4+int(v.planned) > s.until*4 {
			return bad("lies outside the item's hours %d to %d", s.from, s.until)
		}
		if v.review < v.place || v.review > max(v.start, v.place) {
			return bad("reviewed at the wrong time")
		}
		if h := v.review.hour(); h < deskOpens || h > deskCloses {
			return bad("reviewed when the desk is closed")
		}
		if v.placer == byStation && (v.place.hour() < deskOpens || v.place.hour() > deskCloses) {
			return bad("placed when the desk is closed")
		}
		if v.placer == byKin && (r.kin < 0 || p.kin[r.kin].agreed >= v.place) {
			return bad("placed by kin who is no delegate")
		}
		if (v.place < boundary) != (v.start < boundary) && v.fate == completed {
			return bad("is completed across the boundary")
		}
		wants := 0
		if v.take != never {
			wants = s.volunteers
			if v.take < v.review || !paper && v.take > v.start {
				return bad("taken at the wrong time")
			}
		}
		if v.volunteers() != wants {
			return bad("has the wrong number of volunteers")
		}
		for k, h := range v.helpers {
			if h == nobody {
				continue
			}
			who := &p.volunteers[h]
			switch {
			case k == 1 && h == v.helpers[0]:
				return bad("has one volunteer twice")
			case who.person == r.person:
				return bad("served by oneself")
			case who.certified == never || who.certified >= min(v.take, v.start):
				return bad("served by who was certified at %d", who.certified)
			case s.skill >= 0 && (who.skills&(1<<s.skill) == 0 || who.skilled >= min(v.take, v.start)):
				return bad("served without the course")
			case r.kin >= 0 && p.kin[r.kin].person == who.person:
				return bad("served by the delegate")
			}
			a, b := p.home(who.person), p.home(r.person)
			if d := region.DistanceMetres(a, b); d > 3000 {
				return bad("served from %d m away", d)
			}
			if busy[h] == nil {
				busy[h] = map[tick]int{}
			}
			for t := v.start; t < v.start+tick(hoursOf(v.planned)); t++ {
				if other, taken := busy[h][t]; taken {
					return bad("volunteer %d serves visit %d then", h, other)
				}
				busy[h][t] = i
			}
			d := p.cal.first.Add(v.start.day())
			dayKey, pairKey := fmt.Sprint(h, d), fmt.Sprint(h, v.recipient, d.Month())
			day[dayKey] += int(v.planned) * quarter
			pair[pairKey] += int(v.planned) * quarter
			if day[dayKey] > 480 || pair[pairKey] > 1200 {
				return bad("%d minutes in a day, %d in a pair's month", day[dayKey], pair[pairKey])
			}
			if v.fate == missed {
				if missedBy[h]++; missedBy[h] > 2 {
					return bad("a third no-show")
				}
			}
		}
		if v.fate.served() {
			if v.served < 1 || v.served > v.planned {
				return bad("served for the wrong time")
			}
			if v.end*4 < v.start*4+tick(v.served) {
				return bad("checked out before it ended")
			}
			// Paid three days after the end at most when only time confirms, and within the period.
			paid := v.end + 72
			if v.confirm != never {
				paid = v.confirm + 24
			}
			if v.confirm != never && v.confirm < v.end {
				return bad("confirmed before it ended")
			}
			if v.has(isDisputed) || v.fate == overruled {
				if v.act < v.confirm || v.act >= v.confirm+24 {
					return bad("disputed at the wrong time")
				}
				paid += 5 * 24
			}
			if v.fate == completed && (v.start < boundary && paid >= boundary || paid >= at(allDays, 0)) {
				return bad("paid after its period")
			}
			if v.has(isReversed) && v.act <= paid {
				return bad("taken back before it is paid")
			}
		} else if v.act < v.place || v.fate != missed && v.fate != unfilledFund && v.act > v.start {
			return bad("ends at the wrong time")
		}
	}
	return p.checkGifts()
}

// checkGifts makes sure that nobody gives away more than was paid for certain.
func (p *plan) checkGifts() string {
	type earning struct {
		at      tick
		minutes int64
	}
	byVolunteer, byTeam := map[uint32][]earning{}, map[uint32][]earning{}
	for _, v := range p.visits {
		if v.fate != completed || v.has(isDisputed|isReversed|complained) {
			continue
		}
		paid := v.end + 72
		if v.confirm != never {
			paid = v.confirm + 24
		}
		for _, h := range v.helpers {
			switch {
			case h == nobody:
			case v.has(inTeam):
				byTeam[uint32(p.volunteers[h].team)] = append(byTeam[uint32(p.volunteers[h].team)], earning{paid, int64(v.served) * quarter})
			default:
				byVolunteer[h] = append(byVolunteer[h], earning{paid, int64(v.served) * quarter})
			}
		}
	}
	for _, g := range p.gifts {
		list := byVolunteer
		if g.kind == teamToPool {
			list = byTeam
		}
		have := int64(0)
		for _, e := range list[g.from] {
			if e.at < g.at {
				have += e.minutes
			}
		}
		if have < g.minutes || g.minutes <= 0 {
			return fmt.Sprintf("gift %+v of %d minutes", g, have)
		}
		list[g.from] = append(list[g.from], earning{g.at - 1, -g.minutes})
		if g.kind != teamToPool && p.volunteers[g.from].own >= 0 {
			return fmt.Sprintf("gift %+v by who spends saved hours itself", g)
		}
	}
	return ""
}
