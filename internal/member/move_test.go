package member_test

import (
	"strings"
	"testing"

	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
	"timebank/internal/timer"
)

func TestLifeGoesOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		ctx := t.Context()
		today := clock.DayOf(clk.Now())
		tian, li := w.person("1955-01-01"), w.person("1935-01-01")
		w.certified(tian)
		where := func() region.ID { return w.volunteer(tian).Person.Region }
		move := func(from clock.Day, to region.ID) []identity.Result[identity.Nothing] {
			t.Helper()
			out, err := w.s.Move(ctx, []member.MoveCmd{{Actor: w.self(tian), Key: w.key(), Person: tian, Region: to, Address: "新街口 2 号", From: from}})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		wants(t, "yesterday", move(today.Add(-1), w.elsewhere), nil, "member.move_invalid")
		wants(t, "in a month", move(today.Add(30), w.elsewhere), nil, "")
		wants(t, "no, in a week", move(today.Add(7), w.elsewhere), nil, "")
		if where() != w.home {
			t.Error("moved before the day")
		}
		clk.Set(today.Add(7).Start())
		w.run()
		if where() != w.elsewhere {
			t.Error("not moved on the day")
		}
		wants(t, "back at once", move(today.Add(7), w.home), nil, "")
		if where() != w.home {
			t.Error("not moved at once")
		}
		stay := func() []identity.Result[identity.Nothing] {
			t.Helper()
			out, err := w.s.Stay(ctx, []member.StayCmd{{Actor: w.self(tian), Key: w.key(), Person: tian}, {Actor: w.self(li), Key: w.key(), Person: tian}})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		wants(t, "no move to take back", stay(), nil, "member.no_move_planned", "identity.not_allowed")
		wants(t, "away next week", move(today.Add(14), w.elsewhere), nil, "")
		wants(t, "not after all", stay(), nil, "", "identity.not_allowed")
		clk.Set(today.Add(14).Start())
		w.run()
		if where() != w.home {
			t.Error("moved although the move was taken back")
		}
		if _, d, err := w.s.Details(ctx, w.self(tian), tian); err != nil || d.Address.Reveal() != "新街口 2 号" {
			t.Errorf("address: got %v %v", d, err)
		}

		out, err := w.s.Correct(ctx, []member.CorrectCmd{
			{Actor: w.self(li), Key: "c1", Person: li, Phone: "13812345678", Reason: "new phone"}, {Actor: w.self(li), Key: "c2", Person: li, Name: "李四", Reason: "x"},
			{Actor: w.desk, Key: "c3", Person: li, Name: "李四", IDNumber: idNumber("1936-01-01", 777), Reason: "misread"},
			{Actor: w.desk, Key: "c4", Person: tian, IDNumber: idNumber("1936-01-01", 777), Reason: "x"}, {Actor: w.desk, Key: "c5", Person: li, Phone: "1"},
		})
		wants(t, "correct", out, err, "", "identity.not_allowed", "", "member.identity_taken", "member.person_invalid")
		if p, d, err := w.s.Details(ctx, w.self(li), li); err != nil || d.Name.Reveal() != "李四" || d.Phone.Reveal() != "13812345678" || p.Birth != "1936-01-01" {
			t.Errorf("corrected: got %+v %+v %v", p, d, err)
		}

		given, err := w.s.Consent(ctx, []member.ConsentCmd{{Actor: w.self(li), Key: "p1", Person: li, Purpose: member.PurposeCredit},
			{Actor: w.self(li), Key: "p2", Person: li, Purpose: member.PurposeIdentity, Withdraw: true}, {Actor: w.self(tian), Key: "p3", Person: li, Purpose: member.PurposeKin},
			{Actor: w.self(li), Key: "p4", Person: li, Purpose: "fun"}})
		wants(t, "consent", given, err, "", "member.consent_required", "identity.not_allowed", "member.purpose_unknown")
		now := clock.DayOf(clk.Now())
		ended, err := w.s.End(ctx, []member.EndCmd{
			{Actor: w.self(li), Key: "e1", Person: li, How: member.PersonDead, On: now, Document: "x"}, {Actor: w.manager, Key: "e2", Person: li, How: "gone", On: now.Add(1)},
			{Actor: w.manager, Key: "e3", Person: li, How: member.PersonDead, On: now, Document: "certificate 7"}, {Actor: w.self(tian), Key: "e4", Person: tian, How: member.PersonLeft, On: now},
			{Actor: w.manager, Key: "e5", Person: li, How: member.PersonDead, On: now, Document: "again"},
		})
		wants(t, "end", ended, err, "member.own_case", "member.end_invalid", "", "", "member.person_not_active")
		if v := w.volunteer(tian); v.State != member.VolunteerLeft || v.Serves(clk.Now()) {
			t.Errorf("who left still serves: %+v", v)
		}
		var heard []string
		w.timers.Handle(member.TimerEnded, func(_ *store.Tx, due []timer.Timer) ([]error, error) {
			heard = nil
			for _, d := range due {
				heard = append(heard, d.Ref+" "+d.Arg)
			}
			return make([]error, len(due)), nil
		})
		w.run()
		if want := []string{string(li) + " dead", string(tian) + " left"}; strings.Join(heard, ",") != strings.Join(want, ",") {
			t.Errorf("others heard %v, want %v", heard, want)
		}
	})
}
