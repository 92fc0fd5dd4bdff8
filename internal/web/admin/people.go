package admin

import (
	"slices"
	"strconv"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/signin"
	"timebank/internal/store"
	"timebank/internal/training"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// People shows the reviews of volunteers, who holds which role here, the way to the service points, and the courses.
func People(r *page.Request) error {
	o, err := open(r, identity.MemberRead, r.T("page.office.people"))
	if err != nil {
		return err
	}
	err = r.Read("web.people", func(tx *store.Tx, _ *region.Tree) error {
		if err := o.reviews(tx); err != nil {
			return err
		}
		if err := o.roles(tx); err != nil {
			return err
		}
		if err := o.appointments(tx); err != nil {
			return err
		}
		o.add(block{Title: r.T("page.office.points"), Text: r.T("page.office.points_text"), Links: []ui.Link{{Href: o.at("/office/points"), Text: r.T("page.office.all_points")}}},
			block{Title: r.T("page.office.regions"), Text: r.T("page.office.regions_text"), Links: []ui.Link{{Href: o.at("/office/regions"), Text: r.T("page.office.regions_link")}}})
		return o.courses(tx)
	})
	if err != nil {
		return err
	}
	return o.show("people")
}

// reviewsShown is a page of people who wait for a review.
const reviewsShown = 20

// reviews lists volunteers who wait, for the second review first.
func (o *office) reviews(tx *store.Tx) error {
	for _, stage := range []struct {
		title string
		state member.VolunteerState
		right identity.Right
	}{{o.T("page.office.second_review"), member.VolunteerReviewed, identity.MemberReviewSecond}, {o.T("page.office.first_review"), member.VolunteerApplied, identity.MemberReviewFirst}} {
		limit := reviewsShown
		if o.exporting() {
			limit = exportMost
		}
		after := member.PersonID("")
		if o.Form("list") == string(stage.state) {
			after = member.PersonID(o.Form("after"))
		}
		rows, err := member.VolunteersIn(tx, o.place, stage.state, after, limit+1)
		if err != nil {
			return err
		}
		people := make([]string, len(rows))
		for i, v := range rows {
			people[i] = string(v.Person.ID)
		}
		name, err := o.names(tx, people)
		if err != nil {
			return err
		}
		b := block{Title: stage.title, List: "after " + string(stage.state)}
		if len(rows) > limit {
			rows = rows[:limit]
			b.More = o.here("after", string(rows[limit-1].Person.ID), "list", string(stage.state))
		}
		b.Table = &table{Caption: stage.title, Head: []string{o.T("page.office.who"), o.T("page.office.place"), o.T("page.office.age"), o.T("page.office.ref")}}
		for _, v := range rows {
			p := v.Person
			b.Table.Rows = append(b.Table.Rows, texts(name(string(p.ID)), o.tree.FullName(p.Region), strconv.Itoa(clock.AgeAt(p.Birth, clock.DayOf(o.Now))), string(p.ID)))
			if !o.may(stage.right, p.Region) {
				continue
			}
			id := string(p.ID)
			f := o.form("/office/volunteers/"+id+"/review", o.T("page.office.decide"), "",
				ui.Field{Name: "approve-" + id, Label: o.T("page.office.decision"), Options: []ui.Option{{Value: "yes", Text: o.T("page.office.approve")}, {Value: "no", Text: o.T("page.office.refuse")}}},
				ui.Field{Name: "reason-" + id, Label: o.T("page.office.reason"), Hint: o.T("page.office.reason_if_refused"), Max: 200})
			f.Title = name(id) + " · " + o.tree.Name(p.Region)
			b.Forms = append(b.Forms, f)
		}
		if len(rows) == 0 {
			b.Table, b.Empty = nil, o.T("page.office.nobody_waits")
		}
		o.add(b)
	}
	return nil
}

// Review is one level's review of a volunteer.
func Review(r *page.Request) error {
	return act(r, identity.MemberRead, "/office/people", People, func(_ *office, key string) error {
		id := r.Path("id")
		_, err := page.One(r.Members.ReviewVolunteers(r.Context(), []member.ReviewVolunteerCmd{{Actor: r.Actor, Key: key, Person: member.PersonID(id),
			Approve: r.Form("approve-"+id) == "yes", Reason: r.Form("reason-" + id)}}))
		return err
	}, of(r, "reason")...)
}

// roles lists who holds a role in exactly this place, with the forms to invite, revoke and grant.
func (o *office) roles(tx *store.Tx) error {
	if !o.may(identity.IdentityGrantRole, o.place) {
		return nil
	}
	held, err := identity.Holders(tx, o.place)
	if err != nil {
		return err
	}
	more := cut(o, "roles", &held, linesShown, func(h identity.Held) string { return string(h.ID) })
	ids := make([]identity.ActorID, len(held))
	for i, h := range held {
		ids[i] = h.Actor
	}
	actors, err := identity.Load(tx, ids, "")
	if err != nil {
		return err
	}
	people := make([]string, 0, len(actors))
	for _, a := range actors {
		people = append(people, a.Person)
	}
	name, err := o.names(tx, people)
	if err != nil {
		return err
	}
	b := block{Title: o.T("page.office.roles"), More: more, List: "after roles", Table: &table{Caption: o.T("page.office.roles"), Head: []string{o.T("page.office.who"), o.T("page.office.role"), o.T("page.office.from_day"),
		o.T("page.office.until_day")}}}
	for _, h := range held {
		who := name(actors[h.Actor].Person)
		row := texts(who, o.RoleText(h.Role), o.stamp(h.From), o.stamp(h.Until))
		if !slices.ContainsFunc(actors[h.Actor].Grants, func(g identity.Grant) bool { return !o.may(identity.IdentitySessionFor, g.Region) }) {
			row[0].Href = o.at(accountPath + string(h.Actor))
		}
		b.Table.Rows = append(b.Table.Rows, row)
		id := string(h.ID)
		revoke := o.form("/office/roles/"+id+"/revoke", o.T("page.office.revoke"), "stop", ui.Field{Name: "reason-" + id, Label: o.T("page.office.reason"), Max: 200, Needed: true})
		revoke.Title = who + " · " + o.RoleText(h.Role)
		invite := o.form("/office/actors/"+string(h.Actor)+"/invite", o.T("page.office.invite"), "quiet",
			ui.Field{Name: "login-" + id, Label: o.T("page.office.login"), Hint: o.T("page.office.login_hint"), Max: 40, Needed: true}).with("grant", id)
		if o.mayManage(h.Actor, h.Grant) {
			b.Forms = append(b.Forms, revoke)
		}
		if o.mayManage(h.Actor, actors[h.Actor].Grants...) {
			b.Forms = append(b.Forms, invite)
		}
	}
	if len(held) == 0 {
		b.Table, b.Empty = nil, o.T("page.office.no_roles")
	}
	point := ui.Field{Name: "point", Label: o.T("page.office.point"), Hint: o.T("page.office.point_hint"), Options: []ui.Option{{Value: "", Text: "–"}}}
	var points []member.ServicePoint
	if level := o.tree.Level(o.place); level == region.Street || level == region.Community {
		if points, err = member.PointsIn(tx, o.place); err != nil {
			return err
		}
	}
	role := ui.Field{Name: "role", Label: o.T("page.office.role")}
	for _, known := range identity.Roles() {
		may := o.mayManage("", identity.Grant{Role: known, Region: o.place})
		for _, p := range points {
			may = may || o.mayManage("", identity.Grant{Role: known, Region: o.place, Point: string(p.ID)})
		}
		if may {
			role.Options = append(role.Options, ui.Option{Value: string(known), Text: o.RoleText(known)})
		}
	}
	for _, p := range points {
		if p.Region == o.place {
			point.Options = append(point.Options, ui.Option{Value: string(p.ID), Text: p.Name})
		}
	}
	f := o.form("/office/roles", o.T("page.office.grant"), "", ui.Field{Name: "number", Label: o.T("page.office.number"), Hint: o.T("page.office.number_hint"), Max: 20, Needed: true}, role, point,
		ui.Field{Name: "until", Label: o.T("page.office.until_day"), Hint: o.T("page.office.until_hint"), Max: 10},
		ui.Field{Name: "why", Label: o.T("page.office.reason"), Hint: o.T("page.office.appoint_hint"), Max: 500})
	f.Title = o.T("page.office.grant_role")
	b.Forms = append(b.Forms, f)
	o.add(b)
	return nil
}

// appointments lists the roles that wait for a second person here and below.
func (o *office) appointments(tx *store.Tx) error {
	if !o.may(identity.IdentityGrantRole, o.place) && !o.may(identity.IdentityAppoint, o.place) {
		return nil
	}
	ours := func(p identity.Proposal) bool { _, ok := identity.ReadAppointment(p); return ok }
	return o.waitingActs(tx, "appointments", "/office/appointments/", ours, func(p identity.Proposal) ([]ui.Row, error) {
		a, _ := identity.ReadAppointment(p)
		both, err := identity.Load(tx, []identity.ActorID{a.To, p.By}, "")
		if err != nil {
			return nil, err
		}
		name, err := o.names(tx, []string{both[a.To].Person, p.Person})
		if err != nil {
			return nil, err
		}
		return []ui.Row{{Name: o.T("page.office.who"), Value: name(both[a.To].Person)}, {Name: o.T("page.office.role"), Value: o.RoleText(a.Role)},
			{Name: o.T("page.office.place"), Value: o.tree.FullName(a.Region)}, {Name: o.T("page.office.until_day"), Value: o.stamp(a.Until)},
			{Name: o.T("page.office.reason"), Value: p.Reason}, {Name: o.T("page.office.proposed_by"), Value: name(p.Person)},
			{Name: o.T("page.office.proposed_at"), Value: o.stamp(p.ProposedAt)}, {Name: o.T("page.office.lapses"), Value: o.stamp(p.Until)}}, nil
	})
}

// ApproveAppointment gives the role as the second person.
func ApproveAppointment(r *page.Request) error {
	return act(r, identity.MemberRead, "/office/people", People, func(_ *office, key string) error {
		_, err := r.Identity.ApproveAppointment(r.Context(), identity.ApproveAppointmentCmd{Actor: r.Actor, Key: key, Proposal: identity.ProposalID(r.Path("id"))})
		return err
	})
}

// RefuseAppointment refuses an appointment, or withdraws one's own.
func RefuseAppointment(r *page.Request) error {
	return refuse(r, identity.MemberRead, "/office/people", People)
}

// mayManage reports whether the reader may give and take back roles of somebody; as page.May, it says yes to who has to show a second factor.
func (o *office) mayManage(of identity.ActorID, roles ...identity.Grant) bool {
	err := identity.MayManage(o.Actor, of, roles, o.tree)
	return err == nil || errs.CodeOf(err) == identity.CodeStepUp
}

// find is the one person behind an identity number or a phone, wherever it lives; the look is in the trail with the reason that the form is.
func find(r *page.Request, number string) (member.Sighting, error) {
	found, err := r.Members.LookUp(r.Context(), r.Actor, number, member.LookUpDuty)
	if err != nil {
		return member.Sighting{}, err
	}
	if len(found) != 1 {
		return member.Sighting{}, errs.Invalid("page.form_incomplete", errs.Field{Path: "number", Code: "page.office.not_one_person"})
	}
	return found[0], nil
}

// Grant gives somebody a role in the place.
func Grant(r *page.Request) error {
	return act(r, identity.MemberRead, "/office/people", People, func(o *office, key string) error {
		who, err := find(r, r.Form("number"))
		if err != nil {
			return err
		}
		var until time.Time
		if day := r.Form("until"); day != "" {
			d, err := clock.ParseDay(day)
			if err != nil {
				return errs.Invalid("page.form_incomplete", errs.Field{Path: "until", Code: "page.office.day_wrong"})
			}
			until = d.End()
		}
		cmd := identity.GrantRoleCmd{Actor: r.Actor, Key: key, To: who.Actor, Role: identity.Role(r.Form("role")), Region: o.place, Point: r.Form("point"), Until: until}
		if identity.NeedsTwo(cmd.Role, o.tree.Level(o.place)) {
			_, err = r.Identity.Appoint(r.Context(), identity.AppointCmd{GrantRoleCmd: cmd, Reason: r.Form("why")})
			return err
		}
		_, err = page.One(r.Identity.GrantRoles(r.Context(), []identity.GrantRoleCmd{cmd}))
		return err
	}, "reason", "why")
}

// Revoke ends a role.
func Revoke(r *page.Request) error {
	return act(r, identity.MemberRead, "/office/people", People, func(_ *office, key string) error {
		id := r.Path("id")
		_, err := page.One(r.Identity.RevokeRoles(r.Context(), []identity.RevokeRoleCmd{{Actor: r.Actor, Key: key, Grant: identity.GrantID(id), Reason: r.Form("reason-" + id)}}))
		return err
	}, of(r, "reason")...)
}

// Invite makes the code with which staff chooses its password and second factor. It is shown once.
func Invite(r *page.Request) error {
	if _, err := r.Sent(); err != nil {
		return err
	}
	o, err := open(r, identity.MemberRead, r.T("page.office.invited"))
	if err != nil {
		return err
	}
	made, err := r.SignIns.Invite(r.Context(), signin.InviteCmd{Actor: r.Actor, To: identity.ActorID(r.Path("id")), Login: r.Form("login-" + r.Form("grant"))})
	if err != nil {
		return r.Redisplay(err, o.at("/office/people"), People, "login", "login-"+r.Form("grant"))
	}
	o.v.Export = ""
	o.add(block{Text: r.T("page.office.invited_text"), Facts: []ui.Row{{Name: r.T("page.office.code"), Value: made.Code}, {Name: r.T("page.office.until_day"), Value: o.stamp(made.Expires)}}})
	return o.show("invitation")
}

// courses lists the courses, with the form to enter who attended or sat an exam.
func (o *office) courses(tx *store.Tx) error {
	all, err := training.Courses(tx)
	if err != nil {
		return err
	}
	b := block{Title: o.T("page.office.training"), Table: &table{Caption: o.T("page.office.training"), Head: []string{o.T("page.office.name"), o.T("page.office.code"), o.T("page.office.minutes"), o.T("page.office.valid")}}}
	choose := ui.Field{Name: "course", Label: o.T("page.office.course_name")}
	for _, code := range sorted(all) {
		c := all[code]
		valid := o.T("page.office.for_ever")
		if c.ValidMonths > 0 {
			valid = o.T("page.office.months", "months", c.ValidMonths)
		}
		b.Table.Rows = append(b.Table.Rows, texts(c.Name(o.Lang), c.Code, o.Long(c.Minutes), valid))
		choose.Options = append(choose.Options, ui.Option{Value: code, Text: c.Name(o.Lang)})
	}
	if o.may(identity.TrainingRecord, o.place) {
		who := ui.Field{Name: "number", Label: o.T("page.office.number"), Hint: o.T("page.office.number_hint"), Max: 20, Needed: true}
		day := ui.Field{Name: "day", Label: o.T("page.office.day"), Value: string(clock.DayOf(o.Now)), Max: 10, Needed: true}
		attended := o.form("/office/attendances", o.T("page.office.record"), "", who, choose, ui.Field{Name: "session", Label: o.T("page.office.session"), Max: 60, Needed: true},
			ui.Field{Name: "mode", Label: o.T("page.office.mode"), Options: []ui.Option{{Value: "offline", Text: o.T("page.office.offline")}, {Value: "online", Text: o.T("page.office.online")}}},
			ui.Field{Name: "minutes", Label: o.T("page.office.minutes"), Mode: "numeric", Max: 4, Needed: true}, day)
		attended.Title = o.T("page.office.attendance")
		for i := range attended.Fields {
			attended.Fields[i].Name = "a-" + attended.Fields[i].Name
		}
		exam := o.form("/office/exams", o.T("page.office.record"), "", who, choose, ui.Field{Name: "score", Label: o.T("page.office.score"), Mode: "numeric", Max: 3, Needed: true}, day)
		exam.Title = o.T("page.office.exam")
		for i := range exam.Fields {
			exam.Fields[i].Name = "e-" + exam.Fields[i].Name
		}
		b.Forms = append(b.Forms, attended, exam)
	}
	o.add(b)
	return nil
}

// noon is the moment that a day without an hour stands for; never in the future.
func noon(day clock.Day, now time.Time) time.Time {
	if at := day.Start().Add(12 * time.Hour); at.Before(now) {
		return at
	}
	return now
}

// Attendance records that a volunteer attended a session.
func Attendance(r *page.Request) error {
	return act(r, identity.MemberRead, "/office/people", People, func(_ *office, key string) error {
		who, err := find(r, r.Form("a-number"))
		if err != nil {
			return err
		}
		var bad errs.Fields
		day, err := clock.ParseDay(r.Form("a-day"))
		if err != nil {
			bad.Add("day", "page.office.day_wrong")
		}
		minutes, err := strconv.ParseInt(r.Form("a-minutes"), 10, 64)
		if err != nil || minutes < 1 || minutes > 10_000 {
			bad.Add("minutes", "page.office.minutes_wrong")
		}
		if err := bad.Err("page.form_incomplete"); err != nil {
			return err
		}
		_, err = page.One(r.Training.RecordAttendance(r.Context(), []training.RecordAttendanceCmd{{Actor: r.Actor, Key: key, Volunteer: who.Person, Course: r.Form("a-course"),
			Session: r.Form("a-session"), Mode: training.Mode(r.Form("a-mode")), Minutes: hours.Of(minutes), OccurredAt: noon(day, r.Now)}}))
		return err
	}, prefixed("a-", "number", "course", "session", "mode", "minutes", "day")...)
}

// Exam records what a volunteer scored.
func Exam(r *page.Request) error {
	return act(r, identity.MemberRead, "/office/people", People, func(_ *office, key string) error {
		who, err := find(r, r.Form("e-number"))
		if err != nil {
			return err
		}
		var bad errs.Fields
		day, err := clock.ParseDay(r.Form("e-day"))
		if err != nil {
			bad.Add("day", "page.office.day_wrong")
		}
		score, err := strconv.Atoi(r.Form("e-score"))
		if err != nil {
			bad.Add("score", "training.out_of_range", "from", 0, "to", 100)
		}
		if err := bad.Err("page.form_incomplete"); err != nil {
			return err
		}
		_, err = page.One(r.Training.RecordExam(r.Context(), []training.RecordExamCmd{{Actor: r.Actor, Key: key, Volunteer: who.Person, Course: r.Form("e-course"), Score: score, OccurredAt: noon(day, r.Now)}}))
		return err
	}, prefixed("e-", "number", "course", "score", "day")...)
}
