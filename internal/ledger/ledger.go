// Package ledger owns the book of hours: accounts, holds, transactions of transfers, and what is pending.
//
// Every change of a balance is a transfer from one account to another, in whole minutes above zero, so that the book always sums to
// zero. Transactions are never edited: a reversal is a new transaction that names the original, once. Balances are stored, and equal
// the fold of the transfers at all times; [Verify] recomputes all of it. Each transaction carries a leaf digest, whose bytes are
// written in docs/ledger-format.md, for the notary's log.
//
// It must never create hours except by the reasons [ForIssue] and [ForAdjustment], let an account fall below its floor, know what an order or a
// person is, or read a policy: caps, limits and dates come in as plain values.
package ledger

import (
	"time"

	"timebank/internal/clock"
	"timebank/internal/hours"
	"timebank/internal/id"
)

// City is the owner of the accounts that belong to everybody.
const City = "city"

// The city's own accounts, which are opened when they are first used.
var (
	IssuerAccount     = Key{Owner: City, Class: Issuer}     // where hours come from; the only one that may be negative without being a debt
	PoolAccount       = Key{Owner: City, Class: Pool}       // the public pool
	FundAccount       = Key{Owner: City, Class: Fund}       // the guarantee fund
	RetiredAccount    = Key{Owner: City, Class: Retired}    // hours that no one will spend any more
	AdjustmentAccount = Key{Owner: City, Class: Adjustment} // where weights and roundings show
)

// Tx is one transaction of the book; only its identifier's type is used.
type Tx struct{}

// TxID names a transaction.
type TxID = id.ID[Tx]

// PendingID names a posting that waits.
type PendingID = id.ID[Pending]

// AccountID is an account's row number in this database. It is never shown and never hashed.
type AccountID int64

// Key names an account: whose it is, of which class, and in which bucket ("2020-10" of a monthly grant, else "").
type Key struct {
	Owner  string
	Class  Class
	Bucket string
}

// Balance is what stands in an account.
type Balance struct {
	Balance hours.Minutes
	Held    hours.Minutes // the open holds, those of disputes included
	Frozen  bool          // nothing can be taken from the account
	Expires clock.Day     // the first day on which nothing can be taken any more, "" for never
}

// Available returns what can be held or taken on the given day.
func (b Balance) Available(on clock.Day) hours.Minutes {
	if b.Frozen || b.Expires != "" && on >= b.Expires {
		return hours.Zero
	}
	return b.Balance.Sub(b.Held)
}

// Meta is what a transaction says about itself besides its transfers.
type Meta struct {
	Ref           string    // id of what the hours are for: the order's in most cases, "" when there is none
	Service       string    // code of the service, "" when no service was done
	Grade         string    // evidence grade, "" when no service was done
	Region        string    // region of the payer's side as of the day
	RegionTo      string    // region of the earner's side as of the day
	PolicyVersion string    // version of the rules that decided
	OccurredAt    time.Time // when it happened; zero means now
	Actor         string    // id of the actor who caused it; required
	Note          string    // the reason in a person's words, "" for what the system does; never names anyone
}

// Need asks for minutes of service to be set aside for a reference.
type Need struct {
	Ref     string // id of what they are for; it must have no open hold
	Reason  string // why they are held, a word for the passbook: "order"
	Minutes hours.Minutes
	Sources []Key     // tried in this order
	Ratio   int64     // minutes of service that a thousand saved minutes buy; zero means a thousand
	Expires time.Time // when the hold falls by itself; zero means never
}

// HoldLine is one account's part of a hold.
type HoldLine struct {
	Account AccountID
	Key     Key
	Minutes hours.Minutes
}

// HoldResult is what became of a Need: its lines in the order of its sources, or why it was refused.
type HoldResult struct {
	Lines []HoldLine
	Err   error
}

// Settlement pays from the open holds of Meta.Ref, in the order in which they were made, and releases what is left of them.
type Settlement struct {
	Meta
	Reason  Reason // of the payments: ForService, ForFundClaim, ForTransfer, …
	Credits []Credit
}

// Credit is one payment of a settlement. Where Debit and Credit differ (weights, rounding), the difference goes through
// [AdjustmentAccount].
type Credit struct {
	To       Key
	Debit    hours.Minutes // taken from the holds
	Credit   hours.Minutes // given to To
	Cap      hours.Minutes // the most that To may hold; zero means no cap
	Overflow Key           // where goes what is above the cap; the zero Key means [PoolAccount]
	RegionTo string        // region of this earner as of the day; "" is the settlement's
}

// Transfer moves minutes from one account to another.
type Transfer struct {
	From, To Key
	Minutes  hours.Minutes
}

// Posting is a transaction of transfers that all have one reason.
type Posting struct {
	Meta
	Reason    Reason
	Transfers []Transfer
}

// Posted is what became of a settlement, posting or reversal.
type Posted struct {
	Tx       TxID          // "" when refused, or when there was nothing to move
	Repaid   hours.Minutes // of the credits, what went to the earners' debts
	Overflow hours.Minutes // of the credits, what was above the caps
	Debt     hours.Minutes // of a reversal, what had been spent already and became a debt
	Err      error
}

// Pending is a posting that holds its minutes at once and posts when it is due.
type Pending struct {
	ID PendingID // set by Schedule
	Meta
	Reason   Reason
	From, To Key
	Minutes  hours.Minutes
	Cap      hours.Minutes // see Credit
	Overflow Key
	Due      time.Time
}

// Scheduled is what became of a Pending.
type Scheduled struct {
	ID  PendingID
	Err error
}

// Reversal asks for a transaction to be taken back.
type Reversal struct {
	Tx    TxID
	Actor string
	Note  string // why, in a person's words; never names anyone
}

// Grantee is a person to whom the month's hours are granted.
type Grantee struct {
	Owner   string
	Minutes hours.Minutes
	Region  string // of record
}
