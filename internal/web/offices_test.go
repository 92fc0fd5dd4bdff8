package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"timebank/internal/clock"
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

// Two persons of the city change the divisions: the page says what hangs on a place and what its day brings, every bad field is named beside the field,
// and what was decided stands there until its day. Who is not of the city reads it and is offered nothing.
func TestTwoPersonsChangeTheDivisions(t *testing.T) {
	s := newSite(t)
	elder := s.KeyElder(s.Home())
	s.Place(elder.Actor, elder)
	street, near, third := s.Tree.StreetOf(s.Home()), s.Community("320113003", 1), s.Community("320113003", 2)
	s.Narrow(near, `time.max_per_day = "7h"`)
	one, two := s.as(s.Staff(identity.Administrator, s.Tree.City())), s.as(s.Staff(identity.Reviewer, s.Tree.City()))
	local := s.as(s.Staff(identity.Administrator, s.Tree.District(street)))
	day := string(clock.DayOf(s.Clock.Now()).Add(10))
	one.get("/office/people").is(t, http.StatusOK, `href="/office/regions?place=`)
	one.get("/office/regions?place="+string(s.Home())).is(t, http.StatusOK, "What goes along", `name="m-parent"`, `name="c-code"`, `name="g-merged"`, "offered nowhere", `value="`+string(near)+`"`, `value="`+string(third)+`"`,
		"time.max_per_day (", "ends: 7h now, 8h afterwards.")
	one.get("/office/regions?place="+string(near)).is(t, http.StatusOK, "Rules of its own", "time.max_per_day")
	one.get("/office/regions?place="+string(street)).is(t, http.StatusOK, `name="m-parent"`, `name="c-code"`)
	if whole := one.get("/office/regions"); strings.Contains(whole.body, `name="m-parent"`) || strings.Contains(whole.body, `name="g-merged"`) {
		t.Error("the city itself is offered to move or to merge")
	}
	if seen := local.get("/office/regions?place=" + string(s.Home())); seen.StatusCode != http.StatusOK || strings.Contains(seen.body, `action="/office/regions"`) {
		t.Errorf("a district reads the page and is offered no change of it: %d", seen.StatusCode)
	}
	form := func(key, kind string, pairs ...string) url.Values {
		v := url.Values{"key": {key}, "place": {string(s.Home())}, "kind": {kind}}
		for i := 0; i+1 < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	local.post("/office/regions", form("one-of-a-district", "recode", "c-name", "x", "c-code", "320113003099", "c-system", "official", "c-from", day, "c-reason", "decree")).is(t, http.StatusForbidden)
	one.post("/office/regions", form("all-of-it-wrong-1", "recode", "c-name", "", "c-code", "32", "c-system", "official", "c-from", "soon", "c-reason", "")).is(t, http.StatusUnprocessableEntity,
		`id="c-name-error"`, `id="c-code-error"`, `id="c-from-error"`, `id="c-reason-error"`, `value="soon"`)
	one.post("/office/regions", form("all-of-it-wrong-2", "move", "m-parent", string(near), "m-trees", "both", "m-from", "2020-01-01", "m-reason", "")).is(t, http.StatusUnprocessableEntity,
		`id="m-parent-error"`, `id="m-from-error"`, `id="m-reason-error"`)
	one.post("/office/regions", form("all-of-it-wrong-3", "merge", "g-merged", string(street), "g-from", "", "g-reason", "")).is(t, http.StatusUnprocessableEntity,
		`id="g-merged-error"`, `id="g-from-error"`, `id="g-reason-error"`)
	one.post("/office/regions", form("a-kind-of-its-own", "split")).is(t, http.StatusUnprocessableEntity, "There is no such kind of change")
	ticked := regexp.MustCompile(`value="(` + string(near) + `|` + string(third) + `)" checked`)
	both := form("two-of-it-without-a-day", "merge", "g-from", "", "g-reason", "decree 9")
	both["g-merged"] = []string{string(near), string(third)}
	if again := one.post("/office/regions", both); again.StatusCode != http.StatusUnprocessableEntity || len(ticked.FindAllString(again.body, -1)) != 2 {
		t.Errorf("two of them refused: got %d, ticked %q, want both ticked still", again.StatusCode, ticked.FindAllString(again.body, -1))
	}
	both["key"], both["g-from"] = []string{"it-goes-over-now"}, []string{day}
	one.post("/office/regions", both).is(t, http.StatusOK, "It is done", "decree 9", "Withdraw", s.Tree.Name(near)+" → "+s.Tree.Name(s.Home()), s.Tree.Name(third)+" → "+s.Tree.Name(s.Home()),
		"Ends with "+s.Tree.Name(near))
	waiting := two.get("/office/regions")
	waiting.is(t, http.StatusOK, "decree 9", day, "Approve", "Ends with "+s.Tree.Name(near), "time.max_per_day (", "ends: 7h now, 8h afterwards.")
	path := regexp.MustCompile(`/office/regions/proposals/[a-z0-9]+/approve`).FindString(waiting.body)
	one.post(path, url.Values{"key": {"approve-ones-own"}, "place": {string(s.Home())}}).is(t, http.StatusForbidden, "Why?")
	two.post(path, url.Values{"key": {"the-second-person"}, "place": {string(s.Tree.City())}}).is(t, http.StatusOK, "It is done", "goes over into "+s.Tree.FullName(s.Home()), day)
	one.post("/office/regions", form("once-more-the-same", "merge", "g-merged", string(near), "g-from", day, "g-reason", "decree 9")).is(t, http.StatusUnprocessableEntity, `id="g-merged-error"`)
	s.as(s.Staff(identity.Auditor, s.Tree.City())).get("/office/trail?ref="+string(near)).is(t, http.StatusOK, "region.merge", "decree 9")
}
