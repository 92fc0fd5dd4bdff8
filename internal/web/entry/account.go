package entry

import (
	"net/http"
	"slices"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/signin"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// Account is one's own: where one is signed in, keys, consents, and what one wants to be.
func Account(r *page.Request) error {
	v := accountsView{Page: shell(r, "page.account.title", "passkey.js"), Key: r.Key(), Staff: len(r.Actor.Grants) > 0}
	var err error
	if v.Doors, err = r.Doors(r.Actor); err != nil {
		return err
	}
	sessions, err := r.Identity.Sessions(r.Context(), r.Actor, identity.ActorID(r.Actor.ID))
	if err != nil {
		return err
	}
	for _, s := range sessions {
		one := sessionView{ID: string(s.ID), Label: s.Label, Began: r.T("page.account.began", "when", r.When(s.Created)), Seen: r.T("page.account.seen", "when", r.When(s.Seen)),
			Here: s.ID == r.Actor.Session}
		if one.Label == "" {
			one.Label = r.T("page.device.other")
		}
		v.Sessions = append(v.Sessions, one)
	}
	keys, err := r.SignIns.Passkeys(r.Context(), r.Actor)
	if err != nil {
		return err
	}
	for _, k := range keys {
		one := sessionView{ID: k.ID, Label: k.Label, Began: r.T("page.account.key_added", "when", r.When(k.Created))}
		if !k.Used.IsZero() {
			one.Seen = r.T("page.account.seen", "when", r.When(k.Used))
		}
		v.Keys = append(v.Keys, one)
	}
	if r.Actor.Person == "" {
		v.Nobody = len(r.Actor.Grants) == 0
		return r.Show(http.StatusOK, accountPage(v))
	}
	me := member.PersonID(r.Actor.Person)
	reach, err := r.Notify.ReachOf(r.Context(), r.Actor, me)
	if err != nil {
		return err
	}
	err = r.Read("web.account", func(tx *store.Tx, _ *region.Tree) error {
		given, err := member.ConsentsOf(tx, me)
		if err != nil {
			return err
		}
		v.Consents = v.Consents[:0]
		for _, p := range member.Purposes() {
			v.Consents = append(v.Consents, consentView{Purpose: string(p), Text: r.T("page.purpose." + string(p)), Given: slices.Contains(given, p), Fixed: p == member.PurposeIdentity})
		}
		recipients, err := member.Standings(tx, []member.PersonID{me})
		if err != nil {
			return err
		}
		volunteers, err := member.LoadVolunteers(tx, []member.PersonID{me})
		v.MayAsk, v.MayServe = len(recipients) == 0, len(volunteers) == 0
		if err != nil {
			return err
		}
		told, err := reachOf(r, tx, me, reach)
		v.Reach = &told
		return err
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, accountPage(v))
}

// Home shows where one's own home is on the map and puts it there.
func Home(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	return page.Home(r, page.HomePage{Who: me, At: "/account/home", Back: "/account", BackText: r.T("page.account.title")})
}

// House is where somebody moves house.
func House(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	return page.House(r, page.HousePage{Who: me, At: "/account/house", Back: "/account", BackText: r.T("page.account.title"), Asked: "/elder/visits/", Taken: "/volunteer/visits/"})
}

// EndSession signs out elsewhere.
func EndSession(r *page.Request) error {
	key, err := r.Sent()
	if err == nil {
		err = r.Leave(identity.SessionID(r.Form("session")), key)
	}
	if err != nil {
		return err
	}
	return r.Go("/account?done=session_ended")
}

// NewPasskey answers the script with what a new key needs.
func NewPasskey(r *page.Request) error {
	c, err := r.SignIns.BeginPasskey(r.Context(), r.Actor)
	if err != nil {
		return r.DataFail(err)
	}
	return r.Data(map[string]any{"ticket": c.Ticket, "options": c.Options})
}

// AddPasskey adds a key of this device.
func AddPasskey(r *page.Request) error {
	_, err := r.SignIns.FinishPasskey(r.Context(), signin.FinishPasskeyCmd{Actor: r.Actor, Label: r.Sign().Label, Ticket: r.Form("ticket"), Response: []byte(r.Form("response"))})
	if err != nil {
		return err
	}
	return r.Go("/account?done=key_added")
}

// RemovePasskey removes a key.
func RemovePasskey(r *page.Request) error {
	if err := r.SignIns.RemovePasskey(r.Context(), r.Actor, r.Form("passkey")); err != nil {
		return err
	}
	return r.Go("/account?done=key_removed")
}

// Consent gives or withdraws a consent.
func Consent(r *page.Request) error {
	me, key, err := r.SentByMe()
	if err != nil {
		return err
	}
	if _, err := page.One(r.Members.Consent(r.Context(), []member.ConsentCmd{{Actor: r.Actor, Key: key, Person: me, Purpose: member.Purpose(r.Form("purpose")),
		Withdraw: r.Form("give") == ""}})); err != nil {
		return err
	}
	return r.Go("/account?done=consent")
}

// Apply asks to be served or to serve; somebody looks at it.
func Apply(r *page.Request) error {
	me, key, err := r.SentByMe()
	if err != nil {
		return err
	}
	if r.Form("as") == "volunteer" {
		_, err = page.One(r.Members.ApplyVolunteers(r.Context(), []member.ApplyVolunteerCmd{{Actor: r.Actor, Key: key, Person: me}}))
	} else {
		_, err = page.One(r.Members.ApplyRecipients(r.Context(), []member.ApplyRecipientCmd{{Actor: r.Actor, Key: key, Person: me}}))
	}
	if err != nil {
		return err
	}
	return r.Go("/account?done=wished")
}

// RegisterForm lets somebody who has signed in and is nobody yet register itself: first the street, then the rest.
func RegisterForm(r *page.Request) error { return register(r, nil) }

func register(r *page.Request, err error) error {
	if r.Actor.Person != "" {
		return r.Go("/account")
	}
	v := registerView{Page: shell(r, "page.entry.register_title"), Key: r.Key(), Street: r.Form("street")}
	street := ui.Field{Name: "street", Label: r.T("page.entry.street"), Hint: r.T("page.entry.street_hint")}
	home := ui.Field{Name: "region", Label: r.T("page.entry.community")}
	read := r.Read("web.register", func(_ *store.Tx, tree *region.Tree) error {
		street.Options, home.Options = nil, nil
		for _, d := range tree.Districts() {
			for _, s := range tree.Children(region.Administrative, d.ID) {
				street.Options = append(street.Options, ui.Option{Value: string(s), Text: d.Name + " " + tree.Name(s), Chosen: string(s) == v.Street})
			}
		}
		if tree.Level(region.ID(v.Street)) == region.Street {
			for _, c := range tree.Children(region.Administrative, region.ID(v.Street)) {
				home.Options = append(home.Options, ui.Option{Value: string(c), Text: tree.Name(c), Chosen: string(c) == r.Form("region")})
			}
		}
		return nil
	})
	if read != nil {
		return read
	}
	if len(home.Options) == 0 {
		v.Fields = []ui.Field{street}
		return r.Show(http.StatusOK, streetPage(v))
	}
	name := ui.Field{Name: "name", Label: r.T("page.entry.name"), Value: r.Form("name"), Max: 50, Auto: "name", Needed: true}
	number := ui.Field{Name: "id_number", Label: r.T("page.entry.id_number"), Hint: r.T("page.entry.id_number_hint"), Value: r.Form("id_number"), Max: 36, Needed: true}
	phone := ui.Field{Name: "phone", Label: r.T("page.entry.own_phone"), Value: r.Form("phone"), Mode: "tel", Max: 40, Auto: "tel"}
	address := ui.Field{Name: "address", Label: r.T("page.entry.address"), Hint: r.T("page.entry.address_hint"), Value: r.Form("address"), Max: 200, Auto: "address-line1"}
	var status int
	status, v.Faults, v.WhyNot = wrong(r, err, &name, &number, &phone, &home, &address)
	v.Fields = []ui.Field{name, number, phone, home, address}
	return r.Show(status, registerPage(v))
}

// Register registers oneself.
func Register(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	consents := []member.Purpose{}
	if r.Form("agree") != "" {
		consents = append(consents, member.PurposeIdentity)
	}
	if r.Form("agree") != "" && r.Form("address") != "" {
		consents = append(consents, member.PurposeLocation)
	}
	_, err = page.One(r.Members.RegisterPersons(r.Context(), []member.RegisterCmd{{Actor: r.Actor, Key: key, Name: r.Form("name"), IDNumber: r.Form("id_number"), Phone: r.Form("phone"),
		Address: r.Form("address"), Region: region.ID(r.Form("region")), Consents: consents}}))
	switch errs.KindOf(err) {
	case 0:
		return r.Go("/account?done=joined")
	case errs.KindInvalid, errs.Conflict:
		return register(r, err)
	}
	return err
}

// inboxMost is how many messages the inbox shows.
const inboxMost = 50

// Inbox shows the messages of a demonstration that no carrier took.
func Inbox(r *page.Request) error {
	if !r.Inbox {
		return errs.New(errs.NotFound, "page.nothing_here")
	}
	letters, err := r.Notify.Inbox(r.Context(), inboxMost)
	if err != nil {
		return err
	}
	v := inboxView{Page: shell(r, "page.inbox.title")}
	for _, l := range letters {
		var values []any
		for name, value := range l.Values {
			values = append(values, name, value)
		}
		v.Letters = append(v.Letters, letterView{To: l.To, When: r.When(l.Created), Text: r.T("message."+string(l.Kind), values...)})
	}
	return r.Show(http.StatusOK, inboxPage(v))
}
