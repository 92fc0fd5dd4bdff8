package archtest

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// TestEveryRightIsAskedFor finds rights that stand in the table and that no use-case asks for: whoever reads the table would believe that they
// protect something. The list of routes says what is asked, it does not ask.
func TestEveryRightIsAskedFor(t *testing.T) {
	rights, asked := map[string]string{}, map[string]bool{}
	var all []File
	for _, p := range packages(t) {
		all = append(all, parse(t, p)...)
	}
	for _, f := range all {
		switch {
		case f.test() || f.Path == "internal/httpapi/routes.go":
		case f.Path == "internal/identity/rights.go":
			for _, d := range f.Syntax.Decls {
				if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
					for _, s := range g.Specs {
						v := s.(*ast.ValueSpec)
						if id, ok := v.Type.(*ast.Ident); ok && id.Name == "Right" {
							rights[v.Names[0].Name] = f.at(v)
						}
					}
				}
			}
		default:
			inside := strings.HasPrefix(f.Path, "internal/identity/")
			ast.Inspect(f.Syntax, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if id, ok := n.X.(*ast.Ident); ok && id.Name == "identity" {
						asked[n.Sel.Name] = true
					}
				case *ast.Ident:
					if inside {
						asked[n.Name] = true
					}
				}
				return true
			})
		}
	}
	if len(rights) < 50 {
		t.Fatalf("only %d rights were found: the look is blind", len(rights))
	}
	for right, at := range rights {
		if !asked[right] {
			t.Errorf("%s: nothing asks for %s", at, right)
		}
	}
}
