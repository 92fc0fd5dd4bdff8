// Package family is the door of relatives (亲属): a daughter far away sees how her parents' visits go, asks for them, confirms, writes to them
// and gives them hours, as far as they allow it.
//
// It must never show what the parent has not consented to, act for anybody without naming that person on the page, or tell whether the bank
// knows somebody.
package family

import (
	"net/http"

	"timebank/internal/errs"
	"timebank/internal/family"
	"timebank/internal/i18n"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
	"timebank/internal/why"
)

// Door is the door of relatives.
var Door = &page.Door{Home: "/family/", Nav: []page.Way{{Href: "/family/", Code: "page.family.nav_people"}, {Href: "/family/ask", Code: "page.family.nav_ask"},
	{Href: "/family/how", Code: "page.family.nav_how"}}}

// pageLength is how many visits or messages a page shows (default, ours).
const pageLength = 20

// relative is one of the reader's people.
type relative struct {
	me, id member.PersonID
	name   string
	what   string // in words: what the person is to the reader
	home   region.ID
	let    bool // the person lets the reader act for it
	acts   bool // and the reader has said that it will
	sees   bool // may see its visits
	sides  family.Sides
}

// path is the address of the person's page.
func (p relative) path() string { return "/family/people/" + string(p.id) }

// people are the reader's kin whose relation both sides have confirmed, in the order of their ids.
func people(r *page.Request, tx *store.Tx, me member.PersonID) (list []relative, err error) {
	kin, err := member.KinOf(tx, me)
	if err != nil {
		return nil, err
	}
	lines, err := family.Lines(tx, me)
	if err != nil {
		return nil, err
	}
	var ids []member.PersonID
	for _, k := range kin {
		if k.State == member.KinConfirmed {
			ids = append(ids, k.Relative)
		}
	}
	names, err := r.Members.Names(tx, ids)
	if err != nil {
		return nil, err
	}
	known, err := member.LoadPersons(tx, ids)
	if err != nil {
		return nil, err
	}
	for _, k := range kin {
		p := known[k.Relative]
		if k.State != member.KinConfirmed || p.State != member.PersonActive {
			continue
		}
		one := relative{me: me, id: k.Relative, name: names[k.Relative].Reveal(), what: r.Relation(k.Relation), home: p.Region, sides: lines[k.Relative]}
		theirs, err := member.KinOf(tx, k.Relative)
		if err != nil {
			return nil, err
		}
		for _, t := range theirs {
			if t.Relative == me {
				one.let, one.acts = t.Delegate, t.Acts()
			}
		}
		if one.sees, err = member.MaySee(tx, k.Relative, me); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// chosen is the one of the reader's people whom the page is about. Whoever is none of them does not exist here.
func chosen(r *page.Request, tx *store.Tx, who member.PersonID) (relative, error) {
	me, err := r.Me()
	if err != nil {
		return relative{}, err
	}
	all, err := people(r, tx, me)
	if err != nil {
		return relative{}, err
	}
	for _, p := range all {
		if p.id == who {
			return p, nil
		}
	}
	return relative{}, errs.New(errs.NotFound, "family.not_kin")
}

// who is [chosen] by the address, in a read of its own.
func who(r *page.Request) (p relative, err error) {
	err = r.Read("web.family_who", func(tx *store.Tx, _ *region.Tree) error {
		p, err = chosen(r, tx, member.PersonID(r.Path("person")))
		return err
	})
	return p, err
}

// shell is the frame of a page about one person, who is named on it.
func shell(r *page.Request, p relative, title string) ui.Page {
	s := r.Shell(title)
	s.For = r.T("page.family.for", "name", p.name, "relation", p.what)
	return s
}

// Home lists the reader's people and the requests that nobody has answered.
func Home(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	v := homeView{Page: r.Shell(r.T("page.family.home"))}
	var all []relative
	err = r.Read("web.family_home", func(tx *store.Tx, _ *region.Tree) error {
		all, err = people(r, tx, me)
		return err
	})
	if err != nil {
		return err
	}
	if err := live(r, &v.Page, all...); err != nil {
		return err
	}
	asks, err := r.Family.Asked(r.Context(), r.Actor, me)
	if err != nil {
		return err
	}
	for _, p := range all {
		card := personCard{Href: p.path(), Name: p.name, Relation: p.what}
		if card.Next, err = nextOf(r, p); err != nil {
			return err
		}
		v.People = append(v.People, card)
	}
	for _, a := range asks {
		v.Asks = append(v.Asks, askCard{Text: r.T("page.family.asked", "relation", r.Relation(a.Relation), "when", r.When(a.AskedAt)),
			Withdraw: "/family/asks/" + string(a.ID) + "/withdraw", Key: r.Key()})
	}
	return r.Show(http.StatusOK, home(v))
}

// live lets a page renew itself when the family writes, and when something changes about the visits of people, as far as the reader may see them.
func live(r *page.Request, v *ui.Page, people ...relative) error {
	topics := []page.Topic{page.OwnTopic(member.PersonID(r.Actor.Person))}
	for _, p := range people {
		if p.sees {
			topics = append(topics, page.PersonTopic(p.id))
		}
	}
	return r.Live(v, topics...)
}

// nextOf are the open visits that matter now, none without leave to see them.
func nextOf(r *page.Request, p relative) ([]visitCard, error) {
	list, err := r.Orders.List(r.Context(), r.Actor, order.Filter{Recipient: p.id, OpenOnly: true, Limit: pageLength})
	if err != nil {
		return nil, err
	}
	return cardsOf(r, page.Next(list))
}

// cardsOf are visits in a list.
func cardsOf(r *page.Request, list []order.View) (cards []visitCard, err error) {
	err = r.Read("web.family_cards", func(tx *store.Tx, _ *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		for _, o := range list {
			item, err := all.ByVersion(o.Item, o.ItemVersion)
			if err != nil {
				return err
			}
			c := visitCard{Href: "/family/visits/" + string(o.ID), Name: item.Name(r.Lang), When: r.When(o.Start), Open: o.State.Open()}
			c.Standing, c.Tone = r.Standing(&o.Order)
			if c.Coming, err = r.Comers(tx, &o.Order, c.Href); err != nil {
				return err
			}
			cards = append(cards, c)
		}
		return nil
	})
	return cards, err
}

// Person shows one of the reader's people: the visits, what can be done, what they wrote, and what the person allows.
func Person(r *page.Request) error {
	p, err := who(r)
	if err != nil {
		return err
	}
	v := personView{Page: shell(r, p, r.T("page.family.person", "name", p.name)), Path: p.path(), Name: p.name, Let: p.let, Acts: p.acts, Sees: p.sees, Key: r.Key()}
	if err := live(r, &v.Page, p); err != nil {
		return err
	}
	list, err := r.Orders.List(r.Context(), r.Actor, order.Filter{Recipient: p.id, Before: order.ID(r.Form("after")), Limit: pageLength + 1})
	if err != nil {
		return err
	}
	if len(list) > pageLength {
		list = list[:pageLength]
		v.More = p.path() + "?after=" + string(list[pageLength-1].ID)
	}
	if v.Cards, err = cardsOf(r, list); err != nil {
		return err
	}
	if !p.sees {
		because := why.Rule("consent.kin", "", "person")
		v.Why = r.WhyOf(&because)
	}
	if v.Talk, err = talkOf(r, p, ""); err != nil {
		return err
	}
	return r.Show(http.StatusOK, person(v))
}

// HomePlace shows where the person's home is on the map, and lets a relative who acts for the person and may see its visits put it there.
func HomePlace(r *page.Request) error {
	p, err := who(r)
	if err != nil {
		return err
	}
	return page.Home(r, page.HomePage{Who: p.id, At: p.path() + "/home", Back: p.path(), BackText: p.name, For: shell(r, p, "").For})
}

// House moves the home of one of the reader's people, as far as the reader acts for it and may see its visits.
func House(r *page.Request) error {
	p, err := who(r)
	if err != nil {
		return err
	}
	return page.House(r, page.HousePage{Who: p.id, At: p.path() + "/house", Back: p.path(), BackText: p.name, For: shell(r, p, "").For, Asked: "/family/visits/"})
}

// talkOf is what the reader and the person wrote to each other, all or about one visit.
func talkOf(r *page.Request, p relative, about order.ID) (t talkView, err error) {
	t = talkView{Name: p.name, Key: r.Key(), Action: p.path() + "/messages", Line: p.path() + "/line", Order: string(about), Mine: p.sides.Person, Theirs: p.sides.Relative, Open: p.sides.Open()}
	t.Words = ui.Field{Name: "words", Label: r.T("page.family.words", "name", p.name), Hint: r.T("page.family.words_hint", "most", family.LongestMessage), Max: family.LongestMessage, Needed: true}
	if !t.Open {
		because := why.Rule("consent.messages", "", "person")
		t.Why = r.WhyOf(&because)
		return t, nil
	}
	list, err := r.Family.Messages(r.Context(), r.Actor, family.MessageFilter{Person: p.me, With: p.id, Order: about, Before: family.MessageID(r.Form("talk")), Limit: pageLength + 1})
	if len(list) > pageLength {
		list = list[:pageLength]
		t.More = r.HTTP.URL.Path + "?talk=" + string(list[pageLength-1].ID)
	}
	for _, m := range list {
		one := messageCard{Words: m.Words, When: r.When(m.SentAt), From: p.name}
		if m.From == p.me {
			one.From, one.Withdraw, one.Key = r.T("page.elder.me"), "/family/messages/"+string(m.ID)+"/withdraw", r.Key()
			one.Read = r.T("page.family.unread")
			if !m.SeenAt.IsZero() {
				one.Read = r.T("page.family.read", "when", r.When(m.SeenAt))
			}
		}
		t.Messages = append(t.Messages, one)
	}
	return t, err
}

// How explains the door.
func How(r *page.Request) error {
	v := howView{Page: r.Shell(r.T("page.family.how"))}
	for _, code := range []string{"page.family.how_ask", "page.family.how_yes", "page.family.how_see", "page.family.how_order", "page.family.how_confirm", "page.family.how_gift", "page.family.how_home", "page.family.how_live",
		"page.family.how_end"} {
		v.Lines = append(v.Lines, r.T(code))
	}
	return r.Show(http.StatusOK, how(v))
}

// AskForm asks whom the reader would like to be kin of.
func AskForm(r *page.Request) error {
	if _, err := r.Me(); err != nil {
		return err
	}
	return r.Show(http.StatusOK, ask(askOf(r, nil)))
}

// relations are what somebody can be to the reader, in the order of the list.
var relations = []member.Relation{member.Parent, member.Spouse, member.Grandparent, member.Child, member.Grandchild}

func askOf(r *page.Request, err error) askView {
	v := askView{Page: r.Shell(r.T("page.family.ask")), Key: r.Key(), Act: r.HTTP.Method == http.MethodGet || r.Form("act") == "yes",
		Message: r.HTTP.Method == http.MethodGet || r.Form("message") == "yes"}
	v.Number = ui.Field{Name: "id_number", Label: r.T("page.family.id_number"), Hint: r.T("page.family.id_number_hint"), Value: r.Form("id_number"), Max: 18, Needed: true}
	v.Relation = ui.Field{Name: "relation", Label: r.T("page.family.relation"), Needed: true}
	for _, one := range relations {
		v.Relation.Options = append(v.Relation.Options, ui.Option{Value: string(one), Text: r.Relation(one), Chosen: r.Form("relation") == string(one)})
	}
	v.Faults, v.Why = faults(r, err)
	for _, f := range v.Faults {
		if f.Field == "id_number" {
			v.Number.Error = f.Text
		}
	}
	return v
}

// faults are what a form shows of a refusal.
func faults(r *page.Request, err error) ([]ui.Fault, *ui.Why) {
	if err == nil {
		return nil, nil
	}
	told := r.Tell(err)
	if len(told.Faults) == 0 {
		return []ui.Fault{{Text: told.Text}}, told.Why
	}
	return told.Faults, told.Why
}

// correctable reports whether a form is shown again with what was wrong.
func correctable(err error) bool {
	kind := errs.KindOf(err)
	return kind == errs.KindInvalid || kind == errs.Refused
}

// Ask sends the request. The answer is the same whether or not the bank knows the person.
func Ask(r *page.Request) error {
	me, key, err := r.SentByMe()
	if err != nil {
		return err
	}
	_, err = page.One(r.Family.Ask(r.Context(), []family.AskCmd{{Actor: r.Actor, Key: key, Asker: me, IDNumber: r.Form("id_number"), Relation: member.Relation(r.Form("relation")),
		Act: r.Form("act") == "yes", Message: r.Form("message") == "yes"}}))
	if correctable(err) {
		return r.Show(page.Status(errs.KindOf(err)), ask(askOf(r, err)))
	}
	if err != nil {
		return err
	}
	return r.Go("/family/?done=kin_asked")
}

// WithdrawAsk takes a request back.
func WithdrawAsk(r *page.Request) error {
	return act(r, "/family/?done=undone", func(key string) error {
		_, err := page.One(r.Family.Answer(r.Context(), []family.AnswerCmd{{Actor: r.Actor, Key: key, Ask: family.AskID(r.Path("id"))}}))
		return err
	})
}

// act carries out a button.
func act(r *page.Request, to string, do func(key string) error) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	if err := do(key); err != nil {
		return err
	}
	return r.Go(to)
}

// Send writes to the person, about a visit if the form says which.
func Send(r *page.Request) error {
	p, err := who(r)
	if err != nil {
		return err
	}
	to, about := p.path()+"?done=told", order.ID(r.Form("order"))
	if about != "" {
		to = "/family/visits/" + string(about) + "?done=told"
	}
	return act(r, to, func(key string) error {
		_, err := page.One(r.Family.Send(r.Context(), []family.SendCmd{{Actor: r.Actor, Key: key, From: p.me, To: p.id, Order: about, Words: r.Form("words")}}))
		return err
	})
}

// TakeBack destroys the words of a message.
func TakeBack(r *page.Request) error {
	return act(r, "/family/?done=taken_back", func(key string) error {
		_, err := page.One(r.Family.TakeBack(r.Context(), []family.MessageCmd{{Actor: r.Actor, Key: key, Message: family.MessageID(r.Path("id"))}}))
		return err
	})
}

// Acting takes on what the person lets the reader do for it, or lays it down.
func Acting(r *page.Request) error {
	p, err := who(r)
	if err != nil {
		return err
	}
	return act(r, p.path()+"?done=noted", func(key string) error {
		_, err := page.One(r.Members.ActFor(r.Context(), []member.ActForCmd{{Actor: r.Actor, Key: key, Person: p.me, Relative: p.id, Willing: r.Form("acting") == "yes"}}))
		return err
	})
}

// Line says the reader's own yes or no to messages with the person.
func Line(r *page.Request) error {
	p, err := who(r)
	if err != nil {
		return err
	}
	return act(r, p.path()+"?done=noted", func(key string) error {
		_, err := page.One(r.Family.Line(r.Context(), []family.LineCmd{{Actor: r.Actor, Key: key, Person: p.me, Relative: p.id, Open: r.Form("open") == "yes"}}))
		return err
	})
}

// cancelReason stands in the trail, in the language of the trail.
func cancelReason() string { return i18n.Text(i18n.Chinese, "page.family.cancel_reason") }
