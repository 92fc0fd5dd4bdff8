package page

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"timebank/internal/clock"
	"timebank/internal/hours"
	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/web/ui"
)

var roleWords = map[identity.Role]string{identity.PointStaff: "page.role.point_staff", identity.PointManager: "page.role.point_manager",
	identity.Administrator: "page.role.administrator", identity.Reviewer: "page.role.reviewer", identity.Dispatcher: "page.role.dispatcher",
	identity.Auditor: "page.role.auditor", identity.ReadOnly: "page.role.readonly"}

// RoleText is what a role is called.
func (r *Request) RoleText(role identity.Role) string { return r.T(roleWords[role]) }

// Day is a civil day as people say it: today, tomorrow, or with its weekday.
func (r *Request) Day(d clock.Day) string {
	today := clock.DayOf(r.Now)
	t := d.Start().In(clock.Zone)
	switch d.Sub(today) {
	case 0:
		return r.T("page.time.today")
	case 1:
		return r.T("page.time.tomorrow")
	case -1:
		return r.T("page.time.yesterday")
	}
	year := ""
	if t.Year() != r.Now.In(clock.Zone).Year() {
		year = strconv.Itoa(t.Year())
	}
	if r.Lang == i18n.English {
		return strings.TrimSpace(t.Format("Mon 2 Jan") + " " + year)
	}
	if year != "" {
		year += "年"
	}
	return fmt.Sprintf("%s%d月%d日 周%s", year, t.Month(), t.Day(), string([]rune("日一二三四五六")[t.Weekday()]))
}

// When is a moment as people say it.
func (r *Request) When(t time.Time) string {
	return r.Day(clock.DayOf(t)) + " " + t.In(clock.Zone).Format("15:04")
}

// Long is a length of time in hours and minutes.
func (r *Request) Long(m hours.Minutes) string {
	n := m.Int64()
	sign := ""
	if n < 0 {
		sign, n = "−", -n
	}
	h, rest := n/60, n%60
	switch {
	case h == 0:
		return sign + r.T("page.time.minutes", "minutes", rest)
	case rest == 0:
		return sign + r.T("page.time.hours", "hours", h)
	}
	return sign + r.T("page.time.hours_minutes", "hours", h, "minutes", rest)
}

// Weekdays says on which days of the week something is, given as digits in their order: "Monday to Friday". "" is not told.
func (r *Request) Weekdays(days string) string {
	switch {
	case days == "":
		return r.T("page.time.days_unknown")
	case days == "1234567":
		return r.T("page.time.every_day")
	}
	name := func(d byte) string { return strings.Fields(r.T("page.time.weekdays"))[d-'1'] }
	if n := len(days); n > 2 && int(days[n-1]-days[0]) == n-1 {
		return r.T("page.time.days_from_to", "from", name(days[0]), "to", name(days[n-1]))
	}
	all := make([]string, len(days))
	for i := range len(days) {
		all[i] = name(days[i])
	}
	if r.Lang == i18n.Chinese {
		return strings.Join(all, "、")
	}
	return strings.Join(all, ", ")
}

// OpenHours says when a service point is open, "" when nobody has told.
func (r *Request) OpenHours(h member.OpenHours) string {
	if !h.Told() {
		return ""
	}
	return r.Weekdays(h.Days) + " " + h.Span()
}

// Far is a distance as people say it.
func (r *Request) Far(metres int64) string {
	if metres < 1000 {
		return r.T("page.time.metres", "metres", max(1, (metres+49)/50)*50)
	}
	return r.T("page.time.kilometres", "kilometres", fmt.Sprintf("%d.%d", metres/1000, metres%1000/100))
}

// Standing is where an order stands, in a sentence for its sides, and the colour of it.
func (r *Request) Standing(o *order.Order) (string, ui.Tone) {
	switch o.State {
	case order.Submitted:
		if o.WaitsFor == order.ForFunding {
			return r.T("page.order.no_funding"), ui.Wait
		}
		return r.T("page.order.submitted"), ui.Wait
	case order.Published:
		return r.T("page.order.published"), ui.Wait
	case order.Accepted:
		return r.T("page.order.accepted"), ui.Good
	case order.InService:
		return r.T("page.order.in_service"), ui.Good
	case order.Awaiting:
		if o.WaitsFor == order.ForFollowUp {
			return r.T("page.order.follow_up"), ui.Wait
		}
		return r.T("page.order.awaiting"), ui.Wait
	case order.Confirmed:
		return r.T("page.order.confirmed"), ui.Good
	case order.Settled, order.Closed:
		return r.T("page.order.settled"), ui.Good
	case order.Cancelled:
		return r.T("page.order.cancelled"), ui.Calm
	case order.Disputed:
		return r.T("page.order.disputed"), ui.Bad
	case order.AtFund:
		return r.T("page.order.fund"), ui.Wait
	}
	return r.T("page.order.void"), ui.Bad
}

// endedWords say who cancelled an order.
var endedWords = map[order.EndedBy]string{order.ByPerson: "page.order.ended_person", order.ByKinsman: "page.order.ended_kin", order.ByStaff: "page.order.ended_station",
	order.ByRule: "page.order.ended_rule"}

// Ended says to those who may see an order who cancelled it and why, or why it does not count; nothing as long as it stands.
func (r *Request) Ended(o *order.View) (facts []ui.Row) {
	why := "page.order.ended_why"
	switch o.State {
	case order.Cancelled:
		facts = append(facts, ui.Row{Name: r.T("page.order.ended_by"), Value: r.T("page.order.ended_when", "who", r.T(endedWords[o.Ended]), "when", r.When(o.Since))})
	case order.Void:
		why = "page.order.void_why"
	default:
		return nil
	}
	if o.Reason == "" {
		return facts
	}
	text := o.Reason
	if i18n.Has(text) {
		text = r.T(text)
	}
	return append(facts, ui.Row{Name: r.T(why), Value: text})
}

// Word is what a volunteer says at the door and the old person sees on its own page: the two of them alone have it. It follows from the
// assignment, so that both pages show the same.
func (r *Request) Word(a *order.Assignment) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte("word at the door " + string(a.ID)))
	words := strings.Fields(r.T("page.words"))
	return words[int(h.Sum32()%uint32(len(words)))] // #nosec G115 -- some hundred words
}
