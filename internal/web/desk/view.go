package desk

import "timebank/internal/web/ui"

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
	All    string // address of the whole board, "" when it is shown
	Lines  []lineView
}
