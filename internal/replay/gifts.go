package replay

import (
	"context"

	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/ledger"
	"timebank/internal/store"
)

// one gives a single command to a use-case. A refusal is counted; an unavailable database ends the run.
func one[R any](d *driver, cmd any, value R, err error) (R, bool, error) {
	d.commands++
	switch {
	case errs.KindOf(err) == errs.Unavailable:
		return value, false, err
	case err != nil:
		d.refuse(cmd, err)
		return value, false, nil
	}
	return value, true, nil
}

// give transfers saved hours to kin and donates them to the public pool.
func (d *driver) give(ctx context.Context, events []event) error {
	for _, e := range events {
		g := &d.plan.gifts[e.index()]
		minutes := hours.Of(g.minutes)
		var err error
		switch g.kind {
		case toKin:
			giver := d.plan.volunteers[g.from].person
			elder := d.plan.recipients[d.plan.kin[g.to].recipient].person
			err = d.sent(ctx, ledger.TransferCmd{Actor: d.citizen(giver), Key: key("transfer", e.index()), From: d.id(giver), To: d.id(elder), Minutes: minutes})
		case toPool:
			giver := d.plan.volunteers[g.from].person
			err = d.donated(ctx, ledger.DonateCmd{Actor: d.citizen(giver), Key: key("donate", e.index()), Minutes: minutes,
				From: ledger.Key{Owner: string(d.id(giver)), Class: ledger.Saved}})
		case teamToPool:
			manager := d.plan.volunteers[d.plan.teams[g.from].manager].person
			err = d.donated(ctx, ledger.DonateCmd{Actor: d.citizen(manager), Key: key("donate", e.index()), Minutes: minutes,
				From: ledger.Key{Owner: string(d.teams[g.from]), Class: ledger.Group}})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *driver) sent(ctx context.Context, c ledger.TransferCmd) error {
	id, err := d.Ledger.Transfer(ctx, c)
	_, ok, err := one(d, c, id, err)
	if ok {
		d.transfers++
	}
	return err
}

func (d *driver) donated(ctx context.Context, c ledger.DonateCmd) error {
	id, err := d.Ledger.Donate(ctx, c)
	_, ok, err := one(d, c, id, err)
	if ok {
		d.donations++
	}
	return err
}

// reverse takes back what was paid for orders: the district's reviewer proposes and its administrator approves.
func (d *driver) reverse(ctx context.Context, visits []int) error {
	for _, i := range visits {
		var paid []ledger.TxID
		if err := d.DB.Read(ctx, "replay.paid", func(tx *store.Tx) (err error) {
			paid, err = ledger.Of(tx, string(d.runs[i].id))
			return err
		}); err != nil {
			return err
		}
		if len(paid) == 0 {
			d.refuse(d.runs[i].id, errNotPaid)
			continue
		}
		office := d.districtOf(d.plan.recipients[d.plan.visits[i].recipient].person)
		propose := ledger.ProposeCmd{Actor: d.staff(office.reviewer), Key: key("propose", i), Act: ledger.Act{Reason: ledger.ForReversal, Tx: paid[0]}, Note: "重复计时"}
		id, err := d.Ledger.Propose(ctx, propose)
		proposal, ok, err := one(d, propose, id, err)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := d.approved(ctx, ledger.ApproveCmd{Actor: d.staff(office.administrator), Key: key("approve", i), Proposal: proposal}); err != nil {
			return err
		}
	}
	return nil
}

func (d *driver) approved(ctx context.Context, c ledger.ApproveCmd) error {
	id, err := d.Ledger.Approve(ctx, c)
	_, ok, err := one(d, c, id, err)
	if ok {
		d.reversals++
	}
	return err
}
