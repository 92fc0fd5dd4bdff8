package public

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// mostPoints is how many points a page lists; nearestPoints of them when it is asked what is near.
const (
	mostPoints    = 60
	nearestPoints = 12
)

// kinds says who runs a point.
var kinds = map[member.PointKind]string{member.PointCommunity: "page.public.point_community", member.PointStreet: "page.public.point_street",
	member.PointOrganisation: "page.public.point_organisation"}

// Points lists the service points of a district, or of the street that is chosen next.
func Points(r *page.Request) error {
	place := region.ID(r.Form("in"))
	v := pointsView{Page: r.Shell(r.T("page.public.points_title"))}
	v.Scripts = []string{"place.js"}
	err := r.Read("web.points", func(tx *store.Tx, tree *region.Tree) error {
		if _, ok := tree.ByID(place); !ok {
			place = ""
		}
		v.choices(r, tree, place)
		if place == "" {
			return nil
		}
		points, err := member.PointsIn(tx, place)
		if err != nil {
			return err
		}
		v.Lead = r.T("page.public.points_in", "place", tree.FullName(place), "points", len(points))
		for i, p := range points {
			if i == mostPoints {
				v.Rest = r.T("page.public.points_rest", "points", len(points)-mostPoints)
				break
			}
			v.List = append(v.List, pointOf(r, tree, p, -1))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, points(v))
}

// Nearest lists the points near where the reader is. The place comes in a form, so that it stands in no address and in no log.
func Nearest(r *page.Request) error {
	lat, errLat := strconv.ParseInt(r.Form("lat"), 10, 64)
	lon, errLon := strconv.ParseInt(r.Form("lon"), 10, 64)
	here := region.Point{LatE6: lat, LonE6: lon}
	v := pointsView{Page: r.Shell(r.T("page.public.points_title"))}
	v.Scripts = []string{"place.js"}
	if errLat != nil || errLon != nil || !here.Valid() {
		v.Faults, v.WhyNot = []ui.Fault{{Text: r.T("page.public.points_no_place")}}, r.FormWhy()
	}
	err := r.Read("web.points", func(tx *store.Tx, tree *region.Tree) error {
		v.choices(r, tree, "")
		if v.Faults != nil {
			return nil
		}
		all, err := member.PointsIn(tx, tree.City())
		if err != nil {
			return err
		}
		type near struct {
			member.ServicePoint
			metres int64
		}
		var found []near
		for _, p := range all {
			at, ok := p.Point, p.HasPoint
			if !ok {
				at, ok = tree.Point(p.Region)
			}
			if ok {
				found = append(found, near{p, region.DistanceMetres(here, at)})
			}
		}
		slices.SortFunc(found, func(a, b near) int { return cmp.Or(cmp.Compare(a.metres, b.metres), cmp.Compare(a.ID, b.ID)) })
		v.Lead = r.T("page.public.points_near")
		for _, p := range found[:min(len(found), nearestPoints)] {
			v.List = append(v.List, pointOf(r, tree, p.ServicePoint, p.metres))
		}
		return nil
	})
	if err != nil {
		return err
	}
	status := http.StatusOK
	if v.Faults != nil {
		status = http.StatusUnprocessableEntity
	}
	return r.Show(status, points(v))
}

// choices leads from the city to its districts, and from a district to its streets.
func (v *pointsView) choices(r *page.Request, tree *region.Tree, place region.ID) {
	if place == "" {
		v.Choose = r.T("page.public.points_district")
		for _, d := range tree.ReportingDistricts() {
			v.Choices = append(v.Choices, ui.Link{Href: "/public/points?in=" + string(d.ID), Text: d.Name})
		}
		return
	}
	v.Up = "/public/points"
	if up, ok := tree.Up(place); ok && up != tree.City() {
		v.Up = "/public/points?in=" + string(up)
	}
	if tree.Level(place) == region.District {
		v.Choose = r.T("page.public.points_street")
		for _, s := range tree.Children(region.Reporting, place) {
			v.Choices = append(v.Choices, ui.Link{Href: "/public/points?in=" + string(s), Text: tree.Name(s)})
		}
	}
}

func pointOf(r *page.Request, tree *region.Tree, p member.ServicePoint, metres int64) pointView {
	v := pointView{Name: p.Name, Area: tree.FullName(p.Region), Kind: r.T(kinds[p.Kind])}
	for _, more := range []string{r.OpenHours(p.Hours), p.Phone} {
		if more != "" {
			v.Kind += " · " + more
		}
	}
	if metres >= 0 {
		v.Far = r.Far(metres)
	}
	return v
}
