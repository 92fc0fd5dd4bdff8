package admin

import (
	"slices"

	"timebank/internal/identity"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// waitingActs lists what waits for a second person here and below, as far as it is ours, with the forms of whoever may decide on it, and of the one who
// made it, who may only withdraw it. list names the list in the address of its next page, path is where the forms go.
func (o *office) waitingActs(tx *store.Tx, list, path string, ours func(identity.Proposal) bool, facts func(identity.Proposal) ([]ui.Row, error)) error {
	open, err := identity.OpenProposals(tx, o.place)
	if err != nil {
		return err
	}
	open = slices.DeleteFunc(open, func(p identity.Proposal) bool { return !ours(p) })
	more := cut(o, list, &open, formsShown, func(p identity.Proposal) string { return string(p.ID) })
	o.add(block{Title: o.T("page.office.second_person_acts")})
	for _, p := range open {
		b := block{}
		if b.Facts, err = facts(p); err != nil {
			return err
		}
		to := path + string(p.ID)
		mine, may := string(p.By) == o.Actor.ID, o.may(p.Needs, p.Region)
		if may && !mine {
			b.Forms = append(b.Forms, o.form(to+"/approve", o.T("page.office.approve"), ""))
		}
		if may || mine {
			word := o.T("page.office.refuse")
			if mine {
				word, b.Text = o.T("page.office.withdraw"), o.T("page.office.second_person")
			}
			b.Forms = append(b.Forms, o.form(to+"/refuse", word, "stop", ui.Field{Name: "reason-" + string(p.ID), Label: o.T("page.office.reason"), Max: 200, Needed: true}))
		}
		o.add(b)
	}
	if len(open) == 0 {
		o.add(block{Empty: o.T("page.office.nothing_proposed")})
	}
	o.add(block{More: more, List: "after " + list})
	return nil
}

// refuse refuses the proposal in the address, or withdraws one's own.
func refuse(r *page.Request, right identity.Right, back string, show page.Handler) error {
	return act(r, right, back, show, func(_ *office, key string) error {
		id := r.Path("id")
		_, err := r.Identity.RefuseProposal(r.Context(), identity.RefuseCmd{Actor: r.Actor, Key: key, Proposal: identity.ProposalID(id), Reason: r.Form("reason-" + id)})
		return err
	}, of(r, "reason")...)
}
