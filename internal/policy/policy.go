// Package policy owns the rules of the bank: the one registry of every parameter that a city may set, the typed values that
// decisions read, the published versions of them, and the overrides by which a lower level makes a rule stricter for its area.
//
// A version is a publication: either a whole snapshot for the city or the override of one region. It takes effect now or later,
// never earlier, and is kept for ever. Naming a version therefore names the state of every parameter everywhere as of that
// publication, and a decision that stores a version id can be explained and repeated.
//
// The package never decides who may change a rule: its use-cases take the acting person's id as text and the caller, which knows
// roles, checks the right first (the city's rule officers for a snapshot, those of the region's level for an override). What it does
// enforce is that the proposer and the approver are two people. It never edits a published version; the database refuses it too.
package policy

import (
	"iter"
	"slices"

	"timebank/internal/region"
)

// Level is an administrative level of the bank.
type Level = region.Level

// The four levels, from the top down.
const (
	City      = region.City
	District  = region.District
	Street    = region.Street
	Community = region.Community
)

// depth is 0 for the city and grows downwards; -1 when the level is unknown.
func depth(l Level) int { return slices.Index(region.Levels(), l) }

// Book is one of the nine rule books in which a city publishes its parameters.
type Book string

// The nine rule books.
const (
	BookOperation  Book = "operation"
	BookPoints     Book = "points"
	BookItems      Book = "items"
	BookOrders     Book = "orders"
	BookVolunteers Book = "volunteers"
	BookTime       Book = "time"
	BookTraining   Book = "training"
	BookHonours    Book = "honours"
	BookSecurity   Book = "security"
)

// Books lists the nine rule books in the order of publication.
func Books() []Book {
	return []Book{BookOperation, BookPoints, BookItems, BookOrders, BookVolunteers, BookTime, BookTraining, BookHonours, BookSecurity}
}

// Title returns the Chinese and the English name of the book.
func (b Book) Title() (zh, en string) {
	switch b {
	case BookOperation:
		return "建设与运营", "Construction and operation"
	case BookPoints:
		return "服务点", "Service points"
	case BookItems:
		return "服务项目", "Service items"
	case BookOrders:
		return "订单与服务流程", "Orders and service process"
	case BookVolunteers:
		return "志愿者", "Volunteers"
	case BookTime:
		return "时间", "Time"
	case BookTraining:
		return "培训", "Training"
	case BookHonours:
		return "考核与激励", "Assessment and honours"
	case BookSecurity:
		return "信息与安全", "Information and security"
	}
	return string(b), string(b)
}

// Narrow says in which direction a level below the owner may move a parameter. Every direction is towards stricter.
type Narrow string

// The four ways of narrowing. On a choice, Higher means a later entry in its list of choices.
const (
	Never  Narrow = "none"
	Lower  Narrow = "lower"
	Higher Narrow = "higher"
	Subset Narrow = "subset"
)

// Reference is the moment whose version of a parameter counts for one case.
type Reference string

// The moments: the order was submitted, the service took place, the hours were credited, hours were redeemed (or otherwise moved by
// their owner). AtOnce is for parameters that concern no single case: the version in force now counts.
const (
	AtOrder      Reference = "order"
	AtService    Reference = "service"
	AtCredit     Reference = "credit"
	AtRedemption Reference = "redemption"
	AtOnce       Reference = "now"
)

// Origin says who made a default: a city published it, a law or national rule says so, or nobody did and it is ours.
type Origin string

// The three origins of a default.
const (
	Published Origin = "published"
	Ours      Origin = "default"
	Law       Origin = "law"
)

// Rounding says what happens to minutes that do not fill a step.
type Rounding string

// The ways of rounding, strictest last.
const (
	RoundUp      Rounding = "up"
	RoundNearest Rounding = "nearest"
	RoundDown    Rounding = "down"
)

// Over says what happens to a fact that breaks a limit: it is kept and flagged for the station, or it is refused.
type Over string

// The two answers, strictest last.
const (
	Flag   Over = "flag"
	Refuse Over = "refuse"
)

// Review says which orders the station reviews before they are published.
type Review string

// The choices, strictest last.
const (
	ReviewNever  Review = "never"
	ReviewFirst  Review = "first"
	ReviewAlways Review = "always"
)

// Funding is a source of the minutes that pay for an order.
type Funding string

// The sources of funding.
const (
	FundGrant Funding = "grant" // this month's grant to a key elder
	FundSaved Funding = "saved" // the recipient's own saved hours
	FundGift  Funding = "gift"  // hours given by kin
	FundPool  Funding = "pool"  // the donated public pool
	FundFund  Funding = "fund"  // the guarantee fund
)

// Factor is one independent proof that a visit took place.
type Factor string

// The factors. Face recognition is none: by law it may never be the only way, and no check-in takes it.
const (
	FactorCode     Factor = "code"      // a code that the recipient speaks or keys
	FactorQR       Factor = "qr"        // the door card or screen code
	FactorPlace    Factor = "place"     // the phone is at the place
	FactorCallBack Factor = "call_back" // the station rings the recipient
)

// Party is somebody whose act can stand for the recipient's confirmation.
type Party string

// The parties of a confirmation.
const (
	PartyRecipient Party = "recipient"
	PartyFamily    Party = "family"
	PartyStation   Party = "station"
	PartyCallBack  Party = "call_back"
)

// Relation is how a beneficiary is related to the saver of hours.
type Relation string

// The relations that a city may allow.
const (
	RelSelf   Relation = "self"
	RelSpouse Relation = "spouse"
	RelLineal Relation = "lineal"
	RelFriend Relation = "friend"
)

// Fallback is who serves when no volunteer can.
type Fallback string

// The fallbacks: the guarantee fund buys the service, or the recipient is told of the paid market.
const (
	FallbackFund   Fallback = "fund"
	FallbackMarket Fallback = "market"
)

// Surplus is a use of the minutes above the account's cap, between which the saver chooses.
type Surplus string

// The uses of a surplus.
const (
	SurplusDonate Surplus = "donate"
	SurplusHonour Surplus = "honour"
)

// GroupUse is what may be done with a group's hours.
type GroupUse string

// The uses of a group's hours, strictest last.
const (
	GroupRedeem GroupUse = "redeem"
	GroupDonate GroupUse = "donate_only"
)

// Need ranks who is served first from donated hours.
type Need string

// The needs that a city may rank.
const (
	NeedKeyElder Need = "key_elder"
	NeedElder    Need = "elder"
	NeedAnyone   Need = "anyone"
)

// Estate is a step in passing on the hours of somebody who died.
type Estate string

// The steps of an estate.
const (
	EstateHeir   Estate = "heir"   // the heir named in life
	EstateFamily Estate = "family" // the family is asked
	EstatePool   Estate = "pool"   // the public pool
)

// Leaving is what happens to the account of somebody who leaves the city.
type Leaving string

// The choices on leaving, strictest last.
const (
	LeaveKeep   Leaving = "keep"
	LeaveFreeze Leaving = "freeze"
)

// List is an immutable ordered list without duplicates. The zero value is empty.
type List[T ~string] struct{ items []T }

// ListOf returns a list of the items in the given order; a repeated item is kept once.
func ListOf[T ~string](items ...T) List[T] {
	var l List[T]
	for _, it := range items {
		if !l.Has(it) {
			l.items = append(l.items, it)
		}
	}
	return l
}

// Has reports whether the item is in the list.
func (l List[T]) Has(item T) bool { return slices.Contains(l.items, item) }

// Len returns the number of items.
func (l List[T]) Len() int { return len(l.items) }

// All yields the items in order.
func (l List[T]) All() iter.Seq[T] { return slices.Values(l.items) }

// Slice returns a copy of the items in order.
func (l List[T]) Slice() []T { return slices.Clone(l.items) }
