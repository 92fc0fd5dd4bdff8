package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"timebank/internal/errs"
	"timebank/internal/gate"
	"timebank/internal/i18n"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/photo"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/why"
)

const bearerScheme = "bearer"

// request is what is known of the request at hand. It lives in the context of the request and is touched by its goroutine alone.
type request struct {
	id        string
	lang      string
	operation string
	code      string // error code of the answer, "ok" without an error
	actor     identity.Actor
	visit     gate.Visit
	gate      *gate.Gate
	began     time.Time
}

// address is where the request came from, for limits; it is written nowhere.
func (r *request) address() string { return r.visit.Address.String() }

// origin is what the trail keeps of where a request came from; device is the name that the sender's app made up for itself, if it told one.
func (r *request) origin(device string) string { return r.gate.Origin(r.id, r.visit, device, r.began) }

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{lang: i18n.Chinese}
}

// actor returns who sent the request; the zero Actor on a public route.
func actor(ctx context.Context) identity.Actor { return requestOf(ctx).actor }

// around gives every request its id and its limits, turns a panic into an answer, and counts. Request ids are always ours: one from
// outside would let anybody write into the audit trail.
func (a *api) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := a.Clock.Now()
		req := &request{id: string(id.From[request](a.IDs.UUID(began))), lang: i18n.Match(r.Header.Get("Accept-Language")), operation: "none", code: "ok",
			visit: a.Gate.Look(r), gate: a.Gate, began: began}
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, req))
		h := w.Header()
		h.Set("X-Request-Id", req.id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		if strings.HasPrefix(r.URL.Path, base) {
			h.Set("Cache-Control", "no-store")
			h.Set("Vary", "Accept, Accept-Language, Authorization")
		}
		// Each operation has a limit of its own; this is the largest.
		r.Body = http.MaxBytesReader(w, r.Body, photo.MaxBytes+2<<10)
		defer func() {
			if failure := recover(); failure != nil {
				if err, ok := failure.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(failure)
				}
				a.Log.ErrorContext(r.Context(), "request failed", slog.String("request", req.id), slog.String("operation", req.operation),
					slog.String("failure", fmt.Sprintf("%T", failure)), slog.String("stack", string(debug.Stack())))
				a.write(w, r, errs.New(errs.Internal, errs.CodeInternal))
			}
			a.Metrics.Request(req.operation, req.code, took(began, a.Clock.Now()))
		}()
		if err := a.pass(r, req, began); err != nil {
			a.write(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// foreign refuses what another site sends through somebody's browser. Tokens do not travel by themselves as cookies do: this is the second
// lock on that door.
var foreign = http.NewCrossOriginProtection()

// pass refuses what comes from another site and whoever has sent too many.
func (a *api) pass(r *http.Request, req *request, now time.Time) error {
	if !strings.HasPrefix(r.URL.Path, base) {
		return nil
	}
	if err := foreign.Check(r); err != nil {
		return errs.New(errs.Forbidden, "api.foreign_origin").By("site.origin", "nobody")
	}
	return a.Gate.Knock(req.visit, now)
}

// took is never negative, even when a test's clock goes back.
func took(from, to time.Time) time.Duration { return max(to.Sub(from), 0) }

// admit authenticates, and hears only who holds a right that the route asks for.
func (a *api) admit(r route) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		req := requestOf(ctx.Context())
		req.operation = r.id
		raw, w := humago.Unwrap(ctx)
		err := a.enter(ctx.Context(), req, ctx.Header("Authorization"), r.need)
		if err == nil {
			err = legible(raw)
		}
		if err != nil {
			a.write(w, raw, err)
			return
		}
		next(ctx)
	}
}

// hole is a variable in the pattern of a route.
var hole = regexp.MustCompile(`\{(\w+)\}`)

// legible refuses an address that holds what no database keeps; a body is looked at where it is decoded.
func legible(r *http.Request) error {
	var bad errs.Fields
	for _, name := range hole.FindAllStringSubmatch(r.Pattern, -1) {
		if !store.Keeps(r.PathValue(name[1])) {
			bad.Add("path."+name[1], "api.not_text")
		}
	}
	query := r.URL.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		switch {
		case !store.Keeps(name):
			bad.Add("query", "api.not_text")
		case !store.Keeps(query[name]...):
			bad.Add("query."+name, "api.not_text")
		}
	}
	return bad.Err("api.input_invalid")
}

func (a *api) enter(ctx context.Context, req *request, authorization string, n need) error {
	if n.public {
		return nil
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, bearerScheme) {
		token = ""
	}
	var err error
	if req.actor, err = a.Identity.Authenticate(ctx, strings.TrimSpace(token), req.origin("")); err != nil {
		return err
	}
	if err := a.Gate.Act(req.actor.ID, a.Clock.Now()); err != nil {
		return err
	}
	if len(n.rights) == 0 {
		return nil
	}
	tree, err := a.Regions.Today(ctx)
	if err != nil {
		return err
	}
	return n.admits(req.actor, tree)
}

// admits reports whether the actor holds one of the rights for itself or in some region.
func (n need) admits(actor identity.Actor, tree *region.Tree) error {
	var names []string
	var guarded error
	for _, right := range n.rights {
		if actor.Person != "" && actor.MayOwn(right, actor.Person) == nil {
			return nil
		}
		for _, g := range actor.Grants {
			err := actor.May(right, g.Region, tree)
			if err == nil {
				return nil
			}
			if errs.CodeOf(err) == identity.CodeStepUp {
				guarded = err
			}
		}
		names = append(names, string(right))
	}
	if guarded != nil {
		return guarded
	}
	return errs.New(errs.Forbidden, "identity.not_allowed").
		Because(why.Rule("identity.rights", "", "law").With("right", strings.Join(names, " ")))
}

// read runs fn on a consistent snapshot with today's tree of regions.
func (a *api) read(ctx context.Context, fn func(tx *store.Tx, tree *region.Tree) error) error {
	return a.DB.Read(ctx, "api."+requestOf(ctx).operation, func(tx *store.Tx) error {
		tree, err := a.Regions.Tree(tx)
		if err != nil {
			return err
		}
		return fn(tx, tree)
	})
}
