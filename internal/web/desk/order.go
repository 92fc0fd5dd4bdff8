package desk

import (
	"net/http"
	"strconv"

	"timebank/internal/catalog"
	"timebank/internal/errs"
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

func orderPath(id order.ID) string { return "/desk/orders/" + string(id) }

// Order is one order at the desk: for whom it is, where it stands, who is to act, and what the desk can do about it now.
func Order(r *page.Request) error { return orderPage(r, "") }

// orderPage shows an order, and what else there is to say when an act on it was refused.
func orderPage(r *page.Request, moreover string) error {
	id := order.ID(r.Path("id"))
	v := orderView{Page: r.Shell(r.T("page.desk.order")), Action: orderPath(id), Moreover: moreover}
	v.Scripts = append(v.Scripts, "desk.js")
	if err := r.Live(&v.Page, page.OrderTopic(string(id))); err != nil {
		return err
	}
	v.Here = v.Action
	if moreover != "" {
		v.Wrote = wrote(v.Page)
	}
	o, err := r.Orders.Get(r.Context(), r.Actor, id)
	if err == nil && !o.Near {
		err = errs.New(errs.NotFound, "order.not_found")
	}
	if err != nil {
		return err
	}
	about, err := r.Feedback.OfOrder(r.Context(), r.Actor, id)
	if err != nil {
		return err
	}
	taken, err := callsAbout(r, &v, id)
	if err != nil {
		return err
	}
	var near []order.Candidate
	if o.State == order.Published || o.State == order.AtFund {
		near, err = r.Orders.Candidates(r.Context(), r.Actor, id)
		if err != nil && errs.KindOf(err) != errs.Forbidden {
			return err
		}
	}
	err = r.Read("web.desk_order", func(tx *store.Tx, tree *region.Tree) error {
		if err := r.Actor.May(identity.OrderRead, o.Region, tree); err != nil {
			return errs.New(errs.NotFound, "order.not_found").With(err)
		}
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		item, err := all.ByVersion(o.Item, o.ItemVersion)
		if err != nil {
			return err
		}
		if v.Calls, err = callsOf(r, tx, taken); err != nil {
			return err
		}
		return fillOrder(r, tx, tree, &v, &o, item, about, near)
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, orderPageOf(v))
}

// wrote is what somebody had written into a form that the page may have no more: it need not be written again elsewhere.
func wrote(p ui.Page) string {
	for _, name := range []string{"complaint-words", "appeal-words", "words", "cancel-reason", "refuse-reason"} {
		if sent := p.Refused.Sent[name]; len(sent) > 0 && sent[0] != "" {
			return sent[0]
		}
	}
	return ""
}

func fillOrder(r *page.Request, tx *store.Tx, tree *region.Tree, v *orderView, o *order.View, item *catalog.Item, about feedback.About, near []order.Candidate) error {
	told, err := notify.About(tx, string(o.ID), page.ToldMost)
	if err != nil {
		return err
	}
	ids := []member.PersonID{o.Recipient}
	for _, m := range told {
		ids = append(ids, m.Person)
	}
	for _, a := range o.Assignments {
		ids = append(ids, a.Volunteer)
	}
	for _, c := range near {
		ids = append(ids, c.Volunteer)
	}
	names, err := r.Members.Names(tx, ids)
	if err != nil {
		return err
	}
	v.Name, v.For = item.Name(r.Lang), names[o.Recipient].String()
	home, err := member.LoadPersons(tx, []member.PersonID{o.Recipient})
	if err != nil {
		return err
	}
	if page.May(r.Actor, identity.MemberRead, home[o.Recipient].Region, tree) {
		v.ForHref = personPath(o.Recipient)
	}
	v.Standing, v.Tone = r.Standing(&o.Order)
	v.Facts = []ui.Row{{Name: r.T("page.elder.fact_when"), Value: r.When(o.Start)}, {Name: r.T("page.elder.fact_long"), Value: r.Long(o.Minutes)},
		{Name: r.T("page.desk.fact_area"), Value: tree.FullName(o.Region)}, {Name: r.T("page.desk.fact_asked"), Value: r.T(askedBy[string(o.PlacedAs)], "when", r.When(o.SubmittedAt))}}
	v.Facts = append(v.Facts, r.Ended(o)...)
	if o.State.Open() {
		v.Facts = append(v.Facts, ui.Row{Name: r.T("page.desk.who_acts"), Value: r.T(levels[o.Level]) + " · " + r.T("page.desk.since", "long", r.Long(minutes(r.Now.Sub(o.Since))))})
	}
	if o.Code != "" && (o.State == order.Accepted || o.State == order.InService) {
		v.Facts = append(v.Facts, ui.Row{Name: r.T("page.desk.fact_code"), Value: o.Code})
	}
	v.Why = r.WhyOf(&o.Why)
	v.Frozen = o.State == order.Disputed
	v.Told, v.Missed = nil, false
	for _, m := range told {
		v.Told = append(v.Told, []string{r.When(m.Created), names[m.Person].String(), r.ToldWhat(m), r.ToldWay(m.Channel), r.ToldState(m)})
		v.Missed = v.Missed || m.Missed()
	}
	for _, h := range o.History {
		v.History = append(v.History, []string{r.When(h.At), r.T(didCode(h.Action)), becomes(r, tree, h)})
	}
	acts(r, tree, v, o, item)
	if o.State == order.Cancelled && page.May(r.Actor, identity.OrderCancelFor, o.Region, tree) {
		rules, err := r.RulesOf(tx, tree, &o.Order)
		if err != nil {
			return err
		}
		if until, mine := r.CancelledByMe(o, rules); mine {
			v.Restore, v.RestoreHint = r.Key(), r.T("page.elder.undo_until", "until", page.Clock(until))
		}
	}
	var serve []member.TeamID
	for _, a := range o.Assignments {
		if a.Team != "" {
			serve = append(serve, member.TeamID(a.Team))
		}
	}
	serving, err := member.LoadTeams(tx, serve)
	if err != nil {
		return err
	}
	for _, a := range o.Assignments {
		c := comingOf(r, tree, o, a, names[a.Volunteer].String())
		if t, known := serving[member.TeamID(a.Team)]; known {
			c.Team = r.T("page.desk.for_team", "name", t.Name)
		}
		v.Coming = append(v.Coming, c)
	}
	able := make([]member.PersonID, 0, len(near))
	for _, c := range near {
		able = append(able, c.Volunteer)
	}
	teams, err := member.TeamsOf(tx, able)
	if err != nil {
		return err
	}
	for _, c := range near {
		one := candidateView{Key: r.Key(), ID: string(c.Volunteer), Name: names[c.Volunteer].String(), Area: tree.Name(c.Region), Far: r.Far(c.DistanceM)}
		if c.Refused != nil {
			told := r.Tell(c.Refused)
			one.Refused, one.Why = told.Text, told.Why
			v.Others = append(v.Others, one)
			continue
		}
		if in := teams[c.Volunteer]; len(in) > 0 {
			one.Team = &ui.Field{Name: "team-" + one.ID, Label: r.T("page.desk.team_as"), Options: []ui.Option{{Text: r.T("page.desk.team_self")}}}
			for _, t := range in {
				one.Team.Options = append(one.Team.Options, ui.Option{Value: string(t.ID), Text: r.T("page.desk.team_name_of", "name", t.Name)})
			}
		}
		if n := len(v.Candidates); n < 9 {
			one.Pick = strconv.Itoa(n + 1)
		}
		v.Candidates = append(v.Candidates, one)
	}
	if len(v.Candidates) > listLength {
		v.Candidates = v.Candidates[:listLength]
	}
	said(r, tree, v, o, about)
	return nil
}

// acts are the forms that the state and the reader's rights allow. What is not allowed to this reader alone is said with its reason, so that
// it is clear who can do it instead.
func acts(r *page.Request, tree *region.Tree, v *orderView, o *order.View, item *catalog.Item) {
	may := func(right identity.Right) bool { return page.May(r.Actor, right, o.Region, tree) }
	v.CanDispatch = (o.State == order.Published || o.State == order.AtFund) && may(identity.OrderDispatch)
	if o.State == order.Submitted && may(identity.OrderReview) {
		v.Publish = r.Key()
		v.Papers = papers(r, string(o.ID), item)
		v.Refuse = r.Key()
	}
	if (o.State == order.Submitted || o.State == order.Published) && o.Level != order.Fund && may(identity.OrderEscalate) {
		v.Escalate = r.Key()
	}
	if (o.State == order.Submitted || o.State == order.Published || o.State == order.Accepted) && may(identity.OrderCancelFor) {
		v.Cancel = r.Key()
	}
	if o.Movable() && may(identity.OrderPlaceFor) && !o.Serves(member.PersonID(r.Actor.Person)) {
		v.Move = r.Key()
		v.Day, v.At = r.OtherTimes(&o.Order, item)
	}
	if o.State == order.Awaiting && may(identity.OrderConfirmFor) {
		v.Duties = append(v.Duties, duty(r, o.PlacedBy == r.Actor.ID, "page.desk.duty_placed_you", "page.desk.duty_placed_other"),
			duty(r, o.Serves(member.PersonID(r.Actor.Person)), "page.desk.duty_served_you", "page.desk.duty_served_other"))
		if o.PlacedBy != r.Actor.ID && !o.Serves(member.PersonID(r.Actor.Person)) {
			v.Confirm = r.Key()
			for _, p := range item.Outcomes {
				v.Outcomes = append(v.Outcomes, choiceView{Value: p.Code, Text: p.Text(r.Lang)})
			}
		}
	}
	if o.State == order.Confirmed && o.ConfirmedBy == order.ByDesk && may(identity.OrderConfirmFor) {
		v.Undo = r.Key()
	}
	if o.State.Disputable() && may(identity.FeedbackComplainFor) {
		v.Complain = categoryField(r)
		v.Complain.Name = "complaint-category"
		v.ComplainKey = r.Key()
	}
}

// duty is a line of who may not say that a service was done.
func duty(r *page.Request, hit bool, codeHit, codeNot string) dutyView {
	if hit {
		return dutyView{Text: r.T(codeHit), Tone: ui.Bad, Badge: r.T("page.desk.duty_no")}
	}
	return dutyView{Text: r.T(codeNot), Tone: ui.Good, Badge: r.T("page.desk.duty_ok")}
}

func papers(r *page.Request, id string, item *catalog.Item) (fields []ui.Field) {
	if item.Insurance {
		fields = append(fields, ui.Field{Name: "insurance-" + id, Label: r.T("page.desk.insurance"), Max: 100, Needed: true})
	}
	if item.Agreement {
		fields = append(fields, ui.Field{Name: "agreement-" + id, Label: r.T("page.desk.agreement"), Hint: r.T("page.desk.agreement_hint"), Max: 100})
	}
	return fields
}

func categoryField(r *page.Request) ui.Field {
	f := ui.Field{Name: "category", Label: r.T("page.desk.about_what")}
	for _, c := range feedback.Categories() {
		f.Options = append(f.Options, ui.Option{Value: string(c), Text: r.T(categoryWords[string(c)])})
	}
	return f
}

// comingOf is one volunteer of an order with what the desk can witness.
func comingOf(r *page.Request, tree *region.Tree, o *order.View, a *order.Assignment, name string) comingView {
	c := comingView{Key: r.Key(), ID: string(a.Volunteer), Name: name, State: r.T(placeWords[string(a.State)]), Tone: ui.Calm}
	if a.Grade != "" {
		c.Grade = r.T(gradeWords[string(a.Grade)])
	}
	if !a.In.IsZero() {
		c.Times = r.When(a.In)
		if !a.Out.IsZero() {
			c.Times += " – " + r.When(a.Out)
		}
	}
	switch a.State {
	case order.Taken:
		c.Tone = ui.Good
		witness := page.May(r.Actor, identity.OrderWitness, o.Region, tree)
		c.In = witness && !r.Now.Before(o.Start) && (o.State == order.Accepted || o.State == order.InService)
		c.NoShow = !r.Now.Before(o.Start) && page.May(r.Actor, identity.OrderDispatch, o.Region, tree)
	case order.CheckedIn:
		c.Tone, c.Out = ui.Good, page.May(r.Actor, identity.OrderWitness, o.Region, tree)
	case order.NoShow, order.VoidService:
		c.Tone = ui.Bad
	}
	return c
}

// act carries out a button of an order's page and comes back to it. A form that is refused stands there again; fields are pairs as
// [page.Request.Redisplay] takes them.
func act(r *page.Request, done string, do func(c order.OrderCmd) error, fields ...string) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	id := order.ID(r.Path("id"))
	if err := do(order.OrderCmd{Actor: r.Actor, Key: key, Order: id}); err != nil {
		return refused(r, err, id, fields...)
	}
	return led(r, id, done)
}

// led goes to an order after an act, or to the board where it has gone along to a home that is another station's.
func led(r *page.Request, id order.ID, done string) error {
	at := orderPath(id)
	if _, err := r.Orders.Get(r.Context(), r.Actor, id); errs.KindOf(err) == errs.NotFound {
		at = "/desk/"
	}
	return r.Go(at + "?done=" + done)
}

// refused shows an order's page with the form that was refused on it. Who may not see the page learns from the form no more than from the page.
func refused(r *page.Request, err error, id order.ID, fields ...string) error {
	var hidden error
	moreover := ""
	if errs.KindOf(err) == errs.Conflict {
		moreover = r.T("page.desk.somebody_was_quicker")
	}
	err = r.Redisplay(err, orderPath(id), func(r *page.Request) error {
		hidden = orderPage(r, moreover)
		return hidden
	}, fields...)
	if hidden != nil {
		return hidden
	}
	return err
}

// Refuse ends an order at its review, with the reason that its sides are told.
func Refuse(r *page.Request) error {
	return act(r, "refused", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.Review(r.Context(), []order.ReviewCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Reason: r.Form("refuse-reason")}}))
		return err
	}, "reason", "refuse-reason")
}

// Dispatch offers the place to a volunteer, or gives it to one who has said yes on the telephone.
func Dispatch(r *page.Request) error {
	agreed := r.Form("agreed") == "yes"
	done := "offered"
	if agreed {
		done = "sent"
	}
	return act(r, done, func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.Dispatch(r.Context(), []order.DispatchCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Volunteer: member.PersonID(r.Form("volunteer")), Team: member.TeamID(r.Form("team-" + r.Form("volunteer"))), Agreed: agreed}}))
		return err
	})
}

// Escalate hands an order up before its clock does.
func Escalate(r *page.Request) error {
	return act(r, "escalated", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.Escalate(r.Context(), []order.OrderCmd{c}))
		return err
	})
}

// Cancel ends an order for the person it is for.
func Cancel(r *page.Request) error {
	return act(r, "cancelled", func(c order.OrderCmd) error {
		if c.Reason = r.Form("cancel-reason"); c.Reason == "" {
			return errs.Invalid("order.invalid", errs.Field{Path: "reason", Code: "order.reason_missing"})
		}
		_, err := page.One(r.Orders.Cancel(r.Context(), []order.OrderCmd{c}))
		return err
	}, "reason", "cancel-reason")
}

// Move moves a visit to another time for the person; whoever was coming is asked again.
func Move(r *page.Request) error {
	return act(r, "moved", func(c order.OrderCmd) error { return r.Reschedule(c) }, "start", "at")
}

// NoShow says that a volunteer did not come.
func NoShow(r *page.Request) error {
	return act(r, "no_show", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.NoShow(r.Context(), []order.NoShowCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Volunteer: member.PersonID(r.Form("volunteer"))}}))
		return err
	})
}

// Witness checks a volunteer in or out because the station has asked the person by telephone.
func Witness(r *page.Request) error {
	out := r.Form("moment") == "out"
	done := map[bool]string{false: "in", true: "out"}[out]
	return act(r, done, func(c order.OrderCmd) error {
		cmds := []order.CheckCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Volunteer: member.PersonID(r.Form("volunteer")), Factors: []order.Factor{{Method: order.ByCallBack}}}}
		do := r.Orders.CheckIn
		if out {
			do = r.Orders.CheckOut
		}
		_, err := page.One(do(r.Context(), cmds))
		return err
	})
}

// Confirm says for the person that the service was done.
func Confirm(r *page.Request) error {
	return act(r, "confirmed_for", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.Confirm(r.Context(), []order.ConfirmCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Outcomes: r.HTTP.Form["outcome"], CallBack: r.Form("call_back") == "yes"}}))
		return err
	})
}

// Restore takes the desk's cancellation back.
func Restore(r *page.Request) error {
	return act(r, "restored", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.UndoCancel(r.Context(), []order.OrderCmd{c}))
		return err
	})
}

// Undo takes the desk's confirmation back.
func Undo(r *page.Request) error {
	return act(r, "undone", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.UndoConfirm(r.Context(), []order.OrderCmd{c}))
		return err
	})
}
