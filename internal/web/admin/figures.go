package admin

import (
	"strconv"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/report"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// nameOf gives a figure its short name; what it counts is the text of its own code.
var nameOf = map[report.Code]string{
	"figure.redeemed": "page.office.n_redeemed", "figure.earned": "page.office.n_earned", "figure.granted": "page.office.n_granted", "figure.given": "page.office.n_given",
	"figure.fund": "page.office.n_fund", "figure.liability": "page.office.n_liability", "figure.asked": "page.office.n_asked", "figure.completed": "page.office.n_completed",
	"figure.minutes": "page.office.n_minutes", "figure.cancelled": "page.office.n_cancelled", "figure.open": "page.office.n_open", "figure.unfilled": "page.office.n_unfilled",
	"figure.disputed": "page.office.n_disputed", "figure.joined": "page.office.n_joined", "figure.newly_certified": "page.office.n_newly_certified",
	"figure.new_recipients": "page.office.n_new_recipients", "figure.persons": "page.office.n_persons", "figure.recipients": "page.office.n_recipients",
	"figure.key_elders": "page.office.n_key_elders", "figure.volunteers": "page.office.n_volunteers", "figure.certified": "page.office.n_certified",
	"figure.active": "page.office.n_active", "figure.points": "page.office.n_points", "figure.complaints": "page.office.n_complaints",
	"figure.complaints_open": "page.office.n_complaints_open", "figure.follow_ups": "page.office.n_follow_ups", "figure.attendances": "page.office.n_attendances",
}

var groupNames = map[report.Group]string{report.OfHours: "page.office.g_hours", report.OfOrders: "page.office.g_orders", report.OfPeople: "page.office.g_people",
	report.OfQuality: "page.office.g_quality"}

// Home shows the figures of a place and a period, the redemption rate first. Each opens to its entries.
func Home(r *page.Request) error {
	o, err := open(r, page.OfficeRight, r.T("page.office.figures"))
	if err != nil {
		return err
	}
	o.choosePeriod()
	err = r.Read("web.office", func(tx *store.Tx, _ *region.Tree) error {
		now, err := r.Reports.Recent(tx, o.when.span)
		if err != nil {
			return err
		}
		earlier := map[report.Code]int64{}
		if o.when.compared {
			before, err := r.Reports.Recent(tx, o.when.earlier)
			if err != nil {
				return err
			}
			earlier = before.Of(o.place)
		}
		o.v.Lead = r.T("page.office.taken", "when", o.stamp(now.At))
		o.figures(now.Of(o.place), earlier, now.At)
		return o.differences(tx)
	})
	if err != nil {
		return err
	}
	return o.show("figures")
}

func (o *office) figures(now, before map[report.Code]int64, at time.Time) {
	rate := ui.Figure{Name: o.T("page.office.rate"), Number: permille(now[report.Redeemed], now[report.Earned]), Means: o.T("page.office.rate_means"),
		Why: o.rateWhy(at)}
	if o.when.compared {
		rate.Growth = o.T("page.office.rate_before", "rate", permille(before[report.Redeemed], before[report.Earned]))
	}
	o.add(block{Figures: []ui.Figure{rate}, Links: []ui.Link{{Href: o.opened(report.Redeemed), Text: o.T("page.office.n_redeemed") + " " + o.number(report.Minutes, now[report.Redeemed])},
		{Href: o.opened(report.Earned), Text: o.T("page.office.n_earned") + " " + o.number(report.Minutes, now[report.Earned])}}})
	for _, g := range report.Groups() {
		b := block{Title: o.T(groupNames[g])}
		for _, f := range report.Figures() {
			if f.Group != g {
				continue
			}
			view := ui.Figure{Name: o.T(nameOf[f.Code]), Number: o.number(f.Unit, now[f.Code]), Means: o.T(string(f.Code)), Href: o.opened(f.Code), Why: o.why(f, at)}
			switch {
			case f.Stock:
				view.Growth = o.T("page.office.as_of_now")
			case o.when.compared:
				view.Growth = o.growth(f.Unit, now[f.Code], before[f.Code])
			}
			b.Figures = append(b.Figures, view)
		}
		o.add(b)
	}
}

// why says which figure of which place and days stands there, and when it was counted.
func (o *office) why(f report.Figure, at time.Time) *ui.Why {
	rows := []ui.Row{{Name: o.T("page.why.place"), Value: o.tree.FullName(o.place)}}
	if s := o.when.span; !f.Stock && !s.From.IsZero() {
		rows = append(rows, ui.Row{Name: o.T("page.why.period"), Value: string(clock.DayOf(s.From)) + " – " + string(clock.DayOf(s.Until.Add(-time.Second)))})
	}
	return o.FigureWhy(string(f.Code), o.T(string(f.Code)), at, rows...)
}

// rateWhy is why the redemption rate is what it is: what was redeemed of what was earned.
func (o *office) rateWhy(at time.Time) *ui.Why {
	w := o.why(report.Figure{Code: report.Redeemed}, at)
	w.Words = o.T("page.office.rate_means")
	return w
}

// opened is where a figure opens to its entries.
func (o *office) opened(code report.Code) string { return o.at("/office/figure", "code", string(code)) }

// growth compares with the period before.
func (o *office) growth(unit report.Unit, now, before int64) string {
	if before == 0 {
		return o.T("page.office.growth_from_nothing")
	}
	change := permille(now-before, before)
	if now > before {
		change = "+" + change
	}
	return o.T("page.office.growth_from", "change", change, "before", o.number(unit, before))
}

// differences says when the figures were last recomputed and what was not as it had been.
func (o *office) differences(tx *store.Tx) error {
	at, err := report.Checked(tx)
	if err != nil {
		return err
	}
	b := block{Title: o.T("page.office.recomputed"), Text: o.T("page.office.recomputed_never")}
	if !at.IsZero() {
		b.Text = o.T("page.office.recomputed_at", "when", o.stamp(at))
	}
	before, most := "", differencesShown
	if o.Form("list") == "differences" {
		before = o.Form("after")
	}
	if o.exporting() {
		before, most = "", exportMost
	}
	found, err := report.Differences(tx, o.place, before, most+1)
	if err != nil {
		return err
	}
	b.List = "after differences"
	if len(found) > most {
		found = found[:most]
		b.More = o.here("after", found[most-1].ID, "list", "differences")
	}
	if len(found) > 0 {
		b.Table = &table{Caption: o.T("page.office.differences"), Head: []string{o.T("page.office.figure"), o.T("page.office.month"), o.T("page.office.place"), o.T("page.office.was"),
			o.T("page.office.is"), o.T("page.office.found_at")}}
		for _, d := range found {
			f, _ := report.Of(d.Code)
			month := string(d.Month)
			if month == "" {
				month = o.T("page.office.orders_and_book")
			}
			b.Table.Rows = append(b.Table.Rows, texts(o.T(nameOf[d.Code]), month, o.tree.Name(d.Place), o.number(f.Unit, d.Was), o.number(f.Unit, d.Is), o.stamp(d.FoundAt)))
		}
	}
	o.add(b)
	return nil
}

// differencesShown is how many differences of nights stand on a page (default, ours).
const differencesShown = 20

// entriesShown is a page of entries; a workbook has up to exportMost.
const (
	entriesShown = 50
	exportMost   = 20_000
)

// Figure opens one figure to the entries behind it.
func Figure(r *page.Request) error {
	o, err := open(r, identity.ReportRead, r.T("page.office.entries"))
	if err != nil {
		return err
	}
	code := report.Code(r.Form("code"))
	f, ok := report.Of(code)
	if !ok {
		return errs.New(errs.NotFound, "report.figure_unknown")
	}
	o.v.Title = r.T(nameOf[code])
	if !f.Stock {
		o.choosePeriod()
	}
	err = r.Read("web.entries", func(tx *store.Tx, _ *region.Tree) error {
		p, counted, err := o.entries(tx, code)
		if err != nil {
			return err
		}
		o.v.Lead = r.T("page.office.taken", "when", o.stamp(counted))
		o.add(block{Figures: []ui.Figure{{Name: r.T(nameOf[code]), Number: o.number(f.Unit, p.Value), Means: r.T(string(code)), Growth: r.T("page.office.lines", "count", grouped(p.Lines)),
			Why: o.why(f, counted)}}})
		if !f.Stock {
			if err := o.course(tx, f); err != nil {
				return err
			}
		}
		return o.entryTable(tx, f, p)
	})
	if err != nil {
		return err
	}
	return o.show("entries")
}

// entries reads a page, or all of them for a workbook.
func (o *office) entries(tx *store.Tx, code report.Code) (report.Page, time.Time, error) {
	if !o.exporting() {
		return o.Reports.List(tx, o.tree, o.place, code, o.when.span, o.Form("after"), entriesShown)
	}
	whole, err := report.List(tx, o.tree, o.place, code, o.when.span, "", 1000)
	for err == nil && whole.Next != "" && len(whole.Rows) < exportMost {
		var more report.Page
		more, err = report.List(tx, o.tree, o.place, code, o.when.span, whole.Next, 1000)
		whole.Rows, whole.Next = append(whole.Rows, more.Rows...), more.Next
	}
	return whole, o.Now, err
}

func (o *office) entryTable(tx *store.Tx, f report.Figure, p report.Page) error {
	people := make([]string, len(p.Rows))
	for i, e := range p.Rows {
		people[i] = e.Person
	}
	name, err := o.names(tx, people)
	if err != nil {
		return err
	}
	what, err := o.what(tx)
	if err != nil {
		return err
	}
	t := &table{Caption: o.T("page.office.entries"), Head: []string{o.T("page.office.at"), o.T("page.office.what"), o.T("page.office.who"), o.T("page.office.place"), o.T("page.office.value"), o.T("page.office.ref")}}
	for _, e := range p.Rows {
		t.Rows = append(t.Rows, texts(o.stamp(e.At), what(e.What), name(e.Person), o.tree.FullName(e.Region), o.number(f.Unit, e.Value), e.Ref))
	}
	b := block{Table: t, More: o.next(p.Next), List: "after", Text: o.T("page.office.entries_sum", "sum", o.number(f.Unit, p.Value), "count", grouped(p.Lines))}
	if len(p.Rows) == 0 {
		b.Table, b.Empty = nil, o.T("page.office.no_entries")
	}
	o.add(b)
	return nil
}

// whatNames are the states and kinds that an entry can be about; services and courses have names of their own.
var whatNames = map[string]string{
	"applied": "page.office.w_applied", "reviewed": "page.office.w_reviewed", "studying": "page.office.w_studying", "certified": "page.office.w_certified",
	"suspended": "page.office.w_suspended", "approved": "page.office.w_approved", "active": "page.office.w_active", "community": "page.owner.community",
	"street": "page.owner.street", "organisation": "page.office.w_organisation", "saved": "class.saved", "donated": "class.donated", "grant": "class.grant", "group": "class.group",
	"transfer": "reason.transfer", "donate": "reason.donate", "ok": "page.office.w_ok", "problem": "page.office.w_problem", "unreachable": "page.office.w_unreachable",
	"not_done": "page.office.c_not_done", "cut_short": "page.office.c_cut_short", "wrong_hours": "page.office.c_wrong_hours", "poor": "page.office.c_poor",
	"conduct": "page.office.c_conduct", "asked_money": "page.office.c_asked_money", "unsafe": "page.office.c_unsafe", "privacy": "page.office.c_privacy", "other": "page.office.c_other",
}

// what says in words what an entry is about.
func (o *office) what(tx *store.Tx) (func(code string) string, error) {
	items, err := o.Catalog.Catalogue(tx)
	if err != nil {
		return nil, err
	}
	return func(code string) string {
		if name := itemName(items, code, o.Now, o.Lang); name != "" {
			return name
		}
		if words, ok := whatNames[code]; ok {
			return o.T(words)
		}
		return code
	}, nil
}

// itemName is the name of a service in its current or last version, "" for what is none.
func itemName(all *catalog.Catalogue, code string, at time.Time, lang string) string {
	if item, err := all.Current(code, at); err == nil {
		return item.Name(lang)
	}
	if versions := all.Versions(code); len(versions) > 0 {
		return versions[len(versions)-1].Name(lang)
	}
	return ""
}

// course draws the last six months of a figure, with a table beside it.
func (o *office) course(tx *store.Tx, f report.Figure) error {
	month := clock.MonthOf(o.Now)
	t := &table{Caption: o.T("page.office.course"), Head: []string{o.T("page.office.month"), o.T("page.office.value")}}
	var values [6]int64
	top := int64(1)
	for i := range values {
		m := month.Add(i - len(values) + 1)
		counted, err := o.Reports.Recent(tx, report.Days(m.First(), m.Last()))
		if err != nil {
			return err
		}
		n := counted.Below(f.Code, []region.ID{o.place})[o.place]
		values[i], top = n, max(top, n)
		t.Rows = append(t.Rows, texts(string(m), o.number(f.Unit, n)))
	}
	chart := &bars{Label: o.T("page.office.course")}
	for i, n := range values {
		h := max(n, 0) * 190 / top
		chart.List = append(chart.List, bar{X: strconv.Itoa(20 + i*95), Y: strconv.FormatInt(195-h, 10), H: strconv.FormatInt(h, 10),
			Name: t.Rows[i][0].Text + ": " + t.Rows[i][1].Text})
	}
	o.add(block{Bars: chart, Table: t})
	return nil
}
