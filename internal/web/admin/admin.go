// Package admin is the door of the offices: city, district, street and community, each with the same pages for its own place.
//
// Every page names its place and shows nothing from outside of it; names are masked. The package asks the services and puts their answers
// into one kind of page (view.go). It must never decide what a use-case decides, add a figure up by itself, or open what identifies a person.
package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/report"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// Door is the door of the offices.
var Door = &page.Door{Home: "/office/", Nav: []page.Way{{Href: "/office/", Code: "page.office.nav_figures"}, {Href: "/office/map", Code: "page.office.nav_map"},
	{Href: "/office/waiting", Code: "page.office.nav_waiting"}, {Href: "/office/people", Code: "page.office.nav_people", Needs: identity.MemberRead},
	{Href: "/office/rules", Code: "page.office.nav_rules"}, {Href: "/office/catalogue", Code: "page.office.nav_catalogue"},
	{Href: "/office/hours", Code: "page.office.nav_hours"}, {Href: "/office/trail", Code: "page.office.nav_trail", Needs: identity.AuditRead}, {Href: "/office/help", Code: "page.office.nav_help"}}}

// office is one request of the door: who reads, and for which place.
type office struct {
	*page.Request
	tree  *region.Tree
	place region.ID
	v     *view
	when  period
	own   *form // own dates, at the end of the page: the figures come first
}

// open checks the right in the place that the address names, or in the first one in which the reader works, and begins its page. Errors:
// Forbidden identity.not_allowed.
func open(r *page.Request, right identity.Right, title string) (*office, error) {
	tree, err := r.Regions.Today(r.Context())
	if err != nil {
		return nil, err
	}
	o := &office{Request: r, tree: tree, place: region.ID(r.Form("place"))}
	if o.place == "" {
		for _, g := range r.Actor.Grants {
			if page.May(r.Actor, right, g.Region, tree) {
				o.place = g.Region
				break
			}
		}
	}
	if o.place == "" {
		return nil, errs.New(errs.Forbidden, "identity.not_allowed").By("identity.rights", "law")
	}
	if err := r.Actor.May(right, o.place, tree); err != nil && errs.CodeOf(err) != identity.CodeStepUp {
		return nil, err
	}
	o.v = &view{Page: r.Shell(title), Place: tree.FullName(o.place)}
	o.when = o.period()
	for i := range o.v.Nav {
		o.v.Nav[i].Href = o.at(o.v.Nav[i].Href)
	}
	path := tree.Path(o.place)
	for _, above := range path[:max(len(path)-1, 0)] {
		if page.May(r.Actor, right, above, tree) {
			o.v.Above = append(o.v.Above, ui.Link{Href: o.here("place", string(above)), Text: tree.Name(above)})
		}
	}
	if below := o.below(); len(below) > 0 && r.HTTP.Method == http.MethodGet {
		f := ui.Field{Name: "place", Label: r.T("page.office.go_to")}
		for _, b := range below {
			f.Options = append(f.Options, ui.Option{Value: string(b), Text: tree.Name(b)})
		}
		o.v.Go = &form{Get: true, Action: r.HTTP.URL.Path, Fields: []ui.Field{f}, Button: r.T("page.office.go"), Kind: "quiet"}
		for _, name := range []string{"when", "from", "to", "code", "book"} {
			if value := r.Form(name); value != "" {
				o.v.Go.Hidden = append(o.v.Go.Hidden, ui.Row{Name: name, Value: value})
			}
		}
	}
	o.v.Export = o.here("as", "xlsx")
	return o, nil
}

func (o *office) may(right identity.Right, place region.ID) bool {
	return page.May(o.Actor, right, place, o.tree)
}

// below are the places right below this one: the districts that statistics count, streets, communities.
func (o *office) below() []region.ID {
	tree := region.Reporting
	if o.tree.Level(o.place) != region.City && o.tree.District(o.place) != "" {
		tree = region.Administrative
	}
	return o.tree.Children(tree, o.place)
}

// at is an address of the door for this place and period.
func (o *office) at(path string, more ...string) string {
	q := url.Values{"place": {string(o.place)}}
	o.when.into(q)
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return path + "?" + q.Encode()
}

// here is the address of this page with something else chosen.
func (o *office) here(more ...string) string {
	q := url.Values{}
	if o.HTTP.Method == http.MethodGet {
		for name, values := range o.HTTP.URL.Query() {
			if name != "done" && name != "after" && name != "list" {
				q[name] = values
			}
		}
	}
	q.Set("place", string(o.place))
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return o.HTTP.URL.Path + "?" + q.Encode()
}

// next is the address of the next page of this list, "" when there is none.
func (o *office) next(cursor string) string {
	if cursor == "" {
		return ""
	}
	return o.here("after", cursor)
}

// cut leaves the page of a list that the address asks for, and returns where its next page is, "" when there is none. A page of the door may have
// several lists; each has a name of its own, and a workbook has them whole.
func cut[T any](o *office, list string, all *[]T, most int, id func(T) string) string {
	cursor := ""
	if o.Form("list") == list {
		cursor = o.Form("after")
	}
	if o.exporting() {
		most = exportMost
	}
	next := page.After(all, cursor, most, id)
	switch {
	case next == "":
		return ""
	case list == "":
		return o.next(next)
	}
	return o.here("after", next, "list", list)
}

func (o *office) add(b ...block) { o.v.Blocks = append(o.v.Blocks, b...) }

// exporting says that a workbook is asked for instead of a page: lists are then whole.
func (o *office) exporting() bool { return o.Form("as") == "xlsx" }

// show answers with the page, or with its tables as a workbook.
func (o *office) show(name string) error {
	if o.own != nil {
		o.add(block{Title: o.T("page.office.own_days"), Forms: []form{*o.own}})
	}
	if o.exporting() {
		book, err := workbook(o.v)
		if err != nil {
			return err
		}
		return o.Send(name+"-"+o.Now.In(clock.Zone).Format("20060102-1504")+".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", book)
	}
	return o.Show(http.StatusOK, sheet(o.v))
}

// standing names the page of a list that is asked for: alternating names and values.
func (o *office) standing() (pairs []string) {
	for _, name := range []string{"after", "list"} {
		if value := o.Form(name); value != "" {
			pairs = append(pairs, name, value)
		}
	}
	return pairs
}

// form begins a form that changes something here. It carries which page of a list it stands on, so that it stands there again when it is refused.
func (o *office) form(action, button, kind string, fields ...ui.Field) form {
	f := form{Action: action, Key: o.Key(), Button: button, Kind: kind, Fields: fields}
	return f.with("place", string(o.place)).with(o.standing()...)
}

// with adds hidden values: alternating names and values.
func (f form) with(pairs ...string) form {
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Hidden = append(f.Hidden, ui.Row{Name: pairs[i], Value: pairs[i+1]})
	}
	return f
}

// done leads back to a page of the place after a form.
func (o *office) done(path string) error {
	return o.Go(path + "?" + url.Values{"place": {string(o.place)}, "done": {"saved"}}.Encode())
}

// names are people's names, masked.
func (o *office) names(tx *store.Tx, people []string) (func(string) string, error) {
	ids := make([]member.PersonID, 0, len(people))
	for _, p := range people {
		if p != "" {
			ids = append(ids, member.PersonID(p))
		}
	}
	known, err := o.Members.Names(tx, ids)
	return func(p string) string {
		if n, ok := known[member.PersonID(p)]; ok {
			return n.String()
		}
		return "–"
	}, err
}

// period is the time that the figures of a page count.
type period struct {
	name          string // "this", "last", "all" or "own"
	from, to      clock.Day
	span, earlier report.Span
	compared      bool
}

func (p period) into(q url.Values) {
	if p.name != "this" {
		q.Set("when", p.name)
	}
	if p.name == "own" {
		q.Set("from", string(p.from))
		q.Set("to", string(p.to))
	}
}

// period reads the chosen one; this month unless another is named. Own dates that are none are told as faults.
func (o *office) period() period {
	today := clock.DayOf(o.Now)
	month := clock.MonthOf(o.Now)
	p := period{name: o.Form("when"), compared: true}
	switch p.name {
	case "last":
		p.span, p.earlier = report.Days(month.Add(-1).First(), month.Add(-1).Last()), report.Days(month.Add(-2).First(), month.Add(-2).Last())
	case "all":
		p.compared = false
	case "own":
		var wrong bool
		for _, one := range []struct {
			name string
			into *clock.Day
		}{{"from", &p.from}, {"to", &p.to}} {
			day, err := clock.ParseDay(o.Form(one.name))
			if err != nil {
				o.v.Faults, o.v.WhyNot = append(o.v.Faults, ui.Fault{Field: one.name, Text: o.T("page.office.day_wrong")}), o.FormWhy()
				wrong, day = true, today
			}
			*one.into = day
		}
		if !wrong && p.to < p.from {
			o.v.Faults, o.v.WhyNot = append(o.v.Faults, ui.Fault{Field: "to", Text: o.T("page.office.days_reversed")}), o.FormWhy()
			p.to = p.from
		}
		p.span = report.Days(p.from, p.to)
		p.earlier, p.compared = p.span.Before()
	default:
		p.name = "this"
		last := month.Add(-1)
		p.span = report.Days(month.First(), today)
		p.earlier = report.Days(last.First(), min(last.First().Add(today.Sub(month.First())), last.Last()))
	}
	return p
}

// choosePeriod offers the periods, with a form for one's own dates.
func (o *office) choosePeriod() {
	for _, c := range []struct{ name, text string }{{"this", o.T("page.office.this_month")}, {"last", o.T("page.office.last_month")}, {"all", o.T("page.office.since_opening")}} {
		o.v.Periods = append(o.v.Periods, ui.Link{Href: o.here("when", c.name, "from", "", "to", ""), Text: c.text, Current: o.when.name == c.name})
	}
	f := form{Get: true, Action: o.HTTP.URL.Path, Button: o.T("page.office.own_days"), Kind: "quiet", Fields: []ui.Field{
		{Name: "from", Label: o.T("page.office.from_day"), Value: string(o.when.from), Max: 10, Hint: "2020-10-01"},
		{Name: "to", Label: o.T("page.office.to_day"), Value: string(o.when.to), Max: 10, Hint: "2020-10-31"}}}
	f = f.with("place", string(o.place), "when", "own")
	for _, name := range []string{"code"} {
		if value := o.Form(name); value != "" {
			f = f.with(name, value)
		}
	}
	o.own = &f
}

// number writes a figure's value with its unit.
func (o *office) number(unit report.Unit, n int64) string {
	if unit == report.Count {
		return grouped(n)
	}
	sign := ""
	if n < 0 {
		sign, n = "−", -n
	}
	h, m := n/60, n%60
	switch {
	case h == 0 && m > 0:
		return sign + o.T("page.time.minutes", "minutes", m)
	case m == 0:
		return sign + o.T("page.time.hours", "hours", grouped(h))
	}
	return sign + o.T("page.time.hours_minutes", "hours", grouped(h), "minutes", m)
}

// grouped writes a number with its thousands apart, as both languages do.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// permille is a share in per cent with one digit; "–" of nothing.
func permille(part, whole int64) string {
	if whole <= 0 {
		return "–"
	}
	n := part * 1000 / whole
	sign := ""
	if n < 0 {
		sign, n = "−", -n
	}
	return fmt.Sprintf("%s%d.%d %%", sign, n/10, n%10)
}

// since is how long something has been waiting.
func (o *office) since(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return o.Long(hours.Of(int64(o.Now.Sub(t) / time.Minute)))
}

// stamp is a moment, "–" when there is none.
func (o *office) stamp(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(clock.Zone).Format("2006-01-02 15:04")
}
