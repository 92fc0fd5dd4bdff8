package i18n

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var placeholder = regexp.MustCompile(`\{([a-z_]+)(?:\|[a-z -]+\|[a-z -]+)?\}`)

func names(template string) (list []string) {
	for _, m := range placeholder.FindAllStringSubmatch(template, -1) {
		list = append(list, m[1])
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func TestEveryCodeHasItsSentence(t *testing.T) {
	found := scanSource(t, "../..")
	if len(found) < 50 {
		t.Fatalf("only %d codes were found in the source: the scan is blind", len(found))
	}
	for _, lang := range Langs() {
		catalogue := catalogues[lang]
		for _, code := range slices.Sorted(maps.Keys(found)) {
			template, ok := catalogue[code]
			if !ok {
				t.Errorf("%s: no sentence for %s (%s)", lang, code, found[code][0].at)
				continue
			}
			for _, u := range found[code] {
				for _, name := range names(template) {
					if u.known && !slices.Contains(u.params, name) {
						t.Errorf("%s: %s speaks of {%s}, which %s does not give", lang, code, name, u.at)
					}
				}
			}
		}
		for _, code := range slices.Sorted(maps.Keys(catalogue)) {
			if len(found[code]) == 0 {
				t.Errorf("%s: nothing in the source says %s", lang, code)
			}
		}
	}
}

// A relative, a volunteer and an old person are mostly women: what is said of anybody does not take them for men.
func TestNobodyIsTakenForAMan(t *testing.T) {
	other := strings.NewReplacer("其他", "", "他人", "")
	for code, text := range catalogues[Chinese] {
		if strings.ContainsAny(strings.ReplaceAll(other.Replace(text), "他们", ""), "他她") {
			t.Errorf("%s: %s", code, text)
		}
	}
}

func TestSentencesAgree(t *testing.T) {
	for code, zh := range catalogues[Chinese] {
		en := catalogues[English][code]
		if got, want := names(en), names(zh); !slices.Equal(got, want) {
			t.Errorf("%s: English speaks of %v, Chinese of %v", code, got, want)
		}
		for lang, text := range map[string]string{Chinese: zh, English: en} {
			if rest := placeholder.ReplaceAllString(text, ""); strings.ContainsAny(rest, "{}") || strings.TrimSpace(text) != text || text == "" {
				t.Errorf("%s: %s is badly formed: %q", lang, code, text)
			}
		}
	}
}

func TestText(t *testing.T) {
	saved := catalogues
	defer func() { catalogues = saved }()
	catalogues = map[string]map[string]string{
		Chinese: {"a.b": "最多{most}个，现有{got}个。", "internal": "系统出了点问题。"},
		English: {"a.b": "At most {most}, there are {got}.", "internal": "Something went wrong.", "open": "{never closed", "count": "{n|visit|visits} in {d|day|days}"},
	}
	for _, c := range []struct {
		lang, code string
		params     []any
		want       string
	}{
		{"en", "a.b", []any{"got", 5, "most", "3"}, "At most 3, there are 5."},
		{"zh-CN", "a.b", []any{"most", 3, "got", 5}, "最多3个，现有5个。"},
		{"fr", "a.b", []any{"most", 3}, "最多3个，现有个。"},
		{"en", "a.b", []any{"most"}, "At most , there are ."},
		{"en", "x.y", nil, "Something went wrong."},
		{"en", "count", []any{"n", 1, "d", "31"}, "1 visit in 31 days"},
		{"en", "open", []any{"never", 1}, "{never closed"},
		{"en", "a.b", []any{"most", "{got}", "got", 1}, "At most {got}, there are 1."},
	} {
		if got := Text(c.lang, c.code, c.params...); got != c.want {
			t.Errorf("Text(%s, %s, %v) = %q, want %q", c.lang, c.code, c.params, got, c.want)
		}
	}
}

func TestMatch(t *testing.T) {
	for header, want := range map[string]string{
		"": Chinese, "en": English, "en-GB,en;q=0.9,zh;q=0.8": English, "zh-TW": Chinese, "fr": Chinese, "fr, en;q=0.3": English,
		"zh;q=0.5, en;q=0.501": English, "en;q=0, zh;q=0.1": Chinese, "*": Chinese, "EN-us ; q = 1.0": English, "en;q=2": Chinese, "en;q=x": Chinese,
		"en;q=0.0001, zh;q=0.001": Chinese,
	} {
		if got := Match(header); got != want {
			t.Errorf("Match(%q) = %s, want %s", header, got, want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("en-GB,en;q=0.9,zh;q=0.8")
	f.Fuzz(func(t *testing.T, header string) {
		if got := Match(header); !slices.Contains(Langs(), got) {
			t.Errorf("Match(%q) = %s", header, got)
		}
	})
}
