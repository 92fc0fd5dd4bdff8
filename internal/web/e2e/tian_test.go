package e2e_test

import (
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/training"
)

// submits sends the form that a field belongs to.
func (v *window) submits(field string) {
	v.t.Helper()
	v.leads("send the form of "+field, evaluate(`document.querySelector('[name="`+field+`"]').form.requestSubmit()`))
}

// meets lets a volunteer and an old person get through a visit at their two windows: the code from one page checks in and out on the other, and the
// old person says that it was done.
func (w *town) meets(helper *window, who citytest.Person, elder *window, whom citytest.Person, id order.ID, lasts time.Duration) {
	w.t.Helper()
	w.Clock.Set(w.Order(id).Start)
	elder.enter(w, whom)
	elder.visit("/elder/visits/" + string(id))
	code := elder.read(".code")
	helper.near(w.point(id))
	for _, press := range []string{"签到", "签退"} {
		helper.enter(w, who)
		helper.visit("/volunteer/visits/" + string(id))
		helper.fill("code", code)
		helper.located()
		helper.press(press)
		helper.sees("已" + press)
		if press == "签到" {
			w.Clock.Advance(lasts)
		}
	}
	elder.enter(w, whom)
	elder.visit("/elder/visits/" + string(id))
	elder.press("志愿者帮过我了")
	elder.sees("谢谢您")
}

// Tian Hua is the first volunteer of a point in Getang: she applies, two reviewers and an exam let her serve, she saves 60 hours and becomes the
// point's manager. She moves to another district and redeems for her father there, whom another volunteer teaches.
func TestTianHuaSavesMovesAndRedeems(t *testing.T) {
	w := newTown(t)
	getang, away := w.Community("320116004", 0), w.Community("320105002", 0)
	city, district := w.Staff(identity.Administrator, w.Tree.City()), w.Staff(identity.Reviewer, w.Tree.ReportingDistrict(getang))
	all := training.Defaults()
	course := all[slices.IndexFunc(all, func(c training.Course) bool { return c.Certifies })].Code
	first := w.Staff(identity.PointManager, getang)
	tianHua, father, ning := w.Person(52, getang), w.Recipient(78, away), w.Volunteer(away)
	w.named(tianHua, "田华", "")
	w.named(father, "田德", "建邺区沙洲街道中和路8号")
	w.named(ning, "周宁", "")
	office, reviewer, desk, tian := w.open("zh-CN"), w.open("zh-CN"), w.open("zh-CN"), w.open("zh-CN")

	office.enter(w, city)
	office.visit("/office/points?place=" + string(getang))
	office.fill("name", "葛塘互助点")
	office.fill("days", "12345")
	office.fill("opens", "08:30")
	office.fill("closes", "17:30")
	office.press("开设服务点")
	office.sees("已办好", "葛塘互助点", "周一至周五 08:30–17:30")
	point := ask[string](office, "find the point", `[...document.querySelectorAll("a")].find((a) => a.textContent.includes("葛塘互助点")).href`)
	point = path.Base(strings.SplitN(point, "?", 2)[0])

	tian.enter(w, tianHua)
	tian.visit("/volunteer/join")
	tian.press("我要申请")
	desk.enter(w, first)
	desk.visit("/desk/reviews")
	desk.press("通过：田*")
	reviewer.enter(w, district)
	reviewer.visit("/office/people")
	reviewer.sees("待复审的志愿者", "田*")
	reviewer.press("作出决定")
	reviewer.sees("已办好")
	office.visit("/office/people?place=" + string(w.Tree.ReportingDistrict(getang)))
	office.fill("a-number", w.idNumber(tianHua))
	office.fill("a-session", "葛塘首期")
	office.fill("a-course", course)
	office.fill("a-minutes", "八小时")
	office.submits("a-session")
	office.sees("有几处要改")
	office.fill("a-minutes", "480")
	office.submits("a-session")
	office.sees("已办好")
	office.fill("e-number", w.idNumber(tianHua))
	office.fill("e-course", course)
	office.fill("e-score", "95")
	office.submits("e-score")
	office.sees("已办好")

	// The first of forty visits goes through the pages, the others the same way behind them: the rules bound a day, and what one may do for the
	// same person in a month.
	const visits, minutes = 40, 90
	var elders []citytest.Person
	for range 5 {
		elders = append(elders, w.KeyElder(getang))
	}
	for i := range visits {
		elder := elders[i%len(elders)]
		id := w.Place(elder.Actor, elder)
		if i == 0 {
			tian.visit("/volunteer/")
			tian.press("我来接")
			tian.sees("接下来了")
			w.meets(tian, tianHua, w.open("zh-CN"), elder, id, minutes*time.Minute)
			continue
		}
		w.Claim(tianHua, id)
		w.Serve(tianHua, id, minutes)
		w.Confirm(elder.Actor, id)
	}
	w.Pass(26 * time.Hour)
	tian.enter(w, tianHua)
	tian.visit("/volunteer/passbook")
	tian.sees("60小时", "双方现场确认")

	office.enter(w, city)
	office.visit("/office/people?place=" + string(getang))
	office.fill("number", w.idNumber(tianHua))
	office.fill("role", "point_manager")
	office.fill("point", point)
	office.submits("role")
	office.sees("已办好", "服务点负责人")
	tian.visit("/desk/")
	tian.sees("今天的看板")

	// The move changes the region of record; the book stays.
	tian.visit("/account/house")
	tian.sees("现在住在", "葛塘街道", "一分钟都不会少")
	for _, place := range []string{"建邺区", "沙洲街道", w.Tree.Name(away)} {
		tian.press(place)
	}
	tian.fill("address", "中和路8号")
	tian.press("就这样，登记搬家")
	tian.sees("搬家登记好了")
	tian.visit("/volunteer/passbook")
	tian.sees("60小时", "沙洲街道")

	old, other := w.open("zh-CN"), w.open("zh-CN")
	tian.visit("/family/ask")
	tian.fill("id_number", w.idNumber(father))
	tian.fill("relation", "parent")
	tian.press("发出申请")
	old.enter(w, father)
	old.visit("/elder/")
	old.press("家里人等您点头")
	old.tick("act", "yes")
	old.press("对，是我家里人")
	tian.visit("/family/people/" + string(father.ID) + "/order")
	tian.fill("item", citytest.Lesson)
	tian.tick("own", "yes")
	tian.press("替田德叫人")
	tian.sees("已经帮您叫人了")
	id := order.ID(path.Base(strings.SplitN(tian.where(), "?", 2)[0]))
	there := w.open("zh-CN")
	there.enter(w, w.Staff(identity.PointManager, away))
	there.visit("/desk/")
	there.press("核实过了")
	there.sees("已发布")
	other.enter(w, ning)
	other.visit("/volunteer/")
	other.press("我来接")
	other.sees("接下来了")
	w.meets(other, ning, old, father, id, time.Hour)
	w.Pass(26 * time.Hour)
	tian.enter(w, tianHua)
	tian.visit("/volunteer/passbook")
	tian.sees("59小时", "−1小时")
	other.enter(w, ning)
	other.visit("/volunteer/passbook")
	other.sees("+1小时")
	office.enter(w, city)
	office.visit("/office/hours?when=all")
	office.sees("通存通兑", "建邺区", "1小时")
	if o := w.Order(id); o.Payer != tianHua.ID || o.PlacedAs != order.ByKin {
		t.Errorf("the father's lesson: paid by %s, placed as %s", o.Payer, o.PlacedAs)
	}

	// The father moves to Getang while a lesson stands in his diary: the page says that it goes along, at its hour, and that who comes is asked again.
	tian.visit("/family/people/" + string(father.ID) + "/order")
	tian.fill("item", citytest.Lesson)
	tian.tick("own", "yes")
	tian.press("替田德叫人")
	tian.sees("已经帮您叫人了")
	id = order.ID(path.Base(strings.SplitN(tian.where(), "?", 2)[0]))
	other.visit("/volunteer/")
	other.press("我来接")
	other.sees("接下来了")
	before := w.Order(id)
	old.enter(w, father)
	old.visit("/elder/")
	old.press("我的服务")
	old.sees("学用智能手机", "周宁 会来")
	old.visit("/elder/house")
	old.sees("还没做完的服务", "学用智能手机", "有人会来", "从那天起的服务跟着搬到新家，时间不变。原来的志愿者会再问一次")
	for _, place := range []region.ID{w.Tree.ReportingDistrict(getang), w.Tree.StreetOf(getang), getang} {
		old.press(w.Tree.Name(place))
	}
	old.fill("address", "葛关路1号")
	old.press("就这样，登记搬家")
	old.sees("搬家登记好了")
	w.Pass(time.Second)
	old.visit("/elder/visits/" + string(id))
	old.sees("学用智能手机", "正在找人")
	other.visit("/volunteer/visits/" + string(id))
	other.sees("老人搬家，这次服务改到"+w.Tree.Name(getang)+"了", "之前答复")
	other.press("我去")
	old.visit("/elder/visits/" + string(id))
	old.sees("有人会来", "周宁")
	if o := w.Order(id); o.Region != getang || o.State != order.Accepted || !o.Start.Equal(before.Start) || before.Region != away {
		t.Errorf("the lesson of who moved: in %s at %v, %s; it was in %s at %v", w.Tree.Name(o.Region), o.Start, o.State, w.Tree.Name(before.Region), before.Start)
	}
	tian.visit("/desk/orders/" + string(id))
	tian.sees("学用智能手机", "随搬家改到新家")
}
