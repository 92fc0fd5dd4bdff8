package desk

import (
	"net/http"
	"strings"

	"timebank/internal/call"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// What stands here is how a call is written down and read again.

// callFields are what is written down of a call: what it was about, and a few words. prefix tells two such forms of a page apart.
func callFields(r *page.Request, prefix string, about call.Reason) (ui.Field, ui.Field) {
	reason := ui.Field{Name: prefix + "about", Label: r.T("page.desk.call_about")}
	for _, one := range call.Reasons() {
		reason.Options = append(reason.Options, ui.Option{Value: string(one), Text: r.T(callWords[one]), Chosen: one == about})
	}
	return reason, ui.Field{Name: prefix + "words", Label: r.T("page.desk.call_words"), Hint: r.T(map[bool]string{true: "page.desk.call_words_keys", false: "page.desk.call_words_hint"}[prefix == ""]),
		Rows: 2, Max: call.LongestWords}
}

// callsOf says calls in words: when, what about, and who wrote it down.
func callsOf(r *page.Request, tx *store.Tx, list []call.Call) (lines []callLine, err error) {
	var by []identity.ActorID
	for _, c := range list {
		by = append(by, identity.ActorID(c.TakenBy))
	}
	persons, err := identity.PersonsOf(tx, by)
	if err != nil {
		return nil, err
	}
	var who []member.PersonID
	for _, p := range persons {
		who = append(who, member.PersonID(p))
	}
	names, err := r.Members.Names(tx, who)
	for _, c := range list {
		line := callLine{Key: r.Key(), When: r.When(c.TakenAt), About: r.T(callWords[c.Reason]), By: r.T("page.desk.call_taken", "who", r.T("page.shell.account")), Back: r.HTTP.URL.Path}
		if name, known := names[member.PersonID(persons[identity.ActorID(c.TakenBy)])]; known {
			line.By = r.T("page.desk.call_taken", "who", name.String())
		}
		if c.HasWords {
			line.Read = "/desk/calls/" + string(c.ID)
		}
		if c.Order != "" && !strings.HasSuffix(line.Back, string(c.Order)) {
			line.Order = orderPath(c.Order)
		}
		lines = append(lines, line)
	}
	return lines, err
}

// NoteCall writes down a call about a person that asks for no order.
func NoteCall(r *page.Request) error {
	return noteCall(r, personPath(member.PersonID(r.Path("id"))), Person, call.NoteCmd{Person: member.PersonID(r.Path("id"))})
}

// NoteOrderCall writes down a call about an order.
func NoteOrderCall(r *page.Request) error {
	id := order.ID(r.Path("id"))
	o, err := r.Orders.Get(r.Context(), r.Actor, id)
	if err == nil && !o.Near {
		err = errs.New(errs.NotFound, "order.not_found")
	}
	if err != nil {
		return err
	}
	return noteCall(r, orderPath(id), Order, call.NoteCmd{Person: o.Recipient, Order: id})
}

func noteCall(r *page.Request, path string, show page.Handler, cmd call.NoteCmd) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	cmd.Actor, cmd.Key, cmd.Reason, cmd.Words = r.Actor, key, call.Reason(r.Form("note-about")), r.Form("note-words")
	if _, err := page.One(r.Calls.Note(r.Context(), []call.NoteCmd{cmd})); err != nil {
		return r.Redisplay(err, path, show, "about", "note-about", "words", "note-words")
	}
	return r.Go(path + "?done=call_kept")
}

// ReadCall shows what was written down of a call; the look is in the trail.
func ReadCall(r *page.Request) error {
	if _, err := r.Sent(); err != nil {
		return err
	}
	words, err := r.Calls.Words(r.Context(), r.Actor, call.ID(r.Path("id")))
	if err != nil {
		return err
	}
	v := callSaidView{Page: r.Shell(r.T("page.desk.call_said")), Words: words, Back: page.Inside(r.Form("back")), BackText: r.T("page.desk.back")}
	return r.Show(http.StatusOK, callSaid(v))
}

// callsAbout are the calls about an order, and the form for another, for who takes calls there.
func callsAbout(r *page.Request, v *orderView, id order.ID) ([]call.Call, error) {
	calls, err := r.Calls.List(r.Context(), r.Actor, call.Filter{Order: id, Limit: listLength})
	switch errs.KindOf(err) {
	case 0:
		v.NoteKey = r.Key()
		v.NoteAbout, v.NoteWords = callFields(r, "note-", call.ForVisit)
	case errs.Forbidden, errs.NotFound:
		return nil, nil
	}
	return calls, err
}
