package admin

import (
	"strconv"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

var itemStates = map[catalog.State]string{catalog.Published: "page.office.s_published", catalog.Withdrawn: "page.office.s_withdrawn"}

// Catalogue lists the services that can be ordered, with every version of the one that is asked for.
func Catalogue(r *page.Request) error {
	o, err := open(r, identity.ReportRead, r.T("page.office.catalogue"))
	if err != nil {
		return err
	}
	only := r.Form("item")
	city := o.may(identity.CatalogPublish, o.place)
	err = r.Read("web.catalogue", func(tx *store.Tx, _ *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		t := &table{Caption: r.T("page.office.catalogue"), Head: []string{r.T("page.office.name"), r.T("page.office.code"), r.T("page.office.version"), r.T("page.office.usual"), r.T("page.office.volunteers_needed")}}
		for _, item := range all.List(r.Now) {
			t.Rows = append(t.Rows, []cell{{Text: item.Name(r.Lang), Href: o.here("item", item.Code)}, text(item.Code), text(strconv.Itoa(item.Version)), text(r.Long(item.Usual)), text(strconv.Itoa(item.Volunteers))})
		}
		o.add(block{Table: t})
		versions := all.Versions(only)
		if len(versions) == 0 {
			return nil
		}
		history := &table{Caption: r.T("page.office.versions"), Head: []string{r.T("page.office.version"), r.T("page.office.state"), r.T("page.office.name"), r.T("page.office.effective"),
			r.T("page.office.usual"), r.T("page.office.longest"), r.T("page.office.meaning")}}
		for _, v := range versions {
			history.Rows = append(history.Rows, texts(strconv.Itoa(v.Version), r.T(itemStates[v.State]), v.Name(r.Lang), o.stamp(v.EffectiveFrom), r.Long(v.Usual), r.Long(v.Longest), v.Description(r.Lang)))
		}
		b := block{Title: versions[len(versions)-1].Name(r.Lang), Table: history}
		if city {
			f := o.form("/office/catalogue/"+only+"/withdraw", r.T("page.office.withdraw_item"), "stop", ui.Field{Name: "w-reason", Label: r.T("page.office.reason"), Max: 200, Needed: true},
				ui.Field{Name: "w-from", Label: r.T("page.office.from_when"), Hint: r.T("page.office.from_when_hint"), Max: 10})
			f.Title = r.T("page.office.withdraw_item")
			b.Forms = append(b.Forms, f)
		}
		o.add(b)
		return nil
	})
	if err != nil {
		return err
	}
	if city {
		f := o.form("/office/catalogue", r.T("page.office.publish_item"), "", ui.Field{Name: "toml", Label: r.T("page.office.item_text"), Hint: r.T("page.office.item_text_hint"), Rows: 12, Needed: true},
			ui.Field{Name: "from", Label: r.T("page.office.from_when"), Hint: r.T("page.office.from_when_hint"), Max: 10})
		o.add(block{Title: r.T("page.office.publish_item"), Forms: []form{f}})
	}
	return o.show("catalogue")
}

// PublishItem publishes a version of one service, written as the catalogue's file is.
func PublishItem(r *page.Request) error {
	return act(r, identity.ReportRead, "/office/catalogue", Catalogue, func(_ *office, key string) error {
		specs, err := catalog.Parse(r.HTTP.FormValue("toml"))
		if err != nil {
			return err
		}
		if len(specs) != 1 {
			return errs.Invalid("page.form_incomplete", errs.Field{Path: "toml", Code: "page.office.one_item"})
		}
		cmd := catalog.PublishCmd{Actor: r.Actor, Key: key, Spec: specs[0]}
		if day := r.Form("from"); day != "" {
			d, err := clock.ParseDay(day)
			if err != nil {
				return errs.Invalid("page.form_incomplete", errs.Field{Path: "from", Code: "page.office.day_wrong"})
			}
			cmd.EffectiveFrom = d.Start()
		}
		_, err = r.Catalog.Publish(r.Context(), cmd)
		return err
	})
}

// WithdrawItem ends a service; what was ordered before keeps its version.
func WithdrawItem(r *page.Request) error {
	return act(r, identity.ReportRead, "/office/catalogue", Catalogue, func(_ *office, key string) error {
		cmd := catalog.WithdrawCmd{Actor: r.Actor, Key: key, Code: r.Path("code"), Reason: r.Form("w-reason")}
		if day := r.Form("w-from"); day != "" {
			d, err := clock.ParseDay(day)
			if err != nil {
				return errs.Invalid("page.form_incomplete", errs.Field{Path: "w-from", Code: "page.office.day_wrong"})
			}
			cmd.EffectiveFrom = d.Start()
		}
		_, err := r.Catalog.Withdraw(r.Context(), cmd)
		return err
	})
}
