package print

// Column is one column of a table.
type Column struct {
	Head  string
	Share float64 // of the width of the page; the shares of a table make 1
	Align Align
}

// Table is rows of cells under a head that stands again on each page. A cell takes as many lines as it needs; a row is not parted.
type Table struct {
	Columns []Column
	Rows    [][]string
	Size    float64 // of the letters; 0 is Small
	// Height is the least height of a row in points, for cells to be filled in by hand.
	Height float64
}

// cellPad is what stays free around the words of a cell.
const cellPad = 3.0

// Table writes a table over the width of the page.
func (d *Document) Table(t Table) {
	size := t.Size
	if size == 0 {
		size = Small
	}
	heads := make([]string, len(t.Columns))
	named := false
	for i, c := range t.Columns {
		heads[i] = c.Head
		named = named || c.Head != ""
	}
	head := func(follows float64) {
		if !named {
			return
		}
		d.Keep(d.rowHeight(t, heads, size, 0) + follows)
		d.row(t, heads, Style{Size: size, Gray: true}, 0)
	}
	for i, cells := range t.Rows {
		height := d.rowHeight(t, cells, size, t.Height)
		switch {
		case i == 0:
			head(height)
		case d.y+height > d.bottom():
			d.Page()
			head(height)
		}
		d.row(t, cells, Style{Size: size}, t.Height)
	}
	if len(t.Rows) == 0 {
		head(0)
	}
}

func (d *Document) rowHeight(t Table, cells []string, size, least float64) float64 {
	height := max(least, size*lineHeight+2*cellPad)
	for i, c := range t.Columns {
		if i < len(cells) {
			height = max(height, d.HeightOf(size, c.Share*d.Width()-2*cellPad, cells[i])+2*cellPad)
		}
	}
	return height
}

// row writes cells beside each other and a line under them.
func (d *Document) row(t Table, cells []string, s Style, least float64) {
	height := d.rowHeight(t, cells, s.size(), least)
	x := d.margin
	for i, c := range t.Columns {
		s.Align = c.Align
		if i < len(cells) {
			d.WriteAt(x+cellPad, d.y+cellPad, c.Share*d.Width()-2*cellPad, s, cells[i])
		}
		x += c.Share * d.Width()
	}
	d.y += height
	d.Line(d.margin, d.y, d.margin+d.Width(), d.y)
}

// Blank is a line to write on by hand, after its name.
func (d *Document) Blank(x, y, width float64, name string, size float64) (height float64) {
	height = size * lineHeight * 1.3
	d.WriteAt(x, y+height-size*lineHeight, width, Style{Size: size}, name)
	from := x + d.widthOf(name)*size + size/2
	if from < x+width {
		d.Line(from, y+height-2, x+width, y+height-2)
	}
	return height
}
