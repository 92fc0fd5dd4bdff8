package httpapi_test

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"timebank/internal/identity"
	"timebank/internal/notify"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// ownData is what a person may ask about its own data, and what offices do with records that are over.
func ownData(w *world) {
	home, city := w.Home(), w.Tree.City()
	desk, manager := w.Staff(identity.PointStaff, home), w.Staff(identity.PointManager, home)
	office, second := w.Staff(identity.Administrator, city), w.Staff(identity.Reviewer, city)
	li := w.Volunteer(home)

	w.does(step{op: "search-people", as: &desk, body: m{"region": home, "text": "zhang"}, want: m{"persons.0.name": "张**", "persons.0.id": anything}})
	w.refused(step{op: "search-people", as: &desk, body: m{"region": city, "text": "zhang"}}, 403, "identity.not_allowed")
	w.refused(step{op: "search-people", as: &desk, body: m{"region": home, "text": "z"}}, 422, "member.look_up_invalid", "text member.type_more")

	w.does(step{op: "list-consents", as: &li, at: []any{li.ID}, want: m{"purposes": "[identity location]"}})
	w.does(step{op: "consent", as: &li, at: []any{li.ID}, body: m{"purpose": "location", "withdraw": true}})
	w.does(step{op: "list-consents", as: &desk, at: []any{li.ID}, want: m{"purposes": "[identity]"}})

	for _, cause := range []string{"1", "2"} {
		storetest.Write(w.t, w.DB, func(tx *store.Tx) error {
			_, err := w.Notify.Tell(tx, notify.Notice{Person: li.ID, Kind: "order.coming", About: "o", Cause: cause, Urgent: true, Life: time.Hour})
			return err
		})
	}
	told := w.does(step{op: "list-notices", as: &li, at: []any{li.ID}, query: "limit=1", want: m{"notices.0.kind": "order.coming", "notices.0.channel": "sms", "notices.0.state": "waiting", "notices.1": nil, "next": anything}})
	w.refused(step{op: "list-notices", as: &li, at: []any{nothing}, query: "after=" + told.text("next")}, 422, "api.input_invalid", "query.after api.cursor_unknown")
	w.does(step{op: "list-notices", as: &li, at: []any{li.ID}, query: "after=" + told.text("next"), want: m{"notices.0.missed": false, "notices.1": nil, "next": nil}})
	w.refused(step{op: "list-notices", as: &desk, at: []any{li.ID}}, 403, "identity.not_oneself")

	// How one is told: a mail address counts once its code came back, and goes when one takes it back; nobody else's business.
	w.does(step{op: "get-contacts", as: &li, at: []any{li.ID}, want: m{"way": "sms", "email": nil, "confirmed": false, "linked": false}})
	w.refused(step{op: "get-contacts", as: &manager, at: []any{li.ID}}, 403, "identity.not_oneself")
	w.refused(step{op: "ask-email", as: &li, at: []any{li.ID}, body: m{"address": "nobody"}}, 422, "notify.address_malformed", "address notify.address_malformed")
	w.does(step{op: "ask-email", as: &li, at: []any{li.ID}, body: m{"address": "li@example.org"}})
	w.refused(step{op: "ask-email", as: &li, at: []any{li.ID}, body: m{"address": "li@example.org"}}, 422, "notify.too_soon")
	w.does(step{op: "get-contacts", as: &li, at: []any{li.ID}, want: m{"email": "l***@example.org", "confirmed": false}})
	w.refused(step{op: "confirm-email", as: &li, at: []any{li.ID}, body: m{"code": "no code"}}, 422, "notify.code_wrong", "code notify.code_wrong")
	w.deliver()
	letters, err := w.Notify.Inbox(w.t.Context(), 10)
	if err != nil {
		w.t.Fatal(err)
	}
	code := ""
	for _, l := range letters {
		if l.Kind == notify.ContactCode {
			code = l.Values["code"]
		}
	}
	w.does(step{op: "confirm-email", as: &li, at: []any{li.ID}, body: m{"code": code}})
	w.does(step{op: "choose-way", as: &li, at: []any{li.ID}, body: m{"way": "email"}})
	w.does(step{op: "get-contacts", as: &li, at: []any{li.ID}, want: m{"way": "email", "confirmed": true}})
	w.does(step{op: "drop-contact", as: &li, at: []any{li.ID, "email"}})
	w.does(step{op: "drop-contact", as: &li, at: []any{li.ID, "wechat"}})
	w.does(step{op: "get-contacts", as: &li, at: []any{li.ID}, want: m{"email": nil, "dropped": true}})
	w.does(step{op: "allow-contact", as: &li, at: []any{li.ID, "wechat"}})
	w.does(step{op: "get-contacts", as: &li, at: []any{li.ID}, want: m{"dropped": false}})

	w.does(step{op: "export-person", as: &li, at: []any{li.ID}, body: m{}, want: m{"person": li.ID, "member.name": "张测试", "sign_in": anything}})
	paper := w.does(step{op: "export-person", as: &manager, at: []any{li.ID}, body: m{"format": "pdf"}})
	if !bytes.HasPrefix(paper.raw, []byte("%PDF-")) || paper.header.Get("Content-Type") != "application/pdf" || !strings.Contains(paper.header.Get("Content-Disposition"), "my-data.pdf") {
		w.t.Errorf("on paper: got %s %.20q", paper.header, paper.raw)
	}
	w.refused(step{op: "export-person", as: &desk, at: []any{li.ID}, body: m{}}, 403, "identity.not_allowed")

	w.refused(step{op: "erase-person", as: &office, at: []any{li.ID}}, 422, "privacy.not_yet")
	left := w.send(call{as: &li, method: http.MethodPost, path: "/persons/" + string(li.ID) + "/end", body: m{"how": "left", "on": today(w)}})
	if left.status != http.StatusNoContent {
		w.t.Fatalf("leave: got %s", left)
	}
	w.Pass(time.Minute)
	w.does(step{op: "erase-person", as: &office, at: []any{li.ID}})
	w.does(step{op: "get-person", as: &office, at: []any{li.ID}, want: m{"name": "", "state": "left", "birth": "1980-01-01"}})
	w.refused(step{op: "erase-person", as: &office, at: []any{li.ID}}, 409, "member.erased")

	keep, drop := w.Person(70, home), w.Person(70, home)
	w.refused(step{op: "propose-merge", as: &second, body: m{"keep": keep.ID, "drop": keep.ID, "reason": "one card"}}, 422, "privacy.same_record", "drop privacy.same_record")
	proposal := w.does(step{op: "propose-merge", as: &second, body: m{"keep": keep.ID, "drop": drop.ID, "reason": "one card, two records"}, rows: "proposal+1", want: m{"id": anything}}).text("id")
	w.refused(step{op: "approve-proposal", as: &second, at: []any{proposal}}, 403, "identity.second_person_needed")
	w.does(step{op: "approve-proposal", as: &office, at: []any{proposal}, want: m{"transaction": nil}})
	w.does(step{op: "get-person", as: &office, at: []any{drop.ID}, want: m{"state": "left", "name": ""}})
}
