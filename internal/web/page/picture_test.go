package page

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"strings"
	"testing"

	"timebank/internal/errs"
)

// form is a request with fields and, unless it is nil, a file after them.
func form(t *testing.T, fields map[string]string, file []byte) *Request {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range fields {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if file != nil {
		part, err := w.CreateFormFile("photo", "a.jpg")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewRequest("POST", "/x", &b)
	h.Header.Set("Content-Type", w.FormDataContentType())
	return &Request{HTTP: h, out: httptest.NewRecorder(), body: h.Body}
}

func TestAFormBringsAPictureAfterItsFields(t *testing.T) {
	r := form(t, map[string]string{"key": "12345678", "moment": "check_in"}, bytes.Repeat([]byte("x"), maxForm+1))
	file, err := r.Picture("photo")
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := io.ReadAll(file); err != nil || len(raw) != maxForm+1 {
		t.Errorf("read %d bytes, %v", len(raw), err)
	}
	if key, err := r.Sent(); key != "12345678" || err != nil || r.Form("moment") != "check_in" {
		t.Errorf("key %q (%v), moment %q", key, err, r.Form("moment"))
	}
	for what, c := range map[string]struct {
		r    *Request
		code string
	}{
		"no file":          {form(t, map[string]string{"key": "12345678"}, nil), "photo.refused"},
		"fields too large": {form(t, map[string]string{"key": strings.Repeat("x", maxForm+1)}, []byte("x")), "page.form_incomplete"},
		"no such form":     {&Request{HTTP: httptest.NewRequest("POST", "/x", strings.NewReader("a=b")), out: httptest.NewRecorder(), body: io.NopCloser(strings.NewReader(""))}, "page.form_incomplete"},
	} {
		if _, err := c.r.Picture("photo"); errs.CodeOf(err) != c.code {
			t.Errorf("%s: got %v, want %s", what, err, c.code)
		}
	}
}
