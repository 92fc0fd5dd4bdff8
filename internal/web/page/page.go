// Package page owns what the doors share: the request with its reader, language and brand, how a page and a failure are answered, and
// how times and amounts are said to a person.
//
// A door's handler asks the services, makes a view of finished strings, and shows it. The package must never hold a rule of the bank,
// show the detail of an internal failure, or let a token out of its cookie.
package page

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"timebank/internal/call"
	"timebank/internal/catalog"
	"timebank/internal/certificate"
	"timebank/internal/clock"
	"timebank/internal/division"
	"timebank/internal/errs"
	"timebank/internal/family"
	"timebank/internal/feedback"
	"timebank/internal/gate"
	"timebank/internal/i18n"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/notary"
	"timebank/internal/notify"
	"timebank/internal/order"
	"timebank/internal/paper"
	"timebank/internal/policy"
	"timebank/internal/privacy"
	"timebank/internal/region"
	"timebank/internal/report"
	"timebank/internal/signin"
	"timebank/internal/store"
	"timebank/internal/training"
	"timebank/internal/web/ui"
)

// Site is what all pages call. Every field but Gate and Demo is needed.
type Site struct {
	DB       *store.DB
	Clock    clock.Clock
	IDs      id.Source
	Log      *slog.Logger
	Regions  *region.Service
	Policies *policy.Service
	Identity *identity.Service
	Members  *member.Service
	Ledger   *ledger.Service
	Notary   *notary.Service
	Catalog  *catalog.Service
	Training *training.Service
	Orders   *order.Service
	Feedback *feedback.Service
	Reports  *report.Service
	Calls    *call.Service
	Family   *family.Service
	Paper    *paper.Service
	Notify   *notify.Service
	SignIns  *signin.Service
	Privacy  *privacy.Service
	// Divisions are changed by two persons of the city.
	Divisions *division.Service
	// Certificates are those that volunteers take out.
	Certificates *certificate.Service
	// Live tells open pages of changes.
	Live *Hub
	// Inbox says that anybody may read the messages that no carrier took: a demonstration alone.
	Inbox bool
	// Outlines are the districts as GeoJSON, by their codes; empty draws them as equal squares.
	Outlines []byte
	// Geocoder is the service that is sent addresses, "" when nobody is.
	Geocoder string
	// Tiles lie under sketches of the neighbourhood; nil for none.
	Tiles *Tiles
	// Phone is the number behind the key to the station, as it is dialled.
	Phone string
	// Official are the addresses at which these pages are genuine, Record the number under which the site is registered; empty when not known.
	Official []string
	Record   string
	// Gate knows where a request came from and limits it; nil trusts no proxy and limits nobody.
	Gate *gate.Gate
	// Demo are the accounts that anybody may choose at the door of a demonstration; empty means that there is no such door.
	Demo []Account
}

// Account is one that a demonstration offers.
type Account struct {
	Actor identity.ActorID
	// Who names the account, Does says what it can show; both in Chinese and English.
	Who, Does map[string]string
	// Door is where it begins: "/elder/".
	Door string
}

// Door is one of the entrances.
type Door struct {
	Home   string
	Elder  bool
	Public bool
	// App says that a telephone can install the door.
	App bool
	Nav []Way
	// First is how many entries of the menu stand in a row on a narrow screen, 0 for all.
	First int
}

// Way is an entry of a door's menu: an address and the code of its words. Where it names a right, it stands only for readers who hold that
// right somewhere; the page itself asks for the place.
type Way struct {
	Href, Code string
	Needs      identity.Right
}

// Request is one request of a page, with its reader.
type Request struct {
	*Site
	HTTP *http.Request
	out  http.ResponseWriter
	// body is what was sent, before the limit of usual forms.
	body io.ReadCloser
	// ID names the request in logs and in the trail.
	ID    string
	Lang  string
	Big   bool
	Actor identity.Actor
	Now   time.Time
	Brand string
	Unit  string
	door  *Door
	visit gate.Visit
	// refused is the form that is shown again, and status how the page then answers; see Redisplay.
	refused *ui.Refused
	status  int
}

// Handler answers one request; what it returns becomes a page that says what went wrong.
type Handler func(r *Request) error

// T is a text in the reader's language.
func (r *Request) T(code string, params ...any) string { return i18n.Text(r.Lang, code, params...) }

// Context is that of the request.
func (r *Request) Context() context.Context { return r.HTTP.Context() }

// Form is a value of the form or of the address, without the spaces around it.
func (r *Request) Form(name string) string { return strings.TrimSpace(r.HTTP.FormValue(name)) }

// Path is a variable of the route.
func (r *Request) Path(name string) string { return r.HTTP.PathValue(name) }

// Key is a new key of a command, for a form: sending the form twice has one effect.
func (r *Request) Key() string { return string(id.From[Request](r.IDs.UUID(r.Now))) }

// Sent is the key that a form came with.
func (r *Request) Sent() (string, error) {
	key := r.Form("key")
	if len(key) < 8 || len(key) > 100 {
		return "", errs.New(errs.KindInvalid, "page.form_incomplete")
	}
	return key, nil
}

// Me is the person who is signed in. Error: Forbidden page.not_a_person for an account that is nobody's.
func (r *Request) Me() (member.PersonID, error) {
	if r.Actor.Person == "" {
		return "", errs.New(errs.Forbidden, "page.not_a_person").By("identity.rights", "law")
	}
	return member.PersonID(r.Actor.Person), nil
}

// SentByMe is the person who is signed in and the key that its form came with. Errors: those of [Request.Me] and [Request.Sent].
func (r *Request) SentByMe() (me member.PersonID, key string, err error) {
	if me, err = r.Me(); err == nil {
		key, err = r.Sent()
	}
	return me, key, err
}

// Read runs fn on a consistent snapshot with today's tree of regions.
func (r *Request) Read(name string, fn func(tx *store.Tx, tree *region.Tree) error) error {
	return r.DB.Read(r.Context(), name, func(tx *store.Tx) error {
		tree, err := r.Regions.Tree(tx)
		if err != nil {
			return err
		}
		return fn(tx, tree)
	})
}

// Shell is the frame of a page of the door.
func (r *Request) Shell(title string) ui.Page {
	d := r.door
	p := ui.Page{Lang: r.Lang, Big: r.Big || d.Elder, Fixed: d.Elder, Title: title, Brand: r.Brand, Phone: r.Phone, Home: d.Home, Public: d.Public, First: d.First,
		Here: here(r.HTTP), Notice: r.notice(), Refused: r.refused}
	if d.App {
		p.App = d.Home
	}
	for _, w := range d.Nav {
		if w.Needs == "" || r.Holds(w.Needs) {
			p.Nav = append(p.Nav, ui.Link{Href: w.Href, Text: r.T(w.Code), Current: r.HTTP.URL.Path == w.Href})
		}
	}
	if r.Actor.ID != "" {
		p.Who = r.who()
	}
	return p
}

// Holds reports whether the reader has the right in any place of its roles. Without the regions it says yes: the page decides.
func (r *Request) Holds(right identity.Right) bool {
	held := false
	err := r.Read("web.menu", func(_ *store.Tx, tree *region.Tree) error {
		held = slices.ContainsFunc(r.Actor.Grants, func(g identity.Grant) bool { return May(r.Actor, right, g.Region, tree) })
		return nil
	})
	return held || err != nil
}

// May reports whether an actor has the right in the place, if need be after showing its second factor again.
func May(a identity.Actor, right identity.Right, place region.ID, tree *region.Tree) bool {
	err := a.May(right, place, tree)
	return err == nil || errs.CodeOf(err) == identity.CodeStepUp
}

// here is where a choice of language and a sign-in come back to. A form that was refused has no address of its own: it is the page that it stood on.
func here(h *http.Request) string {
	if h.Method != http.MethodGet && h.Method != http.MethodHead {
		from, err := url.Parse(h.Referer())
		if err != nil || from.Host != h.Host {
			return "/"
		}
		return Inside(from.RequestURI())
	}
	u := url.URL{Path: h.URL.Path, RawQuery: h.URL.RawQuery}
	return u.String()
}

// who is the reader's name as it stands on every page: masked, since others look over a shoulder. An account of staff that is nobody's is called by
// its role and place.
func (r *Request) who() string {
	name := r.T("page.shell.account")
	who := member.PersonID(r.Actor.Person)
	err := r.Read("web.who", func(tx *store.Tx, tree *region.Tree) error {
		if len(r.Actor.Grants) > 0 {
			g := r.Actor.Grants[0]
			name = r.RoleText(g.Role) + " · " + tree.Name(g.Region)
		}
		if who == "" {
			return nil
		}
		names, err := r.Members.Names(tx, []member.PersonID{who})
		if n, ok := names[who]; ok {
			name = n.String()
		}
		return err
	})
	if err != nil {
		r.Log.WarnContext(r.Context(), "name not read", slog.String("request", r.ID), slog.String("error", err.Error()))
	}
	return name
}

// done are the notices that a page can show after a form: the word in the address, and its text.
var done = map[string]string{
	"placed": "page.done.placed", "confirmed": "page.done.confirmed", "undone": "page.done.undone", "cancelled": "page.done.cancelled",
	"given": "page.done.given", "kept": "page.done.kept", "applied": "page.done.applied", "rated": "page.done.rated", "reported": "page.done.reported", "photo": "page.done.photo",
	"claimed": "page.done.claimed", "in": "page.done.in", "out": "page.done.out", "withdrawn": "page.done.withdrawn", "answered": "page.done.answered", "published": "page.done.published", "saved": "page.done.saved",
	"asked_for": "page.done.asked_for", "applied_for": "page.done.applied_for", "registered": "page.done.registered", "reviewed": "page.done.reviewed", "refused": "page.done.refused",
	"offered": "page.done.offered", "sent": "page.done.sent", "escalated": "page.done.escalated", "no_show": "page.done.no_show", "confirmed_for": "page.done.confirmed_for",
	"complained": "page.done.complained", "asked": "page.done.asked", "decided": "page.done.decided",
	"session_ended": "page.done.session_ended", "key_added": "page.done.key_added", "key_removed": "page.done.key_removed", "consent": "page.done.consent",
	"way": "page.done.way", "email_asked": "page.done.email_asked", "email_confirmed": "page.done.email_confirmed", "email_removed": "page.done.email_removed", "wechat_dropped": "page.done.wechat_dropped", "wechat_allowed": "page.done.wechat_allowed",
	"certified": "page.done.certified", "pinned": "page.done.pinned", "revoked": "page.done.revoked",
	"moved_house": "page.done.moved_house", "stays": "page.done.stays",
	"wished": "page.done.wished", "joined": "page.done.joined",
	"slips_drawn": "page.done.slips_drawn", "slip_void": "page.done.slip_void", "keyed_in": "page.done.keyed_in", "appealed": "page.done.appealed", "passed_up": "page.done.passed_up", "call_kept": "page.done.call_kept", "team_made": "page.done.team_made", "invited": "page.done.invited", "invite_printed": "page.done.invite_printed", "invite_declined": "page.done.invite_declined", "team_entered": "page.done.team_entered", "team_joined": "page.done.team_joined", "team_left": "page.done.team_left", "assessed": "page.done.assessed",
	"restored": "page.done.restored", "moved": "page.done.moved", "faced": "page.done.faced", "rated_bad": "page.done.rated_bad", "said_wrong": "page.done.said_wrong", "noted": "page.done.noted",
	"kin_asked": "page.done.kin_asked", "card_over": "page.done.card_over", "told": "page.done.told", "taken_back": "page.done.taken_back", "gifted": "page.done.gifted",
}

func (r *Request) notice() string {
	if code := done[r.HTTP.URL.Query().Get("done")]; code != "" {
		return r.T(code)
	}
	return ""
}

// Show answers with a page. One with a refused form on it answers as the refusal does.
func (r *Request) Show(status int, c templ.Component) error {
	if r.refused != nil {
		status = r.status
	}
	buffer := templ.GetBuffer()
	defer templ.ReleaseBuffer(buffer)
	// Rendering waits for nobody, and who was too slow still gets the page that says so.
	if err := c.Render(context.WithoutCancel(r.Context()), buffer); err != nil {
		return err
	}
	h := r.out.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	r.out.WriteHeader(status)
	// A reader that has gone away is nobody's problem.
	_, _ = r.out.Write(buffer.Bytes())
	return nil
}

// Send answers with a file.
func (r *Request) Send(name, mediaType string, body []byte) error {
	h := r.out.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	_, _ = r.out.Write(body)
	return nil
}

// Inline answers with something that a page loads, and that says nothing about anybody.
func (r *Request) Inline(mediaType string, body []byte) error {
	h := r.out.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Cache-Control", "no-cache")
	_, _ = r.out.Write(body)
	return nil
}

// Go leads on after a form, so that reloading the page sends nothing again.
func (r *Request) Go(to string) error {
	http.Redirect(r.out, r.HTTP, to, http.StatusSeeOther)
	return nil
}

// Status is how each kind of error is told.
func Status(k errs.Kind) int {
	switch k {
	case errs.KindInvalid, errs.Refused:
		return http.StatusUnprocessableEntity
	case errs.Unauthenticated:
		return http.StatusUnauthorized
	case errs.Forbidden:
		return http.StatusForbidden
	case errs.NotFound:
		return http.StatusNotFound
	case errs.Conflict:
		return http.StatusConflict
	case errs.TooMany:
		return http.StatusTooManyRequests
	case errs.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// Told is an error in words.
type Told struct {
	Text   string
	Faults []ui.Fault
	Why    *ui.Why
	wait   time.Duration // until trying again makes sense
}

// Tell puts an error into the reader's language. What is inside an internal one goes to the log alone.
func (r *Request) Tell(err error) Told {
	kind := errs.KindOf(err)
	if kind == errs.Internal || kind == errs.Unavailable {
		r.Log.ErrorContext(r.Context(), "page failed", slog.String("request", r.ID), slog.String("path", r.HTTP.Pattern), slog.String("error", err.Error()))
	}
	var e *errs.Error
	if kind == errs.Internal || !errors.As(err, &e) {
		return Told{Text: r.T(errs.CodeInternal)}
	}
	t := Told{Why: r.WhyOf(cmp.Or(e.Why, kindWhy(e.Kind)))}
	var values []any
	if e.Why != nil {
		for _, v := range e.Why.Values {
			values = append(values, v.Name, v.Value)
			if d, err := time.ParseDuration(v.Value); err == nil && v.Name == "retry_after" {
				t.wait = d
			}
		}
	}
	t.Text = r.T(e.Code, values...)
	for _, f := range e.Fields {
		t.Faults = append(t.Faults, ui.Fault{Field: f.Path, Text: r.T(f.Code, f.Params...)})
	}
	return t
}

// Fail answers with a page that says what went wrong.
func (r *Request) Fail(err error) error {
	if errs.CodeOf(err) == identity.CodeStepUp {
		return r.askSecond(http.StatusForbidden, nil, r.Tell(err).Why)
	}
	t := r.Tell(err)
	kind := errs.KindOf(err)
	if wait := t.wait; wait > 0 {
		r.out.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
	}
	title := map[errs.Kind]string{errs.Unauthenticated: "page.trouble.sign_in", errs.Forbidden: "page.trouble.not_allowed", errs.NotFound: "page.trouble.not_found",
		errs.Unavailable: "page.trouble.away", errs.Internal: "page.trouble.ours"}[kind]
	if title == "" {
		title = "page.trouble.not_done"
	}
	// The words of refusal are the reader's; a search engine has no use for them.
	shell := r.Shell(r.T(title))
	shell.Public = false
	number := r.ID
	if kind == errs.Unauthenticated {
		number = "" // signing in is all there is to do
	}
	trouble := ui.Trouble(shell, t.Text, t.Faults, t.Why, number)
	if kind == errs.Unauthenticated {
		ctx := templ.WithChildren(r.Context(), ui.Button("/sign-in?next="+url.QueryEscape(shell.Here), r.T("page.sign_in.title"), ""))
		return r.Show(Status(kind), templ.ComponentFunc(func(_ context.Context, w io.Writer) error { return trouble.Render(ctx, w) }))
	}
	return r.Show(Status(kind), trouble)
}

// One takes the result of a use-case that was given one command.
func One[R any](results []identity.Result[R], err error) (R, error) {
	var none R
	switch {
	case err != nil:
		return none, err
	case len(results) != 1:
		return none, errs.New(errs.Internal, errs.CodeInternal)
	}
	return results[0].Value, results[0].Err
}

// After cuts a list of the services down to the page that follows a cursor, and returns the cursor of the next page, "" on the last. A
// cursor that is not there any more, because somebody has acted on it, begins again.
func After[T any](list *[]T, cursor string, most int, id func(T) string) (next string) {
	rest := *list
	if i := slices.IndexFunc(rest, func(one T) bool { return cursor != "" && id(one) == cursor }); i >= 0 {
		rest = rest[i+1:]
	}
	if len(rest) > most {
		rest = rest[:most]
		next = id(rest[most-1])
	}
	*list = rest
	return next
}
