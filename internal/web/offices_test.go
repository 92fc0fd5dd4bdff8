package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"timebank/internal/identity"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/region"
)

// The officers of the city, a district, a street and a community do the same in their own place: search the trail, pass up an order that nobody
// takes, and change a rule with a second person, whose history stands there. Of a neighbour of their own level they see nothing of all this.
func TestTheOfficersOfEachLevelWorkInTheirOwnPlace(t *testing.T) {
	s := newSite(t)
	district, street := s.Tree.District(s.Home()), s.Tree.StreetOf(s.Home())
	var nextStreet region.ID
	for _, one := range s.Tree.Children(region.Administrative, district) {
		if one != street && len(s.Tree.Children(region.Administrative, one)) > 0 {
			nextStreet = one
		}
	}
	far := s.Community("320102002", 0)
	for _, c := range []struct {
		level region.Level
		place region.ID
		// beside is a place of the same level and there a community in it; the city has none.
		beside, there region.ID
		hours         string
		// second is where whoever approves works: no community approves its own.
		second region.ID
	}{
		{region.City, s.Tree.City(), "", "", "7h30m", s.Tree.City()},
		{region.District, district, s.Tree.District(far), far, "7h", district},
		{region.Street, street, nextStreet, s.Tree.Children(region.Administrative, nextStreet)[0], "6h", street},
		{region.Community, s.Home(), s.Community("320113003", 1), s.Community("320113003", 1), "5h", street},
	} {
		t.Run(string(c.level), func(t *testing.T) {
			if got := s.Tree.Level(c.place); got != c.level || c.beside != "" && (s.Tree.Level(c.beside) != c.level || s.Tree.Contains(c.place, c.there)) {
				t.Fatalf("%s is a %s", s.Tree.Name(c.place), got)
			}
			as := func(role identity.Role, place region.ID) *reader {
				s.t = t
				return s.as(s.Staff(role, place))
			}
			own := s.KeyElder(s.Home())
			mine, theirs := s.Place(own.Actor, own), order.ID("")
			if c.beside != "" {
				other := s.KeyElder(c.there)
				theirs = s.Place(other.Actor, other)
			}
			// hidden holds that a page of one's own place says nothing of the neighbour's, and that the neighbour's own page does not open.
			hidden := func(what string, r *reader, closed region.ID, path string, words ...string) {
				t.Helper()
				page := r.get(path)
				page.is(t, http.StatusOK)
				for _, w := range words {
					if w != "" && strings.Contains(page.body, w) {
						t.Errorf("%s: the page says %s of the neighbour", what, w)
					}
				}
				if closed != "" {
					r.get(withPlace(path, closed)).is(t, http.StatusForbidden)
				}
			}

			// The trail: who asked, by what was done and by what it was done to.
			auditor := as(identity.Auditor, c.place)
			auditor.get("/office/trail?action=order.place").is(t, http.StatusOK, s.Tree.FullName(c.place), string(mine))
			auditor.get("/office/trail?ref="+string(mine)).is(t, http.StatusOK, "order.place", s.Tree.Name(s.Home()))
			hidden("the trail", auditor, c.beside, "/office/trail?action=order.place", string(theirs))
			if theirs != "" {
				hidden("the trail of one order", auditor, c.beside, "/office/trail?ref="+string(theirs), ">order "+string(theirs), "order.place")
			}

			// Escalations: the order waits on the page, is passed up, and stands there with who has to act now.
			dispatcher := as(identity.Dispatcher, c.place)
			dispatcher.get("/office/waiting").is(t, http.StatusOK, string(mine))
			hidden("who waits", dispatcher, c.beside, "/office/waiting", string(theirs))
			up := func(id order.ID) answer {
				return dispatcher.post("/desk/orders/"+string(id)+"/escalate", url.Values{"key": {"up-" + string(id)}})
			}
			up(mine).is(t, http.StatusOK)
			if got := s.Order(mine).Level; got != order.Street {
				t.Errorf("passed up: the order is at the %s", got)
			}
			dispatcher.get("/office/waiting?level=street").is(t, http.StatusOK, string(mine), "the street office · "+s.Tree.Name(street))
			if theirs != "" {
				if got := up(theirs).StatusCode; got != http.StatusNotFound && got != http.StatusForbidden || s.Order(theirs).Level != order.Community {
					t.Errorf("the neighbour's order: got %d, and it is at the %s", got, s.Order(theirs).Level)
				}
			}

			// The rules: two persons, and then the history has one more version, which says what was changed.
			text := `time.max_per_day = "` + c.hours + `"`
			if c.level == region.City {
				text = rulesWith(text)
			}
			one, two := as(identity.Administrator, c.place), as(identity.Reviewer, c.second)
			reason := "reason of the " + string(c.level)
			proposed := one.post("/office/rules/propose", url.Values{"key": {"propose-" + c.hours}, "place": {string(c.place)}, "toml": {text}, "reason": {reason}})
			proposed.is(t, http.StatusOK, "It is done", reason)
			id := regexp.MustCompile(`/office/rules/proposals/([^/]+)/reject`).FindStringSubmatch(proposed.body)[1]
			var beside *reader
			if c.beside != "" {
				beside = as(identity.Administrator, c.beside)
				hidden("what is proposed", beside, c.place, "/office/rules", id, reason)
				beside.post("/office/rules/proposals/"+id+"/approve", url.Values{"key": {"beside-" + c.hours}, "place": {string(c.beside)}, "reason-a-" + id: {"yes"}}).is(t, http.StatusForbidden)
			}
			two.post("/office/rules/proposals/"+id+"/approve", url.Values{"key": {"approve-" + c.hours}, "place": {string(c.place)}, "reason-a-" + id: {"yes"}}).is(t, http.StatusOK, "It is done")
			history := one.get("/office/rules")
			changed := "First publication"
			if c.level == region.City {
				changed = "→ " + c.hours
			}
			history.is(t, http.StatusOK, s.Tree.FullName(c.place), changed)
			one.get("/office/rules/time.max_per_day").is(t, http.StatusOK, c.hours)
			auditor.get("/office/trail?action=policy.").is(t, http.StatusOK, id)
			if beside != nil {
				hidden("what was published", beside, c.place, "/office/rules", id)
				hidden("the value", beside, c.place, "/office/rules/time.max_per_day", `"`+c.hours+`"`, ">"+c.hours+"<")
				hidden("the trail of rules", as(identity.Auditor, c.beside), c.place, "/office/trail?action=policy.", id)
			}
		})
	}
}

// rulesWith is Nanjing's whole file with one line instead of its own.
func rulesWith(line string) string {
	key, _, _ := strings.Cut(line, " =")
	var text strings.Builder
	for l := range strings.Lines(policy.Nanjing().Text()) {
		if !strings.HasPrefix(l, key+" =") {
			text.WriteString(l)
		}
	}
	return text.String() + line + "\n"
}
