package public

import (
	"net/http"
	"strconv"

	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
	"timebank/internal/why"
)

// ProofForm asks for the code beside a line of a printed passbook.
func ProofForm(r *page.Request) error { return r.Show(http.StatusOK, proof(proofOf(r))) }

func proofOf(r *page.Request) proofView {
	return proofView{Page: r.Shell(r.T("page.public.proof")), Field: ui.Field{Name: "code", Label: r.T("page.public.proof_code"), Hint: r.T("page.public.proof_hint"), Max: 30, Needed: true}}
}

// Proof says whether the line stands in the book. The code is sent as a form, so that it stays out of addresses and histories.
func Proof(r *page.Request) error {
	typed := r.Form("code")
	p, err := r.Paper.Check(r.Context(), typed)
	if errs.KindOf(err) == errs.KindInvalid {
		return r.Redisplay(errs.Invalid("id.code_malformed", errs.Field{Path: "code", Code: "page.public.proof_mistyped"}), "/public/proof", ProofForm)
	}
	if err != nil {
		return err
	}
	v := proofOf(r)
	code, err := id.ParseCode(typed)
	if err != nil {
		return err
	}
	v.Asked = id.Group(code)
	if !p.True {
		because := why.Rule("notary.log", "", "nobody")
		v.WhyNot = r.WhyOf(&because)
		return r.Show(http.StatusOK, proof(v))
	}
	long := r.Long(p.Minutes)
	if p.Minutes.Sign() > 0 {
		long = "+" + long
	}
	v.True = []ui.Row{{Name: r.T("page.public.proof_day"), Value: string(p.Day)}, {Name: r.T("page.public.proven_minutes"), Value: long},
		{Name: r.T("page.public.proven_reason"), Value: r.T("reason." + string(p.Reason))}}
	if p.Number >= 0 {
		v.True = append(v.True, ui.Row{Name: r.T("page.public.proven_number"), Value: strconv.FormatInt(p.Number, 10)})
	}
	v.Reversed = p.Reversed
	return r.Show(http.StatusOK, proof(v))
}
