package elder

import "timebank/internal/web/ui"

type homeView struct {
	ui.Page
	Next  *cardView
	Usual []usualView
}

type usualView struct{ Key, Item, Icon, Day, At, Label string }

type itemView struct{ Href, Icon, Name, Hint string }

type helpView struct {
	ui.Page
	Items []itemView
}

type whenView struct {
	ui.Page
	Name, About, Icon, Action string
	Times                     []itemView
	Day, At                   ui.Field
}

type checkView struct {
	ui.Page
	Key, Item, Icon, Day, At, Never, Back string
	Family                                bool
	Facts                                 []ui.Row
	Faults                                []ui.Fault
	Why                                   *ui.Why
}

type comerView struct {
	Name, Word string
	There      bool
}

type cardView struct {
	Href, Name, Icon, When, Standing string
	Tone                             ui.Tone
	Open                             bool
	Coming                           []comerView
}

type visitsView struct {
	ui.Page
	Cards []cardView
	More  string
}

type visitView struct {
	ui.Page
	Key, Action string
	Card        cardView
	// Confirm, Undo and Cancel are the addresses of what can be done now, "" for what cannot.
	Confirm, Undo, UndoHint, Cancel string
	Code                            string
	Facts                           []ui.Row
	Why                             *ui.Why
}

type lineView struct {
	Day, What, Minutes string
	In                 bool
}

type hoursView struct {
	ui.Page
	Usable, Held, Given, Received string
	Lines                         []lineView
	More                          string
}

type stationView struct {
	ui.Page
	Place  string
	Points []ui.Row
}
