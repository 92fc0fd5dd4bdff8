package admin

import (
	"net/http"
	"strconv"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// Trail searches who did what: by who acted, for whom, what it was done to, what was done, and when.
func Trail(r *page.Request) error {
	o, err := open(r, identity.AuditRead, r.T("page.office.trail"))
	if err != nil {
		return err
	}
	f := audit.Filter{Actor: r.Form("actor"), OnBehalf: r.Form("behalf"), Ref: r.Form("ref"), Action: r.Form("action")}
	fields := []ui.Field{{Name: "actor", Label: r.T("page.office.actor"), Value: f.Actor, Max: 26}, {Name: "behalf", Label: r.T("page.office.behalf"), Value: f.OnBehalf, Max: 26},
		{Name: "ref", Label: r.T("page.office.ref"), Value: f.Ref, Max: 60}, {Name: "action", Label: r.T("page.office.action"), Hint: r.T("page.office.action_hint"), Value: f.Action, Max: 60},
		{Name: "since", Label: r.T("page.office.from_day"), Hint: "2020-10-01", Value: r.Form("since"), Max: 10}, {Name: "until", Label: r.T("page.office.to_day"), Hint: "2020-10-31", Value: r.Form("until"), Max: 10}}
	for i, name := range []string{"since", "until"} {
		if r.Form(name) == "" {
			continue
		}
		day, err := clock.ParseDay(r.Form(name))
		switch {
		case err != nil:
			fields[4+i].Error = r.T("page.office.day_wrong")
			o.v.Faults, o.v.WhyNot = append(o.v.Faults, ui.Fault{Field: name, Text: fields[4+i].Error}), o.FormWhy()
		case i == 0:
			f.From = day.Start()
		default:
			f.Until = day.End()
		}
	}
	search := form{Get: true, Action: "/office/trail", Button: r.T("page.office.search"), Fields: fields}
	o.add(block{Forms: []form{search.with("place", string(o.place))}})
	err = r.Read("web.trail", func(tx *store.Tx, _ *region.Tree) error { return o.trail(tx, f) })
	if err != nil {
		return err
	}
	return o.show("trail")
}

// trail lists a page of acts of the place and below, newest first.
func (o *office) trail(tx *store.Tx, f audit.Filter) error {
	if o.place != o.tree.City() {
		f.Regions = []string{string(o.place)}
		for _, tree := range []region.TreeName{region.Administrative, region.Reporting} {
			for _, id := range o.tree.Descendants(tree, o.place) {
				f.Regions = append(f.Regions, string(id))
			}
		}
	}
	before := int64(0)
	if after := o.Form("after"); after != "" {
		n, err := strconv.ParseInt(after, 10, 64)
		if err != nil || n < 1 {
			return errs.New(errs.KindInvalid, "report.cursor_malformed")
		}
		before = n
	}
	limit := entriesShown
	if o.exporting() {
		limit = exportMost
	}
	rows, next, err := audit.Search(tx, f, before, limit)
	if err != nil {
		return err
	}
	people := make([]string, 0, len(rows))
	ids := make([]identity.ActorID, 0, len(rows))
	for _, e := range rows {
		people, ids = append(people, e.OnBehalf), append(ids, identity.ActorID(e.Actor))
	}
	actors, err := identity.Load(tx, ids, "")
	if err != nil {
		return err
	}
	for _, a := range actors {
		people = append(people, a.Person)
	}
	name, err := o.names(tx, people)
	if err != nil {
		return err
	}
	t := &table{Caption: o.T("page.office.trail"), Head: []string{o.T("page.office.at"), o.T("page.office.actor"), o.T("page.office.behalf"), o.T("page.office.action"), o.T("page.office.ref"),
		o.T("page.office.place"), o.T("page.office.before"), o.T("page.office.after"), o.T("page.office.origin")}}
	for _, e := range rows {
		actor := e.Actor
		if a, ok := actors[identity.ActorID(e.Actor)]; ok && a.Person != "" {
			actor = name(a.Person) + " " + e.Actor
		}
		t.Rows = append(t.Rows, []cell{text(o.stamp(e.At)), text(actor), text(name(e.OnBehalf)), text(e.Action), {Text: e.Kind + " " + e.Ref, Href: o.at("/office/trail", "ref", e.Ref)},
			text(o.tree.Name(region.ID(e.Region))), text(e.Before), text(e.After), text(e.Origin)})
	}
	b := block{Table: t, List: "after"}
	if len(rows) == 0 {
		b.Table, b.Empty = nil, o.T("page.office.no_acts")
	}
	if next > 0 {
		b.More = o.next(strconv.FormatInt(next, 10))
	}
	o.add(b)
	return nil
}

// Help says in plain words how the offices work.
func Help(r *page.Request) error {
	o, err := open(r, identity.ReportRead, r.T("page.office.help"))
	if err != nil {
		return err
	}
	o.v.Export, o.v.Go = "", nil
	for _, part := range [][2]string{{r.T("page.office.help_figures"), r.T("page.office.help_figures_text")}, {r.T("page.office.help_waiting"), r.T("page.office.help_waiting_text")},
		{r.T("page.office.help_rules"), r.T("page.office.help_rules_text")}, {r.T("page.office.help_regions"), r.T("page.office.help_regions_text")}, {r.T("page.office.help_hours"), r.T("page.office.help_hours_text")},
		{r.T("page.office.help_trail"), r.T("page.office.help_trail_text")}} {
		o.add(block{Title: part[0], Text: part[1]})
	}
	return r.Show(http.StatusOK, sheet(o.v))
}
