package httpapi_test

import (
	"fmt"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
)

// enrolled registers somebody at the desk and signs it in.
func (w *world) enrolled(desk *citytest.Person, name, birth string, n int, home region.ID) citytest.Person {
	w.t.Helper()
	point, _ := w.Tree.Point(home)
	got := w.post(desk, "/persons", m{"name": name, "id_number": idNumber(birth, n), "region": home, "phone": fmt.Sprintf("139%08d", n),
		"point": m{"lat_e6": point.LatE6, "lon_e6": point.LonE6}, "consents": []string{"identity", "location", "kin"}})
	return citytest.Person{ID: member.PersonID(got.text("person")), Actor: identity.Actor{ID: got.text("actor"), Person: got.text("person")}}
}

// approved takes a person through the application as a recipient.
func (w *world) approved(desk *citytest.Person, p citytest.Person, attributes m) {
	w.t.Helper()
	w.post(desk, "/persons/"+string(p.ID)+"/recipient", m{"attributes": attributes})
	w.post(desk, "/persons/"+string(p.ID)+"/recipient/review", m{"approve": true})
}

// certified takes a person through both reviews, the course and the exam.
func (w *world) certified(desk, district *citytest.Person, p citytest.Person) {
	w.t.Helper()
	w.post(&p, "/persons/"+string(p.ID)+"/volunteer", m{})
	w.post(desk, "/persons/"+string(p.ID)+"/volunteer/review", m{"approve": true})
	w.post(district, "/persons/"+string(p.ID)+"/volunteer/review", m{"approve": true})
	at := w.Clock.Now().Format(time.RFC3339)
	w.post(desk, "/attendances", m{"volunteer": p.ID, "course": "induction", "session": "point", "mode": "offline", "minutes": m{"minutes": 240}, "occurred_at": at})
	if got := w.post(desk, "/exams", m{"volunteer": p.ID, "course": "induction", "score": 92, "occurred_at": at}); got.get("certified") != true {
		w.t.Fatalf("not certified: %s", got)
	}
}

// visit lets a volunteer check in at the order's beginning and out after the minutes.
func (w *world) visit(v *citytest.Person, id string, minutes int) {
	w.t.Helper()
	w.PassTo(w.Order(order.ID(id)).Start)
	w.post(v, "/orders/"+id+"/check-in", w.proof(id))
	w.PassTo(w.Clock.Now().Add(time.Duration(minutes) * time.Minute))
	w.post(v, "/orders/"+id+"/check-out", w.proof(id))
}

// at is an hour of a day after today.
func (w *world) at(days, hour, minute int) string {
	return clock.DayOf(w.Clock.Now()).Add(days).Start().Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute).Format(time.RFC3339)
}

// TestStoryOfMrLiAndMrsCao: both over 80, in Maigaoqiao street; their daughter works in Shanghai. The desk orders a lesson for each,
// volunteer Chen comes, the daughter follows from afar, and later they book a hospital visit by themselves.
func TestStoryOfMrLiAndMrsCao(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		home := w.Home()
		desk, district := w.Staff(identity.PointManager, home), w.Staff(identity.Reviewer, w.Tree.District(home))
		li, cao := w.enrolled(&desk, "李建国", "19370405", 1, home), w.enrolled(&desk, "曹秀英", "19390602", 2, home)
		daughter, chen := w.enrolled(&desk, "李敏", "19720918", 4, home), w.enrolled(&desk, "陈洁", "19850110", 6, home)
		for _, p := range []citytest.Person{li, cao} {
			w.approved(&desk, p, m{})
			w.post(&desk, "/persons/"+string(p.ID)+"/kin", m{"relative": daughter.ID, "relation": "child"})
			w.post(&daughter, "/persons/"+string(daughter.ID)+"/kin/"+string(p.ID)+"/confirm", nil)
			w.must(204, call{as: &desk, method: "PUT", path: "/persons/" + string(p.ID) + "/kin/" + string(daughter.ID) + "/delegate", body: m{"allow": true}})
			w.must(204, call{as: &daughter, method: "PUT", path: "/persons/" + string(daughter.ID) + "/kin/" + string(p.ID) + "/acting", body: m{"willing": true}})
		}
		w.certified(&desk, &district, chen)

		// They walk in; the desk orders on their behalf.
		ids := map[string]citytest.Person{}
		var lessons []string
		for i, p := range []citytest.Person{li, cao} {
			placed := w.post(&desk, "/orders", m{"recipient": p.ID, "item": citytest.Lesson, "start": w.at(1, 9+2*i, 0)})
			id := placed.text("id")
			ids[id], lessons = p, append(lessons, id)
			w.post(&desk, "/orders/"+id+"/review", m{"approve": true})
		}
		near := w.post(&chen, "/orders/near", m{})
		if got := len(near.get("offers").([]any)); got != 2 {
			t.Fatalf("Chen sees %d orders nearby, want 2: %s", got, near)
		}
		for _, id := range lessons {
			w.post(&chen, "/orders/"+id+"/claim", m{})
		}

		// The daughter sees who comes, and when.
		seen := w.get(&daughter, "/orders/"+lessons[0])
		if seen.text("assignments.0.volunteer") != string(chen.ID) || seen.text("state") != "accepted" || seen.text("placed_as") != "station" {
			t.Errorf("the daughter sees %s", seen)
		}
		for _, id := range lessons {
			w.visit(&chen, id, 60)
			// The desk placed it, so it cannot confirm; the daughter does, after the video call in the evening.
			if got := w.send(call{as: &desk, method: "POST", path: "/orders/" + id + "/confirm", body: m{}}); got.status != 403 {
				t.Errorf("the desk confirms its own order: %s", got)
			}
			if got := w.post(&daughter, "/orders/"+id+"/confirm", m{"outcomes": []string{"video_call_works", "booking_works"}}); got.text("state") != "confirmed" {
				t.Errorf("confirmed by the daughter: %s", got)
			}
		}
		w.PassTo(w.Clock.Now().Add(26 * time.Hour))
		for id, p := range ids {
			got := w.get(&daughter, "/orders/"+id)
			if got.text("state") != "settled" || got.text("confirmed_by") != "kin" || got.text("outcomes.0") != "video_call_works" || got.text("assignments.0.grade") != "both" {
				t.Errorf("the lesson of %s: %s", p.ID, got)
			}
		}
		if got := w.get(&chen, "/accounts/"+string(chen.ID)); got.get("given.minutes") != 120.0 {
			t.Errorf("Chen has given %s, want 120 minutes", got)
		}

		// Later they book by themselves, on the telephone they have learnt to use.
		booked := w.post(&cao, "/orders", m{"recipient": cao.ID, "item": "hospital_escort", "start": w.at(2, 8, 0)})
		if mine := w.get(&cao, "/persons/"+string(cao.ID)+"/orders?open=true"); mine.text("orders.0.id") != booked.text("id") || mine.text("orders.0.placed_as") != "self" {
			t.Errorf("her order: %s", mine)
		}
		w.post(&li, "/orders/"+lessons[0]+"/ratings", m{"of": chen.ID, "stars": 5, "tags": []string{"kind", "careful"}})
	})
}

// TestStoryOfTianHua: the first volunteer of a point in Getang saves 60 hours, becomes the point's manager, moves to another district, and
// redeems for a parent there.
func TestStoryOfTianHua(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		getang := w.communityOf("葛塘街道")
		elsewhere := w.communityOf("沙洲街道")
		office := w.Staff(identity.Administrator, w.Tree.City())
		point := w.post(&office, "/points", m{"name": "葛塘互助点", "kind": "community", "region": getang}).text("id")
		desk, district := w.Staff(identity.PointManager, getang), w.Staff(identity.Reviewer, w.Tree.ReportingDistrict(getang))
		tian := w.enrolled(&desk, "田华", "19680520", 2, getang)
		w.certified(&desk, &district, tian)

		var elders []citytest.Person
		for i := range 5 {
			p := w.enrolled(&desk, "王福", "19360701", 10+i, getang)
			w.approved(&desk, p, m{"lives_alone": true})
			elders = append(elders, p)
		}
		// 40 visits of an hour and a half: the rules bound a day, and what one may do for the same person in a month.
		const visits, minutes = 40, 90
		for i := range visits {
			elder := elders[i%len(elders)]
			id := w.post(&elder, "/orders", m{"recipient": elder.ID, "item": citytest.Lesson, "start": w.at(1, 9, 0), "minutes": m{"minutes": minutes}}).text("id")
			if i < len(elders) {
				w.post(&desk, "/orders/"+id+"/review", m{"approve": true})
			}
			w.post(&tian, "/orders/"+id+"/claim", m{})
			w.visit(&tian, id, minutes)
			w.post(&elder, "/orders/"+id+"/confirm", m{})
		}
		w.PassTo(w.Clock.Now().Add(26 * time.Hour))
		saved := func() float64 {
			book := w.get(&tian, "/accounts/"+string(tian.ID)+"/passbook?limit=1")
			for _, a := range book.get("accounts").([]any) {
				if a.(m)["class"] == "saved" {
					return a.(m)["balance"].(m)["minutes"].(float64)
				}
			}
			return 0
		}
		if got := saved(); got != 60*60 {
			t.Fatalf("Tian Hua has saved %v minutes, want 60 hours", got)
		}

		w.post(&office, "/actors/"+tian.Actor.ID+"/roles", m{"role": "point_manager", "region": getang, "point": point})
		if got := w.get(&tian, "/me"); got.text("roles.0.role") != "point_manager" || got.text("roles.0.point") != point {
			t.Errorf("Tian Hua is %s", got)
		}

		// The move changes the region of record; the book stays.
		w.post(&tian, "/persons/"+string(tian.ID)+"/move", m{"region": elsewhere, "from": today(w)})
		if got := w.get(&tian, "/persons/"+string(tian.ID)); got.text("region") != string(elsewhere) || saved() != 60*60 {
			t.Errorf("after the move: %s", got)
		}

		there, reviewers := w.Staff(identity.PointManager, elsewhere), w.Staff(identity.Reviewer, w.Tree.District(elsewhere))
		father, zhou := w.enrolled(&there, "田德", "19420303", 1, elsewhere), w.enrolled(&there, "周宁", "19900808", 3, elsewhere)
		w.approved(&there, father, m{})
		w.certified(&there, &reviewers, zhou)
		w.post(&tian, "/persons/"+string(tian.ID)+"/kin", m{"relative": father.ID, "relation": "parent"})
		w.post(&father, "/persons/"+string(father.ID)+"/kin/"+string(tian.ID)+"/confirm", nil)
		w.must(204, call{as: &father, method: "PUT", path: "/persons/" + string(father.ID) + "/kin/" + string(tian.ID) + "/delegate", body: m{"allow": true}})
		w.must(204, call{as: &tian, method: "PUT", path: "/persons/" + string(tian.ID) + "/kin/" + string(father.ID) + "/acting", body: m{"willing": true}})
		id := w.post(&tian, "/orders", m{"recipient": father.ID, "item": citytest.Lesson, "start": w.at(1, 9, 0), "minutes": m{"minutes": 60}, "offer_own_hours": true}).text("id")
		w.post(&there, "/orders/"+id+"/review", m{"approve": true})
		w.post(&zhou, "/orders/"+id+"/claim", m{})
		w.visit(&zhou, id, 60)
		w.post(&father, "/orders/"+id+"/confirm", m{})
		w.PassTo(w.Clock.Now().Add(26 * time.Hour))
		done := w.get(&tian, "/orders/"+id)
		if done.text("state") != "settled" || done.text("placed_as") != "kin" || done.text("payer") != string(tian.ID) || done.text("funding.0") != "saved" {
			t.Errorf("the father's lesson: %s", done)
		}
		if got := saved(); got != 59*60 {
			t.Errorf("Tian Hua has %v minutes left, want 59 hours", got)
		}
		matrix := w.get(&office, "/clearing?from=2020-01-01&to=2030-01-01")
		if len(matrix.get("cells").([]any)) != 2 {
			t.Errorf("who served whom: %s", matrix)
		}

		// The father moves back to Getang: the lesson that he has asked for goes along, and Zhou is asked again.
		id = w.post(&tian, "/orders", m{"recipient": father.ID, "item": citytest.Lesson, "start": w.at(3, 9, 0), "offer_own_hours": true}).text("id")
		w.post(&zhou, "/orders/"+id+"/claim", m{})
		w.post(&father, "/persons/"+string(father.ID)+"/move", m{"region": getang, "from": today(w)})
		w.Pass(time.Second)
		if got := w.get(&father, "/orders/"+id); got.text("region") != string(getang) || got.text("state") != "published" {
			t.Errorf("the lesson of who moved: %s", got)
		}
		w.post(&zhou, "/orders/"+id+"/answer", m{"accept": true})
		if got := w.get(&father, "/orders/"+id); got.text("state") != "accepted" {
			t.Errorf("after the yes: %s", got)
		}
	})
}

// TestStoryOfTheMorningBoard: the officer of the street sees who asked and has no answer yet, since when, and who is to act now.
func TestStoryOfTheMorningBoard(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		home := w.Home()
		street := w.Tree.StreetOf(home)
		officer, desk := w.Staff(identity.Dispatcher, street), w.Staff(identity.PointManager, home)
		asks, waits, late := w.Recipient(82, home), w.KeyElder(home), w.Recipient(76, home)
		chen := w.Volunteer(home)

		first := w.post(&asks, "/orders", m{"recipient": asks.ID, "item": citytest.Lesson, "start": w.at(2, 9, 0)}).text("id")
		unanswered := w.post(&waits, "/orders", m{"recipient": waits.ID, "item": citytest.Lesson, "start": w.at(2, 10, 0)}).text("id")
		w.post(&desk, "/orders/"+unanswered+"/review", m{"approve": true})
		missed := w.post(&late, "/orders", m{"recipient": late.ID, "item": citytest.Lesson, "start": w.at(1, 8, 0)}).text("id")
		w.post(&desk, "/orders/"+missed+"/review", m{"approve": true})
		w.post(&chen, "/orders/"+missed+"/claim", m{})

		// An hour goes by at the community without an answer, and the next morning comes: what nobody saw to has climbed.
		w.PassTo(w.Clock.Now().Add(61 * time.Minute))
		board := w.get(&officer, "/regions/"+string(street)+"/board")
		line := lineOf(t, board, unanswered)
		if line["waits_for"] != "volunteer" || line["level"] != "street" || line["acts"] != string(street) || line["since"] == nil || line["due"] == nil {
			t.Errorf("the order without an answer: %v", line)
		}
		if line := lineOf(t, board, first); line["waits_for"] != "review" || line["recipient"] != string(asks.ID) {
			t.Errorf("the order without a review: %v", line)
		}
		w.PassTo(w.Order(order.ID(missed)).Start.Add(20 * time.Minute))
		board = w.get(&officer, "/regions/"+string(street)+"/board")
		if line := lineOf(t, board, missed); line["waits_for"] != "service" || line["late"] != true {
			t.Errorf("the visit that has not begun: %v", line)
		}

		// The officer acts: a volunteer who said yes on the telephone takes the order that nobody took.
		w.post(&officer, "/orders/"+unanswered+"/dispatch", m{"volunteer": chen.ID, "agreed": true})
		board = w.get(&officer, "/regions/"+string(street)+"/board")
		if line := lineOf(t, board, unanswered); line["waits_for"] != "service" {
			t.Errorf("the order after the officer acted: %v", line)
		}
		if got := w.send(call{as: &officer, method: "GET", path: "/regions/" + string(w.Tree.City()) + "/board"}); got.status != 403 {
			t.Errorf("the officer sees the city's board: %s", got)
		}
	})
}

func lineOf(t *testing.T, board answer, id string) m {
	t.Helper()
	for _, l := range board.get("lines").([]any) {
		if l.(m)["id"] == id {
			return l.(m)
		}
	}
	t.Fatalf("%s is not on the board: %s", id, board)
	return nil
}

// communityOf finds the first community of a street by the street's name, which must be the only one of that name.
func (w *world) communityOf(street string) region.ID {
	w.t.Helper()
	for _, r := range w.Tree.All() {
		if r.Name == street && r.Level == region.Street {
			if parts := w.Tree.Children(region.Administrative, r.ID); len(parts) > 0 {
				return parts[0]
			}
		}
	}
	w.t.Fatalf("no street %s", street)
	return ""
}
