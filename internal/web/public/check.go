package public

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"timebank/internal/certificate"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/ledger"
	"timebank/internal/notary"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// CheckForm asks for a receipt.
func CheckForm(r *page.Request) error {
	return r.Show(http.StatusOK, check(checkOf(r, "", page.Told{})))
}

func checkOf(r *page.Request, text string, wrong page.Told) checkView {
	v := checkView{Page: r.Shell(r.T("page.public.check"))}
	v.Scripts = []string{"check.js"}
	v.Field = ui.Field{Name: "receipt", Label: r.T("page.public.paste"), Hint: r.T("page.public.paste_hint"), Value: text, Error: wrong.Text, Rows: 10, Max: notary.MaxReceipt, Needed: true}
	if wrong.Text != "" {
		v.Faults, v.WhyNot = []ui.Fault{{Field: "receipt", Text: wrong.Text}}, wrong.Why
	}
	if key, err := r.Notary.Verifier("ledger"); err == nil {
		v.Verifier = key
	}
	if key, err := r.Notary.Verifier(certificate.KeyName); err == nil {
		v.Certifier = key
	}
	v.Reasons = reasons(r)
	v.Purposes = inWords(r, page.PurposeWords)
	return v
}

// reasons are the words for what moves hours, for the check in the page itself.
func reasons(r *page.Request) string {
	codes := map[ledger.Reason]string{}
	for _, reason := range ledger.Reasons {
		codes[reason] = "reason." + string(reason)
	}
	return inWords(r, codes)
}

// inWords are texts by what they say, as JSON.
func inWords[S ~string](r *page.Request, codes map[S]string) string {
	words := map[string]string{}
	for of, code := range codes {
		words[string(of)] = r.T(code)
	}
	// A map of texts always has a form in JSON.
	b, _ := json.Marshal(words)
	return string(b)
}

// Check verifies a receipt or a certificate with the public key, exactly as the command line does without us.
func Check(r *page.Request) error {
	// A browser sends line ends as two characters, and a finger a space too many; what is checked has one spelling.
	text := strings.TrimSpace(unixLines(r.HTTP.FormValue("receipt"))) + "\n"
	if key, err := r.Notary.Verifier(certificate.KeyName); err == nil && strings.HasPrefix(text, originOf(key)+"\n") {
		return checkCertificate(r, text, key)
	}
	key, err := r.Notary.Verifier("ledger")
	if err != nil {
		return err
	}
	proof, err := notary.VerifyReceipt([]byte(text), key)
	if kind := errs.KindOf(err); kind == errs.KindInvalid || kind == errs.Refused {
		return r.Show(http.StatusUnprocessableEntity, check(checkOf(r, text, r.Tell(err))))
	}
	if err != nil {
		return err
	}
	said, err := ledger.ReadPublic(proof.Leaf.Public)
	if err != nil {
		return err
	}
	v := checkOf(r, "", page.Told{})
	v.Proven = []ui.Row{{Name: r.T("page.public.proven_minutes"), Value: r.Long(said.Minutes())},
		{Name: r.T("page.public.proven_reason"), Value: r.T("reason." + string(said.Reason))},
		{Name: r.T("page.public.proven_number"), Value: strconv.FormatInt(proof.Index, 10)},
		{Name: r.T("page.public.proven_log"), Value: proof.Checkpoint.Origin},
		{Name: r.T("page.public.proven_size"), Value: strconv.FormatInt(proof.Checkpoint.Size, 10)},
		{Name: r.T("page.public.proven_at"), Value: r.When(proof.Checkpoint.SignedAt)},
		{Name: r.T("page.public.proven_digest"), Value: hex.EncodeToString(proof.Digest[:])}}
	return r.Show(http.StatusOK, check(v))
}

// originOf is the first line of whatever a key signs.
func originOf(verifier string) string {
	origin, _, _ := strings.Cut(verifier, "+")
	return origin
}

func checkCertificate(r *page.Request, text, key string) error {
	said, err := certificate.Read([]byte(text), key)
	if kind := errs.KindOf(err); kind == errs.KindInvalid || kind == errs.Refused {
		wrong := r.Tell(err)
		if kind == errs.Refused {
			wrong.Text = r.T("page.public.cert_false")
		}
		return r.Show(http.StatusUnprocessableEntity, check(checkOf(r, text, wrong)))
	}
	if err != nil {
		return err
	}
	state, ended, err := r.StandingNow(said.Number)
	if err != nil {
		return err
	}
	v := checkOf(r, "", page.Told{})
	v.Certified = r.Statement(said)
	v.State, v.Tone = r.CertificateState(state)
	if !ended.IsZero() {
		v.Ended = r.T("page.public.cert_ended", "day", r.FullDay(clock.DayOf(ended)))
	}
	return r.Show(http.StatusOK, check(v))
}

// Standing answers the page that has checked a certificate by itself whether it still holds. The number is all that it is asked by.
func Standing(r *page.Request) error {
	state, _, err := r.StandingNow(r.Path("number"))
	if err != nil {
		return err
	}
	text, tone := r.CertificateState(state)
	// A few texts always have a form in JSON.
	b, _ := json.Marshal(map[string]string{"state": string(state), "text": text, "tone": string(tone)})
	return r.Inline("application/json", b)
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
