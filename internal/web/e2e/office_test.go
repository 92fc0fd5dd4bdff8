package e2e_test

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"

	"timebank/internal/citytest"
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// enter signs somebody of the staff in at this window.
func (v *window) enter(w *town, p citytest.Person) {
	v.t.Helper()
	token, err := w.Identity.IssueToken(v.t.Context(), identity.ActorID(p.Actor.ID), time.Hour, "test")
	if err != nil {
		v.t.Fatal(err)
	}
	v.do("sign in", command(network.SetCookie, network.SetCookieParams{Name: "session", Value: token, URL: v.url}))
}

// The officer of the street opens the morning board, sees who waits and who acts, then the figures, and opens one to its entries; the place of
// another stays closed.
func TestAnOfficerFromTheBoardToTheEntries(t *testing.T) {
	w := newTown(t)
	w.Earn(w.helper, w.elder, 90)
	w.Place(w.elder.Actor, w.elder)
	street := w.Tree.StreetOf(w.Home())
	officer := w.open("zh-CN")
	officer.enter(w, w.Staff(identity.ReadOnly, street))
	officer.visit("/office/waiting")
	officer.sees("迈皋桥街道", "还没有答复的请求", "等志愿者", "社区", "还剩")
	officer.press("社区 1")
	officer.sees("学用智能手机", "李**")
	officer.press("统计")
	officer.sees("兑换率", "统计到", "完成的订单")
	officer.press("开通以来")
	officer.visit("/office/?when=all")
	officer.press("1小时30分")
	officer.sees("1小时30分", "全部 1 条相加等于 1小时30分", "最近六个月")
	officer.visit("/office/figure?when=all&code=figure.completed")
	officer.sees("李**", "全部 1 条相加等于 1")

	district := w.open("en")
	district.enter(w, w.Staff(identity.Reviewer, w.Tree.District(w.Home())))
	district.visit("/office/map")
	district.sees("Completed orders", "迈皋桥街道")
	district.press("迈皋桥街道")
	district.sees("南京市栖霞区迈皋桥街道")
	district.visit("/office/?place=" + string(w.Tree.District(w.Community("320102002", 0))))
	district.sees("This page is not yours")
}

// Two persons in two browsers change a rule of the city.
func TestTwoPersonsInTwoBrowsersChangeARule(t *testing.T) {
	w := newTown(t)
	one, two := w.open("zh-CN"), w.open("zh-CN")
	one.enter(w, w.Staff(identity.Administrator, w.Tree.City()))
	two.enter(w, w.Staff(identity.Administrator, w.Tree.City()))
	one.visit("/office/rules?book=time")
	one.press("account.cap")
	one.sees("1500h", "归谁定")
	one.fill("value", `"nonsense"`)
	one.fill("reason", "试错")
	one.press("预览改动")
	one.sees("有几处要改")
	one.visit("/office/rules/account.cap")
	one.fill("value", `"1200h"`)
	one.fill("reason", "冬季试行")
	one.press("预览改动")
	one.sees("改动之处", "1500h", "1200h", "要由另一个人同意")
	one.press("提出")
	one.sees("已办好", "冬季试行", "撤回")
	two.visit("/office/rules")
	two.sees("冬季试行", "1200h")
	two.press("同意")
	two.sees("已办好", "account.cap: 1500h")
	two.visit("/office/rules/account.cap")
	two.sees("1200h")
}

// office is somebody who holds every role of the city's offices, with all pages of theirs, where something stands on each.
func (w *town) office() (all citytest.Person, sheets []sheet) {
	w.t.Helper()
	elder, helper := w.KeyElder(w.Home()), w.Volunteer(w.Home())
	disputed := w.Served(helper, elder)
	filed, err := w.Feedback.Complain(w.t.Context(), []feedback.ComplainCmd{{Actor: elder.Actor, Key: w.Key(), Order: disputed, Category: feedback.Poor, Words: "没有教会"}})
	complaint := string(citytest.Must(w.t, filed, err)[0].Value)
	all = w.Staff(identity.Administrator, w.Tree.City())
	for _, role := range []identity.Role{identity.Reviewer, identity.Auditor} {
		w.Appoint(all, role, w.Tree.City())
	}
	var point string
	storetest.Read(w.t, w.DB, func(tx *store.Tx) error {
		points, err := member.PointsIn(tx, w.Home())
		point = string(points[0].ID)
		return err
	})
	return all, []sheet{{"office-figures", "/office/?when=all", false}, {"office-entries", "/office/figure?when=all&code=figure.minutes", false}, {"office-map", "/office/map?when=all", false},
		{"office-waiting", "/office/waiting", false}, {"office-complaint", "/office/complaints/" + complaint, false}, {"office-people", "/office/people", false},
		{"office-account", "/office/actors/" + w.officer.Actor.ID, false},
		{"office-points", "/office/points?place=" + string(w.Home()), false}, {"office-point", "/office/points/" + point, false}, {"office-regions", "/office/regions?place=" + string(w.Home()), false}, {"office-item-new", "/office/catalogue?item=new", false},
		{"office-rules", "/office/rules?book=time", false}, {"office-parameter", "/office/rules/account.cap", false}, {"office-catalogue", "/office/catalogue?item=smartphone_lesson", false},
		{"office-hours", "/office/hours?when=all", false}, {"office-trail", "/office/trail?action=order.", false}, {"office-help", "/office/help", false},
		{"desk-complaint", "/desk/complaints/" + complaint, false}}
}
