package policy

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"

	"timebank/internal/errs"
	"timebank/internal/hours"
)

// Draft is a set of parameter values that is not in force: a whole snapshot for the city, or the few parameters of one region's
// override. A Draft is immutable. The zero value sets nothing.
type Draft struct {
	values Values
	has    map[string]bool
}

// Has reports whether the draft gives the parameter a value.
func (d Draft) Has(key string) bool { return d.has[key] }

// Keys returns the parameters that the draft sets, in the registry's order.
func (d Draft) Keys() []string {
	var keys []string
	for _, p := range registry {
		if d.has[p.Key] {
			keys = append(keys, p.Key)
		}
	}
	return keys
}

// Values returns the typed values; what the draft does not set is zero.
func (d Draft) Values() Values { return d.values }

// Text returns the canonical TOML of the draft: one line a parameter that is set, in the registry's order. Equal drafts have equal text.
func (d Draft) Text() string {
	var b strings.Builder
	for _, p := range registry {
		if d.has[p.Key] {
			b.WriteString(p.Key + " = " + p.cell.text(&d.values) + "\n")
		}
	}
	return b.String()
}

// Digest returns the SHA-256 of Text in hexadecimal, so that sha256sum on the published file checks it.
func (d Draft) Digest() string { return digest(d.Text()) }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

var defaults = sync.OnceValue(func() Draft {
	d := Draft{has: make(map[string]bool, len(registry))}
	for _, p := range registry {
		if p.cell.start(&d.values) {
			d.has[p.Key] = true
		}
	}
	return d
})

// Defaults returns the draft of a new city: every default, without the values that only the city can set.
func Defaults() Draft { return defaults().clone() }

func (d Draft) clone() Draft {
	d.has = maps.Clone(d.has)
	return d
}

//go:embed nanjing.toml
var nanjing []byte

// Nanjing returns the snapshot with Nanjing's published values. What Nanjing did not publish is our default, except for the monthly
// grant, which has none: its value is marked in the file as made up for demonstrations.
func Nanjing() Draft {
	d, err := Parse(nanjing)
	if err != nil {
		panic(fmt.Sprintf("policy: nanjing.toml: %v", err)) // embedded and parsed by a test
	}
	return d
}

// NanjingTOML returns the embedded file as written, comments included, as an example for a city.
func NanjingTOML() []byte { return slices.Clone(nanjing) }

// Parse reads a city's snapshot from TOML. Keys that the file leaves out keep their defaults. The error is an errs.Invalid that lists
// all bad fields at once, each under its parameter key.
func Parse(data []byte) (Draft, error) {
	d := Defaults()
	var f errs.Fields
	d.read(data, &f, nil)
	for _, p := range cross(&d.values) {
		if d.has[p.Key] {
			f.Add(p.Key, p.Code, p.Params...)
		}
	}
	if err := f.Err("policy.invalid"); err != nil {
		return Draft{}, err
	}
	return d, nil
}

// ParseOverride reads a region's override from TOML: only the keys that the region narrows. An empty text withdraws the override.
// Whether the values are stricter than those above is checked when it is proposed. The error lists all bad fields.
func ParseOverride(level Level, data []byte) (Draft, error) {
	d := Draft{has: map[string]bool{}}
	var f errs.Fields
	if depth(level) < 1 {
		f.Add("level", "policy.bad_level", "got", string(level))
	}
	d.read(data, &f, func(p Param) *bad {
		if p.Narrow == Never && depth(level) > depth(p.Owner) {
			return &bad{"policy.not_narrowable", []any{"owner", string(p.Owner)}}
		}
		return nil
	})
	if err := f.Err("policy.invalid"); err != nil {
		return Draft{}, err
	}
	return d, nil
}

// reading names a text and the level at which it is read.
type reading struct {
	level Level
	text  string
}

// mostRead bounds how many drafts are remembered (default, ours): a city publishes a handful of versions a year.
const mostRead = 100

// readBefore are drafts by what they were read from. Compiling a rule over people and trying it on all kinds of them takes milliseconds, and a
// page of rules reads the same few publications for everybody.
var readBefore = struct {
	sync.Mutex
	drafts map[reading]Draft
}{drafts: map[reading]Draft{}}

// Read is [Parse] at the city's level and [ParseOverride] below it, for texts that are kept and read again and again.
func Read(level Level, text string) (Draft, error) {
	key := reading{level, text}
	readBefore.Lock()
	d, known := readBefore.drafts[key]
	readBefore.Unlock()
	if known {
		return d, nil
	}
	var err error
	if level == City {
		d, err = Parse([]byte(text))
	} else {
		d, err = ParseOverride(level, []byte(text))
	}
	if err != nil {
		return Draft{}, err
	}
	readBefore.Lock()
	defer readBefore.Unlock()
	if len(readBefore.drafts) >= mostRead {
		clear(readBefore.drafts)
	}
	readBefore.drafts[key] = d
	return d, nil
}

// stored reads the text of a published version. A parameter that the registry has dropped since is passed over, one that is new since
// keeps its default.
func stored(text string, whole bool) (Draft, error) {
	d := Draft{has: map[string]bool{}}
	if whole {
		d = Defaults()
	}
	var f errs.Fields
	d.read([]byte(text), &f, func(p Param) *bad { return nil })
	var e *errs.Error
	if errors.As(f.Err("policy.unreadable"), &e) {
		for _, field := range e.Fields {
			if field.Code != "policy.unknown_key" {
				return Draft{}, errs.New(errs.Internal, "policy.unreadable").With(e)
			}
		}
	}
	return d, nil
}

const mostBytes = 64 << 10

func (d *Draft) read(data []byte, f *errs.Fields, allow func(Param) *bad) {
	if len(data) > mostBytes {
		f.Add("toml", "policy.too_long", "most", mostBytes)
		return
	}
	var tree map[string]any
	if _, err := toml.Decode(string(data), &tree); err != nil {
		line := 1
		if pe, ok := errors.AsType[toml.ParseError](err); ok {
			line = pe.Position.Line
		}
		f.Add("toml", "policy.not_toml", "line", line)
		return
	}
	leaves := map[string]any{}
	twice := flatten("", tree, leaves)
	keys := slices.Collect(maps.Keys(leaves))
	sort.Slice(keys, func(i, j int) bool { return place(keys[i], keys[j]) })
	for _, key := range keys {
		p, ok := ParamOf(key)
		if !ok {
			f.Add(key, "policy.unknown_key", "nearest", nearest(key))
			continue
		}
		if twice[key] {
			f.Add(key, "policy.key_twice")
			continue
		}
		b := p.cell.decode(leaves[key], &d.values)
		if b == nil && allow != nil {
			b = allow(p)
		}
		if b != nil {
			f.Add(key, b.code, b.params...)
			continue
		}
		d.has[key] = true
	}
}

// place orders keys as the registry does, unknown ones last by name.
func place(a, b string) bool {
	i, known := byKey[a]
	j, knownToo := byKey[b]
	if known && knownToo {
		return i < j
	}
	if known != knownToo {
		return known
	}
	return a < b
}

// flatten joins nested table names with dots; a table that stands where a parameter is expected stays a leaf. It returns the keys that
// stand there twice, as a quoted name with dots and in its table, which TOML does not mind: which of the two is meant nobody knows.
func flatten(prefix string, tree map[string]any, into map[string]any) map[string]bool {
	twice := map[string]bool{}
	for name, v := range tree {
		key := prefix + name
		sub, isTable := v.(map[string]any)
		if _, isParam := byKey[key]; isTable && !isParam && len(sub) > 0 {
			maps.Copy(twice, flatten(key+".", sub, into))
			continue
		}
		if _, there := into[key]; there {
			twice[key] = true
		}
		into[key] = v
	}
	return twice
}

// nearest returns the parameter whose key is most like the given one, for "did you mean"; "" when none is.
func nearest(key string) string {
	if len(key) > 64 { // longer than any typing error of a key, and comparing would take its time
		return ""
	}
	best, least := "", len(key)/2+1
	for _, p := range registry {
		if n := distance(key, p.Key); n < least {
			best, least = p.Key, n
		}
	}
	return best
}

// distance is the number of single-byte edits between two keys.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			swap := diagonal
			if a[i] != b[j] {
				swap++
			}
			diagonal = row[j+1]
			row[j+1] = min(swap, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// Problem is one thing that keeps a draft from being published (Blocker false) or only from going live (Blocker true).
type Problem struct {
	Key     string // the parameter
	Code    string // a code of this package, one sentence in the catalogues
	Params  []any  // key, value pairs for the sentence
	Blocker bool
}

// String returns the problem for logs and the command line.
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", p.Key, p.Code)
	for i := 0; i+1 < len(p.Params); i += 2 {
		fmt.Fprintf(&b, " %v=%v", p.Params[i], p.Params[i+1])
	}
	return b.String()
}

// Check returns everything wrong with a city's draft: values that contradict each other, values that are missing, and, as blockers,
// those that no default may exist for and the city has yet to set before it goes live.
func Check(d Draft) []Problem {
	var out []Problem
	for _, p := range registry {
		if d.has[p.Key] {
			continue
		}
		if _, ok := p.Default(); ok {
			out = append(out, Problem{Key: p.Key, Code: "policy.missing"})
		} else {
			out = append(out, Problem{Key: p.Key, Code: "policy.must_be_set", Blocker: true})
		}
	}
	for _, p := range cross(&d.values) {
		if d.has[p.Key] {
			out = append(out, p)
		}
	}
	return out
}

// cross checks parameters against each other.
func cross(v *Values) []Problem {
	var out []Problem
	add := func(key, code string, params ...any) {
		out = append(out, Problem{Key: key, Code: code, Params: params})
	}
	if v.TimeStep < 1 || 60%v.TimeStep != 0 {
		add("time.step_minutes", "policy.step_not_in_hour", "got", v.TimeStep)
	}
	if v.TimeMaxPerDay.Cmp(v.TimeMaxPerOrder) < 0 {
		add("time.max_per_day", "policy.below", "got", v.TimeMaxPerDay, "other", "time.max_per_order", "limit", v.TimeMaxPerOrder)
	}
	if v.TimeMaxPerPairMonth.Cmp(v.TimeMaxPerOrder) < 0 {
		add("time.max_per_pair_month", "policy.below", "got", v.TimeMaxPerPairMonth, "other", "time.max_per_order", "limit", v.TimeMaxPerOrder)
	}
	if n := v.CheckInMethods.Len(); n < v.CheckInMinFactors {
		add("checkin.min_factors", "policy.too_few_methods", "factors", v.CheckInMinFactors, "methods", n)
	}
	if v.RedeemMinAgeHardship > v.RedeemMinAge {
		add("redeem.min_age_hardship", "policy.above", "got", v.RedeemMinAgeHardship, "other", "redeem.min_age", "limit", v.RedeemMinAge)
	}
	if least := v.ConfirmAutoAfter + max(v.CreditDelay, v.UndoWindow); v.HoldExpiry < least {
		add("hold.expiry", "policy.below", "got", brief(v.HoldExpiry), "other", "confirm.auto_after", "limit", brief(least))
	}
	return out
}

// Change is one parameter on which a draft differs from the defaults.
type Change struct{ Key, Default, Value string }

// Report is what a check of a policy file found.
type Report struct {
	Draft    Draft
	Problems []Problem
	Changes  []Change
	Digest   string // of the canonical text; empty when the file is bad
}

// Publishable reports whether the file may be proposed: nothing but go-live blockers was found.
func (r Report) Publishable() bool {
	return !slices.ContainsFunc(r.Problems, func(p Problem) bool { return !p.Blocker })
}

// Live reports whether a city may go live on the file.
func (r Report) Live() bool { return len(r.Problems) == 0 }

// CheckFile reads a city's snapshot as Parse does and reports all problems, blockers, and differences from the defaults. The error is
// one of reading; a bad file is a report with problems.
func CheckFile(r io.Reader) (Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, mostBytes+1))
	if err != nil {
		return Report{}, err
	}
	d, err := Parse(data)
	if err != nil {
		var e *errs.Error
		if !errors.As(err, &e) {
			return Report{}, err
		}
		var rep Report
		for _, f := range e.Fields {
			rep.Problems = append(rep.Problems, Problem{Key: f.Path, Code: f.Code, Params: f.Params})
		}
		return rep, nil
	}
	return Report{Draft: d, Problems: Check(d), Changes: changes(d), Digest: d.Digest()}, nil
}

func changes(d Draft) []Change {
	var out []Change
	def := defaults()
	for _, p := range registry {
		if !d.has[p.Key] || (def.has[p.Key] && p.cell.text(&d.values) == p.cell.text(&def.values)) {
			continue
		}
		c := Change{Key: p.Key, Value: p.cell.show(&d.values)}
		if def.has[p.Key] {
			c.Default = p.cell.show(&def.values)
		}
		out = append(out, c)
	}
	return out
}

// Round rounds served minutes to the step, as time.step_minutes and time.rounding say.
func (v Values) Round(m hours.Minutes) hours.Minutes {
	step := hours.Of(int64(v.TimeStep))
	switch v.TimeRounding {
	case RoundUp:
		return m.RoundUp(step)
	case RoundNearest:
		return m.RoundNearest(step)
	}
	return m.RoundDown(step)
}
