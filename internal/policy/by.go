package policy

import (
	"timebank/internal/errs"
	"timebank/internal/store"
)

// Act is what somebody does with rules.
type Act string

// The acts. Withdrawing one's own proposal needs no leave.
const (
	Proposing Act = "propose"
	Deciding  Act = "decide"
)

// By is who acts on rules. What rights there are is known to a package to the right of this one, which makes a By of its actor; the use-cases
// here ask it within their transaction.
type By struct {
	ID     string // actor
	Origin string // id of the request, for the trail
	// May says whether the actor may do so with the rules of a region, "" for the city's: nil, or Forbidden. Without it nobody may.
	May func(tx *store.Tx, act Act, region string) error
}

func (b By) may(tx *store.Tx, act Act, region string) error {
	if b.May == nil {
		return errs.New(errs.Forbidden, "identity.not_allowed").By("identity.rights", "law")
	}
	return b.May(tx, act, region)
}

// Founder is somebody who may do everything with rules: two of them sign a city's first ones.
func Founder(id string) By {
	return By{ID: id, Origin: "founding", May: func(*store.Tx, Act, string) error { return nil }}
}
