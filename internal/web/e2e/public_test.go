package e2e_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

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
