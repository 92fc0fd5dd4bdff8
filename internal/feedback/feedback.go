// Package feedback owns what people say about a service once it was done, and what becomes of it: ratings of both sides, the station's
// follow-up visits, and complaints with a clock at every level.
//
// A complaint freezes the minutes of its order in the same transaction, and the decision on it releases or reverses them; both are the
// order's own acts, which this package asks for. It must never move minutes or change an order by itself, let anybody decide in a case
// of their own, or keep a person's words in clear.
package feedback

import (
	"time"

	"timebank/internal/id"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
)

// The kinds of timers that the package sets.
const (
	TimerSample    = "feedback.sample"    // once a day: which of yesterday's visits the station asks about
	TimerComplaint = "feedback.complaint" // the level that had to decide has not
)

// Direction says which side a rating is about.
type Direction string

// The two directions. Each side rates each other side of an order once.
const (
	OfVolunteer Direction = "of_volunteer"
	OfRecipient Direction = "of_recipient"
)

// Tag is a word that a rating can be given besides its stars.
type Tag string

// The tags for volunteers, then those for recipients (default: nobody published a list).
const (
	TagPunctual     Tag = "punctual"
	TagKind         Tag = "kind"
	TagCareful      Tag = "careful"
	TagSkilled      Tag = "skilled"
	TagLate         Tag = "late"
	TagHasty        Tag = "hasty"
	TagImpolite     Tag = "impolite"
	TagFriendly     Tag = "friendly"
	TagClearRequest Tag = "clear_request"
	TagPrepared     Tag = "prepared"
	TagNotAtHome    Tag = "not_at_home"
	TagOtherRequest Tag = "other_request" // asked for something else than was ordered
	TagFeltUnsafe   Tag = "felt_unsafe"
)

// Tags lists the tags for a direction in the order in which pages show them.
func Tags(d Direction) []Tag {
	switch d {
	case OfVolunteer:
		return []Tag{TagPunctual, TagKind, TagCareful, TagSkilled, TagLate, TagHasty, TagImpolite}
	case OfRecipient:
		return []Tag{TagFriendly, TagClearRequest, TagPrepared, TagNotAtHome, TagOtherRequest, TagFeltUnsafe}
	}
	return nil
}

// Rating is what one side said about the other. It is never changed.
type Rating struct {
	Order     order.ID
	Rater     member.PersonID // who speaks: also when a delegate wrote it down
	Ratee     member.PersonID
	Direction Direction
	Region    region.ID
	Stars     int // 1 to 5
	Tags      []Tag
	HasWords  bool // there are words besides, which are sealed: see Service.OfOrder
	RatedBy   string
	RatedAt   time.Time
	sealed    []byte
}

// Cause says why the station asks about a visit.
type Cause string

// The causes, the most pressing first.
const (
	CauseOneSided    Cause = "one_sided"    // only the volunteer has shown that it took place; nothing is credited before
	CauseProxy       Cause = "proxy"        // somebody else placed the order
	CauseFirstVisits Cause = "first_visits" // one of the recipient's first
	CauseSample      Cause = "sample"
)

// Result is what a follow-up found.
type Result string

// The results of a follow-up.
const (
	ResultOK          Result = "ok"
	ResultProblem     Result = "problem" // opens a complaint
	ResultUnreachable Result = "unreachable"
)

// FollowUp is the station's question about a visit.
type FollowUp struct {
	Order     order.ID
	Recipient member.PersonID
	Region    region.ID
	Cause     Cause
	Done      bool
	OpenedAt  time.Time
	DueAt     time.Time // when it should have been asked
	Tries     int       // calls that nobody answered
	Result    Result    // "" before the first try
	Note      Category  // what the problem was, "" without one
	Complaint ComplaintID
	DoneBy    string
	DoneAt    time.Time // zero while it is open
	fresh     bool      // to be opened with what was found
	told      bool      // something was found in this transaction
}

// ComplaintID identifies a complaint.
type ComplaintID = id.ID[Complaint]

// Category says what a complaint is about.
type Category string

// The categories of complaints (default).
const (
	NotDone    Category = "not_done"  // 未服务
	CutShort   Category = "cut_short" // 时长不足
	WrongHours Category = "wrong_hours"
	Poor       Category = "poor" // 质量差
	Conduct    Category = "conduct"
	AskedMoney Category = "asked_money"
	Unsafe     Category = "unsafe"
	Privacy    Category = "privacy"
	OtherCause Category = "other"
)

// Categories lists the categories in the order in which pages show them.
func Categories() []Category {
	return []Category{NotDone, CutShort, WrongHours, Poor, Conduct, AskedMoney, Unsafe, Privacy, OtherCause}
}

// Decision is how a complaint ends.
type Decision string

// The two decisions.
const (
	Undecided Decision = ""
	Release   Decision = "release" // the service stands, its minutes are released
	Reverse   Decision = "reverse" // nothing is paid, or what was paid is reversed
)

// Complaint is a complaint about an order. The words that were said are sealed: see Service.Words.
type Complaint struct {
	ID          ComplaintID
	Order       order.ID
	Complainant member.PersonID
	FiledBy     string // actor: the complainant, a delegate, or staff
	FiledAt     time.Time
	Region      region.ID // community of the service
	Category    Category
	Open        bool
	Level       region.Level // who has to decide, or decided
	LevelSince  time.Time
	DueAt       time.Time // when the level's time is over; the city's clock runs out without anybody above it
	Decision    Decision
	Reason      string // code or words of the desk that name nobody
	DecidedBy   string
	DecidedAt   time.Time // zero while it is open for the first time
	AppealedAt  time.Time // zero without an appeal
	// FirstDecision and FirstBy are what the appeal is against, and whose decision it was.
	FirstDecision Decision
	FirstBy       string
	// RaisedBy and RaisedReason say who passed it up to its level by hand, and why; "" when the clock did, or nobody.
	RaisedBy     string
	RaisedReason string
	words        []byte
	appealWords  []byte
}
