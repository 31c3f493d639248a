package photo_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"math/bits"
	"testing"
)

// half is where the pictures of these tests change from one colour to the other.
const half = 64

// ycc is a colour as JPEG keeps it.
type ycc struct{ y, cb, cr uint8 }

// sampled writes a baseline JPEG (ITU-T T.81) whose luminance has h × v blocks an
// MCU, and each of the two colours ch × cv. It is of one colour left of half, and of
// another right of it: all blocks have a level and nothing else.
func sampled(size image.Point, h, v, ch, cv int, left, right ycc) []byte {
	b := []byte{0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0}
	for range 64 {
		b = append(b, 1) // quantization
	}
	b = append(b, 0xFF, 0xC0, 0, 17, 8)
	b = binary.BigEndian.AppendUint16(b, uint16(size.Y))
	b = binary.BigEndian.AppendUint16(b, uint16(size.X))
	b = append(b, 3, 1, byte(h<<4|v), 0, 2, byte(ch<<4|cv), 0, 3, byte(ch<<4|cv), 0)
	// DC: 12 codes of four bits, for differences of so many bits. AC: 0 ends a block.
	b = append(b, 0xFF, 0xC4, 0, 31, 0x00, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	b = append(b, 0xFF, 0xC4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = append(b, 0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0)
	most, high := max(h, ch), max(v, cv)
	var scan string
	var before [3]int
	for range (size.Y + 8*high - 1) / (8 * high) {
		for x := 0; x < size.X; x += 8 * most {
			c := left
			if x >= half {
				c = right
			}
			for i, level := range []uint8{c.y, c.cb, c.cr} {
				blocks := ch * cv
				if i == 0 {
					blocks = h * v
				}
				for range blocks {
					dc := 8 * (int(level) - 128)
					scan += difference(dc-before[i]) + "0"
					before[i] = dc
				}
			}
		}
	}
	return append(b, packed(scan)...)
}

// difference is a code of DC (T.81, F.1.2.1).
func difference(d int) string {
	n := bits.Len(uint(max(d, -d)))
	if d < 0 {
		d += 1<<n - 1
	}
	code := fmt.Sprintf("%04b", n)
	if n > 0 {
		code += fmt.Sprintf("%0*b", n, d)
	}
	return code
}

// Every sampling of a JPEG's colours that is decoded has each colour where it
// belongs, in sizes that fill no MCU; every other is told to be unsupported.
func TestOpen_samplings(t *testing.T) {
	left, right := ycc{90, 100, 190}, ycc{150, 180, 90}
	names := map[[4]int]string{
		{1, 1, 1, 1}: "4:4:4", {2, 1, 1, 1}: "4:2:2", {2, 2, 1, 1}: "4:2:0", {1, 2, 1, 1}: "4:4:0", {4, 1, 1, 1}: "4:1:1",
	}
	for _, size := range []image.Point{{69, 37}, {95, 1}, {66, 50}} {
		for i := range 256 {
			f := [4]int{1 + i%4, 1 + i/4%4, 1 + i/16%4, 1 + i/64}
			if half%(8*max(f[0], f[2])) != 0 { // the colours would change within an MCU
				continue
			}
			img, code := made(t, sampled(size, f[0], f[1], f[2], f[3], left, right))
			if code != "" {
				if name := names[f]; name != "" || code != "unsupported_kind" && code != "broken_picture" {
					t.Errorf("%v %s: %q", f, name, code)
				}
				continue
			}
			if img.Bounds().Size() != size {
				t.Errorf("%v: %v, want %v", f, img.Bounds(), size)
			}
			for _, x := range []int{0, 7, 33, 60, half + 1, size.X - 1} {
				want := left
				if x >= half {
					want = right
				}
				r, g, b := color.YCbCrToRGB(want.y, want.cb, want.cr)
				for _, y := range []int{0, size.Y / 2, size.Y - 1} {
					one := img.(*image.YCbCr).SubImage(image.Rect(x, y, x+1, y+1))
					if !near(one, color.RGBA{r, g, b, 255}) {
						t.Errorf("%v %s of %v: %v at %d, %d, want %v", f, names[f], size, img.At(x, y), x, y, [3]uint8{r, g, b})
					}
				}
			}
		}
	}
	// Cb and Cr are sampled differently.
	body := sampled(image.Pt(69, 37), 2, 2, 2, 1, left, right)
	at := bytes.Index(body, []byte{3, 0x21, 0})
	body[at+1] = 0x11
	if _, code := made(t, body); code != "unsupported_kind" {
		t.Errorf("different samplings of the colours: %q", code)
	}
}
