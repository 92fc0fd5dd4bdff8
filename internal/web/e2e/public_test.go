package e2e_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"

	"timebank/internal/certificate"
	"timebank/internal/citytest"
)

// certificate is one that somebody has taken out, by its id.
func (w *town) certificate(of citytest.Person) string {
	w.t.Helper()
	return string(citytest.Got(w.Certificates.Issue(w.t.Context(), []certificate.IssueCmd{{Actor: of.Actor, Key: w.Key(), Person: of.ID, Purpose: certificate.ForWork,
		Naming: certificate.MaskedName, Months: 3}})).Must(w.t, "a certificate"))
}

// A volunteer takes out a certificate, an employer pastes it: the page checks the signature itself and asks by the number alone whether it still
// holds; the server says the same without scripts; taken back, both say so.
func TestACertificateIsTakenOutAndCheckedInThePage(t *testing.T) {
	w := newTown(t)
	w.Earn(w.helper, w.elder, 90)
	chen := w.open("en")
	chen.signIn("Volunteer Chen")
	chen.visit("/volunteer/passbook")
	chen.press("Certificates of service")
	chen.fill("purpose", "school")
	chen.fill("naming", "masked")
	chen.press("Take out the certificate")
	chen.sees("Your certificate is ready", "1 h 30 min", "School or university")
	text := chen.fetch(`document.querySelector("a[download][href$='/file']").href`)

	employer, plain := w.open("en"), w.open("en")
	plain.do("go without scripts", command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	check := func(text, here, there string) {
		t.Helper()
		employer.visit("/public/check")
		employer.fill("receipt", text)
		employer.do("press check", evaluate(`document.querySelector("[data-check] .button").click()`))
		employer.until(`[...document.querySelectorAll("[data-is]")].some((e) => !e.hidden && e.textContent.includes(` + "`" + here + "`" + `))`)
		plain.visit("/public/check")
		plain.fill("receipt", text)
		plain.press("Check")
		plain.sees(there)
	}
	check(text, "valid", "not one letter was changed")
	if got := employer.read("[data-fact='served']"); got != "90" {
		t.Errorf("minutes of the certificate: got %s, want 90", got)
	}
	check(strings.Replace(text, "minutes 90", "minutes 91", 1), "The signature is wrong", "The signature is wrong")
	check(strings.Replace(text, "\n—", "\nmore\n—", 1), "not a whole certificate", "The signature is wrong")
	chen.press("Take this certificate back")
	chen.sees("The certificate was taken back")
	check(text, "taken back", "Taken back on")
}

// Whoever holds a receipt checks it in the page, which sends nothing; changed by one character it is refused. Without scripts the
// server says the same.
func TestAReceiptIsCheckedInThePage(t *testing.T) {
	w := newTown(t)
	w.Earn(w.helper, w.elder, 90)
	if _, err := w.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	chen := w.open("en")
	chen.signIn("Volunteer Chen")
	chen.visit("/volunteer/passbook")
	receipt := chen.fetch(`document.querySelector("a[download]").href`)

	anybody := w.open("en")
	anybody.visit("/public/check")
	// A page that has its answer keeps its address: the form was not sent.
	check := func(text, want string) {
		t.Helper()
		anybody.fill("receipt", text)
		anybody.do("press check", evaluate(`document.querySelector("[data-check] .button").click()`))
		anybody.until(`[...document.querySelectorAll("[data-is]")].some((e) => !e.hidden && e.textContent.includes(` + "`" + want + "`" + `))`)
		anybody.do("forget the answer", evaluate(`document.querySelectorAll("[data-is]").forEach((e) => e.hidden = true)`))
	}
	check(receipt, "nothing was sent anywhere")
	if got := anybody.read("[data-fact='minutes']"); got != "90" {
		t.Errorf("minutes of the receipt: got %s, want 90", got)
	}
	check(strings.Replace(receipt, "index 2", "index 1", 1), "not in the")
	last := len(receipt) - 10
	check(receipt[:last]+map[bool]string{true: "B", false: "A"}[receipt[last] == 'A']+receipt[last+1:], "signature")
	check("c2sp.org/tlog-proof@v1\nextra ?\n", "receipt")

	plain := w.open("en")
	plain.do("go without scripts", command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	plain.visit("/public/check")
	plain.fill("receipt", receipt)
	plain.press("Check")
	plain.sees("This receipt is genuine.", "1 h 30 min", "Service")
}
