package desk

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"timebank/internal/call"
	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/pii"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// Call is the screen for a telephone call: who is it? One field takes a part of the name, its sound, the last digits of a phone, or the
// caller's whole number.
func Call(r *page.Request) error {
	if _, err := placeOf(r); err != nil {
		return err
	}
	if !r.Holds(identity.MemberLookUp) {
		return errs.New(errs.Forbidden, "identity.not_allowed").By("identity.rights", "law")
	}
	return r.Show(http.StatusOK, callPage(callView{Page: callShell(r), Who: whoField(r, "")}))
}

func callShell(r *page.Request) ui.Page {
	p := r.Shell(r.T("page.desk.call"))
	p.Scripts = append(p.Scripts, "desk.js")
	return p
}

func whoField(r *page.Request, typed string) ui.Field {
	return ui.Field{Name: "who", Label: r.T("page.desk.who"), Hint: r.T("page.desk.who_hint"), Value: typed, Max: 50}
}

// Find answers what was typed. It is a form, because what is typed about a person does not belong into an address, and each search is in the
// trail with whom it showed.
func Find(r *page.Request) error {
	place, err := placeOf(r)
	if err != nil {
		return err
	}
	v := callView{Page: callShell(r), Who: whoField(r, r.Form("who")), Asked: true}
	v.Found, err = find(r, place, r.Form("who"), member.LookUpReason(r.Form("reason")))
	if kind := errs.KindOf(err); kind == errs.KindInvalid {
		fault := r.Tell(err).Faults[0]
		if fault.Field == "reason" {
			v.Beyond = beyond(r, fault.Text)
			return r.Show(http.StatusOK, callPage(v))
		}
		v.Who.Error = fault.Text
		return r.Show(page.Status(kind), callPage(v))
	}
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, callPage(v))
}

var lookUpWords = map[member.LookUpReason]string{member.LookUpCaller: "page.desk.beyond_caller", member.LookUpVisit: "page.desk.beyond_visit", member.LookUpRelative: "page.desk.beyond_relative",
	member.LookUpRegister: "page.desk.beyond_register", member.LookUpDuty: "page.desk.beyond_duty", member.LookUpDanger: "page.desk.beyond_danger"}

// beyond asks why somebody is looked for who does not live here.
func beyond(r *page.Request, text string) *ui.Field {
	f := &ui.Field{Name: "reason", Label: r.T("page.desk.beyond_why"), Hint: text}
	for _, reason := range member.LookUpReasons() {
		f.Options = append(f.Options, ui.Option{Value: string(reason), Text: r.T(lookUpWords[reason])})
	}
	return f
}

// find looks a whole number up in the place, and for a reason in the city, and anything else among the people of the place.
func find(r *page.Request, place region.ID, text string, reason member.LookUpReason) ([]foundView, error) {
	var people []member.Match
	var elsewhere []member.Sighting
	if _, err := pii.ParsePhone(text); err == nil || looksLikeIDNumber(text) {
		found, err := r.Members.LookUp(r.Context(), r.Actor, text, reason)
		if err != nil {
			return nil, err
		}
		for _, one := range found {
			if one.Own != nil {
				people = append(people, member.Match{Person: *one.Own, Name: one.Name})
			} else {
				elsewhere = append(elsewhere, one)
			}
		}
	} else {
		matches, err := r.Members.Search(r.Context(), r.Actor, place, text)
		if err != nil {
			return nil, err
		}
		people = matches
	}
	var out []foundView
	err := r.Read("web.desk_found", func(tx *store.Tx, tree *region.Tree) error {
		ids := make([]member.PersonID, len(people))
		alike := map[string]int{}
		for i, m := range people {
			ids[i] = m.Person.ID
			alike[twin(m.Name, m.Person)]++
		}
		asks, err := member.Standings(tx, ids)
		if err != nil {
			return err
		}
		for i, m := range people {
			p := m.Person
			f := foundView{ID: p.ID, Number: strconv.Itoa(i + 1), Href: personPath(p.ID), Name: m.Name.String(), Phone: m.Phone.String(), Area: tree.FullName(p.Region),
				Age: r.T("page.desk.age", "age", p.AgeOn(clock.DayOf(r.Now))), Twin: alike[twin(m.Name, p)] > 1}
			f.Standing, f.Tone = asksOf(r, p, asks)
			out = append(out, f)
		}
		for _, one := range elsewhere {
			out = append(out, foundView{ID: one.Person, Name: one.Name.String(), Area: tree.Name(one.District), Station: one.Station.Name, Phone: one.Station.Phone,
				Standing: r.T("page.desk.elsewhere"), Tone: ui.Calm})
		}
		return nil
	})
	return out, err
}

// twin is what two records of one person would have in common.
func twin(n pii.Name, p member.Person) string { return n.Reveal() + " " + string(p.Birth) }

func looksLikeIDNumber(text string) bool {
	_, err := pii.ParseIDNumber(text)
	return err == nil
}

func personPath(id member.PersonID) string { return "/desk/people/" + string(id) }

// asksOf says whether a person can ask for service.
func asksOf(r *page.Request, p member.Person, asks map[member.PersonID]member.Standing) (string, ui.Tone) {
	rec, ok := asks[p.ID]
	switch {
	case p.State != member.PersonActive:
		return r.T("page.desk.not_active"), ui.Bad
	case !ok:
		return r.T("page.desk.no_recipient"), ui.Calm
	case rec.MayAsk && rec.KeyElder:
		return r.T("page.desk.key_elder"), ui.Good
	case rec.MayAsk:
		return r.T("page.desk.recipient"), ui.Good
	case rec.State == member.RecipientApplied:
		return r.T("page.desk.applied"), ui.Wait
	}
	return r.T("page.desk.not_recipient"), ui.Bad
}

// Person is one person at the desk: masked, with the request that can be made for it by keys alone, and what it has asked for.
func Person(r *page.Request) error { return personPage(r, http.StatusOK, nil) }

// Home shows where somebody's home is on the map and puts it there, as the person says on the telephone.
func Home(r *page.Request) error {
	who := member.PersonID(r.Path("id"))
	return page.Home(r, page.HomePage{Who: who, At: personPath(who) + "/home", Back: personPath(who), BackText: r.T("page.desk.person")})
}

// House moves somebody's home, as the person says at the desk or on the telephone.
func House(r *page.Request) error {
	who := member.PersonID(r.Path("id"))
	return page.House(r, page.HousePage{Who: who, At: personPath(who) + "/house", Back: personPath(who), BackText: r.T("page.desk.person"), Asked: "/desk/orders/", Taken: "/desk/orders/", Away: "/desk/call"})
}

func personPage(r *page.Request, status int, trouble error) error {
	who := member.PersonID(r.Path("id"))
	v := personView{Page: r.Shell(r.T("page.desk.person")), Key: r.Key(), Action: personPath(who), CanFind: r.Holds(identity.MemberLookUp)}
	v.Scripts = append(v.Scripts, "desk.js")
	list, err := r.Orders.List(r.Context(), r.Actor, order.Filter{Recipient: who, Before: order.ID(r.Form("after")), Limit: listLength + 1})
	if err != nil {
		return err
	}
	calls, err := r.Calls.List(r.Context(), r.Actor, call.Filter{Person: who, Limit: listLength})
	switch {
	case err == nil:
		v.TakesCalls = true
	case errs.KindOf(err) != errs.Forbidden && errs.KindOf(err) != errs.NotFound:
		return err
	}
	rec, known, err := r.Members.Assessed(r.Context(), r.Actor, who)
	if err != nil {
		return err
	}
	err = r.Read("web.desk_person", func(tx *store.Tx, tree *region.Tree) error {
		people, err := member.LoadPersons(tx, []member.PersonID{who})
		if err != nil {
			return err
		}
		p, ok := people[who]
		if !ok {
			return errs.New(errs.NotFound, "member.person_unknown")
		}
		if err := r.Actor.May(identity.MemberRead, p.Region, tree); err != nil {
			return err
		}
		names, err := r.Members.Names(tx, []member.PersonID{who})
		if err != nil {
			return err
		}
		asks, err := member.Standings(tx, []member.PersonID{who})
		if err != nil {
			return err
		}
		v.Name = names[who].String()
		v.Facts = []ui.Row{{Name: r.T("page.desk.fact_age"), Value: r.T("page.desk.age", "age", p.AgeOn(clock.DayOf(r.Now)))},
			{Name: r.T("page.desk.fact_area"), Value: tree.FullName(p.Region)}}
		v.Standing, v.Tone = asksOf(r, p, asks)
		v.CanApply = !known && p.State == member.PersonActive && page.May(r.Actor, identity.MemberApplyFor, p.Region, tree)
		if asks[who].MayAsk && page.May(r.Actor, identity.OrderPlaceFor, p.Region, tree) {
			if v.askView, err = request(r, tx); err != nil {
				return err
			}
			v.About, v.Words = callFields(r, "", call.Reason(cmp.Or(r.Form("about"), string(call.ForService))))
			v.Words.Value = r.Form("words")
			v.CanAsk = true
		}
		if known && rec.State == member.RecipientApproved {
			v.Why = r.WhyOf(&rec.KeyElderBasis)
			if page.May(r.Actor, identity.MemberAssess, p.Region, tree) && !r.Actor.IsPerson(string(who)) {
				v.Found = foundAtHome(r, rec.Attributes)
			}
		}
		v.CanMove = page.May(r.Actor, identity.MemberMoveFor, p.Region, tree)
		v.CanCard = page.May(r.Actor, identity.IdentityCard, p.Region, tree)
		v.Calls, err = callsOf(r, tx, calls)
		if err != nil {
			return err
		}
		if v.TakesCalls {
			v.NoteAbout, v.NoteWords = callFields(r, "note-", call.ForQuestion)
		}
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		v.Orders, v.More, err = cards(r, all, list, v.Action)
		return err
	})
	if err != nil {
		return err
	}
	if trouble != nil {
		told := r.Tell(trouble)
		v.Faults, v.Refused, v.Asks = told.Faults, told.Why, page.AskedTwice(trouble)
		if len(v.Faults) == 0 {
			v.Faults = []ui.Fault{{Text: told.Text}}
		}
	}
	return r.Show(status, person(v))
}

// listLength is how many lines a list of the desk shows before it asks to go on.
const listLength = 10

// cards are a person's orders, and the way to the older ones.
func cards(r *page.Request, all *catalog.Catalogue, list []order.View, path string) (lines []cardView, more string, err error) {
	if len(list) > listLength {
		list = list[:listLength]
		more = path + "?after=" + string(list[listLength-1].ID)
	}
	for _, o := range list {
		item, err := all.ByVersion(o.Item, o.ItemVersion)
		if err != nil {
			return nil, "", err
		}
		c := cardView{Href: orderPath(o.ID), Name: item.Name(r.Lang), When: r.When(o.Start)}
		c.Standing, c.Tone = r.Standing(&o.Order)
		lines = append(lines, c)
	}
	return lines, more, nil
}

// The keys that choose an item and a time; no key stands for two choices of the form.
const (
	itemKeys  = "1234567890efghijklmn"
	timeKeys  = "abc"
	otherTime = "d"
)

// request fills in the form: what can be asked for, each with its number, and when, each with its letter.
func request(r *page.Request, tx *store.Tx) (v askView, err error) {
	offers, err := r.Catalog.List(tx, r.Now, r.Lang)
	if err != nil {
		return v, err
	}
	chosen := r.Form("item")
	for i, o := range offers {
		c := choiceView{Value: o.Item.Code, Text: o.Name, Hint: r.Long(o.Item.Usual), Chosen: o.Item.Code == chosen}
		if i < len(itemKeys) {
			c.Key = itemKeys[i : i+1]
		}
		v.Items = append(v.Items, c)
	}
	at := r.Form("when")
	for i, start := range times(r.Now) {
		value := string(clock.DayOf(start)) + " " + start.In(clock.Zone).Format("15:04")
		v.Times = append(v.Times, choiceView{Key: timeKeys[i : i+1], Value: value, Text: r.When(start), Chosen: at == value})
	}
	v.Other = choiceView{Key: otherTime, Value: "other", Text: r.T("page.desk.other_time"), Chosen: at == "other"}
	v.Day, v.At = ui.Field{Name: "day", Label: r.T("page.elder.which_day")}, ui.Field{Name: "at", Label: r.T("page.elder.which_hour")}
	for n := range 21 {
		d := clock.DayOf(r.Now).Add(n)
		v.Day.Options = append(v.Day.Options, ui.Option{Value: string(d), Text: r.Day(d), Chosen: string(d) == r.Form("day")})
	}
	for half := 14; half < 40; half++ {
		text := clock.DayOf(r.Now).Start().Add(time.Duration(half) * 30 * time.Minute).In(clock.Zone).Format("15:04")
		v.At.Options = append(v.At.Options, ui.Option{Value: text, Text: text, Chosen: text == r.Form("at")})
	}
	v.Family = r.Form("family") == "yes"
	return v, nil
}

// times are the times that one key chooses: later today, tomorrow in the morning and in the afternoon.
func times(now time.Time) []time.Time {
	tomorrow := clock.DayOf(now).Add(1).Start()
	list := []time.Time{tomorrow.Add(9 * time.Hour), tomorrow.Add(14 * time.Hour)}
	// Somebody has to take it: two hours from now at the earliest (default, ours), and not late in the evening.
	if early := now.Add(150 * time.Minute).Truncate(30 * time.Minute); clock.DayOf(early) == clock.DayOf(now) && early.In(clock.Zone).Hour() < 17 {
		list = append([]time.Time{early}, list...)
	}
	return list
}

// AskFor places the request for the person whose page this is.
func AskFor(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	placed, err := placeFor(r, key)
	if kind := errs.KindOf(err); kind == errs.KindInvalid || kind == errs.Refused {
		return personPage(r, page.Status(kind), err)
	}
	if err != nil {
		return err
	}
	return led(r, placed, "asked_for")
}

func placeFor(r *page.Request, key string) (order.ID, error) {
	cmd, err := wanted(r, order.PlaceCmd{Actor: r.Actor, Key: key, Recipient: member.PersonID(r.Path("id"))})
	if err != nil {
		return "", err
	}
	return page.One(r.Calls.Ask(r.Context(), []call.AskCmd{{Reason: call.Reason(cmp.Or(r.Form("about"), string(call.ForService))), Words: r.Form("words"), Place: cmd}}))
}

// wanted completes a command with what was chosen and when. Error: Invalid order.invalid that names both fields where both are missing.
func wanted(r *page.Request, cmd order.PlaceCmd) (order.PlaceCmd, error) {
	var bad errs.Fields
	start, err := startOf(r)
	if err != nil {
		bad.Add("when", "page.time_missing")
	}
	code := r.Form("item")
	if code == "" {
		bad.Add("item", "page.desk_item_missing")
	}
	if err := bad.Err("order.invalid"); err != nil {
		return cmd, err
	}
	var item *catalog.Item
	if err := r.DB.Read(r.Context(), "web.item", func(tx *store.Tx) (err error) {
		item, err = r.Catalog.Current(tx, code, r.Now)
		return err
	}); err != nil {
		return cmd, err
	}
	cmd.Item, cmd.Start, cmd.Urgency, cmd.FamilyPresent, cmd.Again = code, start, page.Urgency(item, start, r.Now), r.Form("family") == "yes", r.OneMore()
	return cmd, nil
}

// startOf reads the time that was chosen by one key, or the day and the hour.
func startOf(r *page.Request) (time.Time, error) {
	day, at, _ := strings.Cut(r.Form("when"), " ")
	if r.Form("when") == "other" {
		day, at = r.Form("day"), r.Form("at")
	}
	d, err := clock.ParseDay(day)
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse("15:04", at)
	return d.Start().Add(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute), err
}

// FullRecord shows what identifies a person; the look is in the trail.
func FullRecord(r *page.Request) error {
	if _, err := r.Sent(); err != nil {
		return err
	}
	who := member.PersonID(r.Path("id"))
	p, d, err := r.Members.Details(r.Context(), r.Actor, who)
	if err != nil {
		return err
	}
	v := revealView{Page: r.Shell(r.T("page.desk.person")), Back: personPath(who)}
	v.Facts = []ui.Row{{Name: r.T("page.desk.fact_name"), Value: d.Name.Reveal()}, {Name: r.T("page.desk.fact_phone"), Value: d.Phone.Reveal()},
		{Name: r.T("page.desk.fact_address"), Value: d.Address.Reveal()}, {Name: r.T("page.desk.fact_born"), Value: string(p.Birth)},
		// The number itself is on the card in the person's hand.
		{Name: r.T("page.desk.fact_id_number"), Value: d.IDNumber.String()}}
	return r.Show(http.StatusOK, reveal(v))
}
