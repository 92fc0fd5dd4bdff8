package page

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/signin"
	"timebank/internal/web/ui"
)

// cookieDevice names a browser to those who limit guessing, cookieAway binds a departure to the city's sign-in to the browser, and cookieCard
// holds the session that somebody's card has opened at the desk, beside the desk's own.
const (
	cookieDevice = "device"
	cookieAway   = "away"
	cookieCard   = "card"
)

// MayEnter refuses to sign in where somebody may read along: Refused page.not_encrypted.
func (r *Request) MayEnter() error {
	if !r.private() {
		return errs.New(errs.Refused, "page.not_encrypted").By("signin.encrypted", "nobody")
	}
	return nil
}

// Enter keeps a session that a proof has opened in the browser.
func (r *Request) Enter(in signin.SignedIn) { r.set(cookieSession, in.Token, in.Ends.Sub(r.Now)) }

// EnterByCard keeps the session that a card and its word have opened, beside the reader's own; that of the card before ends.
func (r *Request) EnterByCard(in signin.SignedIn) error {
	if err := r.LeaveCard(); err != nil {
		return err
	}
	r.set(cookieCard, in.Token, in.Ends.Sub(r.Now))
	return nil
}

// ByCard is the reader as it acts for the holder of the card that was shown here. It ends with the reader's own session, since only the
// member of the staff who took the card can use it. Error: Refused page.desk.card_over where no card was shown, or too long ago.
func (r *Request) ByCard() (identity.Actor, error) {
	over := errs.New(errs.Refused, "page.desk.card_over").By("signin.card", "nobody")
	token := r.cookie(cookieCard)
	if token == "" || !r.private() {
		return identity.Actor{}, over
	}
	act, err := r.Identity.Recognise(r.Context(), token, r.origin(r.cookie(cookieDevice)))
	if errs.KindOf(err) == errs.Unauthenticated || err == nil && (!act.ByCard || act.ID != r.Actor.ID) {
		return identity.Actor{}, over
	}
	return act, err
}

// LeaveCard ends acting for the holder of a card, if the reader does.
func (r *Request) LeaveCard() error {
	act, err := r.ByCard()
	if err != nil {
		if errs.KindOf(err) != errs.Refused {
			return err
		}
	} else if err := r.Leave(act.Session, r.Key()); err != nil {
		return err
	}
	if r.cookie(cookieCard) != "" {
		r.set(cookieCard, "", -time.Second)
	}
	return nil
}

// Where tells those who limit guessing where the request comes from. A browser without a name is given one.
func (r *Request) Where() signin.Where {
	device := r.cookie(cookieDevice)
	if len(device) != 26 {
		device = string(id.From[Request](r.IDs.UUID(r.Now)))
		r.set(cookieDevice, device, year)
	}
	return signin.Where{Device: device, Address: r.visit.Address.String(), Origin: r.origin(device)}
}

// origin is what the trail keeps of where the request comes from.
func (r *Request) origin(device string) string { return r.Gate.Origin(r.ID, r.visit, device, r.Now) }

// Sign is what every way of signing in takes besides its proof. The session that the browser held until now ends with it.
func (r *Request) Sign() signin.Sign {
	return signin.Sign{Where: r.Where(), Label: r.device(), Replaces: r.Actor.Session}
}

// device is what the holder sees in its list of sessions.
func (r *Request) device() string {
	agent := r.HTTP.UserAgent()
	for _, one := range []struct{ mark, code string }{{"MicroMessenger", "page.device.wechat"}, {"iPhone", "page.device.iphone"}, {"iPad", "page.device.ipad"},
		{"Android", "page.device.android"}, {"Windows", "page.device.windows"}, {"Macintosh", "page.device.mac"}, {"Linux", "page.device.linux"}} {
		if strings.Contains(agent, one.mark) {
			return r.T(one.code)
		}
	}
	return r.T("page.device.other")
}

// Depart keeps what binds a departure to this browser, and leads to the provider.
func (r *Request) Depart(d signin.Departure) error {
	r.set(cookieAway, d.Binding, 15*time.Minute)
	http.Redirect(r.out, r.HTTP, d.URL, http.StatusSeeOther)
	return nil
}

// Away is what the departure was bound by; it is good once.
func (r *Request) Away() string {
	binding := r.cookie(cookieAway)
	r.set(cookieAway, "", -time.Second)
	return binding
}

// Data answers one of our own scripts.
func (r *Request) Data(value any) error {
	h := r.out.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	return json.NewEncoder(r.out).Encode(value)
}

// DataFail answers one of our own scripts with what went wrong.
func (r *Request) DataFail(err error) error {
	r.out.Header().Set("Content-Type", "application/json")
	r.out.WriteHeader(Status(errs.KindOf(err)))
	return json.NewEncoder(r.out).Encode(map[string]string{"text": r.Tell(err).Text})
}

// The fields of the page that asks for a second factor: where to go on, and what was sent there.
const (
	fieldAgain = "again"
	fieldSent  = "sent."
)

// AskSecond answers a form or a page that needs a second factor with a page that asks for it and then goes on with what was asked. err is what
// was wrong with the factor, nil the first time.
func (r *Request) AskSecond(err error) error {
	return r.askSecond(http.StatusForbidden, err, nil)
}

// AskSecondAhead asks for a second factor that nothing needs yet: nothing was refused.
func (r *Request) AskSecondAhead() error { return r.askSecond(http.StatusOK, nil, nil) }

func (r *Request) askSecond(status int, err error, because *ui.Why) error {
	shell := r.Shell(r.T("page.step_up.title"))
	shell.Public, shell.Scripts = false, []string{"passkey.js"}
	v := ui.SecondView{Page: shell, Again: r.again(), Sent: r.Resend(), WhyNot: because}
	if err != nil {
		t := r.Tell(err)
		status, v.Faults = Status(errs.KindOf(err)), []ui.Fault{{Field: "totp", Text: t.Text}}
		v.WhyNot = t.Why
	}
	return r.Show(status, ui.Second(v))
}

// again is where what was asked goes on: an address to read, or a form to send once more.
func (r *Request) again() ui.Hidden {
	if to := r.Form(fieldAgain); to != "" {
		return ui.Hidden{Name: fieldAgain, Value: Inside(to)}
	}
	return ui.Hidden{Name: fieldAgain, Value: r.HTTP.URL.RequestURI()}
}

// Resend are the fields of the form that needs a second factor, as the page that asks for it carries them along.
func (r *Request) Resend() []ui.Hidden {
	var sent []ui.Hidden
	carried := r.Form(fieldAgain) != ""
	if r.HTTP.Method != http.MethodPost {
		return nil
	}
	for name, values := range r.HTTP.PostForm {
		original, ours := strings.CutPrefix(name, fieldSent)
		if carried != ours {
			continue
		}
		if !ours {
			original = name
		}
		for _, v := range values {
			sent = append(sent, ui.Hidden{Name: fieldSent + original, Value: v})
		}
	}
	return sent
}

// Again answers a second factor that was right: it leads on to what was asked. A form is shown as one button, so that nothing is sent that its
// sender does not see.
func (r *Request) Again() error {
	to, sent := r.again().Value, r.Resend()
	if len(sent) == 0 {
		return r.Go(to)
	}
	for i := range sent {
		sent[i].Name = strings.TrimPrefix(sent[i].Name, fieldSent)
	}
	shell := r.Shell(r.T("page.step_up.done"))
	shell.Public = false
	return r.Show(http.StatusOK, ui.Again(shell, to, sent))
}

// Leave ends one of the reader's sessions.
func (r *Request) Leave(session identity.SessionID, key string) error {
	end := identity.EndSessionCmd{Actor: r.Actor, Key: key, Of: identity.ActorID(r.Actor.ID), Session: session}
	_, err := One(r.Identity.EndSessions(r.Context(), []identity.EndSessionCmd{end}))
	return err
}
