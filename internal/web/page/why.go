package page

import (
	"timebank/internal/policy"
	"timebank/internal/why"
)

// CountWhy answers why so many minutes were counted for a visit: the step, how what lies between is rounded, and whether the way counts.
func CountWhy(rules policy.Rules) why.Why {
	return rules.Why("time.step_minutes", of(rules, "time.rounding"), of(rules, "time.exclude_travel"), of(rules, "time.max_per_order"))
}

// WaitWhy answers why hours wait before they arrive: so long can what was done be taken back, and a visit be found wrong.
func WaitWhy(rules policy.Rules) why.Why {
	return rules.Why("credit.delay", of(rules, "undo.window"))
}

func of(rules policy.Rules, key string) why.Value {
	return why.Value{Name: key, Value: rules.Text(key)}
}
