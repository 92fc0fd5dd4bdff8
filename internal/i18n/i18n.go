// Package i18n owns the sentences that people read for a code: one template a code and language, in plain and kind words.
//
// It must never decide anything, never know a business type, and never show a bare code to a person. A test holds the catalogues complete:
// every code in the source has its sentence in every language, and no sentence is left over. What the pages say has a file for each door.
package i18n

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"strings"

	"github.com/BurntSushi/toml"
)

//go:embed *.toml page/*.toml
var files embed.FS

// The languages. Chinese is what a browser gets that asks for neither.
const (
	Chinese = "zh-CN"
	English = "en"
)

// Langs lists the languages, the default first.
func Langs() []string { return []string{Chinese, English} }

// fallback is the code whose sentence stands in for a code without one.
const fallback = "internal"

var catalogues = func() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, lang := range Langs() {
		all[lang] = map[string]string{}
		names, err := fs.Glob(files, "page/*."+lang+".toml")
		if err != nil {
			panic(err)
		}
		for _, name := range append(names, lang+".toml") {
			text, err := files.ReadFile(name)
			if err != nil {
				panic(err)
			}
			part, err := parse(string(text))
			if err != nil {
				panic(fmt.Sprintf("i18n: %s: %v", name, err))
			}
			maps.Copy(all[lang], part)
		}
	}
	return all
}()

// parse reads a catalogue: a table for each area, a sentence for each code.
func parse(text string) (map[string]string, error) {
	var tree map[string]any
	if _, err := toml.Decode(text, &tree); err != nil {
		return nil, err
	}
	flat := map[string]string{}
	return flat, flatten(flat, "", tree)
}

func flatten(into map[string]string, prefix string, tree map[string]any) error {
	for name, v := range tree {
		switch v := v.(type) {
		case string:
			into[prefix+name] = v
		case map[string]any:
			if err := flatten(into, prefix+name+".", v); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s%s is not a sentence", prefix, name)
		}
	}
	return nil
}

// Text returns the sentence of a code in the language, with {name} replaced by the value that follows "name" in params: alternating names
// and values, as errs.Field carries them. {name|visit|visits} is the value and the noun that goes with it. A language without a catalogue
// reads as the default, a code without a sentence as "internal", and a name without a value is left out.
func Text(lang, code string, params ...any) string {
	catalogue, ok := catalogues[lang]
	if !ok {
		catalogue = catalogues[Chinese]
	}
	template, ok := catalogue[code]
	if !ok {
		template = catalogue[fallback]
	}
	if !strings.Contains(template, "{") {
		return template
	}
	var b strings.Builder
	for {
		before, rest, open := strings.Cut(template, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !open || !closed {
			b.WriteString(template)
			return b.String()
		}
		b.WriteString(before)
		name, nouns, counts := strings.Cut(name, "|")
		for i := 0; i+1 < len(params); i += 2 {
			if params[i] == name {
				value := fmt.Sprint(params[i+1])
				if b.WriteString(value); counts {
					b.WriteString(" " + noun(nouns, value))
				}
				break
			}
		}
		template = after
	}
}

// noun is the one of "visit|visits" that goes with a number.
func noun(nouns, number string) string {
	one, more, _ := strings.Cut(nouns, "|")
	if number == "1" {
		return one
	}
	return more
}

// Has reports whether the code has a sentence of its own.
func Has(code string) bool {
	_, ok := catalogues[Chinese][code]
	return ok
}

// Match returns the language of [Langs] that an Accept-Language header prefers, the default when it names none of them. Every kind of Chinese
// and every kind of English is met by the one catalogue of it.
func Match(acceptLanguage string) string {
	best, bestWeight := Chinese, 0
	for part := range strings.SplitSeq(acceptLanguage, ",") {
		tag, params, _ := strings.Cut(part, ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		lang, ok := map[string]string{"zh": Chinese, "en": English, "*": Chinese}[primary]
		if w := weight(params); ok && w > bestWeight {
			best, bestWeight = lang, w
		}
	}
	return best
}

// weight reads "q=0.8" in thousandths: 1000 without one, 0 (never) for what is not a weight.
func weight(params string) int {
	value, ok := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q=")
	if !ok {
		return 1000
	}
	whole, digits, _ := strings.Cut(value, ".")
	if whole == "1" && strings.Trim(digits, "0") == "" {
		return 1000
	}
	if whole != "0" || len(digits) > 3 {
		return 0
	}
	n := 0
	for _, c := range []byte((digits + "000")[:3]) {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}
