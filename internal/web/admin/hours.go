package admin

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/privacy"
	"timebank/internal/region"
	"timebank/internal/report"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

var actNames = map[string]string{"ledger.issue": "page.office.a_issue", "ledger.adjust": "page.office.a_adjust", "ledger.reverse": "page.office.a_reverse",
	privacy.MergeAction: "page.office.a_merge"}

var classNames = map[ledger.Class]string{ledger.Saved: "class.saved", ledger.Granted: "class.grant", ledger.Donated: "class.donated", ledger.Group: "class.group",
	ledger.Campaign: "class.campaign", ledger.Pool: "class.pool", ledger.Fund: "class.fund", ledger.Issuer: "class.issuer", ledger.Retired: "class.retired",
	ledger.Recovery: "class.recovery", ledger.Adjustment: "class.adjustment"}

// Hours shows what two persons do together, the city's accounts, who served whom district by district, and what is owed and when.
func Hours(r *page.Request) error {
	o, err := open(r, identity.ReportRead, r.T("page.office.hours"))
	if err != nil {
		return err
	}
	o.choosePeriod()
	city := o.place == o.tree.City()
	err = r.Read("web.hours", func(tx *store.Tx, _ *region.Tree) error {
		if err := o.liability(tx); err != nil {
			return err
		}
		if err := o.together(tx); err != nil {
			return err
		}
		if err := o.clearing(tx); err != nil {
			return err
		}
		if city {
			return o.accounts(tx)
		}
		return nil
	})
	if err != nil {
		return err
	}
	o.proposeActs(city)
	return o.show("hours")
}

// liability is what people may redeem, by the year in which they may, and what stands against it.
func (o *office) liability(tx *store.Tx) error {
	rules, err := o.Policies.Current(tx, o.Now, o.path())
	if err != nil {
		return err
	}
	owed, err := o.Reports.Owed(tx, o.tree, o.place, rules.RedeemMinAge)
	if err != nil {
		return err
	}
	year := o.Now.In(clock.Zone).Year()
	t := &table{Caption: o.T("page.office.liability"), Head: []string{o.T("page.office.may_redeem"), o.T("page.office.people_count"), o.T("page.office.value")}}
	var now, later, top int64 = 0, 0, 1
	due := report.Owed{Year: year}
	var rest []report.Owed
	for _, w := range owed {
		top = max(top, w.Minutes)
		switch {
		case w.Year == 0:
			t.Rows = append(t.Rows, texts(o.T("page.office.teams_donate"), grouped(w.People), o.number(report.Minutes, w.Minutes)))
		case w.Year <= year:
			due.People, due.Minutes = due.People+w.People, due.Minutes+w.Minutes
			now += w.Minutes
		default:
			rest = append(rest, w)
			later += w.Minutes
		}
	}
	top = max(top, due.Minutes)
	row := func(name string, w report.Owed) []cell {
		return []cell{text(name), text(grouped(w.People)), {Text: o.number(report.Minutes, w.Minutes), Bar: int(max(w.Minutes, 0) * 100 / top)}}
	}
	t.Rows = append(t.Rows, row(o.T("page.office.now", "year", year), due))
	for _, w := range rest {
		t.Rows = append(t.Rows, row(strconv.Itoa(w.Year), w))
	}
	// What volunteers gave in the last twelve months is what the place can give in the next.
	today := clock.DayOf(o.Now)
	given, err := o.Reports.Recent(tx, report.Days(today.Add(-364), today))
	if err != nil {
		return err
	}
	supply := given.Of(o.place)["figure.minutes"]
	w := rules.Why("redeem.min_age")
	age := o.WhyOf(&w)
	b := block{Title: o.T("page.office.liability"), Text: o.T("page.office.liability_means", "age", rules.RedeemMinAge), Table: t,
		Figures: []ui.Figure{{Name: o.T("page.office.owed_now"), Number: o.number(report.Minutes, now), Means: o.T("page.office.owed_now_means"), Why: age},
			{Name: o.T("page.office.owed_later"), Number: o.number(report.Minutes, later), Means: o.T("page.office.owed_later_means"), Why: age},
			{Name: o.T("page.office.supply"), Number: o.number(report.Minutes, supply), Means: o.T("page.office.supply_means"), Why: o.why(report.Figure{Code: "figure.minutes"}, given.At)}},
		Links: []ui.Link{{Href: o.opened("figure.liability"), Text: o.T("page.office.open_entries")}}}
	b.Why = age
	balances, err := ledger.Balances(tx, []ledger.Key{ledger.PoolAccount, ledger.FundAccount})
	if err != nil {
		return err
	}
	reserve := balances[ledger.PoolAccount].Balance.Add(balances[ledger.FundAccount].Balance).Int64()
	b.Figures = append(b.Figures, ui.Figure{Name: o.T("page.office.reserve"), Number: o.number(report.Minutes, reserve), Means: o.T("page.office.reserve_means"), Why: o.why(report.Figure{Code: "figure.liability", Stock: true}, o.Now)})
	o.add(b)
	return nil
}

// together lists the acts that wait for a second person here and below.
func (o *office) together(tx *store.Tx) error {
	ours := func(p identity.Proposal) bool { return actNames[p.Action] != "" }
	return o.waitingActs(tx, "proposals", "/office/proposals/", ours, func(p identity.Proposal) ([]ui.Row, error) {
		facts := []ui.Row{{Name: o.T("page.office.what"), Value: o.T(actNames[p.Action])}, {Name: o.T("page.office.place"), Value: o.tree.FullName(p.Region)}, {Name: o.T("page.office.reason"), Value: p.Reason},
			{Name: o.T("page.office.proposed_at"), Value: o.stamp(p.ProposedAt)}, {Name: o.T("page.office.until_day"), Value: o.stamp(p.Until)}}
		if p.Action == privacy.MergeAction {
			var of struct{ Keep, Drop member.PersonID }
			if err := json.Unmarshal([]byte(p.Payload), &of); err != nil {
				return nil, errs.New(errs.Internal, errs.CodeInternal).With(err)
			}
			name, err := o.names(tx, []string{string(of.Keep), string(of.Drop)})
			if err != nil {
				return nil, err
			}
			return append(facts, ui.Row{Name: o.T("page.office.merge_keep"), Value: name(string(of.Keep)) + " " + string(of.Keep)},
				ui.Row{Name: o.T("page.office.merge_drop"), Value: name(string(of.Drop)) + " " + string(of.Drop)}), nil
		}
		var a ledger.Act
		if err := json.Unmarshal([]byte(p.Payload), &a); err != nil {
			return nil, errs.New(errs.Internal, errs.CodeInternal).With(err)
		}
		if a.Tx != "" {
			return append(facts, ui.Row{Name: o.T("page.office.ref"), Value: string(a.Tx)}), nil
		}
		return append(facts, ui.Row{Name: o.T("page.office.account"), Value: o.T(classNames[a.Account.Class]) + " " + a.Account.Bucket},
			ui.Row{Name: o.T("page.office.value"), Value: o.number(report.Minutes, a.Minutes.Int64())}), nil
	})
}

// proposeActs are the forms to put an act forward.
func (o *office) proposeActs(city bool) {
	reason := ui.Field{Name: "reason", Label: o.T("page.office.reason"), Hint: o.T("page.office.reason_book"), Max: 500, Needed: true}
	minutes := ui.Field{Name: "minutes", Label: o.T("page.office.minutes"), Hint: o.T("page.office.minutes_minus"), Max: 10, Needed: true}
	named := func(prefix string, f form) form {
		for i := range f.Fields {
			f.Fields[i].Name = prefix + f.Fields[i].Name
		}
		return f
	}
	var all []form
	if city && o.may(identity.LedgerIssuePropose, o.place) {
		f := o.form("/office/acts", o.T("page.office.propose"), "", ui.Field{Name: "class", Label: o.T("page.office.account"), Options: []ui.Option{{Value: "pool", Text: o.T("class.pool")},
			{Value: "fund", Text: o.T("class.fund")}}}, minutes, reason).with("act", "issue")
		f.Title = o.T("page.office.a_issue")
		all = append(all, named("i-", f))
	}
	if city && o.may(identity.LedgerAdjustPropose, o.place) {
		class := ui.Field{Name: "class", Label: o.T("page.office.account")}
		for _, c := range []ledger.Class{ledger.Saved, ledger.Donated, ledger.Pool, ledger.Fund} {
			class.Options = append(class.Options, ui.Option{Value: string(c), Text: o.T(classNames[c])})
		}
		f := o.form("/office/acts", o.T("page.office.propose"), "", ui.Field{Name: "owner", Label: o.T("page.office.account_owner"), Hint: o.T("page.office.account_owner_hint"), Max: 26}, class, minutes, reason).with("act", "adjust")
		f.Title = o.T("page.office.a_adjust")
		all = append(all, named("c-", f))
	}
	if o.may(identity.LedgerReversePropose, o.place) {
		f := o.form("/office/acts", o.T("page.office.propose"), "", ui.Field{Name: "tx", Label: o.T("page.office.transaction"), Hint: o.T("page.office.transaction_hint"), Max: 26, Needed: true}, reason).with("act", "reverse")
		f.Title = o.T("page.office.a_reverse")
		all = append(all, named("r-", f))
	}
	if len(all) > 0 {
		o.add(block{Title: o.T("page.office.propose_act"), Text: o.T("page.office.second_person"), Forms: all})
	}
}

// actPrefix is how the names of the fields begin in the form that was sent.
func actPrefix(r *page.Request) string {
	switch r.Form("act") {
	case "issue":
		return "i-"
	case "adjust":
		return "c-"
	}
	return "r-"
}

// ProposeAct puts an act on hours forward for a second person.
func ProposeAct(r *page.Request) error {
	return act(r, identity.ReportRead, "/office/hours", Hours, func(_ *office, key string) error {
		var a ledger.Act
		prefix := actPrefix(r)
		switch prefix {
		case "i-":
			a = ledger.Act{Reason: ledger.ForIssue, Account: ledger.Key{Owner: ledger.City, Class: ledger.Class(r.Form("i-class"))}}
		case "c-":
			a = ledger.Act{Reason: ledger.ForAdjustment, Account: ledger.Key{Owner: cmp.Or(r.Form("c-owner"), ledger.City), Class: ledger.Class(r.Form("c-class"))}}
		default:
			a = ledger.Act{Reason: ledger.ForReversal, Tx: ledger.TxID(r.Form("r-tx"))}
		}
		if prefix != "r-" {
			n, err := strconv.ParseInt(r.Form(prefix+"minutes"), 10, 64)
			if err == nil {
				a.Minutes, err = hours.Try(n)
			}
			if err != nil {
				return errs.Invalid("page.form_incomplete", errs.Field{Path: prefix + "minutes", Code: "page.office.minutes_wrong"})
			}
		}
		_, err := r.Ledger.Propose(r.Context(), ledger.ProposeCmd{Actor: r.Actor, Key: key, Act: a, Note: r.Form(prefix + "reason")})
		return err
	}, append(prefixed(actPrefix(r), "reason", "minutes", "class", "owner"), "transaction", actPrefix(r)+"tx", "act", actPrefix(r)+"reason", "note", actPrefix(r)+"reason")...)
}

// ApproveAct carries an act out as the second person.
func ApproveAct(r *page.Request) error {
	return act(r, identity.ReportRead, "/office/hours", Hours, func(_ *office, key string) error {
		which := identity.ProposalID(r.Path("id"))
		_, err := r.Ledger.Approve(r.Context(), ledger.ApproveCmd{Actor: r.Actor, Key: key, Proposal: which})
		if errs.CodeOf(err) == "ledger.not_of_the_book" {
			err = r.Privacy.ApproveMerge(r.Context(), privacy.ApproveMergeCmd{Actor: r.Actor, Key: key + "-merge", Proposal: which})
		}
		return err
	})
}

// RefuseAct refuses an act, or withdraws one's own.
func RefuseAct(r *page.Request) error { return refuse(r, identity.ReportRead, "/office/hours", Hours) }

// clearing is who served whom, district by district, with the more the deeper; a place below the city sees its own row and column.
func (o *office) clearing(tx *store.Tx) error {
	from, to := clock.Day("2000-01-01"), clock.DayOf(o.Now)
	if !o.when.span.From.IsZero() {
		from = clock.DayOf(o.when.span.From)
		to = clock.DayOf(o.when.span.Until).Add(-1)
	}
	rows, err := o.Reports.Clearing(tx, from, to)
	if err != nil {
		return err
	}
	type pair struct{ payer, earner region.ID }
	sum := map[pair]int64{}
	var top int64 = 1
	for _, s := range rows {
		p := pair{o.tree.ReportingDistrict(region.ID(s.Region)), o.tree.ReportingDistrict(region.ID(s.RegionTo))}
		sum[p] += s.Minutes.Sub(s.Reversed).Int64()
		top = max(top, sum[p])
	}
	mine := o.tree.ReportingDistrict(o.place)
	if level := o.tree.Level(o.place); level != region.City && level != region.District {
		return nil
	}
	t := &table{Caption: o.T("page.office.clearing"), Head: []string{o.T("page.office.payer_earner")}}
	for _, d := range o.tree.ReportingDistricts() {
		t.Head = append(t.Head, d.Name)
	}
	for _, payer := range o.tree.ReportingDistricts() {
		line := []cell{text(payer.Name)}
		for _, earner := range o.tree.ReportingDistricts() {
			n := sum[pair{payer.ID, earner.ID}]
			c := cell{Text: o.number(report.Minutes, n)}
			if mine != "" && payer.ID != mine && earner.ID != mine {
				c.Text, n = "·", 0
			}
			if n > 0 {
				c.Shade = depth(n, top)
			}
			line = append(line, c)
		}
		t.Rows = append(t.Rows, line)
	}
	o.add(block{Title: o.T("page.office.clearing"), Text: o.T("page.office.clearing_means"), Table: t})
	return nil
}

// accounts are the city's own accounts and the sums of all classes.
func (o *office) accounts(tx *store.Tx) error {
	own, err := ledger.Holdings(tx, ledger.City)
	if err != nil {
		return err
	}
	t := &table{Caption: o.T("page.office.city_accounts"), Head: []string{o.T("page.office.account"), o.T("page.office.value"), o.T("page.office.held")}}
	for _, h := range own {
		t.Rows = append(t.Rows, texts(o.T(classNames[h.Class])+" "+h.Bucket, o.number(report.Minutes, h.Balance.Balance.Int64()), o.number(report.Minutes, h.Held.Int64())))
	}
	totals, err := o.Reports.Classes(tx)
	if err != nil {
		return err
	}
	all := &table{Caption: o.T("page.office.all_accounts"), Head: []string{o.T("page.office.account"), o.T("page.office.accounts_count"), o.T("page.office.value"), o.T("page.office.held")}}
	sum := hours.Zero
	for _, c := range totals {
		sum = sum.Add(c.Balance)
		all.Rows = append(all.Rows, texts(o.T(classNames[c.Class]), grouped(c.Accounts), o.number(report.Minutes, c.Balance.Int64()), o.number(report.Minutes, c.Held.Int64())))
	}
	all.Rows = append(all.Rows, texts(o.T("page.office.sum_zero"), "", o.number(report.Minutes, sum.Int64()), ""))
	counted, err := o.Reports.Recent(tx, o.when.span)
	if err != nil {
		return err
	}
	granted := counted.Of(o.place)["figure.granted"]
	o.add(block{Title: o.T("page.office.city_accounts"), Table: t}, block{Table: all},
		block{Title: o.T("page.office.grants"), Text: o.T("page.office.grants_text", "sum", o.number(report.Minutes, granted)),
			Links: []ui.Link{{Href: o.opened("figure.granted"), Text: o.T("page.office.open_entries")}}})
	return nil
}
