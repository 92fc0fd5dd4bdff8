package elder

import (
	"net/http"
	"slices"

	"timebank/internal/errs"
	"timebank/internal/family"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
)

// Family shows who is recorded as kin, who asks to be, what each may do, and what they wrote.
func Family(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	v := familyView{Page: r.Shell(r.T("page.elder.my_family")), Key: r.Key()}
	if err := r.Live(&v.Page, page.OwnTopic(me)); err != nil {
		return err
	}
	asks, err := r.Family.Asks(r.Context(), r.Actor, me)
	if err != nil {
		return err
	}
	messages, err := r.Family.Messages(r.Context(), r.Actor, family.MessageFilter{Person: me, Before: family.MessageID(r.Form("after")), Limit: pageLength + 1})
	if err != nil {
		return err
	}
	if len(messages) > pageLength {
		messages = messages[:pageLength]
		v.More = "/elder/family?after=" + string(messages[pageLength-1].ID)
	}
	err = r.Read("web.elder_family", func(tx *store.Tx, _ *region.Tree) error {
		kin, err := member.KinOf(tx, me)
		if err != nil {
			return err
		}
		lines, err := family.Lines(tx, me)
		if err != nil {
			return err
		}
		given, err := member.ConsentsOf(tx, me)
		if err != nil {
			return err
		}
		v.See = slices.Contains(given, member.PurposeKin)
		var who []member.PersonID
		for _, a := range asks {
			who = append(who, a.Asker)
		}
		for _, k := range kin {
			who = append(who, k.Relative)
		}
		names, err := r.Members.Names(tx, who)
		if err != nil {
			return err
		}
		for _, a := range asks {
			v.Asks = append(v.Asks, askView{Action: "/elder/family/asks/" + string(a.ID), Key: r.Key(), Act: a.Act, Message: a.Message,
				Says: r.T("page.elder.asks", "name", names[a.Asker].Reveal(), "relation", r.Relation(a.Relation.Inverse()))})
		}
		for _, k := range kin {
			one := relativeView{Action: "/elder/family/kin/" + string(k.Relative), Key: r.Key(), Name: names[k.Relative].Reveal(), Relation: r.Relation(k.Relation), Delegate: k.Delegate, Acts: k.Acts(),
				Line: lines[k.Relative].Person, Asked: lines[k.Relative].Relative && !lines[k.Relative].Person}
			switch {
			case k.State == member.KinConfirmed:
				v.Kin = append(v.Kin, one)
			case !k.Agreed:
				one.Says = r.T("page.elder.asks", "name", one.Name, "relation", one.Relation)
				v.Proposed = append(v.Proposed, one)
			}
		}
		v.Messages, err = messageViews(r, tx, messages)
		return err
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, familyPage(v))
}

// kept is how an act on the page of the family ends.
func kept(r *page.Request, do func(key string) error) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	if err := do(key); err != nil {
		return err
	}
	return r.Go("/elder/family?done=noted")
}

// AnswerAsk is the yes or no to somebody who asks to be kin, with what the old person allows it.
func AnswerAsk(r *page.Request) error {
	return kept(r, func(key string) error {
		_, err := page.One(r.Family.Answer(r.Context(), []family.AnswerCmd{{Actor: r.Actor, Key: key, Ask: family.AskID(r.Path("id")), Agree: r.Form("answer") == "yes",
			Act: r.Form("act") == "yes", Message: r.Form("message") == "yes"}}))
		return err
	})
}

// ChangeKin carries out one button beside a relative: yes, no more, may act, may write.
func ChangeKin(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	relative := member.PersonID(r.Path("id"))
	return kept(r, func(key string) (err error) {
		switch r.Form("change") {
		case "yes":
			_, err = page.One(r.Members.ConfirmKin(r.Context(), []member.ConfirmKinCmd{{Actor: r.Actor, Key: key, Person: me, Relative: relative}}))
		case "end":
			_, err = page.One(r.Members.EndKin(r.Context(), []member.EndKinCmd{{Actor: r.Actor, Key: key, Person: me, Relative: relative}}))
		case "act", "act_no":
			_, err = page.One(r.Members.Delegate(r.Context(), []member.DelegateCmd{{Actor: r.Actor, Key: key, Person: me, Relative: relative, Allow: r.Form("change") == "act"}}))
		case "message", "message_no":
			_, err = page.One(r.Family.Line(r.Context(), []family.LineCmd{{Actor: r.Actor, Key: key, Person: me, Relative: relative, Open: r.Form("change") == "message"}}))
		default:
			err = errs.New(errs.KindInvalid, "page.form_incomplete")
		}
		return err
	})
}

// See lets relatives see the visits, or no longer.
func See(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	return kept(r, func(key string) error {
		_, err := page.One(r.Members.Consent(r.Context(), []member.ConsentCmd{{Actor: r.Actor, Key: key, Person: me, Purpose: member.PurposeKin, Withdraw: r.Form("see") != "yes"}}))
		return err
	})
}
