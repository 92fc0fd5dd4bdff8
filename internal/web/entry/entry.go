// Package entry is the door to all doors: signing in by code, passkey, password or the city's app, taking up an invitation, registering
// oneself, one's own account, and the inbox of a demonstration.
//
// Each way works without JavaScript but passkeys, which are shown where a browser has them. The package must never put a number, a code or a
// ticket into an address, or say whether somebody is registered.
package entry

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"timebank/internal/errs"
	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/pii"
	"timebank/internal/signin"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// Door is the entrance; its pages have no menu.
var Door = &page.Door{Home: "/"}

func shell(r *page.Request, code string, scripts ...string) ui.Page {
	p := r.Shell(r.T(code))
	// A choice of language comes back to where signing in begins: what was typed stands in no address.
	if r.HTTP.Method != http.MethodGet {
		p.Here = "/sign-in"
	}
	p.Scripts = scripts
	return p
}

// wrong puts an error beside its fields. What is nobody's field stands above them all, and leads to the first.
func wrong(r *page.Request, err error, fields ...*ui.Field) (status int, faults []ui.Fault, why *ui.Why) {
	if err == nil {
		return http.StatusOK, nil, nil
	}
	told := r.Tell(err)
	for _, f := range told.Faults {
		for _, field := range fields {
			if field.Name == f.Field {
				field.Error = f.Text
			}
		}
		faults = append(faults, f)
	}
	if len(faults) == 0 {
		first := ""
		if len(fields) > 0 {
			first = fields[0].Name
		}
		faults = []ui.Fault{{Field: first, Text: told.Text}}
	}
	return page.Status(errs.KindOf(err)), faults, told.Why
}

// SignInForm asks for a telephone number, and offers the other ways in.
func SignInForm(r *page.Request) error { return ask(r, nil) }

func ask(r *page.Request, err error) error {
	v := askView{Page: shell(r, "page.entry.title", "passkey.js"), Next: page.Inside(r.Form("next")), City: len(r.SignIns.Providers()) > 0, Inbox: r.Inbox}
	v.Phone = ui.Field{Name: "phone", Label: r.T("page.entry.phone"), Hint: r.T("page.entry.phone_hint"), Value: r.Form("phone"), Mode: "tel", Max: 30, Auto: "tel", Needed: true}
	var status int
	status, v.Faults, v.WhyNot = wrong(r, err, &v.Phone)
	for _, a := range r.Demo {
		lang := r.Lang
		if a.Who[lang] == "" {
			lang = i18n.Chinese
		}
		v.Accounts = append(v.Accounts, accountView{ID: string(a.Actor), Name: a.Who[lang], Does: a.Does[lang]})
	}
	return r.Show(status, askPage(v))
}

// Ask sends a code to a number.
func Ask(r *page.Request) error {
	if err := r.MayEnter(); err != nil {
		return err
	}
	asked, err := r.SignIns.AskCode(r.Context(), signin.AskCodeCmd{Where: r.Where(), Phone: r.Form("phone")})
	switch {
	case errs.KindOf(err) == errs.TooMany && r.Form("challenge") != "":
		return code(r, r.Form("challenge"), err)
	case err != nil:
		return ask(r, err)
	}
	return code(r, asked.Challenge, nil)
}

func code(r *page.Request, challenge string, err error) error {
	v := codeView{Page: shell(r, "page.entry.code_title"), Next: page.Inside(r.Form("next")), Challenge: challenge, Phone: r.Form("phone"), Inbox: r.Inbox}
	if p, bad := pii.ParsePhone(v.Phone); bad == nil {
		v.Sent = r.T("page.entry.code_sent", "phone", p.String())
	}
	v.Code = ui.Field{Name: "code", Label: r.T("page.entry.code"), Hint: r.T("page.entry.code_hint"), Mode: "numeric", Max: 10, Auto: "one-time-code", Needed: true}
	var status int
	status, v.Faults, v.WhyNot = wrong(r, err, &v.Code)
	return r.Show(status, codePage(v))
}

// Code signs in by a code.
func Code(r *page.Request) error {
	in, err := r.SignIns.CheckCode(r.Context(), signin.CheckCodeCmd{Sign: r.Sign(), Challenge: r.Form("challenge"), Code: strings.Join(strings.Fields(r.Form("code")), "")})
	if err != nil {
		return code(r, r.Form("challenge"), err)
	}
	return entered(r, in)
}

// entered goes where somebody who has signed in is at home, or asks who of several it is.
func entered(r *page.Request, in signin.SignedIn) error {
	if in.Choice == "" {
		r.Enter(in)
		return onward(r, in.Actor)
	}
	v := choiceView{Page: shell(r, "page.entry.choice_title"), Next: page.Inside(r.Form("next")), Choice: in.Choice}
	for _, c := range in.Among {
		v.Among = append(v.Among, accountView{ID: string(c.Person), Name: fmt.Sprint(c.Name)})
	}
	return r.Show(http.StatusOK, choicePage(v))
}

// Choose says who of several who share a telephone signs in.
func Choose(r *page.Request) error {
	in, err := r.SignIns.Choose(r.Context(), signin.ChooseCmd{Sign: r.Sign(), Choice: r.Form("choice"), Person: member.PersonID(r.Form("person"))})
	if err != nil {
		return ask(r, err)
	}
	return entered(r, in)
}

// onward leads to where somebody wanted to go, or to its own door.
func onward(r *page.Request, who identity.ActorID) error {
	if next := page.Inside(r.Form("next")); next != "/" {
		return r.Go(next)
	}
	at, err := door(r, who)
	if err != nil {
		return err
	}
	return r.Go(at)
}

// door is where an account is at home: the first of some doors that its rights open, or of all, or the page of its account.
func door(r *page.Request, who identity.ActorID, first ...string) (string, error) {
	actor, err := r.Identity.Actor(r.Context(), who, r.ID)
	if err != nil {
		return "", err
	}
	doors, err := r.Doors(actor)
	if err != nil {
		return "", err
	}
	for _, href := range first {
		if slices.ContainsFunc(doors, func(w ui.Way) bool { return w.Href == href }) {
			return href, nil
		}
	}
	switch {
	case len(doors) > 0:
		return doors[0].Href, nil
	case actor.Person == "" && len(actor.Grants) == 0:
		return "/register", nil
	}
	return "/account", nil
}

// Demo enters as a chosen account of the demonstration.
func Demo(r *page.Request) error {
	for _, a := range r.Demo {
		if string(a.Actor) != r.Form("account") {
			continue
		}
		if err := r.SignIn(a.Actor, "demo", demoSession); err != nil {
			return err
		}
		next := page.Inside(r.Form("next"))
		if next == "/" {
			next = a.Door
		}
		return r.Go(next)
	}
	return errs.New(errs.NotFound, "page.no_sign_in")
}

// SignOut ends the session.
func SignOut(r *page.Request) error {
	r.SignOut()
	return r.Go("/")
}

// AskPasskey answers the script with what a key needs to sign in.
func AskPasskey(r *page.Request) error {
	c, err := r.SignIns.AskPasskey(r.Context())
	if err != nil {
		return r.DataFail(err)
	}
	return r.Data(map[string]any{"ticket": c.Ticket, "options": c.Options})
}

// Passkey signs in by the answer of a key.
func Passkey(r *page.Request) error {
	if err := r.MayEnter(); err != nil {
		return err
	}
	in, err := r.SignIns.ByPasskey(r.Context(), signin.PasskeyCmd{Sign: r.Sign(), Assertion: assertion(r)})
	if err != nil {
		return ask(r, err)
	}
	return entered(r, in)
}

func assertion(r *page.Request) signin.Assertion {
	return signin.Assertion{Ticket: r.Form("ticket"), Response: []byte(r.Form("response"))}
}

// City leads to the city's own sign-in.
func City(r *page.Request) error {
	if err := r.MayEnter(); err != nil {
		return err
	}
	providers := r.SignIns.Providers()
	if len(providers) == 0 {
		return errs.New(errs.NotFound, "page.no_sign_in")
	}
	d, err := r.SignIns.Depart(r.Context(), providers[0])
	if err != nil {
		return err
	}
	return r.Depart(d)
}

// Return comes back from it.
func Return(r *page.Request) error {
	providers := r.SignIns.Providers()
	if len(providers) == 0 {
		return errs.New(errs.NotFound, "page.no_sign_in")
	}
	query := r.HTTP.URL.Query()
	in, err := r.SignIns.Return(r.Context(), signin.ReturnCmd{Sign: r.Sign(), Provider: providers[0], Binding: r.Away(), State: query.Get("state"), Code: query.Get("code")})
	if err != nil {
		return ask(r, err)
	}
	return entered(r, in)
}
