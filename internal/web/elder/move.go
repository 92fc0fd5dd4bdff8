package elder

import (
	"net/http"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// MoveForm asks to when a visit shall be moved: one tap for the usual times, or any day and hour.
func MoveForm(r *page.Request) error {
	o, err := mine(r)
	if err != nil {
		return err
	}
	if !o.Movable() {
		return errs.New(errs.Conflict, "order.not_movable").By("order.state", "law")
	}
	v := moveView{Page: r.Shell(r.T("page.elder.move")), Back: "/elder/visits/" + string(o.ID), Key: r.Key()}
	v.Action = v.Back + "/move"
	err = r.Read("web.elder_move", func(tx *store.Tx, _ *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		item, err := all.ByVersion(o.Item, o.ItemVersion)
		if err != nil {
			return err
		}
		v.Facts = []ui.Row{{Name: r.T("page.elder.fact_what"), Value: item.Name(r.Lang)}, {Name: r.T("page.elder.move_now"), Value: r.When(o.Start)}}
		v.Times = v.Times[:0]
		for _, at := range times(item, r.Now) {
			if !at.Equal(o.Start) {
				v.Times = append(v.Times, usualView{Key: r.Key(), Day: string(clock.DayOf(at)), At: page.Clock(at), Label: r.When(at)})
			}
		}
		v.Day, v.At = r.OtherTimes(&o.Order, item)
		return nil
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, move(v))
}

// Move moves a visit to another time; whoever was coming is asked again.
func Move(r *page.Request) error {
	err := act(r, "moved", func(c order.OrderCmd) error { return r.Reschedule(c) })
	if err != nil {
		return r.Redisplay(err, "/elder/visits/"+r.Path("id")+"/move", MoveForm, "start", "at")
	}
	return nil
}
