package photo_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/services/nomination/internal/photo"
)

// quarters is a picture whose corners tell how it is turned: red at the top
// left, green at the top right, blue below left, white below right.
func quarters(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i, c := range []color.Color{color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}, color.RGBA{0, 0, 255, 255}, color.White} {
		x, y := i%2*w/2, i/2*h/2
		draw.Draw(m, image.Rect(x, y, x+w/2+1, y+h/2+1), image.NewUniform(c), image.Point{}, draw.Src)
	}
	return m
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tiff is Exif with an orientation, and a place that must not get out.
func tiff(orientation uint16) []byte {
	b := []byte("MM\x00*\x00\x00\x00\x08\x00\x02")
	b = append(b, "\x01\x0E\x00\x02\x00\x00\x00\x10\x00\x00\x00\x26"...) // ImageDescription, at 38
	b = append(b, "\x01\x12\x00\x03\x00\x00\x00\x01"...)
	b = binary.BigEndian.AppendUint16(b, orientation)
	b = append(b, "\x00\x00\x00\x00\x00\x00"...)
	return append(b, "GPS 36.06 103.83"...)
}

func withExif(body []byte, orientation uint16) []byte {
	exif := append([]byte("Exif\x00\x00"), tiff(orientation)...)
	segment := append([]byte{0xFF, 0xE1}, binary.BigEndian.AppendUint16(nil, uint16(len(exif)+2))...)
	return append(append(append([]byte{}, body[:2]...), append(segment, exif...)...), body[2:]...)
}

func chunk(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// pngHeader is a PNG that claims a size and has next to nothing.
func pngHeader(w, h uint32) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	b := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(head, 8, 2, 0, 0, 0))...)
	return append(b, chunk("IDAT", []byte{0x78, 0x9C, 3, 0})...)
}

// webpPixel is a lossless WebP of one pixel (VP8L, RFC 9649).
func webpPixel() []byte {
	const body = "WEBPVP8L\x0D\x00\x00\x00\x2F\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xFE\x07\x00"
	return append([]byte("RIFF"), append(binary.LittleEndian.AppendUint32(nil, uint32(len(body))), body...)...)
}

func produce(t *testing.T, body []byte) (image.Image, []byte) {
	t.Helper()
	p, err := photo.Open(body)
	if err != nil {
		t.Fatal(err)
	}
	out, err := photo.NewMaker().Make(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	m, err := jpeg.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return m, out
}

// corners names the colours of a picture's corners, clockwise from top left.
func corners(m image.Image) string {
	b := m.Bounds()
	var s strings.Builder
	for _, p := range []image.Point{{b.Min.X + 3, b.Min.Y + 3}, {b.Max.X - 4, b.Min.Y + 3}, {b.Max.X - 4, b.Max.Y - 4}, {b.Min.X + 3, b.Max.Y - 4}} {
		r, g, bl, _ := m.At(p.X, p.Y).RGBA()
		switch high := func(v uint32) bool { return v > 0x8000 }; {
		case high(r) && high(g) && high(bl):
			s.WriteByte('w')
		case high(r):
			s.WriteByte('r')
		case high(g):
			s.WriteByte('g')
		default:
			s.WriteByte('b')
		}
	}
	return s.String()
}

func TestMake_sizes(t *testing.T) {
	for name, c := range map[string]struct {
		body []byte
		w, h int
	}{
		"small stays":       {asJPEG(t, quarters(80, 60)), 80, 60},
		"edge stays":        {asPNG(t, quarters(1200, 100)), 1200, 100},
		"wide":              {asJPEG(t, quarters(1600, 200)), 1200, 150},
		"high":              {asPNG(t, quarters(225, 1800)), 150, 1200},
		"halved first":      {asPNG(t, quarters(2500, 1000)), 1200, 480},
		"a line":            {asPNG(t, quarters(5000, 2)), 1200, 1},
		"grey":              {asJPEG(t, image.NewGray(image.Rect(0, 0, 1300, 130))), 1200, 120},
		"sixteen bits":      {asPNG(t, image.NewNRGBA64(image.Rect(0, 0, 1300, 65))), 1200, 60},
		"webp of one pixel": {webpPixel(), 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			m, _ := produce(t, c.body)
			if got := m.Bounds().Size(); got != image.Pt(c.w, c.h) {
				t.Errorf("size %v", got)
			}
		})
	}
}

func TestMake_upright(t *testing.T) {
	for orientation, want := range map[uint16]string{
		0: "rgwb", 1: "rgwb", 2: "grbw", 3: "wbrg", 4: "bwgr", 5: "rbwg", 6: "brgw", 7: "wgrb", 8: "gwbr", 9: "rgwb",
	} {
		for _, w := range []int{64, 1400} { // as it is, and made smaller
			if w > 64 && orientation != 6 {
				continue
			}
			t.Run(fmt.Sprint(orientation, "/", w), func(t *testing.T) {
				m, out := produce(t, withExif(asJPEG(t, quarters(w, w/2)), orientation))
				if got := corners(m); got != want {
					t.Errorf("corners %s, want %s", got, want)
				}
				if turned := orientation >= 5 && orientation <= 8; turned != (m.Bounds().Dy() > m.Bounds().Dx()) {
					t.Errorf("size %v", m.Bounds().Size())
				}
				if bytes.Contains(out, []byte("Exif")) || bytes.Contains(out, []byte("GPS")) {
					t.Error("metadata got out")
				}
			})
		}
	}
	t.Run("png", func(t *testing.T) {
		body := asPNG(t, quarters(64, 32))
		body = append(append(append([]byte{}, body[:33]...), chunk("eXIf", tiff(6))...), body[33:]...)
		if m, _ := produce(t, body); corners(m) != "brgw" {
			t.Errorf("corners %s", corners(m))
		}
	})
}

// What shines through stands on white.
func TestMake_transparent(t *testing.T) {
	m, _ := produce(t, asPNG(t, image.NewNRGBA(image.Rect(0, 0, 16, 16))))
	if got := corners(m); got != "wwww" {
		t.Errorf("corners %s", got)
	}
}

func TestOpen_refuses(t *testing.T) {
	var animated bytes.Buffer
	if err := gif.Encode(&animated, quarters(8, 8), nil); err != nil {
		t.Fatal(err)
	}
	whole := asJPEG(t, quarters(640, 480))
	scan := []byte{0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0x55}
	for name, c := range map[string]struct {
		body []byte
		want string
	}{
		"empty":               {nil, "is not a JPEG"},
		"text":                {[]byte("这是一份改了扩展名的文本文件，不是照片。"), "is not a JPEG"},
		"gif":                 {animated.Bytes(), "is not a JPEG"},
		"webp of no picture":  {[]byte("RIFF\x04\x00\x00\x00WEBP"), "broken"},
		"11 MB":               {append(bytes.Clone(whole), make([]byte, 11<<20)...), "more than 10 MB"},
		"60 megapixels":       {pngHeader(10_000, 6_000), "10000 × 6000 pixels"},
		"overflowing":         {pngHeader(1<<31-1, 1<<31-1), ""},
		"truncated JPEG":      {whole[:len(whole)/2], "truncated"},
		"header of a JPEG":    {whole[:30], "truncated"},
		"truncated PNG":       {asPNG(t, quarters(64, 64))[:60], "truncated"},
		"PNG without picture": {pngHeader(100, 100), "truncated"},
		"too many scans":      {append(bytes.Clone(whole[:len(whole)-2]), bytes.Repeat(scan, 70)...), "passes"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := photo.Open(c.body)
			if err == nil {
				_, err = photo.NewMaker().Make(t.Context(), p)
			}
			refusal, ok := errors.AsType[photo.Refusal](err)
			if !ok || !strings.Contains(refusal.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestMake_atOnce(t *testing.T) {
	p, err := photo.Open(asJPEG(t, quarters(1300, 400)))
	if err != nil {
		t.Fatal(err)
	}
	maker := photo.NewMaker()
	want, err := maker.Make(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			got, err := maker.Make(t.Context(), p)
			if err == nil && !bytes.Equal(got, want) {
				err = errors.New("another picture")
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

// Whatever is uploaded, it is refused or becomes a picture.
func FuzzOpen(f *testing.F) {
	f.Add(webpPixel())
	f.Add(withExif(asJPEG(f, quarters(16, 8)), 6))
	f.Add(asPNG(f, quarters(8, 16)))
	f.Add(pngHeader(4, 4))
	maker := photo.NewMaker()
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := photo.Open(body)
		if err == nil && p.Pixels() > 1_000_000 {
			return // slow, and no other code
		}
		if err == nil {
			_, err = maker.Make(t.Context(), p)
		}
		if _, ok := errors.AsType[photo.Refusal](err); err != nil && !ok {
			t.Fatal(err)
		}
	})
}
