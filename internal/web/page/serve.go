package page

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"timebank/internal/errs"
	"timebank/internal/i18n"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/policy"
	"timebank/internal/store"
)

// policyHeader lets a page load what we serve ourselves and nothing else, no inline script and no inline style.
const policyHeader = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// maxForm bounds a form in bytes: the largest is a pasted receipt.
const maxForm = 64 << 10

// The cookies. Wherever the connection is encrypted their names bear the prefix that binds them to the host.
const (
	cookieSession = "session"
	cookieLang    = "lang"
	cookieSize    = "size"
	cookieHost    = "__Host-"
)

// year is how long a choice of language or size is remembered.
const year = 365 * 24 * time.Hour

// byItself is the header of a request that a page makes without anybody's touch: it keeps no session alive.
const byItself = "X-By-Itself"

// Need says who is heard at a route. The use-case behind it decides for whom and where.
type Need int

// The needs.
const (
	Anybody Need = iota
	SignedIn
)

// Handle makes the HTTP handler of a route of a door.
func (s *Site) Handle(d *Door, need Need, do Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, h *http.Request) {
		now := s.Clock.Now()
		r := &Request{Site: s, HTTP: h, out: w, body: h.Body, ID: string(id.From[Request](s.IDs.UUID(now))), Now: now, door: d, visit: s.Gate.Look(h)}
		r.Lang, r.Big = r.language(), r.cookie(cookieSize) == "big"
		head := w.Header()
		head.Set("X-Request-Id", r.ID)
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "same-origin")
		head.Set("Content-Security-Policy", policyHeader)
		head.Set("Permissions-Policy", "geolocation=(self), camera=(self), microphone=(), payment=()")
		head.Set("Content-Language", r.Lang)
		head.Set("Vary", "Accept, Cookie, Accept-Language")
		h.Body = http.MaxBytesReader(w, h.Body, maxForm)
		defer func() {
			if failure := recover(); failure != nil {
				if err, ok := failure.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(failure)
				}
				s.Log.ErrorContext(h.Context(), "page failed", slog.String("request", r.ID), slog.String("path", h.Pattern),
					slog.String("failure", fmt.Sprintf("%T", failure)), slog.String("stack", string(debug.Stack())))
				http.Error(w, r.T(errs.CodeInternal), http.StatusInternalServerError)
			}
		}()
		err := r.enter(need)
		if err == nil {
			err = do(r)
		}
		if err != nil {
			err = r.Fail(err)
		}
		if err != nil {
			s.Log.ErrorContext(h.Context(), "page failed", slog.String("request", r.ID), slog.String("path", h.Pattern), slog.String("error", err.Error()))
			http.Error(w, r.T(errs.CodeInternal), http.StatusInternalServerError)
		}
	})
}

// enter learns the brand and who is reading.
func (r *Request) enter(need Need) error {
	r.Brand, r.Unit = r.T("page.shell.brand"), r.T("page.shell.unit")
	if err := r.Gate.Knock(r.visit, r.Now); err != nil {
		return err
	}
	if err := r.brand(); err != nil {
		return err
	}
	// What an address has besides values is left out; a form has to be whole.
	if err := r.HTTP.ParseForm(); err != nil && r.HTTP.Method == http.MethodPost {
		return errs.New(errs.KindInvalid, "page.form_incomplete").With(err)
	}
	if !legible(r.HTTP) {
		return errNotText
	}
	token := r.token()
	if token == "" {
		if need == Anybody {
			return nil
		}
		return errs.New(errs.Unauthenticated, "page.sign_in_first")
	}
	recognise := r.Identity.Authenticate
	if r.HTTP.Header.Get(byItself) != "" {
		recognise = r.Identity.Recognise
	}
	actor, err := recognise(r.Context(), token, r.origin(r.cookie(cookieDevice)))
	switch {
	case err == nil:
		r.Actor = actor
		return r.Gate.Act(actor.ID, r.Now)
	case need == Anybody && errs.KindOf(err) == errs.Unauthenticated:
		return nil
	}
	return err
}

// errNotText refuses what no database keeps.
var errNotText = errs.New(errs.KindInvalid, "page.not_text")

// legible reports whether the address and the form hold nothing but texts that can be kept.
func legible(h *http.Request) bool {
	for name, values := range h.Form {
		if !store.Keeps(name) || !store.Keeps(values...) {
			return false
		}
	}
	return store.Keeps(h.URL.Path)
}

// brand reads the public name, which is a setting of the city.
func (r *Request) brand() error {
	return r.DB.Read(r.Context(), "web.brand", func(tx *store.Tx) error {
		tree, err := r.Regions.Tree(tx)
		if err != nil {
			return err
		}
		var rules policy.Rules
		rules, err = r.Policies.Current(tx, r.Now, []string{string(tree.City())})
		if errs.KindOf(err) == errs.NotFound || err == nil && rules.BrandName == "" {
			r.Brand, r.Unit = r.T("page.shell.brand"), r.T("page.shell.unit")
			return nil
		}
		r.Brand, r.Unit = rules.BrandName, rules.BrandUnit
		if r.Lang != i18n.Chinese && r.Unit == i18n.Text(i18n.Chinese, "page.shell.unit") {
			r.Unit = r.T("page.shell.unit")
		}
		return err
	})
}

func (r *Request) language() string {
	for _, l := range i18n.Langs() {
		if r.cookie(cookieLang) == l {
			return l
		}
	}
	return i18n.Match(r.HTTP.Header.Get("Accept-Language"))
}

// called is the name that a cookie has on the connection at hand.
func (r *Request) called(name string) string {
	if r.visit.Encrypted {
		return cookieHost + name
	}
	return name
}

func (r *Request) cookie(name string) string {
	c, err := r.HTTP.Cookie(r.called(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// token is the session's. The plain cookie counts on the machine itself only: elsewhere somebody may read along.
func (r *Request) token() string {
	if !r.private() {
		return ""
	}
	return r.cookie(cookieSession)
}

// private reports whether nobody can read along.
func (r *Request) private() bool { return r.visit.Encrypted || r.visit.Local() }

// SignIn opens a session for an actor whom the caller has authenticated, and puts its token into the cookie. Error: Refused
// page.not_encrypted away from the machine itself without encryption.
func (r *Request) SignIn(of identity.ActorID, label string, ttl time.Duration) error {
	if err := r.MayEnter(); err != nil {
		return err
	}
	token, err := r.Identity.IssueToken(r.Context(), of, ttl, label)
	if err != nil {
		return err
	}
	r.set(cookieSession, token, ttl)
	return nil
}

// SignOut ends the session behind the cookie and takes the cookie away.
func (r *Request) SignOut() {
	if r.Actor.Session != "" {
		if err := r.LeaveCard(); err != nil {
			r.Log.WarnContext(r.Context(), "card not put away", slog.String("request", r.ID), slog.String("error", err.Error()))
		}
		if err := r.Leave(r.Actor.Session, r.Key()); err != nil {
			r.Log.WarnContext(r.Context(), "session not ended", slog.String("request", r.ID), slog.String("error", err.Error()))
		}
	}
	r.set(cookieSession, "", -time.Second)
	// What an installed door kept for today goes with the session.
	r.out.Header().Set("Clear-Site-Data", `"storage"`)
}

// Remember keeps the reader's choice of language and size.
func (r *Request) Remember(lang, size string) {
	for _, l := range i18n.Langs() {
		if lang == l {
			r.set(cookieLang, lang, year)
		}
	}
	if size == "big" || size == "standard" {
		r.set(cookieSize, size, year)
	}
}

func (r *Request) set(name, value string, keep time.Duration) {
	http.SetCookie(r.out, &http.Cookie{Name: r.called(name), Value: value, Path: "/", MaxAge: int(keep / time.Second), HttpOnly: true, // #nosec G124 -- Secure where the connection is
		Secure: r.visit.Encrypted, SameSite: http.SameSiteLaxMode})
}

// Inside keeps an address that a form or a link brought along if it leads to one of our own pages, and is "/" otherwise.
func Inside(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\n\r\t") {
		return "/"
	}
	return to
}
