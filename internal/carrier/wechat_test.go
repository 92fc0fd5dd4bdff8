package carrier

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"timebank/internal/clock"
	"timebank/internal/notify"
)

func token(name string) answer {
	return answer{200, `{"access_token":"` + name + `","expires_in":7200}`}
}

func TestWeChatKeepsItsTokenAndRenewsIt(t *testing.T) {
	ok, over := answer{200, `{"errcode":0,"errmsg":"ok","msgid":88}`}, answer{200, `{"errcode":42001,"errmsg":"access_token expired"}`}
	p := provide(t, token("A"), ok, ok, over, token("B"), ok, token("C"), ok)
	c := settings()
	c.Carriers.WeChat, c.WeChat.Endpoint = "wechat", p.URL
	clk := clock.NewFake(start)
	s, err := New(c, clk)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		if i == 3 {
			// Before it is over, so that none ends under way.
			clk.Advance(2*time.Hour - time.Minute)
		}
		if taken, err := send(t, s, letter(notify.WeChat)); err != nil || taken != (notify.Taken{Carrier: "wechat", Reference: "88"}) {
			t.Fatalf("letter %d: got %+v, %v", i, taken, err)
		}
	}
	var asked []string
	for _, r := range p.got {
		asked = append(asked, strings.TrimPrefix(r.URL.RequestURI(), "/cgi-bin/"))
	}
	want := []string{"stable_token", "message/subscribe/send?access_token=A", "message/subscribe/send?access_token=A", "message/subscribe/send?access_token=A",
		"stable_token", "message/subscribe/send?access_token=B", "stable_token", "message/subscribe/send?access_token=C"}
	if strings.Join(asked, "\n") != strings.Join(want, "\n") {
		t.Errorf("asked for\n%s\nwant\n%s", strings.Join(asked, "\n"), strings.Join(want, "\n"))
	}
	var sent struct {
		ToUser string `json:"touser"`
		Of     string `json:"template_id"`
		Page   string `json:"page"`
		Data   map[string]struct {
			Value string `json:"value"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(p.bodies[1]), &sent); err != nil {
		t.Fatal(err)
	}
	if p.got[1].Method != http.MethodPost || sent.ToUser != planted || sent.Of != "T1" || sent.Page != "pages/order" || sent.Data["thing1"].Value != code || sent.Data["time2"].Value != "5" {
		t.Errorf("sent %+v", sent)
	}
}

func TestWeChatRefuses(t *testing.T) {
	for _, c := range []struct {
		answers []answer
		want    notify.Failure
	}{
		{[]answer{token("A"), {200, `{"errcode":43101,"errmsg":"user refuse, 13812345678"}`}}, notify.Failure{Code: "43101", Final: true}},
		{[]answer{token("A"), {200, `{"errcode":47003,"errmsg":"argument invalid"}`}}, notify.Failure{Code: "47003"}},
		{[]answer{{200, `{"errcode":40125,"errmsg":"invalid appsecret planted-secret"}`}}, notify.Failure{Code: "token:40125"}},
		{[]answer{token("A"), {500, `13812345678`}}, notify.Failure{Code: "http:500"}},
		{[]answer{token("A"), {200, `<html>13812345678`}}, notify.Failure{Code: "bad_answer"}},
		{[]answer{token("A"), {200, `{"errcode":40001}`}, token("B"), {200, `{"errcode":40001}`}}, notify.Failure{Code: "40001"}},
	} {
		p := provide(t, c.answers...)
		set := settings()
		set.Carriers.WeChat, set.WeChat.Endpoint = "wechat", p.URL
		_, err := send(t, open(t, set), letter(notify.WeChat))
		c.want.Carrier = "wechat"
		if got := said(t, err); got != c.want || len(p.got) != len(c.answers) {
			t.Errorf("got %+v after %d questions, want %+v after %d", got, len(p.got), c.want, len(c.answers))
		}
	}
}
