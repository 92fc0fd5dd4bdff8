package httpapi_test

import (
	"regexp"
	"strings"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/print/printtest"
)

// papers is what leaves on paper and comes back by a code.
func papers(w *world) {
	home := w.Home()
	elder, volunteer := w.Recipient(83, home), w.Volunteer(home)
	desk, colleague := w.Staff(identity.PointStaff, home), w.Staff(identity.PointStaff, home)
	point := desk.Actor.Grants[0].Point
	w.Earn(volunteer, elder, 60)

	book := w.does(step{op: "print-passbook", as: &volunteer, at: []any{volunteer.ID}, body: m{"small": true}})
	code := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5}`).FindString(printtest.Text(w.t, book.raw))
	w.does(step{op: "check-proof", at: []any{code}, want: m{"true": true, "day": "2020-10-13", "minutes.minutes": 60, "reason": "service", "number": nil}})
	w.does(step{op: "check-proof", at: []any{strings.Repeat("0", 13)}, want: m{"true": false, "day": nil, "minutes": nil}})
	w.refused(step{op: "check-proof", at: []any{strings.Repeat("0", 12) + "1"}}, 422, "id.code_malformed")
	w.refused(step{op: "print-passbook", as: &elder, at: []any{volunteer.ID}, body: m{}}, 403, "identity.not_allowed")
	w.does(step{op: "print-door-card", as: &desk, at: []any{elder.ID}, rows: "signin_card+1"})

	batch := w.does(step{op: "print-slips", as: &desk, at: []any{point}, body: m{"orders": 0, "visits": 2}, rows: "slip+2 slip_batch+1"}).text("id")
	w.does(step{op: "draw-slips", as: &desk, at: []any{batch}})
	w.does(step{op: "list-slip-batches", as: &desk, at: []any{home}, want: m{"batches.0.id": batch, "batches.0.open": 2, "next": nil}})
	slips := w.does(step{op: "get-slip-batch", as: &desk, at: []any{batch}, want: m{"slips.0.kind": "visit", "slips.1.state": "open"}})
	visit, spoilt := slips.text("slips.0.code"), slips.text("slips.1.code")
	said := m{"recipient": elder.ID, "item": citytest.Lesson, "start": w.at(0, 8, 0), "minutes": m{"minutes": 45}, "volunteers": []any{volunteer.ID}, "signed": true}
	w.refused(step{op: "key-in-slip", as: &colleague, at: []any{visit}, body: said}, 403, "paper.slip_of_other_station")
	id := w.does(step{op: "key-in-slip", as: &desk, at: []any{visit}, body: said, rows: "assignment+1 evidence+2 hold+1 service_order+1"}).text("id")
	w.refused(step{op: "key-in-slip", as: &desk, at: []any{visit}, body: said}, 409, "paper.slip_used")
	w.does(step{op: "void-slip", as: &desk, at: []any{spoilt}, body: m{"reason": "torn"}})
	w.does(step{op: "get-order", as: &desk, at: []any{id}, want: m{"state": "awaiting", "assignments.0.how": "paper"}})
}
