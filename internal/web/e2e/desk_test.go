package e2e_test

import (
	"context"
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"timebank/internal/call"
	"timebank/internal/order"
)

// key is the press of one key: a letter, a digit, or a named one.
func key(k string) chromedp.Action[chromedp.Void] {
	down := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: k, Text: k}
	if k == "Enter" {
		down.Text, down.WindowsVirtualKeyCode = "\r", 13
	}
	up := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: k, WindowsVirtualKeyCode: down.WindowsVirtualKeyCode}
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, p := range []input.DispatchKeyEventParams{down, up} {
			if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// ctrlEnter is Enter with the control key held down.
func ctrlEnter() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
			if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: "Enter", WindowsVirtualKeyCode: 13, Modifiers: 2}); err != nil {
				return err
			}
		}
		return nil
	})
}

// keys presses keys one after another, as a hand does, and returns how many that were.
func (v *window) keys(all ...string) int {
	v.t.Helper()
	for _, k := range all {
		v.do("press "+k, key(k))
	}
	return len(all)
}

// leads takes a step that leads to another page, and waits for it.
func (v *window) leads(what string, step chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.WaitEvent(cdppage.LoadEventFired, nil, step)); err != nil {
		v.t.Fatalf("%s: %v\n%s", what, err, v.text())
	}
}

// An old man calls. The desk finds him by the sound of his name, picks him, chooses what and when, and places the order, with nothing but
// the keyboard.
func TestTheDeskServesACallByKeysAlone(t *testing.T) {
	w := newTown(t)
	desk := w.open("zh-CN")
	desk.wide(1280)
	desk.signIn("服务台")
	desk.visit("/desk/call")
	count := desk.keys("l", "g", "q")
	desk.until(`document.querySelector("a[data-key='1']")?.textContent.includes("李**")`)
	if strings.Contains(desk.text(), "国强") {
		t.Error("the name is shown in clear")
	}
	desk.shoot("desk-call-found-zh-CN")
	desk.leads("pick by number", key("1"))
	desk.sees("为 李**", "学用智能手机")
	lesson := ask[string](desk, "the key of the lesson", `document.querySelector("input[value=smartphone_lesson]").dataset.key`)
	desk.until(`document.activeElement.type === "radio"`)
	count += desk.keys(lesson, "b")
	desk.shoot("desk-call-chosen-zh-CN")
	desk.leads("place the order", key("Enter"))
	count += 2 // the number that picked, and Enter
	desk.sees("下好了", "为 李**", "服务台代下")
	t.Logf("an order on the telephone took %d keys", count)
	if count > 10 {
		t.Errorf("an order on the telephone took %d keys, want at most 10", count)
	}
	id := order.ID(path.Base(strings.SplitN(desk.where(), "?", 2)[0]))
	if o := w.Order(id); o.Recipient != w.elder.ID || o.PlacedAs != order.ByStation {
		t.Errorf("the order is for %s, placed as %s", o.Recipient, o.PlacedAs)
	}
}

// A caller says where it lives and not its name. The digits of the house are typed on and pick nobody; then a note, and Ctrl+Enter places the order.
// The card of who can go is asked by a number and Enter.
func TestTheDeskFindsByAddressWritesANoteAndDispatchesByKeysAlone(t *testing.T) {
	w := newTown(t)
	desk := w.open("zh-CN")
	desk.wide(1280)
	desk.signIn("服务台")
	desk.visit("/desk/call")
	desk.keys("和", "平", "路", "1", "2", "号")
	desk.until(`document.querySelectorAll("a[data-key]").length === 2`)
	if at := desk.where(); at != "/desk/call" {
		t.Fatalf("typing a house number led to %s", at)
	}
	desk.shoot("desk-call-address-zh-CN")
	who := ask[string](desk, "the number of Mr Li", `[...document.querySelectorAll("a[data-key]")].find((a) => a.textContent.includes("李**")).dataset.key`)
	desk.do("past the house", evaluate(`document.querySelector("input[name=who]").value = "李"`))
	desk.leads("pick by number", key(who))
	lesson := ask[string](desk, "the key of the lesson", `document.querySelector("input[value=smartphone_lesson]").dataset.key`)
	desk.until(`document.activeElement.type === "radio"`)
	desk.keys(lesson, "b", "z")
	desk.until(`document.activeElement.name === "words"`)
	desk.keys("想", "学", "视", "频", "1")
	desk.leads("place the order", ctrlEnter())
	desk.sees("下好了", "预约服务", "接听")
	id := order.ID(path.Base(strings.SplitN(desk.where(), "?", 2)[0]))
	if calls, err := w.Calls.List(t.Context(), w.officer.Actor, call.Filter{Order: id, Limit: 10}); err != nil || len(calls) != 1 || !calls[0].HasWords {
		t.Errorf("the calls about the order: %+v, %v", calls, err)
	}
	desk.press("核实过了")
	desk.visit("/desk/orders/" + string(id))
	desk.keys("1")
	desk.until(`document.activeElement.closest("form[data-pick='1']") !== null`)
	desk.leads("ask", key("Enter"))
	desk.sees("已经问过", "陈**", "等回答")
}

// The officer opens the morning board, drags a volunteer's card onto what nobody has taken, and a second desk that had the same page open
// is told that a colleague was quicker.
func TestTheMorningBoardAndTwoDesks(t *testing.T) {
	w := newTown(t)
	id := w.Place(w.elder.Actor, w.elder)
	w.Clock.Advance(45 * time.Minute)
	officer, second := w.open("zh-CN"), w.open("zh-CN")
	for _, v := range []*window{officer, second} {
		v.wide(1280)
		v.signIn("服务台")
	}
	officer.visit("/desk/")
	officer.sees("没人接 1", "学用智能手机", "已等45分钟", "现在由谁办：社区")
	officer.press("学用智能手机")
	officer.sees("派给谁", "陈**", "有空、可以去")
	// The second desk does not hear of changes, as if its stream were cut.
	second.visit("/desk/orders/" + string(id))
	second.do("cut the stream", evaluate(`document.querySelectorAll("[data-live]").forEach((e) => e.removeAttribute("data-live"))`))
	officer.shoot("desk-dispatch-zh-CN")
	officer.drags("[data-drag] h3", "[data-drop]")
	officer.sees("已经问过")
	second.press("电话里答应了")
	second.sees("可能有同事刚处理过", "陈**", "等回答")
}

// drags takes something with the mouse and drops it where a place opens while it is held, and waits for the page to which that leads.
func (v *window) drags(what, onto string) {
	v.t.Helper()
	type spot struct{ X, Y float64 }
	at := func(selector string) spot {
		return ask[spot](v, "where "+selector+" is", `(() => { const b = document.querySelector("`+selector+`").getBoundingClientRect(); return {x: b.left + Math.min(b.width, 40) / 2, y: b.top + b.height / 2}; })()`)
	}
	v.do("into view", evaluate(`document.querySelector("`+onto+`").parentElement.querySelector("`+what+`").scrollIntoView({block: "center"})`))
	// The place is hidden until something is held: it is opened for a look at where it will be.
	open := func(yes bool) {
		v.do("open the place", evaluate(fmt.Sprintf(`document.querySelector("%s").hidden = %t`, onto, !yes)))
	}
	open(true)
	to := at(onto)
	open(false)
	from := at(what)
	v.leads("drag "+what, chromedp.DragAndDropXY(from.X, from.Y, to.X, to.Y))
}
