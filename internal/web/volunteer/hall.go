package volunteer

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// The choices of the filters besides "all" (default, ours).
var (
	filterMetres  = []int64{500, 1000, 2000}
	filterMinutes = []int64{30, 60, 120}
)

// filterDays is how many days from today can be chosen.
const filterDays = 7

// Hall lists what stands open nearby, the most urgent first and then the nearest, and says why some of it is not for this volunteer and what the filters hide. Who is no
// volunteer yet is shown the way to become one.
func Hall(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	offers, err := r.Orders.Neighbourhood(r.Context(), r.Actor, order.NearQuery{})
	if errs.CodeOf(err) == "order.volunteer_unknown" {
		return r.Go("/volunteer/join")
	}
	if err != nil {
		return err
	}
	v := hallView{Page: r.Shell(r.T("page.volunteer.hall"))}
	f := filterOf(r)
	err = r.Read("web.hall", func(tx *store.Tx, tree *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		rules, home, err := atHome(r, tx, tree, me)
		if err != nil {
			return err
		}
		w := rules.Why("order.radius_m")
		v.RadiusWhy = r.WhyOf(&w)
		v.Radius = r.T("page.volunteer.radius", "far", r.Far(int64(rules.OrderRadiusM)))
		if v.Invitations, err = invitations(r, tx, tree, all, me); err != nil {
			return err
		}
		shown, err := f.keep(r, all, offers)
		if err != nil {
			return err
		}
		v.Fields, v.Hidden, v.Reset = f.fields(r), f.hidden(r), "/volunteer/?"+f.query("view").Encode()
		free := 0
		for _, o := range shown {
			if o.Refused == nil {
				free++
			}
		}
		v.Count = r.T("page.volunteer.count", "all", len(shown), "free", free)
		shown, v.More = f.paged(shown)
		if v.Offers, err = offersOf(r, tx, tree, all, shown); err != nil {
			return err
		}
		in, err := member.TeamsOf(tx, []member.PersonID{me})
		if err != nil {
			return err
		}
		for _, t := range in[me] {
			if len(v.As) == 0 {
				v.As = append(v.As, ui.Option{Text: r.T("page.volunteer.as_myself")})
			}
			v.As = append(v.As, ui.Option{Value: string(t.ID), Text: r.T("page.desk.team_name_of", "name", t.Name)})
		}
		v.ListHref, v.MapHref = f.seen(""), f.seen("map")
		if r.Form("view") == "map" {
			v.Map = drawMap(r, tree, home, int64(rules.OrderRadiusM), shown)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, hall(v))
}

// atHome are the rules where a person lives, and the place from which it looks around.
func atHome(r *page.Request, tx *store.Tx, tree *region.Tree, me member.PersonID) (policy.Rules, region.Point, error) {
	people, err := member.LoadPersons(tx, []member.PersonID{me})
	if err != nil {
		return policy.Rules{}, region.Point{}, err
	}
	p := people[me]
	home := p.Point
	if !p.HasPoint {
		home, _ = tree.Point(p.Region)
	}
	rules, err := r.RulesAt(tx, tree, p.Region)
	return rules, home, err
}

// offersOf are offers as cards, numbered. Whose they are is masked: a volunteer decides whom to visit by more than a distance, and learns who exactly
// it is with the place, as it learns the door.
func offersOf(r *page.Request, tx *store.Tx, tree *region.Tree, all *catalog.Catalogue, offers []order.Offer) ([]offerView, error) {
	ids := make([]order.ID, len(offers))
	for i, o := range offers {
		ids[i] = o.ID
	}
	whom, err := order.RecipientsOf(tx, ids)
	if err != nil {
		return nil, err
	}
	names, err := r.Members.Names(tx, slices.Collect(maps.Values(whom)))
	if err != nil {
		return nil, err
	}
	cards := make([]offerView, len(offers))
	for i, o := range offers {
		if cards[i], err = offerOf(r, tree, all, o); err != nil {
			return nil, err
		}
		cards[i].Number, cards[i].Whom = strconv.Itoa(i+1), names[whom[o.ID]].String()
	}
	return cards, nil
}

func offerOf(r *page.Request, tree *region.Tree, all *catalog.Catalogue, o order.Offer) (offerView, error) {
	item, err := all.ByVersion(o.Item, o.Version)
	if err != nil {
		return offerView{}, err
	}
	c := offerView{Action: "/volunteer/orders/" + string(o.ID) + "/claim", Key: r.Key(), Name: item.Name(r.Lang), Icon: string(item.Category),
		When: r.When(o.Start), Long: r.Long(o.Minutes), Far: r.Far(o.DistanceM), Area: tree.Name(o.Region)}
	if code := urgencyWords[catalog.Urgency(o.Urgency)]; code != "" {
		c.Urgent, c.Tone = r.T(code), urgencyTones[catalog.Urgency(o.Urgency)]
	}
	if item.Volunteers > 1 {
		c.Places = r.T("page.volunteer.places", "free", o.Places, "all", item.Volunteers)
	}
	if o.Refused != nil {
		told := r.Tell(o.Refused)
		c.Refused, c.Why = told.Text, told.Why
	} else if slices.Contains(strings.Fields(o.Flagged), "checkin.overlap") {
		c.Clash = r.T("page.volunteer.clash")
	}
	return c, nil
}

// invitations are the orders that were offered to the volunteer by hand and wait for an answer, each with its clock.
func invitations(r *page.Request, tx *store.Tx, tree *region.Tree, all *catalog.Catalogue, me member.PersonID) (out []invitationView, err error) {
	orders, err := order.Diary(tx, me, r.Now, r.Now.AddDate(0, 6, 0))
	if err != nil {
		return nil, err
	}
	for _, o := range orders {
		a := place(o, me)
		if a == nil || a.State != order.Offered {
			continue
		}
		v := invitationView{Action: "/volunteer/visits/" + string(o.ID) + "/answer", Key: r.Key()}
		if v.Card, err = cardOf(r, tree, all, o, a); err != nil {
			return nil, err
		}
		v.Until = r.T("page.volunteer.answer_by", "when", r.When(a.AnswerBy))
		rules, err := r.RulesOf(tx, tree, o)
		if err != nil {
			return nil, err
		}
		w := rules.Why("order.claim_window")
		v.Why = r.WhyOf(&w)
		out = append(out, v)
	}
	return out, nil
}

// place is the volunteer's own place on an order; the last, if it had more than one in turn.
func place(o *order.Order, me member.PersonID) (found *order.Assignment) {
	for _, a := range o.Assignments {
		if a.Volunteer == me {
			found = a
		}
	}
	return found
}

// filter is what the reader wants to see of what stands open, and what that hid.
type filter struct {
	what      catalog.Category
	day       clock.Day
	far, long int64
	view      string
	after     string
	hid       map[string]int
}

func filterOf(r *page.Request) *filter {
	f := &filter{what: catalog.Category(r.Form("what")), view: r.Form("view"), after: r.Form("after"), hid: map[string]int{}}
	if d, err := clock.ParseDay(r.Form("day")); err == nil {
		f.day = d
	}
	f.far, f.long = number(r.Form("far")), number(r.Form("long"))
	return f
}

// number reads a whole number above zero, and 0 for anything else.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// first orders offers: the most urgent, and of those the nearest.
func first(a, b order.Offer) int {
	return cmp.Or(catalog.Urgency(b.Urgency).Compare(catalog.Urgency(a.Urgency)), cmp.Compare(a.DistanceM, b.DistanceM), cmp.Compare(a.ID, b.ID))
}

// keep leaves out what the filter does not want. Each offer that is hidden is counted under the first reason.
func (f *filter) keep(r *page.Request, all *catalog.Catalogue, offers []order.Offer) (kept []order.Offer, err error) {
	for _, o := range offers {
		item, err := all.ByVersion(o.Item, o.Version)
		if err != nil {
			return nil, err
		}
		switch {
		case f.what != "" && item.Category != f.what:
			f.hid["what"]++
		case f.day != "" && clock.DayOf(o.Start) != f.day:
			f.hid["day"]++
		case f.far > 0 && o.DistanceM > f.far:
			f.hid["far"]++
		case f.long > 0 && o.Minutes.Int64() > f.long:
			f.hid["long"]++
		default:
			kept = append(kept, o)
		}
	}
	slices.SortFunc(kept, first)
	return kept, nil
}

// hidden says what the filter left out and why.
func (f *filter) hidden(r *page.Request) string {
	var parts []string
	all := 0
	for _, why := range []string{"what", "day", "far", "long"} {
		if n := f.hid[why]; n > 0 {
			all += n
			parts = append(parts, r.T(hideWords[why], "count", n))
		}
	}
	if all == 0 {
		return ""
	}
	return r.T("page.volunteer.hidden", "count", all, "reasons", strings.Join(parts, " · "))
}

// query is the filter as an address, with only the named parts; none means all.
func (f *filter) query(only ...string) url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"what": string(f.what), "day": string(f.day), "far": text(f.far), "long": text(f.long), "view": f.view} {
		if value != "" && (len(only) == 0 || slices.Contains(only, name)) {
			q.Set(name, value)
		}
	}
	return q
}

func text(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// seen is the address of the same choice as a list or a map.
func (f *filter) seen(view string) string {
	q := f.query("what", "day", "far", "long")
	if view != "" {
		q.Set("view", view)
	}
	return "/volunteer/?" + q.Encode()
}

// paged is the page after the cursor, which is the urgency, the distance and the id of the last offer before it.
func (f *filter) paged(all []order.Offer) (shown []order.Offer, more string) {
	from := 0
	if last := strings.Split(f.after, "."); len(last) == 3 {
		found := false
		if from, found = slices.BinarySearchFunc(all, order.Offer{Urgency: last[0], DistanceM: number(last[1]), ID: order.ID(last[2])}, first); found {
			from++
		}
	}
	shown = all[from:]
	if len(shown) > pageLength {
		shown = shown[:pageLength]
		last := shown[pageLength-1]
		q := f.query()
		q.Set("after", last.Urgency+"."+strconv.FormatInt(last.DistanceM, 10)+"."+string(last.ID))
		more = "/volunteer/?" + q.Encode()
	}
	return shown, more
}

// fields are the filter as a form.
func (f *filter) fields(r *page.Request) []ui.Field {
	any := ui.Option{Text: r.T("page.volunteer.any")}
	what, day, far, long := []ui.Option{any}, []ui.Option{any}, []ui.Option{any}, []ui.Option{any}
	for _, c := range catalog.Categories() {
		what = append(what, ui.Option{Value: string(c), Text: r.T(categoryWords[c]), Chosen: c == f.what})
	}
	today := clock.DayOf(r.Now)
	for i := range filterDays {
		d := today.Add(i)
		day = append(day, ui.Option{Value: string(d), Text: r.Day(d), Chosen: d == f.day})
	}
	for _, m := range filterMetres {
		far = append(far, ui.Option{Value: text(m), Text: r.T("page.volunteer.within", "far", r.Far(m)), Chosen: m == f.far})
	}
	for _, m := range filterMinutes {
		long = append(long, ui.Option{Value: text(m), Text: r.T("page.volunteer.at_most", "long", long64(r, m)), Chosen: m == f.long})
	}
	return []ui.Field{{Name: "what", Label: r.T("page.volunteer.filter_what"), Options: what}, {Name: "day", Label: r.T("page.volunteer.when"), Options: day},
		{Name: "far", Label: r.T("page.volunteer.filter_far"), Options: far}, {Name: "long", Label: r.T("page.volunteer.long"), Options: long}}
}

// Claim takes a place on an order.
func Claim(r *page.Request) error {
	return act(r, "claimed", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.Claim(r.Context(), []order.ClaimCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Team: member.TeamID(r.Form("team"))}}))
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
		return r.Go("/volunteer/?done=answered")
	}
	return r.Go("/volunteer/visits/" + string(id) + "?done=claimed")
}
