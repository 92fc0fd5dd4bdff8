// Package archtest holds the house rules that a machine can check: who may import whom, where SQL may stand, who may read the clock,
// what must carry a comment, and which direct dependency has its reason written down.
//
// It owns the tables of those rules and the checks, which return offences as sentences. It must never be imported by the program.
package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// module is the import path of this repository's Go module.
const module = "timebank"

// room is one line of the plan in docs/architecture.md: some packages and the rooms they may import from.
type room struct {
	name string
	// packages are paths below the module; a package belongs to the longest one it equals or lies under.
	packages []string
	// may names the rooms this one may import, besides itself when free is set.
	may []string
	// free lets packages of the room import each other.
	free bool
	// ordered lets a package import those of its room that stand before it in packages.
	ordered bool
}

// plan is docs/architecture.md's dependency rule, from the ground up.
var plan = []room{
	{name: "kernel", free: true, packages: under("internal", "errs why clock id hours canon pii photo print")},
	{name: "leaf", may: list("kernel"), packages: under("internal", "i18n obs config gate")},
	{name: "store", free: true, may: list("kernel"), packages: under("internal", "store")},
	{name: "domain", ordered: true, may: list("kernel store"), packages: under("internal",
		"audit timer region policy identity division member notify signin ledger notary training catalog order feedback call family certificate notice paper privacy report")},
	{name: "edge", may: list("kernel leaf store domain"), packages: under("internal", "httpapi jobs carrier geocode")},
	{name: "pages", ordered: true, may: list("kernel leaf store domain"), packages: append(under("internal/web", "ui page public entry elder volunteer desk admin family"), "internal/web")},
	{name: "app", may: list("kernel leaf store domain edge pages"), packages: under("internal", "app")},
	{name: "citytest", may: list("kernel leaf store domain edge pages app"), packages: under("internal", "citytest")},
	{name: "replay", may: list("kernel leaf store domain edge pages app"), packages: under("internal", "replay")},
	{name: "cli", may: list("kernel leaf store domain edge pages app replay"), packages: under("internal", "cli")},
	{name: "cmd", may: list("cli"), packages: list("cmd")},
	{name: "tools", packages: list("internal/archtest scripts")},
}

// home says that an outside package may be imported in a few rooms or packages only.
type home struct {
	prefix string   // import path; whatever lies under it is meant too
	except string   // an import path under prefix that everybody may use
	in     []string // names of rooms, or packages below the module
	why    string
}

// homes keeps HTTP, River, the drivers and the command line where they belong.
var homes = []home{
	{prefix: "net/http", in: list("leaf edge pages app replay cli tools"), why: "a domain package knows nothing of HTTP"},
	{prefix: "github.com/danielgtaylor/huma", in: list("internal/httpapi"), why: "huma stays behind the HTTP API"},
	{prefix: "github.com/a-h/templ", in: list("pages"), why: "pages are made in web alone"},
	{prefix: "github.com/riverqueue/river", in: list("internal/jobs"), why: "River carries outside effects only, behind jobs"},
	{prefix: "github.com/alecthomas/kong", in: list("internal/cli"), why: "the command line is cli's"},
	{prefix: "github.com/emmansun/gmsm", in: list("internal/pii"), why: "how fields are sealed is pii's"},
	{prefix: "github.com/signintech/gopdf", in: list("internal/print"), why: "how a page is printed is print's"},
	{prefix: "github.com/prometheus", in: list("leaf edge app"), why: "metrics are an edge's business"},
	{prefix: "github.com/alibabacloud-go", in: list("internal/carrier"), why: "networks that carry messages are carrier's"},
	{prefix: "github.com/tencentcloud", in: list("internal/carrier"), why: "networks that carry messages are carrier's"},
	{prefix: "github.com/wneessen/go-mail", in: list("internal/carrier"), why: "networks that carry messages are carrier's"},
	{prefix: "database/sql", except: "database/sql/driver", in: list("internal/store internal/jobs"),
		why: "the database is store's; River in jobs is handed a connection pool"},
	{prefix: "github.com/jackc/pgx", in: list("internal/store"), why: "drivers are store's"},
	{prefix: "modernc.org/libc", in: list("internal/store"), why: "drivers are store's"},
	{prefix: "modernc.org/sqlite", in: list("internal/store"), why: "drivers are store's"},
	{prefix: "zombiezen.com/go/sqlite", in: list("internal/store"), why: "drivers are store's"},
	{prefix: "github.com/pressly/goose", in: list("internal/store"), why: "migrations are run by store"},
	{prefix: "github.com/go-webauthn", in: list("internal/signin"), why: "passkeys are signin's"},
	{prefix: "github.com/coreos/go-oidc", in: list("internal/signin"), why: "the city's sign-in is signin's"},
	{prefix: "golang.org/x/oauth2", in: list("internal/signin"), why: "the city's sign-in is signin's"},
	{prefix: "golang.org/x/time", in: list("internal/gate internal/geocode"), why: "who has sent too many is the gate's question, how often we may ask the geocoder's"},
	{prefix: "golang.org/x/crypto", in: list("internal/signin"), why: "passwords are signin's"},
}

// Package is what the checks need to know of a Go package; the fields are those that `go list -json` prints.
type Package struct {
	Dir        string
	ImportPath string
	Imports    []string
	GoFiles    []string
	// Test files inside the package and beside it.
	TestGoFiles, XTestGoFiles []string
}

// CheckImports returns one sentence for each import that the plan or the table of homes forbids, naming the edge. What tests import is
// free: a test may stand above what it tests.
func CheckImports(packages []Package) []string {
	var offences []string
	for _, p := range packages {
		from, name := locate(p.ImportPath)
		if from == nil {
			offences = append(offences, fmt.Sprintf("%s has no room in the plan: give it one in internal/archtest and docs/architecture.md", p.ImportPath))
			continue
		}
		for _, imported := range p.Imports {
			if why := refused(from, name, imported); why != "" {
				offences = append(offences, fmt.Sprintf("%s → %s: %s", p.ImportPath, imported, why))
			}
		}
	}
	return offences
}

// refused returns why a package of a room may not import another, or nothing when it may.
func refused(from *room, name, imported string) string {
	for _, h := range homes {
		if lies(imported, h.prefix) && (h.except == "" || !lies(imported, h.except)) && !atHome(h, from, name) {
			return h.why
		}
	}
	if !lies(imported, module) {
		return ""
	}
	to, target := locate(imported)
	switch {
	case to == nil:
		return "the imported package has no room in the plan"
	case target == name, from == to && from.free:
		return ""
	case from == to && from.ordered:
		if slices.Index(from.packages, target) < slices.Index(from.packages, name) {
			return ""
		}
		return "a " + from.name + " package imports only those to its left: " + path.Base(target) + " stands to the right of " + path.Base(name)
	case from == to:
		return "packages of the room " + from.name + " do not import each other"
	case slices.Contains(from.may, to.name):
		return ""
	}
	return from.name + " may import " + strings.Join(append(slices.Clone(from.may), "the standard library"), ", ") + ", not " + to.name
}

func atHome(h home, from *room, name string) bool {
	return slices.Contains(h.in, from.name) || slices.Contains(h.in, name)
}

// locate returns the room of a package of this module and the entry of the room's list it belongs to.
func locate(importPath string) (*room, string) {
	rel, found := strings.CutPrefix(importPath, module+"/")
	if !found {
		return nil, ""
	}
	var in *room
	var name string
	for i := range plan {
		for _, p := range plan[i].packages {
			if lies(rel, p) && len(p) > len(name) {
				in, name = &plan[i], p
			}
		}
	}
	return in, name
}

// lies tells whether a slash-separated path equals another or stands below it.
func lies(p, under string) bool {
	return p == under || strings.HasPrefix(p, under+"/")
}

func list(words string) []string { return strings.Fields(words) }

func under(folder, words string) []string {
	names := list(words)
	for i, n := range names {
		names[i] = folder + "/" + n
	}
	return names
}
