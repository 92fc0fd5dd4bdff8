package e2e_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
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
	corrected, err := w.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: w.Key(), Person: w.elder.ID, Phone: "13905551234", Reason: "test"}})
	citytest.Must(t, corrected, err)
	li := w.open("zh-CN")
	held := func(v *window, name string) {
		t.Helper()
		for _, lang := range []string{"English", "中文"} {
			v.do("load axe", evaluate(string(axe)))
			v.passes(sheet{name: name, path: v.where()}, lang)
			if name == "code" || name == "enrol" {
				return // what was typed stands in no address, so that the language is chosen before
			}
			v.press(lang)
		}
	}
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

	li.do("have a finger to press with", command(webauthn.Enable, webauthn.EnableParams{}),
		command(webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{Protocol: "ctap2", Transport: "internal",
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}}))
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
	desk.fill("totp", digits(secret, w.Clock.Now()))
	desk.press("绑定")
	desk.sees("请收好恢复码")
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
}
