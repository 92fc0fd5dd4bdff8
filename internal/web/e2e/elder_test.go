package e2e_test

import (
	"path"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/family"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/store"
)

// idNumber is the identity number of a person, as its relatives know it.
func (w *town) idNumber(p citytest.Person) (number string) {
	w.t.Helper()
	err := w.DB.Read(w.t.Context(), "test", func(tx *store.Tx) error {
		d, err := w.Members.Open(tx, p.ID)
		number = d.IDNumber.Reveal()
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return number
}

// family makes the daughter kin of both parents: the father lets her see, act and write, the mother only act. A stranger asks to be kin too.
// It returns a visit to the father that is over and waits for a yes, and the addresses of the two in the daughter's door.
func (w *town) family(before order.ID) (done order.ID, people []string) {
	w.t.Helper()
	ctx := w.t.Context()
	for _, parent := range []citytest.Person{w.elder, w.wife} {
		added, err := w.Members.AddKin(ctx, []member.AddKinCmd{{Actor: identity.System, Key: w.Key(), Person: parent.ID, Relative: w.daughter.ID, Relation: member.Child, Confirmed: true}})
		citytest.Must(w.t, added, err)
		allowed, err := w.Members.Delegate(ctx, []member.DelegateCmd{{Actor: parent.Actor, Key: w.Key(), Person: parent.ID, Relative: w.daughter.ID, Allow: true}})
		citytest.Must(w.t, allowed, err)
		taken, err := w.Members.ActFor(ctx, []member.ActForCmd{{Actor: w.daughter.Actor, Key: w.Key(), Person: w.daughter.ID, Relative: parent.ID, Willing: true}})
		citytest.Must(w.t, taken, err)
		people = append(people, "/family/people/"+string(parent.ID))
	}
	citytest.Got(w.Members.Consent(ctx, []member.ConsentCmd{{Actor: w.elder.Actor, Key: w.Key(), Person: w.elder.ID, Purpose: member.PurposeKin}})).Must(w.t, "consent")
	for _, pair := range [][2]citytest.Person{{w.elder, w.daughter}, {w.daughter, w.elder}} {
		citytest.Got(w.Family.Line(ctx, []family.LineCmd{{Actor: pair[0].Actor, Key: w.Key(), Person: pair[0].ID, Relative: pair[1].ID, Open: true}})).Must(w.t, "line")
	}
	citytest.Got(w.Family.Send(ctx, []family.SendCmd{{Actor: w.daughter.Actor, Key: w.Key(), From: w.daughter.ID, To: w.elder.ID, Order: before, Words: "爸，陈阿姨明天来教您用手机"}})).Must(w.t, "send")
	citytest.Got(w.Family.Ask(ctx, []family.AskCmd{{Actor: w.novice.Actor, Key: w.Key(), Asker: w.novice.ID, IDNumber: w.idNumber(w.elder), Relation: member.Parent, Act: true, Message: true}})).Must(w.t, "ask")
	done = w.Place(w.elder.Actor, w.elder)
	other := w.Volunteer(w.Home())
	w.named(other, "王建华", "")
	w.Claim(other, done)
	w.Serve(other, done, 60)
	return done, people
}

func (v *window) tick(name, value string) {
	v.t.Helper()
	v.do("tick "+value, evaluate(`document.querySelector('input[name="`+name+`"][value="`+value+`"]').checked = true`))
}

// Mr Li and Mrs Cao, both over 80; their daughter works in Shanghai. She asks to be their family and they say yes, each to what they want. The
// desk orders a lesson, Chen comes, that evening there is a video call, and later Mrs Cao books a hospital visit by herself.
func TestMrLiMrsCaoAndTheirDaughterFarAway(t *testing.T) {
	w := newTown(t)
	li, cao, min, chen := w.open("zh-CN"), w.open("zh-CN"), w.open("zh-CN"), w.open("zh-CN")

	min.signIn("李敏")
	min.sees("还没有登记您的家人")
	for _, parent := range []citytest.Person{w.elder, w.wife} {
		min.press("添加家人")
		min.fill("id_number", w.idNumber(parent))
		min.fill("relation", "parent")
		min.press("发出申请")
		min.sees("如果平台认识这位家人", "还没有答复")
	}
	min.visit("/family/ask")
	min.fill("id_number", "320113193803120071")
	min.fill("relation", "parent")
	min.press("发出申请")
	min.sees("有几处要改")

	li.signIn("李国强")
	li.press("家里人等您点头")
	li.sees("李敏想登记成您的家人，是您的子女")
	li.tick("act", "yes")
	li.tick("message", "yes")
	li.press("对，是我家里人")
	li.sees("李敏可以替您叫人", "李敏可以给您留言", "现在他们看不到谁来")
	li.press("可以，让他们看谁来")
	li.sees("他们看得到谁来")
	cao.signIn("曹秀英")
	cao.press("家里人等您点头")
	cao.tick("act", "yes")
	cao.press("对，是我家里人")
	cao.sees("李敏可以替您叫人", "李敏现在不能给您留言")

	// They call the station. The desk finds both by where they live, orders the lesson for him and writes down what the call was about.
	desk := w.open("zh-CN")
	desk.wide(1280)
	desk.signIn("服务台")
	desk.visit("/desk/call")
	desk.fill("who", "和平路12号")
	desk.press("查找")
	desk.sees("李**", "曹**")
	desk.press("李**")
	desk.tick("item", "smartphone_lesson")
	desk.do("tomorrow morning", evaluate(`document.querySelector('input[name=when][data-key=b]').checked = true`))
	desk.fill("words", "女儿在上海，想学会打视频电话")
	desk.press("为 李** 下单")
	desk.sees("下好了", "预约服务")
	placed := order.ID(path.Base(strings.SplitN(desk.where(), "?", 2)[0]))
	desk.press("看当时记的话")
	desk.sees("女儿在上海，想学会打视频电话")
	desk.press("返回")
	desk.press("核实过了")
	chen.signIn("陈晓燕")
	chen.press("我来接")
	chen.sees("接下来了")
	min.visit("/family/")
	min.press("李国强")
	min.sees("陈晓燕 会来")
	if got := min.read(".for strong"); got != "您正在替李国强（父母）办事" {
		t.Errorf("the page of her father says for whom she acts: %q", got)
	}
	min.press("学用智能手机")
	min.sees("到哪一步了", "有人接了")

	w.Clock.Set(w.Order(placed).Start)
	chen.signIn("陈晓燕")
	chen.visit("/volunteer/visits/" + string(placed))
	chen.sees("和平路12号3幢502室")
	li.signIn("李国强")
	li.visit("/elder/visits/" + string(placed))
	code := li.read(".code")
	chen.near(w.point(placed))
	for _, press := range []string{"签到", "签退"} {
		chen.visit("/volunteer/visits/" + string(placed))
		chen.fill("code", code)
		chen.located()
		chen.press(press)
		w.Clock.Advance(time.Hour)
	}
	min.signIn("李敏")
	min.visit("/family/visits/" + string(placed))
	min.sees("服务结束")

	li.signIn("李国强")
	li.sees("等您确认")
	li.press("学用智能手机")
	li.tick("outcome", "video_call_works")
	li.press("志愿者帮过我了")
	li.sees("会打视频电话了", "服务得怎么样")
	li.press("好")
	li.sees("谢谢您告诉我们", "您已经说过怎么样了")

	min.visit("/family/visits/" + string(placed))
	min.sees("会打视频电话了", "已经确认")
	min.fill("words", "爸，今晚视频")
	min.press("发出")
	min.sees("爸，今晚视频", "还没看到")
	li.visit("/elder/")
	li.sees("李敏留言", "爸，今晚视频")
	li.press("我看到了")
	li.visit("/elder/visits/" + string(placed))
	li.sees("爸，今晚视频")
	min.visit("/family/visits/" + string(placed))
	min.sees("看到了")
	min.press("收回")
	min.sees("留言收回了")
	li.visit("/elder/visits/" + string(placed))
	if strings.Contains(li.text(), "今晚视频") {
		t.Error("Mr Li still reads what his daughter took back")
	}

	// Later they book a hospital visit by themselves; a press too much is taken back.
	cao.signIn("曹秀英")
	cao.press("找人帮忙")
	cao.press("陪")
	cao.press("明天 09:00")
	cao.press("对，就这样")
	cao.sees("已经帮您叫人了")
	booked := path.Base(strings.SplitN(cao.where(), "?", 2)[0])
	cao.press("按错了")
	cao.sees("已经取消")
	cao.press("按错了")
	cao.sees("恢复原样了")
	min.visit("/family/visits/" + booked)
	min.sees("曹秀英还没有同意，所以您看不到谁来")

	// She orders for her father from afar, and gives hours only if she has them.
	min.visit("/family/people/" + string(w.elder.ID) + "/order")
	min.fill("item", citytest.Lesson)
	min.press("替李国强叫人")
	min.sees("已经帮您叫人了")
	id := path.Base(strings.SplitN(min.where(), "?", 2)[0])
	li.visit("/elder/visits/" + id)
	li.sees("家里人")
	min.visit("/family/people/" + string(w.elder.ID) + "/gift")
	min.fill("minutes", "60")
	min.press("送给李国强")
	min.sees("有几处要改")

	li.visit("/elder/visits/" + string(placed))
	li.press("有什么不对")
	li.press("走得太早")
	li.sees("服务点已经知道了", "您说过有什么不对")
	li.visit("/elder/station")
	li.sees("025-85311234")
}
