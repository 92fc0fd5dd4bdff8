package feedback_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

const day = 24 * time.Hour

// town is a city with staff at every level above its home community.
type town struct {
	*citytest.City
	t                                            *testing.T
	desk, manager, street, district, city, other identity.Actor
}

func each(t *testing.T, test func(t *testing.T, c *town)) {
	t.Helper()
	citytest.Each(t, func(t *testing.T, city *citytest.City) {
		c := &town{City: city, t: t}
		path := c.Tree.PathIn(region.Reporting, c.Home())
		c.desk = c.Staff(identity.PointStaff, c.Home()).Actor
		c.manager = c.Staff(identity.PointManager, c.Home()).Actor
		c.street = c.Staff(identity.Reviewer, path[2]).Actor
		c.district = c.Staff(identity.Reviewer, path[1]).Actor
		c.city = c.Staff(identity.Reviewer, path[0]).Actor
		c.other = c.Staff(identity.PointManager, c.Community("320102009", 0)).Actor
		test(t, c)
	})
}

func (c *town) people() (elder, volunteer citytest.Person) {
	c.t.Helper()
	return c.Recipient(75, c.Home()), c.Volunteer(c.Home())
}

func (c *town) rate(by identity.Actor, id order.ID, of citytest.Person, stars int) citytest.Outcome[identity.Nothing] {
	return citytest.Got(c.Feedback.Rate(c.t.Context(), []feedback.RateCmd{{Actor: by, Key: c.Key(), Order: id, Of: of.ID, Stars: stars}}))
}

func (c *town) record(by identity.Actor, id order.ID, result feedback.Result, note feedback.Category) citytest.Outcome[feedback.Recorded] {
	return citytest.Got(c.Feedback.RecordFollowUp(c.t.Context(), []feedback.RecordCmd{{Actor: by, Key: c.Key(), Order: id, Result: result, Note: note}}))
}

func (c *town) complain(by identity.Actor, id order.ID) citytest.Outcome[feedback.ComplaintID] {
	return citytest.Got(c.Feedback.Complain(c.t.Context(), []feedback.ComplainCmd{{Actor: by, Key: c.Key(), Order: id, Category: feedback.CutShort,
		Words: "只来了半个小时"}}))
}

func (c *town) decide(by identity.Actor, id feedback.ComplaintID, d feedback.Decision) citytest.Outcome[feedback.Decided] {
	return citytest.Got(c.Feedback.Decide(c.t.Context(), []feedback.DecideCmd{{Actor: by, Key: c.Key(), Complaint: id, Decision: d, Reason: "asked both sides"}}))
}

func (c *town) appeal(by identity.Actor, id feedback.ComplaintID) citytest.Outcome[region.Level] {
	return citytest.Got(c.Feedback.Appeal(c.t.Context(), []feedback.AppealCmd{{Actor: by, Key: c.Key(), Complaint: id, Words: "还是不对"}}))
}

func (c *town) complaint(id order.ID) feedback.Complaint {
	c.t.Helper()
	about, err := c.Feedback.OfOrder(c.t.Context(), c.desk, id)
	if err != nil || len(about.Complaints) != 1 {
		c.t.Fatalf("the order has complaints %+v, %v; want one", about.Complaints, err)
	}
	return about.Complaints[0]
}

func (c *town) saved(p citytest.Person) (b ledger.Balance) {
	c.t.Helper()
	storetest.Read(c.t, c.DB, func(tx *store.Tx) error {
		key := ledger.Key{Owner: string(p.ID), Class: ledger.Saved}
		all, err := ledger.Balances(tx, []ledger.Key{key})
		b = all[key]
		return err
	})
	return b
}

func (c *town) wantState(id order.ID, want order.State) {
	c.t.Helper()
	if got := c.Order(id).State; got != want {
		c.t.Errorf("the order is %s, want %s", got, want)
	}
}

// wantSaved holds what a volunteer has, and how much of it is frozen, against what is wanted.
func (c *town) wantSaved(p citytest.Person, minutes, held int64) {
	c.t.Helper()
	if b := c.saved(p); b.Balance.Int64() != minutes || b.Held.Int64() != held {
		c.t.Errorf("the volunteer has %v, %v frozen; want %d and %d minutes", b.Balance, b.Held, minutes, held)
	}
}

func TestBothSidesRateOnce(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		elder, volunteer := c.people()
		daughter := c.Daughter(elder, c.Home())
		id := c.Place(elder.Actor, elder)
		c.Claim(volunteer, id)
		c.rate(elder.Actor, id, volunteer, 5).Refused(t, "rate before the service", "feedback.not_served_yet")
		c.Serve(volunteer, id, 60)

		c.rate(elder.Actor, id, volunteer, 6).Refused(t, "six stars", "feedback.rating_invalid")
		c.rate(elder.Actor, id, daughter, 5).Refused(t, "rate somebody who was not there", "feedback.not_a_side")
		c.rate(c.desk, id, volunteer, 5).Refused(t, "the desk rates", "identity.not_oneself")
		c.rate(c.desk, id, elder, 5).Refused(t, "the desk rates the recipient", "feedback.not_a_side")
		c.rate(elder.Actor, "nothing", volunteer, 5).Refused(t, "rate no order", "order.not_found")

		words := []feedback.RateCmd{
			{Actor: daughter.Actor, Key: c.Key(), Order: id, Of: volunteer.ID, Stars: 5, Tags: []feedback.Tag{feedback.TagKind, feedback.TagPunctual}, Words: "很有耐心"},
			{Actor: elder.Actor, Key: c.Key(), Order: id, Of: volunteer.ID, Stars: 1},
			{Actor: volunteer.Actor, Key: c.Key(), Order: id, Of: elder.ID, Stars: 4, Tags: []feedback.Tag{feedback.TagFriendly}},
		}
		out, err := c.Feedback.Rate(t.Context(), words)
		if err != nil || out[0].Err != nil || errs.CodeOf(out[1].Err) != "feedback.rated_already" || out[2].Err != nil {
			t.Fatalf("three ratings, the second of the same pair: got %+v, %v", out, err)
		}
		again, err := c.Feedback.Rate(t.Context(), words[:1])
		if err != nil || again[0].Err != nil || !again[0].Replayed {
			t.Errorf("the same command again: got %+v, %v; want the first result", again, err)
		}
		words[0].Words = "别的话"
		citytest.Got(c.Feedback.Rate(t.Context(), words[:1])).Refused(t, "the key with other words", "idempotency.key_reused")
		c.rate(volunteer.Actor, id, elder, 4).Refused(t, "rate the recipient again", "feedback.rated_already")

		about, err := c.Feedback.OfOrder(t.Context(), volunteer.Actor, id)
		if err != nil || len(about.Ratings) != 2 {
			t.Fatalf("feedback: got %+v, %v; want two ratings", about, err)
		}
		of := map[feedback.Direction]feedback.Rating{}
		for _, r := range about.Ratings {
			of[r.Direction] = r
		}
		got := of[feedback.OfVolunteer]
		if got.Rater != elder.ID || got.Ratee != volunteer.ID || got.Stars != 5 || !got.HasWords || got.RatedBy != daughter.Actor.ID ||
			!cmp.Equal(got.Tags, []feedback.Tag{feedback.TagKind, feedback.TagPunctual}) {
			t.Errorf("the rating of the volunteer is %+v", got)
		}
		if got := of[feedback.OfRecipient]; got.Rater != volunteer.ID || got.Ratee != elder.ID || got.Stars != 4 || got.HasWords {
			t.Errorf("the rating of the recipient is %+v", got)
		}
		said, err := c.Feedback.RatingWords(t.Context(), c.manager, id)
		if err != nil || strings.Join(said, "") != "很有耐心" {
			t.Errorf("the manager reads %q, %v", said, err)
		}
		if _, err := c.Feedback.RatingWords(t.Context(), c.other, id); errs.CodeOf(err) != "order.not_found" {
			t.Errorf("another point's manager reads words: %v", err)
		}
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			all, err := feedback.Standings(tx, []member.PersonID{elder.ID, volunteer.ID, daughter.ID})
			want := map[member.PersonID]feedback.Standing{elder.ID: {Ratings: 1, Stars: 4}, volunteer.ID: {Ratings: 1, Stars: 5}}
			if d := cmp.Diff(want, all); d != "" {
				t.Errorf("standings (-want +got):\n%s", d)
			}
			sealed, err2 := store.All(tx, func(r *store.Rows) (b []byte, err error) { return b, r.Scan(&b) }, "SELECT words FROM rating WHERE words IS NOT NULL")
			if len(sealed) != 1 || bytes.Contains(sealed[0], []byte("耐心")) {
				t.Errorf("the words stand in the database as %q", sealed)
			}
			if err == nil {
				err = err2
			}
			return err
		})
		if err := c.DB.Write(t.Context(), "test", func(tx *store.Tx) error {
			_, err := tx.Exec("UPDATE rating SET stars = 1")
			return err
		}); err == nil {
			t.Error("the database let a rating be changed")
		}
	})
}

func TestNobodyRatesAClosedOrder(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		elder, volunteer := c.people()
		id := c.Earn(volunteer, elder, 60)
		c.PassTo(c.Order(id).SettledAt.Add(30*day - time.Hour))
		c.rate(elder.Actor, id, volunteer, 5).Must(t, "rate on the last day")
		c.PassTo(c.Clock.Now().Add(time.Hour))
		c.rate(volunteer.Actor, id, elder, 5).Refused(t, "rate when the time is over", "feedback.rating_over")
		c.complain(elder.Actor, id).Refused(t, "complain when the time is over", "feedback.complaint_over")
		c.PassTo(c.Clock.Now().Add(2 * day))
		c.wantState(id, order.Closed)
		c.rate(volunteer.Actor, id, elder, 5).Refused(t, "rate a closed order", "feedback.rating_over")
	})
}

func TestTheStationAsksAboutYesterdaysVisits(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		elder, volunteer := c.people()
		var own [4]order.ID
		for i := range own {
			own[i] = c.Place(elder.Actor, elder)
			c.Claim(volunteer, own[i])
			c.PassTo(c.Order(own[i]).Start)
			c.Serve(volunteer, own[i], 60)
			c.Confirm(elder.Actor, own[i])
			c.PassTo(c.Clock.Now().Add(25 * time.Hour))
		}
		proxy := c.Place(c.desk, elder)
		c.Claim(volunteer, proxy)
		c.PassTo(c.Order(proxy).Start)
		c.Serve(volunteer, proxy, 60)
		c.Confirm(c.manager, proxy)
		c.PassTo(c.Clock.Now().Add(3 * day))

		open, err := c.Feedback.OpenFollowUps(t.Context(), c.manager, c.Home())
		if err != nil {
			t.Fatal(err)
		}
		causes := map[order.ID]feedback.Cause{}
		for _, f := range open {
			causes[f.Order] = f.Cause
			if want := f.OpenedAt.Add(2 * day); !f.DueAt.Equal(want) {
				t.Errorf("due at %s, want %s", f.DueAt, want)
			}
		}
		for i, id := range own[:3] {
			if causes[id] != feedback.CauseFirstVisits {
				t.Errorf("visit %d is asked about for %q, want as a first visit", i+1, causes[id])
			}
		}
		if causes[proxy] != feedback.CauseProxy {
			t.Errorf("the visit that the desk ordered is asked about for %q", causes[proxy])
		}
		if got := causes[own[3]]; got != "" && got != feedback.CauseSample {
			t.Errorf("the fourth visit is asked about for %q, want a sample or nothing", got)
		}
		if _, err := c.Feedback.OpenFollowUps(t.Context(), c.other, c.Home()); errs.CodeOf(err) != "identity.not_allowed" {
			t.Errorf("another point lists follow-ups: %v", err)
		}

		c.record(c.other, own[0], feedback.ResultOK, "").Refused(t, "another point records", "identity.not_allowed")
		c.record(c.desk, proxy, feedback.ResultOK, "").Refused(t, "who placed the order asks", "feedback.follow_up_own")
		if got := c.record(c.desk, own[0], feedback.ResultOK, "").Must(t, "record ok"); !got.Done || got.Complaint != "" {
			t.Errorf("ok gave %+v", got)
		}
		c.record(c.desk, own[0], feedback.ResultOK, "").Refused(t, "record it again", "feedback.followed_up_already")
		if got := c.record(c.desk, own[1], feedback.ResultUnreachable, "").Must(t, "record nobody"); !got.Done {
			t.Error("a sampled visit stays open when nobody answers")
		}
		before := c.saved(volunteer).Balance
		got := c.record(c.manager, proxy, feedback.ResultProblem, feedback.NotDone).Must(t, "record a problem")
		c.wantState(proxy, order.Disputed)
		c.wantSaved(volunteer, before.Int64(), 60)
		complaint := c.complaint(proxy)
		if complaint.ID != got.Complaint || complaint.Complainant != elder.ID || complaint.FiledBy != c.manager.ID || complaint.Category != feedback.NotDone {
			t.Errorf("the complaint is %+v", complaint)
		}
		c.record(c.manager, "nothing", feedback.ResultOK, "").Refused(t, "record about no order", "order.not_found")
		about, err := c.Feedback.OfOrder(t.Context(), elder.Actor, proxy)
		if err != nil || about.FollowUp == nil || about.FollowUp.Complaint != complaint.ID || about.FollowUp.DoneBy != c.manager.ID {
			t.Errorf("the follow-up is %+v, %v", about.FollowUp, err)
		}
	})
}

func TestAProblemThatWasComplainedAboutIsOneComplaint(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		elder, volunteer := c.people()
		first, second := c.Earn(volunteer, elder, 60), c.Earn(volunteer, elder, 60)
		c.PassTo(c.Clock.Now().Add(2 * day))
		known := c.complain(elder.Actor, first).Must(t, "complain")
		out, err := c.Feedback.RecordFollowUp(t.Context(), []feedback.RecordCmd{
			{Actor: c.desk, Key: c.Key(), Order: first, Result: feedback.ResultProblem, Note: feedback.Poor},
			{Actor: c.desk, Key: c.Key(), Order: second, Result: feedback.ResultOK},
			{Actor: c.desk, Key: c.Key(), Order: second, Result: feedback.ResultOK},
		})
		if err != nil || out[0].Err != nil || out[0].Value.Complaint != known || out[1].Err != nil || errs.CodeOf(out[2].Err) != "feedback.followed_up_already" {
			t.Errorf("got %+v, %v; want the known complaint, done, and a refusal", out, err)
		}
	})
}

// Evidence of one side never credits itself: the station asks, and then it is the station's word.
func TestAOneSidedVisitWaitsForTheStation(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		rules := append(bytes.Clone(policy.NanjingTOML()), "\n[checkin]\nmin_factors = 1\n"...)
		p, err := c.Policies.Propose(t.Context(), policy.Founder("ann"), policy.ProposeCmd{TOML: rules, Reason: "test"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Policies.Approve(t.Context(), policy.Founder("bob"), policy.DecideCmd{Proposal: p.ID, Reason: "test"}); err != nil {
			t.Fatal(err)
		}
		elder, volunteer := c.people()
		unseen := func() order.ID {
			id := c.Place(elder.Actor, elder)
			c.Claim(volunteer, id)
			c.ServeUnseen(volunteer, id, 60)
			c.PassTo(c.Clock.Now().Add(49 * time.Hour))
			if o := c.Order(id); o.State != order.Awaiting || o.WaitsFor != order.ForFollowUp {
				t.Fatalf("the order is %s and waits for %s, want awaiting the follow-up", o.State, o.WaitsFor)
			}
			return id
		}
		early := unseen()
		c.record(c.desk, early, feedback.ResultOK, "").Must(t, "record before the night has drawn it")
		c.wantState(early, order.Confirmed)

		id := unseen()
		c.PassTo(c.Clock.Now().Add(day))
		open, err := c.Feedback.OpenFollowUps(t.Context(), c.desk, c.Home())
		if err != nil || !hasCause(open, id, feedback.CauseOneSided) {
			t.Fatalf("the open follow-ups are %+v, %v; want the one-sided visit", open, err)
		}
		if got := c.record(c.desk, id, feedback.ResultUnreachable, "").Must(t, "nobody answers"); got.Done {
			t.Error("a one-sided visit is done although nobody answered")
		}
		c.PassTo(c.Clock.Now().Add(5 * day))
		c.wantState(id, order.Awaiting)
		c.record(c.street, id, feedback.ResultOK, "").Refused(t, "a reviewer confirms", "identity.not_allowed")
		c.record(c.desk, id, feedback.ResultOK, "").Must(t, "record ok")
		c.PassTo(c.Clock.Now().Add(25 * time.Hour))
		o := c.Order(id)
		if o.State != order.Settled || o.ConfirmedBy != order.ByDesk || o.Assignments[0].Grade != order.Witnessed {
			t.Errorf("the order is %s, confirmed by %q, grade %q; want settled by the station, a witness", o.State, o.ConfirmedBy, o.Assignments[0].Grade)
		}
		c.wantSaved(volunteer, 120, 0)

		wrong := unseen()
		c.record(c.desk, wrong, feedback.ResultProblem, feedback.NotDone).Must(t, "nobody came")
		c.wantState(wrong, order.Disputed)
		c.decide(c.manager, c.complaint(wrong).ID, feedback.Reverse).Must(t, "decide")
		c.wantState(wrong, order.Void)
		c.wantSaved(volunteer, 120, 0)
	})
}

// A confirmation by the station that it takes back puts the visit into its queue again: nobody else would ever ask.
func TestAFollowUpWhoseConfirmationWasUndoneIsAskedAgain(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		c.Publish(`checkin.min_factors = 1`)
		elder, volunteer := c.people()
		id := c.Place(elder.Actor, elder)
		c.Claim(volunteer, id)
		c.ServeUnseen(volunteer, id, 60)
		undo := func() {
			t.Helper()
			c.record(c.desk, id, feedback.ResultOK, "").Must(t, "record ok")
			c.wantState(id, order.Confirmed)
			citytest.Got(c.Orders.UndoConfirm(t.Context(), []order.OrderCmd{{Actor: c.desk, Key: c.Key(), Order: id}})).Must(t, "undo")
			c.record(c.desk, id, feedback.ResultOK, "").Refused(t, "while the recipient is asked", "feedback.followed_up_already")
			c.Pass(49 * time.Hour)
			if o := c.Order(id); o.WaitsFor != order.ForFollowUp {
				t.Fatalf("the order waits for %s, want the follow-up", o.WaitsFor)
			}
		}
		c.Pass(49 * time.Hour)
		undo()
		open, err := c.Feedback.OpenFollowUps(t.Context(), c.desk, c.Home())
		if err != nil || len(open) != 1 || !hasCause(open, id, feedback.CauseOneSided) || open[0].Result != "" || open[0].DoneBy != "" {
			t.Errorf("the open follow-ups are %+v, %v; want the visit as if it had never been asked about", open, err)
		}
		undo()
		one := feedback.RecordCmd{Actor: c.desk, Order: id, Result: feedback.ResultOK}
		twice := []feedback.RecordCmd{one, one}
		twice[0].Key, twice[1].Key = c.Key(), c.Key()
		out, err := c.Feedback.RecordFollowUp(t.Context(), twice)
		if err != nil || out[0].Err != nil || errs.CodeOf(out[1].Err) != "feedback.followed_up_already" {
			t.Errorf("twice at once: got %+v, %v; want once, then a refusal", out, err)
		}
		c.wantState(id, order.Confirmed)
	})
}

// Who decides on complaints does not follow visits up: what a follow-up brings about, a confirmation or a complaint in somebody's name, is the station's.
func TestAReviewerFollowsNothingUp(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		elder, volunteer := c.people()
		id := c.Place(c.desk, elder)
		c.Claim(volunteer, id)
		c.Serve(volunteer, id, 60)
		c.Confirm(elder.Actor, id)
		c.PassTo(c.Clock.Now().Add(50 * time.Hour))
		if _, err := c.Feedback.OpenFollowUps(t.Context(), c.street, c.Tree.StreetOf(c.Home())); errs.CodeOf(err) != "identity.not_allowed" {
			t.Errorf("the queue for a reviewer: got %v, want identity.not_allowed", err)
		}
		for _, result := range []feedback.Result{feedback.ResultOK, feedback.ResultUnreachable} {
			c.record(c.street, id, result, "").Refused(t, string(result), "identity.not_allowed")
		}
		c.record(c.street, id, feedback.ResultProblem, feedback.CutShort).Refused(t, "a problem", "identity.not_allowed")
		c.record(c.manager, id, feedback.ResultProblem, feedback.CutShort).Must(t, "the station")
		c.wantState(id, order.Disputed)
	})
}

func hasCause(all []feedback.FollowUp, id order.ID, cause feedback.Cause) bool {
	for _, f := range all {
		if f.Order == id && f.Cause == cause {
			return true
		}
	}
	return false
}
