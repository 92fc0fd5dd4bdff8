package ledger

import (
	"timebank/internal/clock"
	"timebank/internal/hours"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// Hold sets minutes aside, each need whole or not at all, each seeing the effect of those before it. Errors of a need: Refused
// ledger.not_enough with the shortfall, Conflict ledger.held_already, Invalid ledger.need_malformed.
func Hold(tx *store.Tx, needs []Need) ([]HoldResult, error) { panic("soon") }

// Capture pays from the open holds of each settlement's reference and releases what is left of them.
func Capture(tx *store.Tx, all []Settlement) ([]Posted, error) { panic("soon") }

// Release lets go of the open holds of the references. One without a hold is no error.
func Release(tx *store.Tx, refs ...string) error { panic("soon") }

// Book posts transactions.
func Book(tx *store.Tx, all []Posting) ([]Posted, error) { panic("soon") }

// Balances returns what stands in accounts; one that was never opened is not in the map.
func Balances(tx *store.Tx, keys []Key) (map[Key]Balance, error) { panic("soon") }

// Schedule holds minutes at once and posts them when they are due.
func Schedule(tx *store.Tx, all []Pending) ([]Scheduled, error) { panic("soon") }

// Undo takes a posting back before it is due. Error: Conflict ledger.not_pending.
func Undo(tx *store.Tx, id PendingID, actor string) (Pending, error) { panic("soon") }

// The kinds of timers that the ledger sets.
const (
	TimerPost       = "ledger.post"
	TimerHoldExpire = "ledger.hold_expire"
)

// PostDue is the handler of TimerPost.
func PostDue(tx *store.Tx, due []timer.Timer) ([]error, error) { panic("soon") }

// ExpireHolds is the handler of TimerHoldExpire.
func ExpireHolds(tx *store.Tx, due []timer.Timer) ([]error, error) { panic("soon") }

// Reverse takes back transactions.
func Reverse(tx *store.Tx, all []Reversal) ([]Posted, error) { panic("soon") }

// Freeze holds what was earned by the settled orders, as far as it is still there, and returns how much for each reference.
func Freeze(tx *store.Tx, refs ...string) ([]hours.Minutes, error) { panic("soon") }

// Unfreeze lets go of what Freeze held.
func Unfreeze(tx *store.Tx, refs ...string) error { panic("soon") }

// GrantMonthly grants a month's hours from the pool; expires is the first day on which they are gone.
func GrantMonthly(tx *store.Tx, month clock.Month, all []Grantee, expires clock.Day, m Meta) ([]Posted, error) {
	panic("soon")
}

// ExpireGrants gives back to the pool what is left of grants whose day has come, and returns how many there were.
func ExpireGrants(tx *store.Tx, on clock.Day) (int, error) { panic("soon") }

// Close moves what an owner has to another account and freezes the owner's accounts.
func Close(tx *store.Tx, owner string, to Key, m Meta) (Posted, error) { panic("soon") }

// SetFrozen freezes or thaws all accounts of an owner.
func SetFrozen(tx *store.Tx, owner string, frozen bool) error { panic("soon") }

// Of returns the transactions of a reference, oldest first.
func Of(tx *store.Tx, ref string) ([]TxID, error) { panic("soon") }
