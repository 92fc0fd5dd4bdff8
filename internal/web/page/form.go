package page

import (
	"net/http"
	"net/url"
	"strings"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/web/ui"
)

// Redisplay answers a form that was not carried out with the page it stood on: at is that page's address and show its handler. The fields stand
// as they were sent, each with what is wrong with it, and the summary says what was refused and why. [ui.Input] does its part by itself.
//
// fields are pairs: what the use-case calls a field, and what the form calls it; a name stands for what is inside of it too
// ("steps" for "steps.2.zh"), and "" for every other name. What a form cannot correct (a fault of ours, a second factor) is returned as it came.
func (r *Request) Redisplay(wrong error, at string, show Handler, fields ...string) error {
	switch errs.KindOf(wrong) {
	case errs.KindInvalid, errs.Refused, errs.Conflict, errs.NotFound:
	case errs.Forbidden:
		if errs.CodeOf(wrong) == identity.CodeStepUp {
			return wrong
		}
	default:
		return wrong
	}
	u, err := url.Parse(at)
	if err != nil {
		return wrong
	}
	told := r.Tell(wrong)
	form := r.HTTP
	r.refused = &ui.Refused{Text: told.Text, Why: told.Why, Faults: named(told.Faults, fields), Sent: form.PostForm}
	r.status = Status(errs.KindOf(wrong))
	r.HTTP = form.Clone(form.Context())
	r.HTTP.Method, r.HTTP.URL, r.HTTP.Form, r.HTTP.PostForm, r.HTTP.Body = http.MethodGet, u, u.Query(), nil, http.NoBody
	if err := show(r); err != nil {
		// The page itself is closed or gone: the reader is told about the form.
		r.HTTP, r.refused, r.status = form, nil, 0
		return wrong
	}
	return nil
}

// named calls the faults by the names of the form's fields.
func named(faults []ui.Fault, pairs []string) []ui.Fault {
	names := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		names[pairs[i]] = pairs[i+1]
	}
	other, all := names[""]
	out := make([]ui.Fault, len(faults))
	for i, f := range faults {
		first, _, _ := strings.Cut(f.Field, ".")
		if name, known := names[f.Field]; known {
			f.Field = name
		} else if name, known := names[first]; known {
			f.Field = name
		} else if all && f.Field != other {
			f = ui.Fault{Field: other, Text: f.Field + ": " + f.Text}
		}
		out[i] = f
	}
	return out
}
