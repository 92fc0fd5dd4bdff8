package family

import (
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

type visitCard struct {
	Href, Name, When, Standing string
	Tone                       ui.Tone
	Open                       bool
	Coming                     []page.Comer
}

type personCard struct {
	Href, Name, Relation string
	Next                 []visitCard
}

type askCard struct{ Text, Withdraw, Key string }

type homeView struct {
	ui.Page
	People []personCard
	Asks   []askCard
}

type messageCard struct{ From, Words, When, Read, Withdraw, Key string }

// talkView is the messages between the reader and a person, all or about one visit.
type talkView struct {
	More                           string
	Name, Key, Action, Line, Order string
	// Mine and Theirs are the two sides' yes.
	Mine, Theirs, Open bool
	Words              ui.Field
	Why                *ui.Why
	Messages           []messageCard
}

type personView struct {
	ui.Page
	Path, Name, Key string
	// Let and Sees are what the person allows; Acts is set once the reader has said that it will act.
	Let, Acts, Sees bool
	Why             *ui.Why
	Cards           []visitCard
	More            string
	Talk            talkView
}

type askView struct {
	ui.Page
	Key              string
	Number, Relation ui.Field
	Act, Message     bool
	Faults           []ui.Fault
	Why              *ui.Why
}

type orderView struct {
	ui.Page
	Key, Action, Name, Back string
	Acts, Present, Own      bool
	Asks                    bool
	Item, Day, At           ui.Field
	Faults                  []ui.Fault
	Why                     *ui.Why
}

type stepView struct {
	Text, When string
	Done       bool
}

type visitView struct {
	ui.Page
	Back, Name, Key, Action string
	Acts                    bool
	Card                    visitCard
	// Confirm, Undo, Cancel and Wrong are the addresses of what can be done now, "" for what cannot.
	Confirm, Undo, UndoHint, Move, Cancel, Wrong string
	Day, At                                      ui.Field // another time
	Outcomes                                     []ui.Option
	Outcome, Does                                []string
	Category                                     ui.Field
	Complaint                                    string
	Track                                        []stepView
	Facts                                        []ui.Row
	Why, Withheld                                *ui.Why
	Talk                                         talkView
}

type giftCard struct{ Text, Undo, Key string }

type giftView struct {
	ui.Page
	Key, Action, Back, Name, Free string
	Minutes                       ui.Field
	Pending                       []giftCard
	Limits                        *ui.Why
	Faults                        []ui.Fault
	Why                           *ui.Why
}

type howView struct {
	ui.Page
	Lines []string
}
