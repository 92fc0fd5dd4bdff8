package public

import "timebank/internal/web/ui"

type homeView struct {
	ui.Page
	// Yours are the doors that are open to who is signed in, Doors are shown to others.
	Yours, Doors []ui.Way
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
	WhyNot   *ui.Why
	Verifier string
	// Reasons are the words of the book's reasons as JSON.
	Reasons string
	Proven  []ui.Row // nil until a receipt was checked
	// Certifier is the key of certificates, Purposes the words for what one is for as JSON.
	Certifier, Purposes string
	Certified           []ui.Row // nil until a certificate was checked
	State, Ended        string   // where it stands
	Tone                ui.Tone
}

type figuresView struct {
	ui.Page
	Periods               []ui.Link
	Redeemed              ui.Figure
	DistrictsWhy, OwedWhy *ui.Why
	List                  []ui.Figure
	Districts             [][]string
	// Owed is who may redeem when; Ready what stands ready for it.
	Owed       [][]string
	Ready      []ui.Row
	CSV, Taken string
}

type pointView struct{ Name, Area, Kind, Far string }

type pointsView struct {
	ui.Page
	Faults             []ui.Fault
	WhyNot             *ui.Why
	Choose, Lead, Rest string
	Up                 string // to where the reader came from, "" at the top
	Choices            []ui.Link
	List               []pointView
}

type officialView struct {
	ui.Page
	Addresses []string
	Here      string
	Known     bool // the reader's address is one of them
	Record    string
}

type helpView struct {
	ui.Page
	Chapters []chapter
}

// chapter is a heading with its paragraphs.
type chapter struct {
	Title string
	Texts []string
}
