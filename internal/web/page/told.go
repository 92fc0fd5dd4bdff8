package page

import (
	"timebank/internal/notice"
	"timebank/internal/notify"
)

var toldKinds = map[notify.Kind]string{
	notice.Placed: "page.told.placed", notice.Coming: "page.told.coming", notice.Looking: "page.told.looking", notice.Cancelled: "page.told.cancelled",
	notice.Confirm: "page.told.confirm", notice.Offered: "page.told.offered", notice.CalledOff: "page.told.called_off", notice.Paid: "page.told.paid",
	notice.KinComing: "page.told.coming", notice.KinCalled: "page.told.cancelled", notice.KinConfirm: "page.told.confirm", notice.FamilyWrote: "page.told.family", notice.RaisedUp: "page.told.raised",
	notice.Moved: "page.told.moved", notice.MovedAsk: "page.told.moved_ask", notice.HouseAsk: "page.told.house_ask", notice.TeamAsks: "page.told.team_invited", notice.KinMoved: "page.told.moved",
}

var toldWays = map[notify.Channel]string{notify.SMS: "page.told.sms", notify.Email: "page.told.email", notify.WeChat: "page.told.wechat", notify.Nothing: "page.told.nothing"}

var toldStates = map[string]string{"waiting": "page.told.waiting", "inbox": "page.told.in_inbox", "sent": "page.told.sent", "delivered": "page.told.delivered",
	"failed": "page.told.failed", "expired": "page.told.expired"}

// ToldMost is how many messages a page lists.
const ToldMost = 20

// ToldWhat names a message in words.
func (r *Request) ToldWhat(m notify.Status) string { return r.T(toldKinds[m.Kind]) }

// ToldWay names the way of a message, or the choice of one.
func (r *Request) ToldWay(by notify.Channel) string { return r.T(toldWays[by]) }

// ToldState says what became of a message. Of a mail nothing more is ever heard than that a server has taken it, which the words say.
func (r *Request) ToldState(m notify.Status) string {
	if m.State == "sent" && m.Channel == notify.Email {
		return r.T("page.told.sent_mail")
	}
	return r.T(toldStates[string(m.State)])
}

// ToldLine is a message in the list of its addressee: when, what, by which way, and what became of it.
func (r *Request) ToldLine(m notify.Status) []string {
	return []string{r.When(m.Created), r.ToldWhat(m), r.ToldWay(m.Channel), r.ToldState(m)}
}
