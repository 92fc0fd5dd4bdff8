package app

import (
	"context"
	"strings"

	"timebank/internal/config"
	"timebank/internal/jobs"
	"timebank/internal/member"
	"timebank/internal/notice"
	"timebank/internal/notify"
	"timebank/internal/signin"
	"timebank/internal/store"
)

// signIn turns the configuration into the settings of signing in.
func signIn(c config.Config) signin.Settings {
	set := signin.Defaults()
	set.Origin, set.CodeLife, set.CodeTries = c.SignIn.Origin, c.SignIn.Code, int64(c.SignIn.Attempts)
	for _, l := range []*signin.Limit{&set.TryNumber, &set.TryAccount} {
		l.Free, l.Pause, l.Most = int64(c.SignIn.Attempts), c.SignIn.Pause, c.SignIn.Longest
		l.Forget = max(l.Forget, l.Most)
	}
	if c.OpenID.Issuer != "" {
		set.OpenID = []signin.OpenID{{Name: c.OpenID.Name, Issuer: c.OpenID.Issuer, Client: c.OpenID.Client, Secret: c.OpenID.Secret,
			Redirect: c.OpenID.Redirect, Scopes: strings.Fields(c.OpenID.Scopes), Claim: c.OpenID.Claim, Verified: c.OpenID.Verified, WeChat: c.OpenID.WeChat}}
	}
	return set
}

// topics names who delivers the events of a topic.
func (a *App) topics() map[string]jobs.Deliver {
	all := map[string]jobs.Deliver{notify.Topic: a.deliverMessage, member.TopicAddress: a.Members.Locate}
	for _, topic := range notice.Topics() {
		all[topic] = a.Notices.Tell
	}
	return all
}

// deliverMessage carries out the outbox's wish for a message.
func (a *App) deliverMessage(ctx context.Context, e store.Event) error {
	return a.Notify.Deliver(ctx, notify.ID(e.Ref))
}
