package carrier

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"timebank/internal/clock"
	"timebank/internal/notify"
)

// wechat sends subscription messages to who has asked for them in the city's mini program.
type wechat struct {
	templates
	app, secret, endpoint, page string
	http                        *http.Client

	clock clock.Clock

	mu    sync.Mutex
	token string
	until time.Time // when the token should be renewed
}

func (b builder) wechat() carrier {
	c := b.c.WeChat
	b.need("wechat.app", c.App, "wechat.secret", c.Secret, "wechat.templates", c.Templates)
	if at, err := url.Parse(c.Endpoint); err != nil || at.Host == "" {
		b.bad.Add("wechat.endpoint", "config.bad_address")
	}
	return &wechat{templates: b.templates("wechat.templates", c.Templates), app: c.App, secret: c.Secret, endpoint: c.Endpoint, page: c.Page,
		http: &http.Client{Transport: transport()}, clock: b.clock}
}

// What WeChat answers: that the addressee is wrong or wants no message, and that our token is over.
var (
	wechatFinal = []string{"40003", "43101", "43004", "43107"}
	wechatToken = []string{"40001", "40014", "42001"}
)

// renewBefore is how long before its end a token is renewed: longer than a letter takes to be sent.
const renewBefore = 5 * time.Minute

// answerLimit is the longest answer that is read.
const answerLimit = 64 << 10

func (w *wechat) name() string { return WeChat }

func (w *wechat) send(ctx context.Context, l notify.Letter) (string, error) {
	of := w.templates[l.Kind]
	data := map[string]any{}
	for _, p := range of.params {
		data[p.theirs] = map[string]string{"value": l.Values[p.ours]}
	}
	body := map[string]any{"touser": l.To, "template_id": of.id, "data": data}
	if w.page != "" {
		body["page"] = w.page
	}
	token, err := w.get(ctx, "")
	for again := false; err == nil; again = true {
		var answer struct {
			Code int64 `json:"errcode"`
			ID   int64 `json:"msgid"`
		}
		if err = w.post(ctx, "/cgi-bin/message/subscribe/send?access_token="+url.QueryEscape(token), body, &answer); err != nil {
			break
		}
		code := strconv.FormatInt(answer.Code, 10)
		switch {
		case answer.Code == 0 && answer.ID != 0:
			return strconv.FormatInt(answer.ID, 10), nil
		case answer.Code == 0:
			return string(l.ID), nil
		case again || !slices.Contains(wechatToken, code):
			return "", refusal(code, wechatFinal)
		}
		// Somebody else has asked for a token in the meantime, which ended ours.
		token, err = w.get(ctx, token)
	}
	return "", err
}

// get returns a token that is good, and not the one that was found to be none.
func (w *wechat) get(ctx context.Context, bad string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.token != "" && w.token != bad && w.clock.Now().Before(w.until) {
		return w.token, nil
	}
	var answer struct {
		Token string `json:"access_token"`
		Life  int64  `json:"expires_in"`
		Code  int64  `json:"errcode"`
	}
	asked := map[string]any{"grant_type": "client_credential", "appid": w.app, "secret": w.secret, "force_refresh": bad != ""}
	if err := w.post(ctx, "/cgi-bin/stable_token", asked, &answer); err != nil {
		return "", err
	}
	if answer.Code != 0 || answer.Token == "" {
		return "", notify.Failure{Code: "token:" + strconv.FormatInt(answer.Code, 10)}
	}
	w.token, w.until = answer.Token, w.clock.Now().Add(time.Duration(answer.Life)*time.Second-renewBefore)
	return w.token, nil
}

func (w *wechat) post(ctx context.Context, path string, body, answer any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.endpoint+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	got, err := w.http.Do(r)
	if err != nil {
		return err
	}
	defer got.Body.Close() // it was only read
	if got.StatusCode != http.StatusOK {
		return notify.Failure{Code: "http:" + strconv.Itoa(got.StatusCode)}
	}
	if err := json.NewDecoder(io.LimitReader(got.Body, answerLimit)).Decode(answer); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return notify.Failure{Code: badAnswer}
	}
	return nil
}

// transport is the way to a provider: through the proxy of the environment if there is one, and never in an older encryption than TLS 1.2.
func transport() *http.Transport { return http.DefaultTransport.(*http.Transport).Clone() }
