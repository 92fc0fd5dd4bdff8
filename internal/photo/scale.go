package photo

import (
	"image"
	"image/color"
	"image/draw"
)

// stripRows is how many rows are converted at a time: a whole picture in RGBA beside the decoded one would double what it needs.
const stripRows = 16

// shrink cuts and scales a picture to a form. Each pixel is the mean of the area that it stands for, in whole numbers, so that the same file
// gives the same bytes on every processor. What is transparent becomes white.
func shrink(m image.Image, form Form) *image.RGBA {
	from := m.Bounds()
	if form.Square {
		side := min(from.Dx(), from.Dy())
		corner := from.Min.Add(image.Pt((from.Dx()-side)/2, (from.Dy()-side)/2))
		from = image.Rectangle{Min: corner, Max: corner.Add(image.Pt(side, side))}
	}
	sw, sh := from.Dx(), from.Dy()
	dw, dh := sw, sh
	if longest := max(sw, sh); longest > form.Side {
		dw, dh = max(1, sw*form.Side/longest), max(1, sh*form.Side/longest)
	}
	out := image.NewRGBA(image.Rect(0, 0, dw, dh))
	strip := image.NewRGBA(image.Rect(0, 0, sw, min(stripRows, sh)))
	white := image.NewUniform(color.White)
	sums := &sums{dw: dw, dh: dh, sw: sw, sh: sh, row: make([]uint64, 3*dw), column: make([]uint64, 3*dw), out: out}
	for y := 0; y < sh; y += stripRows {
		rows := min(stripRows, sh-y)
		part := image.Rect(0, 0, sw, rows)
		draw.Draw(strip, part, white, image.Point{}, draw.Src)
		draw.Draw(strip, part, m, from.Min.Add(image.Pt(0, y)), draw.Over)
		for i := range rows {
			sums.add(strip.Pix[i*strip.Stride:i*strip.Stride+4*sw], y+i)
		}
	}
	return out
}

// sums adds up the area under each pixel. Along a side of s source pixels and d wanted ones everything is measured in parts of which s·d make
// the whole: a source pixel is d of them long, a wanted one s.
type sums struct {
	dw, dh, sw, sh int
	row            []uint64 // of the source row at hand, three colours for each wanted pixel
	column         []uint64 // of the wanted row at hand
	out            *image.RGBA
}

func (s *sums) add(pix []byte, y int) {
	clear(s.row)
	spread(s.sw, s.dw, func(x, to int, part uint64) {
		for c := range 3 {
			s.row[3*to+c] += part * uint64(pix[4*x+c])
		}
	})
	at := y * s.dh
	for left := s.dh; left > 0; {
		to := at / s.sh
		part := min((to+1)*s.sh-at, left)
		for i, v := range s.row {
			s.column[i] += uint64(part) * v // #nosec G115 -- a part of a pixel is not negative
		}
		at, left = at+part, left-part
		if at == (to+1)*s.sh {
			s.finish(to)
		}
	}
}

// spread tells for each of n source pixels which of the d wanted ones it lies under, and with how many parts.
func spread(n, d int, add func(x, to int, part uint64)) {
	to, room := 0, n
	for x := range n {
		for left := d; left > 0; {
			part := min(room, left)
			add(x, to, uint64(part))
			left -= part
			if room -= part; room == 0 {
				to, room = to+1, n
			}
		}
	}
}

func (s *sums) finish(y int) {
	whole := uint64(s.sw) * uint64(s.sh) // #nosec G115 -- a picture has no negative side
	line := s.out.Pix[y*s.out.Stride : y*s.out.Stride+4*s.dw]
	for x := range s.dw {
		for c := range 3 {
			line[4*x+c] = byte((s.column[3*x+c] + whole/2) / whole) // #nosec G115 -- a mean of bytes is a byte
		}
		line[4*x+3] = 0xff
	}
	clear(s.column)
}

// upright turns and mirrors a picture as its orientation (1 to 8 of the TIFF specification) asks for.
func upright(m *image.RGBA, turn int) *image.RGBA {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	var from func(x, y int) (int, int)
	switch turn {
	case 2:
		from = func(x, y int) (int, int) { return w - 1 - x, y }
	case 3:
		from = func(x, y int) (int, int) { return w - 1 - x, h - 1 - y }
	case 4:
		from = func(x, y int) (int, int) { return x, h - 1 - y }
	case 5:
		from = func(x, y int) (int, int) { return y, x }
	case 6:
		from = func(x, y int) (int, int) { return y, h - 1 - x }
	case 7:
		from = func(x, y int) (int, int) { return w - 1 - y, h - 1 - x }
	case 8:
		from = func(x, y int) (int, int) { return w - 1 - y, x }
	default:
		return m
	}
	size := image.Pt(w, h)
	if turn >= 5 {
		size = image.Pt(h, w)
	}
	out := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			out.SetRGBA(x, y, m.RGBAAt(from(x, y)))
		}
	}
	return out
}
