package elder

import (
	"net/http"

	"timebank/internal/clock"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// payerCodes name whose hours pay, by the word of the policy.
var payerCodes = map[policy.Funding]string{policy.FundGrant: "page.source.grant", policy.FundSaved: "page.source.saved", policy.FundGift: "page.source.donated",
	policy.FundPool: "page.source.pool", policy.FundFund: "page.source.fund"}

// Hours shows what the old person can use, whose hours are used first, what is set aside, and what happened.
func Hours(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	if err := r.Actor.MayOwn(identity.LedgerRead, string(me)); err != nil {
		return err
	}
	v := hoursView{Page: r.Shell(r.T("page.elder.hours")), PrintKey: r.Key()}
	err = r.Read("web.elder_hours", func(tx *store.Tx, tree *region.Tree) error {
		book, err := ledger.PassbookOf(tx, string(me), r.Form("after"), pageLength)
		if err != nil {
			return err
		}
		usable, held := hours.Zero, hours.Zero
		classes := map[ledger.Class]hours.Minutes{}
		for _, h := range book.Holdings {
			switch h.Class {
			case ledger.Saved, ledger.Granted, ledger.Donated:
				free := h.Available(clock.DayOf(r.Now))
				usable, held = usable.Add(free), held.Add(h.Held)
				classes[h.Class] = classes[h.Class].Add(free)
			}
		}
		totals, err := ledger.TotalsOf(tx, string(me))
		if err != nil {
			return err
		}
		v.Usable, v.Held, v.Given, v.Received = r.Long(usable), r.Long(held), r.Long(totals.Given), r.Long(totals.Received)
		for _, l := range book.Lines {
			v.Lines = append(v.Lines, lineView{Day: r.Day(l.Day), What: r.T("reason." + string(l.Reason)), Minutes: r.Long(l.Minutes), In: l.Minutes.Sign() > 0})
		}
		if book.Next != "" {
			v.More = "/elder/hours?after=" + book.Next
		}
		people, err := member.LoadPersons(tx, []member.PersonID{me})
		if err != nil {
			return err
		}
		rules, err := r.RulesAt(tx, tree, people[me].Region)
		if err != nil {
			return err
		}
		v.pays(r, rules, classes)
		counts, waits := page.CountWhy(rules), page.WaitWhy(rules)
		holds := page.HoldWhy(rules)
		v.CountWhy, v.HeldWhy, v.PendingWhy = r.WhyOf(&counts), r.WhyOf(&holds), r.WhyOf(&waits)
		v.Pending = pending(r, book.Pending, string(me))
		return nil
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, hoursPage(v))
}

// pays lists whose hours pay for a visit, in the order of the rules, with what of it is the reader's own.
func (v *hoursView) pays(r *page.Request, rules policy.Rules, classes map[ledger.Class]hours.Minutes) {
	own := map[policy.Funding]ledger.Class{policy.FundGrant: ledger.Granted, policy.FundSaved: ledger.Saved, policy.FundGift: ledger.Donated}
	for f := range rules.OrderFunding.All() {
		value := r.T("page.elder.pays_all")
		if class, ok := own[f]; ok {
			value = r.Long(classes[class])
		}
		v.Pays = append(v.Pays, ui.Row{Name: r.T(payerCodes[f]), Value: value})
	}
	because := rules.Why("order.funding")
	v.Why = r.WhyOf(&because)
}

// pending are gifts and donations that can still be taken back.
func pending(r *page.Request, all []ledger.Pending, me string) (list []pendingView) {
	for _, p := range all {
		one := pendingView{What: r.T("reason." + string(p.Reason)), Minutes: r.Long(p.Minutes), In: p.To.Owner == me,
			Due: r.T("page.elder.pending_due", "when", r.When(p.Due))}
		if p.From.Owner == me && r.Now.Before(p.Due) {
			one.Undo, one.Key = "/elder/hours/"+string(p.ID)+"/undo", r.Key()
		}
		list = append(list, one)
	}
	return list
}

// UndoGift takes a gift or a donation back before it is posted.
func UndoGift(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	if err := r.Ledger.Undo(r.Context(), ledger.UndoCmd{Actor: r.Actor, Key: key, ID: ledger.PendingID(r.Path("id"))}); err != nil {
		return err
	}
	return r.Go("/elder/hours?done=undone")
}
