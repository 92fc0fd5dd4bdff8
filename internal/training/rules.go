package training

import (
	"strings"
	"time"
	"unicode/utf8"

	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/member"
	"timebank/internal/policy"
)

// record is what is known of one volunteer's training: loaded once for a group of commands and grown by each of them.
type record struct {
	volunteer    member.Volunteer
	attendance   []Attendance
	exams        []Exam
	certificates []Certificate
}

// bar is what policy asks for where the volunteer is at home.
type bar struct {
	minutes hours.Minutes // volunteer.training_hours, of training in all courses
	score   int           // volunteer.exam_pass
	version policy.VersionID
}

// attended sums the minutes of a course, or of all courses for "".
func (r *record) attended(course string) hours.Minutes {
	sum := hours.Zero
	for _, a := range r.attendance {
		if course == "" || a.Course == course {
			sum = sum.Add(a.Minutes)
		}
	}
	return sum
}

// attend adds an attendance, once for a session.
func (r *record) attend(a Attendance) error {
	for _, b := range r.attendance {
		if b.Course == a.Course && b.Session == a.Session {
			return errAttended
		}
	}
	r.attendance = append(r.attendance, a)
	return nil
}

// sit adds an exam, once for a moment.
func (r *record) sit(e Exam) error {
	for _, b := range r.exams {
		if b.Course == e.Course && b.OccurredAt.Equal(e.OccurredAt) {
			return errSat
		}
	}
	r.exams = append(r.exams, e)
	return nil
}

// passed returns the latest exam of the course with at least the score.
func (r *record) passed(course string, score int) (last Exam, ok bool) {
	for _, e := range r.exams {
		if e.Course == course && e.Score >= score && (!ok || e.OccurredAt.After(last.OccurredAt)) {
			last, ok = e, true
		}
	}
	return last, ok
}

// certified decides whether the volunteer is now to be certified: reviewed, not certified yet, the hours done and the exam passed.
func (r *record) certified(courses map[string]Course, b bar) bool {
	if r.volunteer.State != member.VolunteerStudying || r.attended("").Cmp(b.minutes) < 0 {
		return false
	}
	for _, e := range r.exams {
		if courses[e.Course].Certifies && e.Score >= b.score {
			return true
		}
	}
	return false
}

// certificate decides whether a certificate of the course is now to be issued: its minutes attended, its exam passed, and no certificate
// that rests on that exam or a later one, or never ends.
func (r *record) certificate(c Course, b bar, now time.Time) (Certificate, bool) {
	exam, ok := r.passed(c.Code, b.score)
	if c.Certifies || !ok || r.attended(c.Code).Cmp(c.Minutes) < 0 {
		return Certificate{}, false
	}
	for _, old := range r.certificates {
		if old.Course == c.Code && (old.Until.IsZero() || !old.ExamAt.Before(exam.OccurredAt)) {
			return Certificate{}, false
		}
	}
	cert := Certificate{Course: c.Code, ExamAt: exam.OccurredAt, IssuedAt: now, Until: c.until(exam.OccurredAt)}
	r.certificates = append(r.certificates, cert)
	return cert, true
}

// mayStudy refuses training of volunteers whose eligibility is not reviewed yet (published: review, then study, then exam, then service).
func mayStudy(v member.Volunteer) error {
	switch v.State {
	case member.VolunteerStudying, member.VolunteerCertified, member.VolunteerSuspended:
		return nil
	}
	return errNotReviewed
}

func checkAttendance(c *RecordAttendanceCmd, courses map[string]Course, now time.Time) error {
	var f errs.Fields
	checkFact(&f, string(c.Volunteer), c.Course, c.OccurredAt, courses, now)
	if strings.TrimSpace(c.Session) == "" || !utf8.ValidString(c.Session) || utf8.RuneCountInString(c.Session) > longestSession {
		f.Add("session", "training.name_malformed", "most", longestSession)
	}
	if c.Mode != Online && c.Mode != Offline {
		f.Add("mode", "training.mode_unknown")
	}
	if m := c.Minutes.Int64(); m < 1 || m > 24*60 {
		f.Add("minutes", "training.out_of_range", "from", 1, "to", 24*60)
	}
	return f.Err("training.attendance_invalid")
}

func checkExam(c *RecordExamCmd, courses map[string]Course, now time.Time) error {
	var f errs.Fields
	checkFact(&f, string(c.Volunteer), c.Course, c.OccurredAt, courses, now)
	if c.Score < 0 || c.Score > 100 {
		f.Add("score", "training.out_of_range", "from", 0, "to", 100)
	}
	return f.Err("training.exam_invalid")
}

func checkFact(f *errs.Fields, volunteer, course string, occurred time.Time, courses map[string]Course, now time.Time) {
	if volunteer == "" {
		f.Add("volunteer", "training.volunteer_missing")
	}
	if _, known := courses[course]; !known {
		f.Add("course", "training.course_unknown")
	}
	switch {
	case occurred.IsZero():
		f.Add("occurred_at", "training.time_missing")
	case occurred.After(now):
		f.Add("occurred_at", "training.time_in_future")
	}
}
