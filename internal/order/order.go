// Package order owns the service order from the request to the hours: who asked for what, who comes, what proves that they were
// there, who confirmed it, and when its minutes are paid.
//
// An order is decided by pure functions (rules.go) on a small unit of work (work.go) that loads and saves many orders at once; the
// use-cases (service.go and its neighbours) only say which. The package never moves minutes itself: it tells the ledger what to
// hold, to pay and to release, and it never credits what only one side says.
package order

import (
	"slices"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/hours"
	"timebank/internal/id"
	"timebank/internal/member"
	"timebank/internal/region"
)

// ID identifies an order.
type ID = id.ID[Order]

// AssignmentID identifies one volunteer's place on an order.
type AssignmentID = id.ID[Assignment]

// State is where an order stands. The way is Submitted → Published → Accepted → InService → Awaiting → Confirmed → Settled → Closed;
// the others lie aside of it.
type State string

// The states of an order.
const (
	Submitted State = "submitted"  // asked for; waits for review or for a source of hours
	Published State = "published"  // to be taken; WaitsFor says by whom
	Accepted  State = "accepted"   // every place is taken
	InService State = "in_service" // somebody has checked in
	Awaiting  State = "awaiting"   // everybody has checked out; waits for confirmation
	Confirmed State = "confirmed"  // waits for its hours to fall due
	Settled   State = "settled"    // paid
	Closed    State = "closed"     // paid, and the time for a complaint is over
	Cancelled State = "cancelled"
	Disputed  State = "disputed" // its minutes are frozen until somebody decides
	Void      State = "void"     // decided against, or its payment taken back by the office: nothing is paid
	AtFund    State = "fund"     // no volunteer could be found; the guarantee fund buys the service
)

// Open reports whether somebody still has to act on an order in this state.
func (s State) Open() bool {
	switch s {
	case Settled, Closed, Cancelled, Void:
		return false
	}
	return true
}

// States lists every state.
func States() []State {
	return []State{Submitted, Published, Accepted, InService, Awaiting, Confirmed, Settled, Closed, Cancelled, Disputed, Void, AtFund}
}

// Known reports whether it is a state at all.
func (s State) Known() bool { return slices.Contains(States(), s) }

// phase is what the database indexes instead of the state, because it changes only when an order is paid, ends or is disputed: 1 while
// somebody has to act, 2 while it is paid and can still be disputed, 0 when it is over.
func (s State) phase() int64 {
	switch {
	case s.Open():
		return 1
	case s == Settled:
		return 2
	}
	return 0
}

// WaitsFor names who or what an order waits for: the key of the morning board.
type WaitsFor string

// What an order can wait for.
const (
	ForNothing      WaitsFor = ""
	ForFunding      WaitsFor = "funding"
	ForReview       WaitsFor = "review"
	ForVolunteer    WaitsFor = "volunteer"
	ForService      WaitsFor = "service"
	ForConfirmation WaitsFor = "confirmation"
	ForFollowUp     WaitsFor = "follow_up" // one-sided evidence: the station asks before anything is credited
	ForCredit       WaitsFor = "credit"
	ForDecision     WaitsFor = "decision"
	ForProvider     WaitsFor = "provider"
)

// Level is who has to see that an order gets an answer.
type Level string

// The levels an unfilled order climbs, and the fund behind them.
const (
	Community Level = "community"
	Street    Level = "street"
	District  Level = "district"
	City      Level = "city"
	Fund      Level = "fund"
)

// Levels lists the levels in the order of climbing.
func Levels() []Level { return []Level{Community, Street, District, City, Fund} }

// next is the level above; the fund has none above it.
func (l Level) next() Level {
	all := Levels()
	for i, one := range all[:len(all)-1] {
		if one == l {
			return all[i+1]
		}
	}
	return Fund
}

// PlacedAs says in which role an order was placed.
type PlacedAs string

// The three ways of placing an order.
const (
	BySelf    PlacedAs = "self"
	ByKin     PlacedAs = "kin"
	ByStation PlacedAs = "station"
)

// ConfirmedBy says who confirmed a service.
type ConfirmedBy string

// Who can confirm.
const (
	NotConfirmed ConfirmedBy = ""
	ByRecipient  ConfirmedBy = "recipient"
	ByFamily     ConfirmedBy = "kin"
	ByDesk       ConfirmedBy = "station"
	ByTimeOut    ConfirmedBy = "time_out"
	ByFund       ConfirmedBy = "fund"
)

// Order is a request for service and what became of it.
type Order struct {
	ID            ID
	State         State
	Since         time.Time // when it came to this state
	Item          string    // code in the catalogue
	ItemVersion   int       // the version it was placed under, kept for ever
	Recipient     member.PersonID
	PlacedBy      string // actor id
	PlacedAs      PlacedAs
	Payer         member.PersonID // whose saved hours may pay: the recipient, or kin who offered theirs
	Region        region.ID       // the community of service, as of the day of placing
	Class         catalog.Class
	Urgency       catalog.Urgency
	Start         time.Time
	Minutes       hours.Minutes // planned length for each volunteer
	Volunteers    int           // places
	Point         region.Point  // where; shown in steps
	CheckCode     string        // six digits that the recipient tells the volunteer
	Funding       string        // sources that hold its minutes, in order: "grant saved"
	PolicyVersion string
	SubmittedAt   time.Time
	Level         Level
	LevelSince    time.Time
	WaitsFor      WaitsFor
	ConfirmedBy   ConfirmedBy
	ConfirmedAt   time.Time // zero until confirmed
	SettledAt     time.Time // zero until settled
	SettledBy     string    // id of the ledger transaction
	Outcome       string    // ticked outcomes, separated by spaces
	Reason        string    // why it was cancelled, disputed, decided so or set aside; a code, as a [Reason] is one, or words of who said so
	DisputedBy    string    // actor id of who disputed it last
	Assignments   []*Assignment
	changed       bool
	isNew         bool
	moved         bool // it begins at another time than stands in the database
	rehoused      bool // it is served elsewhere than stands in the database
	storedFacts   facts
	storedEnding  ending
}

// AssignmentState is where one volunteer's place on an order stands.
type AssignmentState string

// The states of an assignment.
const (
	Offered     AssignmentState = "offered" // dispatched by hand, not yet answered
	Taken       AssignmentState = "accepted"
	CheckedIn   AssignmentState = "checked_in"
	CheckedOut  AssignmentState = "checked_out"
	Paid        AssignmentState = "settled"
	Withdrawn   AssignmentState = "withdrawn"
	CalledOff   AssignmentState = "called_off" // the order ended, or the fund bought it, and the volunteer need not come
	NoShow      AssignmentState = "no_show"
	VoidService AssignmentState = "void"
)

// assignmentStates are the states in the order in which a visit goes through them.
var assignmentStates = []AssignmentState{Offered, Taken, CheckedIn, CheckedOut, Paid, Withdrawn, CalledOff, NoShow, VoidService}

// live reports whether the assignment still fills a place.
func (s AssignmentState) live() bool {
	switch s {
	case Offered, Taken, CheckedIn, CheckedOut, Paid:
		return true
	}
	return false
}

// findsTheDoor reports whether the volunteer has to know where exactly the visit is: from its yes until it has checked out. Whoever is only asked, and
// whoever has been there, knows the neighbourhood (product: "addresses shown in steps").
func (s AssignmentState) findsTheDoor() bool { return s == Taken || s == CheckedIn }

// served reports whether the volunteer has been there and gone again.
func (s AssignmentState) served() bool { return s == CheckedOut || s == Paid }

// Grade says how well a minute is proven (domain: "evidence grade").
type Grade string

// The grades, best first.
const (
	BothSides Grade = "both"    // volunteer and recipient side confirmed on site
	Witnessed Grade = "station" // the station saw, or called back
	OneSide   Grade = "one"     // one side alone
	OnPaper   Grade = "paper"   // keyed in later from a slip
)

// Assignment is one volunteer's place on an order.
type Assignment struct {
	ID        AssignmentID
	Order     ID
	Volunteer member.PersonID
	Team      string // id of the team whose hours these are, "" for an individual
	How       string // claimed, dispatched or paper
	State     AssignmentState
	Recipient member.PersonID
	Region    region.ID // of the volunteer, as of the day: the earning side of the clearing matrix
	Start     time.Time
	End       time.Time
	AnswerBy  time.Time // while it is offered: until when the volunteer can answer
	In        time.Time // when the service began, zero before
	Out       time.Time
	Minutes   hours.Minutes // counted for the payer
	Credit    hours.Minutes // counted for the volunteer, after weights
	Grade     Grade
	Flags     string // rules that were exceeded but only flagged, separated by spaces
	proof     proof  // sides that proved the check-in and check-out
	changed   bool
	moved     bool // its span is no longer the planned one
	isNew     bool
}

// Method is a way to prove presence.
type Method string

// The methods. Face recognition is not among them: where another exists the law forbids it as the only one, and nothing needs it.
const (
	ByCode     Method = "code"      // the recipient tells the order's six digits
	ByQR       Method = "qr"        // the recipient's card or screen is scanned
	ByPlace    Method = "place"     // the volunteer's phone is near enough
	ByCallBack Method = "call_back" // the station calls the recipient
	ByPaper    Method = "paper"     // a signed slip, keyed in by the station afterwards
)

// Moment is when evidence was taken.
type Moment string

// The moments.
const (
	AtCheckIn  Moment = "check_in"
	AtCheckOut Moment = "check_out"
	AtConfirm  Moment = "confirm"
)

// Evidence is one proof: append-only, kept for the time that policy says.
type Evidence struct {
	Order      ID
	Assignment AssignmentID // "" for a confirmation of the whole order
	Moment     Moment
	Methods    []Method
	Actor      string
	OccurredAt time.Time
	RecordedAt time.Time
	Distance   int64 // metres from the place of service, -1 when nobody measured
}
