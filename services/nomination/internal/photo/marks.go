package photo

import (
	"bytes"
	"encoding/binary"
)

// maxScans bounds the passes of a progressive JPEG: cameras and editors write
// about ten, while a few bytes of scan can make a decoder walk the whole
// picture again.
const maxScans = 64

// marks is what a container says beside its picture.
type marks struct {
	exif        []byte // TIFF, from its byte-order mark; nil where there is none
	progressive bool
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
		case 0xC2:
			m.progressive = true
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

// markPNG looks for the chunk eXIf (PNG, third edition, 11.3.3.4).
func markPNG(body []byte) marks {
	for i := 8; i+8 <= len(body); {
		size := int(binary.BigEndian.Uint32(body[i:]))
		if size > len(body)-i-8 {
			break
		}
		if string(body[i+4:i+8]) == "eXIf" {
			return marks{exif: body[i+8 : i+8+size]}
		}
		i += 12 + size
	}
	return marks{}
}

// markWebP looks for the chunk EXIF (RFC 9649, 2.7.1.5).
func markWebP(body []byte) marks {
	for i := 12; i+8 <= len(body); {
		size := int(binary.LittleEndian.Uint32(body[i+4:]))
		if size > len(body)-i-8 {
			break
		}
		if string(body[i:i+4]) == "EXIF" {
			return marks{exif: bytes.TrimPrefix(body[i+8:i+8+size], []byte("Exif\x00\x00"))}
		}
		i += 8 + size + size%2
	}
	return marks{}
}
