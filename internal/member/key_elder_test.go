package member_test

import (
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func recipientOf(t *testing.T, c *citytest.City, p citytest.Person) (r member.Recipient) {
	t.Helper()
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		all, err := member.LoadRecipients(tx, []member.PersonID{p.ID})
		r = all[p.ID]
		return err
	})
	return r
}

// A key elder by a mistaken date of birth is none any more, and one by the right date becomes one on the birthday.
func TestACorrectedBirthDecidesAnewWhoIsAKeyElder(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		alone := func(a *member.Attributes) { a.LivesAlone = true }
		correct := func(p citytest.Person, birth clock.Day, n int) {
			t.Helper()
			citytest.Got(c.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: c.Key(), Person: p.ID, IDNumber: citytest.IDNumber(birth, n), Reason: "paper seen"}})).Must(t, "correct")
		}
		want := func(what string, p citytest.Person, yes bool) {
			t.Helper()
			if got := recipientOf(t, c, p).KeyElder; got != yes {
				t.Errorf("%s: got %v, want %v", what, got, yes)
			}
		}
		born := func(years int) clock.Day { return clock.DayOf(c.Clock.Now().AddDate(-years, 1, 0)) }
		elder, older, soon := c.KeyElder(c.Home()), c.Recipient(70, c.Home(), alone), c.Recipient(70, c.Home(), alone)
		want("at 85", elder, true)
		correct(elder, born(63), 777)
		want("at 62", elder, false)
		want("at 70", older, false)
		correct(older, born(86), 778)
		want("at 85 after all", older, true)
		correct(soon, born(80), 779)
		want("a month before 80", soon, false)
		next := clock.MonthOf(c.Clock.Now()).Add(1)
		c.PassTo(next.Start().Add(time.Hour))
		grants := map[member.PersonID]bool{elder.ID: false, older.ID: true}
		for who, yes := range grants {
			storetest.Read(t, c.DB, func(tx *store.Tx) error {
				k := ledger.Key{Owner: string(who), Class: ledger.Granted, Bucket: string(next)}
				all, err := ledger.Balances(tx, []ledger.Key{k})
				if got := all[k].Balance.Sign() > 0; got != yes {
					t.Errorf("granted %v, want it: %v", all[k].Balance, yes)
				}
				return err
			})
		}
		c.PassTo(c.Clock.Now().AddDate(0, 1, 0))
		want("at 80", soon, true)
	})
}

// A new rule decides about everybody whom the old one had decided about, on the day on which it begins.
func TestANewRuleDecidesAnewWhoIsAKeyElder(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		alone := func(a *member.Attributes) { a.LivesAlone = true }
		old, young, soon := c.KeyElder(c.Home()), c.Recipient(70, c.Home(), alone), c.Recipient(64, c.Home(), alone)
		want := func(what string, p citytest.Person, yes bool) {
			t.Helper()
			if got := recipientOf(t, c, p).KeyElder; got != yes {
				t.Errorf("%s: got %v, want %v", what, got, yes)
			}
		}
		reviewed := func() (at int64) {
			storetest.Read(t, c.DB, func(tx *store.Tx) error {
				return tx.QueryRow("SELECT reviewed_at FROM recipient WHERE person = $1", string(young.ID)).Scan(&at)
			})
			return at
		}
		before := reviewed()
		basis := recipientOf(t, c, young).PolicyVersion
		c.Publish(`redeem.min_age = 61`)
		c.Pass(time.Minute)
		if got := recipientOf(t, c, young).PolicyVersion; got != basis {
			t.Errorf("rules that say the same of key elders decided anew: by %s, want %s", got, basis)
		}
		c.Publish(`key_elder.rule = "age >= 65 && age < 80 && lives_alone"`)
		c.Pass(time.Minute)
		want("at 85 by the new rule", old, false)
		want("at 70 by the new rule", young, true)
		want("at 64 by the new rule", soon, false)
		if got := recipientOf(t, c, young); got.PolicyVersion == basis || got.KeyElderBasis.Version != string(got.PolicyVersion) {
			t.Errorf("decided by %s, for the reason %+v; want the new version", got.PolicyVersion, got.KeyElderBasis)
		}
		if got := reviewed(); got != before {
			t.Error("a rule that begins is no review")
		}
		c.PassTo(c.Clock.Now().AddDate(2, 0, 0))
		want("at 65 or 66", soon, true)
	})
}
