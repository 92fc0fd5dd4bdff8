package ledger

import (
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/why"
)

var (
	errNotEnough       = errs.New(errs.Refused, "ledger.not_enough")
	errPattern         = errs.New(errs.Refused, "ledger.pattern_refused")
	errHeldAlready     = errs.New(errs.Conflict, "ledger.held_already")
	errNothingHeld     = errs.New(errs.Conflict, "ledger.nothing_held")
	errHoldTooSmall    = errs.New(errs.Refused, "ledger.hold_too_small")
	errHoldsOpen       = errs.New(errs.Conflict, "ledger.holds_open")
	errGranted         = errs.New(errs.Conflict, "ledger.granted_already")
	errNotPending      = errs.New(errs.Conflict, "ledger.not_pending")
	errReversed        = errs.New(errs.Conflict, "ledger.reversed_already")
	errIsReversal      = errs.New(errs.Refused, "ledger.is_reversal")
	errUnknownTx       = errs.New(errs.NotFound, "ledger.transaction_unknown")
	errUnknownLine     = errs.New(errs.NotFound, "ledger.line_unknown")
	errAccountChanged  = errs.New(errs.Internal, "ledger.floor_broken")
	errMalformedCursor = errs.Invalid("ledger.cursor_malformed", errs.Field{Path: "before", Code: "ledger.cursor_malformed"})
	// errRace makes store.Write run the transaction again: a neighbour opened the same account or took the same reference.
	errRace = errs.New(errs.Unavailable, "store.race")
)

// notEnough refuses with the figures that decided.
func notEnough(needed, available int64) error {
	return errNotEnough.Because(why.Rule("ledger.available", "", "city").
		With("needed", hours.Of(needed).String()).
		With("available", hours.Of(available).String()).
		With("shortfall", hours.Of(needed-available).String()))
}

// refusePattern says which pair of classes the reason does not allow.
func refusePattern(r Reason, from, to Class) error {
	return errPattern.Because(why.Rule("ledger.pattern", "", "law").
		With("reason", string(r)).With("from", string(from)).With("to", string(to)))
}
