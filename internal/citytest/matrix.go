package citytest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"timebank/internal/identity"
	"timebank/internal/member"
)

// Class is what an asker was answered.
type Class string

// The classes. Whoever is Refused was heard: a rule and no missing right stood against it.
const (
	Yes     Class = "yes"
	Refused Class = "refused"
	No      Class = "no"      // forbidden
	None    Class = "none"    // as if it did not exist
	SignIn  Class = "sign-in" // asked to sign in first
)

var classes = []Class{Yes, Refused, No, None, SignIn}

// Matrix is who was answered what at each route.
type Matrix struct {
	rows map[string]map[Class][]Asker
}

// Note keeps an answer.
func (m *Matrix) Note(route string, of Asker, class Class) {
	if m.rows == nil {
		m.rows = map[string]map[Class][]Asker{}
	}
	if m.rows[route] == nil {
		m.rows[route] = map[Class][]Asker{}
	}
	m.rows[route][class] = append(m.rows[route][class], of)
}

// Has reports whether somebody has asked at a route, and Answers whether somebody was answered so.
func (m *Matrix) Has(route string) bool { return m.rows[route] != nil }

// Answers reports whether somebody was answered so at a route.
func (m *Matrix) Answers(route string, class Class) bool { return len(m.rows[route][class]) > 0 }

// String prints who asks, and then a route after another, below each the classes with who was answered so, a role with the letters of its levels. The
// largest class besides Yes is everybody else.
func (m *Matrix) String() string {
	var b strings.Builder
	var all []Asker
	routes := slices.Sorted(maps.Keys(m.rows))
	for _, route := range routes {
		for _, class := range classes {
			for _, a := range m.rows[route][class] {
				if !slices.ContainsFunc(all, func(b Asker) bool { return a.Name == b.Name && a.Level == b.Level }) {
					all = append(all, a)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b Asker) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Index("cdsm", a.Level)-strings.Index("cdsm", b.Level))
	})
	fmt.Fprintf(&b, "who asks\n\t%s\n", names(all))
	for _, route := range routes {
		b.WriteString(route + "\n")
		var rest Class
		for _, class := range classes[1:] {
			if rest == "" || len(m.rows[route][class]) > len(m.rows[route][rest]) {
				rest = class
			}
		}
		for _, class := range classes {
			who := names(m.rows[route][class])
			if class == rest && len(m.rows[route][class]) > 2 {
				who = "everybody else"
			}
			if who != "" {
				fmt.Fprintf(&b, "\t%-8s %s\n", class, who)
			}
		}
	}
	return b.String()
}

// names lists askers, each name once with its levels.
func names(of []Asker) string {
	var names []string
	levels := map[string]string{}
	for _, a := range of {
		if !slices.Contains(names, a.Name) {
			names = append(names, a.Name)
		}
		levels[a.Name] += a.Level
	}
	for i, name := range names {
		if levels[name] != "" {
			names[i] = name + ":" + levels[name]
		}
	}
	return strings.Join(names, " ")
}

// TakenBack is the code of an act that a rehearsal has taken back.
const TakenBack = "store.constraint"

// Relative registers somebody who is kin of a person by the civil registry, and acts for it if it may.
func (c *City) Relative(of Person, acts bool) Person {
	c.t.Helper()
	p := c.Person(60, c.Home())
	added, err := c.Members.AddKin(c.t.Context(), []member.AddKinCmd{{Actor: identity.System, Key: c.Key(), Person: of.ID, Relative: p.ID, Relation: member.Spouse, Confirmed: true}})
	Must(c.t, added, err)
	if acts {
		c.acts(identity.System, of, p)
	}
	return p
}

// Golden holds a matrix against the text of its file and says what differs, a route that only one of them has included.
func (m *Matrix) Golden(t testing.TB, want string) {
	t.Helper()
	blocks := func(text string) map[string]string {
		all, route := map[string]string{}, ""
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "\t") {
				route = strings.TrimSpace(line)
			} else {
				all[route] += line
			}
		}
		return all
	}
	have, kept := blocks(m.String()), blocks(want)
	for _, route := range slices.Sorted(maps.Keys(have)) {
		if kept[route] == "" {
			t.Errorf("%s has no row in the matrix; look at what it answers and write it with -update:\n%s", route, have[route])
		} else if have[route] != kept[route] {
			t.Errorf("%s answers\n%sand by the matrix it should answer\n%sAfter a wanted change write it anew with -update.", route, have[route], kept[route])
		}
		delete(kept, route)
	}
	for route := range kept {
		t.Errorf("the matrix has a row for %s, where nobody asked", route)
	}
}
