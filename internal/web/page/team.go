package page

import (
	"strconv"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/ui"
)

// What stands here is how a team's hours are shown and given, to whoever answers for the team and at the desk.

// TeamWords name the kinds of teams.
var TeamWords = map[member.TeamKind]string{member.TeamCompany: "page.desk.team_company", member.TeamSchool: "page.desk.team_school", member.TeamGroup: "page.desk.team_group"}

// TeamKind asks which kind of team it is.
func (r *Request) TeamKind() ui.Field {
	f := ui.Field{Name: "kind", Label: r.T("page.desk.team_kind")}
	for _, k := range []member.TeamKind{member.TeamCompany, member.TeamSchool, member.TeamGroup} {
		f.Options = append(f.Options, ui.Option{Value: string(k), Text: r.T(TeamWords[k])})
	}
	return f
}

// TeamHours are what a team has earned, what of it can be donated now, what is on its way, and its book in pages of most lines.
func (r *Request) TeamHours(tx *store.Tx, t member.Team, action string, mayGive bool, most int) (v ui.TeamHoursView, facts []ui.Row, err error) {
	book, err := ledger.PassbookOf(tx, string(t.ID), r.Form("line"), most)
	if err != nil {
		return v, nil, err
	}
	totals, err := ledger.TotalsOf(tx, string(t.ID))
	if err != nil {
		return v, nil, err
	}
	free := hours.Zero
	for _, h := range book.Holdings {
		if h.Class == ledger.Group {
			free = h.Available(clock.DayOf(r.Now))
		}
	}
	v = ui.TeamHoursView{Action: action, Key: r.Key(), CanGive: mayGive && !free.IsZero()}
	v.Hours = ui.Field{Name: "hours", Label: r.T("page.desk.team_give_hours"), Mode: "numeric", Max: 5, Value: strconv.FormatInt(free.Int64()/60, 10)}
	v.Minutes = ui.Field{Name: "minutes", Label: r.T("page.desk.team_give_minutes"), Mode: "numeric", Max: 2, Value: strconv.FormatInt(free.Int64()%60, 10)}
	for _, p := range book.Pending {
		v.Pending = append(v.Pending, ui.TeamPending{ID: string(p.ID), Key: r.Key(), Text: r.T("page.desk.team_pending", "long", r.Long(p.Minutes), "when", r.When(p.Due))})
	}
	for _, l := range book.Lines {
		sign := ""
		if l.Minutes.Sign() > 0 {
			sign = "+"
		}
		v.Lines = append(v.Lines, []string{r.Day(l.Day), r.T("reason." + string(l.Reason)), sign + r.Long(l.Minutes), r.Long(l.Balance)})
	}
	if book.Next != "" {
		v.More = action + "?line=" + book.Next
	}
	return v, []ui.Row{{Name: r.T("page.desk.team_earned"), Value: r.Long(totals.Given)}, {Name: r.T("page.desk.team_free"), Value: r.Long(free)}}, nil
}

// TeamRule is the rule that says what teams' hours are for.
func (r *Request) TeamRule(tx *store.Tx, tree *region.Tree, place region.ID) (*ui.Why, error) {
	rules, err := r.RulesAt(tx, tree, place)
	if err != nil {
		return nil, err
	}
	because := rules.Why("group.use")
	return r.WhyOf(&because), nil
}

// GiveTeamHours donates as many hours and minutes of a team as the form says. Errors: those of [ledger.Service.Donate].
func (r *Request) GiveTeamHours(id member.TeamID) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	var total int64
	for name, each := range map[string]int64{"hours": 60, "minutes": 1} {
		if text := r.Form(name); text != "" {
			n, err := strconv.ParseInt(text, 10, 32)
			if err != nil || n < 0 {
				return errs.Invalid("ledger.need_malformed", errs.Field{Path: name, Code: "page.desk.team_give_wrong"})
			}
			total += n * each
		}
	}
	_, err = r.Ledger.Donate(r.Context(), ledger.DonateCmd{Actor: r.Actor, Key: key, From: ledger.Key{Owner: string(id), Class: ledger.Group}, Minutes: hours.Of(total)})
	return err
}
