package httpapi_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/notary"
	"timebank/internal/order"
)

// verify checks a receipt with the log's key alone and returns the number of its leaf.
func verify(receipt []byte, key string) (int64, error) {
	p, err := notary.VerifyReceipt(receipt, key)
	return p.Index, err
}

// lesson is the body of an order for tomorrow morning, one more if there is one.
func (w *world) lesson(recipient citytest.Person) m {
	return m{"recipient": recipient.ID, "item": citytest.Lesson, "start": w.Tomorrow(), "again": true}
}

// proof is what the volunteer sends from the door.
func (w *world) proof(id string) m {
	var factors []m
	for _, f := range w.Proof(order.ID(id)) {
		one := m{"method": f.Method, "value": f.Value}
		if f.Method == order.ByPlace {
			one["point"] = m{"lat_e6": f.Point.LatE6, "lon_e6": f.Point.LonE6}
		}
		factors = append(factors, one)
	}
	return m{"factors": factors}
}

// published places an order through the API and lets the desk publish it.
func (w *world) published(recipient, desk *citytest.Person) string {
	id := w.does(step{op: "place-order", as: recipient, body: w.lesson(*recipient), rows: w.held("service_order+1")}).text("id")
	if w.does(step{op: "get-order", as: recipient, at: []any{id}}).text("waits_for") == "review" {
		w.does(step{op: "review-order", as: desk, at: []any{id}, body: m{"approve": true}, want: m{"state": "published"}})
	}
	return id
}

// held adds the hold of an order to the rows that placing it writes.
func (w *world) held(rows string) string { return "hold+1 " + rows }

// served takes an order through a visit of an hour.
func (w *world) served(id string, volunteer *citytest.Person) {
	w.does(step{op: "claim-order", as: volunteer, at: []any{id}, body: m{}, rows: "assignment+1"})
	w.Clock.Set(w.Order(order.ID(id)).Start)
	w.does(step{op: "check-in", as: volunteer, at: []any{id}, body: w.proof(id), rows: "evidence+1", want: m{"state": "in_service"}})
	w.Clock.Advance(time.Hour)
	w.does(step{op: "check-out", as: volunteer, at: []any{id}, body: w.proof(id), rows: "evidence+1", want: m{"state": "awaiting", "waits_for": "confirmation"}})
}

func orders(w *world) {
	home := w.Home()
	desk, elder, chen := w.Staff(identity.PointManager, home), w.KeyElder(home), w.Volunteer(home)
	stranger := w.Person(30, home)

	w.refused(step{op: "place-order", as: &stranger, body: w.lesson(elder)}, 403, "identity.not_allowed")
	w.refused(step{op: "place-order", as: &elder, body: m{"recipient": elder.ID, "item": citytest.Lesson, "start": "2020-10-01T03:00:00+08:00", "minutes": m{"minutes": 9000},
		"urgency": "at_once"}}, 422, "order.invalid", "minutes order.length_not_allowed", "start order.hour_not_allowed", "start order.start_in_past", "urgency order.urgency_not_offered")
	w.refused(step{op: "place-order", as: &elder, body: m{"recipient": elder.ID, "item": "none", "start": w.Tomorrow()}}, 404, "catalog.item_unknown")

	// A first order is looked at by the station.
	id := w.does(step{op: "place-order", as: &desk, body: w.lesson(elder), rows: w.held("service_order+1"), want: m{"state": "submitted", "waits_for": "review"}}).text("id")
	w.refused(step{op: "place-order", as: &elder, body: m{"recipient": elder.ID, "item": citytest.Lesson, "start": w.Tomorrow()}}, 422, "order.invalid", "again order.asked_already")
	w.refused(step{op: "claim-order", as: &chen, at: []any{id}}, 409, "order.not_published")
	w.refused(step{op: "review-order", as: &desk, at: []any{id}, body: m{"approve": false}}, 422, "order.invalid", "reason order.reason_missing")
	w.does(step{op: "review-order", as: &desk, at: []any{id}, body: m{"approve": true}, want: m{"state": "published", "waits_for": "volunteer"}})

	near := w.does(step{op: "neighbourhood", as: &chen, body: m{}, want: m{"offers.0.id": id, "offers.0.can_take": true, "offers.0.places": 1}})
	if strings.Contains(string(near.raw), string(elder.ID)) {
		w.t.Errorf("the neighbourhood names the recipient: %s", near)
	}
	w.does(step{op: "get-order", as: &chen, at: []any{id}, want: m{"exact": false, "recipient": nil, "check_code": nil}})
	w.does(step{op: "get-order", as: &elder, at: []any{id}, want: m{"exact": true, "check_code": anything, "placed_as": "station", "history.0.action": "order.place",
		"next.0.kind": "order.escalate", "why.rule": "order.funding", "funding": "[pool]"}})
	w.does(step{op: "order-place", as: &desk, at: []any{id}, want: m{"point.lat_e6": anything}})
	w.refused(step{op: "order-place", as: &stranger, at: []any{id}}, 404, "order.not_found")
	w.does(step{op: "board", as: &desk, at: []any{home}, want: m{"lines.0.id": id, "lines.0.waits_for": "volunteer", "lines.0.acts": home, "counts.0.orders": 1}})
	w.refused(step{op: "board", as: &chen, at: []any{home}}, 403, "identity.not_allowed")

	w.refused(step{op: "claim-order", as: &stranger, at: []any{id}}, 404, "order.volunteer_unknown")
	w.does(step{op: "claim-order", as: &chen, at: []any{id}, body: m{}, rows: "assignment+1", want: m{"state": "accepted", "waits_for": "service"}})
	w.refused(step{op: "claim-order", as: &chen, at: []any{id}}, 409, "order.not_published")
	w.refused(step{op: "check-in", as: &chen, at: []any{id}, body: w.proof(id)}, 422, "order.too_early")
	w.Clock.Set(w.Order(order.ID(id)).Start)
	w.refused(step{op: "check-in", as: &chen, at: []any{id}, body: m{"factors": []m{{"method": "code", "value": "x"}, {"method": "call_back"}}}}, 422, "order.evidence_invalid",
		"factors.0.value order.code_wrong", "factors.1.method order.method_of_station")
	w.refused(step{op: "check-in", as: &chen, at: []any{id}, body: m{"factors": []m{{"method": "code", "value": w.Order(order.ID(id)).CheckCode}}}}, 422, "order.too_few_factors")
	w.does(step{op: "check-in", as: &chen, at: []any{id}, body: w.proof(id), rows: "evidence+1", want: m{"state": "in_service"}})
	w.refused(step{op: "cancel-order", as: &elder, at: []any{id}}, 422, "order.invalid", "reason order.reason_missing")
	w.refused(step{op: "cancel-order", as: &elder, at: []any{id}, body: m{"reason": "x"}}, 409, "order.not_cancellable")
	w.Clock.Advance(time.Hour)
	w.does(step{op: "check-out", as: &chen, at: []any{id}, body: w.proof(id), rows: "evidence+1", want: m{"state": "awaiting"}})
	// Who placed an order does not confirm it.
	w.refused(step{op: "confirm-order", as: &desk, at: []any{id}}, 403, "order.confirm_own_proxy")
	w.refused(step{op: "confirm-order", as: &chen, at: []any{id}}, 403, "identity.not_allowed")
	w.does(step{op: "confirm-order", as: &elder, at: []any{id}, body: m{"outcomes": []string{}}, rows: "evidence+1", want: m{"state": "confirmed", "waits_for": "credit"}})
	w.does(step{op: "undo-confirm", as: &elder, at: []any{id}, want: m{"state": "awaiting"}})
	w.does(step{op: "confirm-order", as: &elder, at: []any{id}, body: m{}, rows: "evidence+1"})
	w.Clock.Advance(time.Hour)
	w.refused(step{op: "undo-confirm", as: &elder, at: []any{id}}, 422, "order.undo_over")
	w.Pass(25 * time.Hour)
	w.does(step{op: "get-order", as: &chen, at: []any{id}, want: m{"state": "settled", "confirmed_by": "recipient", "assignments.0.minutes.minutes": 60, "assignments.0.grade": "both",
		"transaction": anything}})
	w.does(step{op: "balances", as: &chen, at: []any{chen.ID}, want: m{"given.minutes": 60, "accounts.0.class": "saved", "accounts.0.available.minutes": 60}})
	w.does(step{op: "list-orders", as: &chen, at: []any{chen.ID}, query: "as=volunteer", want: m{"orders.0.id": id, "next": nil}})
	w.does(step{op: "list-orders", as: &elder, at: []any{elder.ID}, query: "open=true", want: m{"orders": "[]"}})
	w.does(step{op: "list-orders", as: &stranger, at: []any{elder.ID}, want: m{"orders": "[]"}})
	w.refused(step{op: "get-order", as: &stranger, at: []any{id}}, 404, "order.not_found")
}

// aside are the ways that lead away from a paid service.
func aside(w *world) {
	home := w.Home()
	desk, elder, chen, wang := w.Staff(identity.PointManager, home), w.KeyElder(home), w.Volunteer(home), w.Volunteer(home)
	office := w.Staff(identity.Administrator, w.Tree.City())
	reviewer := w.Staff(identity.Reviewer, w.Tree.StreetOf(home))

	id := w.published(&elder, &desk)
	w.does(step{op: "dispatch-order", as: &desk, at: []any{id}, body: m{"volunteer": chen.ID}, rows: "assignment+1"})
	w.refused(step{op: "answer-order", as: &wang, at: []any{id}, body: m{"accept": true}}, 403, "order.not_offered")
	w.does(step{op: "answer-order", as: &chen, at: []any{id}, body: m{"accept": true}, want: m{"state": "accepted"}})
	// A visit that is moved asks whoever was coming again.
	w.refused(step{op: "reschedule-order", as: &chen, at: []any{id}, body: m{"start": w.at(2, 10, 0)}}, 403, "identity.not_allowed")
	w.refused(step{op: "reschedule-order", as: &elder, at: []any{id}, body: m{"start": w.at(2, 3, 0)}}, 422, "order.invalid", "start order.hour_not_allowed")
	w.does(step{op: "reschedule-order", as: &elder, at: []any{id}, body: m{"start": w.at(2, 10, 0)}, want: m{"state": "published", "waits_for": "volunteer"}})
	w.does(step{op: "answer-order", as: &chen, at: []any{id}, body: m{"accept": true}, want: m{"state": "accepted"}})
	w.does(step{op: "reschedule-order", as: &desk, at: []any{id}, body: m{"start": w.at(1, 10, 0)}, want: m{"state": "published"}})
	w.does(step{op: "answer-order", as: &chen, at: []any{id}, body: m{"accept": true}, want: m{"state": "accepted"}})
	w.does(step{op: "withdraw-from-order", as: &chen, at: []any{id}, body: m{"reason": "ill"}, want: m{"state": "published"}})
	w.does(step{op: "claim-order", as: &wang, at: []any{id}, body: m{}, rows: "assignment+1"})
	w.refused(step{op: "no-show", as: &elder, at: []any{id}, body: m{"volunteer": wang.ID}}, 422, "order.not_started")
	w.Clock.Set(w.Order(order.ID(id)).Start.Add(time.Hour))
	w.does(step{op: "no-show", as: &elder, at: []any{id}, body: m{"volunteer": wang.ID}, want: m{"state": "published"}})
	w.does(step{op: "escalate-order", as: &desk, at: []any{id}, body: m{"reason": "nobody near"}})
	w.does(step{op: "get-order", as: &elder, at: []any{id}, want: m{"level": "street"}})
	w.refused(step{op: "cancel-order", as: &chen, at: []any{id}}, 403, "identity.not_allowed")
	w.does(step{op: "cancel-order", as: &elder, at: []any{id}, body: m{"reason": "well again"}, rows: "hold-1", want: m{"state": "cancelled"}})

	paid := w.published(&elder, &desk)
	w.served(paid, &chen)
	w.does(step{op: "confirm-order", as: &elder, at: []any{paid}, body: m{}, rows: "evidence+1"})
	w.does(step{op: "dispute-order", as: &elder, at: []any{paid}, body: m{"reason": "too short"}, want: m{"state": "disputed", "waits_for": "decision"}})
	w.refused(step{op: "decide-order", as: &elder, at: []any{paid}, body: m{"uphold": true, "reason": "x"}}, 403, "identity.not_allowed")
	w.does(step{op: "decide-order", as: &reviewer, at: []any{paid}, body: m{"uphold": true, "reason": "the volunteer was there"}})

	back := w.published(&elder, &desk)
	w.does(step{op: "claim-order", as: &wang, at: []any{back}, body: m{}, rows: "assignment+1"})
	w.does(step{op: "cancel-order", as: &elder, at: []any{back}, body: m{"reason": "pressed by mistake"}, rows: "hold-1", want: m{"state": "cancelled"}})
	w.refused(step{op: "undo-cancel", as: &desk, at: []any{back}}, 403, "order.not_yours_to_undo")
	w.does(step{op: "undo-cancel", as: &elder, at: []any{back}, rows: "hold+1", want: m{"state": "accepted"}})

	fund := w.published(&elder, &desk)
	for range 4 {
		w.does(step{op: "escalate-order", as: &desk, at: []any{fund}, body: m{"reason": "nobody near"}})
	}
	w.does(step{op: "get-order", as: &elder, at: []any{fund}, want: m{"level": "fund", "state": "fund", "waits_for": "provider"}})
	w.refused(step{op: "fund-claim", as: &desk, at: []any{fund}, body: m{"provider": "p", "document": "d", "minutes": m{"minutes": 60}}}, 403, "identity.not_allowed")
	w.Clock.Set(w.Order(order.ID(fund)).Start.Add(2 * time.Hour))
	w.does(step{op: "fund-claim", as: &office, at: []any{fund}, body: m{"provider": "康养公司", "document": "F-1", "minutes": m{"minutes": 60}},
		rows: "fund_claim+1 hold-1 ledger_entry+1 ledger_tx+1", want: m{"state": "settled"}})
}

func feedbacks(w *world) {
	home := w.Home()
	desk, elder, chen := w.Staff(identity.PointManager, home), w.KeyElder(home), w.Volunteer(home)
	street := w.Staff(identity.Reviewer, w.Tree.StreetOf(home))
	stranger := w.Person(30, home)
	id := w.published(&elder, &desk)
	w.refused(step{op: "rate", as: &elder, at: []any{id}, body: m{"of": chen.ID, "stars": 5}}, 409, "feedback.not_served_yet")
	w.served(id, &chen)
	w.does(step{op: "confirm-order", as: &elder, at: []any{id}, body: m{}, rows: "evidence+1"})
	w.does(step{op: "rate", as: &elder, at: []any{id}, body: m{"of": chen.ID, "stars": 5, "tags": []string{"kind"}, "words": "很耐心"}, rows: "rating+1"})
	w.refused(step{op: "rate", as: &elder, at: []any{id}, body: m{"of": chen.ID, "stars": 4}}, 409, "feedback.rated_already")
	w.refused(step{op: "rate", as: &stranger, at: []any{id}, body: m{"of": chen.ID, "stars": 4}}, 404, "order.not_found")
	w.does(step{op: "rate", as: &chen, at: []any{id}, body: m{"of": elder.ID, "stars": 5}, rows: "rating+1"})
	w.Pass(25 * time.Hour)
	w.Pass(24 * time.Hour)
	asked := w.does(step{op: "list-follow-ups", as: &desk, at: []any{home}, want: m{"follow_ups.0.order": id, "follow_ups.0.cause": "first_visits"}})
	_ = asked
	w.does(step{op: "follow-up", as: &desk, at: []any{id}, body: m{"result": "problem", "problem": "cut_short", "words": "只来了半小时"}, rows: "complaint+1 hold+1",
		want: m{"done": true, "complaint": anything}})
	list := w.does(step{op: "list-complaints", as: &desk, at: []any{home}, want: m{"complaints.0.order": id, "complaints.0.level": "community"}})
	complaint := list.text("complaints.0.id")
	w.does(step{op: "complaint-words", as: &desk, at: []any{complaint}, want: m{"complaint": "只来了半小时"}})
	w.refused(step{op: "complaint-words", as: &chen, at: []any{complaint}}, 403, "identity.not_allowed")
	w.refused(step{op: "complain", as: &elder, at: []any{id}, body: m{"category": "cut_short"}}, 409, "feedback.complaint_open")
	w.does(step{op: "decide-complaint", as: &street, at: []any{complaint}, body: m{"decision": "release", "reason": "the phone shows a full hour"}, rows: "hold-1", want: m{"order": id}})
	w.does(step{op: "appeal", as: &elder, at: []any{complaint}, body: m{"words": "不同意"}, rows: "hold+1", want: m{"level": anything}})
	w.does(step{op: "order-feedback", as: &elder, at: []any{id}, want: m{"ratings.1.stars": 5, "follow_up.result": "problem", "complaints.0.first_decision": "release"}})
	w.refused(step{op: "order-feedback", as: &stranger, at: []any{id}}, 404, "order.not_found")
	w.does(step{op: "order-messages", as: &desk, at: []any{id}, want: m{"messages": anything}})
	w.refused(step{op: "order-messages", as: &elder, at: []any{id}}, 403, "identity.not_allowed")

	again := w.published(&elder, &desk)
	w.served(again, &chen)
	conduct := w.does(step{op: "complain", as: &elder, at: []any{again}, body: m{"category": "conduct"}, rows: "complaint+1", want: m{"id": anything}}).text("id")
	w.refused(step{op: "pass-up", as: &chen, at: []any{conduct}, body: m{"reason": "mine"}}, 403, "identity.not_allowed")
	w.does(step{op: "pass-up", as: &desk, at: []any{conduct}, body: m{"reason": "两边说法不一，请街道处理"}, want: m{"level": "street"}})
	w.does(step{op: "get-order", as: &elder, at: []any{again}, want: m{"state": "disputed"}})
}

func passbooks(w *world) {
	home := w.Home()
	desk, elder, chen := w.Staff(identity.PointManager, home), w.KeyElder(home), w.Volunteer(home)
	office, stranger := w.Staff(identity.Administrator, w.Tree.City()), w.Person(30, home)
	for range 3 {
		w.Earn(chen, elder, 60)
	}
	one := w.does(step{op: "passbook", as: &chen, at: []any{chen.ID}, query: "limit=2", want: m{"lines.0.balance.minutes": 180, "lines.1.balance.minutes": 120,
		"lines.0.minutes.minutes": 60, "lines.0.grade": "both", "lines.2": nil, "next": anything}})
	w.does(step{op: "passbook", as: &chen, at: []any{chen.ID}, query: "limit=2&after=" + one.text("next"), want: m{"lines.0.balance.minutes": 60, "next": nil}})
	w.does(step{op: "passbook", as: &desk, at: []any{chen.ID}, want: m{"owner": chen.ID}})
	w.refused(step{op: "passbook", as: &stranger, at: []any{chen.ID}}, 403, "identity.not_allowed")
	w.refused(step{op: "passbook", as: &chen, at: []any{chen.ID}, query: "after=x"}, 422, "api.input_invalid", "query.after api.cursor_unknown")
	w.refused(step{op: "list-orders", as: &chen, at: []any{chen.ID}, query: "after=" + one.text("next")}, 422, "api.input_invalid", "query.after api.cursor_unknown")
	w.refused(step{op: "passbook", as: &chen, at: []any{chen.ID}, query: "limit=0"}, 422, "api.input_invalid", "query.limit api.too_small")

	text := w.does(step{op: "passbook-csv", as: &chen, at: []any{chen.ID}})
	body, marked := bytes.CutPrefix(text.raw, []byte("\ufeff"))
	lines, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil || !marked || len(lines) != 4 || lines[0][0] != "日期" || lines[1][4] != "60" || !strings.HasPrefix(text.header.Get("Content-Type"), "text/csv") {
		w.t.Errorf("csv: %v %q %v", err, text.raw, text.header)
	}
	book, err := excelize.OpenReader(bytes.NewReader(w.does(step{op: "passbook-xlsx", as: &chen, at: []any{chen.ID}}).raw))
	if err != nil {
		w.t.Fatalf("xlsx: %v", err)
	}
	if rows, err := book.GetRows(book.GetSheetName(0)); err != nil || len(rows) != 4 || rows[1][4] != "60" {
		w.t.Errorf("xlsx: %v %v", rows, err)
	}
	gives(w, &chen, &elder)
	two(w, &chen, &office)
	closes(w, &elder, &office)
	w.does(step{op: "clearing", as: &office, query: "from=2020-01-01&to=2030-01-01", want: m{"cells.0.services": 4, "cells.0.minutes.minutes": 240, "cells.0.reversed.minutes": 60,
		"cells.0.payer_name": "栖霞区", "cells.0.earner_name": "栖霞区", "cells.1": nil}})
	w.refused(step{op: "clearing", as: &desk, query: "from=2020-01-01&to=2030-01-01"}, 403, "identity.not_allowed")
	w.refused(step{op: "clearing", as: &office, query: "from=yesterday&to=2030-01-01"}, 422, "api.input_invalid", "query.from api.not_a_day")
}

// gives moves a volunteer's hours by its own wish.
func gives(w *world, chen, stranger *citytest.Person) {
	mother := w.Person(70, w.Home())
	w.does(step{op: "add-kin", as: chen, at: []any{chen.ID}, body: m{"relative": mother.ID, "relation": "parent"}, rows: "kin+2"})
	w.does(step{op: "confirm-kin", as: &mother, at: []any{mother.ID, chen.ID}})
	w.refused(step{op: "transfer", as: chen, at: []any{chen.ID}, body: m{"to": stranger.ID, "minutes": m{"minutes": 30}}}, 422, "ledger.not_kin")
	w.refused(step{op: "transfer", as: chen, at: []any{chen.ID}, body: m{"to": mother.ID, "minutes": m{"minutes": 6000}}}, 422, "ledger.not_enough")
	w.refused(step{op: "transfer", as: stranger, at: []any{chen.ID}, body: m{"to": mother.ID, "minutes": m{"minutes": 30}}}, 403, "identity.not_allowed")
	gift := m{"to": mother.ID, "minutes": m{"minutes": 30}}
	back := w.does(step{op: "transfer", as: chen, at: []any{chen.ID}, body: gift, rows: "hold+1 pending_posting+1"}).text("id")
	w.does(step{op: "passbook", as: chen, at: []any{chen.ID}, want: m{"pending.0.id": back, "pending.0.out": true, "held.0.minutes.minutes": 30}})
	w.refused(step{op: "undo", as: stranger, at: []any{back}}, 409, "ledger.not_pending")
	w.does(step{op: "undo", as: chen, at: []any{back}, rows: "hold-1 pending_posting-1"})
	w.refused(step{op: "undo", as: chen, at: []any{back}}, 409, "ledger.not_pending")
	w.does(step{op: "transfer", as: chen, at: []any{chen.ID}, body: gift, rows: "hold+1 pending_posting+1"})
	w.does(step{op: "donate", as: chen, at: []any{chen.ID}, body: m{"minutes": m{"minutes": 15}}, rows: "hold+1 pending_posting+1"})
	w.Pass(25 * time.Hour)
	w.does(step{op: "balances", as: chen, at: []any{chen.ID}, want: m{"accounts.0.balance.minutes": 135, "accounts.0.held.minutes": 0}})
	w.does(step{op: "balances", as: &mother, at: []any{mother.ID}, want: m{"accounts.0.class": "donated", "accounts.0.balance.minutes": 30}})
}

// two are the acts that one person cannot do alone.
func two(w *world, chen, office *citytest.Person) {
	second := w.Staff(identity.Reviewer, w.Tree.City())
	issue := m{"class": "pool", "minutes": m{"minutes": 600}, "reason": "the year's budget"}
	w.refused(step{op: "propose-issue", as: &second, body: issue}, 403, "identity.not_allowed")
	w.refused(step{op: "propose-issue", as: office, body: m{"class": "pool", "minutes": m{"minutes": -5}, "reason": "x"}}, 422, "ledger.act_malformed")
	p := w.does(step{op: "propose-issue", as: office, body: issue, rows: "proposal+1"}).text("id")
	w.does(step{op: "get-proposal", as: &second, at: []any{p}, want: m{"action": "ledger.issue", "state": "open"}})
	w.refused(step{op: "approve-proposal", as: office, at: []any{p}}, 403, "identity.second_person_needed")
	w.does(step{op: "approve-proposal", as: &second, at: []any{p}, rows: "ledger_entry+1 ledger_tx+1", want: m{"transaction": anything}})
	w.refused(step{op: "approve-proposal", as: &second, at: []any{p}}, 409, "identity.proposal_decided")

	line := w.does(step{op: "passbook", as: chen, at: []any{chen.ID}})
	tx := ""
	for _, l := range line.get("lines").([]any) {
		if l.(m)["reason"] == "service" {
			tx = l.(m)["transaction"].(string)
		}
	}
	r := w.does(step{op: "propose-reversal", as: office, at: []any{tx}, body: m{"reason": "the visit never was"}, rows: "proposal+1"}).text("id")
	w.does(step{op: "refuse-proposal", as: office, at: []any{r}, body: m{"reason": "wrong line"}, want: m{"state": "withdrawn"}})
	r = w.does(step{op: "propose-reversal", as: office, at: []any{tx}, body: m{"reason": "the visit never was"}, rows: "proposal+1"}).text("id")
	w.refused(step{op: "refuse-proposal", as: &second, at: []any{r}}, 422, "identity.proposal_invalid", "reason identity.reason_missing")
	w.does(step{op: "approve-proposal", as: &second, at: []any{r}, rows: "ledger_entry+1 ledger_tx+1"})
	w.refused(step{op: "propose-reversal", as: office, at: []any{tx}, body: m{"reason": "again"}}, 409, "ledger.reversed_already")
	a := w.does(step{op: "propose-adjustment", as: office, body: m{"owner": chen.ID, "class": "saved", "minutes": m{"minutes": 60}, "reason": "a lost slip"}, rows: "proposal+1"}).text("id")
	w.does(step{op: "approve-proposal", as: &second, at: []any{a}, rows: "ledger_entry+2 ledger_tx+1"})
	w.does(step{op: "balances", as: chen, at: []any{chen.ID}, want: m{"accounts.0.balance.minutes": 135}})
}

// closes gives away what a person leaves behind.
func closes(w *world, elder, office *citytest.Person) {
	left := w.Volunteer(w.Home())
	w.Earn(left, *elder, 60)
	w.refused(step{op: "close-account", as: office, at: []any{left.ID}, body: m{"note": " "}}, 422, "ledger.close_invalid", "note identity.reason_missing")
	w.refused(step{op: "close-account", as: office, at: []any{left.ID}, body: m{"note": "moved abroad"}}, 409, "ledger.still_active")
	w.does(step{op: "end-person", as: &left, at: []any{left.ID}, body: m{"how": "left", "on": today(w)}})
	w.does(step{op: "close-account", as: office, at: []any{left.ID}, body: m{"note": "moved abroad"}, rows: "ledger_entry+1 ledger_tx+1"})
	w.does(step{op: "balances", as: office, at: []any{left.ID}, want: m{"accounts.0.balance.minutes": 0, "accounts.0.frozen": true}})
}
