// Package citytest gives tests a small city with all its services on a real database: Nanjing's regions, rules, courses, services and
// public hours, and small constructors for people.
//
// It must never share a city between tests, and makes people only through the use-cases that a real city uses.
package citytest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"timebank/internal/app"
	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/hours"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
	"timebank/internal/training"
)

// City is a running installation with a fake clock.
type City struct {
	*app.App
	Clock *clock.Fake
	Tree  *region.Tree

	t      testing.TB
	people int
	points int
	keys   int
}

// Each runs test in a new city on each engine.
func Each(t *testing.T, test func(t *testing.T, c *City)) {
	t.Helper()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) { test(t, New(t, engine)) })
	}
}

// New founds a city on an empty database of the engine.
func New(t testing.TB, engine store.Engine) *City {
	t.Helper()
	return NewWith(t, engine, func(*config.Config) {})
}

// NewWith is New with settings of the installation that differ from the defaults.
func NewWith(t testing.TB, engine store.Engine, set func(*config.Config)) *City {
	t.Helper()
	where := storetest.Config(t, engine)
	cfg := config.Default()
	set(&cfg)
	cfg.Data, cfg.Postgres = where.Dir, where.DSN
	if engine == store.Postgres {
		cfg.Keys.Folder, cfg.Photos = t.TempDir(), t.TempDir()
	}
	clk := clock.NewFake(storetest.Epoch)
	a, err := app.Open(t.Context(), app.Options{Config: cfg, Clock: clk, IDs: id.Seeded(1)})
	if err != nil {
		t.Fatalf("open a city: %v", err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Errorf("close the city: %v", err)
		}
	})
	if err := a.Found(t.Context(), app.Nanjing()); err != nil {
		t.Fatalf("found a city: %v", err)
	}
	tree, err := a.Regions.Today(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &City{App: a, Clock: clk, Tree: tree, t: t}
}

// Key makes an idempotency key that was not used before.
func (c *City) Key() string {
	c.keys++
	return fmt.Sprintf("key-%d", c.keys)
}

// Community finds a community by the code of its street and a number: 0 is the first.
func (c *City) Community(street string, n int) region.ID {
	c.t.Helper()
	s, ok := c.Tree.ByCode(street)
	if !ok {
		c.t.Fatalf("no street %s", street)
	}
	return c.Tree.Children(region.Administrative, s.ID)[n]
}

// Home is the community in which people live unless a test says otherwise: the first of Maigaoqiao street in Qixia district.
func (c *City) Home() region.ID { return c.Community("320113003", 0) }

// Person is somebody who can act.
type Person struct {
	ID    member.PersonID
	Actor identity.Actor
}

// IDNumber makes a valid identity number for a birthday; n makes it unique.
func IDNumber(birth clock.Day, n int) string {
	first := fmt.Sprintf("320102%s%03d", strings.ReplaceAll(string(birth), "-", ""), n%1000)
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(first[i]-'0') * w
	}
	return first + string("10X98765432"[sum%11])
}

// Person registers somebody of an age who lives in a community.
func (c *City) Person(age int, home region.ID) Person {
	c.t.Helper()
	c.people++
	birth := clock.Day(fmt.Sprintf("%04d-%02d-01", 2020-age, 1+c.people/900%9))
	point, _ := c.Tree.Point(home)
	got, err := c.Members.RegisterPersons(c.t.Context(), []member.RegisterCmd{{Actor: identity.System, Key: c.Key(), Name: "张测试",
		IDNumber: IDNumber(birth, c.people), Phone: fmt.Sprintf("138%08d", c.people), Region: home, Point: &point,
		Consents: []member.Purpose{member.PurposeIdentity, member.PurposeLocation}}})
	registered := Must(c.t, got, err)[0].Value
	return Person{ID: registered.Person, Actor: c.actor(registered.Actor)}
}

func (c *City) actor(of identity.ActorID) identity.Actor {
	c.t.Helper()
	actor, err := c.Identity.Actor(c.t.Context(), of, "test")
	if err != nil {
		c.t.Fatal(err)
	}
	return actor
}

// Must fails the test unless every command was carried out.
func Must[R any](t testing.TB, results []identity.Result[R], err error) []identity.Result[R] {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Err != nil {
			t.Fatalf("command %d: %v", i, r.Err)
		}
	}
	return results
}

// Recipient registers an old person and has the application approved. change may set what makes a key elder.
func (c *City) Recipient(age int, home region.ID, change ...func(*member.Attributes)) Person {
	c.t.Helper()
	p := c.Person(age, home)
	c.Approve(p, change...)
	return p
}

// Approve makes a person a recipient.
func (c *City) Approve(p Person, change ...func(*member.Attributes)) {
	c.t.Helper()
	var a member.Attributes
	for _, f := range change {
		f(&a)
	}
	applied, err := c.Members.ApplyRecipients(c.t.Context(), []member.ApplyRecipientCmd{{Actor: p.Actor, Key: c.Key(), Person: p.ID, Attributes: a,
		Consents: []member.Purpose{member.PurposeHealth, member.PurposeAllowance}}})
	Must(c.t, applied, err)
	reviewed, err := c.Members.ReviewRecipients(c.t.Context(), []member.ReviewRecipientCmd{{Actor: identity.System, Key: c.Key(), Person: p.ID, Approve: true}})
	Must(c.t, reviewed, err)
}

// KeyElder makes a recipient of over 80 who lives alone with no child near.
func (c *City) KeyElder(home region.ID) Person {
	return c.Recipient(85, home, func(a *member.Attributes) { a.LivesAlone = true })
}

// Volunteer registers somebody and takes it all the way to being certified.
func (c *City) Volunteer(home region.ID) Person {
	c.t.Helper()
	p := c.Person(40, home)
	c.Certify(p)
	return p
}

// Certify takes a person from the application through both reviews, the course and the exam.
func (c *City) Certify(p Person) {
	c.t.Helper()
	ctx := c.t.Context()
	applied, err := c.Members.ApplyVolunteers(ctx, []member.ApplyVolunteerCmd{{Actor: p.Actor, Key: c.Key(), Person: p.ID}})
	Must(c.t, applied, err)
	for range 2 {
		reviewed, err := c.Members.ReviewVolunteers(ctx, []member.ReviewVolunteerCmd{{Actor: identity.System, Key: c.Key(), Person: p.ID, Approve: true}})
		Must(c.t, reviewed, err)
	}
	var course training.Course
	for _, d := range training.Defaults() {
		if d.Certifies {
			course = d
		}
	}
	attended, err := c.Training.RecordAttendance(ctx, []training.RecordAttendanceCmd{{Actor: identity.System, Key: c.Key(), Volunteer: p.ID, Course: course.Code,
		Session: "test", Mode: training.Offline, Minutes: hours.Of(8 * 60), OccurredAt: c.Clock.Now()}})
	Must(c.t, attended, err)
	passed, err := c.Training.RecordExam(ctx, []training.RecordExamCmd{{Actor: identity.System, Key: c.Key(), Volunteer: p.ID, Course: course.Code, Score: 95,
		OccurredAt: c.Clock.Now()}})
	if !Must(c.t, passed, err)[0].Value.Certified {
		c.t.Fatal("a volunteer who has passed everything is not certified")
	}
}

// Staff registers somebody with a role in a place.
func (c *City) Staff(role identity.Role, place region.ID) Person {
	c.t.Helper()
	p := c.Person(35, c.Home())
	c.Appoint(p, role, place)
	p.Actor = c.actor(identity.ActorID(p.Actor.ID))
	return p
}

// Appoint gives a person a role in a place; a role at a point opens a point there.
func (c *City) Appoint(p Person, role identity.Role, place region.ID) {
	c.t.Helper()
	point := ""
	if role.AtPoint() {
		point = c.openPoint(place)
	}
	granted, err := c.Identity.GrantRoles(c.t.Context(), []identity.GrantRoleCmd{{Actor: identity.System, Key: c.Key(), To: identity.ActorID(p.Actor.ID),
		Role: role, Region: place, Point: point}})
	Must(c.t, granted, err)
}

// openPoint opens a service point in a place and returns its id.
func (c *City) openPoint(place region.ID) string {
	c.t.Helper()
	c.points++
	registered, err := c.Members.RegisterPoints(c.t.Context(), []member.RegisterPointCmd{{Actor: identity.System, Key: c.Key(),
		Name: fmt.Sprintf("测试站点%d", c.points), Kind: member.PointCommunity, Region: place}})
	return string(Must(c.t, registered, err)[0].Value)
}

// Tomorrow is ten in the morning of the next civil day.
func (c *City) Tomorrow() time.Time {
	return clock.DayOf(c.Clock.Now()).Add(1).Start().Add(10 * time.Hour)
}

// Lesson is the item that tests order unless they say otherwise: learning to use a smartphone.
const Lesson = "smartphone_lesson"

// Place orders a lesson for tomorrow morning, one more if there is one, and lets the station publish it if it has to.
func (c *City) Place(by identity.Actor, recipient Person) order.ID {
	c.t.Helper()
	placed, err := c.Orders.Place(c.t.Context(), []order.PlaceCmd{{Actor: by, Key: c.Key(), Recipient: recipient.ID, Item: Lesson, Start: c.Tomorrow(),
		Urgency: catalog.Everyday, Again: true}})
	got := Must(c.t, placed, err)[0].Value
	if got.WaitsFor == order.ForReview {
		reviewed, err := c.Orders.Review(c.t.Context(), []order.ReviewCmd{{Actor: identity.System, Key: c.Key(), Order: got.ID, Approve: true}})
		Must(c.t, reviewed, err)
	}
	return got.ID
}

// Claim lets a volunteer take an order.
func (c *City) Claim(v Person, id order.ID) {
	c.t.Helper()
	claimed, err := c.Orders.Claim(c.t.Context(), []order.ClaimCmd{{Actor: v.Actor, Key: c.Key(), Order: id}})
	Must(c.t, claimed, err)
}

// Proof is what a volunteer gives at the door: the code that the recipient told, and the place.
func (c *City) Proof(id order.ID) []order.Factor {
	c.t.Helper()
	codes, err := c.Orders.CheckCodes(c.t.Context(), []order.ID{id})
	if err != nil {
		c.t.Fatal(err)
	}
	var point region.Point
	storetest.Read(c.t, c.DB, func(tx *store.Tx) (err error) {
		point, err = order.PlaceOf(tx, id)
		return err
	})
	return []order.Factor{{Method: order.ByCode, Value: codes[id]}, {Method: order.ByPlace, Point: point}}
}

// Serve moves the clock to the order's start if that is still to come, checks the volunteer in, and out after the given minutes.
func (c *City) Serve(v Person, id order.ID, minutes int) {
	c.t.Helper()
	view, err := c.Orders.Get(c.t.Context(), identity.System, id)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.Clock.Now().Before(view.Start) {
		c.Clock.Set(view.Start)
	}
	proof := c.Proof(id)
	in, err := c.Orders.CheckIn(c.t.Context(), []order.CheckCmd{{Actor: v.Actor, Key: c.Key(), Order: id, Factors: proof}})
	Must(c.t, in, err)
	c.Clock.Advance(time.Duration(minutes) * time.Minute)
	out, err := c.Orders.CheckOut(c.t.Context(), []order.CheckCmd{{Actor: v.Actor, Key: c.Key(), Order: id, Factors: proof}})
	Must(c.t, out, err)
}

// Confirm lets somebody confirm an order.
func (c *City) Confirm(by identity.Actor, id order.ID) {
	c.t.Helper()
	confirmed, err := c.Orders.Confirm(c.t.Context(), []order.ConfirmCmd{{Actor: by, Key: c.Key(), Order: id}})
	Must(c.t, confirmed, err)
}

// Pass moves the clock and runs what has become due.
func (c *City) Pass(d time.Duration) {
	c.t.Helper()
	now := c.Clock.Advance(d)
	if _, err := c.Timers.Run(c.t.Context(), now); err != nil {
		c.t.Fatal(err)
	}
}

// Earn lets a volunteer serve a recipient for the given minutes, up to the payment.
func (c *City) Earn(v, recipient Person, minutes int) order.ID {
	c.t.Helper()
	id := c.Place(recipient.Actor, recipient)
	c.Claim(v, id)
	c.Serve(v, id, minutes)
	c.Confirm(recipient.Actor, id)
	c.Pass(25 * time.Hour)
	return id
}
