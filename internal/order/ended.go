package order

import (
	"timebank/internal/audit"
	"timebank/internal/identity"
	"timebank/internal/member"
)

// EndedBy says who cancelled an order.
type EndedBy string

// Who can cancel.
const (
	ByPerson  EndedBy = "recipient"
	ByKinsman EndedBy = "kin"
	ByStaff   EndedBy = "station"
	ByRule    EndedBy = "rule" // nobody did: the rules end what nobody can serve or pay any more
)

// Reason is why an order ended where nobody said so in words.
type Reason string

// The reasons that are the rules' own.
const (
	ReasonLapsed    Reason = "order.hold_lapsed" // nobody began to serve it in time
	ReasonMarket    Reason = "order.to_market"   // nobody was found, and the city has a paid market for that
	ReasonEnded     Reason = "member.ended"      // whom it was for died or left
	ReasonTakenBack Reason = "order.taken_back"  // the office reversed its payment
)

// endedBy says who cancelled an order by what its history says. An act names an account and not in which part it acted; whoever is a relative counts as
// one.
func (w *work) endedBy(o *Order, history []audit.Recorded) (EndedBy, error) {
	if o.State != Cancelled {
		return "", nil
	}
	by := identity.ActorID(lastIn(history, Cancelled).Actor)
	if string(by) == system.ID {
		return ByRule, nil
	}
	actors, err := identity.Load(w.tx, []identity.ActorID{by}, "")
	if err != nil {
		return "", err
	}
	who := member.PersonID(actors[by].Person)
	if who == o.Recipient {
		return ByPerson, nil
	}
	kin, err := member.KinOf(w.tx, o.Recipient)
	for _, k := range kin {
		if who != "" && k.Relative == who {
			return ByKinsman, err
		}
	}
	return ByStaff, err
}
