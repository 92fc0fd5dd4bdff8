package carrier

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"timebank/internal/notify"
)

func TestReportsAreTakenFromWhoShowsTheToken(t *testing.T) {
	const token = "a-token-of-the-city-0123456789"
	aliyun := `[{"phone_number":"13812345678","send_time":"2026-11-24 10:00:00","report_time":"2026-11-24 10:00:05","success":true,"err_code":"DELIVERED","err_msg":"ok","sms_size":"1","biz_id":"900^0","out_id":"m"},
		{"phone_number":"13812345678","success":false,"err_code":"MOBILE_SEND_LIMIT","biz_id":"901^0"}]`
	tencent := `[{"user_receive_time":"2026-11-24 10:00:05","nationcode":"86","mobile":"13812345678","report_status":"FAIL","errmsg":"MK:0001","description":"13812345678 is off","sid":"5000:1"},
		{"mobile":"13812345678","report_status":"SUCCESS","errmsg":"DELIVRD","sid":"5000:2"}]`
	for _, c := range []struct {
		path, body string
		fails      error
		status     int
		answer     string
		want       []notify.Report
	}{
		{"aliyun/reports?token=" + token, aliyun, nil, 200, `{"code":0,"msg":"ok"}`,
			[]notify.Report{{Carrier: "aliyun", Reference: "900^0", Delivered: true, Code: "DELIVERED"}, {Carrier: "aliyun", Reference: "901^0", Code: "MOBILE_SEND_LIMIT"}}},
		{"tencent/reports?token=" + token, tencent, nil, 200, `{"result":0,"errmsg":"OK"}`,
			[]notify.Report{{Carrier: "tencent", Reference: "5000:1", Code: "MK:0001"}, {Carrier: "tencent", Reference: "5000:2", Delivered: true, Code: "DELIVRD"}}},
		{"wechat/reports?token=" + token, `{"ToUserName":"gh_1","FromUserName":"o7es5OI1Uej6","CreateTime":"1620968810","MsgType":"event","Event":"subscribe_msg_sent_event","List":{"TemplateId":"T","MsgID":"1864323726461255680","ErrorCode":"0","ErrorStatus":"success"}}`,
			nil, 200, "success", []notify.Report{{Carrier: "wechat", Reference: "1864323726461255680", Delivered: true, Code: "0"}}},
		{"wechat/reports?token=" + token, `{"Event":"subscribe_msg_sent_event","List":[{"MsgID":7,"ErrorCode":"107"},{"MsgID":8,"ErrorCode":0}]}`,
			nil, 200, "success", []notify.Report{{Carrier: "wechat", Reference: "7", Code: "107"}, {Carrier: "wechat", Reference: "8", Delivered: true, Code: "0"}}},
		{"wechat/reports?token=" + token, `{"Event":"subscribe_msg_popup_event","List":[]}`, nil, 200, "success", nil},
		{"wechat/reports?token=" + token, `{"Event":"subscribe_msg_sent_event","List":"no"}`, nil, 400, "Bad Request\n", nil},
		{"aliyun/reports?token=another", aliyun, nil, 404, "Not Found\n", nil},
		{"aliyun/reports", aliyun, nil, 404, "Not Found\n", nil},
		{"pigeon/reports?token=" + token, aliyun, nil, 404, "Not Found\n", nil},
		{"aliyun/reports?token=" + token, `{"phone_number":"13812345678"}`, nil, 400, "Bad Request\n", nil},
		{"aliyun/reports?token=" + token, "[" + strings.Repeat(" ", reportLimit) + "]", nil, 400, "Bad Request\n", nil},
		{"aliyun/reports?token=" + token, `[]`, errors.New("13812345678 cannot be kept"), 503, "Service Unavailable\n", nil},
	} {
		var got []notify.Report
		mux := http.NewServeMux()
		for _, p := range ReportPaths() {
			mux.Handle(p, ReportHandler(token, func(_ context.Context, list []notify.Report) error { got = list; return c.fails }))
		}
		s := httptest.NewServer(mux)
		answer, err := http.Post(s.URL+"/carriers/"+c.path, "application/json", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != c.status || string(body) != c.answer {
			t.Errorf("%s: got %d %q, want %d %q", c.path, answer.StatusCode, body, c.status, c.answer)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s, reports, want - got +:\n%s", c.path, diff)
		}
		s.Close()
	}
}

func TestWithoutATokenNobodyIsHeard(t *testing.T) {
	for _, token := range []string{"", "too short"} {
		w := httptest.NewRecorder()
		ReportHandler(token, func(context.Context, []notify.Report) error { t.Error("a report was taken"); return nil }).
			ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/carriers/aliyun/reports?token="+strings.ReplaceAll(token, " ", "+"), strings.NewReader("[]")))
		if w.Code != http.StatusNotFound {
			t.Errorf("token %q: got %d", token, w.Code)
		}
	}
}
