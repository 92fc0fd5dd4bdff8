package web_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/signin"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// deliver hands over the messages that wait, as the jobs do.
func (s *site) deliver() {
	s.t.Helper()
	var waiting []store.Event
	storetest.Read(s.t, s.DB, func(tx *store.Tx) (err error) {
		waiting, err = store.WaitingEvents(tx, 1000)
		return err
	})
	for _, e := range waiting {
		if e.Topic == notify.Topic {
			if err := s.Notify.Deliver(s.t.Context(), notify.ID(e.Ref)); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

// found is what a page has at a place.
func (a answer) found(t *testing.T, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(a.body)
	if m == nil {
		t.Fatalf("%s: nothing like %s in %s", a.Request.URL.Path, pattern, a.body)
	}
	return html.UnescapeString(m[1])
}

// totp is what an authenticator shows.
func totp(secret string, now time.Time) string {
	key, _ := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, now.Unix()/30)
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1000000)
}

// asks sends a code to a number and reads it in the inbox.
func (r *reader) asks(phone string) (challenge, code string) {
	r.t.Helper()
	sent := r.post("/sign-in/phone", url.Values{"phone": {phone}})
	sent.is(r.t, http.StatusOK, "Enter the code")
	r.deliver()
	inbox := r.get("/inbox")
	inbox.is(r.t, http.StatusOK, phone)
	return sent.found(r.t, `name="challenge" value="([^"]+)"`), inbox.found(r.t, `Your code is ([0-9]{6})`)
}

func TestComingInByACode(t *testing.T) {
	s := newSite(t)
	nobody := s.as(citytest.Person{})
	nobody.post("/sign-in/phone", url.Values{"phone": {"12"}}).is(t, http.StatusUnprocessableEntity, `aria-invalid="true"`)
	challenge, code := nobody.asks("13905550001")
	nobody.post("/sign-in/phone", url.Values{"phone": {"13905550001"}, "challenge": {challenge}}).is(t, http.StatusTooManyRequests, "Enter the code")
	nobody.post("/sign-in/code", url.Values{"challenge": {challenge}, "code": {"000000"}}).is(t, http.StatusUnauthorized, "Enter the code")
	// Somebody whom nobody knows registers itself, first the street, then the rest.
	street := s.Tree.StreetOf(s.Home())
	nobody.post("/sign-in/code", url.Values{"challenge": {challenge}, "code": {" " + code[:3] + " " + code[3:]}}).is(t, http.StatusOK, "Street where I live")
	form := nobody.get("/register?street=" + string(street))
	form.is(t, http.StatusOK, "Identity number", s.Tree.Name(s.Home()))
	values := url.Values{"key": {form.found(t, `name="key" value="([^"]+)"`)}, "street": {string(street)}, "region": {string(s.Home())}, "name": {"王新来"}, "id_number": {"1"}, "agree": {"yes"}}
	nobody.post("/register", values).is(t, http.StatusUnprocessableEntity, `aria-invalid="true"`)
	values.Set("key", "register-2")
	values.Set("id_number", citytest.IDNumber("1960-05-05", 777))
	nobody.post("/register", values).is(t, http.StatusOK, "You are registered", "I want to volunteer")
	account := nobody.get("/account")
	nobody.post("/account/apply", url.Values{"key": {account.found(t, `name="key" value="([^"]+-serve)"`)}, "as": {"volunteer"}}).is(t, http.StatusOK, "Your application has arrived")
	nobody.post("/account/consents", url.Values{"key": {"consent-1"}, "purpose": {"honour"}, "give": {"yes"}}).is(t, http.StatusOK, "Your decision is recorded")
}

func TestWhoSharesATelephoneChooses(t *testing.T) {
	s := newSite(t)
	li, cao := s.KeyElder(s.Home()), s.Recipient(81, s.Home())
	for _, p := range []citytest.Person{li, cao} {
		got, err := s.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: s.Key(), Person: p.ID, Phone: "13905550002", Reason: "test"}})
		citytest.Must(t, got, err)
	}
	r := s.as(citytest.Person{})
	challenge, code := r.asks("13905550002")
	choice := r.post("/sign-in/code", url.Values{"challenge": {challenge}, "code": {code}, "next": {"/elder/hours"}})
	choice.is(t, http.StatusOK, "Who are you?", string(li.ID), string(cao.ID))
	in := r.post("/sign-in/choice", url.Values{"choice": {choice.found(t, `name="choice" value="([^"]+)"`)}, "person": {string(cao.ID)}, "next": {"/elder/hours"}})
	in.is(t, http.StatusOK)
	if in.Request.URL.Path != "/elder/hours" {
		t.Errorf("led to %s, want where it was going", in.Request.URL.Path)
	}
	// Another device signs in, is seen in the list, and is ended there; signing out ends the session and not only the cookie.
	other := s.as(cao)
	other.get("/account").is(t, http.StatusOK, "This device")
	list := r.get("/account")
	r.post("/account/sessions/end", url.Values{"key": {"end-session-1"}, "session": {list.found(t, `name="session" value="([^"]+)"`)}}).is(t, http.StatusOK, "That device is signed out")
	other.get("/account").is(t, http.StatusUnauthorized)
	u, _ := url.Parse(s.base)
	held := r.client.Jar.Cookies(u)
	r.post("/sign-out", nil)
	r.client.Jar.SetCookies(u, held)
	r.get("/account").is(t, http.StatusUnauthorized)
}

func TestStaffComesInAndShowsItsSecondFactorAgain(t *testing.T) {
	s := newSite(t)
	office, desk := s.Staff(identity.Administrator, s.Tree.City()), s.Staff(identity.PointStaff, s.Home())
	made, err := s.App.SignIn.Invite(t.Context(), signin.InviteCmd{Actor: office.Actor, To: identity.ActorID(desk.Actor.ID), Login: "desk"})
	if err != nil {
		t.Fatal(err)
	}
	const password = "the lake is beautiful in March"
	r := s.as(citytest.Person{})
	r.post("/sign-in/invitation", url.Values{"invitation": {made.Code}, "password": {"short"}}).is(t, http.StatusUnprocessableEntity, `aria-invalid="true"`)
	enrol := r.post("/sign-in/invitation", url.Values{"invitation": {made.Code}, "password": {password}})
	enrol.is(t, http.StatusOK, "Set up the authenticator", `role="img"`)
	secret := enrol.found(t, `name="secret" value="([^"]+)"`)
	s.deliver()
	sent := r.get("/inbox").found(t, `Your code is ([0-9]{6})`)
	form := url.Values{"ticket": {enrol.found(t, `name="ticket" value="([^"]+)"`)}, "secret": {secret}, "login": {"desk"}, "uri": {enrol.found(t, `name="uri" value="([^"]+)"`)},
		"masked": {enrol.found(t, `name="masked" value="(1[0-9]{2}\*{4}[0-9]{4})"`)}, "totp": {"000000"}, "sent": {sent}}
	r.post("/sign-in/enrol", form).is(t, http.StatusUnauthorized, "Set up the authenticator", secret, form.Get("masked"))
	form.Set("totp", totp(secret, s.Clock.Now()))
	recovery := r.post("/sign-in/enrol", form)
	recovery.is(t, http.StatusOK, "Keep these recovery codes", `href="/desk/"`)
	r.get("/desk/").is(t, http.StatusOK)

	again := s.as(citytest.Person{})
	again.post("/sign-in/staff", url.Values{"login": {"desk"}, "password": {"wrong"}, "totp": {"000000"}}).is(t, http.StatusUnauthorized, "Staff sign-in")
	again.post("/sign-in/staff", url.Values{"login": {"desk"}, "password": {password}, "recovery": {recovery.found(t, `<li><code>([^<]+)</code>`)}}).is(t, http.StatusOK)
	again.get("/desk/").is(t, http.StatusOK)

	// What needs the second factor asks for it and is then sent once more as it was.
	s.Clock.Advance(16 * time.Minute)
	asked := again.post("/account/passkeys/remove", url.Values{"passkey": {"none"}})
	asked.is(t, http.StatusForbidden, "Please show your second factor", `name="sent.passkey" value="none"`)
	carried := url.Values{"again": {asked.found(t, `name="again" value="([^"]+)"`)}, "sent.passkey": {"none"}, "totp": {"000000"}}
	again.post("/step-up", carried).is(t, http.StatusUnauthorized, "Please show your second factor", `name="sent.passkey" value="none"`)
	carried.Set("totp", totp(secret, s.Clock.Now()))
	again.post("/step-up", carried).is(t, http.StatusOK, "Confirmed", `action="/account/passkeys/remove"`, `name="passkey" value="none"`)
	carried.Set("again", "https://elsewhere.example/")
	s.Clock.Advance(time.Minute)
	carried.Set("totp", totp(secret, s.Clock.Now()))
	again.post("/step-up", carried).is(t, http.StatusOK, `action="/"`)

	// A password leads to the work that is open, and to where one is at home when there is none any more.
	for _, want := range []string{"/desk/", "/volunteer/"} {
		if want == "/volunteer/" {
			s.Certify(desk)
			citytest.Got(s.Identity.RevokeRoles(t.Context(), []identity.RevokeRoleCmd{{Actor: office.Actor, Key: s.Key(), Grant: desk.Actor.Grants[0].ID, Reason: "test"}})).Must(t, "the role ends")
		}
		s.Clock.Advance(time.Minute)
		in := s.as(citytest.Person{}).post("/sign-in/staff", url.Values{"login": {"desk"}, "password": {password}, "totp": {totp(secret, s.Clock.Now())}})
		in.is(t, http.StatusOK)
		if got := in.Request.URL.Path; got != want {
			t.Errorf("led to %s, want %s", got, want)
		}
	}
}

// One account can be several things: its own page and the public home lead to each, and to none that is closed to it.
func TestEveryOpenDoorIsFoundFromOnesOwnPage(t *testing.T) {
	s := newSite(t)
	mother := s.KeyElder(s.Home())
	daughter := s.Daughter(mother, s.Home())
	s.Certify(daughter)
	s.Appoint(daughter, identity.PointStaff, s.Home())
	cast := append(s.Cast(), citytest.Asker{Name: "mother", Person: mother}, citytest.Asker{Name: "daughter", Person: daughter})
	most := 0
	for _, one := range cast {
		if one.Person.Actor.ID == "" {
			continue
		}
		r := s.as(one.Person)
		account, home := r.get("/account"), r.get("/")
		shown := 0
		for _, door := range []string{"/elder/", "/volunteer/", "/family/", "/desk/", "/office/"} {
			tile := `class="tile" href="` + door + `"`
			listed := strings.Contains(account.body, tile)
			if listed {
				shown++
				r.get(door).is(t, http.StatusOK)
				home.is(t, http.StatusOK, tile)
			} else if door == "/desk/" || door == "/office/" {
				r.get(door).is(t, http.StatusForbidden)
			}
		}
		most = max(most, shown)
	}
	if most < 4 {
		t.Errorf("got %d doors of one account, want those of a daughter, a volunteer, the desk and the office", most)
	}
	s.as(citytest.Person{}).get("/").is(t, http.StatusOK, `href="/family/"`)
}

func TestTheInboxIsClosedUnlessItIsADemo(t *testing.T) {
	c := citytest.New(t, store.SQLite)
	answered := httptest.NewRecorder()
	c.Pages().ServeHTTP(answered, httptest.NewRequest(http.MethodGet, "/inbox", nil))
	if answered.Code != http.StatusNotFound {
		t.Errorf("got %d, want %d", answered.Code, http.StatusNotFound)
	}
}
