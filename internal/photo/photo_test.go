package photo

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/pii"
	"timebank/internal/pii/piitest"
)

// scene is a picture whose left half is red, whose upper right quarter is white and whose lower right quarter is blue.
func scene(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{200, 0, 0, 255}
			if x >= w/2 {
				c = color.RGBA{255, 255, 255, 255}
				if y >= h/2 {
					c = color.RGBA{0, 0, 200, 255}
				}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

func asJPEG(t testing.TB, m image.Image, exif []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	if exif == nil {
		return b.Bytes()
	}
	body := append([]byte("Exif\x00\x00"), exif...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(body)+2))...)
	return append(append(out, body...), b.Bytes()[2:]...)
}

func asPNG(t testing.TB, m image.Image, exif []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if exif == nil {
		return b.Bytes()
	}
	const head = 8 + 25 // signature and IHDR
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(exif))), "eXIf"...)
	chunk = append(chunk, exif...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return bytes.Join([][]byte{b.Bytes()[:head], chunk, b.Bytes()[head:]}, nil)
}

// camera writes what a telephone writes: the orientation, and 32° 03' 36.5" north, 118° 46' 12" east.
func camera(order binary.AppendByteOrder, turn uint16) []byte {
	const gps, values = 8 + 2 + 2*12 + 4, 8 + 2 + 2*12 + 4 + 2 + 4*12 + 4
	b := []byte("II*\x00")
	if order.String() == binary.BigEndian.String() {
		b = []byte("MM\x00*")
	}
	u16, u32 := order.AppendUint16, order.AppendUint32
	tag := func(name, kind uint16, count, value uint32) {
		b = u32(u32(u16(u16(b, name), kind), count), value)
	}
	b = u16(u32(b, 8), 2)
	b = u16(u16(u32(u16(u16(b, tagOrientation), kindShort), 1), turn), 0)
	tag(tagGPS, kindLong, 1, gps)
	b = u16(u32(b, 0), 4)
	b = append(u32(u16(u16(b, tagLatRef), kindASCII), 2), 'N', 0, 0, 0)
	tag(tagLat, kindRational, 3, values)
	b = append(u32(u16(u16(b, tagLonRef), kindASCII), 2), 'E', 0, 0, 0)
	tag(tagLon, kindRational, 3, values+24)
	b = u32(b, 0)
	for _, r := range []uint32{32, 1, 3, 1, 365, 10, 118, 1, 46, 1, 12, 1} {
		b = u32(b, r)
	}
	return b
}

func TestNothingOfTheFileIsLeftButWhatTheEyeSees(t *testing.T) {
	marker := "Canary Camera 13912345678"
	for name, raw := range map[string][]byte{
		"JPEG, little endian": asJPEG(t, scene(400, 300), append(camera(binary.LittleEndian, 1), marker...)),
		"JPEG, big endian":    asJPEG(t, scene(400, 300), append(camera(binary.BigEndian, 1), marker...)),
		"PNG":                 asPNG(t, scene(400, 300), append(camera(binary.LittleEndian, 1), marker...)),
	} {
		if !bytes.Contains(raw, []byte(marker)) {
			t.Fatalf("%s: the test's own file lacks the canary", name)
		}
		p, err := Clean(bytes.NewReader(raw), Evidence)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if p.Place == nil || *p.Place != (Place{LatE6: 32_060_139, LonE6: 118_770_000}) {
			t.Errorf("%s: taken at %v", name, p.Place)
		}
		for _, left := range []string{marker, "Exif", "GPS", "II*\x00", "MM\x00*"} {
			if bytes.Contains(p.JPEG, []byte(left)) {
				t.Errorf("%s: the clean picture still has %q", name, left)
			}
		}
		again, err := Clean(bytes.NewReader(p.JPEG), Evidence)
		if err != nil || again.Place != nil {
			t.Errorf("%s: cleaned again: place %v, %v", name, again.Place, err)
		}
	}
}

func TestPicturesStandUpright(t *testing.T) {
	// Where the picture's upper left, upper right and lower right corners are on screen after each turn, as colours.
	red, white, blue := color.RGBA{200, 0, 0, 255}, color.RGBA{255, 255, 255, 255}, color.RGBA{0, 0, 200, 255}
	want := map[uint16][4]color.RGBA{ // upper left, upper right, lower left, lower right
		1: {red, white, red, blue}, 2: {white, red, blue, red}, 3: {blue, red, white, red}, 4: {red, blue, red, white},
		5: {red, red, white, blue}, 6: {red, red, blue, white}, 7: {blue, white, red, red}, 8: {white, blue, red, red},
	}
	for turn, corners := range want {
		p, err := Clean(bytes.NewReader(asJPEG(t, scene(160, 80), camera(binary.BigEndian, turn))), Evidence)
		if err != nil {
			t.Fatal(err)
		}
		m, err := jpeg.Decode(bytes.NewReader(p.JPEG))
		if err != nil {
			t.Fatal(err)
		}
		w, h := m.Bounds().Dx(), m.Bounds().Dy()
		if w != p.Width || h != p.Height || (turn >= 5) != (h > w) {
			t.Errorf("turn %d: %d × %d, said %d × %d", turn, w, h, p.Width, p.Height)
		}
		for i, at := range []image.Point{{8, 8}, {w - 8, 8}, {8, h - 8}, {w - 8, h - 8}} {
			if got := color.RGBAModel.Convert(m.At(at.X, at.Y)).(color.RGBA); !near(got, corners[i]) {
				t.Errorf("turn %d, corner %d: got %v, want %v", turn, i, got, corners[i])
			}
		}
	}
}

func near(a, b color.RGBA) bool {
	d := func(x, y uint8) bool { return max(x, y)-min(x, y) < 24 }
	return d(a.R, b.R) && d(a.G, b.G) && d(a.B, b.B)
}

func TestPicturesBecomeSmaller(t *testing.T) {
	for _, c := range []struct {
		w, h         int
		form         Form
		wantW, wantH int
	}{
		{4000, 3000, Evidence, 1600, 1200}, {300, 200, Evidence, 300, 200}, {1601, 3, Evidence, 1600, 2}, {3, 5000, Evidence, 1, 1600},
		{1000, 700, Portrait, 480, 480}, {100, 200, Portrait, 100, 100}, {1, 1, Evidence, 1, 1},
	} {
		p, err := Clean(bytes.NewReader(asPNG(t, scene(c.w, c.h), nil)), c.form)
		if err != nil || p.Width != c.wantW || p.Height != c.wantH {
			t.Errorf("%d × %d became %d × %d (%v), want %d × %d", c.w, c.h, p.Width, p.Height, err, c.wantW, c.wantH)
		}
	}
}

func TestShrinkingIsTheMeanOfTheArea(t *testing.T) {
	m := image.NewGray(image.Rect(10, 20, 13, 22)) // bounds need not begin at zero
	copy(m.Pix, []byte{0, 30, 90, 60, 120, 240})
	out := shrink(m, Form{Side: 2})
	// Two wide and one high: each pixel covers one column and a half.
	if got := [2]byte{out.Pix[0], out.Pix[4]}; got != [2]byte{(0 + 60 + 15 + 60) / 3, (15 + 60 + 90 + 240) / 3} {
		t.Errorf("got %v", got)
	}
	clear := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	if got := shrink(clear, Evidence).RGBAAt(1, 1); got != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("what is transparent became %v", got)
	}
}

// slow is a JPEG file that goes over its picture again and again.
func slow(t testing.TB) []byte {
	raw := asJPEG(t, scene(64, 64), nil)
	at := bytes.Index(raw, []byte{0xff, 0xda})
	return bytes.Join([][]byte{raw[:at], bytes.Repeat(raw[at:len(raw)-2], maxScans+1), raw[len(raw)-2:]}, nil)
}

// bomb is a PNG file of a few bytes that says it is w × h pixels large.
func bomb(t testing.TB, w, h uint32) []byte {
	raw := asPNG(t, scene(1, 1), nil)
	binary.BigEndian.PutUint32(raw[16:], w)
	binary.BigEndian.PutUint32(raw[20:], h)
	binary.BigEndian.PutUint32(raw[29:], crc32.ChecksumIEEE(raw[12:29]))
	return raw
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	whole := asJPEG(t, scene(64, 64), nil)
	for name, c := range map[string]struct {
		raw  []byte
		code string
	}{
		"nothing":                   {nil, "photo.empty"},
		"a page":                    {[]byte("<html><script>alert(1)</script>"), "photo.not_a_picture"},
		"half a picture":            {whole[:len(whole)/2], "photo.not_a_picture"},
		"too many bytes":            {append(bytes.Clone(whole), make([]byte, MaxBytes)...), "photo.too_large"},
		"a picture without end":     {slow(t), "photo.not_a_picture"},
		"a bomb":                    {bomb(t, 50_000, 50_000), "photo.too_many_pixels"},
		"a bomb beyond all numbers": {bomb(t, 1<<31-1, 1<<31-1), "photo.not_a_picture"},
		"a long thin bomb":          {bomb(t, 1, 1<<30), "photo.too_many_pixels"},
		"a telephone's own format":  {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), "photo.format_unsupported"},
		"WebP":                      {[]byte("RIFF\x10\x00\x00\x00WEBPVP8 "), "photo.format_unsupported"},
		"GIF":                       {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00"), "photo.format_unsupported"},
	} {
		_, err := Clean(bytes.NewReader(c.raw), Evidence)
		var e *errs.Error
		if !errors.As(err, &e) || e.Code != "photo.refused" || len(e.Fields) != 1 || e.Fields[0].Code != c.code {
			t.Errorf("%s: got %v, want %s", name, err, c.code)
		}
	}
	if _, err := Clean(broken{}, Evidence); errs.CodeOf(err) != "photo.refused" {
		t.Errorf("a connection that breaks: %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

// box holds the data keys of the numbers and seals under the first.
func box(t testing.TB, keys ...uint32) *pii.Box {
	t.Helper()
	return piitest.Box(t, pii.Ring{Active: 1, Keys: map[byte][32]byte{1: {1}}, Random: id.Seeded(7)}, keys...)
}

var noon = time.Date(2020, 10, 1, 4, 0, 0, 0, time.UTC)

func take(t *testing.T, f *Folder, at time.Time, w int) Picture {
	t.Helper()
	p, err := f.Take(t.Context(), at, bytes.NewReader(asJPEG(t, scene(w, 40), nil)), Evidence)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPicturesLieSealedUnderTheirContent(t *testing.T) {
	data := t.TempDir()
	f := NewFolder(data, box(t, 1))
	p := take(t, f, noon, 60)
	if again := take(t, f, noon, 60); again.Hash != p.Hash {
		t.Errorf("the same file became %s and %s", p.Hash, again.Hash)
	}
	path := filepath.Join(data, string(p.Hash[:2]), string(p.Hash[2:]))
	sealed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, p.JPEG[:64]) || bytes.Contains(sealed, []byte("JFIF")) {
		t.Error("the file can be read without the key")
	}
	if got, err := f.Open(p.Hash); err != nil || !bytes.Equal(got, p.JPEG) {
		t.Errorf("opened %d bytes, %v", len(got), err)
	}
	// A file in the place of another does not open, nor one that was changed.
	other := take(t, f, noon, 80)
	swapped, err := os.ReadFile(f.path(other.Hash))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, swapped, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Open(p.Hash); errs.CodeOf(err) != "photo.damaged" {
		t.Errorf("a swapped file: %v", err)
	}
	if _, err := f.Open("../../etc/passwd"); errs.CodeOf(err) != "photo.not_found" {
		t.Errorf("a picture that is not there: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	f.work <- struct{}{}
	f.work <- struct{}{}
	if _, err := f.Take(ended, noon, strings.NewReader("x"), Evidence); errs.CodeOf(err) != "photo.busy" {
		t.Errorf("nobody's turn: %v", err)
	}
}

func TestASweepRemovesWhatNobodyNames(t *testing.T) {
	f := NewFolder(t.TempDir(), box(t, 1))
	if n, err := f.Sweep(noon, nil); n != 0 || err != nil {
		t.Errorf("an empty folder: %d, %v", n, err)
	}
	named, orphan, again, fresh := take(t, f, noon, 60), take(t, f, noon, 80), take(t, f, noon, 90), take(t, f, noon.Add(time.Hour), 100)
	left := filepath.Join(f.dir, string(named.Hash[:2]), unfinished+"1")
	if err := os.WriteFile(left, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(left, noon, noon); err != nil {
		t.Fatal(err)
	}
	n, err := f.Sweep(noon.Add(time.Minute), func(all []Hash) ([]Hash, error) {
		if len(all) != 3 {
			t.Errorf("asked about %d pictures", len(all))
		}
		// One of them is kept again while the question is answered.
		take(t, f, noon.Add(time.Hour), 90)
		return []Hash{named.Hash}, nil
	})
	if n != 1 || err != nil {
		t.Errorf("removed %d, %v", n, err)
	}
	for name, c := range map[string]struct {
		p    Picture
		code string
	}{"named": {named, ""}, "orphan": {orphan, "photo.not_found"}, "kept again": {again, ""}, "fresh": {fresh, ""}} {
		if _, err := f.Open(c.p.Hash); errs.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("what was left unfinished is there: %v", err)
	}
}

func TestPicturesAreSealedAnewAndCopied(t *testing.T) {
	data, backup := t.TempDir(), t.TempDir()
	f := NewFolder(data, box(t, 1))
	p := take(t, f, noon, 60)
	turned := NewFolder(data, box(t, 2, 1))
	q := take(t, turned, noon, 80)
	if n, err := turned.Reseal(t.Context()); n != 1 || err != nil {
		t.Fatalf("sealed %d anew, %v", n, err)
	}
	if n, err := turned.Reseal(t.Context()); n != 0 || err != nil {
		t.Errorf("and once more %d, %v", n, err)
	}
	for range 2 {
		if err := Copy(data, backup); err != nil {
			t.Fatal(err)
		}
	}
	alone := NewFolder(backup, box(t, 2))
	for _, one := range []Picture{p, q} {
		if got, err := alone.Open(one.Hash); err != nil || !bytes.Equal(got, one.JPEG) {
			t.Errorf("from the copy under the new key alone: %d bytes, %v", len(got), err)
		}
	}
	info, err := os.Stat(alone.path(p.Hash))
	if err != nil || !info.ModTime().Equal(noon) {
		t.Errorf("the copy was kept at %v, %v", info.ModTime(), err)
	}
}

// FuzzClean: whatever comes is refused as a bad field or becomes a picture within its form that can be cleaned again.
func FuzzClean(f *testing.F) {
	f.Add(asJPEG(f, scene(24, 16), camera(binary.LittleEndian, 6)))
	f.Add(asPNG(f, scene(24, 16), camera(binary.BigEndian, 3)))
	f.Add(bomb(f, 30_000, 30_000))
	f.Add([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if tooBig(raw) {
			return // a megapixel is enough for a machine that does this all day
		}
		p, err := Clean(bytes.NewReader(raw), Evidence)
		if err != nil {
			if errs.CodeOf(err) != "photo.refused" {
				t.Fatalf("got %v", err)
			}
			return
		}
		if p.Width < 1 || p.Height < 1 || p.Width > Evidence.Side || p.Height > Evidence.Side {
			t.Fatalf("%d × %d", p.Width, p.Height)
		}
		if p.Place != nil && (max(p.Place.LatE6, -p.Place.LatE6) > 90_000_000 || max(p.Place.LonE6, -p.Place.LonE6) > 180_000_000) {
			t.Fatalf("taken at %v", *p.Place)
		}
		if again, err := Clean(bytes.NewReader(p.JPEG), Evidence); err != nil || again.Place != nil {
			t.Fatalf("cleaned again: %v, %v", again.Place, err)
		}
	})
}

func tooBig(raw []byte) bool {
	head, _, err := image.DecodeConfig(bytes.NewReader(raw))
	return err == nil && head.Width*head.Height > 1<<20 && head.Width*head.Height <= MaxPixels
}
