package entry

import (
	"timebank/internal/signin"
	"timebank/internal/web/ui"
)

type accountView struct{ ID, Name, Does string }

type askView struct {
	ui.Page
	Next        string
	Phone       ui.Field
	Faults      []ui.Fault
	WhyNot      *ui.Why
	City, Inbox bool
	Accounts    []accountView
}

type codeView struct {
	ui.Page
	Next, Challenge, Phone, Sent string
	Code                         ui.Field
	Faults                       []ui.Fault
	WhyNot                       *ui.Why
	Inbox                        bool
}

type choiceView struct {
	ui.Page
	Next, Choice string
	Among        []accountView
}

type staffView struct {
	ui.Page
	Next                            string
	Login, Password, TOTP, Recovery ui.Field
	Faults                          []ui.Fault
	WhyNot                          *ui.Why
}

type invitationView struct {
	ui.Page
	Invitation, Password ui.Field
	Faults               []ui.Fault
	WhyNot               *ui.Why
}

type enrolView struct {
	ui.Page
	signin.Enrolment
	Masked     string // the telephone to which a code went
	TOTP, Sent ui.Field
	Faults     []ui.Fault
	WhyNot     *ui.Why
}

type recoveryView struct {
	ui.Page
	Codes []string
	Next  string // the door that is open now
}

type sessionView struct {
	ID, Label, Began, Seen string
	Here                   bool
}

type consentView struct {
	Purpose, Text string
	Given, Fixed  bool
}

type accountsView struct {
	ui.Page
	Key              string
	Doors            []ui.Way
	Sessions, Keys   []sessionView
	Consents         []consentView
	MayAsk, MayServe bool
	Nobody, Staff    bool
	Reach            *reachView
}

type registerView struct {
	ui.Page
	Key, Street string
	Fields      []ui.Field
	Faults      []ui.Fault
	WhyNot      *ui.Why
}

type letterView struct{ To, When, Text string }

type inboxView struct {
	ui.Page
	Letters []letterView
}
