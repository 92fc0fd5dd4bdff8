package e2e_test

import (
	"path"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/order"
	"timebank/internal/signin"
)

// seen fails where nothing shows that the focus is where it is.
func (v *window) seen(what string) {
	v.t.Helper()
	v.do("count the stops", evaluate(stops+"\nwindow.stops()"))
	if now := ask[focus](v, "where the focus is", stop); now.Fault != "" || now.At < 0 {
		v.t.Errorf("%s: the focus is on %q, and %s", what, now.Told, now.Fault)
	}
}

// byEnter goes by Tab to a button or a link, bySpace to a button, and presses it there; the focus is seen before.
func (v *window) byEnter(words string) {
	v.t.Helper()
	v.toButton(words)
	v.seen(words)
	v.enterKey(words)
}

func (v *window) bySpace(words string) {
	v.t.Helper()
	v.toButton(words)
	v.seen(words)
	v.leads(words, chromedp.KeyEvent(" "))
}

// What each door is for is done by Tab, Enter and Space alone: an old person asks for help and says that it was given, a daughter asks for her mother,
// a volunteer takes the visit, checks in and out by the code, somebody chooses how it is told, and the desk acts for the holder of a card.
func TestTheMainActOfEachDoorGoesByKeysAlone(t *testing.T) {
	w := newTown(t)
	li, chen := w.open("zh-CN"), w.open("zh-CN")
	li.signIn("李国强")
	li.visit("/elder/")
	li.byEnter("找人帮忙")
	li.to("the lesson", `e.matches("a") && e.pathname.endsWith("/elder/help/`+citytest.Lesson+`")`)
	li.enterKey("what")
	li.byEnter("明天")
	li.bySpace("对，就这样")
	li.sees("已经帮您叫人了")
	id := order.ID(path.Base(strings.SplitN(li.where(), "?", 2)[0]))
	if w.Order(id).WaitsFor == order.ForReview {
		citytest.Got(w.Orders.Review(t.Context(), []order.ReviewCmd{{Actor: identity.System, Key: w.Key(), Order: id, Approve: true}})).Must(t, "review")
	}

	chen.signIn("陈晓燕")
	chen.visit("/volunteer/")
	chen.bySpace("我来接")
	chen.sees("接下来了")
	w.Clock.Set(w.Order(id).Start)
	chen.signIn("陈晓燕")
	chen.near(w.point(id))
	for _, step := range []string{"签到", "签退"} {
		chen.visit("/volunteer/visits/" + string(id))
		chen.located()
		chen.toField("code")
		chen.seen("the code")
		chen.write(w.Proof(id)[0].Value)
		chen.byEnter(step)
		chen.sees("已" + step)
		w.Clock.Advance(time.Hour)
	}
	if got := w.Order(id).State; got != order.Awaiting {
		t.Fatalf("after both: got %s, want %s", got, order.Awaiting)
	}
	li.signIn("李国强")
	li.visit("/elder/visits/" + string(id))
	li.byEnter("志愿者帮过我了")
	li.sees("按错了，撤回")
	if got := w.Order(id).State; got != order.Confirmed {
		t.Errorf("confirmed by keys: got %s", got)
	}

	li.visit("/account")
	li.to("the way", `e.matches("select") && e.name === "way"`)
	li.seen("the way")
	li.stroke(kb.ArrowDown)
	chosen := ask[string](li, "what is chosen", `document.activeElement.value`)
	li.to("keep it", `e.matches("button") && e.form.action.endsWith("/account/told")`)
	li.enterKey("keep it")
	if got := ask[string](li, "what is kept", `document.querySelector("select[name=way]").value`); got != chosen {
		t.Errorf("the way that one is told: got %q, want %q", got, chosen)
	}

	daughter := w.Daughter(w.wife, w.Home())
	min := w.open("zh-CN")
	min.enter(w, daughter)
	min.visit("/family/people/" + string(w.wife.ID))
	min.byEnter("替家人叫人")
	min.toField("item")
	min.pick(citytest.Lesson)
	min.to("send it", `e.matches("main form[method=post] button")`)
	min.seen("send it")
	min.enterKey("send it")
	min.sees("曹秀英")
	if list, err := w.Orders.List(t.Context(), daughter.Actor, order.Filter{Recipient: w.wife.ID}); err != nil || len(list) != 1 {
		t.Errorf("the daughter has asked for %d visits, %v", len(list), err)
	}

	card, err := w.SignIn.PrintCard(t.Context(), signin.PrintCardCmd{Actor: w.Staff(identity.PointManager, w.Home()).Actor, Person: w.elder.ID})
	if err != nil {
		t.Fatal(err)
	}
	desk := w.open("zh-CN")
	desk.wide(1280)
	desk.signIn("服务台")
	desk.visit("/desk/card")
	desk.toField("code")
	desk.write(card.Code)
	desk.toField("word")
	desk.write(card.Sheet[0].Word)
	desk.byEnter("用这张卡")
	desk.sees("正在为 李**")
	desk.to("the lesson", `e.matches("input[type=radio]") && e.name === "item"`)
	desk.seen("the lesson")
	desk.stroke(" ")
	desk.pick(citytest.Lesson)
	desk.to("the time", `e.matches("input[type=radio]") && e.name === "when"`)
	desk.seen("the time")
	desk.stroke(" ")
	desk.bySpace("为 李** 下单")
	desk.sees("下好了")
	desk.bySpace("结束，还卡")
	desk.sees("卡已放回")
}
