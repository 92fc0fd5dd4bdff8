package carrier

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	sdk "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	sms "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/sms/v20210111"

	"timebank/internal/notify"
)

// tencentFinal are the answers of Tencent Cloud that are about the addressee: nobody else would deliver either.
var tencentFinal = []string{"InvalidParameterValue.IncorrectPhoneNumber", "FailedOperation.PhoneNumberInBlacklist", "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone"}

type tencent struct {
	templates
	app, sign string
	client    *sms.Client
}

func (b builder) tencent() carrier {
	c := b.c.Tencent
	b.need("tencent.id", c.ID, "tencent.secret", c.Secret, "tencent.app", c.App, "tencent.sign", c.Sign, "tencent.templates", c.Templates)
	t := &tencent{templates: b.templates("tencent.templates", c.Templates), app: c.App, sign: c.Sign}
	at, err := url.Parse(c.Endpoint)
	if err != nil || at.Host == "" {
		b.bad.Add("tencent.endpoint", "config.bad_address")
		return t
	}
	p := profile.NewClientProfile()
	p.HttpProfile.Endpoint, p.HttpProfile.Scheme = at.Host, strings.ToUpper(at.Scheme)
	if t.client, err = sms.NewClient(common.NewCredential(c.ID, c.Secret), c.Region, p); err != nil {
		b.bad.Add("tencent.region", "config.bad_choice")
		return t
	}
	t.client.WithHttpTransport(transport())
	return t
}

func (t *tencent) name() string { return Tencent }

func (t *tencent) send(ctx context.Context, l notify.Letter) (string, error) {
	of := t.templates[l.Kind]
	values := make([]string, len(of.params))
	for i, p := range of.params {
		values[i] = l.Values[p.ours]
	}
	r := sms.NewSendSmsRequest()
	r.PhoneNumberSet = common.StringPtrs([]string{"+86" + l.To})
	r.SmsSdkAppId, r.SignName, r.TemplateId = &t.app, &t.sign, &of.id
	r.TemplateParamSet = common.StringPtrs(values)
	r.SessionContext = common.StringPtr(string(l.ID))
	answer, err := t.client.SendSmsWithContext(ctx, r)
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		// The SDK has codes of its own for a network that fails.
		if e, ok := errors.AsType[*sdk.TencentCloudSDKError](err); ok && !strings.HasPrefix(e.Code, "ClientError.") {
			return "", refusal(e.Code, tencentFinal)
		}
		return "", err
	}
	if answer.Response == nil || len(answer.Response.SendStatusSet) != 1 || answer.Response.SendStatusSet[0].Code == nil {
		return "", notify.Failure{Code: badAnswer}
	}
	status := answer.Response.SendStatusSet[0]
	if *status.Code != "Ok" {
		return "", refusal(*status.Code, tencentFinal)
	}
	if status.SerialNo == nil {
		return "", notify.Failure{Code: badAnswer}
	}
	return *status.SerialNo, nil
}
