package training

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
)

// Service records training for one database. It is safe for concurrent use.
type Service struct {
	db      *store.DB
	regions *region.Service
	rules   *policy.Service
}

// New returns the service of one database.
func New(db *store.DB, regions *region.Service, rules *policy.Service) *Service {
	return &Service{db: db, regions: regions, rules: rules}
}

// DefineCmd adds courses or changes those with the same codes.
type DefineCmd struct {
	Actor   identity.Actor
	Key     string
	Courses []Course
}

// Define adds courses, or changes those with the same codes; what was learnt under them stays. It needs identity.TrainingManage for the city.
// The error is KindInvalid (training.course_invalid) with every bad field. Defining what is there already writes nothing.
func (s *Service) Define(ctx context.Context, cmd DefineCmd) error {
	call := identity.Call[DefineCmd, identity.Nothing]{
		Name: "training.define",
		Head: func(c *DefineCmd, w *canon.Writer) (identity.Actor, string) {
			w.List(len(c.Courses))
			for _, course := range c.Courses {
				w.Str(course.Code).Str(course.NameZH).Str(course.NameEN).Int(course.Minutes.Int64()).Bool(course.Certifies).Int(int64(course.ValidMonths))
			}
			return c.Actor, c.Key
		},
		Encode: identity.NoResult, Decode: identity.AsNothing,
		Run: func(tx *store.Tx, cmds []*DefineCmd, _ []*identity.Result[identity.Nothing]) error {
			for _, c := range cmds {
				if err := s.define(tx, c); err != nil {
					return err
				}
			}
			return nil
		},
	}
	_, err := call.One(ctx, s.db, cmd)
	return err
}

func (s *Service) define(tx *store.Tx, c *DefineCmd) error {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return err
	}
	if err := c.Actor.May(identity.TrainingManage, tree.City(), tree); err != nil {
		return err
	}
	var f errs.Fields
	for i, course := range c.Courses {
		path := "courses." + strconv.Itoa(i) + "."
		course.check(&f, path)
		if slices.ContainsFunc(c.Courses[:i], func(o Course) bool { return o.Code == course.Code }) {
			f.Add(path+"code", "training.listed_twice")
		}
	}
	if err := f.Err("training.course_invalid"); err != nil {
		return err
	}
	known, err := Courses(tx)
	if err != nil {
		return err
	}
	var changed []Course
	var entries []audit.Entry
	for _, course := range c.Courses {
		old, exists := known[course.Code]
		if exists && old == course {
			continue
		}
		e := audit.Entry{Actor: c.Actor.ID, Action: "training.define", Kind: "course", Ref: course.Code, After: asJSON(course), Origin: c.Actor.Origin}
		if exists {
			e.Before = asJSON(old)
		}
		changed, entries = append(changed, course), append(entries, e)
	}
	if err := saveCourses(tx, changed); err != nil {
		return err
	}
	return audit.Record(tx, entries...)
}

func asJSON(c Course) string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // a course is text and numbers
	}
	return string(b)
}

// RecordAttendanceCmd says that a volunteer was at a session.
type RecordAttendanceCmd struct {
	Actor      identity.Actor
	Key        string
	Volunteer  member.PersonID
	Course     string
	Session    string // names the session within the course; a volunteer attends one once
	Mode       Mode
	Minutes    hours.Minutes
	OccurredAt time.Time
}

// RecordExamCmd says what a volunteer scored in an exam.
type RecordExamCmd struct {
	Actor      identity.Actor
	Key        string
	Volunteer  member.PersonID
	Course     string
	Score      int // 0 to 100
	OccurredAt time.Time
}

// Progress is how far a volunteer has come by a command.
type Progress struct {
	// Attended is the time of training in all courses so far.
	Attended hours.Minutes
	// Certified is set when this command was the one after which the volunteer may serve.
	Certified bool
	// Certificate is set when this command earned the certificate of its course.
	Certificate bool
}

func (p Progress) encode() string {
	return strconv.FormatInt(p.Attended.Int64(), 10) + " " + strconv.FormatBool(p.Certified) + " " + strconv.FormatBool(p.Certificate)
}

func decode(text string) (Progress, error) {
	parts := strings.Split(text, " ")
	if len(parts) != 3 {
		return Progress{}, errs.New(errs.Internal, errs.CodeInternal)
	}
	n, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return Progress{}, err
	}
	return Progress{Attended: hours.Of(n), Certified: parts[1] == "true", Certificate: parts[2] == "true"}, nil
}

// RecordAttendance records many attendances, each as if alone: a refused one is its result's error. It needs identity.TrainingRecord where the
// volunteer is at home, and nobody records their own. Errors: KindInvalid (training.attendance_invalid) with every bad field,
// training.volunteer_unknown, training.not_reviewed, training.attended_already.
func (s *Service) RecordAttendance(ctx context.Context, cmds []RecordAttendanceCmd) ([]identity.Result[Progress], error) {
	call := identity.Call[RecordAttendanceCmd, Progress]{
		Name: "training.attend",
		Head: func(c *RecordAttendanceCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Volunteer)).Str(c.Course).Str(c.Session).Str(string(c.Mode)).Int(c.Minutes.Int64()).Time(c.OccurredAt)
			return c.Actor, c.Key
		},
		Encode: Progress.encode, Decode: decode,
		Run: func(tx *store.Tx, cmds []*RecordAttendanceCmd, out []*identity.Result[Progress]) error {
			return s.run(tx, len(cmds), func(i int) *fact {
				c := cmds[i]
				a := Attendance{c.Course, c.Session, c.Mode, c.Minutes, c.OccurredAt.UTC().Truncate(time.Microsecond)}
				return &fact{actor: c.Actor, volunteer: c.Volunteer, course: c.Course, action: "training.attend",
					after: c.Course + " " + c.Minutes.String(), out: out[i],
					check: func(courses map[string]Course, now time.Time) error { return checkAttendance(c, courses, now) },
					add:   func(r *record) error { return r.attend(a) },
					write: func(n *news) { n.attend(tx, c.Volunteer, a) }}
			})
		},
	}
	return call.Perform(ctx, s.db, cmds)
}

// RecordExam records many scores, each as if alone, and certifies the volunteers who thereby have all that policy asks for. Rights are those
// of [Service.RecordAttendance]. Errors: KindInvalid (training.exam_invalid) with every bad field, training.volunteer_unknown,
// training.not_reviewed, training.exam_recorded_already. A failed exam is recorded like a passed one.
func (s *Service) RecordExam(ctx context.Context, cmds []RecordExamCmd) ([]identity.Result[Progress], error) {
	call := identity.Call[RecordExamCmd, Progress]{
		Name: "training.exam",
		Head: func(c *RecordExamCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Volunteer)).Str(c.Course).Int(int64(c.Score)).Time(c.OccurredAt)
			return c.Actor, c.Key
		},
		Encode: Progress.encode, Decode: decode,
		Run: func(tx *store.Tx, cmds []*RecordExamCmd, out []*identity.Result[Progress]) error {
			return s.run(tx, len(cmds), func(i int) *fact {
				c := cmds[i]
				e := Exam{c.Course, c.Score, c.OccurredAt.UTC().Truncate(time.Microsecond)}
				return &fact{actor: c.Actor, volunteer: c.Volunteer, course: c.Course, action: "training.exam",
					after: c.Course + " " + strconv.Itoa(c.Score), out: out[i],
					check: func(courses map[string]Course, now time.Time) error { return checkExam(c, courses, now) },
					add:   func(r *record) error { return r.sit(e) },
					write: func(n *news) { n.sit(tx, c.Volunteer, e) }}
			})
		},
	}
	return call.Perform(ctx, s.db, cmds)
}

// fact is what attendance and exam have in common: who says what of whom, how it is checked, remembered and written.
type fact struct {
	actor         identity.Actor
	volunteer     member.PersonID
	course        string
	action, after string
	out           *identity.Result[Progress]
	check         func(courses map[string]Course, now time.Time) error
	add           func(r *record) error
	write         func(n *news)
}

// run decides facts one after another on records that are loaded once, and writes what they come to in a few statements.
func (s *Service) run(tx *store.Tx, n int, at func(i int) *fact) error {
	courses, err := Courses(tx)
	if err != nil {
		return err
	}
	facts, ids := make([]*fact, 0, n), make([]member.PersonID, 0, n)
	for i := range n {
		f := at(i)
		if f.out.Err = f.check(courses, tx.Now()); f.out.Err == nil {
			facts = append(facts, f)
			ids = append(ids, f.volunteer)
		}
	}
	slices.Sort(ids)
	known, err := records(tx, slices.Compact(ids))
	if err != nil {
		return err
	}
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return err
	}
	bars, err := s.bars(tx, tree, known)
	if err != nil {
		return err
	}
	var fresh news
	var done []*fact
	entries := make([]audit.Entry, 0, n)
	for _, f := range facts {
		r := known[f.volunteer]
		before := r.stood()
		if f.out.Err = f.admit(r, tree); f.out.Err != nil {
			continue
		}
		f.write(&fresh)
		b := bars[r.volunteer.Person.Region]
		f.out.Value = Progress{Attended: r.attended("")}
		if cert, issued := r.certificate(courses[f.course], b, tx.Now()); issued {
			fresh.certify(f.volunteer, cert)
			f.out.Value.Certificate = true
			f.after += " certificate by " + string(b.version)
		}
		if r.certified(courses, b) {
			r.volunteer.State = member.VolunteerCertified
			done = append(done, f)
			f.after += " certified by " + string(b.version)
		}
		entries = append(entries, audit.Entry{Actor: f.actor.ID, OnBehalf: f.actor.Behalf(string(f.volunteer)), Action: f.action, Kind: "volunteer", Ref: string(f.volunteer),
			Region: string(r.volunteer.Person.Region), Before: before, After: f.after, Origin: f.actor.Origin})
	}
	if err := fresh.save(tx); err != nil {
		return err
	}
	if err := audit.Record(tx, entries...); err != nil {
		return err
	}
	return certify(tx, done)
}

// stood is how far a volunteer was before a fact, as the trail says it; nothing of somebody unknown.
func (r *record) stood() string {
	if r == nil {
		return ""
	}
	return string(r.volunteer.State) + ", attended " + r.attended("").String()
}

// admit refuses a fact about nobody, about oneself, without the right, before the review, or said before.
func (f *fact) admit(r *record, tree *region.Tree) error {
	if r == nil {
		return errNobody
	}
	if err := mayRecord(f.actor, r.volunteer, tree); err != nil {
		return err
	}
	if err := mayStudy(r.volunteer); err != nil {
		return err
	}
	return f.add(r)
}
