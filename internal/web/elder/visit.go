package elder

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/family"
	"timebank/internal/feedback"
	"timebank/internal/i18n"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// Visits lists what is still open, the soonest first, and then what is over, the latest first.
func Visits(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	v := visitsView{Page: r.Shell(r.T("page.elder.visits"))}
	at := r.Form("after")
	before, last := past(r, at)
	var open []order.View
	if last == "" {
		if open, err = r.Orders.List(r.Context(), r.Actor, order.Filter{Recipient: me, OpenOnly: true, Limit: openMost}); err != nil {
			return err
		}
	}
	slices.SortStableFunc(open, func(a, b order.View) int { return a.Start.Compare(b.Start) })
	more := page.After(&open, at, pageLength, func(o order.View) string { return string(o.ID) })
	err = r.Read("web.elder_visits", func(tx *store.Tx, _ *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		list, next := slices.Clone(open), more
		if next == "" {
			over, err := order.Past(tx, me, before, last, pageLength-len(open)+1)
			if err != nil {
				return err
			}
			if room := pageLength - len(open); len(over) > room {
				over = over[:room]
				next = "past"
				if room > 0 {
					next = strconv.FormatInt(clock.Micros(over[room-1].Start), 10) + "." + string(over[room-1].ID)
				}
			}
			for _, o := range over {
				list = append(list, order.View{Order: *o})
			}
		}
		v.More = ""
		if next != "" {
			v.More = "/elder/visits?after=" + next
		}
		v.Cards, err = cardsOf(r, tx, all, list)
		return err
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, visits(v))
}

// past reads a cursor among what is over: the moment of the last visit shown and its id, or "past" for the first of them. For any other cursor the
// id is "" and the open ones come first.
func past(r *page.Request, at string) (before time.Time, last order.ID) {
	before = r.Now.AddDate(100, 0, 0)
	if at == "past" {
		return before, "past"
	}
	micros, id, _ := strings.Cut(at, ".")
	if n, err := strconv.ParseInt(micros, 10, 64); err == nil && id != "" {
		return clock.FromMicros(n), order.ID(id)
	}
	return before, ""
}

// cardsOf are visits in a list.
func cardsOf(r *page.Request, tx *store.Tx, all *catalog.Catalogue, list []order.View) (cards []cardView, err error) {
	for _, o := range list {
		card, err := cardOf(r, tx, all, &o.Order)
		if err != nil {
			return nil, err
		}
		cards = append(cards, card)
	}
	return cards, nil
}

// cardOf is a visit in a list.
func cardOf(r *page.Request, tx *store.Tx, all *catalog.Catalogue, o *order.Order) (cardView, error) {
	v := cardView{Href: "/elder/visits/" + string(o.ID), When: r.When(o.Start), Open: o.State.Open()}
	item, err := all.ByVersion(o.Item, o.ItemVersion)
	if err != nil {
		return v, err
	}
	v.Name, v.Icon = item.Name(r.Lang), string(item.Category)
	v.Standing, v.Tone = r.Standing(o)
	v.Coming, err = r.Comers(tx, o, v.Href)
	return v, err
}

// mine is a visit to the person who reads.
func mine(r *page.Request) (order.View, error) {
	o, err := r.Orders.Get(r.Context(), r.Actor, order.ID(r.Path("id")))
	if err != nil {
		return o, err
	}
	if me, err := r.Me(); err != nil || o.Recipient != me {
		return o, errs.New(errs.NotFound, "order.not_found")
	}
	return o, nil
}

// Visit shows one visit: who comes, what to tell them, and the one thing to do now.
func Visit(r *page.Request) error {
	id := r.Path("id")
	v := visitView{Page: r.Shell(r.T("page.elder.visit")), Key: r.Key(), Action: "/elder/visits/" + id}
	// What changes from now on is heard of, so that nothing falls between reading and listening.
	if err := r.Live(&v.Page, page.OrderTopic(id)); err != nil {
		return err
	}
	o, err := mine(r)
	if err != nil {
		return err
	}
	said, err := r.Feedback.OfOrder(r.Context(), r.Actor, o.ID)
	if err != nil {
		return err
	}
	messages, err := r.Family.Messages(r.Context(), r.Actor, family.MessageFilter{Person: o.Recipient, Order: o.ID, Limit: pageLength})
	if err != nil {
		return err
	}
	err = r.Read("web.elder_visit", func(tx *store.Tx, tree *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		if v.Card, err = cardOf(r, tx, all, &o.Order); err != nil {
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
		fill(r, &v, &o, item, rules)
		v.Urgent = v.Card.Open && urgent(item)
		if v.Messages, err = messageViews(r, tx, messages); err != nil {
			return err
		}
		judge(r, &v, &o, said, rules)
		return nil
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, visit(v))
}

// fill says what can be done now.
func fill(r *page.Request, v *visitView, o *order.View, item *catalog.Item, rules policy.Rules) {
	undo := rules.UndoWindow
	hint := func(until string) string { return r.T("page.elder.undo_until", "until", until) }
	switch o.State {
	case order.Submitted, order.Published, order.Accepted:
		if until := o.SubmittedAt.Add(undo); r.Now.Before(until) {
			v.Undo, v.UndoHint = v.Action+"/cancel", hint(page.Clock(until))
		} else {
			v.Cancel = v.Action + "/cancel"
		}
	case order.Awaiting:
		v.Confirm = v.Action + "/confirm"
		for _, p := range item.Outcomes {
			v.Outcomes = append(v.Outcomes, ui.Option{Value: p.Code, Text: p.Text(r.Lang)})
		}
	case order.Confirmed:
		if until := o.ConfirmedAt.Add(undo); r.Now.Before(until) {
			v.Undo, v.UndoHint = v.Action+"/undo", hint(page.Clock(until))
		}
	case order.Cancelled:
		if until, ok := r.CancelledByMe(o, rules); ok {
			v.Undo, v.UndoHint = v.Action+"/restore", hint(page.Clock(until))
		}
	}
	if o.Movable() {
		v.Move = v.Action + "/move"
	}
	if o.State == order.Accepted || o.State == order.InService {
		v.Code, v.Digits = o.Code, digits(o.Code)
	}
	v.Facts = []ui.Row{{Name: r.T("page.elder.fact_when"), Value: v.Card.When}, {Name: r.T("page.elder.fact_long"), Value: r.Long(o.Minutes)}}
	if o.PlacedAs != order.BySelf {
		v.Facts = append(v.Facts, ui.Row{Name: r.T("page.elder.fact_by"), Value: r.T(map[order.PlacedAs]string{order.ByKin: "page.elder.by_kin", order.ByStation: "page.elder.by_station"}[o.PlacedAs])})
	}
	for _, code := range strings.Fields(o.Outcome) {
		if p, ok := item.Outcome(code); ok {
			v.Facts = append(v.Facts, ui.Row{Name: r.T("page.elder.fact_outcome"), Value: p.Text(r.Lang)})
		}
	}
	v.Facts = append(v.Facts, r.Ended(o)...)
	if pays := r.Sources(&o.Order); pays != "" {
		v.Facts = append(v.Facts, ui.Row{Name: r.T("page.elder.fact_pays"), Value: pays})
	}
	v.Why = r.WhyOf(&o.Why)
}

// digits is a code one digit after another, so that nobody and no voice reads it as a number.
func digits(code string) string { return strings.Join(strings.Split(code, ""), "、") }

// judge offers the faces and the way to say that something was not right, and tells what became of that.
func judge(r *page.Request, v *visitView, o *order.View, said feedback.About, rules policy.Rules) {
	for _, c := range said.Complaints {
		switch {
		case c.Open:
			v.Complaint = r.T("page.elder.wrong_open", "until", r.Day(clock.DayOf(c.DueAt)))
		case c.Decision == feedback.Release:
			v.Complaint = r.T("page.elder.wrong_released")
		case c.Decision == feedback.Reverse:
			v.Complaint = r.T("page.elder.wrong_reversed")
		}
	}
	switch o.State {
	case order.Awaiting, order.Confirmed, order.Settled:
	default:
		return
	}
	if v.Complaint == "" {
		v.Wrong = v.Action + "/wrong"
	}
	for _, c := range v.Card.Coming {
		if !slices.ContainsFunc(said.Ratings, func(one feedback.Rating) bool { return one.Rater == o.Recipient && one.Ratee == c.Volunteer }) {
			v.Faces = append(v.Faces, faceView{Key: r.Key(), Of: string(c.Volunteer), Ask: r.T("page.elder.how_was", "name", c.Name)})
		} else {
			v.Rated = true
		}
	}
	if o.State == order.Awaiting {
		v.Faces = nil // one thing after another: first the yes, then the face
	}
}

// act carries out a button of a visit's page.
func act(r *page.Request, done string, do func(cmd order.OrderCmd) error) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	id := order.ID(r.Path("id"))
	if err := do(order.OrderCmd{Actor: r.Actor, Key: key, Order: id}); err != nil {
		return err
	}
	return r.Go("/elder/visits/" + string(id) + "?done=" + done)
}

// Confirm is "the volunteer has helped me", with what came of it.
func Confirm(r *page.Request) error {
	return act(r, "confirmed", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.Confirm(r.Context(), []order.ConfirmCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Outcomes: r.HTTP.Form["outcome"]}}))
		return err
	})
}

// Undo takes the confirmation back, as long as the rules give time.
func Undo(r *page.Request) error {
	return act(r, "undone", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.UndoConfirm(r.Context(), []order.OrderCmd{c}))
		return err
	})
}

// Cancel takes the request back.
func Cancel(r *page.Request) error {
	return act(r, "cancelled", func(c order.OrderCmd) error {
		c.Reason = i18n.Text(i18n.Chinese, "page.elder.cancel_reason")
		_, err := page.One(r.Orders.Cancel(r.Context(), []order.OrderCmd{c}))
		return err
	})
}

// Restore takes a cancellation back.
func Restore(r *page.Request) error {
	return act(r, "restored", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.UndoCancel(r.Context(), []order.OrderCmd{c}))
		return err
	})
}

// starsOf are what each face means.
var starsOf = map[string]int{"good": 5, "fair": 3, "bad": 1}

// Rate says with a face how it was.
func Rate(r *page.Request) error {
	stars, ok := starsOf[r.Form("face")]
	if !ok {
		return errs.New(errs.KindInvalid, "page.form_incomplete")
	}
	next := "faced"
	if r.Form("face") == "bad" {
		next = "rated_bad"
	}
	return act(r, next, func(c order.OrderCmd) error {
		_, err := page.One(r.Feedback.Rate(r.Context(), []feedback.RateCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Of: member.PersonID(r.Form("of")), Stars: stars}}))
		return err
	})
}

// wrongs are the complaints that an old person can choose, in the order of the page, with their words.
var wrongs = []struct {
	category feedback.Category
	code     string
}{{feedback.NotDone, "page.elder.wrong_not_done"}, {feedback.CutShort, "page.elder.wrong_cut_short"}, {feedback.Conduct, "page.elder.wrong_conduct"},
	{feedback.AskedMoney, "page.elder.wrong_money"}, {feedback.Unsafe, "page.elder.wrong_unsafe"}, {feedback.OtherCause, "page.elder.wrong_other"}}

// Wrong asks what was not right.
func Wrong(r *page.Request) error {
	o, err := mine(r)
	if err != nil {
		return err
	}
	v := wrongView{Page: r.Shell(r.T("page.elder.wrong")), Back: "/elder/visits/" + string(o.ID), Action: "/elder/visits/" + string(o.ID) + "/wrong", Key: r.Key()}
	for _, w := range wrongs {
		v.Choices = append(v.Choices, ui.Option{Value: string(w.category), Text: r.T(w.code)})
	}
	return r.Show(http.StatusOK, wrong(v))
}

// Complain tells the station that something was not right; the minutes stand still until it has asked.
func Complain(r *page.Request) error {
	return act(r, "said_wrong", func(c order.OrderCmd) error {
		_, err := page.One(r.Feedback.Complain(r.Context(), []feedback.ComplainCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Category: feedback.Category(r.Form("category"))}}))
		return err
	})
}

// messageViews are messages with who sent them.
func messageViews(r *page.Request, tx *store.Tx, list []family.Message) (out []messageView, err error) {
	var who []member.PersonID
	for _, m := range list {
		who = append(who, m.From)
	}
	names, err := r.Members.Names(tx, who)
	for _, m := range list {
		name := names[m.From].Reveal()
		if m.From == member.PersonID(r.Actor.Person) {
			name = r.T("page.elder.me")
		}
		out = append(out, messageView{ID: string(m.ID), Key: r.Key(), Says: r.T("page.elder.says", "name", name), Words: m.Words, When: r.When(m.SentAt),
			New: m.SeenAt.IsZero() && m.To == member.PersonID(r.Actor.Person)})
	}
	return out, err
}

// Seen says that a message was read.
func Seen(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	if _, err := page.One(r.Family.Seen(r.Context(), []family.MessageCmd{{Actor: r.Actor, Key: key, Message: family.MessageID(r.Path("id"))}})); err != nil {
		return err
	}
	return r.Go("/elder/")
}
