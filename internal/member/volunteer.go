package member

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/policy"
	"timebank/internal/store"
	"timebank/internal/timer"
	"timebank/internal/why"
)

func (s *Service) volunteerCalls() {
	s.applyVolunteer = nothing("member.apply_volunteer", func(c *ApplyVolunteerCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Str(string(c.Guardian))
		return c.Actor, c.Key
	}, s.runApplyVolunteer)
	s.reviewVolunteer = word("member.review_volunteer", func(c *ReviewVolunteerCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Bool(c.Approve).Str(c.Reason)
		return c.Actor, c.Key
	}, s.runReviewVolunteer)
	s.suspend = nothing("member.suspend", func(c *SuspendCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Time(c.Until).Str(c.Reason)
		return c.Actor, c.Key
	}, s.runSuspend)
}

// ApplyVolunteerCmd asks for a person to become a volunteer. Below the minimum age an adult member answers for it.
type ApplyVolunteerCmd struct {
	Actor    identity.Actor
	Key      string
	Person   PersonID
	Guardian PersonID
}

// ApplyVolunteers takes applications. Errors of a command: member.person_unknown, member.person_not_active, member.volunteer_exists,
// member.guardian_needed and member.guardian_unfit with why, identity.not_allowed.
func (s *Service) ApplyVolunteers(ctx context.Context, cmds []ApplyVolunteerCmd) ([]identity.Result[identity.Nothing], error) {
	return s.applyVolunteer.Perform(ctx, s.db, cmds)
}

func (s *Service) runApplyVolunteer(tx *store.Tx, cmds []*ApplyVolunteerCmd, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.ruled(tx)
	if err != nil {
		return err
	}
	ids := idsOf(cmds, func(c *ApplyVolunteerCmd) []PersonID { return []PersonID{c.Person, c.Guardian} })
	people, err := lockPersons(tx, ids)
	if err != nil {
		return err
	}
	known, err := LoadVolunteers(tx, ids)
	if err != nil {
		return err
	}
	var rows []Volunteer
	for i, c := range cmds {
		p, err := sc.whom(people, c.Actor, identity.MemberApply, c.Person, identity.MemberApplyFor)
		if v, exists := known[c.Person]; err == nil && exists && v.State != VolunteerRejected && v.State != VolunteerLeft {
			err = errs.New(errs.Conflict, "member.volunteer_exists").By("record.once", "nobody")
		}
		if err == nil {
			var guardian *Person
			if g, ok := people[c.Guardian]; ok {
				guardian = &g
			}
			var rules policy.Rules
			if rules, err = sc.at(p.Region); err == nil {
				err = checkAge(p, guardian, rules, sc.today)
			}
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		v := Volunteer{Person: p, State: VolunteerApplied, Guardian: c.Guardian}
		if v.Guardian == p.ID {
			v.Guardian = ""
		}
		known[p.ID] = v
		rows = append(rows, v)
		sc.note(c.Actor, "member.apply_volunteer", "volunteer", string(p.ID), p, "", string(VolunteerApplied))
	}
	if err := putVolunteers(tx, rows); err != nil {
		return err
	}
	return sc.done()
}

// ReviewVolunteerCmd decides one level of a volunteer's review.
type ReviewVolunteerCmd struct {
	Actor   identity.Actor
	Key     string
	Person  PersonID
	Approve bool
	Reason  string // needed to reject
}

// ReviewVolunteers reviews volunteers, as often as volunteer.review_levels asks for: first by the point or street, then by the district,
// never twice by one person. The result is the new state. Errors of a command: member.volunteer_unknown, member.volunteer_not_waiting,
// member.own_case, member.reviewed_already with why, member.reason_missing, identity.not_allowed.
func (s *Service) ReviewVolunteers(ctx context.Context, cmds []ReviewVolunteerCmd) ([]identity.Result[VolunteerState], error) {
	return s.reviewVolunteer.Perform(ctx, s.db, cmds)
}

func (s *Service) runReviewVolunteer(tx *store.Tx, cmds []*ReviewVolunteerCmd, out []*identity.Result[VolunteerState]) error {
	sc, err := s.ruled(tx)
	if err != nil {
		return err
	}
	known, err := lockVolunteers(tx, idsOf(cmds, func(c *ReviewVolunteerCmd) []PersonID { return []PersonID{c.Person} }))
	if err != nil {
		return err
	}
	changed := map[PersonID]volunteerRow{}
	for i, c := range cmds {
		v, err := sc.review(known, c)
		if err != nil {
			out[i].Err = err
			continue
		}
		before := known[c.Person].State
		if v.State == VolunteerStudying {
			if err := sc.joined(v.Person); err != nil {
				return err
			}
		}
		known[c.Person], changed[c.Person] = v, v
		out[i].Value = v.State
		sc.note(c.Actor, "member.review_volunteer", "volunteer", string(c.Person), v.Person, string(before), string(v.State))
	}
	if err := saveVolunteers(tx, changed); err != nil {
		return err
	}
	return sc.done()
}

func (sc *scene) review(known map[PersonID]volunteerRow, c *ReviewVolunteerCmd) (volunteerRow, error) {
	v, ok := known[c.Person]
	if !ok {
		return v, errs.New(errs.NotFound, "member.volunteer_unknown")
	}
	if c.Actor.IsPerson(string(c.Person)) {
		return v, errOwnCase
	}
	right := identity.MemberReviewFirst
	if v.Reviews > 0 {
		right = identity.MemberReviewSecond
	}
	if err := c.Actor.May(right, v.Person.Region, sc.tree); err != nil {
		return v, err
	}
	rules, err := sc.at(v.Person.Region)
	if err != nil {
		return v, err
	}
	if !c.Approve && errs.Blank(c.Reason) {
		return v, errs.Invalid("member.reason_missing", errs.Field{Path: "reason", Code: "member.reason_missing"})
	}
	state, err := decideReview(v.Volunteer, c.Approve, rules.VolunteerReviewLevels)
	if err != nil {
		return v, err
	}
	reviewers := strings.Fields(v.reviewers)
	if !c.Actor.IsSystem() && slices.Contains(reviewers, c.Actor.ID) {
		return v, errs.New(errs.Forbidden, "member.reviewed_already").
			Because(rules.Why("volunteer.review_levels", why.Value{Name: "reviews", Value: strconv.Itoa(v.Reviews)}))
	}
	v.State, v.reason = state, c.Reason
	if c.Approve {
		v.Reviews++
		v.reviewers = strings.Join(append(reviewers, c.Actor.ID), " ")
	}
	return v, nil
}

// Certify makes studying volunteers certified: training calls it in its own transaction when an exam is passed and the hours are done.
// It gives one error for each: nil, also for who is certified already, member.volunteer_unknown, or member.volunteer_not_studying.
func Certify(tx *store.Tx, by identity.Actor, persons []PersonID) ([]error, error) {
	failed := make([]error, len(persons))
	known, err := lockVolunteers(tx, unique(persons))
	if err != nil {
		return nil, err
	}
	sc := &scene{tx: tx}
	changed := map[PersonID]volunteerRow{}
	for i, which := range persons {
		v, ok := known[which]
		switch {
		case !ok:
			failed[i] = errs.New(errs.NotFound, "member.volunteer_unknown")
		case v.State == VolunteerCertified, v.State == VolunteerSuspended:
		case v.State != VolunteerStudying:
			failed[i] = errs.New(errs.Conflict, "member.volunteer_not_studying").By("record.state", "nobody")
		default:
			v.State, v.CertifiedAt = VolunteerCertified, tx.Now()
			known[which], changed[which] = v, v
			sc.note(by, "member.certify", "volunteer", string(which), v.Person, string(VolunteerStudying), string(VolunteerCertified))
		}
	}
	if err := saveVolunteers(tx, changed); err != nil {
		return nil, err
	}
	return failed, sc.done()
}

// longestSuspension is for how many years a volunteer can be suspended at once (default, ours).
const longestSuspension = 10

// SuspendCmd keeps a certified volunteer from taking orders until a moment.
type SuspendCmd struct {
	Actor  identity.Actor
	Key    string
	Person PersonID
	Until  time.Time
	Reason string
}

// TimerSuspensionEnd is the kind of the timer that lets a suspended volunteer serve again; EndSuspensions is its handler.
const TimerSuspensionEnd = "member.suspension_end"

// Suspend suspends volunteers. Errors of a command: member.suspension_invalid with all bad fields, member.volunteer_unknown,
// member.volunteer_not_certified, identity.not_allowed.
func (s *Service) Suspend(ctx context.Context, cmds []SuspendCmd) ([]identity.Result[identity.Nothing], error) {
	return s.suspend.Perform(ctx, s.db, cmds)
}

func (s *Service) runSuspend(tx *store.Tx, cmds []*SuspendCmd, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	known, err := lockVolunteers(tx, idsOf(cmds, func(c *SuspendCmd) []PersonID { return []PersonID{c.Person} }))
	if err != nil {
		return err
	}
	changed := map[PersonID]volunteerRow{}
	for i, c := range cmds {
		v, ok := known[c.Person]
		var bad errs.Fields
		switch {
		case !c.Until.After(tx.Now()):
			bad.Add("until", "member.not_in_future")
		case c.Until.After(tx.Now().AddDate(longestSuspension, 0, 0)):
			bad.Add("until", "member.too_far")
		}
		if errs.Blank(c.Reason) {
			bad.Add("reason", "member.reason_missing")
		}
		switch {
		case !ok:
			err = errs.New(errs.NotFound, "member.volunteer_unknown")
		default:
			err = c.Actor.May(identity.MemberSuspend, v.Person.Region, sc.tree)
		}
		if err == nil {
			err = bad.Err("member.suspension_invalid")
		}
		if err == nil && v.State != VolunteerCertified && v.State != VolunteerSuspended {
			err = errs.New(errs.Conflict, "member.volunteer_not_certified").By("record.state", "nobody")
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		before := v.State
		v.State, v.SuspendedUntil, v.SuspendedFor, v.reason = VolunteerSuspended, c.Until, "member.suspended_by_staff", c.Reason
		known[c.Person], changed[c.Person] = v, v
		if err := timer.Set(tx, timer.Timer{Kind: TimerSuspensionEnd, Ref: string(c.Person), Due: c.Until}); err != nil {
			return err
		}
		sc.note(c.Actor, "member.suspend", "volunteer", string(c.Person), v.Person, string(before), "suspended until "+until(c.Until))
	}
	if err := saveVolunteers(tx, changed); err != nil {
		return err
	}
	return sc.done()
}

func until(t time.Time) string { return t.In(clock.Zone).Format(time.RFC3339) }

// RecordNoShow counts a visit to which a volunteer did not come, at the time it should have begun, and suspends the volunteer when
// penalty.no_show_count of them fall within penalty.window_days (default). The same visit counts once.
func RecordNoShow(tx *store.Tx, volunteer PersonID, at time.Time, rules policy.Rules) error {
	known, err := lockVolunteers(tx, []PersonID{volunteer})
	if err != nil {
		return err
	}
	v, ok := known[volunteer]
	if !ok {
		return errs.New(errs.NotFound, "member.volunteer_unknown")
	}
	added, err := insertNoShow(tx, volunteer, at)
	if err != nil || added == 0 {
		return err
	}
	shows, err := noShows(tx, volunteer, at.AddDate(0, 0, -rules.PenaltyWindowDays), at)
	if err != nil {
		return err
	}
	sc := &scene{tx: tx}
	end, suspend := suspension(rules, shows)
	if !suspend || v.State != VolunteerCertified && v.State != VolunteerSuspended || !end.After(tx.Now()) || !end.After(v.SuspendedUntil) {
		sc.note(identity.System, "member.no_show", "volunteer", string(volunteer), v.Person, strconv.Itoa(len(shows)-int(added)), strconv.Itoa(len(shows)))
		return sc.done()
	}
	before := v.State
	v.State, v.SuspendedUntil, v.SuspendedFor = VolunteerSuspended, end, "penalty.no_show_count"
	if err := saveVolunteers(tx, map[PersonID]volunteerRow{volunteer: v}); err != nil {
		return err
	}
	if err := timer.Set(tx, timer.Timer{Kind: TimerSuspensionEnd, Ref: string(volunteer), Due: end}); err != nil {
		return err
	}
	sc.note(identity.System, "member.no_show", "volunteer", string(volunteer), v.Person, string(before),
		"suspended until "+until(end)+" by "+rules.Why("penalty.no_show_count", why.Value{Name: "no_shows", Value: strconv.Itoa(len(shows))}).String())
	return sc.done()
}

// EndSuspensions lets volunteers serve again whose time is over. It is the handler of TimerSuspensionEnd.
func EndSuspensions(tx *store.Tx, due []timer.Timer) ([]error, error) {
	ids := make([]PersonID, len(due))
	for i, t := range due {
		ids[i] = PersonID(t.Ref)
	}
	known, err := lockVolunteers(tx, unique(ids))
	if err != nil {
		return nil, err
	}
	sc := &scene{tx: tx}
	changed := map[PersonID]volunteerRow{}
	for _, which := range ids {
		v, ok := known[which]
		if !ok || v.State != VolunteerSuspended || v.SuspendedUntil.After(tx.Now()) {
			continue
		}
		v.State, v.SuspendedUntil, v.SuspendedFor = VolunteerCertified, time.Time{}, ""
		changed[which] = v
		sc.note(identity.System, "member.suspension_end", "volunteer", string(which), v.Person, string(VolunteerSuspended), string(VolunteerCertified))
	}
	if err := saveVolunteers(tx, changed); err != nil {
		return nil, err
	}
	return make([]error, len(due)), sc.done()
}
