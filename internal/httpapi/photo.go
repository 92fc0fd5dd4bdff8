package httpapi

import (
	"bytes"
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"timebank/internal/member"
	"timebank/internal/order"
)

// uploadTime is how long a picture may take on its way: a slow telephone line needs more than the server's time for a request.
const uploadTime = 2 * time.Minute

const typeJPEG = "image/jpeg"

// picture makes a route take a picture as its whole body. It is never a form: a form's files would lie unsealed on the disk.
func picture(r route) route {
	r.picture = true
	register := r.register
	r.register = func(a *api, to huma.API, r route) {
		register(a, to, r)
		// An empty body is let in, so that the refusal names what else is wrong: the use-case has its own for no picture.
		path := to.OpenAPI().Paths[base+r.path]
		for _, o := range []*huma.Operation{path.Put, path.Post} {
			if o != nil && o.OperationID == r.id {
				o.RequestBody.Required = false
			}
		}
	}
	return r
}

// Upload is a picture on its way to one thing.
type Upload struct {
	Mutation
	ID      ID     `path:"id"`
	RawBody []byte `contentType:"image/jpeg" doc:"A JPEG or PNG file of at most 12 MiB and 32 million pixels"`
}

// VisitUpload is a picture of a visit.
type VisitUpload struct {
	Upload
	Moment string `query:"moment" required:"true" enum:"check_in,check_out"`
}

// VisitPhoto is a picture of a visit, without the picture.
type VisitPhoto struct {
	ID         ID        `json:"id"`
	Moment     string    `json:"moment" enum:"check_in,check_out"`
	Actor      string    `json:"actor"`
	RecordedAt time.Time `json:"recorded_at"`
	Digest     string    `json:"digest" doc:"SHA-256 of the picture as it is kept"`
	Place      string    `json:"place,omitempty" enum:"inside,outside" doc:"Where the camera stood, seen from the place of service; nothing more is kept of it"`
	Width      int       `json:"width"`
	Height     int       `json:"height"`
}

func photoOf(p order.Photo) VisitPhoto {
	return VisitPhoto{ID: ID(p.ID), Moment: string(p.Moment), Actor: p.Actor, RecordedAt: p.RecordedAt, Digest: string(p.Hash), Place: string(p.Place),
		Width: p.Width, Height: p.Height}
}

func (a *api) addPhoto(ctx context.Context, in *VisitUpload) (Made, error) {
	id, err := a.Orders.AttachPhoto(ctx, order.PhotoCmd{Actor: actor(ctx), Key: in.Key, Order: order.ID(in.ID), Moment: order.Moment(in.Moment),
		File: bytes.NewReader(in.RawBody)})
	return Made{ID: ID(id)}, err
}

// OnePhoto names a picture of an order.
type OnePhoto struct {
	ID    ID `path:"id" doc:"The order"`
	Photo ID `path:"photo"`
}

func (a *api) getPhoto(ctx context.Context, in *OnePhoto) (download, error) {
	jpeg, err := a.Orders.Photo(ctx, actor(ctx), order.ID(in.ID), order.PhotoID(in.Photo))
	return download{ContentType: typeJPEG, Disposition: "inline", Body: jpeg}, err
}

// OneVolunteer names a volunteer of an order.
type OneVolunteer struct {
	ID     ID `path:"id" doc:"The order"`
	Person ID `path:"person" doc:"The volunteer"`
}

func (a *api) volunteerPortrait(ctx context.Context, in *OneVolunteer) (download, error) {
	jpeg, err := a.Orders.Portrait(ctx, actor(ctx), order.ID(in.ID), member.PersonID(in.Person))
	return download{ContentType: typeJPEG, Disposition: "inline", Body: jpeg}, err
}

func (a *api) showPortrait(ctx context.Context, in *Upload) error {
	return a.Members.ShowPortrait(ctx, member.ShowPortraitCmd{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), File: bytes.NewReader(in.RawBody)})
}

func (a *api) hidePortrait(ctx context.Context, in *ActOn) error {
	return done(a.Members.HidePortraits(ctx, []member.HidePortraitCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID)}}))
}

func (a *api) getPortrait(ctx context.Context, in *OneID) (download, error) {
	jpeg, err := a.Members.Portrait(ctx, actor(ctx), member.PersonID(in.ID))
	return download{ContentType: typeJPEG, Disposition: "inline", Body: jpeg}, err
}
