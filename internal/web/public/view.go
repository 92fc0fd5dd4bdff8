package public

import "timebank/internal/web/ui"

type doorView struct{ Href, Icon, Name, Hint string }

type homeView struct {
	ui.Page
	Doors []doorView
}

type joinView struct {
	ui.Page
	Points    string
	Districts [][]string
}

type checkView struct {
	ui.Page
	Field    ui.Field
	Faults   []ui.Fault
	Verifier string
	Proven   []ui.Row // nil until a receipt was checked
}

type figureView struct{ Number, Name, Means string }

type figuresView struct {
	ui.Page
	Redeemed  figureView
	List      []figureView
	Districts [][]string
	Taken     string
}

type accountView struct{ ID, Name, Does string }

type signInView struct {
	ui.Page
	Next     string
	Accounts []accountView
}
