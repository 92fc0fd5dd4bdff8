package member_test

import (
	"fmt"
	"testing"

	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// BenchmarkRecipients registers people in groups of a thousand and makes them approved recipients: one operation is one person through
// three use-cases.
func BenchmarkRecipients(b *testing.B) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		b.Run(string(engine), func(b *testing.B) {
			db, clk := storetest.New(b, engine)
			w := newWorld(b, db, clk)
			const group = 1000
			n := 0
			b.ResetTimer()
			for n < b.N {
				size := min(group, b.N-n)
				people := make([]member.RegisterCmd, size)
				for i := range people {
					people[i] = member.RegisterCmd{Actor: w.desk, Key: fmt.Sprintf("r%d", n), Name: "李明", Address: "迈皋桥街道 1 号", Phone: "025-83638888",
						IDNumber: idNumber(clock.Day("1930-01-01").Add(n/999), n%999+1), Region: w.home, Consents: []member.Purpose{member.PurposeIdentity, member.PurposeLocation}}
					n++
				}
				who, err := w.s.RegisterPersons(b.Context(), people)
				if err != nil {
					b.Fatal(err)
				}
				apply, review := make([]member.ApplyRecipientCmd, size), make([]member.ReviewRecipientCmd, size)
				for i, r := range who {
					if r.Err != nil {
						b.Fatal(r.Err)
					}
					apply[i] = member.ApplyRecipientCmd{Actor: w.desk, Key: "a" + people[i].Key, Person: r.Value.Person, Attributes: member.Attributes{LivesAlone: i%3 == 0}}
					review[i] = member.ReviewRecipientCmd{Actor: identity.System, Key: "v" + people[i].Key, Person: r.Value.Person, Approve: true}
				}
				if _, err := w.s.ApplyRecipients(b.Context(), apply); err != nil {
					b.Fatal(err)
				}
				if _, err := w.s.ReviewRecipients(b.Context(), review); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
