package photo

import (
	"bytes"
	"encoding/binary"
)

// described is what a camera wrote beside the pixels, as far as anybody here wants to know it.
type described struct {
	turn  int // 1 to 8, 0 when nothing is said
	place *Place
}

// exifOfJPEG finds the TIFF block of the APP1 segment, or returns nil.
func exifOfJPEG(raw []byte) []byte {
	for at := 2; at+4 <= len(raw) && raw[at] == 0xff; {
		marker := raw[at+1]
		if marker == 0xff { // padding
			at++
			continue
		}
		if marker == 0xda || marker == 0xd9 { // the pixels begin
			return nil
		}
		length := int(binary.BigEndian.Uint16(raw[at+2:]))
		end := at + 2 + length
		if length < 2 || end > len(raw) {
			return nil
		}
		if body := raw[at+4 : end]; marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return body[6:]
		}
		at = end
	}
	return nil
}

// exifOfPNG finds the TIFF block of the eXIf chunk, or returns nil.
func exifOfPNG(raw []byte) []byte {
	for at := 8; at+12 <= len(raw); {
		length := int64(binary.BigEndian.Uint32(raw[at:]))
		end := int64(at) + 8 + length
		if end+4 > int64(len(raw)) {
			return nil
		}
		if string(raw[at+4:at+8]) == "eXIf" {
			return raw[at+8 : end]
		}
		at = int(end) + 4
	}
	return nil
}

// The tags that are read (CIPA DC-008, Exif 2.32).
const (
	tagOrientation = 0x0112
	tagGPS         = 0x8825
	tagLatRef      = 1
	tagLat         = 2
	tagLonRef      = 3
	tagLon         = 4
)

// maxTags bounds a directory: more than a camera writes.
const maxTags = 512

// describe reads a TIFF block. What is missing, damaged or makes no sense is not said.
func describe(block []byte) (d described) {
	t, first, ok := openTIFF(block)
	if !ok {
		return d
	}
	top := t.directory(first)
	if e, ok := top[tagOrientation]; ok && e.kind == kindShort {
		if turn := int(t.order.Uint16(e.value[:])); turn >= 1 && turn <= 8 {
			d.turn = turn
		}
	}
	if e, ok := top[tagGPS]; ok && e.kind == kindLong {
		gps := t.directory(t.order.Uint32(e.value[:]))
		lat, ok1 := t.degrees(gps, tagLat, tagLatRef, "NS", 90)
		lon, ok2 := t.degrees(gps, tagLon, tagLonRef, "EW", 180)
		// A camera without reception writes zeros.
		if ok1 && ok2 && (lat != 0 || lon != 0) {
			d.place = &Place{LatE6: lat, LonE6: lon}
		}
	}
	return d
}

type tiff struct {
	block []byte
	order binary.ByteOrder
}

// The kinds of values that are read.
const (
	kindASCII    = 2
	kindShort    = 3
	kindLong     = 4
	kindRational = 5
)

type entry struct {
	kind  uint16
	count uint32
	value [4]byte // the value, or where it is
}

func openTIFF(block []byte) (t tiff, first uint32, ok bool) {
	if len(block) < 8 {
		return t, 0, false
	}
	t.block = block
	switch string(block[:4]) {
	case "II*\x00":
		t.order = binary.LittleEndian
	case "MM\x00*":
		t.order = binary.BigEndian
	default:
		return t, 0, false
	}
	return t, t.order.Uint32(block[4:]), true
}

// at returns n bytes of the block, or nil when they lie outside.
func (t tiff) at(offset uint32, n int) []byte {
	if int64(offset)+int64(n) > int64(len(t.block)) {
		return nil
	}
	return t.block[offset : int64(offset)+int64(n)]
}

func (t tiff) directory(offset uint32) map[uint16]entry {
	head := t.at(offset, 2)
	if head == nil {
		return nil
	}
	n := min(int(t.order.Uint16(head)), maxTags)
	all := make(map[uint16]entry, n)
	for i := range n {
		raw := t.at(offset, 2+12*(i+1))
		if raw == nil {
			break
		}
		raw = raw[2+12*i:]
		all[t.order.Uint16(raw)] = entry{kind: t.order.Uint16(raw[2:]), count: t.order.Uint32(raw[4:]), value: [4]byte(raw[8:12])}
	}
	return all
}

// degrees reads degrees, minutes and seconds with their direction, in millionths of a degree.
func (t tiff) degrees(gps map[uint16]entry, value, ref uint16, directions string, most int64) (int64, bool) {
	v, r := gps[value], gps[ref]
	if v.kind != kindRational || v.count != 3 || r.kind != kindASCII {
		return 0, false
	}
	raw := t.at(t.order.Uint32(v.value[:]), 24)
	if raw == nil {
		return 0, false
	}
	var total int64
	for i, parts := range []int64{1, 60, 3600} {
		num, den := int64(t.order.Uint32(raw[8*i:])), int64(t.order.Uint32(raw[8*i+4:]))
		if den == 0 {
			if num == 0 && i > 0 { // some write minutes with fractions and no seconds
				continue
			}
			return 0, false
		}
		total += (num*1_000_000 + den*parts/2) / (den * parts) // 32 bits each: there is room
	}
	if total > most*1_000_000 {
		return 0, false
	}
	switch r.value[0] {
	case directions[0]:
		return total, true
	case directions[1]:
		return -total, true
	}
	return 0, false
}
