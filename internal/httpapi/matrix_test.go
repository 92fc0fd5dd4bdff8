package httpapi_test

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/store"
)

// matrix is a run of the scenarios in which everybody asks for what a scenario is about to do, and nothing is held but who is answered what.
type matrix struct {
	*citytest.Matrix
	cast      []citytest.Asker
	relatives map[string][3]citytest.Person
}

// TestMatrixOfOperations lets everybody ask for every operation of the API and holds the answers against a golden file that a person can read:
// every operation, once as a citizen carries it out for itself and once as staff does for another, by every role at every level, in its place and in
// another. "kin" is a confirmed relative, "acting_kin" one who may act for the person, "blind_kin" one who may act where the person has not consented
// to relatives seeing its visits. Nothing can be written into the trail while they ask, so that whatever shows what is seen with an entry alone shows
// it to nobody. What the scenarios themselves leave in the trail says all that an auditor asks for; "doer" is the staff that does it in the scenario, at a point or with papers of its own where that is asked for.
func TestMatrixOfOperations(t *testing.T) {
	var all citytest.Matrix
	acts := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(chains)) {
		w := newWorld(t, citytest.New(t, store.SQLite))
		w.matrix = &matrix{Matrix: &all, cast: w.Cast(), relatives: map[string][3]citytest.Person{}}
		chains[name](w)
		w.trailSaysAll(acts)
	}
	if len(acts) < 90 {
		t.Errorf("the scenarios left only %d kinds of acts in the trail", len(acts))
	}
	for id, o := range described(t) {
		if o.open {
			all.Note(id, citytest.Asker{Name: "everybody"}, citytest.Yes)
		}
		if !all.Has(id) && !all.Has(id+" (for another)") {
			t.Errorf("nobody has asked for %s", id)
		}
	}
	file := filepath.Join("testdata", "matrix.golden")
	if *update {
		if err := os.WriteFile(file, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all.Golden(t, string(want))
}

// asks lets everybody ask for what a step is about to do.
func (w *world) asks(s step, c call) {
	w.t.Helper()
	o := w.operations[s.op]
	if o.open {
		return
	}
	now, err := w.Identity.Actor(w.t.Context(), identity.ActorID(s.as.Actor.ID), "test")
	if err != nil {
		w.t.Fatal(err)
	}
	row, own := s.op, len(now.Grants) == 0
	if !own {
		row += " (for another)"
	}
	if w.matrix.Has(row) {
		return
	}
	ask := func(a citytest.Asker) {
		one := c
		one.as = nil
		if a.Actor.ID != "" {
			one.as = &a.Person
		}
		if one.key != "none" {
			one.key = "matrix-" + a.Name + a.Level + s.op
		}
		got := w.send(one)
		w.notedWhenShown(s.op, a.Name+a.Level, got)
		w.matrix.Note(row, a, classOf(got))
	}
	var relatives [3]citytest.Person
	for _, a := range w.matrix.cast {
		if a.Actor.ID != "" {
			w.token(a.Person)
		}
	}
	if own && s.as.ID != "" {
		relatives = w.relatives(*s.as)
	}
	before := w.rows()
	w.Rehearse(func() {
		for _, a := range w.matrix.cast {
			ask(a)
		}
	})
	if !own {
		w.matrix.Note(row, citytest.Asker{Name: "doer"}, citytest.Yes)
	}
	if own && s.as.ID != "" {
		w.WithKinSeeing(s.as.ID, true, func() {
			w.Rehearse(func() {
				ask(citytest.Asker{Name: "kin", Person: relatives[0]})
				ask(citytest.Asker{Name: "acting_kin", Person: relatives[1]})
			})
		})
		w.WithKinSeeing(s.as.ID, false, func() {
			w.Rehearse(func() { ask(citytest.Asker{Name: "blind_kin", Person: relatives[2]}) })
		})
		w.matrix.Note(row, citytest.Asker{Name: "oneself"}, citytest.Yes)
	}
	if more := written(before, w.rows()); len(more) > 0 {
		w.t.Errorf("asking for %s wrote %s", s.op, show(more))
	}
}

// relatives are a relative of a person, one who acts for it, and another of these.
func (w *world) relatives(of citytest.Person) [3]citytest.Person {
	w.t.Helper()
	key := string(of.ID)
	if _, ok := w.matrix.relatives[key]; !ok {
		w.matrix.relatives[key] = [3]citytest.Person{w.Relative(of, false), w.Relative(of, true), w.Relative(of, true)}
	}
	for _, p := range w.matrix.relatives[key] {
		w.token(p)
	}
	return w.matrix.relatives[key]
}

func classOf(a answer) citytest.Class {
	switch {
	case strings.HasPrefix(a.code(), "signin."):
		return citytest.Refused // signed in, and the proof was not right
	case a.status/100 == 2, a.code() == citytest.TakenBack:
		return citytest.Yes
	case a.status == http.StatusUnauthorized:
		return citytest.SignIn
	case a.status == http.StatusForbidden:
		return citytest.No
	case a.status == http.StatusNotFound:
		return citytest.None
	case a.status == http.StatusConflict, a.status == http.StatusUnprocessableEntity:
		return citytest.Refused
	}
	return citytest.Class(a.String())
}
