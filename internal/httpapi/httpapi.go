// Package httpapi owns the JSON API: which addresses exist, what they take and give, who may knock, and how a failure is told.
//
// A handler decodes, calls one use-case and writes the answer; it decides nothing. What it takes and gives are types of its own, so that a
// change of a domain type is no change of the API. All routes stand in one table (routes.go). The package must never put personal data
// into an address, let the detail of an internal failure out, or touch the database but through the domain packages.
package httpapi

//go:generate go test -count=1 -run ^TestOpenAPIFile$ . -update

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"timebank/internal/call"
	"timebank/internal/catalog"
	"timebank/internal/certificate"
	"timebank/internal/clock"
	"timebank/internal/division"
	"timebank/internal/family"
	"timebank/internal/feedback"
	"timebank/internal/gate"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/notary"
	"timebank/internal/notify"
	"timebank/internal/obs"
	"timebank/internal/order"
	"timebank/internal/paper"
	"timebank/internal/policy"
	"timebank/internal/privacy"
	"timebank/internal/region"
	"timebank/internal/signin"
	"timebank/internal/store"
	"timebank/internal/training"
)

// Deps is what the API calls. All fields are needed to serve; none to describe (see OpenAPI).
type Deps struct {
	DB       *store.DB
	Clock    clock.Clock
	IDs      id.Source // of request ids
	Log      *slog.Logger
	Health   *obs.Health
	Metrics  *obs.Metrics
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
	Calls    *call.Service
	Family   *family.Service
	Paper    *paper.Service
	SignIn   *signin.Service
	Notify   *notify.Service
	Privacy  *privacy.Service
	// Divisions are changed by two persons of the city.
	Divisions *division.Service
	// Certificates are those that volunteers take out.
	Certificates *certificate.Service
	// Inbox lets everybody read the messages that no carrier took: for a demo alone.
	Inbox bool
	// Gate knows where a request came from and limits it; nil trusts no proxy and limits nobody.
	Gate *gate.Gate
}

type api struct{ Deps }

// base stands before every operation's path. A change that breaks a client gets another.
const base = "/api/v1"

// Paths lists the patterns under which only programs ask. The address "/", and what lies nowhere, is shared with the pages.
func Paths() []string {
	return []string{"/api", "/api/", "/docs", "/docs/", "/openapi.json", "/health", "/health/", "/metrics"}
}

// Limits of what the API takes (default, ours).
const (
	maxBody   = 1 << 20
	pageUsual = 50
	pageMost  = 200
)

// New returns the handler of the whole API: the operations under /api/v1, /openapi.json, /docs, /health/live, /health/ready, /metrics, and
// a short index at /.
func New(d Deps) http.Handler {
	a := &api{d}
	mux := http.NewServeMux()
	described := a.describe(mux)
	mux.Handle("GET /health/live", http.HandlerFunc(d.Health.Live))
	mux.Handle("GET /health/ready", http.HandlerFunc(d.Health.Ready))
	mux.Handle("GET /metrics", d.Metrics.Handler())
	a.documents(mux, spec(described))
	mux.HandleFunc("/", a.elsewhere(mux))
	return a.around(mux)
}

// OpenAPI returns the description of the API as api/openapi.json holds it.
func OpenAPI() []byte {
	a := &api{}
	return spec(a.describe(http.NewServeMux()))
}

func spec(of huma.API) []byte {
	var out bytes.Buffer
	text, err := json.Marshal(of.OpenAPI())
	if err == nil {
		err = json.Indent(&out, text, "", "  ")
	}
	if err != nil {
		panic(err) // the description is made of text and numbers
	}
	return append(out.Bytes(), '\n')
}

// describe registers every route with the mux and with the description.
func (a *api) describe(mux *http.ServeMux) huma.API {
	config := huma.DefaultConfig("Timebank", "1.0.0")
	// Our own pages show the description: those of the library load scripts from elsewhere.
	config.DocsPath, config.OpenAPIPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.Formats = map[string]huma.Format{"application/json": strictJSON, "json": strictJSON}
	config.RejectUnknownQueryParameters = true
	config.Info.Description = about
	config.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{bearerScheme: {Type: "http", Scheme: "bearer",
		Description: "The token that a session was opened with."}}
	config.Tags = tags
	described := humago.New(mux, config)
	described.OpenAPI().Components.Schemas.RegisterTypeAlias(reflect.TypeFor[time.Time](), reflect.TypeFor[moment]())
	for _, r := range a.routes() {
		r.register(a, described, r)
	}
	return described
}

const about = `The API of a city's time bank: people register and are reviewed, ask for service, serve, and save the minutes.

Every operation that changes something takes the header Idempotency-Key: the same key with the same input has one effect and the same
answer, with another input it is a conflict. Every failure is an RFC 9457 problem with a stable code, all bad fields, and, where a rule
decided, the answer to "why?". Amounts of time are whole minutes. Times are RFC 3339; days and months are the city's civil ones. Lists
come in pages: pass next as after.`
