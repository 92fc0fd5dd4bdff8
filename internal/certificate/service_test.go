package certificate_test

import (
	"strings"
	"testing"
	"time"

	"timebank/internal/certificate"
	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/order"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func issue(t *testing.T, c *citytest.City, cmd certificate.IssueCmd) citytest.Outcome[certificate.ID] {
	t.Helper()
	if cmd.Key == "" {
		cmd.Key = c.Key()
	}
	return citytest.Got(c.Certificates.Issue(t.Context(), []certificate.IssueCmd{cmd}))
}

func open(t *testing.T, c *citytest.City, by citytest.Person, which certificate.ID) (text string, err error) {
	t.Helper()
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		var signed []byte
		_, signed, err = c.Certificates.Open(tx, by.Actor, which)
		text = string(signed)
		return nil
	})
	return text, err
}

func standing(t *testing.T, c *citytest.City, number string) (s certificate.State) {
	t.Helper()
	storetest.Read(t, c.DB, func(tx *store.Tx) (err error) {
		s, _, err = certificate.Standing(tx, number)
		return err
	})
	return s
}

func TestACertificateSaysWhatWasServedAndStandsAlone(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, v := c.KeyElder(c.Home()), c.Volunteer(c.Home())
		c.Earn(v, elder, 90)
		key := c.Keys.Signers[certificate.KeyName].Verifier()
		wish := certificate.IssueCmd{Actor: v.Actor, Key: c.Key(), Person: v.ID, Purpose: certificate.ForWork, Naming: certificate.MaskedName, Months: 6}
		made := issue(t, c, wish).Must(t, "issue")
		if again := issue(t, c, wish).Must(t, "the same again"); again != made {
			t.Errorf("the same command made %s and %s", made, again)
		}
		text, err := open(t, c, v, made)
		if err != nil {
			t.Fatal(err)
		}
		said, err := certificate.Read([]byte(text), key)
		if err != nil {
			t.Fatalf("%v of\n%s", err, text)
		}
		today := clock.DayOf(c.Clock.Now())
		if said.Visits != 1 || said.Minutes.Int64() != 90 || said.Name != "张**" || said.Purpose != certificate.ForWork || said.IssuedOn != today || said.To != today || said.Certified == "" ||
			!strings.HasPrefix(said.By, "南京市") || said.Until.Sub(today) < 180 {
			t.Errorf("got %+v", said)
		}
		for _, named := range []struct {
			naming certificate.Naming
			want   string
		}{{certificate.FullName, "张测试"}, {certificate.NoName, ""}} {
			wish.Key, wish.Naming = c.Key(), named.naming
			text, err := open(t, c, v, issue(t, c, wish).Must(t, string(named.naming)))
			if err != nil {
				t.Fatal(err)
			}
			if s, err := certificate.Read([]byte(text), key); err != nil || s.Name != named.want {
				t.Errorf("%s: got %q, %v, want %q", named.naming, s.Name, err, named.want)
			}
		}
		// A day without service counts none of it.
		wish.Key, wish.From, wish.To = c.Key(), today.Add(-4000), today.Add(-3990)
		text, _ = open(t, c, v, issue(t, c, wish).Must(t, "long ago"))
		if s, err := certificate.Read([]byte(text), key); err != nil || s.Visits != 0 || !s.Minutes.IsZero() {
			t.Errorf("long ago: got %+v, %v", s, err)
		}
		if _, err := certificate.Read([]byte(strings.Replace(text, "visits 0", "visits 9", 1)), key); errs.CodeOf(err) != "notary.signature_wrong" {
			t.Errorf("a changed certificate: got %v, want notary.signature_wrong", err)
		}
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			var clear int
			err := tx.QueryRow("SELECT COUNT(*) FROM audit WHERE action LIKE 'certificate.%' AND (before LIKE $1 OR after LIKE $1)", "%"+said.Number+"%").Scan(&clear)
			if clear != 0 {
				t.Errorf("the trail has the number")
			}
			return err
		})
	})
}

// Minutes that stand still are not certified: what is decided afterwards could not take them out of a paper that was given away. Those that were
// spent before the dispute are no more certain.
func TestACertificateLeavesOutWhatIsInDispute(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, v, officer := c.KeyElder(c.Home()), c.Volunteer(c.Home()), c.Staff(identity.Reviewer, c.Tree.City())
		c.Earn(v, elder, 90)
		disputed := c.Earn(v, elder, 60)
		says := func(visits, minutes int64) {
			t.Helper()
			made := issue(t, c, certificate.IssueCmd{Actor: v.Actor, Person: v.ID, Purpose: certificate.ForWork, Naming: certificate.NoName, Months: 6}).Must(t, "issue")
			text, err := open(t, c, v, made)
			if err != nil {
				t.Fatal(err)
			}
			said, err := certificate.Read([]byte(text), c.Keys.Signers[certificate.KeyName].Verifier())
			if err != nil || said.Visits != visits || said.Minutes.Int64() != minutes {
				t.Errorf("got %d visits and %s, %v; want %d and %d min", said.Visits, said.Minutes, err, visits, minutes)
			}
		}
		says(2, 150)
		if _, err := c.Ledger.Donate(t.Context(), ledger.DonateCmd{Actor: v.Actor, Key: c.Key(), From: ledger.Key{Owner: string(v.ID), Class: ledger.Saved}, Minutes: hours.Of(150)}); err != nil {
			t.Fatal(err)
		}
		citytest.Got(c.Orders.Dispute(t.Context(), []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: disputed, Reason: "test"}})).Must(t, "dispute")
		says(1, 90)
		citytest.Got(c.Orders.Decide(t.Context(), []order.DecideCmd{{Actor: officer.Actor, Key: c.Key(), Order: disputed, Uphold: true, Reason: "test"}})).Must(t, "decide")
		says(2, 150)
	})
}

func TestACertificateIsItsHoldersAndCanBeTakenBack(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, v, other := c.KeyElder(c.Home()), c.Volunteer(c.Home()), c.Volunteer(c.Home())
		manager, desk := c.Staff(identity.PointManager, c.Home()), c.Staff(identity.PointStaff, c.Home())
		c.Earn(v, elder, 60)
		wish := certificate.IssueCmd{Actor: v.Actor, Person: v.ID, Purpose: certificate.ForSchool, Naming: certificate.NoName, Months: 3}
		for what, change := range map[string]struct {
			to   func(*certificate.IssueCmd)
			want string
		}{
			"another's":        {func(c *certificate.IssueCmd) { c.Person = other.ID }, "identity.not_oneself"},
			"staff for it":     {func(c *certificate.IssueCmd) { c.Actor = manager.Actor }, "identity.not_oneself"},
			"no purpose":       {func(c *certificate.IssueCmd) { c.Purpose = "gossip" }, "certificate.invalid"},
			"for ever":         {func(c *certificate.IssueCmd) { c.Months = 1200 }, "certificate.invalid"},
			"tomorrow":         {func(w *certificate.IssueCmd) { w.To = clock.DayOf(c.Clock.Now()).Add(1) }, "certificate.invalid"},
			"a broken day":     {func(c *certificate.IssueCmd) { c.From = "2020-02-30" }, "certificate.invalid"},
			"no volunteer yet": {func(c *certificate.IssueCmd) { c.Actor, c.Person = elder.Actor, elder.ID }, "certificate.not_a_volunteer"},
		} {
			bad := wish
			change.to(&bad)
			issue(t, c, bad).Refused(t, what, change.want)
		}
		first, second := issue(t, c, wish).Must(t, "first"), issue(t, c, wish).Must(t, "second")
		if _, err := open(t, c, other, first); errs.CodeOf(err) != "certificate.unknown" {
			t.Errorf("another reads it: got %v", err)
		}
		text, err := open(t, c, v, first)
		if err != nil {
			t.Fatal(err)
		}
		said, err := certificate.Read([]byte(text), c.Keys.Signers[certificate.KeyName].Verifier())
		if err != nil || standing(t, c, said.Number) != certificate.Valid || standing(t, c, "0000") != certificate.Unknown {
			t.Fatalf("a new one: %v, %s", err, standing(t, c, said.Number))
		}
		revoke := func(by citytest.Person, which certificate.ID, reason ...string) citytest.Outcome[identity.Nothing] {
			return citytest.Got(c.Certificates.Revoke(t.Context(), []certificate.RevokeCmd{{Actor: by.Actor, Key: c.Key(), Certificate: which, Reason: strings.Join(reason, "")}}))
		}
		revoke(other, first).Refused(t, "another's", "certificate.unknown")
		revoke(desk, first).Refused(t, "not by the desk", "identity.not_allowed")
		revoke(v, first).Must(t, "by its holder")
		revoke(v, first).Must(t, "twice")
		revoke(manager, second).Refused(t, "by the station without a reason", "certificate.revoke_invalid")
		revoke(manager, second, " ").Refused(t, "by the station with spaces", "certificate.revoke_invalid")
		revoke(manager, second, "a visit counted twice").Must(t, "by the station")
		if got := standing(t, c, said.Number); got != certificate.Revoked {
			t.Errorf("taken back: got %s", got)
		}
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			list, err := c.Certificates.Of(tx, c.Tree, v.Actor, v.ID, "", 9)
			if len(list) != 2 || list[0].Ending != certificate.Wrong || list[1].Ending != certificate.ByHolder {
				t.Errorf("got %+v, %v", list, err)
			}
			_, err = c.Certificates.Of(tx, c.Tree, other.Actor, v.ID, "", 9)
			if errs.KindOf(err) != errs.Forbidden {
				t.Errorf("another's list: got %v", err)
			}
			return nil
		})
	})
}

func TestACertificateEnds(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		v := c.Volunteer(c.Home())
		which := issue(t, c, certificate.IssueCmd{Actor: v.Actor, Person: v.ID, Purpose: certificate.ForMyself, Naming: certificate.FullName, Months: 3}).Must(t, "issue")
		text, err := open(t, c, v, which)
		if err != nil {
			t.Fatal(err)
		}
		number := strings.Fields(text[strings.Index(text, "number "):])[1]
		c.Clock.Advance(80 * 24 * time.Hour)
		if got := standing(t, c, number); got != certificate.Valid {
			t.Errorf("after 80 days: got %s", got)
		}
		c.Clock.Advance(20 * 24 * time.Hour)
		if got := standing(t, c, number); got != certificate.Expired {
			t.Errorf("after 100 days: got %s", got)
		}
		storetest.Write(t, c.DB, func(tx *store.Tx) error {
			p, err := c.Certificates.PersonalData(tx, v.ID)
			if err != nil || len(p.Certificates) != 1 || p.Certificates[0].Text != text {
				t.Errorf("the holder's copy: %+v, %v", p, err)
			}
			if err := c.Certificates.Erase(tx, v.ID); err != nil {
				return err
			}
			if state, _, err := certificate.Standing(tx, number); state != certificate.Revoked || err != nil {
				t.Errorf("after erasure: got %s, %v", state, err)
			}
			p, err = c.Certificates.PersonalData(tx, v.ID)
			if len(p.Certificates) != 1 || p.Certificates[0].Text != "" {
				t.Errorf("after erasure the words are %+v", p)
			}
			return err
		})
	})
}

func TestADayHasFewCertificates(t *testing.T) {
	c := citytest.New(t, store.SQLite)
	v := c.Volunteer(c.Home())
	wish := certificate.IssueCmd{Actor: v.Actor, Person: v.ID, Purpose: certificate.ForAward, Naming: certificate.NoName, Months: 12}
	for range 10 {
		issue(t, c, wish).Must(t, "within the day's number")
	}
	issue(t, c, wish).Refused(t, "one more", "certificate.too_many")
}

// TestWhatACertificateSaysIsForgottenWhenItIsOver follows one that ran out and one that was taken back: the words go with retention.evidence_days,
// the numbers with retention.records_years, and one that holds stays as it is.
func TestWhatACertificateSaysIsForgottenWhenItIsOver(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		v := c.Volunteer(c.Home())
		wish := certificate.IssueCmd{Actor: v.Actor, Person: v.ID, Purpose: certificate.ForMyself, Naming: certificate.FullName, Months: 3}
		short, taken := issue(t, c, wish).Must(t, "short"), issue(t, c, wish).Must(t, "taken back")
		wish.Months = 12
		long := issue(t, c, wish).Must(t, "long")
		citytest.Got(c.Certificates.Revoke(t.Context(), []certificate.RevokeCmd{{Actor: v.Actor, Key: c.Key(), Certificate: taken}})).Must(t, "revoke")
		words := func(want map[certificate.ID]bool) {
			t.Helper()
			for which, has := range want {
				if text, err := open(t, c, v, which); (err == nil) != has || err != nil && errs.CodeOf(err) != "certificate.unknown" {
					t.Errorf("%s: got %d characters, %v, want words: %v", which, len(text), err, has)
				}
			}
		}
		c.Clock.Advance(170 * 24 * time.Hour)
		c.Pass(25 * time.Hour)
		words(map[certificate.ID]bool{short: true, taken: true, long: true})
		c.Pass(20 * 24 * time.Hour)
		words(map[certificate.ID]bool{short: true, taken: false, long: true})
		c.Pass(90 * 24 * time.Hour)
		words(map[certificate.ID]bool{short: false, taken: false, long: true})
		count := func() (n int) {
			storetest.Read(t, c.DB, func(tx *store.Tx) error {
				list, err := c.Certificates.Of(tx, c.Tree, v.Actor, v.ID, "", 9)
				n = len(list)
				return err
			})
			return n
		}
		if n := count(); n != 3 {
			t.Errorf("got %d certificates, want all three numbers", n)
		}
		c.Clock.Set(c.Clock.Now().AddDate(11, 0, 0))
		c.Pass(25 * time.Hour)
		if n := count(); n != 0 {
			t.Errorf("after the years of the law: got %d certificates, want none", n)
		}
	})
}
