package httpapi_test

import (
	"bytes"
	"image"
	"image/jpeg"

	"timebank/internal/identity"
	"timebank/internal/photo"
)

// shot is a picture in one shade of grey.
func (w *world) shot(shade byte) []byte {
	w.t.Helper()
	picture := image.NewGray(image.Rect(0, 0, 32, 24))
	for i := range picture.Pix {
		picture.Pix[i] = shade
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, nil); err != nil {
		w.t.Fatal(err)
	}
	return b.Bytes()
}

// picture holds that a download is a JPEG file which nobody keeps.
func (w *world) picture(s step) {
	w.t.Helper()
	got := w.does(s)
	if got.header.Get("Content-Type") != "image/jpeg" || got.header.Get("Cache-Control") != "no-store" || !bytes.HasPrefix(got.raw, []byte("\xff\xd8\xff")) {
		w.t.Errorf("%s: got %d bytes, %v", s.op, len(got.raw), got.header)
	}
}

func photos(w *world) {
	desk, elder, chen, stranger := w.Staff(identity.PointManager, w.Home()), w.KeyElder(w.Home()), w.Volunteer(w.Home()), w.Volunteer(w.Home())
	id := w.published(&elder, &desk)
	w.does(step{op: "show-portrait", as: &chen, at: []any{chen.ID}, body: w.shot(9), rows: "consent+1 portrait+1"})
	w.refused(step{op: "show-portrait", as: &stranger, at: []any{chen.ID}, body: w.shot(9)}, 403, "identity.not_allowed")
	w.picture(step{op: "get-portrait", as: &desk, at: []any{chen.ID}})
	w.refused(step{op: "volunteer-portrait", as: &elder, at: []any{id, chen.ID}}, 404, "order.not_found")
	w.served(id, &chen)
	w.picture(step{op: "volunteer-portrait", as: &elder, at: []any{id, chen.ID}})

	w.refused(step{op: "add-photo", as: &chen, at: []any{id}, query: "moment=check_in", body: []byte("GIF89a-and-nothing-more")}, 422, "photo.refused", "photo photo.format_unsupported")
	w.refused(step{op: "add-photo", as: &chen, at: []any{id}, query: "moment=check_in", body: make([]byte, photo.MaxBytes+1)}, 422, "photo.refused", "photo photo.too_large")
	w.refused(step{op: "add-photo", as: &chen, at: []any{id}, query: "moment=confirm", body: w.shot(1)}, 422, "api.input_invalid")
	w.refused(step{op: "add-photo", as: &stranger, at: []any{id}, query: "moment=check_in", body: w.shot(1)}, 404, "order.not_found")
	one := w.does(step{op: "add-photo", as: &chen, at: []any{id}, query: "moment=check_in", body: w.shot(2), rows: "visit_photo+1", want: m{"id": anything}}).text("id")
	w.does(step{op: "get-order", as: &elder, at: []any{id}, want: m{"photos.0.id": one, "photos.0.width": 32, "photos.0.moment": "check_in", "photos.0.place": nil, "photos.1": nil}})
	w.picture(step{op: "get-photo", as: &elder, at: []any{id, one}})
	w.refused(step{op: "get-photo", as: &stranger, at: []any{id, one}}, 404, "order.not_found")
	w.does(step{op: "hide-portrait", as: &chen, at: []any{chen.ID}, rows: "portrait-1"})
	w.refused(step{op: "volunteer-portrait", as: &elder, at: []any{id, chen.ID}}, 404, "member.no_portrait")
}
