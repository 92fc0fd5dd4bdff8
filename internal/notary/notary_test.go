package notary_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"timebank/internal/errs"
	"timebank/internal/notary"
)

const origin = "320100.timebank/ledger"

// fataler is what the helpers need of a test, a fuzz target or a rapid check.
type fataler interface {
	Helper()
	Fatal(args ...any)
}

// countUp fills with 0, 1, 2, …: the key of the document's example.
type countUp struct{}

func (countUp) Fill(b []byte) {
	for i := range b {
		b[i] = byte(i)
	}
}

func exampleKey(t fataler) notary.Key {
	t.Helper()
	k, err := notary.NewKey(countUp{}, origin)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// leafAt is a leaf that is different for each number.
func leafAt(i int64) notary.Leaf {
	var private [32]byte
	binary.BigEndian.PutUint64(private[24:], uint64(i))
	return notary.Leaf{Public: []byte("leaf " + strconv.FormatInt(i, 10)), Private: private}
}

func records(n int64) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		d := leafAt(int64(i)).Digest()
		out[i] = d[:]
	}
	return out
}

// rfcReceipt builds a receipt from the second implementation alone, signing with the note package.
func rfcReceipt(t fataler, k notary.Key, size, index int64) []byte {
	t.Helper()
	recs := records(size)
	signer, err := note.NewSigner(k.Secret())
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", k.Name(), size, rfcBase64(rfcRoot(recs)))
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "c2sp.org/tlog-proof@v1\nextra %s\nindex %d\n", rfcBase64(leafAt(index).Bytes()), index)
	for _, h := range rfcPath(int(index), recs) {
		fmt.Fprintf(&b, "%s\n", rfcBase64(h))
	}
	b.WriteString("\n")
	b.Write(signed)
	return b.Bytes()
}

func TestReceiptOfSecondImplementationIsAccepted(t *testing.T) {
	k := exampleKey(t)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, 600).Draw(t, "size")
		index := rapid.Int64Range(0, size-1).Draw(t, "index")
		receipt := rfcReceipt(t, k, size, index)
		p, err := notary.VerifyReceipt(receipt, k.Verifier())
		if err != nil {
			t.Fatalf("size %d index %d: %v", size, index, err)
		}
		if p.Index != index || p.Checkpoint.Size != size || p.Checkpoint.Origin != origin || p.Digest != leafAt(index).Digest() ||
			!bytes.Equal(p.Leaf.Public, leafAt(index).Public) || p.Leaf.Private != leafAt(index).Private {
			t.Fatalf("got %+v", p)
		}
		v, err := note.NewVerifier(k.Verifier())
		if err != nil {
			t.Fatal(err)
		}
		policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(origin), torchwood.SingleVerifierPolicy(v))
		if err := torchwood.VerifyProof(policy, tlog.RecordHash(p.Digest[:]), receipt); err != nil {
			t.Fatalf("torchwood refuses what we accept: %v", err)
		}
	})
}

func TestEveryFlippedBitOfAReceiptIsRefused(t *testing.T) {
	k := exampleKey(t)
	receipt := rfcReceipt(t, k, 11, 6)
	if _, err := notary.VerifyReceipt(receipt, k.Verifier()); err != nil {
		t.Fatal(err)
	}
	for i := range receipt {
		for bit := range 8 {
			bad := bytes.Clone(receipt)
			bad[i] ^= 1 << bit
			if _, err := notary.VerifyReceipt(bad, k.Verifier()); err == nil {
				t.Fatalf("bit %d of byte %d flipped and still accepted:\n%q", bit, i, bad)
			}
		}
	}
	for cut := range receipt {
		if _, err := notary.VerifyReceipt(receipt[:cut], k.Verifier()); err == nil {
			t.Fatalf("cut at %d and still accepted", cut)
		}
	}
}

func TestReceiptErrors(t *testing.T) {
	k := exampleKey(t)
	good := rfcReceipt(t, k, 5, 3)
	audit, err := notary.NewKey(countUp{}, notary.Origin("320100", "audit"))
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) []byte {
		out := bytes.Replace(good, []byte(old), []byte(new), 1)
		if bytes.Equal(out, good) {
			t.Fatalf("%q is not in the receipt", old)
		}
		return out
	}
	extra := func(b []byte) []byte {
		return replace(rfcBase64(leafAt(3).Bytes()), rfcBase64(b))
	}
	other := leafAt(4).Bytes()
	unknown := leafAt(3).Bytes()
	unknown[0] = 2
	for _, c := range []struct {
		name     string
		receipt  []byte
		verifier string
		want     string
	}{
		{"empty", nil, k.Verifier(), "notary.receipt_malformed"},
		{"too long", bytes.Repeat([]byte("x"), notary.MaxReceipt+1), k.Verifier(), "notary.receipt_malformed"},
		{"no extra", replace("extra ", "xtra "), k.Verifier(), "notary.receipt_malformed"},
		{"index with a zero before it", replace("index 3", "index 03"), k.Verifier(), "notary.receipt_malformed"},
		{"index below zero", replace("index 3", "index -3"), k.Verifier(), "notary.receipt_malformed"},
		{"other index", replace("index 3", "index 2"), k.Verifier(), "notary.not_in_log"},
		{"index beyond the log", replace("index 3", "index 5"), k.Verifier(), "notary.not_in_log"},
		{"other leaf", extra(other), k.Verifier(), "notary.not_in_log"},
		{"leaf of an unknown version", extra(unknown), k.Verifier(), "notary.leaf_version_unknown"},
		{"leaf too short", extra(other[:32]), k.Verifier(), "notary.leaf_malformed"},
		{"the key of another log", good, audit.Verifier(), "notary.signature_wrong"},
		{"no verifier", good, "", "notary.verifier_malformed"},
		{"size changed after signing", replace("ledger\n5\n", "ledger\n6\n"), k.Verifier(), "notary.signature_wrong"},
	} {
		if _, err := notary.VerifyReceipt(c.receipt, c.verifier); errs.CodeOf(err) != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}

func TestReceiptWithAWitness(t *testing.T) {
	k := exampleKey(t)
	receipt := rfcReceipt(t, k, 5, 3)
	secret, _, err := note.GenerateKey(nil, "witness.example")
	if err != nil {
		t.Fatal(err)
	}
	witness, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(receipt, []byte(origin+"\n"))
	v, err := note.NewVerifier(k.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(receipt[at:], note.VerifierList(v))
	if err != nil {
		t.Fatal(err)
	}
	both, err := note.Sign(n, witness)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := notary.VerifyReceipt(append(bytes.Clone(receipt[:at]), both...), k.Verifier()); err != nil {
		t.Fatalf("a co-signed receipt is refused: %v", err)
	}
}

func TestKeys(t *testing.T) {
	k := exampleKey(t)
	again, err := notary.OpenKey(k.Secret() + "\n")
	if err != nil || again.Verifier() != k.Verifier() || again.Name() != origin {
		t.Fatalf("got %v, %v, want the same key", again, err)
	}
	public, err := notary.OpenVerifier(k.Verifier() + "\n")
	if err != nil || public.Secret() != "" || public.Name() != origin {
		t.Fatalf("got %v, %v", public, err)
	}
	for _, shown := range []string{fmt.Sprint(k), fmt.Sprintf("%+v", k), fmt.Sprintf("%#v", k), fmt.Sprint(&k)} {
		if strings.Contains(shown, "PRIVATE") {
			t.Errorf("a key prints its secret: %s", shown)
		}
	}
	for _, bad := range []string{"", "x", k.Verifier(), strings.Replace(k.Secret(), "320100", "320101", 1), k.Secret() + "A"} {
		if _, err := notary.OpenKey(bad); errs.CodeOf(err) != "notary.key_malformed" {
			t.Errorf("OpenKey(%q): got %v", bad, err)
		}
	}
	if _, err := notary.NewKey(countUp{}, "two words"); errs.CodeOf(err) != "notary.key_name" {
		t.Errorf("got %v, want notary.key_name", err)
	}
	if _, err := notary.NewKey(countUp{}, "a+b"); errs.CodeOf(err) != "notary.key_name" {
		t.Errorf("got %v, want notary.key_name", err)
	}
}

func TestLeafBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := notary.Leaf{Public: rapid.SliceOf(rapid.Byte()).Draw(t, "public"),
			Private: notary.HashPrivate(rapid.SliceOf(rapid.Byte()).Draw(t, "private"), [32]byte{1})}
		back, err := notary.ParseLeaf(l.Bytes())
		if err != nil || !bytes.Equal(back.Public, l.Public) || back.Private != l.Private || back.Digest() != l.Digest() {
			t.Fatalf("got %+v, %v, want %+v", back, err, l)
		}
	})
}

// TestDocumentedExample holds docs/ledger-format.md to the bytes that the second implementation computes and this one accepts.
func TestDocumentedExample(t *testing.T) {
	doc, err := os.ReadFile("../../docs/ledger-format.md")
	if err != nil {
		t.Fatal(err)
	}
	k := exampleKey(t)
	receipt := rfcReceipt(t, k, 5, 3)
	digest := leafAt(3).Digest()
	for name, want := range map[string]string{
		"verifier": k.Verifier(),
		"leaf":     fmt.Sprintf("%x", leafAt(3).Bytes()),
		"digest":   fmt.Sprintf("%x", digest),
		"record":   fmt.Sprintf("%x", rfcLeaf(digest[:])),
		"root":     fmt.Sprintf("%x", rfcRoot(records(5))),
		"receipt":  string(receipt),
	} {
		if !strings.Contains(string(doc), want) {
			t.Errorf("%s is not in the document; want:\n%s", name, want)
		}
	}
	if _, err := notary.VerifyReceipt(receipt, k.Verifier()); err != nil {
		t.Errorf("the documented receipt is refused: %v", err)
	}
}

func FuzzVerifyReceipt(f *testing.F) {
	k := exampleKey(f)
	for _, at := range [][2]int64{{1, 0}, {2, 1}, {5, 3}, {300, 299}} {
		f.Add(rfcReceipt(f, k, at[0], at[1]))
	}
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 0\n\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, receipt []byte) {
		p, err := notary.VerifyReceipt(receipt, k.Verifier())
		if err != nil {
			if errs.CodeOf(err) == "internal" {
				t.Fatalf("a bad receipt has no code: %v", err)
			}
			return
		}
		// What is accepted can only be a receipt that somebody with the key once made.
		if p.Digest != leafAt(p.Index).Digest() {
			t.Fatalf("accepted %+v", p)
		}
	})
}
