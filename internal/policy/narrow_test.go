package policy

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawText draws a literal for a parameter, near enough to its range that most are accepted.
func drawText(t *rapid.T, p Param) string {
	label := p.Key
	form := p.Shape().EN
	switch {
	case strings.HasPrefix(form, "whole number"), strings.HasPrefix(form, "whole minutes"):
		return strconv.Itoa(rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(0, 6000)).Draw(t, label))
	case strings.HasPrefix(form, "text \""):
		return fmt.Sprintf("%q", strconv.Itoa(rapid.IntRange(0, 60*24*90).Draw(t, label))+"m")
	case strings.HasPrefix(form, "one of "):
		return fmt.Sprintf("%q", rapid.SampledFrom(strings.Split(strings.TrimPrefix(form, "one of "), ", ")).Draw(t, label))
	case form == "true or false":
		return strconv.FormatBool(rapid.Bool().Draw(t, label))
	case strings.HasPrefix(form, "list of "):
		choices, _, _ := strings.Cut(strings.TrimPrefix(form, "list of "), " (")
		picked := rapid.SliceOfDistinct(rapid.SampledFrom(strings.Split(choices, ", ")), rapid.ID[string]).Draw(t, label)
		for i := range picked {
			picked[i] = strconv.Quote(picked[i])
		}
		return "[" + strings.Join(picked, ", ") + "]"
	}
	return ""
}

// drawDraft draws a draft that parses, setting some parameters one by one and dropping those that are refused.
func drawDraft(t *rapid.T, start Draft, most int, parse func(text string) (Draft, error)) Draft {
	lines := ""
	out := start
	for range rapid.IntRange(0, most).Draw(t, "n") {
		p := registry[rapid.IntRange(0, len(registry)-1).Draw(t, "param")]
		text := drawText(t, p)
		if text == "" {
			continue
		}
		d, err := parse(lines + p.Key + " = " + text + "\n")
		if err == nil {
			lines += p.Key + " = " + text + "\n"
			out = d
		}
	}
	return out
}

func drawCity(t *rapid.T) Draft {
	return drawDraft(t, Defaults(), 8, func(s string) (Draft, error) { return Parse([]byte(s)) })
}

func drawOverride(t *rapid.T, level Level) Draft {
	return drawDraft(t, Draft{has: map[string]bool{}}, 8, func(s string) (Draft, error) { return ParseOverride(level, []byte(s)) })
}

// Whatever a level publishes and whatever the city publishes afterwards, rules below the owner never become looser, and stay consistent.
func TestNarrowingNeverLoosens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := Of(drawCity(t), "v")
		for _, level := range []Level{District, Street, Community} {
			over := drawOverride(t, level)
			after := narrowed(rules, level, over)
			for _, p := range registry {
				if depth(level) > depth(p.Owner) && !p.cell.stricter(p.Narrow, &rules.Values, &after.Values) {
					t.Fatalf("%s at %s: %s is looser than %s", p.Key, level, p.cell.show(&after.Values), p.cell.show(&rules.Values))
				}
			}
			if bad := cross(&after.Values); len(bad) > 0 {
				t.Fatalf("narrowed rules contradict: %v", bad)
			}
			again := narrowed(after, level, over)
			if a, b := (Draft{values: after.Values, has: allSet()}).Text(), (Draft{values: again.Values, has: allSet()}).Text(); a != b {
				t.Fatalf("narrowing twice by the same override differs:\n%s\n%s", a, b)
			}
			rules = after
		}
	})
}

// An override that was accepted on top of some rules applies in full on those rules.
func TestAcceptedOverrideApplies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := Of(drawCity(t), "v")
		level := rapid.SampledFrom([]Level{District, Street, Community}).Draw(t, "level")
		over := drawOverride(t, level)
		if len(checkOverride(rules, level, over)) > 0 {
			return
		}
		after := narrowed(rules, level, over)
		if inert := after.Inert(); len(inert) > 0 {
			t.Fatalf("accepted and inert: %v", inert)
		}
		for key := range over.has {
			p, _ := ParamOf(key)
			if !p.cell.stricter(p.Narrow, &over.values, &after.Values) {
				t.Fatalf("%s: got %s, want %s", key, p.cell.show(&after.Values), p.cell.show(&over.values))
			}
		}
	})
}

func TestCanonicalTextRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawCity(t)
		again, err := Parse([]byte(d.Text()))
		if err != nil {
			t.Fatalf("parse the canonical text: %v", err)
		}
		if again.Text() != d.Text() {
			t.Fatalf("got %s, want %s", again.Text(), d.Text())
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(NanjingTOML())
	f.Add([]byte("time.step_minutes = 15\nkey_elder.rule = \"age > 3\""))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse(data)
		if err != nil {
			return
		}
		again, err := Parse([]byte(d.Text()))
		if err != nil || again.Text() != d.Text() {
			t.Fatalf("canonical text of an accepted file: %v", err)
		}
	})
}
