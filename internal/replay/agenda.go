package replay

import "slices"

// step is a kind of act. Within an hour all acts of one kind come before those of the next, in the order of people or orders.
type step uint8

const (
	stepRegister step = iota
	stepApplyRecipient
	stepApprove
	stepApplyVolunteer
	stepFirstReview
	stepSecondReview
	stepStudy
	stepExam
	stepSkill
	stepKin
	stepTeam
	stepJoin
	stepPlace
	stepReview
	stepTake
	stepCheckOut // before the check-ins: who ends a visit on the hour may begin another
	stepCheckIn
	stepSlip // everything that a slip from paper says
	stepConfirm
	stepAct // what the fate of an order asks for
	stepDecide
	stepRate
	stepFollowUp // the station asks how it was
	stepComplain
	stepAnswer // of a complaint
	stepGift
	steps
)

// event is an act at a tick: the tick, the step and the index of a person or an order in one word, so that sorting puts them in the
// order in which they are done.
type event uint64

func newEvent(t tick, s step, index int) event { return event(t)<<40 | event(s)<<32 | event(index) }

func (e event) tick() tick { return tick(e >> 40) }
func (e event) step() step { return step(e >> 32) }
func (e event) index() int { return int(uint32(e)) }

// decideAfter is how many days a dispute or complaint waits for its decision.
const decideAfter = 2

// agenda lists everything that the plan wants done before its end.
func (p *plan) agenda() []event {
	n := len(p.persons) + 2*len(p.recipients) + 6*len(p.volunteers) + 8*len(p.visits) + len(p.gifts)
	list := make([]event, 0, n)
	add := func(t tick, s step, index int) {
		if t != never {
			list = append(list, newEvent(t, s, index))
		}
	}
	for i := range p.persons {
		add(p.persons[i].joined, stepRegister, i)
	}
	for i := range p.recipients {
		add(p.recipients[i].applied, stepApplyRecipient, i)
		add(p.recipients[i].approved, stepApprove, i)
	}
	for i := range p.volunteers {
		v := &p.volunteers[i]
		add(v.applied, stepApplyVolunteer, i)
		add(v.first, stepFirstReview, i)
		add(v.second, stepSecondReview, i)
		add(v.studied, stepStudy, i)
		add(v.examined, stepExam, i)
		add(v.skilled, stepSkill, i)
		add(p.joinsTeam(v), stepJoin, i)
	}
	for i := range p.kin {
		add(p.kin[i].agreed, stepKin, i)
	}
	for i := range p.teams {
		add(p.teams[i].since, stepTeam, i)
	}
	for i := range p.visits {
		v := &p.visits[i]
		add(v.place, stepPlace, i)
		add(v.review, stepReview, i)
		add(v.take, stepTake, i)
		if v.has(onPaper) {
			add(v.place, stepSlip, i)
		} else if v.fate.served() {
			add(v.start, stepCheckIn, i)
			add(v.end, stepCheckOut, i)
		}
		add(v.confirm, stepConfirm, i)
		add(v.act, stepAct, i)
		if v.has(isDisputed) || v.fate == overruled {
			add(at(v.act.day()+decideAfter, 10), stepDecide, i)
		}
		if v.fate == completed {
			after := v.end
			if v.confirm != never {
				after = v.confirm
			}
			if v.has(rated | ratedBack) {
				add(awake(after+4, after, after+24), stepRate, i)
			}
			if p.followedUp(i) {
				add(at(after.day()+4, 14), stepFollowUp, i)
			}
			if v.has(complained) && !v.has(isDisputed|isReversed) {
				add(at(after.day()+5, 10), stepComplain, i)
				add(at(after.day()+5+decideAfter, 11), stepAnswer, i)
			}
		}
	}
	for i := range p.gifts {
		add(p.gifts[i].at, stepGift, i)
	}
	slices.Sort(list)
	return list
}

// followUpShare is how many in a thousand of the visits that policy wants to be asked about are asked about (default: not published).
const followUpShare = 300

// followedUp reports whether the station asks about a visit: one placed by somebody else, which follow_up.proxy_all always draws.
func (p *plan) followedUp(i int) bool {
	v := &p.visits[i]
	return v.placer != bySelf && v.marks&(onPaper|isDisputed|isReversed|complained) == 0 && mix(p.seed, 5, uint64(i))%1000 < followUpShare
}

// settling is how many days after the last period the clock runs on, until whatever was done in it is paid.
const settling = 3

// end is the tick at which a replay stops.
func (p *plan) end() tick { return at(allDays+settling, 0) }
