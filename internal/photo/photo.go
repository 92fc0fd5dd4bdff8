// Package photo owns what a picture from outside has to go through before anybody keeps it: it is decoded within limits of bytes and pixels,
// turned upright, made smaller, and encoded anew, so that nothing of the file that came is left but what the eye sees; and the folder in which
// such pictures lie sealed, named by their content.
//
// It knows no use of a picture and no person. It must never keep, hand on or print what a file says besides its pixels: the place where a
// camera says it stood is given to the caller once, to be used and forgotten.
package photo

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"timebank/internal/errs"
)

// Limits of what is taken (default, ours): a picture of a usual telephone passes, a file that grows without end when it is opened does not.
const (
	// MaxBytes bounds the file.
	MaxBytes = 12 << 20
	// MaxPixels bounds the picture before it is decoded: what its head says is believed only to refuse it.
	MaxPixels = 32 << 20
	// maxScans bounds how often a progressive JPEG goes over the picture; an encoder makes about ten, and a few bytes are enough for one more.
	maxScans = 32
)

// quality is that of the clean picture: text on a slip stays readable.
const quality = 82

// Form is what a picture is made into.
type Form struct {
	// Side is the longest side in pixels; a smaller picture keeps its size.
	Side int
	// Square cuts the middle out.
	Square bool
}

// The forms.
var (
	// Evidence shows what was done and can be read like a page.
	Evidence = Form{Side: 1600}
	// Portrait shows a face beside a name.
	Portrait = Form{Side: 480, Square: true}
)

// Hash is the SHA-256 digest of a clean picture's bytes, as 64 hexadecimal characters: its name.
type Hash string

func hashOf(jpeg []byte) Hash {
	sum := sha256.Sum256(jpeg)
	return Hash(hex.EncodeToString(sum[:]))
}

// valid keeps anything but a digest out of paths.
func (h Hash) valid() bool {
	digits, err := hex.DecodeString(string(h))
	return err == nil && len(digits) == sha256.Size && hex.EncodeToString(digits) == string(h)
}

// Place is where a camera said it stood, in millionths of a degree.
type Place struct {
	LatE6, LonE6 int64
}

// Picture is a clean picture: a JPEG that this package encoded and nothing else.
type Picture struct {
	JPEG          []byte
	Hash          Hash
	Width, Height int
	// Place is nil unless the file said where it was taken. It does not stand in JPEG.
	Place *Place
}

func refuse(code string, params ...any) error {
	return errs.Invalid("photo.refused", errs.Field{Path: "photo", Code: code, Params: params})
}

// Clean reads a JPEG or PNG file and makes a clean picture of it. Every error has the code photo.refused and one field: photo.empty,
// photo.too_large with the most megabytes, photo.too_many_pixels with the most millions of them, photo.format_unsupported for another format of
// pictures such as HEIC or WebP, photo.not_a_picture for anything else, a damaged file included.
func Clean(file io.Reader, form Form) (Picture, error) {
	raw, err := io.ReadAll(io.LimitReader(file, MaxBytes+1))
	switch {
	case err != nil:
		return Picture{}, refuse("photo.not_a_picture")
	case len(raw) == 0:
		return Picture{}, refuse("photo.empty")
	case len(raw) > MaxBytes:
		return Picture{}, refuse("photo.too_large", "most", MaxBytes>>20)
	}
	about, decode, decodeHead := described{}, jpeg.Decode, jpeg.DecodeConfig
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xd8\xff")):
		about = describe(exifOfJPEG(raw))
	case bytes.HasPrefix(raw, []byte("\x89PNG\r\n\x1a\n")):
		about, decode, decodeHead = describe(exifOfPNG(raw)), png.Decode, png.DecodeConfig
	case otherFormat(raw):
		return Picture{}, refuse("photo.format_unsupported")
	default:
		return Picture{}, refuse("photo.not_a_picture")
	}
	head, err := decodeHead(bytes.NewReader(raw))
	if err != nil || head.Width <= 0 || head.Height <= 0 {
		return Picture{}, refuse("photo.not_a_picture")
	}
	if int64(head.Width)*int64(head.Height) > MaxPixels {
		return Picture{}, refuse("photo.too_many_pixels", "most", MaxPixels>>20)
	}
	if bytes.HasPrefix(raw, []byte("\xff\xd8\xff")) && scans(raw) > maxScans {
		return Picture{}, refuse("photo.not_a_picture")
	}
	picture, err := decode(bytes.NewReader(raw))
	if err != nil {
		return Picture{}, refuse("photo.not_a_picture")
	}
	return encode(upright(shrink(picture, form), about.turn), about.place)
}

func encode(m *image.RGBA, place *Place) (Picture, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: quality}); err != nil {
		return Picture{}, errs.New(errs.Internal, errs.CodeInternal).With(err)
	}
	size := m.Bounds().Size()
	return Picture{JPEG: out.Bytes(), Hash: hashOf(out.Bytes()), Width: size.X, Height: size.Y, Place: place}, nil
}

// otherFormat recognises formats that telephones and programs write and that we do not open, so that the refusal can say so.
func otherFormat(raw []byte) bool {
	if len(raw) < 12 {
		return false
	}
	switch string(raw[4:8]) {
	case "ftyp": // HEIC, HEIF, AVIF
		return true
	}
	switch {
	case string(raw[:4]) == "RIFF" && string(raw[8:12]) == "WEBP",
		string(raw[:3]) == "GIF", string(raw[:2]) == "BM", string(raw[:4]) == "II*\x00", string(raw[:4]) == "MM\x00*":
		return true
	}
	return false
}

// scans counts the scans of a JPEG file, at most one more than maxScans. Inside of one, 0xff is followed by a zero or a restart marker.
func scans(raw []byte) (n int) {
	for at := 2; at+4 <= len(raw) && n <= maxScans; {
		if raw[at] != 0xff {
			at++
			continue
		}
		switch marker := raw[at+1]; {
		case marker == 0xff:
			at++
		case marker == 0, marker >= 0xd0 && marker <= 0xd7:
			at += 2
		case marker == 0xd9:
			return n
		default:
			if marker == 0xda {
				n++
			}
			at += 2 + int(binary.BigEndian.Uint16(raw[at+2:]))
		}
	}
	return n
}
