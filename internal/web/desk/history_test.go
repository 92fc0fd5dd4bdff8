package desk

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"timebank/internal/i18n"
	"timebank/internal/identity"
)

// actForm is what an act of the trail looks like.
var actForm = regexp.MustCompile(`^[a-z]+\.[a-z_]+$`)

// written finds in the source of a package what it writes into the trail of an order: the texts that are given for a parameter called action in the
// room of orders, and elsewhere what stands in one call or entry with the kind "order".
func written(t *testing.T, folder string) (acts []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	places := map[string]int{} // functions with a parameter called action, and which it is
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			n := 0
			for _, p := range fn.Type.Params.List {
				for _, name := range p.Names {
					if name.Name == "action" {
						places[fn.Name.Name] = n
					}
					n++
				}
			}
		}
	}
	rights := map[string]string{} // by the names of their constants: OrderSeeDoor is "order.see_door"
	for _, right := range identity.Rights() {
		name := ""
		for _, word := range strings.FieldsFunc(string(right), func(c rune) bool { return c == '.' || c == '_' }) {
			name += strings.ToUpper(word[:1]) + word[1:]
		}
		rights[name] = string(right)
	}
	text := func(e ast.Expr) string {
		if call, ok := e.(*ast.CallExpr); ok && len(call.Args) == 1 {
			e = call.Args[0]
		}
		switch e := e.(type) {
		case *ast.BasicLit:
			s, _ := strconv.Unquote(e.Value)
			return s
		case *ast.SelectorExpr:
			return rights[e.Sel.Name]
		}
		return ""
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			var parts []ast.Expr
			switch n := n.(type) {
			case *ast.CallExpr:
				name := ""
				switch fn := n.Fun.(type) {
				case *ast.Ident:
					name = fn.Name
				case *ast.SelectorExpr:
					name = fn.Sel.Name
				}
				if at, ok := places[name]; ok && f.Name.Name == "order" && at < len(n.Args) {
					if act := text(n.Args[at]); actForm.MatchString(act) {
						acts = append(acts, act)
					}
				}
				parts = n.Args
			case *ast.CompositeLit:
				if of, ok := n.Type.(*ast.SelectorExpr); !ok || of.Sel.Name != "Entry" {
					return true
				}
				for _, e := range n.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok {
						parts = append(parts, kv.Value)
					}
				}
			}
			if texts := each(parts, text); slices.Contains(texts, "order") {
				for _, one := range texts {
					if actForm.MatchString(one) {
						acts = append(acts, one)
					}
				}
			}
			return true
		})
	}
	return acts
}

func each(parts []ast.Expr, text func(ast.Expr) string) (texts []string) {
	for _, p := range parts {
		texts = append(texts, text(p))
	}
	return texts
}

// Whatever is written into the trail of an order has words for the order's page.
func TestEveryActOfAnOrderHasWords(t *testing.T) {
	const rooms = "../.."
	found := map[string]bool{"call.note": true} // the room of calls chooses the kind by what the call is about
	if err := filepath.WalkDir(rooms, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		for _, act := range written(t, path) {
			found[act] = true
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, act := range []string{"order.place", "order.answer", "order.take_back", "order.lapse", "order.set_aside", "order.see_door", "feedback.rate", "feedback.follow_up", "feedback.look"} {
		if !found[act] {
			t.Errorf("the source shows no %s: the test looks at the wrong places", act)
		}
	}
	for act := range found {
		if code := didCode(act); code == "" || !i18n.Has(code) {
			t.Errorf("%s has no words on the page of an order", act)
		}
	}
	for act, code := range didWords {
		if !found[act] {
			t.Errorf("nothing writes %s, which has words (%s)", act, code)
		}
	}
}
