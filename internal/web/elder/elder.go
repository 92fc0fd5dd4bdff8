// Package elder is the door of old people (长辈版): ask for help in three taps, see who comes, say that it was done, look at one's hours,
// and call the station.
//
// It must never ask for more than one thing on a page, show anybody else's life, or end without a way back and a telephone number.
package elder

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
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

// Door is the elder door.
var Door = &page.Door{Home: "/elder/", Elder: true}

// pageLength is how many visits or lines a page shows: few, because the type is large.
const pageLength = 10

// usualMost is how many usual requests the first page repeats.
const usualMost = 2

// Home shows the four tiles, the next visit, and what is asked for most.
func Home(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	past, err := r.Orders.List(r.Context(), r.Actor, order.Filter{Recipient: me, Limit: 20})
	if err != nil {
		return err
	}
	v := homeView{Page: r.Shell(r.T("page.elder.home"))}
	err = r.Read("web.elder_home", func(tx *store.Tx, _ *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		v.Usual = usual(r, all, past)
		v.Next = nil
		var first *order.View
		for _, o := range past {
			if !o.State.Open() {
				continue
			}
			card, err := cardOf(r, tx, all, &o)
			if err != nil {
				return err
			}
			if v.Next == nil || before(&o, first) {
				v.Next, first = &card, &o
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, home(v))
}

// before orders open visits for the first page: what waits for the old person itself, then who is there or comes, then the soonest.
func before(a, b *order.View) bool {
	rank := func(o *order.View) int {
		switch o.State {
		case order.Awaiting:
			return 0
		case order.InService, order.Accepted:
			return 1
		}
		return 2
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Start.Compare(b.Start)) < 0
}

// usual are the requests that were made most, each for tomorrow at its hour.
func usual(r *page.Request, all *catalog.Catalogue, past []order.View) (list []usualView) {
	type habit struct {
		item  *catalog.Item
		count int
		last  order.View
	}
	var habits []*habit
	for _, o := range past {
		if o.State == order.Cancelled || o.State == order.Void {
			continue
		}
		i := slices.IndexFunc(habits, func(h *habit) bool { return h.item.Code == o.Item })
		if i >= 0 {
			habits[i].count++
			continue
		}
		item, err := all.Current(o.Item, r.Now)
		// Who has to be there is asked on the page of the request.
		if err != nil || item.FamilyPresence || o.State.Open() {
			continue
		}
		habits = append(habits, &habit{item: item, count: 1, last: o})
	}
	slices.SortStableFunc(habits, func(a, b *habit) int { return cmp.Compare(b.count, a.count) })
	for _, h := range habits[:min(len(habits), usualMost)] {
		at := h.last.Start.In(clock.Zone)
		start := clock.DayOf(r.Now).Add(1).Start().Add(time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute)
		if !h.item.FitsHours(start, length(h.item.Usual)) {
			continue
		}
		list = append(list, usualView{Key: r.Key(), Item: h.item.Code, Icon: string(h.item.Category), Day: string(clock.DayOf(start)), At: start.In(clock.Zone).Format("15:04"),
			Label: r.T("page.elder.again", "what", h.item.Name(r.Lang), "when", r.When(start))})
	}
	return list
}

func length(m hours.Minutes) time.Duration { return time.Duration(m.Int64()) * time.Minute }

// Help is the first tap: what.
func Help(r *page.Request) error {
	if _, err := r.Me(); err != nil {
		return err
	}
	v := helpView{Page: r.Shell(r.T("page.elder.what"))}
	err := r.Read("web.elder_help", func(tx *store.Tx, _ *region.Tree) error {
		offers, err := r.Catalog.List(tx, r.Now, r.Lang)
		for _, o := range offers {
			v.Items = append(v.Items, itemView{Href: "/elder/help/" + o.Item.Code, Icon: string(o.Item.Category), Name: o.Name,
				Hint: r.T("page.elder.about", "long", r.Long(o.Item.Usual))})
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, help(v))
}

// When is the second tap: today, tomorrow, or another day.
func When(r *page.Request) error {
	if _, err := r.Me(); err != nil {
		return err
	}
	item, err := itemOf(r)
	if err != nil {
		return err
	}
	v := whenView{Page: r.Shell(r.T("page.elder.when")), Name: item.Name(r.Lang), About: item.Description(r.Lang), Icon: string(item.Category), Action: "/elder/help/" + item.Code + "/confirm"}
	for _, at := range times(item, r.Now) {
		v.Times = append(v.Times, itemView{Href: v.Action + "?day=" + string(clock.DayOf(at)) + "&at=" + at.In(clock.Zone).Format("15:04"), Icon: iconOf(at, r.Now), Name: r.When(at)})
	}
	day, at := ui.Field{Name: "day", Label: r.T("page.elder.which_day")}, ui.Field{Name: "at", Label: r.T("page.elder.which_hour")}
	for n := range 21 {
		d := clock.DayOf(r.Now).Add(n)
		day.Options = append(day.Options, ui.Option{Value: string(d), Text: r.Day(d), Chosen: n == 2})
	}
	midnight := clock.DayOf(r.Now).Start()
	for n := range 48 {
		start := midnight.Add(time.Duration(n) * 30 * time.Minute)
		if item.FitsHours(start, length(item.Usual)) {
			text := start.In(clock.Zone).Format("15:04")
			at.Options = append(at.Options, ui.Option{Value: text, Text: text, Chosen: text == "10:00"})
		}
	}
	v.Day, v.At = day, at
	return r.Show(http.StatusOK, when(v))
}

// soonest is how long before its beginning a visit can be asked for with one tap (default, ours): somebody has to take it.
const soonest = 2 * time.Hour

// times are what one tap can choose: later today, tomorrow morning, tomorrow afternoon.
func times(item *catalog.Item, now time.Time) (list []time.Time) {
	fits := func(t time.Time) bool { return item.FitsHours(t, length(item.Usual)) }
	early := now.Add(soonest).Truncate(30 * time.Minute).Add(30 * time.Minute)
	if clock.DayOf(early) == clock.DayOf(now) && fits(early) {
		list = append(list, early)
	}
	tomorrow := clock.DayOf(now).Add(1).Start()
	for _, hour := range []int{max(item.From, 9), 14} {
		if at := tomorrow.Add(time.Duration(hour) * time.Hour); fits(at) && !slices.Contains(list, at) {
			list = append(list, at)
		}
	}
	return list
}

func iconOf(at, now time.Time) string {
	switch {
	case clock.DayOf(at) == clock.DayOf(now):
		return "hours"
	case at.In(clock.Zone).Hour() < 12:
		return "morning"
	}
	return "sun"
}

// itemOf is the item that the address names.
func itemOf(r *page.Request) (item *catalog.Item, err error) {
	code := r.Path("item")
	if code == "" {
		code = r.Form("item")
	}
	err = r.DB.Read(r.Context(), "web.item", func(tx *store.Tx) (err error) {
		item, err = r.Catalog.Current(tx, code, r.Now)
		return err
	})
	return item, err
}

// startOf reads the day and the hour that were chosen. Error: page.elder_time_missing.
func startOf(r *page.Request) (time.Time, error) {
	day, err := clock.ParseDay(r.Form("day"))
	if err == nil {
		var at time.Time
		if at, err = time.Parse("15:04", r.Form("at")); err == nil {
			return day.Start().Add(time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute), nil
		}
	}
	return time.Time{}, errs.New(errs.KindInvalid, "page.time_missing").With(err)
}

// Check shows what is about to be asked for, for the third tap.
func Check(r *page.Request) error {
	if _, err := r.Me(); err != nil {
		return err
	}
	item, err := itemOf(r)
	if err != nil {
		return err
	}
	start, err := startOf(r)
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, confirm(checkOf(r, item, start)))
}

func checkOf(r *page.Request, item *catalog.Item, start time.Time) checkView {
	v := checkView{Page: r.Shell(r.T("page.elder.right")), Key: r.Key(), Item: item.Code, Icon: string(item.Category), Day: string(clock.DayOf(start)),
		At: start.In(clock.Zone).Format("15:04"), Never: item.Never(r.Lang), Family: item.FamilyPresence, Back: "/elder/help/" + item.Code}
	v.Facts = []ui.Row{{Name: r.T("page.elder.fact_what"), Value: item.Name(r.Lang)}, {Name: r.T("page.elder.fact_when"), Value: r.When(start)},
		{Name: r.T("page.elder.fact_long"), Value: r.Long(item.Usual)}}
	if item.Volunteers > 1 {
		v.Facts = append(v.Facts, ui.Row{Name: r.T("page.elder.fact_people"), Value: r.T("page.elder.people", "people", item.Volunteers)})
	}
	return v
}

// Place is the third tap, and the one tap that repeats the usual: it asks, and shows what was asked for, which can be taken back.
func Place(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	key, err := r.Sent()
	if err != nil {
		return err
	}
	item, err := itemOf(r)
	if err != nil {
		return err
	}
	start, err := startOf(r)
	if err != nil {
		return err
	}
	placed, err := page.One(r.Orders.Place(r.Context(), []order.PlaceCmd{{Actor: r.Actor, Key: key, Recipient: me, Item: item.Code, Start: start,
		Urgency: urgency(item, start, r.Now), FamilyPresent: r.Form("family") == "yes"}}))
	if kind := errs.KindOf(err); kind == errs.KindInvalid || kind == errs.Refused {
		v := checkOf(r, item, start)
		told := r.Tell(err)
		v.Faults, v.Why = told.Faults, told.Why
		if len(v.Faults) == 0 {
			v.Faults = []ui.Fault{{Text: told.Text}}
		}
		for i := range v.Faults {
			v.Faults[i].Field = map[string]string{"family_present": "family"}[v.Faults[i].Field]
		}
		return r.Show(page.Status(kind), confirm(v))
	}
	if err != nil {
		return err
	}
	return r.Go("/elder/visits/" + string(placed.ID) + "?done=placed")
}

// urgency is the calmest that the item allows and the time leaves.
func urgency(item *catalog.Item, start, now time.Time) catalog.Urgency {
	wishes := []catalog.Urgency{catalog.Everyday, catalog.WithinDay, catalog.AtOnce}
	if start.Sub(now) < 24*time.Hour {
		wishes = []catalog.Urgency{catalog.WithinDay, catalog.Everyday, catalog.AtOnce}
	}
	for _, u := range wishes {
		if item.Allows(u) {
			return u
		}
	}
	return catalog.Everyday
}

// Visits lists what was asked for, newest first.
func Visits(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	list, err := r.Orders.List(r.Context(), r.Actor, order.Filter{Recipient: me, Before: order.ID(r.Form("after")), Limit: pageLength + 1})
	if err != nil {
		return err
	}
	v := visitsView{Page: r.Shell(r.T("page.elder.visits"))}
	if len(list) > pageLength {
		list = list[:pageLength]
		v.More = "/elder/visits?after=" + string(list[pageLength-1].ID)
	}
	err = r.Read("web.elder_visits", func(tx *store.Tx, _ *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		for _, o := range list {
			card, err := cardOf(r, tx, all, &o)
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

// cardOf is a visit in a list.
func cardOf(r *page.Request, tx *store.Tx, all *catalog.Catalogue, o *order.View) (cardView, error) {
	v := cardView{Href: "/elder/visits/" + string(o.ID), When: r.When(o.Start), Open: o.State.Open()}
	item, err := all.ByVersion(o.Item, o.ItemVersion)
	if err != nil {
		return v, err
	}
	v.Name, v.Icon = item.Name(r.Lang), string(item.Category)
	v.Standing, v.Tone = r.Standing(&o.Order)
	v.Coming, err = comers(r, tx, &o.Order)
	return v, err
}

// comers are those who come or came: the name, and the word by which the old person knows them.
func comers(r *page.Request, tx *store.Tx, o *order.Order) (list []comerView, err error) {
	var who []member.PersonID
	var kept []*order.Assignment
	for _, a := range o.Assignments {
		switch a.State {
		case order.Taken, order.CheckedIn, order.CheckedOut, order.Paid:
			who, kept = append(who, a.Volunteer), append(kept, a)
		}
	}
	names, err := r.Members.Names(tx, who)
	for _, a := range kept {
		name := names[a.Volunteer]
		list = append(list, comerView{Name: name.Reveal(), Word: r.Word(a), There: a.State == order.CheckedIn})
	}
	return list, err
}

// Visit shows one visit: who comes, what to tell them, and the one thing to do now.
func Visit(r *page.Request) error {
	id := r.Path("id")
	v := visitView{Page: r.Shell(r.T("page.elder.visit")), Key: r.Key(), Action: "/elder/visits/" + id}
	if err := r.Live(&v.Page, page.OrderTopic(id)); err != nil {
		return err
	}
	o, err := r.Orders.Get(r.Context(), r.Actor, order.ID(id))
	if err != nil {
		return err
	}
	if me, err := r.Me(); err != nil || o.Recipient != me {
		return errs.New(errs.NotFound, "order.not_found")
	}
	err = r.Read("web.elder_visit", func(tx *store.Tx, tree *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		if v.Card, err = cardOf(r, tx, all, &o); err != nil {
			return err
		}
		var path []string
		for _, id := range tree.Path(o.Region) {
			path = append(path, string(id))
		}
		rules, err := r.Policies.ByVersion(tx, policy.VersionID(o.PolicyVersion), path)
		if err != nil {
			return err
		}
		fill(r, &v, &o, rules)
		return nil
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, visit(v))
}

// fill says what can be done now.
func fill(r *page.Request, v *visitView, o *order.View, rules policy.Rules) {
	undo := rules.UndoWindow
	switch o.State {
	case order.Submitted, order.Published, order.Accepted:
		if until := o.SubmittedAt.Add(undo); r.Now.Before(until) {
			v.Undo, v.UndoHint = v.Action+"/cancel", r.T("page.elder.undo_until", "until", until.In(clock.Zone).Format("15:04"))
		} else {
			v.Cancel = v.Action + "/cancel"
		}
	case order.Awaiting:
		v.Confirm = v.Action + "/confirm"
	case order.Confirmed:
		if until := o.ConfirmedAt.Add(undo); r.Now.Before(until) {
			v.Undo, v.UndoHint = v.Action+"/undo", r.T("page.elder.undo_until", "until", until.In(clock.Zone).Format("15:04"))
		}
	}
	if o.State == order.Accepted || o.State == order.InService {
		v.Code = o.Code
	}
	v.Facts = []ui.Row{{Name: r.T("page.elder.fact_when"), Value: v.Card.When}, {Name: r.T("page.elder.fact_long"), Value: r.Long(o.Minutes)}}
	v.Why = ui.WhyOf(r.Lang, &o.Why)
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

// Confirm is "the volunteer has helped me".
func Confirm(r *page.Request) error {
	return act(r, "confirmed", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.Confirm(r.Context(), []order.ConfirmCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order}}))
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

// Hours shows what the old person can use, what is set aside, and what happened.
func Hours(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	if err := r.Actor.MayOwn(identity.LedgerRead, string(me)); err != nil {
		return err
	}
	v := hoursView{Page: r.Shell(r.T("page.elder.hours"))}
	err = r.Read("web.elder_hours", func(tx *store.Tx, _ *region.Tree) error {
		book, err := ledger.PassbookOf(tx, string(me), r.Form("after"), pageLength)
		if err != nil {
			return err
		}
		usable, held := hours.Zero, hours.Zero
		for _, h := range book.Holdings {
			switch h.Class {
			case ledger.Saved, ledger.Granted, ledger.Donated:
				usable, held = usable.Add(h.Available(clock.DayOf(r.Now))), held.Add(h.Held)
			}
		}
		totals, err := ledger.TotalsOf(tx, string(me))
		if err != nil {
			return err
		}
		v.Usable, v.Held, v.Given, v.Received = r.Long(usable), r.Long(held), r.Long(totals.Given), r.Long(totals.Received)
		for _, l := range book.Lines {
			v.Lines = append(v.Lines, lineView{Day: r.Day(l.Day), What: r.T("reason." + string(l.Reason)), Minutes: r.Long(l.Minutes), In: l.Minutes.Sign() > 0})
		}
		if book.Next != "" {
			v.More = "/elder/hours?after=" + book.Next
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, hoursPage(v))
}

// Station shows where help stands behind the counter, and its number.
func Station(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	v := stationView{Page: r.Shell(r.T("page.elder.station"))}
	err = r.Read("web.elder_station", func(tx *store.Tx, tree *region.Tree) error {
		people, err := member.LoadPersons(tx, []member.PersonID{me})
		if err != nil {
			return err
		}
		home := people[me].Region
		v.Place = tree.FullName(home)
		points, err := member.PointsIn(tx, home)
		if err == nil && len(points) == 0 {
			points, err = member.PointsIn(tx, tree.StreetOf(home))
		}
		for _, p := range points[:min(len(points), 5)] {
			v.Points = append(v.Points, ui.Row{Name: p.Name, Value: tree.Name(p.Region)})
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, station(v))
}
