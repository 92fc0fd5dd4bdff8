package e2e_test

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// The desk and the old person both look at a page; somebody takes the order, and both pages show it without a touch. The focus stays where
// it was.
func TestOpenPagesRenewThemselves(t *testing.T) {
	w := newTown(t)
	id := w.Place(w.elder.Actor, w.elder)
	li, desk := w.open("zh-CN"), w.open("zh-CN")
	li.signIn("李国强")
	li.visit("/elder/visits/" + string(id))
	li.sees("正在找人")
	desk.signIn("服务台")
	desk.listens()
	li.listens()
	desk.sees("没人接 1", "有变化会自动更新")
	li.do("put the focus", evaluate(`document.querySelector(".why summary").click(); document.querySelector(".why summary").focus()`))
	w.Claim(w.helper, id)
	desk.until(`document.querySelector("main").innerText.includes("等上门 1")`)
	li.until(`document.querySelector("main").innerText.includes("陈晓燕")`)
	li.sees("有新变化，已经更新")
	if got := ask[string](li, "the focus", `document.activeElement.tagName + " " + document.activeElement.parentElement.open`); got != "SUMMARY true" {
		t.Errorf("after the renewal the focus is on %s, want it on the open SUMMARY", got)
	}
}

// listens waits, on a page that renews itself, until it hears of changes; before that it offers a link to look again, which then goes.
func (v *window) listens() {
	v.t.Helper()
	v.until(`((say) => !say || say.textContent !== "")(document.querySelector("[data-live-from] [role=status]"))`)
}

// until waits for something to become true on the page.
func (v *window) until(condition string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](condition, chromedp.WithPollingInterval(50*time.Millisecond))); err != nil {
		v.t.Fatalf("wait for %s: %v\n%s", condition, err, v.text())
	}
}
