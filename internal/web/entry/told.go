package entry

import (
	"net/http"

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
	// Linked says that the city's app has told the person's place in WeChat, Dropped that the person wants none.
	Linked, Dropped bool
	Told            [][]string
	More            string // address of the whole list, "" when it is shown
}

// messagesView is the whole list of what one was told.
type messagesView struct {
	ui.Page
	Told [][]string
	More string
}

func reachOf(r *page.Request, tx *store.Tx, me member.PersonID, reach notify.Reach) (v reachView, err error) {
	v = reachView{Email: reach.Email, Confirmed: reach.Confirmed, Mail: reach.Mail, Linked: reach.Linked, Dropped: reach.Dropped, Ways: ui.Field{Name: "way", Label: r.T("page.told.way"), Hint: r.T("page.told.way_hint")}}
	for _, by := range notify.Choices() {
		offered := by == notify.SMS || by == notify.Nothing || by == notify.Email && reach.Confirmed ||
			by == notify.WeChat && reach.Linked || by == reach.Choice
		if offered {
			v.Ways.Options = append(v.Ways.Options, ui.Option{Value: string(by), Text: r.ToldWay(by), Chosen: by == reach.Choice})
		}
	}
	list, err := notify.Of(tx, me, "", page.ToldMost+1)
	if len(list) > page.ToldMost {
		list, v.More = list[:page.ToldMost], "/account/messages?after="+string(list[page.ToldMost-1].ID)
	}
	for _, m := range list {
		v.Told = append(v.Told, r.ToldLine(m))
	}
	return v, err
}

// Messages lists what one was told, by which way, and what became of it, page by page.
func Messages(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	list, err := r.Notify.Mine(r.Context(), r.Actor, me, notify.ID(r.Form("after")), page.ToldMost+1)
	if err != nil {
		return err
	}
	v := messagesView{Page: shell(r, "page.told.list")}
	if len(list) > page.ToldMost {
		list, v.More = list[:page.ToldMost], "/account/messages?after="+string(list[page.ToldMost-1].ID)
	}
	for _, m := range list {
		v.Told = append(v.Told, r.ToldLine(m))
	}
	return r.Show(http.StatusOK, messagesPage(v))
}

// DropWeChat takes one's place in WeChat back; it is not kept again before one allows it.
func DropWeChat(r *page.Request) error {
	return told(r, "wechat_dropped", func(me member.PersonID, key string) error {
		_, err := page.One(r.Notify.DropContact(r.Context(), []notify.DropContactCmd{{Actor: r.Actor, Key: key, Person: me, Channel: notify.WeChat}}))
		return err
	})
}

// AllowWeChat lets the next sign-in from the city's app tell it again.
func AllowWeChat(r *page.Request) error {
	return told(r, "wechat_allowed", func(me member.PersonID, key string) error {
		_, err := page.One(r.Notify.AllowContact(r.Context(), []notify.AllowContactCmd{{Actor: r.Actor, Key: key, Person: me, Channel: notify.WeChat}}))
		return err
	})
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
