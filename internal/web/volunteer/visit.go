package volunteer

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"timebank/internal/audit"
	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/feedback"
	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

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
		for i := range list {
			card, err := cardOf(r, tree, all, &list[i].Order, place(&list[i].Order, me))
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

func cardOf(r *page.Request, tree *region.Tree, all *catalog.Catalogue, o *order.Order, a *order.Assignment) (cardView, error) {
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
func standing(r *page.Request, o *order.Order, a *order.Assignment) (string, ui.Tone) {
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
		case order.CalledOff:
			if o.State != order.Cancelled {
				return r.T("page.volunteer.called_off"), ui.Calm
			}
		case order.Withdrawn:
			return r.T("page.volunteer.gave_back"), ui.Calm
		case order.NoShow:
			return r.T("page.volunteer.no_show"), ui.Bad
		}
	}
	return r.Standing(o)
}

// Visit shows one visit: where and how to get there, what to do and what not, the word to say at the door, check-in or check-out, and what
// can be said about it afterwards.
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
	a := place(&o.Order, me)
	if a == nil {
		return v, errs.New(errs.NotFound, "order.not_found")
	}
	v = visitView{Page: r.Shell(r.T("page.volunteer.visit")), Key: r.Key(), Action: "/volunteer/visits/" + string(o.ID), Why: r.WhyOf(&o.Why)}
	v.Scripts = append(v.Scripts, "place.js", "scan.js")
	var item *catalog.Item
	err = r.Read("web.volunteer_visit", func(tx *store.Tx, tree *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		if v.Card, err = cardOf(r, tree, all, &o.Order, a); err != nil {
			return err
		}
		if item, err = all.ByVersion(o.Item, o.ItemVersion); err != nil {
			return err
		}
		names, err := r.Members.Names(tx, []member.PersonID{o.Recipient})
		if err != nil {
			return err
		}
		name := names[o.Recipient]
		v.Facts = []ui.Row{{Name: r.T("page.volunteer.whom"), Value: name.Reveal()}, {Name: r.T("page.volunteer.when"), Value: v.Card.When},
			{Name: r.T("page.volunteer.long"), Value: v.Card.Long}, {Name: r.T("page.volunteer.where"), Value: tree.FullName(o.Region)}}
		v.Facts = append(v.Facts, r.Ended(&o)...)
		return nil
	})
	if err != nil {
		return v, err
	}
	v.about(r, item)
	switch a.State {
	case order.Offered:
		v.Offered = true
		from, rehoused := o.Asks()
		if !from.IsZero() {
			v.Moved = append(v.Moved, r.T("page.volunteer.moved", "from", r.When(from), "to", v.Card.When))
		}
		if rehoused {
			v.Moved = append(v.Moved, r.T("page.volunteer.rehoused", "place", v.Card.Area))
		}
		v.AnswerBy = r.T("page.volunteer.reply_by", "until", r.When(a.AnswerBy))
	case order.Taken:
		v.Word, v.CanWithdraw = r.Word(a), true
		v.CheckIn = o.State == order.Accepted || o.State == order.InService
	case order.CheckedIn:
		v.CheckOut = true
		v.Since = r.T("page.volunteer.since", "when", a.In.In(clock.Zone).Format("15:04"))
	}
	today := clock.DayOf(o.Start) <= clock.DayOf(r.Now)
	if (a.State == order.Taken || a.State == order.CheckedIn) && today {
		door, err := doorOf(r, &o)
		if err != nil {
			return v, err
		}
		v.Facts = append(v.Facts, ui.Row{Name: r.T("page.volunteer.door"), Value: door})
		v.Keep = true
		v.MapApp, v.GeoApp = mapLinks(o.Point)
	} else if a.State == order.Taken {
		v.Facts = append(v.Facts, ui.Row{Name: r.T("page.volunteer.door"), Value: r.T("page.volunteer.door_later")})
	}
	v.Trouble = today && a.State != order.Offered && a.State != order.Withdrawn
	v.Code = ui.Field{Name: "code", Label: r.T("page.volunteer.code"), Hint: r.T("page.volunteer.code_hint"), Mode: "numeric", Max: 12, Needed: true}
	v.pictures(r, &o, a)
	return v, v.said(r, &o, a)
}

// about fills in what the service is and what to beware of.
func (v *visitView) about(r *page.Request, item *catalog.Item) {
	v.Never = item.Never(r.Lang)
	for _, s := range item.Steps {
		v.Steps = append(v.Steps, s.Text(r.Lang))
	}
	for _, o := range item.Outcomes {
		v.Outcomes = append(v.Outcomes, ui.Option{Value: o.Code, Text: o.Text(r.Lang)})
	}
	notes := []string{"page.volunteer.safe_door", "page.volunteer.safe_money", "page.volunteer.safe_ill"}
	for code, needed := range map[string]bool{"page.volunteer.safe_two": item.Volunteers > 1, "page.volunteer.safe_family": item.FamilyPresence} {
		if needed {
			notes = append(notes, code)
		}
	}
	for _, code := range notes {
		v.Safety = append(v.Safety, r.T(code))
	}
}

// said is what was and can be said about the visit: a rating of the old person, and complaints.
func (v *visitView) said(r *page.Request, o *order.View, a *order.Assignment) error {
	if a.State == order.Offered {
		return nil // who has not said yes has no say in it, and is shown none
	}
	about, err := r.Feedback.OfOrder(r.Context(), r.Actor, o.ID)
	if err != nil {
		return err
	}
	rated := false
	for _, g := range about.Ratings {
		if g.Rater == a.Volunteer && g.Ratee == o.Recipient {
			rated = true
			v.Rated = r.T("page.volunteer.rated", "stars", strings.Repeat("★", g.Stars))
		}
	}
	if !rated && (a.State == order.CheckedOut || a.State == order.Paid) && o.State != order.Closed {
		v.Rate = true
		for _, t := range feedback.Tags(feedback.OfRecipient) {
			v.Tags = append(v.Tags, ui.Option{Value: string(t), Text: r.T(tagWords[t])})
		}
		for n := 5; n >= 1; n-- {
			v.Stars = append(v.Stars, ui.Option{Value: strconv.Itoa(n), Text: strings.Repeat("★", n) + " " + r.T(starWords[n]), Chosen: n == 5})
		}
	}
	for _, c := range about.Complaints {
		if !c.Open {
			continue
		}
		v.Trouble, v.Complained = false, r.T("page.volunteer.accused", "when", r.When(c.DueAt))
		if c.Complainant == a.Volunteer {
			v.Complained = r.T("page.volunteer.complained", "when", r.When(c.DueAt))
		}
	}
	if v.Trouble {
		options := []ui.Option{{Value: "nobody_home", Text: r.T("page.volunteer.nobody_home")}}
		for _, c := range feedback.Categories() {
			options = append(options, ui.Option{Value: string(c), Text: r.T(complaintWords[c])})
		}
		v.What = ui.Field{Name: "category", Label: r.T("page.volunteer.trouble_what"), Options: options}
		v.Words = ui.Field{Name: "words", Label: r.T("page.volunteer.trouble_words"), Rows: 3, Max: 1000}
	}
	return nil
}

// mapLinks open the way in a map of the telephone: one that draws GCJ-02, as maps of mainland China do, and the telephone's own by the open
// standard (RFC 5870), which is WGS-84. Neither says whose place it is.
func mapLinks(p region.Point) (chinese, own string) {
	drawn := p.GCJ02()
	return "https://uri.amap.com/marker?coordinate=gaode&callnative=1&position=" + region.Degrees(drawn.LonE6) + "," + region.Degrees(drawn.LatE6),
		"geo:" + region.Degrees(p.LatE6) + "," + region.Degrees(p.LonE6)
}

// doorOf is the address, on the day and for who comes alone; the look is in the trail before it is answered.
func doorOf(r *page.Request, o *order.View) (door string, err error) {
	err = r.DB.Write(r.Context(), "web.see_door", func(tx *store.Tx) error {
		if err := audit.Record(tx, audit.Entry{Actor: r.Actor.ID, OnBehalf: string(o.Recipient), Action: string(identity.OrderSeeDoor), Kind: "order", Ref: string(o.ID),
			Region: string(o.Region), Origin: r.Actor.Origin}); err != nil {
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

// presence takes a check-in or check-out, also one that the telephone kept while it had no network: then it says when that was, by our clock.
func presence(r *page.Request, done string, do checks) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	id := order.ID(r.Path("id"))
	method := order.ByCode
	if r.Form("method") == string(order.ByQR) {
		method = order.ByQR
	}
	cmd := order.CheckCmd{Actor: r.Actor, Key: key, Order: id, Outcomes: r.HTTP.Form["outcome"],
		Factors: []order.Factor{{Method: method, Value: strings.ReplaceAll(r.Form("code"), " ", "")}}}
	lat, errLat := strconv.ParseInt(r.Form("lat"), 10, 64)
	lon, errLon := strconv.ParseInt(r.Form("lon"), 10, 64)
	if errLat == nil && errLon == nil {
		cmd.Factors = append(cmd.Factors, order.Factor{Method: order.ByPlace, Point: region.Point{LatE6: lat, LonE6: lon}})
	}
	if ms := number(r.Form("occurred_at")); ms > 0 {
		cmd.OccurredAt = time.UnixMilli(ms).UTC()
	}
	_, err = page.One(do(r.Context(), []order.CheckCmd{cmd}))
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

// Rate says how it was at the old person's.
func Rate(r *page.Request) error {
	return act(r, "rated", func(c order.OrderCmd) error {
		o, err := r.Orders.Get(r.Context(), r.Actor, c.Order)
		if err != nil {
			return err
		}
		cmd := feedback.RateCmd{Actor: r.Actor, Key: c.Key, Order: c.Order, Of: o.Recipient, Stars: int(number(r.Form("stars")))}
		for _, t := range r.HTTP.Form["tag"] {
			cmd.Tags = append(cmd.Tags, feedback.Tag(t))
		}
		_, err = page.One(r.Feedback.Rate(r.Context(), []feedback.RateCmd{cmd}))
		return err
	})
}

// Trouble reports to the station that something is wrong: nobody opened, or what a complaint can be about.
func Trouble(r *page.Request) error {
	return act(r, "reported", func(c order.OrderCmd) error {
		cmd := feedback.ComplainCmd{Actor: r.Actor, Key: c.Key, Order: c.Order, Category: feedback.Category(r.Form("category")), Words: r.Form("words")}
		if r.Form("category") == "nobody_home" {
			cmd.Category, cmd.Words = feedback.NotDone, strings.TrimSpace(i18n.Text(i18n.Chinese, "page.volunteer.nobody_home")+"。"+cmd.Words)
		}
		_, err := page.One(r.Feedback.Complain(r.Context(), []feedback.ComplainCmd{cmd}))
		return err
	})
}
