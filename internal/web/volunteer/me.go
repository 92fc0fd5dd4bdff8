package volunteer

import (
	"net/http"
	"strconv"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/training"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// Me shows where the volunteer stands on the way to the certificate, what was learnt, and what it wishes: quiet hours, an heir, what becomes
// of hours above the cap.
func Me(r *page.Request) error { return showMe(r, http.StatusOK, page.Told{}) }

func showMe(r *page.Request, status int, told page.Told) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	v := meView{Page: r.Shell(r.T("page.volunteer.me")), Key: r.Key(), Faults: told.Faults, WhyNot: told.Why}
	if told.Text != "" && len(v.Faults) == 0 {
		v.Faults = []ui.Fault{{Text: told.Text}}
	}
	err = r.Read("web.me", func(tx *store.Tx, tree *region.Tree) error {
		known, err := member.LoadVolunteers(tx, []member.PersonID{me})
		if err != nil {
			return err
		}
		rules, _, err := atHome(r, tx, tree, me)
		if err != nil {
			return err
		}
		if volunteer, ok := known[me]; ok {
			v.way(r, volunteer, rules)
			v.MayShow = !v.Join
			faces, err := member.Portraits(tx, []member.PersonID{me})
			if err != nil {
				return err
			}
			if _, shown := faces[me]; shown {
				v.Face = "/volunteer/me/portrait"
			}
		} else {
			v.Join = true
		}
		if err := v.learnt(r, tx, me, rules); err != nil {
			return err
		}
		return v.wishes(r, tx, me, rules)
	})
	if err != nil {
		return err
	}
	return r.Show(status, meTempl(v))
}

// way is the path from the application to serving, with the step that the volunteer is at.
func (v *meView) way(r *page.Request, who member.Volunteer, rules policy.Rules) {
	reached := map[member.VolunteerState]int{member.VolunteerApplied: 1, member.VolunteerReviewed: 1, member.VolunteerStudying: 2, member.VolunteerCertified: 4,
		member.VolunteerSuspended: 4}[who.State]
	for i, code := range []string{"page.volunteer.way_applied", "page.volunteer.way_reviewed", "page.volunteer.way_learnt", "page.volunteer.way_serves"} {
		s := stepView{Text: r.T(code), State: r.T("page.volunteer.way_later"), Tone: ui.Calm}
		switch {
		case i < reached:
			s.State, s.Tone = r.T("page.volunteer.way_done"), ui.Good
		case i == reached:
			s.State, s.Tone = r.T("page.volunteer.way_now"), ui.Wait
		}
		v.Way = append(v.Way, s)
	}
	switch who.State {
	case member.VolunteerReviewed:
		v.Next = r.T("page.volunteer.next_second", "done", who.Reviews, "all", rules.VolunteerReviewLevels)
	case member.VolunteerApplied:
		v.Next = r.T("page.volunteer.next_review")
	case member.VolunteerStudying:
		v.Next = r.T("page.volunteer.next_study")
	case member.VolunteerSuspended:
		v.Next = r.T("page.volunteer.next_suspended", "until", r.When(who.SuspendedUntil))
		w := rules.Why("penalty.no_show_count")
		v.WayWhy = r.WhyOf(&w)
	case member.VolunteerRejected:
		v.Next, v.Join = r.T("page.volunteer.next_rejected"), true
	case member.VolunteerLeft:
		v.Next, v.Join = r.T("page.volunteer.next_left"), true
	case member.VolunteerCertified:
		v.Next = r.T("page.volunteer.next_serve")
	}
	if v.WayWhy == nil {
		w := rules.Why("volunteer.review_levels")
		v.WayWhy = r.WhyOf(&w)
	}
}

// learnt says what is missing to the certificate before service, and which courses are behind or before the volunteer.
func (v *meView) learnt(r *page.Request, tx *store.Tx, me member.PersonID, rules policy.Rules) error {
	courses, err := training.Courses(tx)
	if err != nil {
		return err
	}
	record, err := training.PersonalData(tx, me)
	if err != nil {
		return err
	}
	minutes, best := map[string]int64{}, map[string]int{}
	for _, a := range record.Attendance {
		minutes[a.Course] += a.Minutes
	}
	for _, e := range record.Exams {
		best[e.Course] = max(best[e.Course], e.Score)
	}
	held := map[string]string{}
	for _, c := range record.Certificates {
		if c.Until == nil {
			held[c.Course] = r.T("page.volunteer.course_held")
		} else if c.Until.After(r.Now) {
			held[c.Course] = r.T("page.volunteer.course_until", "day", r.Day(clock.DayOf(c.Until.Add(-1))))
		}
	}
	for _, c := range training.Defaults() {
		// The city may have changed a course; one that it does not offer is not shown.
		now, ok := courses[c.Code]
		if !ok {
			continue
		}
		need := now.Minutes.Int64()
		if now.Certifies {
			need = int64(rules.VolunteerTrainingHours) * 60
		}
		state := held[now.Code]
		if state == "" && now.Certifies && best[now.Code] >= rules.VolunteerExamPass && minutes[now.Code] >= need {
			state = r.T("page.volunteer.course_held")
		}
		if state == "" {
			state = r.T("page.volunteer.course_missing", "hours", long64(r, max(0, need-minutes[now.Code])), "pass", rules.VolunteerExamPass)
		}
		v.Courses = append(v.Courses, []string{now.Name(r.Lang), long64(r, minutes[now.Code]) + " / " + long64(r, need), scoreText(best, now.Code), state})
	}
	w := rules.Why("volunteer.exam_pass")
	v.LearnWhy = r.WhyOf(&w)
	return nil
}

func scoreText(best map[string]int, course string) string {
	if n, ok := best[course]; ok {
		return strconv.Itoa(n)
	}
	return "–"
}

// wishes are the forms of what the volunteer asks of the bank.
func (v *meView) wishes(r *page.Request, tx *store.Tx, me member.PersonID, rules policy.Rules) error {
	all, err := member.WishesOf(tx, []member.PersonID{me})
	if err != nil {
		return err
	}
	wish := all[me]
	hoursOf := func(chosen int) (options []ui.Option) {
		for h := range 24 {
			options = append(options, ui.Option{Value: strconv.Itoa(h), Text: hour(h), Chosen: h == chosen})
		}
		return options
	}
	v.Quiet = r.T("page.volunteer.quiet_none")
	if !wish.Quiet.IsZero() {
		v.Quiet = r.T("page.volunteer.quiet_now", "from", hour(wish.Quiet.From), "until", hour(wish.Quiet.Until))
	}
	v.From = ui.Field{Name: "quiet_from", Label: r.T("page.volunteer.quiet_from"), Options: hoursOf(wish.Quiet.From)}
	v.Until = ui.Field{Name: "quiet_until", Label: r.T("page.volunteer.quiet_until"), Hint: r.T("page.volunteer.quiet_hint"), Options: hoursOf(wish.Quiet.Until)}
	v.OverCap = ui.Field{Name: "over_cap", Label: r.T("page.volunteer.over_cap", "cap", r.Long(rules.AccountCap))}
	for s := range rules.AccountOverCap.All() {
		v.OverCap.Options = append(v.OverCap.Options, ui.Option{Value: string(s), Text: r.T(surplusWords[s]), Chosen: s == wish.OverCap})
	}
	w := rules.Why("account.over_cap")
	v.OverWhy = r.WhyOf(&w)
	people, err := member.LoadPersons(tx, []member.PersonID{me})
	if err != nil {
		return err
	}
	kin, err := kinOptions(r, tx, me, string(people[me].Heir))
	v.Heir = ui.Field{Name: "heir", Label: r.T("page.volunteer.heir"), Hint: r.T("page.volunteer.heir_hint"),
		Options: append([]ui.Option{{Text: r.T("page.volunteer.heir_nobody")}}, kin...)}
	d := rules.Why("account.on_death")
	v.HeirWhy = r.WhyOf(&d)
	return err
}

// retry answers a refused form of the reader's own page with that page and what is wrong.
func retry(r *page.Request, err error) error {
	if kind := errs.KindOf(err); kind == errs.KindInvalid || kind == errs.Refused {
		return showMe(r, page.Status(kind), r.Tell(err))
	}
	return err
}

// Wish keeps quiet hours and what becomes of hours above the cap.
func Wish(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	me, err := r.Me()
	if err != nil {
		return err
	}
	from, errFrom := strconv.Atoi(r.Form("quiet_from"))
	until, errUntil := strconv.Atoi(r.Form("quiet_until"))
	if errFrom != nil || errUntil != nil {
		return errs.New(errs.KindInvalid, "page.form_incomplete")
	}
	_, err = page.One(r.Members.Wishes(r.Context(), []member.WishCmd{{Actor: r.Actor, Key: key, Person: me,
		Wish: member.Wish{Quiet: member.Quiet{From: from, Until: until}, OverCap: policy.Surplus(r.Form("over_cap"))}}}))
	if err != nil {
		return retry(r, err)
	}
	return r.Go("/volunteer/me?done=kept")
}

// Heir names who inherits the hours.
func Heir(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	me, err := r.Me()
	if err != nil {
		return err
	}
	_, err = page.One(r.Members.NameHeir(r.Context(), []member.NameHeirCmd{{Actor: r.Actor, Key: key, Person: me, Heir: member.PersonID(r.Form("heir"))}}))
	if err != nil {
		return retry(r, err)
	}
	return r.Go("/volunteer/me?done=kept")
}

// JoinForm says what becoming a volunteer takes, and takes the application.
func JoinForm(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	v := joinView{Page: r.Shell(r.T("page.volunteer.join")), Key: r.Key()}
	err = r.Read("web.join", func(tx *store.Tx, tree *region.Tree) error {
		known, err := member.LoadVolunteers(tx, []member.PersonID{me})
		if err != nil {
			return err
		}
		v.Already = known[me].State != ""
		rules, _, err := atHome(r, tx, tree, me)
		if err != nil {
			return err
		}
		v.Steps = []string{r.T("page.volunteer.join_apply", "age", rules.VolunteerMinAge), r.T("page.volunteer.join_review", "levels", rules.VolunteerReviewLevels),
			r.T("page.volunteer.join_study", "hours", rules.VolunteerTrainingHours), r.T("page.volunteer.join_exam", "pass", rules.VolunteerExamPass), r.T("page.volunteer.join_serve")}
		w := rules.Why("volunteer.min_age")
		v.Why = r.WhyOf(&w)
		return nil
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, join(v))
}

// Join takes the application to become a volunteer.
func Join(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	me, err := r.Me()
	if err != nil {
		return err
	}
	if _, err := page.One[identity.Nothing](r.Members.ApplyVolunteers(r.Context(), []member.ApplyVolunteerCmd{{Actor: r.Actor, Key: key, Person: me}})); err != nil {
		return err
	}
	return r.Go("/volunteer/me?done=applied")
}

// Help explains the door in plain words.
func Help(r *page.Request) error {
	v := helpView{Page: r.Shell(r.T("page.volunteer.help"))}
	for _, part := range helpWords {
		v.Parts = append(v.Parts, ui.Row{Name: r.T(part[0]), Value: r.T(part[1])})
	}
	return r.Show(http.StatusOK, help(v))
}
