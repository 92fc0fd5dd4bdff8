package e2e_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/signin"
	"timebank/internal/signin/oidctest"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// atHome serves the town at an address that passkeys can belong to, with the inbox of a demo open.
func (w *town) atHome() {
	w.t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	_, port, _ := strings.Cut(srv.Listener.Addr().String(), ":")
	w.base = "http://localhost:" + port
	set := signin.Defaults()
	set.Origin = w.base
	w.SignIn = w.SignIn.With(set)
	w.Config.SignIn.Inbox = "open"
	srv.Config.Handler = w.Pages()
	srv.Start()
	w.t.Cleanup(srv.Close)
}

// deliver hands over the messages that wait, as the jobs do.
func (w *town) deliver() {
	w.t.Helper()
	var waiting []store.Event
	storetest.Read(w.t, w.DB, func(tx *store.Tx) (err error) {
		waiting, err = store.WaitingEvents(tx, 1000)
		return err
	})
	for _, e := range waiting {
		if e.Topic == notify.Topic {
			if err := w.Notify.Deliver(w.t.Context(), notify.ID(e.Ref)); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// digits is what an authenticator shows.
func digits(secret string, now time.Time) string {
	key, _ := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, now.Unix()/30)
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1000000)
}

// Mr Li comes in by a code that he reads in the inbox and adds a key; the next time the key is enough. The desk takes its invitation up, comes
// in by password and authenticator, and both languages keep the rules of the pages.
func TestComingInByCodeKeyAndPassword(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join("node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("axe-core is missing (scripts/install-deps): %v", err)
	}
	w := newTown(t)
	w.atHome()
	sources := newMarkup(t)
	corrected, err := w.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: w.Key(), Person: w.elder.ID, Phone: "13905551234", Reason: "test"}})
	citytest.Must(t, corrected, err)
	li := w.open("zh-CN")
	held := func(v *window, name string) {
		t.Helper()
		// What was typed stands in no address: those pages have the language that was chosen before.
		typed := name == "code" || name == "choice" || name == "enrol" || name == "refused" || name == "recovery"
		for _, lang := range []string{"English", "中文"} {
			s := sheet{name: name, path: v.where()}
			sources.write(t, name+"-"+lang, ask[string](v, "read the page", `"<!doctype html>" + document.documentElement.outerHTML`))
			for _, pixels := range []int64{320, 390, 1280} {
				v.wide(pixels)
				v.keeps(s, fmt.Sprintf("%s, %d px", lang, pixels))
			}
			v.wide(390)
			v.do("load axe", evaluate(string(axe)))
			v.passes(s, lang)
			v.do("twice the type", evaluate(`document.documentElement.style.fontSize = "200%"`))
			v.keeps(s, lang+", twice the type")
			v.do("the type as it was", evaluate(`document.documentElement.style.fontSize = ""`))
			if typed {
				return
			}
			v.press(lang)
		}
	}
	defer func() {
		for _, r := range sources.check(t) {
			t.Errorf("%s:%d: %s %s %s\n\t%s", filepath.Base(r.URL), r.LastLine, r.Type, r.SubType, r.Message, r.Extract)
		}
	}()
	key := command(webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{Protocol: "ctap2", Transport: "internal",
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}})
	li.visit("/sign-in")
	held(li, "sign-in")
	li.fill("phone", "13905551234")
	li.press("发验证码")
	li.sees("验证码已发到 139****1234")
	held(li, "code")
	w.deliver()
	inbox := w.open("zh-CN")
	inbox.visit("/inbox")
	held(inbox, "inbox")
	code := ask[string](inbox, "read the code", `document.querySelector(".letter").textContent.match(/验证码是 (\d{6})/)[1]`)
	li.fill("code", code)
	li.press("登录")
	li.sees("您好，今天需要什么？")

	li.do("have a finger to press with", command(webauthn.Enable, webauthn.EnableParams{}), key)
	li.visit("/account")
	held(li, "account")
	li.press("在这台设备上添加")
	li.sees("通行密钥已添加")
	li.visit("/elder/")
	li.press("退出")
	li.visit("/sign-in")
	li.press("用通行密钥登录")
	li.sees("您好，今天需要什么？")

	office := w.Staff(identity.Administrator, w.Tree.City())
	made, err := w.SignIn.Invite(t.Context(), signin.InviteCmd{Actor: office.Actor, To: identity.ActorID(w.officer.Actor.ID), Login: "desk"})
	if err != nil {
		t.Fatal(err)
	}
	const password = "the lake is beautiful in March"
	desk := w.open("zh-CN")
	desk.visit("/sign-in/invitation")
	held(desk, "invitation")
	desk.fill("invitation", made.Code)
	desk.fill("password", password)
	desk.press("下一步")
	desk.sees("绑定验证器")
	held(desk, "enrol")
	secret := desk.read(".secret")
	desk.fill("totp", "000000")
	desk.fill("sent", "000000")
	desk.press("绑定")
	desk.sees("有几处要改")
	held(desk, "refused")
	w.deliver()
	desk.fill("totp", digits(secret, w.Clock.Now()))
	inbox.visit("/inbox")
	desk.fill("sent", ask[string](inbox, "read the code", `document.querySelector(".letter").textContent.match(/验证码是 (\d{6})/)[1]`))
	desk.press("绑定")
	desk.sees("请收好恢复码")
	held(desk, "recovery")
	desk.press("我收好了")
	desk.sees("今天的看板")
	desk.press("退出")
	w.Clock.Advance(time.Minute)
	desk.visit("/sign-in/staff")
	held(desk, "staff")
	desk.fill("login", "desk")
	desk.fill("password", password)
	desk.fill("totp", digits(secret, w.Clock.Now()))
	desk.press("登录")
	desk.sees("今天的看板")
	desk.visit("/step-up")
	held(desk, "step-up")

	// With a key of its own the desk needs no digits beside the password, and none when it is asked again; the password alone opens nothing.
	desk.do("have a finger to press with", command(webauthn.Enable, webauthn.EnableParams{}), key)
	desk.visit("/account")
	desk.press("在这台设备上添加")
	desk.sees("通行密钥已添加")
	desk.visit("/desk/")
	desk.press("退出")
	desk.visit("/sign-in/staff")
	desk.fill("login", "desk")
	desk.fill("password", "not the password")
	desk.press("用通行密钥代替数字")
	desk.sees("工作人员登录", "不对")
	desk.fill("login", "desk")
	desk.fill("password", password)
	desk.press("登录")
	desk.sees("工作人员登录", "不对")
	desk.fill("login", "desk")
	desk.fill("password", password)
	desk.press("用通行密钥代替数字")
	desk.sees("今天的看板")
	w.Clock.Advance(16 * time.Minute)
	desk.visit("/step-up")
	desk.press("用通行密钥")
	if at := desk.where(); at != "/step-up" && at != "/" {
		t.Errorf("after the key the desk is at %s", at)
	}
}

// Somebody comes from a page of another site to the city's app, a third one, and back: a browser sends our cookies as the attribute SameSite lets it,
// and the return belongs to its departure all the same. What another site posts to us goes without them.
func TestComingBackFromAnotherSiteInABrowser(t *testing.T) {
	w := newTown(t)
	srv := httptest.NewUnstartedServer(nil)
	t.Cleanup(srv.Close)
	_, port, _ := strings.Cut(srv.Listener.Addr().String(), ":")
	// To a browser localhost and 127.0.0.1 are two sites, whatever stands behind.
	w.base = "http://localhost:" + port
	var number string
	storetest.Read(t, w.DB, func(tx *store.Tx) error {
		d, err := w.Members.Open(tx, w.elder.ID)
		number = d.IDNumber.Reveal()
		return err
	})
	set := signin.Defaults()
	set.Origin = w.base
	set.OpenID = []signin.OpenID{{Name: "city", Client: oidctest.Client, Secret: oidctest.Secret, Redirect: w.base + "/sign-in/return",
		Issuer: oidctest.Provide(t, w.base+"/sign-in/return", map[string]oidctest.Claims{"li": {"id_number": number, "id_number_verified": true}}),
		Scopes: []string{"openid", "identity", "email"}, Claim: "id_number", Verified: "id_number_verified"}}
	w.SignIn = w.SignIn.With(set)
	srv.Config.Handler = w.Pages()
	srv.Start()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(rw, `<!doctype html><title>elsewhere</title><main><a href="%[1]s/sign-in/city">to the time bank</a><a href="%[1]s/elder/">my visits</a>
			<form method="post" action="%[1]s/sign-out"><button>sign them out</button></form></main>`, w.base)
	}))
	t.Cleanup(elsewhere.Close)

	li := w.open("zh-CN")
	there := *li
	there.url = elsewhere.URL
	there.visit("/")
	there.press("to the time bank")
	if at := ask[string](li, "where the city's app is", "location.hostname"); at != "127.0.0.1" {
		t.Fatalf("the city's app is at %s, want another site than ours", at)
	}
	li.do("sign in there", evaluate(`document.querySelector("[name=login]").value = "li"; document.querySelector("[name=password]").value = "any"`))
	li.press("Sign-in")
	li.press("Continue")
	li.until(`location.hostname === "localhost"`)
	li.sees("您好，今天需要什么？")
	// From elsewhere a link still finds the person signed in, and a form does not act in its name.
	there.visit("/")
	there.press("my visits")
	li.sees("您好，今天需要什么？")
	there.visit("/")
	there.press("sign them out")
	li.visit("/elder/")
	li.sees("您好，今天需要什么？")
}
