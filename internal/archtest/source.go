package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// File is one parsed Go file.
type File struct {
	// Path is relative to the root of the repository, with slashes.
	Path string
	// Package is the import path of its package.
	Package string
	Syntax  *ast.File
	Fset    *token.FileSet
}

func (f File) test() bool { return strings.HasSuffix(f.Path, "_test.go") }

func (f File) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.Path, f.Fset.Position(n.Pos()).Line)
}

// statement matches the start of SQL text. Upper case and a following word keep English sentences out.
var statement = regexp.MustCompile(`^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|CREATE (TABLE|INDEX|UNIQUE|DATABASE)|ALTER TABLE|DROP TABLE|PRAGMA)\s+\S`)

// CheckSQL returns one sentence for each SQL text that stands outside store and outside files named store.go, query.go or, where that
// would be too long, after what they ask for: point_query.go. Tests may look at rows as they like.
func CheckSQL(f File) []string {
	_, name := locate(f.Package)
	base := path.Base(f.Path)
	if f.test() || name == "internal/store" || base == "store.go" || base == "query.go" || strings.HasSuffix(base, "_query.go") {
		return nil
	}
	var offences []string
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		if text, err := strconv.Unquote(lit.Value); err == nil && statement.MatchString(text) {
			offences = append(offences, f.at(n)+": SQL outside store and outside store.go or query.go: "+firstWords(text))
		}
		return true
	})
	return offences
}

// CheckClock returns one sentence for each reading of the machine's clock outside internal/clock. time.Since and time.Until read it too.
func CheckClock(f File) []string {
	if _, name := locate(f.Package); name == "internal/clock" {
		return nil
	}
	return selectors(f, "time", list("Now Since Until"), "reads the machine's clock: take a clock.Clock, or tx.Now()")
}

// CheckHealth returns one sentence for each place of pages and API that reads what a home visit found out past the use-cases that note the look.
func CheckHealth(f File) []string {
	_, name := locate(f.Package)
	if f.test() || name != "internal/httpapi" && name != "internal/web" && !strings.HasPrefix(name, "internal/web/") {
		return nil
	}
	return selectors(f, module+"/internal/member", list("LoadRecipients RecipientsIn KeyElders"),
		"facts about health come by a use-case that notes the look: member.Service.Assessed or ListRecipients; Standings has none")
}

// CheckPatience returns one sentence for each sleep in a test and each way to skip one.
func CheckPatience(f File) []string {
	if !f.test() {
		return nil
	}
	offences := selectors(f, "time", list("Sleep"), "a test waits for an event, not for a while")
	testing := importName(f.Syntax, "testing")
	// A function literal may reuse the name t for another type, rapid's for one, so each function is looked at with its own parameters.
	var visit func(params map[string]bool) func(ast.Node) bool
	visit = func(params map[string]bool) func(ast.Node) bool {
		return func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Body != nil {
					ast.Inspect(n.Body, visit(withParams(nil, n.Type, testing)))
				}
				return false
			case *ast.FuncLit:
				ast.Inspect(n.Body, visit(withParams(params, n.Type, testing)))
				return false
			case *ast.SelectorExpr:
				id, ok := n.X.(*ast.Ident)
				if ok && params[id.Name] && slices.Contains(list("Skip Skipf SkipNow"), n.Sel.Name) {
					offences = append(offences, f.at(n)+": "+id.Name+"."+n.Sel.Name+": what is missing is a failure, not a skip")
				}
			}
			return true
		}
	}
	ast.Inspect(f.Syntax, visit(nil))
	return offences
}

// withParams returns which names stand for a testing.T, B, F or TB once a function's parameters are in scope.
func withParams(outer map[string]bool, fn *ast.FuncType, testing string) map[string]bool {
	inner := map[string]bool{}
	for name, is := range outer {
		inner[name] = is
	}
	for _, field := range fn.Params.List {
		typ := field.Type
		if star, ok := typ.(*ast.StarExpr); ok {
			typ = star.X
		}
		sel, ok := typ.(*ast.SelectorExpr)
		is := false
		if ok {
			pkg, named := sel.X.(*ast.Ident)
			is = named && testing != "" && pkg.Name == testing
		}
		for _, name := range field.Names {
			inner[name.Name] = is
		}
	}
	return inner
}

// CheckComments returns one sentence for a package without a package comment and for each exported name without its doc comment. Names in
// tests and in commands are nobody's contract.
func CheckComments(files []File) []string {
	var offences []string
	commented := false
	for _, f := range files {
		if f.Syntax.Doc != nil && !strings.HasSuffix(f.Syntax.Name.Name, "_test") {
			commented = true
		}
		if !f.test() && f.Syntax.Name.Name != "main" {
			offences = append(offences, uncommented(f)...)
		}
	}
	if len(files) > 0 && !commented {
		offences = append(offences, files[0].Package+": no package comment: what does it own, what must it never do?")
	}
	return offences
}

func uncommented(f File) []string {
	var offences []string
	missing := func(n ast.Node, name string) {
		offences = append(offences, f.at(n)+": exported "+name+" has no doc comment")
	}
	for _, decl := range f.Syntax.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && receiverExported(d) {
				missing(d, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					if s.Name.IsExported() && s.Doc == nil && d.Doc == nil {
						missing(s, s.Name.Name)
					}
				case *ast.ValueSpec:
					for _, name := range s.Names {
						if name.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
							missing(s, name.Name)
						}
					}
				}
			}
		}
	}
	return offences
}

// receiverExported is true for functions and for methods of an exported type.
func receiverExported(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return false
		}
	}
}

// machinePath matches folders that exist on somebody's machine only. What stands before the slash keeps web addresses out.
var machinePath = regexp.MustCompile("(^|[\\s\"'`=:(,])/(work|root|home|farm|Users)/[A-Za-z0-9._-]+")

// registryHost matches the hosts from which a package manager happened to download; a lock file with them ties us to one network.
var registryHost = regexp.MustCompile(`\b(registry\.[a-z0-9.-]+\.[a-z]{2,}|registry\.npmjs\.org|(proxy|sum)\.golang\.org|deb\.debian\.org|(files\.)?pythonhosted\.org|pypi\.org)\b`)

// CheckText returns one sentence for each line of a text file that names a folder of one machine or the host of a package registry.
func CheckText(path, content string) []string {
	var offences []string
	for i, line := range strings.Split(content, "\n") {
		if m := machinePath.FindString(line); m != "" {
			offences = append(offences, fmt.Sprintf("%s:%d: a path of one machine: %s", path, i+1, strings.TrimSpace(m)))
		}
		if m := registryHost.FindString(line); m != "" {
			offences = append(offences, fmt.Sprintf("%s:%d: a registry's host: %s", path, i+1, m))
		}
	}
	return offences
}

// selectors finds uses of some names of an imported package.
func selectors(f File, pkg string, names []string, why string) []string {
	local := importName(f.Syntax, pkg)
	if local == "" {
		return nil
	}
	var offences []string
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if id, ok := sel.X.(*ast.Ident); ok && id.Name == local && slices.Contains(names, sel.Sel.Name) {
			offences = append(offences, f.at(n)+": "+pkg+"."+sel.Sel.Name+": "+why)
		}
		return true
	})
	return offences
}

// importName returns the name under which a file knows an imported package, or nothing when it does not import it.
func importName(f *ast.File, pkg string) string {
	for _, imp := range f.Imports {
		if imp.Path.Value != strconv.Quote(pkg) {
			continue
		}
		if imp.Name != nil {
			return imp.Name.Name
		}
		return path.Base(pkg)
	}
	return ""
}

func firstWords(text string) string {
	words := strings.Fields(text)
	return strings.Join(words[:min(4, len(words))], " ") + " …"
}
