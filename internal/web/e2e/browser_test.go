package e2e_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
)

// screens is where pictures of the pages are written, for docs/screens: go test ./internal/web/e2e -screens ../../../docs/screens
var screens = flag.String("screens", "", "folder for pictures of every page")

// patience bounds one step in the browser.
const patience = 30 * time.Second

// town is a city with its pages on a server and a browser.
type town struct {
	*citytest.City
	t       testing.TB
	base    string
	browser context.Context
	elder   citytest.Person
	helper  citytest.Person
	novice  citytest.Person
	officer citytest.Person
	cut     atomic.Bool  // somebody has pulled the cable out; see cable
	lost    atomic.Int64 // how many times more the page for no network does not arrive
	// wife is an old person too, daughter their daughter in Shanghai; nobody has recorded that yet.
	wife     citytest.Person
	daughter citytest.Person
}

func newTown(t testing.TB) *town {
	t.Helper()
	c := citytest.New(t, store.SQLite)
	w := &town{City: c, t: t, elder: c.KeyElder(c.Home()), helper: c.Volunteer(c.Home()), novice: c.Person(30, c.Home()), officer: c.Staff(identity.PointStaff, c.Home()),
		wife: c.Recipient(82, c.Home()), daughter: c.Person(45, c.Home())}
	w.named(w.elder, "李国强", "栖霞区迈皋桥街道和平路12号3幢502室")
	w.named(w.helper, "陈晓燕", "")
	w.named(w.wife, "曹秀英", "栖霞区迈皋桥街道和平路12号3幢502室")
	w.named(w.daughter, "李敏", "")
	point, err := c.Members.RegisterPoints(t.Context(), []member.RegisterPointCmd{{Actor: identity.System, Key: c.Key(), Name: "迈皋桥和平路社区服务点", Kind: member.PointCommunity, Region: c.Home(), Phone: "025-85311234"}})
	citytest.Must(t, point, err)
	demo := func(p citytest.Person, zh, en, doesZH, doesEN, door string) page.Account {
		return page.Account{Actor: identity.ActorID(p.Actor.ID), Who: map[string]string{"zh-CN": zh, "en": en}, Does: map[string]string{"zh-CN": doesZH, "en": doesEN}, Door: door}
	}
	c.Demo = []page.Account{
		demo(w.elder, "李国强老人", "Mr Li", "八十五岁，独居，想学用手机。", "85, lives alone, wants to learn the phone.", "/elder/"),
		demo(w.helper, "志愿者陈晓燕", "Volunteer Chen", "住在附近，已经持证。", "Lives nearby, certified.", "/volunteer/"),
		demo(w.officer, "服务台", "The desk", "看看谁在等。", "Sees who waits.", "/desk/"),
		demo(w.wife, "曹秀英老人", "Mrs Cao", "八十二岁，李国强的老伴。", "82, Mr Li's wife.", "/elder/"),
		demo(w.daughter, "女儿李敏", "Daughter Li Min", "在上海上班。", "Works in Shanghai.", "/family/"),
		demo(citytest.Person{Actor: identity.Actor{ID: w.newcomer()}}, "刚登录的人", "A newcomer", "还没有登记。", "Not registered yet.", "/register"),
		demo(w.novice, "还没报名的居民", "A resident", "还不是志愿者。", "Not a volunteer yet.", "/volunteer/"),
	}
	srv := httptest.NewServer(w.cable(c.Pages()))
	t.Cleanup(srv.Close)
	w.base = srv.URL
	w.browser = newBrowser(t)
	return w
}

// newcomer is the account of somebody who has signed in and is nobody yet.
func (w *town) newcomer() (id string) {
	w.t.Helper()
	err := w.DB.Write(w.t.Context(), "test", func(tx *store.Tx) error {
		made, err := identity.Register(tx, []string{""})
		if err == nil {
			id = string(made[0])
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *town) named(p citytest.Person, name, address string) {
	w.t.Helper()
	corrected, err := w.Members.Correct(w.t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: w.Key(), Person: p.ID, Name: name, Address: address, Reason: "test"}})
	citytest.Must(w.t, corrected, err)
}

func newBrowser(t testing.TB) context.Context {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Fatalf("these stories need chromium (scripts/install-deps): %v", err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("lang", "zh-CN"), chromedp.UserDataDir(t.TempDir()))
	allocated, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewContext(allocated)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	return ctx
}

// window is one person at its own browser, with cookies of its own.
type window struct {
	t   testing.TB
	ctx context.Context
	url string
}

// open opens a window in a language, as wide as a telephone.
func (w *town) open(lang string) *window {
	w.t.Helper()
	ctx, cancel := chromedp.NewContext(w.browser, chromedp.WithNewBrowserContext())
	w.t.Cleanup(cancel)
	// The window lives as long as the context that it is opened with, so that one is not a step's.
	if err := chromedp.Do(ctx); err != nil {
		w.t.Fatalf("open a window: %v", err)
	}
	v := &window{t: w.t, ctx: ctx, url: w.base}
	v.do("open a window", command(network.Enable, network.EnableParams{}),
		command(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": lang}}))
	v.wide(390)
	return v
}

// command is a command of the browser's protocol as a step.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// ask runs an expression on the page and returns what it gives.
func ask[T any](v *window, what, expression string, opts ...chromedp.EvaluateOption) T {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, opts...))
	if err != nil {
		v.t.Fatalf("%s: %v", what, err)
	}
	return got
}

func (v *window) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		v.t.Fatalf("%s: %v\n%s", what, err, v.text())
	}
}

// forget empties the browser's store of files.
func (v *window) forget() {
	v.t.Helper()
	v.do("forget what was loaded", command(network.ClearBrowserCache, cdp.Empty{}))
}

func (v *window) wide(pixels int64) {
	v.t.Helper()
	v.do("set the width", command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: pixels, Height: 844, DeviceScaleFactor: 1, Mobile: pixels < 600}))
}

func (v *window) visit(path string) {
	v.t.Helper()
	v.do("go to "+path, chromedp.Navigate(v.url+path), chromedp.WaitReady(chromedp.CSS("main")))
	// On a busy machine the empty page of a new window may end its loading late, and Navigate takes that for this page's: a press would then
	// take this page's for the next one's.
	v.until("performance.timing.loadEventEnd > 0")
}

// press clicks the link or button whose words contain text, and waits for the next page.
func (v *window) press(text string) {
	v.t.Helper()
	js, err := json.Marshal(text)
	if err != nil {
		v.t.Fatal(err)
	}
	click := chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		found, err := chromedp.Evaluate[bool](`(() => { const all = [...document.querySelectorAll("a, button")].filter((e) => e.offsetParent !== null), words = `+string(js)+`;
const e = all.find((e) => e.textContent.trim() === words) ?? all.find((e) => e.textContent.includes(words)); if (e) e.click(); return !!e; })()`)(ctx, t)
		if err == nil && !found {
			err = fmt.Errorf("nothing to press says %q", text)
		}
		return err
	})
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.WaitEvent(cdppage.LoadEventFired, nil, click)); err != nil {
		v.t.Fatalf("press %s: %v\n%s", text, err, v.text())
	}
}

// text is what stands on the page.
func (v *window) text() string {
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("main")?.innerText ?? document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

func (v *window) sees(texts ...string) {
	v.t.Helper()
	got := v.text()
	for _, want := range texts {
		if !strings.Contains(got, want) {
			v.t.Errorf("at %s: got %q, want %q in it", v.where(), got, want)
		}
	}
}

func (v *window) where() string {
	v.t.Helper()
	u, err := url.Parse(ask[string](v, "read the address", "location.href"))
	if err != nil {
		v.t.Fatal(err)
	}
	return u.RequestURI()
}

// signIn chooses an account of the demonstration.
func (v *window) signIn(who string) {
	v.t.Helper()
	v.visit("/sign-in")
	v.press(who)
}

// near lets the telephone stand at a place.
func (v *window) near(p region.Point) {
	v.t.Helper()
	lat, lon, accuracy := float64(p.LatE6)/1e6, float64(p.LonE6)/1e6, 10.0
	v.do("stand somewhere",
		chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.CallBrowser(ctx, browser.SetPermission, browser.SetPermissionParams{Permission: &browser.PermissionDescriptor{Name: "geolocation"},
				Setting: browser.PermissionSettingGranted, BrowserContextID: chromedp.FromContext(v.ctx).BrowserContextID})
			return err
		}),
		command(emulation.SetGeolocationOverride, emulation.SetGeolocationOverrideParams{Latitude: &lat, Longitude: &lon, Accuracy: &accuracy}))
}

// The pictures are as small as they can be read on a page of the repository: the top of a telephone's page, shrunk.
const (
	shotWide   = 390
	shotHigh   = 1560
	shotShrunk = 300
)

// shoot writes a picture of the page at a telephone's width when pictures were asked for.
func (v *window) shoot(name string) {
	v.t.Helper()
	if *screens == "" {
		return
	}
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	v.wide(shotWide)
	high := min(ask[float64](v, "how long the page is", `document.documentElement.scrollHeight`), shotHigh)
	beyond, quality := true, int64(60)
	var picture []byte
	err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		r, err := cdp.Call(ctx, t, cdppage.CaptureScreenshot, cdppage.CaptureScreenshotParams{Format: cdppage.CaptureScreenshotFormatJpeg, Quality: &quality,
			CaptureBeyondViewport: &beyond, Clip: &cdppage.Viewport{Width: shotWide, Height: high, Scale: float64(shotShrunk) / shotWide}})
		picture = r.Data
		return err
	}))
	if err != nil {
		v.t.Fatalf("take a picture: %v", err)
	}
	if err := os.MkdirAll(*screens, 0o755); err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screens, name+".jpg"), picture, 0o644); err != nil {
		v.t.Fatal(err)
	}
}

// point is where an order is served.
func (w *town) point(id order.ID) (p region.Point) {
	w.t.Helper()
	err := w.DB.Read(w.t.Context(), "test", func(tx *store.Tx) (err error) {
		p, err = order.PlaceOf(tx, id)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}
