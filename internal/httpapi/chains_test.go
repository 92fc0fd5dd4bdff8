package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"timebank/internal/certificate"
	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// chains are the scenarios: each in a city of its own, a request after another.
var chains = map[string]func(w *world){
	"people": people, "kin": kin, "teams": teams, "training": trains, "catalogue": catalogue, "orders": orders, "photos": photos, "aside": aside,
	"feedback": feedbacks, "hours": passbooks, "rules": rules, "regions": regions, "identity": identities, "sign-in": signIns, "oversight": oversight,
	"privacy": ownData, "paper": papers, "certificates": certificates,
}

// TestScenarios carries out every operation of the API on both engines: the happy way of each, and the refusals that matter.
func TestScenarios(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			ran := 0
			for name, chain := range chains {
				t.Run(name, func(t *testing.T) {
					ran++
					w := newWorld(t, citytest.New(t, engine))
					chain(w)
					w.atTheEdges()
				})
			}
			if ran < len(chains) {
				return // only some were asked for
			}
			for id := range described(t) {
				if _, ok := covered.Load(id); !ok {
					t.Errorf("no scenario carries out %s", id)
				}
			}
		})
	}
}

// idNumber makes a valid identity number of Nanjing for a birthday written as 19500101.
func idNumber(birth string, n int) string {
	first := fmt.Sprintf("320113%s%03d", birth, n)
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(first[i]-'0') * w
	}
	return first + string("10X98765432"[sum%11])
}

func today(w *world) string { return string(clock.DayOf(w.Clock.Now())) }

func people(w *world) {
	home := w.Home()
	desk := w.Staff(identity.PointManager, home)
	office := w.Staff(identity.Administrator, w.Tree.City())
	district := w.Staff(identity.Reviewer, w.Tree.District(home))
	stranger := w.Person(30, home)

	li := m{"name": "李明", "id_number": idNumber("19380312", 7), "phone": "025-52121234", "address": "迈皋桥街道1号", "region": home,
		"point": m{"lat_e6": 32100000, "lon_e6": 118800000}, "consents": []string{"identity", "location"}}
	id := w.does(step{op: "register-person", as: &desk, body: li, rows: "actor+1 consent+2 person+1", want: m{"person": anything, "actor": anything, "warnings": "[]"}}).text("person")
	w.refused(step{op: "register-person", as: &desk, body: li}, 409, "member.identity_taken")
	w.refused(step{op: "register-person", as: &stranger, body: li}, 403, "identity.not_allowed")
	w.refused(step{op: "register-person", as: &desk, body: m{"name": "1", "id_number": "320113193803120071", "phone": "12", "address": "x", "region": w.Tree.City(),
		"consents": []string{}}}, 422, "member.person_invalid", "consents member.consent_missing", "consents member.consent_missing", "id_number pii.id_number_malformed",
		"name pii.name_malformed", "phone pii.phone_malformed", "region member.not_a_community")

	w.does(step{op: "look-up", as: &desk, body: m{"number": "02552121234"}, want: m{"persons.0.id": id, "persons.1": nil}})
	w.does(step{op: "look-up", as: &desk, body: m{"number": idNumber("19380312", 7)}, want: m{"persons.0.id": id, "persons.0.name": "李*", "persons.0.region": home}})
	there := w.Staff(identity.PointStaff, w.Community("320102002", 0))
	w.refused(step{op: "look-up", as: &there, body: m{"number": "02552121234"}}, 422, "member.look_up_invalid", "reason member.look_up_reason_missing")
	w.does(step{op: "look-up", as: &there, body: m{"number": "02552121234", "reason": "caller"},
		want: m{"persons.0.id": id, "persons.0.name": "李*", "persons.0.district": w.Tree.Name(w.Tree.District(home)), "persons.0.region": nil, "persons.0.state": nil}})
	w.refused(step{op: "look-up", as: &desk, body: m{"number": "李明"}}, 422, "member.look_up_invalid", "number member.neither_id_number_nor_phone")

	w.refused(step{op: "note-call", as: &stranger, at: []any{id}, body: m{"reason": "news"}}, 403, "identity.not_allowed")
	call := w.does(step{op: "note-call", as: &desk, at: []any{id}, body: m{"reason": "news", "words": "出院了"}, rows: "call+1"}).text("id")
	w.does(step{op: "list-calls", as: &desk, at: []any{id}, want: m{"calls.0.id": call, "calls.0.reason": "news", "calls.0.has_words": true, "calls.1": nil}})
	w.refused(step{op: "list-calls", as: &stranger, at: []any{id}}, 403, "identity.not_allowed")
	w.does(step{op: "call-words", as: &desk, at: []any{call}, want: m{"words": "出院了"}})
	w.refused(step{op: "call-words", as: &stranger, at: []any{call}}, 403, "identity.not_allowed")

	seen := w.does(step{op: "get-person", as: &desk, at: []any{id}, want: m{"name": "李明", "birth": "1938-03-12", "state": "active", "recipient": nil}})
	if strings.Contains(string(seen.raw), idNumber("19380312", 7)) {
		w.t.Errorf("the whole identity number came back: %s", seen)
	}
	w.refused(step{op: "get-person", as: &stranger, at: []any{id}}, 403, "identity.not_allowed")

	w.does(step{op: "correct-person", as: &desk, at: []any{id}, body: m{"phone": "13812345678", "reason": "new phone"}})
	w.refused(step{op: "correct-person", as: &desk, at: []any{id}, body: m{"phone": "1", "reason": "x"}}, 422, "member.person_invalid", "phone pii.phone_malformed")
	w.does(step{op: "consent", as: &desk, at: []any{id}, body: m{"purpose": "health"}, rows: "consent+1"})

	w.refused(step{op: "apply-recipient", as: &stranger, at: []any{id}}, 403, "identity.not_allowed")
	w.does(step{op: "apply-recipient", as: &desk, at: []any{id}, body: m{"attributes": m{"lives_alone": true}}, rows: "recipient+1"})
	w.refused(step{op: "apply-recipient", as: &desk, at: []any{id}}, 409, "member.recipient_exists")
	w.does(step{op: "list-recipients", as: &desk, at: []any{home}, want: m{"recipients.0.person": id, "recipients.0.state": "applied", "next": nil}})
	w.refused(step{op: "list-recipients", as: &desk, at: []any{w.Tree.City()}}, 403, "identity.not_allowed")
	w.refused(step{op: "review-recipient", as: &desk, at: []any{id}, body: m{"approve": false}}, 422, "member.recipient_invalid", "reason member.reason_missing")
	w.does(step{op: "review-recipient", as: &desk, at: []any{id}, body: m{"approve": true}, want: m{"state": "approved", "key_elder": true}})
	w.does(step{op: "get-person", as: &desk, at: []any{id}, want: m{"recipient.key_elder": true, "recipient.why.rule": "key_elder.rule", "recipient.attributes.lives_alone": true}})
	w.does(step{op: "assess-recipient", as: &desk, at: []any{id}, body: m{"lives_alone": true, "children_near": true}, want: m{"key_elder": false}})

	young := w.Person(16, home)
	w.refused(step{op: "apply-volunteer", as: &young, at: []any{young.ID}}, 422, "member.guardian_needed")
	chen := w.Person(40, home)
	w.does(step{op: "apply-volunteer", as: &chen, at: []any{chen.ID}, rows: "volunteer+1"})
	w.refused(step{op: "review-volunteer", as: &desk, at: []any{chen.ID}, body: m{"approve": false}}, 422, "member.reason_missing", "reason member.reason_missing")
	w.refused(step{op: "review-volunteer", as: &district, at: []any{chen.ID}, body: m{"approve": true}}, 403, "identity.not_allowed")
	w.does(step{op: "review-volunteer", as: &desk, at: []any{chen.ID}, body: m{"approve": true}, want: m{"state": "reviewed"}})
	w.refused(step{op: "review-volunteer", as: &desk, at: []any{chen.ID}, body: m{"approve": true}}, 403, "identity.not_allowed")
	w.does(step{op: "review-volunteer", as: &district, at: []any{chen.ID}, body: m{"approve": true}, want: m{"state": "studying"}})

	w.does(step{op: "list-volunteers", as: &desk, at: []any{home}, query: "state=studying&limit=1", want: m{"volunteers.0.person": chen.ID, "volunteers.0.reviews": 2}})
	served := w.Volunteer(home)
	w.does(step{op: "suspend-volunteer", as: &desk, at: []any{served.ID}, body: m{"until": "2020-11-01T00:00:00+08:00", "reason": "asked for a pause"}})
	w.refused(step{op: "suspend-volunteer", as: &desk, at: []any{served.ID}, body: m{"until": "2019-11-01T00:00:00+08:00", "reason": "x"}}, 422, "member.suspension_invalid")

	elsewhere := w.Community("320113003", 1)
	w.does(step{op: "move-person", as: &chen, at: []any{chen.ID}, body: m{"region": elsewhere, "from": today(w)}})
	w.does(step{op: "get-person", as: &chen, at: []any{chen.ID}, want: m{"region": elsewhere, "volunteer.state": "studying"}})
	w.refused(step{op: "move-person", as: &chen, at: []any{chen.ID}, body: m{"region": home, "from": "2020-01-01"}}, 422, "member.move_invalid", "from member.back_dated")
	middle, _ := w.Tree.Point(elsewhere)
	w.does(step{op: "pin-home", as: &chen, at: []any{chen.ID}, body: m{"point": m{"lat_e6": middle.LatE6 + 500, "lon_e6": middle.LonE6}}})
	w.does(step{op: "get-person", as: &chen, at: []any{chen.ID}, want: m{"point.lat_e6": float64(middle.LatE6 + 500)}})
	w.refused(step{op: "pin-home", as: &chen, at: []any{chen.ID}, body: m{"point": m{"lat_e6": middle.LatE6 + 500_000, "lon_e6": middle.LonE6}}}, 422, "member.pin_too_far")
	w.does(step{op: "register-point", as: &office, body: m{"name": "迈皋桥服务点", "kind": "community", "region": home}, rows: "service_point+1", want: m{"id": anything}})
	w.does(step{op: "list-points", at: []any{w.Tree.StreetOf(home)}, want: m{"points.1.name": "迈皋桥服务点", "points.0.region": home}})
	point := w.does(step{op: "register-point", as: &office, body: m{"name": "夜间服务点", "kind": "community", "region": home}, rows: "service_point+1"}).text("id")
	changed := m{"name": "夜间服务点", "region": elsewhere, "phone": "025-85311234", "hours": m{"days": "12345", "from": "18:00", "until": "21:30"}, "reason": "moved"}
	w.does(step{op: "change-point", as: &office, at: []any{point}, body: changed})
	w.does(step{op: "list-points", at: []any{elsewhere}, want: m{"points.0.name": "夜间服务点", "points.0.hours.until": "21:30"}})
	w.refused(step{op: "change-point", as: &desk, at: []any{point}, body: changed}, 403, "identity.not_allowed")
	w.refused(step{op: "register-point", as: &desk, body: m{"name": "又一个", "kind": "community", "region": home}}, 403, "identity.not_allowed")

	w.refused(step{op: "end-person", as: &stranger, at: []any{id}, body: m{"how": "left", "on": today(w)}}, 403, "identity.not_allowed")
	w.does(step{op: "end-person", as: &desk, at: []any{id}, body: m{"how": "dead", "on": today(w), "document": "D-1"}})
	w.does(step{op: "get-person", as: &desk, at: []any{id}, want: m{"state": "dead", "recipient.state": "dead"}})
}

func kin(w *world) {
	mother, daughter, stranger := w.Recipient(82, w.Home()), w.Person(50, w.Home()), w.Person(50, w.Home())
	w.does(step{op: "add-kin", as: &mother, at: []any{mother.ID}, body: m{"relative": daughter.ID, "relation": "child"}, rows: "kin+2", want: m{"state": "proposed"}})
	w.refused(step{op: "add-kin", as: &mother, at: []any{mother.ID}, body: m{"relative": stranger.ID, "relation": "parent"}}, 422, "member.kin_invalid", "relation member.kin_ages")
	w.refused(step{op: "add-kin", as: &stranger, at: []any{mother.ID}, body: m{"relative": stranger.ID, "relation": "child"}}, 403, "identity.not_allowed")
	w.refused(step{op: "delegate", as: &mother, at: []any{mother.ID, daughter.ID}, body: m{"allow": true}}, 409, "member.kin_not_confirmed")
	w.refused(step{op: "confirm-kin", as: &mother, at: []any{mother.ID, daughter.ID}}, 403, "member.both_sides_confirm")
	w.does(step{op: "confirm-kin", as: &daughter, at: []any{daughter.ID, mother.ID}})
	w.refused(step{op: "delegate", as: &daughter, at: []any{mother.ID, daughter.ID}, body: m{"allow": true}}, 403, "identity.not_allowed")
	w.does(step{op: "delegate", as: &mother, at: []any{mother.ID, daughter.ID}, body: m{"allow": true}})
	// To act takes the yes of both, and to look into the book another one.
	w.refused(step{op: "list-kin", as: &daughter, at: []any{mother.ID}}, 403, "identity.not_allowed")
	w.refused(step{op: "act-for", as: &mother, at: []any{daughter.ID, mother.ID}, body: m{"willing": true}}, 403, "identity.not_allowed")
	w.does(step{op: "act-for", as: &daughter, at: []any{daughter.ID, mother.ID}, body: m{"willing": true}})
	closed := w.refused(step{op: "balances", as: &daughter, at: []any{mother.ID}}, 403, "member.kin_may_not_see_hours")
	if closed.text("why.rule") != "consent.hours" || closed.text("why.owner") != "person" {
		w.t.Errorf("the book is closed without why: %s", closed)
	}
	w.refused(step{op: "passbook", as: &daughter, at: []any{mother.ID}}, 403, "member.kin_may_not_see_hours")
	w.does(step{op: "consent", as: &mother, at: []any{mother.ID}, body: m{"purpose": "hours"}, rows: "consent+1"})
	w.does(step{op: "passbook", as: &daughter, at: []any{mother.ID}, want: m{"owner": mother.ID}})
	w.does(step{op: "consent", as: &mother, at: []any{mother.ID}, body: m{"purpose": "hours", "withdraw": true}})
	w.refused(step{op: "passbook-csv", as: &daughter, at: []any{mother.ID}}, 403, "member.kin_may_not_see_hours")
	w.does(step{op: "name-heir", as: &mother, at: []any{mother.ID}, body: m{"heir": daughter.ID}})
	w.does(step{op: "list-kin", as: &daughter, at: []any{mother.ID}, want: m{"kin.0.relative": daughter.ID, "kin.0.delegate": true, "kin.0.acts": true, "kin.0.state": "confirmed", "kin.1": nil}})
	w.refused(step{op: "list-kin", as: &stranger, at: []any{mother.ID}}, 403, "identity.not_allowed")
	w.does(step{op: "end-kin", as: &daughter, at: []any{daughter.ID, mother.ID}, rows: "kin-2"})
	w.refused(step{op: "end-kin", as: &daughter, at: []any{daughter.ID, mother.ID}}, 404, "member.kin_unknown")
	farAway(w)
}

// farAway is a daughter who asks to become kin by number, and writes to her mother once both have said yes.
func farAway(w *world) {
	desk := w.Staff(identity.PointManager, w.Home())
	number := idNumber("19380412", 9)
	mother := w.Person(82, w.Home())
	w.does(step{op: "correct-person", as: &desk, at: []any{mother.ID}, body: m{"id_number": number, "reason": "typed wrongly"}})
	daughter := w.Person(50, w.Home())
	wish := m{"id_number": number, "relation": "parent", "act": true, "message": true}
	w.refused(step{op: "ask-kin", as: &daughter, at: []any{daughter.ID}, body: m{"id_number": "320113193803120071", "relation": "parent"}}, 422, "family.ask_invalid", "id_number pii.id_number_malformed")
	ask := w.does(step{op: "ask-kin", as: &daughter, at: []any{daughter.ID}, body: wish, rows: "family_ask+1"}).text("id")
	w.does(step{op: "ask-kin", as: &daughter, at: []any{daughter.ID}, body: m{"id_number": idNumber("19380412", 10), "relation": "parent"}, rows: "family_ask+1"})
	w.does(step{op: "list-kin-asks", as: &mother, at: []any{mother.ID}, want: m{"asks.0.id": ask, "asks.0.asker": daughter.ID, "asks.0.relation": "parent", "asks.0.act": true, "asks.1": nil}})
	w.refused(step{op: "list-kin-asks", as: &daughter, at: []any{mother.ID}}, 403, "identity.not_allowed")
	w.refused(step{op: "answer-kin-ask", as: &daughter, at: []any{ask}, body: m{"agree": true}}, 404, "family.ask_unknown")
	w.does(step{op: "answer-kin-ask", as: &mother, at: []any{ask}, body: m{"agree": true, "act": true}, rows: "kin+2"})
	w.refused(step{op: "send-message", as: &daughter, at: []any{daughter.ID}, body: m{"to": mother.ID, "words": "妈，周日回来"}}, 422, "family.line_closed")
	w.does(step{op: "message-line", as: &mother, at: []any{mother.ID, daughter.ID}, body: m{"open": true}})
	w.does(step{op: "message-line", as: &daughter, at: []any{daughter.ID, mother.ID}, body: m{"open": true}})
	said := w.does(step{op: "send-message", as: &daughter, at: []any{daughter.ID}, body: m{"to": mother.ID, "words": "妈，周日回来"}, rows: "family_message+1"}).text("id")
	w.does(step{op: "list-messages", as: &mother, at: []any{mother.ID}, want: m{"messages.0.words": "妈，周日回来", "messages.0.from": daughter.ID, "messages.0.seen_at": nil}})
	w.refused(step{op: "list-messages", as: &daughter, at: []any{mother.ID}}, 403, "identity.not_oneself")
	w.does(step{op: "seen-message", as: &mother, at: []any{said}})
	w.refused(step{op: "take-back-message", as: &mother, at: []any{said}}, 404, "family.message_unknown")
	w.does(step{op: "take-back-message", as: &daughter, at: []any{said}})
	w.does(step{op: "list-messages", as: &mother, at: []any{mother.ID}, want: m{"messages.0": nil}})
}

// certificates are taken out by whom they are about, checked by anybody, and taken back.
func certificates(w *world) {
	elder, chen, manager := w.Recipient(82, w.Home()), w.Volunteer(w.Home()), w.Staff(identity.PointManager, w.Home())
	wish := m{"purpose": "work", "naming": "none", "months": 3}
	made := w.does(step{op: "issue-certificate", as: &chen, at: []any{chen.ID}, body: wish, rows: "certificate+1"}).text("id")
	second := w.does(step{op: "issue-certificate", as: &chen, at: []any{chen.ID}, body: m{"purpose": "award", "naming": "full", "months": 12, "from": "2020-01-01"}, rows: "certificate+1"}).text("id")
	w.refused(step{op: "issue-certificate", as: &manager, at: []any{chen.ID}, body: wish}, 403, "identity.not_oneself")
	w.refused(step{op: "issue-certificate", as: &elder, at: []any{elder.ID}, body: wish}, 409, "certificate.not_a_volunteer")
	w.refused(step{op: "issue-certificate", as: &chen, at: []any{chen.ID}, body: m{"purpose": "work", "naming": "none", "months": 3, "from": "2020-02-01", "to": "2020-01-01"}}, 422, "certificate.invalid", "from certificate.days_reversed")
	page := w.does(step{op: "list-service-certificates", as: &chen, at: []any{chen.ID}, query: "limit=1", want: m{"certificates.0.id": second, "certificates.0.state": "valid", "certificates.1": nil}})
	w.does(step{op: "list-service-certificates", as: &manager, at: []any{chen.ID}, query: "after=" + page.text("next"), want: m{"certificates.0.id": made, "certificates.0.purpose": "work", "next": nil}})
	number := page.text("certificates.0.number")
	text := w.does(step{op: "get-certificate", as: &chen, at: []any{second}})
	w.refused(step{op: "get-certificate", as: &manager, at: []any{second}}, 404, "certificate.unknown")
	told := w.does(step{op: "certificate-standing", at: []any{number}, want: m{"state": "valid", "verifier": anything, "ended_at": nil}})
	if said, err := certificate.Read(text.raw, told.text("verifier")); err != nil || said.Number != number || said.Name == "" {
		w.t.Errorf("the certificate does not hold: %+v, %v", said, err)
	}
	w.does(step{op: "revoke-certificate", as: &chen, at: []any{made}})
	w.refused(step{op: "revoke-certificate", as: &manager, at: []any{second}}, 422, "certificate.revoke_invalid", "reason identity.reason_missing")
	w.does(step{op: "revoke-certificate", as: &manager, at: []any{second}, body: m{"reason": "a visit counted twice"}})
	w.does(step{op: "certificate-standing", at: []any{number}, want: m{"state": "revoked", "ended_at": anything}})
	w.refused(step{op: "certificate-standing", at: []any{"nonsense"}}, 404, "certificate.unknown")
}

func teams(w *world) {
	manager, volunteer, stranger := w.Person(45, w.Home()), w.Volunteer(w.Home()), w.Person(45, w.Home())
	team := w.does(step{op: "register-team", as: &manager, body: m{"name": "苏宁志愿队", "kind": "company", "region": w.Home(), "manager": manager.ID}, rows: "team+1"}).text("id")
	w.refused(step{op: "register-team", as: &stranger, body: m{"name": "别人的队", "kind": "company", "region": w.Home(), "manager": manager.ID}}, 403, "identity.not_allowed")
	desk, zhou, liu := w.Staff(identity.PointManager, w.Home()), w.Volunteer(w.Home()), w.Volunteer(w.Home())
	w.does(step{op: "join-team", as: &desk, at: []any{team, volunteer.ID}, rows: "team_member+1"})
	w.refused(step{op: "join-team", as: &stranger, at: []any{team, volunteer.ID}}, 403, "identity.not_allowed")
	w.refused(step{op: "join-team", as: &manager, at: []any{team, zhou.ID}}, 403, "identity.not_allowed")
	w.refused(step{op: "join-team", as: &desk, at: []any{team, volunteer.ID}}, 409, "member.in_team_already")
	w.does(step{op: "get-team", as: &manager, at: []any{team}, want: m{"name": "苏宁志愿队", "members.0": volunteer.ID}})
	w.refused(step{op: "get-team", as: &stranger, at: []any{team}}, 403, "identity.not_allowed")
	w.does(step{op: "balances", as: &manager, at: []any{team}, want: m{"accounts": "[]"}})
	w.refused(step{op: "balances", as: &stranger, at: []any{team}}, 403, "identity.not_allowed")
	w.does(step{op: "leave-team", as: &volunteer, at: []any{team, volunteer.ID}})

	// The manager invites by a number or a code; who has neither is not told from who has.
	number := ""
	storetest.Read(w.t, w.DB, func(tx *store.Tx) error {
		d, err := w.Members.Open(tx, zhou.ID)
		number = d.Phone.Reveal()
		return err
	})
	w.refused(step{op: "invite-to-team", as: &manager, at: []any{team}, body: m{"phone": "12"}}, 422, "member.invite_invalid", "phone pii.phone_malformed")
	w.refused(step{op: "invite-to-team", as: &stranger, at: []any{team}, body: m{"phone": number}}, 403, "identity.not_oneself")
	w.does(step{op: "invite-to-team", as: &manager, at: []any{team}, body: m{"phone": number}, rows: "team_invite+1"})
	w.does(step{op: "invite-to-team", as: &manager, at: []any{team}, body: m{"phone": "13999999999"}, rows: "team_invite+1"})
	asked := w.does(step{op: "list-team-invites", as: &zhou, at: []any{zhou.ID}, want: m{"invites.0.name": "苏宁志愿队", "invites.0.team": team, "invites.1": nil}}).text("invites.0.id")
	w.refused(step{op: "list-team-invites", as: &stranger, at: []any{zhou.ID}}, 403, "identity.not_oneself")
	w.refused(step{op: "answer-team-invite", as: &liu, at: []any{asked}, body: m{"agree": true}}, 404, "member.invite_unknown")
	w.does(step{op: "answer-team-invite", as: &zhou, at: []any{asked}, body: m{"agree": true}, rows: "team_member+1"})
	w.does(step{op: "invite-to-team", as: &manager, at: []any{team}, body: m{"printed": true}, rows: "team_invite+1"})
	code := w.does(step{op: "list-team-codes", as: &manager, at: []any{team}, want: m{"invites.0.code": anything, "invites.1": nil}}).text("invites.0.code")
	w.refused(step{op: "list-team-codes", as: &stranger, at: []any{team}}, 403, "identity.not_allowed")
	w.refused(step{op: "join-team-by-code", as: &liu, body: m{"code": "nonsense"}}, 404, "member.invite_unknown")
	w.does(step{op: "join-team-by-code", as: &liu, body: m{"code": code}, rows: "team_member+1"})
	w.does(step{op: "list-team-codes", as: &manager, at: []any{team}, want: m{"invites.0": nil}})
}

func trains(w *world) {
	office, desk := w.Staff(identity.Administrator, w.Tree.City()), w.Staff(identity.PointManager, w.Home())
	district := w.Staff(identity.Reviewer, w.Tree.District(w.Home()))
	chen := w.Person(40, w.Home())
	w.does(step{op: "apply-volunteer", as: &chen, at: []any{chen.ID}, rows: "volunteer+1"})
	for _, by := range []*citytest.Person{&desk, &district} {
		w.does(step{op: "review-volunteer", as: by, at: []any{chen.ID}, body: m{"approve": true}})
	}
	list := w.does(step{op: "list-courses", want: m{"courses.0.code": anything}})
	code := ""
	for _, c := range list.get("courses").([]any) {
		if c.(m)["certifies"] == true {
			code = c.(m)["code"].(string)
		}
	}
	at := w.Clock.Now().Format(time.RFC3339)
	attended := m{"volunteer": chen.ID, "course": code, "session": "2020-10-12 迈皋桥", "mode": "offline", "minutes": m{"minutes": 480}, "occurred_at": at}
	w.refused(step{op: "record-attendance", as: &chen, body: attended}, 403, "identity.not_allowed")
	w.does(step{op: "record-attendance", as: &desk, body: attended, rows: "attendance+1", want: m{"attended.minutes": 480, "certified": false}})
	w.refused(step{op: "record-attendance", as: &desk, body: attended}, 409, "training.attended_already")
	w.refused(step{op: "record-exam", as: &desk, body: m{"volunteer": chen.ID, "course": "none", "score": 95, "occurred_at": "2030-01-01T00:00:00Z"}}, 422, "training.exam_invalid",
		"course training.course_unknown", "occurred_at training.time_in_future")
	w.does(step{op: "record-exam", as: &desk, body: m{"volunteer": chen.ID, "course": code, "score": 95, "occurred_at": at}, rows: "exam+1", want: m{"certified": true}})
	w.does(step{op: "me", as: &chen, want: m{"volunteer.state": "certified"}})
	w.does(step{op: "define-courses", as: &office, body: m{"courses": []m{{"code": "fire_safety", "name_zh": "消防安全", "name_en": "Fire safety", "minutes": m{"minutes": 60}}}}, rows: "course+1"})
	w.refused(step{op: "define-courses", as: &office, body: m{"courses": []m{{"code": "X", "name_zh": "", "name_en": "Fire safety", "minutes": m{"minutes": 0}}}}}, 422,
		"training.course_invalid", "courses.0.code training.code_malformed", "courses.0.minutes training.out_of_range", "courses.0.name_zh training.name_malformed")
	w.does(step{op: "list-certificates", as: &chen, at: []any{chen.ID}, want: m{"certificates": "[]"}})
}

func catalogue(w *world) {
	office, desk := w.Staff(identity.Administrator, w.Tree.City()), w.Staff(identity.PointManager, w.Home())
	list := w.does(step{op: "list-items", want: m{"items.0.code": anything}})
	var lesson m
	for _, i := range list.get("items").([]any) {
		if i.(m)["code"] == citytest.Lesson {
			lesson = i.(m)
		}
	}
	for _, read := range []string{"version", "state", "effective_from", "published_at", "published_by"} {
		delete(lesson, read)
	}
	lesson["name_en"] = "Using a smartphone, one lesson"
	w.refused(step{op: "publish-item", as: &desk, body: lesson}, 403, "identity.not_allowed")
	w.does(step{op: "publish-item", as: &office, body: lesson, rows: "service_item_version+1", want: m{"code": citytest.Lesson, "version": 2}})
	w.does(step{op: "item-versions", at: []any{citytest.Lesson}, want: m{"items.0.version": 1, "items.1.name_en": "Using a smartphone, one lesson"}})
	w.refused(step{op: "item-versions", at: []any{"none"}}, 404, "catalog.item_unknown")
	lesson["description_zh"] = "打针换药"
	w.refused(step{op: "publish-item", as: &office, body: lesson}, 422, "catalog.forbidden_service")
	lesson["description_zh"], lesson["from_hour"], lesson["until_hour"] = "学手机", 20, 8
	w.refused(step{op: "publish-item", as: &office, body: lesson}, 422, "catalog.item_invalid")
	w.does(step{op: "withdraw-item", as: &office, at: []any{citytest.Lesson}, body: m{"reason": "nobody asks for it"}, rows: "service_item_version+1", want: m{"version": 3}})
	elder := w.Recipient(85, w.Home())
	w.refused(step{op: "place-order", as: &elder, body: m{"recipient": elder.ID, "item": citytest.Lesson, "start": w.Tomorrow()}}, 422, "catalog.not_offered")
}

func rules(w *world) {
	one, two := w.Staff(identity.Administrator, w.Tree.City()), w.Staff(identity.Reviewer, w.Tree.City())
	now := w.does(step{op: "current-policy", want: m{"version": anything, "parameters.0.key": anything, "parameters.0.zh": anything}})
	first := w.does(step{op: "policy-history", want: m{"versions.0.id": now.text("version"), "versions.1": nil}})
	text := first.text("versions.0.text")
	w.does(step{op: "go-live", as: &one, want: m{"ready": anything}})
	w.refused(step{op: "propose-policy", as: &two, body: m{"toml": text, "reason": "x"}}, 403, "identity.not_allowed")
	w.refused(step{op: "propose-policy", as: &one, body: m{"toml": "[account]\ncap = \"x\"\n[nonsense]\nx = 1\n", "reason": "x"}}, 422, "policy.invalid",
		"account.cap policy.wrong_type", "nonsense.x policy.unknown_key")
	p := w.does(step{op: "propose-policy", as: &one, body: m{"toml": text, "reason": "the same once more"}, rows: "policy_proposal+1", want: m{"state": "open"}}).text("id")
	w.does(step{op: "list-policy-proposals", as: &two, want: m{"proposals.0.id": p}})
	w.refused(step{op: "approve-policy", as: &one, at: []any{p}}, 403, "policy.second_person")
	w.does(step{op: "approve-policy", as: &two, at: []any{p}, rows: "policy_version+1", want: m{"id": anything}})
	w.refused(step{op: "approve-policy", as: &two, at: []any{p}}, 409, "policy.already_decided")
	q := w.does(step{op: "propose-policy", as: &one, body: m{"toml": text, "reason": "and again"}, rows: "policy_proposal+1"}).text("id")
	w.does(step{op: "reject-policy", as: &one, at: []any{q}, body: m{"reason": "thought better of it"}, want: m{"state": "rejected"}})

	district := w.Tree.District(w.Home())
	local := w.Staff(identity.Administrator, district)
	w.refused(step{op: "propose-policy", as: &local, body: m{"toml": "[account]\ncap = \"2000h\"\n", "region": district, "reason": "x"}}, 422, "policy.invalid")
	o := w.does(step{op: "propose-policy", as: &local, body: m{"toml": "[order]\nradius_m = 1000\n", "region": district, "reason": "a small district"}, rows: "policy_proposal+1",
		want: m{"level": "district", "region": district}}).text("id")
	second := w.Staff(identity.Reviewer, district)
	w.does(step{op: "approve-policy", as: &second, at: []any{o}, rows: "policy_version+1"})
	there := w.does(step{op: "current-policy", query: "region=" + string(w.Home())})
	for _, p := range there.get("parameters").([]any) {
		if p.(m)["key"] == "order.radius_m" && (p.(m)["set_by"] != "district" || !strings.Contains(p.(m)["value"].(string), "1000")) {
			w.t.Errorf("the district's rule does not hold: %v", p)
		}
	}
}

func regions(w *world) {
	city := w.does(step{op: "get-city", want: m{"level": "city", "path.0.level": "city", "children.0.level": "district"}})
	if n := len(city.get("children").([]any)); n != 12 {
		w.t.Errorf("the reporting tree has %d districts, want 12", n)
	}
	if n := len(w.does(step{op: "get-city", query: "tree=administrative"}).get("children").([]any)); n != 11 {
		w.t.Errorf("the administrative tree has %d districts, want 11", n)
	}
	w.does(step{op: "get-region", at: []any{w.Home()}, want: m{"level": "community", "path.3.id": w.Home(), "children": "[]"}})
	w.refused(step{op: "get-region", at: []any{"01h2xcejqtf2nbrexx3vqjhp41"}}, 404, "region.unknown")
	w.refused(step{op: "get-region", at: []any{w.Home()}, query: "tree=family"}, 422, "api.input_invalid", "query.tree api.not_one_of")
	w.changes()
}

// changes are what two persons of the city decide about the divisions, for a day to come.
func (w *world) changes() {
	one, two, officer := w.Staff(identity.Administrator, w.Tree.City()), w.Staff(identity.Reviewer, w.Tree.City()), w.Staff(identity.Administrator, w.Tree.District(w.Home()))
	street, other, near := w.Tree.StreetOf(w.Home()), w.Tree.StreetOf(w.Community("320102002", 0)), w.Community("320113003", 1)
	soon := string(clock.DayOf(w.Clock.Now()).Add(7))
	w.Narrow(near, `time.max_per_day = "7h"`)
	ending := m{"ends.0.region": near, "ends.0.rule": "time.max_per_day", "ends.0.value": "7h", "ends.0.from": anything, "ends.0.then": "8h", "ends.1": nil}
	w.does(step{op: "preview-region-merge", at: []any{w.Home()}, query: "merged=" + string(near) + "," + string(w.Community("320113003", 2)) + "&from=" + soon, want: ending})
	w.does(step{op: "preview-region-merge", at: []any{near}, query: "merged=" + string(w.Home()), want: m{"ends": "[]"}})
	w.refused(step{op: "preview-region-merge", at: []any{near}, query: "from=soon"}, 422, "api.input_invalid", "query.from api.not_a_day", "query.merged api.field_missing")
	move := m{"parent": w.Tree.District(other), "from": soon, "reason": "decree 1"}
	w.refused(step{op: "propose-region-move", as: &officer, at: []any{street}, body: move}, 403, "identity.not_allowed")
	w.refused(step{op: "propose-region-move", as: &one, at: []any{street}, body: m{"parent": other, "trees": []any{"reporting"}, "from": today(w), "reason": " "}}, 422, "region.move_invalid",
		"from region.day_not_in_future", "parent region.parent_wrong_level", "reason region.reason_missing")
	w.refused(step{op: "propose-region-recode", as: &one, at: []any{w.Home()}, body: m{"code": "32", "name": " ", "from": soon, "reason": "decree 2"}}, 422, "region.recode_invalid",
		"code region.bad_code", "name region.name_missing")
	w.refused(step{op: "propose-region-merge", as: &one, at: []any{w.Home()}, body: m{"merged": []any{other}, "from": soon, "reason": "decree 3"}}, 422, "region.merge_invalid",
		"merged region.has_children", "merged region.merge_wrong_level")
	w.does(step{op: "list-region-changes", want: m{"changes": "[]"}})
	moving := w.does(step{op: "propose-region-move", as: &one, at: []any{street}, body: move, rows: "proposal+1", want: m{"id": anything}}).text("id")
	renaming := w.does(step{op: "propose-region-recode", as: &one, at: []any{w.Home()}, body: m{"code": "320113003099", "name": "和燕社区", "from": soon, "reason": "decree 2"}, rows: "proposal+1"}).text("id")
	merging := w.does(step{op: "propose-region-merge", as: &one, at: []any{w.Home()}, body: m{"merged": []any{near}, "from": soon, "reason": "decree 3"}, rows: "proposal+1"}).text("id")
	w.does(step{op: "get-proposal", as: &two, at: []any{merging}, want: ending})
	w.does(step{op: "list-proposals", as: &two, query: "region=" + string(w.Tree.City()), want: m{"proposals.2.ends.0.rule": "time.max_per_day"}})
	w.does(step{op: "get-proposal", as: &two, at: []any{moving}, want: m{"action": "region.move", "region": street, "reason": "decree 1"}})
	w.refused(step{op: "approve-proposal", as: &one, at: []any{moving}}, 403, "identity.second_person_needed")
	w.does(step{op: "approve-proposal", as: &two, at: []any{renaming}, want: m{"transaction": nil}})
	w.does(step{op: "approve-proposal", as: &two, at: []any{merging}, want: m{"transaction": nil}})
	w.does(step{op: "refuse-proposal", as: &one, at: []any{moving}, body: m{"reason": "another district"}, want: m{"state": "withdrawn"}})
	w.does(step{op: "list-region-changes", want: m{"changes.0.from": soon, "changes.1.from": soon, "changes.2": nil}})
	auditor := w.Staff(identity.Auditor, w.Tree.City())
	w.does(step{op: "audit", as: &auditor, query: "region=" + string(w.Tree.City()) + "&ref=" + string(w.Home()) + "&limit=5",
		want: m{"entries.0.action": "region.recode", "entries.0.before": anything, "entries.0.after": anything}})
}

func identities(w *world) {
	office, chen := w.Staff(identity.Administrator, w.Tree.City()), w.Person(40, w.Home())
	w.does(step{op: "me", as: &chen, want: m{"person": chen.ID, "roles": "[]", "volunteer": nil}})
	w.does(step{op: "me", as: &office, want: m{"roles.0.role": "administrator", "roles.0.region_name": anything}})
	issued := w.does(step{op: "issue-token", as: &chen, at: []any{chen.Actor.ID}, body: m{"label": "phone", "hours": 2}, rows: "session+1", want: m{"token": anything}, again: true})
	w.refused(step{op: "issue-token", as: &office, at: []any{chen.Actor.ID}}, 403, "identity.not_oneself")
	w.refused(step{op: "issue-token", as: &chen, at: []any{chen.Actor.ID}, body: m{"hours": 10000}}, 422, "api.input_invalid", "hours api.too_large")
	sessions := w.does(step{op: "list-sessions", as: &chen, at: []any{chen.Actor.ID}, want: m{"sessions.0.label": "phone", "sessions.1.id": anything}})
	w.does(step{op: "end-session", as: &chen, at: []any{chen.Actor.ID, sessions.text("sessions.0.id")}})
	w.tokens[chen.Actor.ID] = session{issued.text("token"), w.Clock.Now()}
	w.refused(step{op: "me", as: &chen}, 401, "identity.session_ended")
	delete(w.tokens, chen.Actor.ID)
	w.does(step{op: "end-sessions", as: &office, at: []any{chen.Actor.ID}})
	delete(w.tokens, chen.Actor.ID)

	w.refused(step{op: "grant-role", as: &office, at: []any{office.Actor.ID}, body: m{"role": "auditor", "region": w.Home()}}, 403, "identity.grant_to_self")
	w.refused(step{op: "grant-role", as: &office, at: []any{chen.Actor.ID}, body: m{"role": "point_staff", "region": w.Tree.City()}}, 422, "identity.grant_invalid",
		"point identity.point_missing")
	grant := w.does(step{op: "grant-role", as: &office, at: []any{chen.Actor.ID}, body: m{"role": "dispatcher", "region": w.Home()}, rows: "role_grant+1"}).text("id")
	w.does(step{op: "list-roles", as: &office, at: []any{w.Home()}, want: m{"holders.0.actor": chen.Actor.ID, "holders.0.role.id": grant}})
	w.does(step{op: "board", as: &chen, at: []any{w.Home()}, want: m{"lines": "[]"}})
	w.refused(step{op: "revoke-role", as: &chen, at: []any{grant}}, 403, "identity.not_allowed")
	w.refused(step{op: "revoke-role", as: &office, at: []any{grant}, body: m{"reason": " "}}, 422, "identity.revoke_invalid", "reason identity.reason_missing")
	w.does(step{op: "revoke-role", as: &office, at: []any{grant}, body: m{"reason": "left the office"}})
	w.refused(step{op: "board", as: &chen, at: []any{w.Home()}}, 403, "identity.not_allowed")
	second, lin := w.Staff(identity.Reviewer, w.Tree.City()), w.Person(45, w.Home())
	district := w.Tree.ReportingDistrict(w.Home())
	w.refused(step{op: "grant-role", as: &office, at: []any{lin.Actor.ID}, body: m{"role": "reviewer", "region": district}}, 403, "identity.appointment_needed")
	w.refused(step{op: "appoint", as: &office, at: []any{lin.Actor.ID}, body: m{"role": "reviewer", "region": district, "point": "01h2xcejqtf2nbrexx3vqjhp41", "reason": "knows the work"}}, 422,
		"identity.grant_invalid", "point identity.point_not_wanted")
	appointed := w.does(step{op: "appoint", as: &office, at: []any{lin.Actor.ID}, body: m{"role": "reviewer", "region": district, "reason": "knows the work"},
		rows: "proposal+1"}).text("id")
	w.refused(step{op: "approve-proposal", as: &office, at: []any{appointed}}, 403, "identity.second_person_needed")
	w.does(step{op: "approve-proposal", as: &second, at: []any{appointed}, rows: "role_grant+1", want: m{"transaction": nil}, again: true})
	w.does(step{op: "list-roles", as: &office, at: []any{district}, want: m{"holders.0.actor": lin.Actor.ID}})
	w.does(step{op: "list-proposals", as: &office, query: "region=" + string(w.Tree.City()), want: m{"proposals": "[]"}})
	w.refused(step{op: "get-proposal", as: &office, at: []any{"01h2xcejqtf2nbrexx3vqjhp41"}}, 404, "identity.proposal_unknown")
}

func oversight(w *world) {
	auditor, local := w.Staff(identity.Auditor, w.Tree.City()), w.Staff(identity.Auditor, w.Community("320113003", 1))
	elder, chen := w.Recipient(85, w.Home()), w.Volunteer(w.Home())
	id := w.Place(elder.Actor, elder)
	w.Claim(chen, id)
	page := w.does(step{op: "audit", as: &auditor, query: "region=" + string(w.Tree.City()) + "&ref=" + string(id) + "&limit=1", want: m{"entries.0.action": "order.claim", "next": anything}})
	w.does(step{op: "audit", as: &auditor, query: "region=" + string(w.Tree.City()) + "&ref=" + string(id) + "&limit=2&after=" + page.text("next"), want: m{"entries.0.ref": id}})
	w.refused(step{op: "audit", as: &auditor, query: "region=" + string(w.Tree.City()) + "&after=" + page.text("next")}, 422, "api.input_invalid", "query.after api.cursor_unknown")
	w.does(step{op: "audit", as: &auditor, query: "region=" + string(w.Tree.City()) + "&from=2030-01-01", want: m{"entries": "[]", "next": nil}})
	w.does(step{op: "audit", as: &local, query: "region=" + string(w.Community("320113003", 1)) + "&ref=" + string(id), want: m{"entries": "[]"}})
	w.refused(step{op: "audit", as: &local, query: "region=" + string(w.Home())}, 403, "identity.not_allowed")
	w.refused(step{op: "audit", as: &auditor, query: "region=" + string(w.Tree.City()) + "&after=x"}, 422, "api.input_invalid", "query.after api.cursor_unknown")

	w.Serve(chen, id, 60)
	w.Confirm(elder.Actor, id)
	w.Pass(25 * time.Hour)
	office, readonly := w.Staff(identity.Administrator, w.Tree.City()), w.Staff(identity.ReadOnly, w.Tree.District(w.Home()))
	w.figure(office, w.Tree.City(), m{"figure.recipients": 1, "figure.key_elders": 0, "figure.certified": 1, "figure.volunteers": 1, "figure.active": 1, "figure.completed": 1,
		"figure.minutes": 60, "figure.open": 0, "figure.unfilled": 0, "figure.liability": 60})
	w.figure(readonly, w.Tree.District(w.Home()), m{"figure.completed": 1, "figure.minutes": 60, "figure.liability": 60})
	w.refused(step{op: "figures", as: &readonly, at: []any{w.Tree.City()}}, 403, "identity.not_allowed")
	if _, err := w.Sequence(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	head := w.does(step{op: "checkpoint", at: []any{"ledger"}, want: m{"note": anything, "root": anything, "verifier": anything}})
	size := int64(head.get("size").(float64))
	w.does(step{op: "growth", at: []any{"ledger"}, query: fmt.Sprintf("from=1&to=%d", size), want: m{"proof.0": anything}})
	w.refused(step{op: "growth", at: []any{"ledger"}, query: "from=1"}, 422, "api.input_invalid", "query.to api.field_missing")
	tx := w.does(step{op: "get-order", as: &elder, at: []any{id}, want: m{"state": "settled"}}).text("transaction")
	receipt := w.does(step{op: "receipt", as: &chen, at: []any{tx}})
	if proof, err := verify(receipt.raw, head.text("verifier")); err != nil || proof >= size {
		w.t.Errorf("the receipt does not hold: %v", err)
	}
	w.refused(step{op: "receipt", as: &chen, at: []any{"01h2xcejqtf2nbrexx3vqjhp41"}}, 404, "ledger.transaction_unknown")
}

// figure holds figures of a region by their names.
func (w *world) figure(as citytest.Person, place region.ID, want m) {
	w.t.Helper()
	got := w.does(step{op: "figures", as: &as, at: []any{place}, want: m{"region_name": w.Tree.Name(place)}})
	have := m{}
	for _, f := range got.get("figures").([]any) {
		have[f.(m)["name"].(string)] = f.(m)["value"]
		if f.(m)["definition"] == i18n.Text(i18n.Chinese, "internal") {
			w.t.Errorf("%v has no definition", f)
		}
	}
	if w.matrix != nil {
		return // there are more people than the scenario knows of
	}
	for name, value := range want {
		if fmt.Sprint(have[name]) != fmt.Sprint(value) {
			w.t.Errorf("%s is %v, want %v", name, have[name], value)
		}
	}
}
