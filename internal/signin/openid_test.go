package signin_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"timebank/internal/citytest"
	"timebank/internal/signin"
)

// installed copies the provider out of the repository and installs what its lock file names, once for each lock file.
func installed(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	fine(t, err)
	lock, err := os.ReadFile("testdata/oidc/package-lock.json")
	fine(t, err)
	dir := filepath.Join(cache, "timebank", fmt.Sprintf("oidc-%x", sha256.Sum256(lock))[:21])
	fine(t, os.MkdirAll(dir, 0o755))
	for _, name := range []string{"package.json", "package-lock.json", "provider.mjs"} {
		text, err := os.ReadFile(filepath.Join("testdata/oidc", name))
		fine(t, err)
		fine(t, os.WriteFile(filepath.Join(dir, name), text, 0o644))
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "oidc-provider")); err != nil {
		cmd := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("install the provider (node and npm are needed): %v\n%s", err, out)
		}
	}
	return dir
}

type claims = map[string]any

// provide starts a provider with accounts by their login and returns its issuer.
func provide(t testing.TB, accounts map[string]claims, env ...string) string {
	t.Helper()
	text, err := json.Marshal(accounts)
	fine(t, err)
	cmd := exec.Command("node", "provider.mjs")
	cmd.Dir = installed(t)
	cmd.Env = append(append(os.Environ(), "ACCOUNTS="+string(text)), env...)
	stdin, err := cmd.StdinPipe()
	fine(t, err)
	stdout, err := cmd.StdoutPipe()
	fine(t, err)
	fine(t, cmd.Start())
	t.Cleanup(func() {
		fine(t, stdin.Close())
		_, _ = io.Copy(io.Discard, stdout)
		fine(t, cmd.Wait())
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "http://") {
			return lines.Text()
		}
	}
	t.Fatal("the provider printed no address")
	return ""
}

var formAction = regexp.MustCompile(`action="([^"]+)"`)

// visit signs in at the provider as a person with a browser would, and returns what comes back to us.
func visit(t testing.TB, departure, login string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	fine(t, err)
	var back url.Values
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/return" {
			back = r.URL.Query()
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
		if back != nil {
			break
		}
		action := formAction.FindStringSubmatch(text)
		if action == nil {
			t.Fatalf("no form to sign in with:\n%s", text)
		}
		text = page(browser.PostForm(action[1], form))
	}
	if back == nil {
		t.Fatalf("the provider did not send the browser back:\n%s", text)
	}
	return back
}

func TestComingFromTheCitysApp(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		li, cao := c.Person(82, c.Home()), c.Person(81, c.Home())
		number := details(t, c, li).IDNumber.Reveal()
		issuer := provide(t, map[string]claims{
			"li":         {"id_number": number, "id_number_verified": true, "email": "cao@example.com"},
			"new":        {"id_number": citytest.IDNumber("1950-02-01", 7), "id_number_verified": true},
			"unverified": {"id_number": number, "id_number_verified": false},
			"mail":       {"email": "li@example.com"},
		})
		set := signin.Defaults()
		set.OpenID = []signin.OpenID{{Name: "city", Issuer: issuer, Client: "timebank", Secret: "a secret between the two of us, for tests",
			Redirect: "http://127.0.0.1/return", Scopes: []string{"openid", "identity", "email"}, Claim: "id_number", Verified: "id_number_verified"}}
		s := c.SignIn.With(set)
		depart := func() signin.Departure {
			t.Helper()
			d, err := s.Depart(t.Context(), "city")
			fine(t, err)
			return d
		}
		arrive := func(d signin.Departure, back url.Values) (signin.SignedIn, error) {
			return s.Return(t.Context(), signin.ReturnCmd{Sign: here(), Provider: "city", Binding: d.Binding, State: back.Get("state"), Code: back.Get("code")})
		}

		d := depart()
		asked, err := url.Parse(d.URL)
		fine(t, err)
		for name, want := range map[string]string{"code_challenge_method": "S256", "response_type": "code", "client_id": "timebank"} {
			if got := asked.Query().Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		back := visit(t, d.URL, "li")
		in, err := arrive(d, back)
		fine(t, err)
		if a := acts(t, c, in.Token); !a.IsPerson(string(li.ID)) || a.IsPerson(string(cao.ID)) {
			t.Errorf("signed in as %q, want %q by the identity number", a.Person, li.ID)
		}
		_, err = arrive(d, back)
		refusal(t, "the same return again", err, "signin.stale")
		again := depart()
		in, err = arrive(again, visit(t, again.URL, "li"))
		fine(t, err)
		if in.Actor.String() != li.Actor.ID || len(trail(t, c, "signin.link")) != 1 {
			t.Error("coming a second time linked another account")
		}

		// Somebody else's answer does not fit this browser, nor an answer without its code or with another state.
		mine, theirs := depart(), depart()
		back = visit(t, theirs.URL, "li")
		_, err = arrive(mine, back)
		refusal(t, "an answer to somebody else's departure", err, "signin.stale")
		_, err = s.Return(t.Context(), signin.ReturnCmd{Sign: here(), Provider: "city", Binding: "", State: back.Get("state"), Code: back.Get("code")})
		refusal(t, "a return without the browser that departed", err, "signin.stale")
		back.Set("code", "invented")
		_, err = arrive(theirs, back)
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
			issuer := provide(t, map[string]claims{"shared": {"id_number": details(t, c, of).IDNumber.Reveal()}}, "CLAIMS=token")
			set := signin.Defaults()
			set.OpenID = []signin.OpenID{{Name: "city", Issuer: issuer, Client: "timebank", Secret: "a secret between the two of us, for tests",
				Redirect: "http://127.0.0.1/return", Scopes: []string{"openid", "identity"}, Claim: "id_number"}}
			s := c.SignIn.With(set)
			d, err := s.Depart(t.Context(), "city")
			fine(t, err)
			back := visit(t, d.URL, "shared")
			return s.Return(t.Context(), signin.ReturnCmd{Sign: here(), Provider: "city", Binding: d.Binding, State: back.Get("state"), Code: back.Get("code")})
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
