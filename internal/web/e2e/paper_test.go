package e2e_test

import (
	"path"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/paper"
)

// The power fails in the street. Slips lie in the drawer; Chen visits Mr Li as agreed, and both sign. When the light is back the desk keys the
// slip in at one window, a colleague asks Mr Li and confirms at another, and the visit stands in Chen's passbook with its grade.
func TestAPowerCutPaperAndThePassbook(t *testing.T) {
	w := newTown(t)
	colleague := w.Staff(identity.PointStaff, w.Home())
	desk := w.open("zh-CN")
	desk.wide(1280)
	desk.signIn("服务台")
	desk.visit("/desk/slips")
	desk.sees("停机备用单", "还没有打印过")
	desk.press("打印这些单子")
	desk.sees("编码已生成", "服务请求单", "上门服务单", "空白")
	desk.shoot("desk-slips-batch-zh-CN")
	batches, err := w.Paper.Batches(t.Context(), identity.System, w.Home(), "", 1)
	if err != nil || len(batches) != 1 || batches[0].Open != 20 {
		t.Fatalf("batches: %+v %v", batches, err)
	}
	_, slips, err := w.Paper.Slips(t.Context(), identity.System, batches[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	visit := slips[len(slips)-1]
	if visit.Kind != paper.ForVisit {
		t.Fatalf("the last slip is for %s", visit.Kind)
	}

	w.Pass(26 * time.Hour) // no light until the afternoon
	desk.signIn("服务台")
	desk.visit("/desk/slips")
	desk.fill("code", visit.Code)
	desk.press("填写单子内容")
	desk.sees("照单子填写")
	desk.fill("who", "liguoqiang")
	desk.fill("item", citytest.Lesson)
	desk.fill("day", string(clock.DayOf(w.Clock.Now())))
	desk.fill("from", "08:00")
	desk.fill("minutes", "60")
	desk.fill("came", "chenxiaoyan")
	desk.press("补录这张单子")
	desk.sees("要有老人的签名")
	desk.shoot("desk-key-in-refused-zh-CN")
	desk.tick("signed", "yes")
	desk.press("补录这张单子")
	desk.sees("补录好了", "为 李**", "陈**")
	id := order.ID(path.Base(strings.SplitN(desk.where(), "?", 2)[0]))

	second := w.open("zh-CN")
	second.wide(1280)
	second.enter(w, colleague)
	second.visit("/desk/orders/" + string(id))
	second.press("李** 说服务做完了")
	second.sees("事后纸质")
	w.Pass(25 * time.Hour)

	chen := w.open("zh-CN")
	chen.signIn("陈晓燕")
	chen.visit("/volunteer/passbook")
	chen.sees("+1小时", "事后纸质补录")

	// The same slip a second time.
	desk.signIn("服务台")
	desk.visit("/desk/slips/key?code=" + visit.Code)
	desk.sees("已经补录过了")
}

// slips prints a batch of slips at the desk, and says where it stands and where one of it is keyed in.
func (w *town) slips() (batch, key string) {
	w.t.Helper()
	made, err := w.Paper.PrintSlips(w.t.Context(), paper.PrintSlipsCmd{Actor: w.officer.Actor, Key: w.Key(), Orders: 1, Visits: 1})
	if err != nil {
		w.t.Fatal(err)
	}
	_, slips, err := w.Paper.Slips(w.t.Context(), w.officer.Actor, made)
	if err != nil {
		w.t.Fatal(err)
	}
	return "/desk/slips/" + string(made), "/desk/slips/key?code=" + slips[1].Code
}

// team registers a team with Chen in it, lets the desk see to teams, and says where its page is.
func (w *town) team() string {
	w.t.Helper()
	ctx := w.t.Context()
	w.Appoint(w.officer, identity.Administrator, w.Tree.StreetOf(w.Home()))
	made := citytest.Got(w.Members.RegisterTeams(ctx, []member.RegisterTeamCmd{{Actor: identity.System, Key: w.Key(), Name: "迈皋桥中学志愿队", Kind: member.TeamSchool, Region: w.Home(),
		Manager: w.helper.ID}})).Must(w.t, "team")
	citytest.Got(w.Members.JoinTeams(ctx, []member.JoinTeamCmd{{Actor: identity.System, Key: w.Key(), Team: made, Person: w.helper.ID}})).Must(w.t, "join")
	return "/desk/teams/" + string(made)
}
