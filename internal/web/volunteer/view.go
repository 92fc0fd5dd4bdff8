package volunteer

import (
	"timebank/internal/clock"
	"timebank/internal/web/ui"
)

type offerView struct {
	Number, Action, Key, Name, Icon, When, Long, Far, Area, Whom, Urgent, Places string
	Tone                                                                         ui.Tone // of what is urgent
	Clash                                                                        string  // warns of another visit at the time, "" for none
	Refused                                                                      string  // "" when it can be taken
	Why                                                                          *ui.Why
}

type invitationView struct {
	Action, Key, Until string
	Card               cardView
	Why                *ui.Why
}

type hallView struct {
	// As are the names in which the reader may serve, none for who belongs to no team.
	As []ui.Option
	ui.Page
	Count, Hidden, Reset, Radius, More string
	ListHref, MapHref                  string
	Fields                             []ui.Field
	Map                                *mapView // nil for the list alone
	Invitations                        []invitationView
	Offers                             []offerView
	RadiusWhy                          *ui.Why
}

type cardView struct {
	Href, Name, Icon, When, Long, Area, Standing, Clash string
	Tone                                                ui.Tone
	Open                                                bool
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
	Steps, Safety                           []string
	Outcomes, Tags, Stars                   []ui.Option
	Never, Word, Since, Rated, Complained   string
	AnswerBy                                string   // what is asked of whoever has an offered place
	Moved                                   []string // how it was moved since the volunteer said yes
	MapApp, GeoApp                          string
	Offered, CheckIn, CheckOut, CanWithdraw bool
	Rate, Trouble                           bool
	Keep                                    bool // the telephone may keep the page for today
	AddPhoto                                bool
	Photos                                  []ui.Row // what it shows, and its address
	Code, What, Words                       ui.Field
	Faults                                  []ui.Fault
	WhyNot, Why                             *ui.Why
}

type dayView struct {
	Day   clock.Day
	Name  string
	Cards []cardView
}

type cellView struct {
	Number, Visits string
	Today, Outside bool
}

type calendarView struct {
	ui.Page
	Name, Before, After, Other, OtherText, Quiet string
	Week                                         bool
	Weekdays                                     []string
	Weeks                                        [][]cellView
	Days                                         []dayView
}

type lineView struct {
	Day, What, Minutes, Balance, Grade, Receipt string
	In                                          bool
}

type pendingView struct{ What, Minutes, Due, Action, Key, ID string }

type passbookView struct {
	ui.Page
	PrintKey                                  string
	Given, Received                           string
	Stars, StarsText, StarsDone, StarsOf      string
	StarsWhy                                  *ui.Why
	CountWhy, PaysWhy, PendingWhy, AccountWhy *ui.Why
	Forecast                                  string
	ForecastWhy                               *ui.Why
	Uses                                      []ui.Link
	Pending                                   []pendingView
	Accounts                                  [][]string
	Lines                                     []lineView
	More                                      string
}

type receiptView struct {
	ui.Page
	Text, Number, File string
}

type certificateCard struct {
	Href, Name, Days, State string
	Tone                    ui.Tone
}

type certificatesView struct {
	ui.Page
	Key                           string
	Disputed                      string // how many visits a certificate leaves out now, "" for none
	Purpose, Naming, Months, Span ui.Field
	List                          []certificateCard
	More                          string
}

type certificateView struct {
	ui.Page
	// Key is that of the form that takes it back, "" when it does not hold any more.
	Key, Path, State, Text string
	Tone                   ui.Tone
	Facts                  []ui.Row
}

type giveView struct {
	ui.Page
	Key, Usable, Undo string
	// Minutes are the parts of an hour in which time is kept, from none.
	Hours, Minutes, Kin ui.Field
	Faults              []ui.Fault
	WhyNot, Why         *ui.Why
}

type stepView struct {
	Text, State string
	Tone        ui.Tone
}

type meView struct {
	Face    string // address of the own picture, "" without one
	MayShow bool   // a volunteer may show its face
	ui.Page
	Key                      string
	Way                      []stepView
	Next                     string
	Join                     bool
	Courses                  [][]string
	Quiet                    string
	From, Until              ui.Field
	OverCap, Heir            ui.Field
	Faults                   []ui.Fault
	WhyNot, WayWhy, LearnWhy *ui.Why
	OverWhy, HeirWhy         *ui.Why
}

type joinView struct {
	ui.Page
	Key     string
	Steps   []string
	Already bool
	Why     *ui.Why
}

type helpView struct {
	ui.Page
	Parts []ui.Row
}

type offlineView struct{ ui.Page }
