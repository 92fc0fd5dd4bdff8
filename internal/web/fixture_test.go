package web_test

import (
	"bytes"
	"crypto/tls"
	"image"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"timebank/internal/call"
	"timebank/internal/catalog"
	"timebank/internal/certificate"
	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/division"
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
	"timebank/internal/print/printtest"
	"timebank/internal/region"
	"timebank/internal/signin"
	"timebank/internal/signin/passkeytest"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
	"timebank/internal/training"
)

// fixture is an old person with visits in every state and all that pages are about.
type fixture struct {
	*citytest.City
	elder, server, applicant citytest.Person
	// number is the identity number of a volunteer, by which it is found.
	number string
	// free is a volunteer without a visit, plain a citizen who has applied for nothing.
	free, plain citytest.Person
	// asked is a volunteer to whom a visit was offered.
	asked citytest.Person
	// giver is a child of the old person who has saved hours.
	giver citytest.Person
	// decided is a complaint about the visit appealed, decided by the manager of the point.
	decided  string
	appealed order.ID
	t        *testing.T
	cast     []citytest.Asker
	// orders by the end of the routes that are about them; "" is one that waits for its confirmation.
	orders map[string]order.ID
	// ids fill what a route names, by the beginning of its path; at fills {id} in one route alone.
	ids, at map[string]string
	// forms are the fields of one route that differ from what all forms ask for.
	forms map[string]url.Values
	// cards are the sessions that the old person's card has opened, by who took it.
	cards map[string]string
	// picture is a form with a file in it.
	picture, pictureType string
}

func newFixture(t *testing.T) *fixture { return newFixtureOn(t, store.SQLite) }

func newFixtureOn(t *testing.T, engine store.Engine) *fixture {
	c := citytest.New(t, engine)
	ctx := t.Context()
	f := &fixture{City: c, t: t, elder: c.KeyElder(c.Home()), server: c.Volunteer(c.Home()), applicant: c.Person(70, c.Home()), orders: map[string]order.ID{}, ids: map[string]string{}}
	applied, err := c.Members.ApplyRecipients(ctx, []member.ApplyRecipientCmd{{Actor: f.applicant.Actor, Key: c.Key(), Person: f.applicant.ID,
		Consents: []member.Purpose{member.PurposeHealth, member.PurposeAllowance}}})
	citytest.Must(t, applied, err)
	kin, acting, blind := c.Relative(f.elder, false), c.Relative(f.elder, true), c.Relative(f.elder, true)
	for _, one := range [][2]citytest.Person{{f.elder, acting}, {acting, f.elder}} {
		citytest.Got(c.Family.Line(ctx, []family.LineCmd{{Actor: one[0].Actor, Key: c.Key(), Person: one[0].ID, Relative: one[1].ID, Open: true}})).Must(t, "line")
	}
	said := citytest.Got(c.Family.Send(ctx, []family.SendCmd{{Actor: acting.Actor, Key: c.Key(), From: acting.ID, To: f.elder.ID, Words: plantedLetter}})).Must(t, "message")
	noted := citytest.Got(c.Calls.Note(ctx, []call.NoteCmd{{Actor: identity.System, Key: c.Key(), Person: f.elder.ID, Reason: call.ForNews, Words: plantedCall}})).Must(t, "call")
	squad := citytest.Got(c.Members.RegisterTeams(ctx, []member.RegisterTeamCmd{{Actor: identity.System, Key: c.Key(), Name: "本地的队", Kind: member.TeamSchool, Region: c.Home(),
		Manager: f.server.ID}})).Must(t, "team")
	citytest.Got(c.Members.JoinTeams(ctx, []member.JoinTeamCmd{{Actor: identity.System, Key: c.Key(), Team: squad, Person: f.server.ID}})).Must(t, "join")
	citytest.Got(c.Members.Invite(ctx, []member.InviteCmd{{Actor: f.server.Actor, Key: c.Key(), Team: squad, Printed: true}})).Must(t, "draw a code")
	settled := c.Earn(f.server, f.elder, 60)
	f.earn(squad)
	done, told, confirmed := c.Place(f.elder.Actor, f.elder), c.Place(f.elder.Actor, f.elder), c.Place(f.elder.Actor, f.elder)
	others := []citytest.Person{f.server, c.Volunteer(c.Home()), c.Volunteer(c.Home())}
	for i, id := range []order.ID{done, told, confirmed} {
		c.Claim(others[i], id)
	}
	// Beside them one that has begun and one whose volunteer is late.
	there, late := c.Volunteer(c.Home()), c.Volunteer(c.Home())
	underway, due := c.Place(f.elder.Actor, f.elder), c.Place(f.elder.Actor, f.elder)
	c.Claim(there, underway)
	c.Claim(late, due)
	c.Clock.Set(c.Order(done).Start)
	check := func(v citytest.Person, id order.ID, do func([]order.CheckCmd) error) {
		t.Helper()
		if err := do([]order.CheckCmd{{Actor: v.Actor, Key: c.Key(), Order: id, Factors: c.Proof(id)}}); err != nil {
			t.Fatal(err)
		}
	}
	for i, id := range []order.ID{done, told, confirmed} {
		check(others[i], id, func(cmds []order.CheckCmd) error {
			out, err := c.Orders.CheckIn(ctx, cmds)
			citytest.Must(t, out, err)
			return err
		})
	}
	check(there, underway, func(cmds []order.CheckCmd) error {
		out, err := c.Orders.CheckIn(ctx, cmds)
		citytest.Must(t, out, err)
		return err
	})
	c.Clock.Advance(time.Hour)
	for i, id := range []order.ID{done, told, confirmed} {
		check(others[i], id, func(cmds []order.CheckCmd) error {
			out, err := c.Orders.CheckOut(ctx, cmds)
			citytest.Must(t, out, err)
			return err
		})
	}
	complaint := citytest.Got(c.Feedback.Complain(ctx, []feedback.ComplainCmd{{Actor: f.elder.Actor, Key: c.Key(), Order: told, Category: feedback.Poor, Words: plantedComplaint}})).Must(t, "complain")
	c.Confirm(f.elder.Actor, confirmed)
	accepted, published, cancelled := c.Place(f.elder.Actor, f.elder), c.Place(f.elder.Actor, f.elder), c.Place(f.elder.Actor, f.elder)
	c.Claim(f.server, accepted)
	citytest.Got(c.Orders.Cancel(ctx, []order.OrderCmd{{Actor: f.elder.Actor, Key: c.Key(), Order: cancelled, Reason: "pressed by mistake"}})).Must(t, "cancel")
	f.orders = map[string]order.ID{"": done, "/undo": confirmed, "/cancel": published, "/restore": cancelled, "/rate": settled, "/claim": published, "/check-in": accepted,
		"/withdraw": accepted, "/move": accepted, "/publish": published, "/dispatch": published, "/escalate": published, "/decide": told, "/refuse": published,
		"/appeal": f.appealed}

	insured, err := c.Orders.Place(ctx, []order.PlaceCmd{{Actor: f.elder.Actor, Key: c.Key(), Recipient: f.elder.ID, Item: "going_out_walk", Start: c.Tomorrow(),
		Urgency: catalog.Everyday}})
	reviewed := citytest.Must(t, insured, err)[0].Value.ID
	f.orders["/publish"], f.orders["/refuse"] = reviewed, reviewed
	f.free, f.plain = c.Volunteer(c.Home()), c.Person(66, c.Home())
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		d, err := c.Members.Open(tx, f.free.ID)
		f.number = d.IDNumber.Reveal()
		return err
	})
	holder, proposer := c.Staff(identity.Dispatcher, c.Home()), c.Staff(identity.Administrator, c.Tree.City())
	p, err := c.Policies.Propose(ctx, policy.Founder(proposer.Actor.ID), policy.ProposeCmd{Key: c.Key(), TOML: policy.NanjingTOML(), Reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
	f.ids = map[string]string{"{item}": citytest.Lesson, "{code}": citytest.Lesson, "{key}": "account.cap", "{volunteer}": string(f.server.ID), "{person}": string(f.elder.ID),
		"{kind}": "recipient", "{photo}": "", "{of}": "order", "/desk/people/": string(f.elder.ID), "/desk/complaints/": string(complaint), "/office/complaints/": string(complaint),
		"/desk/reviews/": string(f.applicant.ID), "/office/volunteers/": string(f.server.ID), "/office/roles/": string(holder.Actor.Grants[0].ID),
		"/office/actors/": holder.Actor.ID, "/office/rules/proposals/": string(p.ID), "/volunteer/receipts/": string(c.Order(settled).SettledBy),
		"/desk/calls/": string(noted), "/desk/teams/": string(squad), "/volunteer/teams/": string(squad), "/elder/messages/": string(said), "/family/messages/": string(said), "/elder/family/kin/": string(kin.ID), "/desk/follow-ups/": string(settled)}
	f.cast = append(c.Cast(), citytest.Asker{Name: "oneself", Person: f.elder}, citytest.Asker{Name: "server", Person: f.server},
		citytest.Asker{Name: "kin", Person: kin}, citytest.Asker{Name: "acting_kin", Person: acting}, citytest.Asker{Name: "blind_kin", Person: blind})
	f.orders["/check-out"], f.orders["/photos"], f.orders["/photos/{photo}"] = underway, underway, underway
	f.orders["/check-in"], f.orders["/no-show"], f.orders["/witness"] = due, due, due
	f.whole(t, there, late, squad, proposer)
	return f
}

// whole completes the fixture, so that each form can be sent by somebody who has what it asks for: "there" is at the old person's door now and "late"
// should be, "asked" was offered a visit, "giver" is its child with saved hours, "their_desk" the service point that printed its slips.
func (f *fixture) whole(t *testing.T, there, late citytest.Person, squad member.TeamID, proposer citytest.Person) {
	c, ctx, day := f.City, t.Context(), string(clock.DayOf(f.Tomorrow()))
	f.at, f.forms, f.cards = map[string]string{}, map[string]url.Values{}, map[string]string{}
	form := func(pattern string, pairs ...string) {
		v := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		f.forms[pattern] = v
	}
	var b bytes.Buffer
	parts := multipart.NewWriter(&b)
	for _, pair := range [][2]string{{"key", "matrix-key-1"}, {"agree", "yes"}, {"moment", "check_in"}} {
		_ = parts.WriteField(pair[0], pair[1])
	}
	file, err := parts.CreateFormFile("photo", "photo.jpg")
	if err == nil {
		err = jpeg.Encode(file, image.NewGray(image.Rect(0, 0, 64, 64)), nil)
	}
	if err == nil {
		err = parts.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	f.picture, f.pictureType = b.String(), parts.FormDataContentType()
	shot := func() *bytes.Buffer {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64)), nil); err != nil {
			t.Fatal(err)
		}
		return &b
	}
	if err := c.Members.ShowPortrait(ctx, member.ShowPortraitCmd{Actor: f.server.Actor, Key: c.Key(), Person: f.server.ID, File: shot()}); err != nil {
		t.Fatal(err)
	}
	photo, err := c.Orders.AttachPhoto(ctx, order.PhotoCmd{Actor: there.Actor, Key: c.Key(), Order: f.orders["/photos"], Moment: order.AtCheckIn, File: shot()})
	if err != nil {
		t.Fatal(err)
	}
	f.ids["{photo}"] = string(photo)

	// A visit that begins, and what the station says about one that does not.
	codes, err := c.Orders.CheckCodes(ctx, []order.ID{f.orders["/check-in"], f.orders["/check-out"]})
	if err != nil {
		t.Fatal(err)
	}
	point, _ := c.Tree.Point(c.Home())
	lat, lon := strconv.FormatInt(int64(point.LatE6), 10), strconv.FormatInt(int64(point.LonE6), 10)
	form("POST /volunteer/visits/{id}/check-in", "code", codes[f.orders["/check-in"]], "lat", lat, "lon", lon)
	form("POST /volunteer/visits/{id}/check-out", "code", codes[f.orders["/check-out"]], "lat", lat, "lon", lon)
	form("POST /desk/orders/{id}/no-show", "volunteer", string(late.ID))
	form("POST /desk/orders/{id}/witness", "volunteer", string(late.ID), "moment", "in")
	form("POST /public/points", "lat", lat, "lon", lon)

	// Hours that are on their way.
	gives := func(by citytest.Person, of ledger.Key) string {
		t.Helper()
		made, err := c.Ledger.Donate(ctx, ledger.DonateCmd{Actor: by.Actor, Key: c.Key(), From: of, Minutes: hours.Of(30)})
		if err != nil {
			t.Fatal(err)
		}
		return string(made)
	}
	mine := gives(f.server, ledger.Key{Owner: string(f.server.ID), Class: ledger.Saved})
	form("POST /elder/hours/give", "to", "all", "minutes", "30")
	f.at["POST /elder/hours/{id}/undo"] = mine
	form("POST /volunteer/passbook/give", "way", "donate", "hours", "1")
	form("POST /volunteer/passbook/undo", "pending", mine)
	form("POST /desk/teams/{id}/give", "hours", "1", "minutes", "")
	theirs := gives(f.server, ledger.Key{Owner: string(squad), Class: ledger.Group})
	form("POST /desk/teams/{id}/undo", "pending", theirs)
	form("POST /volunteer/teams/{id}/undo", "pending", theirs)
	form("POST /volunteer/teams", "kind", string(member.TeamSchool))
	club := citytest.Got(c.Members.RegisterTeams(ctx, []member.RegisterTeamCmd{{Actor: late.Actor, Key: c.Key(), Name: "读书会", Kind: member.TeamGroup, Region: c.Home(), Manager: late.ID}})).Must(t, "team")
	number := ""
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		d, err := c.Members.Open(tx, f.server.ID)
		number = d.Phone.Reveal()
		return err
	})
	invite := func(phone string) member.InviteID {
		return citytest.Got(c.Members.Invite(ctx, []member.InviteCmd{{Actor: late.Actor, Key: c.Key(), Team: club, Phone: phone, Printed: phone == ""}})).Must(t, "invite")
	}
	f.ids["/volunteer/invites/"] = string(invite(number))
	invite("")
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		codes, err := member.CodesOf(tx, club)
		form("POST /volunteer/teams/code", "code", codes[0].Code)
		return err
	})
	form("POST /volunteer/teams/{id}/invite", "phone", "13912345678")
	spare := citytest.Got(c.Orders.Place(ctx, []order.PlaceCmd{{Actor: f.elder.Actor, Key: c.Key(), Recipient: f.elder.ID, Item: citytest.Lesson, Start: c.Tomorrow().Add(6 * time.Hour),
		Urgency: catalog.Everyday}})).Must(t, "place")
	form("POST /volunteer/teams/{id}/send", "order", string(spare.ID), "volunteer", string(f.server.ID))
	gift, err := c.Ledger.Transfer(ctx, ledger.TransferCmd{Actor: f.giver.Actor, Key: c.Key(), From: f.giver.ID, To: f.elder.ID, Minutes: hours.Of(30)})
	if err != nil {
		t.Fatal(err)
	}
	f.at["POST /family/people/{person}/gifts/{id}/undo"] = string(gift)
	act := ledger.Act{Reason: ledger.ForIssue, Account: ledger.Key{Owner: ledger.City, Class: ledger.Pool}, Minutes: hours.Of(60)}
	proposed, err := c.Ledger.Propose(ctx, ledger.ProposeCmd{Actor: proposer.Actor, Key: c.Key(), Act: act, Note: "test"})
	if err != nil {
		t.Fatal(err)
	}
	f.at["POST /office/proposals/{id}/approve"], f.at["POST /office/proposals/{id}/refuse"] = string(proposed), string(proposed)
	form("POST /office/proposals/{id}/refuse", "reason-"+string(proposed), "test")
	street := c.Tree.StreetOf(c.Home())
	change, err := c.Divisions.Propose(ctx, division.ProposeCmd{Actor: proposer.Actor, Key: c.Key(), Reason: "test", Change: division.Change{Kind: division.Recode, Region: street, Code: "320113003",
		System: region.Official, Name: "新街道", From: clock.DayOf(c.Clock.Now()).Add(30)}})
	if err != nil {
		t.Fatal(err)
	}
	f.at["POST /office/regions/proposals/{id}/approve"], f.at["POST /office/regions/proposals/{id}/refuse"] = string(change), string(change)
	form("POST /office/regions/proposals/{id}/refuse", "reason-"+string(change), "test")
	appointed, err := c.Identity.Appoint(ctx, identity.AppointCmd{GrantRoleCmd: identity.GrantRoleCmd{Actor: proposer.Actor, Key: c.Key(), To: identity.ActorID(f.free.Actor.ID),
		Role: identity.Reviewer, Region: c.Tree.City()}, Reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
	f.at["POST /office/appointments/{id}/approve"], f.at["POST /office/appointments/{id}/refuse"] = string(appointed), string(appointed)
	form("POST /office/appointments/{id}/refuse", "reason-"+string(appointed), "test")
	form("POST /office/regions", "kind", "recode", "c-name", "和燕社区", "c-code", "320113003099", "c-system", "official", "c-from", string(clock.DayOf(c.Clock.Now()).Add(30)), "c-reason", "test")
	form("POST /office/acts", "act", "issue", "i-class", "pool", "i-minutes", "60", "i-reason", "test")

	// A relative that asks, a visit that was offered, one that nobody takes.
	asked := citytest.Got(c.Family.Ask(ctx, []family.AskCmd{{Actor: f.server.Actor, Key: c.Key(), Asker: f.server.ID, IDNumber: f.numberOf(t, f.elder), Relation: member.Parent, Act: true}})).Must(t, "ask")
	f.at["POST /elder/family/asks/{id}"], f.at["POST /family/asks/{id}/withdraw"] = string(asked), string(asked)
	form("POST /elder/family/asks/{id}", "answer", "yes")
	form("POST /elder/family/kin/{id}", "change", "act")
	form("POST /family/ask", "id_number", f.number, "relation", "child")
	form("POST /elder/visits/{id}/rate", "face", "good")
	offered, stuck := c.Place(f.elder.Actor, f.elder), c.Place(f.elder.Actor, f.elder)
	called := c.Volunteer(c.Home())
	f.asked = called
	citytest.Got(c.Orders.Dispatch(ctx, []order.DispatchCmd{{Actor: identity.System, Key: c.Key(), Order: offered, Volunteer: called.ID}})).Must(t, "offer")
	f.orders["/answer"] = offered
	for c.Order(stuck).State != order.AtFund {
		citytest.Got(c.Orders.Escalate(ctx, []order.OrderCmd{{Actor: identity.System, Key: c.Key(), Order: stuck}})).Must(t, "escalate")
	}
	f.orders["/fund-claim"] = stuck
	form("POST /office/orders/{id}/fund-claim", "provider-"+string(stuck), "康养公司", "minutes-"+string(stuck), "60", "document-"+string(stuck), "D-1")

	// What the desk and the office write.
	form("POST /account/email", "address", "elder@example.org")
	form("POST /account/told", "way", string(notify.Nothing))
	form("POST /desk/follow-ups/{id}", "result", "ok")
	form("POST /desk/orders/{id}/complain", "complaint-category", string(feedback.Poor), "complaint-words", "好")
	form("POST /desk/orders/{id}/appeal", "complaint", f.decided, "appeal-words", "好")
	form("POST /desk/people/{id}/order", "when", day+" 15:00")
	form("POST /desk/register", "id_number", citytest.IDNumber("1944-03-03", 998), "consent", "yes", "name", "王新来")
	form("POST /office/actors/{id}/invite", "login-", "maigao.desk")
	form("POST /office/attendances", "a-number", f.number, "a-day", string(clock.DayOf(c.Clock.Now())), "a-minutes", "60", "a-course", training.Defaults()[0].Code, "a-session", "test", "a-mode", "offline")
	form("POST /office/exams", "e-number", f.number, "e-day", string(clock.DayOf(c.Clock.Now())), "e-score", "95", "e-course", certifying())
	form("POST /office/roles", "number", f.number, "role", "dispatcher")
	form("POST /office/points", "at", "")
	form("POST /office/points/{id}", "at", "")
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		points, err := member.PointsIn(tx, c.Home())
		if err == nil {
			f.at["GET /office/points/{id}"], f.at["POST /office/points/{id}"] = string(points[0].ID), string(points[0].ID)
		}
		return err
	})
	form("POST /office/rules/preview", "value", `"1200h"`)
	form("POST /office/rules/propose", "value", `"1200h"`)
	form("POST /office/catalogue", "item", "new", "code", "tea_together", "category", "comfort", "class", "company", "urgency", "everyday", "steps", "pour | 泡茶 | Pour tea", "outcomes", "talked | 聊了天 | We talked", "name_zh", "一起喝茶", "name_en", "Tea together", "description_zh", "喝茶聊天。",
		"description_en", "Tea and a talk.", "never_zh", "不收钱。", "never_en", "No money.", "risk", "low", "volunteers", "1", "shortest", "30", "usual", "60", "longest", "120", "from", "8", "until", "18")
	form("POST /office/catalogue/{code}/withdraw", "w-reason", "test")
	second := c.Person(33, c.Home())
	citytest.Got(c.Members.ApplyVolunteers(ctx, []member.ApplyVolunteerCmd{{Actor: second.Actor, Key: c.Key(), Person: second.ID}})).Must(t, "apply")
	citytest.Got(c.Members.ReviewVolunteers(ctx, []member.ReviewVolunteerCmd{{Actor: identity.System, Key: c.Key(), Person: second.ID, Approve: true}})).Must(t, "first review")
	f.at["POST /office/volunteers/{id}/review"] = string(second.ID)
	form("POST /office/volunteers/{id}/review", "approve-"+string(second.ID), "yes")

	// Paper: slips, a card, a passbook, a certificate, a receipt.
	station := c.Staff(identity.PointStaff, c.Home())
	batch, err := c.Paper.PrintSlips(ctx, paper.PrintSlipsCmd{Actor: station.Actor, Key: c.Key(), Orders: 1, Visits: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, slips, err := c.Paper.Slips(ctx, station.Actor, batch)
	if err != nil {
		t.Fatal(err)
	}
	f.ids["{batch}"] = string(batch)
	form("POST /desk/slips", "orders", "1", "visits", "1")
	form("GET /desk/slips/key", "code", slips[0].Code)
	form("POST /desk/slips/key", "code", slips[0].Code, "who", f.numberOf(t, f.elder), "from", "15:00", "minutes", "60", "signed", "yes")
	form("POST /desk/slips/{batch}/void", "code", slips[0].Code)
	form("POST /volunteer/me/wishes", "quiet_from", "22", "quiet_until", "7", "over_cap", "donate")
	form("POST /volunteer/certificates", "purpose", "work", "naming", "masked", "months", "3")
	f.at["POST /desk/people/{id}/data/certificate"] = string(f.server.ID)
	f.ids["/volunteer/certificates/"] = string(citytest.Got(c.Certificates.Issue(ctx, []certificate.IssueCmd{{Actor: f.server.Actor, Key: c.Key(), Person: f.server.ID, Purpose: certificate.ForWork,
		Naming: certificate.MaskedName, Months: 3}})).Must(t, "certificate"))
	form("POST /desk/people/{id}/data/certificate", "certificate", f.certificateOf(t, f.server), "certificate_reason", "test")
	if _, err := c.Sequence(ctx); err != nil {
		t.Fatal(err)
	}
	book := f.fetch(t, http.MethodPost, "/volunteer/passbook.pdf", "key=matrix-print")
	form("POST /public/proof", "code", regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5}`).FindString(printtest.Text(t, []byte(book))))
	form("POST /public/check", "receipt", f.fetch(t, http.MethodGet, "/volunteer/receipts/"+f.ids["/volunteer/receipts/"]+"/file", ""))
	form("POST /sign-in/phone", "phone", "13912345678")

	// Keys that people sign in with.
	stick := passkeytest.New(t)
	kept, err := c.SignIn.BeginPasskey(ctx, f.elder.Actor)
	if err != nil {
		t.Fatal(err)
	}
	had, err := c.SignIn.FinishPasskey(ctx, signin.FinishPasskeyCmd{Actor: f.elder.Actor, Label: "stick", Ticket: kept.Ticket, Response: stick.Create(kept.Options)})
	if err != nil {
		t.Fatal(err)
	}
	form("POST /account/passkeys/remove", "passkey", had.ID)
	begun, err := c.SignIn.BeginPasskey(ctx, f.elder.Actor)
	if err != nil {
		t.Fatal(err)
	}
	form("POST /account/passkeys", "ticket", begun.Ticket, "response", string(passkeytest.New(t).Create(begun.Options)))

	// What one may ask for about one's own data, and the staff does about a record.
	gone, twin := c.Person(71, c.Home()), c.Person(71, c.Home())
	citytest.Got(c.Members.End(ctx, []member.EndCmd{{Actor: identity.System, Key: c.Key(), Person: gone.ID, How: member.PersonLeft, On: clock.DayOf(c.Clock.Now())}})).Must(t, "leave")
	c.Pass(time.Minute)
	form("POST /account/data/correct", "phone", "13912345670")
	form("POST /account/data/leave", "sure", "yes")
	form("POST /desk/people/{id}/data/correct", "name", "李国强")
	form("POST /desk/people/{id}/data/end", "left_on", string(clock.DayOf(c.Clock.Now())), "left_document", "letter 7")
	form("POST /desk/people/{id}/data/merge", "drop", string(twin.ID), "merge_reason", "one card")
	f.at["POST /desk/people/{id}/data/erase"] = string(gone.ID)

	f.cast = append([]citytest.Asker{{Name: "there", Person: there}, {Name: "late", Person: late}, {Name: "giver", Person: f.giver}, {Name: "asked", Person: called},
		{Name: "their_desk", Level: "m", Person: station}}, f.cast...)
	card, err := c.SignIn.PrintCard(ctx, signin.PrintCardCmd{Actor: c.Staff(identity.PointManager, c.Home()).Actor, Person: f.elder.ID})
	if err != nil {
		t.Fatal(err)
	}
	form("POST /desk/card", "code", card.Code, "word", card.Sheet[0].Word)
	for _, a := range f.cast {
		in, err := c.SignIn.UseCard(ctx, signin.UseCardCmd{Sign: signin.Sign{Where: signin.Where{Device: "matrix" + a.Name + a.Level, Origin: "test"}}, Actor: a.Actor, Code: card.Code, Word: card.Sheet[0].Word})
		if err == nil {
			f.cards[a.Name+a.Level] = in.Token
		}
	}
	for _, end := range []string{"confirm", "wrong"} {
		form("POST /desk/card/visits/{id}/"+end, "category-"+string(f.orders[""]), string(feedback.Poor))
	}
	form("POST /desk/card/order", "when", day+" 15:00")
}

// earn lets the volunteer, a child of the old person and a team save hours, and has a complaint of the old person's decided.
func (f *fixture) earn(squad member.TeamID) {
	c, ctx, t := f.City, f.t.Context(), f.t
	other := c.KeyElder(c.Home())
	f.giver = c.Volunteer(c.Home())
	citytest.Got(c.Members.AddKin(ctx, []member.AddKinCmd{{Actor: identity.System, Key: c.Key(), Person: f.elder.ID, Relative: f.giver.ID, Relation: member.Child, Confirmed: true}})).Must(t, "kin")
	c.Earn(f.giver, other, 120)
	c.Earn(f.server, other, 120)
	shared := c.Place(other.Actor, other)
	citytest.Got(c.Orders.Claim(ctx, []order.ClaimCmd{{Actor: f.server.Actor, Key: c.Key(), Order: shared, Team: squad}})).Must(t, "claim for the team")
	c.Serve(f.server, shared, 120)
	c.Confirm(other.Actor, shared)
	c.Pass(25 * time.Hour)
	judged := c.Served(c.Volunteer(c.Home()), f.elder)
	complaint := citytest.Got(c.Feedback.Complain(ctx, []feedback.ComplainCmd{{Actor: f.elder.Actor, Key: c.Key(), Order: judged, Category: feedback.Poor}})).Must(t, "complain")
	citytest.Got(c.Feedback.Decide(ctx, []feedback.DecideCmd{{Actor: c.Staff(identity.PointManager, c.Home()).Actor, Key: c.Key(), Complaint: complaint, Decision: feedback.Release, Reason: "test"}})).Must(t, "decide")
	f.decided, f.appealed = string(complaint), judged
}

func (f *fixture) numberOf(t *testing.T, p citytest.Person) (number string) {
	t.Helper()
	storetest.Read(t, f.DB, func(tx *store.Tx) error {
		d, err := f.Members.Open(tx, p.ID)
		number = d.IDNumber.Reveal()
		return err
	})
	return number
}

// fetch is what the volunteer gets from a page.
func (f *fixture) fetch(t *testing.T, method, path, form string) string {
	t.Helper()
	token, err := f.Identity.IssueToken(t.Context(), identity.ActorID(f.server.Actor.ID), time.Hour, "test")
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(form))
	r.TLS = &tls.ConnectionState{}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: "__Host-session", Value: token})
	w := httptest.NewRecorder()
	f.Pages().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// certifying is the course whose exam makes a volunteer.
func certifying() string {
	for _, d := range training.Defaults() {
		if d.Certifies {
			return d.Code
		}
	}
	return ""
}

// mediaType is how the form of a route is written.
func (f *fixture) mediaType(pattern string) string {
	if filed(pattern) {
		return f.pictureType
	}
	return "application/x-www-form-urlencoded"
}

func filed(pattern string) bool {
	return pattern == "POST /volunteer/me/portrait" || pattern == "POST /volunteer/visits/{id}/photos"
}

// nothing is an id that nothing has.
const nothing = "01h2xcejqtf2nbrexx3vqjhp41"

var hole = regexp.MustCompile(`\{[^}]+\}`)

// request fills a route with what it can be about, and its form with whatever forms of ours ask for.
func (f *fixture) request(pattern string) (method, path, body string) {
	method, path, _ = strings.Cut(pattern, " ")
	path = strings.ReplaceAll(path, "{$}", "")
	id := f.at[pattern]
	for begin, value := range f.ids {
		if id == "" && strings.HasPrefix(path, begin) {
			id = value
		}
	}
	if strings.HasSuffix(path, "/people/{id}/apply") {
		id = string(f.plain.ID)
	}
	if id == "" {
		_, end, _ := strings.Cut(path, "{id}")
		one, ok := f.orders[end]
		if !ok {
			one = f.orders[""]
		}
		id = string(one)
	}
	path = hole.ReplaceAllStringFunc(path, func(name string) string {
		if name == "{id}" {
			return id
		}
		if value, ok := f.ids[name]; ok {
			return value
		}
		return nothing
	})
	home := string(f.Home())
	form := url.Values{"place": {home}, "region": {home}, "level": {"community"}, "code": {"figure.asked"}}
	day := f.Tomorrow().Format(time.DateOnly)
	if strings.HasSuffix(path, "/confirm") && method == http.MethodGet {
		form.Set("day", day)
		form.Set("at", "15:00")
	}
	for name, value := range f.forms[pattern] {
		form[name] = value
	}
	if method == http.MethodGet {
		return method, path + "?" + form.Encode(), ""
	}
	for name, value := range map[string]string{"key": "matrix-key-1", "item": citytest.Lesson, "day": day, "at": "15:00", "reason": "test", "reason-" + id: "test",
		"reason-a-" + id: "test", "refuse-reason": "test", "cancel-reason": "test", "up-reason": "test", "note-about": "news", "about": "service", "manager": f.number, "member": string(f.server.ID), "reason-r-" + id: "test", "stars": "5", "of": string(f.server.ID), "category": string(feedback.Poor), "words": "好", "minutes": "30", "volunteer": string(f.free.ID), "insurance-" + id: "PICC-7",
		"agree": "yes", "accept": "yes", "decision": "release", "moment": "check_in", "result": "fine", "when": day, "urgency": string(catalog.Everyday), "role": "dispatcher",
		"actor": f.applicant.Actor.ID, "person": string(f.elder.ID), "name": "新站点", "kind": "community", "message": "好", "who": "recipient", "text": "x", "login": "x", "document-" + id: "D-1",
		"provider-" + id: "康养公司", "minutes-" + id: "60", "uphold-" + id: "yes", "purpose": "honour", "give": "yes", "param": "account.cap", "value": "1500h", "hours": "1", "to": string(f.elder.ID)} {
		form.Set(name, value)
	}
	if strings.HasPrefix(path, "/desk/teams") {
		form.Set("kind", string(member.TeamSchool))
		form.Set("who", f.number)
	}
	for name, value := range f.forms[pattern] {
		form[name] = value
	}
	if filed(pattern) {
		return method, path, f.picture
	}
	return method, path, form.Encode()
}

// certificateOf is the number on the newest certificate of somebody.
func (f *fixture) certificateOf(t *testing.T, of citytest.Person) (number string) {
	t.Helper()
	storetest.Read(t, f.DB, func(tx *store.Tx) error {
		list, err := f.Certificates.Of(tx, f.Tree, of.Actor, of.ID, "", 1)
		if err == nil {
			number = list[0].Number
		}
		return err
	})
	return number
}
