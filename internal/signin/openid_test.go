package signin_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"testing"

	"timebank/internal/citytest"
	"timebank/internal/notify"
	"timebank/internal/signin"
	"timebank/internal/signin/oidctest"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// back is our address that the provider sends people back to.
const back = "http://127.0.0.1/return"

var formAction = regexp.MustCompile(`action="([^"]+)"`)

// visit signs in at the provider as a person with a browser would, and returns what comes back to us.
func visit(t testing.TB, departure, login string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	fine(t, err)
	var came url.Values
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/return" {
			came = r.URL.Query()
			return http.ErrUseLastResponse
		}
		return nil
	}}
	page := func(r *http.Response, err error) string {
		t.Helper()
		fine(t, err)
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		fine(t, err)
		return string(text)
	}
	text := page(browser.Get(departure))
	for _, form := range []url.Values{{"prompt": {"login"}, "login": {login}, "password": {"any"}}, {"prompt": {"consent"}}} {
		if came != nil {
			break
		}
		action := formAction.FindStringSubmatch(text)
		if action == nil {
			t.Fatalf("no form to sign in with:\n%s", text)
		}
		text = page(browser.PostForm(action[1], form))
	}
	if came == nil {
		t.Fatalf("the provider did not send the browser back:\n%s", text)
	}
	return came
}

func TestComingFromTheCitysApp(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		li, cao := c.Person(82, c.Home()), c.Person(81, c.Home())
		number := details(t, c, li).IDNumber.Reveal()
		issuer := oidctest.Provide(t, back, map[string]oidctest.Claims{
			"li":         {"id_number": number, "id_number_verified": true, "email": "cao@example.com"},
			"new":        {"id_number": citytest.IDNumber("1950-02-01", 7), "id_number_verified": true},
			"unverified": {"id_number": number, "id_number_verified": false},
			"mail":       {"email": "li@example.com"},
		})
		set := signin.Defaults()
		set.OpenID = []signin.OpenID{{Name: "city", Issuer: issuer, Client: oidctest.Client, Secret: oidctest.Secret,
			Redirect: back, Scopes: []string{"openid", "identity", "email"}, Claim: "id_number", Verified: "id_number_verified"}}
		s := c.SignIn.With(set)
		depart := func() signin.Departure {
			t.Helper()
			d, err := s.Depart(t.Context(), "city")
			fine(t, err)
			return d
		}
		arrive := func(d signin.Departure, came url.Values) (signin.SignedIn, error) {
			return s.Return(t.Context(), signin.ReturnCmd{Sign: here(), Provider: "city", Binding: d.Binding, State: came.Get("state"), Code: came.Get("code")})
		}

		d := depart()
		asked, err := url.Parse(d.URL)
		fine(t, err)
		for name, want := range map[string]string{"code_challenge_method": "S256", "response_type": "code", "client_id": "timebank"} {
			if got := asked.Query().Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		came := visit(t, d.URL, "li")
		in, err := arrive(d, came)
		fine(t, err)
		if a := acts(t, c, in.Token); !a.IsPerson(string(li.ID)) || a.IsPerson(string(cao.ID)) {
			t.Errorf("signed in as %q, want %q by the identity number", a.Person, li.ID)
		}
		_, err = arrive(d, came)
		refusal(t, "the same return again", err, "signin.stale")
		again := depart()
		in, err = arrive(again, visit(t, again.URL, "li"))
		fine(t, err)
		if in.Actor.String() != li.Actor.ID || len(trail(t, c, "signin.link")) != 1 {
			t.Error("coming a second time linked another account")
		}

		// Somebody else's answer does not fit this browser, nor an answer without its code or with another state.
		mine, theirs := depart(), depart()
		came = visit(t, theirs.URL, "li")
		_, err = arrive(mine, came)
		refusal(t, "an answer to somebody else's departure", err, "signin.stale")
		_, err = s.Return(t.Context(), signin.ReturnCmd{Sign: here(), Provider: "city", Binding: "", State: came.Get("state"), Code: came.Get("code")})
		refusal(t, "a return without the browser that departed", err, "signin.stale")
		came.Set("code", "invented")
		_, err = arrive(theirs, came)
		refusal(t, "an invented code", err, "signin.wrong")
		// A code that another verifier asked for.
		mine, theirs = depart(), depart()
		stolen := visit(t, theirs.URL, "li")
		own := visit(t, mine.URL, "new")
		own.Set("code", stolen.Get("code"))
		_, err = arrive(mine, own)
		refusal(t, "a stolen code", err, "signin.wrong")

		for login, want := range map[string]string{"unverified": "signin.number_unverified", "mail": "signin.number_unverified"} {
			d := depart()
			_, err := arrive(d, visit(t, d.URL, login))
			refusal(t, "the account "+login, err, want)
		}
		d = depart()
		in, err = arrive(d, visit(t, d.URL, "new"))
		fine(t, err)
		if a := acts(t, c, in.Token); a.Person != "" {
			t.Errorf("somebody new is %q", a.Person)
		}
		silent(t, c, number)

		_, err = s.Depart(t.Context(), "elsewhere")
		refusal(t, "an unknown provider", err, "signin.provider_unknown")
		set.OpenID[0].Issuer = "http://127.0.0.1:1"
		_, err = c.SignIn.With(set).Depart(t.Context(), "city")
		refusal(t, "a provider that is away", err, "signin.provider_unreachable")
	})
}

// TestAnAccountWhoseNumberChanged holds that a provider's account never passes from one person to another, and that numbers in the identity
// token itself are read too.
func TestAnAccountWhoseNumberChanged(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		li, cao := c.Person(82, c.Home()), c.Person(81, c.Home())
		arrive := func(of citytest.Person) (signin.SignedIn, error) {
			t.Helper()
			issuer := oidctest.Provide(t, back, map[string]oidctest.Claims{"shared": {"id_number": details(t, c, of).IDNumber.Reveal()}}, "CLAIMS=token")
			set := signin.Defaults()
			set.OpenID = []signin.OpenID{{Name: "city", Issuer: issuer, Client: oidctest.Client, Secret: oidctest.Secret,
				Redirect: back, Scopes: []string{"openid", "identity"}, Claim: "id_number"}}
			s := c.SignIn.With(set)
			d, err := s.Depart(t.Context(), "city")
			fine(t, err)
			came := visit(t, d.URL, "shared")
			return s.Return(t.Context(), signin.ReturnCmd{Sign: here(), Provider: "city", Binding: d.Binding, State: came.Get("state"), Code: came.Get("code")})
		}
		in, err := arrive(li)
		fine(t, err)
		if in.Actor.String() != li.Actor.ID {
			t.Errorf("signed in as %s, want %s", in.Actor, li.Actor.ID)
		}
		_, err = arrive(cao)
		refusal(t, "the account with another number", err, "signin.number_changed")
	})
}

// The city's app may say where its users are in WeChat: then they can be told there, from the sign-in on at which it belongs to somebody
// registered, until they take it back. What has not the form of an OpenID, and what nobody asked for, is kept nowhere.
func TestTheCitysAppSaysWhereMessagesReach(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		li, cao, chen := c.Person(82, c.Home()), c.Person(81, c.Home()), c.Person(40, c.Home())
		const open, other = "oWx5PLANTEDcanary-openid_01", "oWx5PLANTEDcanary-openid_02"
		account := func(of citytest.Person, wechat any) oidctest.Claims {
			return oidctest.Claims{"id_number": details(t, c, of).IDNumber.Reveal(), "id_number_verified": true, "wechat_openid": wechat}
		}
		accounts := map[string]oidctest.Claims{"li": account(li, open), "again": account(li, other), "cao": account(cao, "' OR 1=1 --"), "chen": account(chen, open),
			"new": {"id_number": citytest.IDNumber("1950-02-01", 7), "id_number_verified": true, "wechat_openid": open}}
		for where, claims := range map[string]string{"the user's information": "CLAIMS=info", "the identity token": "CLAIMS=token"} {
			set := signin.Defaults()
			set.OpenID = []signin.OpenID{{Name: "city", Issuer: oidctest.Provide(t, back, accounts, claims), Client: oidctest.Client, Secret: oidctest.Secret, Redirect: back,
				Scopes: []string{"openid", "identity"}, Claim: "id_number", Verified: "id_number_verified", WeChat: "wechat_openid"}}
			arrive := func(login string) {
				t.Helper()
				s := c.SignIn.With(set)
				d, err := s.Depart(t.Context(), "city")
				fine(t, err)
				came := visit(t, d.URL, login)
				_, err = s.Return(t.Context(), signin.ReturnCmd{Sign: here(), Provider: "city", Binding: d.Binding, State: came.Get("state"), Code: came.Get("code")})
				fine(t, err)
			}
			kept := func(of citytest.Person) (address string) {
				t.Helper()
				storetest.Read(t, c.DB, func(tx *store.Tx) error {
					p, err := c.Notify.PersonalData(tx, of.ID)
					for _, k := range p.Contacts {
						if k.Channel == notify.WeChat && k.Confirmed {
							address = k.Address
						}
					}
					return err
				})
				return address
			}
			if claims == "CLAIMS=info" {
				set.OpenID[0].WeChat = ""
				if arrive("chen"); kept(chen) != "" {
					t.Errorf("%s: nobody asked for it, and %q is kept", where, kept(chen))
				}
				set.OpenID[0].WeChat = "wechat_openid"
			}
			for login, want := range map[string]string{"li": open, "again": other} {
				if arrive(login); kept(li) != want {
					t.Errorf("%s: after %s came in %q is kept, want %q", where, login, kept(li), want)
				}
			}
			arrive("li")
			n := len(trail(t, c, "notify.vouched"))
			if arrive("li"); len(trail(t, c, "notify.vouched")) != n {
				t.Errorf("%s: the same address is an act each time", where)
			}
			if arrive("cao"); kept(cao) != "" {
				t.Errorf("%s: %q is kept as an OpenID", where, kept(cao))
			}
			arrive("new")

			// Li is told there, takes it back, and it stays away until he allows it again.
			citytest.Got(c.Notify.Choose(t.Context(), []notify.ChooseCmd{{Actor: li.Actor, Key: c.Key(), Person: li.ID, Channel: notify.WeChat}})).Must(t, "choose")
			storetest.Write(t, c.DB, func(tx *store.Tx) error {
				_, err := c.Notify.Tell(tx, notify.Notice{Person: li.ID, Kind: "order.coming", About: "o", Cause: where, Urgent: true, Life: minute})
				return err
			})
			if l := letters(t, c)[0]; l.Channel != notify.WeChat || l.To != open {
				t.Errorf("%s: the message goes by %s to %q, want WeChat", where, l.Channel, l.To)
			}
			mine := func() notify.Reach {
				r, err := c.Notify.ReachOf(t.Context(), li.Actor, li.ID)
				fine(t, err)
				return r
			}
			if r := mine(); !r.Linked || r.Dropped {
				t.Errorf("%s: he sees %+v", where, r)
			}
			drop := notify.DropContactCmd{Actor: li.Actor, Key: c.Key(), Person: li.ID, Channel: notify.WeChat}
			citytest.Got(c.Notify.DropContact(t.Context(), []notify.DropContactCmd{drop})).Must(t, "drop")
			if arrive("li"); kept(li) != "" || !mine().Dropped {
				t.Errorf("%s: what he took back is kept again", where)
			}
			citytest.Got(c.Notify.AllowContact(t.Context(), []notify.AllowContactCmd{{Actor: cao.Actor, Key: c.Key(), Person: li.ID, Channel: notify.WeChat}})).
				Refused(t, "somebody else allows it", "identity.not_oneself")
			citytest.Got(c.Notify.AllowContact(t.Context(), []notify.AllowContactCmd{{Actor: li.Actor, Key: c.Key(), Person: li.ID, Channel: notify.WeChat}})).Must(t, "allow")
			if arrive("li"); kept(li) != open {
				t.Errorf("%s: after he allowed it again %q is kept", where, kept(li))
			}
		}
		silent(t, c, open, other)
	})
}
