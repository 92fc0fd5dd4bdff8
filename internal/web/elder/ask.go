package elder

import (
	"net/http"
	"slices"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

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
	item, err := r.Item()
	if err != nil {
		return err
	}
	v := whenView{Page: r.Shell(r.T("page.elder.when")), Name: item.Name(r.Lang), About: item.Description(r.Lang), Icon: string(item.Category), Urgent: urgent(item), Action: "/elder/help/" + item.Code + "/confirm"}
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

// urgent reports whether an item is help in need.
func urgent(item *catalog.Item) bool { return item.Category == catalog.UrgentHelp }

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

// Check shows what is about to be asked for, for the third tap.
func Check(r *page.Request) error {
	if _, err := r.Me(); err != nil {
		return err
	}
	item, err := r.Item()
	if err != nil {
		return err
	}
	start, err := r.Start()
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, confirm(checkOf(r, item, start)))
}

func checkOf(r *page.Request, item *catalog.Item, start time.Time) checkView {
	minutes := r.Minutes(item)
	v := checkView{Page: r.Shell(r.T("page.elder.right")), Key: r.Key(), Item: item.Code, Icon: string(item.Category), Day: string(clock.DayOf(start)),
		At: start.In(clock.Zone).Format("15:04"), Never: item.Never(r.Lang), Family: item.FamilyPresence, Urgent: urgent(item), Back: "/elder/help/" + item.Code,
		Minutes: minutes.String()}
	v.Facts = []ui.Row{{Name: r.T("page.elder.fact_what"), Value: item.Name(r.Lang)}, {Name: r.T("page.elder.fact_when"), Value: r.When(start)},
		{Name: r.T("page.elder.fact_long"), Value: r.Long(minutes)}}
	for _, m := range page.Lengths(item) {
		if m.Cmp(minutes) != 0 && item.FitsHours(start, length(m)) {
			v.Lengths = append(v.Lengths, ui.Link{Href: "/elder/help/" + item.Code + "/confirm?day=" + v.Day + "&at=" + v.At + "&minutes=" + m.String(),
				Text: r.T("page.elder.rather", "long", r.Long(m))})
		}
	}
	if item.Volunteers > 1 {
		v.Facts = append(v.Facts, ui.Row{Name: r.T("page.elder.fact_people"), Value: r.T("page.elder.people", "people", item.Volunteers)})
	}
	return v
}

// Place is the third tap, and the one tap that repeats the usual: it asks, and shows what was asked for, which can be taken back.
func Place(r *page.Request) error {
	me, key, err := r.SentByMe()
	if err != nil {
		return err
	}
	item, err := r.Item()
	if err != nil {
		return err
	}
	start, err := r.Start()
	if err != nil {
		return err
	}
	placed, err := page.One(r.Orders.Place(r.Context(), []order.PlaceCmd{{Actor: r.Actor, Key: key, Recipient: me, Item: item.Code, Start: start,
		Minutes: r.Minutes(item), Urgency: page.Urgency(item, start, r.Now), FamilyPresent: r.Form("family") == "yes", Again: r.OneMore()}}))
	if kind := errs.KindOf(err); kind == errs.KindInvalid || kind == errs.Refused {
		v := checkOf(r, item, start)
		told := r.Tell(err)
		v.Faults, v.Why, v.Asks = told.Faults, told.Why, page.AskedTwice(err)
		if len(v.Faults) == 0 {
			v.Faults = []ui.Fault{{Text: told.Text}}
		}
		for i := range v.Faults {
			v.Faults[i].Field = map[string]string{"family_present": "family", "again": "again"}[v.Faults[i].Field]
		}
		return r.Show(page.Status(kind), confirm(v))
	}
	if err != nil {
		return err
	}
	return r.Go("/elder/visits/" + string(placed.ID) + "?done=placed")
}
