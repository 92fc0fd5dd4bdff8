package web_test

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"timebank/internal/call"
	"timebank/internal/catalog"
	"timebank/internal/certificate"
	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/family"
	"timebank/internal/feedback"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/order"
	"timebank/internal/paper"
	"timebank/internal/policy"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// The lists of one person's own affairs: hours, certificates, visits, what was told and written, and the books of a team.
func TestListsOfOnesOwnLeaf(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	elder, boss, kin := s.KeyElder(s.Home()), s.Volunteer(s.Home()), citytest.Person{}
	kin = s.Relative(elder, true)
	for _, one := range [][2]citytest.Person{{elder, kin}, {kin, elder}} {
		citytest.Got(s.Family.Line(ctx, []family.LineCmd{{Actor: one[0].Actor, Key: s.Key(), Person: one[0].ID, Relative: one[1].ID, Open: true}})).Must(t, "line")
	}
	team := citytest.Got(s.Members.RegisterTeams(ctx, []member.RegisterTeamCmd{{Actor: identity.System, Key: s.Key(), Name: "队", Kind: member.TeamGroup, Region: s.Home(), Manager: boss.ID}})).Must(t, "team")
	citytest.Got(s.Members.JoinTeams(ctx, []member.JoinTeamCmd{{Actor: identity.System, Key: s.Key(), Team: team, Person: boss.ID}})).Must(t, "join")
	for _, of := range []member.TeamID{"", team, "", team, "", team, "", team} {
		id := s.Place(elder.Actor, elder)
		citytest.Got(s.Orders.Claim(ctx, []order.ClaimCmd{{Actor: boss.Actor, Key: s.Key(), Order: id, Team: of}})).Must(t, "claim")
		s.Serve(boss, id, 240)
		s.Confirm(elder.Actor, id)
		s.Pass(25 * time.Hour)
	}
	var mine, theirs []string
	gives := func(of ledger.Key, rows *[]string) {
		minutes := int64(len(*rows) + 2)
		if _, err := s.Ledger.Donate(ctx, ledger.DonateCmd{Actor: boss.Actor, Key: s.Key(), From: of, Minutes: hours.Of(minutes)}); err != nil {
			t.Fatal(err)
		}
		*rows = append(*rows, strconv.FormatInt(minutes, 10))
	}
	give := func() { gives(ledger.Key{Owner: string(boss.ID), Class: ledger.Saved}, &mine) }
	giveTheirs := func() { gives(ledger.Key{Owner: string(team), Class: ledger.Group}, &theirs) }
	const many = 23
	for range many {
		give()
		giveTheirs()
	}
	s.Pass(25 * time.Hour)

	var told, letters, visits, certificates []string
	tell := func() {
		s.Clock.Advance(time.Minute)
		storetest.Write(t, s.DB, func(tx *store.Tx) error {
			_, err := s.Notify.Tell(tx, notify.Notice{Person: boss.ID, Kind: "order.moved", About: "o", Cause: strconv.Itoa(len(told)), Urgent: true, Life: time.Hour})
			return err
		})
		told = append(told, s.Clock.Now().In(clock.Zone).Format("15:04"))
	}
	write := func() {
		words := "letter-" + strconv.Itoa(100+len(letters))
		s.Clock.Advance(3 * time.Hour)
		citytest.Got(s.Family.Send(ctx, []family.SendCmd{{Actor: kin.Actor, Key: s.Key(), From: kin.ID, To: elder.ID, Words: words}})).Must(t, "message")
		letters = append(letters, words)
	}
	certify := func() {
		s.Clock.Advance(6 * time.Hour)
		made := citytest.Got(s.Certificates.Issue(ctx, []certificate.IssueCmd{{Actor: boss.Actor, Key: s.Key(), Person: boss.ID, Purpose: certificate.Purposes[0], Naming: certificate.Namings[0], Months: certificate.Months[0]}})).
			Must(t, "certificate")
		certificates = append(certificates, string(made))
	}
	visit := func() {
		other, n := s.KeyElder(s.Home()), len(visits)
		id := citytest.Got(s.Orders.Place(ctx, []order.PlaceCmd{{Actor: other.Actor, Key: s.Key(), Recipient: other.ID, Item: citytest.Lesson, Urgency: catalog.Everyday,
			Start: s.Tomorrow().Add(time.Duration(n/3)*24*time.Hour + time.Duration(n%3)*2*time.Hour)}})).Must(t, "place").ID
		if s.Order(id).WaitsFor == order.ForReview {
			citytest.Got(s.Orders.Review(ctx, []order.ReviewCmd{{Actor: identity.System, Key: s.Key(), Order: id, Approve: true}})).Must(t, "review")
		}
		s.Claim(boss, id)
		visits = append(visits, string(id))
	}
	for range many {
		write()
		certify()
	}
	for range many {
		visit()
	}
	s.Clock.Set(clock.DayOf(s.Clock.Now()).Add(1).Start().Add(6 * time.Hour))
	for range many {
		tell()
	}
	id := func(before string) *regexp.Regexp { return regexp.MustCompile(before + `([0-9a-z]{26})["/?]`) }
	minutes := regexp.MustCompile(`>[−-]?(\d+) min<`)
	r := s.asFor(boss, 72*time.Hour)
	r.leaves(2, "/account/messages", "after", "", regexp.MustCompile(`(\d\d:\d\d)</t[hd]>`), &told, tell)
	r.leaves(2, "/volunteer/passbook", "after", "", minutes, &mine, func() {})
	r.leaves(2, "/elder/hours", "after", "", minutes, &mine, func() {})
	r.leaves(2, "/volunteer/teams/"+string(team), "line", "", minutes, &theirs, func() {})
	r.leaves(2, "/volunteer/visits", "after", "", id("/volunteer/visits/"), &visits, visit)
	r.leaves(2, "/volunteer/certificates", "after", "", id("/volunteer/certificates/"), &certificates, certify)
	elderly := s.asFor(elder, 72*time.Hour)
	letter := regexp.MustCompile(`(letter-\d+)`)
	elderly.leaves(2, "/elder/family", "after", "", letter, &letters, write)
	s.asFor(kin, 72*time.Hour).leaves(2, "/family/people/"+string(elder.ID), "talk", "", letter, &letters, write)
	s.asFor(s.Staff(identity.PointManager, s.Home()), 24*time.Hour).leaves(2, "/desk/teams/"+string(team), "line", "", minutes, &theirs, func() {})
}

var capLine = regexp.MustCompile(`(?m)^("?account\.cap"? *= *).*$`)

// The lists of the desk and of the offices.
func TestListsOfTheDeskAndTheOfficesLeaf(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	elder, clerk, boss := s.KeyElder(s.Home()), s.Staff(identity.PointManager, s.Home()), s.Volunteer(s.Home())
	office, second := s.Staff(identity.Administrator, s.Tree.City()), s.Staff(identity.Administrator, s.Tree.City())
	team := citytest.Got(s.Members.RegisterTeams(ctx, []member.RegisterTeamCmd{{Actor: identity.System, Key: s.Key(), Name: "队", Kind: member.TeamGroup, Region: s.Home(), Manager: boss.ID}})).Must(t, "team")
	citytest.Got(s.Members.JoinTeams(ctx, []member.JoinTeamCmd{{Actor: identity.System, Key: s.Key(), Team: team, Person: boss.ID}})).Must(t, "join")
	var orders, stuck, asks, serves, batches, complaints, follow, points, acts, rules, versions, roles, calls []string
	place := func() { orders = append(orders, string(s.Place(elder.Actor, elder))) }
	unfilled := func() {
		id := s.Place(elder.Actor, elder)
		for s.Order(id).State != order.AtFund {
			citytest.Got(s.Orders.Escalate(ctx, []order.OrderCmd{{Actor: identity.System, Key: s.Key(), Order: id}})).Must(t, "escalate")
		}
		stuck = append(stuck, string(id))
	}
	ask := func() {
		p := s.Person(70, s.Home())
		citytest.Got(s.Members.ApplyRecipients(ctx, []member.ApplyRecipientCmd{{Actor: p.Actor, Key: s.Key(), Person: p.ID, Consents: []member.Purpose{member.PurposeHealth, member.PurposeAllowance}}})).Must(t, "ask")
		asks = append(asks, string(p.ID))
	}
	serve := func() {
		p := s.Person(40, s.Home())
		citytest.Got(s.Members.ApplyVolunteers(ctx, []member.ApplyVolunteerCmd{{Actor: p.Actor, Key: s.Key(), Person: p.ID}})).Must(t, "apply")
		serves = append(serves, string(p.ID))
	}
	point := member.PointID(clerk.Actor.Grants[0].Point)
	draw := func() {
		made, err := s.Paper.PrintSlips(ctx, paper.PrintSlipsCmd{Actor: clerk.Actor, Key: s.Key(), Point: point, Orders: 1})
		if err != nil {
			t.Fatal(err)
		}
		batches = append(batches, string(made))
	}
	row := func(query string, n int, values ...any) {
		storetest.Write(t, s.DB, func(tx *store.Tx) error {
			_, err := tx.Insert(query, n, values, "")
			return err
		})
	}
	complain := func() {
		place()
		var made string
		storetest.Write(t, s.DB, func(tx *store.Tx) error { made = string(store.NewID[feedback.Complaint](tx)); return nil })
		now := s.Clock.Now().UnixMicro() + int64(len(complaints))
		row("INSERT INTO complaint (id, order_id, complainant, filed_by, filed_at, region, category, state, level, level_since, due_at)", 11,
			made, orders[len(orders)-1], string(elder.ID), elder.Actor.ID, now, string(s.Home()), string(feedback.Poor), "open", "community", now, now)
		complaints = append(complaints, made)
	}
	followUp := func() {
		place()
		now := s.Clock.Now().UnixMicro() + int64(len(follow))
		row("INSERT INTO follow_up (order_id, recipient, region, cause, state, opened_at, due_at)", 7, orders[len(orders)-1], string(elder.ID), string(s.Home()), "proxy", "open", now, now)
		follow = append(follow, orders[len(orders)-1])
	}
	open := func() {
		made := citytest.Got(s.Members.RegisterPoints(ctx, []member.RegisterPointCmd{{Actor: identity.System, Key: s.Key(), Name: "服务点" + strconv.Itoa(len(points)), Kind: member.PointCommunity, Region: s.Home()}})).Must(t, "point")
		points = append(points, string(made))
	}
	propose := func() {
		act := ledger.Act{Reason: ledger.ForIssue, Account: ledger.Key{Owner: ledger.City, Class: ledger.Pool}, Minutes: hours.Of(int64(60 + len(acts)))}
		made, err := s.Ledger.Propose(ctx, ledger.ProposeCmd{Actor: second.Actor, Key: s.Key(), Act: act, Note: "test"})
		if err != nil {
			t.Fatal(err)
		}
		acts = append(acts, string(made))
	}
	text := func(hours int) []byte {
		return capLine.ReplaceAll([]byte(policy.Nanjing().Text()), []byte(`${1}"`+strconv.Itoa(hours)+`h"`))
	}
	draft := func() {
		made, err := s.Policies.Propose(ctx, policy.Founder("ann"), policy.ProposeCmd{Key: s.Key(), TOML: text(900 + len(rules)), Reason: "test"})
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, string(made.ID))
	}
	publish := func() {
		made, err := s.Policies.Propose(ctx, policy.Founder("ann"), policy.ProposeCmd{Key: s.Key(), TOML: text(1000 + len(versions)), Reason: "test"})
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Policies.Approve(ctx, policy.Founder("bob"), policy.DecideCmd{Key: s.Key(), Proposal: made.ID, Reason: "test"})
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, string(p.ID))
	}
	appoint := func() { roles = append(roles, string(s.Staff(identity.Dispatcher, s.Tree.City()).Actor.Grants[0].ID)) }
	note := func() {
		calls = append(calls, string(citytest.Got(s.Calls.Note(ctx, []call.NoteCmd{{Actor: identity.System, Key: s.Key(), Person: elder.ID, Reason: call.ForNews, Words: "call"}})).Must(t, "call")))
	}
	for range 23 {
		unfilled()
		ask()
		draw()
		propose()
	}
	for range 23 {
		complain()
		followUp()
		draft()
		note()
	}
	for range 53 {
		serve()
		open()
		publish()
		appoint()
		complain()
	}
	for len(orders) < 55 {
		place()
	}
	id := func(before, after string) *regexp.Regexp {
		return regexp.MustCompile(before + `([0-9a-z]{26})` + after)
	}
	desk := s.asFor(clerk, 24*time.Hour)
	for _, list := range []struct {
		path, cursor string
		mark         *regexp.Regexp
		rows         *[]string
		add          func()
	}{
		{"/desk/reviews", "ask", id(`action="/desk/reviews/recipient/`, `"`), &asks, ask},
		{"/desk/reviews", "serve", id(`action="/desk/reviews/volunteer/`, `"`), &serves, serve},
		{"/desk/slips", "after", id(`/desk/slips/`, `"`), &batches, draw},
		{"/desk/complaints", "after", id(`/desk/complaints/`, `"`), &complaints, complain},
		{"/desk/follow-ups", "after", id(`/desk/orders/`, `"`), &follow, followUp},
	} {
		desk.leaves(2, list.path, list.cursor, "", list.mark, list.rows, list.add)
	}
	s.asFor(boss, 24*time.Hour).leaves(2, "/volunteer/teams/"+string(team), "order", "", id(`name="order" value="`, `"`), &orders, place)
	at, auditor, reviewer := s.asFor(office, 24*time.Hour), s.asFor(s.Staff(identity.Auditor, s.Tree.City()), 24*time.Hour), s.asFor(s.Staff(identity.Reviewer, s.Tree.City()), 24*time.Hour)
	within := func(path string, q ...string) string {
		values := url.Values{"place": {string(s.Home())}}
		for i := 0; i+1 < len(q); i += 2 {
			values.Set(q[i], q[i+1])
		}
		return path + "?" + values.Encode()
	}
	waiting := slices.Concat(orders, stuck)
	whole := regexp.MustCompile(`>\s*([0-9a-z]{26})\s*<`)
	for _, list := range []struct {
		path, of string
		mark     *regexp.Regexp
		rows     *[]string
		add      func()
	}{
		{within("/office/waiting"), "", whole, &waiting, place},
		{within("/office/waiting"), "complaints", id(`/office/complaints/`, ``), &complaints, complain},
		{within("/office/waiting"), "fund", id(`/office/orders/`, `/fund-claim`), &stuck, unfilled},
		{within("/office/people"), string(member.VolunteerApplied), whole, &serves, serve},
		{"/office/people", "roles", id(`/office/roles/`, `/revoke`), &roles, appoint},
		{within("/office/points"), "", id(`/office/points/`, `\?`), &points, open},
		{"/office/hours", "proposals", id(`/office/proposals/`, `/approve`), &acts, propose},
		{"/office/rules", "proposals", id(`/office/rules/proposals/`, `/approve`), &rules, draft},
		{"/office/rules", "versions", whole, &versions, publish},
		{"/office/rules/account.cap", "values", whole, &versions, publish},
		{within("/office/figure", "code", "figure.asked", "when", "all"), "", whole, &waiting, place},
		{within("/office/trail", "action", "order.place"), "", regexp.MustCompile(`>order ([0-9a-z]{26})<`), &waiting, place},
	} {
		t.Run(list.path+" "+list.of, func(t *testing.T) {
			r := &reader{&site{City: s.City, t: t, base: s.base}, at.client}
			switch {
			case strings.HasPrefix(list.path, "/office/trail"):
				r.client = auditor.client
			case list.of == "complaints":
				r.client = reviewer.client
			}
			r.leaves(2, list.path, "after", list.of, list.mark, list.rows, list.add)
		})
	}
}
