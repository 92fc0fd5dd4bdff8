package replay

import (
	"context"
	"fmt"
	"strconv"

	"timebank/internal/app"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
)

// found sets the city up: regions, rules and services, then the officials, and the service points of the pilot with their staff.
func (d *driver) found(ctx context.Context) error {
	d.now = d.fake.Now()
	if err := d.Found(ctx, app.Nanjing()); err != nil {
		return err
	}
	var err error
	if d.tree, err = d.Regions.Today(ctx); err != nil {
		return err
	}
	for _, c := range d.plan.atlas.communities {
		r, ok := d.tree.ByCode(c.code)
		if !ok {
			return errPlace
		}
		d.places = append(d.places, r.ID)
	}
	if err := d.appoint(ctx); err != nil {
		return err
	}
	return d.open(ctx, 0, d.plan.atlas.pilots)
}

func (d *driver) system() identity.Actor { return identity.System.From(origin) }

// appoint registers the officials of the city and of the districts and gives them their roles.
func (d *driver) appoint(ctx context.Context) error {
	var cmds []member.RegisterCmd
	for _, i := range d.plan.officials {
		cmds = append(cmds, d.registration(i))
	}
	if err := batch(ctx, d, cmds, d.Members.RegisterPersons, func(i int, r member.Registered) {
		d.people[d.plan.officials[i]] = known{r.Person, r.Actor}
	}); err != nil {
		return err
	}
	a := d.plan.atlas
	var grants []identity.GrantRoleCmd
	give := func(n int, role identity.Role, place region.ID) {
		grants = append(grants, identity.GrantRoleCmd{Actor: d.system(), To: d.people[d.plan.officials[n]].actor, Role: role, Region: place})
	}
	for n := range cityOfficials {
		role := identity.Administrator
		if n >= cityOfficials/2 {
			role = identity.Reviewer
		}
		give(n, role, d.tree.City())
	}
	for i, code := range a.districts {
		r, ok := d.tree.ByCode(code)
		if !ok {
			return errPlace
		}
		give(cityOfficials+districtOfficials*i, identity.Administrator, r.ID)
		give(cityOfficials+districtOfficials*i+1, identity.Reviewer, r.ID)
	}
	if err := batch(ctx, d, grants, d.Identity.GrantRoles, nil); err != nil {
		return err
	}
	ids := make([]identity.ActorID, len(d.plan.officials))
	for n, i := range d.plan.officials {
		ids[n] = d.people[i].actor
	}
	return d.DB.Read(ctx, "replay.officials", func(tx *store.Tx) error {
		all, err := identity.Load(tx, ids, origin)
		if err != nil {
			return err
		}
		for n := range cityOfficials {
			d.city[n] = all[ids[n]]
		}
		for i, code := range a.districts {
			n := cityOfficials + districtOfficials*i
			d.district[code] = district{administrator: all[ids[n]], reviewer: all[ids[n+1]]}
		}
		return nil
	})
}

// staffed is how many work at a service point.
const staffed = 3

// open opens the service points of communities from..to and puts staff into them. A city that is larger than the published one has more than
// one point in a community; people go to the first.
func (d *driver) open(ctx context.Context, from, to int) error {
	a := d.plan.atlas
	var cmds []member.RegisterPointCmd
	var where []int
	number := map[int]int{}
	for c := from; c < to; c++ {
		number[c]++
		cmds, where = append(cmds, d.servicePoint(c, 1)), append(where, c)
	}
	if to == len(a.communities) {
		for extra := d.plan.figures.ServicePoints - len(a.communities); extra > 0; extra-- {
			c := extra % len(a.communities)
			number[c]++
			cmds, where = append(cmds, d.servicePoint(c, number[c]+1)), append(where, c)
		}
	}
	points := make([]member.PointID, len(cmds))
	if err := batch(ctx, d, cmds, d.Members.RegisterPoints, func(i int, p member.PointID) {
		points[i] = p
		d.points++
	}); err != nil {
		return err
	}
	n := to - from
	var ids []identity.ActorID
	if err := d.DB.Write(ctx, "replay.staff", func(tx *store.Tx) (err error) {
		ids, err = identity.Register(tx, make([]string, staffed*n))
		return err
	}); err != nil {
		return err
	}
	var grants []identity.GrantRoleCmd
	for i := range n {
		for k := range staffed {
			role := identity.PointStaff
			if k == staffed-1 {
				role = identity.PointManager
			}
			grants = append(grants, identity.GrantRoleCmd{Actor: d.system(), To: ids[staffed*i+k], Role: role, Region: d.places[where[i]], Point: string(points[i])})
		}
	}
	actors := make([]identity.Actor, len(grants))
	if err := batch(ctx, d, grants, d.Identity.GrantRoles, func(i int, g identity.GrantID) {
		actors[i] = identity.Actor{ID: string(ids[i]), Origin: origin, Grants: []identity.Grant{{ID: g, Role: grants[i].Role,
			Region: grants[i].Region, Point: grants[i].Point, From: d.now}}}
	}); err != nil {
		return err
	}
	for i := range n {
		d.offices = append(d.offices, office{actors[staffed*i], actors[staffed*i+1], actors[staffed*i+2]})
	}
	return nil
}

func (d *driver) servicePoint(c, number int) member.RegisterPointCmd {
	a := d.plan.atlas
	name := a.communities[c].name + "时间银行服务点"
	if number > 1 {
		name += strconv.Itoa(number)
	}
	place := a.communities[c].point
	return member.RegisterPointCmd{Actor: d.system(), Name: name, Kind: member.PointCommunity, Region: d.places[c], Point: &place,
		Phone: fmt.Sprintf("025-29%02d%04d", number, c)}
}
