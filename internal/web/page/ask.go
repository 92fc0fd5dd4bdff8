package page

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"timebank/internal/audit"
	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/ui"
)

// What stands here is how somebody asks for a visit and reads about one, whichever door it comes through.

// Item is the service that the address or the form names. Error: that of [catalog.Service.Current].
func (r *Request) Item() (item *catalog.Item, err error) {
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

// Start reads the day and the hour that were chosen. Error: Invalid page.time_missing.
func (r *Request) Start() (time.Time, error) {
	day, err := clock.ParseDay(r.Form("day"))
	if err == nil {
		var at time.Time
		if at, err = time.Parse("15:04", r.Form("at")); err == nil {
			return day.Start().Add(time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute), nil
		}
	}
	return time.Time{}, errs.New(errs.KindInvalid, "page.time_missing").With(err)
}

// moveDays is for how many days ahead a page offers another time (default, ours).
const moveDays = 30

// OtherTimes are the fields of another day and hour for a visit: those at which the item is offered, the present one chosen.
func (r *Request) OtherTimes(o *order.Order, item *catalog.Item) (day, at ui.Field) {
	day, at = ui.Field{Name: "day", Label: r.T("page.elder.which_day")}, ui.Field{Name: "at", Label: r.T("page.elder.which_hour")}
	for n := range moveDays {
		d := clock.DayOf(r.Now).Add(n)
		day.Options = append(day.Options, ui.Option{Value: string(d), Text: r.Day(d), Chosen: d == clock.DayOf(o.Start)})
	}
	midnight := clock.DayOf(r.Now).Start()
	for n := range 48 {
		start := midnight.Add(time.Duration(n) * 30 * time.Minute)
		if item.FitsHours(start, time.Duration(o.Minutes.Int64())*time.Minute) {
			at.Options = append(at.Options, ui.Option{Value: Clock(start), Text: Clock(start), Chosen: Clock(start) == Clock(o.Start)})
		}
	}
	return day, at
}

// Reschedule moves a visit to the day and hour of a form. Errors: page.time_missing and those of [order.Service.Reschedule].
func (r *Request) Reschedule(c order.OrderCmd) error {
	start, err := r.Start()
	if err == nil {
		_, err = One(r.Orders.Reschedule(r.Context(), []order.RescheduleCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Start: start}}))
	}
	return err
}

// Minutes reads how long a visit shall take; what the item does not offer is its usual length.
func (r *Request) Minutes(item *catalog.Item) hours.Minutes {
	for _, m := range Lengths(item) {
		if r.Form("minutes") == m.String() {
			return m
		}
	}
	return item.Usual
}

// Lengths are the lengths of a visit that one can choose: shortest, usual, longest.
func Lengths(item *catalog.Item) []hours.Minutes {
	return slices.CompactFunc([]hours.Minutes{item.Shortest, item.Usual, item.Longest}, func(a, b hours.Minutes) bool { return a.Cmp(b) == 0 })
}

// atOnce is how long before its beginning a visit is no longer for somebody in the course of the day (default, ours).
const atOnce = 3 * time.Hour

// Urgency is the calmest that the item allows and the time leaves.
func Urgency(item *catalog.Item, start, now time.Time) catalog.Urgency {
	wishes := catalog.Urgencies()
	switch left := start.Sub(now); {
	case left < atOnce:
		wishes = []catalog.Urgency{catalog.AtOnce, catalog.WithinDay, catalog.Everyday}
	case left < 24*time.Hour:
		wishes = []catalog.Urgency{catalog.WithinDay, catalog.Everyday, catalog.AtOnce}
	}
	for _, u := range wishes {
		if item.Allows(u) {
			return u
		}
	}
	return catalog.Everyday
}

// AskedTwice reports whether a request was refused because the same is asked for already: whoever asks may say that one more is meant.
func AskedTwice(refused error) bool {
	named, ok := errors.AsType[*errs.Error](refused)
	return ok && slices.ContainsFunc(named.Fields, func(f errs.Field) bool { return f.Code == "order.asked_already" })
}

// OneMore reports whether whoever asks has said that one more is meant.
func (r *Request) OneMore() bool { return r.Form("one_more") == "yes" }

// Comer is somebody who comes or came.
type Comer struct {
	Volunteer member.PersonID
	// Initial stands where there is no portrait: the first character of the name. Portrait is the address of the picture.
	Name, Initial, Word, Portrait string
	// When says when the volunteer arrives, arrived or left.
	When string
	// Coming is set before the volunteer has arrived, There while it is there.
	Coming, There bool
}

// Comers are those who come or came to a visit: the name, and the word by which the old person knows them.
// visit is the address of the visit's page, below which its portraits lie; "" for a reader who gets none.
func (r *Request) Comers(tx *store.Tx, o *order.Order, visit string) (list []Comer, err error) {
	var who []member.PersonID
	var kept []*order.Assignment
	for _, a := range o.Assignments {
		switch a.State {
		case order.Taken, order.CheckedIn, order.CheckedOut, order.Paid:
			who, kept = append(who, a.Volunteer), append(kept, a)
		}
	}
	names, err := r.Members.Names(tx, who)
	if err != nil {
		return nil, err
	}
	faces, err := member.Portraits(tx, who)
	for _, a := range kept {
		name := names[a.Volunteer].Reveal()
		c := Comer{Volunteer: a.Volunteer, Name: name, Word: r.Word(a), Coming: a.State == order.Taken, There: a.State == order.CheckedIn}
		if _, shown := faces[a.Volunteer]; shown && visit != "" {
			c.Portrait = visit + "/portrait/" + string(a.Volunteer)
		}
		for _, first := range name {
			c.Initial = string(first)
			break
		}
		switch a.State {
		case order.Taken:
			c.When = r.T("page.come.arrives", "when", r.When(a.Start))
		case order.CheckedIn:
			c.When = r.T("page.come.since", "when", a.In.In(clock.Zone).Format("15:04"))
		default:
			c.When = r.T("page.come.from_to", "from", r.When(a.In), "to", a.Out.In(clock.Zone).Format("15:04"))
		}
		list = append(list, c)
	}
	return list, err
}

// Portrait answers with the picture of a volunteer of a visit, as long as the volunteer agrees to show it.
func Portrait(r *Request) error {
	jpeg, err := r.Orders.Portrait(r.Context(), r.Actor, order.ID(r.Path("id")), member.PersonID(r.Path("volunteer")))
	if err != nil {
		return err
	}
	return r.Send("portrait.jpg", "image/jpeg", jpeg)
}

// sourceCodes names the sources of hours by the class of the account that holds them.
var sourceCodes = map[string]string{"grant": "page.source.grant", "saved": "page.source.saved", "donated": "page.source.donated", "pool": "page.source.pool",
	"fund": "page.source.fund", string(policy.FundGift): "page.source.donated"}

// Sources says whose hours pay for an order, in words, "" while there are none.
func (r *Request) Sources(o *order.Order) string { return r.sources(o.Funding) }

func (r *Request) sources(classes string) string {
	var names []string
	for class := range strings.FieldsFuncSeq(classes, func(c rune) bool { return c == ' ' || c == ',' }) {
		if code := sourceCodes[class]; code != "" && !slices.Contains(names, r.T(code)) {
			names = append(names, r.T(code))
		}
	}
	return strings.Join(names, " → ")
}

// CancelledByMe reports whether the reader itself cancelled an order and until when that can be taken back.
func (r *Request) CancelledByMe(o *order.View, rules policy.Rules) (until time.Time, mine bool) {
	var last audit.Recorded
	for _, e := range o.History {
		if e.Kind == "order" && e.After == string(order.Cancelled) {
			last = e
		}
	}
	until = o.Since.Add(rules.UndoWindow)
	return until, o.State == order.Cancelled && last.Action == "order.cancel" && last.Entry.Actor == r.Actor.ID && r.Now.Before(until) && r.Now.Before(o.Start)
}

// RulesOf are the rules that an order keeps.
func (r *Request) RulesOf(tx *store.Tx, tree *region.Tree, o *order.Order) (policy.Rules, error) {
	return r.Policies.ByVersion(tx, policy.VersionID(o.PolicyVersion), tree.RulePath(o.Region, clock.DayOf(o.SubmittedAt)))
}

// RulesAt are the rules in force at a place now.
func (r *Request) RulesAt(tx *store.Tx, tree *region.Tree, place region.ID) (policy.Rules, error) {
	return r.Policies.Current(tx, r.Now, tree.RulePath(place, tree.Day()))
}

// sooner orders open visits by what they want of the recipient's side: what waits for its yes, then who is there or comes, then the soonest. What waits
// for others' decision is over for the recipient and hides no visit that comes.
func sooner(a, b *order.View) int {
	rank := func(o *order.View) int {
		switch o.State {
		case order.Awaiting:
			return 0
		case order.InService, order.Accepted:
			return 1
		case order.Disputed:
			return 3
		}
		return 2
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Start.Compare(b.Start))
}

// Next are the open visits of a list that matter now: the one that waits longest for the recipient's yes, and the one that comes next. Neither
// stands in the place of the other.
func Next(list []order.View) (next []order.View) {
	open := slices.DeleteFunc(slices.Clone(list), func(o order.View) bool { return !o.State.Open() })
	slices.SortStableFunc(open, func(a, b order.View) int { return sooner(&a, &b) })
	for _, o := range open {
		if len(next) == 0 || len(next) == 1 && next[0].State == order.Awaiting && o.State != order.Awaiting {
			next = append(next, o)
		}
	}
	return next
}

// relationCodes say what a relative is, and what somebody is to it.
var relationCodes = map[member.Relation]string{member.Spouse: "page.relation.spouse", member.Parent: "page.relation.parent", member.Child: "page.relation.child",
	member.Grandparent: "page.relation.grandparent", member.Grandchild: "page.relation.grandchild"}

// Relation is a relation in words.
func (r *Request) Relation(rel member.Relation) string {
	if code := relationCodes[rel]; code != "" {
		return r.T(code)
	}
	return ""
}

// Clock is a moment of today as people say it on a button: only the hour.
func Clock(t time.Time) string { return t.In(clock.Zone).Format("15:04") }
