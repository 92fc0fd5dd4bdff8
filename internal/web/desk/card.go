package desk

import (
	"net/http"
	"slices"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/feedback"
	"timebank/internal/hours"
	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/signin"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// What stands here is for somebody without a telephone who has come to the desk with its printed card: the desk reads the card, the person says
// the word of the day, and for a few minutes the desk does what the person asks for, in the person's name and on the person's hours.

const cardPath = "/desk/card"

// Card asks for a card and its word, or shows whom the card that lies on the desk belongs to and what can be done for it.
func Card(r *page.Request) error {
	if err := takesCards(r); err != nil {
		return err
	}
	act, err := r.ByCard()
	if errs.KindOf(err) == errs.Refused {
		return cardAsked(r, http.StatusOK, "")
	}
	if err != nil {
		return err
	}
	return holderPage(r, act, http.StatusOK, nil)
}

// takesCards refuses whoever takes cards at no desk. Error: Forbidden identity.not_allowed.
func takesCards(r *page.Request) error {
	tree, err := r.Regions.Today(r.Context())
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(r.Actor.Grants, func(g identity.Grant) bool { return r.Actor.May(identity.IdentityCard, g.Region, tree) == nil }) {
		return r.Actor.May(identity.IdentityCard, tree.City(), tree)
	}
	return nil
}

// cardAsked is the form for a card and its word.
func cardAsked(r *page.Request, status int, trouble string) error {
	v := cardFormView{Page: r.Shell(r.T("page.desk.card"))}
	v.Scripts = append(v.Scripts, "card.js")
	v.Code = ui.Field{Name: "code", Label: r.T("page.desk.card_code"), Hint: r.T("page.desk.card_code_hint"), Value: r.Form("code"), Max: 40, Auto: "off", Needed: true}
	v.Word = ui.Field{Name: "word", Label: r.T("page.desk.card_word"), Hint: r.T("page.desk.card_word_hint"), Error: trouble, Max: 20, Auto: "off", Needed: true}
	return r.Show(status, cardForm(v))
}

// UseCard takes a card and the word that its holder says.
func UseCard(r *page.Request) error {
	if err := r.MayEnter(); err != nil {
		return err
	}
	sign := r.Sign()
	sign.Replaces = "" // the desk's own session goes on beside the card's
	in, err := r.SignIns.UseCard(r.Context(), signin.UseCardCmd{Sign: sign, Actor: r.Actor, Code: r.Form("code"), Word: r.Form("word")})
	if errs.KindOf(err) == errs.Unauthenticated {
		return cardAsked(r, http.StatusUnprocessableEntity, r.T("page.desk.card_wrong"))
	}
	if err != nil {
		return err
	}
	if err := r.EnterByCard(in); err != nil {
		return err
	}
	return r.Go(cardPath)
}

// EndCard gives the card back: the next one who comes finds an empty desk.
func EndCard(r *page.Request) error {
	if err := takesCards(r); err != nil {
		return err
	}
	if err := r.LeaveCard(); err != nil {
		return err
	}
	return r.Go(cardPath + "?done=card_over")
}

// holderPage is the holder of a card, masked, with its visits and what it can ask for. trouble is what became of a form.
func holderPage(r *page.Request, act identity.Actor, status int, trouble error) error {
	who := member.PersonID(act.Person)
	v := holderView{Page: r.Shell(r.T("page.desk.card")), Key: r.Key()}
	v.Scripts = append(v.Scripts, "desk.js")
	open, err := r.Identity.Sessions(r.Context(), r.Actor, identity.ActorID(r.Actor.ID))
	if err != nil {
		return err
	}
	for _, s := range open {
		if s.ID == act.Session {
			v.Until = page.Clock(s.Ends)
		}
	}
	list, err := r.Orders.List(r.Context(), act, order.Filter{Recipient: who, Limit: listLength})
	if err != nil {
		return err
	}
	err = r.Read("web.desk_card", func(tx *store.Tx, tree *region.Tree) error {
		people, err := member.LoadPersons(tx, []member.PersonID{who})
		if err != nil {
			return err
		}
		p := people[who]
		// The role by which the card was taken may have ended since.
		if err := r.Actor.May(identity.IdentityCard, p.Region, tree); err != nil {
			return err
		}
		names, err := r.Members.Names(tx, []member.PersonID{who})
		if err != nil {
			return err
		}
		asks, err := member.Standings(tx, []member.PersonID{who})
		if err != nil {
			return err
		}
		v.Name = names[who].String()
		v.Standing, v.Tone = asksOf(r, p, asks)
		v.Facts = []ui.Row{{Name: r.T("page.desk.fact_age"), Value: r.T("page.desk.age", "age", p.AgeOn(clock.DayOf(r.Now)))},
			{Name: r.T("page.desk.fact_area"), Value: tree.FullName(p.Region)}}
		if act.MayOwn(identity.LedgerRead, act.Person) == nil {
			usable, err := usableOf(r, tx, act.Person)
			if err != nil {
				return err
			}
			v.Facts = append(v.Facts, ui.Row{Name: r.T("page.desk.card_hours"), Value: r.Long(usable)})
		}
		if asks[who].MayAsk {
			if v.askView, err = request(r, tx); err != nil {
				return err
			}
			v.CanAsk = true
		}
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		for _, o := range list {
			item, err := all.ByVersion(o.Item, o.ItemVersion)
			if err != nil {
				return err
			}
			rules, err := r.RulesOf(tx, tree, &o.Order)
			if err != nil {
				return err
			}
			v.Visits = append(v.Visits, visitOf(r, act, &o, item, rules))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if trouble != nil {
		told := r.Tell(trouble)
		v.Faults, v.Refused, v.Asks = told.Faults, told.Why, page.AskedTwice(trouble)
		if len(v.Faults) == 0 {
			v.Faults = []ui.Fault{{Text: told.Text}}
		}
	}
	return r.Show(status, holder(v))
}

// usableOf are the hours that a person can ask for service with.
func usableOf(r *page.Request, tx *store.Tx, who string) (hours.Minutes, error) {
	book, err := ledger.PassbookOf(tx, who, "", 1)
	usable := hours.Zero
	for _, h := range book.Holdings {
		switch h.Class {
		case ledger.Saved, ledger.Granted, ledger.Donated:
			usable = usable.Add(h.Available(clock.DayOf(r.Now)))
		}
	}
	return usable, err
}

// visitOf is one visit of the holder with the buttons that its state allows.
func visitOf(r *page.Request, act identity.Actor, o *order.View, item *catalog.Item, rules policy.Rules) visitView {
	v := visitView{Key: r.Key(), Action: cardPath + "/visits/" + string(o.ID), Name: item.Name(r.Lang), When: r.When(o.Start)}
	v.Standing, v.Tone = r.Standing(&o.Order)
	switch o.State {
	case order.Submitted, order.Published, order.Accepted:
		v.Cancel = true
	case order.Awaiting:
		// Whoever has ordered for somebody does not say that it was done, with the card neither.
		if o.PlacedBy == act.ID {
			v.Colleague = r.T("page.desk.card_colleague")
			break
		}
		v.Confirm = true
		for _, p := range item.Outcomes {
			v.Outcomes = append(v.Outcomes, choiceView{Value: p.Code, Text: p.Text(r.Lang)})
		}
	case order.Confirmed:
		v.Undo = r.Now.Before(o.ConfirmedAt.Add(rules.UndoWindow))
	}
	if o.State.Disputable() {
		v.Wrong, v.Category = true, categoryField(r)
		v.Category.Name = "category-" + string(o.ID)
	}
	return v
}

// byCard does something for the holder of the card. What is refused stands on the holder's page; without a card the form for one comes again.
func byCard(r *page.Request, done string, do func(act identity.Actor, key string) error) error {
	if err := takesCards(r); err != nil {
		return err
	}
	key, err := r.Sent()
	if err != nil {
		return err
	}
	act, err := r.ByCard()
	if errs.KindOf(err) == errs.Refused {
		return r.Redisplay(err, cardPath, Card)
	}
	if err != nil {
		return err
	}
	err = do(act, key)
	switch kind := errs.KindOf(err); {
	case err == nil:
		return r.Go(cardPath + "?done=" + done)
	case kind == errs.KindInvalid, kind == errs.Refused, kind == errs.Conflict:
		return holderPage(r, act, page.Status(kind), err)
	}
	return err
}

// CardOrder asks for service for the holder, on the holder's hours.
func CardOrder(r *page.Request) error {
	return byCard(r, "asked_for", func(act identity.Actor, key string) error {
		cmd, err := wanted(r, order.PlaceCmd{Actor: act, Key: key, Recipient: member.PersonID(act.Person)})
		if err == nil {
			_, err = page.One(r.Orders.Place(r.Context(), []order.PlaceCmd{cmd}))
		}
		return err
	})
}

// onVisit does something about a visit of the holder, and about nobody else's.
func onVisit(r *page.Request, done string, do func(c order.OrderCmd) error) error {
	return byCard(r, done, func(act identity.Actor, key string) error {
		id := order.ID(r.Path("id"))
		o, err := r.Orders.Get(r.Context(), act, id)
		if err != nil {
			return err
		}
		if o.Recipient != member.PersonID(act.Person) {
			return errs.New(errs.NotFound, "order.not_found")
		}
		return do(order.OrderCmd{Actor: act, Key: key, Order: id})
	})
}

// CardConfirm is the holder's word that the volunteer has helped.
func CardConfirm(r *page.Request) error {
	return onVisit(r, "confirmed_for", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.Confirm(r.Context(), []order.ConfirmCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Outcomes: r.HTTP.Form["outcome"]}}))
		return err
	})
}

// CardUndo takes the confirmation back, as long as the rules give time.
func CardUndo(r *page.Request) error {
	return onVisit(r, "undone", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.UndoConfirm(r.Context(), []order.OrderCmd{c}))
		return err
	})
}

// CardCancel takes a request back.
func CardCancel(r *page.Request) error {
	return onVisit(r, "cancelled", func(c order.OrderCmd) error {
		c.Reason = i18n.Text(i18n.Chinese, "page.elder.cancel_reason")
		_, err := page.One(r.Orders.Cancel(r.Context(), []order.OrderCmd{c}))
		return err
	})
}

// CardWrong says that something was not right; the minutes stand still until it is decided.
func CardWrong(r *page.Request) error {
	return onVisit(r, "complained", func(c order.OrderCmd) error {
		_, err := page.One(r.Feedback.Complain(r.Context(), []feedback.ComplainCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order,
			Category: feedback.Category(r.Form("category-" + string(c.Order)))}}))
		return err
	})
}
