package notary_test

import (
	"bytes"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"timebank/internal/errs"
	"timebank/internal/notary"
)

func certificateKey(t *testing.T) notary.Key {
	t.Helper()
	k, err := notary.NewKey(countUp{}, notary.Origin("320100", "certificate"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestEveryFlippedBitOfAStatementIsRefused(t *testing.T) {
	k := certificateKey(t)
	s, err := notary.New(nil, notary.Config{City: "320100", Keys: []notary.Key{k}, Owner: "test"})
	if err != nil {
		t.Fatal(err)
	}
	const text = "certificate 1\nname 陈*\nminutes 90\n"
	signed, err := s.Sign("certificate", text)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := notary.OpenStatement(signed, k.Verifier()); err != nil || got != text {
		t.Fatalf("got %q, %v, want %q", got, err, text)
	}
	for i := range signed {
		for bit := range 8 {
			bad := bytes.Clone(signed)
			bad[i] ^= 1 << bit
			if _, err := notary.OpenStatement(bad, k.Verifier()); err == nil {
				t.Fatalf("bit %d of byte %d flipped and still accepted:\n%q", bit, i, bad)
			}
		}
	}
	for cut := range signed {
		if _, err := notary.OpenStatement(signed[:cut], k.Verifier()); err == nil {
			t.Fatalf("cut at %d and still accepted", cut)
		}
	}
	for name, text := range map[string]string{"an empty line": "a\n\nb\n", "no line end": "a", "too long": string(bytes.Repeat([]byte("x"), notary.MaxStatement)) + "\n"} {
		if _, err := s.Sign("certificate", text); errs.CodeOf(err) != "notary.statement_malformed" {
			t.Errorf("%s: got %v, want notary.statement_malformed", name, err)
		}
	}
}

// A second signature would be bytes that nobody vouches for.
func TestAStatementHasOneSignature(t *testing.T) {
	k := certificateKey(t)
	own, err := note.NewSigner(k.Secret())
	if err != nil {
		t.Fatal(err)
	}
	other, err := note.NewSigner(exampleKey(t).Secret())
	if err != nil {
		t.Fatal(err)
	}
	text := k.Name() + "\nminutes 90\n"
	both, err := note.Sign(&note.Note{Text: text}, own, other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := notary.OpenStatement(both, k.Verifier()); errs.CodeOf(err) != "notary.statement_malformed" {
		t.Errorf("two signatures: got %v, want notary.statement_malformed", err)
	}
	if _, err := notary.OpenStatement(both, exampleKey(t).Verifier()); errs.CodeOf(err) != "notary.statement_malformed" {
		t.Errorf("another log's key: got %v, want notary.statement_malformed", err)
	}
}
