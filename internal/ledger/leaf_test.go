package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"timebank/internal/hours"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// The second implementation: bytes put together by hand as docs/ledger-format.md says, with nothing of ours.

func secondText(b []byte, s string) []byte {
	b = append(b, 'S')
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

func secondInt(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(append(b, 'I'), uint64(n))
}

func secondHead(tag string) []byte {
	b := binary.BigEndian.AppendUint32([]byte{'C'}, uint32(len(tag)))
	return append(append(b, tag...), 1)
}

type secondEntry struct {
	reason              string
	source, destination []byte
	minutes             int64
}

func secondPublic(id, reason string, entries []secondEntry) []byte {
	b := secondText(secondText(secondHead("timebank/ledger.public"), id), reason)
	b = binary.BigEndian.AppendUint32(append(b, 'L'), uint32(len(entries)))
	for _, e := range entries {
		b = secondText(b, e.reason)
		for _, name := range [][]byte{e.source, e.destination} {
			b = binary.BigEndian.AppendUint32(append(b, 'B'), uint32(len(name)))
			b = append(b, name...)
		}
		b = secondInt(b, e.minutes)
	}
	return b
}

func secondPrivate(ref, reverses string, texts [5]string, occurred, recorded int64, day, actor, note string) []byte {
	b := secondText(secondHead("timebank/ledger.private"), ref)
	if reverses == "" {
		b = append(b, '0')
	} else {
		b = secondText(b, reverses)
	}
	for _, s := range texts {
		b = secondText(b, s)
	}
	b = secondInt(secondInt(b, occurred), recorded)
	return secondText(secondText(secondText(b, day), actor), note)
}

// secondRegions is a private part of version 2: that of version 1, and a list of the earners' regions.
func secondRegions(hidden []byte, regions ...string) []byte {
	b := append([]byte(nil), hidden...)
	b[1+4+len("timebank/ledger.private")] = 2
	b = binary.BigEndian.AppendUint32(append(b, 'L'), uint32(len(regions)))
	for _, r := range regions {
		b = secondText(b, r)
	}
	return b
}

func secondDigest(public, private, salt []byte) (leaf []byte, digest [32]byte) {
	hash := sha256.Sum256(append(append([]byte(nil), private...), salt...))
	leaf = append(append([]byte{1}, public...), hash[:]...)
	return leaf, sha256.Sum256(leaf)
}

func counted(from byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = from + byte(i)
	}
	return b
}

// TestLeafVectors computes the examples of docs/ledger-format.md twice and looks them up in the file.
func TestLeafVectors(t *testing.T) {
	text, err := os.ReadFile("../../docs/ledger-format.md")
	if err != nil {
		t.Fatal(err)
	}
	payer, earner, salt := counted(0x00, 16), counted(0x10, 16), counted(0x20, 32)
	for _, v := range []struct {
		name, id, reason, reverses, note string
		entries                          []secondEntry
	}{
		{"a service", "06fk2j8n0m7w1v5q3x9t4r6ycd", "service", "", "", []secondEntry{{"service", payer, earner, 45}, {"over_cap", earner, payer, 15}}},
		{"its reversal", "06fk2j8n0m7w1v5q3x9t4r6yce", "reverse", "06fk2j8n0m7w1v5q3x9t4r6ycd", "没有服务", []secondEntry{{"reverse", payer, earner, 15}, {"reverse", earner, payer, 45}}},
	} {
		texts := [5]string{"errands", "both", "r-qixia", "r-gulou", "p-1"}
		public := secondPublic(v.id, v.reason, v.entries)
		hidden := secondPrivate("order-1", v.reverses, texts, 1602464400000000, 1602550800000000, "2020-10-12", "a-1", v.note)
		leaf, want := secondDigest(public, hidden, salt)

		ours := make([]publicEntry, len(v.entries))
		for i, e := range v.entries {
			ours[i] = publicEntry{e.reason, pseudonym(e.source), pseudonym(e.destination), e.minutes}
		}
		p := private{ref: "order-1", reverses: v.reverses, service: texts[0], grade: texts[1], region: texts[2], regionTo: texts[3], policyVersion: texts[4],
			occurredAt: 1602464400000000, recordedAt: 1602550800000000, day: "2020-10-12", actor: "a-1", note: v.note}
		if got := digestOf(leafBytes(publicPart(v.id, v.reason, ours), p.hash(salt))); got != want {
			t.Errorf("%s: got %x, want %x", v.name, got, want)
		}
		p.regionsTo = []string{"", "r-xuanwu"}
		if _, want := secondDigest(public, secondRegions(hidden, p.regionsTo...), salt); digestOf(leafBytes(publicPart(v.id, v.reason, ours), p.hash(salt))) != want {
			t.Errorf("%s, earners of two regions: the leaf is another", v.name)
		}
		flat := strings.Join(strings.Fields(string(text)), "")
		for what, b := range map[string][]byte{"public part": public, "private part": hidden, "leaf": leaf, "digest": want[:]} {
			if !strings.Contains(flat, hex.EncodeToString(b)) {
				t.Errorf("docs/ledger-format.md does not hold the %s of %s: %x", what, v.name, b)
			}
		}
	}
}

// TestStoredLeavesBySecondImplementation recomputes what a real book stores from its columns.
func TestStoredLeavesBySecondImplementation(t *testing.T) {
	db, _ := storetest.New(t, store.SQLite)
	storetest.Write(t, db, func(tx *store.Tx) error {
		posted, err := Book(tx, []Posting{{Meta: Meta{Actor: "a-1", Note: "start"}, Reason: ForIssue, Transfers: []Transfer{{IssuerAccount, PoolAccount, hours.Of(600)}}}})
		if err != nil {
			return err
		}
		_, err = Reverse(tx, []Reversal{{Tx: posted[0].Tx, Actor: "a-2", Note: "too much"}})
		return err
	})
	storetest.Read(t, db, func(tx *store.Tx) error {
		page, _, err := loadRecords(tx, 0, 10)
		if err != nil || len(page) != 2 {
			t.Fatalf("got %d transactions, %v, want 2", len(page), err)
		}
		for _, r := range page {
			accounts, err := loadBySeq(tx, []AccountID{1, 2}, "")
			if err != nil {
				return err
			}
			var entries []secondEntry
			for _, e := range r.entries {
				entries = append(entries, secondEntry{string(e.reason), accounts[e.source-1].pseudonym[:], accounts[e.destination-1].pseudonym[:], e.minutes})
			}
			p := r.private
			_, want := secondDigest(secondPublic(r.id, string(r.reason), entries), secondPrivate(p.ref, p.reverses,
				[5]string{p.service, p.grade, p.region, p.regionTo, p.policyVersion}, p.occurredAt, p.recordedAt, p.day, p.actor, p.note), r.salt)
			if hex.EncodeToString(r.leaf) != hex.EncodeToString(want[:]) {
				t.Errorf("%s: stored %x, want %x", r.reason, r.leaf, want)
			}
		}
		return nil
	})
}

// TestReasonTable holds the table against the database's list and against itself.
func TestReasonTable(t *testing.T) {
	if len(Reasons) != len(patterns)+1 {
		t.Errorf("%d reasons and %d patterns; only ForReversal has none", len(Reasons), len(patterns))
	}
	for _, r := range Reasons {
		for _, from := range Classes {
			for _, to := range Classes {
				if !r.Allows(from, to) {
					continue
				}
				if from == Recovery || from == Retired || to == Issuer {
					t.Errorf("%s moves from %s to %s", r, from, to)
				}
			}
		}
	}
	text, err := os.ReadFile("../store/migrations/sqlite/0007_ledger.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Reasons {
		if strings.Count(string(text), "'"+string(r)+"'") < 3 {
			t.Errorf("the tables do not know the reason %s", r)
		}
	}
}
