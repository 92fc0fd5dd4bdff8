// Package public is the door of everybody: what this is, whether a receipt is genuine, the open figures with their definitions, and how to
// join.
//
// It must never show anything about a single person, and never a figure without its definition.
package public

import (
	"net/http"
	"strconv"

	"timebank/internal/errs"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
)

// Door is the public door.
var Door = &page.Door{Home: "/", Public: true, Nav: []page.Way{{Href: "/", Code: "page.public.nav_home"}, {Href: "/public/join", Code: "page.public.nav_join"},
	{Href: "/public/points", Code: "page.public.nav_points"}, {Href: "/public/check", Code: "page.public.nav_check"}, {Href: "/public/figures", Code: "page.public.nav_figures"},
	{Href: "/public/help", Code: "page.public.nav_help"}}}

// Home says what this is and where to enter.
func Home(r *page.Request) error {
	v := homeView{Page: r.Shell(r.T("page.public.home")), Doors: r.AllDoors()}
	if r.Actor.ID != "" {
		var err error
		if v.Yours, err = r.Doors(r.Actor); err != nil {
			return err
		}
	}
	return r.Show(http.StatusOK, home(v))
}

// Join says how to take part.
func Join(r *page.Request) error {
	v := joinView{Page: r.Shell(r.T("page.public.join"))}
	err := r.Read("web.join", func(tx *store.Tx, tree *region.Tree) error {
		points, err := member.CountPoints(tx)
		all, count := 0, map[region.ID]int{}
		for in, n := range points {
			all += n
			count[tree.ReportingDistrict(in)] += n
		}
		v.Points = r.T("page.public.points", "points", all)
		v.Districts = nil
		for _, d := range tree.ReportingDistricts() {
			v.Districts = append(v.Districts, []string{d.Name, strconv.Itoa(count[d.ID])})
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, join(v))
}

// Settings keeps a choice of language or size and goes back to where it was made.
func Settings(r *page.Request) error {
	r.Remember(r.Form("lang"), r.Form("size"))
	return r.Go(page.Inside(r.Form("back")))
}

// Nowhere answers where there is no page.
func Nowhere(*page.Request) error { return errs.New(errs.NotFound, "page.nothing_here") }

// Foreign answers a form that another site sent.
func Foreign(*page.Request) error {
	return errs.New(errs.Forbidden, "page.from_elsewhere").By("site.origin", "nobody")
}
