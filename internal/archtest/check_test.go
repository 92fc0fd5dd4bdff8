package archtest

import (
	"go/parser"
	"go/token"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheckImportsNamesTheBadEdge(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     string // what the offence contains; nothing when the edge is allowed
	}{
		{"timebank/cmd/timebank", "timebank/internal/cli", ""},
		{"timebank/cmd/timebank", "timebank/internal/app", "cmd may import cli, the standard library, not app"},
		{"timebank/internal/cli", "timebank/internal/replay", ""},
		{"timebank/internal/replay", "timebank/internal/cli", "not cli"},
		{"timebank/internal/app", "timebank/internal/replay", "not replay"},
		{"timebank/internal/httpapi", "timebank/internal/jobs", "do not import each other"},
		{"timebank/internal/httpapi", "timebank/internal/order", ""},
		{"timebank/internal/order", "timebank/internal/ledger", ""},
		{"timebank/internal/order/plan", "timebank/internal/ledger", ""},
		{"timebank/internal/order", "timebank/internal/order/plan", ""},
		{"timebank/internal/ledger", "timebank/internal/order", "order stands to the right of ledger"},
		{"timebank/internal/ledger", "timebank/internal/httpapi", "domain may import kernel, store, the standard library, not edge"},
		{"timebank/internal/audit", "timebank/internal/obs", "not leaf"},
		{"timebank/internal/store", "timebank/internal/clock", ""},
		{"timebank/internal/store", "timebank/internal/store/storetest", ""},
		{"timebank/internal/store", "timebank/internal/audit", "not domain"},
		{"timebank/internal/hours", "timebank/internal/errs", ""},
		{"timebank/internal/hours", "timebank/internal/store", "not store"},
		{"timebank/internal/util", "fmt", "no room"},
		{"timebank/internal/order", "timebank/internal/util", "no room"},
		{"timebank/internal/order", "net/http", "knows nothing of HTTP"},
		{"timebank/internal/order", "net/http/httptest", "knows nothing of HTTP"},
		{"timebank/internal/httpapi", "net/http", ""},
		{"timebank/internal/order", "github.com/danielgtaylor/huma/v2", "huma"},
		{"timebank/internal/jobs", "github.com/riverqueue/river/rivertype", ""},
		{"timebank/internal/timer", "github.com/riverqueue/river", "River"},
		{"timebank/internal/order", "database/sql", "store's"},
		{"timebank/internal/hours", "database/sql/driver", ""},
		{"timebank/internal/store/pgtest", "github.com/jackc/pgx/v5/stdlib", ""},
	} {
		got := strings.Join(CheckImports([]Package{{ImportPath: c.from, Imports: []string{c.to}}}), "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s → %s: got %q, want %q", c.from, c.to, got, c.want)
		}
	}
}

func source(t *testing.T, name, text string) File {
	t.Helper()
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, name, text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return File{Path: name, Package: "timebank/" + path.Dir(name), Syntax: syntax, Fset: fset}
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("offences, want - got +:\n%s", diff)
	}
}

func TestCheckSQL(t *testing.T) {
	const text = "package order\nvar q = `\n  SELECT id FROM service_order`\nvar english = \"SELECT\"\nvar title = \"With love\"\n"
	expect(t, CheckSQL(source(t, "internal/order/rules.go", text)),
		"internal/order/rules.go:2: SQL outside store and outside store.go or query.go: SELECT id FROM service_order …")
	expect(t, CheckSQL(source(t, "internal/order/query.go", text)))
	expect(t, CheckSQL(source(t, "internal/order/store.go", text)))
	expect(t, CheckSQL(source(t, "internal/member/point_query.go", text)))
	expect(t, CheckSQL(source(t, "internal/order/rules_test.go", text)))
	expect(t, CheckSQL(source(t, "internal/store/outbox.go", text)))
}

func TestCheckClock(t *testing.T) {
	const text = "package order\nimport clk \"time\"\nvar a = clk.Now()\nvar b = clk.Since(a)\nvar c = clk.UTC\n"
	expect(t, CheckClock(source(t, "internal/order/rules.go", text)),
		"internal/order/rules.go:3: time.Now: reads the machine's clock: take a clock.Clock, or tx.Now()",
		"internal/order/rules.go:4: time.Since: reads the machine's clock: take a clock.Clock, or tx.Now()")
	expect(t, CheckClock(source(t, "internal/clock/clock.go", text)))
}

func TestCheckHealth(t *testing.T) {
	const text = "package desk\nimport \"timebank/internal/member\"\nvar a = member.LoadRecipients\nvar b = member.Standings\n"
	expect(t, CheckHealth(source(t, "internal/web/desk/call.go", text)), "internal/web/desk/call.go:3: timebank/internal/member.LoadRecipients: "+
		"facts about health come by a use-case that notes the look: member.Service.Assessed or ListRecipients; Standings has none")
	expect(t, CheckHealth(source(t, "internal/order/place.go", text)))
}

func TestCheckPatience(t *testing.T) {
	const text = `package order
import ("testing"; "time"; "pgregory.net/rapid")
func TestA(t *testing.T) {
	time.Sleep(1)
	rapid.Check(t, func(t *rapid.T) { t.Skip() })
	t.Run("b", func(t *testing.T) { t.Skipf("no engine") })
}
func need(tb testing.TB) { tb.SkipNow() }
`
	expect(t, CheckPatience(source(t, "internal/order/a_test.go", text)),
		"internal/order/a_test.go:4: time.Sleep: a test waits for an event, not for a while",
		"internal/order/a_test.go:6: t.Skipf: what is missing is a failure, not a skip",
		"internal/order/a_test.go:8: tb.SkipNow: what is missing is a failure, not a skip")
	expect(t, CheckPatience(source(t, "internal/order/a.go", text)))
}

func TestCheckComments(t *testing.T) {
	bare := source(t, "internal/order/order.go", `package order
type Order struct{}
func (o *Order) Close() {}
func (o *draft) Close() {}
type draft struct{}
const (
	// A is said.
	A = 1
	B = 2 // B is said beside.
	C = 3
)
// D and E stand together.
var D, E int
func Place[T any]() {}
`)
	expect(t, CheckComments([]File{bare}),
		"internal/order/order.go:2: exported Order has no doc comment",
		"internal/order/order.go:3: exported Close has no doc comment",
		"internal/order/order.go:10: exported C has no doc comment",
		"internal/order/order.go:14: exported Place has no doc comment",
		"timebank/internal/order: no package comment: what does it own, what must it never do?")
	expect(t, CheckComments([]File{
		source(t, "internal/order/doc.go", "// Package order owns orders.\npackage order\n"),
		source(t, "internal/order/order_test.go", "package order\nfunc TestX() {}\n"),
	}))
}

func TestCheckText(t *testing.T) {
	// Put together here, so that this file does not offend.
	folder, host := "/"+"root/x", "registry"+".npmjs.org"
	expect(t, CheckText("a.md", "see "+folder+"\nhttps://"+host+"/x\nhttps://example.org"+folder+"\nfine\n"),
		"a.md:1: a path of one machine: "+folder,
		"a.md:2: a registry's host: "+host)
}

func TestCheckDependencies(t *testing.T) {
	const gomod = "module timebank\nrequire (\n\ta.org/a v1.0.0\n\tb.org/b v1.0.0\n\tc.org/c v1.0.0\n\td.org/d v1.0.0 // indirect\n)\n"
	const document = "| `a.org/a` | v1.0.0 | it is needed | write it |\n| `b.org/b` | v0.9.0 | it is needed | write it |\n| `e.org/e` | v1.0.0 | old | none |\n"
	got, err := CheckDependencies([]byte(gomod), document)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got,
		"docs/dependencies.md says b.org/b v0.9.0, go.mod v1.0.0",
		"docs/dependencies.md has no line for c.org/c v1.0.0",
		"docs/dependencies.md has a line for e.org/e, which go.mod does not require directly")
	if _, err := CheckDependencies([]byte("nonsense here\n"), ""); err == nil {
		t.Error("a go.mod that is none: got no error")
	}
}
