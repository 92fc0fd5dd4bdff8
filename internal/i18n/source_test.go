package i18n

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// use is one place in the source that names a code.
type use struct {
	at string // file and line
	// params are the names of the values given there; known is false where they cannot be seen.
	params []string
	known  bool
}

var codeForm = regexp.MustCompile(`^([a-z][a-z0-9_]*(\.[a-z0-9_]+)+|internal)$`)

// source collects the codes of a folder's packages. A code is a string in a place for codes: errs.New, errs.Invalid, a field or a parameter or
// a result called code, Fields.Add and Fields.Err, whatever has the form of a code in codeAreas, and constants of the types in codeTypes.
type source struct {
	files *token.FileSet
	found map[string][]use
}

// codeTypes are named types whose constants are keys of the catalogues, after a prefix.
var codeTypes = map[string]string{"identity.Right": "", "member.Warning": "", "ledger.Reason": "reason.", "ledger.Class": "class.", "order.Grade": "grade.", "order.Reason": "",
	"member.Purpose": "page.purpose.", "notify.Kind": "message."}

// codeAreas are areas in which every string of a code's form is a code.
var codeAreas = regexp.MustCompile(`^(api|config|page|passbook|print)\.`)

// typeName is the name of a type as other packages write it.
func typeName(dir string, t ast.Expr) string {
	switch t := t.(type) {
	case *ast.Ident:
		return dir + "." + t.Name
	case *ast.SelectorExpr:
		if in, ok := t.X.(*ast.Ident); ok {
			return in.Name + "." + t.Sel.Name
		}
	}
	return ""
}

func scanSource(t *testing.T, root string) map[string][]use {
	t.Helper()
	s := &source{files: token.NewFileSet(), found: map[string][]use{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "testdata" || d.Name() == "chain" {
			return filepath.SkipDir
		}
		names, err := filepath.Glob(filepath.Join(path, "*.go"))
		if err != nil {
			return err
		}
		var pkg []*ast.File
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(s.files, name, nil, 0)
			if err != nil {
				return err
			}
			pkg = append(pkg, f)
		}
		s.pkg(filepath.Base(path), pkg)
		return nil
	})
	if err != nil {
		t.Fatalf("read the source: %v", err)
	}
	return s.found
}

// pkg looks at one package: first for what its names mean, then for codes.
func (s *source) pkg(dir string, files []*ast.File) {
	structs := map[string]int{}   // struct types, with the place of their field called code
	texts := map[string]string{}  // package constants
	helpers := map[string][]int{} // functions and function variables, with the places of their parameters called code
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if i >= len(n.Values) {
						break
					}
					if text, ok := literal(n.Values[i]); ok {
						texts[name.Name] = text
						if prefix, ok := codeTypes[typeName(dir, n.Type)]; ok {
							s.add(n.Values[i], prefix+text, use{})
						}
					}
					if fn, ok := n.Values[i].(*ast.FuncLit); ok {
						helpers[name.Name] = codeParams(fn.Type)
					}
				}
			case *ast.TypeSpec:
				if t, ok := n.Type.(*ast.StructType); ok {
					structs[n.Name.Name] = codeField(t)
				}
			case *ast.FuncDecl:
				helpers[n.Name.Name] = codeParams(n.Type)
			case *ast.AssignStmt:
				for i, right := range n.Rhs {
					if fn, ok := right.(*ast.FuncLit); ok && i < len(n.Lhs) {
						if name, ok := n.Lhs[i].(*ast.Ident); ok {
							helpers[name.Name] = codeParams(fn.Type)
						}
					}
				}
			}
			return true
		})
	}
	text := func(e ast.Expr) (string, bool) {
		if id, ok := e.(*ast.Ident); ok {
			v, known := texts[id.Name]
			return v, known
		}
		return literal(e)
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				s.call(n, helpers, text)
			case *ast.BasicLit:
				if code, ok := literal(n); ok && codeAreas.MatchString(code) {
					s.add(n, code, use{})
				}
			case *ast.CompositeLit:
				s.composite(n, text)
				s.positional(n, structs, text)
			case *ast.FuncDecl:
				s.returns(n.Type, n.Body, text)
			case *ast.FuncLit:
				s.returns(n.Type, n.Body, text)
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					name, ok := left.(*ast.Ident)
					if ok && name.Name == "code" && len(n.Lhs) == len(n.Rhs) {
						s.expr(n.Rhs[i], use{}, text)
					}
				}
			}
			return true
		})
	}
}

func (s *source) add(at ast.Node, code string, u use) {
	if !codeForm.MatchString(code) {
		return
	}
	u.at = s.files.Position(at.Pos()).String()
	s.found[code] = append(s.found[code], u)
}

func (s *source) expr(e ast.Expr, u use, text func(ast.Expr) (string, bool)) {
	if code, ok := text(e); ok {
		s.add(e, code, u)
	}
}

func (s *source) call(c *ast.CallExpr, helpers map[string][]int, text func(ast.Expr) (string, bool)) {
	name, on := "", ""
	switch fn := c.Fun.(type) {
	case *ast.Ident:
		name = fn.Name
	case *ast.SelectorExpr:
		name = fn.Sel.Name
		if x, ok := fn.X.(*ast.Ident); ok {
			on = x.Name
		}
	}
	switch {
	case on == "errs" && name == "New" && len(c.Args) == 2:
		s.expr(c.Args[1], use{known: true}, text)
	case on == "errs" && name == "Invalid" && len(c.Args) > 0:
		s.expr(c.Args[0], use{known: true}, text)
	case on != "" && name == "Err" && len(c.Args) == 1:
		s.expr(c.Args[0], use{known: true}, text)
	case name == "Add" && len(c.Args) >= 2 && c.Ellipsis == token.NoPos:
		u := use{known: true}
		for i := 2; i < len(c.Args); i += 2 {
			param, ok := text(c.Args[i])
			u.known = u.known && ok
			u.params = append(u.params, param)
		}
		s.expr(c.Args[1], u, text)
	default:
		for _, i := range helpers[name] {
			if i < len(c.Args) {
				s.expr(c.Args[i], use{}, text)
			}
		}
	}
}

func (s *source) composite(c *ast.CompositeLit, text func(ast.Expr) (string, bool)) {
	u, known := use{}, false
	if sel, ok := c.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Field" {
		u, known = use{known: true}, true
		if len(c.Elts) > 1 {
			if _, keyed := c.Elts[1].(*ast.KeyValueExpr); !keyed {
				s.expr(c.Elts[1], use{}, text)
			}
		}
	}
	for _, e := range c.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Params" && known {
			list, ok := kv.Value.(*ast.CompositeLit)
			u.known = ok
			for i := 0; ok && i < len(list.Elts); i += 2 {
				param, _ := text(list.Elts[i])
				u.params = append(u.params, param)
			}
		}
	}
	for _, e := range c.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if key, ok := kv.Key.(*ast.Ident); ok && (key.Name == "Code" || key.Name == "code") {
			s.expr(kv.Value, u, text)
		}
	}
}

// positional takes the code of struct literals without field names, alone or in a list.
func (s *source) positional(c *ast.CompositeLit, structs map[string]int, text func(ast.Expr) (string, bool)) {
	place := func(t ast.Expr) int {
		switch t := t.(type) {
		case *ast.Ident:
			if i, ok := structs[t.Name]; ok {
				return i
			}
		case *ast.StructType:
			return codeField(t)
		}
		return -1
	}
	take := func(c *ast.CompositeLit, i int) {
		if i >= 0 && i < len(c.Elts) {
			s.expr(c.Elts[i], use{}, text)
		}
	}
	take(c, place(c.Type))
	if list, ok := c.Type.(*ast.ArrayType); ok {
		for _, e := range c.Elts {
			if inner, ok := e.(*ast.CompositeLit); ok && inner.Type == nil {
				take(inner, place(list.Elt))
			}
		}
	}
}

// codeField returns the place of a struct's field called code, -1 when there is none.
func codeField(t *ast.StructType) int {
	i := 0
	for _, field := range t.Fields.List {
		for _, name := range field.Names {
			if name.Name == "code" || name.Name == "Code" {
				return i
			}
			i++
		}
	}
	return -1
}

// returns takes the strings that a function returns as its result called code.
func (s *source) returns(f *ast.FuncType, body *ast.BlockStmt, text func(ast.Expr) (string, bool)) {
	if f.Results == nil || body == nil {
		return
	}
	places, i := []int(nil), 0
	for _, field := range f.Results.List {
		for _, name := range field.Names {
			if name.Name == "code" {
				places = append(places, i)
			}
			i++
		}
	}
	if len(places) == 0 {
		return
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			for _, p := range places {
				if p < len(n.Results) {
					s.expr(n.Results[p], use{}, text)
				}
			}
		}
		return true
	})
}

func codeParams(f *ast.FuncType) (places []int) {
	i := 0
	for _, field := range f.Params.List {
		for _, name := range field.Names {
			if t, ok := field.Type.(*ast.Ident); ok && t.Name == "string" && name.Name == "code" {
				places = append(places, i)
			}
			i++
		}
		if len(field.Names) == 0 {
			i++
		}
	}
	return places
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}
