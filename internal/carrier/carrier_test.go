package carrier

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/errs"
	"timebank/internal/notify"
)

const (
	aliyunOK  = `{"Code":"OK","Message":"OK","BizId":"900^0","RequestId":"R"}`
	tencentOK = `{"Response":{"SendStatusSet":[{"SerialNo":"5000:1","PhoneNumber":"+8613812345678","Fee":1,"SessionContext":"","Code":"Ok","Message":"send success","IsoCode":"CN"}],"RequestId":"R"}}`
)

func TestAliyunTakesASignedTemplateWithoutFreeText(t *testing.T) {
	p := provide(t, answer{200, aliyunOK})
	c := settings()
	c.Carriers.SMS, c.Aliyun.Endpoint = "aliyun", p.URL
	taken, err := send(t, open(t, c), letter(notify.SMS))
	if err != nil || taken != (notify.Taken{Carrier: "aliyun", Reference: "900^0"}) {
		t.Fatalf("got %+v, %v", taken, err)
	}
	r := p.got[0]
	aliyunSigned(t, r, p.bodies[0])
	q := values(t, r)
	var params map[string]string
	if err := json.Unmarshal([]byte(q.Get("TemplateParam")), &params); err != nil {
		t.Fatal(err)
	}
	if r.Header.Get("x-acs-action") != "SendSms" || q.Get("PhoneNumbers") != planted || q.Get("SignName") != "时间银行" || q.Get("TemplateCode") != "SMS_1" ||
		q.Get("OutId") != string(letter(notify.SMS).ID) || len(params) != 1 || params["code"] != code {
		t.Errorf("the provider was asked %v with %v", q, params)
	}
}

func TestTencentTakesASignedTemplateWithPlacesInOrder(t *testing.T) {
	p := provide(t, answer{200, tencentOK})
	c := settings()
	c.Carriers.SMS, c.Tencent.Endpoint = "tencent", p.URL
	taken, err := send(t, open(t, c), letter(notify.SMS))
	if err != nil || taken != (notify.Taken{Carrier: "tencent", Reference: "5000:1"}) {
		t.Fatalf("got %+v, %v", taken, err)
	}
	tencentSigned(t, p.got[0], p.bodies[0])
	var asked struct {
		PhoneNumberSet, TemplateParamSet                  []string
		SmsSdkAppId, TemplateId, SignName, SessionContext string
	}
	if err := json.Unmarshal([]byte(p.bodies[0]), &asked); err != nil {
		t.Fatal(err)
	}
	if p.got[0].Header.Get("X-TC-Action") != "SendSms" || strings.Join(asked.PhoneNumberSet, " ") != "+86"+planted || strings.Join(asked.TemplateParamSet, " ") != code+" 5" ||
		asked.TemplateId != "77" || asked.SmsSdkAppId != "1400000000" || asked.SignName != "时间银行" || asked.SessionContext != string(letter(notify.SMS).ID) {
		t.Errorf("the provider was asked %+v", asked)
	}
}

func TestWhatACarrierAnswersIsForNowOrForGood(t *testing.T) {
	tencentSays := func(code string) string {
		return strings.ReplaceAll(strings.ReplaceAll(tencentOK, `"Ok"`, `"`+code+`"`), "send success", "no, 13812345678")
	}
	for _, c := range []struct {
		carrier string
		answer  answer
		want    notify.Failure
	}{
		{"aliyun", answer{200, `{"Code":"isv.MOBILE_NUMBER_ILLEGAL","Message":"13812345678 is none"}`}, notify.Failure{Code: "isv.MOBILE_NUMBER_ILLEGAL", Final: true}},
		{"aliyun", answer{200, `{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"13812345678 too often"}`}, notify.Failure{Code: "isv.BUSINESS_LIMIT_CONTROL"}},
		{"aliyun", answer{400, `{"Code":"InvalidAccessKeyId.NotFound","Message":"planted-key"}`}, notify.Failure{Code: "InvalidAccessKeyId.NotFound"}},
		{"aliyun", answer{200, `{}`}, notify.Failure{Code: "bad_answer"}},
		{"aliyun", answer{200, `{"Code":"13812345678","Message":""}`}, notify.Failure{Code: "bad_answer"}},
		{"tencent", answer{200, tencentSays("FailedOperation.PhoneNumberInBlacklist")}, notify.Failure{Code: "FailedOperation.PhoneNumberInBlacklist", Final: true}},
		{"tencent", answer{200, tencentSays("LimitExceeded.PhoneNumberDailyLimit")}, notify.Failure{Code: "LimitExceeded.PhoneNumberDailyLimit"}},
		{"tencent", answer{200, `{"Response":{"Error":{"Code":"AuthFailure.SignatureFailure","Message":"planted-id"},"RequestId":"R"}}`}, notify.Failure{Code: "AuthFailure.SignatureFailure"}},
		{"tencent", answer{200, `{"Response":{"SendStatusSet":[],"RequestId":"R"}}`}, notify.Failure{Code: "bad_answer"}},
		{"tencent", answer{502, `busy`}, notify.Failure{Code: "unreachable"}},
	} {
		p := provide(t, c.answer)
		set := settings()
		set.Carriers.SMS, set.Aliyun.Endpoint, set.Tencent.Endpoint = c.carrier, p.URL, p.URL
		_, err := send(t, open(t, set), letter(notify.SMS))
		c.want.Carrier = c.carrier
		if got := said(t, err); got != c.want {
			t.Errorf("%s answers %s: got %+v, want %+v", c.carrier, c.answer.body, got, c.want)
		}
		if len(p.got) != 1 {
			t.Errorf("%s was asked %d times, want once: trying again is the job's", c.carrier, len(p.got))
		}
	}
}

func TestTheNextCarrierTakesWhatTheFirstCannot(t *testing.T) {
	down, up := provide(t, answer{503, `{"Code":"ServiceUnavailable","Message":"13812345678"}`}), provide(t, answer{200, tencentOK})
	c := settings()
	c.Carriers.SMS, c.Aliyun.Endpoint, c.Tencent.Endpoint = "aliyun tencent", down.URL, up.URL
	s := open(t, c)
	if taken, err := send(t, s, letter(notify.SMS)); err != nil || taken.Carrier != "tencent" || len(down.got) != 1 {
		t.Errorf("got %+v, %v after %d questions to the first", taken, err, len(down.got))
	}
	// A number that is none is none for the next carrier too.
	down.answers = []answer{{200, `{"Code":"isv.MOBILE_NUMBER_ILLEGAL"}`}}
	if _, err := send(t, s, letter(notify.SMS)); !said(t, err).Final || len(up.got) != 1 {
		t.Errorf("a wrong number: got %v and %d questions to the second", err, len(up.got))
	}
	// Who has no template is not asked, and a kind that nobody has a template for is not sent.
	paid := letter(notify.SMS)
	paid.Kind, paid.Values = "order.paid", map[string]string{"start": "11-24 10:00", "service": "x"}
	down.answers = []answer{{503, `{"Code":"ServiceUnavailable"}`}}
	if _, err := send(t, s, paid); said(t, err) != (notify.Failure{Carrier: "aliyun", Code: "ServiceUnavailable"}) || len(up.got) != 1 {
		t.Errorf("without a template of the second: got %v and %d questions to it", err, len(up.got))
	}
	paid.Kind = "order.cancelled"
	if _, err := send(t, s, paid); said(t, err) != (notify.Failure{Code: "no_template", Final: true}) || s.Carries(notify.SMS, "order.cancelled") {
		t.Errorf("without any template: got %v", err)
	}
}

func TestASlowCarrierIsGivenUp(t *testing.T) {
	slow := silent(t)
	c := settings()
	c.Carriers.Timeout = 50 * time.Millisecond
	c.Aliyun.Endpoint, c.Tencent.Endpoint, c.WeChat.Endpoint = slow.URL, slow.URL, slow.URL
	c.Carriers.WeChat = "wechat"
	for _, name := range []string{"aliyun", "tencent"} {
		c.Carriers.SMS = name
		if _, err := send(t, open(t, c), letter(notify.SMS)); said(t, err) != (notify.Failure{Carrier: name, Code: "timeout"}) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := send(t, open(t, c), letter(notify.WeChat)); said(t, err) != (notify.Failure{Carrier: "wechat", Code: "timeout"}) {
		t.Errorf("wechat: got %v", err)
	}
}

func TestACarrierThatCannotBeReached(t *testing.T) {
	c := settings()
	c.Carriers.SMS, c.Carriers.Email, c.Carriers.WeChat = "aliyun", "smtp", "wechat"
	gone := provide(t, answer{200, ""})
	c.Aliyun.Endpoint, c.WeChat.Endpoint, c.SMTP.Addr = gone.URL, gone.URL, strings.TrimPrefix(gone.URL, "http://")
	gone.Close()
	for _, by := range []notify.Channel{notify.SMS, notify.Email, notify.WeChat} {
		if _, err := send(t, open(t, c), letter(by)); said(t, err).Code != "unreachable" || said(t, err).Final {
			t.Errorf("%s: got %v", by, err)
		}
	}
}

func TestWithoutACarrierMessagesStayInTheInbox(t *testing.T) {
	s := open(t, config.Default())
	for _, by := range []notify.Channel{notify.SMS, notify.Email, notify.WeChat} {
		if taken, err := send(t, s, letter(by)); err != nil || !taken.Keep || !s.Carries(by, "anything.else") {
			t.Errorf("%s: got %+v, %v", by, taken, err)
		}
	}
}

func TestEverySettingThatIsMissingIsNamed(t *testing.T) {
	c := config.Default()
	c.Carriers.SMS, c.Carriers.Email, c.Carriers.WeChat = "aliyun tencent pigeon aliyun", "smtp", "wechat"
	c.Aliyun.Templates, c.Aliyun.Endpoint, c.SMTP.Addr = "signin.code=", "nowhere", "mail"
	_, err := New(c, clock.NewFake(start))
	e, ok := errors.AsType[*errs.Error](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	got := map[string]string{}
	for _, f := range e.Fields {
		got[f.Path] = f.Code
	}
	for path, code := range map[string]string{"carriers.sms": "config.bad_choice", "aliyun.key": "config.missing", "aliyun.secret": "config.missing", "aliyun.sign": "config.missing",
		"aliyun.templates": "config.bad_templates", "aliyun.endpoint": "config.bad_address", "tencent.id": "config.missing", "tencent.app": "config.missing",
		"smtp.addr": "config.bad_address", "smtp.from": "config.missing", "wechat.app": "config.missing", "wechat.templates": "config.missing"} {
		if got[path] != code {
			t.Errorf("%s: got %q, want %s", path, got[path], code)
		}
	}
}
