package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/i18n"
	"timebank/internal/why"
)

func TestMeaningOfTheLibrary(t *testing.T) {
	for _, c := range []struct{ said, code, params, property string }{
		{"expected required property item to be present", "api.field_missing", "[]", "item"},
		{"unexpected property", "api.field_unknown", "[]", ""},
		{`expected value to be one of "a, b"`, "api.not_one_of", "[choices a, b]", ""},
		{"expected number >= 1", "api.too_small", "[least 1]", ""},
		{"expected length <= 200", "api.too_long", "[most 200]", ""},
		{"expected string", "api.not_a_string", "[]", ""},
		{"expected string to match pattern ^a$", "api.malformed", "[]", ""},
		{"something new", "api.malformed", "[]", ""},
	} {
		code, params, property := meaning(c.said)
		if code != c.code || fmt.Sprint(params) != c.params || property != c.property {
			t.Errorf("%q: got %s %v %q, want %s %s %q", c.said, code, params, property, c.code, c.params, c.property)
		}
	}
	for _, s := range append(sentences, said{code: "api.malformed"}) {
		if !i18n.Has(s.code) {
			t.Errorf("%s has no sentence", s.code)
		}
	}
}

// TestProblems holds how each kind of error is told, and that nothing of an internal failure or of an input's value leaves.
func TestProblems(t *testing.T) {
	a := &api{Deps{Log: slog.New(slog.DiscardHandler)}}
	secret := errors.New("dial tcp 10.0.0.7: password of 张三")
	for _, c := range []struct {
		err    error
		status int
		code   string
		retry  string
	}{
		{errs.Invalid("order.invalid", errs.Field{Path: "factors[0].value", Code: "order.code_wrong"}), 422, "order.invalid", ""},
		{errs.New(errs.Refused, "order.no_source").Because(why.Rule("order.funding", "v", "city")), 422, "order.no_source", ""},
		{errs.New(errs.Unauthenticated, "identity.not_signed_in"), 401, "identity.not_signed_in", ""},
		{errs.New(errs.Forbidden, "identity.not_allowed"), 403, "identity.not_allowed", ""},
		{errs.New(errs.NotFound, "order.not_found"), 404, "order.not_found", ""},
		{errs.New(errs.Conflict, "order.not_submitted"), 409, "order.not_submitted", ""},
		{errs.New(errs.TooMany, "api.too_many_requests"), 429, "api.too_many_requests", "30"},
		{errs.New(errs.Unavailable, "store.full").With(secret), 503, "store.full", "5"},
		{errs.New(errs.Internal, "ledger.floor_broken").With(secret), 500, "internal", ""},
		{secret, 500, "internal", ""},
		{fmt.Errorf("wrapped: %w", errs.New(errs.Conflict, "order.not_submitted").With(secret)), 409, "order.not_submitted", ""},
	} {
		w := httptest.NewRecorder()
		a.write(w, httptest.NewRequest(http.MethodGet, "/", nil), c.err)
		var p Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if w.Code != c.status || p.Status != c.status || p.Code != c.code || p.Type != "urn:timebank:problem:"+c.code || w.Header().Get("Retry-After") != c.retry {
			t.Errorf("%v: got %d %s %v, want %d %s", c.err, w.Code, w.Body, w.Header(), c.status, c.code)
		}
		if strings.Contains(w.Body.String(), "10.0.0.7") || strings.Contains(w.Body.String(), "张三") {
			t.Errorf("%v leaves the server: %s", c.err, w.Body)
		}
		if len(p.Fields) > 0 && p.Fields[0].Path != "factors.0.value" {
			t.Errorf("the path is told as %s", p.Fields[0].Path)
		}
	}
}

// FuzzPlacement decodes the body of an order as the API does: what is taken is unambiguous and within the description, and comes out as it
// went in.
func FuzzPlacement(f *testing.F) {
	f.Add([]byte(`{"recipient":"01h2xcejqtf2nbrexx3vqjhp41","item":"smartphone_lesson","start":"2020-10-13T09:00:00+08:00"}`))
	f.Add([]byte(`{"recipient":"01h2xcejqtf2nbrexx3vqjhp41","item":"x","start":"2020-10-13T09:00:00Z","minutes":{"minutes":90},"urgency":"at_once","paper":true}`))
	f.Add([]byte(`{"item":"a","item":"b"}`))
	f.Add([]byte(`[[[[]]]]`))
	f.Add([]byte(`{"minutes":{"minutes":1e99}}`))
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	schema := registry.Schema(reflect.TypeFor[Placement](), false, "")
	f.Fuzz(func(t *testing.T, data []byte) {
		var loose any
		if strictJSON.Unmarshal(data, &loose) != nil {
			return
		}
		var res huma.ValidateResult
		path := huma.NewPathBuffer(nil, 0)
		huma.Validate(registry, schema, path, huma.ModeWriteToServer, loose, &res)
		for _, e := range res.Errors {
			var detail *huma.ErrorDetail
			if errors.As(e, &detail) && fieldOf(i18n.English, detail).Message == i18n.Text(i18n.English, "internal") {
				t.Errorf("%v has no sentence", detail)
			}
		}
		if len(res.Errors) > 0 {
			return
		}
		var p Placement
		if err := strictJSON.Unmarshal(data, &p); err != nil {
			// A time may have the form of one and not be one: the decoder has the last word.
			return
		}
		if m := p.Minutes.orZero(); p.Minutes != nil && m != hours.Of(p.Minutes.Minutes) {
			t.Errorf("minutes are %v", m)
		}
		again, err := json.Marshal(p)
		if err != nil {
			t.Fatalf("taken and not told: %v", err)
		}
		var q Placement
		if err := strictJSON.Unmarshal(again, &q); err != nil || !reflect.DeepEqual(p, q) {
			t.Errorf("%s became %s: %v", data, again, err)
		}
	})
}

func TestRequestsHaveALanguageEverywhere(t *testing.T) {
	if got := requestOf(context.Background()).lang; got != i18n.Chinese {
		t.Errorf("without a request the language is %q", got)
	}
}
