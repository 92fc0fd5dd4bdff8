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
	"timebank/internal/family"
	"timebank/internal/hours"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
)

// Door is the elder door.
var Door = &page.Door{Home: "/elder/", Elder: true}

// pageLength is how many visits or lines a page shows: few, because the type is large.
const pageLength = 10

// openMost is how many open visits the list of visits shows (default, ours): nobody asks for more at once.
const openMost = 100

// messagesMost is how many unread messages stand on the first page.
const messagesMost = 3

// usualMost is how many usual requests the first page repeats.
const usualMost = 2

// Home shows the four tiles, the next visit, and what is asked for most.
func Home(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	v := homeView{Page: r.Shell(r.T("page.elder.home"))}
	if err := r.Live(&v.Page, page.PersonTopic(me), page.OwnTopic(me)); err != nil {
		return err
	}
	past, err := r.Orders.List(r.Context(), r.Actor, order.Filter{Recipient: me, Limit: 20})
	if err != nil {
		return err
	}
	unread, err := r.Family.Messages(r.Context(), r.Actor, family.MessageFilter{Person: me, Unseen: true, Limit: messagesMost})
	if err != nil {
		return err
	}
	asks, err := r.Family.Asks(r.Context(), r.Actor, me)
	if err != nil {
		return err
	}
	v.Asks = len(asks)
	err = r.Read("web.elder_home", func(tx *store.Tx, _ *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		v.Usual = usual(r, all, past)
		if v.Next, err = cardsOf(r, tx, all, page.Next(past)); err != nil {
			return err
		}
		v.Messages, err = messageViews(r, tx, unread)
		return err
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, home(v))
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
