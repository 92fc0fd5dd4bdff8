package admin

import (
	"slices"
	"strconv"
	"strings"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/training"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

var itemStates = map[catalog.State]string{catalog.Published: "page.office.s_published", catalog.Withdrawn: "page.office.s_withdrawn"}

var classWords = map[catalog.Class]string{catalog.ClassLiving: "page.office.k_living", catalog.ClassHealth: "page.office.k_health", catalog.ClassCompany: "page.office.k_company",
	catalog.ClassLearning: "page.office.k_learning", catalog.ClassRights: "page.office.k_rights"}

var riskWords = map[catalog.Risk]string{catalog.RiskLow: "page.office.risk_low", catalog.RiskMedium: "page.office.risk_medium", catalog.RiskHigh: "page.office.risk_high"}

var urgencyWords = map[catalog.Urgency]string{catalog.Everyday: "page.office.u_everyday", catalog.WithinDay: "page.office.u_within_day", catalog.AtOnce: "page.office.u_at_once"}

// newItem is the address's word for a service that is not there yet.
const newItem = "new"

// Catalogue lists the services that can be ordered, with every version of the one that is asked for and the form for its next.
func Catalogue(r *page.Request) error {
	o, err := open(r, identity.ReportRead, r.T("page.office.catalogue"))
	if err != nil {
		return err
	}
	only := r.Form("item")
	city := o.may(identity.CatalogPublish, o.place)
	err = r.Read("web.catalogue", func(tx *store.Tx, _ *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		courses, err := training.Courses(tx)
		if err != nil {
			return err
		}
		o.items(all)
		versions := all.Versions(only)
		if len(versions) > 0 {
			o.versionsOf(only, versions, city)
		}
		switch {
		case city && len(versions) > 0:
			o.add(block{Title: r.T("page.office.new_version"), Text: r.T("page.office.new_version_means"), Forms: []form{o.itemForm(versions[len(versions)-1].Spec, courses, false)}})
		case city && only == newItem:
			o.add(block{Title: r.T("page.office.publish_item"), Forms: []form{o.itemForm(catalog.Spec{Risk: catalog.RiskLow, Volunteers: 1, From: 8, Until: 18}, courses, true)}})
		case city:
			o.add(block{Title: r.T("page.office.publish_item"), Text: r.T("page.office.publish_means"), Links: []ui.Link{{Href: o.here("item", newItem), Text: r.T("page.office.publish_item")}}})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return o.show("catalogue")
}

func (o *office) items(all *catalog.Catalogue) {
	t := &table{Caption: o.T("page.office.catalogue"), Head: []string{o.T("page.office.name"), o.T("page.office.code"), o.T("page.office.version"), o.T("page.office.usual"), o.T("page.office.volunteers_needed")}}
	for _, item := range all.List(o.Now) {
		t.Rows = append(t.Rows, []cell{{Text: item.Name(o.Lang), Href: o.here("item", item.Code)}, text(item.Code), text(strconv.Itoa(item.Version)), text(o.Long(item.Usual)), text(strconv.Itoa(item.Volunteers))})
	}
	o.add(block{Table: t})
}

func (o *office) versionsOf(code string, versions []*catalog.Item, city bool) {
	history := &table{Caption: o.T("page.office.versions"), Head: []string{o.T("page.office.version"), o.T("page.office.state"), o.T("page.office.name"), o.T("page.office.effective"),
		o.T("page.office.usual"), o.T("page.office.longest"), o.T("page.office.meaning")}}
	for _, v := range versions {
		history.Rows = append(history.Rows, texts(strconv.Itoa(v.Version), o.T(itemStates[v.State]), v.Name(o.Lang), o.stamp(v.EffectiveFrom), o.Long(v.Usual), o.Long(v.Longest), v.Description(o.Lang)))
	}
	b := block{Title: versions[len(versions)-1].Name(o.Lang), Table: history}
	if city {
		f := o.form("/office/catalogue/"+code+"/withdraw", o.T("page.office.withdraw_item"), "stop", ui.Field{Name: "w-reason", Label: o.T("page.office.reason"), Max: 200, Needed: true},
			ui.Field{Name: "w-from", Label: o.T("page.office.from_when"), Hint: o.T("page.office.from_when_hint"), Max: 10})
		f.Title = o.T("page.office.withdraw_item")
		b.Forms = append(b.Forms, f)
	}
	o.add(b)
}

// choose is a field with a choice of codes in words.
func choose[C ~string](o *office, name, label string, all []C, words map[C]string, chosen C) ui.Field {
	f := ui.Field{Name: name, Label: label}
	for _, c := range all {
		f.Options = append(f.Options, ui.Option{Value: string(c), Text: o.T(words[c]), Chosen: c == chosen})
	}
	return f
}

// itemForm is a version of a service as a form, beginning with what spec says. Only a new service chooses its code and its kind.
func (o *office) itemForm(spec catalog.Spec, courses map[string]training.Course, fresh bool) form {
	line := func(name, label, value string, most int) ui.Field {
		return ui.Field{Name: name, Label: o.T(label), Value: value, Max: most, Needed: true}
	}
	number := func(name, label string, value int64) ui.Field {
		f := ui.Field{Name: name, Label: o.T(label), Mode: "numeric", Max: 4, Needed: true}
		if value > 0 || name == "from" {
			f.Value = strconv.FormatInt(value, 10)
		}
		return f
	}
	area := func(name, label, value, hint string) ui.Field {
		f := ui.Field{Name: name, Label: o.T(label), Value: value, Rows: 3}
		if hint != "" {
			f.Hint = o.T(hint)
		}
		return f
	}
	yes := func(name, label string, is bool) ui.Field {
		return ui.Field{Name: name, Label: o.T(label), Options: []ui.Option{{Value: "no", Text: o.T("page.office.no")}, {Value: "yes", Text: o.T("page.office.yes"), Chosen: is}}}
	}
	var fields []ui.Field
	if fresh {
		code := line("code", "page.office.code", "", 40)
		code.Hint = o.T("page.office.item_code_hint")
		fields = append(fields, code)
	}
	kinds := map[catalog.Category]string{}
	for _, c := range catalog.Categories() {
		kinds[c] = "page.category." + string(c)
	}
	soonest := ui.Field{Name: "urgency", Label: o.T("page.office.soonest")}
	for _, u := range catalog.Urgencies() {
		soonest.Options = append(soonest.Options, ui.Option{Value: string(u), Text: o.T(urgencyWords[u]), Chosen: len(spec.Urgencies) > 0 && u == slices.MaxFunc(spec.Urgencies, catalog.Urgency.Compare)})
	}
	course := ui.Field{Name: "course", Label: o.T("page.office.course_needed"), Options: []ui.Option{{Value: "", Text: o.T("page.office.none")}}}
	for _, c := range sorted(courses) {
		course.Options = append(course.Options, ui.Option{Value: c, Text: courses[c].Name(o.Lang), Chosen: c == spec.Course})
	}
	fields = append(fields, line("name_zh", "page.office.name_zh", spec.NameZH, 40), line("name_en", "page.office.name_en", spec.NameEN, 80),
		area("description_zh", "page.office.description_zh", spec.DescriptionZH, ""), area("description_en", "page.office.description_en", spec.DescriptionEN, ""),
		area("never_zh", "page.office.never_zh", spec.NeverZH, "page.office.never_hint"), area("never_en", "page.office.never_en", spec.NeverEN, ""),
		choose(o, "category", o.T("page.office.kind"), catalog.Categories(), kinds, spec.Category), choose(o, "class", o.T("page.office.class"), catalog.Classes(), classWords, spec.Class),
		soonest, choose(o, "risk", o.T("page.office.risk"), catalog.Risks(), riskWords, spec.Risk), number("volunteers", "page.office.volunteers_needed", int64(spec.Volunteers)), course,
		number("shortest", "page.office.shortest_minutes", spec.Shortest.Int64()), number("usual", "page.office.usual_minutes", spec.Usual.Int64()),
		number("longest", "page.office.longest_minutes", spec.Longest.Int64()), number("from", "page.office.from_hour", int64(spec.From)), number("until", "page.office.until_hour", int64(spec.Until)),
		yes("family_presence", "page.office.family_presence", spec.FamilyPresence), yes("agreement", "page.office.agreement", spec.Agreement), yes("insurance", "page.office.insurance", spec.Insurance),
		area("steps", "page.office.steps", lines(spec.Steps), "page.office.steps_hint"), area("outcomes", "page.office.outcomes", lines(spec.Outcomes), ""),
		ui.Field{Name: "effective", Label: o.T("page.office.from_when"), Hint: o.T("page.office.from_when_hint"), Max: 10})
	f := o.form("/office/catalogue", o.T("page.office.publish"), "", fields...)
	if !fresh {
		return f.with("item", spec.Code)
	}
	return f.with("item", newItem)
}

// lines writes steps or outcomes one a line: code, Chinese, English, with a bar between.
func lines(points []catalog.Point) string {
	all := make([]string, len(points))
	for i, p := range points {
		all[i] = p.Code + " | " + p.ZH + " | " + p.EN
	}
	return strings.Join(all, "\n")
}

// pointsOf reads what lines wrote.
func pointsOf(text string) (points []catalog.Point) {
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		parts := append(strings.SplitN(line, "|", 3), "", "")
		points = append(points, catalog.Point{Code: strings.TrimSpace(parts[0]), ZH: strings.TrimSpace(parts[1]), EN: strings.TrimSpace(parts[2])})
	}
	return points
}

// itemOf reads a version of a service from the form; a number that is none is told as a fault of its field.
func itemOf(r *page.Request) (spec catalog.Spec, err error) {
	var bad errs.Fields
	number := func(name string) int {
		n, err := strconv.Atoi(r.Form(name))
		if err != nil || n < 0 || n > 10_000 {
			bad.Add(name, "page.office.number_wrong")
			return 1
		}
		return n
	}
	code := r.Form("item")
	if code == newItem {
		code = r.Form("code")
	}
	spec = catalog.Spec{Code: code, Category: catalog.Category(r.Form("category")), Class: catalog.Class(r.Form("class")), NameZH: r.Form("name_zh"), NameEN: r.Form("name_en"),
		DescriptionZH: r.Form("description_zh"), DescriptionEN: r.Form("description_en"), NeverZH: r.Form("never_zh"), NeverEN: r.Form("never_en"), Risk: catalog.Risk(r.Form("risk")),
		Volunteers: number("volunteers"), Course: r.Form("course"), FamilyPresence: r.Form("family_presence") == "yes", Agreement: r.Form("agreement") == "yes",
		Insurance: r.Form("insurance") == "yes", Shortest: hours.Of(int64(number("shortest"))), Usual: hours.Of(int64(number("usual"))), Longest: hours.Of(int64(number("longest"))),
		From: number("from"), Until: number("until"), Steps: pointsOf(r.Form("steps")), Outcomes: pointsOf(r.Form("outcomes"))}
	// What can be asked for at once can be asked for calmly too.
	for _, u := range catalog.Urgencies() {
		spec.Urgencies = append(spec.Urgencies, u)
		if string(u) == r.Form("urgency") {
			break
		}
	}
	return spec, bad.Err("page.form_incomplete")
}

// PublishItem publishes a version of a service.
func PublishItem(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	o, err := open(r, identity.ReportRead, "")
	if err != nil {
		return err
	}
	cmd := catalog.PublishCmd{Actor: r.Actor, Key: key}
	cmd.Spec, err = itemOf(r)
	if day := r.Form("effective"); err == nil && day != "" {
		d, wrong := clock.ParseDay(day)
		if wrong != nil {
			err = errs.Invalid("page.form_incomplete", errs.Field{Path: "effective_from", Code: "page.office.day_wrong"})
		} else {
			cmd.EffectiveFrom = d.Start()
		}
	}
	if err == nil {
		_, err = r.Catalog.Publish(r.Context(), cmd)
	}
	if err != nil {
		return r.Redisplay(err, o.at("/office/catalogue", "item", r.Form("item")), Catalogue, "effective_from", "effective", "from_hour", "from", "until_hour", "until", "urgencies", "urgency", "steps", "steps", "outcomes", "outcomes")
	}
	return o.Go(o.at("/office/catalogue", "item", cmd.Spec.Code, "done", "saved"))
}

// WithdrawItem ends a service; what was ordered before keeps its version.
func WithdrawItem(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	o, err := open(r, identity.ReportRead, "")
	if err != nil {
		return err
	}
	at := o.at("/office/catalogue", "item", r.Path("code"))
	cmd := catalog.WithdrawCmd{Actor: r.Actor, Key: key, Code: r.Path("code"), Reason: r.Form("w-reason")}
	if day := r.Form("w-from"); day != "" {
		d, err := clock.ParseDay(day)
		if err != nil {
			return r.Redisplay(errs.Invalid("page.form_incomplete", errs.Field{Path: "w-from", Code: "page.office.day_wrong"}), at, Catalogue)
		}
		cmd.EffectiveFrom = d.Start()
	}
	if _, err := r.Catalog.Withdraw(r.Context(), cmd); err != nil {
		return r.Redisplay(err, at, Catalogue, "reason", "w-reason", "effective_from", "w-from")
	}
	return o.done("/office/catalogue")
}
