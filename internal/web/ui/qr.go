package ui

import (
	"strconv"
	"strings"

	"rsc.io/qr"
)

// quiet is the white border around a code in modules (ISO/IEC 18004 asks for four).
const quiet = 4

// qrPath draws a text as a QR code of medium error correction: the black modules as one SVG path, and the length of a side in modules with
// its border. It gives "" and 0 for a text that no code can hold (2,331 bytes).
func qrPath(text string) (path string, side int) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", 0
	}
	var b strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			if !code.Black(x, y) {
				continue
			}
			from := x
			for x+1 < code.Size && code.Black(x+1, y) {
				x++
			}
			width := strconv.Itoa(x - from + 1)
			b.WriteString("M" + strconv.Itoa(from+quiet) + " " + strconv.Itoa(y+quiet) + "h" + width + "v1h-" + width + "z")
		}
	}
	return b.String(), code.Size + 2*quiet
}

func viewBox(side int) string { n := strconv.Itoa(side); return "0 0 " + n + " " + n }
