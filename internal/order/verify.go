package order

import (
	"context"
	"fmt"

	"timebank/internal/ledger"
	"timebank/internal/store"
)

// verifyPage is how many rows are in memory at once.
const verifyPage = 2048

// Verify holds the orders against the book: an order that is open and funded holds minutes and nothing else does, and what a paid order names
// as its payment was made for it. Each line names the row that contradicts; an error means that the orders could not be read.
func Verify(ctx context.Context, db *store.DB) (problems []string, err error) {
	err = db.Read(ctx, "order.verify", func(tx *store.Tx) error {
		for _, step := range []func(*store.Tx) ([]string, error){verifyHolds, verifyPayments, verifyOnce} {
			found, err := step(tx)
			if err != nil {
				return err
			}
			problems = append(problems, found...)
		}
		return nil
	})
	return problems, err
}

func verifyHolds(tx *store.Tx) (problems []string, err error) {
	funded, err := fundedOrders(tx)
	if err != nil {
		return nil, err
	}
	for after := ""; ; {
		page, err := ledger.OpenHolds(tx, after, verifyPage)
		if err != nil {
			return nil, err
		}
		for _, h := range page {
			after = h.Ref
			if h.Reason != holdReason {
				continue
			}
			if !funded[ID(h.Ref)] {
				problems = append(problems, fmt.Sprintf("hold %s: no open order is funded by it", h.Ref))
			}
			delete(funded, ID(h.Ref))
		}
		if len(page) < verifyPage {
			break
		}
	}
	for id := range funded {
		problems = append(problems, fmt.Sprintf("service_order %s: it is funded and holds nothing", id))
	}
	return problems, nil
}

// verifyOnce sees that no order was paid twice, whatever keys its commands came with.
func verifyOnce(tx *store.Tx) (problems []string, err error) {
	refs, err := ledger.PaidTwice(tx)
	if err != nil {
		return nil, err
	}
	ids := make([]ID, len(refs))
	for i, ref := range refs {
		ids[i] = ID(ref)
	}
	paid, err := Load(tx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if paid[id] != nil {
			problems = append(problems, fmt.Sprintf("service_order %s: it was paid more than once", id))
		}
	}
	return problems, nil
}

func verifyPayments(tx *store.Tx) (problems []string, err error) {
	for after := ID(""); ; {
		page, err := paidOrders(tx, after, verifyPage)
		if err != nil {
			return nil, err
		}
		ids := make([]ledger.TxID, 0, len(page))
		for _, p := range page {
			if p.by != "" {
				ids = append(ids, p.by)
			}
		}
		made, err := ledger.PostedFor(tx, ids)
		if err != nil {
			return nil, err
		}
		for _, p := range page {
			after = p.id
			if p.by != "" && made[p.by] != string(p.id) {
				problems = append(problems, fmt.Sprintf("service_order %s: its payment %s is not in the book", p.id, p.by))
			}
		}
		if len(page) < verifyPage {
			return problems, nil
		}
	}
}
