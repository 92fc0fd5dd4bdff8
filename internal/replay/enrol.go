package replay

import (
	"context"
	"strconv"

	"timebank/internal/clock"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/training"
)

// registration is how a person is registered: by the desk of its community, or by the system when there is none yet.
func (d *driver) registration(i uint32) member.RegisterCmd {
	p := &d.plan.persons[i]
	home := d.plan.home(i)
	c := member.RegisterCmd{Actor: d.system(), Key: "", Name: p.name(d.plan.seed, i), IDNumber: p.idNumber(), Phone: p.phone(d.plan.seed, i),
		Address: p.address(d.plan.seed, i, d.plan.atlas), Region: d.places[p.community], Point: &home,
		Consents: []member.Purpose{member.PurposeIdentity, member.PurposeLocation}}
	if len(d.offices) > 0 {
		c.Actor, c.Key = d.staff(d.office(i).one), key("register", int(i))
	}
	return c
}

func (d *driver) register(ctx context.Context, events []event) error {
	cmds := make([]member.RegisterCmd, len(events))
	for n, e := range events {
		cmds[n] = d.registration(uint32(e.index()))
	}
	return batch(ctx, d, cmds, d.Members.RegisterPersons, func(n int, r member.Registered) {
		d.people[events[n].index()] = known{r.Person, r.Actor}
	})
}

// attributes are what makes a recipient a key elder, or not one at any age.
func (d *driver) attributes(i int) member.Attributes {
	r := &d.plan.recipients[i]
	h := mix(d.plan.seed, 6, uint64(i))
	age := clock.AgeAt(d.plan.persons[r.person].birth(), clock.DayOf(d.now))
	switch {
	case !r.keyElder && h%10 < 3:
		return member.Attributes{LivesAlone: true, ChildrenNear: true}
	case !r.keyElder:
		return member.Attributes{ChildrenNear: h%2 == 0}
	case h%10 < 2:
		return member.Attributes{RuralLeftBehind: true}
	case age >= 80:
		return member.Attributes{LivesAlone: true}
	case h%2 == 0:
		return member.Attributes{LivesAlone: true, Allowance: true, Disability: policy.DisabilityHalf}
	}
	return member.Attributes{LivesAlone: true, Allowance: true, Disability: policy.DisabilityFull}
}

func (d *driver) applyRecipients(ctx context.Context, events []event) error {
	cmds := make([]member.ApplyRecipientCmd, len(events))
	for n, e := range events {
		i := e.index()
		person := d.plan.recipients[i].person
		c := member.ApplyRecipientCmd{Actor: d.staff(d.office(person).one), Key: key("recipient", i), Person: d.id(person), Attributes: d.attributes(i)}
		if c.Attributes.Allowance {
			c.Consents = []member.Purpose{member.PurposeAllowance, member.PurposeHealth}
		}
		cmds[n] = c
	}
	return batch(ctx, d, cmds, d.Members.ApplyRecipients,
		counted[identity.Nothing](&d.figures.Recipients, &d.figures.RecipientsOpening, events))
}

// counted counts what was done, and what of it after the opening.
func counted[R any](all, opening *int, events []event) func(int, R) {
	return func(n int, _ R) {
		*all++
		if events[n].tick() >= at(pilotDays, 0) {
			*opening++
		}
	}
}

func (d *driver) approve(ctx context.Context, events []event) error {
	cmds := make([]member.ReviewRecipientCmd, len(events))
	for n, e := range events {
		i := e.index()
		person := d.plan.recipients[i].person
		cmds[n] = member.ReviewRecipientCmd{Actor: d.staff(d.office(person).manager), Key: key("approve", i), Person: d.id(person), Approve: true}
	}
	return batch(ctx, d, cmds, d.Members.ReviewRecipients, func(_ int, v member.Decided) {
		if v.KeyElder {
			d.keyElders++
		}
	})
}

func (d *driver) applyVolunteers(ctx context.Context, events []event) error {
	cmds := make([]member.ApplyVolunteerCmd, len(events))
	for n, e := range events {
		i := e.index()
		person := d.plan.volunteers[i].person
		cmds[n] = member.ApplyVolunteerCmd{Actor: d.citizen(person), Key: key("volunteer", i), Person: d.id(person)}
	}
	return batch(ctx, d, cmds, d.Members.ApplyVolunteers, counted[identity.Nothing](&d.figures.Volunteers, &d.figures.VolunteersOpening, events))
}

func (d *driver) firstReview(ctx context.Context, events []event) error { return d.vet(ctx, events, 1) }
func (d *driver) secondReview(ctx context.Context, events []event) error {
	return d.vet(ctx, events, 2)
}

// vet reviews volunteers at the community or at the district.
func (d *driver) vet(ctx context.Context, events []event, level int) error {
	cmds := make([]member.ReviewVolunteerCmd, len(events))
	for n, e := range events {
		v := &d.plan.volunteers[e.index()]
		c := member.ReviewVolunteerCmd{Actor: d.staff(d.office(v.person).manager), Key: key("vet"+strconv.Itoa(level), e.index()), Person: d.id(v.person), Approve: true}
		if level == 2 {
			c.Actor = d.staff(d.districtOf(v.person).reviewer)
		}
		if int(v.refusedAt) == level {
			c.Approve, c.Reason = false, "不符合志愿者条件"
		}
		cmds[n] = c
	}
	return batch(ctx, d, cmds, d.Members.ReviewVolunteers, nil)
}

// induction is the course before the first service, and how long it takes.
const (
	induction        = "induction"
	inductionMinutes = 240
)

func (d *driver) study(ctx context.Context, events []event) error {
	cmds := make([]training.RecordAttendanceCmd, len(events))
	for n, e := range events {
		v := &d.plan.volunteers[e.index()]
		c := training.RecordAttendanceCmd{Actor: d.staff(d.districtOf(v.person).reviewer), Key: key("study", e.index()), Volunteer: d.id(v.person),
			Course: induction, Session: "online", Mode: training.Online, Minutes: hours.Of(inductionMinutes), OccurredAt: d.now}
		if v.session >= 0 {
			c.Session, c.Mode = "session "+strconv.Itoa(int(v.session)+1), training.Offline
			d.figures.TrainingAttendance++
		}
		cmds[n] = c
	}
	return batch(ctx, d, cmds, d.Training.RecordAttendance, nil)
}

func (d *driver) exam(ctx context.Context, events []event) error {
	cmds := make([]training.RecordExamCmd, len(events))
	for n, e := range events {
		v := &d.plan.volunteers[e.index()]
		cmds[n] = training.RecordExamCmd{Actor: d.staff(d.districtOf(v.person).reviewer), Key: key("exam", e.index()), Volunteer: d.id(v.person),
			Course: induction, Score: 80 + int(mix(d.plan.seed, 7, uint64(e.index()))%21), OccurredAt: d.now}
	}
	return batch(ctx, d, cmds, d.Training.RecordExam, nil)
}

// learn records the courses of skills and their exams.
func (d *driver) learn(ctx context.Context, events []event) error {
	var attended []training.RecordAttendanceCmd
	var examined []training.RecordExamCmd
	for _, e := range events {
		v := &d.plan.volunteers[e.index()]
		by := d.staff(d.districtOf(v.person).reviewer)
		for k, s := range skills {
			if v.skills&(1<<k) == 0 {
				continue
			}
			attended = append(attended, training.RecordAttendanceCmd{Actor: by, Key: key("skill "+s.course, e.index()), Volunteer: d.id(v.person),
				Course: s.course, Session: "online", Mode: training.Online, Minutes: hours.Of(s.minutes), OccurredAt: d.now})
			examined = append(examined, training.RecordExamCmd{Actor: by, Key: key("exam "+s.course, e.index()), Volunteer: d.id(v.person),
				Course: s.course, Score: 80 + int(mix(d.plan.seed, 8, uint64(e.index()))%21), OccurredAt: d.now})
		}
	}
	if err := batch(ctx, d, attended, d.Training.RecordAttendance, nil); err != nil {
		return err
	}
	return batch(ctx, d, examined, d.Training.RecordExam, nil)
}

// kin lets recipients name relatives, the relatives agree, and the recipients let them act.
func (d *driver) kin(ctx context.Context, events []event) error {
	added := make([]member.AddKinCmd, len(events))
	agreed := make([]member.ConfirmKinCmd, len(events))
	allowed := make([]member.DelegateCmd, len(events))
	for n, e := range events {
		k := &d.plan.kin[e.index()]
		elder := d.plan.recipients[k.recipient].person
		self, relative := d.id(elder), d.id(k.person)
		added[n] = member.AddKinCmd{Actor: d.citizen(elder), Key: key("kin", e.index()), Person: self, Relative: relative, Relation: member.Child}
		agreed[n] = member.ConfirmKinCmd{Actor: d.citizen(k.person), Key: key("agree", e.index()), Person: relative, Relative: self, Acts: true}
		allowed[n] = member.DelegateCmd{Actor: d.citizen(elder), Key: key("delegate", e.index()), Person: self, Relative: relative, Allow: true}
	}
	if err := batch(ctx, d, added, d.Members.AddKin, nil); err != nil {
		return err
	}
	if err := batch(ctx, d, agreed, d.Members.ConfirmKin, nil); err != nil {
		return err
	}
	return batch(ctx, d, allowed, d.Members.Delegate, nil)
}

func (d *driver) team(ctx context.Context, events []event) error {
	kinds := []member.TeamKind{member.TeamCompany, member.TeamSchool, member.TeamGroup}
	names := []string{"企业志愿服务队", "高校志愿服务队", "邻里互助队"}
	cmds := make([]member.RegisterTeamCmd, len(events))
	for n, e := range events {
		t := d.plan.teams[e.index()]
		person := d.plan.volunteers[t.manager].person
		kind := e.index() % len(kinds)
		a := d.plan.atlas
		place, _ := d.tree.ByCode(a.streets[a.communities[d.plan.persons[person].community].street].district)
		cmds[n] = member.RegisterTeamCmd{Actor: d.citizen(person), Key: key("team", e.index()), Name: place.Name + names[kind] + strconv.Itoa(e.index()+1),
			Kind: kinds[kind], Region: place.ID, Manager: d.id(person)}
	}
	return batch(ctx, d, cmds, d.Members.RegisterTeams, func(n int, id member.TeamID) { d.teams[events[n].index()] = id })
}

// join takes volunteers into teams at the office of the team's district, where they say that they want to.
func (d *driver) join(ctx context.Context, events []event) error {
	cmds := make([]member.JoinTeamCmd, len(events))
	for n, e := range events {
		v := &d.plan.volunteers[e.index()]
		manager := d.plan.volunteers[d.plan.teams[v.team].manager].person
		cmds[n] = member.JoinTeamCmd{Actor: d.staff(d.districtOf(manager).administrator), Key: key("join", e.index()), Team: d.teams[v.team], Person: d.id(v.person)}
	}
	return batch(ctx, d, cmds, d.Members.JoinTeams, nil)
}
