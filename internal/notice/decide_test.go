package notice

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"timebank/internal/hours"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/order"
)

func TestWhoIsToldWhat(t *testing.T) {
	now := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
	kin := []watcher{{"daughter", true}, {"sister", false}}
	visit := func(state order.State, start time.Duration, change ...func(*order.Order)) *order.Order {
		o := &order.Order{State: state, Recipient: "elder", PlacedAs: order.ByStation, Start: now.Add(start),
			Assignments: []*order.Assignment{{Volunteer: "volunteer", State: order.Taken}}}
		for _, c := range change {
			c(o)
		}
		return o
	}
	is := func(state order.AssignmentState, team string, minutes int64) func(*order.Order) {
		return func(o *order.Order) {
			o.Assignments[0].State, o.Assignments[0].Team, o.Assignments[0].Credit = state, team, hours.Of(minutes)
		}
	}
	type told struct {
		Person member.PersonID
		Kind   notify.Kind
		Urgent bool
	}
	shift := func(by member.PersonID, from, to time.Duration, asked, off []member.PersonID) order.Rescheduled {
		return order.Rescheduled{By: by, From: now.Add(from), To: now.Add(to), Until: now.Add(time.Hour), Asked: asked, CalledOff: off}
	}
	const day = 24 * time.Hour
	for _, c := range []struct {
		what, topic string
		o           *order.Order
		named       []member.PersonID
		kin         []watcher
		want        []told
		move        order.Rescheduled
	}{
		{"the station asked", placed, visit(order.Published, day), nil, kin, []told{{"elder", Placed, false}}, order.Rescheduled{}},
		{"asked oneself", placed, visit(order.Published, day, func(o *order.Order) { o.PlacedAs = order.BySelf }), nil, kin, nil, order.Rescheduled{}},
		{"placed and cancelled since", placed, visit(order.Cancelled, day), nil, kin, nil, order.Rescheduled{}},
		{"offered", offered, visit(order.Published, day, is(order.Offered, "", 0)), []member.PersonID{"volunteer"}, kin, []told{{"volunteer", Offered, false}}, order.Rescheduled{}},
		{"offered for today", offered, visit(order.Published, 3*time.Hour, is(order.Offered, "", 0)), []member.PersonID{"volunteer"}, nil, []told{{"volunteer", Offered, true}}, order.Rescheduled{}},
		{"offered to another", offered, visit(order.Published, day, is(order.Offered, "", 0)), []member.PersonID{"other"}, kin, nil, order.Rescheduled{}},
		{"answered since", offered, visit(order.Accepted, day), []member.PersonID{"volunteer"}, kin, nil, order.Rescheduled{}},
		{"accepted", accepted, visit(order.Accepted, day), nil, kin, []told{{"elder", Coming, false}, {"daughter", KinComing, false}, {"sister", KinComing, false}}, order.Rescheduled{}},
		{"accepted, relatives may not see", accepted, visit(order.Accepted, day), nil, nil, []told{{"elder", Coming, false}}, order.Rescheduled{}},
		{"accepted for tonight", accepted, visit(order.Accepted, 2*time.Hour), nil, nil, []told{{"elder", Coming, true}}, order.Rescheduled{}},
		{"accepted and over", accepted, visit(order.Accepted, -time.Hour), nil, kin, nil, order.Rescheduled{}},
		{"passed up", escalated, visit(order.Published, day), nil, kin, []told{{"elder", Looking, false}}, order.Rescheduled{}},
		{"passed up again", escalated + " " + string(order.District), visit(order.Published, day), nil, kin, nil, order.Rescheduled{}},
		{"passed to the fund", escalated + " " + string(order.Fund), visit(order.AtFund, day), nil, kin, []told{{"elder", Looking, false}}, order.Rescheduled{}},
		{"passed up and taken since", escalated, visit(order.Accepted, day), nil, kin, nil, order.Rescheduled{}},
		{"to confirm", awaiting, visit(order.Awaiting, -time.Hour), nil, kin, []told{{"elder", Confirm, false}, {"daughter", KinConfirm, false}}, order.Rescheduled{}},
		{"confirmed since", awaiting, visit(order.Confirmed, -time.Hour), nil, kin, nil, order.Rescheduled{}},
		{"cancelled", cancelled, visit(order.Cancelled, day, is(order.Withdrawn, "", 0)), []member.PersonID{"volunteer"}, kin[:1],
			[]told{{"elder", Cancelled, false}, {"daughter", KinCalled, false}, {"volunteer", CalledOff, false}}, order.Rescheduled{}},
		{"cancelled and taken back", cancelled, visit(order.Published, day), nil, kin, nil, order.Rescheduled{}},
		{"paid", settled, visit(order.Settled, -day, is(order.Paid, "", 60)), nil, kin, []told{{"volunteer", Paid, false}}, order.Rescheduled{}},
		{"paid to a team", settled, visit(order.Settled, -day, is(order.Paid, "team", 60)), nil, kin, nil, order.Rescheduled{}},
		{"nothing paid", settled, visit(order.Settled, -day, is(order.Paid, "", 0)), nil, kin, nil, order.Rescheduled{}},
		{"another event", "order.disputed", visit(order.Accepted, day), nil, kin, nil, order.Rescheduled{}},
		{"moved by the station", moved, visit(order.Published, 2*day, is(order.Offered, "", 0)), nil, kin,
			[]told{{"elder", Moved, false}, {"daughter", KinMoved, false}, {"sister", KinMoved, false}, {"volunteer", MovedAsk, false}}, shift("desk", day, 2*day, []member.PersonID{"volunteer"}, nil)},
		{"moved by oneself", moved, visit(order.Published, 2*day, is(order.Offered, "", 0)), nil, nil, []told{{"volunteer", MovedAsk, false}}, shift("elder", day, 2*day, []member.PersonID{"volunteer"}, nil)},
		{"moved by a relative", moved, visit(order.Published, 2*day), nil, kin, []told{{"elder", Moved, false}, {"sister", KinMoved, false}}, shift("daughter", day, 2*day, nil, nil)},
		{"moved away from tonight", moved, visit(order.Published, day, is(order.Offered, "", 0)), nil, nil, []told{{"elder", Moved, true}, {"volunteer", MovedAsk, true}}, shift("", 2*time.Hour, day, []member.PersonID{"volunteer"}, nil)},
		{"moved and answered since", moved, visit(order.Accepted, day), nil, nil, []told{{"elder", Moved, false}}, shift("", 2*day, day, []member.PersonID{"volunteer"}, nil)},
		{"moved and moved again since", moved, visit(order.Published, 3*day, is(order.Offered, "", 0)), nil, kin, nil, shift("desk", day, 2*day, []member.PersonID{"volunteer"}, nil)},
		{"moved, and cannot come then", moved, visit(order.Published, 3*day, is(order.Withdrawn, "", 0)), nil, nil, []told{{"volunteer", CalledOff, true}}, shift("elder", time.Hour, 2*day, nil, []member.PersonID{"volunteer"})},
		{"moved and cancelled since", moved, visit(order.Cancelled, 2*day, is(order.Withdrawn, "", 0)), nil, kin, nil, shift("elder", day, 2*day, []member.PersonID{"volunteer"}, nil)},
		{"at another home", rehoused, visit(order.Published, 2*day, is(order.Offered, "", 0)), nil, kin, []told{{"volunteer", HouseAsk, false}}, shift("", 2*day, 2*day, []member.PersonID{"volunteer"}, nil)},
		{"at another home tonight", rehoused, visit(order.Published, 3*time.Hour, is(order.Offered, "", 0)), nil, kin, []told{{"volunteer", HouseAsk, true}}, shift("", 3*time.Hour, 3*time.Hour, []member.PersonID{"volunteer"}, nil)},
		{"at another home and answered since", rehoused, visit(order.Accepted, 2*day), nil, kin, nil, shift("", 2*day, 2*day, []member.PersonID{"volunteer"}, nil)},
		{"at another home and at another time since", rehoused, visit(order.Published, 3*day, is(order.Offered, "", 0)), nil, kin, nil, shift("", 2*day, 2*day, []member.PersonID{"volunteer"}, nil)},
		{"at another home, too much there", rehoused, visit(order.Published, 2*day, is(order.Withdrawn, "", 0)), nil, kin, []told{{"volunteer", CalledOff, false}}, shift("", 2*day, 2*day, nil, []member.PersonID{"volunteer"})},
	} {
		var got []told
		topic, level, _ := strings.Cut(c.topic, " ")
		if level == "" {
			level = string(order.Street)
		}
		for _, n := range decide(event{topic, c.named, order.Level(level), c.move}, c.o, c.kin, now) {
			got = append(got, told{n.Person, n.Kind, n.Urgent})
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s, want - got +:\n%s", c.what, diff)
		}
	}
}
