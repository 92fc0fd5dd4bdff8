package desk

import (
	"net/http"
	"strconv"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/id"
	"timebank/internal/member"
	"timebank/internal/paper"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// PrintPassbook answers with the passbook of the person whose page it stands on; the printing is in the trail.
func PrintPassbook(r *page.Request) error {
	if _, err := r.Sent(); err != nil {
		return err
	}
	pdf, err := r.Paper.PrintPassbook(r.Context(), paper.PrintPassbookCmd{Actor: r.Actor, Person: member.PersonID(r.Path("id")), Small: r.Form("size") == "small"}, r.Voice())
	if err != nil {
		return err
	}
	return r.Send("time-passbook.pdf", page.TypePDF, pdf)
}

// PrintCard answers with a new card for the person; the one before ends.
func PrintCard(r *page.Request) error {
	if _, err := r.Sent(); err != nil {
		return err
	}
	pdf, err := r.Paper.PrintCard(r.Context(), paper.PrintCardCmd{Actor: r.Actor, Person: member.PersonID(r.Path("id"))}, r.Voice())
	if err != nil {
		return err
	}
	return r.Send("card.pdf", page.TypePDF, pdf)
}

// Slips lists the batches of blank slips of the reader's place, and is where new ones are printed and written ones keyed in.
func Slips(r *page.Request) error {
	place, err := placeOf(r)
	if err != nil {
		return err
	}
	v := slipsView{Page: r.Shell(r.T("page.desk.slips")), Key: r.Key()}
	list, err := r.Paper.Batches(r.Context(), r.Actor, place, paper.BatchID(r.Form("after")), listLength+1)
	if err != nil {
		return err
	}
	if len(list) > listLength {
		list = list[:listLength]
		v.More = "/desk/slips?after=" + string(list[listLength-1].ID)
	}
	for _, b := range list {
		v.Batches = append(v.Batches, batchView{Href: slipsPath(b.ID), When: r.When(b.PrintedAt), Counts: r.T("page.desk.slips_counts", "open", b.Open, "used", b.Used, "void", b.Void)})
	}
	for _, g := range r.Actor.Grants {
		v.Works = v.Works || g.Point != "" && r.Actor.AtPoint(g.Point)
	}
	v.Code = ui.Field{Name: "code", Label: r.T("page.desk.slip_code"), Hint: r.T("page.desk.slip_code_hint"), Max: 20, Needed: true}
	v.Orders = ui.Field{Name: "orders", Label: r.T("page.desk.slips_orders"), Value: "10", Mode: "numeric", Max: 3}
	v.Visits = ui.Field{Name: "visits", Label: r.T("page.desk.slips_visits"), Value: "10", Mode: "numeric", Max: 3}
	return r.Show(http.StatusOK, slips(v))
}

func slipsPath(id paper.BatchID) string { return "/desk/slips/" + string(id) }

// PrintSlips draws the codes of a batch and leads to it.
func PrintSlips(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	count := func(name string) int {
		n, err := strconv.Atoi(r.Form(name))
		if r.Form(name) != "" && err != nil {
			return -1
		}
		return n
	}
	made, err := r.Paper.PrintSlips(r.Context(), paper.PrintSlipsCmd{Actor: r.Actor, Key: key, Orders: count("orders"), Visits: count("visits")})
	if err != nil {
		return r.Redisplay(err, "/desk/slips", Slips)
	}
	return r.Go(slipsPath(made) + "?done=slips_drawn")
}

// Batch is one batch: what became of each of its slips.
func Batch(r *page.Request) error {
	b, list, err := r.Paper.Slips(r.Context(), r.Actor, paper.BatchID(r.Path("batch")))
	if err != nil {
		return err
	}
	v := slipBatchView{Page: r.Shell(r.T("page.desk.slips_of", "when", r.When(b.PrintedAt))), Key: r.Key(), Action: slipsPath(b.ID), Open: b.Open > 0,
		Mine: r.Actor.AtPoint(string(b.Point))}
	for _, s := range list {
		one := slipView{Key: r.Key(), Code: id.Group(s.Code), Kind: r.T(slipKinds[s.Kind]), State: r.T(slipStates[s.State]), Tone: ui.Calm, Reason: s.Reason}
		switch s.State {
		case paper.Open:
			one.Tone = ui.Wait
			if v.Mine {
				one.KeyIn = "/desk/slips/key?code=" + s.Code
			}
		case paper.Used:
			one.Tone, one.Order = ui.Good, orderPath(s.Order)
		}
		v.Slips = append(v.Slips, one)
	}
	v.Spoilt = ui.Field{Name: "code", Label: r.T("page.desk.slip_code"), Max: 20, Needed: true}
	v.Reason = ui.Field{Name: "reason", Label: r.T("page.desk.slip_void_why"), Max: 200, Needed: true}
	return r.Show(http.StatusOK, slipBatch(v))
}

// DrawSlips answers with the open slips of a batch on paper.
func DrawSlips(r *page.Request) error {
	if _, err := r.Sent(); err != nil {
		return err
	}
	pdf, err := r.Paper.DrawSlips(r.Context(), r.Actor, paper.BatchID(r.Path("batch")), r.Voice())
	if err != nil {
		return err
	}
	return r.Send("slips.pdf", page.TypePDF, pdf)
}

// VoidSlip ends a slip that is spoilt or lost.
func VoidSlip(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	at := slipsPath(paper.BatchID(r.Path("batch")))
	if err := r.Paper.VoidSlip(r.Context(), paper.VoidSlipCmd{Actor: r.Actor, Key: key, Code: r.Form("code"), Reason: r.Form("reason")}); err != nil {
		return redisplayed(r, err, at, Batch)
	}
	return r.Go(at + "?done=slip_void")
}

// redisplayed is Redisplay for refusals of a slip, which another station's is too.
func redisplayed(r *page.Request, err error, at string, show page.Handler, fields ...string) error {
	if errs.CodeOf(err) == "paper.slip_of_other_station" {
		told := errs.New(errs.Refused, "paper.slip_of_other_station").By("paper.station", "street")
		return r.Redisplay(told, at, show, fields...)
	}
	return r.Redisplay(err, at, show, fields...)
}

// KeyInForm has a place for everything that stands on the slip whose code was typed.
func KeyInForm(r *page.Request) error {
	slip, err := r.Paper.Find(r.Context(), r.Actor, r.Form("code"))
	if err != nil {
		return redisplayed(r, err, "/desk/slips", Slips)
	}
	return keyInPage(r, slip, nil, nil, nil)
}

// keyInPage shows the form; ticked are the boxes that were ticked, who and came the people among whom the reader has to choose.
func keyInPage(r *page.Request, slip paper.Slip, ticked map[string]bool, who, came []ui.Option) error {
	v := keyInView{Page: r.Shell(r.T("page.desk.key_in", "code", id.Group(slip.Code))), Key: r.Key(), Code: slip.Code, Visit: slip.Kind == paper.ForVisit, Ticked: ticked}
	v.Who = ui.Field{Name: "who", Label: r.T("page.desk.slip_who"), Hint: r.T("page.desk.who_hint"), Max: 50, Needed: true}
	if len(who) > 0 {
		v.Pick = &ui.Field{Name: "recipient", Label: r.T("page.desk.slip_which"), Options: who}
	}
	v.Item = ui.Field{Name: "item", Label: r.T("page.desk.what")}
	err := r.Read("web.key_in", func(tx *store.Tx, _ *region.Tree) error {
		offers, err := r.Catalog.List(tx, r.Now, r.Lang)
		for _, o := range offers {
			v.Item.Options = append(v.Item.Options, ui.Option{Value: o.Item.Code, Text: o.Name})
		}
		return err
	})
	if err != nil {
		return err
	}
	v.Day = ui.Field{Name: "day", Label: r.T("page.elder.which_day")}
	for n := range slipDays {
		d := clock.DayOf(r.Now).Add(n)
		if v.Visit {
			d = clock.DayOf(r.Now).Add(-n)
		}
		v.Day.Options = append(v.Day.Options, ui.Option{Value: string(d), Text: r.Day(d)})
	}
	v.From = ui.Field{Name: "from", Label: r.T("page.desk.slip_from"), Hint: r.T("page.desk.slip_from_hint"), Max: 5, Needed: true}
	v.Minutes = ui.Field{Name: "minutes", Label: r.T("page.desk.slip_minutes"), Mode: "numeric", Max: 3, Needed: true}
	v.Came = ui.Field{Name: "came", Label: r.T("page.desk.slip_came"), Hint: r.T("page.desk.slip_came_hint"), Max: 50, Needed: true}
	if len(came) > 0 {
		v.PickCame = &ui.Field{Name: "volunteer", Label: r.T("page.desk.slip_which"), Options: came}
	}
	v.Second = ui.Field{Name: "second", Label: r.T("page.desk.slip_second"), Max: 50}
	return r.Show(http.StatusOK, keyIn(v))
}

// slipDays is how far back or ahead a slip's day may lie (default, ours): whatever is older is no matter of a power cut.
const slipDays = 31

// KeyIn takes the words of a slip into the system.
func KeyIn(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	place, err := placeOf(r)
	if err != nil {
		return err
	}
	at := "/desk/slips/key?code=" + r.Form("code")
	slip, err := r.Paper.Find(r.Context(), r.Actor, r.Form("code"))
	if errs.CodeOf(err) == "paper.slip_used" {
		// Sent twice is done once: the use-case knows the attempt.
		slip, err = paper.Slip{Kind: paper.ForVisit, Code: r.Form("code")}, nil
	}
	if err != nil {
		return redisplayed(r, err, "/desk/slips", Slips)
	}
	cmd := paper.KeyInCmd{Actor: r.Actor, Key: key, Code: slip.Code, Item: r.Form("item"), FamilyPresent: r.Form("family") == "yes", Again: r.OneMore(), Signed: r.Form("signed") == "yes"}
	ticked := map[string]bool{"signed": cmd.Signed, "family": cmd.FamilyPresent}
	var bad errs.Fields
	var whoPicks, camePicks []ui.Option
	if cmd.Recipient, whoPicks, err = named(r, place, "who", "recipient", &bad); err != nil {
		return err
	}
	if r.Form("came") != "" {
		var v member.PersonID
		if v, camePicks, err = named(r, place, "came", "volunteer", &bad); err != nil {
			return err
		}
		cmd.Volunteers = append(cmd.Volunteers, v)
	}
	if r.Form("second") != "" {
		v, _, err := named(r, place, "second", "", &bad)
		if err != nil {
			return err
		}
		cmd.Volunteers = append(cmd.Volunteers, v)
	}
	day, dayErr := clock.ParseDay(r.Form("day"))
	hour, hourErr := time.Parse("15:04", r.Form("from"))
	if dayErr != nil || hourErr != nil {
		bad.Add("from", "page.desk.slip_from_wrong")
	}
	cmd.Start = day.Start().Add(time.Duration(hour.Hour())*time.Hour + time.Duration(hour.Minute())*time.Minute)
	if n, err := strconv.ParseInt(r.Form("minutes"), 10, 16); err == nil {
		cmd.Minutes = hours.Of(n)
	} else if r.Form("minutes") != "" {
		bad.Add("minutes", "paper.minutes_missing")
	}
	err = bad.Err("paper.invalid")
	if err == nil {
		made, keyErr := r.Paper.KeyIn(r.Context(), cmd)
		if keyErr == nil {
			return r.Go(orderPath(made) + "?done=keyed_in")
		}
		err = keyErr
	}
	switch errs.CodeOf(err) {
	case "paper.slip_used", "paper.slip_void":
		return redisplayed(r, err, "/desk/slips", Slips)
	}
	ticked["asks"] = page.AskedTwice(err)
	return r.Redisplay(err, at, func(r *page.Request) error { return keyInPage(r, slip, ticked, whoPicks, camePicks) },
		"again", "again", "start", "from", "volunteer", "came", "recipient", "who", "family_present", "family", "agreement", "item", "urgency", "item")
}

// named finds the person whom a field names. Several who fit are returned for the reader to choose among, and none or several are a fault of
// the field.
func named(r *page.Request, place region.ID, field, pick string, bad *errs.Fields) (member.PersonID, []ui.Option, error) {
	found, err := find(r, place, r.Form(field), member.LookUpVisit)
	if kind := errs.KindOf(err); kind == errs.KindInvalid {
		bad.Add(field, "page.desk.slip_nobody")
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	var options []ui.Option
	for _, f := range found {
		if len(found) == 1 || pick != "" && string(f.ID) == r.Form(pick) {
			return f.ID, nil, nil
		}
		options = append(options, ui.Option{Value: string(f.ID), Text: f.line()})
	}
	if len(found) == 0 {
		bad.Add(field, "page.desk.slip_nobody")
	} else {
		bad.Add(field, "page.desk.slip_several")
	}
	return "", options, nil
}
