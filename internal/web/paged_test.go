package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/report"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

var (
	older = regexp.MustCompile(`<a[^>]*href="([^"]+)" rel="next">`)
	first = regexp.MustCompile(`<a[^>]*href="([^"]+)"[^>]*>Back to the first ones<`)
)

// walk reads a list page by page: the link to its next page bears its cursor and, where a page has several lists, the name of the list. Between the
// first page and the second something is added to it. It returns what stood on the pages.
func (r *reader) walk(path, cursor, list string, mark *regexp.Regexp, add func()) (seen []string, pages int) {
	r.t.Helper()
	back := ""
	for at := path; at != ""; pages++ {
		if pages > 20 {
			r.t.Fatalf("%s has no end", path)
		}
		page := r.get(at)
		page.is(r.t, http.StatusOK)
		var here []string
		// Where the list can be left for is no row of it.
		for _, m := range mark.FindAllStringSubmatch(first.ReplaceAllString(page.body, ""), -1) {
			here = append(here, m[1])
		}
		slices.Sort(here)
		seen = append(seen, slices.Compact(here)...)
		at = ""
		for _, m := range older.FindAllStringSubmatch(page.body, -1) {
			to, err := url.Parse(html.UnescapeString(m[1]))
			if err == nil && to.Query().Has(cursor) && to.Query().Get("list") == list {
				at = to.String()
			}
		}
		if pages == 0 {
			add()
		}
		back = ""
		if m := first.FindStringSubmatch(page.body); m != nil {
			back = html.UnescapeString(m[1])
		}
		if (back != "") != (pages > 0) {
			r.t.Errorf("%s: page %d leads back to the first one by %q", path, pages+1, back)
		}
	}
	if back != "" {
		page := r.get(back)
		page.is(r.t, http.StatusOK)
		if first.MatchString(page.body) || !mark.MatchString(page.body) {
			r.t.Errorf("%s: %s is not the first page", path, back)
		}
	}
	return seen, pages
}

// leaves reads a list to its end while a row is added, and holds that it has the least number of pages and each row which was there at the
// beginning stood once. It returns how many rows more there were.
func (r *reader) leaves(least int, path, cursor, list string, mark *regexp.Regexp, rows *[]string, add func()) (more int) {
	r.t.Helper()
	before := slices.Clone(*rows)
	seen, pages := r.walk(path, cursor, list, mark, add)
	if pages < least {
		r.t.Errorf("%s: %d rows on %d pages: nothing to leaf through", path, len(before), pages)
	}
	count := map[string]int{}
	for _, row := range seen {
		count[row]++
	}
	lost, twice := 0, 0
	for _, row := range before {
		if count[row] == 0 {
			lost++
		} else if count[row] > 1 {
			twice++
		}
	}
	if lost+twice > 0 {
		r.t.Errorf("%s %s: of %d rows on %d pages %d are lost and %d stood twice", path, list, len(before), pages, lost, twice)
	}
	return len(seen) - len(before)
}

// Every list that goes over several pages shows each of its rows once, also when a row is added while somebody leafs through it.
func TestListsLeafWithoutLosingOrDoublingARow(t *testing.T) {
	s := newSite(t)
	elder, clerk := s.KeyElder(s.Home()), s.Staff(identity.PointManager, s.Home())
	office, boss := s.Staff(identity.Administrator, s.Tree.City()), s.Volunteer(s.Home())
	kin := s.Relative(elder, true)
	const many = 23
	var orders, teams, members, differences []string
	place := func() { orders = append(orders, string(s.Place(elder.Actor, elder))) }
	team := func() {
		teams = append(teams, string(citytest.Got(s.Members.RegisterTeams(t.Context(), []member.RegisterTeamCmd{{Actor: identity.System, Key: s.Key(), Name: "队" + strconv.Itoa(len(teams)),
			Kind: member.TeamGroup, Region: s.Home(), Manager: boss.ID}})).Must(t, "team")))
	}
	join := func() {
		p := s.Volunteer(s.Home())
		citytest.Got(s.Members.JoinTeams(t.Context(), []member.JoinTeamCmd{{Actor: identity.System, Key: s.Key(), Team: member.TeamID(teams[0]), Person: p.ID}})).Must(t, "join")
		members = append(members, string(p.ID))
	}
	differ := func() {
		storetest.Write(t, s.DB, func(tx *store.Tx) error {
			id := string(store.NewID[report.Difference](tx))
			differences = append(differences, strconv.Itoa(300+len(differences)))
			_, err := tx.Insert("INSERT INTO figure_difference (id, month, place, figure, was, is_now, found_at)", 7,
				[]any{id, string(clock.MonthOf(tx.Now())), string(s.Home()), "figure.asked", int64(1), int64(300 + len(differences) - 1), tx.NowMicros()}, "")
			return err
		})
	}
	for range many {
		place()
		team()
	}
	for range many {
		join()
		differ()
	}
	id := func(before string) *regexp.Regexp { return regexp.MustCompile(before + `([0-9a-z]{26})["/?]`) }
	for _, list := range []struct {
		path, cursor, of string
		who              citytest.Person
		mark             *regexp.Regexp
		rows             *[]string
		add              func()
	}{
		{"/elder/visits", "after", "", elder, id("/elder/visits/"), &orders, place},
		{"/family/people/" + string(elder.ID), "after", "", kin, id("/family/visits/"), &orders, place},
		{"/desk/people/" + string(elder.ID), "after", "", clerk, id("/desk/orders/"), &orders, place},
		{"/desk/?for=volunteer", "after", "", clerk, id("/desk/orders/"), &orders, place},
		{"/volunteer/", "after", "", boss, id("/volunteer/orders/"), &orders, place},
		{"/volunteer/teams/" + teams[0], "member", "", boss, regexp.MustCompile(`name="member" value="([^"]+)"`), &members, join},
		{"/desk/teams/" + teams[0], "member", "", clerk, regexp.MustCompile(`name="member" value="([^"]+)"`), &members, join},
		{"/desk/teams", "after", "", clerk, id(`<a href="/desk/teams/`), &teams, team},
		{"/office/?place=" + string(s.Home()), "after", "differences", office, regexp.MustCompile(`>(3\d\d) ?<`), &differences, differ},
	} {
		t.Run(list.path, func(t *testing.T) {
			least := 2
			if list.path == "/desk/?for=volunteer" {
				least = 1 // a board shows fifty
			}
			s.WithKinSeeing(elder.ID, true, func() {
				if more := s.as(list.who).leaves(least, list.path, list.cursor, list.of, list.mark, list.rows, list.add); more > 1 {
					t.Errorf("%d rows that were not there before", more)
				}
			})
		})
	}
}
