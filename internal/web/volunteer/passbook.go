package volunteer

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/report"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// Passbook shows what was given and received, the stars, what is still pending and can be taken back, and every line with its receipt.
func Passbook(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	if err := r.Actor.MayOwn(identity.LedgerRead, string(me)); err != nil {
		return err
	}
	v := passbookView{Page: r.Shell(r.T("page.volunteer.passbook")), PrintKey: r.Key()}
	err = r.Read("web.passbook", func(tx *store.Tx, tree *region.Tree) error {
		book, err := ledger.PassbookOf(tx, string(me), r.Form("after"), pageLength)
		if err != nil {
			return err
		}
		totals, err := ledger.TotalsOf(tx, string(me))
		if err != nil {
			return err
		}
		rules, _, err := atHome(r, tx, tree, me)
		if err != nil {
			return err
		}
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		v.Given, v.Received = r.Long(totals.Given), r.Long(totals.Received)
		v.fill(r, all, book)
		counts, pays, waits, most := page.CountWhy(rules), rules.Why("order.funding"), page.WaitWhy(rules), rules.Why("account.cap")
		v.CountWhy, v.PaysWhy, v.PendingWhy, v.AccountWhy = r.WhyOf(&counts), r.WhyOf(&pays), r.WhyOf(&waits), r.WhyOf(&most)
		v.stars(r, rules, totals.Given.Int64()/60)
		if v.Uses, err = uses(r, tx, me); err != nil {
			return err
		}
		return v.forecast(r, tx, tree, me, rules)
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, passbook(v))
}

// uses are the ways to ask for a visit that the reader's hours can pay: for itself once it may ask, and for each relative for whom it acts. Who
// has neither is shown the door of families, where it begins.
func uses(r *page.Request, tx *store.Tx, me member.PersonID) (ways []ui.Link, err error) {
	standing, err := member.Standings(tx, []member.PersonID{me})
	if err != nil {
		return nil, err
	}
	if standing[me].MayAsk {
		ways = append(ways, ui.Link{Href: "/elder/help", Text: r.T("page.volunteer.use_self")})
	}
	kin, err := member.KinOf(tx, me)
	if err != nil {
		return nil, err
	}
	var whom []member.PersonID
	for _, k := range kin {
		theirs, err := member.KinOf(tx, k.Relative)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(theirs, func(t member.Kin) bool { return t.Relative == me && t.State == member.KinConfirmed && t.Acts() }) {
			whom = append(whom, k.Relative)
		}
	}
	people, err := member.LoadPersons(tx, whom)
	if err != nil {
		return nil, err
	}
	names, err := r.Members.Names(tx, whom)
	for _, p := range whom {
		if people[p].State != member.PersonActive {
			continue
		}
		ways = append(ways, ui.Link{Href: "/family/people/" + string(p) + "/order?own=yes", Text: r.T("page.volunteer.use_for", "name", names[p].Reveal())})
	}
	if len(ways) == 0 {
		ways = append(ways, ui.Link{Href: "/family/", Text: r.T("page.volunteer.use_family")})
	}
	return ways, err
}

func (v *passbookView) fill(r *page.Request, all *catalog.Catalogue, book ledger.Passbook) {
	for _, h := range book.Holdings {
		if h.Balance.Balance.IsZero() && h.Held.IsZero() {
			continue
		}
		v.Accounts = append(v.Accounts, []string{r.T("class." + string(h.Class)), r.Long(h.Available(clock.DayOf(r.Now))), r.Long(h.Held)})
	}
	for _, p := range book.Pending {
		line := pendingView{What: r.T("reason." + string(p.Reason)), Minutes: r.Long(p.Minutes), Due: r.T("page.volunteer.pending_due", "when", r.When(p.Due))}
		if p.From.Owner == book.Owner {
			line.Action, line.Key = "/volunteer/passbook/undo", r.Key()
			line.ID = string(p.ID)
		}
		v.Pending = append(v.Pending, line)
	}
	for _, l := range book.Lines {
		line := lineView{Day: r.Day(l.Day), What: r.T("reason." + string(l.Reason)), Minutes: r.Long(l.Minutes), In: l.Minutes.Sign() > 0, Balance: r.Long(l.Balance)}
		if versions := all.Versions(l.Service); len(versions) > 0 {
			line.What += ": " + versions[len(versions)-1].Name(r.Lang)
		}
		if line.In {
			line.Minutes = "+" + line.Minutes
		}
		if l.Grade != "" {
			line.Grade = r.T("grade." + l.Grade)
		}
		if l.Number >= 0 {
			line.Receipt = "/volunteer/receipts/" + string(l.Tx)
		}
		v.Lines = append(v.Lines, line)
	}
	if book.Next != "" {
		v.More = "/volunteer/passbook?after=" + book.Next
	}
}

// stars says how many stars the hours are worth and what is missing to the next.
func (v *passbookView) stars(r *page.Request, rules policy.Rules, given int64) {
	steps := rules.HonourStarHours
	n := steps.Reached(int(given))
	v.Stars = strings.Repeat("★", n) + strings.Repeat("☆", steps.Len()-n)
	v.StarsText = r.T("page.volunteer.stars", "stars", n, "all", steps.Len())
	if n < steps.Len() {
		next := int64(steps.At(n))
		v.StarsText += " " + r.T("page.volunteer.stars_next", "hours", next-given)
		v.StarsDone, v.StarsOf = strconv.FormatInt(given, 10), strconv.FormatInt(next, 10)
	}
	w := rules.Why("honour.star_hours")
	v.StarsWhy = r.WhyOf(&w)
}

// forecast says from when on the hours can be redeemed, and who could serve near the reader's home.
func (v *passbookView) forecast(r *page.Request, tx *store.Tx, tree *region.Tree, me member.PersonID, rules policy.Rules) error {
	people, err := member.LoadPersons(tx, []member.PersonID{me})
	if err != nil {
		return err
	}
	p := people[me]
	from := birthday(p.Birth, rules.RedeemMinAge)
	v.Forecast = r.T("page.volunteer.forecast_now", "age", rules.RedeemMinAge)
	if from > clock.DayOf(r.Now) {
		v.Forecast = r.T("page.volunteer.forecast_from", "day", r.Day(from), "age", rules.RedeemMinAge)
	}
	street := tree.StreetOf(p.Region)
	counted, err := r.Reports.Recent(tx, report.Span{})
	if err != nil {
		return err
	}
	near := counted.Below("figure.certified", []region.ID{street})[street]
	v.Forecast += " " + r.T("page.volunteer.forecast_near", "count", near, "where", tree.Name(street))
	w := rules.Why("redeem.min_age")
	v.ForecastWhy = r.WhyOf(&w)
	return nil
}

// birthday is the day on which somebody turns an age; who was born on the 29th of February does so on the 1st of March.
func birthday(born clock.Day, age int) clock.Day {
	t := born.Start().In(clock.Zone)
	return clock.DayOf(t.AddDate(age, 0, 0))
}

// Undo takes a gift or a donation back before it is posted.
func Undo(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	if err := r.Ledger.Undo(r.Context(), ledger.UndoCmd{Actor: r.Actor, Key: key, ID: ledger.PendingID(r.Form("pending"))}); err != nil {
		return err
	}
	return r.Go("/volunteer/passbook?done=undone")
}

// fileLines is how many lines of a passbook are read at a time for a file.
const fileLines = 1000

// Csv answers with the whole passbook as a file for a spreadsheet.
func Csv(r *page.Request) error {
	return passbookFile(r, "time-passbook.csv", "text/csv; charset=utf-8", func(b *bytes.Buffer, lines []ledger.Line, words func(string) string) error {
		// The mark tells a spreadsheet that the letters are UTF-8.
		b.WriteString("\ufeff")
		return ledger.WriteCSV(b, lines, words)
	})
}

// Xlsx answers with the whole passbook as a workbook.
func Xlsx(r *page.Request) error {
	return passbookFile(r, "time-passbook.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		func(b *bytes.Buffer, lines []ledger.Line, words func(string) string) error {
			return ledger.WriteXLSX(b, lines, words)
		})
}

func passbookFile(r *page.Request, name, mediaType string, write func(*bytes.Buffer, []ledger.Line, func(string) string) error) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	if err := r.Actor.MayOwn(identity.LedgerRead, string(me)); err != nil {
		return err
	}
	var lines []ledger.Line
	err = r.Read("web.passbook_file", func(tx *store.Tx, _ *region.Tree) error {
		for before := ""; ; {
			book, err := ledger.PassbookOf(tx, string(me), before, fileLines)
			if err != nil {
				return err
			}
			lines = append(lines, book.Lines...)
			if before = book.Next; before == "" {
				return nil
			}
		}
	})
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := write(&b, lines, func(key string) string { return r.T(key) }); err != nil {
		return err
	}
	return r.Send(name, mediaType, b.Bytes())
}

// receiptOf is the receipt of a line of one's own passbook. What another's line holds is nobody's business.
func receiptOf(r *page.Request) (text []byte, d ledger.Disclosure, err error) {
	me, err := r.Me()
	if err != nil {
		return nil, d, err
	}
	id := ledger.TxID(r.Path("id"))
	err = r.Read("web.receipt", func(tx *store.Tx, _ *region.Tree) error {
		mine, err := ledger.Concerns(tx, id, string(me))
		if err != nil {
			return err
		}
		if !mine {
			return errs.New(errs.NotFound, "page.nothing_here")
		}
		d, err = ledger.Disclose(tx, id)
		return err
	})
	if err != nil {
		return nil, d, err
	}
	if d.Number < 0 {
		// The sequencer numbers what waits within seconds.
		return nil, d, errs.New(errs.Unavailable, "page.receipt_not_ready")
	}
	text, err = r.Notary.Receipt(r.Context(), "ledger", d.Number, d.Leaf)
	return text, d, err
}

// Receipt shows the receipt of a line as a code that anybody can scan and check.
func Receipt(r *page.Request) error {
	text, d, err := receiptOf(r)
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, receipt(receiptView{Page: r.Shell(r.T("page.volunteer.receipt_title")), Text: string(text),
		Number: strconv.FormatInt(d.Number, 10), File: r.HTTP.URL.Path + "/file"}))
}

// ReceiptFile answers with the receipt as a file.
func ReceiptFile(r *page.Request) error {
	text, _, err := receiptOf(r)
	if err != nil {
		return err
	}
	return r.Send("receipt-"+r.Path("id")+".txt", "text/plain; charset=utf-8", text)
}

// GiveForm asks how many hours go to kin or to the public pool.
func GiveForm(r *page.Request) error { return showGive(r, http.StatusOK, page.Told{}) }

func showGive(r *page.Request, status int, told page.Told) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	v := giveView{Page: r.Shell(r.T("page.volunteer.give")), Key: r.Key(), WhyNot: told.Why, Faults: told.Faults}
	if told.Text != "" && len(v.Faults) == 0 {
		v.Faults = []ui.Fault{{Text: told.Text}}
	}
	err = r.Read("web.give", func(tx *store.Tx, tree *region.Tree) error {
		holdings, err := ledger.Holdings(tx, string(me))
		if err != nil {
			return err
		}
		for _, h := range holdings {
			if h.Class == ledger.Saved {
				v.Usable = r.T("page.volunteer.give_usable", "long", r.Long(h.Available(clock.DayOf(r.Now))))
			}
		}
		rules, _, err := atHome(r, tx, tree, me)
		if err != nil {
			return err
		}
		w := rules.Why("transfer.to")
		v.Why = r.WhyOf(&w)
		v.Undo = r.T("page.volunteer.give_undo", "long", long64(r, int64(max(rules.UndoWindow, rules.CreditDelay).Minutes())))
		kin, err := kinOptions(r, tx, me, r.Form("to"))
		v.Kin = ui.Field{Name: "to", Label: r.T("page.volunteer.give_to"), Options: kin, Needed: true}
		v.Minutes = ui.Field{Name: "minutes", Label: r.T("page.volunteer.give_minutes")}
		for m := int64(0); m < 60; m += int64(rules.TimeStep) {
			value := strconv.FormatInt(m, 10)
			v.Minutes.Options = append(v.Minutes.Options, ui.Option{Value: value, Text: long64(r, m), Chosen: value == r.Form("minutes")})
		}
		return err
	})
	if err != nil {
		return err
	}
	v.Hours = ui.Field{Name: "hours", Label: r.T("page.volunteer.give_hours"), Mode: "numeric", Max: 4, Value: r.Form("hours")}
	return r.Show(status, give(v))
}

// kinOptions are the confirmed relatives of a person by name.
func kinOptions(r *page.Request, tx *store.Tx, me member.PersonID, chosen string) (options []ui.Option, err error) {
	kin, err := member.KinOf(tx, me)
	if err != nil {
		return nil, err
	}
	var ids []member.PersonID
	for _, k := range kin {
		if k.State == member.KinConfirmed && k.Person == me {
			ids = append(ids, k.Relative)
		}
	}
	names, err := r.Members.Names(tx, ids)
	for _, k := range kin {
		if k.State == member.KinConfirmed && k.Person == me {
			name := names[k.Relative]
			options = append(options, ui.Option{Value: string(k.Relative), Text: name.Reveal() + " · " + r.T(relationWords[k.Relation]), Chosen: string(k.Relative) == chosen})
		}
	}
	return options, err
}

// given reads the hours and minutes of the form. How fine time is kept, the form offers; the ledger keeps whole minutes.
func given(r *page.Request) (hours.Minutes, error) {
	total := int64(0)
	for name, length := range map[string]int64{"hours": 60, "minutes": 1} {
		text := r.Form(name)
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil && text != "" || length == 1 && n > 59 {
			return hours.Zero, errs.Invalid("page.form_incomplete", errs.Field{Path: name, Code: "page.volunteer.give_whole"})
		}
		total += int64(n) * length
	}
	return hours.Of(total), nil
}

// Give transfers hours to kin or donates them to the public pool. Both wait for the time to undo.
func Give(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	me, err := r.Me()
	if err != nil {
		return err
	}
	minutes, err := given(r)
	if err != nil {
		return showGive(r, http.StatusUnprocessableEntity, r.Tell(err))
	}
	donates := r.Form("way") == "donate"
	if !donates && r.Form("to") == "" {
		return showGive(r, http.StatusUnprocessableEntity, r.Tell(errs.Invalid("page.form_incomplete", errs.Field{Path: "to", Code: "page.volunteer.give_whom"})))
	}
	if donates {
		_, err = r.Ledger.Donate(r.Context(), ledger.DonateCmd{Actor: r.Actor, Key: key, From: ledger.Key{Owner: string(me), Class: ledger.Saved}, Minutes: minutes})
	} else {
		_, err = r.Ledger.Transfer(r.Context(), ledger.TransferCmd{Actor: r.Actor, Key: key, From: me, To: member.PersonID(r.Form("to")), Minutes: minutes})
	}
	if kind := errs.KindOf(err); kind == errs.KindInvalid || kind == errs.Refused {
		return showGive(r, page.Status(kind), r.Tell(err))
	}
	if err != nil {
		return err
	}
	return r.Go("/volunteer/passbook?done=given")
}
