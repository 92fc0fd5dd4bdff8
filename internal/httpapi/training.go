package httpapi

import (
	"cmp"
	"context"
	"slices"
	"time"

	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/training"
)

// Course is something to be learnt.
type Course struct {
	Code        string  `json:"code" maxLength:"40"`
	NameZH      string  `json:"name_zh" maxLength:"60"`
	NameEN      string  `json:"name_en" maxLength:"100"`
	Minutes     Minutes `json:"minutes" doc:"How much of it must be attended"`
	Certifies   bool    `json:"certifies,omitempty" doc:"Its exam is the one before the first service"`
	ValidMonths int     `json:"valid_months,omitempty" minimum:"0" maximum:"240" doc:"0: for ever"`
}

// Courses are courses.
type Courses struct {
	Courses []Course `json:"courses" maxItems:"200"`
}

func (a *api) listCourses(ctx context.Context, _ *Nothing) (out Courses, err error) {
	err = a.read(ctx, func(tx *store.Tx, _ *region.Tree) error {
		all, err := training.Courses(tx)
		out.Courses = []Course{}
		for _, c := range all {
			out.Courses = append(out.Courses, Course{c.Code, c.NameZH, c.NameEN, minutesOf(c.Minutes), c.Certifies, c.ValidMonths})
		}
		slices.SortFunc(out.Courses, func(a, b Course) int { return cmp.Compare(a.Code, b.Code) })
		return err
	})
	return out, err
}

func (a *api) defineCourses(ctx context.Context, in *Take[Courses]) error {
	return a.Training.Define(ctx, training.DefineCmd{Actor: actor(ctx), Key: in.Key, Courses: each(in.Body.Courses, func(c Course) training.Course {
		return training.Course{Code: c.Code, NameZH: c.NameZH, NameEN: c.NameEN, Minutes: c.Minutes.hours(), Certifies: c.Certifies, ValidMonths: c.ValidMonths}
	})})
}

// Attendance says that a volunteer was at a session.
type Attendance struct {
	Volunteer  ID        `json:"volunteer"`
	Course     string    `json:"course" maxLength:"40"`
	Session    string    `json:"session" minLength:"1" maxLength:"60" example:"2020-10-17 Qixia" doc:"Names the session within its course"`
	Mode       string    `json:"mode" enum:"online,offline"`
	Minutes    Minutes   `json:"minutes"`
	OccurredAt time.Time `json:"occurred_at"`
}

// Progress is how far a volunteer has come.
type Progress struct {
	Attended    Minutes `json:"attended" doc:"In all courses so far"`
	Certified   bool    `json:"certified" doc:"This was what made the volunteer certified"`
	Certificate bool    `json:"certificate" doc:"This earned the course's certificate"`
}

func progressOf(p training.Progress, err error) (Progress, error) {
	return Progress{minutesOf(p.Attended), p.Certified, p.Certificate}, err
}

func (a *api) recordAttendance(ctx context.Context, in *Take[Attendance]) (Progress, error) {
	b := in.Body
	return progressOf(first(a.Training.RecordAttendance(ctx, []training.RecordAttendanceCmd{{Actor: actor(ctx), Key: in.Key, Volunteer: member.PersonID(b.Volunteer),
		Course: b.Course, Session: b.Session, Mode: training.Mode(b.Mode), Minutes: b.Minutes.hours(), OccurredAt: orZero(&b.OccurredAt)}})))
}

// Exam says what a volunteer scored.
type Exam struct {
	Volunteer  ID        `json:"volunteer"`
	Course     string    `json:"course" maxLength:"40"`
	Score      int       `json:"score" minimum:"0" maximum:"100"`
	OccurredAt time.Time `json:"occurred_at"`
}

func (a *api) recordExam(ctx context.Context, in *Take[Exam]) (Progress, error) {
	b := in.Body
	return progressOf(first(a.Training.RecordExam(ctx, []training.RecordExamCmd{{Actor: actor(ctx), Key: in.Key, Volunteer: member.PersonID(b.Volunteer),
		Course: b.Course, Score: b.Score, OccurredAt: orZero(&b.OccurredAt)}})))
}

// Certificates are what a volunteer has learnt.
type Certificates struct {
	Certificates []Certificate `json:"certificates"`
}

// Certificate says that a volunteer has learnt a course.
type Certificate struct {
	Course   string     `json:"course"`
	ExamAt   time.Time  `json:"exam_at"`
	IssuedAt time.Time  `json:"issued_at"`
	Until    *time.Time `json:"until,omitempty" doc:"First moment when it is no longer good"`
}

func (a *api) listCertificates(ctx context.Context, in *OneID) (out Certificates, err error) {
	who := member.PersonID(in.ID)
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		if err := mayRead(tx, tree, actor(ctx), identity.TrainingStudy, who, identity.MemberRead); err != nil {
			return err
		}
		all, err := training.Certificates(tx, who)
		out.Certificates = each(all, func(c training.Certificate) Certificate {
			return Certificate{c.Course, c.ExamAt, c.IssuedAt, timeOf(c.Until)}
		})
		return err
	})
	return out, err
}
