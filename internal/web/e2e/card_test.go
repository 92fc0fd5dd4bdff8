package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/order"
	"timebank/internal/signin"
)

// Mr Li has left his telephone to his wife and comes with his card. At the desk a wrong word opens nothing; with the right one it orders for him on
// his hours, and ends. Chen visits him; the desk that ordered may not say so with his card, a colleague at another window may.
func TestMrLiComesWithHisCard(t *testing.T) {
	w := newTown(t)
	colleague := w.Staff(identity.PointStaff, w.Home())
	card, err := w.SignIn.PrintCard(t.Context(), signin.PrintCardCmd{Actor: w.Staff(identity.PointManager, w.Home()).Actor, Person: w.elder.ID})
	if err != nil {
		t.Fatal(err)
	}
	desk := w.open("zh-CN")
	desk.wide(1280)
	desk.signIn("服务台")
	desk.press("刷卡办事")
	desk.sees("老人带着印好的卡来服务台")
	desk.fill("code", card.Code)
	desk.fill("word", "错词")
	desk.press("用这张卡")
	desk.sees("卡或暗语不对")
	desk.fill("word", card.Sheet[0].Word)
	desk.press("用这张卡")
	desk.sees("正在为 李**", "可以使用的时间", "还没有下过单")
	if strings.Contains(desk.text(), "国强") || strings.Contains(desk.where(), card.Code) {
		t.Error("the name is shown in clear, or the card in the address")
	}
	desk.keepsAndPasses("desk-card-open", "/desk/card")
	lesson := ask[string](desk, "the key of the lesson", `document.querySelector("input[value=smartphone_lesson]").dataset.key`)
	desk.keys(lesson, "b")
	desk.press("为 李** 下单")
	desk.sees("下好了", "正在为 李**", "取消这次服务")
	desk.press("结束，还卡")
	desk.sees("卡已放回", "今天的暗语")

	list, err := w.Orders.List(t.Context(), identity.System, order.Filter{Recipient: w.elder.ID})
	if err != nil || len(list) != 1 {
		t.Fatalf("got %d orders, %v", len(list), err)
	}
	id := list[0].ID
	if list[0].WaitsFor == order.ForReview {
		citytest.Got(w.Orders.Review(t.Context(), []order.ReviewCmd{{Actor: identity.System, Key: w.Key(), Order: id, Approve: true}})).Must(t, "review")
	}
	w.Claim(w.helper, id)
	w.Serve(w.helper, id, 60)
	sheet, err := w.SignIn.PrintSheet(t.Context(), signin.PrintCardCmd{Actor: w.officer.Actor, Person: w.elder.ID})
	if err != nil {
		t.Fatal(err)
	}
	shows := func(v *window) {
		v.visit("/desk/card")
		v.fill("code", card.Code)
		v.fill("word", sheet[0].Word)
		v.press("用这张卡")
	}
	desk.signIn("服务台")
	shows(desk)
	desk.sees("您替老人下的", "请另一位同事来确认")
	second := w.open("zh-CN")
	second.wide(1280)
	second.enter(w, colleague)
	shows(second)
	second.keepsAndPasses("desk-card-done", "/desk/card")
	second.press("老人说：服务做完了")
	second.sees("撤回确认", "正在为 李**")
	w.Clock.Advance(time.Minute)
	second.press("结束，还卡")
	second.sees("卡已放回")
}

// keepsAndPasses holds the page at which the window stands against the rules for eyes and fingers and against axe, as the round of all pages does
// for pages that have an address of their own.
func (v *window) keepsAndPasses(name, path string) {
	v.t.Helper()
	axe, err := os.ReadFile(filepath.Join("node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		v.t.Fatalf("axe-core is missing (scripts/install-deps): %v", err)
	}
	s := sheet{name, path, false}
	v.do("load axe", evaluate(string(axe)))
	v.passes(s, "axe")
	for _, pixels := range []int64{320, 390, 1280} {
		v.wide(pixels)
		v.keeps(s, fmt.Sprintf("%d px", pixels))
	}
}
