// Package certificate owns the certificates that volunteers take out about their own service: what one says, who may take it back, and how it
// is checked.
//
// A certificate is a statement that the city signs and the holder carries. Whoever gets it checks it with the city's public key alone; the city
// adds whether it was taken back. The package must never issue one to anybody but the person it is about, show more of a name than its holder
// chose, keep what it says in clear, or tell more about a number than whether it stands.
package certificate

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/id"
	"timebank/internal/member"
	"timebank/internal/notary"
)

// ID identifies a certificate among those of its holder; what stands on paper is its number.
type ID = id.ID[Certificate]

// KeyName is the name of the key that signs certificates, as in "<city code>.timebank/certificate".
const KeyName = "certificate"

// Purpose is what a certificate is for. It is one of a list, so that no certificate carries a story.
type Purpose string

// The purposes.
const (
	ForWork   Purpose = "work"
	ForSchool Purpose = "school"
	ForAward  Purpose = "award"
	ForMyself Purpose = "myself"
)

// Purposes are all of them, in the order in which they are offered.
var Purposes = []Purpose{ForWork, ForSchool, ForAward, ForMyself}

// Naming is how much of the holder's name a certificate shows.
type Naming string

// The ways of naming.
const (
	FullName   Naming = "full"
	MaskedName Naming = "masked"
	NoName     Naming = "none"
)

// Namings are all of them, in the order in which they are offered.
var Namings = []Naming{FullName, MaskedName, NoName}

// Months are for how long a certificate may hold, the first by itself (default, ours): long enough for an application.
var Months = []int{3, 6, 12}

// State is where a certificate stands.
type State string

// The states.
const (
	Valid   State = "valid"
	Expired State = "expired"
	Revoked State = "revoked"
	// Unknown is one whose number the book does not have, though its signature may be right: a copy of the book was lost.
	Unknown State = "unknown"
)

// Ending is why a certificate was taken back.
type Ending string

// The endings.
const (
	ByHolder Ending = "holder"
	Wrong    Ending = "wrong"  // what it says turned out to be wrong; the station's word
	Erased   Ending = "erased" // its holder's record was destroyed
)

// Certificate is one that was issued.
type Certificate struct {
	ID       ID
	Number   string
	Person   member.PersonID
	Purpose  Purpose
	Naming   Naming
	IssuedOn clock.Day
	Until    clock.Day // the last day on which it holds
	EndedAt  time.Time // zero while it was not taken back
	Ending   Ending
	sealed   []byte
}

// StateOn is where the certificate stands on a day.
func (c Certificate) StateOn(day clock.Day) State {
	switch {
	case !c.EndedAt.IsZero():
		return Revoked
	case day > c.Until:
		return Expired
	}
	return Valid
}

// Statement is what a certificate says (docs/ledger-format.md, 1.8).
type Statement struct {
	Number    string
	IssuedOn  clock.Day
	Until     clock.Day
	By        string // the city and the public name of the bank
	Name      string // as the holder chose, "" for none
	Purpose   Purpose
	From, To  clock.Day // the days of service it counts, both included
	Visits    int64
	Minutes   hours.Minutes
	Certified clock.Day // when the exam before the first service was passed, "" when it is not on record or no longer good
}

// version is the second line of a statement.
const version = "certificate 1"

// none stands where there is nothing to say, so that each statement has the same lines.
const none = "-"

func orNone[S ~string](s S) string {
	if s == "" {
		return none
	}
	return string(s)
}

// text writes the lines of a statement after the origin.
func (s Statement) text() string {
	return fmt.Sprintf("%s\nnumber %s\nissued %s\nuntil %s\nby %s\nname %s\npurpose %s\nfrom %s\nto %s\nvisits %d\nminutes %d\ncertified %s\n", version, s.Number, s.IssuedOn, s.Until,
		s.By, orNone(s.Name), s.Purpose, s.From, s.To, s.Visits, s.Minutes.Int64(), orNone(s.Certified))
}

// Read checks a certificate offline with the city's key alone and returns what it says. Whether it was taken back since only the city knows.
// Errors: those of notary.OpenStatement, and Invalid certificate.malformed.
func Read(signed []byte, verifier string) (Statement, error) {
	text, err := notary.OpenStatement(signed, verifier)
	if err != nil {
		return Statement{}, err
	}
	return parse(text)
}

var errMalformed = errs.Invalid("certificate.malformed")

// parse reads the lines in their one spelling.
func parse(text string) (s Statement, err error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	names := []string{"number", "issued", "until", "by", "name", "purpose", "from", "to", "visits", "minutes", "certified"}
	if len(lines) != len(names)+1 || lines[0] != version {
		return s, errMalformed
	}
	value := map[string]string{}
	for i, name := range names {
		v, ok := strings.CutPrefix(lines[i+1], name+" ")
		if !ok {
			return s, errMalformed
		}
		if v == none {
			v = ""
		}
		value[name] = v
	}
	visits, errVisits := strconv.ParseInt(value["visits"], 10, 64)
	minutes, errMinutes := strconv.ParseInt(value["minutes"], 10, 64)
	if errVisits != nil || errMinutes != nil {
		return s, errMalformed
	}
	m, err := hours.Try(minutes)
	if err != nil {
		return s, errMalformed.With(err)
	}
	s = Statement{Number: value["number"], IssuedOn: clock.Day(value["issued"]), Until: clock.Day(value["until"]), By: value["by"], Name: value["name"], Purpose: Purpose(value["purpose"]),
		From: clock.Day(value["from"]), To: clock.Day(value["to"]), Visits: visits, Minutes: m, Certified: clock.Day(value["certified"])}
	if s.text() != text {
		return s, errMalformed
	}
	return s, nil
}
