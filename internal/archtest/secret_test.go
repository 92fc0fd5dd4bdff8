package archtest

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// guarded are the functions that hold what somebody shows against a secret, each with what that is. They compare in constant time.
var guarded = map[string]string{
	"internal/signin/signin.go same":           "what the functions of signing in compare by: tickets, codes, states, nonces, words of the day",
	"internal/signin/signin.go peek":           "the secret of a ticket",
	"internal/signin/code.go CheckCode":        "a code by text message",
	"internal/signin/staff.go Confirm":         "the code that went to an invited person's telephone",
	"internal/signin/openid.go Return":         "the state of a departure to the city's sign-in",
	"internal/signin/openid.go redeem":         "the nonce of a departure",
	"internal/signin/card.go UseCard":          "the word of the day of a card",
	"internal/signin/password.go matches":      "a password",
	"internal/signin/totp.go totpMatch":        "the digits of an authenticator",
	"internal/notify/contact.go runConfirm":    "the code that went to an address",
	"internal/order/rules.go presence":         "the six digits that the recipient tells the volunteer",
	"internal/paper/passbook.go CheckLine":     "the keyed code of a printed line",
	"internal/carrier/report.go ReportHandler": "the token of whoever reports a delivery",
	"internal/app/keys.go Save":                "a key with the one that lies in the folder already",
}

// secretive are the packages that hold or are shown secrets. Elsewhere a code is that of a service, a region or an error.
var secretive = list(`internal/app internal/carrier internal/certificate internal/gate internal/httpapi internal/identity internal/notary internal/notify
	internal/order internal/paper internal/pii internal/privacy internal/signin internal/store internal/web/page internal/web/entry`)

// plain are the functions whose comparison only looks like one of secrets, each with what it compares.
var plain = map[string]string{
	"internal/app/verify.go walkTrail":         "digests of the trail with those made anew from it",
	"internal/carrier/wechat.go get":           "our own token with the one that WeChat has just refused",
	"internal/carrier/wechat.go post":          "a status of HTTP",
	"internal/httpapi/training.go listCourses": "codes of courses",
	"internal/identity/proposal.go open":       "the digest of a proposed command with that of the one to be carried out",
	"internal/notary/key.go OpenKey":           "the form of a key that its owner gives",
	"internal/notary/service.go Receipt":       "digests of the public log",
	"internal/store/errors.go mapSQLite":       "codes of the driver",
	"internal/store/idempotency.go seen":       "the digest of an input with that of an earlier one of the same actor",
}

// secretName is how values are called that nobody may find out by trying.
var secretName = regexp.MustCompile(`(?i)(code|digest|hash|token|secret|password|totp|otp|hotp|nonce|verifier|binding|challenge|mac|word|signature|fingerprint)$`)

// comparers are the functions of the standard library that stop at the first difference.
var comparers = map[string]bool{"bytes.Equal": true, "bytes.Compare": true, "slices.Equal": true, "slices.Compare": true, "strings.EqualFold": true, "strings.Compare": true,
	"cmp.Compare": true, "reflect.DeepEqual": true}

// lastName is the name by which an expression says what it is.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.IndexExpr:
		return lastName(e.X)
	case *ast.SliceExpr:
		return lastName(e.X)
	case *ast.ParenExpr:
		return lastName(e.X)
	case *ast.StarExpr:
		return lastName(e.X)
	case *ast.CallExpr:
		// string(x) and []byte(x) are x, as is a function that makes x.
		if _, slice := e.Fun.(*ast.ArrayType); len(e.Args) == 1 && (slice || lastName(e.Fun) == "string") {
			return lastName(e.Args[0])
		}
		return lastName(e.Fun)
	}
	return ""
}

// known reports whether an expression is written down in the source, such as "" and nil: that is compared with no secret.
func known(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return e.Name == "nil" || e.Name == "true" || e.Name == "false"
	}
	return false
}

// secretly returns the places at which a function compares something that is called like a secret in a way that takes longer the more of it is right.
func secretly(fn *ast.FuncDecl) (places []ast.Node) {
	among := func(n ast.Node, all ...ast.Expr) {
		found := false
		for _, e := range all {
			if known(e) {
				return
			}
			found = found || secretName.MatchString(lastName(e))
		}
		if found {
			places = append(places, n)
		}
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				among(n, n.X, n.Y)
			}
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && len(n.Args) == 2 && comparers[lastName(s.X)+"."+s.Sel.Name] {
				among(n, n.Args...)
			}
		case *ast.SwitchStmt:
			for _, c := range n.Body.List {
				for _, e := range c.(*ast.CaseClause).List {
					if n.Tag != nil && secretName.MatchString(lastName(n.Tag)) {
						among(e, n.Tag, e)
					}
				}
			}
		}
		return true
	})
	return places
}

// constant reports whether a function calls one of those that look at every byte.
func constant(fn *ast.FuncDecl) (yes bool) {
	ast.Inspect(fn, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			switch f := c.Fun.(type) {
			case *ast.SelectorExpr:
				yes = yes || lastName(f.X) == "subtle" && f.Sel.Name == "ConstantTimeCompare" || lastName(f.X) == "hmac" && f.Sel.Name == "Equal"
			case *ast.Ident:
				yes = yes || f.Name == "same"
			}
		}
		return true
	})
	return yes
}

func functions(f File) (all []*ast.FuncDecl) {
	for _, d := range f.Syntax.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			all = append(all, fn)
		}
	}
	return all
}

// TestSecretsAreComparedInConstantTime keeps every comparison of something that is called a code, a digest, a token or the like on one of the two
// lists, and holds the first of them to crypto/subtle and hmac.Equal.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		if rel, _ := strings.CutPrefix(p.ImportPath, module+"/"); !slices.Contains(secretive, rel) {
			continue
		}
		for _, f := range parse(t, p) {
			if f.test() {
				continue
			}
			for _, fn := range functions(f) {
				place := f.Path + " " + fn.Name.Name
				if guarded[place] != "" {
					if seen[place] = true; !constant(fn) {
						t.Errorf("%s: %s compares %s, and not in constant time", f.at(fn), fn.Name.Name, guarded[place])
					}
				} else if constant(fn) {
					t.Errorf("%s: %s compares in constant time and is not on the list", f.at(fn), fn.Name.Name)
				}
				for _, n := range secretly(fn) {
					if seen[place] = true; plain[place] == "" {
						t.Errorf("%s: %s compares what is called like a secret with an operator that stops at the first difference", f.at(n), fn.Name.Name)
					}
				}
			}
		}
	}
	for _, list := range []map[string]string{guarded, plain} {
		for place := range list {
			if !seen[place] {
				t.Errorf("%s is on the list and compares nothing", place)
			}
		}
	}
}

// A check that finds nothing anywhere would pass as well.
func TestAPlantedComparisonIsFound(t *testing.T) {
	f := source(t, "internal/signin/planted.go", `package signin
func equal(code, typed string) bool { return code == typed }
func differs(t ticket, shown []byte) bool { return string(t.digest[:]) != string(shown) }
func bytesEqual(a, token []byte) bool { return bytes.Equal(a, token) }
func made(secret []byte, typed string) bool { return hotp(secret, 1) == typed }
func chooses(word, said string) bool { switch word { case said: return true }; return false }
func empty(code string) bool { return code == "" }
func other(a, b string) bool { return a == b }
func right(code, typed []byte) bool { return subtle.ConstantTimeCompare(code, typed) == 1 }
`)
	for _, fn := range functions(f) {
		wrong := fn.Name.Name != "empty" && fn.Name.Name != "other" && fn.Name.Name != "right"
		if got := len(secretly(fn)) > 0; got != wrong || constant(fn) != (fn.Name.Name == "right") {
			t.Errorf("%s: found %t, in constant time %t", fn.Name.Name, got, constant(fn))
		}
	}
}
