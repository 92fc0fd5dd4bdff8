package ledger

import (
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/why"
)

var (
	errNotEnough       = errs.New(errs.Refused, "ledger.not_enough").By("ledger.available", "city")
	errPattern         = errs.New(errs.Refused, "ledger.pattern_refused").By("ledger.pattern", "law")
	errHeldAlready     = errs.New(errs.Conflict, "ledger.held_already").By("record.once", "nobody")
	errNothingHeld     = errs.New(errs.Conflict, "ledger.nothing_held").By("record.state", "nobody")
	errHoldTooSmall    = errs.New(errs.Refused, "ledger.hold_too_small").By("ledger.available", "city")
	errHoldsOpen       = errs.New(errs.Conflict, "ledger.holds_open").By("record.state", "nobody")
	errGranted         = errs.New(errs.Conflict, "ledger.granted_already").By("record.once", "nobody")
	errNotPending      = errs.New(errs.Conflict, "ledger.not_pending").By("record.state", "nobody")
	errReversed        = errs.New(errs.Conflict, "ledger.reversed_already").By("record.once", "nobody")
	errIsReversal      = errs.New(errs.Refused, "ledger.is_reversal").By("ledger.pattern", "law")
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
