package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/photo"
)

// need says who may knock at a route. The use-case behind it decides for whom and where.
type need struct {
	public bool
	// rights are alternatives: holding one of them somewhere is enough to be heard. None means that anybody signed in is.
	rights []identity.Right
}

var (
	public   = need{public: true}
	signedIn = need{}
)

func may(rights ...identity.Right) need { return need{rights: rights} }

// route is one row of the table in routes.go.
type route struct {
	method, path, id, tag, summary string
	need                           need
	status                         int
	doc                            string
	// picture marks a route that takes a picture as its body.
	picture  bool
	register func(a *api, to huma.API, r route)
}

// created makes the route answer 201.
func created(r route) route { r.status = http.StatusCreated; return r }

// says adds a paragraph to the route's documentation.
func (r route) says(doc string) route { r.doc = doc; return r }

func (r route) operation(a *api) huma.Operation {
	o := huma.Operation{OperationID: r.id, Method: r.method, Path: base + r.path, Summary: r.summary, Description: r.doc, Tags: []string{r.tag},
		DefaultStatus: r.status, MaxBodyBytes: maxBody}
	if r.picture {
		// A little more than a picture may have, so that the refusal is the use-case's.
		o.MaxBodyBytes, o.BodyReadTimeout = photo.MaxBytes+1<<10, uploadTime
		binary := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
		o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{typeJPEG: binary, "image/png": binary}}
	}
	o.Middlewares = huma.Middlewares{a.admit(r)}
	if !r.need.public {
		o.Security = []map[string][]string{{bearerScheme: {}}}
	}
	if len(r.need.rights) > 0 {
		names := make([]string, len(r.need.rights))
		for i, right := range r.need.rights {
			names[i] = string(right)
		}
		o.Extensions = map[string]any{"x-rights": names}
	}
	return o
}

// answer is what an operation with a body returns.
type answer[T any] struct{ Body T }

// op makes the route of an operation that answers with a body.
func op[I, T any](method, path, id, tag, summary string, n need, do func(ctx context.Context, in *I) (T, error)) route {
	return route{method: method, path: path, id: id, tag: tag, summary: summary, need: n, status: http.StatusOK,
		register: func(a *api, to huma.API, r route) {
			huma.Register(to, r.operation(a), func(ctx context.Context, in *I) (*answer[T], error) {
				body, err := do(ctx, in)
				if err != nil {
					return nil, a.problem(ctx, err)
				}
				return &answer[T]{body}, nil
			})
		}}
}

// act makes the route of an operation that answers with nothing.
func act[I any](method, path, id, tag, summary string, n need, do func(ctx context.Context, in *I) error) route {
	return route{method: method, path: path, id: id, tag: tag, summary: summary, need: n, status: http.StatusNoContent,
		register: func(a *api, to huma.API, r route) {
			huma.Register(to, r.operation(a), func(ctx context.Context, in *I) (*struct{}, error) {
				if err := do(ctx, in); err != nil {
					return nil, a.problem(ctx, err)
				}
				return nil, nil
			})
		}}
}

// download is a file that a route answers with instead of JSON.
type download struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Cache       string `header:"Cache-Control"`
	Body        []byte
}

// file makes the route of an operation that answers with a file of one of the media types.
func file[I any](method, path, id, tag, summary string, n need, types []string, do func(ctx context.Context, in *I) (download, error)) route {
	return route{method: method, path: path, id: id, tag: tag, summary: summary, need: n, status: http.StatusOK,
		register: func(a *api, to huma.API, r route) {
			o := r.operation(a)
			content := map[string]*huma.MediaType{}
			for _, t := range types {
				content[t] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
			}
			o.Responses = map[string]*huma.Response{"200": {Description: "The file", Content: content}}
			huma.Register(to, o, func(ctx context.Context, in *I) (*download, error) {
				out, err := do(ctx, in)
				if err != nil {
					return nil, a.problem(ctx, err)
				}
				out.Cache = "no-store"
				return &out, nil
			})
		}}
}

// Mutation is what every operation that changes something takes besides its own input.
type Mutation struct {
	Key string `header:"Idempotency-Key" required:"true" minLength:"8" maxLength:"100" pattern:"^[!-~]+$" example:"7f6f2c1e-order-1" doc:"Names this attempt. Send the same key again when no answer came: the command has one effect."`
}

// first takes the result of the only command of a use-case that takes many.
func first[R any](results []identity.Result[R], err error) (R, error) {
	var none R
	if err != nil {
		return none, err
	}
	if len(results) != 1 {
		return none, errs.New(errs.Internal, errs.CodeInternal)
	}
	return results[0].Value, results[0].Err
}

// done is first for a command without a result.
func done[R any](results []identity.Result[R], err error) error {
	_, err = first(results, err)
	return err
}
