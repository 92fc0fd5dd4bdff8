package page

import (
	"slices"
	"strings"

	"timebank/internal/feedback"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/ui"
)

// ComplaintFacts say to whoever decides on a complaint what it is about: who complained and about whom, masked, which service it was, and when.
// Error: NotFound order.not_found.
func (r *Request) ComplaintFacts(c feedback.Complaint) (facts []ui.Row, err error) {
	o, err := r.Orders.Get(r.Context(), r.Actor, c.Order)
	if err != nil {
		return nil, err
	}
	whom := otherSide(&o.Order, c.Complainant)
	err = r.Read("web.complaint", func(tx *store.Tx, _ *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		item, err := all.ByVersion(o.Item, o.ItemVersion)
		if err != nil {
			return err
		}
		names, err := r.Members.Names(tx, append(slices.Clone(whom), c.Complainant))
		if err != nil {
			return err
		}
		list := make([]string, len(whom))
		for i, p := range whom {
			list[i] = names[p].String()
		}
		facts = []ui.Row{{Name: r.T("page.case.who"), Value: names[c.Complainant].String()}, {Name: r.T("page.case.whom"), Value: strings.Join(list, r.Pick("、", ", "))},
			{Name: r.T("page.case.what"), Value: item.Name(r.Lang)}, {Name: r.T("page.case.when"), Value: r.When(o.Start)}}
		return nil
	})
	return facts, err
}

// otherSide is whom a complaint of one side of an order is about: a volunteer's about the recipient, the recipient's about everybody who had said
// yes and did not give the place back.
func otherSide(o *order.Order, complainant member.PersonID) (whom []member.PersonID) {
	if complainant != o.Recipient {
		return []member.PersonID{o.Recipient}
	}
	for _, a := range o.Assignments {
		if a.State != order.Offered && a.State != order.Withdrawn {
			whom = append(whom, a.Volunteer)
		}
	}
	return whom
}

// decisionWords are what a decision on a complaint, or on a dispute without one, is called wherever it is made or read.
var decisionWords = map[feedback.Decision]string{feedback.Release: "page.decision.release", feedback.Reverse: "page.decision.reverse"}

// DecisionText is what a decision is called.
func (r *Request) DecisionText(d feedback.Decision) string { return r.T(decisionWords[d]) }
