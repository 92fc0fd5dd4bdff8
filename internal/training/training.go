// Package training owns what volunteers have learnt: courses, attendance at sessions on site or online, exams, and the certificates of
// courses that some services ask for.
//
// Registered is not certified: a reviewed volunteer who has the hours of training and the exam score that policy asks for is certified
// here and then (through the member package, which owns the volunteer's state). A fact once recorded is never changed; the
// database refuses it. The package must never let volunteers record their own training, and never know an order.
package training

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
)

// Course is something to be learnt.
type Course struct {
	Code   string
	NameZH string
	NameEN string
	// Minutes is how much of the course must be attended for its certificate.
	Minutes hours.Minutes
	// Certifies says that its exam is the one before the first service; such a course has no certificate of its own.
	Certifies bool
	// ValidMonths is how long its certificate is good from the day of the exam; 0 means for ever.
	ValidMonths int
}

// Name returns the course's name in English for languages that begin with "en" and in Chinese for all others.
func (c Course) Name(lang string) string {
	if strings.HasPrefix(lang, "en") {
		return c.NameEN
	}
	return c.NameZH
}

// Mode says where a session was attended.
type Mode string

// The modes.
const (
	Online  Mode = "online"
	Offline Mode = "offline"
)

// Attendance is one volunteer's presence at one session of a course.
type Attendance struct {
	Course     string
	Session    string // names the session within its course: "2020-10-17 Qixia"
	Mode       Mode
	Minutes    hours.Minutes
	OccurredAt time.Time
}

// Exam is one attempt at the exam of a course, scored from 0 to 100.
type Exam struct {
	Course     string
	Score      int
	OccurredAt time.Time
}

// Certificate says that a volunteer has learnt a course.
type Certificate struct {
	Course   string
	ExamAt   time.Time // the exam that it rests on
	IssuedAt time.Time
	Until    time.Time // first moment when it is no longer good; zero when it never ends
}

// Good reports whether the certificate counts at the moment.
func (c Certificate) Good(at time.Time) bool {
	return !at.Before(c.IssuedAt) && (c.Until.IsZero() || at.Before(c.Until))
}

// until is the first moment after the last day on which a certificate is good.
func (c Course) until(exam time.Time) time.Time {
	if c.ValidMonths == 0 {
		return time.Time{}
	}
	y, m, d := exam.In(clock.Zone).Date()
	return time.Date(y, m+time.Month(c.ValidMonths), d+1, 0, 0, 0, 0, clock.Zone).UTC()
}

const (
	longestName    = 60
	longestSession = 60
	longestCourse  = 200 * 60
	longestValid   = 240
)

func (c Course) check(f *errs.Fields, path string) {
	if !validCode(c.Code) {
		f.Add(path+"code", "training.code_malformed")
	}
	for _, n := range []struct{ field, text string }{{"name_zh", c.NameZH}, {"name_en", c.NameEN}} {
		if strings.TrimSpace(n.text) == "" || !utf8.ValidString(n.text) || utf8.RuneCountInString(n.text) > longestName {
			f.Add(path+n.field, "training.name_malformed", "most", longestName)
		}
	}
	if m := c.Minutes.Int64(); m < 1 || m > longestCourse {
		f.Add(path+"minutes", "training.out_of_range", "from", 1, "to", longestCourse)
	}
	if c.ValidMonths < 0 || c.ValidMonths > longestValid {
		f.Add(path+"valid_months", "training.out_of_range", "from", 0, "to", longestValid)
	}
}

// validCode reports whether a code is 2 to 40 lower-case letters, digits and underscores that begin with a letter.
func validCode(code string) bool {
	if len(code) < 2 || len(code) > 40 || code[0] < 'a' || code[0] > 'z' {
		return false
	}
	return !strings.ContainsFunc(code, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' })
}

//go:embed data/courses.toml
var coursesTOML string

var defaults = sync.OnceValue(func() []Course {
	var file struct {
		Course []struct {
			Code, ZH, EN string
			Minutes      int64
			Certifies    bool
			ValidMonths  int `toml:"valid_months"`
		}
	}
	meta, err := toml.Decode(coursesTOML, &file)
	if err != nil {
		panic(err)
	}
	if extra := meta.Undecoded(); len(extra) > 0 {
		panic(fmt.Sprintf("training: courses.toml holds the unknown key %s", extra[0]))
	}
	courses := make([]Course, len(file.Course))
	for i, c := range file.Course {
		courses[i] = Course{c.Code, c.ZH, c.EN, hours.Of(c.Minutes), c.Certifies, c.ValidMonths}
	}
	return courses
})

// Defaults returns the courses that the default catalogue and certification need (default, nobody published them).
func Defaults() []Course { return slices.Clone(defaults()) }

var (
	errNotReviewed = errs.New(errs.Refused, "training.not_reviewed").By("record.state", "nobody")
	errOneself     = errs.New(errs.Forbidden, "training.not_for_oneself").By("identity.two_persons", "law")
	errAttended    = errs.New(errs.Conflict, "training.attended_already").By("record.once", "nobody")
	errSat         = errs.New(errs.Conflict, "training.exam_recorded_already").By("record.once", "nobody")
	errNobody      = errs.New(errs.NotFound, "training.volunteer_unknown")
)
