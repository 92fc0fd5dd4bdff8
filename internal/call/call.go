// Package call owns what was said on a station's telephone: who called, what about, the few words that whoever answered wrote down, and the order
// that the call asked for.
//
// Words about a person are sealed, opened by who takes calls in the person's place, and destroyed when evidence is. The package must never show
// words without an entry in the trail, keep them beyond their days, or place an order by itself: that is the order room's, in the same
// transaction.
package call

import (
	"time"

	"timebank/internal/id"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
)

// ID identifies a call.
type ID = id.ID[Call]

// Reason says what somebody called about.
type Reason string

// The reasons of a call (default, ours).
const (
	ForService  Reason = "service"  // asks for a visit
	ForChange   Reason = "change"   // another time, or no visit
	ForVisit    Reason = "visit"    // who comes, when; something about a visit
	ForTrouble  Reason = "trouble"  // something is wrong
	ForHours    Reason = "hours"    // the passbook, the hours
	ForNews     Reason = "news"     // how the person is: ill, away, back from hospital
	ForQuestion Reason = "question" // how something works
	ForOther    Reason = "other"
)

// Reasons lists the reasons in the order in which pages show them.
func Reasons() []Reason {
	return []Reason{ForService, ForChange, ForVisit, ForTrouble, ForHours, ForNews, ForQuestion, ForOther}
}

// LongestWords is the most characters of what is written down of a call.
const LongestWords = 500

// Call is a call as it was written down, without its words: see [Service.Words].
type Call struct {
	ID       ID
	Person   member.PersonID // whom it was about
	Order    order.ID        // the order that it asked for or was about, "" for none
	Region   region.ID       // of the order, else of the person
	Reason   Reason
	HasWords bool
	TakenBy  string // actor
	TakenAt  time.Time
	sealed   []byte
}
