package page

import (
	"net/http"
	"slices"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/ui"
)

// Moving house asks for the new place by a form, one level after the other, so that where somebody will live stands in no address of a page.

// houseDays is for how many days ahead a page lets a move be planned; houseVisits how many of the open visits stand on it (defaults, ours).
const (
	houseDays   = 90
	houseVisits = 20
)

// HousePage is about who moves: the page's own address, where back leads, and for whom somebody else does it, "" for oneself.
type HousePage struct {
	Who                     member.PersonID
	At, Back, BackText, For string
	// Asked and Taken are the beginnings of the pages of visits to the person and of visits that it makes.
	Asked, Taken string
	// Away is where a reader goes on who may not see the person at its new home any more; "" for whoever always may.
	Away string
}

// House shows what moving house means for a person and lets the reader say where to and when.
func House(r *Request, of HousePage) error {
	// Whoever may change where the home is may change the home; a look by anybody but the person is in the trail.
	if _, err := r.Members.HomeOf(r.Context(), r.Actor, of.Who); err != nil {
		return err
	}
	if r.HTTP.Method == http.MethodPost {
		if do := r.Form("do"); do != "" {
			err := movesHouse(r, of, do)
			if kind := errs.KindOf(err); kind == errs.KindInvalid || kind == errs.Refused || kind == errs.Conflict {
				told := r.Tell(err)
				return showHouse(r, of, Status(kind), &told)
			}
			return err
		}
	}
	return showHouse(r, of, http.StatusOK, nil)
}

func showHouse(r *Request, of HousePage, status int, told *Told) error {
	v := ui.HouseView{Page: r.Shell(r.T("page.house.title")), Action: of.At, Key: r.Key(), Back: of.Back, BackText: of.BackText, Region: r.Form("region")}
	v.For = of.For
	visits, err := houseVisitsOf(r, of)
	if err != nil {
		return err
	}
	err = r.Read("web.house", func(tx *store.Tx, tree *region.Tree) error {
		people, err := member.LoadPersons(tx, []member.PersonID{of.Who})
		if err != nil {
			return err
		}
		v.Facts = []ui.Row{{Name: r.T("page.house.now"), Value: tree.FullName(people[of.Who].Region)}}
		planned, err := member.MovePlanned(tx, of.Who)
		if err != nil {
			return err
		}
		v.Planned = ""
		if planned.From != "" {
			v.Planned = r.T("page.house.planned", "day", r.Day(planned.From), "place", tree.FullName(planned.Region))
		}
		choosePlace(r, &v, tree)
		given, err := member.ConsentsOf(tx, of.Who)
		if err != nil {
			return err
		}
		v.Agree = ""
		if !slices.Contains(given, member.PurposeLocation) && (r.Actor.IsPerson(string(of.Who)) || len(r.Actor.Grants) > 0) {
			v.Agree = r.T("page.purpose." + string(member.PurposeLocation))
		}
		v.Keeps = []string{r.T("page.house.hours"), r.T("page.house.station"), r.T("page.house.rest")}
		v.Visits = nil
		if len(visits) == 0 {
			return nil
		}
		v.Keeps = append(v.Keeps, r.T("page.house.before"), r.T("page.house.after"))
		if of.Taken != "" {
			v.Keeps = append(v.Keeps, r.T("page.house.too_far"))
		}
		all, err := r.Catalog.Catalogue(tx)
		for _, o := range visits {
			item, err := all.ByVersion(o.Item, o.ItemVersion)
			if err != nil {
				return err
			}
			one := ui.HouseVisit{Href: of.Asked + string(o.ID), Name: item.Name(r.Lang), When: r.When(o.Start)}
			if o.Recipient != of.Who {
				one.Href = of.Taken + string(o.ID)
			}
			one.State, one.Tone = r.Standing(&o.Order)
			v.Visits = append(v.Visits, one)
		}
		return err
	})
	if err != nil {
		return err
	}
	v.Address = ui.Field{Name: "address", Label: r.T("page.house.address"), Hint: r.T("page.house.address_hint"), Value: r.Form("address"), Max: 100}
	v.From = ui.Field{Name: "from", Label: r.T("page.house.from")}
	for n := range houseDays {
		d := clock.DayOf(r.Now).Add(n)
		v.From.Options = append(v.From.Options, ui.Option{Value: string(d), Text: r.Day(d), Chosen: string(d) == r.Form("from")})
	}
	if told != nil {
		v.WhyNot, v.Faults = told.Why, told.Faults
		for _, f := range told.Faults {
			for _, field := range []*ui.Field{&v.Address, &v.From} {
				if f.Field == field.Name {
					field.Error = f.Text
				}
			}
		}
		if len(v.Faults) == 0 {
			v.Faults = []ui.Fault{{Text: told.Text}}
		}
	}
	return r.Show(status, ui.House(v))
}

// choosePlace offers the districts, the streets of the one that was chosen, and the communities of the street.
func choosePlace(r *Request, v *ui.HouseView, tree *region.Tree) {
	v.Choices, v.Ready = nil, false
	place := region.ID(v.Region)
	switch tree.Level(place) {
	case region.Community:
		v.Ready = true
	case region.Street:
		v.Choose = r.T("page.house.community")
	case region.District:
		v.Choose = r.T("page.house.street")
	default:
		v.Region, v.Choose = "", r.T("page.house.district")
		for _, d := range tree.ReportingDistricts() {
			v.Choices = append(v.Choices, ui.Option{Value: string(d.ID), Text: d.Name})
		}
		return
	}
	v.Facts = append(v.Facts, ui.Row{Name: r.T("page.house.to"), Value: tree.FullName(place)})
	if !v.Ready {
		for _, below := range tree.Children(region.Reporting, place) {
			v.Choices = append(v.Choices, ui.Option{Value: string(below), Text: tree.Name(below)})
		}
	}
}

// houseVisitsOf are the open visits to the person and those that it makes, as far as the reader may see them, in the order in which they are.
func houseVisitsOf(r *Request, of HousePage) ([]order.View, error) {
	all, err := r.Orders.List(r.Context(), r.Actor, order.Filter{Recipient: of.Who, OpenOnly: true, Limit: houseVisits})
	if err != nil || of.Taken == "" {
		return all, err
	}
	taken, err := r.Orders.List(r.Context(), r.Actor, order.Filter{Volunteer: of.Who, OpenOnly: true, Limit: houseVisits})
	all = append(all, taken...)
	slices.SortStableFunc(all, func(a, b order.View) int { return a.Start.Compare(b.Start) })
	return all, err
}

// movesHouse carries the form out: it keeps the move, or takes a planned one back.
func movesHouse(r *Request, of HousePage, do string) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	if do == "stay" {
		if _, err := One(r.Members.Stay(r.Context(), []member.StayCmd{{Actor: r.Actor, Key: key, Person: of.Who}})); err != nil {
			return err
		}
		return r.Go(of.Back + "?done=stays")
	}
	if r.Form("agree") == "yes" {
		if _, err := One(r.Members.Consent(r.Context(), []member.ConsentCmd{{Actor: r.Actor, Key: key + "-agree", Person: of.Who, Purpose: member.PurposeLocation}})); err != nil {
			return err
		}
	}
	to := region.ID(r.Form("region"))
	_, err = One(r.Members.Move(r.Context(), []member.MoveCmd{{Actor: r.Actor, Key: key, Person: of.Who, Region: to, Address: r.Form("address"), From: clock.Day(r.Form("from"))}}))
	if err != nil {
		return err
	}
	back := of.Back
	if of.Away != "" && clock.Day(r.Form("from")) == clock.DayOf(r.Now) {
		tree, err := r.Regions.Today(r.Context())
		if err != nil {
			return err
		}
		if !May(r.Actor, identity.MemberRead, to, tree) {
			back = of.Away
		}
	}
	return r.Go(back + "?done=moved_house")
}
