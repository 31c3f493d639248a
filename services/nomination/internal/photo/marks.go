package photo

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// maxScans bounds the passes of a progressive JPEG: cameras and editors write
// about ten, while a few bytes of scan can make a decoder walk the whole
// picture again.
const maxScans = 64

// marks is what a container says beside its picture.
type marks struct {
	exif        []byte // TIFF, from its byte-order mark; nil where there is none
	icc         []byte // colour profile; nil where there is none
	progressive bool
	components  int  // of a JPEG
	adobe       bool // a JPEG has Adobe's marker
}

// markJPEG walks the segments of a JPEG (ITU-T T.81, annex B). It stops
// quietly where they break off; the decoder says so.
func markJPEG(body []byte) (marks, error) {
	var m marks
	scans := 0
	for i := 2; i+4 <= len(body); {
		if body[i] != 0xFF {
			i++ // entropy-coded data
			continue
		}
		marker := body[i+1]
		switch {
		case marker == 0xFF: // fill
			i++
			continue
		case marker == 0x00, marker == 0x01, marker >= 0xD0 && marker <= 0xD8: // stuffed, or without a length
			i += 2
			continue
		case marker == 0xD9:
			return m, nil
		}
		size := int(binary.BigEndian.Uint16(body[i+2:]))
		end := min(i+2+max(size, 2), len(body))
		segment := body[i+4 : max(end, i+4)]
		switch marker {
		case 0xC0, 0xC1, 0xC2:
			if m.progressive = marker == 0xC2; len(segment) > 5 {
				m.components = int(segment[5])
			}
		case 0xE2:
			// A profile comes in parts, which are in order (ICC.1:2022, B.4).
			if part, ok := bytes.CutPrefix(segment, []byte("ICC_PROFILE\x00")); ok && len(part) > 2 && len(m.icc)+len(part) <= maxProfile {
				m.icc = append(m.icc, part[2:]...)
			}
		case 0xEE:
			m.adobe = m.adobe || len(segment) >= 12 && bytes.HasPrefix(segment, []byte("Adobe"))
		case 0xDA:
			if scans++; scans > maxScans {
				return m, Refuse("too_many_passes", "is a JPEG of too many passes")
			}
		case 0xE1:
			if tiff, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); ok && m.exif == nil {
				m.exif = tiff
			}
		}
		i = end
	}
	return m, nil
}

// withAdobe puts Adobe's marker into a JPEG of four components: without it the
// decoder does not know their order.
func withAdobe(body []byte) []byte {
	return slices.Concat(body[:2], []byte("\xFF\xEE\x00\x0EAdobe\x00\x64\x00\x00\x00\x00\x00"), body[2:])
}

// markPNG looks for the chunks eXIf and iCCP (PNG, third edition, 11.3.3.4 and
// 11.3.2.3).
func markPNG(body []byte) marks {
	var m marks
	for i := 8; i+8 <= len(body); {
		size := int(binary.BigEndian.Uint32(body[i:]))
		if size > len(body)-i-8 {
			break
		}
		chunk := body[i+8 : i+8+size]
		switch string(body[i+4 : i+8]) {
		case "eXIf":
			m.exif = chunk
		case "iCCP":
			if name := bytes.IndexByte(chunk, 0); name >= 0 && name+2 <= len(chunk) {
				m.icc = inflate(chunk[name+2:])
			}
		}
		i += 12 + size
	}
	return m
}

// markWebP looks for the chunks EXIF and ICCP (RFC 9649, 2.7.1.4 and 2.7.1.5).
func markWebP(body []byte) marks {
	var m marks
	for i := 12; i+8 <= len(body); {
		size := int(binary.LittleEndian.Uint32(body[i+4:]))
		if size > len(body)-i-8 {
			break
		}
		switch chunk := body[i+8 : i+8+size]; string(body[i : i+4]) {
		case "EXIF":
			m.exif = bytes.TrimPrefix(chunk, []byte("Exif\x00\x00"))
		case "ICCP":
			m.icc = chunk[:min(size, maxProfile)]
		}
		i += 8 + size + size%2
	}
	return m
}
