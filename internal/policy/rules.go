package policy

import (
	"maps"
	"slices"
	"sync"

	"timebank/internal/id"
	"timebank/internal/why"
)

// Version is one publication of rules: a snapshot of the city, or the override of one region.
type Version struct{}

// VersionID names a publication and with it the state of every rule everywhere as of that publication.
type VersionID = id.ID[Version]

// Rules are the parameters in force at one moment for one region. They are a value and never change; pass them down, do not store them:
// what is stored is Version.
type Rules struct {
	Values
	Version VersionID
	facts   *facts
}

// facts is what is known of resolved values besides themselves; shared by all copies and never written after resolving.
type facts struct {
	has   map[string]bool
	setBy map[string]Level
	inert []string
}

// IsSet reports whether the parameter has a value; only those that no default may exist for can be without.
func (r Rules) IsSet(key string) bool { return r.facts != nil && r.facts.has[key] }

// SetBy returns the lowest level whose publication gave the parameter its value.
func (r Rules) SetBy(key string) Level {
	if r.facts != nil {
		if l, ok := r.facts.setBy[key]; ok {
			return l
		}
	}
	return City
}

// Inert returns the keys of overrides that are published and yet do not apply, because a later publication above them left no value that
// agrees with the other rules. Such a parameter has the value of the level above.
func (r Rules) Inert() []string {
	if r.facts == nil {
		return nil
	}
	return slices.Clone(r.facts.inert)
}

// mustSet are the keys of the parameters that no default may exist for.
var mustSet = sync.OnceValue(func() []string {
	var keys []string
	for _, p := range registry {
		if _, ok := p.Default(); !ok {
			keys = append(keys, p.Key)
		}
	}
	return keys
})

// Unset returns the keys of the parameters that the city has to set and has not: until it does, nobody can be served.
func (r Rules) Unset() []string {
	var keys []string
	for _, key := range mustSet() {
		if !r.IsSet(key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// Text returns the value of a parameter as people read it, and "" for an unknown or unset one.
func (r Rules) Text(key string) string {
	p, ok := ParamOf(key)
	if !ok || !r.IsSet(key) {
		return ""
	}
	return p.cell.show(&r.Values)
}

// Why explains a decision by a parameter: its key, this version, the parameter's value under its key followed by the given values, and
// the level that can change it. The key may also be the name of a rule that is no parameter; its owner is then the city.
func (r Rules) Why(key string, values ...why.Value) why.Why {
	w := why.Rule(key, string(r.Version), string(r.SetBy(key)))
	if r.IsSet(key) {
		w = w.With(key, r.Text(key))
	}
	for _, v := range values {
		w = w.With(v.Name, v.Value)
	}
	return w
}

// KeyElder reports whether a person with the attributes is a key elder by key_elder.rule. An error means that the rule fails for these
// attributes, which its check at publishing should have found.
func (r Rules) KeyElder(a Attributes) (bool, error) { return r.KeyElderRule.Holds(a) }

// Of returns the rules of a draft as if it were in force for the whole city, for previews, simulations and tests of pure rules.
func Of(d Draft, version VersionID) Rules {
	return Rules{Values: d.values, Version: version, facts: &facts{has: maps.Clone(d.has), setBy: map[string]Level{}}}
}

// narrowed returns the rules as an override of the level leaves them. It never loosens: below its owner a parameter is the stricter of
// both values, so an override stays harmless when the level above becomes stricter later. A value that would contradict another rule
// is not applied and is named in Inert.
func narrowed(base Rules, level Level, over Draft) Rules {
	out := base
	out.facts = &facts{has: maps.Clone(base.facts.has), setBy: maps.Clone(base.facts.setBy), inert: slices.Clone(base.facts.inert)}
	for _, p := range registry {
		if !over.has[p.Key] {
			continue
		}
		before := out.Values
		changed := false
		if depth(level) <= depth(p.Owner) {
			changed = p.cell.text(&before) != p.cell.text(&over.values)
			p.cell.copy(&over.values, &out.Values)
		} else {
			changed = p.cell.tighten(p.Narrow, &before, &over.values, &out.Values)
		}
		if !changed {
			continue
		}
		if len(cross(&out.Values)) > 0 {
			out.Values = before
			out.facts.inert = append(out.facts.inert, p.Key)
			continue
		}
		out.facts.has[p.Key] = true
		out.facts.setBy[p.Key] = level
	}
	return out
}

// checkOverride returns everything wrong with an override of the level on top of the rules of the level above.
func checkOverride(base Rules, level Level, over Draft) []Problem {
	var out []Problem
	after := base.Values
	for _, p := range registry {
		if !over.has[p.Key] {
			continue
		}
		p.cell.copy(&over.values, &after)
		if depth(level) <= depth(p.Owner) {
			continue
		}
		switch {
		case p.Narrow == Never:
			out = append(out, Problem{Key: p.Key, Code: "policy.not_narrowable", Params: []any{"owner", string(p.Owner)}})
		case !p.cell.stricter(p.Narrow, &base.Values, &over.values):
			out = append(out, Problem{Key: p.Key, Code: "policy.loosens",
				Params: []any{"got", p.cell.show(&over.values), "above", p.cell.show(&base.Values), "may", string(p.Narrow)}})
		}
	}
	return append(out, cross(&after)...)
}
