package httpapi_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/store"
)

// everybody are the operations that somebody without any business in the place may carry out, each with why. Every other one is refused to
// them wherever a scenario carries it out.
var everybody = map[string]string{
	"me":                    "tells of oneself",
	"list-passkeys":         "one's own",
	"begin-passkey":         "one's own",
	"add-passkey":           "one's own; another's ticket is answered like one that has become too old",
	"step-up":               "one's own proof; a wrong one is in the trail",
	"get-order":             "an order that waits for a volunteer is shown to whoever could take it, without the name and the door",
	"list-orders":           "shows what one may see, which is nothing",
	"list-proposals":        "shows what one may see, which is nothing",
	"list-policy-proposals": "shows what one may see, which is nothing",
	"go-live":               "says what the city still has to set, which is no secret",
	"receipt":               "names nobody, and whoever has its number was given it",
	"look-up":               "by a whole number and, for a reason, across the city, since hours are good everywhere: masked, and each look is in the trail",
}

// outsider is one of those who are kept out.
type outsider struct {
	who string
	citytest.Person
}

// outsiders are a citizen, and somebody with every role at every level of another district.
func (w *world) outsiders() []outsider {
	w.t.Helper()
	if w.outside != nil {
		return w.outside
	}
	var path []region.ID
	for _, c := range w.Tree.Communities() {
		if w.Tree.District(c.ID) != w.Tree.District(w.Home()) {
			path = w.Tree.Path(c.ID)
		}
	}
	staff := w.Person(33, path[3])
	for _, role := range identity.Roles() {
		// Each point needs a name of its own, which goes by how many people there are.
		w.Person(30, path[3])
		for _, place := range path[1:] {
			if !role.AtPoint() || place == path[3] {
				w.Appoint(staff, role, place)
			}
		}
	}
	w.outside = []outsider{{"a citizen", w.Person(34, path[3])}, {"staff of another district", staff}}
	return w.outside
}

// keptOut sends the request of a step as those who have no business with it, before the step itself: it must be refused as forbidden or as
// unknown, and write nothing.
func (w *world) keptOut(s step, c call) {
	w.t.Helper()
	if w.DB.Engine() != store.SQLite || w.operations[s.op].open || everybody[s.op] != "" {
		return
	}
	for _, o := range w.outsiders() {
		c.as = &o.Person
		w.token(o.Person)
		if c.key != "none" {
			c.key = "outside-" + o.who[:1] + s.op
		}
		before := w.rows()
		got := w.send(c)
		if got.status != http.StatusForbidden && got.status != http.StatusNotFound && got.code() != "ledger.not_pending" {
			w.t.Errorf("%s as %s: got %.300s, want it refused", s.op, o.who, got)
		}
		if personal.Match(got.raw) {
			w.t.Errorf("%s as %s: the refusal says something personal: %s", s.op, o.who, got)
		}
		if other := w.aboutNothing(s); other.op != "" && o.who == "a citizen" && !w.sees(o.Person, s) {
			wanted := c
			c.path = w.request(other, c.key).path
			if nothing := w.send(c); refusal(nothing) != refusal(got) {
				w.t.Errorf("%s tells %s whether there is such a thing: %s, and for one that is not there %s", s.op, o.who, refusal(got), refusal(nothing))
			}
			c = wanted
		}
		if more := written(before, w.rows()); len(more) > 0 {
			w.t.Errorf("%s as %s wrote %s", s.op, o.who, show(more))
		}
	}
}

// personal is what no refusal says: an identity number, a telephone number, the name of the people of these tests.
var personal = regexp.MustCompile(`\d{17}[\dX]|\b1[3-9]\d{9}\b|张测试`)

// aboutNothing is the same step about something that is not there, the zero step when its address names no person's thing.
func (w *world) aboutNothing(s step) step {
	path := w.operations[s.op].path
	if len(s.at) == 0 || strings.Contains(path, "/regions/") {
		return step{}
	}
	s.at = slices.Clone(s.at)
	s.at[0] = nothing
	// A cursor is good for the list that gave it.
	s.query = cursor.ReplaceAllString(s.query, "")
	return s
}

var cursor = regexp.MustCompile(`&?after=[^&]*`)

// sees reports whether somebody sees the order that a step is about, because it stands open for whoever could take it.
func (w *world) sees(p citytest.Person, s step) bool {
	return strings.Contains(w.operations[s.op].path, "/orders/{") && w.send(call{as: &p, method: http.MethodGet, path: fmt.Sprint("/orders/", s.at[0])}).status == http.StatusOK
}

// nothing is an id that nothing has.
const nothing = "01h2xcejqtf2nbrexx3vqjhp41"

// refusal is all that a refusal tells: what it is, and why.
func refusal(a answer) string { return fmt.Sprint(a.status, a.code(), a.get("why")) }

// TestEveryExceptionIsAnOperation keeps the list of exceptions to operations that exist and are not open anyway.
func TestEveryExceptionIsAnOperation(t *testing.T) {
	all := described(t)
	for id := range everybody {
		if o, ok := all[id]; !ok || o.open {
			t.Errorf("%s is no operation that needs somebody", id)
		}
	}
}
