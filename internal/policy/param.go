package policy

import (
	"fmt"
	"slices"
)

// Param is one parameter of the registry: what a city may set, who owns it, and how it may be narrowed.
type Param struct {
	Key      string
	Book     Book
	Owner    Level     // sets it freely, as does every level above; those below only narrow it
	Narrow   Narrow    // how a level below the owner may move it
	Ref      Reference // whose version counts for one case
	Unit     string    // "" when the value has none
	Origin   Origin
	Place    string // the city or the law behind Origin
	Variants Text   // what other cities publish; empty when nothing is known
	ZH, EN   string // one sentence each
	cell     cell
}

// Default returns the default as people read it; ok is false when none may exist and the city must set the value before go-live.
func (p Param) Default() (text string, ok bool) {
	var v Values
	if !p.cell.start(&v) {
		return "", false
	}
	return p.cell.show(&v), true
}

// Text is what the registry says to people, in both languages.
type Text struct{ ZH, EN string }

// Shape says what a file may write as the value.
func (p Param) Shape() Text { return p.cell.shape() }

// Params returns the registry, in the order of the rule books.
func Params() []Param { return slices.Clone(registry) }

// ParamOf returns the parameter with the key.
func ParamOf(key string) (Param, bool) {
	i, ok := byKey[key]
	if !ok {
		return Param{}, false
	}
	return registry[i], true
}

var registry = slices.Concat(operationBook, pointsBook, itemsBook, ordersBook, volunteersBook, timeBook, trainingBook, honoursBook, securityBook)

var byKey = func() map[string]int {
	m := make(map[string]int, len(registry))
	for i, p := range registry {
		if _, twice := m[p.Key]; twice {
			panic(fmt.Sprintf("policy: %s is in two rule books", p.Key))
		}
		m[p.Key] = i
	}
	return m
}()
