package print

import (
	"errors"

	"rsc.io/qr"
)

// quiet is the white border around a code in modules (ISO/IEC 18004 asks for four).
const quiet = 4

// QR draws a text as a QR code of medium error correction into a square of side points, its white border included. Beside it should stand
// in letters what it holds, for whoever cannot use it.
func (d *Document) QR(x, y, side float64, text string) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		d.try(errors.New("print: a text that no QR code can hold"))
		return
	}
	module := side / float64(code.Size+2*quiet)
	d.pdf.SetFillColor(0, 0, 0)
	for row := range code.Size {
		for col := 0; col < code.Size; col++ {
			if !code.Black(col, row) {
				continue
			}
			from := col
			for col+1 < code.Size && code.Black(col+1, row) {
				col++
			}
			// A hair of overlap keeps printers from leaving white lines between rows.
			d.pdf.RectFromUpperLeftWithStyle(x+float64(from+quiet)*module, y+float64(row+quiet)*module, float64(col-from+1)*module, module*1.02, "F")
		}
	}
}
