package elder

import (
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

type homeView struct {
	ui.Page
	// Next is what waits for a yes and what comes next, at most one of each.
	Next     []cardView
	Usual    []usualView
	Messages []messageView
	// Asks is how many relatives wait for a yes.
	Asks int
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
	Urgent                    bool
	Times                     []itemView
	Day, At                   ui.Field
}

type checkView struct {
	ui.Page
	Key, Item, Icon, Day, At, Minutes, Never, Back string
	Family, Urgent, Asks                           bool
	Facts                                          []ui.Row
	Lengths                                        []ui.Link
	Faults                                         []ui.Fault
	Why                                            *ui.Why
}

type cardView struct {
	Href, Name, Icon, When, Standing string
	Tone                             ui.Tone
	Open                             bool
	Coming                           []page.Comer
}

type visitsView struct {
	ui.Page
	Cards []cardView
	More  string
}

// faceView asks how it was with one volunteer.
type faceView struct{ Key, Of, Ask string }

type visitView struct {
	ui.Page
	Key, Action string
	Card        cardView
	// Urgent is set while help in need is on its way.
	Urgent bool
	// Confirm, Undo, Cancel and Wrong are the addresses of what can be done now, "" for what cannot.
	Confirm, Undo, UndoHint, Move, Cancel, Wrong string
	Outcomes                                     []ui.Option
	Faces                                        []faceView
	Rated                                        bool
	Complaint                                    string
	Code, Digits                                 string
	Messages                                     []messageView
	Facts                                        []ui.Row
	Why                                          *ui.Why
}

type moveView struct {
	ui.Page
	Back, Action, Key string
	Facts             []ui.Row
	Times             []usualView
	Day, At           ui.Field
}

type wrongView struct {
	ui.Page
	Back, Action, Key string
	Choices           []ui.Option
}

type messageView struct {
	ID, Key, Says, Words, When string
	New                        bool
}

type askView struct {
	Action, Key, Says string
	Act, Message      bool
}

type relativeView struct {
	Action, Key, Name, Relation, Says string
	// Delegate and Line say what the old person lets the relative do; Asked that the relative would like to write.
	Delegate, Acts, Line, Asked bool
}

type familyView struct {
	ui.Page
	Key      string
	See      bool
	Asks     []askView
	Proposed []relativeView
	Kin      []relativeView
	Messages []messageView
	More     string
}

type lineView struct {
	Day, What, Minutes string
	In                 bool
}

type pendingView struct {
	What, Minutes, Due, Undo, Key string
	In                            bool
}

type hoursView struct {
	ui.Page
	PrintKey                           string
	Usable, Held, Given, Received      string
	Pays                               []ui.Row
	Why, CountWhy, HeldWhy, PendingWhy *ui.Why
	Pending                            []pendingView
	Lines                              []lineView
	More                               string
}

// giveView asks one thing at a time: to whom, how much, and whether that is right.
type giveView struct {
	ui.Page
	Key, To, Name, Minutes, Long, Free, After string
	Whom, Lengths                             []itemView
	Not                                       []string
	Facts                                     []ui.Row
	Faults                                    []ui.Fault
	Why, Limits                               *ui.Why
}

type pointView struct{ Name, Where, Phone string }

type stationView struct {
	ui.Page
	Place, Number string
	Points        []pointView
}

type howView struct {
	ui.Page
	Lines []string
}
