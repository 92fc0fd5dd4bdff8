package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/citytest"
	"timebank/internal/httpapi"
	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// operation is what the description says of one operation, as far as tests ask.
type operation struct {
	id, method, path string
	rights           []string
	open             bool
	required         []string // names of the body's required fields
	asks             []string // names of the address's required parameters
	body             bool
	keyed            bool
	query, holes     map[string]*schema // the parameters of the address and of its path
	content          *schema            // the body, nil without one
}

// schema is what the description says of a value, as far as tests ask.
type schema struct {
	Ref             string `json:"$ref"`
	Type            any
	Format, Pattern string
	Enum            []any
	Required        []string
	Properties      map[string]*schema
	Items           *schema
}

// described reads every operation out of the description.
func described(t testing.TB) map[string]operation {
	t.Helper()
	var doc struct {
		Components struct{ Schemas map[string]*schema }
		Paths      map[string]map[string]struct {
			OperationID string
			Rights      []string `json:"x-rights"`
			Security    []any
			Parameters  []struct {
				Name, In string
				Required bool
				Schema   *schema
			}
			RequestBody struct {
				Content map[string]struct{ Schema *schema }
			}
		}
	}
	if err := json.Unmarshal(httpapi.OpenAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	var whole func(s *schema) *schema
	whole = func(s *schema) *schema {
		if s == nil {
			return nil
		}
		if _, name, ok := strings.Cut(s.Ref, "#/components/schemas/"); ok {
			return whole(doc.Components.Schemas[name])
		}
		out := *s
		out.Properties = map[string]*schema{}
		for name, inner := range s.Properties {
			out.Properties[name] = whole(inner)
		}
		out.Items = whole(s.Items)
		return &out
	}
	all := map[string]operation{}
	for path, methods := range doc.Paths {
		for method, o := range methods {
			op := operation{id: o.OperationID, method: strings.ToUpper(method), path: path, rights: o.Rights, open: len(o.Security) == 0, query: map[string]*schema{}, holes: map[string]*schema{}}
			for _, p := range o.Parameters {
				op.keyed = op.keyed || p.Name == "Idempotency-Key"
				switch p.In {
				case "query":
					op.query[p.Name] = whole(p.Schema)
				case "path":
					op.holes[p.Name] = whole(p.Schema)
				}
				if p.In == "query" && p.Required {
					op.asks = append(op.asks, p.Name)
				}
			}
			if media, ok := o.RequestBody.Content["application/json"]; ok {
				op.body = true
				op.content = whole(media.Schema)
				op.required = op.content.Required
			}
			all[op.id] = op
		}
	}
	return all
}

// dummy fills a path with an id that nothing has.
func (o operation) dummy() string {
	path := o.path
	for _, name := range []string{"id", "relative", "person", "session"} {
		path = strings.ReplaceAll(path, "{"+name+"}", nothing)
	}
	return strings.NewReplacer("{channel}", "email", "{log}", "ledger", "{code}", "none-none-none").Replace(path)
}

func TestNobodyIsHeardWithoutAToken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		before := w.rows()
		for _, o := range described(t) {
			if o.open {
				continue
			}
			for _, header := range []string{"", "Bearer x", "Basic abc", "Bearer " + strings.Repeat("A", 43)} {
				r := httptest.NewRequest(o.method, o.dummy(), strings.NewReader("{}"))
				r.Header.Set("Authorization", header)
				got := w.serve(r)
				if got.status != http.StatusUnauthorized || got.code() != "identity.not_signed_in" || got.header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s with %q: got %s, want 401", o.id, header, got)
				}
			}
		}
		if more := written(before, w.rows()); len(more) > 0 {
			t.Errorf("rows were written: %s", show(more))
		}
	})
}

func TestNobodyIsHeardWithoutARight(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var stranger identity.ActorID
		storetest.Write(t, w.DB, func(tx *store.Tx) error {
			ids, err := identity.Register(tx, []string{""})
			stranger = ids[0]
			return err
		})
		token, err := w.Identity.IssueToken(t.Context(), stranger, 0, "test")
		if err != nil {
			t.Fatal(err)
		}
		before := w.rows()
		for _, o := range described(t) {
			if len(o.rights) == 0 {
				continue
			}
			r := httptest.NewRequest(o.method, o.dummy(), strings.NewReader("{}"))
			r.Header.Set("Authorization", "Bearer "+token)
			got := w.serve(r)
			if got.status != http.StatusForbidden || got.code() != "identity.not_allowed" || got.text("why.rule") != "identity.rights" {
				t.Errorf("%s: got %s, want 403 with why", o.id, got)
			}
		}
		if more := written(before, w.rows()); len(more) > 0 {
			t.Errorf("rows were written: %s", show(more))
		}
	})
}

// everything is somebody with every role, so that only the input is wrong.
func (w *world) everything() citytest.Person {
	w.t.Helper()
	city := w.Tree.City()
	p := w.Person(50, w.Home())
	for role, place := range map[identity.Role]region.ID{identity.PointManager: w.Home(), identity.Administrator: city, identity.Reviewer: city,
		identity.Dispatcher: city, identity.Auditor: city} {
		w.Appoint(p, role, place)
	}
	w.Appoint(p, identity.Reviewer, w.Home())
	w.Appoint(p, identity.Administrator, w.Home())
	return p
}

func TestEveryBadFieldIsNamed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.everything()
		w.token(p)
		before := w.rows()
		for _, o := range described(t) {
			want := []string{}
			c := call{as: &p, method: o.method, path: o.dummy()}
			if o.keyed {
				c.key = "none"
				want = append(want, "header.Idempotency-Key idempotency.key_missing")
			}
			if o.body {
				c.body = map[string]any{"nonsense": 1}
				want = append(want, "nonsense api.field_unknown")
				for _, name := range o.required {
					want = append(want, name+" api.field_missing")
				}
			}
			c.path += "?nonsense=1"
			if got := w.send(c); got.status != http.StatusUnprocessableEntity || got.code() != "api.input_invalid" ||
				!slices.Equal(got.fields(), []string{"query.nonsense api.field_unknown"}) {
				t.Errorf("%s with an unknown parameter: got %s", o.id, got)
			}
			for _, name := range o.asks {
				want = append(want, "query."+name+" api.field_missing")
			}
			if c.path = o.dummy(); len(want) == 0 {
				continue
			}
			slices.Sort(want)
			if got := w.send(c); got.status != http.StatusUnprocessableEntity || got.code() != "api.input_invalid" || !slices.Equal(got.fields(), want) {
				t.Errorf("%s: got %s\nwant fields %v", o.id, got, want)
			}
		}
		for _, o := range described(t) {
			if strings.Contains(o.path, "{id}") {
				c := call{as: &p, method: o.method, path: strings.Replace(o.path, "{id}", "x", 1)}
				c.path = strings.NewReplacer("{relative}", "x", "{person}", "x", "{session}", "x").Replace(c.path)
				if o.body {
					c.body = map[string]any{}
				}
				if got := w.send(c); got.status != http.StatusUnprocessableEntity || !slices.Contains(got.fields(), "path.id api.malformed") {
					t.Errorf("%s with a malformed id: got %s", o.id, got)
				}
			}
		}
		if more := written(before, w.rows()); len(more) > 0 {
			t.Errorf("rows were written: %s", show(more))
		}
	})
}

func TestInputIsTakenStrictly(t *testing.T) {
	w := newWorld(t, citytest.New(t, store.SQLite))
	desk := w.Staff(identity.PointManager, w.Home())
	whole := `{"recipient":"01h2xcejqtf2nbrexx3vqjhp41","item":"smartphone_lesson","start":"2020-10-13T09:00:00+08:00"`
	for _, c := range []struct {
		name, body, contentType string
		status                  int
		code                    string
		fields                  []string
	}{
		{"nothing", "", "application/json", 400, "api.body_missing", nil},
		{"half", `{"recipient":`, "application/json", 400, "api.json_malformed", nil},
		{"two values", whole + `} {}`, "application/json", 400, "api.json_malformed", nil},
		{"a name twice", whole + `,"item":"x"}`, "application/json", 400, "api.json_malformed", nil},
		{"U+0000 in a text", whole + `,"note":"a\u0000b"}`, "application/json", 400, "api.json_malformed", nil},
		{"a name twice but for case", whole + `,"Item":"x"}`, "application/json", 400, "api.json_malformed", nil},
		{"not UTF-8", whole + ",\"urgency\":\"\xff\"}", "application/json", 400, "api.json_malformed", nil},
		{"too deep", strings.Repeat("[", 100) + strings.Repeat("]", 100), "application/json", 400, "api.json_malformed", nil},
		{"another format", "<a/>", "application/xml", 415, "api.media_type_unknown", nil},
		{"too large", whole + `,"urgency":"` + strings.Repeat("x", 1<<20) + `"}`, "application/json", 413, "api.body_too_large", nil},
		{"a list", `[]`, "application/json", 422, "api.input_invalid", []string{"body api.not_an_object"}},
		{"wrong types", `{"recipient":1,"item":2,"start":3,"minutes":"1h","urgency":"soon","paper":"yes","papers":true}`, "application/json", 422, "api.input_invalid",
			[]string{"item api.not_a_string", "minutes api.not_an_object", "paper api.not_a_boolean", "papers api.field_unknown", "recipient api.not_a_string",
				"start api.not_a_string", "urgency api.not_one_of"}},
		{"not whole", whole + `,"minutes":{"minutes":1.5}}`, "application/json", 422, "api.input_invalid", []string{"minutes.minutes api.not_an_integer"}},
		{"out of range", whole + `,"minutes":{"minutes":9223372036854775807}}`, "application/json", 422, "api.input_invalid", []string{"minutes.minutes api.too_large"}},
	} {
		r := httptest.NewRequest(http.MethodPost, "/api/v1/orders", strings.NewReader(c.body))
		r.Header.Set("Authorization", "Bearer "+w.token(desk))
		r.Header.Set("Idempotency-Key", "strictly-1")
		r.Header.Set("Content-Type", c.contentType)
		got := w.serve(r)
		if got.status != c.status || got.code() != c.code || c.fields != nil && !slices.Equal(got.fields(), c.fields) {
			t.Errorf("%s: got %.600s\nwant %d %s %v", c.name, got, c.status, c.code, c.fields)
		}
		if got.header.Get("Content-Type") != "application/problem+json" || got.text("request_id") != got.header.Get("X-Request-Id") || got.text("title") == "" {
			t.Errorf("%s: not a whole problem: %s %v", c.name, got, got.header)
		}
	}
}

func TestSentencesFollowTheLanguage(t *testing.T) {
	w := newWorld(t, citytest.New(t, store.SQLite))
	en := w.send(call{method: http.MethodGet, path: "/me", lang: "en-GB,en;q=0.8"})
	zh := w.send(call{method: http.MethodGet, path: "/me", lang: "zh"})
	if en.text("title") == zh.text("title") || en.text("title") != i18n.Text(i18n.English, "identity.not_signed_in") || zh.code() != en.code() {
		t.Errorf("got %s and %s", en, zh)
	}
}

func TestPages(t *testing.T) {
	w := newWorld(t, citytest.New(t, store.SQLite))
	for _, c := range []struct {
		method, path, accept string
		status               int
		has                  string
	}{
		{"GET", "/", "", 200, `"/docs"`},
		{"GET", "/", "text/html", 200, "<h1>"},
		{"GET", "/docs", "text/html", 200, `src="/docs/docs.js"`},
		{"GET", "/docs/docs.js", "", 200, "openapi.json"},
		{"GET", "/docs/docs.css", "", 200, "font"},
		{"GET", "/openapi.json", "", 200, `"openapi": "3.1`},
		{"GET", "/health/live", "", 200, "live"},
		{"GET", "/health/ready", "", 200, "ready"},
		{"GET", "/metrics", "", 200, "timebank_requests_total"},
		{"GET", "/nowhere", "", 404, "api.route_unknown"},
		{"GET", "/api/v1/nowhere", "", 404, "api.route_unknown"},
		{"DELETE", "/api/v1/orders", "", 405, "api.method_not_allowed"},
		{"POST", "/", "", 404, "api.route_unknown"},
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		r.Header.Set("Accept", c.accept)
		got := w.serve(r)
		if got.status != c.status || !strings.Contains(string(got.raw), c.has) {
			t.Errorf("%s %s: got %.300s, want %d with %s", c.method, c.path, got, c.status, c.has)
		}
		policy := got.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
			t.Errorf("%s %s: policy %q", c.method, c.path, policy)
		}
		if strings.Contains(string(got.raw), "//unpkg") || strings.Contains(string(got.raw), "<script>") || strings.Contains(string(got.raw), "cdn.") {
			t.Errorf("%s %s loads from elsewhere or has a script inside", c.method, c.path)
		}
	}
	w.Health.SetReady(false)
	if got := w.serve(httptest.NewRequest("GET", "/health/ready", nil)); got.status != 503 {
		t.Errorf("ready while stopping: got %s, want 503", got)
	}
}

// TestRightsOfRoutes holds who is heard where against a golden file that a person can read: for each operation, whether somebody may call
// it for itself, and at which levels (c city, d district, s street, m community) each role may.
func TestRightsOfRoutes(t *testing.T) {
	w := newWorld(t, citytest.New(t, store.SQLite))
	path := w.Tree.Path(w.Home())
	sessions := map[string]string{"self": w.token(w.Person(40, w.Home()))}
	var columns []string
	for _, role := range identity.Roles() {
		columns = append(columns, string(role))
		for i, letter := range "cdsm" {
			if role.AtPoint() && i < 2 {
				continue
			}
			var actor identity.ActorID
			storetest.Write(t, w.DB, func(tx *store.Tx) error {
				ids, err := identity.Register(tx, []string{""})
				actor = ids[0]
				return err
			})
			// Each point needs a name of its own, which goes by how many people there are.
			w.Person(30, w.Home())
			w.Appoint(citytest.Person{Actor: identity.Actor{ID: string(actor)}}, role, path[i])
			token, err := w.Identity.IssueToken(t.Context(), actor, 0, "test")
			if err != nil {
				t.Fatal(err)
			}
			sessions[string(role)+string(letter)] = token
		}
	}
	heard := func(o operation, token string) bool {
		r := httptest.NewRequest(o.method, o.dummy()+"?nonsense=1", strings.NewReader("{}"))
		r.Header.Set("Authorization", "Bearer "+token)
		return w.serve(r).status == http.StatusUnprocessableEntity
	}
	var b strings.Builder
	all := described(t)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		o := all[id]
		fmt.Fprintf(&b, "%-24s", id)
		switch {
		case o.open:
			b.WriteString(" everybody")
		case len(o.rights) == 0:
			b.WriteString(" signed-in")
		default:
			if heard(o, sessions["self"]) {
				b.WriteString(" self")
			}
			for _, role := range columns {
				at := ""
				for _, letter := range "cdsm" {
					if token := sessions[role+string(letter)]; token != "" && heard(o, token) {
						at += string(letter)
					}
				}
				if at != "" {
					b.WriteString(" " + role + ":" + at)
				}
			}
		}
		b.WriteString("\n")
	}
	golden(t, filepath.Join("testdata", "rights.golden"), []byte(b.String()))
}

func TestAnotherSiteIsNotHeard(t *testing.T) {
	w := newWorld(t, citytest.New(t, store.SQLite))
	desk := w.Staff(identity.PointManager, w.Home())
	for _, c := range []struct {
		method, path, site, origin, code string
	}{
		{http.MethodPost, "/api/v1/orders", "cross-site", "https://elsewhere.example", "api.foreign_origin"},
		{http.MethodPost, "/api/v1/orders", "", "https://elsewhere.example", "api.foreign_origin"},
		{http.MethodPost, "/api/v1/orders", "same-origin", "http://example.com", "api.input_invalid"},
		{http.MethodPost, "/api/v1/orders", "", "", "api.input_invalid"},
		{http.MethodGet, "/api/v1/regions", "cross-site", "https://elsewhere.example", "320100"},
	} {
		r := httptest.NewRequest(c.method, c.path, strings.NewReader("{}"))
		r.Header.Set("Authorization", "Bearer "+w.token(desk))
		r.Header.Set("Content-Type", "application/json")
		for name, value := range map[string]string{"Sec-Fetch-Site": c.site, "Origin": c.origin} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		if got := w.serve(r); got.code() != c.code {
			t.Errorf("%s %s from %q %q: got %s, want %q", c.method, c.path, c.site, c.origin, got, c.code)
		}
	}
}

// The trail says from what kind of address an act came, and never from which.
func TestTheTrailNamesTheKindOfAddress(t *testing.T) {
	w := newWorld(t, citytest.New(t, store.SQLite))
	p, other := w.Person(50, w.Home()), w.Person(51, w.Home())
	origin := regexp.MustCompile(`^(\w{26}) (public|office) address=([0-9a-f]{10}) session=(\w{26})$`)
	n := 0
	from := func(who citytest.Person, token, address string) []string {
		t.Helper()
		n++
		r := httptest.NewRequest(http.MethodPost, "/api/v1/persons/"+string(who.ID)+"/consent", strings.NewReader(`{"purpose":"honour"}`))
		r.RemoteAddr = address
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", fmt.Sprint("from-afar-", n))
		got := w.serve(r)
		var found []string
		storetest.Read(t, w.DB, func(tx *store.Tx) error {
			of, err := audit.Of(tx, string(who.ID))
			if err != nil || len(of) == 0 {
				t.Fatalf("got %s and trail %v, %v", got, of, err)
			}
			last := of[len(of)-1].Origin
			if found = origin.FindStringSubmatch(last); found == nil || found[1] != got.header.Get("X-Request-Id") {
				t.Fatalf("origin: got %q, want the request %s, the class of the address, a mark and the session", last, got.header.Get("X-Request-Id"))
			}
			if strings.Contains(last, "203.0.113") {
				t.Errorf("origin: %q holds the address", last)
			}
			return nil
		})
		return found
	}
	token := w.token(p)
	first, again, elsewhere, others := from(p, token, "203.0.113.77:4000"), from(p, token, "203.0.113.77:4001"), from(p, token, "10.0.0.9:4000"), from(other, w.token(other), "203.0.113.77:9")
	if first[2] != "public" || elsewhere[2] != "office" {
		t.Errorf("the classes are %s and %s", first[2], elsewhere[2])
	}
	if first[3] != again[3] || first[3] != others[3] || first[3] == elsewhere[3] {
		t.Errorf("marks of one address %s, %s, %s and of another %s", first[3], again[3], others[3], elsewhere[3])
	}
	if first[4] != again[4] || first[4] != elsewhere[4] || first[4] == others[4] {
		t.Errorf("one session is %s, %s, %s and another %s", first[4], again[4], elsewhere[4], others[4])
	}
	w.Clock.Advance(32 * 24 * time.Hour)
	if later := from(p, w.token(p), "203.0.113.77:4000"); later[3] == first[3] {
		t.Errorf("a month later the address has the mark %s still", later[3])
	}
}
