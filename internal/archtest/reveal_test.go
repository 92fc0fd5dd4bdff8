package archtest

import (
	"go/ast"
	"strings"
	"testing"
)

// reveals are the functions that take a name, a number or an address out of its closed type, each with why it may. What shows an identity
// number, a full address or a fact about health to anybody but the person writes an entry into the audit trail first.
var reveals = map[string]string{
	"internal/member/search.go findableBy":          "into keyed marks",
	"internal/member/look.go LookUp":                "into the blind index; the look is in the trail",
	"internal/member/look.go ByPhone":               "into the blind index",
	"internal/member/look.go ByIDNumber":            "into the blind index",
	"internal/member/rules.go decideRegister":       "asks whether a name can be printed",
	"internal/member/person.go runRegister":         "seals it",
	"internal/member/person.go correctOne":          "seals it",
	"internal/member/personal.go PersonalData":      "the person's own copy; the export is in the trail",
	"internal/geocode/geocode.go question":          "to the service that the installation names, without unit and room; the question is in the trail",
	"internal/notify/notice.go way":                 "to whom a notice goes",
	"internal/signin/code.go AskCode":               "to whom the code goes",
	"internal/signin/staff.go sendOwn":              "to whom the code goes",
	"internal/signin/code.go holders":               "sealed in the ticket of a choice",
	"internal/httpapi/person.go getPerson":          "member.Details has written the look",
	"internal/web/desk/call.go FullRecord":          "member.Details has written the look",
	"internal/web/desk/call.go twin":                "compared with the other records of a search, never shown",
	"internal/web/volunteer/visit.go visitOf":       "the name of whom one visits",
	"internal/web/volunteer/visit.go doorOf":        "on the day, for who comes alone; the look is written in the same transaction",
	"internal/web/volunteer/team.go Team":           "the members of a team, for whoever answers for it and took them in",
	"internal/web/volunteer/passbook.go kinOptions": "the relatives whom the reader and they themselves confirmed, to the reader",
	"internal/web/volunteer/passbook.go uses":       "the same, for those for whom the reader acts",
	"internal/member/point.go checkPoint":           "a service point's number is public",
	"internal/web/page/ask.go Comers":               "the name of who comes, for whom it comes to and for relatives who may see it",
	"internal/web/elder/visit.go messageViews":      "the name of the relative who wrote",
	"internal/web/elder/give.go whom":               "the names of one's relatives",
	"internal/web/elder/family.go Family":           "the names of one's relatives and of who asks to be one",
	"internal/paper/passbook.go draw":               "on the person's own passbook; the printing is in the trail",
	"internal/paper/card.go drawCard":               "on the person's own card; the printing is in the trail",
	"internal/certificate/service.go state":         "on a certificate, when its holder chose the whole name",
	"internal/web/family/family.go people":          "the names of one's relatives",
}

// TestNamesComeOutWhereTheListSaysSo keeps every place that reveals what identifies a person on the list above.
func TestNamesComeOutWhereTheListSaysSo(t *testing.T) {
	seen := map[string]bool{}
	var all []File
	for _, p := range packages(t) {
		all = append(all, parse(t, p)...)
	}
	for _, f := range all {
		if f.test() || strings.HasPrefix(f.Path, "internal/pii/") {
			continue
		}
		for _, d := range f.Syntax.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Reveal" {
					place := f.Path + " " + fn.Name.Name
					if seen[place] = true; reveals[place] == "" {
						t.Errorf("%s: %s takes personal data out of its type and is not on the list", f.at(s), fn.Name.Name)
					}
				}
				return true
			})
		}
	}
	for place := range reveals {
		if !seen[place] {
			t.Errorf("%s is on the list and reveals nothing", place)
		}
	}
}
