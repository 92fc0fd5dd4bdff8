// Package volunteer is the door of volunteers: what can be taken nearby and why some of it cannot, one's visits with check-in and
// check-out, and the passbook.
//
// It must never show a door before the order is taken, nor to anybody but who comes, and never without a line in the trail.
package volunteer

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"timebank/internal/audit"
	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// Door is the volunteer door.
var Door = &page.Door{Home: "/volunteer/", Nav: []page.Way{{Href: "/volunteer/", Code: "page.volunteer.nav_hall"},
	{Href: "/volunteer/visits", Code: "page.volunteer.nav_visits"}, {Href: "/volunteer/passbook", Code: "page.volunteer.nav_passbook"}}}

// Lengths of lists (default, ours).
const (
	hallMost   = 50
	pageLength = 20
)

// Hall lists what stands open nearby, nearest first, and says why some of it is not for this volunteer.
func Hall(r *page.Request) error {
	if _, err := r.Me(); err != nil {
		return err
	}
	offers, err := r.Orders.Neighbourhood(r.Context(), r.Actor, order.NearQuery{Limit: hallMost})
	if err != nil {
		return err
	}
	v := hallView{Page: r.Shell(r.T("page.volunteer.hall"))}
	free := 0
	err = r.Read("web.hall", func(tx *store.Tx, tree *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		for _, o := range offers {
			item, err := all.ByVersion(o.Item, o.Version)
			if err != nil {
				return err
			}
			c := offerView{Action: "/volunteer/orders/" + string(o.ID) + "/claim", Key: r.Key(), Name: item.Name(r.Lang), Icon: string(item.Category),
				When: r.When(o.Start), Long: r.Long(o.Minutes), Far: r.Far(o.DistanceM), Area: tree.Name(o.Region)}
			if o.Urgency != string(catalog.Everyday) {
				c.Urgent = r.T("page.volunteer.urgent")
			}
			if item.Volunteers > 1 {
				c.Places = r.T("page.volunteer.places", "free", o.Places, "all", item.Volunteers)
			}
			if o.Refused != nil {
				told := r.Tell(o.Refused)
				c.Refused, c.Why = told.Text, told.Why
			} else {
				free++
			}
			v.Offers = append(v.Offers, c)
		}
		return nil
	})
	if err != nil {
		return err
	}
	v.Count = r.T("page.volunteer.count", "all", len(offers), "free", free)
	return r.Show(http.StatusOK, hall(v))
}

// act carries out a button and shows the visit.
func act(r *page.Request, done string, do func(cmd order.OrderCmd) error) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	id := order.ID(r.Path("id"))
	if err := do(order.OrderCmd{Actor: r.Actor, Key: key, Order: id}); err != nil {
		return err
	}
	return r.Go("/volunteer/visits/" + string(id) + "?done=" + done)
}

// Claim takes a place on an order.
func Claim(r *page.Request) error {
	return act(r, "claimed", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.Claim(r.Context(), []order.ClaimCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order}}))
		return err
	})
}

// Answer says yes or no to an order that was offered by hand.
func Answer(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	id, yes := order.ID(r.Path("id")), r.Form("accept") == "yes"
	if _, err := page.One(r.Orders.Answer(r.Context(), []order.AnswerCmd{{Actor: r.Actor, Key: key, Order: id, Accept: yes}})); err != nil {
		return err
	}
	if !yes {
		return r.Go("/volunteer/visits?done=answered")
	}
	return r.Go("/volunteer/visits/" + string(id) + "?done=claimed")
}

// Withdraw gives a place back.
func Withdraw(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	if _, err := page.One(r.Orders.Withdraw(r.Context(), []order.OrderCmd{{Actor: r.Actor, Key: key, Order: order.ID(r.Path("id")),
		Reason: i18n.Text(i18n.Chinese, "page.volunteer.withdraw_reason")}})); err != nil {
		return err
	}
	return r.Go("/volunteer/visits?done=withdrawn")
}

// Visits lists the volunteer's own visits, newest first.
func Visits(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	list, err := r.Orders.List(r.Context(), r.Actor, order.Filter{Volunteer: me, Before: order.ID(r.Form("after")), Limit: pageLength + 1})
	if err != nil {
		return err
	}
	v := visitsView{Page: r.Shell(r.T("page.volunteer.visits"))}
	if len(list) > pageLength {
		list = list[:pageLength]
		v.More = "/volunteer/visits?after=" + string(list[pageLength-1].ID)
	}
	err = r.Read("web.volunteer_visits", func(tx *store.Tx, tree *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		for _, o := range list {
			card, err := cardOf(r, tree, all, &o, mine(&o, me))
			if err != nil {
				return err
			}
			v.Cards = append(v.Cards, card)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, visits(v))
}

// mine is the volunteer's own place on an order; the last, if it had more than one in turn.
func mine(o *order.View, me member.PersonID) (found *order.Assignment) {
	for _, a := range o.Assignments {
		if a.Volunteer == me {
			found = a
		}
	}
	return found
}

func cardOf(r *page.Request, tree *region.Tree, all *catalog.Catalogue, o *order.View, a *order.Assignment) (cardView, error) {
	v := cardView{Href: "/volunteer/visits/" + string(o.ID), When: r.When(o.Start), Long: r.Long(o.Minutes), Area: tree.Name(o.Region), Open: o.State.Open()}
	item, err := all.ByVersion(o.Item, o.ItemVersion)
	if err != nil {
		return v, err
	}
	v.Name, v.Icon = item.Name(r.Lang), string(item.Category)
	v.Standing, v.Tone = standing(r, o, a)
	return v, nil
}

// standing is where the volunteer's own place stands.
func standing(r *page.Request, o *order.View, a *order.Assignment) (string, ui.Tone) {
	if a != nil {
		switch a.State {
		case order.Offered:
			return r.T("page.volunteer.offered"), ui.Wait
		case order.Taken:
			return r.T("page.volunteer.taken"), ui.Good
		case order.CheckedIn:
			return r.T("page.volunteer.checked_in"), ui.Good
		case order.CheckedOut:
			if o.State == order.InService || o.State == order.Awaiting {
				return r.T("page.volunteer.unconfirmed"), ui.Wait
			}
		case order.Withdrawn:
			return r.T("page.volunteer.gave_back"), ui.Calm
		case order.NoShow:
			return r.T("page.volunteer.no_show"), ui.Bad
		}
	}
	return r.Standing(&o.Order)
}

// Visit shows one visit: where, what to do and what not, the word to say at the door, and check-in or check-out.
func Visit(r *page.Request) error {
	v, err := visitOf(r)
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, visit(v))
}

func visitOf(r *page.Request) (v visitView, err error) {
	o, err := r.Orders.Get(r.Context(), r.Actor, order.ID(r.Path("id")))
	if err != nil {
		return v, err
	}
	me, err := r.Me()
	if err != nil {
		return v, err
	}
	a := mine(&o, me)
	if a == nil {
		return v, errs.New(errs.NotFound, "order.not_found")
	}
	v = visitView{Page: r.Shell(r.T("page.volunteer.visit")), Key: r.Key(), Action: "/volunteer/visits/" + string(o.ID), Why: ui.WhyOf(r.Lang, &o.Why)}
	v.Scripts = []string{"place.js"}
	err = r.Read("web.volunteer_visit", func(tx *store.Tx, tree *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		if v.Card, err = cardOf(r, tree, all, &o, a); err != nil {
			return err
		}
		item, err := all.ByVersion(o.Item, o.ItemVersion)
		if err != nil {
			return err
		}
		v.Never = item.Never(r.Lang)
		for _, s := range item.Steps {
			v.Steps = append(v.Steps, s.Text(r.Lang))
		}
		names, err := r.Members.Names(tx, []member.PersonID{o.Recipient})
		if err != nil {
			return err
		}
		name := names[o.Recipient]
		v.Facts = []ui.Row{{Name: r.T("page.volunteer.whom"), Value: name.Reveal()}, {Name: r.T("page.volunteer.when"), Value: v.Card.When},
			{Name: r.T("page.volunteer.long"), Value: v.Card.Long}, {Name: r.T("page.volunteer.where"), Value: tree.FullName(o.Region)}}
		return nil
	})
	if err != nil {
		return v, err
	}
	switch a.State {
	case order.Offered:
		v.Offered = true
	case order.Taken:
		v.Word, v.CanWithdraw = r.Word(a), true
		v.CheckIn = o.State == order.Accepted || o.State == order.InService
	case order.CheckedIn:
		v.CheckOut = true
		v.Since = r.T("page.volunteer.since", "when", a.In.In(clock.Zone).Format("15:04"))
	}
	if (a.State == order.Taken || a.State == order.CheckedIn) && clock.DayOf(o.Start) <= clock.DayOf(r.Now) {
		door, err := doorOf(r, &o)
		if err != nil {
			return v, err
		}
		v.Facts = append(v.Facts, ui.Row{Name: r.T("page.volunteer.door"), Value: door})
	} else if a.State == order.Taken {
		v.Facts = append(v.Facts, ui.Row{Name: r.T("page.volunteer.door"), Value: r.T("page.volunteer.door_later")})
	}
	v.Code = ui.Field{Name: "code", Label: r.T("page.volunteer.code"), Hint: r.T("page.volunteer.code_hint"), Mode: "numeric", Max: 12, Needed: true}
	return v, nil
}

// doorOf is the address, on the day and for who comes alone; the look is in the trail before it is answered.
func doorOf(r *page.Request, o *order.View) (door string, err error) {
	err = r.DB.Write(r.Context(), "web.see_door", func(tx *store.Tx) error {
		if err := audit.Record(tx, audit.Entry{Actor: r.Actor.ID, Action: string(identity.OrderSeeDoor), Kind: "order", Ref: string(o.ID),
			Region: string(o.Region), Origin: r.ID}); err != nil {
			return err
		}
		d, err := r.Members.Open(tx, o.Recipient)
		door = d.Address.Reveal()
		return err
	})
	if door == "" {
		door = r.T("page.volunteer.door_unknown")
	}
	return door, err
}

// CheckIn begins a service.
func CheckIn(r *page.Request) error { return presence(r, "in", r.Orders.CheckIn) }

// CheckOut ends it.
func CheckOut(r *page.Request) error { return presence(r, "out", r.Orders.CheckOut) }

// checks is the use-case of a check-in or check-out.
type checks = func(ctx context.Context, cmds []order.CheckCmd) ([]identity.Result[order.Changed], error)

func presence(r *page.Request, done string, do checks) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	id := order.ID(r.Path("id"))
	factors := []order.Factor{{Method: order.ByCode, Value: strings.ReplaceAll(r.Form("code"), " ", "")}}
	lat, errLat := strconv.ParseInt(r.Form("lat"), 10, 64)
	lon, errLon := strconv.ParseInt(r.Form("lon"), 10, 64)
	if errLat == nil && errLon == nil {
		factors = append(factors, order.Factor{Method: order.ByPlace, Point: region.Point{LatE6: lat, LonE6: lon}})
	}
	_, err = page.One(do(r.Context(), []order.CheckCmd{{Actor: r.Actor, Key: key, Order: id, Factors: factors}}))
	if kind := errs.KindOf(err); kind == errs.KindInvalid || kind == errs.Refused {
		v, again := visitOf(r)
		if again != nil {
			return again
		}
		told := r.Tell(err)
		v.WhyNot = told.Why
		for _, f := range told.Faults {
			if strings.HasPrefix(f.Field, "factors[0]") {
				v.Code.Error, f.Field = f.Text, "code"
			} else {
				f.Field = ""
			}
			v.Faults = append(v.Faults, f)
		}
		if len(v.Faults) == 0 {
			v.Faults = []ui.Fault{{Text: told.Text}}
		}
		return r.Show(page.Status(kind), visit(v))
	}
	if err != nil {
		return err
	}
	return r.Go("/volunteer/visits/" + string(id) + "?done=" + done)
}

// Passbook shows what was given and received, the stars, and every line with its receipt.
func Passbook(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	if err := r.Actor.MayOwn(identity.LedgerRead, string(me)); err != nil {
		return err
	}
	v := passbookView{Page: r.Shell(r.T("page.volunteer.passbook"))}
	err = r.Read("web.passbook", func(tx *store.Tx, tree *region.Tree) error {
		book, err := ledger.PassbookOf(tx, string(me), r.Form("after"), pageLength)
		if err != nil {
			return err
		}
		totals, err := ledger.TotalsOf(tx, string(me))
		if err != nil {
			return err
		}
		rules, err := r.Policies.Current(tx, r.Now, []string{string(tree.City())})
		if err != nil {
			return err
		}
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		v.Given, v.Received = r.Long(totals.Given), r.Long(totals.Received)
		v.fill(r, all, book)
		v.stars(r, rules, totals.Given.Int64()/60)
		return nil
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, passbook(v))
}

func (v *passbookView) fill(r *page.Request, all *catalog.Catalogue, book ledger.Passbook) {
	for _, h := range book.Holdings {
		if h.Balance.Balance.IsZero() && h.Held.IsZero() {
			continue
		}
		v.Accounts = append(v.Accounts, []string{r.T("class." + string(h.Class)), r.Long(h.Available(clock.DayOf(r.Now))), r.Long(h.Held)})
	}
	for _, l := range book.Lines {
		line := lineView{Day: r.Day(l.Day), What: r.T("reason." + string(l.Reason)), Minutes: r.Long(l.Minutes), In: l.Minutes.Sign() > 0, Balance: r.Long(l.Balance)}
		if versions := all.Versions(l.Service); len(versions) > 0 {
			line.What += ": " + versions[len(versions)-1].Name(r.Lang)
		}
		if line.In {
			line.Minutes = "+" + line.Minutes
		}
		if l.Grade != "" {
			line.Grade = r.T("grade." + l.Grade)
		}
		if l.Number >= 0 {
			line.Receipt = "/volunteer/receipts/" + string(l.Tx)
		}
		v.Lines = append(v.Lines, line)
	}
	if book.Next != "" {
		v.More = "/volunteer/passbook?after=" + book.Next
	}
}

// stars says how many stars the hours are worth and what is missing to the next.
func (v *passbookView) stars(r *page.Request, rules policy.Rules, given int64) {
	steps := rules.HonourStarHours
	n := steps.Reached(int(given))
	v.Stars = strings.Repeat("★", n) + strings.Repeat("☆", steps.Len()-n)
	v.StarsText = r.T("page.volunteer.stars", "stars", n, "all", steps.Len())
	if n < steps.Len() {
		v.StarsText += " " + r.T("page.volunteer.stars_next", "hours", int64(steps.At(n))-given)
	}
	w := rules.Why("honour.star_hours")
	v.StarsWhy = ui.WhyOf(r.Lang, &w)
}

// Receipt answers with the receipt of a line of one's own passbook, which anybody can check.
func Receipt(r *page.Request) error {
	if _, err := r.Me(); err != nil {
		return err
	}
	id := ledger.TxID(r.Path("id"))
	var d ledger.Disclosure
	err := r.Read("web.receipt", func(tx *store.Tx, _ *region.Tree) (err error) {
		d, err = ledger.Disclose(tx, id)
		return err
	})
	if err != nil {
		return err
	}
	if d.Number < 0 {
		// The sequencer numbers what waits within seconds.
		return errs.New(errs.Unavailable, "page.receipt_not_ready")
	}
	text, err := r.Notary.Receipt(r.Context(), "ledger", d.Number, d.Leaf)
	if err != nil {
		return err
	}
	return r.Send("receipt-"+string(id)+".txt", "text/plain; charset=utf-8", text)
}
