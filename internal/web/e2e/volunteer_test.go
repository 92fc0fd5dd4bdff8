package e2e_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"timebank/internal/order"
)

// cable is the line between the telephones and the server; somebody may pull it out.
func (w *town) cable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if w.cut.Load() || r.URL.Path == "/volunteer/offline" && w.lost.Add(-1) >= 0 {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(out, r)
	})
}

// becomes waits until an expression is true on the page.
func (v *window) becomes(what, expression string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	for {
		_, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(50*time.Millisecond)))
		if err == nil {
			return
		}
		// A page that renews itself while we look at it is looked at again.
		if ctx.Err() != nil || !strings.Contains(err.Error(), "navigated") && !strings.Contains(err.Error(), "context with specified id") {
			v.t.Fatalf("%s: %v\n%s", what, err, v.text())
		}
	}
}

// Of a worker whose files do not arrive nothing is kept, and its volunteer signs out like anybody; one page later, as soon as they arrive, it is there.
func TestTheWorkerIsAskedForUntilItsFilesArrive(t *testing.T) {
	w := newTown(t)
	w.lost.Store(1 << 40)
	chen := w.open("zh-CN")
	chen.signIn("陈晓燕")
	chen.visit("/volunteer/")
	chen.press("退出")
	chen.becomes("the way out", `!location.pathname.startsWith("/volunteer/")`)
	chen.signIn("陈晓燕")
	chen.visit("/volunteer/")
	w.lost.Store(1)
	chen.becomes("the worker takes over", `navigator.serviceWorker.controller !== null`)
}

// In the stairwell there is no network: the visit of the day is still there, the check-in and the check-out are kept with their time, and
// are sent when the telephone is back; after signing out nothing is left.
func TestAVisitWithoutANetwork(t *testing.T) {
	w := newTown(t)
	id := w.Place(w.elder.Actor, w.elder)
	w.Claim(w.helper, id)
	w.Clock.Set(w.Order(id).Start)
	chen := w.open("zh-CN")
	chen.signIn("陈晓燕")
	chen.near(w.point(id))
	visit := "/volunteer/visits/" + string(id)
	chen.visit(visit)
	chen.becomes("the worker takes over", `navigator.serviceWorker.controller !== null`)
	chen.visit(visit)
	code := w.Proof(id)[0].Value

	w.cut.Store(true)
	chen.visit("/volunteer/passbook")
	chen.becomes("the page for no network", `document.querySelector("[data-today]")?.innerText?.includes("学用智能手机") === true`)
	chen.sees("现在没有网络")
	chen.visit(visit)
	chen.sees("和平路12号3幢502室")
	chen.fill("code", code)
	chen.located()
	chen.press("签到")
	chen.becomes("the check-in is kept", `document.querySelector("[data-kept]").innerText.match(/\d\d:\d\d的签到已记在手机里/) !== null`)
	if got := w.Order(id).State; got != order.Accepted {
		t.Fatalf("without a network: got %s, want %s", got, order.Accepted)
	}
	chen.becomes("the form ends the visit", `document.querySelector("form[data-check]").action.endsWith("/check-out")`)
	chen.shoot("volunteer-offline-kept-zh-CN")

	w.cut.Store(false)
	w.Clock.Advance(30 * time.Minute)
	chen.do("the network is back", evaluate(`window.dispatchEvent(new Event("online"))`))
	chen.becomes("the check-in is sent", `document.querySelector("main")?.innerText?.includes("服务中") === true`)
	o := w.Order(id)
	if late := w.Clock.Now().Sub(o.Assignments[0].In); o.State != order.InService || late < 0 || late > patience {
		t.Errorf("sent: got %s, %s before now; want in service, as long ago as the telephone kept it", o.State, late)
	}

	w.Clock.Advance(30 * time.Minute)
	chen.visit(visit)
	w.cut.Store(true)
	chen.fill("code", code)
	chen.located()
	chen.press("签退")
	chen.becomes("the check-out is kept", `document.querySelector("[data-kept]").innerText.includes("签退")`)
	w.cut.Store(false)
	chen.do("the network is back", evaluate(`window.dispatchEvent(new Event("online"))`))
	chen.becomes("the check-out is sent", `document.querySelector("main")?.innerText?.includes("这次怎么样") === true`)
	if got := w.Order(id).State; got != order.Awaiting {
		t.Errorf("after both: got %s, want %s", got, order.Awaiting)
	}

	chen.press("退出")
	left := ask[string](chen, "what is left", `(async () => { const all = []; for (const name of await caches.keys()) for (const r of await (await caches.open(name)).keys()) all.push(r.url); return all.join(" "); })()`,
		chromedp.EvalAwaitPromise)
	if strings.Contains(left, "/visits/") {
		t.Errorf("after signing out the telephone still keeps %s", left)
	}
}
