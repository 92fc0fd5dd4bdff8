package desk

import (
	"slices"
	"strings"

	"timebank/internal/member"
	"timebank/internal/web/ui"
)

type lineView struct {
	Key, Action, Name, When, Area, Since, Acts, Waits, Clock string
	Tone                                                     ui.Tone
	CanPublish                                               bool
	Papers                                                   []ui.Field // documents whose numbers the review needs
}

type boardView struct {
	ui.Page
	Place  string
	Counts []ui.Link
	Others []ui.Link // what waits that is no order's next step: calls to make, complaints, applications
	Hidden string    // how many the filter hides, and why
	All    string    // address of the whole board, "" when it is shown
	Lines  []lineView
	Next   ui.Link // where to go when nothing waits
	More   string
}

// foundView is one person of a search, with the number that picks it. Who lives elsewhere has no page here: its district and the Station there stand
// instead, with the station's own Phone.
type foundView struct {
	ID                                                      member.PersonID
	Number, Href, Name, Phone, Area, Age, Standing, Station string
	Tone                                                    ui.Tone
	Twin                                                    bool // another of the list has the same name and birthday
}

// line is the person on one line of a choice.
func (f foundView) line() string {
	parts := slices.DeleteFunc([]string{f.Name, f.Age, f.Phone, f.Area, f.Station}, func(s string) bool { return s == "" })
	return strings.Join(parts, " · ")
}

type callView struct {
	ui.Page
	Who    ui.Field
	Asked  bool
	Found  []foundView
	Beyond *ui.Field // why the whole city is looked through, nil unless that is the question
}

// choiceView is one choice with the key that makes it, "" for none.
type choiceView struct {
	Key, Value, Text, Hint string
	Chosen                 bool
}

type cardView struct {
	Href, Name, When, Standing string
	Tone                       ui.Tone
}

// askView is what can be asked for, and when.
type askView struct {
	Items, Times []choiceView
	Other        choiceView
	Day, At      ui.Field
	Family       bool
	Asks         bool
}

type personView struct {
	ui.Page
	askView
	Key, Action, Name, Standing string
	Tone                        ui.Tone
	Facts                       []ui.Row
	CanAsk, CanApply, CanCard   bool
	CanFind, CanMove            bool         // look for other people, and put the home on the map
	Found                       []choiceView // what a home visit ticks, nil for who may not
	Orders                      []cardView
	More                        string
	About, Words                ui.Field // of the call that asks for the order
	Calls                       []callLine
	TakesCalls                  bool
	NoteAbout, NoteWords        ui.Field // of a call that asks for none
	Faults                      []ui.Fault
	Why, Refused                *ui.Why
}

// callLine is a call that was written down; Read is where its words are opened, "" when there are none.
type callLine struct{ Key, When, About, By, Read, Back, Order string }

type callSaidView struct {
	ui.Page
	Words, Back, BackText string
}

type revealView struct {
	ui.Page
	Back  string
	Facts []ui.Row
}

type registerView struct {
	ui.Page
	Key    string
	Fields []ui.Field
	Asks   bool
	Known  []foundView
	Faults []ui.Fault
	Why    *ui.Why
}

type applicantView struct {
	ID, Name, Href, Area, Age, Level string
	May                              bool
}

type reviewsView struct {
	ui.Page
	Key                    string
	Recipients, Volunteers []applicantView
	MoreAsk, MoreServe     string
}

// comingView is a volunteer's place on an order.
type comingView struct {
	Key, ID, Name, State, Grade, Times string
	Team                               string // in whose name
	Tone                               ui.Tone
	In, Out, NoShow                    bool
}

type candidateView struct {
	Key, ID, Name, Area, Far, Refused string
	Why                               *ui.Why
	Pick                              string    // the number that sends it
	Team                              *ui.Field // in whose name it serves, nil for who belongs to no team
}

// dutyView says whether a reason keeps this reader from saying that a service was done.
type dutyView struct {
	Text, Badge string
	Tone        ui.Tone
}

type orderView struct {
	ui.Page
	Action, Name, For, ForHref, Standing string
	Tone                                 ui.Tone
	Facts                                []ui.Row
	Why                                  *ui.Why
	Moreover, Wrote                      string // said besides a refusal, and what was written
	Frozen                               bool
	// The keys of what can be done now, "" for what cannot.
	Publish, Refuse, Escalate, Move, Cancel, Confirm, Undo, Restore, ComplainKey string
	RestoreHint                                                                  string
	Day, At                                                                      ui.Field // another time
	Papers                                                                       []ui.Field
	Outcomes                                                                     []choiceView
	Duties                                                                       []dutyView
	Complain                                                                     ui.Field
	CanDispatch                                                                  bool
	Coming                                                                       []comingView
	Candidates, Others                                                           []candidateView
	FollowUp                                                                     *followUpView
	Complaints                                                                   []complaintView
	History, Told                                                                [][]string
	Missed                                                                       bool // somebody was not reached: call
	Calls                                                                        []callLine
	NoteKey                                                                      string
	NoteAbout, NoteWords                                                         ui.Field
}

type followUpView struct {
	Key, Action, Href, For, What, When, Area, Cause, Due, Clock string
	Tone                                                        ui.Tone
	Tries                                                       int
	Category                                                    ui.Field
}

type followUpsView struct {
	ui.Page
	List []followUpView
	More string
}

type complaintView struct {
	ID, Key, Action, Href, Category, Area, Filed, Acts, Clock, Reason string
	Tone                                                              ui.Tone
	Open, CanDecide, CanRead, CanPassUp                               bool
	Raised                                                            string // why it was passed up by hand, "" when it was not
	Appeal                                                            string // key of an appeal for the person, "" when none can be made
}

type complaintsView struct {
	ui.Page
	List []complaintView
	More string
}

type complaintPageView struct {
	ui.Page
	One              complaintView
	Facts            []ui.Row
	Said, Appeal     string
	Release, Reverse string // what the decisions are called
}

type helpView struct {
	ui.Page
	Steps []ui.Row
}
