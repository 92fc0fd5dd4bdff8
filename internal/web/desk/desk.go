// Package desk is the door of offices and service points: who asked and has no answer yet, since when, and who is to act now.
//
// It shows areas, not names and doors: a list on a counter is read by whoever stands there. It must never act for anybody without the
// use-case that says for whom.
package desk

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// Door is the door of the desk.
var Door = &page.Door{Home: "/desk/", First: 2, Nav: []page.Way{{Href: "/desk/", Code: "page.desk.nav_board"}, {Href: "/desk/call", Code: "page.desk.call", Needs: identity.MemberLookUp},
	{Href: "/desk/card", Code: "page.desk.card", Needs: identity.IdentityCard},
	{Href: "/desk/follow-ups", Code: "page.desk.follow_ups", Needs: identity.FeedbackFollowUp}, {Href: "/desk/complaints", Code: "page.desk.complaints"},
	{Href: "/desk/reviews", Code: "page.desk.reviews", Needs: identity.MemberRead}, {Href: "/desk/teams", Code: "page.desk.teams", Needs: identity.MemberTeamFor},
	{Href: "/desk/slips", Code: "page.desk.slips"}, {Href: "/desk/help", Code: "page.desk.help"}}}

// wait is a reason for waiting and the code of its words.
type wait struct {
	what order.WaitsFor
	code string
}

// waits are the reasons for waiting in the order in which a morning looks at them.
var waits = []wait{
	{order.ForReview, "page.desk.review"}, {order.ForFunding, "page.desk.funding"}, {order.ForVolunteer, "page.desk.volunteer"},
	{order.ForService, "page.desk.service"}, {order.ForConfirmation, "page.desk.confirmation"}, {order.ForFollowUp, "page.desk.follow_up"},
	{order.ForDecision, "page.desk.decision"}, {order.ForProvider, "page.desk.provider"}, {order.ForCredit, "page.desk.credit"},
}

// levels names who has to see to an order.
var levels = map[order.Level]string{order.Community: "page.owner.community", order.Street: "page.owner.street", order.District: "page.owner.district",
	order.City: "page.owner.city", order.Fund: "page.desk.fund"}

// linesMost is how many orders one page lists (default, ours); the counts above are of all.
const linesMost = 50

// Board is the morning board of the reader's own place, or of a place below it.
func Board(r *page.Request) error {
	place, err := placeOf(r)
	if err != nil {
		return err
	}
	v := boardView{Page: r.Shell(r.T("page.desk.board")), Next: ui.Link{Href: "/desk/help", Text: r.T("page.desk.help")}}
	if r.Holds(identity.MemberLookUp) {
		v.Next = ui.Link{Href: "/desk/call", Text: r.T("page.desk.call")}
	}
	if err := r.Live(&v.Page, page.PlaceTopic(place)); err != nil {
		return err
	}
	b, err := r.Orders.Board(r.Context(), r.Actor, place)
	if err != nil {
		return err
	}
	if v.Others, err = others(r, place); err != nil {
		return err
	}
	only := order.WaitsFor(r.Form("for"))
	err = r.Read("web.board", func(tx *store.Tx, tree *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		v.Place = tree.FullName(place)
		for _, w := range waits {
			if n := b.Count[w.what]; n > 0 {
				v.Counts = append(v.Counts, ui.Link{Href: "/desk/?place=" + string(place) + "&for=" + string(w.what), Text: r.T(w.code) + " " + strconv.Itoa(n), Current: only == w.what})
			}
		}
		lines := slices.DeleteFunc(b.Lines, func(l order.Line) bool { return only != "" && l.WaitsFor != only })
		if next := page.After(&lines, r.Form("after"), linesMost, func(l order.Line) string { return string(l.ID) }); next != "" {
			v.More = "/desk/?place=" + string(place) + "&for=" + string(only) + "&after=" + next
		}
		for _, l := range lines {
			line, err := lineOf(r, tree, all, l)
			if err != nil {
				return err
			}
			v.Lines = append(v.Lines, line)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if only != "" {
		v.All = "/desk/?place=" + string(place)
		if rest := b.All - b.Count[only]; rest > 0 {
			v.Hidden = r.T("page.desk.hidden", "count", rest)
		}
	}
	return r.Show(http.StatusOK, board(v))
}

// placeOf is the place that the address names, or the first in which the reader may look at orders. Error: Forbidden
// identity.not_allowed for who works nowhere.
func placeOf(r *page.Request) (region.ID, error) {
	if place := r.Form("place"); place != "" {
		return region.ID(place), nil
	}
	tree, err := r.Regions.Today(r.Context())
	if err != nil {
		return "", err
	}
	for _, g := range r.Actor.Grants {
		if page.May(r.Actor, page.DeskRight, g.Region, tree) {
			return g.Region, nil
		}
	}
	return "", errs.New(errs.Forbidden, "identity.not_allowed").By("identity.rights", "law")
}

// others count what waits besides orders: calls to make and complaints, as far as the reader may see them.
func others(r *page.Request, place region.ID) (links []ui.Link, err error) {
	asks, err := r.Feedback.OpenFollowUps(r.Context(), r.Actor, place)
	if err != nil && errs.KindOf(err) != errs.Forbidden {
		return nil, err
	}
	if len(asks) > 0 {
		links = append(links, ui.Link{Href: "/desk/follow-ups", Text: r.T("page.desk.follow_ups") + " " + strconv.Itoa(len(asks)) + " · " + pressing(r, asks[0].DueAt)})
	}
	said, err := r.Feedback.OpenComplaints(r.Context(), r.Actor, place)
	if len(said) > 0 {
		links = append(links, ui.Link{Href: "/desk/complaints", Text: r.T("page.desk.complaints") + " " + strconv.Itoa(len(said)) + " · " + pressing(r, said[0].DueAt)})
	}
	return links, err
}

// pressing is the clock of the first of a list, which has the least time left.
func pressing(r *page.Request, due time.Time) string {
	if due.After(r.Now) {
		return r.T("page.desk.first_due", "long", r.Long(minutes(due.Sub(r.Now))))
	}
	return r.T("page.desk.first_over")
}

func lineOf(r *page.Request, tree *region.Tree, all *catalog.Catalogue, l order.Line) (lineView, error) {
	v := lineView{Key: r.Key(), Action: "/desk/orders/" + string(l.ID), When: r.When(l.Start), Area: tree.Name(l.Region),
		Since: r.T("page.desk.since", "long", r.Long(minutes(r.Now.Sub(l.Since))))}
	who := r.T(levels[l.Level]) + " · " + tree.Name(l.Acts)
	switch l.WaitsFor {
	case order.ForReview:
		v.Acts = r.T("page.desk.acts_review", "who", who)
	case order.ForFunding:
		v.Acts = r.T("page.desk.acts_funding", "who", who)
	default:
		v.Acts = r.T("page.desk.acts", "who", who)
	}
	item, err := all.Current(l.Item, r.Now)
	if err != nil {
		versions := all.Versions(l.Item)
		if len(versions) == 0 {
			return v, err
		}
		item = versions[len(versions)-1]
	}
	v.Name = item.Name(r.Lang)
	if i := slices.IndexFunc(waits, func(w wait) bool { return w.what == l.WaitsFor }); i >= 0 {
		v.Waits = r.T(waits[i].code)
	}
	v.Tone = ui.Calm
	switch {
	case l.Late:
		v.Tone, v.Clock = ui.Bad, r.T("page.desk.late")
	case !l.Due.IsZero() && l.Due.After(r.Now):
		v.Clock = r.T("page.desk.due", "long", r.Long(minutes(l.Due.Sub(r.Now))))
		if l.Due.Sub(r.Now) < soon {
			v.Tone = ui.Wait
		}
	case !l.Due.IsZero():
		v.Tone, v.Clock = ui.Bad, r.T("page.desk.over")
	}
	v.CanPublish = l.WaitsFor == order.ForReview && page.May(r.Actor, identity.OrderReview, l.Region, tree)
	v.Papers = papers(r, string(l.ID), item)
	return v, nil
}

// soon is when a clock begins to be urgent (default, ours).
const soon = time.Hour

func minutes(d time.Duration) hours.Minutes { return hours.Of(int64(d / time.Minute)) }

// Publish lets an order pass its review.
func Publish(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	id := r.Path("id")
	_, err = page.One(r.Orders.Review(r.Context(), []order.ReviewCmd{{Actor: r.Actor, Key: key, Order: order.ID(id), Approve: true,
		Insurance: r.Form("insurance-" + id), Agreement: r.Form("agreement-" + id)}}))
	if err != nil {
		return refused(r, err, order.ID(id), "insurance", "insurance-"+id, "agreement", "agreement-"+id)
	}
	return r.Go("/desk/?done=published")
}

// Help says how the desk works, in plain words.
func Help(r *page.Request) error {
	v := helpView{Page: r.Shell(r.T("page.desk.help_title"))}
	for _, part := range helps {
		v.Steps = append(v.Steps, ui.Row{Name: r.T(part[0]), Value: r.T(part[1])})
	}
	return r.Show(http.StatusOK, help(v))
}
