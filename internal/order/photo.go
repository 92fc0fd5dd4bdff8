package order

import (
	"context"
	"io"
	"time"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/photo"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
)

// PhotoID identifies a picture of a visit.
type PhotoID = id.ID[Photo]

// Whereabouts is what stays of the place that a camera wrote.
type Whereabouts string

// The whereabouts.
const (
	Nowhere Whereabouts = ""        // the file said nothing, or the policy does not use places
	Inside  Whereabouts = "inside"  // at most checkin.max_distance_m from the place of service
	Outside Whereabouts = "outside" // further away
)

// Photo is a picture that shows a visit. The picture itself is a file; see [Service.Photo].
type Photo struct {
	ID            PhotoID
	Order         ID
	Moment        Moment
	Actor         string
	RecordedAt    time.Time
	Hash          photo.Hash
	Place         Whereabouts
	Width, Height int
}

// PhotoCmd adds a picture to an order. The actor is a volunteer with a place on it, or the station's staff.
type PhotoCmd struct {
	Actor  identity.Actor
	Key    string
	Order  ID
	Moment Moment    // AtCheckIn or AtCheckOut
	File   io.Reader // JPEG or PNG as it came, at most photo.MaxBytes
}

// taken is a PhotoCmd whose picture is clean and kept.
type taken struct {
	PhotoCmd
	picture photo.Picture
}

// AttachPhoto cleans a picture, keeps it and adds it to an order; what the camera wrote about the place is compared with the order's once and
// forgotten. It takes one picture at a time, because each is read from a connection. Errors: order.not_found, order.photo_not_now,
// order.photos_enough, identity.not_allowed, order.invalid for the moment, and those of [photo.Folder.Take].
func (s *Service) AttachPhoto(ctx context.Context, cmd PhotoCmd) (PhotoID, error) {
	// Nobody who may not add a picture makes us decode one.
	var now time.Time
	err := s.db.Read(ctx, "order.photo_ask", func(tx *store.Tx) error {
		now = tx.Now()
		w, err := s.begin(tx)
		if err != nil {
			return err
		}
		if w.orders, err = load(tx, []ID{cmd.Order}, false); err != nil {
			return err
		}
		_, err = w.photographed(&cmd)
		return err
	})
	if err != nil {
		return "", err
	}
	picture, err := s.photos.Take(ctx, now, cmd.File, photo.Evidence)
	if err != nil {
		return "", err
	}
	results, err := s.attach.Perform(ctx, s.db, []taken{{cmd, picture}})
	if err != nil {
		return "", err
	}
	return results[0].Value, results[0].Err
}

func headPhoto(c *taken, w *canon.Writer) (identity.Actor, string) {
	w.Str(string(c.Order)).Str(string(c.Moment)).Str(string(c.picture.Hash))
	return c.Actor, c.Key
}

// photographed finds the order of a command that may add a picture to it.
func (w *work) photographed(c *PhotoCmd) (*Order, error) {
	o, err := w.order(c.Order)
	if err != nil {
		return nil, err
	}
	if !o.serves(member.PersonID(c.Actor.Person)) || c.Actor.MayOwn(identity.OrderCheckIn, c.Actor.Person) != nil {
		if err := c.Actor.May(identity.OrderWitness, o.Region, w.tree); err != nil {
			return nil, w.hidden(c.Actor, o, err)
		}
	}
	if c.Moment != AtCheckIn && c.Moment != AtCheckOut {
		return nil, errs.Invalid("order.invalid", errs.Field{Path: "moment", Code: "order.moment_unknown"})
	}
	switch o.State {
	case Accepted, InService, Awaiting, Confirmed, Disputed:
		return o, nil
	}
	return nil, errState("order.photo_not_now", o)
}

func (s *Service) runAttach(tx *store.Tx, cmds []*taken, out []*identity.Result[PhotoID]) error {
	ids := make([]ID, len(cmds))
	for i, c := range cmds {
		ids[i] = c.Order
	}
	w, err := s.take(tx, ids)
	if err != nil {
		return err
	}
	for i, c := range cmds {
		p, err := w.attach(c)
		if errs.Fault(err) {
			return err
		}
		out[i].Value, out[i].Err = p, err
	}
	return w.save()
}

func (w *work) attach(c *taken) (PhotoID, error) {
	o, err := w.photographed(&c.PhotoCmd)
	if err != nil {
		return "", err
	}
	there, err := photosOf(w.tx, o.ID)
	if err != nil {
		return "", err
	}
	r, err := w.rules(o)
	if err != nil {
		return "", err
	}
	if len(there) >= r.OrderMaxPhotos {
		return "", errs.New(errs.Refused, "order.photos_enough").Because(r.Why("order.max_photos"))
	}
	p := Photo{ID: store.NewID[Photo](w.tx), Order: o.ID, Moment: c.Moment, Actor: c.Actor.ID, Hash: c.picture.Hash, Place: whereabouts(o, c.picture.Place, r),
		Width: c.picture.Width, Height: c.picture.Height}
	w.note(c.Actor, "order.photo", o, "", string(p.Moment))
	return p.ID, insertPhoto(w.tx, p)
}

// whereabouts compares the place of a camera with the place of service, where the policy uses places at all.
func whereabouts(o *Order, at *photo.Place, r policy.Rules) Whereabouts {
	if at == nil || !r.CheckInMethods.Has(policy.Factor(ByPlace)) {
		return Nowhere
	}
	if region.DistanceMetres(o.Point, region.Point(*at)) > int64(r.CheckInMaxDistanceM) {
		return Outside
	}
	return Inside
}

// Photo returns a picture of a visit as JPEG, for the recipient's side, the volunteers who serve and the staff who watches over the visit; each
// look is in the audit trail. Errors: member.kin_may_not_see; order.not_found, also for who may not know of the order; order.photo_unknown, also when retention has
// taken it; identity.not_allowed.
func (s *Service) Photo(ctx context.Context, actor identity.Actor, order ID, which PhotoID) ([]byte, error) {
	var hash photo.Hash
	err := s.db.Write(ctx, "order.photo_look", func(tx *store.Tx) error {
		w, err := s.begin(tx)
		if err != nil {
			return err
		}
		if w.orders, err = load(tx, []ID{order}, false); err != nil {
			return err
		}
		o, err := w.order(order)
		if err != nil {
			return err
		}
		if err := w.mayWatch(actor, o); err != nil {
			return err
		}
		all, err := photosOf(tx, o.ID)
		if err != nil {
			return err
		}
		for _, p := range all {
			if p.ID == which {
				hash = p.Hash
				w.note(actor, "order.photo_look", o, "", string(p.ID))
				return audit.Record(tx, w.trail...)
			}
		}
		return errs.New(errs.NotFound, "order.photo_unknown")
	})
	if err != nil {
		return nil, err
	}
	return s.photos.Open(hash)
}

// mayWatch lets the sides of a visit see its pictures, and of the staff those who witness visits or decide disputes.
func (w *work) mayWatch(actor identity.Actor, o *Order) error {
	if o.partOf(member.PersonID(actor.Person)) != nil {
		return nil
	}
	side, err := w.sideOf(actor, o, identity.OrderPlace, identity.OrderRead)
	if err != nil {
		return errs.New(errs.NotFound, "order.not_found")
	}
	if side == ByFamily {
		return member.Seeing(w.tx, o.Recipient, member.PersonID(actor.Person))
	}
	if side != ByDesk || actor.May(identity.OrderWitness, o.Region, w.tree) == nil {
		return nil
	}
	return actor.May(identity.OrderDecide, o.Region, w.tree)
}

// Portrait returns the face of a volunteer who comes or came, as JPEG, for the recipient's side and the desk. Errors: order.not_found; member.kin_may_not_see;
// member.no_portrait, also when the volunteer does not agree to show it.
func (s *Service) Portrait(ctx context.Context, actor identity.Actor, order ID, volunteer member.PersonID) ([]byte, error) {
	var hash photo.Hash
	err := s.db.Read(ctx, "order.portrait", func(tx *store.Tx) error {
		w, err := s.begin(tx)
		if err != nil {
			return err
		}
		if w.orders, err = load(tx, []ID{order}, false); err != nil {
			return err
		}
		o, err := w.order(order)
		if err != nil {
			return err
		}
		side, err := w.sideOf(actor, o, identity.OrderPlace, identity.OrderRead)
		if err != nil || !o.serves(volunteer) {
			return errs.New(errs.NotFound, "order.not_found")
		}
		if side == ByFamily {
			if err := member.Seeing(tx, o.Recipient, member.PersonID(actor.Person)); err != nil {
				return err
			}
		}
		faces, err := member.Portraits(tx, []member.PersonID{volunteer})
		if err != nil {
			return err
		}
		face, ok := faces[volunteer]
		if !ok {
			return errs.New(errs.NotFound, "member.no_portrait")
		}
		hash = face
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.photos.Open(hash)
}
