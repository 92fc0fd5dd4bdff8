package page

import (
	"slices"

	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/ui"
)

// What opens the desk and the office: their first pages ask for it.
const (
	DeskRight   = identity.OrderRead
	OfficeRight = identity.ReportRead
)

// AllDoors are the ways into every door but the public one, in the order in which an account is at home in them.
func (r *Request) AllDoors() []ui.Way {
	return []ui.Way{{Href: "/elder/", Icon: "home", Name: r.T("page.public.door_elder"), Hint: r.T("page.public.door_elder_hint")},
		{Href: "/volunteer/", Icon: "volunteer", Name: r.T("page.public.door_volunteer"), Hint: r.T("page.public.door_volunteer_hint")},
		{Href: "/family/", Icon: "visits", Name: r.T("page.public.door_family"), Hint: r.T("page.public.door_family_hint")},
		{Href: "/desk/", Icon: "desk", Name: r.T("page.public.door_desk"), Hint: r.T("page.public.door_desk_hint")},
		{Href: "/office/", Icon: "chart", Name: r.T("page.public.door_office"), Hint: r.T("page.public.door_office_hint")}}
}

// Doors are those of [Request.AllDoors] that are open to an account, which can be several things.
func (r *Request) Doors(a identity.Actor) ([]ui.Way, error) {
	open := map[string]bool{}
	err := r.Read("web.doors", func(tx *store.Tx, tree *region.Tree) error {
		holds := func(right identity.Right) bool {
			return slices.ContainsFunc(a.Grants, func(g identity.Grant) bool { return May(a, right, g.Region, tree) })
		}
		open["/desk/"], open["/office/"] = holds(DeskRight), holds(OfficeRight)
		if a.Person == "" {
			return nil
		}
		me := []member.PersonID{member.PersonID(a.Person)}
		recipients, err := member.Standings(tx, me)
		if err != nil {
			return err
		}
		volunteers, err := member.LoadVolunteers(tx, me)
		if err != nil {
			return err
		}
		kin, err := member.KinOf(tx, me[0])
		open["/elder/"], open["/volunteer/"], open["/family/"] = len(recipients) > 0, len(volunteers) > 0, len(kin) > 0
		return err
	})
	return slices.DeleteFunc(r.AllDoors(), func(w ui.Way) bool { return !open[w.Href] }), err
}
