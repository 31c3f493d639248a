package photo_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"

	"github.com/laurel-awards/laurel/services/nomination/internal/photo"
)

// made gives the picture that pages show, decoded, or the code of its refusal.
func made(t *testing.T, body []byte) (image.Image, string) {
	t.Helper()
	p, err := photo.Open(body)
	var out []byte
	if err == nil {
		out, err = photo.NewMaker().Make(t.Context(), p)
	}
	if refusal, ok := errors.AsType[photo.Refusal](err); ok {
		return nil, refusal.Code
	}
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(out, []byte("ICC_PROFILE")) {
		t.Error("a profile is left in the picture")
	}
	img, err := jpeg.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return img, ""
}

// near tells whether a picture's middle has a colour, as JPEG keeps it.
func near(img image.Image, want color.RGBA) bool {
	r, g, b, _ := img.At(img.Bounds().Min.X+img.Bounds().Dx()/2, img.Bounds().Min.Y+img.Bounds().Dy()/2).RGBA()
	off := func(a uint32, b uint8) bool { return math.Abs(float64(a>>8)-float64(b)) > 4 }
	return !off(r, want.R) && !off(g, want.G) && !off(b, want.B)
}

// flat is a JPEG of one colour.
func flat(t *testing.T, c color.RGBA) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 33, 17))
	for i := 0; i < len(img.Pix); i += 4 {
		copy(img.Pix[i:], []byte{c.R, c.G, c.B, 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withProfile puts a profile into a JPEG, in two parts.
func withProfile(body, icc []byte) []byte {
	out := bytes.Clone(body[:2])
	for i, part := range [][]byte{icc[:len(icc)/2], icc[len(icc)/2:]} {
		out = append(out, 0xFF, 0xE2)
		out = binary.BigEndian.AppendUint16(out, uint16(2+14+len(part)))
		out = append(append(out, "ICC_PROFILE\x00"...), byte(i+1), 2)
		out = append(out, part...)
	}
	return append(out, body[2:]...)
}

// icc makes an RGB profile of columns of XYZ under D50 and a curve for all three.
func icc(columns [3][3]float64, curve []byte) []byte {
	fixed := func(b []byte, v float64) []byte {
		return binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(v*65536))))
	}
	type tag struct {
		name string
		body []byte
	}
	var tags []tag
	for i, name := range []string{"r", "g", "b"} {
		xyz := []byte("XYZ \x00\x00\x00\x00")
		for _, v := range columns[i] {
			xyz = fixed(xyz, v)
		}
		tags = append(tags, tag{name + "XYZ", xyz}, tag{name + "TRC", curve})
	}
	head := make([]byte, 128)
	copy(head[12:], "mntrRGB XYZ ")
	copy(head[36:], "acsp")
	head = binary.BigEndian.AppendUint32(head, uint32(len(tags)))
	at := len(head) + 12*len(tags)
	var bodies []byte
	for _, x := range tags {
		head = append(head, x.name...)
		head = binary.BigEndian.AppendUint32(head, uint32(at+len(bodies)))
		head = binary.BigEndian.AppendUint32(head, uint32(len(x.body)))
		bodies = append(bodies, x.body...)
	}
	return append(head, bodies...)
}

func curv(values ...uint16) []byte {
	b := []byte("curv\x00\x00\x00\x00")
	b = binary.BigEndian.AppendUint32(b, uint32(len(values)))
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func para(kind uint16, params ...float64) []byte {
	b := binary.BigEndian.AppendUint16([]byte("para\x00\x00\x00\x00"), kind)
	b = append(b, 0, 0)
	for _, v := range params {
		b = binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(v*65536))))
	}
	return b
}

// Colours come out as sRGB, whatever matrix and kind of curve the profile has.
func TestMake_profiles(t *testing.T) {
	srgb := [3][3]float64{{0.4360747, 0.2225045, 0.0139322}, {0.3850649, 0.7168786, 0.0971045}, {0.1430804, 0.0606169, 0.7141733}}
	p3 := [3][3]float64{{0.515121, 0.241196, -0.001053}, {0.291977, 0.692245, 0.041885}, {0.157104, 0.066574, 0.784073}}
	swapped := [3][3]float64{srgb[2], srgb[1], srgb[0]}
	usual := para(3, 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045)
	in := color.RGBA{200, 100, 50, 255}
	for name, c := range map[string]struct {
		icc  []byte
		want color.RGBA
	}{
		"sRGB":           {icc(srgb, usual), in},
		"Display P3":     {icc(p3, usual), color.RGBA{215, 93, 31, 255}},
		"red for blue":   {icc(swapped, usual), color.RGBA{50, 100, 200, 255}},
		"a gamma":        {icc(srgb, curv(0x0233)), in}, // 2.2
		"of one number":  {icc(srgb, para(0, 2.2)), in},
		"linear":         {icc(srgb, curv()), color.RGBA{229, 168, 122, 255}},
		"a table":        {icc(srgb, curv(0, 0x8000, 0xFFFF)), color.RGBA{229, 168, 122, 255}},
		"no profile":     {bytes.Repeat([]byte("nothing of the kind "), 10), in},
		"a broken curve": {icc(srgb, []byte("curv\x00\x00\x00\x00\xFF\xFF\xFF\xFF")), in},
		"broken off":     {icc(srgb, usual)[:180], in},
	} {
		img, code := made(t, withProfile(flat(t, in), c.icc))
		if code != "" || !near(img, c.want) {
			t.Errorf("%s: %s %v, want %v", name, code, img.At(16, 8), c.want)
		}
	}
	tables := bytes.ReplaceAll(icc(srgb, usual), []byte("rXYZ"), []byte("A2B0"))
	if _, code := made(t, withProfile(flat(t, in), tables)); code != "unsupported_profile" {
		t.Errorf("a profile of tables: %q", code)
	}
}

// Ink of four colours, whether or not a program left Adobe's mark: with it,
// numbers are negatives.
func TestMake_CMYK(t *testing.T) {
	// A JPEG of four components, 8 × 8, with a quantization of 1 and Huffman tables of
	// one code each: every coefficient but the first is 0.
	cmyk := func(adobe bool) []byte {
		b := []byte{0xFF, 0xD8}
		if adobe {
			b = append(b, "\xFF\xEE\x00\x0EAdobe\x00\x64\x00\x00\x00\x00\x00"...)
		}
		b = append(b, 0xFF, 0xDB, 0, 67, 0)
		b = append(b, bytes.Repeat([]byte{1}, 64)...)
		b = append(b, 0xFF, 0xC0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0)
		// DC: code 0 is a difference of 0, 10 one of 10 bits. AC: 0 ends the block.
		b = append(b, 0xFF, 0xC4, 0, 21, 0x00, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10)
		b = append(b, 0xFF, 0xC4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		b = append(b, 0xFF, 0xDA, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0)
		// C: +1016 is 255; M, Y and K: -1024 is 0. Bits: 10 1111111000 0, then thrice 10 0111... 0.
		return append(b, packed("10"+"1111111000"+"0"+"10"+"0000000111"+"0"+"10"+"0000000111"+"0"+"10"+"0000000111"+"0")...)
	}
	if img, code := made(t, cmyk(false)); code != "" || !near(img, color.RGBA{0, 255, 255, 255}) {
		t.Errorf("plain: %s %v, want cyan", code, img)
	}
	if img, code := made(t, cmyk(true)); code != "" || !near(img, color.RGBA{0, 0, 0, 255}) {
		t.Errorf("Adobe's: %s %v, want black", code, img)
	}
}

// packed gives a string of 0 and 1 as the entropy-coded end of a JPEG.
func packed(s string) []byte {
	var out []byte
	for len(s)%8 != 0 {
		s += "1"
	}
	for ; len(s) > 0; s = s[8:] {
		var v byte
		for _, c := range s[:8] {
			v = v<<1 | byte(c-'0')
		}
		if out = append(out, v); v == 0xFF {
			out = append(out, 0)
		}
	}
	return append(out, 0xFF, 0xD9)
}
