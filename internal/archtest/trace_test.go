package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// declarations finds every function and method of the module as package.Name or package.Type.Name, and every test by its name.
func declarations(t *testing.T, root string) (declared, tests map[string]bool) {
	t.Helper()
	declared, tests = map[string]bool{}, map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if strings.HasSuffix(path, "_test.go") {
				if f.Recv == nil {
					tests[f.Name.Name] = true
				}
				continue
			}
			name := f.Name.Name
			if f.Recv != nil {
				kind := f.Recv.List[0].Type
				if star, ok := kind.(*ast.StarExpr); ok {
					kind = star.X
				}
				if id, ok := kind.(*ast.Ident); ok {
					name = id.Name + "." + name
				}
			}
			declared[file.Name.Name+"."+name] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return declared, tests
}

func TestEveryPromiseIsTraced(t *testing.T) {
	text, err := os.ReadFile("../../docs/trace.md")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := ParseTrace(string(text))
	if err != nil {
		t.Fatal(err)
	}
	declared, tests := declarations(t, "..")
	for _, b := range CheckTrace(rows, declared, tests) {
		t.Error(b)
	}
}

func TestATraceThatPromisesTooMuchIsFound(t *testing.T) {
	rows, err := ParseTrace("| S1 | x | `order.Place` | – | `TestThere` |\n| S1 | x | `order.Gone` | – | `TestGone` |\n| S2 | x | | | |\n")
	if err != nil {
		t.Fatal(err)
	}
	got := CheckTrace(rows, map[string]bool{"order.Place": true}, map[string]bool{"TestThere": true})
	for _, want := range []string{"S1 stands twice", "use-case order.Gone", "test TestGone", "S2 names no use-case", "N15 has no row"} {
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("%q is not found in %v", want, got)
		}
	}
}
