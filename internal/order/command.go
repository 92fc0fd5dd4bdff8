package order

import (
	"time"

	"timebank/internal/catalog"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
)

// PlaceCmd asks for a service. The actor is the recipient, a relative whom the recipient made its delegate, or the staff of a station
// of the recipient's place.
type PlaceCmd struct {
	Actor     identity.Actor
	Key       string
	Recipient member.PersonID
	Item      string // code in the catalogue
	Start     time.Time
	Minutes   hours.Minutes // zero means the item's usual length
	Urgency   catalog.Urgency
	// OfferOwnHours lets a relative who places the order pay with hours of its own when the recipient's do not reach.
	OfferOwnHours bool
	// FamilyPresent promises that somebody of the family is there, which some items require.
	FamilyPresent bool
	// Again says that one more is meant where the same service is asked for already at that time.
	Again bool
	// Paper marks an order that was served already and is keyed in from a downtime sheet by the station.
	Paper bool
}

// Placed is what became of a PlaceCmd.
type Placed struct {
	ID    ID
	State State
	// WaitsFor says what comes next: a review, a source of hours, or a volunteer.
	WaitsFor WaitsFor
}

// ReviewCmd is the station's decision on a submitted order.
type ReviewCmd struct {
	Actor   identity.Actor
	Key     string
	Order   ID
	Approve bool
	Reason  string // required when not approved
	// Insurance is the number of the policy document, required for items that must be insured.
	Insurance string
	// Agreement is the number of the agreement that the recipient signed for this item, required once for items that need one.
	Agreement string
}

// ClaimCmd takes a place on a published order. The actor is the volunteer.
type ClaimCmd struct {
	Actor identity.Actor
	Key   string
	Order ID
	Team  member.TeamID // "" for an individual; a member of the team may serve in its name
}

// DispatchCmd offers a place to a volunteer by hand. The volunteer answers with AnswerCmd.
type DispatchCmd struct {
	Actor     identity.Actor
	Key       string
	Order     ID
	Volunteer member.PersonID
	Team      member.TeamID
	// Agreed says that the volunteer has said yes to the dispatcher already, by telephone.
	Agreed bool
}

// AnswerCmd is a dispatched volunteer's answer.
type AnswerCmd struct {
	Actor  identity.Actor
	Key    string
	Order  ID
	Accept bool
}

// Factor is one proof of presence as it was given.
type Factor struct {
	Method Method
	Value  string       // the code, for ByCode and ByQR; the slip's number for ByPaper
	Point  region.Point // the phone's place, for ByPlace
}

// CheckCmd checks a volunteer in or out. The actor is the volunteer, or the station's staff as a witness.
type CheckCmd struct {
	Actor     identity.Actor
	Key       string
	Order     ID
	Volunteer member.PersonID // "" means the actor
	Factors   []Factor
	// OccurredAt is when it happened, for a check-in that is sent later; zero means now. A volunteer's phone may keep one for the time of
	// checkin.late_within.
	OccurredAt time.Time
	// Outcomes are the codes of the item's outcomes that the volunteer ticks at a check-out; who confirms may tick others.
	Outcomes []string
	// Travel is the way there and back as the volunteer states it when checking out, for a city that counts it; zero means none.
	Travel hours.Minutes
}

// ConfirmCmd says that the service was done. The actor is the recipient, its delegate, or staff who neither placed nor served it.
type ConfirmCmd struct {
	Actor    identity.Actor
	Key      string
	Order    ID
	Outcomes []string // codes of the item's outcomes that were reached
	// CallBack says that the staff asked the recipient by telephone.
	CallBack bool
}

// OrderCmd is a command about one order that needs no more than a reason.
type OrderCmd struct {
	Actor  identity.Actor
	Key    string
	Order  ID
	Reason string
}

// NoShowCmd reports that a volunteer did not come. The actor is the recipient's side or the station.
type NoShowCmd struct {
	Actor     identity.Actor
	Key       string
	Order     ID
	Volunteer member.PersonID
}

// FundCmd claims on the guarantee fund for a service that a provider did because no volunteer could. It records who did it, how long, and
// the document's number, never an amount of money.
type FundCmd struct {
	Actor    identity.Actor
	Key      string
	Order    ID
	Provider string
	Document string
	Minutes  hours.Minutes
}

// DecideCmd ends a dispute.
type DecideCmd struct {
	Actor  identity.Actor
	Key    string
	Order  ID
	Uphold bool // true: the service stands and its hours are released; false: nothing is paid, or what was paid is reversed
	Reason string
}

// Changed is what became of a command on one order.
type Changed struct {
	ID       ID
	State    State
	WaitsFor WaitsFor
}
