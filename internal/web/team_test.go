package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/print/printtest"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// Whoever answers for a team, without any role, registers it, asks a member to an order, sees what it earned, and donates that; a member serves in
// the team's name by its own choice too, and leaves. Nobody else sees the team's page.
func TestATeamsManagerHasPages(t *testing.T) {
	s := newSite(t)
	boss, one, two, elder := s.Volunteer(s.Home()), s.Volunteer(s.Home()), s.Volunteer(s.Home()), s.KeyElder(s.Home())
	mine := s.as(boss)
	mine.get("/volunteer/me").is(t, http.StatusOK, "/volunteer/teams")
	mine.get("/volunteer/teams").is(t, http.StatusOK, "You belong to no team yet", "Why?")
	mine.post("/volunteer/teams", url.Values{"key": {"team-key-1"}, "name": {""}, "kind": {"company"}}).is(t, http.StatusUnprocessableEntity, `href="#name"`)
	made := mine.post("/volunteer/teams", url.Values{"key": {"team-key-2"}, "name": {"迈皋桥邮局"}, "kind": {"company"}})
	made.is(t, http.StatusOK, "迈皋桥邮局", "Nobody belongs to it yet", "taken in at a service point", "Invite somebody")
	path := made.Request.URL.Path
	team := member.TeamID(path[strings.LastIndex(path, "/")+1:])
	for _, who := range []citytest.Person{one, two} {
		citytest.Got(s.Members.JoinTeams(t.Context(), []member.JoinTeamCmd{{Actor: identity.System, Key: s.Key(), Team: team, Person: who.ID}})).Must(t, "join")
	}
	for _, other := range []citytest.Person{one, elder, s.Volunteer(s.Home()), s.Staff(identity.PointManager, s.Home())} {
		s.as(other).get(path).is(t, http.StatusNotFound)
		for _, form := range []string{"/give", "/undo", "/send"} {
			s.as(other).post(path+form, url.Values{"key": {"team-key-3"}, "hours": {"1"}}).is(t, http.StatusNotFound)
		}
	}

	// Asked by the manager, the member says yes itself.
	first, second := s.Place(elder.Actor, elder), s.Place(elder.Actor, elder)
	mine.get(path).is(t, http.StatusOK, "Ask about:", string(first))
	ask := func(key string, id order.ID, whom member.PersonID) url.Values {
		return url.Values{"key": {key}, "order": {string(id)}, "volunteer": {string(whom)}}
	}
	mine.post(path+"/send", ask("team-key-4", first, boss.ID)).is(t, http.StatusUnprocessableEntity)
	mine.post(path+"/send", ask("team-key-5", first, one.ID)).is(t, http.StatusOK)
	if o := s.Order(first); len(o.Assignments) != 1 || o.Assignments[0].State != order.Offered || o.Assignments[0].Team != string(team) {
		t.Fatalf("after asking a member: %+v", o.Assignments)
	}
	s.as(one).post("/volunteer/visits/"+string(first)+"/answer", url.Values{"key": {"team-key-6"}, "accept": {"yes"}}).is(t, http.StatusOK)
	// Without the team, for a member who has not said yes, or by a member, an offer stays with the staff.
	for what, c := range map[string]order.DispatchCmd{"no team": {Actor: boss.Actor}, "yes for a member": {Actor: boss.Actor, Team: team, Agreed: true}, "by a member": {Actor: one.Actor, Team: team}} {
		c.Key, c.Order, c.Volunteer = s.Key(), second, two.ID
		citytest.Got(s.Orders.Dispatch(t.Context(), []order.DispatchCmd{c})).Refused(t, what, "identity.not_allowed")
	}

	// In the hall a member chooses the team by itself.
	s.as(two).get("/volunteer/").is(t, http.StatusOK, `name="team"`, "迈皋桥邮局")
	s.as(two).post("/volunteer/orders/"+string(second)+"/claim", url.Values{"key": {"team-key-7"}, "team": {string(team)}}).is(t, http.StatusOK)
	if o := s.Order(second); o.Assignments[0].Team != string(team) {
		t.Errorf("claimed for %q, want the team", o.Assignments[0].Team)
	}

	s.Serve(one, first, 60)
	s.Confirm(elder.Actor, first)
	s.Pass(26 * time.Hour)
	mine = s.as(boss)
	mine.get(path).is(t, http.StatusOK, "Can be donated", "1 h<", "only be donated", "What happened to the team")
	mine.post(path+"/give", url.Values{"key": {"team-key-8"}, "hours": {"x"}}).is(t, http.StatusUnprocessableEntity, `href="#hours"`)
	mine.post(path+"/give", url.Values{"key": {"team-key-9"}, "hours": {"9"}}).is(t, http.StatusUnprocessableEntity)
	given := mine.post(path+"/give", url.Values{"key": {"team-key-10"}, "minutes": {"30"}})
	given.is(t, http.StatusOK, "on their way to the pool", "Take this donation back")
	pending := regexp.MustCompile(`name="pending" value="([^"]+)"`).FindStringSubmatch(given.body)
	if pending == nil {
		t.Fatal("nothing to take back")
	}
	mine.post(path+"/undo", url.Values{"key": {"team-key-11"}, "pending": {pending[1]}}).is(t, http.StatusOK, "taken back")

	mine.post(path+"/leave", url.Values{"key": {"team-key-12"}, "member": {string(one.ID)}}).is(t, http.StatusOK)
	s.as(two).get("/volunteer/teams").is(t, http.StatusOK, "Leave “迈皋桥邮局”")
	s.as(two).post(path+"/leave", url.Values{"key": {"team-key-13"}}).is(t, http.StatusOK, "You belong to no team yet")
}

// Whoever answers for a team invites by a telephone number or a code; the volunteer says yes or no on its page. Whether a number is known here is
// told to nobody.
func TestATeamInvitesOnThePages(t *testing.T) {
	s := newSite(t)
	boss, asked, other := s.Volunteer(s.Home()), s.Volunteer(s.Home()), s.Volunteer(s.Home())
	team := citytest.Got(s.Members.RegisterTeams(t.Context(), []member.RegisterTeamCmd{{Actor: boss.Actor, Key: s.Key(), Name: "栖霞图书馆", Kind: member.TeamGroup, Region: s.Home(), Manager: boss.ID}})).Must(t, "team")
	path := "/volunteer/teams/" + string(team)
	mine := s.as(boss)
	mine.post(path+"/invite", url.Values{"key": {"invite-key-1"}, "phone": {"123"}}).is(t, http.StatusUnprocessableEntity, `href="#phone"`, `aria-invalid="true"`)
	s.as(asked).post(path+"/invite", url.Values{"key": {"invite-key-2"}, "phone": {"13800000001"}}).is(t, http.StatusNotFound)
	plain := regexp.MustCompile(`value="[0-9a-z]{20,}[^"]*"`)
	known := mine.post(path+"/invite", url.Values{"key": {"invite-key-3"}, "phone": {s.phone(asked)}})
	known.is(t, http.StatusOK, "The invitation is on its way")
	unknown := mine.post(path+"/invite", url.Values{"key": {"invite-key-4"}, "phone": {"13999999999"}})
	if a, b := plain.ReplaceAllString(known.body, ""), plain.ReplaceAllString(unknown.body, ""); a != b {
		t.Errorf("a number that is known and one that is not are answered differently:\n%s\n%s", a, b)
	}

	page := s.as(asked).get("/volunteer/teams")
	page.is(t, http.StatusOK, "Who would like to have you", "Yes, I belong to “栖霞图书馆”", "Please answer by")
	invite := regexp.MustCompile(`action="(/volunteer/invites/[^"]+)"`).FindStringSubmatch(page.body)[1]
	s.as(other).get("/volunteer/teams").hides(t, "Who would like to have you", "栖霞图书馆")
	s.as(other).post(invite, url.Values{"key": {"invite-key-5"}, "answer": {"yes"}}).is(t, http.StatusNotFound)
	s.as(asked).post(invite, url.Values{"key": {"invite-key-6"}, "answer": {"no"}}).is(t, http.StatusOK, "Noted: no.", "You belong to no team yet")

	printed := mine.post(path+"/invite", url.Values{"key": {"invite-key-7"}, "printed": {"yes"}})
	printed.is(t, http.StatusOK, "The code is drawn", "Codes that nobody has used")
	code := regexp.MustCompile(`<dt>([0-9A-Z]{4}-[0-9A-Z-]+)</dt>`).FindStringSubmatch(printed.body)[1]
	printed.is(t, http.StatusOK, `href="`+path+`/codes.pdf"`)
	sheet := mine.get(path + "/codes.pdf")
	if sheet.StatusCode != http.StatusOK || sheet.Header.Get("Content-Type") != "application/pdf" {
		t.Fatalf("the codes on paper: got %d %s", sheet.StatusCode, sheet.Header.Get("Content-Type"))
	}
	if text := printtest.Text(t, []byte(sheet.body)); !strings.Contains(text, code) || !strings.Contains(text, "栖霞图书馆") || !strings.Contains(text, "Good until") || strings.Contains(text, "张测试") {
		t.Errorf("the sheet says:\n%s", text)
	}
	s.as(other).get(path+"/codes.pdf").is(t, http.StatusNotFound)
	s.as(other).post("/volunteer/teams/code", url.Values{"key": {"invite-key-8"}, "code": {"0000-0000"}}).is(t, http.StatusNotFound)
	s.as(other).post("/volunteer/teams/code", url.Values{"key": {"invite-key-9"}, "code": {strings.ToLower(code)}}).is(t, http.StatusOK, "You belong to the team now", "Leave “栖霞图书馆”")
	s.as(asked).post("/volunteer/teams/code", url.Values{"key": {"invite-key-10"}, "code": {code}}).is(t, http.StatusNotFound)
	mine.get(path).hides(t, code, "/codes.pdf")
	mine.get(path+"/codes.pdf").is(t, http.StatusNotFound)
}

// phone is the number with which somebody is registered.
func (s *site) phone(p citytest.Person) (number string) {
	s.t.Helper()
	storetest.Read(s.t, s.DB, func(tx *store.Tx) error {
		d, err := s.Members.Open(tx, p.ID)
		number = d.Phone.Reveal()
		return err
	})
	return number
}

// hides fails where a page has one of some texts.
func (a answer) hides(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			t.Errorf("%s: %q stands there", a.Request.URL.Path, text)
		}
	}
}
