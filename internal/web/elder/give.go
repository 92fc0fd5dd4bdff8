package elder

import (
	"net/http"
	"strconv"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
	"timebank/internal/why"
)

// giving are the lengths that one tap chooses, in minutes (default, ours).
var giving = []int64{30, 60, 120, 240, 480}

// toAll is who gets what nobody is named for: the public pool.
const toAll = "all"

// Give asks to whom, then how much, then whether that is right: one question a page, as asking for help does.
func Give(r *page.Request) error { return showGive(r, nil) }

func showGive(r *page.Request, refused error) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	v := giveView{Page: r.Shell(r.T("page.elder.give")), Key: r.Key(), To: r.Form("to"), Minutes: r.Form("minutes")}
	err = r.Read("web.elder_give", func(tx *store.Tx, tree *region.Tree) error {
		free, err := saved(r, tx, me)
		if err != nil {
			return err
		}
		v.Free = r.Long(free)
		people, err := member.LoadPersons(tx, []member.PersonID{me})
		if err != nil {
			return err
		}
		rules, err := r.RulesAt(tx, tree, people[me].Region)
		if err != nil {
			return err
		}
		because := rules.Why("transfer.to", why.Value{Name: "transfer.to_min_age", Value: rules.Text("transfer.to_min_age")},
			why.Value{Name: "transfer.max_per_year", Value: rules.Text("transfer.max_per_year")}, why.Value{Name: "transfer.max_count_per_year", Value: rules.Text("transfer.max_count_per_year")})
		v.Limits = r.WhyOf(&because)
		v.After = r.T("page.elder.give_after", "long", r.Long(hours.Of(int64(max(rules.UndoWindow, rules.CreditDelay).Minutes()))))
		if err := v.whom(r, tx, me, rules); err != nil {
			return err
		}
		v.howMuch(r, free)
		return nil
	})
	if err != nil {
		return err
	}
	if v.Name == "" && v.To != "" {
		if refused != nil {
			return refused
		}
		return errs.New(errs.NotFound, "page.nothing_here")
	}
	status := http.StatusOK
	if refused != nil {
		told := r.Tell(refused)
		if v.Faults, v.Why = told.Faults, told.Why; len(v.Faults) == 0 {
			v.Faults = []ui.Fault{{Text: told.Text}}
		}
		status = page.Status(errs.KindOf(refused))
	}
	return r.Show(status, give(v))
}

// saved is what the old person has saved itself and may give: hours of public funds and gifts cannot be passed on.
func saved(r *page.Request, tx *store.Tx, me member.PersonID) (free hours.Minutes, err error) {
	holdings, err := ledger.Holdings(tx, string(me))
	free = hours.Zero
	for _, h := range holdings {
		if h.Class == ledger.Saved {
			free = free.Add(h.Available(clock.DayOf(r.Now)))
		}
	}
	return free, err
}

// whom lists the relatives whom the rules allow, and everybody who needs help.
func (v *giveView) whom(r *page.Request, tx *store.Tx, me member.PersonID, rules policy.Rules) error {
	kin, err := member.KinOf(tx, me)
	if err != nil {
		return err
	}
	var ids []member.PersonID
	for _, k := range kin {
		ids = append(ids, k.Relative)
	}
	names, err := r.Members.Names(tx, ids)
	if err != nil {
		return err
	}
	for _, k := range kin {
		if k.Person != me || k.State != member.KinConfirmed {
			continue
		}
		may, err := member.MayBenefit(tx, me, k.Relative, rules.TransferTo, rules.TransferToMinAge)
		if err != nil {
			return err
		}
		name := names[k.Relative].Reveal()
		if !may {
			v.Not = append(v.Not, name)
			continue
		}
		if string(k.Relative) == v.To {
			v.Name = name
		}
		v.Whom = append(v.Whom, itemView{Href: "/elder/hours/give?to=" + string(k.Relative), Icon: "visits", Name: name, Hint: r.Relation(k.Relation)})
	}
	if v.To == toAll {
		v.Name = r.T("page.elder.give_all")
	}
	v.Whom = append(v.Whom, itemView{Href: "/elder/hours/give?to=" + toAll, Icon: "help", Name: r.T("page.elder.give_all"), Hint: r.T("page.elder.give_all_hint")})
	return nil
}

// howMuch lists what one tap gives, as far as there is so much.
func (v *giveView) howMuch(r *page.Request, free hours.Minutes) {
	for _, m := range giving {
		if hours.Of(m).Cmp(free) > 0 {
			continue
		}
		text := strconv.FormatInt(m, 10)
		v.Lengths = append(v.Lengths, itemView{Href: "/elder/hours/give?to=" + v.To + "&minutes=" + text, Icon: "hours", Name: r.Long(hours.Of(m))})
		if text == v.Minutes {
			v.Long = r.Long(hours.Of(m))
		}
	}
	if v.Long == "" {
		v.Minutes = ""
	}
	v.Facts = []ui.Row{{Name: r.T("page.elder.give_whom"), Value: v.Name}, {Name: r.T("page.elder.give_long"), Value: v.Long}}
}

// GiveAway gives saved hours to a relative, or to whoever needs them. They are held at once and go when the time to take them back is over.
func GiveAway(r *page.Request) error {
	me, key, err := r.SentByMe()
	if err != nil {
		return err
	}
	minutes, err := strconv.ParseInt(r.Form("minutes"), 10, 32)
	if err != nil {
		return errs.New(errs.KindInvalid, "page.form_incomplete").With(err)
	}
	if r.Form("to") == toAll {
		_, err = r.Ledger.Donate(r.Context(), ledger.DonateCmd{Actor: r.Actor, Key: key, From: ledger.Key{Owner: string(me), Class: ledger.Saved}, Minutes: hours.Of(minutes)})
	} else {
		_, err = r.Ledger.Transfer(r.Context(), ledger.TransferCmd{Actor: r.Actor, Key: key, From: me, To: member.PersonID(r.Form("to")), Minutes: hours.Of(minutes)})
	}
	if kind := errs.KindOf(err); kind == errs.KindInvalid || kind == errs.Refused {
		return showGive(r, err)
	}
	if err != nil {
		return err
	}
	return r.Go("/elder/hours?done=gifted")
}
