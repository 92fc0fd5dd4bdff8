package entry

import (
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// reachView is how one is told what happens, and what one was told lately.
type reachView struct {
	Ways      ui.Field
	Email     string // masked
	Confirmed bool
	Mail      bool // the city sends mail
	Told      [][]string
}

func reachOf(r *page.Request, tx *store.Tx, me member.PersonID, reach notify.Reach) (v reachView, err error) {
	v = reachView{Email: reach.Email, Confirmed: reach.Confirmed, Mail: reach.Mail, Ways: ui.Field{Name: "way", Label: r.T("page.told.way"), Hint: r.T("page.told.way_hint")}}
	for _, by := range notify.Choices() {
		offered := by == notify.SMS || by == notify.Nothing || by == notify.Email && reach.Confirmed || by == reach.Choice
		if offered {
			v.Ways.Options = append(v.Ways.Options, ui.Option{Value: string(by), Text: r.ToldWay(by), Chosen: by == reach.Choice})
		}
	}
	list, err := notify.Of(tx, me, page.ToldMost)
	for _, m := range list {
		v.Told = append(v.Told, []string{r.When(m.Created), r.ToldWhat(m), r.ToldWay(m.Channel), r.ToldState(m)})
	}
	return v, err
}

// ChooseWay says how one wants to be told.
func ChooseWay(r *page.Request) error {
	return told(r, "way", func(me member.PersonID, key string) error {
		_, err := page.One(r.Notify.Choose(r.Context(), []notify.ChooseCmd{{Actor: r.Actor, Key: key, Person: me, Channel: notify.Channel(r.Form("way"))}}))
		return err
	})
}

// AskEmail gives a mail address, to which a code is sent.
func AskEmail(r *page.Request) error {
	return told(r, "email_asked", func(me member.PersonID, key string) error {
		_, err := page.One(r.Notify.AskEmail(r.Context(), []notify.AskEmailCmd{{Actor: r.Actor, Key: key, Person: me, Address: r.Form("address")}}))
		return err
	})
}

// ConfirmEmail gives the code back.
func ConfirmEmail(r *page.Request) error {
	return told(r, "email_confirmed", func(me member.PersonID, key string) error {
		_, err := page.One(r.Notify.ConfirmEmail(r.Context(), []notify.ConfirmEmailCmd{{Actor: r.Actor, Key: key, Person: me, Code: r.Form("code")}}))
		return err
	})
}

// RemoveEmail takes the address back.
func RemoveEmail(r *page.Request) error {
	return told(r, "email_removed", func(me member.PersonID, key string) error {
		_, err := page.One(r.Notify.DropContact(r.Context(), []notify.DropContactCmd{{Actor: r.Actor, Key: key, Person: me, Channel: notify.Email}}))
		return err
	})
}

// told carries out what one says of how one is told, and goes back to one's account.
func told(r *page.Request, done string, act func(me member.PersonID, key string) error) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	key, err := r.Sent()
	if err == nil {
		err = act(me, key)
	}
	if err != nil {
		return err
	}
	return r.Go("/account?done=" + done)
}
