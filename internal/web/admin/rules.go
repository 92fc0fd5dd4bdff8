package admin

import (
	"slices"
	"strings"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
	"timebank/internal/why"
)

// narrowNames says how a lower level may move a parameter.
var narrowNames = map[policy.Narrow]string{policy.Never: "page.office.narrow_never", policy.Lower: "page.office.narrow_lower", policy.Higher: "page.office.narrow_higher",
	policy.Subset: "page.office.narrow_subset"}

// unitNames says how a value is read with its unit. Minutes say themselves what they are, as in 7h30m.
var unitNames = map[string]string{
	"asks": "page.office.unit_asks", "certificates": "page.office.unit_certificates", "days": "page.office.unit_days",
	"factors": "page.office.unit_factors", "hours": "page.office.unit_hours", "invitations": "page.office.unit_invitations",
	"levels": "page.office.unit_levels", "messages": "page.office.unit_messages", "metres": "page.office.unit_metres",
	"months": "page.office.unit_months", "moves": "page.office.unit_moves", "no-shows": "page.office.unit_no_shows",
	"percent": "page.office.unit_percent", "permille": "page.office.unit_permille", "pictures": "page.office.unit_pictures",
	"points of 100": "page.office.unit_points_100", "transfers": "page.office.unit_transfers", "visits": "page.office.unit_visits",
	"working days": "page.office.unit_working_days", "years": "page.office.unit_years",
}

// measured is a parameter's value with its unit, in the words of the page.
func (o *office) measured(p policy.Param, value string) string {
	if name := unitNames[p.Unit]; name != "" && value != "" {
		return o.T(name, "value", value)
	}
	return value
}

// rulesOf is the region under which the place's rules are kept: "" for the city's snapshot.
func (o *office) rulesOf() string {
	if o.place == o.tree.City() {
		return ""
	}
	return string(o.place)
}

// pick is what the registry of parameters says, in the reader's language.
func (o *office) pick(t policy.Text) string { return o.Pick(t.ZH, t.EN) }

func (o *office) path() []string { return o.tree.RulePath(o.place, o.tree.Day()) }

// mayPropose is false where the place has ended: rules of its own would hold for nobody.
func (o *office) mayPropose() bool {
	if now, _ := o.tree.Current(o.place); now != o.place {
		return false
	}
	if o.rulesOf() == "" {
		return o.may(identity.PolicyPropose, o.place)
	}
	return o.may(identity.PolicyOverridePropose, o.place)
}

func approveRight(place string) identity.Right {
	if place == "" {
		return identity.PolicyApprove
	}
	return identity.PolicyOverrideApprove
}

// Rules shows the nine rule books as they hold here, what is proposed, what was published, and what keeps the city from going live.
func Rules(r *page.Request) error {
	o, err := open(r, identity.ReportRead, r.T("page.office.rules"))
	if err != nil {
		return err
	}
	book := policy.Book(r.Form("book"))
	if !slices.Contains(policy.Books(), book) {
		book = policy.BookOperation
	}
	for _, b := range policy.Books() {
		o.v.Periods = append(o.v.Periods, ui.Link{Href: o.here("book", string(b)), Text: o.Pick(b.Title()), Current: b == book})
	}
	err = r.Read("web.rules", func(tx *store.Tx, tree *region.Tree) error {
		rules, err := r.Policies.Current(tx, r.Now, o.path())
		if err != nil {
			return err
		}
		o.book(book, rules)
		if err := o.proposals(tx); err != nil {
			return err
		}
		if err := o.versions(tx); err != nil {
			return err
		}
		return o.goLive(tx)
	})
	if err != nil {
		return err
	}
	if o.mayPropose() {
		if err := o.proposeWhole(); err != nil {
			return err
		}
	}
	return o.show("rules")
}

func (o *office) book(book policy.Book, rules policy.Rules) {
	t := &table{Caption: o.Pick(book.Title()), Head: []string{o.T("page.office.parameter"), o.T("page.office.meaning"), o.T("page.office.value_here"), o.T("page.office.set_by"),
		o.T("page.office.owner"), o.T("page.office.narrowing"), o.T("page.office.standard")}}
	for _, p := range policy.Params() {
		if p.Book != book {
			continue
		}
		value := text(o.T("page.office.not_set"))
		setBy := "–"
		if rules.IsSet(p.Key) {
			value.Text, setBy = o.measured(p, rules.Text(p.Key)), ui.OwnerText(o.Lang, string(rules.SetBy(p.Key)))
		} else {
			value.Tone = ui.Bad
		}
		standard, _ := p.Default()
		t.Rows = append(t.Rows, []cell{{Text: p.Key, Href: o.at("/office/rules/" + p.Key)}, text(o.Pick(p.ZH, p.EN)), value, text(setBy),
			text(ui.OwnerText(o.Lang, string(p.Owner))), text(o.T(narrowNames[p.Narrow])), text(standard)})
	}
	o.add(block{Table: t, Why: o.booksWhy(rules)})
}

// booksWhy says in which version the rules of a place stand there.
func (o *office) booksWhy(rules policy.Rules) *ui.Why {
	because := why.Rule("policy", string(rules.Version), string(policy.City))
	return o.WhyOf(&because)
}

// value is what a draft says of a parameter, as people read it.
func value(d policy.Draft, key string) string {
	if !d.Has(key) {
		return ""
	}
	return policy.Of(d, "").Text(key)
}

// diff lists what two drafts say differently.
func (o *office) diff(caption string, before, after policy.Draft) *table {
	t := &table{Caption: caption, Head: []string{o.T("page.office.parameter"), o.T("page.office.meaning"), o.T("page.office.was"), o.T("page.office.becomes")}}
	for _, p := range policy.Params() {
		was, is := value(before, p.Key), value(after, p.Key)
		if was == is && before.Has(p.Key) == after.Has(p.Key) {
			continue
		}
		empty := func(s string, has bool) string {
			if !has {
				return o.T("page.office.not_set")
			}
			return o.measured(p, s)
		}
		t.Rows = append(t.Rows, texts(p.Key, o.Pick(p.ZH, p.EN), empty(was, before.Has(p.Key)), empty(is, after.Has(p.Key))))
	}
	return t
}

// current is the newest publication of the place, the zero one when there is none.
func (o *office) current(tx *store.Tx, place string) (policy.Publication, error) {
	all, err := o.Policies.History(tx, place)
	if err != nil || len(all) == 0 {
		return policy.Publication{}, err
	}
	return all[0], nil
}

// drafted is the current publication of a place as a draft; nothing is set in one that was never published.
func (o *office) drafted(tx *store.Tx, place string, level policy.Level) (policy.Draft, error) {
	p, err := o.current(tx, place)
	if err != nil || p.ID == "" {
		return policy.Draft{}, err
	}
	return policy.Read(level, p.Text)
}

// proposals lists what waits for a second person here and below, with its differences and the forms to decide.
func (o *office) proposals(tx *store.Tx) error {
	all, err := o.Policies.Proposals(tx, policy.Open)
	if err != nil {
		return err
	}
	of := func(p policy.Proposal) region.ID {
		if p.Region == "" {
			return o.tree.City()
		}
		return region.ID(p.Region)
	}
	all = slices.DeleteFunc(all, func(p policy.Proposal) bool { return !o.tree.Contains(o.place, of(p)) })
	more := cut(o, "proposals", &all, formsShown, func(p policy.Proposal) string { return string(p.ID) })
	o.add(block{Title: o.T("page.office.proposed")})
	for _, p := range all {
		where := of(p)
		before, err := o.drafted(tx, p.Region, p.Level)
		if err != nil {
			return err
		}
		after, err := policy.Read(p.Level, p.Text)
		if err != nil {
			return err
		}
		from := o.T("page.office.on_approval")
		if !p.From.IsZero() {
			from = o.stamp(p.From)
		}
		b := block{Facts: []ui.Row{{Name: o.T("page.office.place"), Value: o.tree.FullName(where)}, {Name: o.T("page.office.reason"), Value: p.Reason},
			{Name: o.T("page.office.proposed_at"), Value: o.stamp(p.ProposedAt)}, {Name: o.T("page.office.effective"), Value: from}},
			Table: o.diff(o.T("page.office.differences_of"), before, after)}
		mine := p.ProposedBy == o.Actor.ID
		if !mine && o.may(approveRight(p.Region), where) {
			b.Forms = append(b.Forms, o.form("/office/rules/proposals/"+string(p.ID)+"/approve", o.T("page.office.approve"), "",
				ui.Field{Name: "reason-a-" + string(p.ID), Label: o.T("page.office.reason"), Max: 200}))
		}
		if mine || o.may(approveRight(p.Region), where) {
			word := o.T("page.office.refuse")
			if mine {
				word = o.T("page.office.withdraw")
				b.Text = o.T("page.office.second_person")
			}
			b.Forms = append(b.Forms, o.form("/office/rules/proposals/"+string(p.ID)+"/reject", word, "stop",
				ui.Field{Name: "reason-r-" + string(p.ID), Label: o.T("page.office.reason"), Max: 200, Needed: true}))
		}
		o.add(b)
	}
	if len(all) == 0 {
		o.add(block{Empty: o.T("page.office.nothing_proposed")})
	}
	o.add(block{More: more, List: "after proposals"})
	return nil
}

// versions lists the publications of the place, each with what it changed.
func (o *office) versions(tx *store.Tx) error {
	all, err := o.Policies.History(tx, o.rulesOf())
	if err != nil {
		return err
	}
	b := block{Title: o.T("page.office.versions")}
	if len(all) == 0 {
		b.Empty = o.T("page.office.no_versions")
		o.add(b)
		return nil
	}
	b.Table = &table{Caption: o.T("page.office.versions"), Head: []string{o.T("page.office.version"), o.T("page.office.effective"), o.T("page.office.approved_at"), o.T("page.office.changed")}}
	shown := all
	b.List = "after versions"
	b.More = cut(o, "versions", &shown, linesShown, func(p policy.Publication) string { return string(p.ID) })
	for _, p := range shown {
		i := slices.IndexFunc(all, func(one policy.Publication) bool { return one.ID == p.ID })
		var before policy.Draft
		if i+1 < len(all) {
			if before, err = policy.Read(all[i+1].Level, all[i+1].Text); err != nil {
				return err
			}
		}
		after, err := policy.Read(p.Level, p.Text)
		if err != nil {
			return err
		}
		var changed []string
		for _, row := range o.diff("", before, after).Rows {
			changed = append(changed, row[0].Text+": "+row[2].Text+" → "+row[3].Text)
		}
		if i+1 == len(all) {
			changed = []string{o.T("page.office.first_version")}
		}
		b.Table.Rows = append(b.Table.Rows, texts(string(p.ID), o.stamp(p.From), o.stamp(p.RecordedAt), strings.Join(changed, "; ")))
	}
	o.add(b)
	return nil
}

func (o *office) goLive(tx *store.Tx) error {
	problems, err := o.Policies.GoLive(tx)
	if err != nil {
		return err
	}
	b := block{Title: o.T("page.office.go_live"), Text: o.T("page.office.go_live_ready")}
	if len(problems) > 0 {
		b.Text = o.T("page.office.go_live_not")
		b.Table = &table{Caption: o.T("page.office.go_live"), Head: []string{o.T("page.office.parameter"), o.T("page.office.problem")}}
		for _, p := range problems {
			b.Table.Rows = append(b.Table.Rows, texts(p.Key, o.T(p.Code, p.Params...)))
		}
	}
	o.add(b)
	return nil
}

// proposing are the fields that every proposal has.
func (o *office) proposing() []ui.Field {
	return []ui.Field{{Name: "from", Label: o.T("page.office.from_when"), Hint: o.T("page.office.from_when_hint"), Max: 10},
		{Name: "reason", Label: o.T("page.office.reason"), Max: 500, Needed: true}}
}

// proposeWhole is the form for the whole snapshot of the city, or all that is stricter in a region.
func (o *office) proposeWhole() error {
	var now policy.Publication
	if err := o.Read("web.rules", func(tx *store.Tx, _ *region.Tree) (err error) {
		now, err = o.current(tx, o.rulesOf())
		return err
	}); err != nil {
		return err
	}
	title, hint := o.T("page.office.propose_city"), o.T("page.office.propose_city_hint")
	if o.rulesOf() != "" {
		title, hint = o.T("page.office.propose_stricter"), o.T("page.office.propose_stricter_hint")
	}
	f := o.form("/office/rules/preview", o.T("page.office.preview"), "", append([]ui.Field{{Name: "toml", Label: title, Hint: hint, Value: now.Text, Rows: 12}}, o.proposing()...)...)
	o.add(block{Title: title, Forms: []form{f}})
	return nil
}

// Parameter shows one parameter: its meaning, its value in time, and the form to propose another.
func Parameter(r *page.Request) error {
	o, err := open(r, identity.ReportRead, r.Path("key"))
	if err != nil {
		return err
	}
	p, ok := policy.ParamOf(r.Path("key"))
	if !ok {
		return errs.New(errs.NotFound, "page.nothing_here")
	}
	err = r.Read("web.rules", func(tx *store.Tx, _ *region.Tree) error {
		rules, err := r.Policies.Current(tx, r.Now, o.path())
		if err != nil {
			return err
		}
		standard, _ := p.Default()
		because := rules.Why(p.Key)
		facts := []ui.Row{{Name: r.T("page.office.meaning"), Value: o.Pick(p.ZH, p.EN)}, {Name: r.T("page.office.value_here"), Value: o.measured(p, rules.Text(p.Key))},
			{Name: r.T("page.office.set_by"), Value: ui.OwnerText(r.Lang, string(rules.SetBy(p.Key)))}, {Name: r.T("page.office.owner"), Value: ui.OwnerText(r.Lang, string(p.Owner))},
			{Name: r.T("page.office.narrowing"), Value: r.T(narrowNames[p.Narrow])}, {Name: r.T("page.office.standard"), Value: standard},
			{Name: r.T("page.office.may_write"), Value: o.pick(p.Shape())}}
		if p.Variants.EN != "" {
			facts = append(facts, ui.Row{Name: r.T("page.office.elsewhere"), Value: o.pick(p.Variants)})
		}
		o.add(block{Facts: facts, Why: o.WhyOf(&because)})
		return o.inTime(tx, p)
	})
	if err != nil {
		return err
	}
	if o.mayPropose() {
		f := o.form("/office/rules/preview", r.T("page.office.preview"), "", append([]ui.Field{{Name: "value", Label: r.T("page.office.new_value"), Hint: o.pick(p.Shape()), Max: 1000, Needed: true}}, o.proposing()...)...)
		o.add(block{Title: r.T("page.office.propose_value"), Forms: []form{f.with("param", p.Key)}})
	}
	return o.show("parameter")
}

// inTime lists the versions in which the city, or a place on the way to this one, changed a parameter.
func (o *office) inTime(tx *store.Tx, p policy.Param) error {
	t := &table{Caption: o.T("page.office.versions"), Head: []string{o.T("page.office.effective"), o.T("page.office.place"), o.T("page.office.value"), o.T("page.office.version")}}
	// What a version changed is known only by reading it: the rows are all made, and shown page by page.
	for _, step := range o.tree.Path(o.place) {
		key := string(step)
		if step == o.tree.City() {
			key = ""
		}
		all, err := o.Policies.History(tx, key)
		if err != nil {
			return err
		}
		for i, v := range all {
			after, err := policy.Read(v.Level, v.Text)
			if err != nil {
				return err
			}
			if i+1 < len(all) {
				before, err := policy.Read(all[i+1].Level, all[i+1].Text)
				if err != nil {
					return err
				}
				if value(before, p.Key) == value(after, p.Key) {
					continue
				}
			}
			if after.Has(p.Key) || i+1 < len(all) {
				t.Rows = append(t.Rows, texts(o.stamp(v.From), o.tree.Name(step), o.measured(p, value(after, p.Key)), string(v.ID)))
			}
		}
	}
	more := cut(o, "values", &t.Rows, linesShown, func(row []cell) string { return row[3].Text })
	if len(t.Rows) > 0 {
		o.add(block{Table: t, More: more, List: "after values"})
	}
	return nil
}

// set writes one parameter into a canonical text, which has a line for each.
func set(text, key, value string) string {
	line := key + " = " + value
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, key+" = ") {
			lines[i] = line
			return strings.Join(lines, "\n") + "\n"
		}
	}
	return strings.TrimLeft(strings.Join(append(lines, line), "\n")+"\n", "\n")
}

// asked reads a proposal's form: the text, and the day from which it holds. Bad fields are told as one error.
func (o *office) asked() (text string, from time.Time, err error) {
	text = strings.ReplaceAll(o.HTTP.FormValue("toml"), "\r\n", "\n")
	if key := o.Form("param"); key != "" {
		var now policy.Publication
		if err := o.Read("web.rules", func(tx *store.Tx, _ *region.Tree) (err error) {
			now, err = o.current(tx, o.rulesOf())
			return err
		}); err != nil {
			return "", from, err
		}
		text = set(now.Text, key, o.Form("value"))
	}
	if day := o.Form("from"); day != "" {
		d, err := clock.ParseDay(day)
		if err != nil {
			return text, from, errs.Invalid("page.form_incomplete", errs.Field{Path: "from", Code: "page.office.day_wrong"})
		}
		from = d.Start()
	}
	if o.Form("reason") == "" {
		return text, from, errs.Invalid("page.form_incomplete", errs.Field{Path: "reason", Code: "identity.reason_missing"})
	}
	return text, from, nil
}

// Preview shows what a proposal would change, or what is wrong with it field by field; nothing is proposed yet.
func Preview(r *page.Request) error {
	o, err := open(r, identity.ReportRead, r.T("page.office.preview_title"))
	if err != nil {
		return err
	}
	if !o.mayPropose() {
		return errs.New(errs.Forbidden, "identity.not_allowed").By("identity.rights", "law")
	}
	o.v.Export = ""
	level := o.tree.Level(o.place)
	text, _, err := o.asked()
	var after policy.Draft
	if err == nil {
		after, err = policy.Read(level, text)
	}
	if err != nil {
		return o.again(err)
	}
	err = r.Read("web.rules", func(tx *store.Tx, _ *region.Tree) error {
		before, err := o.drafted(tx, o.rulesOf(), level)
		if err != nil {
			return err
		}
		b := block{Table: o.diff(r.T("page.office.differences_of"), before, after)}
		if len(b.Table.Rows) == 0 {
			b.Table, b.Empty = nil, r.T("page.office.no_differences")
		}
		o.add(b)
		if level == region.City {
			if problems := policy.Check(after); len(problems) > 0 {
				t := &table{Caption: r.T("page.office.go_live_not"), Head: []string{r.T("page.office.parameter"), r.T("page.office.problem")}}
				for _, p := range problems {
					t.Rows = append(t.Rows, texts(p.Key, r.T(p.Code, p.Params...)))
				}
				o.add(block{Table: t})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	f := o.form("/office/rules/propose", r.T("page.office.propose"), "").with("toml", after.Text(), "from", r.Form("from"), "reason", r.Form("reason"))
	f.Text = r.T("page.office.second_person")
	o.add(block{Facts: []ui.Row{{Name: r.T("page.office.reason"), Value: r.Form("reason")}}, Forms: []form{f}})
	return o.show("preview")
}

// again shows the form of a proposal once more, on the page of its parameter or on that of all rules; what is wrong with the text is wrong with
// its field.
func (o *office) again(wrong error) error {
	if key := o.Form("param"); key != "" {
		o.HTTP.SetPathValue("key", key)
		return o.Redisplay(wrong, o.at("/office/rules/"+key), Parameter, "from", "from", "reason", "reason", "toml", "value", "", "value")
	}
	return o.Redisplay(wrong, o.at("/office/rules"), Rules, "from", "from", "reason", "reason", "", "toml")
}

// Propose puts rules forward for a second person.
func Propose(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	o, err := open(r, identity.ReportRead, r.T("page.office.rules"))
	if err != nil {
		return err
	}
	text, from, err := o.asked()
	if err == nil && o.rulesOf() == "" {
		_, err = r.Policies.Propose(r.Context(), r.Actor.OnRules(r.Regions), policy.ProposeCmd{Key: key, TOML: []byte(text), From: from, Reason: r.Form("reason")})
	} else if err == nil {
		_, err = r.Policies.ProposeOverride(r.Context(), r.Actor.OnRules(r.Regions), policy.OverrideCmd{Key: key, Region: o.rulesOf(), Level: o.tree.Level(o.place), Path: o.path(), TOML: []byte(text),
			From: from, Reason: r.Form("reason")})
	}
	if err != nil {
		return o.again(err)
	}
	return o.done("/office/rules")
}

// ApproveRules publishes proposed rules as the second person.
func ApproveRules(r *page.Request) error { return decideRules(r, true) }

// RejectRules refuses proposed rules, or withdraws one's own.
func RejectRules(r *page.Request) error { return decideRules(r, false) }

func decideRules(r *page.Request, approve bool) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	o, err := open(r, identity.ReportRead, r.T("page.office.rules"))
	if err != nil {
		return err
	}
	id := policy.ProposalID(r.Path("id"))
	if approve {
		_, err = r.Policies.Approve(r.Context(), r.Actor.OnRules(r.Regions), policy.DecideCmd{Key: key, Proposal: id, Reason: r.Form("reason-a-" + string(id))})
	} else {
		_, err = r.Policies.Reject(r.Context(), r.Actor.OnRules(r.Regions), policy.DecideCmd{Key: key, Proposal: id, Reason: r.Form("reason-r-" + string(id))})
	}
	if err != nil {
		field := map[bool]string{true: "reason-a-", false: "reason-r-"}[approve] + string(id)
		return r.Redisplay(err, o.at("/office/rules"), Rules, "reason", field)
	}
	return o.done("/office/rules")
}
