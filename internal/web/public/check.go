package public

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"

	"timebank/internal/errs"
	"timebank/internal/ledger"
	"timebank/internal/notary"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// CheckForm asks for a receipt.
func CheckForm(r *page.Request) error {
	return r.Show(http.StatusOK, check(checkOf(r, "", "")))
}

func checkOf(r *page.Request, text, wrong string) checkView {
	v := checkView{Page: r.Shell(r.T("page.public.check"))}
	v.Scripts = []string{"check.js"}
	v.Field = ui.Field{Name: "receipt", Label: r.T("page.public.paste"), Hint: r.T("page.public.paste_hint"), Value: text, Error: wrong, Rows: 10, Max: notary.MaxReceipt, Needed: true}
	if wrong != "" {
		v.Faults = []ui.Fault{{Field: "receipt", Text: wrong}}
	}
	if key, err := r.Notary.Verifier("ledger"); err == nil {
		v.Verifier = key
	}
	v.Reasons = reasons(r)
	return v
}

// reasons are the words for what moves hours, for the check in the page itself.
func reasons(r *page.Request) string {
	words := map[string]string{}
	for _, reason := range ledger.Reasons {
		words[string(reason)] = r.T("reason." + string(reason))
	}
	// A map of texts always has a form in JSON.
	b, _ := json.Marshal(words)
	return string(b)
}

// Check verifies a receipt with the log's public key, exactly as the command line does without us.
func Check(r *page.Request) error {
	// A browser sends line ends as two characters; a receipt has one spelling.
	text := unixLines(r.HTTP.FormValue("receipt"))
	key, err := r.Notary.Verifier("ledger")
	if err != nil {
		return err
	}
	proof, err := notary.VerifyReceipt([]byte(text), key)
	if kind := errs.KindOf(err); kind == errs.KindInvalid || kind == errs.Refused {
		return r.Show(http.StatusUnprocessableEntity, check(checkOf(r, text, r.Tell(err).Text)))
	}
	if err != nil {
		return err
	}
	said, err := ledger.ReadPublic(proof.Leaf.Public)
	if err != nil {
		return err
	}
	v := checkOf(r, "", "")
	v.Proven = []ui.Row{{Name: r.T("page.public.proven_minutes"), Value: r.Long(said.Minutes())},
		{Name: r.T("page.public.proven_reason"), Value: r.T("reason." + string(said.Reason))},
		{Name: r.T("page.public.proven_number"), Value: strconv.FormatInt(proof.Index, 10)},
		{Name: r.T("page.public.proven_log"), Value: proof.Checkpoint.Origin},
		{Name: r.T("page.public.proven_size"), Value: strconv.FormatInt(proof.Checkpoint.Size, 10)},
		{Name: r.T("page.public.proven_at"), Value: r.When(proof.Checkpoint.SignedAt)},
		{Name: r.T("page.public.proven_digest"), Value: hex.EncodeToString(proof.Digest[:])}}
	return r.Show(http.StatusOK, check(v))
}

func unixLines(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] == '\r' && i+1 < len(s) && s[i+1] == '\n' {
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}
