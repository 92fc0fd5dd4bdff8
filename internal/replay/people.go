package replay

import (
	"slices"

	"timebank/internal/clock"
)

// person is somebody who registers. What the person is like besides is computed from its number: see names.go.
type person struct {
	born      int32 // days since 1900-01-01
	joined    tick
	community uint16
	serial    uint16 // the three digits of the identity number that tell apart who was born on one day in one district
	area      uint8  // index of the statutory district whose code the identity number begins with
}

// recipient is a person who asks for service.
type recipient struct {
	person   uint32
	applied  tick
	approved tick
	own      int32 // index of the volunteer that the same person is, -1 if none
	kin      int32 // index of the relative who may act for the recipient, -1 if none
	appetite uint8 // how often the recipient asks, 1 to 8
	phone    bool  // orders and confirms by phone; the station helps the others
	keyElder bool
}

// volunteer is a person who applies to serve; how far it gets is told by the ticks, never if it does not.
type volunteer struct {
	person    uint32
	own       int32 // index of the recipient that the same person is, -1 if none
	team      int16 // -1 if none
	session   int16 // number of the offline training session, -1 for a course online
	applied   tick
	first     tick // first review
	second    tick // second review
	studied   tick
	examined  tick
	certified tick // examined with a pass
	skilled   tick // when the courses of skills are passed, never without skills
	skills    uint8
	refusedAt uint8 // level of review that said no, 0 if none
	active    bool
}

// kin ties a recipient to a relative.
type kin struct {
	recipient uint32
	person    uint32
	volunteer int32 // index of the volunteer that the relative is, -1 if none
	agreed    tick
}

// team is a company, school or group of volunteers.
type team struct {
	manager uint32 // index of a volunteer
	since   tick
	number  int
}

// day1900 is the day that births are counted from.
const day1900 clock.Day = "1900-01-01"

func (p person) birth() clock.Day { return day1900.Add(int(p.born)) }

// The shares in thousandths of what happens to people (default: not published, chosen so that registered, certified and active differ as
// they do in reports).
const (
	refusedFirst  = 40  // of volunteers, at the first review
	refusedSecond = 20  // at the second
	stopped       = 200 // study and never pass
	activeShare   = 640 // of the certified
	dualShare     = 45  // of recipients are volunteers too
	phoneShare    = 640 // of recipients order by phone
	keyShare      = 120 // of recipients are key elders
	kinShare      = 75  // of recipients have a delegate
	kinVolunteers = 450 // of delegates are volunteers
	teamShare     = 40  // of active volunteers serve in a team
)

// skill is a course besides the induction that some services ask for.
type skill struct {
	course   string
	permille int // of active volunteers who take it
	minutes  int64
}

// skills are the courses that the default catalogue asks for.
var skills = []skill{{"bathing", 170, 180}, {"first_aid", 130, 120}, {"medical_escort", 220, 60}, {"listening", 110, 60}}

// society is everybody.
type society struct {
	persons    []person
	recipients []recipient // by approval
	volunteers []volunteer // by application
	kin        []kin
	teams      []team
	officials  []uint32 // persons: four of the city, then two of each district
	sessions   int
}

func newSociety(a *atlas, cal calendar, seed uint64, f Figures) *society {
	b := &breeder{society: &society{}, atlas: a, cal: cal, dice: newDice(seed, "people"), taken: map[uint64]bool{}}
	for i, p := range phases {
		n := f.Recipients - f.RecipientsOpening
		if i == 1 {
			n = f.RecipientsOpening
		}
		b.recipients(p, n, i == 1)
	}
	for i, p := range phases {
		n := f.Volunteers - f.VolunteersOpening
		if i == 1 {
			n = f.VolunteersOpening
		}
		b.volunteers(p, n, i == 1)
	}
	b.train(f)
	b.families()
	b.assemble()
	for range cityOfficials + districtOfficials*len(a.districts) {
		// They are registered when the city is set up.
		b.officials = append(b.officials, b.someone(never, 30, 55, a.pilots))
	}
	return b.society
}

// Officials who are persons, because two persons stand behind every act of theirs: two administrators and two reviewers of the city, an
// administrator and a reviewer of each district.
const (
	cityOfficials     = 4
	districtOfficials = 2
)

type breeder struct {
	*society
	atlas *atlas
	cal   calendar
	dice  dice
	taken map[uint64]bool
}

// someone adds a person who is of an age from young to old on the first day.
func (b *breeder) someone(joined tick, young, old, opening int) uint32 {
	first := b.cal.first.Sub(day1900)
	p := person{born: int32(first - b.dice.between(young*36525/100+1, old*36525/100)), joined: joined, community: uint16(b.dice.IntN(opening))}
	p.area = uint8(b.dice.IntN(areas))
	p.serial = uint16(b.dice.IntN(1000))
	for b.taken[p.key()] {
		p.serial = (p.serial + 1) % 1000
	}
	b.taken[p.key()] = true
	b.persons = append(b.persons, p)
	return uint32(len(b.persons) - 1)
}

// key is the same for two persons who would have the same identity number.
func (p person) key() uint64 { return uint64(p.area)<<48 | uint64(p.born)<<16 | uint64(p.serial) }

// places is how many communities take part in a period, of those that the atlas lists.
func (b *breeder) places(opening bool) int {
	if opening {
		return len(b.atlas.communities)
	}
	return b.atlas.pilots
}

// days returns the ticks at which n people register during a period, in order, none on its last days.
func (b *breeder) days(p phase, n, last int) []tick {
	ticks := make([]tick, 0, n)
	for d, k := range p.daily(n, p.joins, p.from, p.until-last, b.cal.first) {
		for range k {
			ticks = append(ticks, at(d, b.dice.between(8, 17)))
		}
	}
	slices.Sort(ticks)
	return ticks
}

func (b *breeder) recipients(p phase, n int, opening bool) {
	ages := [][2]int{{60, 70}, {70, 80}, {80, 90}, {90, 99}}
	appetites := []uint8{1, 1, 1, 2, 2, 4, 8}
	for _, t := range b.days(p, n, tail) {
		age := ages[b.dice.weighted([]int{25, 40, 30, 5})]
		who := b.someone(t, age[0], age[1], b.places(opening))
		r := recipient{person: who, applied: t, own: -1, kin: -1, appetite: appetites[b.dice.IntN(len(appetites))],
			phone: b.dice.permille(phoneShare), keyElder: b.dice.permille(keyShare)}
		// Approved at a home visit on one of the next days.
		r.approved = at(t.day()+b.dice.between(1, 3), b.dice.between(9, 16))
		b.society.recipients = append(b.society.recipients, r)
	}
	slices.SortStableFunc(b.society.recipients, func(x, y recipient) int { return int(x.approved - y.approved) })
}

func (b *breeder) volunteers(p phase, n int, opening bool) {
	ages := [][2]int{{18, 30}, {30, 50}, {50, 60}, {60, 70}, {70, 76}}
	// Recipients of the period who are young enough to serve as well, in the order of approval.
	var able []int
	for i, r := range b.society.recipients {
		if r.own < 0 && r.applied.day() >= p.from && b.age(r.person) < 72 && b.dice.permille(dualShare*2) {
			able = append(able, i)
		}
	}
	for _, t := range b.days(p, n, 0) {
		v := volunteer{own: -1, team: -1, session: -1, applied: t, first: never, second: never, studied: never, examined: never,
			certified: never, skilled: never}
		if len(able) > 0 && b.society.recipients[able[0]].approved <= t && b.dice.permille(80) {
			r := &b.society.recipients[able[0]]
			v.person, v.own = r.person, int32(able[0])
			r.own = int32(len(b.society.volunteers))
			able = able[1:]
		} else {
			age := ages[b.dice.weighted([]int{15, 30, 25, 25, 5})]
			v.person = b.someone(t, age[0], age[1], b.places(opening))
		}
		b.career(&v)
		b.society.volunteers = append(b.society.volunteers, v)
	}
}

func (b *breeder) age(person uint32) int {
	return (b.cal.first.Sub(day1900) - int(b.persons[person].born)) * 100 / 36525
}

// career decides how far a volunteer gets, up to the training.
func (b *breeder) career(v *volunteer) {
	v.first = at(v.applied.day()+1, b.dice.between(9, 11))
	if b.dice.permille(refusedFirst) {
		v.refusedAt = 1
		return
	}
	v.second = at(v.first.day()+b.dice.between(0, 1), b.dice.between(13, 16))
	if b.dice.permille(refusedSecond) {
		v.refusedAt = 2
		return
	}
	if b.dice.permille(stopped) {
		return
	}
	v.studied = at(v.second.day()+b.dice.between(1, 6), b.dice.between(13, 18))
}

// train puts the published number of attendances into the published number of offline sessions, the others online, and lets those who
// studied sit the exam.
func (b *breeder) train(f Figures) {
	var students []int
	for i := range b.society.volunteers {
		if b.society.volunteers[i].studied != never {
			students = append(students, i)
		}
	}
	slices.SortStableFunc(students, func(x, y int) int {
		return int(b.society.volunteers[x].studied - b.society.volunteers[y].studied)
	})
	// Nobody would wait for the last, unfilled session until the year is over: whoever studies late does it online.
	eligible := 0
	for eligible < len(students) && b.society.volunteers[students[eligible]].studied < at(allDays-8, 0) {
		eligible++
	}
	offline := min(f.TrainingAttendance, eligible)
	b.sessions = min(f.TrainingSessions, offline)
	filled := 0
	var room []int
	last := 0
	for i, s := range students[:eligible] {
		// Spread evenly: attendance number filled goes to the student at its share of all.
		if filled >= offline || (i+1)*offline/eligible == filled {
			continue
		}
		session := filled * b.sessions / offline
		if session != last {
			b.hold(room)
			room, last = room[:0], session
		}
		b.society.volunteers[s].session = int16(session)
		room = append(room, s)
		filled++
	}
	b.hold(room)
	end := at(allDays, 0)
	for i := range b.society.volunteers {
		v := &b.society.volunteers[i]
		if v.studied == never || v.studied >= end {
			v.studied = never
			continue
		}
		v.examined = v.studied + tick(b.dice.between(1, 3))
		v.certified = v.examined
		v.active = b.dice.permille(activeShare)
		if !v.active {
			continue
		}
		for k := range skills {
			if b.dice.permille(skills[k].permille) {
				v.skills |= 1 << k
			}
		}
		if v.skills != 0 {
			v.skilled = at(v.certified.day()+b.dice.between(1, 9), 10)
		}
	}
}

// hold lets everybody in the room attend one session: when the last of them has time.
func (b *breeder) hold(room []int) {
	latest := never
	for _, s := range room {
		latest = max(latest, b.society.volunteers[s].studied)
	}
	for _, s := range room {
		b.society.volunteers[s].studied = latest
	}
}

// families gives some recipients a delegate: a relative who only helps, or one who is a volunteer anywhere in the city.
func (b *breeder) families() {
	var helpers []int
	for i, v := range b.society.volunteers {
		if v.active && v.own < 0 && b.age(v.person) >= 30 && b.age(v.person) < 60 {
			helpers = append(helpers, i)
		}
	}
	b.dice.Shuffle(len(helpers), func(i, j int) { helpers[i], helpers[j] = helpers[j], helpers[i] })
	for i := range b.society.recipients {
		r := &b.society.recipients[i]
		if r.own >= 0 || !b.dice.permille(kinShare) {
			continue
		}
		k := kin{recipient: uint32(i), volunteer: -1, agreed: at(r.approved.day()+1, b.dice.between(9, 16))}
		if b.dice.permille(kinVolunteers) && len(helpers) > 0 {
			k.volunteer = int32(helpers[0])
			k.person = b.society.volunteers[helpers[0]].person
			helpers = helpers[1:]
			k.agreed = max(k.agreed, b.society.volunteers[k.volunteer].applied+1)
		} else {
			// A child is between 20 and 40 years younger and may live anywhere in the city.
			old := b.age(r.person)
			k.person = b.someone(r.approved, max(18, old-40), max(20, old-20), b.places(r.approved.day() >= pilotDays))
		}
		if k.agreed >= at(allDays, 0) {
			continue
		}
		r.kin = int32(len(b.kin))
		b.kin = append(b.kin, k)
	}
	for i := range b.society.volunteers {
		v := &b.society.volunteers[i]
		b.persons[v.person].joined = min(b.persons[v.person].joined, v.applied)
	}
}

// assemble forms teams of volunteers, each of one district, whose first certified member manages it.
func (b *breeder) assemble() {
	forming := map[string]int{}
	size := map[int]int{}
	for i := range b.society.volunteers {
		v := &b.society.volunteers[i]
		if !v.active || v.own >= 0 || !b.dice.permille(teamShare) {
			continue
		}
		d := b.atlas.streets[b.atlas.communities[b.persons[v.person].community].street].district
		t, ok := forming[d]
		if !ok || size[t] >= 20 {
			t = len(b.teams)
			forming[d] = t
			b.teams = append(b.teams, team{manager: uint32(i), since: v.certified + hoursPerDay, number: t})
		}
		size[t]++
		v.team = int16(t)
	}
}

// joinsTeam is when a member can serve in its team's name.
func (s *society) joinsTeam(v *volunteer) tick {
	if v.team < 0 {
		return never
	}
	return max(v.certified, s.teams[v.team].since) + 1
}
