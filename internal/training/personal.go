package training

import (
	"time"

	"timebank/internal/member"
	"timebank/internal/store"
)

// Personal is everything this package stores about a volunteer, for the volunteer's own copy.
type Personal struct {
	Attendance   []PersonalAttendance  `json:"attendance"`
	Exams        []PersonalExam        `json:"exams"`
	Certificates []PersonalCertificate `json:"certificates"`
}

// PersonalAttendance is one session attended.
type PersonalAttendance struct {
	Course     string    `json:"course"`
	Session    string    `json:"session"`
	Mode       Mode      `json:"mode"`
	Minutes    int64     `json:"minutes"`
	OccurredAt time.Time `json:"occurred_at"`
}

// PersonalExam is one attempt at an exam.
type PersonalExam struct {
	Course     string    `json:"course"`
	Score      int       `json:"score"`
	OccurredAt time.Time `json:"occurred_at"`
}

// PersonalCertificate is a certificate, with its end if it has one.
type PersonalCertificate struct {
	Course   string     `json:"course"`
	IssuedAt time.Time  `json:"issued_at"`
	Until    *time.Time `json:"until,omitempty"`
}

// PersonalData gathers what is stored about a volunteer. It checks no right; the use-case that hands it out does.
func PersonalData(tx *store.Tx, who member.PersonID) (p Personal, err error) {
	records := map[member.PersonID]*record{who: {}}
	if err := load(tx, []member.PersonID{who}, records); err != nil {
		return p, err
	}
	r := records[who]
	for _, a := range r.attendance {
		p.Attendance = append(p.Attendance, PersonalAttendance{a.Course, a.Session, a.Mode, a.Minutes.Int64(), a.OccurredAt})
	}
	for _, e := range r.exams {
		p.Exams = append(p.Exams, PersonalExam(e))
	}
	for _, c := range r.certificates {
		out := PersonalCertificate{Course: c.Course, IssuedAt: c.IssuedAt}
		if !c.Until.IsZero() {
			out.Until = &c.Until
		}
		p.Certificates = append(p.Certificates, out)
	}
	return p, nil
}
