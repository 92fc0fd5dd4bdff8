package admin

import (
	"slices"
	"strings"

	"timebank/internal/clock"
	"timebank/internal/division"
	"timebank/internal/identity"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/report"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

var (
	treeNames   = map[region.TreeName]string{region.Administrative: "page.office.tree_law", region.Reporting: "page.office.tree_reporting"}
	systemNames = map[region.System]string{region.Official: "page.office.system_official", region.Private: "page.office.system_private"}
	changeNames = map[division.Kind]string{division.Move: "page.office.region_move", division.Recode: "page.office.region_recode", division.Merge: "page.office.region_merge"}
	// hanging are the figures of what goes along with a region.
	hanging = []report.Code{"figure.persons", "figure.recipients", "figure.volunteers", "figure.points", "figure.open"}
)

// bothTrees is the choice of the form that names no tree.
const bothTrees = "both"

// Regions shows a region as it stands, what hangs on it, what is decided and proposed here and below, and to the city the forms that move it, give it
// another code or name, and let it take a neighbour over.
func Regions(r *page.Request) error {
	o, err := open(r, identity.ReportRead, r.T("page.office.regions"))
	if err != nil {
		return err
	}
	o.v.Lead = r.T("page.office.regions_lead")
	here, _ := o.tree.ByID(o.place)
	o.add(block{Facts: o.standsAs(here)})
	err = r.Read("web.regions", func(tx *store.Tx, _ *region.Tree) error {
		if err := o.hangsOn(tx); err != nil {
			return err
		}
		if err := o.ownRules(tx, here); err != nil {
			return err
		}
		if err := o.planned(tx); err != nil {
			return err
		}
		if err := o.changes(tx); err != nil || !o.may(identity.RegionPropose, o.place) {
			return err
		}
		return o.proposeChanges(tx, here)
	})
	if err != nil {
		return err
	}
	return o.show("regions")
}

// standsAs are a region's code, name and places.
func (o *office) standsAs(r region.Region) []ui.Row {
	rows := []ui.Row{{Name: o.T("page.office.name"), Value: r.Name}, {Name: o.T("page.office.region_code"), Value: r.Code + " (" + o.T(systemNames[r.System]) + ")"},
		{Name: o.T("page.office.region_level"), Value: ui.OwnerText(o.Lang, string(r.Level))}}
	for _, tree := range region.TreeNames() {
		if up, ok := o.tree.UpIn(tree, r.ID); ok {
			rows = append(rows, ui.Row{Name: o.T(treeNames[tree]), Value: o.tree.FullName(up)})
		}
	}
	if r.Until != region.Forever {
		rows = append(rows, ui.Row{Name: o.T("page.office.region_ends"), Value: string(r.Until) + " → " + o.tree.Name(r.Successor)})
	}
	return append(rows, ui.Row{Name: o.T("page.office.region_parts"), Value: grouped(int64(len(o.below())))})
}

// hangsOn counts what goes along when the region changes.
func (o *office) hangsOn(tx *store.Tx) error {
	now, err := o.Reports.Recent(tx, o.when.span)
	if err != nil {
		return err
	}
	count := now.Of(o.place)
	b := block{Title: o.T("page.office.region_hangs"), Text: o.T("page.office.region_hangs_text")}
	for _, f := range report.Figures() {
		if slices.Contains(hanging, f.Code) {
			b.Figures = append(b.Figures, ui.Figure{Name: o.T(nameOf[f.Code]), Number: o.number(f.Unit, count[f.Code]), Means: o.T(string(f.Code)), Href: o.opened(f.Code), Why: o.why(f, now.At)})
		}
	}
	held, err := identity.Holders(tx, o.place)
	if err != nil {
		return err
	}
	b.Facts = []ui.Row{{Name: o.T("page.office.region_roles"), Value: grouped(int64(len(held)))}}
	if o.may(identity.MemberRead, o.place) {
		b.Links = []ui.Link{{Href: o.at("/office/people"), Text: o.T("page.office.people")}, {Href: o.at("/office/points"), Text: o.T("page.office.all_points")}}
	}
	o.add(b)
	return nil
}

// ownRules lists the rules of its own that a region has: they end with it.
func (o *office) ownRules(tx *store.Tx, r region.Region) error {
	if !mergeable(r) {
		return nil
	}
	view, err := o.Policies.View(tx)
	if err != nil {
		return err
	}
	own, err := view.Own(string(r.ID), o.Now, o.path())
	if err != nil || len(own) == 0 {
		return err
	}
	b := block{Title: o.T("page.office.region_own_rules"), Text: o.T("page.office.region_own_rules_text"), Table: &table{Caption: o.T("page.office.region_own_rules"),
		Head: []string{o.T("page.office.parameter"), o.T("page.office.meaning"), o.T("page.office.value_here"), o.T("page.office.effective")}}}
	for _, one := range own {
		p, _ := policy.ParamOf(one.Key)
		b.Table.Rows = append(b.Table.Rows, []cell{{Text: one.Key, Href: o.at("/office/rules/" + one.Key)}, text(o.Pick(p.ZH, p.EN)), text(o.measured(p, one.Value)), text(o.stamp(one.From))})
	}
	o.add(b)
	return nil
}

// ends says of each rule that ends with a region what it is now, and what it is afterwards.
func (o *office) ends(all []division.Ending) []string {
	said := make([]string, len(all))
	for i, e := range all {
		p, _ := policy.ParamOf(e.Key)
		said[i] = o.T("page.office.region_rule_ends", "rule", e.Key, "means", o.Pick(p.ZH, p.EN), "now", o.measured(p, e.Value), "then", o.measured(p, e.Then))
		if e.From.After(o.Now) {
			said[i] += " " + o.T("page.office.region_rule_from", "when", o.stamp(e.From))
		}
	}
	return said
}

// planned lists what was decided for days to come, here and below.
func (o *office) planned(tx *store.Tx) error {
	plans, err := region.Plans(tx)
	if err != nil {
		return err
	}
	b := block{Title: o.T("page.office.region_planned"), Table: &table{Caption: o.T("page.office.region_planned"), Head: []string{o.T("page.office.effective"), o.T("page.office.place"), o.T("page.office.what")}}}
	for _, p := range plans {
		if !o.tree.Contains(o.place, p.Region) {
			continue
		}
		what := o.T("page.office.region_into", "name", o.tree.FullName(p.Into))
		switch {
		case p.Parent != "":
			what = o.T("page.office.region_under", "name", o.tree.FullName(p.Parent), "trees", o.trees(p.Trees))
		case p.Into == "":
			what = o.T("page.office.region_called", "name", p.Name, "code", p.Code)
		}
		b.Table.Rows = append(b.Table.Rows, texts(string(p.From), o.tree.FullName(p.Region), what))
	}
	if len(b.Table.Rows) == 0 {
		b.Table, b.Empty = nil, o.T("page.office.region_nothing_planned")
	}
	o.add(b)
	return nil
}

func (o *office) trees(of []region.TreeName) string {
	names := make([]string, len(of))
	for i, t := range of {
		names[i] = o.T(treeNames[t])
	}
	return strings.Join(names, " · ")
}

// wanted says what a change makes of what.
func (o *office) wanted(c division.Change) (rows []ui.Row) {
	r, _ := o.tree.ByID(c.Region)
	switch c.Kind {
	case division.Move:
		for _, tree := range c.Trees {
			up, _ := o.tree.UpIn(tree, c.Region)
			rows = append(rows, ui.Row{Name: o.T(treeNames[tree]), Value: o.tree.FullName(up) + " → " + o.tree.FullName(c.Parent)})
		}
	case division.Recode:
		rows = []ui.Row{{Name: o.T("page.office.name"), Value: r.Name + " → " + c.Name}, {Name: o.T("page.office.region_code"), Value: r.Code + " → " + c.Code}}
	case division.Merge:
		for _, m := range c.Merged {
			rows = append(rows, ui.Row{Name: o.T("page.office.region_ends"), Value: o.tree.FullName(m) + " → " + r.Name})
		}
	}
	return rows
}

// changes lists the changes that wait for a second person here and below.
func (o *office) changes(tx *store.Tx) error {
	ours := func(p identity.Proposal) bool { _, ok := division.Read(p); return ok }
	return o.waitingActs(tx, "changes", "/office/regions/proposals/", ours, func(p identity.Proposal) ([]ui.Row, error) {
		c, _ := division.Read(p)
		ending, err := o.Divisions.Endings(tx, o.tree, c)
		if err != nil {
			return nil, err
		}
		facts := append([]ui.Row{{Name: o.T("page.office.what"), Value: o.T(changeNames[c.Kind])}, {Name: o.T("page.office.place"), Value: o.tree.FullName(c.Region)}}, o.wanted(c)...)
		for i, said := range o.ends(ending) {
			facts = append(facts, ui.Row{Name: o.T("page.office.region_rules_of", "name", o.tree.Name(ending[i].Region)), Value: said})
		}
		if c.Kind == division.Merge && len(ending) == 0 {
			facts = append(facts, ui.Row{Name: o.T("page.office.region_own_rules"), Value: o.T("page.office.region_no_rules")})
		}
		return append(facts, ui.Row{Name: o.T("page.office.effective"), Value: string(c.From)}, ui.Row{Name: o.T("page.office.reason"), Value: p.Reason},
			ui.Row{Name: o.T("page.office.proposed_at"), Value: o.stamp(p.ProposedAt)}, ui.Row{Name: o.T("page.office.until_day"), Value: o.stamp(p.Until)}), nil
	})
}

// proposeChanges are the forms that put a change of the region forward. Each says what its day brings.
func (o *office) proposeChanges(tx *store.Tx, r region.Region) error {
	b := block{Title: o.T("page.office.region_propose"), Text: o.T("page.office.region_propose_text")}
	ask := func(kind division.Kind, prefix, means string, fields ...ui.Field) {
		fields = append(fields, ui.Field{Name: "from", Label: o.T("page.office.region_from"), Hint: o.T("page.office.region_from_hint"), Max: 10, Needed: true},
			ui.Field{Name: "reason", Label: o.T("page.office.reason"), Hint: o.T("page.office.region_reason"), Max: 500, Needed: true})
		for i := range fields {
			fields[i].Name = prefix + fields[i].Name
		}
		f := o.form("/office/regions", o.T("page.office.propose"), "", fields...).with("kind", string(kind))
		f.Title, f.Text = o.T(changeNames[kind]), means
		b.Forms = append(b.Forms, f)
	}
	if above := o.movable(r); len(above) > 0 {
		trees := []ui.Option{{Value: bothTrees, Text: o.trees(region.TreeNames())}}
		for _, t := range region.TreeNames() {
			trees = append(trees, ui.Option{Value: string(t), Text: o.T(treeNames[t])})
		}
		ask(division.Move, "m-", o.T("page.office.region_move_means"), ui.Field{Name: "parent", Label: o.T("page.office.region_parent"), Options: o.options(above)},
			ui.Field{Name: "trees", Label: o.T("page.office.region_trees"), Options: trees})
	}
	var systems []ui.Option
	for _, s := range []region.System{region.Official, region.Private} {
		systems = append(systems, ui.Option{Value: string(s), Text: o.T(systemNames[s]), Chosen: s == r.System})
	}
	ask(division.Recode, "c-", o.T("page.office.region_recode_means"), ui.Field{Name: "name", Label: o.T("page.office.name"), Value: r.Name, Max: 60, Needed: true},
		ui.Field{Name: "code", Label: o.T("page.office.region_code"), Value: r.Code, Max: 12, Needed: true}, ui.Field{Name: "system", Label: o.T("page.office.region_system"), Options: systems})
	if near := o.options(o.near(r)); len(near) > 0 {
		for i := range near {
			ending, err := o.Divisions.Endings(tx, o.tree, division.Change{Kind: division.Merge, Region: r.ID, Merged: []region.ID{region.ID(near[i].Value)}})
			if err != nil {
				return err
			}
			near[i].Hint = strings.Join(o.ends(ending), " ")
		}
		ask(division.Merge, "g-", o.T("page.office.region_merge_means", "name", r.Name), ui.Field{Name: "merged", Label: o.T("page.office.region_merged"), Hint: o.T("page.office.region_merged_hint"),
			Options: near, Several: true})
	}
	o.add(b)
	return nil
}

func (o *office) options(of []region.ID) (all []ui.Option) {
	for _, id := range of {
		all = append(all, ui.Option{Value: string(id), Text: o.tree.FullName(id)})
	}
	return all
}

// movable are the regions under which a street or community may come to stand.
func (o *office) movable(r region.Region) (above []region.ID) {
	if !mergeable(r) {
		return nil
	}
	for _, other := range o.tree.All() {
		law, _ := o.tree.UpIn(region.Administrative, r.ID)
		counted, _ := o.tree.Up(r.ID)
		if other.Level.Rank()+1 == r.Level.Rank() && (other.ID != law || other.ID != counted) {
			above = append(above, other.ID)
		}
	}
	return above
}

// mergeable says that a region may take others over or go over itself: a street or community whose end is not decided.
func mergeable(r region.Region) bool {
	return (r.Level == region.Street || r.Level == region.Community) && r.Until == region.Forever
}

// near are the neighbours that a street or community may take over: under the same regions, with nothing left below.
func (o *office) near(r region.Region) (near []region.ID) {
	if !mergeable(r) {
		return nil
	}
	law, _ := o.tree.UpIn(region.Administrative, r.ID)
	counted, _ := o.tree.Up(r.ID)
	for _, id := range o.tree.Children(region.Administrative, law) {
		other, _ := o.tree.ByID(id)
		if up, _ := o.tree.Up(id); id != r.ID && up == counted && other.Until == region.Forever && len(o.tree.Children(region.Administrative, id))+len(o.tree.Children(region.Reporting, id)) == 0 {
			near = append(near, id)
		}
	}
	return near
}

// ProposeChange puts a change of the place forward for a second person.
func ProposeChange(r *page.Request) error {
	prefix := map[string]string{string(division.Recode): "c-", string(division.Merge): "g-"}[r.Form("kind")]
	if prefix == "" {
		prefix = "m-"
	}
	return act(r, identity.ReportRead, "/office/regions", Regions, func(o *office, key string) error {
		c := division.Change{Kind: division.Kind(r.Form("kind")), Region: o.place, From: clock.Day(r.Form(prefix + "from"))}
		switch c.Kind {
		case division.Move:
			c.Parent, c.Trees = region.ID(r.Form("m-parent")), []region.TreeName{region.TreeName(r.Form("m-trees"))}
			if c.Trees[0] == bothTrees {
				c.Trees = region.TreeNames()
			}
		case division.Recode:
			c.Name, c.Code, c.System = r.Form("c-name"), r.Form("c-code"), region.System(r.Form("c-system"))
		case division.Merge:
			for _, one := range r.HTTP.PostForm["g-merged"] {
				c.Merged = append(c.Merged, region.ID(one))
			}
		}
		_, err := r.Divisions.Propose(r.Context(), division.ProposeCmd{Actor: r.Actor, Key: key, Change: c, Reason: r.Form(prefix + "reason")})
		return err
	}, prefixed(prefix, "parent", "trees", "name", "code", "system", "merged", "from", "reason")...)
}

// ApproveChange carries a change out as the second person.
func ApproveChange(r *page.Request) error {
	return act(r, identity.ReportRead, "/office/regions", Regions, func(_ *office, key string) error {
		return r.Divisions.Approve(r.Context(), division.ApproveCmd{Actor: r.Actor, Key: key, Proposal: identity.ProposalID(r.Path("id"))})
	})
}

// RefuseChange refuses a change, or withdraws one's own.
func RefuseChange(r *page.Request) error {
	return refuse(r, identity.ReportRead, "/office/regions", Regions)
}
