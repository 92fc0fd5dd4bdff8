package privacy

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"timebank/internal/clock"
	"timebank/internal/print"
	"timebank/internal/region"
)

// The measures of the copy, in points: margins leave room for a punch, what belongs to a name stands to the right of it.
const (
	margin = 56.0
	indent = 16.0
)

// PDF returns the export for reading, in the language "zh-CN" or else English.
func (e *Export) PDF(lang string) ([]byte, error) {
	p := &printer{lang: lang, tree: e.tree}
	p.paper = print.New(print.A4, margin, p.label("export"))
	p.write(print.Head, 0, p.label("export"))
	p.write(print.Text, 0, p.label("at")+p.colon()+p.time(e.At))
	p.write(print.Text, 0, p.label("about"))
	for _, s := range e.Sections {
		p.paper.Gap(print.Text)
		p.write(print.Part, 0, p.label(s.Name))
		p.value(0, "", reflect.ValueOf(s.Data))
	}
	return p.paper.Bytes()
}

// printer writes lines down the pages of a document.
type printer struct {
	paper *print.Document
	lang  string
	tree  *region.Tree
}

func (p *printer) write(size, x float64, text string) {
	p.paper.Write(print.Style{Size: size, Indent: x}, text)
}

func (p *printer) colon() string {
	if p.lang == chinese {
		return "："
	}
	return ": "
}

func (p *printer) time(t time.Time) string { return t.In(clock.Zone).Format("2006-01-02 15:04") }

var timeType = reflect.TypeFor[time.Time]()

// value prints what stands under a label: structs as their fields, lists as numbered entries, the rest in one line.
func (p *printer) value(x float64, name string, v reflect.Value) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	switch {
	case v.Type() == timeType:
		p.line(x, name, p.time(v.Interface().(time.Time)))
	case v.Kind() == reflect.Struct:
		if name != "" {
			p.write(print.Text, x, p.label(name))
			x += indent
		}
		for i := range v.NumField() {
			tag, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if options == "omitempty" && v.Field(i).IsZero() {
				continue
			}
			p.value(x, tag, v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		p.list(x, name, v)
	default:
		p.line(x, name, p.word(v))
	}
}

func (p *printer) list(x float64, name string, v reflect.Value) {
	if v.Len() == 0 {
		p.line(x, name, p.label("none"))
		return
	}
	if kind := v.Type().Elem().Kind(); kind == reflect.String {
		words := make([]string, v.Len())
		for i := range words {
			words[i] = p.word(v.Index(i))
		}
		p.line(x, name, strings.Join(words, ", "))
		return
	}
	p.write(print.Text, x, fmt.Sprintf("%s (%d)", p.label(name), v.Len()))
	for i := range v.Len() {
		one := v.Index(i)
		if one.Type() == timeType {
			p.write(print.Text, x+indent, p.time(one.Interface().(time.Time)))
			continue
		}
		p.write(print.Text, x+indent, fmt.Sprintf("%d.", i+1))
		p.value(x+2*indent, "", one)
	}
}

func (p *printer) line(x float64, name, text string) {
	p.write(print.Text, x, p.label(name)+p.colon()+text)
}

// word is a single value as people read it.
func (p *printer) word(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case bool:
		if value {
			return p.label("yes")
		}
		return p.label("no")
	case region.ID:
		if p.tree != nil && p.tree.Name(value) != "" {
			return p.tree.FullName(value)
		}
	}
	text := fmt.Sprint(v.Interface())
	if word, ok := words[text]; ok && p.lang == chinese {
		return word
	}
	return text
}
