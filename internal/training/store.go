package training

import (
	"timebank/internal/clock"
	"timebank/internal/member"
	"timebank/internal/store"
)

func saveCourses(tx *store.Tx, courses []Course) error {
	args := make([]any, 0, 7*len(courses))
	for _, c := range courses {
		certifies := int64(0)
		if c.Certifies {
			certifies = 1
		}
		args = append(args, c.Code, c.NameZH, c.NameEN, c.Minutes.Int64(), certifies, c.ValidMonths, tx.NowMicros())
	}
	_, err := tx.Insert("INSERT INTO course (code, name_zh, name_en, minutes, certifies, valid_months, recorded_at)", 7, args,
		`ON CONFLICT (code) DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en, minutes = excluded.minutes,
		certifies = excluded.certifies, valid_months = excluded.valid_months, recorded_at = excluded.recorded_at`)
	return err
}

// news is what a group of commands adds.
type news struct {
	attendance, exams, certificates []any
}

func (n *news) attend(tx *store.Tx, volunteer member.PersonID, a Attendance) {
	n.attendance = append(n.attendance, string(volunteer), a.Course, a.Session, string(a.Mode), a.Minutes.Int64(), clock.Micros(a.OccurredAt), tx.NowMicros())
}

func (n *news) sit(tx *store.Tx, volunteer member.PersonID, e Exam) {
	n.exams = append(n.exams, string(volunteer), e.Course, clock.Micros(e.OccurredAt), e.Score, tx.NowMicros())
}

func (n *news) certify(volunteer member.PersonID, c Certificate) {
	var until any
	if !c.Until.IsZero() {
		until = clock.Micros(c.Until)
	}
	n.certificates = append(n.certificates, string(volunteer), c.Course, clock.Micros(c.ExamAt), clock.Micros(c.IssuedAt), until)
}

func (n *news) save(tx *store.Tx) error {
	if _, err := tx.Insert("INSERT INTO attendance (volunteer, course, session, mode, minutes, occurred_at, recorded_at)", 7, n.attendance, ""); err != nil {
		return err
	}
	if _, err := tx.Insert("INSERT INTO exam (volunteer, course, occurred_at, score, recorded_at)", 5, n.exams, ""); err != nil {
		return err
	}
	_, err := tx.Insert("INSERT INTO course_certificate (volunteer, course, exam_at, issued_at, valid_until)", 5, n.certificates, "")
	return err
}
