package app

import (
	"context"

	"timebank/internal/config"
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
	return set
}

// deliverMessage carries out the outbox's wish for a message.
func (a *App) deliverMessage(ctx context.Context, e store.Event) error {
	return a.Notify.Deliver(ctx, notify.ID(e.Ref))
}
