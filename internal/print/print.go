// Package print makes documents for paper: PDF files of Chinese and Latin text in one embedded font, with tables, QR codes, lines to write
// on, and page numbers.
//
// It owns the font and the look of a printed page: sizes, margins, line spacing, where a page ends. It must never know what a document says:
// its callers bring finished words. Equal calls give equal bytes, so a document carries no moment and no random number of its own.
package print

import (
	_ "embed"
	"strconv"
	"unicode/utf8"

	"github.com/signintech/gopdf"

	"timebank/internal/errs"
)

// font prints GB 2312 and Latin; font/README.md says where it comes from.
//
//go:embed font/NotoSansSC-GB2312.ttf
var font []byte

// Size is a sheet of paper in points; a point is 1/72 inch, 0.353 mm.
type Size struct{ Width, Height float64 }

// The sheets of ISO 216 that a station's printer has.
var (
	A4       = Size{595.28, 841.89}
	A5       = Size{419.53, 595.28}
	A4Across = Size{A4.Height, A4.Width}
	A5Across = Size{A5.Height, A5.Width}
)

// Sizes of letters in points that a document of several sorts agrees on. Text is what old people read at arm's length.
const (
	Small = 9.0
	Text  = 12.0
	Part  = 15.0
	Head  = 20.0
)

// lineHeight is the height of a line for letters of one point, and riseOf where on it the letters stand.
const (
	lineHeight = 1.5
	rise       = 1.13
)

// missing stands for a character that the font does not have (the sign that printers set for it), so that nobody takes a gap for nothing.
const missing = '〓'

// Align says on which side of its place a text stands.
type Align int

// The sides. A number in a column stands on the right.
const (
	Start Align = iota
	Middle
	End
)

// Style is how a text is written.
type Style struct {
	Size   float64 // in points; 0 is Text
	Indent float64 // from the left margin, in points
	Align  Align
	Gray   bool // for what matters less
}

func (s Style) size() float64 {
	if s.Size == 0 {
		return Text
	}
	return s.Size
}

// Document is a document while it is written, from the top of its first page downwards. It begins another page by itself. The first error
// stays and is told by Bytes; until then every call may be made.
type Document struct {
	pdf    gopdf.GoPdf
	size   Size
	margin float64
	y      float64 // where the next thing begins, from the upper edge
	foot   string
	widths map[rune]float64 // of a character in letters of one point
	err    error
}

// New begins a document whose text keeps margin points from each edge; title is what a reader of the file shows in its window.
func New(size Size, margin float64, title string) *Document {
	d := &Document{size: size, margin: margin, widths: map[rune]float64{}}
	d.pdf.Start(gopdf.Config{PageSize: gopdf.Rect{W: size.Width, H: size.Height}})
	d.pdf.SetInfo(gopdf.PdfInfo{Title: title})
	d.try(d.pdf.AddTTFFontDataWithOption("text", font, gopdf.TtfOption{OnGlyphNotFoundSubstitute: func(rune) rune { return missing }}))
	d.Page()
	return d
}

// Foot sets what stands at the foot of each page, beside its number.
func (d *Document) Foot(text string) { d.foot = text }

// Page begins another page.
func (d *Document) Page() {
	d.pdf.AddPage()
	d.y = d.margin
}

// Width is how wide the text may be, in points.
func (d *Document) Width() float64 { return d.size.Width - 2*d.margin }

// Y is where the next thing begins, in points from the upper edge of the page.
func (d *Document) Y() float64 { return d.y }

// MoveTo sets where the next thing begins, in points from the upper edge of the page.
func (d *Document) MoveTo(y float64) { d.y = y }

// Gap leaves height points free.
func (d *Document) Gap(height float64) { d.y += height }

// Keep begins another page when less than height points are left, so that what follows stays together.
func (d *Document) Keep(height float64) {
	if d.y+height > d.bottom() {
		d.Page()
	}
}

func (d *Document) bottom() float64 { return d.size.Height - d.margin }

// Write writes a text over the width of the page, in as many lines as it takes.
func (d *Document) Write(s Style, text string) {
	size := s.size()
	for _, line := range d.lines(text, size, d.Width()-s.Indent) {
		d.Keep(size * lineHeight)
		d.put(d.margin+s.Indent, d.y, d.Width()-s.Indent, s, line)
		d.y += size * lineHeight
	}
}

// WriteAt writes a text into a place of the page, x and y points from its upper left corner and width points wide, and returns how high it
// is. Where the next thing begins does not change.
func (d *Document) WriteAt(x, y, width float64, s Style, text string) (height float64) {
	for _, line := range d.lines(text, s.size(), width) {
		d.put(x, y+height, width, s, line)
		height += s.size() * lineHeight
	}
	return height
}

// HeightOf is how high a text is when it is width points wide.
func (d *Document) HeightOf(size, width float64, text string) float64 {
	return float64(len(d.lines(text, size, width))) * size * lineHeight
}

// Rule draws a line over the width of the page.
func (d *Document) Rule() {
	d.Line(d.margin, d.y, d.margin+d.Width(), d.y)
	d.y += 4
}

// Line draws a thin line between two places.
func (d *Document) Line(x1, y1, x2, y2 float64) {
	d.pdf.SetLineWidth(0.6)
	d.pdf.Line(x1, y1, x2, y2)
}

// Box draws a frame whose line is thick points wide.
func (d *Document) Box(x, y, width, height, thick float64) {
	d.pdf.SetLineWidth(thick)
	d.pdf.RectFromUpperLeft(x, y, width, height)
}

// Cut draws the dashed line along which a sheet is cut or torn.
func (d *Document) Cut(y float64) {
	d.pdf.SetLineWidth(0.6)
	d.pdf.SetCustomLineType([]float64{4, 4}, 0)
	d.pdf.Line(0, y, d.size.Width, y)
	d.pdf.SetCustomLineType(nil, 0)
}

// put writes one line at the top of its place.
func (d *Document) put(x, y, width float64, s Style, line string) {
	if line == "" {
		return
	}
	switch s.Align {
	case Start:
	case Middle:
		x += (width - d.widthOf(line)*s.size()) / 2
	case End:
		x += width - d.widthOf(line)*s.size()
	}
	d.try(d.pdf.SetFont("text", "", s.size()))
	gray := uint8(0)
	if s.Gray {
		gray = 0x55
	}
	d.pdf.SetTextColor(gray, gray, gray)
	d.pdf.SetXY(x, y+s.size()*rise)
	d.try(d.pdf.Text(line))
}

// widthOf is the width of a line in letters of one point.
func (d *Document) widthOf(line string) (sum float64) {
	for _, r := range line {
		sum += d.widthOfRune(r)
	}
	return sum
}

// measure is the size in which characters are measured: so large that what the library rounds does not matter.
const measure = 1000

func (d *Document) widthOfRune(r rune) float64 {
	w, known := d.widths[r]
	if !known {
		d.try(d.pdf.SetFont("text", "", measure))
		w, _ = d.pdf.MeasureTextWidth(string(r))
		w /= measure
		d.widths[r] = w
	}
	return w
}

// lines cuts a text where it does not fit: at a space between words, between any two Chinese characters, and inside a word that is longer
// than a line. A line end in the text stays.
func (d *Document) lines(text string, size, width float64) []string {
	var out []string
	room := width / size
	start, end, space := 0, 0, -1 // the line is text[start:end]; space is where it may end
	used, after := 0.0, 0.0       // the width of the line, and of what stands after its last space
	cut := func(at, next int) {
		out = append(out, text[start:at])
		start, space = next, -1
	}
	for end < len(text) {
		r, n := utf8.DecodeRuneInString(text[end:])
		w := d.widthOfRune(r)
		switch {
		case r == '\n':
			cut(end, end+n)
			used, after, end = 0, 0, end+n
			continue
		case r == ' ' && end > start:
			space, after = end, -w
		case r >= 0x2E80 && !closes(r) && end > start:
			space, after = end, 0
		}
		if used+w > room && end > start {
			if space > start {
				next := space
				if text[space] == ' ' {
					next++
				}
				cut(space, next)
				used = after
			} else {
				cut(end, end)
				used = 0
			}
			after = used
		}
		used, after, end = used+w, after+w, end+n
	}
	return append(out, text[start:])
}

// closes tells whether a sign may not begin a line.
func closes(r rune) bool {
	switch r {
	case '，', '。', '、', '；', '：', '？', '！', '）', '》', '”', '’', '】':
		return true
	}
	return false
}

func (d *Document) try(err error) {
	if d.err == nil {
		d.err = err
	}
}

// Bytes returns the document as PDF. Nothing can be written into it afterwards.
func (d *Document) Bytes() ([]byte, error) {
	pages := d.pdf.GetNumberOfPages()
	for n := 1; n <= pages; n++ {
		d.try(d.pdf.SetPage(n))
		y := d.size.Height - d.margin/2 - Small
		if d.foot != "" {
			d.put(d.margin, y, d.Width(), Style{Size: Small, Gray: true}, d.foot)
		}
		d.put(d.margin, y, d.Width(), Style{Size: Small, Align: End, Gray: true}, strconv.Itoa(n)+" / "+strconv.Itoa(pages))
	}
	if d.err != nil {
		return nil, errs.New(errs.Internal, errs.CodeInternal).With(d.err)
	}
	out, err := d.pdf.GetBytesPdfReturnErr()
	if err != nil {
		return nil, errs.New(errs.Internal, errs.CodeInternal).With(err)
	}
	return out, nil
}
