package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"timebank/internal/errs"
	"timebank/internal/i18n"
	"timebank/internal/why"
)

// Problem is every failure that leaves the API (RFC 9457).
type Problem struct {
	Type      string         `json:"type" format:"uri" example:"urn:timebank:problem:order.not_submitted" doc:"The code as a URI"`
	Title     string         `json:"title" doc:"One sentence for a person, in the language of Accept-Language"`
	Status    int            `json:"status" example:"409" doc:"HTTP status"`
	Code      string         `json:"code" example:"order.not_submitted" doc:"Stable name of what went wrong"`
	Fields    []ProblemField `json:"fields,omitempty" doc:"All bad fields of the input"`
	Why       *Why           `json:"why,omitempty" doc:"Which rule decided, if one did"`
	RequestID string         `json:"request_id" doc:"Names this request for the operator of the bank"`
	retry     string
}

// ProblemField is one bad field.
type ProblemField struct {
	Path    string `json:"path" example:"factors.0.value" doc:"The field as it was sent; header., query. and path. stand before what is not in the body"`
	Code    string `json:"code" example:"api.field_missing" doc:"Stable name of what is wrong with it"`
	Message string `json:"message" doc:"One sentence for a person"`
}

// Why answers "why?".
type Why struct {
	Rule    string     `json:"rule" example:"account.cap" doc:"Policy parameter or rule"`
	Version string     `json:"version,omitempty" doc:"Version of the policy that decided"`
	Values  []WhyValue `json:"values" doc:"What was compared"`
	Owner   string     `json:"owner,omitempty" example:"city" doc:"Level that can change the rule"`
}

// WhyValue is one figure that a decision looked at.
type WhyValue struct {
	Name  string `json:"name" example:"available"`
	Value string `json:"value" example:"2h"`
}

func whyOf(w *why.Why) *Why {
	if w == nil || w.Rule == "" {
		return nil
	}
	out := &Why{Rule: w.Rule, Version: w.Version, Owner: w.Owner, Values: []WhyValue{}}
	for _, v := range w.Values {
		out.Values = append(out.Values, WhyValue(v))
	}
	return out
}

// Error gives the code, for logs.
func (p *Problem) Error() string { return p.Code }

// GetStatus gives the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of RFC 9457 whatever format was negotiated.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders tells a client whether to sign in or when to come back.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retry != "" {
		h.Set("Retry-After", p.retry)
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="timebank"`)
	}
	return h
}

// status is how each kind of error is told, with the seconds after which trying again makes sense (default, ours).
func status(k errs.Kind) (code int, retry string) {
	switch k {
	case errs.KindInvalid, errs.Refused:
		return http.StatusUnprocessableEntity, ""
	case errs.Unauthenticated:
		return http.StatusUnauthorized, ""
	case errs.Forbidden:
		return http.StatusForbidden, ""
	case errs.NotFound:
		return http.StatusNotFound, ""
	case errs.Conflict:
		return http.StatusConflict, ""
	case errs.TooMany:
		return http.StatusTooManyRequests, "30"
	case errs.Unavailable:
		return http.StatusServiceUnavailable, "5"
	}
	return http.StatusInternalServerError, ""
}

// retryAfter takes the seconds from an explanation that knows them.
func retryAfter(w *why.Why, otherwise string) string {
	if w != nil {
		for _, v := range w.Values {
			if d, err := time.ParseDuration(v.Value); err == nil && v.Name == "retry_after" {
				return strconv.Itoa(int(d.Seconds()))
			}
		}
	}
	return otherwise
}

// problem turns an error into what may leave the server. It is the only place that does.
func (a *api) problem(ctx context.Context, err error) *Problem {
	p := a.told(ctx, err)
	requestOf(ctx).code = p.Code
	return p
}

// told is problem for an error that the answer mentions and that is not its outcome.
func (a *api) told(ctx context.Context, err error) *Problem {
	var already *Problem
	if errors.As(err, &already) {
		return already
	}
	req := requestOf(ctx)
	kind := errs.KindOf(err)
	if kind == errs.Internal || kind == errs.Unavailable {
		a.Log.ErrorContext(ctx, "request failed", slog.String("request", req.id), slog.String("operation", req.operation), slog.String("error", err.Error()))
	}
	if kind == errs.Internal {
		return tell(req, http.StatusInternalServerError, errs.CodeInternal)
	}
	var e *errs.Error
	errors.As(err, &e)
	code, retry := status(kind)
	var values []any
	if e.Why != nil {
		for _, v := range e.Why.Values {
			values = append(values, v.Name, v.Value)
		}
	}
	p := tell(req, code, e.Code, values...)
	p.retry, p.Why = retryAfter(e.Why, retry), whyOf(e.Why)
	for _, f := range e.Fields {
		p.Fields = append(p.Fields, ProblemField{Path: dotted(f.Path), Code: f.Code, Message: i18n.Text(req.lang, f.Code, f.Params...)})
	}
	return p
}

func tell(req *request, status int, code string, params ...any) *Problem {
	return &Problem{Type: "urn:timebank:problem:" + code, Title: i18n.Text(req.lang, code, params...), Status: status, Code: code, RequestID: req.id}
}

// dotted writes a list's index as the rest of a path is written: factors[0].value becomes factors.0.value.
func dotted(path string) string {
	return strings.NewReplacer("[", ".", "]", "").Replace(path)
}

// write answers with an error outside of an operation.
func (a *api) write(w http.ResponseWriter, r *http.Request, err error) {
	writeProblem(w, a.problem(r.Context(), err))
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	// A reader that has gone away is nobody's problem.
	_ = json.NewEncoder(w).Encode(p)
}

// The library tells of bad input through variables of its package. They are set once, here.
func init() {
	huma.NewError = func(status int, _ string, details ...error) huma.StatusError {
		return badInput(requestOf(context.Background()), status, details)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, _ string, details ...error) huma.StatusError {
		return badInput(requestOf(ctx.Context()), status, details)
	}
	huma.DefaultArrayNullable = false
	huma.ValidateStrictCasing = true
}

// badInput tells of input that never reached a use-case.
func badInput(req *request, status int, details []error) *Problem {
	code := map[int]string{
		http.StatusBadRequest: "api.json_malformed", http.StatusRequestEntityTooLarge: "api.body_too_large",
		http.StatusUnsupportedMediaType: "api.media_type_unknown", http.StatusUnprocessableEntity: "api.input_invalid",
		http.StatusRequestTimeout: "api.body_too_slow", http.StatusNotAcceptable: "api.media_type_unknown",
	}[status]
	if code == "" {
		code, status = errs.CodeInternal, http.StatusInternalServerError
	}
	p := tell(req, status, code)
	shapeless := map[string]bool{}
	for _, d := range details {
		if detail, ok := errors.AsType[*huma.ErrorDetail](d); ok && detail.Message != outOfYears {
			shapeless[detail.Location] = true
		}
	}
	for _, d := range details {
		detail, ok := errors.AsType[*huma.ErrorDetail](d)
		// What is no day or time at all is not told to be out of range besides.
		if ok && status == http.StatusUnprocessableEntity && !(detail.Message == outOfYears && shapeless[detail.Location]) {
			p.Fields = append(p.Fields, fieldOf(req.lang, detail))
		}
	}
	slices.SortStableFunc(p.Fields, func(a, b ProblemField) int { return strings.Compare(a.Path, b.Path) })
	if status == http.StatusBadRequest && len(details) == 0 {
		p = tell(req, status, "api.body_missing")
	}
	req.code = p.Code
	return p
}

// fieldOf translates what the library says of a field. The value is left out: it may be personal.
func fieldOf(lang string, d *huma.ErrorDetail) ProblemField {
	path := strings.TrimPrefix(dotted(d.Location), "body.")
	code, params, property := meaning(d.Message)
	if property != "" {
		if path == "body" {
			path = property
		} else {
			path += "." + property
		}
	}
	if path == "header.Idempotency-Key" && code == "api.field_missing" {
		code = "idempotency.key_missing"
	}
	return ProblemField{Path: path, Code: code, Message: i18n.Text(lang, code, params...)}
}
