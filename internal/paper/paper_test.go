package paper_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"timebank/internal/app"
	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/paper"
	"timebank/internal/print/printtest"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// voice speaks Chinese.
func voice() paper.Voice {
	return paper.Voice{Lang: i18n.Chinese, Brand: "演示市", Site: "https://time.example", Phone: "12349",
		T: func(code string, params ...any) string { return i18n.Text(i18n.Chinese, code, params...) }}
}

// codes finds what was printed as a code of a number of characters.
func codes(text, form string) []string { return regexp.MustCompile(form).FindAllString(text, -1) }

const (
	proofForm = `[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5}`
	slipForm  = `[0-9A-Z]{4}-[0-9A-Z]{5}`
)

func refused(t *testing.T, what, code string, err error) {
	t.Helper()
	if got := errs.CodeOf(err); got != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func TestAPrintedLineIsCheckedByItsCode(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		c.Earn(volunteer, elder, 60)
		desk, far := c.Staff(identity.PointStaff, c.Home()), c.Staff(identity.PointStaff, c.Community("320102002", 0))
		own := paper.PrintPassbookCmd{Actor: volunteer.Actor, Person: volunteer.ID}
		pdf, err := c.Paper.PrintPassbook(ctx, own, voice())
		if err != nil {
			t.Fatal(err)
		}
		text := printtest.Text(t, pdf)
		for _, want := range []string{"张测试", "累计付出 1小时", "累计得到 0分钟", "2020-10-13", "学用智能手机", "双方现场确认", "迈皋桥街道"} {
			if !strings.Contains(strings.ReplaceAll(text, "\n", ""), want) {
				t.Errorf("the passbook does not say %q:\n%s", want, text)
			}
		}
		found := codes(text, proofForm)
		if len(found) != 1 {
			t.Fatalf("proof codes on paper: %v, want one\n%s", found, text)
		}
		got, err := c.Paper.Check(ctx, found[0])
		if err != nil || !got.True || got.Day != "2020-10-13" || got.Minutes.Int64() != 60 || got.Reason != ledger.Reason("service") || got.Number != -1 || got.Reversed {
			t.Errorf("the code of the line: %+v %v", got, err)
		}
		if _, err := c.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		if got, err = c.Paper.Check(ctx, strings.ToLower(strings.ReplaceAll(found[0], "-", " "))); err != nil || !got.True || got.Number < 0 {
			t.Errorf("as people type it, once the log has numbered it: %+v %v", got, err)
		}
		// The command line asks the database beside the server.
		if got, err := app.CheckProof(ctx, c.Config, found[0]); err != nil || !got.True || got.Minutes.Int64() != 60 {
			t.Errorf("the command says %+v %v", got, err)
		}
		// The desk prints the same codes, also small; another station and a neighbour print nothing.
		pdf, err = c.Paper.PrintPassbook(ctx, paper.PrintPassbookCmd{Actor: desk.Actor, Person: volunteer.ID, Small: true}, voice())
		if err != nil {
			t.Fatal(err)
		}
		if again := codes(printtest.Text(t, pdf), proofForm); len(again) != 1 || again[0] != found[0] {
			t.Errorf("printed again the line has the codes %v, want %v", again, found)
		}
		_, err = c.Paper.PrintPassbook(ctx, paper.PrintPassbookCmd{Actor: far.Actor, Person: volunteer.ID}, voice())
		refused(t, "another station prints", "identity.not_allowed", err)
		_, err = c.Paper.PrintPassbook(ctx, paper.PrintPassbookCmd{Actor: elder.Actor, Person: volunteer.ID}, voice())
		refused(t, "a neighbour prints", "identity.not_allowed", err)
		auditor := c.Staff(identity.Auditor, c.Tree.City())
		_, err = c.Paper.PrintPassbook(ctx, paper.PrintPassbookCmd{Actor: auditor.Actor, Person: volunteer.ID}, voice())
		refused(t, "an auditor, who may read it, prints", "identity.not_allowed", err)

		if got, err := c.Paper.Check(ctx, "0000000000000"); err != nil || got.True {
			t.Errorf("a code that was never printed: %+v %v", got, err)
		}
		_, err = c.Paper.Check(ctx, found[0][:len(found[0])-1]+other(found[0][len(found[0])-1]))
		refused(t, "a slip of the pen", "id.code_malformed", err)

		var printings []string
		storetest.Read(t, c.DB, func(tx *store.Tx) (err error) {
			printings, err = store.All(tx, func(r *store.Rows) (s string, err error) { return s, r.Scan(&s) },
				"SELECT actor FROM audit WHERE action = 'paper.passbook' ORDER BY seq")
			return err
		})
		if len(printings) != 2 || printings[0] != volunteer.Actor.ID || printings[1] != desk.Actor.ID {
			t.Errorf("printings in the trail: %v", printings)
		}
		// Another's anchor behind a printed code is found out: the code does not follow from it.
		storetest.Write(t, c.DB, func(tx *store.Tx) error {
			_, err := tx.Exec("UPDATE printed_line SET anchor = (SELECT MIN(anchor) FROM printed_line)")
			if err == nil {
				_, err = tx.Exec("INSERT INTO printed_line (code, anchor, printed_at) SELECT '" + strings.Repeat("0", 13) + "', anchor, printed_at FROM printed_line")
			}
			return err
		})
		if got, err := c.Paper.Check(ctx, strings.Repeat("0", 13)); err != nil || got.True {
			t.Errorf("a forged row makes a code true: %+v %v", got, err)
		}
	})
}

// other is a character that is not c.
func other(c byte) string {
	if c == '7' {
		return "8"
	}
	return "7"
}

func TestTheCardHangsBesideTheTelephone(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder := c.Recipient(83, c.Home())
		desk, far := c.Staff(identity.PointStaff, c.Home()), c.Staff(identity.PointStaff, c.Community("320102002", 0))
		_, err := c.Paper.PrintCard(t.Context(), paper.PrintCardCmd{Actor: far.Actor, Person: elder.ID}, voice())
		refused(t, "another station prints a card", "identity.not_allowed", err)
		pdf, err := c.Paper.PrintCard(t.Context(), paper.PrintCardCmd{Actor: desk.Actor, Person: elder.ID}, voice())
		if err != nil {
			t.Fatal(err)
		}
		text := printtest.Text(t, pdf)
		pages := strings.Split(text, "\f")
		for _, want := range []string{"12349", "测试站点", "张测试", "120"} {
			if !strings.Contains(pages[0], want) {
				t.Errorf("the card does not say %q:\n%s", want, pages[0])
			}
		}
		today := clock.DayOf(c.Clock.Now())
		if len(pages) < 2 || !strings.Contains(pages[1], string(today)[5:]) || strings.Contains(pages[0], "10-13") {
			t.Errorf("the words of the days do not stand on a sheet of their own:\n%s", text)
		}
		if len(codes(pages[0], proofForm)) != 1 {
			t.Errorf("the card has no code:\n%s", pages[0])
		}
	})
}

// A team's codes stand on paper, one on a sheet, with the team's name and until when they hold, and nobody's name; nobody but who answers for the team
// has them printed.
func TestATeamsCodesHangOnTheWall(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		boss, other := c.Volunteer(c.Home()), c.Staff(identity.PointManager, c.Home())
		team := citytest.Got(c.Members.RegisterTeams(t.Context(), []member.RegisterTeamCmd{{Actor: boss.Actor, Key: c.Key(), Name: "栖霞图书馆", Kind: member.TeamGroup, Region: c.Home(),
			Manager: boss.ID}})).Must(t, "team")
		_, err := c.Paper.PrintInvites(t.Context(), boss.Actor, team, voice())
		refused(t, "no code is drawn", "member.invite_unknown", err)
		for range 2 {
			citytest.Got(c.Members.Invite(t.Context(), []member.InviteCmd{{Actor: boss.Actor, Key: c.Key(), Team: team, Printed: true}})).Must(t, "draw a code")
		}
		_, err = c.Paper.PrintInvites(t.Context(), other.Actor, team, voice())
		refused(t, "somebody else prints them", "member.team_unknown", err)
		for lang, until := range map[string]string{i18n.Chinese: "有效期到 2020-", i18n.English: "Good until 2020-"} {
			v := voice()
			v.Lang, v.T = lang, func(code string, params ...any) string { return i18n.Text(lang, code, params...) }
			pdf, err := c.Paper.PrintInvites(t.Context(), boss.Actor, team, v)
			if err != nil {
				t.Fatal(err)
			}
			pages := strings.Split(strings.TrimSuffix(printtest.Text(t, pdf), "\f"), "\f")
			seen := map[string]bool{}
			for _, p := range pages {
				for _, want := range []string{"栖霞图书馆", until, "https://time.example/volunteer/teams"} {
					if !strings.Contains(p, want) {
						t.Errorf("%s: the sheet does not say %q:\n%s", lang, want, p)
					}
				}
				for _, code := range codes(p, proofForm) {
					seen[code] = true
				}
				if strings.Contains(p, "张测试") {
					t.Errorf("%s: a name stands on the sheet:\n%s", lang, p)
				}
			}
			if len(pages) != 2 || len(seen) != 2 {
				t.Errorf("%s: %d sheets with %d codes, want two with one each", lang, len(pages), len(seen))
			}
		}
	})
}

// The power fails. What was written on slips comes into the book afterwards, once, at its own station, and by two persons.
func TestWhatWasWrittenOnPaperIsKeyedInOnce(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		desk, colleague := c.Staff(identity.PointStaff, c.Home()), c.Staff(identity.PointStaff, c.Home())
		wish := paper.PrintSlipsCmd{Actor: desk.Actor, Key: c.Key(), Orders: 1, Visits: 2}
		batch, err := c.Paper.PrintSlips(ctx, wish)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := c.Paper.PrintSlips(ctx, wish); err != nil || again != batch {
			t.Errorf("pressed twice: %s %v, want %s", again, err, batch)
		}
		pdf, err := c.Paper.DrawSlips(ctx, desk.Actor, batch, voice())
		if err != nil {
			t.Fatal(err)
		}
		text := printtest.Text(t, pdf)
		found := codes(text, slipForm)
		if len(found) != 3 || strings.Count(text, "上门服务单") != 2 || strings.Count(text, "服务请求单") != 1 {
			t.Fatalf("slips on paper: %v\n%s", found, text)
		}
		_, slips, err := c.Paper.Slips(ctx, desk.Actor, batch)
		if err != nil {
			t.Fatal(err)
		}
		ask, visit, spoilt := slips[0].Code, slips[1].Code, slips[2].Code

		c.Pass(30 * time.Hour)
		began := clock.DayOf(c.Clock.Now()).Start().Add(9 * time.Hour)
		keyed := paper.KeyInCmd{Actor: desk.Actor, Key: c.Key(), Code: visit, Recipient: elder.ID, Item: citytest.Lesson, Start: began, Minutes: hours.Of(45),
			Volunteers: []member.PersonID{volunteer.ID}, Signed: true}
		wrong := keyed
		wrong.Key, wrong.Signed = c.Key(), false
		_, err = c.Paper.KeyIn(ctx, wrong)
		refused(t, "without the elder's signature", "paper.invalid", err)
		wrong = keyed
		wrong.Key, wrong.Actor = c.Key(), colleague.Actor
		_, err = c.Paper.KeyIn(ctx, wrong)
		refused(t, "at another station", "paper.slip_of_other_station", err)
		wrong = keyed
		wrong.Key, wrong.Volunteers = c.Key(), []member.PersonID{c.Person(40, c.Home()).ID}
		_, err = c.Paper.KeyIn(ctx, wrong)
		refused(t, "somebody who is no volunteer", "order.volunteer_unknown", err)
		if _, held := balance(t, c, ledger.PoolAccount); held != 0 {
			t.Errorf("a refused slip left %d minutes held", held)
		}
		id, err := c.Paper.KeyIn(ctx, keyed)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := c.Paper.KeyIn(ctx, keyed); err != nil || again != id {
			t.Errorf("sent twice: %s %v, want %s", again, err, id)
		}
		wrong = keyed
		wrong.Key = c.Key()
		_, err = c.Paper.KeyIn(ctx, wrong)
		refused(t, "keyed in a second time", "paper.slip_used", err)
		if o := c.Order(id); o.State != order.Awaiting || o.PlacedAs != order.ByStation || o.Assignments[0].How != "paper" {
			t.Errorf("the keyed visit is %s, placed as %s, by a volunteer who was %s", o.State, o.PlacedAs, o.Assignments[0].How)
		}
		out, err := c.Orders.Confirm(ctx, []order.ConfirmCmd{{Actor: desk.Actor, Key: c.Key(), Order: id}})
		citytest.Got(out, err).Refused(t, "who keyed it in confirms", "order.confirm_own_proxy")
		c.Confirm(colleague.Actor, id)
		c.Pass(25 * time.Hour)
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			book, err := ledger.PassbookOf(tx, string(volunteer.ID), "", 10)
			if err == nil && (len(book.Lines) != 1 || book.Lines[0].Grade != string(order.OnPaper) || book.Lines[0].Minutes.Int64() != 45) {
				t.Errorf("the passbook says %+v", book.Lines)
			}
			return err
		})

		// A request on a slip becomes an order like any other.
		c.Place(elder.Actor, elder)
		request := paper.KeyInCmd{Actor: desk.Actor, Key: c.Key(), Code: ask, Recipient: elder.ID, Item: citytest.Lesson, Start: c.Tomorrow()}
		_, err = c.Paper.KeyIn(ctx, request)
		refused(t, "what the elder has asked for herself", "order.invalid", err)
		request.Key, request.Again = c.Key(), true
		asked, err := c.Paper.KeyIn(ctx, request)
		if err != nil {
			t.Fatal(err)
		}
		if o := c.Order(asked); o.State != order.Published || len(o.Assignments) != 0 {
			t.Errorf("the request is %s with %d volunteers", o.State, len(o.Assignments))
		}
		refused(t, "void without a reason", "paper.invalid", c.Paper.VoidSlip(ctx, paper.VoidSlipCmd{Actor: desk.Actor, Key: c.Key(), Code: spoilt}))
		if err := c.Paper.VoidSlip(ctx, paper.VoidSlipCmd{Actor: desk.Actor, Key: c.Key(), Code: spoilt, Reason: "coffee"}); err != nil {
			t.Fatal(err)
		}
		_, err = c.Paper.Find(ctx, desk.Actor, spoilt)
		refused(t, "a void slip", "paper.slip_void", err)
		_, err = c.Paper.Find(ctx, desk.Actor, strings.Repeat("0", 9))
		refused(t, "a code of no slip", "paper.slip_unknown", err)
		_, err = c.Paper.Find(ctx, desk.Actor, "nonsense!")
		refused(t, "what is no code", "paper.invalid", err)

		list, err := c.Paper.Batches(ctx, colleague.Actor, c.Home(), "", 10)
		if err != nil || len(list) != 1 || list[0].Open != 0 || list[0].Used != 2 || list[0].Void != 1 {
			t.Errorf("the batches of the place: %+v %v", list, err)
		}
		if pdf, err := c.Paper.DrawSlips(ctx, desk.Actor, batch, voice()); err != nil || len(codes(printtest.Text(t, pdf), slipForm)) != 0 {
			t.Errorf("slips that are used were printed again: %v", err)
		}
		_, err = c.Paper.PrintSlips(ctx, paper.PrintSlipsCmd{Actor: elder.Actor, Key: c.Key(), Visits: 1})
		refused(t, "somebody without a station prints slips", "paper.no_station", err)
		_, err = c.Paper.PrintSlips(ctx, paper.PrintSlipsCmd{Actor: desk.Actor, Key: c.Key(), Visits: 101})
		refused(t, "a hundred and one slips", "paper.invalid", err)
	})
}

func balance(t *testing.T, c *citytest.City, key ledger.Key) (total, held int64) {
	t.Helper()
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		all, err := ledger.Balances(tx, []ledger.Key{key})
		total, held = all[key].Balance.Int64(), all[key].Held.Int64()
		return err
	})
	return total, held
}
