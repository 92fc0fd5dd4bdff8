package admin

import (
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

const accountPath = "/office/actors/"

// Account shows where an account that holds a role is signed in, to be ended when a device is lost or somebody has gone.
func Account(r *page.Request) error {
	o, err := open(r, identity.IdentitySessionFor, r.T("page.office.signed_in"))
	if err != nil {
		return err
	}
	o.v.Export, o.v.Go = "", nil
	of := identity.ActorID(r.Path("id"))
	open, err := r.Identity.Sessions(r.Context(), r.Actor, of)
	if err != nil {
		return err
	}
	err = r.Read("web.office_account", func(tx *store.Tx, _ *region.Tree) error {
		known, err := identity.Load(tx, []identity.ActorID{of}, "")
		if err != nil {
			return err
		}
		name, err := o.names(tx, []string{known[of].Person})
		o.v.Title = r.T("page.office.signed_in_of", "who", name(known[of].Person))
		return err
	})
	if err != nil {
		return err
	}
	b := block{Title: r.T("page.office.signed_in"), Text: r.T("page.office.signed_in_text"), Links: []ui.Link{{Href: o.at("/office/people"), Text: r.T("page.office.people")}},
		Table: &table{Caption: r.T("page.office.devices"), Head: []string{r.T("page.office.device"), r.T("page.office.signed_in_since"), r.T("page.office.seen")}}}
	action := accountPath + string(of) + "/sign-out"
	for _, s := range open {
		device := s.Label
		if device == "" {
			device = r.T("page.device.other")
		}
		b.Table.Rows = append(b.Table.Rows, texts(device, o.stamp(s.Created), o.stamp(s.Seen)))
		end := o.form(action, r.T("page.office.sign_out"), "quiet").with("session", string(s.ID))
		end.Title = device + " · " + o.stamp(s.Created)
		b.Forms = append(b.Forms, end)
	}
	if len(open) == 0 {
		b.Table, b.Empty = nil, r.T("page.office.signed_in_nowhere")
	} else {
		b.Forms = append(b.Forms, o.form(action, r.T("page.office.sign_out_all"), "stop"))
	}
	o.add(b)
	return o.show("account")
}

// SignOut ends one session of an account, or all of them.
func SignOut(r *page.Request) error {
	of := identity.ActorID(r.Path("id"))
	return act(r, identity.IdentitySessionFor, accountPath+string(of), Account, func(_ *office, key string) error {
		_, err := page.One(r.Identity.EndSessions(r.Context(), []identity.EndSessionCmd{{Actor: r.Actor, Key: key, Of: of, Session: identity.SessionID(r.Form("session"))}}))
		return err
	})
}
