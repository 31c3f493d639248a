package photo

import (
	"encoding/binary"
	"image"
	"image/draw"
)

// frame is the first frame of an animated WebP: a still WebP, and where it lies
// on its canvas.
type frame struct {
	body   []byte
	at     image.Point
	canvas image.Point // size
}

// firstFrame finds the first frame (RFC 9649, 2.7.1.1); nil: the picture is
// not animated, or broken.
func firstFrame(body []byte) *frame {
	var f *frame
	for i := 12; i+8 <= len(body); {
		size := int(binary.LittleEndian.Uint32(body[i+4:]))
		if size > len(body)-i-8 {
			return nil
		}
		chunk := body[i+8 : i+8+size]
		switch kind := string(body[i : i+4]); {
		case kind == "VP8X" && size >= 10 && chunk[0]&2 != 0:
			f = &frame{canvas: image.Pt(1+uint24(chunk[4:]), 1+uint24(chunk[7:]))}
		case kind == "ANMF" && size > 16 && f != nil:
			f.at = image.Pt(2*uint24(chunk), 2*uint24(chunk[3:]))
			f.body = still(chunk[16:], chunk[6:12])
			return f
		}
		i += 8 + size + size%2
	}
	return nil
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// still wraps a frame's chunks, which may begin with its transparency.
func still(chunks, size []byte) []byte {
	out := append([]byte("RIFF\x00\x00\x00\x00WEBP"), extended(chunks, size)...)
	out = append(out, chunks...)
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out
}

// extended is the header that a frame with transparency needs.
func extended(chunks, size []byte) []byte {
	const alpha = 0x10
	if len(chunks) < 4 || string(chunks[:4]) != "ALPH" {
		return nil
	}
	return append([]byte{'V', 'P', '8', 'X', 10, 0, 0, 0, alpha, 0, 0, 0}, size...)
}

// on lays a frame on its canvas.
func (f *frame) on(img image.Image) image.Image {
	if f.canvas == img.Bounds().Size() {
		return img
	}
	out := image.NewNRGBA(image.Rectangle{Max: f.canvas})
	draw.Draw(out, img.Bounds().Sub(img.Bounds().Min).Add(f.at), img, img.Bounds().Min, draw.Src)
	return out
}
