package entry

import (
	"net/http"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/member"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// dataView is what one may ask for about one's own data.
type dataView struct {
	ui.Page
	Key            string
	Phone, Address ui.Field
}

// Data is what one may ask for about one's own data: a copy, a correction, an end.
func Data(r *page.Request) error {
	if _, err := r.Me(); err != nil {
		return err
	}
	v := dataView{Page: shell(r, "page.data.title"), Key: r.Key()}
	v.Phone = ui.Field{Name: "phone", Label: r.T("page.data.phone"), Mode: "tel", Max: 40, Auto: "tel"}
	v.Address = ui.Field{Name: "address", Label: r.T("page.data.address"), Hint: r.T("page.data.address_hint"), Max: 200, Auto: "address-line1"}
	return r.Show(http.StatusOK, dataPage(v))
}

// CopyData answers with a copy of everything that is stored about the reader, to be read or for machines.
func CopyData(r *page.Request) error {
	me, _, err := r.SentByMe()
	if err != nil {
		return err
	}
	return page.SendCopy(r, me, r.Form("as") == "json")
}

// CorrectData corrects the reader's own telephone number and address.
func CorrectData(r *page.Request) error {
	me, key, err := r.SentByMe()
	if err != nil {
		return err
	}
	_, err = page.One(r.Members.Correct(r.Context(), []member.CorrectCmd{{Actor: r.Actor, Key: key, Person: me, Phone: r.Form("phone"), Address: r.Form("address"), Reason: "by the person itself"}}))
	if err != nil {
		return r.Redisplay(err, "/account/data", Data)
	}
	return r.Go("/account/data?done=noted")
}

// LeaveBank ends taking part. Who presses without the tick is asked once more.
func LeaveBank(r *page.Request) error {
	me, key, err := r.SentByMe()
	if err != nil {
		return err
	}
	if r.Form("sure") == "" {
		return r.Redisplay(errs.Invalid("page.form_incomplete", errs.Field{Path: "sure", Code: "page.data.leave_tick"}), "/account/data", Data)
	}
	if _, err := page.One(r.Members.End(r.Context(), []member.EndCmd{{Actor: r.Actor, Key: key, Person: me, How: member.PersonLeft, On: clock.DayOf(r.Now)}})); err != nil {
		return r.Redisplay(err, "/account/data", Data)
	}
	return r.Show(http.StatusOK, leftPage(shell(r, "page.data.left_title")))
}
