package training

import (
	"time"

	"timebank/internal/clock"
	"timebank/internal/hours"
	"timebank/internal/member"
	"timebank/internal/store"
)

// Courses returns every course by its code; there are a few dozen.
func Courses(tx *store.Tx) (map[string]Course, error) {
	all, err := store.All(tx, func(r *store.Rows) (c Course, err error) {
		var minutes int64
		err = r.Scan(&c.Code, &c.NameZH, &c.NameEN, &minutes, &c.Certifies, &c.ValidMonths)
		c.Minutes = hours.Of(minutes)
		return c, err
	}, "SELECT code, name_zh, name_en, minutes, certifies, valid_months FROM course ORDER BY code")
	if err != nil {
		return nil, err
	}
	courses := make(map[string]Course, len(all))
	for _, c := range all {
		courses[c.Code] = c
	}
	return courses, nil
}

// load fills the records with what is stored of the volunteers.
func load(tx *store.Tx, ids []member.PersonID, records map[member.PersonID]*record) error {
	_, err := store.In(tx, "SELECT volunteer, course, session, mode, minutes, occurred_at FROM attendance WHERE volunteer IN (", ids, ") ORDER BY volunteer, course, session",
		func(r *store.Rows) (none struct{}, err error) {
			var a Attendance
			var volunteer member.PersonID
			var minutes, occurred int64
			if err := r.Scan(&volunteer, &a.Course, &a.Session, &a.Mode, &minutes, &occurred); err != nil {
				return none, err
			}
			a.Minutes, a.OccurredAt = hours.Of(minutes), clock.FromMicros(occurred)
			records[volunteer].attendance = append(records[volunteer].attendance, a)
			return none, nil
		})
	if err != nil {
		return err
	}
	_, err = store.In(tx, "SELECT volunteer, course, score, occurred_at FROM exam WHERE volunteer IN (", ids, ") ORDER BY volunteer, course, occurred_at",
		func(r *store.Rows) (none struct{}, err error) {
			var e Exam
			var volunteer member.PersonID
			var occurred int64
			if err := r.Scan(&volunteer, &e.Course, &e.Score, &occurred); err != nil {
				return none, err
			}
			e.OccurredAt = clock.FromMicros(occurred)
			records[volunteer].exams = append(records[volunteer].exams, e)
			return none, nil
		})
	if err != nil {
		return err
	}
	_, err = store.In(tx, certificateColumns+"WHERE volunteer IN (", ids, ") ORDER BY volunteer, course, exam_at",
		func(r *store.Rows) (none struct{}, err error) {
			volunteer, c, err := scanCertificate(r)
			if err == nil {
				records[volunteer].certificates = append(records[volunteer].certificates, c)
			}
			return none, err
		})
	return err
}

const certificateColumns = "SELECT volunteer, course, exam_at, issued_at, valid_until FROM course_certificate "

func scanCertificate(r *store.Rows) (volunteer member.PersonID, c Certificate, err error) {
	var exam, issued int64
	var until *int64
	err = r.Scan(&volunteer, &c.Course, &exam, &issued, &until)
	c.ExamAt, c.IssuedAt = clock.FromMicros(exam), clock.FromMicros(issued)
	if until != nil {
		c.Until = clock.FromMicros(*until)
	}
	return volunteer, c, err
}

// HasAt tells which of the volunteers hold a certificate of the course that is good at a time, such as the planned beginning of a visit.
func HasAt(tx *store.Tx, ids []member.PersonID, course string, at time.Time) (map[member.PersonID]bool, error) {
	held := make(map[member.PersonID]bool, len(ids))
	_, err := store.In(tx, certificateColumns+"WHERE volunteer IN (", ids, ")", func(r *store.Rows) (none struct{}, err error) {
		volunteer, c, err := scanCertificate(r)
		if c.Course == course && c.Good(at) {
			held[volunteer] = true
		}
		return none, err
	})
	return held, err
}

// Certificates returns the certificates of a volunteer, those that have ended included.
func Certificates(tx *store.Tx, volunteer member.PersonID) ([]Certificate, error) {
	return store.All(tx, func(r *store.Rows) (Certificate, error) {
		_, c, err := scanCertificate(r)
		return c, err
	}, certificateColumns+"WHERE volunteer = $1 ORDER BY course, exam_at", string(volunteer))
}
