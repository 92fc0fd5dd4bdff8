package ledger

import (
	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/hours"
)

// PublicPart is what a receipt lets anybody read of a transaction: that these minutes went from one account to another, and why. Accounts
// are pseudonyms, so it names nobody.
type PublicPart struct {
	Transaction TxID
	Reason      Reason
	Transfers   []PublicTransfer
}

// PublicTransfer is one transfer of a [PublicPart].
type PublicTransfer struct {
	Reason   Reason
	From, To [16]byte
	Minutes  hours.Minutes
}

// Minutes is what the transfers of the transaction's own reason move together; a repayment or an overflow beside it is not counted again.
func (d PublicPart) Minutes() hours.Minutes {
	sum := hours.Zero
	for _, t := range d.Transfers {
		if t.Reason == d.Reason {
			sum = sum.Add(t.Minutes)
		}
	}
	return sum
}

var errPublicPart = errs.Invalid("ledger.public_part_malformed")

// ReadPublic reads the public part of a leaf (docs/ledger-format.md, 2.2). Whether it stands in the log is for the notary to prove. Error:
// Invalid ledger.public_part_malformed.
func ReadPublic(b []byte) (PublicPart, error) {
	r, err := canon.Open(b)
	if err != nil {
		return PublicPart{}, errPublicPart.With(err)
	}
	if r.Tag() != publicTag || r.Version() != leafVersion {
		return PublicPart{}, errPublicPart
	}
	d := PublicPart{Transaction: TxID(r.Str()), Reason: Reason(r.Str())}
	for range r.List() {
		t := PublicTransfer{Reason: Reason(r.Str())}
		from, to := r.Blob(), r.Blob()
		if t.Minutes, err = hours.Try(r.Int()); err != nil || t.Minutes.Sign() <= 0 || len(from) != len(t.From) || len(to) != len(t.To) {
			return PublicPart{}, errPublicPart
		}
		copy(t.From[:], from)
		copy(t.To[:], to)
		d.Transfers = append(d.Transfers, t)
	}
	if err := r.Close(); err != nil {
		return PublicPart{}, errPublicPart.With(err)
	}
	return d, nil
}
