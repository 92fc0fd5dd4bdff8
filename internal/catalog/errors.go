package catalog

import "timebank/internal/errs"

var (
	// ErrNotFound says that the catalogue has no such item, or no such version of it.
	ErrNotFound = errs.New(errs.NotFound, "catalog.item_unknown")
	// ErrNotOffered says that the item exists and cannot be ordered at that time: it was withdrawn, or it begins later.
	ErrNotOffered = errs.New(errs.Refused, "catalog.not_offered").By("catalog.offered", "city")

	errForbidden = errs.New(errs.Refused, "catalog.forbidden_service").By("catalog.safety", "city")
	errUnsafe    = errs.New(errs.Refused, "catalog.not_safe_enough").By("catalog.safety", "city")
	errSame      = errs.New(errs.Conflict, "catalog.already_withdrawn").By("record.once", "nobody")
)
