package certificate

import (
	"os"
	"strings"
	"testing"

	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/notary"
)

// countUp fills with 0, 1, 2, …: the key of the document's example.
type countUp struct{}

func (countUp) Fill(b []byte) {
	for i := range b {
		b[i] = byte(i)
	}
}

var example = Statement{Number: "n4xket9dvgxtm", IssuedOn: "2026-03-05", Until: "2026-09-05", By: "南京市 养老服务互助时间平台", Name: "张**", Purpose: ForSchool, From: "2025-01-01",
	To: "2025-12-31", Visits: 41, Minutes: hours.Of(2460), Certified: "2024-11-02"}

// TestTheDocumentedCertificate holds docs/ledger-format.md to what is signed and read.
func TestTheDocumentedCertificate(t *testing.T) {
	k, err := notary.NewKey(countUp{}, notary.Origin("320100", KeyName))
	if err != nil {
		t.Fatal(err)
	}
	s, err := notary.New(nil, notary.Config{City: "320100", Keys: []notary.Key{k}, Owner: "test"})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign(KeyName, example.text())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../docs/ledger-format.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"the certificate": string(signed), "the key": k.Verifier()} {
		if !strings.Contains(string(doc), want) {
			t.Errorf("%s is not in the document; want:\n%s", name, want)
		}
	}
	if got, err := Read(signed, k.Verifier()); err != nil || got != example {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A statement has one spelling, whoever signs it.
func TestAStatementIsReadInOneSpelling(t *testing.T) {
	good := example.text()
	if got, err := parse(good); err != nil || got != example {
		t.Fatalf("got %+v, %v", got, err)
	}
	for name, bad := range map[string]string{
		"another version":     strings.Replace(good, "certificate 1", "certificate 2", 1),
		"a line too few":      strings.Replace(good, "name 张**\n", "", 1),
		"a line too many":     good + "more 1\n",
		"lines changed about": strings.Replace(good, "visits 41\nminutes 2460\n", "minutes 2460\nvisits 41\n", 1),
		"a zero before":       strings.Replace(good, "visits 41", "visits 041", 1),
		"no number":           strings.Replace(good, "minutes 2460", "minutes many", 1),
		"an empty value":      strings.Replace(good, "name 张**", "name ", 1),
	} {
		if _, err := parse(bad); errs.CodeOf(err) != "certificate.malformed" {
			t.Errorf("%s: got %v, want certificate.malformed", name, err)
		}
	}
}
