package carrier

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	dysms "github.com/alibabacloud-go/dysmsapi-20170525/v5/client"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"

	"timebank/internal/notify"
)

// aliyunFinal are the answers of Alibaba Cloud that are about the addressee: nobody else would deliver either.
var aliyunFinal = []string{"isv.MOBILE_NUMBER_ILLEGAL", "isv.BLACK_KEY_CONTROL_LIMIT", "isv.MOBILE_IN_BLACK"}

type aliyun struct {
	templates
	sign   string
	client *dysms.Client
}

func (b builder) aliyun() carrier {
	c := b.c.Aliyun
	b.need("aliyun.key", c.Key, "aliyun.secret", c.Secret, "aliyun.sign", c.Sign, "aliyun.templates", c.Templates)
	a := &aliyun{templates: b.templates("aliyun.templates", c.Templates), sign: c.Sign}
	at, err := url.Parse(c.Endpoint)
	if err != nil || at.Host == "" {
		b.bad.Add("aliyun.endpoint", "config.bad_address")
		return a
	}
	a.client, err = dysms.NewClient(&openapi.Config{AccessKeyId: &c.Key, AccessKeySecret: &c.Secret, Endpoint: &at.Host, Protocol: &at.Scheme,
		HttpClient: plain{&http.Client{Transport: transport()}}})
	if err != nil && c.Key != "" && c.Secret != "" {
		b.bad.Add("aliyun.key", "config.bad_choice")
	}
	return a
}

// plain is an HTTP client as the SDK wants it. The SDK's own one takes proxies from variables that nobody expects.
type plain struct{ *http.Client }

// Call implements the SDK's interface.
func (p plain) Call(r *http.Request, _ *http.Transport) (*http.Response, error) { return p.Do(r) } // #nosec G704 -- the carrier's address is a setting of the operator

func (a *aliyun) name() string { return Aliyun }

func (a *aliyun) send(ctx context.Context, l notify.Letter) (string, error) {
	t := a.templates[l.Kind]
	values := map[string]string{}
	for _, p := range t.params {
		values[p.theirs] = l.Values[p.ours]
	}
	params, err := json.Marshal(values)
	if err != nil {
		return "", err
	}
	answer, err := a.client.SendSmsWithContext(ctx, &dysms.SendSmsRequest{PhoneNumbers: dara.String(l.To), SignName: dara.String(a.sign),
		TemplateCode: dara.String(t.id), TemplateParam: dara.String(string(params)), OutId: dara.String(string(l.ID))}, &dara.RuntimeOptions{})
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		// The SDK tells the answer of a server by its code; an error without one never reached a server.
		if said, ok := errors.AsType[*tea.SDKError](err); ok && tea.StringValue(said.Code) != "" && tea.IntValue(said.StatusCode) != 0 {
			return "", refusal(tea.StringValue(said.Code), aliyunFinal)
		}
		return "", err
	}
	if answer.Body == nil || dara.StringValue(answer.Body.Code) == "" {
		return "", notify.Failure{Code: badAnswer}
	}
	if code := dara.StringValue(answer.Body.Code); code != "OK" {
		return "", refusal(code, aliyunFinal)
	}
	return dara.StringValue(answer.Body.BizId), nil
}
