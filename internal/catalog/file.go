package catalog

import (
	_ "embed"
	"fmt"
	"sync"

	"github.com/BurntSushi/toml"

	"timebank/internal/errs"
	"timebank/internal/hours"
)

//go:embed data/nanjing.toml
var nanjingTOML string

// words are an item's texts in one language.
type words struct {
	Name, Description, Never string
}

// entry is one item of a catalogue file.
type entry struct {
	Code           string
	Category       Category
	Class          Class
	Urgencies      []Urgency
	Risk           Risk
	Volunteers     int
	Course         string
	FamilyPresence bool `toml:"family_presence"`
	Agreement      bool
	Insurance      bool
	Shortest       int64
	Usual          int64
	Longest        int64
	From, Until    int
	ZH, EN         words
	Steps          []Point
	Outcomes       []Point
}

// Parse reads a catalogue from TOML, as data/nanjing.toml shows it. Minutes are whole numbers, and an unknown key is refused. The error is
// KindInvalid (catalog.file_invalid); what the items say is checked when they are published.
func Parse(text string) ([]Spec, error) {
	var file struct{ Item []entry }
	meta, err := toml.Decode(text, &file)
	if err != nil {
		return nil, errs.Invalid("catalog.file_invalid", errs.Field{Path: "file", Code: "catalog.file_malformed"}).With(err)
	}
	var f errs.Fields
	for _, k := range meta.Undecoded() {
		f.Add(k.String(), "catalog.key_unknown")
	}
	specs := make([]Spec, len(file.Item))
	for n, e := range file.Item {
		specs[n] = Spec{Code: e.Code, Category: e.Category, Class: e.Class, Urgencies: e.Urgencies,
			NameZH: e.ZH.Name, NameEN: e.EN.Name, DescriptionZH: e.ZH.Description, DescriptionEN: e.EN.Description,
			NeverZH: e.ZH.Never, NeverEN: e.EN.Never, Risk: e.Risk, Volunteers: e.Volunteers, Course: e.Course,
			FamilyPresence: e.FamilyPresence, Agreement: e.Agreement, Insurance: e.Insurance,
			From: e.From, Until: e.Until, Steps: e.Steps, Outcomes: e.Outcomes}
		for _, m := range []struct {
			path string
			from int64
			to   *hours.Minutes
		}{{"shortest", e.Shortest, &specs[n].Shortest}, {"usual", e.Usual, &specs[n].Usual}, {"longest", e.Longest, &specs[n].Longest}} {
			v, err := hours.Try(m.from)
			f.AddErr(fmt.Sprintf("item.%d.%s", n, m.path), err)
			*m.to = v
		}
	}
	return specs, f.Err("catalog.file_invalid")
}

var nanjing = sync.OnceValue(func() []Spec {
	specs, err := Parse(nanjingTOML)
	if err != nil {
		panic(err)
	}
	return specs
})

// Default returns the items of the embedded catalogue. The caller must not change their lists.
func Default() []Spec { return append([]Spec(nil), nanjing()...) }
