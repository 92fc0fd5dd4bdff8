package catalog

import (
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/BurntSushi/toml"

	"timebank/internal/errs"
	"timebank/internal/why"
)

//go:embed data/safety.toml
var safetyTOML string

// safety is what no city's item may go below: forbidden kinds of work and the least that a level of risk asks for.
type safety struct {
	Version   string
	Forbidden []struct {
		Kind   string
		ZH, EN []string
		en     *regexp.Regexp
	}
	Risk []struct {
		Level                        Risk
		Volunteers                   int
		Course, Agreement, Insurance bool
	}
	Category []struct {
		Name Category
		Risk Risk
	}
}

var rules = mustSafety(safetyTOML)

func mustSafety(text string) *safety {
	var s safety
	meta, err := toml.Decode(text, &s)
	if err != nil {
		panic(err)
	}
	if extra := meta.Undecoded(); len(extra) > 0 {
		panic(fmt.Sprintf("catalog: safety.toml holds the unknown key %s", extra[0]))
	}
	for i := range s.Forbidden {
		f := &s.Forbidden[i]
		quoted := make([]string, len(f.EN))
		for j, w := range f.EN {
			// Words of a phrase may stand apart by any white space or a hyphen, so that a line break does not hide it.
			quoted[j] = strings.ReplaceAll(regexp.QuoteMeta(w), " ", `[\s-]+`)
		}
		f.en = regexp.MustCompile(`(?i)\b(?:` + strings.Join(quoted, "|") + `)\b`)
	}
	return &s
}

// find returns the first forbidden word of a text and the kind of work it stands for.
func (s *safety) find(zh, en string) (kind, word string, found bool) {
	// White space between two characters of a Chinese word does not change what people read.
	packed := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, zh)
	for i := range s.Forbidden {
		f := &s.Forbidden[i]
		for _, w := range f.ZH {
			if strings.Contains(packed, w) {
				return f.Kind, w, true
			}
		}
		if w := f.en.FindString(en); w != "" {
			return f.Kind, w, true
		}
		// A Chinese text may name the thing in English and the other way round.
		if w := f.en.FindString(zh); w != "" {
			return f.Kind, w, true
		}
	}
	return "", "", false
}

// judge refuses a well-formed spec that asks for forbidden work or for less care than its risk needs. The error names every bad
// field and, as why, the first rule that was broken.
func (s *safety) judge(spec Spec) error {
	if err := s.forbidden(spec); err != nil {
		return err
	}
	return s.least(spec)
}

func (s *safety) forbidden(spec Spec) error {
	var fields []errs.Field
	reason := why.Rule("catalog.forbidden", s.Version, "city")
	look := func(path, zh, en string) {
		kind, word, found := s.find(zh, en)
		if !found {
			return
		}
		fields = append(fields, errs.Field{Path: path, Code: "catalog.forbidden_words", Params: []any{"word", word, "kind", kind}})
		reason = reason.With(kind, word)
	}
	look("name_zh", spec.NameZH, "")
	look("name_en", "", spec.NameEN)
	look("description_zh", spec.DescriptionZH, "")
	look("description_en", "", spec.DescriptionEN)
	for i, p := range spec.Steps {
		look("steps."+strconv.Itoa(i), p.ZH, p.EN)
	}
	for i, p := range spec.Outcomes {
		look("outcomes."+strconv.Itoa(i), p.ZH, p.EN)
	}
	if len(fields) == 0 {
		return nil
	}
	e := errForbidden.Because(reason)
	e.Fields = fields
	return e
}

func (s *safety) least(spec Spec) error {
	var fields []errs.Field
	reason := why.Rule("catalog.safety", s.Version, "city").With("risk", string(spec.Risk))
	bad := func(path, code, want string) {
		fields = append(fields, errs.Field{Path: path, Code: code, Params: []any{"want", want}})
		reason = reason.With(path, want)
	}
	for _, c := range s.Category {
		if c.Name == spec.Category && c.Risk != spec.Risk {
			bad("risk", "catalog.risk_too_low", string(c.Risk))
		}
	}
	for _, r := range s.Risk {
		if r.Level != spec.Risk {
			continue
		}
		if spec.Volunteers < r.Volunteers {
			bad("volunteers", "catalog.too_few_volunteers", strconv.Itoa(r.Volunteers))
		}
		if r.Course && spec.Course == "" {
			bad("course", "catalog.course_needed", "1")
		}
		if r.Agreement && !spec.Agreement {
			bad("agreement", "catalog.agreement_needed", "1")
		}
		if r.Insurance && !spec.Insurance {
			bad("insurance", "catalog.insurance_needed", "1")
		}
	}
	if len(fields) == 0 {
		return nil
	}
	e := errUnsafe.Because(reason)
	e.Fields = fields
	return e
}
