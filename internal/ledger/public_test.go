package ledger

import (
	"bytes"
	"testing"

	"timebank/internal/errs"
)

func TestAReceiptSaysHowManyMinutesAndWhy(t *testing.T) {
	from, to := bytes.Repeat([]byte{1}, 16), bytes.Repeat([]byte{2}, 16)
	b := secondPublic("01hzy3v6k8q2w4e6r8t0y2m4n6", "service", []secondEntry{{"service", from, to, 90}, {"repay", to, from, 30}})
	d, err := ReadPublic(b)
	if err != nil {
		t.Fatal(err)
	}
	if d.Transaction != "01hzy3v6k8q2w4e6r8t0y2m4n6" || d.Reason != ForService || d.Minutes().Int64() != 90 || len(d.Transfers) != 2 || d.Transfers[1].From != [16]byte(to) {
		t.Errorf("public part: got %+v, want a service of 90 minutes and a repayment", d)
	}
	for what, bad := range map[string][]byte{
		"cut short":      b[:len(b)-1],
		"longer":         append(bytes.Clone(b), '0'),
		"another tag":    bytes.Replace(bytes.Clone(b), []byte("ledger.public"), []byte("ledger.pubLic"), 1),
		"no minutes":     secondPublic("x", "service", []secondEntry{{"service", from, to, 0}}),
		"too many":       secondPublic("x", "service", []secondEntry{{"service", from, to, 1 << 62}}),
		"a short name":   secondPublic("x", "service", []secondEntry{{"service", from[:15], to, 90}}),
		"nothing at all": nil,
	} {
		if _, err := ReadPublic(bad); errs.CodeOf(err) != "ledger.public_part_malformed" {
			t.Errorf("%s: got %v, want ledger.public_part_malformed", what, err)
		}
	}
}

func FuzzReadPublic(f *testing.F) {
	f.Add(secondPublic("x", "service", []secondEntry{{"service", make([]byte, 16), make([]byte, 16), 90}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ReadPublic(b)
		if err != nil {
			return
		}
		entries := make([]publicEntry, len(d.Transfers))
		for i, e := range d.Transfers {
			entries[i] = publicEntry{string(e.Reason), e.From, e.To, e.Minutes.Int64()}
		}
		if back := publicPart(string(d.Transaction), string(d.Reason), entries); !bytes.Equal(back, b) {
			t.Errorf("a public part has two spellings: %x and %x", b, back)
		}
	})
}
