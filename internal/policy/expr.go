package policy

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/google/cel-go/cel"
)

// Disability is a recipient's degree of disability as assessed.
type Disability string

// The degrees of disability.
const (
	DisabilityNone Disability = "none"
	DisabilityHalf Disability = "half"
	DisabilityFull Disability = "full"
)

// Attributes are what a rule over a person may look at. Age is in whole years.
type Attributes struct {
	Age             int
	LivesAlone      bool
	ChildrenNear    bool
	Allowance       bool // receives the minimum living allowance
	Disability      Disability
	RuralLeftBehind bool
	Hardship        bool
}

// Expr is a compiled yes-or-no rule over Attributes, written in CEL. The zero value holds for nobody.
type Expr struct {
	src string
	prg cel.Program
}

// String returns the rule as written.
func (e Expr) String() string { return e.src }

const (
	exprMostRunes = 1000 // a rule that a person can still read
	exprMostCost  = 1000 // CEL cost units; the published rule takes about 20
)

// exprEnv has the operators and functions of CEL over the attributes alone; without macros there are no loops.
var exprEnv = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewCustomEnv(
		cel.StdLib(),
		cel.ClearMacros(),
		cel.ParserExpressionSizeLimit(4*exprMostRunes),
		cel.ParserRecursionLimit(50),
		cel.Variable("age", cel.IntType),
		cel.Variable("lives_alone", cel.BoolType),
		cel.Variable("children_near", cel.BoolType),
		cel.Variable("allowance", cel.BoolType),
		cel.Variable("disability", cel.StringType),
		cel.Variable("rural_left_behind", cel.BoolType),
		cel.Variable("hardship", cel.BoolType),
	)
})

// CompileExpr type-checks and compiles a rule, and tries it on a grid of people so that one that fails at run time or costs too much is
// refused when it is written. The error says what is wrong and where.
func CompileExpr(src string) (Expr, error) {
	if utf8.RuneCountInString(src) > exprMostRunes {
		return Expr{}, fmt.Errorf("longer than %d characters", exprMostRunes)
	}
	if !utf8.ValidString(src) || strings.ContainsFunc(src, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return Expr{}, errors.New("not plain text")
	}
	env, err := exprEnv()
	if err != nil {
		return Expr{}, fmt.Errorf("build the CEL environment: %w", err)
	}
	ast, issues := env.Compile(src)
	if err := issues.Err(); err != nil {
		return Expr{}, err
	}
	if ast.OutputType() != cel.BoolType {
		return Expr{}, fmt.Errorf("gives %s, want a yes-or-no rule (bool)", ast.OutputType())
	}
	prg, err := env.Program(ast, cel.CostLimit(exprMostCost), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return Expr{}, err
	}
	e := Expr{src: src, prg: prg}
	return e, e.try()
}

func (e Expr) try() error {
	yes := []bool{false, true}
	for _, age := range []int{0, 18, 59, 60, 79, 80, 100} {
		for _, d := range []Disability{DisabilityNone, DisabilityHalf, DisabilityFull} {
			for bits := range 32 {
				a := Attributes{Age: age, Disability: d, LivesAlone: yes[bits&1], ChildrenNear: yes[bits>>1&1],
					Allowance: yes[bits>>2&1], RuralLeftBehind: yes[bits>>3&1], Hardship: yes[bits>>4&1]}
				if _, err := e.Holds(a); err != nil {
					return fmt.Errorf("fails for %+v: %w", a, err)
				}
			}
		}
	}
	return nil
}

// Holds reports whether the rule holds for a person. An empty Disability counts as none. An error is a rule that divides by zero or
// the like for a value that the compiler's grid did not contain.
func (e Expr) Holds(a Attributes) (bool, error) {
	if e.prg == nil {
		return false, nil
	}
	if a.Disability == "" {
		a.Disability = DisabilityNone
	}
	out, _, err := e.prg.Eval(map[string]any{
		"age": a.Age, "lives_alone": a.LivesAlone, "children_near": a.ChildrenNear, "allowance": a.Allowance,
		"disability": string(a.Disability), "rural_left_behind": a.RuralLeftBehind, "hardship": a.Hardship,
	})
	if err != nil {
		return false, err
	}
	holds, ok := out.Value().(bool)
	if !ok {
		return false, fmt.Errorf("rule gave %v, want bool", out)
	}
	return holds, nil
}

// rule is the cell of an expression over a person. The default is compiled on first use.
func rule(at func(*Values) *Expr, def string) cell {
	const names = "age, lives_alone, children_near, allowance, disability (none, half, full), rural_left_behind, hardship"
	form := Text{"结果为是或否的 CEL 表达式，可用 " + names, "CEL expression, true or false, over " + names}
	return &ruleCell{def: sync.OnceValue(func() Expr {
		e, err := CompileExpr(def)
		if err != nil {
			panic(fmt.Sprintf("policy: default rule: %v", err))
		}
		return e
	}), scalar: scalar[Expr]{at: at, form: form,
		literal: func(e Expr) string { return quote(e.src) },
		human:   func(e Expr) string { return e.src },
		parse: func(raw any) (Expr, *bad) {
			s, ok := raw.(string)
			if !ok {
				return Expr{}, notA(form)
			}
			e, err := CompileExpr(strings.TrimSpace(s))
			if err != nil {
				return Expr{}, &bad{"policy.bad_expression", []any{"reason", err.Error()}}
			}
			return e, nil
		}}}
}

type ruleCell struct {
	scalar[Expr]
	def func() Expr
}

func (c *ruleCell) start(v *Values) bool { *c.at(v) = c.def(); return true }
