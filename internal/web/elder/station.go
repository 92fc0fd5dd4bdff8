package elder

import (
	"net/http"
	"slices"

	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
)

// Station shows where help stands behind the counter, and its number.
func Station(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	v := stationView{Page: r.Shell(r.T("page.elder.station"))}
	err = r.Read("web.elder_station", func(tx *store.Tx, tree *region.Tree) error {
		people, err := member.LoadPersons(tx, []member.PersonID{me})
		if err != nil {
			return err
		}
		home := people[me].Region
		v.Place = tree.FullName(home)
		points, err := member.PointsFor(tx, tree, home)
		for _, p := range points[:min(len(points), 5)] {
			where := tree.Name(p.Region)
			if open := r.OpenHours(p.Hours); open != "" {
				where += " · " + open
			}
			v.Points = append(v.Points, pointView{Name: p.Name, Where: where, Phone: p.Phone})
		}
		return err
	})
	if err != nil {
		return err
	}
	// The nearest point's own number comes first; the city's stands at the foot of every page.
	v.Number = v.Phone
	if i := slices.IndexFunc(v.Points, func(p pointView) bool { return p.Phone != "" }); i >= 0 {
		v.Number = v.Points[i].Phone
	}
	return r.Show(http.StatusOK, station(v))
}

// House is where the old person moves house.
func House(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	return page.House(r, page.HousePage{Who: me, At: "/elder/house", Back: "/elder/station", BackText: r.T("page.elder.station"), Asked: "/elder/visits/"})
}

// How explains the door.
func How(r *page.Request) error {
	if _, err := r.Me(); err != nil {
		return err
	}
	v := howView{Page: r.Shell(r.T("page.elder.how"))}
	for _, code := range []string{"page.elder.how_ask", "page.elder.how_door", "page.elder.how_code", "page.elder.how_confirm", "page.elder.how_hours", "page.elder.how_give", "page.elder.how_undo",
		"page.elder.how_wrong", "page.elder.how_family", "page.elder.how_call"} {
		v.Lines = append(v.Lines, r.T(code))
	}
	return r.Show(http.StatusOK, how(v))
}
