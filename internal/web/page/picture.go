package page

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"timebank/internal/errs"
	"timebank/internal/photo"
	"timebank/internal/store"
)

// uploadTime is how long a picture may take on its way and be answered: a slow line needs more than the server's time for a request.
const uploadTime = 2 * time.Minute

// patience replaces the server's times for this one request.
func (r *Request) patience() {
	line := http.NewResponseController(r.out)
	until := func(t time.Time) {
		// What has no connection, as in a test, needs no patience.
		_ = line.SetReadDeadline(t)
		_ = line.SetWriteDeadline(t)
	}
	until(time.Time{})
	over := time.AfterFunc(uploadTime, func() { until(time.Unix(1, 0)) })
	context.AfterFunc(r.Context(), func() { over.Stop() })
}

// Picture reads a form with enctype multipart/form-data that brings a picture in a field. The other fields have to stand before it in the form;
// they are read as usual afterwards, with [Request.Form] and [Request.Sent]. The file is handed on as it comes and never lies on the disk. Errors:
// KindInvalid page.form_incomplete and page.not_text; photo.refused with photo.empty when no file came.
func (r *Request) Picture(field string) (io.Reader, error) {
	r.patience()
	r.HTTP.Body = http.MaxBytesReader(r.out, r.body, photo.MaxBytes+maxForm)
	parts, err := r.HTTP.MultipartReader()
	if err != nil {
		return nil, errs.New(errs.KindInvalid, "page.form_incomplete").With(err)
	}
	if r.HTTP.Form == nil {
		r.HTTP.Form = url.Values{}
	}
	for left := int64(maxForm); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, errs.Invalid("photo.refused", errs.Field{Path: field, Code: "photo.empty"})
		}
		if err != nil {
			return nil, errs.New(errs.KindInvalid, "page.form_incomplete").With(err)
		}
		if part.FormName() == field {
			return part, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, left+1))
		left -= int64(len(value)) + int64(len(part.FormName()))
		if err != nil || left < 0 {
			return nil, errs.New(errs.KindInvalid, "page.form_incomplete").With(err)
		}
		if !store.Keeps(part.FormName(), string(value)) {
			return nil, errNotText
		}
		r.HTTP.Form.Add(part.FormName(), string(value))
	}
}

// ShowPicture answers with a JPEG picture that only this reader may see.
func (r *Request) ShowPicture(jpeg []byte) error {
	h := r.out.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Cache-Control", "no-store")
	_, _ = r.out.Write(jpeg)
	return nil
}
