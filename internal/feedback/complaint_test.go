package feedback_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func TestAComplaintFreezesClimbsAndIsDecided(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		elder, volunteer := c.people()
		id := c.Earn(volunteer, elder, 60)
		c.wantSaved(volunteer, 60, 0)
		complaint := c.complain(elder.Actor, id).Must(t, "complain")
		c.wantState(id, order.Disputed)
		c.wantSaved(volunteer, 60, 60)
		filed := c.Clock.Now()

		board := func(level region.Level, since time.Time, within time.Duration) {
			t.Helper()
			list, err := c.Feedback.OpenComplaints(t.Context(), c.street, c.Tree.StreetOf(c.Home()))
			if err != nil || len(list) != 1 {
				t.Fatalf("the board shows %+v, %v; want one complaint", list, err)
			}
			got := list[0]
			if got.ID != complaint || got.Level != level || !got.LevelSince.Equal(since) || !got.DueAt.Equal(since.Add(within)) {
				t.Errorf("the board shows %s at the %s since %s until %s; want %s, %s, %s", got.ID, got.Level, got.LevelSince, got.DueAt, level, since, since.Add(within))
			}
			if o := c.Order(id); o.Level != order.Level(level) {
				t.Errorf("the order waits for the %s, want the %s", o.Level, level)
			}
		}
		board(region.Community, filed, 2*day)
		c.PassTo(filed.Add(2*day - time.Minute))
		board(region.Community, filed, 2*day)
		c.PassTo(filed.Add(2 * day))
		board(region.Street, filed.Add(2*day), 3*day)

		c.decide(c.manager, complaint, feedback.Release).Refused(t, "the community decides at the street's level", "identity.not_allowed")
		c.decide(c.street, complaint, "perhaps").Refused(t, "no decision", "feedback.decision_invalid")
		c.decide(c.street, "nothing", feedback.Release).Refused(t, "no complaint", "feedback.complaint_unknown")
		c.appeal(elder.Actor, complaint).Refused(t, "appeal before the decision", "feedback.not_decided_yet")
		if got := c.decide(c.street, complaint, feedback.Release).Must(t, "release"); got.Order != id || got.State != order.Settled {
			t.Errorf("released: %+v", got)
		}
		c.wantSaved(volunteer, 60, 0)
		c.decide(c.street, complaint, feedback.Reverse).Refused(t, "decide again", "feedback.decided_already")

		c.appeal(volunteer.Actor, complaint).Refused(t, "the other side appeals", "identity.not_allowed")
		if got := c.appeal(elder.Actor, complaint).Must(t, "appeal"); got != region.District {
			t.Errorf("the appeal is at the %s, want the district", got)
		}
		c.wantSaved(volunteer, 60, 60)
		board(region.District, c.Clock.Now(), 5*day)
		c.decide(c.street, complaint, feedback.Release).Refused(t, "the same level decides again", "identity.not_allowed")
		c.decide(c.district, complaint, feedback.Reverse).Must(t, "reverse")
		c.wantState(id, order.Void)
		c.wantSaved(volunteer, 0, 0)
		c.appeal(elder.Actor, complaint).Refused(t, "appeal twice", "feedback.appealed_already")
		got := c.complaint(id)
		if got.FirstDecision != feedback.Release || got.FirstBy != c.street.ID || got.Decision != feedback.Reverse || got.DecidedBy != c.district.ID || got.Level != region.District {
			t.Errorf("the complaint ended as %+v", got)
		}
		var trail []string
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			all, err := audit.Of(tx, string(complaint))
			for _, e := range all {
				trail = append(trail, e.Action)
			}
			return err
		})
		if want := []string{"feedback.complain", "feedback.escalate", "feedback.decide", "feedback.appeal", "feedback.decide"}; !slices.Equal(trail, want) {
			t.Errorf("the trail says %v, want %v", trail, want)
		}
		c.PassTo(c.Clock.Now().Add(30 * day))
	})
}

// The time to appeal runs from the decision, however long that took, and the order does not close before.
func TestTheTimeToAppealRunsFromTheDecision(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		c.Publish(`order.close_after = "72h"`)
		elder, volunteer := c.people()
		decided := func() (order.ID, feedback.ComplaintID) {
			t.Helper()
			id := c.Earn(volunteer, elder, 60)
			c.Pass(47 * time.Hour)
			complaint := c.complain(elder.Actor, id).Must(t, "complain")
			c.Pass(47 * time.Hour)
			c.decide(c.manager, complaint, feedback.Release).Must(t, "decide")
			return id, complaint
		}
		id, complaint := decided()
		c.Pass(71 * time.Hour)
		c.wantState(id, order.Settled)
		c.appeal(elder.Actor, complaint).Must(t, "an hour before the end")
		c.wantState(id, order.Disputed)
		id, complaint = decided()
		c.Pass(72 * time.Hour)
		c.appeal(elder.Actor, complaint).Refused(t, "at the end", "feedback.appeal_over")
		c.Pass(day)
		c.wantState(id, order.Closed)
	})
}

func TestTheCityIsTheLastLevel(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		elder, volunteer := c.people()
		id := c.Earn(volunteer, elder, 60)
		complaint := c.complain(elder.Actor, id).Must(t, "complain")
		c.PassTo(c.Clock.Now().Add((2 + 3 + 5 + 7 + 1) * day))
		got := c.complaint(id)
		if got.Level != region.City || !got.Open || !got.DueAt.Before(c.Clock.Now()) {
			t.Errorf("the complaint is at the %s until %s; want the city, overdue", got.Level, got.DueAt)
		}
		c.decide(c.district, complaint, feedback.Release).Refused(t, "the district decides at the city's level", "identity.not_allowed")
		c.decide(c.city, complaint, feedback.Release).Must(t, "the city decides")
		c.appeal(elder.Actor, complaint).Refused(t, "appeal to nobody", "feedback.last_level")
	})
}

// An office hands a complaint up before its clock does: with a reason that the level above reads, a clock that begins anew and the minutes frozen as
// they were, and whoever complained is told.
func TestAComplaintIsPassedUpByHand(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		elder, volunteer := c.people()
		id := c.Earn(volunteer, elder, 60)
		complaint := c.complain(elder.Actor, id).Must(t, "complain")
		up := func(by identity.Actor, reason string) citytest.Outcome[region.Level] {
			return citytest.Got(c.Feedback.PassUp(t.Context(), []feedback.PassUpCmd{{Actor: by, Key: c.Key(), Complaint: complaint, Reason: reason}}))
		}
		up(elder.Actor, "please").Refused(t, "who complained", "identity.not_allowed")
		up(c.other, "please").Refused(t, "another point", "identity.not_allowed")
		up(c.desk, " ").Refused(t, "without a reason", "feedback.pass_up_invalid")
		c.Clock.Advance(time.Hour)
		cmd := feedback.PassUpCmd{Actor: c.desk, Key: c.Key(), Complaint: complaint, Reason: "our own manager served"}
		for range 2 {
			if got := citytest.Got(c.Feedback.PassUp(t.Context(), []feedback.PassUpCmd{cmd})).Must(t, "the desk passes it up"); got != region.Street {
				t.Errorf("it is with the %s, want the street", got)
			}
		}
		got := c.complaint(id)
		if got.Level != region.Street || got.RaisedBy != c.desk.ID || got.RaisedReason != "our own manager served" || !got.LevelSince.Equal(c.Clock.Now()) || !got.DueAt.After(c.Clock.Now()) {
			t.Errorf("passed up: got %+v", got)
		}
		c.wantState(id, order.Disputed)
		c.wantSaved(volunteer, 60, 60)
		if board, err := c.Orders.Board(t.Context(), c.street, c.Tree.StreetOf(c.Home())); err != nil || board.Levels[order.Street] != 1 {
			t.Errorf("the street's board: got %v, %v, want one at its level", board.Levels, err)
		}
		c.decide(c.manager, complaint, feedback.Release).Refused(t, "the community decides what it gave away", "identity.not_allowed")
		up(c.desk, "again").Refused(t, "the desk passes on what is the street's", "identity.not_allowed")
		// The clock of the level that gave it away is over; that of the street is not.
		c.PassTo(got.DueAt.Add(-time.Minute))
		if level := c.complaint(id).Level; level != region.Street {
			t.Errorf("before its time is over the complaint is with the %s", level)
		}
		c.PassTo(got.DueAt.Add(time.Minute))
		if got = c.complaint(id); got.Level != region.District || got.RaisedReason != "" {
			t.Errorf("after the street's time: got %+v, want the district and no reason", got)
		}
		up(c.district, "the city's matter").Must(t, "the district passes it up")
		up(c.city, "higher").Refused(t, "above the city", "feedback.last_level")
		c.decide(c.city, complaint, feedback.Release).Must(t, "the city decides")
		up(c.city, "higher").Refused(t, "after the decision", "feedback.decided_already")
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			events, err := store.WaitingEvents(tx, 1000)
			told := 0
			for _, e := range events {
				if e.Topic == feedback.TopicEscalated {
					told++
				}
			}
			if told != 3 {
				t.Errorf("%d events say that it went up, want 3", told)
			}
			return err
		})
	})
}

func TestNobodyDecidesInACaseOfTheirOwn(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		elder, volunteer := c.people()
		first := c.Earn(volunteer, elder, 60)
		forElder := citytest.Got(c.Feedback.Complain(t.Context(), []feedback.ComplainCmd{{Actor: c.manager, Key: c.Key(), Order: first, For: elder.ID, Category: feedback.Conduct}})).
			Must(t, "the manager complains for the recipient")
		c.decide(c.manager, forElder, feedback.Reverse).Refused(t, "who filed it decides", "feedback.decide_own")
		// A higher level may decide before the clock runs out, but not on the appeal against itself.
		c.decide(c.city, forElder, feedback.Release).Must(t, "the city decides early")
		c.appeal(elder.Actor, forElder).Must(t, "appeal")
		c.decide(c.city, forElder, feedback.Release).Refused(t, "the same person decides again", "feedback.decide_twice")
		c.decide(c.street, forElder, feedback.Release).Must(t, "the level above the community decides")

		placed := c.Place(c.manager, elder)
		c.Claim(volunteer, placed)
		c.Serve(volunteer, placed, 60)
		own := c.complain(elder.Actor, placed).Must(t, "complain about the manager's order")
		c.decide(c.manager, own, feedback.Release).Refused(t, "who placed the order decides", "feedback.decide_own")
		c.decide(c.other, own, feedback.Release).Refused(t, "another point decides", "identity.not_allowed")
		c.decide(c.desk, own, feedback.Release).Refused(t, "the desk decides", "identity.not_allowed")
	})
}

func TestWhoMayComplainAndHowOften(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		elder, volunteer := c.people()
		daughter, stranger := c.Daughter(elder, c.Home()), c.Recipient(70, c.Home())
		id := c.Served(volunteer, elder)
		c.complain(stranger.Actor, id).Refused(t, "a stranger complains", "order.not_found")
		c.complain(c.other, id).Refused(t, "another point complains", "identity.not_allowed")
		citytest.Got(c.Feedback.Complain(t.Context(), []feedback.ComplainCmd{{Actor: c.desk, Key: c.Key(), Order: id, For: stranger.ID, Category: feedback.Poor}})).
			Refused(t, "the desk complains for a stranger", "feedback.not_a_side")
		citytest.Got(c.Feedback.Complain(t.Context(), []feedback.ComplainCmd{{Actor: c.desk, Key: c.Key(), Order: id, Category: "noise"}})).
			Refused(t, "no category", "feedback.complaint_invalid")

		cmds := []feedback.ComplainCmd{
			{Actor: daughter.Actor, Key: c.Key(), Order: id, Category: feedback.Unsafe, Words: "门没有关"},
			{Actor: volunteer.Actor, Key: c.Key(), Order: id, Category: feedback.AskedMoney},
		}
		out, err := c.Feedback.Complain(t.Context(), cmds)
		if err != nil || out[0].Err != nil || errs.CodeOf(out[1].Err) != "feedback.complaint_open" {
			t.Fatalf("two complaints about one order: got %+v, %v", out, err)
		}
		complaint := out[0].Value
		if again, err := c.Feedback.Complain(t.Context(), cmds[:1]); err != nil || !again[0].Replayed || again[0].Value != complaint {
			t.Errorf("the same command again: got %+v, %v", again, err)
		}
		if got := c.complaint(id); got.Complainant != elder.ID || got.FiledBy != daughter.Actor.ID {
			t.Errorf("the complaint is %+v", got)
		}
		for who, want := range map[*identity.Actor]string{&elder.Actor: "", &daughter.Actor: "", &c.manager: "", &c.street: "",
			&volunteer.Actor: "identity.not_allowed", &c.desk: "identity.not_allowed", &c.other: "identity.not_allowed"} {
			w, err := c.Feedback.Words(t.Context(), *who, complaint)
			if errs.CodeOf(err) != want || want == "" && w.Complaint != "门没有关" {
				t.Errorf("reading the words: got %q, %v; want %q", w.Complaint, err, want)
			}
		}
		c.decide(c.manager, complaint, feedback.Release).Must(t, "release")
		c.wantState(id, order.Confirmed)
		c.complain(elder.Actor, id).Refused(t, "complain a second time", "feedback.complained_already")
		c.complain(volunteer.Actor, id).Must(t, "the other side complains")
		c.appeal(daughter.Actor, complaint).Refused(t, "appeal beside another complaint", "feedback.complaint_open")
	})
}

func TestAComplaintBeforeThereIsAnythingToFreeze(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		elder, volunteer := c.people()
		id := c.Place(elder.Actor, elder)
		c.Claim(volunteer, id)
		complaint := c.complain(elder.Actor, id).Must(t, "complain before the visit")
		c.wantState(id, order.Accepted)
		c.decide(c.manager, complaint, feedback.Reverse).Refused(t, "reverse nothing", "feedback.nothing_to_reverse")
		c.Serve(volunteer, id, 60)
		c.Confirm(elder.Actor, id)
		c.Pass(25 * time.Hour)
		c.wantSaved(volunteer, 60, 0)
		c.decide(c.street, complaint, feedback.Reverse).Must(t, "reverse what was paid meanwhile")
		c.wantState(id, order.Void)
		c.wantSaved(volunteer, 0, 0)
		c.appeal(elder.Actor, complaint).Refused(t, "appeal against a reversal", "feedback.reversed_already")

		other := c.Place(elder.Actor, elder)
		cancelled, err := c.Orders.Cancel(t.Context(), []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: other, Reason: "family came"}})
		citytest.Must(t, cancelled, err)
		about := c.complain(elder.Actor, other).Must(t, "complain about a cancelled order")
		if got := c.decide(c.manager, about, feedback.Release).Must(t, "answer it"); got.State != order.Cancelled {
			t.Errorf("the answer left the order %s", got.State)
		}
	})
}

// What an order refuses for one command of a slice does not stop the others, and leaves nothing frozen.
func TestDecisionsOfASliceStandAlone(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		elder, volunteer := c.people()
		first, second := c.Earn(volunteer, elder, 60), c.Earn(volunteer, elder, 60)
		a, b := c.complain(elder.Actor, first).Must(t, "complain"), c.complain(elder.Actor, second).Must(t, "complain")
		cmd := func(id feedback.ComplaintID, d feedback.Decision) feedback.DecideCmd {
			return feedback.DecideCmd{Actor: c.manager, Key: c.Key(), Complaint: id, Decision: d, Reason: "heard both"}
		}
		out, err := c.Feedback.Decide(t.Context(), []feedback.DecideCmd{cmd(a, feedback.Release), cmd(b, feedback.Reverse), cmd(a, feedback.Reverse), cmd(b, "")})
		var codes []string
		for _, o := range out {
			codes = append(codes, errs.CodeOf(o.Err))
		}
		if want := []string{"", "", "feedback.decided_already", "feedback.decided_already"}; err != nil || !slices.Equal(codes, want) {
			t.Errorf("got %v, %v; want %v", codes, err, want)
		}
		c.wantState(first, order.Settled)
		c.wantState(second, order.Void)
		c.wantSaved(volunteer, 60, 0)
	})
}

// Whoever comes first, an order has one open complaint and is frozen once.
func TestComplaintsAtTheSameMoment(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		elder, volunteer := c.people()
		id := c.Earn(volunteer, elder, 60)
		actors := []identity.Actor{elder.Actor, volunteer.Actor, c.desk, c.manager}
		codes := make([]string, len(actors))
		var together sync.WaitGroup
		for i, a := range actors {
			cmd := feedback.ComplainCmd{Actor: a, Key: c.Key(), Order: id, Category: feedback.Poor}
			together.Go(func() {
				codes[i] = errs.CodeOf(citytest.Got(c.Feedback.Complain(t.Context(), []feedback.ComplainCmd{cmd})).Err)
			})
		}
		together.Wait()
		slices.Sort(codes)
		if want := []string{"", "feedback.complaint_open", "feedback.complaint_open", "feedback.complaint_open"}; !slices.Equal(codes, want) {
			t.Errorf("four complaints gave %q, want one and three refusals", codes)
		}
		c.wantState(id, order.Disputed)
		c.wantSaved(volunteer, 60, 60)
	})
}

// When the office takes the payment back while a complaint is open, the complaint can only be answered as that decided: the time cannot be released any
// more.
func TestAComplaintAboutWhatTheOfficeTookBack(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		elder, volunteer := c.people()
		id := c.Earn(volunteer, elder, 60)
		complaint := c.complain(elder.Actor, id).Must(t, "complain")
		if err := c.TakeBack(id); err != nil {
			t.Fatal(err)
		}
		c.decide(c.manager, complaint, feedback.Release).Refused(t, "release what is gone", "order.taken_back")
		c.Pass(time.Minute)
		c.wantState(id, order.Void)
		c.decide(c.manager, complaint, feedback.Release).Refused(t, "release once the order knows", "feedback.reversed_already")
		if got := c.decide(c.manager, complaint, feedback.Reverse).Must(t, "say so"); got.State != order.Void {
			t.Errorf("the answer left the order %s", got.State)
		}
		if got := c.complaint(id); got.Open || got.Decision != feedback.Reverse {
			t.Errorf("the complaint is %+v, want it answered", got)
		}
		c.wantSaved(volunteer, 0, 0)
	})
}
