package entry

import (
	"net/http"
	"time"

	"timebank/internal/signin"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// demoSession is how long a demonstration's session lasts.
const demoSession = 12 * time.Hour

// work are the doors that a password is for, before those that its holder has besides, as a volunteer or a relative.
var work = []string{"/desk/", "/office/"}

// StaffForm asks staff for name, password and second factor.
func StaffForm(r *page.Request) error { return staff(r, nil) }

func staff(r *page.Request, err error) error {
	v := staffView{Page: shell(r, "page.entry.staff_title", "passkey.js"), Next: page.Inside(r.Form("next"))}
	v.Login = ui.Field{Name: "login", Label: r.T("page.entry.login"), Value: r.Form("login"), Max: 40, Auto: "username", Needed: true}
	v.Password = ui.Field{Name: "password", Label: r.T("page.entry.password"), Max: 200, Auto: "current-password", Secret: true, Needed: true}
	v.TOTP = ui.Field{Name: "totp", Label: r.T("page.step_up.totp"), Hint: r.T("page.step_up.totp_hint"), Mode: "numeric", Max: 10, Auto: "one-time-code"}
	v.Recovery = ui.Field{Name: "recovery", Label: r.T("page.step_up.recovery"), Hint: r.T("page.step_up.recovery_hint"), Max: 40}
	var status int
	status, v.Faults, v.WhyNot = wrong(r, err, &v.Login, &v.Password)
	return r.Show(status, staffPage(v))
}

// proof is the second factor that was given: a key that has answered counts, whatever was typed beside it.
func proof(r *page.Request) signin.Proof {
	if r.Form("response") != "" {
		return signin.Proof{Passkey: assertion(r)}
	}
	return signin.Proof{TOTP: r.Form("totp"), Recovery: r.Form("recovery")}
}

// Staff signs staff in.
func Staff(r *page.Request) error {
	if err := r.MayEnter(); err != nil {
		return err
	}
	// A password may begin or end with a space.
	in, err := r.SignIns.Staff(r.Context(), signin.StaffCmd{Sign: r.Sign(), Login: r.Form("login"), Password: r.HTTP.PostFormValue("password"), Proof: proof(r)})
	if err != nil {
		return staff(r, err)
	}
	r.Enter(in)
	if next := page.Inside(r.Form("next")); next != "/" {
		return r.Go(next)
	}
	at, err := door(r, in.Actor, work...)
	if err != nil {
		return err
	}
	return r.Go(at)
}

// InvitationForm asks for an invitation and a new password.
func InvitationForm(r *page.Request) error { return invitation(r, nil) }

func invitation(r *page.Request, err error) error {
	v := invitationView{Page: shell(r, "page.entry.invitation_title")}
	v.Invitation = ui.Field{Name: "invitation", Label: r.T("page.entry.invitation"), Hint: r.T("page.entry.invitation_hint"), Value: r.Form("invitation"), Max: 200, Needed: true}
	v.Password = ui.Field{Name: "password", Label: r.T("page.entry.new_password"), Hint: r.T("page.entry.new_password_hint"), Max: 200, Auto: "new-password", Secret: true, Needed: true}
	var status int
	status, v.Faults, v.WhyNot = wrong(r, err, &v.Invitation, &v.Password)
	return r.Show(status, invitationPage(v))
}

// Invitation takes an invitation up and shows what the authenticator needs.
func Invitation(r *page.Request) error {
	if err := r.MayEnter(); err != nil {
		return err
	}
	e, err := r.SignIns.Accept(r.Context(), signin.AcceptCmd{Where: r.Where(), Invitation: r.Form("invitation"), Password: r.HTTP.PostFormValue("password")})
	if err != nil {
		return invitation(r, err)
	}
	return enrol(r, e, e.Phone.String(), nil)
}

// enrol shows what the authenticator needs; masked is the telephone to which a code went, "" for none.
func enrol(r *page.Request, e signin.Enrolment, masked string, err error) error {
	v := enrolView{Page: shell(r, "page.entry.enrol_title"), Enrolment: e, Masked: masked}
	v.TOTP = ui.Field{Name: "totp", Label: r.T("page.step_up.totp"), Hint: r.T("page.step_up.totp_hint"), Mode: "numeric", Max: 10, Auto: "one-time-code", Needed: true}
	v.Sent = ui.Field{Name: "sent", Label: r.T("page.entry.enrol_sent"), Hint: r.T("page.entry.enrol_sent_hint", "phone", v.Masked), Mode: "numeric", Max: 10, Needed: true}
	var status int
	status, v.Faults, v.WhyNot = wrong(r, err, &v.TOTP, &v.Sent)
	return r.Show(status, enrolPage(v))
}

// Enrol confirms the authenticator, and shows the recovery codes once.
func Enrol(r *page.Request) error {
	// What the authenticator needs travels with the form until it is confirmed; it opens nothing before.
	e := signin.Enrolment{Login: r.Form("login"), Secret: r.Form("secret"), URI: r.Form("uri"), Ticket: r.Form("ticket")}
	done, err := r.SignIns.Confirm(r.Context(), signin.ConfirmCmd{Sign: r.Sign(), Ticket: e.Ticket, Code: r.Form("totp"), Sent: r.Form("sent")})
	if err != nil {
		return enrol(r, e, r.Form("masked"), err)
	}
	at, err := door(r, done.Actor, work...)
	if err != nil {
		return err
	}
	r.Enter(done.SignedIn)
	return r.Show(http.StatusOK, recoveryPage(recoveryView{Page: shell(r, "page.entry.recovery_title"), Codes: done.Recovery, Next: at}))
}

// StepUp takes a second factor and goes on with what needed it.
func StepUp(r *page.Request) error {
	if _, err := r.SignIns.StepUp(r.Context(), r.Actor, r.Where(), proof(r)); err != nil {
		return r.AskSecond(err)
	}
	return r.Again()
}

// StepUpForm asks for a second factor ahead of time.
func StepUpForm(r *page.Request) error { return r.AskSecondAhead() }
