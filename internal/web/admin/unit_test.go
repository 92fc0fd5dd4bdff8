package admin

import (
	"testing"

	"timebank/internal/policy"
)

// A unit without words would leave a bare number on the pages of rules.
func TestEveryUnitHasItsWords(t *testing.T) {
	used := map[string]bool{}
	for _, p := range policy.Params() {
		used[p.Unit] = true
		if p.Unit != "" && p.Unit != "minutes" && unitNames[p.Unit] == "" {
			t.Errorf("%s is measured in %s, which has no words", p.Key, p.Unit)
		}
	}
	for unit := range unitNames {
		if !used[unit] {
			t.Errorf("nothing is measured in %s", unit)
		}
	}
}
