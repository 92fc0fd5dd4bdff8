package page

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"timebank/internal/errs"
	"timebank/internal/i18n"
	"timebank/internal/policy"
	"timebank/internal/web/ui"
	"timebank/internal/why"
)

// beyondPages are the folders whose refusals no page and no client can meet: they answer the command line.
var beyondPages = []string{"app", "cli", "replay"}

// refusing are the kinds of errors by which a rule says no to a request that was understood.
var refusing = map[string]errs.Kind{"Refused": errs.Refused, "Forbidden": errs.Forbidden, "Conflict": errs.Conflict, "TooMany": errs.TooMany}

// refusal is one place in the source that refuses.
type refusal struct {
	at, code string
	kind     errs.Kind
	answers  bool
}

// spoken are what the source says about "why?": where it refuses, and the names of the rules and values in its answers.
type spoken struct {
	refusals      []refusal
	rules, values map[string]string
}

// speak reads the source of the domain and of the pages.
func speak(t *testing.T) spoken {
	t.Helper()
	s := spoken{rules: map[string]string{}, values: map[string]string{}}
	files := token.NewFileSet()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains(beyondPages, d.Name()) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || path == "../../store/backup.go" {
			return nil
		}
		f, err := parser.ParseFile(files, path, nil, 0)
		if err == nil {
			s.file(files, f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *spoken) file(files *token.FileSet, f *ast.File) {
	answered := map[*ast.CallExpr]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			s.call(files, n, answered)
		case *ast.CompositeLit:
			if isCall(n.Type, "why", "Value") {
				for _, e := range n.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok && kv.Key.(*ast.Ident).Name == "Name" {
						keep(s.values, kv.Value, files)
					}
				}
			}
		}
		return true
	})
}

// call looks at one call. The outer calls of a chain come before the inner ones, so that an answer is known when its refusal is met.
func (s *spoken) call(files *token.FileSet, c *ast.CallExpr, answered map[*ast.CallExpr]bool) {
	fn, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	if inner, ok := fn.X.(*ast.CallExpr); ok && (fn.Sel.Name == "Because" || fn.Sel.Name == "By" || answered[c]) {
		answered[inner] = true
	}
	switch {
	case isCall(c.Fun, "errs", "New") && len(c.Args) == 2:
		kind, ok := c.Args[0].(*ast.SelectorExpr)
		if !ok || refusing[kind.Sel.Name] == 0 {
			return
		}
		r := refusal{at: files.Position(c.Pos()).String(), kind: refusing[kind.Sel.Name], answers: answered[c]}
		r.code, _ = text(c.Args[1])
		s.refusals = append(s.refusals, r)
	case isCall(c.Fun, "why", "Rule"), fn.Sel.Name == "By" && len(c.Args) == 2:
		keep(s.rules, c.Args[0], files)
	case fn.Sel.Name == "With" && len(c.Args) == 2:
		keep(s.values, c.Args[0], files)
	}
}

func isCall(e ast.Expr, pkg, name string) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return false
	}
	in, ok := sel.X.(*ast.Ident)
	return ok && in.Name == pkg
}

func text(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

func keep(into map[string]string, e ast.Expr, files *token.FileSet) {
	if s, ok := text(e); ok && !strings.HasSuffix(s, ".") {
		into[s] = files.Position(e.Pos()).String()
	}
}

// Every refusal in the source that a page can meet answers "why?", where it is made.
func TestEveryRefusalNamesItsRule(t *testing.T) {
	s := speak(t)
	if len(s.refusals) < 150 {
		t.Fatalf("only %d refusals were found: the scan is blind", len(s.refusals))
	}
	for _, r := range s.refusals {
		if !r.answers {
			t.Errorf("%s refuses with %s and does not say why: Because, or By where the rule is no parameter", r.at, r.code)
		}
	}
}

// Every rule and every value in an answer has words, and no words are left over.
func TestEveryRuleAndValueHasWords(t *testing.T) {
	s := speak(t)
	r := &Request{Lang: i18n.English}
	for rule, at := range s.rules {
		if r.ruleWords(rule) == "" {
			t.Errorf("%s: the rule %s has no words", at, rule)
		}
	}
	for value, at := range s.values {
		if r.valueWords("", value) == value {
			t.Errorf("%s: the value %s has no words", at, value)
		}
	}
	for rule := range ruleWords {
		if s.rules[rule] == "" && !strings.HasPrefix(rule, "limits.") && !strings.HasPrefix(rule, "input.") && !strings.HasPrefix(rule, "identity.session") && !strings.HasPrefix(rule, "record.shown") {
			t.Errorf("nothing in the source names the rule %s", rule)
		}
	}
	t.Logf("%d rules, %d values", len(s.rules), len(s.values))
}

// Each refusal, told as a page of its own and above a form, in both languages, has the one component with rule, version, values and who can change it.
func TestEveryRefusalIsToldWithItsWhy(t *testing.T) {
	kinds := map[string]errs.Kind{}
	for _, r := range speak(t).refusals {
		if r.code != "" {
			kinds[r.code] = r.kind
		}
	}
	for _, k := range []errs.Kind{errs.KindInvalid, errs.Unauthenticated, errs.NotFound} {
		kinds["kind."+k.String()] = k
	}
	for _, lang := range i18n.Langs() {
		r := &Request{Site: &Site{Log: slog.New(slog.DiscardHandler)}, Lang: lang}
		for _, code := range slices.Sorted(maps.Keys(kinds)) {
			err := errs.New(kinds[code], code)
			if refusing := slices.Contains(slices.Collect(maps.Values(refusing)), kinds[code]); refusing {
				err = err.Because(why.Rule("account.cap", "v7", "").With("account.cap", "1500h").With("balance", "1490h"))
			}
			told := r.Tell(err)
			p := ui.Page{Lang: lang}
			for where, render := range map[string]func(*strings.Builder) error{
				"page": func(b *strings.Builder) error {
					return ui.Trouble(p, told.Text, told.Faults, told.Why, "r").Render(context.Background(), b)
				},
				"form": func(b *strings.Builder) error {
					p := p
					p.Refused = &ui.Refused{Text: told.Text, Why: told.Why}
					return ui.Shell(p).Render(context.Background(), b)
				},
			} {
				var b strings.Builder
				if err := render(&b); err != nil {
					t.Fatal(err)
				}
				_, box, found := strings.Cut(b.String(), `<details class="why">`)
				box, _, _ = strings.Cut(box, "</details>")
				want := []string{p.T("page.why.rule"), p.T("page.why.version"), p.T("page.why.owner")}
				if told.Why != nil {
					want = append(want, told.Why.Words, told.Why.Owner)
					for _, v := range told.Why.Values {
						want = append(want, v.Name, v.Value)
					}
				}
				for _, w := range want {
					if !found || w == "" || !strings.Contains(box, w) {
						t.Errorf("%s, %s, %s: want %q in %q", lang, where, code, w, box)
					}
				}
			}
		}
	}
}

// What a rule that is a parameter does not say itself, its registration does: its words and its owner.
func TestTheWhyOfAParameter(t *testing.T) {
	r := &Request{Lang: i18n.English}
	w := r.WhyOf(&why.Why{Rule: "account.cap", Version: "v1", Values: []why.Value{{Name: "account.cap", Value: "1500h"}, {Name: "until", Value: "2026-01-02T03:04:05Z"}}})
	p, _ := policy.ParamOf("account.cap")
	if w.Words != p.EN || w.Owner != "the city" || w.Values[0].Name != "Is set to" || strings.Contains(w.Values[1].Value, "T") {
		t.Errorf("got %+v", w)
	}
	// What a setting or a list is called inside, nobody is shown.
	for value, want := range map[why.Value]string{{Name: "order.funding", Value: "grant, saved, gift"}: "this month's public hours → your own saved hours → hours given to you",
		{Name: "sources", Value: "grant saved"}: "this month's public hours → your own saved hours", {Name: "waits_for", Value: "follow_up"}: "a follow-up",
		{Name: "time.rounding", Value: "down"}: "down", {Name: "time.exclude_travel", Value: "true"}: "yes", {Name: "undo.window", Value: "10m"}: "10 min"} {
		if got := r.WhyOf(&why.Why{Rule: "order.funding", Values: []why.Value{value}}).Values[0].Value; got != want {
			t.Errorf("%s %s is told as %q, want %q", value.Name, value.Value, got, want)
		}
	}
	if r.WhyOf(nil) != nil || r.WhyOf(kindWhy(errs.Internal)) != nil {
		t.Error("what is no refusal has an answer")
	}
}
