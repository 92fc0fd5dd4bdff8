package replay

import (
	"context"
	"strconv"
	"time"

	"timebank/internal/app"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
)

// driver carries out a plan. It keeps of each person and each open order what the next command needs, and nothing else.
type driver struct {
	*app.App
	fake     *clock.Fake
	plan     *plan
	scale    float64
	seed     uint64
	group    int
	progress func(done, total int)
	watch    stopwatch

	events []event
	next   int
	now    time.Time

	tree     *region.Tree
	places   []region.ID // by community of the atlas
	people   []known
	offices  []office            // by community
	city     [4]identity.Actor   // two administrators, two reviewers
	district map[string]district // by code of the reporting unit
	teams    []member.TeamID
	runs     []run              // by visit
	agreed   map[[2]uint32]bool // recipient and item: the agreement is signed
	// complaints are those that wait for an answer, by visit.
	complaints map[int]feedback.ComplaintID

	tally
}

// known is a registered person.
type known struct {
	person member.PersonID
	actor  identity.ActorID
}

// office is a community's service point and who works there: two at the desk, because who orders on behalf of somebody cannot confirm,
// and the manager.
type office struct {
	one, two, manager identity.Actor
}

// district is who decides in a district.
type district struct {
	administrator, reviewer identity.Actor
}

// run is how far an order has come.
type run struct {
	id    order.ID
	code  uint32
	waits bool // for review
	over  bool
}

func newDriver(cfg Config, p *plan, watch stopwatch) (*driver, error) {
	fake, ok := cfg.App.Clock.(*clock.Fake)
	if !ok {
		return nil, errClock
	}
	d := &driver{App: cfg.App, fake: fake, plan: p, scale: cfg.Scale, seed: cfg.Seed, group: cfg.Group, progress: cfg.Progress, watch: watch, events: p.agenda(),
		people: make([]known, len(p.persons)), teams: make([]member.TeamID, len(p.teams)), runs: make([]run, len(p.visits)),
		district: map[string]district{}, agreed: map[[2]uint32]bool{}, complaints: map[int]feedback.ComplaintID{},
		tally: tally{refused: map[string]int{}}}
	if d.group <= 0 {
		d.group = DefaultGroup
	}
	return d, nil
}

// day runs one civil day hour by hour, up to an end.
func (d *driver) day(ctx context.Context, day int, end tick) error {
	for t := at(day, 0); t < at(day+1, 0) && t < end; t++ {
		if err := d.hour(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// hour moves the clock, runs what is due, and then does what the plan wants in this hour, kind by kind.
func (d *driver) hour(ctx context.Context, t tick) error {
	d.now = d.plan.cal.time(t)
	d.fake.Set(d.now)
	begun := d.watch.now()
	if _, err := d.Timers.Run(ctx, d.now); err != nil {
		return err
	}
	d.ordersTook(begun)
	if t == at(pilotDays, 0) {
		// The whole city opens.
		if err := d.open(ctx, d.plan.atlas.pilots, len(d.places)); err != nil {
			return err
		}
	}
	if t.hour() == nightHour {
		if err := d.DB.Write(ctx, "replay.night", d.night); err != nil {
			return err
		}
	}
	for d.next < len(d.events) && d.events[d.next].tick() <= t {
		from, s := d.next, d.events[d.next].step()
		for d.next < len(d.events) && d.events[d.next].tick() <= t && d.events[d.next].step() == s {
			d.next++
		}
		if err := d.act(ctx, s, d.events[from:d.next]); err != nil {
			return err
		}
	}
	d.tell()
	return nil
}

// nightHour is when an installation does what it does once a day.
const nightHour = 3

// night forgets the idempotency keys whose time is over, as an installation does, and lets no message of a simulated day leave it.
func (d *driver) night(tx *store.Tx) error {
	if _, err := store.ForgetKeys(tx); err != nil {
		return err
	}
	n, err := store.DiscardEvents(tx)
	d.effects += int(n)
	return err
}

// act carries out acts of one kind.
func (d *driver) act(ctx context.Context, s step, events []event) error {
	acts := [steps]func(context.Context, []event) error{
		stepRegister: d.register, stepApplyRecipient: d.applyRecipients, stepApprove: d.approve, stepApplyVolunteer: d.applyVolunteers,
		stepFirstReview: d.firstReview, stepSecondReview: d.secondReview, stepStudy: d.study, stepExam: d.exam, stepSkill: d.learn,
		stepKin: d.kin, stepTeam: d.team, stepJoin: d.join,
		stepPlace: d.place, stepReview: d.review, stepTake: d.take, stepCheckOut: d.checkOut, stepCheckIn: d.checkIn, stepSlip: d.slip,
		stepConfirm: d.confirm, stepAct: d.end, stepDecide: d.decide,
		stepRate: d.rate, stepFollowUp: d.followUp, stepComplain: d.complain, stepAnswer: d.answer, stepGift: d.give,
	}
	begun := d.watch.now()
	err := acts[s](ctx, events)
	if s >= stepPlace && s <= stepDecide {
		d.ordersTook(begun)
	}
	return err
}

// batch gives commands to a use-case in groups and hands each value on. A refusal is counted; a failure of all ends the run.
func batch[C, R any](ctx context.Context, d *driver, cmds []C, do func(context.Context, []C) ([]identity.Result[R], error), then func(i int, value R)) error {
	for from := 0; from < len(cmds); from += d.group {
		to := min(from+d.group, len(cmds))
		out, err := do(ctx, cmds[from:to])
		if err != nil {
			return err
		}
		d.commands += len(out)
		for i, r := range out {
			switch {
			case errs.KindOf(r.Err) == errs.Unavailable:
				return r.Err
			case r.Err != nil:
				d.refuse(cmds[from+i], r.Err)
			case then != nil:
				then(from+i, r.Value)
			}
		}
	}
	return nil
}

// staff returns a member of staff as it acts now.
func (d *driver) staff(a identity.Actor) identity.Actor {
	a.At = d.now
	return a
}

// citizen returns a person as it acts now.
func (d *driver) citizen(person uint32) identity.Actor {
	who := d.people[person]
	return identity.Actor{ID: string(who.actor), Person: string(who.person), At: d.now, Origin: origin}
}

// origin is what the audit trail says of everything that the replay does.
const origin = "replay"

func (d *driver) id(person uint32) member.PersonID { return d.people[person].person }

// office returns the service point of a person's community.
func (d *driver) office(person uint32) *office { return &d.offices[d.plan.persons[person].community] }

func (d *driver) districtOf(person uint32) district {
	a := d.plan.atlas
	return d.district[a.streets[a.communities[d.plan.persons[person].community].street].district]
}

// key is an idempotency key: the step and the number of what it is about, which no two commands of the plan share.
func key(s string, index int) string { return s + ":" + strconv.Itoa(index) }
