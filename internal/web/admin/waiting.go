package admin

import (
	"slices"
	"strconv"
	"strings"

	"timebank/internal/catalog"
	"timebank/internal/errs"
	"timebank/internal/feedback"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// levelNames names who has to act.
var levelNames = map[string]string{"community": "page.owner.community", "street": "page.owner.street", "district": "page.owner.district", "city": "page.owner.city",
	"fund": "page.office.the_fund"}

// linesShown is how many orders a page lists and formsShown how many forms of a kind it has; the counts are of all.
const (
	linesShown = 50
	formsShown = 20
)

// Waiting shows who asked and has no answer, since when, which level acts and until when; the complaints; what the fund has to buy; and the
// disputes to decide.
func Waiting(r *page.Request) error {
	o, err := open(r, identity.OrderRead, r.T("page.office.waiting"))
	if err != nil {
		return err
	}
	b, err := r.Orders.Waiting(r.Context(), r.Actor, o.place)
	if err != nil {
		return err
	}
	complaints, err := r.Feedback.OpenComplaints(r.Context(), r.Actor, o.place)
	if err != nil {
		return err
	}
	var w waiting
	w.lines, w.part = o.escalations(b)
	w.disputes = o.forms("disputes", o.T("page.office.disputes"), b.Lines, func(l order.Line) bool {
		return l.State == order.Disputed && !slices.ContainsFunc(complaints, func(c feedback.Complaint) bool { return c.Order == l.ID })
	}, identity.OrderDecide)
	w.fund = o.forms("fund", o.T("page.office.fund_claims"), b.Lines, func(l order.Line) bool { return l.WaitsFor == order.ForProvider }, identity.OrderFundClaim)
	said := complaints
	more := cut(o, "complaints", &said, linesShown, func(c feedback.Complaint) string { return string(c.ID) })
	if err := w.read(o); err != nil {
		return err
	}
	err = r.Read("web.waiting", func(tx *store.Tx, _ *region.Tree) error {
		if w.items, err = r.Catalog.Catalogue(tx); err != nil {
			return err
		}
		people := make([]string, 0, len(said))
		for _, l := range w.all() {
			people = append(people, string(l.Recipient))
		}
		for _, c := range said {
			people = append(people, string(c.Complainant))
		}
		w.name, err = o.names(tx, people)
		return err
	})
	if err != nil {
		return err
	}
	w.table(o)
	o.complaints(said, more, w.name)
	w.acts(o)
	return o.show("waiting")
}

// waiting is what a page shows of the orders that wait: a page of the list, and of the forms for what the fund has to buy and for disputes.
type waiting struct {
	lines          []order.Line
	part           block
	fund, disputes pageOf
	items          *catalog.Catalogue
	name           func(string) string
}

func (w *waiting) all() []order.Line { return slices.Concat(w.lines, w.fund.lines, w.disputes.lines) }

// read says the rest about the orders that the page shows. One that has gone meanwhile is not shown.
func (w *waiting) read(o *office) error {
	all := w.all()
	ids := make([]order.ID, len(all))
	for i, l := range all {
		ids[i] = l.ID
	}
	slices.Sort(ids)
	found, err := o.Orders.Lines(o.Context(), o.Actor, slices.Compact(ids))
	if err != nil {
		return err
	}
	known := make(map[order.ID]order.Line, len(found))
	for _, l := range found {
		known[l.ID] = l
	}
	for _, list := range []*[]order.Line{&w.lines, &w.fund.lines, &w.disputes.lines} {
		whole := make([]order.Line, 0, len(*list))
		for _, l := range *list {
			if one, ok := known[l.ID]; ok {
				whole = append(whole, one)
			}
		}
		*list = whole
	}
	return nil
}

// escalations counts by level and cuts the list of orders to the page that is asked for, the longest waiting first.
func (o *office) escalations(b order.Board) (lines []order.Line, part block) {
	only := order.Level(o.Form("level"))
	o.v.Periods = append(o.v.Periods, ui.Link{Href: o.here("level", ""), Text: o.T("page.office.every_level") + " " + strconv.Itoa(b.All), Current: only == ""})
	for _, level := range order.Levels() {
		o.v.Periods = append(o.v.Periods, ui.Link{Href: o.here("level", string(level)), Text: o.T(levelNames[string(level)]) + " " + strconv.Itoa(b.Levels[level]), Current: only == level})
	}
	part = block{Title: o.T("page.office.unanswered")}
	lines = b.Lines
	if only != "" {
		lines = slices.DeleteFunc(slices.Clone(lines), func(l order.Line) bool { return l.Level != only })
		if rest := b.All - b.Levels[only]; rest > 0 {
			part.Text = o.T("page.office.other_levels", "count", grouped(int64(rest)))
		}
	}
	if b.All > len(b.Lines) {
		part.Text = strings.TrimSpace(part.Text + " " + o.T("page.office.board_rest", "count", grouped(int64(len(b.Lines))), "all", grouped(int64(b.All))))
	}
	part.List = "after"
	part.More = cut(o, "", &lines, linesShown, func(l order.Line) string { return string(l.ID) })
	return lines, part
}

// table adds the list of orders.
func (w *waiting) table(o *office) {
	t := &table{Caption: o.T("page.office.unanswered"), Head: []string{o.T("page.office.who"), o.T("page.office.what"), o.T("page.office.place"), o.T("page.office.waits_for"),
		o.T("page.office.since"), o.T("page.office.acts"), o.T("page.office.clock"), o.T("page.office.ref")}}
	for _, l := range w.lines {
		t.Rows = append(t.Rows, []cell{text(w.name(string(l.Recipient))), text(itemName(w.items, l.Item, o.Now, o.Lang)), text(o.tree.Name(l.Region)), text(o.T(page.WaitWords[l.WaitsFor])),
			text(o.since(l.Since)), text(o.T(levelNames[string(l.Level)]) + " · " + o.tree.Name(l.Acts)), o.clock(l), text(string(l.ID))})
	}
	w.part.Table = t
	if len(t.Rows) == 0 {
		w.part.Table, w.part.Empty = nil, o.T("page.office.nobody_waits")
	}
	o.add(w.part)
}

func (o *office) clock(l order.Line) cell {
	switch {
	case l.Late:
		return cell{Text: o.T("page.office.late"), Tone: ui.Bad}
	case l.Due.IsZero():
		return text("–")
	case l.Due.After(o.Now):
		return cell{Text: o.T("page.office.left", "long", o.Long(hours.Of(int64(l.Due.Sub(o.Now).Minutes())))), Tone: ui.Wait}
	}
	return cell{Text: o.T("page.office.over"), Tone: ui.Bad}
}

// complaints adds the page of complaints; more is where the next one is.
func (o *office) complaints(all []feedback.Complaint, more string, name func(string) string) {
	part := block{Title: o.T("page.office.complaints")}
	if len(all) == 0 {
		part.Empty = o.T("page.office.no_complaints")
		o.add(part)
		return
	}
	part.List, part.More = "after complaints", more
	part.Table = &table{Caption: o.T("page.office.complaints"), Head: []string{o.T("page.office.what"), o.T("page.office.who"), o.T("page.office.place"), o.T("page.office.acts"),
		o.T("page.office.since"), o.T("page.office.clock"), o.T("page.office.open_complaint")}}
	for _, c := range all {
		clock := cell{Text: o.T("page.office.over"), Tone: ui.Bad}
		if c.DueAt.After(o.Now) {
			clock = cell{Text: o.T("page.office.left", "long", o.Long(hours.Of(int64(c.DueAt.Sub(o.Now).Minutes())))), Tone: ui.Wait}
		}
		read := text("–")
		if o.may(identity.FeedbackAnswer, c.Region) {
			read = cell{Text: o.T("page.office.open_complaint"), Href: o.at("/office/complaints/" + string(c.ID))}
		}
		part.Table.Rows = append(part.Table.Rows, []cell{text(o.T(whatNames[string(c.Category)])), text(name(string(c.Complainant))), text(o.tree.Name(c.Region)),
			text(o.T(levelNames[string(c.Level)])), text(o.since(c.LevelSince) + raised(o, c)), clock, read})
	}
	o.add(part)
}

// raised says why a complaint was passed up by hand, to stand behind something else, "" when it was not.
func raised(o *office, c feedback.Complaint) string {
	if c.RaisedReason == "" {
		return ""
	}
	return " · " + o.T("page.office.raised_for", "reason", c.RaisedReason)
}

// acts adds the forms for what the fund has to buy and for disputes without a complaint, each list page by page.
func (w *waiting) acts(o *office) {
	for _, l := range w.fund.lines {
		id := string(l.ID)
		w.form(&w.fund, l, o, o.form("/office/orders/"+id+"/fund-claim", o.T("page.office.claim"), "",
			ui.Field{Name: "provider-" + id, Label: o.T("page.office.provider"), Max: 100, Needed: true},
			ui.Field{Name: "document-" + id, Label: o.T("page.office.document"), Hint: o.T("page.office.document_hint"), Max: 100, Needed: true},
			ui.Field{Name: "minutes-" + id, Label: o.T("page.office.minutes"), Mode: "numeric", Max: 4, Needed: true}))
	}
	for _, l := range w.disputes.lines {
		id := string(l.ID)
		w.form(&w.disputes, l, o, o.form("/office/orders/"+id+"/decide", o.T("page.office.decide"), "", decision(o, "uphold-"+id),
			ui.Field{Name: "reason-" + id, Label: o.T("page.office.reason"), Max: 200, Needed: true}))
	}
	o.add(w.fund.block, w.disputes.block)
}

// form adds the form of an order, which says what it is about.
func (w *waiting) form(to *pageOf, l order.Line, o *office, f form) {
	f.Title = itemName(w.items, l.Item, o.Now, o.Lang) + " · " + w.name(string(l.Recipient)) + " · " + o.tree.Name(l.Region)
	to.Forms = append(to.Forms, f)
}

// pageOf is a page of forms with the orders that they are for.
type pageOf struct {
	block
	lines []order.Line
}

// forms are the orders of the page of a list's forms that the address asks for, and how many of the list the reader's role leaves to others.
func (o *office) forms(list, title string, all []order.Line, has func(order.Line) bool, right identity.Right) pageOf {
	p := pageOf{block{Title: title, List: "after " + list}, slices.DeleteFunc(slices.Clone(all), func(l order.Line) bool { return !has(l) })}
	there := len(p.lines)
	p.lines = slices.DeleteFunc(p.lines, func(l order.Line) bool { return !o.may(right, l.Region) })
	if others := there - len(p.lines); others > 0 {
		p.Text = o.T("page.office.for_others", "count", grouped(int64(others)))
	}
	p.More = cut(o, list, &p.lines, formsShown, func(l order.Line) string { return string(l.ID) })
	if there == 0 {
		p.Empty = o.T("page.office.nothing_here")
	}
	return p
}

// decision is the choice between releasing minutes and taking them back.
func decision(o *office, name string) ui.Field {
	return ui.Field{Name: name, Label: o.T("page.office.decision"), Options: []ui.Option{{Value: "release", Text: o.DecisionText(feedback.Release)}, {Value: "reverse", Text: o.DecisionText(feedback.Reverse)}}}
}

// act runs a command of a form and leads back to the page it stood on; a form that is refused stands there again. fields are pairs as
// [page.Request.Redisplay] takes them.
func act(r *page.Request, right identity.Right, back string, show page.Handler, do func(o *office, key string) error, fields ...string) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	o, err := open(r, right, "")
	if err != nil {
		return err
	}
	if err := do(o, key); err != nil {
		return r.Redisplay(err, o.at(back, o.standing()...), show, fields...)
	}
	return o.done(back)
}

// FundClaim records who did a service that no volunteer could, with the document's number.
func FundClaim(r *page.Request) error {
	return act(r, identity.OrderRead, "/office/waiting", Waiting, func(o *office, key string) error {
		id := r.Path("id")
		minutes, err := strconv.ParseInt(r.Form("minutes-"+id), 10, 64)
		if err != nil || minutes < 1 || minutes > 100_000 {
			return errs.Invalid("page.form_incomplete", errs.Field{Path: "minutes-" + id, Code: "page.office.minutes_wrong"})
		}
		_, err = page.One(r.Orders.FundClaim(r.Context(), []order.FundCmd{{Actor: r.Actor, Key: key, Order: order.ID(id), Provider: r.Form("provider-" + id),
			Document: r.Form("document-" + id), Minutes: hours.Of(minutes)}}))
		return err
	}, of(r, "provider", "document", "minutes")...)
}

// Decide ends a dispute.
func Decide(r *page.Request) error {
	return act(r, identity.OrderRead, "/office/waiting", Waiting, func(_ *office, key string) error {
		id := r.Path("id")
		_, err := page.One(r.Orders.Decide(r.Context(), []order.DecideCmd{{Actor: r.Actor, Key: key, Order: order.ID(id), Uphold: r.Form("uphold-"+id) == "release", Reason: r.Form("reason-" + id)}}))
		return err
	}, of(r, "reason")...)
}

// of pairs names of fields with those that the form of the thing in the address gives them: name-id, since a page has such a form for each.
func of(r *page.Request, names ...string) (pairs []string) {
	for _, name := range names {
		pairs = append(pairs, name, name+"-"+r.Path("id"))
	}
	return pairs
}

// prefixed pairs names of fields with those that a form gives them that shares its page with another of the same fields.
func prefixed(prefix string, names ...string) (pairs []string) {
	for _, name := range names {
		pairs = append(pairs, name, prefix+name)
	}
	return pairs
}

// Complaint opens one complaint with its words; the look is in the trail.
func Complaint(r *page.Request) error {
	o, err := open(r, identity.OrderRead, r.T("page.office.complaint"))
	if err != nil {
		return err
	}
	id := feedback.ComplaintID(r.Path("id"))
	all, err := r.Feedback.OpenComplaints(r.Context(), r.Actor, o.place)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(c feedback.Complaint) bool { return c.ID == id })
	if i < 0 {
		return errs.New(errs.NotFound, "feedback.complaint_unknown")
	}
	words, err := r.Feedback.Words(r.Context(), r.Actor, id)
	if err != nil {
		return err
	}
	c := all[i]
	o.v.Export, o.v.Go = "", nil
	if c.RaisedReason != "" {
		o.add(block{Facts: []ui.Row{{Name: r.T("page.office.raised"), Value: c.RaisedReason}}})
	}
	facts, err := r.ComplaintFacts(c)
	if err != nil {
		return err
	}
	facts = append(facts, ui.Row{Name: r.T("page.office.what"), Value: r.T(whatNames[string(c.Category)])}, ui.Row{Name: r.T("page.office.place"), Value: o.tree.FullName(c.Region)},
		ui.Row{Name: r.T("page.office.filed"), Value: o.stamp(c.FiledAt)}, ui.Row{Name: r.T("page.office.acts"), Value: r.T(levelNames[string(c.Level)])},
		ui.Row{Name: r.T("page.office.due"), Value: o.stamp(c.DueAt)})
	if said := strings.TrimSpace(words.Complaint + "\n" + words.Appeal); said != "" {
		facts = append(facts, ui.Row{Name: r.T("page.office.words"), Value: said})
	}
	o.add(block{Facts: facts, Links: []ui.Link{{Href: "/desk/orders/" + string(c.Order), Text: r.T("page.case.order")}}})
	f := o.form("/office/complaints/"+string(id)+"/decide", r.T("page.office.decide"), "", decision(o, "decision"), ui.Field{Name: "reason", Label: r.T("page.office.reason"),
		Hint: r.T("page.office.reason_hint"), Max: 200, Needed: true})
	o.add(block{Forms: []form{f}})
	if c.Level != region.City {
		o.add(block{Title: r.T("page.office.pass_up"), Forms: []form{o.form("/office/complaints/"+string(id)+"/up", r.T("page.office.pass_up_now"), "",
			ui.Field{Name: "up-reason", Label: r.T("page.office.pass_up_why"), Hint: r.T("page.office.reason_hint"), Max: 200, Needed: true})}})
	}
	return o.show("complaint")
}

// DecideComplaint releases or takes back the minutes of a complaint's order.
func DecideComplaint(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	o, err := open(r, identity.OrderRead, "")
	if err != nil {
		return err
	}
	id := feedback.ComplaintID(r.Path("id"))
	_, err = page.One(r.Feedback.Decide(r.Context(), []feedback.DecideCmd{{Actor: r.Actor, Key: key, Complaint: id,
		Decision: feedback.Decision(r.Form("decision")), Reason: r.Form("reason")}}))
	if err != nil {
		return r.Redisplay(err, o.at("/office/complaints/"+string(id)), Complaint)
	}
	return o.done("/office/waiting")
}

// PassUp hands a complaint to the level above, with the reason that the level is told.
func PassUp(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	o, err := open(r, identity.OrderRead, "")
	if err != nil {
		return err
	}
	id := feedback.ComplaintID(r.Path("id"))
	if _, err := page.One(r.Feedback.PassUp(r.Context(), []feedback.PassUpCmd{{Actor: r.Actor, Key: key, Complaint: id, Reason: r.Form("up-reason")}})); err != nil {
		return r.Redisplay(err, o.at("/office/complaints/"+string(id)), Complaint, "reason", "up-reason")
	}
	return o.done("/office/waiting")
}
