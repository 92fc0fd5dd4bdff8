package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/gate"
	"timebank/internal/httpapi"
	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/pii"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// session is an open session.
type session struct {
	token string
	since time.Time
}

// world is a city with its API.
type world struct {
	*citytest.City
	t   testing.TB
	api http.Handler
	n   int
	// operations are those of the description, by id.
	operations map[string]operation
	// tokens are the sessions of actors, opened when first needed and again after some hours.
	tokens map[string]session
	// outside are people who have no business with what happens in a scenario.
	outside []outsider
	// done are the calls that steps have carried out, each with its operation.
	done []carried
	// matrix is set where everybody asks for what a step is about to do.
	matrix *matrix
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	citytest.Each(t, func(t *testing.T, c *citytest.City) { test(t, newWorld(t, c)) })
}

func newWorld(t testing.TB, c *citytest.City) *world {
	c.Health.SetReady(true)
	marks, err := pii.NewBox(c.Keys.Ring)
	if err != nil {
		t.Fatalf("make a box for marks: %v", err)
	}
	door := gate.New(nil, gate.Rate{}, gate.Rate{})
	door.MarkBy(marks.Index)
	return &world{City: c, t: t, tokens: map[string]session{}, operations: described(t), api: httpapi.New(httpapi.Deps{
		DB: c.DB, Clock: c.Clock, IDs: c.IDs, Log: c.Log, Health: c.Health, Metrics: c.Metrics, Regions: c.Regions, Policies: c.Policies,
		Identity: c.Identity, Members: c.Members, Ledger: c.Ledger, Notary: c.Notary, Catalog: c.Catalog, Training: c.Training, Orders: c.Orders, Feedback: c.Feedback, Calls: c.Calls, Family: c.Family, Paper: c.Paper,
		SignIn: c.SignIn, Notify: c.Notify, Privacy: c.Privacy, Divisions: c.Divisions, Certificates: c.Certificates, Inbox: true, Gate: door,
	})}
}

func (w *world) token(of citytest.Person) string {
	w.t.Helper()
	id, now := of.Actor.ID, w.Clock.Now()
	open := w.tokens[id]
	if open.token == "" || now.Sub(open.since) > 6*time.Hour {
		token, err := w.Identity.IssueToken(w.t.Context(), identity.ActorID(id), 0, "test")
		if err != nil {
			w.t.Fatalf("open a session: %v", err)
		}
		open = session{token, now}
		w.tokens[id] = open
	}
	return open.token
}

// carried is a call that was carried out.
type carried struct {
	operation
	call
}

// call is one request.
type call struct {
	as     *citytest.Person // nil: nobody
	method string
	path   string
	body   any    // a string is sent as it is
	key    string // "": a fresh one; "none": no key
	lang   string
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	raw    []byte
	json   map[string]any
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, a.raw) }

// get walks to a value: "fields.0.path".
func (a answer) get(path string) any {
	var at any = a.json
	for step := range strings.SplitSeq(path, ".") {
		switch v := at.(type) {
		case map[string]any:
			at = v[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(v) {
				return nil
			}
			at = v[i]
		default:
			return nil
		}
	}
	return at
}

func (a answer) text(path string) string { s, _ := a.get(path).(string); return s }

func (a answer) code() string { return a.text("code") }

// fields are the bad fields as "path code", sorted.
func (a answer) fields() []string {
	list, _ := a.get("fields").([]any)
	out := []string{}
	for _, f := range list {
		m, _ := f.(map[string]any)
		out = append(out, fmt.Sprint(m["path"], " ", m["code"]))
	}
	slices.Sort(out)
	return out
}

func (w *world) send(c call) answer {
	w.t.Helper()
	var body io.Reader
	switch b := c.body.(type) {
	case nil:
	case string:
		body = strings.NewReader(b)
	case []byte:
		body = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			w.t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	path := c.path
	if !strings.HasPrefix(path, "/api") {
		path = "/api/v1" + path
	}
	r := httptest.NewRequest(c.method, path, body)
	if c.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if _, ok := c.body.([]byte); ok {
		r.Header.Set("Content-Type", "image/jpeg")
	}
	if c.as != nil {
		r.Header.Set("Authorization", "Bearer "+w.token(*c.as))
	}
	if c.lang != "" {
		r.Header.Set("Accept-Language", c.lang)
	}
	switch {
	case c.key == "none":
	case c.key != "":
		r.Header.Set("Idempotency-Key", c.key)
	case c.method != http.MethodGet:
		w.n++
		r.Header.Set("Idempotency-Key", fmt.Sprintf("test-key-%04d", w.n))
	}
	return w.serve(r)
}

func (w *world) serve(r *http.Request) answer {
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	out := answer{status: rec.Code, header: rec.Header(), raw: rec.Body.Bytes()}
	_ = json.Unmarshal(out.raw, &out.json)
	return out
}

// must sends and fails the test unless the answer has the status.
func (w *world) must(status int, c call) answer {
	w.t.Helper()
	got := w.send(c)
	if got.status != status {
		w.t.Fatalf("%s %s: got %s, want %d", c.method, c.path, got, status)
	}
	return got
}

func (w *world) get(as *citytest.Person, path string) answer {
	w.t.Helper()
	return w.must(http.StatusOK, call{as: as, method: http.MethodGet, path: path})
}

func (w *world) post(as *citytest.Person, path string, body any) answer {
	w.t.Helper()
	got := w.send(call{as: as, method: http.MethodPost, path: path, body: body})
	if got.status/100 != 2 {
		w.t.Fatalf("POST %s: got %s, want success", path, got)
	}
	return got
}

// watched are the tables whose rows scenarios count.
var watched = []string{"person", "actor", "recipient", "volunteer", "kin", "call", "family_ask", "family_message", "certificate", "team", "team_member", "team_invite", "service_point", "consent", "role_grant", "session", "proposal",
	"course", "attendance", "exam", "service_item_version", "service_order", "assignment", "evidence", "visit_photo", "portrait", "fund_claim", "rating", "follow_up", "complaint",
	"ledger_tx", "ledger_entry", "hold", "pending_posting", "policy_proposal", "policy_version", "signin_password", "signin_passkey", "signin_card", "slip_batch", "slip", "audit", "idempotency"}

// rows counts the rows of the watched tables.
func (w *world) rows() map[string]int64 {
	w.t.Helper()
	out := map[string]int64{}
	storetest.Read(w.t, w.DB, func(tx *store.Tx) error {
		for _, table := range watched {
			var n int64
			if err := tx.QueryRow("SELECT COUNT(1) FROM " + table).Scan(&n); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
			out[table] = n
		}
		return nil
	})
	return out
}

// written tells how many rows more there are than before, without the tables that did not grow.
func written(before, after map[string]int64) map[string]int64 {
	more := map[string]int64{}
	for table, n := range after {
		if n != before[table] {
			more[table] = n - before[table]
		}
	}
	return more
}

// show prints rows in a stable order.
func show(rows map[string]int64) string {
	var out []string
	for _, table := range slices.Sorted(maps.Keys(rows)) {
		out = append(out, fmt.Sprintf("%s%+d", table, rows[table]))
	}
	return strings.Join(out, " ")
}

type m = map[string]any

// step is one request of a scenario with everything that is expected of it.
type step struct {
	op    string
	as    *citytest.Person
	at    []any // the path's values, in order
	query string
	body  any
	// want are values of the answer by their path; anything means that there is one.
	want m
	// rows are those written in the watched tables besides the trail and the keys: "person+1 consent+2".
	rows string
	// again is set for the one operation that cannot remember what it gave.
	again bool
	// noted is set where a refusal stands in the trail: a proof that was not right.
	noted bool
}

const anything = "anything"

// covered are the operations that some scenario has carried out.
var covered sync.Map

func (w *world) request(s step, key string) call {
	w.t.Helper()
	o, ok := w.operations[s.op]
	if !ok {
		w.t.Fatalf("there is no operation %s", s.op)
	}
	path := o.path
	for _, v := range s.at {
		from, to := strings.IndexByte(path, '{'), strings.IndexByte(path, '}')
		path = path[:from] + fmt.Sprint(v) + path[to+1:]
	}
	if s.query != "" {
		path += "?" + s.query
	}
	c := call{as: s.as, method: o.method, path: path, body: s.body, key: "none"}
	if o.keyed {
		c.key = key
	}
	if o.body && s.body == nil {
		c.body = m{}
	}
	return c
}

// does carries out a step and holds the answer and the rows against what is expected. What changes something is sent twice with the
// same key, as a telephone does that heard no answer: the second time has the same answer and writes nothing.
func (w *world) does(s step) answer {
	w.t.Helper()
	w.n++
	if s.as != nil {
		w.token(*s.as)
	}
	c := w.request(s, fmt.Sprintf("step-%s-%04d", s.op, w.n))
	if w.matrix != nil {
		w.asks(s, c)
	} else {
		w.keptOut(s, c)
		w.wrongAtOnce(s, c)
	}
	before := w.rows()
	got := w.send(c)
	after := w.rows()
	if got.status/100 != 2 {
		w.t.Fatalf("%s: got %s", s.op, got)
	}
	if w.matrix != nil {
		return got
	}
	covered.Store(s.op, true)
	w.done = append(w.done, carried{w.operations[s.op], c})
	for path, want := range s.want {
		have := got.get(path)
		if want == anything && have == nil || want != anything && fmt.Sprint(have) != fmt.Sprint(want) {
			w.t.Errorf("%s: %s is %v, want %v in %.1000s", s.op, path, have, want, got)
		}
	}
	more := written(before, after)
	delete(more, "audit")
	delete(more, "idempotency")
	if show(more) != s.rows {
		w.t.Errorf("%s: wrote %q, want %q", s.op, show(more), s.rows)
	}
	if c.key == "none" || s.again {
		return got
	}
	twice := w.send(c)
	if twice.status != got.status || string(twice.raw) != string(got.raw) {
		w.t.Errorf("%s sent again: got %s, want %s", s.op, twice, got)
	}
	if more := written(after, w.rows()); len(more) > 0 {
		w.t.Errorf("%s sent again wrote %s", s.op, show(more))
	}
	return got
}

// refused carries out a step that must be refused, and holds that nothing was written.
func (w *world) refused(s step, status int, code string, fields ...string) answer {
	w.t.Helper()
	w.n++
	if s.as != nil {
		w.token(*s.as)
	}
	c := w.request(s, fmt.Sprintf("refused-%s-%04d", s.op, w.n))
	before := w.rows()
	got := w.send(c)
	if got.status != status || got.code() != code || len(fields) > 0 && !slices.Equal(got.fields(), fields) {
		w.t.Errorf("%s: got %s\nwant %d %s %v", s.op, got, status, code, fields)
	}
	if status != http.StatusInternalServerError && (got.text("title") == "" || got.text("title") == i18n.Text(i18n.Chinese, "internal")) {
		w.t.Errorf("%s: %s has no sentence", s.op, got.code())
	}
	more := written(before, w.rows())
	if s.noted {
		delete(more, "audit")
	}
	if len(more) > 0 {
		w.t.Errorf("%s was refused and wrote %s", s.op, show(more))
	}
	return got
}
