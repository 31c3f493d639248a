package photo_test

import (
	"encoding/binary"
	"image"
	"image/color"
	"testing"
)

// riff is a part of a RIFF file.
func riff(name string, body []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))
	out = append(out, body...)
	if len(body)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

func le24(n int) []byte { return []byte{byte(n), byte(n >> 8), byte(n >> 16)} }

// lossless is a VP8L chunk (RFC 9649, section 3) of one colour: each of its codes
// has one symbol, so that a pixel takes no bits.
func lossless(size image.Point, c color.NRGBA) []byte {
	var out []byte
	n := 0
	write := func(v, bits int) {
		for i := range bits {
			if n%8 == 0 {
				out = append(out, 0)
			}
			out[n/8] |= byte(v >> i & 1 << (n % 8))
			n++
		}
	}
	write(0x2F, 8)
	write(size.X-1, 14)
	write(size.Y-1, 14)
	write(1, 1) // it has transparency
	write(0, 3) // version
	write(0, 3) // no transform, no cache of colours, one group of codes
	for _, symbol := range []uint8{c.G, c.R, c.B, c.A, 0} {
		write(0b101, 3) // simple, one symbol, of eight bits
		write(int(symbol), 8)
	}
	return riff("VP8L", out)
}

// cel is a frame of an animation.
type cel struct {
	at, size image.Point
	colour   color.NRGBA
}

// animated is a WebP of frames.
func animated(canvas image.Point, frames ...cel) []byte {
	head := append([]byte{0x12, 0, 0, 0}, append(le24(canvas.X-1), le24(canvas.Y-1)...)...) // animation, transparency
	body := append([]byte("WEBP"), riff("VP8X", head)...)
	body = append(body, riff("ANIM", []byte{0xFF, 0xFF, 0xFF, 0xFF, 0, 0})...)
	for _, f := range frames {
		var frame []byte
		for _, v := range []int{f.at.X / 2, f.at.Y / 2, f.size.X - 1, f.size.Y - 1, 100} {
			frame = append(frame, le24(v)...)
		}
		body = append(body, riff("ANMF", append(append(frame, 0), lossless(f.size, f.colour)...))...)
	}
	return riff("RIFF", body)
}

// Of an animation the first frame is shown, where it lies on its canvas.
func TestMake_animated(t *testing.T) {
	red, blue, white := color.NRGBA{200, 30, 40, 255}, color.NRGBA{20, 40, 200, 255}, color.NRGBA{255, 255, 255, 255}
	canvas := image.Pt(96, 80)
	const edge = 12 // pixels to either side of an edge, which JPEG mixes
	all := cel{image.Point{}, canvas, blue}
	for name, c := range map[string]struct {
		frames []cel
		inside image.Rectangle // of the first frame
		around color.NRGBA
	}{
		"whole":           {[]cel{{image.Point{}, canvas, red}, all}, image.Rectangle{Max: canvas}, white},
		"a part":          {[]cel{{image.Pt(32, 16), image.Pt(32, 48), red}, all}, image.Rect(32, 16, 64, 64), white},
		"an odd part":     {[]cel{{image.Pt(16, 16), image.Pt(63, 47), red}, all}, image.Rect(16, 16, 79, 63), white},
		"one frame":       {[]cel{{image.Pt(32, 16), image.Pt(32, 48), red}}, image.Rect(32, 16, 64, 64), white},
		"nothing to see":  {[]cel{{image.Point{}, canvas, color.NRGBA{}}, all}, image.Rectangle{}, white},
		"three, the last": {[]cel{{image.Point{}, canvas, red}, all, {image.Point{}, canvas, white}}, image.Rectangle{Max: canvas}, white},
	} {
		img, code := made(t, animated(canvas, c.frames...))
		if code != "" {
			t.Errorf("%s: %s", name, code)
			continue
		}
		if img.Bounds().Size() != canvas {
			t.Errorf("%s: %v, want %v", name, img.Bounds().Size(), canvas)
		}
		for y := 3; y < canvas.Y; y += 10 {
			for x := 3; x < canvas.X; x += 10 {
				at, want := image.Pt(x, y), c.around
				if inner := c.inside.Inset(edge); at.In(inner) || c.inside.Max == canvas {
					want = red
				} else if at.In(c.inside.Inset(-edge)) {
					continue
				}
				one := img.(*image.YCbCr).SubImage(image.Rect(x, y, x+1, y+1))
				if !near(one, color.RGBA(want)) {
					t.Errorf("%s: %v at %d, %d, want %v", name, img.At(x, y), x, y, want)
				}
			}
		}
	}
	broken := animated(canvas, all)
	if _, code := made(t, broken[:len(broken)-8]); code != "broken_picture" {
		t.Errorf("a frame that breaks off: %q", code)
	}
}
