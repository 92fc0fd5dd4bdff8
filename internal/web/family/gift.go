package family

import (
	"net/http"
	"strconv"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/ledger"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
	"timebank/internal/why"
)

// GiftForm shows what the reader has saved, what it may give, and what is still on its way.
func GiftForm(r *page.Request) error {
	p, err := who(r)
	if err != nil {
		return err
	}
	return showGift(r, p, nil)
}

// gifts are the lengths that one can give, in minutes (default, ours).
var gifts = []int64{30, 60, 120, 240, 480, 960}

func showGift(r *page.Request, p relative, refused error) error {
	v := giftView{Page: shell(r, p, r.T("page.family.gift")), Key: r.Key(), Action: p.path() + "/gift", Back: p.path(), Name: p.name}
	var rules policy.Rules
	err := r.Read("web.family_gift", func(tx *store.Tx, tree *region.Tree) error {
		book, err := ledger.PassbookOf(tx, string(p.me), "", 1)
		if err != nil {
			return err
		}
		free := hours.Zero
		for _, h := range book.Holdings {
			if h.Class == ledger.Saved {
				free = free.Add(h.Available(clock.DayOf(r.Now)))
			}
		}
		v.Free = r.Long(free)
		for _, pending := range book.Pending {
			if pending.From.Owner == string(p.me) && pending.To.Owner == string(p.id) && r.Now.Before(pending.Due) {
				v.Pending = append(v.Pending, giftCard{Text: r.T("page.family.gift_due", "long", r.Long(pending.Minutes), "when", r.When(pending.Due)),
					Undo: "/family/people/" + string(p.id) + "/gifts/" + string(pending.ID) + "/undo", Key: r.Key()})
			}
		}
		rules, err = r.RulesAt(tx, tree, p.home)
		return err
	})
	if err != nil {
		return err
	}
	v.Minutes = ui.Field{Name: "minutes", Label: r.T("page.family.gift_minutes"), Needed: true}
	for _, m := range gifts {
		v.Minutes.Options = append(v.Minutes.Options, ui.Option{Value: strconv.FormatInt(m, 10), Text: r.Long(hours.Of(m)), Chosen: r.Form("minutes") == strconv.FormatInt(m, 10)})
	}
	limits := rules.Why("transfer.to", why.Value{Name: "transfer.to_min_age", Value: rules.Text("transfer.to_min_age")},
		why.Value{Name: "transfer.max_per_year", Value: rules.Text("transfer.max_per_year")}, why.Value{Name: "transfer.max_count_per_year", Value: rules.Text("transfer.max_count_per_year")})
	v.Limits = r.WhyOf(&limits)
	status := http.StatusOK
	if refused != nil {
		v.Faults, v.Why = faults(r, refused)
		status = page.Status(errs.KindOf(refused))
	}
	return r.Show(status, gift(v))
}

// Gift gives the person saved hours; they are held at once and arrive when the time to take them back is over.
func Gift(r *page.Request) error {
	p, err := who(r)
	if err != nil {
		return err
	}
	key, err := r.Sent()
	if err != nil {
		return err
	}
	minutes, err := strconv.ParseInt(r.Form("minutes"), 10, 32)
	if err != nil {
		return showGift(r, p, errs.Invalid("page.form_incomplete", errs.Field{Path: "minutes", Code: "page.family.gift_choose"}))
	}
	_, err = r.Ledger.Transfer(r.Context(), ledger.TransferCmd{Actor: r.Actor, Key: key, From: p.me, To: p.id, Minutes: hours.Of(minutes)})
	if correctable(err) {
		return showGift(r, p, err)
	}
	if err != nil {
		return err
	}
	return r.Go(p.path() + "/gift?done=gifted")
}

// UndoGift takes a gift back before it arrives.
func UndoGift(r *page.Request) error {
	p, err := who(r)
	if err != nil {
		return err
	}
	return act(r, p.path()+"/gift?done=undone", func(key string) error {
		return r.Ledger.Undo(r.Context(), ledger.UndoCmd{Actor: r.Actor, Key: key, ID: ledger.PendingID(r.Path("id"))})
	})
}
