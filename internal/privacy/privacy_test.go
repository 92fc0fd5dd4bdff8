package privacy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/print/printtest"
	"timebank/internal/privacy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
	"timebank/internal/why"
)

func TestExportHoldsEverythingOfThePersonAndOfNobodyElse(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		home := c.Home()
		elder, volunteer := c.KeyElder(home), c.Volunteer(home)
		daughter := c.Daughter(elder, home)
		auditor := c.Staff(identity.PointManager, home)
		id := c.Earn(volunteer, elder, 60)
		rated, err := c.Feedback.Rate(ctx, []feedback.RateCmd{{Actor: elder.Actor, Key: c.Key(), Order: id, Of: volunteer.ID, Stars: 5, Words: "帮我学会了视频通话"}})
		citytest.Must(t, rated, err)
		if _, _, err := c.Members.Details(ctx, auditor.Actor, elder.ID); err != nil {
			t.Fatal(err)
		}

		out, err := c.Privacy.Export(ctx, elder.Actor, elder.ID)
		if err != nil {
			t.Fatal(err)
		}
		text, err := out.JSON()
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Person string
			Member struct {
				Name      string
				IDNumber  string `json:"id_number"`
				Phone     string
				Consents  []struct{ Purpose string }
				Kin       []struct{ Relative, Relation string }
				Recipient struct {
					KeyElder bool `json:"key_elder"`
				}
			}
			Orders struct {
				Asked []struct {
					Order    string
					Evidence []struct{ Moment string }
				}
			}
			Feedback struct {
				Said []struct {
					Stars int
					Words string
				}
			}
			Trail struct {
				Own, Others []struct{ Action, Actor string }
			}
		}
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("the export is no JSON: %v\n%s", err, text)
		}
		if got.Member.Name != "张测试" || len(got.Member.IDNumber) != 18 || !strings.HasPrefix(got.Member.Phone, "138") || len(got.Member.Consents) != 4 {
			t.Errorf("got person %+v, want the name, the number, the phone and four consents in clear", got.Member)
		}
		if len(got.Member.Kin) != 1 || got.Member.Kin[0].Relative != string(daughter.ID) || !got.Member.Recipient.KeyElder {
			t.Errorf("got kin %+v and recipient %+v, want the daughter and a key elder", got.Member.Kin, got.Member.Recipient)
		}
		if len(got.Orders.Asked) != 1 || got.Orders.Asked[0].Order != string(id) || len(got.Orders.Asked[0].Evidence) == 0 {
			t.Errorf("got orders %+v, want the one with its evidence", got.Orders)
		}
		if len(got.Feedback.Said) != 1 || got.Feedback.Said[0].Words != "帮我学会了视频通话" {
			t.Errorf("got ratings %+v, want the words", got.Feedback.Said)
		}
		looked := false
		for _, a := range got.Trail.Others {
			looked = looked || a.Action == "member.look" && a.Actor == auditor.Actor.ID
		}
		if !looked || len(got.Trail.Own) == 0 {
			t.Errorf("got trail %+v, want the person's own acts and the station's look", got.Trail)
		}
		for _, other := range []citytest.Person{volunteer, daughter} {
			details := opened(t, c, other.ID)
			for _, secret := range []string{details.IDNumber.Reveal(), details.Phone.Reveal()} {
				if bytes.Contains(text, []byte(secret)) {
					t.Errorf("the export holds a number of somebody else")
				}
			}
		}

		served, err := c.Privacy.Export(ctx, volunteer.Actor, volunteer.ID)
		if err != nil {
			t.Fatal(err)
		}
		text, err = served.JSON()
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`"balance": 60`, `"course": "`, `"credit": 60`} {
			if !bytes.Contains(text, []byte(want)) {
				t.Errorf("the volunteer's export lacks %s", want)
			}
		}
		if bytes.Contains(text, []byte("帮我学会了视频通话")) {
			t.Error("the volunteer's export repeats words that are somebody else's")
		}

		others := func(of ...citytest.Person) (secrets []string) {
			for _, p := range of {
				d := opened(t, c, p.ID)
				secrets = append(secrets, d.IDNumber.Reveal(), d.Phone.Reveal())
			}
			return secrets
		}
		paperSaysAll(t, c, out, others(volunteer, daughter))
		paperSaysAll(t, c, served, append(others(elder, daughter), "帮我学会了视频通话"))

		if _, err := c.Privacy.Export(ctx, volunteer.Actor, elder.ID); errs.CodeOf(err) != "identity.not_allowed" {
			t.Errorf("a stranger: got %v, want identity.not_allowed", err)
		}
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			found, _, err := audit.Search(tx, audit.Filter{Action: "member.export"}, 0, 10)
			if len(found) != 2 {
				t.Errorf("got %d entries about exports, want 2", len(found))
			}
			return err
		})
	})
}

// paperSaysAll holds the printed copy against the one for machines: each section is there with each of its values as people read them, and nothing
// of somebody else.
func paperSaysAll(t *testing.T, c *citytest.City, e *privacy.Export, others []string) {
	t.Helper()
	machines, err := e.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	decoder := json.NewDecoder(bytes.NewReader(machines))
	decoder.UseNumber()
	if err := decoder.Decode(&all); err != nil {
		t.Fatal(err)
	}
	for lang, say := range map[string]struct{ yes, no, member, passbook, trail string }{
		"en":    {": yes", ": no", "Person", "Passbook", "Trail of acts"},
		"zh-CN": {"：是", "：否", "基本信息", "时间存折", "操作记录"},
	} {
		paper, err := e.PDF(lang)
		if err != nil {
			t.Fatalf("%s: %v", lang, err)
		}
		// Values are wrapped where a line ends and go on over pages.
		text := pageNumber.ReplaceAllString(printtest.Text(t, paper), "")
		flat := strings.Join(strings.Fields(text), "")
		for _, title := range []string{say.member, say.passbook, say.trail} {
			if !strings.Contains(text, title) {
				t.Errorf("%s: the section %q is not there", lang, title)
			}
		}
		values, yes, no := 0, 0, 0
		var walk func(path string, v any)
		walk = func(path string, v any) {
			switch v := v.(type) {
			case map[string]any:
				for name, in := range v {
					walk(path+"."+name, in)
				}
			case []any:
				for _, in := range v {
					walk(path, in)
				}
			case bool:
				if v {
					yes++
				} else {
					no++
				}
			case json.Number:
				values++
				if !strings.Contains(flat, v.String()) {
					t.Errorf("%s: %s is %s and not on paper", lang, path, v)
				}
			case string:
				values++
				want := v
				if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
					want = at.In(clock.Zone).Format("2006-01-02 15:04")
				} else if c.Tree.Name(region.ID(v)) != "" {
					want = c.Tree.FullName(region.ID(v))
				} else if word, ok := privacy.Word(lang, v); ok {
					want = word
				}
				if !strings.Contains(flat, strings.Join(strings.Fields(want), "")) {
					t.Errorf("%s: %s is %q and not on paper", lang, path, want)
				}
			}
		}
		delete(all, "person")
		walk("", all)
		if n := strings.Count(text, say.yes+"\n"); n != yes {
			t.Errorf("%s: %d values are yes on paper, want %d", lang, n, yes)
		}
		if n := strings.Count(text, say.no+"\n"); n != no {
			t.Errorf("%s: %d values are no on paper, want %d", lang, n, no)
		}
		if values < 40 {
			t.Errorf("%s: %d values were looked for, want those of every section", lang, values)
		}
		for _, secret := range others {
			if strings.Contains(flat, secret) {
				t.Errorf("%s: the paper holds what is somebody else's", lang)
			}
		}
	}
}

var pageNumber = regexp.MustCompile(`(?m)^\s*\d+ ?/ ?\d+\s*$`)

func opened(t *testing.T, c *citytest.City, who member.PersonID) (d member.Details) {
	t.Helper()
	storetest.Read(t, c.DB, func(tx *store.Tx) (err error) {
		d, err = c.Members.Open(tx, who)
		return err
	})
	return d
}

func TestErasureWaitsForWhatIsOpenAndKeepsTheHours(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		home := c.Home()
		elder, volunteer := c.KeyElder(home), c.Volunteer(home)
		officer := c.Staff(identity.Administrator, c.Tree.City())
		officer.Actor = trusted(officer.Actor)
		c.Earn(volunteer, elder, 60)
		number := opened(t, c, volunteer.ID).IDNumber.Reveal()
		erase := func() error {
			out, err := c.Privacy.Erase(ctx, []privacy.EraseCmd{{Actor: officer.Actor, Key: c.Key(), Person: volunteer.ID}})
			return citytest.Got(out, err).Err
		}
		err := erase()
		if errs.CodeOf(err) != "privacy.not_yet" {
			t.Fatalf("an active person: got %v, want privacy.not_yet", err)
		}
		open := c.Place(elder.Actor, elder)
		c.Claim(volunteer, open)
		for _, what := range []string{"membership", "orders", "hours"} {
			if because := reason(erase()); because == nil || !strings.Contains(because.String(), what) {
				t.Errorf("got %v, want it to name %s", because, what)
			}
		}
		ended, err := c.Members.End(ctx, []member.EndCmd{{Actor: officer.Actor, Key: c.Key(), Person: volunteer.ID, How: member.PersonLeft, On: "2020-01-02", Document: "letter 4"}})
		citytest.Must(t, ended, err)
		c.Pass(40 * 24 * time.Hour)
		if err := c.Ledger.CloseAccount(ctx, ledger.CloseCmd{Actor: officer.Actor, Key: c.Key(), Person: volunteer.ID, Note: "it has left"}); err != nil {
			t.Fatal(err)
		}
		if err := erase(); err != nil {
			t.Fatalf("got %v (%v), want the person erased", err, reason(err))
		}
		if d := opened(t, c, volunteer.ID); !d.Name.IsZero() || !d.IDNumber.IsZero() || !d.Phone.IsZero() || !d.Address.IsZero() {
			t.Error("what identifies the person is still there")
		}
		if found, err := c.Members.LookUp(ctx, officer.Actor, number, ""); err != nil || len(found) != 0 {
			t.Errorf("the identity number still finds %v, %v", found, err)
		}
		if err := erase(); errs.CodeOf(err) != "member.erased" {
			t.Errorf("a second time: got %v, want member.erased", err)
		}
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			book, err := ledger.PassbookOf(tx, string(volunteer.ID), "", 10)
			if len(book.Lines) < 2 {
				t.Errorf("got %d lines of the passbook, want the record of hours kept", len(book.Lines))
			}
			return err
		})
		if report, err := ledger.Verify(ctx, c.DB, func(int64, [32]byte) error { return nil }); err != nil || len(report.Problems) > 0 {
			t.Errorf("the book after the erasure: %v, %v", report.Problems, err)
		}
		corrected, err := c.Members.Correct(ctx, []member.CorrectCmd{{Actor: officer.Actor, Key: c.Key(), Person: volunteer.ID, Name: "王新名", Reason: "test"}})
		citytest.Got(corrected, err).Refused(t, "a name for who was erased", "member.erased")
	})
}

// reason is why something was refused, nil without one.
func reason(err error) *why.Why {
	var e *errs.Error
	if errors.As(err, &e) {
		return e.Why
	}
	return nil
}

// trusted is the actor after a second factor.
func trusted(a identity.Actor) identity.Actor { return a }

func TestRetentionErasesAfterTheYearsOfTheLaw(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		person := c.Person(70, c.Home())
		ended, err := c.Members.End(t.Context(), []member.EndCmd{{Actor: identity.System, Key: c.Key(), Person: person.ID, How: member.PersonLeft, On: "2020-01-01"}})
		citytest.Must(t, ended, err)
		for _, step := range []struct {
			years  int
			erased bool
		}{{9, false}, {2, true}} {
			c.Clock.Set(c.Clock.Now().AddDate(step.years, 0, 0))
			if _, err := c.Timers.Run(t.Context(), c.Clock.Now()); err != nil {
				t.Fatal(err)
			}
			if d := opened(t, c, person.ID); d.Name.IsZero() != step.erased {
				t.Errorf("after %d more years: erased is %v, want %v", step.years, d.Name.IsZero(), step.erased)
			}
		}
	})
}
