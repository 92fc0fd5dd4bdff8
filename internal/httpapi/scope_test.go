package httpapi_test

import (
	"net/http"
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
	"step-up":               "one's own proof; a wrong one is in the trail",
	"answer-order":          "any volunteer may be offered an order: to others it is a conflict that says no more than that",
	"get-order":             "an order that waits for a volunteer is shown to whoever could take it, without the name and the door",
	"list-orders":           "shows what one may see, which is nothing",
	"list-proposals":        "shows what one may see, which is nothing",
	"list-policy-proposals": "shows what one may see, which is nothing",
	"go-live":               "says what the city still has to set, which is no secret",
	"receipt":               "names nobody, and whoever has its number was given it",
	"look-up":               "by a whole number and across the city, since hours are good everywhere; each look is in the trail",
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
		if got.status != http.StatusForbidden && got.status != http.StatusNotFound {
			w.t.Errorf("%s as %s: got %.300s, want it refused", s.op, o.who, got)
		}
		if more := written(before, w.rows()); len(more) > 0 {
			w.t.Errorf("%s as %s wrote %s", s.op, o.who, show(more))
		}
	}
}

// TestEveryExceptionIsAnOperation keeps the list of exceptions to operations that exist and are not open anyway.
func TestEveryExceptionIsAnOperation(t *testing.T) {
	all := described(t)
	for id := range everybody {
		if o, ok := all[id]; !ok || o.open {
			t.Errorf("%s is no operation that needs somebody", id)
		}
	}
}
