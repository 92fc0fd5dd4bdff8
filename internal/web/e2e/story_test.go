package e2e_test

import (
	"context"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"timebank/internal/order"
)

// Mr Li asks for a lesson with three taps, Chen takes it, both know each other by the word, the time enters the passbook, and anybody can
// check its receipt.
func TestAnOrderFromTheFirstTapToTheReceipt(t *testing.T) {
	w := newTown(t)
	li, chen := w.open("zh-CN"), w.open("zh-CN")

	li.visit("/")
	li.sees("今天帮一把，老了有人帮")
	li.signIn("李国强")
	li.sees("您好，今天需要什么？")
	li.press("找人帮忙")
	li.press("手机")
	li.press("明天 09:00")
	li.sees("这样对吗？")
	li.press("对，就这样")
	li.sees("已经帮您叫人了", "服务点正在看")
	id := order.ID(path.Base(strings.SplitN(li.where(), "?", 2)[0]))
	desk := w.open("zh-CN")
	desk.signIn("服务台")
	desk.sees("今天的看板", "等审核 1", "学用智能手机", "已等0分钟")
	desk.press("核实过了")
	desk.sees("已发布", "没人接 1", "还剩")

	chen.signIn("陈晓燕")
	chen.sees("附近需要帮忙的", "50米")
	chen.press("我来接")
	chen.sees("接下来了", "到门口说这个暗号", "服务当天显示")

	li.visit("/elder/")
	li.sees("陈晓燕 会来")
	li.press("我的服务")
	li.press("手机")
	word := li.read(".coming .word")
	code := li.read(".code")
	chen.sees(word)

	w.Clock.Set(w.Order(id).Start)
	chen.signIn("陈晓燕")
	chen.near(w.point(id))
	chen.visit("/volunteer/visits/" + string(id))
	chen.sees("和平路12号3幢502室")
	chen.fill("code", "000000")
	chen.located()
	chen.press("签到")
	chen.sees("有几处要改")
	chen.fill("code", code)
	chen.located()
	chen.press("签到")
	chen.sees("已签到", "服务中")
	w.Clock.Advance(time.Hour)
	chen.visit("/volunteer/visits/" + string(id))
	chen.fill("code", code)
	chen.located()
	chen.press("签退")
	chen.sees("已签退")

	li.signIn("李国强")
	li.sees("等您确认")
	li.visit("/elder/visits/" + string(id))
	li.press("志愿者帮过我了")
	li.sees("谢谢您", "按错了，撤回")
	li.press("按错了")
	li.sees("已经撤回")
	li.press("志愿者帮过我了")
	w.Pass(25 * time.Hour)
	if _, err := w.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	li.signIn("李国强")
	li.visit("/elder/hours")
	li.sees("现在能用的")
	li.visit("/elder/")
	li.press("再来一次")
	li.sees("已经帮您叫人了")
	li.press("按错了")
	li.sees("已经取消")

	chen.signIn("陈晓燕")
	chen.press("时间存折")
	chen.sees("+1小时", "我服务的时间", "我得到的时间", "双方现场确认")
	receipt := chen.fetch(`document.querySelector("a[download]").href`)

	anybody := w.open("en")
	anybody.visit("/public/check")
	anybody.fill("receipt", receipt)
	anybody.do("check it", evaluate(`document.querySelector("[data-check] .button").click()`))
	anybody.until(`document.querySelector("[data-is=genuine]").offsetParent !== null`)
	anybody.sees("This receipt is genuine.")
}

// read is the text of the last element of a selector.
func (v *window) read(selector string) string {
	v.t.Helper()
	return ask[string](v, "read "+selector, `[...document.querySelectorAll("`+selector+`")].at(-1).textContent.trim()`)
}

func (v *window) fill(name, value string) {
	v.t.Helper()
	v.do("fill "+name, chromedp.SetValue(chromedp.CSS(`[name="`+name+`"]`), value))
}

// located waits until the page has learnt where the telephone is.
func (v *window) located() {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](`document.querySelector("[name=lat]").value !== ""`, chromedp.WithPollingInterval(50*time.Millisecond))); err != nil {
		v.t.Fatalf("learn the place: %v\n%s", err, v.text())
	}
}

// fetch reads what stands at an address, as the signed-in person.
func (v *window) fetch(address string) string {
	v.t.Helper()
	return ask[string](v, "fetch", `fetch(`+address+`).then((r) => r.text())`, chromedp.EvalAwaitPromise)
}
