package volunteer

import "timebank/internal/web/ui"

type offerView struct {
	Action, Key, Name, Icon, When, Long, Far, Area, Urgent, Places string
	Refused                                                        string // "" when it can be taken
	Why                                                            *ui.Why
}

type hallView struct {
	ui.Page
	Count  string
	Offers []offerView
}

type cardView struct {
	Href, Name, Icon, When, Long, Area, Standing string
	Tone                                         ui.Tone
	Open                                         bool
}

type visitsView struct {
	ui.Page
	Cards []cardView
	More  string
}

type visitView struct {
	ui.Page
	Key, Action                             string
	Card                                    cardView
	Facts                                   []ui.Row
	Steps                                   []string
	Never, Word, Since                      string
	Offered, CheckIn, CheckOut, CanWithdraw bool
	Code                                    ui.Field
	Faults                                  []ui.Fault
	WhyNot, Why                             *ui.Why
}

type lineView struct {
	Day, What, Minutes, Balance, Grade, Receipt string
	In                                          bool
}

type passbookView struct {
	ui.Page
	Given, Received  string
	Stars, StarsText string
	StarsWhy         *ui.Why
	Accounts         [][]string
	Lines            []lineView
	More             string
}
