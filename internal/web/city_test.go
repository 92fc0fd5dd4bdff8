package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/signin"
	"timebank/internal/signin/oidctest"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// numberOf is a person's identity number in clear.
func numberOf(t *testing.T, c *citytest.City, p citytest.Person) (number string) {
	t.Helper()
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		d, err := c.Members.Open(tx, p.ID)
		number = d.IDNumber.Reveal()
		return err
	})
	return number
}

// fromTheCity serves pages that people come to from a real provider with accounts by their login.
func fromTheCity(t *testing.T, accounts func(c *citytest.City) map[string]oidctest.Claims) *site {
	t.Helper()
	c := citytest.New(t, store.SQLite)
	srv := httptest.NewUnstartedServer(nil)
	t.Cleanup(srv.Close)
	base := "http://" + srv.Listener.Addr().String()
	set := signin.Defaults()
	set.OpenID = []signin.OpenID{{Name: "city", Issuer: oidctest.Provide(t, base+"/sign-in/return", accounts(c)), Client: oidctest.Client, Secret: oidctest.Secret,
		Redirect: base + "/sign-in/return", Scopes: []string{"openid", "identity", "email"}, Claim: "id_number", Verified: "id_number_verified", WeChat: "wechat_openid"}}
	c.App.SignIn = c.App.SignIn.With(set)
	srv.Config.Handler = c.Pages()
	srv.Start()
	return &site{City: c, t: t, base: base}
}

// departs presses the button of the city's app and returns where the browser is sent.
func (r *reader) departs() *url.URL {
	r.t.Helper()
	follow := r.client.CheckRedirect
	r.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a := r.get("/sign-in/city")
	r.client.CheckRedirect = follow
	to, err := a.Location()
	if err != nil {
		r.t.Fatalf("the button of the city's app leads nowhere: %v\n%s", err, a.body)
	}
	return to
}

var action = regexp.MustCompile(`action="([^"]+)"`)

// through signs in at the provider and returns the address to which it sends the browser back, before the browser follows.
func (r *reader) through(departure *url.URL, login string) (came *url.URL) {
	r.t.Helper()
	follow := r.client.CheckRedirect
	r.client.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if req.URL.Path == "/sign-in/return" {
			came = req.URL
			return http.ErrUseLastResponse
		}
		return nil
	}
	defer func() { r.client.CheckRedirect = follow }()
	a := r.do(http.NewRequestWithContext(r.t.Context(), http.MethodGet, departure.String(), nil))
	for _, form := range []url.Values{{"prompt": {"login"}, "login": {login}, "password": {"any"}}, {"prompt": {"consent"}}} {
		if came != nil {
			break
		}
		req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, a.found(r.t, action.String()), strings.NewReader(form.Encode()))
		if err == nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		a = r.do(req, err)
	}
	if came == nil {
		r.t.Fatalf("the provider did not send the browser back:\n%s", a.body)
	}
	return came
}

// with is an address with other values.
func with(u *url.URL, values ...string) *url.URL {
	changed, query := *u, u.Query()
	for i := 0; i < len(values); i += 2 {
		query.Set(values[i], values[i+1])
	}
	changed.RawQuery = query.Encode()
	return &changed
}

// Mr Li comes in from the city's app by his verified number, goes where he wanted, and comes back as the same person another day. Somebody new
// is led to registering.
func TestComingInFromTheCitysAppOnThePages(t *testing.T) {
	var li citytest.Person
	s := fromTheCity(t, func(c *citytest.City) map[string]oidctest.Claims {
		li = c.KeyElder(c.Home())
		return map[string]oidctest.Claims{
			"li":  {"id_number": numberOf(t, c, li), "id_number_verified": true, "wechat_openid": "oWx5abcdefgh-1"},
			"new": {"id_number": citytest.IDNumber("1960-05-05", 778), "id_number_verified": true},
		}
	})
	for range 2 {
		r := s.as(citytest.Person{})
		r.get("/sign-in").is(t, http.StatusOK, `href="/sign-in/city"`)
		came := r.through(r.departs(), "li")
		in := r.get(came.RequestURI())
		in.is(t, http.StatusOK)
		if in.Request.URL.Path != "/elder/" {
			t.Errorf("led to %s, want the old person's own door", in.Request.URL.Path)
		}
		r.get("/account").is(t, http.StatusOK, "has told us your WeChat")
		actor, err := s.Identity.Actor(t.Context(), identity.ActorID(li.Actor.ID), "test")
		if err != nil || actor.Person != string(li.ID) {
			t.Errorf("the account is %+v, %v", actor, err)
		}
		// What has been used is used: the same address opens nothing, in no browser.
		r.post("/sign-out", nil)
		r.get(came.RequestURI()).is(t, http.StatusUnauthorized, "Mobile number")
		r.get("/elder/").is(t, http.StatusUnauthorized)
	}
	newcomer := s.as(citytest.Person{})
	in := newcomer.get(newcomer.through(newcomer.departs(), "new").RequestURI())
	in.is(t, http.StatusOK, "Street where I live")
}

// What does not belong together opens nothing: another state, another nonce, another PKCE challenge, a code of somebody else's departure, another
// browser, a refusal. An address of mail or a number that is not verified links to nobody, whoever has registered with it.
func TestTheReturnFromTheCitysAppIsHeldToItsDeparture(t *testing.T) {
	s := fromTheCity(t, func(c *citytest.City) map[string]oidctest.Claims {
		li := c.KeyElder(c.Home())
		got, err := c.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: c.Key(), Person: li.ID, Phone: "13905550003", Reason: "test"}})
		citytest.Must(t, got, err)
		return map[string]oidctest.Claims{
			"li":         {"id_number": numberOf(t, c, li), "id_number_verified": true},
			"cao":        {"id_number": numberOf(t, c, c.Person(81, c.Home())), "id_number_verified": true},
			"unverified": {"id_number": numberOf(t, c, li), "id_number_verified": false},
			"mail":       {"email": "li@example.com", "phone_number": "13905550003", "email_verified": true},
		}
	})
	refused := func(what string, r *reader, came *url.URL, status int, text string) {
		t.Helper()
		a := r.get(came.RequestURI())
		if a.StatusCode != status || !strings.Contains(a.body, text) || !strings.Contains(a.body, `name="phone"`) {
			t.Errorf("%s: got %d, want %d with %q and the other ways in\n%s", what, a.StatusCode, status, text, a.body)
		}
		if a := r.get("/account"); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: the browser is signed in (%d)", what, a.StatusCode)
		}
	}
	const stale, wrong = "This has taken too long", "That is not right"
	for what, change := range map[string][]string{"another nonce": {"nonce", "chosen-by-somebody-else"},
		"another challenge": {"code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}} {
		r := s.as(citytest.Person{})
		refused(what, r, r.through(with(r.departs(), change...), "li"), http.StatusUnauthorized, wrong)
	}
	r := s.as(citytest.Person{})
	refused("a departure with another state", r, r.through(with(r.departs(), "state", "chosen-by-somebody-else"), "li"), http.StatusUnauthorized, stale)
	r = s.as(citytest.Person{})
	refused("a return with another state", r, with(r.through(r.departs(), "li"), "state", "chosen-by-somebody-else"), http.StatusUnauthorized, stale)
	r = s.as(citytest.Person{})
	refused("an invented code", r, with(r.through(r.departs(), "li"), "code", "invented"), http.StatusUnauthorized, wrong)
	r = s.as(citytest.Person{})
	refused("no code", r, with(r.through(r.departs(), "li"), "code", ""), http.StatusUnauthorized, wrong)

	victim, thief := s.as(citytest.Person{}), s.as(citytest.Person{})
	stolen := victim.through(victim.departs(), "li")
	refused("another browser", thief, stolen, http.StatusUnauthorized, stale)
	own := thief.through(thief.departs(), "cao")
	refused("somebody else's code", thief, with(own, "code", stolen.Query().Get("code")), http.StatusUnauthorized, wrong)

	for _, login := range []string{"unverified", "mail"} {
		r := s.as(citytest.Person{})
		refused("the account "+login, r, r.through(r.departs(), login), http.StatusForbidden, "verified")
	}
}
