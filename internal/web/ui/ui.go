// Package ui is the design system of the pages: one style sheet, a few small scripts, our own pictures, and the components that every
// page is made of. The rules for old people (type, targets, contrast, the key to the station) stand here, once.
//
// It must never know a business type, call a service, or decide what is shown: components take finished strings.
package ui

//go:generate go run github.com/a-h/templ/cmd/templ@v0.3.977 generate -path ..

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"timebank/internal/i18n"
)

// Page is what the shell around every page needs.
type Page struct {
	Lang  string // of i18n.Langs
	Big   bool   // the type and targets of the elder door
	Title string // of the page; the brand is added
	Brand string // the public name from the city's rules
	Phone string // of the station, as it is dialled
	Home  string // address of the door's first page
	Here  string // address of this page, to come back to after a choice of language or size
	Nav   []Link
	// First is how many entries of the menu stand in a row on a narrow screen; the others open there with one touch. 0 is all.
	First int
	Who   string // who is signed in, "" for nobody
	// For says for whom the page acts, in a sentence that stands above its content; "" when the reader acts for itself.
	For string
	// Public pages may be found by search engines; all others are kept from them.
	Public bool
	// Fixed hides the choice of the type size: the elder door is always large.
	Fixed bool
	// Notice says what was just done, "" for nothing.
	Notice string
	// Refused is the form that was not carried out and stands on this page again, nil for none.
	Refused *Refused
	// App is the address of the door's first page if a telephone can install the door, "" if not.
	App string
	// Scripts are enhancements of this page besides reading aloud, by file name.
	Scripts []string
	// Live is the address of the stream that says when the parts marked with data-live have changed, "" for a page that stands still.
	Live string
}

// T is a text of the pages in the page's language.
func (p Page) T(code string, params ...any) string { return i18n.Text(p.Lang, code, params...) }

// Other is the language that a page can be switched to.
func (p Page) Other() string {
	if p.Lang == i18n.Chinese {
		return i18n.English
	}
	return i18n.Chinese
}

// firstOf is the address of the first page of a list of which this page shows a later one, "" when it shows the first. What the other lists of
// the page show stays.
func (p Page) firstOf(place string) string {
	name, list, _ := strings.Cut(place, " ")
	here, err := url.Parse(p.Here)
	if err != nil {
		return ""
	}
	q := here.Query()
	if name == "" || q.Get(name) == "" || q.Get("list") != list {
		return ""
	}
	for _, gone := range []string{name, "list", "done"} {
		q.Del(gone)
	}
	here.RawQuery = q.Encode()
	return here.String()
}

// Link is a place to go to.
type Link struct {
	Href, Text string
	Current    bool
}

// rest reports whether an entry of the menu waits behind the others on a narrow screen.
func (p Page) rest(i int) bool { return p.First > 0 && i >= p.First }

// restCurrent reports whether the page is one of those that wait behind the others.
func (p Page) restCurrent() bool {
	return slices.ContainsFunc(p.Nav[p.First:], func(l Link) bool { return l.Current })
}

// Tone is the colour of a badge, always beside words.
type Tone string

// The tones.
const (
	Calm Tone = "calm"
	Good Tone = "good"
	Wait Tone = "wait"
	Bad  Tone = "bad"
)

// Field is one field of a form.
type Field struct {
	Name, Label, Hint, Value, Error string
	// Mode is the on-screen keyboard: "numeric", or "" for text.
	Mode    string
	Max     int
	Options []Option // a list to choose from instead of a line to write
	Several bool     // any number of the options, each with a box of its own
	// Auto tells a browser or a password manager what belongs here ("one-time-code"); Secret hides what is typed.
	Auto   string
	Secret bool
	Rows   int // lines of a text area; 0 is one line
	Needed bool
}

// unchosen reports whether a list that needs an answer has none yet. What stands first must not become somebody's choice by itself; what is the
// only one there is, is chosen.
func (f Field) unchosen() bool {
	return f.Needed && len(f.Options) > 1 && !slices.ContainsFunc(f.Options, func(o Option) bool { return o.Chosen })
}

// Option is one choice of a list; Hint stands below a choice that has a box of its own.
type Option struct {
	Value, Text string
	Chosen      bool
	Hint        string
}

// Fault is one line of the summary of errors; Field is the name of the field it leads to, "" for none.
type Fault struct{ Field, Text string }

// Refused is a form that was not carried out: what was refused and why, what is wrong field by field, and what was sent.
type Refused struct {
	Text   string
	Faults []Fault
	Why    *Why
	Sent   map[string][]string
}

// summary is what the top of the page says: the faults of the fields, or the refusal where no field is at fault.
func (r *Refused) summary() []Fault {
	if len(r.Faults) > 0 {
		return r.Faults
	}
	return []Fault{{Text: r.Text}}
}

// again is a field with what was sent in it and what is wrong with that. A secret is typed anew.
func (p Page) again(f Field) Field {
	if p.Refused == nil {
		return f
	}
	for _, fault := range p.Refused.Faults {
		if fault.Field == f.Name && f.Error == "" {
			f.Error = fault.Text
		}
	}
	sent, ok := p.Refused.Sent[f.Name]
	if !ok || len(sent) == 0 || f.Secret {
		return f
	}
	f.Value = sent[0]
	options := make([]Option, len(f.Options))
	for i, o := range f.Options {
		o.Chosen = o.Value == sent[0] || f.Several && slices.Contains(sent, o.Value)
		options[i] = o
	}
	f.Options = options
	return f
}

// Ticked reports whether a box is ticked: as it was sent where the form with it was refused, else as it stands.
func (p Page) Ticked(name, value string, stands bool) bool {
	if p.Refused == nil {
		return stands
	}
	return slices.Contains(p.Refused.Sent[name], value)
}

// Tried reports whether the form that was refused had a field of the name: what hides the form is open then.
func (p Page) Tried(name string) bool { return p.Refused != nil && len(p.Refused.Sent[name]) > 0 }

// Row is a line of facts: what, and its value.
type Row struct{ Name, Value string }

// Why is the answer to "why?": the rule in words and its key, its version ("" for a rule that has none because it never changes), the values
// that were compared, and who can change it.
type Why struct {
	Words, Rule, Version, Owner string
	Values                      []Row
}

// Figure is one number that a page tells, what it counts, and why it is what it is.
type Figure struct {
	Name, Number, Growth, Means, Href string
	Why                               *Why
}

// OwnerText names who can change a rule.
func OwnerText(lang, owner string) string {
	code := map[string]string{"city": "page.owner.city", "district": "page.owner.district", "street": "page.owner.street",
		"community": "page.owner.community", "law": "page.owner.law", "person": "page.owner.person", "nobody": "page.owner.nobody"}[owner]
	if code == "" {
		return ""
	}
	return i18n.Text(lang, code)
}

// Way is a large way to somewhere, as a tile shows it.
type Way struct{ Href, Icon, Name, Hint string }

// htmlClass chooses the type scale of the whole page.
func htmlClass(p Page) string {
	if p.Big {
		return "big"
	}
	return "standard"
}

// describedBy joins the ids of the texts that explain a field.
func describedBy(f Field) string {
	ids := ""
	if f.Hint != "" {
		ids = f.Name + "-hint"
	}
	if f.Error != "" {
		if ids != "" {
			ids += " "
		}
		ids += f.Name + "-error"
	}
	return ids
}

// faultHref leads from the summary to a field.
func faultHref(f Fault) string { return "#" + f.Field }

// fieldAttributes are what a field has besides its name and its value.
func fieldAttributes(f Field) templ.Attributes {
	all := templ.Attributes{}
	if ids := describedBy(f); ids != "" {
		all["aria-describedby"] = ids
	}
	if f.Error != "" {
		all["aria-invalid"] = "true"
	}
	if f.Mode != "" {
		all["inputmode"] = f.Mode
	}
	if f.Max > 0 {
		all["maxlength"] = strconv.Itoa(f.Max)
	}
	if f.Needed {
		all["required"] = true
	}
	if len(f.Options) == 0 {
		all["autocomplete"] = cmp.Or(f.Auto, "off")
	}
	return all
}

// typeOf is the kind of a line to write.
func typeOf(f Field) string {
	if f.Secret {
		return "password"
	}
	return "text"
}

func rowsOf(f Field) string { return strconv.Itoa(f.Rows) }

// askOf is where the script asks for what a key needs.
func askOf(kind string) string {
	if kind == "create" {
		return "/account/passkeys/ask"
	}
	return "/sign-in/passkey/ask"
}
