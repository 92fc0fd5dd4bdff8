// Package why owns the one answer to "why?": which rule decided, in which version, with which values, and which level can change it.
// It must never know a business rule, decide anything itself, or hold text for a person: names are keys of the i18n catalogues.
package why

import (
	"slices"
	"strings"
)

// Value is one named figure that a decision looked at, already formatted without a float ("account.balance", "12h45m").
// It must not carry personal data in clear.
type Value struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Why explains one refusal, hold, offer or figure.
// Rule is a policy parameter key or a rule name, Version the id of the policy version that was in force (empty when the rule is not
// policy), Values what was compared, Owner the level that can change the rule ("city", "district", "law").
type Why struct {
	Rule    string  `json:"rule"`
	Version string  `json:"version,omitempty"`
	Values  []Value `json:"values,omitempty"`
	Owner   string  `json:"owner,omitempty"`
}

// Rule starts an explanation by the given rule as it stood in the given policy version, which the owner level can change.
func Rule(rule, version, owner string) Why {
	return Why{Rule: rule, Version: version, Owner: owner}
}

// With returns a copy of the explanation with one more value; the original keeps what it had.
func (w Why) With(name, value string) Why {
	w.Values = append(slices.Clip(w.Values), Value{Name: name, Value: value})
	return w
}

// String gives the explanation on one line for logs: "account.cap@v3 (city): balance=1490h cap=1500h".
func (w Why) String() string {
	var b strings.Builder
	b.WriteString(w.Rule)
	if w.Version != "" {
		b.WriteString("@" + w.Version)
	}
	if w.Owner != "" {
		b.WriteString(" (" + w.Owner + ")")
	}
	for i, v := range w.Values {
		if i == 0 {
			b.WriteByte(':')
		}
		b.WriteString(" " + v.Name + "=" + v.Value)
	}
	return b.String()
}
