package web_test

import (
	"bytes"
	"html"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"timebank/internal/app"
	"timebank/internal/catalog"
	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/errs"
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// officePages are the pages that an officer of a place reads there.
var officePages = []string{"/office/", "/office/figure?code=figure.asked", "/office/map", "/office/waiting", "/office/people", "/office/points", "/office/rules", "/office/rules/account.cap",
	"/office/catalogue", "/office/hours", "/office/regions", "/office/help"}

func withPlace(path string, place region.ID) string {
	if strings.Contains(path, "?") {
		return path + "&place=" + string(place)
	}
	return path + "?place=" + string(place)
}

// Each page names the officer's place, and none of them opens for another place or for who works nowhere.
func TestAnOfficeSeesItsOwnPlaceAlone(t *testing.T) {
	s := newSite(t)
	street := s.Tree.StreetOf(s.Home())
	officer, auditor := s.as(s.Staff(identity.Administrator, street)), s.as(s.Staff(identity.Auditor, street))
	nobody, citizen := s.as(citytest.Person{}), s.as(s.Person(40, s.Home()))
	elsewhere := []region.ID{s.Tree.City(), s.Tree.District(s.Home()), s.Tree.StreetOf(s.Community("320102002", 0)), s.Community("320102002", 0), "nowhere"}
	for _, path := range append(officePages, "/office/trail") {
		reader := officer
		if path == "/office/trail" {
			reader = auditor
		}
		reader.get(path).is(t, http.StatusOK, s.Tree.FullName(street))
		reader.get(withPlace(path, s.Home())).is(t, http.StatusOK, s.Tree.FullName(s.Home()))
		for _, place := range elsewhere {
			reader.get(withPlace(path, place)).is(t, http.StatusForbidden)
		}
		citizen.get(path).is(t, http.StatusForbidden)
		citizen.get(withPlace(path, s.Home())).is(t, http.StatusForbidden)
		nobody.get(path).is(t, http.StatusUnauthorized)
	}
	officer.get("/office/trail").is(t, http.StatusForbidden)
}

var menuOf = regexp.MustCompile(`(?s)<ul class="nav">(.*?)</ul>`)

// Whatever stands in the menu of a role opens for it, and what only some may read stands in theirs.
func TestNoMenuLeadsToAClosedDoor(t *testing.T) {
	s := newSite(t)
	street := s.Tree.StreetOf(s.Home())
	ways := regexp.MustCompile(`href="(/[^"]*)"`)
	for _, role := range []identity.Role{identity.Administrator, identity.Reviewer, identity.Dispatcher, identity.Auditor, identity.ReadOnly} {
		who := s.as(s.Staff(role, street))
		for _, home := range []string{"/office/", "/desk/"} {
			menu := menuOf.FindStringSubmatch(who.get(home).body)
			if menu == nil {
				t.Fatalf("%s has no menu for %s", home, role)
			}
			for _, way := range ways.FindAllStringSubmatch(menu[1], -1) {
				if got := who.get(html.UnescapeString(way[1])); got.StatusCode != http.StatusOK {
					t.Errorf("the menu of %s leads %s to %s, which answers %d", home, role, way[1], got.StatusCode)
				}
			}
			if trail := strings.Contains(menu[1], "/office/trail"); home == "/office/" && trail != (role == identity.Auditor) {
				t.Errorf("the trail stands in the menu of %s: %v", role, trail)
			}
		}
	}
}

var linkTo = regexp.MustCompile(`href="(/office/figure\?[^"]+)"[^>]*>([^<]+)<`)

// Every figure on the page opens to its entries, whose head says the same number.
func TestEveryFigureOnThePageOpens(t *testing.T) {
	s := newSite(t)
	elder, chen := s.KeyElder(s.Home()), s.Volunteer(s.Home())
	s.Earn(chen, elder, 90)
	officer := s.as(s.Staff(identity.ReadOnly, s.Tree.StreetOf(s.Home())))
	home := officer.get("/office/?when=all")
	home.is(t, http.StatusOK, "Redemption rate", "Completed orders", "1 h 30 min")
	links := linkTo.FindAllStringSubmatch(home.body, -1)
	if len(links) < 20 {
		t.Fatalf("figures that open: got %d", len(links))
	}
	for _, l := range links {
		path, number := strings.ReplaceAll(l[1], "&amp;", "&"), l[2][strings.LastIndex(l[2], ">")+1:]
		opened := officer.get(path)
		if fields := strings.Fields(number); len(fields) > 0 {
			opened.is(t, http.StatusOK, fields[len(fields)-1])
		}
	}
	officer.get("/office/figure?when=all&code=figure.completed").is(t, http.StatusOK, "1 entry, 1 in all", "张**")
	officer.get("/office/figure?code=figure.nothing").is(t, http.StatusNotFound)
	officer.get("/office/?when=own&from=x&to=2020-10-01").is(t, http.StatusOK, "Please write the day like 2020-10-01")
	officer.get("/office/?when=own&from=2020-10-01&to=2020-10-31").is(t, http.StatusOK, "before")
}

// A workbook holds the same figures with what they count, and no cell that is taken for a formula.
func TestAPageIsExportedAsAWorkbook(t *testing.T) {
	s := newSite(t)
	city := s.as(s.Staff(identity.Administrator, s.Tree.City()))
	street := s.Community("320113003", 1)
	city.post("/office/points", url.Values{"key": {"a-point-to-open"}, "place": {string(street)}, "name": {`=HYPERLINK("x")`}, "kind": {"community"}}).is(t, http.StatusOK, "It is done")
	for path, want := range map[string]string{"/office/?as=xlsx": "Redemption rate", "/office/map?as=xlsx": "栖霞区", "/office/points?as=xlsx": `'=HYPERLINK("x")`,
		"/office/waiting?as=xlsx": "Who waits", "/office/figure?code=figure.points&as=xlsx": s.Tree.FullName(street)} {
		a := city.get(path)
		if got := a.Header.Get("Content-Type"); !strings.Contains(got, "spreadsheetml") {
			t.Errorf("%s: got %s", path, got)
			continue
		}
		book, err := excelize.OpenReader(bytes.NewReader([]byte(a.body)))
		if err != nil {
			t.Fatal(err)
		}
		all := ""
		for _, sheet := range book.GetSheetList() {
			rows, err := book.GetRows(sheet)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				all += strings.Join(row, "|") + "\n"
			}
		}
		if !strings.Contains(all, want) {
			t.Errorf("%s: got %s, want %q in it", path, all, want)
		}
	}
}

// Two persons change a rule: one looks at the changes and proposes, the other approves, and it holds for the street alone.
func TestTwoPersonsChangeARule(t *testing.T) {
	s := newSite(t)
	place := s.Tree.StreetOf(s.Home())
	one, two := s.as(s.Staff(identity.Administrator, place)), s.as(s.Staff(identity.Reviewer, place))
	preview := one.post("/office/rules/preview", url.Values{"key": {"preview-1"}, "place": {string(place)}, "param": {"time.max_per_day"}, "value": {`"6h"`}, "reason": {"winter"}})
	preview.is(t, http.StatusOK, "What would change", "time.max_per_day", "Another person has to approve")
	one.post("/office/rules/preview", url.Values{"key": {"preview-2"}, "place": {string(place)}, "param": {"time.max_per_day"}, "value": {"nonsense"}, "reason": {"winter"}}).
		is(t, http.StatusUnprocessableEntity, "Some things need correcting", "time.max_per_day")
	one.post("/office/rules/preview", url.Values{"key": {"preview-3"}, "place": {string(place)}, "param": {"time.max_per_day"}, "value": {`"6h"`}}).
		is(t, http.StatusUnprocessableEntity, `aria-invalid="true"`)
	loosened := url.Values{"key": {"propose-0"}, "place": {string(place)}, "toml": {`time.max_per_day = "20h"`}, "reason": {"more"}}
	one.post("/office/rules/propose", loosened).is(t, http.StatusUnprocessableEntity, "Some things need correcting")
	proposed := one.post("/office/rules/propose", url.Values{"key": {"propose-1"}, "place": {string(place)}, "toml": {`time.max_per_day = "6h"`}, "reason": {"winter"}})
	proposed.is(t, http.StatusOK, "It is done", "winter", "Withdraw")
	id := regexp.MustCompile(`/office/rules/proposals/([^/]+)/reject`).FindStringSubmatch(proposed.body)[1]
	if strings.Contains(proposed.body, id+"/approve") {
		t.Error("who proposed is offered to approve")
	}
	form := url.Values{"key": {"approve-1"}, "place": {string(place)}, "reason-a-" + id: {"yes"}}
	one.post("/office/rules/proposals/"+id+"/approve", form).is(t, http.StatusForbidden)
	other := s.as(s.Staff(identity.Reviewer, s.Tree.StreetOf(s.Community("320102002", 0))))
	other.post("/office/rules/proposals/"+id+"/approve", form).is(t, http.StatusForbidden)
	two.post("/office/rules/proposals/"+id+"/approve", form).is(t, http.StatusOK, "It is done")
	two.get("/office/rules/time.max_per_day").is(t, http.StatusOK, "6h", "the street office")
	s.as(s.Staff(identity.ReadOnly, s.Tree.City())).get("/office/rules?book=time").is(t, http.StatusOK, "8h")
}

// What moves hours by hand is proposed by one and approved by another.
func TestTwoPersonsIssueHours(t *testing.T) {
	s := newSite(t)
	city := string(s.Tree.City())
	one, two := s.as(s.Staff(identity.Administrator, s.Tree.City())), s.as(s.Staff(identity.Administrator, s.Tree.City()))
	pool := func() (n int64) {
		storetest.Read(t, s.DB, func(tx *store.Tx) error {
			all, err := ledger.Balances(tx, []ledger.Key{ledger.PoolAccount})
			n = all[ledger.PoolAccount].Balance.Int64()
			return err
		})
		return n
	}
	before := pool()
	page := one.post("/office/acts", url.Values{"key": {"issue-hours-1"}, "place": {city}, "act": {"issue"}, "i-class": {"pool"}, "i-minutes": {"600"}, "i-reason": {"spring"}})
	page.is(t, http.StatusOK, "Issue hours", "spring", "10 h")
	id := regexp.MustCompile(`/office/proposals/([^/]+)/refuse`).FindStringSubmatch(page.body)[1]
	one.post("/office/proposals/"+id+"/approve", url.Values{"key": {"approve-own"}, "place": {city}}).is(t, http.StatusForbidden)
	two.post("/office/proposals/"+id+"/approve", url.Values{"key": {"approve-it"}, "place": {city}}).is(t, http.StatusOK, "It is done")
	if got := pool() - before; got != 600 {
		t.Errorf("the pool grew by %d minutes, want 600", got)
	}
	two.get("/office/hours").is(t, http.StatusOK, "Owed now", "Reserve of the city", "Sum (always zero)", "redeem.min_age")
}

// An office reviews, grants and takes back, decides complaints and finds all of it in the trail.
func TestAnOfficeActs(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	district := s.Tree.District(s.Home())
	newcomer := s.Person(30, s.Home())
	applied, err := s.Members.ApplyVolunteers(ctx, []member.ApplyVolunteerCmd{{Actor: newcomer.Actor, Key: s.Key(), Person: newcomer.ID}})
	citytest.Must(t, applied, err)
	first, err := s.Members.ReviewVolunteers(ctx, []member.ReviewVolunteerCmd{{Actor: s.Staff(identity.Reviewer, s.Home()).Actor, Key: s.Key(), Person: newcomer.ID, Approve: true}})
	citytest.Must(t, first, err)
	reviewer := s.as(s.Staff(identity.Reviewer, district))
	reviewer.get("/office/people").is(t, http.StatusOK, "Volunteers who wait for the second review", string(newcomer.ID))
	reviewer.post("/office/volunteers/"+string(newcomer.ID)+"/review", url.Values{"key": {"second-review"}, "place": {string(district)}, "approve-" + string(newcomer.ID): {"yes"}}).
		is(t, http.StatusOK, "It is done")

	admin := s.as(s.Staff(identity.Administrator, district))
	details, err := s.Members.RegisterPersons(ctx, []member.RegisterCmd{{Actor: identity.System, Key: s.Key(), Name: "王新", IDNumber: citytest.IDNumber("1980-05-05", 998), Phone: "13900000998", Region: s.Home(),
		Consents: []member.Purpose{member.PurposeIdentity}}})
	citytest.Must(t, details, err)
	admin.post("/office/roles", url.Values{"key": {"grant-nobody"}, "place": {string(district)}, "number": {"13999999999"}, "role": {"dispatcher"}, "until": {"2030-12-31"}}).
		is(t, http.StatusUnprocessableEntity, "Some things need correcting", `href="#number"`, `value="13999999999"`, `<option value="dispatcher" selected>`, `value="2030-12-31"`)
	granted := admin.post("/office/roles", url.Values{"key": {"grant-a-role"}, "place": {string(district)}, "number": {"13900000998"}, "role": {"dispatcher"}, "until": {"2030-12-31"}})
	granted.is(t, http.StatusOK, "It is done", "Dispatcher", "2031-01-01 00:00")
	role := regexp.MustCompile(`/office/roles/([^/]+)/revoke`).FindAllStringSubmatch(granted.body, -1)
	grant := role[len(role)-1][1]
	actor := regexp.MustCompile(`/office/actors/([^/]+)/invite`).FindAllStringSubmatch(granted.body, -1)
	admin.post("/office/actors/"+actor[len(actor)-1][1]+"/invite", url.Values{"key": {"invite-them"}, "place": {string(district)}, "grant": {grant}, "login-" + grant: {"wangxin"}}).
		is(t, http.StatusOK, "shown this once")
	admin.post("/office/roles/"+grant+"/revoke", url.Values{"key": {"revoke-why"}, "place": {string(district)}, "reason-" + grant: {" "}}).
		is(t, http.StatusUnprocessableEntity, "Please give the reason", `href="#reason-`+grant)
	admin.post("/office/roles/"+grant+"/revoke", url.Values{"key": {"revoke-it"}, "place": {string(district)}, "reason-" + grant: {"moved"}}).is(t, http.StatusOK, "It is done")

	// A reviewer is proposed by one and approved by another.
	propose := url.Values{"key": {"appoint-alone"}, "place": {string(district)}, "number": {"13900000998"}, "role": {"reviewer"}}
	admin.post("/office/roles", propose).is(t, http.StatusUnprocessableEntity, "Please give the reason", `href="#why"`)
	propose.Set("key", "appoint-with-reason")
	propose.Set("why", "knows the work")
	waiting := admin.post("/office/roles", propose)
	waiting.is(t, http.StatusOK, "Acts that wait for a second person", "knows the work", "Nobody approves what they proposed")
	approve := regexp.MustCompile(`/office/appointments/[a-z0-9]+/approve`)
	if approve.MatchString(waiting.body) {
		t.Error("who proposed a reviewer may approve it")
	}
	path := approve.FindString(reviewer.get("/office/people?place=" + string(district)).body)
	reviewer.post(path, url.Values{"key": {"appoint-second"}, "place": {string(district)}}).is(t, http.StatusOK, "It is done")
	admin.get("/office/people?place="+string(district)).is(t, http.StatusOK, ">王*<")

	elder, chen := s.KeyElder(s.Home()), s.Volunteer(s.Home())
	order := s.Served(chen, elder)
	filed, err := s.Feedback.Complain(ctx, []feedback.ComplainCmd{{Actor: elder.Actor, Key: s.Key(), Order: order, Category: feedback.Poor, Words: "没有教会"}})
	complaint := string(citytest.Must(t, filed, err)[0].Value)
	local := s.as(s.Staff(identity.Reviewer, s.Home()))
	local.get("/office/waiting").is(t, http.StatusOK, "Complaints, level by level", "Quality")
	local.get("/office/complaints/"+complaint).is(t, http.StatusOK, "没有教会", "The service stands", "What was said")
	s.as(s.Staff(identity.Reviewer, s.Community("320102002", 0))).get("/office/complaints/"+complaint).is(t, http.StatusNotFound)
	local.post("/office/complaints/"+complaint+"/decide", url.Values{"key": {"decide-it"}, "place": {string(s.Home())}, "decision": {"release"}, "reason": {"taught again"}}).is(t, http.StatusOK, "It is done")

	auditor := s.as(s.Staff(identity.Auditor, district))
	auditor.get("/office/trail?action=feedback.").is(t, http.StatusOK, "feedback.look", complaint, "From where", " machine address=", " session=")
	auditor.get("/office/trail?ref="+complaint).is(t, http.StatusOK, "feedback.look")
	auditor.get("/office/trail?since=x").is(t, http.StatusOK, "Please write the day")
	auditor.get("/office/trail?after=x").is(t, http.StatusUnprocessableEntity)
}

// What no volunteer took is bought by the fund: an office records who, how long, and the document's number.
func TestAnOfficeClaimsOnTheFund(t *testing.T) {
	s := newSite(t)
	elder := s.KeyElder(s.Home())
	s.Volunteer(s.Home())
	id := s.Place(elder.Actor, elder)
	s.Clock.Set(s.Order(id).Start.Add(-time.Hour))
	s.PassTo(s.Clock.Now().Add(30 * time.Hour))
	if got := s.Order(id).State; got != "fund" {
		t.Fatalf("nobody took it: got %s, want fund", got)
	}
	city := s.as(s.Staff(identity.Administrator, s.Tree.City()))
	city.get("/office/waiting").is(t, http.StatusOK, "Claims on the guarantee fund", "Document number")
	s.as(s.Staff(identity.ReadOnly, s.Tree.City())).get("/office/waiting").is(t, http.StatusOK, "For somebody else to decide: 1.")
	form := url.Values{"key": {"fund-claim-0"}, "place": {string(s.Tree.City())}, "provider-" + string(id): {"玄武养老服务中心"}, "document-" + string(id): {"F-2020-7"}, "minutes-" + string(id): {"x"}}
	city.post("/office/orders/"+string(id)+"/fund-claim", form).is(t, http.StatusUnprocessableEntity, "Please write whole minutes", `aria-invalid="true"`, `value="玄武养老服务中心"`, "Claims on the guarantee fund")
	form.Set("key", "fund-claim-1")
	form.Set("minutes-"+string(id), "60")
	city.post("/office/orders/"+string(id)+"/fund-claim", form).is(t, http.StatusOK, "It is done")
	city.get("/office/figure?when=all&code=figure.fund").is(t, http.StatusOK, "1 entry, 1 h", string(id))
}

// A point opens, gets its hours, is refused to close while somebody works there, moves and closes; the trail keeps before and after.
func TestAServicePointOnThePages(t *testing.T) {
	s := newSite(t)
	city := s.as(s.Staff(identity.Administrator, s.Tree.City()))
	home, street := string(s.Home()), string(s.Tree.StreetOf(s.Home()))
	opened := url.Values{"key": {"open-a-point-1"}, "place": {home}, "name": {"和平路服务点"}, "kind": {"community"}, "phone": {"12"}, "days": {"12345"}, "opens": {"08:30"}, "closes": {"8"}}
	city.post("/office/points", opened).is(t, http.StatusUnprocessableEntity, `value="和平路服务点"`, `id="phone-error"`, `id="opens-error"`, `<option value="12345" selected>`)
	opened.Set("key", "open-a-point-2")
	opened.Set("phone", "025-85311234")
	opened.Set("closes", "17:30")
	list := city.post("/office/points", opened)
	list.is(t, http.StatusOK, "It is done", "和平路服务点", "Monday to Friday 08:30–17:30")
	path := regexp.MustCompile(`/office/points/[^?"]+`).FindString(list.body)
	staff := s.Person(30, s.Home())
	granted, err := s.Identity.GrantRoles(t.Context(), []identity.GrantRoleCmd{{Actor: identity.System, Key: s.Key(), To: identity.ActorID(staff.Actor.ID), Role: identity.PointStaff,
		Region: s.Home(), Point: strings.TrimPrefix(path, "/office/points/")}})
	role := citytest.Must(t, granted, err)[0].Value
	change := url.Values{"key": {"change-point-1"}, "place": {home}, "name": {"和平路服务点"}, "phone": {"025-85311234"}, "days": {"1234567"}, "opens": {"08:00"}, "closes": {"20:00"}, "at": {"32.102, 118.805"},
		"region": {home}, "closed": {"yes"}, "reason": {"搬家"}}
	city.post(path, change).is(t, http.StatusConflict, "Please take the roles back first", `<option value="1234567" selected>`, `value="搬家"`)
	s.as(s.Staff(identity.Dispatcher, s.Tree.StreetOf(s.Home()))).post(path, change).is(t, http.StatusForbidden)
	ended, err := s.Identity.RevokeRoles(t.Context(), []identity.RevokeRoleCmd{{Actor: identity.System, Key: s.Key(), Grant: role, Reason: "test"}})
	citytest.Must(t, ended, err)
	s.Clock.Advance(time.Second)
	change.Set("key", "change-point-2")
	change.Set("region", street)
	change.Set("place", street)
	city.post(path, change).is(t, http.StatusOK, "It is done", "Closed since", "every day 08:00–20:00", s.Tree.FullName(s.Tree.StreetOf(s.Home())))
	s.as(s.Staff(identity.Auditor, s.Tree.City())).get("/office/trail?ref="+strings.TrimPrefix(path, "/office/points/")).is(t, http.StatusOK, "member.change_point", "08:00–20:00 32102000,118805000 closed 搬家")
	if public := city.get("/public/points?in=" + street); strings.Contains(public.body, "和平路服务点") {
		t.Error("a closed point is listed in public")
	}
}

// A new version of a service is a form in both languages: what is wrong stands beside its field, and orders of the old version keep it.
func TestTheCityPublishesAVersionOfAService(t *testing.T) {
	s := newSite(t)
	city := s.as(s.Staff(identity.Administrator, s.Tree.City()))
	page := city.get("/office/catalogue?item=" + citytest.Lesson)
	page.is(t, http.StatusOK, "Publish a new version", `name="name_zh"`, `value="学用智能手机"`)
	form := url.Values{}
	for _, field := range regexp.MustCompile(`<(?:input|textarea)[^>]* name="([a-z_]+)"[^>]*?(?:value="([^"]*)"|>([^<]*)</textarea>)`).FindAllStringSubmatch(page.body, -1) {
		form.Set(field[1], html.UnescapeString(field[2]+field[3]))
	}
	for _, list := range regexp.MustCompile(`(?s)<select[^>]* name="([a-z_]+)".*?</select>`).FindAllStringSubmatch(page.body, -1) {
		if chosen := regexp.MustCompile(`<option value="([^"]*)" selected`).FindStringSubmatch(list[0]); chosen != nil {
			form.Set(list[1], chosen[1])
		}
	}
	form.Set("key", "publish-item-1")
	form.Set("item", citytest.Lesson)
	form.Set("name_zh", "学用手机和平板")
	form.Set("name_en", "")
	form.Set("usual", "5")
	city.post("/office/catalogue", form).is(t, http.StatusUnprocessableEntity, `id="name_en-error"`, `id="usual-error"`, `value="学用手机和平板"`)
	form.Set("key", "publish-item-2")
	form.Set("name_en", "Learn phone and tablet")
	form.Set("usual", "60")
	city.post("/office/catalogue", form).is(t, http.StatusOK, "It is done", "Learn phone and tablet", "Learning to use a smartphone")
	city.get("/office/catalogue?item=new").is(t, http.StatusOK, `name="code"`, `name="steps"`)
	form.Set("key", "publish-item-3")
	form.Set("name_zh", "打针换药")
	city.post("/office/catalogue", form).is(t, http.StatusUnprocessableEntity, `id="name_zh-error"`, "catalog.forbidden")
}

// Whoever waits is listed page by page, each once; a level that is chosen says how many wait at others.
func TestTheWaitingArePagedAndSayWhatIsHidden(t *testing.T) {
	s := newSite(t)
	const asked = 53
	elder := s.KeyElder(s.Home())
	for i := range asked {
		placed, err := s.Orders.Place(t.Context(), []order.PlaceCmd{{Actor: elder.Actor, Key: s.Key(), Recipient: elder.ID, Item: citytest.Lesson, Urgency: catalog.Everyday, Start: s.Tomorrow().AddDate(0, 0, i/2+1).Add(time.Duration(i%2) * 3 * time.Hour)}})
		citytest.Must(t, placed, err)
	}
	officer := s.as(s.Staff(identity.Administrator, s.Tree.StreetOf(s.Home())))
	first := officer.get("/office/waiting")
	first.is(t, http.StatusOK, "All levels 53", `rel="next"`)
	next := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(first.body)[1]
	second := officer.get(html.UnescapeString(next))
	second.is(t, http.StatusOK, "All levels 53")
	id := regexp.MustCompile(`>\s*([0-9a-z]{26})\s*</td>`)
	seen := map[string]bool{}
	for _, m := range append(id.FindAllStringSubmatch(first.body, -1), id.FindAllStringSubmatch(second.body, -1)...) {
		seen[m[1]] = true
	}
	if len(seen) != asked {
		t.Errorf("two pages list %d orders, want %d", len(seen), asked)
	}
	officer.get("/office/waiting?level=city").is(t, http.StatusOK, "53 more wait at other levels")
}

// The map counts the period that is chosen and no other.
func TestTheMapCountsThePeriod(t *testing.T) {
	s := newSite(t)
	s.Earn(s.Volunteer(s.Home()), s.KeyElder(s.Home()), 90)
	settled := clock.DayOf(s.Clock.Now())
	s.PassTo(clock.MonthOf(s.Clock.Now()).End().Add(12 * time.Hour))
	s.Earn(s.Volunteer(s.Home()), s.KeyElder(s.Home()), 60)
	city := s.as(s.Staff(identity.ReadOnly, s.Tree.City()))
	district := regexp.MustCompile(`(?s)>栖霞区</text>\s*<text[^>]*>([^<]*)<`)
	for query, want := range map[string]string{"when=this": "1 h", "when=last": "1 h 30 min", "when=all": "2 h 30 min",
		"when=own&from=" + string(settled) + "&to=" + string(settled): "1 h 30 min", "when=own&from=2019-01-01&to=2019-01-02": "0 h"} {
		a := city.get("/office/map?code=figure.minutes&" + query)
		a.is(t, http.StatusOK)
		if got := district.FindStringSubmatch(a.body); got == nil || got[1] != want {
			t.Errorf("%s: got %v, want %s", query, got, want)
		}
	}
}

// The districts are drawn with a table beside them; below the city the table stands alone.
func TestAMapOfTheDistricts(t *testing.T) {
	s := newSite(t)
	city := s.as(s.Staff(identity.ReadOnly, s.Tree.City()))
	city.get("/office/map").is(t, http.StatusOK, "<svg class=\"map\"", "栖霞区", "江北新区", "See entries")
	if street := city.get("/office/map?place=" + string(s.Tree.District(s.Home()))); strings.Contains(street.body, "class=\"map\"") || !strings.Contains(street.body, "迈皋桥街道") {
		t.Errorf("a district: got %s, want its streets without a map", street.body)
	}
}

// Outlines that the installation names are drawn in place of the squares, in their true shape, with what the file says of itself.
func TestRealOutlinesTakeThePlaceOfTheSquares(t *testing.T) {
	file := filepath.Join("testdata", "outlines.geojson")
	c := citytest.NewWith(t, store.SQLite, func(cfg *config.Config) { cfg.Pages.Map = file })
	s := newSiteOf(t, c)
	s.Earn(s.Volunteer(s.Home()), s.KeyElder(s.Home()), 90)
	page := s.as(s.Staff(identity.ReadOnly, s.Tree.City())).get("/office/map?code=figure.minutes&when=all")
	page.is(t, http.StatusOK, "The outlines are those of invented lines, approved by nobody.", `<a class="target" href="/office/map?`)
	drawn := regexp.MustCompile(`(?s)<path class="shade-(\d)" d="([^"]*)"></path>\s*<text[^>]*>([^<]*)</text>\s*<text[^>]*>([^<]*)<`).FindAllStringSubmatch(page.body, -1)
	// Qixia is a ring of five corners, Xuanwu has a hole and an island; what no district is, is drawn nowhere.
	want := map[string][4]string{"栖霞区": {"5", "1", "5", "1 h 30 min"}, "玄武区": {"1", "3", "10", "0 h"}}
	if len(drawn) != len(want) {
		t.Fatalf("drawn: got %v", drawn)
	}
	for _, d := range drawn {
		path := strings.TrimSuffix(d[2], "Z")
		if got := [4]string{d[1], strconv.Itoa(strings.Count(path, "M")), strconv.Itoa(strings.Count(path, "L")), d[4]}; got != want[d[3]] {
			t.Errorf("%s: got %v, want %v", d[3], got, want[d[3]])
		}
	}
	// From 118.75 to 119.15 east and 32.08 to 32.24 north, a degree to the east being 0.847 of one to the north, Qixia is 2.12 times as wide as high.
	var x, y []float64
	for _, corner := range regexp.MustCompile(`[ML]([\d.]+) ([\d.]+)`).FindAllStringSubmatch(drawn[0][2], -1) {
		one, err := strconv.ParseFloat(corner[1], 64)
		other, err2 := strconv.ParseFloat(corner[2], 64)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		x, y = append(x, one), append(y, other)
	}
	if shape := (slices.Max(x) - slices.Min(x)) / (slices.Max(y) - slices.Min(y)); drawn[0][3] != "栖霞区" || shape < 2.1 || shape > 2.14 {
		t.Errorf("%s is %.2f times as wide as high", drawn[0][3], shape)
	}
	bad := config.Default()
	bad.Data, bad.Pages.Map = t.TempDir(), "office_test.go"
	if _, err := app.Open(t.Context(), app.Options{Config: bad}); errs.CodeOf(err) != "app.map_unreadable" {
		t.Errorf("a file that is no map: got %v", err)
	}
}

// A list that is longer than a page goes on on the next one, each by itself, and a form there that is refused stands there again.
func TestRolesComePageByPage(t *testing.T) {
	s := newSite(t)
	street := s.Tree.StreetOf(s.Home())
	officer := s.as(s.Staff(identity.Administrator, street))
	for range 52 {
		s.Staff(identity.ReadOnly, street)
	}
	revoke := regexp.MustCompile(`action="(/office/roles/[^"]+/revoke)"`)
	older := regexp.MustCompile(`href="(/office/people\?[^"]*list=roles[^"]*)"`)
	first := officer.get("/office/people")
	next := older.FindStringSubmatch(first.body)
	if n := len(revoke.FindAllString(first.body, -1)); n != 49 || next == nil {
		t.Fatalf("the first page: got %d roles that can be ended and the way %v, want 49 (all of 50 but one's own) and a way on", n, next)
	}
	second := officer.get(html.UnescapeString(next[1]))
	forms := revoke.FindAllStringSubmatch(second.body, -1)
	if len(forms) != 3 || older.MatchString(second.body) {
		t.Fatalf("the second page: got %d forms, want the last 3", len(forms))
	}
	u, err := url.Parse(html.UnescapeString(next[1]))
	if err != nil {
		t.Fatal(err)
	}
	officer.post("/office/roles", url.Values{"key": {"granted-to-nobody"}, "place": {string(street)}, "number": {"13999999999"}, "role": {"readonly"}, "until": {"soon"},
		"list": {"roles"}, "after": {u.Query().Get("after")}}).is(t, http.StatusUnprocessableEntity, forms[0][1])
}
