package volunteer

import (
	"github.com/a-h/templ"

	"timebank/internal/errs"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// nextAttributes let a check-in form turn into the one of the check-out while there is no network.
func nextAttributes(v visitView, action string) templ.Attributes {
	if action != "/check-in" {
		return nil
	}
	return templ.Attributes{"data-next": v.Action + "/check-out", "data-next-title": v.T("page.volunteer.end"), "data-next-label": v.T("page.volunteer.check_out")}
}

// pictures are the photos of the visit, and whether one more can be added.
func (v *visitView) pictures(r *page.Request, o *order.View, a *order.Assignment) {
	for _, p := range o.Photos {
		v.Photos = append(v.Photos, ui.Row{Name: r.T("page.volunteer.photo_alt", "when", r.When(p.RecordedAt)), Value: v.Action + "/photos/" + string(p.ID)})
	}
	v.AddPhoto = a.State == order.CheckedIn || a.State == order.CheckedOut && (o.State == order.InService || o.State == order.Awaiting)
}

// AddPhoto adds a picture to a visit.
func AddPhoto(r *page.Request) error {
	file, err := r.Picture("photo")
	if err != nil {
		return err
	}
	key, err := r.Sent()
	if err != nil {
		return err
	}
	id := order.ID(r.Path("id"))
	o, err := r.Orders.Get(r.Context(), r.Actor, id)
	if err != nil {
		return err
	}
	moment := order.AtCheckOut
	if a := place(&o.Order, member.PersonID(r.Actor.Person)); a != nil && a.State == order.CheckedIn {
		moment = order.AtCheckIn
	}
	if _, err := r.Orders.AttachPhoto(r.Context(), order.PhotoCmd{Actor: r.Actor, Key: key, Order: id, Moment: moment, File: file}); err != nil {
		return err
	}
	return r.Go("/volunteer/visits/" + string(id) + "?done=photo")
}

// Photo answers with a picture of a visit.
func Photo(r *page.Request) error {
	jpeg, err := r.Orders.Photo(r.Context(), r.Actor, order.ID(r.Path("id")), order.PhotoID(r.Path("photo")))
	if err != nil {
		return err
	}
	return r.ShowPicture(jpeg)
}

// ShowFace shows the volunteer's face to whom it visits; the form asks for the consent.
func ShowFace(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	file, err := r.Picture("photo")
	if err != nil {
		return err
	}
	key, err := r.Sent()
	if err != nil {
		return err
	}
	if r.Form("agree") != "yes" {
		return errs.New(errs.KindInvalid, "page.form_incomplete")
	}
	if err := r.Members.ShowPortrait(r.Context(), member.ShowPortraitCmd{Actor: r.Actor, Key: key, Person: me, File: file}); err != nil {
		return err
	}
	return r.Go("/volunteer/me?done=photo")
}

// HideFace takes the picture away, and the consent with it.
func HideFace(r *page.Request) error {
	me, key, err := r.SentByMe()
	if err != nil {
		return err
	}
	if _, err := page.One(r.Members.HidePortraits(r.Context(), []member.HidePortraitCmd{{Actor: r.Actor, Key: key, Person: me}})); err != nil {
		return err
	}
	return r.Go("/volunteer/me?done=kept")
}

// Face answers with the volunteer's own picture.
func Face(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	jpeg, err := r.Members.Portrait(r.Context(), r.Actor, me)
	if err != nil {
		return err
	}
	return r.ShowPicture(jpeg)
}
