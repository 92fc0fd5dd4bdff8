package privacy

import (
	_ "embed"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/signintech/gopdf"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/region"
)

// font prints GB 2312 and Latin; font/README.md says where it comes from.
//
//go:embed font/NotoSansSC-GB2312.ttf
var font []byte

// The measures of a page, in points: A4 with margins that leave room for a punch, and letters that old people read.
const (
	pageWidth  = 595.28
	pageHeight = 841.89
	marginX    = 56.0
	marginY    = 56.0
	textSize   = 12.0
	headSize   = 20.0
	partSize   = 15.0
	lineHeight = 1.5
	indent     = 16.0
)

// PDF returns the export for reading, in the language "zh-CN" or else English.
func (e *Export) PDF(lang string) ([]byte, error) {
	p := &printer{lang: lang, tree: e.tree}
	p.pdf.Start(gopdf.Config{PageSize: gopdf.Rect{W: pageWidth, H: pageHeight}})
	if err := p.pdf.AddTTFFontData("text", font); err != nil {
		return nil, errs.New(errs.Internal, errs.CodeInternal).With(err)
	}
	p.page()
	p.write(headSize, 0, p.label("export"))
	p.write(textSize, 0, p.label("at")+p.colon()+p.time(e.At))
	p.write(textSize, 0, p.label("about"))
	for _, s := range e.Sections {
		p.gap()
		p.write(partSize, 0, p.label(s.Name))
		p.value(0, "", reflect.ValueOf(s.Data))
	}
	if p.err != nil {
		return nil, errs.New(errs.Internal, errs.CodeInternal).With(p.err)
	}
	out, err := p.pdf.GetBytesPdfReturnErr()
	if err != nil {
		return nil, errs.New(errs.Internal, errs.CodeInternal).With(err)
	}
	return out, nil
}

// printer writes lines down a page and begins another when it is full. The first error stays.
type printer struct {
	pdf  gopdf.GoPdf
	lang string
	tree *region.Tree
	y    float64
	no   int
	err  error
}

func (p *printer) try(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *printer) page() {
	p.pdf.AddPage()
	p.no++
	p.try(p.pdf.SetFont("text", "", 10))
	p.pdf.SetXY(pageWidth-marginX, pageHeight-marginY/2)
	p.try(p.pdf.Text(fmt.Sprint(p.no)))
	p.y = marginY
}

func (p *printer) gap() { p.y += textSize }

func (p *printer) write(size, x float64, text string) {
	p.try(p.pdf.SetFont("text", "", size))
	lines, err := p.pdf.SplitText(text, pageWidth-2*marginX-x)
	p.try(err)
	for _, line := range lines {
		if p.y+size*lineHeight > pageHeight-marginY {
			p.page()
			p.try(p.pdf.SetFont("text", "", size))
		}
		p.y += size * lineHeight
		p.pdf.SetXY(marginX+x, p.y)
		p.try(p.pdf.Text(line))
	}
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
			p.write(textSize, x, p.label(name))
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
	p.write(textSize, x, fmt.Sprintf("%s (%d)", p.label(name), v.Len()))
	for i := range v.Len() {
		one := v.Index(i)
		if one.Type() == timeType {
			p.write(textSize, x+indent, p.time(one.Interface().(time.Time)))
			continue
		}
		p.write(textSize, x+indent, fmt.Sprintf("%d.", i+1))
		p.value(x+2*indent, "", one)
	}
}

func (p *printer) line(x float64, name, text string) {
	p.write(textSize, x, p.label(name)+p.colon()+text)
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
