package family

import (
	"net/http"
	"strings"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/feedback"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// OrderForm asks what, when and for how long, on one page.
func OrderForm(r *page.Request) error {
	p, err := who(r)
	if err != nil {
		return err
	}
	return showOrder(r, p, nil)
}

func showOrder(r *page.Request, p relative, refused error) error {
	v := orderView{Page: shell(r, p, r.T("page.family.order")), Key: r.Key(), Action: p.path() + "/order", Name: p.name, Acts: p.acts, Back: p.path(),
		Present: r.Form("family") == "yes", Own: r.Form("own") == "yes"}
	v.Item = ui.Field{Name: "item", Label: r.T("page.family.what"), Needed: true}
	err := r.Read("web.family_order", func(tx *store.Tx, _ *region.Tree) error {
		offers, err := r.Catalog.List(tx, r.Now, r.Lang)
		for _, o := range offers {
			text := o.Name + " · " + r.T("page.elder.about", "long", r.Long(o.Item.Usual))
			if o.Item.FamilyPresence {
				text += " · " + r.T("page.family.needs_family")
			}
			v.Item.Options = append(v.Item.Options, ui.Option{Value: o.Item.Code, Text: text, Chosen: o.Item.Code == r.Form("item")})
		}
		return err
	})
	if err != nil {
		return err
	}
	v.Day, v.At = ui.Field{Name: "day", Label: r.T("page.elder.which_day")}, ui.Field{Name: "at", Label: r.T("page.elder.which_hour")}
	for n := range 30 {
		d := clock.DayOf(r.Now).Add(n)
		v.Day.Options = append(v.Day.Options, ui.Option{Value: string(d), Text: r.Day(d), Chosen: string(d) == r.Form("day") || r.Form("day") == "" && n == 1})
	}
	midnight := clock.DayOf(r.Now).Start()
	for n := 12; n < 42; n++ {
		at := page.Clock(midnight.Add(time.Duration(n) * 30 * time.Minute))
		v.At.Options = append(v.At.Options, ui.Option{Value: at, Text: at, Chosen: at == r.Form("at") || r.Form("at") == "" && at == "10:00"})
	}
	v.Faults, v.Why = faults(r, refused)
	v.Asks = page.AskedTwice(refused)
	status := http.StatusOK
	if refused != nil {
		status = page.Status(errs.KindOf(refused))
	}
	fields := map[string]string{"start": "at", "family_present": "family"}
	for i, f := range v.Faults {
		if name := fields[f.Field]; name != "" {
			v.Faults[i].Field = name
		}
	}
	return r.Show(status, orderPage(v))
}

// Order asks for a visit to the person.
func Order(r *page.Request) error {
	p, err := who(r)
	if err != nil {
		return err
	}
	key, err := r.Sent()
	if err != nil {
		return err
	}
	if r.Form("item") == "" {
		return showOrder(r, p, errs.Invalid("page.form_incomplete", errs.Field{Path: "item", Code: "page.desk_item_missing"}))
	}
	item, err := r.Item()
	if err != nil {
		return err
	}
	start, err := r.Start()
	if err != nil {
		return err
	}
	placed, err := page.One(r.Orders.Place(r.Context(), []order.PlaceCmd{{Actor: r.Actor, Key: key, Recipient: p.id, Item: item.Code, Start: start,
		Urgency: page.Urgency(item, start, r.Now), OfferOwnHours: r.Form("own") == "yes", FamilyPresent: r.Form("family") == "yes", Again: r.OneMore()}}))
	if correctable(err) {
		return showOrder(r, p, err)
	}
	if err != nil {
		return err
	}
	return r.Go("/family/visits/" + string(placed.ID) + "?done=placed")
}

// visitOf is a visit to one of the reader's people.
func visitOf(r *page.Request) (o order.View, p relative, err error) {
	if o, err = r.Orders.Get(r.Context(), r.Actor, order.ID(r.Path("id"))); err != nil {
		return o, p, err
	}
	err = r.Read("web.family_visit_who", func(tx *store.Tx, _ *region.Tree) error {
		p, err = chosen(r, tx, o.Recipient)
		return err
	})
	if errs.KindOf(err) == errs.NotFound {
		err = errs.New(errs.NotFound, "order.not_found")
	}
	return o, p, err
}

// Visit shows one visit from afar: how far it is, who comes, what to do now, and what they wrote about it.
func Visit(r *page.Request) error {
	o, p, err := visitOf(r)
	if err != nil {
		return err
	}
	v := visitView{Page: shell(r, p, r.T("page.family.visit")), Back: p.path(), Name: p.name, Key: r.Key(), Action: "/family/visits/" + string(o.ID), Acts: p.acts}
	topics := []page.Topic{page.OwnTopic(p.me)}
	if p.sees {
		topics = append(topics, page.OrderTopic(string(o.ID)))
	}
	if err := r.Live(&v.Page, topics...); err != nil {
		return err
	}
	// What has changed since it was read is on the page, or told at once.
	if o, p, err = visitOf(r); err != nil {
		return err
	}
	cards, err := cardsOf(r, []order.View{o})
	if err != nil {
		return err
	}
	v.Card = cards[0]
	if v.Talk, err = talkOf(r, p, o.ID); err != nil {
		return err
	}
	err = r.Read("web.family_visit", func(tx *store.Tx, tree *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		item, err := all.ByVersion(o.Item, o.ItemVersion)
		if err != nil {
			return err
		}
		rules, err := r.RulesOf(tx, tree, &o.Order)
		if err != nil {
			return err
		}
		v.Facts = []ui.Row{{Name: r.T("page.elder.fact_when"), Value: r.When(o.Start)}, {Name: r.T("page.elder.fact_long"), Value: r.Long(o.Minutes)}}
		v.Facts = append(v.Facts, r.Ended(&o)...)
		if pays := r.Sources(&o.Order); pays != "" {
			v.Facts = append(v.Facts, ui.Row{Name: r.T("page.elder.fact_pays"), Value: pays})
		}
		for _, s := range item.Steps {
			v.Does = append(v.Does, s.Text(r.Lang))
		}
		for _, code := range strings.Fields(o.Outcome) {
			if out, ok := item.Outcome(code); ok && o.Withheld == nil {
				v.Outcome = append(v.Outcome, out.Text(r.Lang))
			}
		}
		if o.State == order.Awaiting {
			for _, out := range item.Outcomes {
				v.Outcomes = append(v.Outcomes, ui.Option{Value: out.Code, Text: out.Text(r.Lang)})
			}
		}
		doable(r, &v, &o, rules)
		if v.Acts && o.Movable() {
			v.Move = v.Action + "/move"
			v.Day, v.At = r.OtherTimes(&o.Order, item)
		}
		return nil
	})
	if err != nil {
		return err
	}
	v.Why = r.WhyOf(&o.Why)
	if o.Withheld != nil {
		v.Withheld = r.WhyOf(o.Withheld)
	} else {
		v.Track = track(r, &o)
		if v.Complaint, err = complaintOf(r, o.ID); err != nil {
			return err
		}
	}
	return r.Show(http.StatusOK, visit(v))
}

// doable says what the reader can do now, if the person lets it act.
func doable(r *page.Request, v *visitView, o *order.View, rules policy.Rules) {
	if !v.Acts {
		return
	}
	switch o.State {
	case order.Submitted, order.Published, order.Accepted:
		v.Cancel = v.Action + "/cancel"
	case order.Awaiting:
		v.Confirm, v.Wrong = v.Action+"/confirm", v.Action+"/wrong"
	case order.Confirmed:
		v.Wrong = v.Action + "/wrong"
		if until := o.ConfirmedAt.Add(rules.UndoWindow); r.Now.Before(until) {
			v.Undo, v.UndoHint = v.Action+"/undo", r.T("page.elder.undo_until", "until", page.Clock(until))
		}
	case order.Settled:
		v.Wrong = v.Action + "/wrong"
	case order.Cancelled:
		if until, ok := r.CancelledByMe(o, rules); ok {
			v.Undo, v.UndoHint = v.Action+"/restore", r.T("page.elder.undo_until", "until", page.Clock(until))
		}
	}
	if v.Wrong == "" {
		return
	}
	v.Category = ui.Field{Name: "category", Label: r.T("page.family.wrong_what"), Needed: true}
	for _, c := range categories {
		v.Category.Options = append(v.Category.Options, ui.Option{Value: string(c.category), Text: r.T(c.code)})
	}
}

// categories are what a relative can say was not right, with the words of the old person's own page.
var categories = []struct {
	category feedback.Category
	code     string
}{{feedback.NotDone, "page.elder.wrong_not_done"}, {feedback.CutShort, "page.elder.wrong_cut_short"}, {feedback.Conduct, "page.elder.wrong_conduct"},
	{feedback.AskedMoney, "page.elder.wrong_money"}, {feedback.Unsafe, "page.family.wrong_unsafe"}, {feedback.OtherCause, "page.elder.wrong_other"}}

// track is how far a visit is, step by step, with when each step was done.
func track(r *page.Request, o *order.View) []stepView {
	var found time.Time
	for _, e := range o.History {
		if e.Kind == "order" && e.After == string(order.Accepted) {
			found = e.At
		}
	}
	var in, out time.Time
	for _, a := range o.Assignments {
		if !a.In.IsZero() && (in.IsZero() || a.In.Before(in)) {
			in = a.In
		}
		if a.Out.After(out) {
			out = a.Out
		}
	}
	steps := []stepView{step(r, "page.family.step_asked", o.SubmittedAt), step(r, "page.family.step_found", found), step(r, "page.family.step_in", in),
		step(r, "page.family.step_out", out), step(r, "page.family.step_confirmed", o.ConfirmedAt), step(r, "page.family.step_settled", o.SettledAt)}
	if o.State == order.Cancelled {
		steps = append(steps[:1:1], step(r, "page.family.step_cancelled", o.Since))
	}
	return steps
}

func step(r *page.Request, code string, at time.Time) stepView {
	s := stepView{Text: r.T(code), Done: !at.IsZero()}
	if s.Done {
		s.When = r.When(at)
	}
	return s
}

// complaintOf tells what became of a complaint about a visit, "" without one.
func complaintOf(r *page.Request, id order.ID) (string, error) {
	said, err := r.Feedback.OfOrder(r.Context(), r.Actor, id)
	if errs.KindOf(err) == errs.NotFound {
		// Who may see the visit without acting for the person does not see what was said about it.
		return "", nil
	}
	text := ""
	for _, c := range said.Complaints {
		switch {
		case c.Open:
			text = r.T("page.family.wrong_open", "until", r.Day(clock.DayOf(c.DueAt)))
		case c.Decision == feedback.Release:
			text = r.T("page.family.wrong_released")
		case c.Decision == feedback.Reverse:
			text = r.T("page.family.wrong_reversed")
		}
	}
	return text, err
}

// onVisit carries out a button of a visit's page.
func onVisit(r *page.Request, done string, do func(cmd order.OrderCmd) error) error {
	id := r.Path("id")
	return act(r, "/family/visits/"+id+"?done="+done, func(key string) error { return do(order.OrderCmd{Actor: r.Actor, Key: key, Order: order.ID(id)}) })
}

// Confirm says for the person that the service was done, and what came of it.
func Confirm(r *page.Request) error {
	return onVisit(r, "confirmed", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.Confirm(r.Context(), []order.ConfirmCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Outcomes: r.HTTP.Form["outcome"]}}))
		return err
	})
}

// Undo takes a confirmation back.
func Undo(r *page.Request) error {
	return onVisit(r, "undone", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.UndoConfirm(r.Context(), []order.OrderCmd{c}))
		return err
	})
}

// Cancel takes a request back.
func Cancel(r *page.Request) error {
	return onVisit(r, "cancelled", func(c order.OrderCmd) error {
		c.Reason = cancelReason()
		_, err := page.One(r.Orders.Cancel(r.Context(), []order.OrderCmd{c}))
		return err
	})
}

// Move moves a visit to another time; whoever was coming is asked again.
func Move(r *page.Request) error {
	err := onVisit(r, "moved", func(c order.OrderCmd) error { return r.Reschedule(c) })
	if err != nil {
		return r.Redisplay(err, "/family/visits/"+r.Path("id"), Visit, "start", "at")
	}
	return nil
}

// Restore takes a cancellation back.
func Restore(r *page.Request) error {
	return onVisit(r, "restored", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.UndoCancel(r.Context(), []order.OrderCmd{c}))
		return err
	})
}

// Complain says for the person that something was not right.
func Complain(r *page.Request) error {
	return onVisit(r, "said_wrong", func(c order.OrderCmd) error {
		_, err := page.One(r.Feedback.Complain(r.Context(), []feedback.ComplainCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Category: feedback.Category(r.Form("category"))}}))
		return err
	})
}
