// Package volunteer is the door of volunteers: what can be taken nearby and why some of it cannot, one's visits with check-in and
// check-out, the calendar, the passbook, and the way from the application to the certificate. It can be installed on a telephone, and a
// visit goes on without a network.
//
// It must never show a door before the order is taken, nor to anybody but who comes, and never without a line in the trail; nor leave
// anything personal on the telephone after signing out.
package volunteer

import (
	"timebank/internal/order"
	"timebank/internal/web/page"
)

// Door is the volunteer door.
var Door = &page.Door{Home: "/volunteer/", App: true, Nav: []page.Way{{Href: "/volunteer/", Code: "page.volunteer.nav_hall"},
	{Href: "/volunteer/visits", Code: "page.volunteer.nav_visits"}, {Href: "/volunteer/calendar", Code: "page.volunteer.nav_calendar"},
	{Href: "/volunteer/passbook", Code: "page.volunteer.nav_passbook"}, {Href: "/volunteer/me", Code: "page.volunteer.nav_me"}}}

// pageLength is the length of a page of a list (default, ours).
const pageLength = 20

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
