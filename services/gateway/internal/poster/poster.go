// Package poster draws the pictures that links to Laurel's pages are shown with
// elsewhere (Open Graph), 1200×630. Its font is the machine's: one that has
// Chinese glyphs in the forms of the mainland.
package poster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"sync"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// The size of a picture, in pixels.
const (
	Width  = 1200
	Height = 630
)

// Sheet is what a picture says.
type Sheet struct {
	Above string // over the title, small
	Title string
	Lines []string                    // under it
	Below string                      // at the foot
	Photo func() (image.Image, error) // nil, or of nil: none; called only where the picture is drawn
	Key   string                      // names the photo
}

// ErrBusy is of a picture that others' pictures came before.
var ErrBusy = fault.NewUnavailable("pictures_busy", "so many pictures are being drawn that this one has to wait", 2*time.Second)

const (
	turnWait = 2 * time.Second
	maxKept  = 256 // pictures of some 40 kB
)

// Poster draws, one picture at a time, and keeps the last ones.
type Poster struct {
	font *sfnt.Font
	turn chan struct{}

	mu   sync.Mutex
	kept map[[sha256.Size]byte][]byte
}

// New draws with a font.
func New(f *sfnt.Font) *Poster {
	return &Poster{font: f, turn: make(chan struct{}, 1), kept: map[[sha256.Size]byte][]byte{}}
}

// Draw gives the picture as PNG; nobody changes it. Fault: ErrBusy.
func (p *Poster) Draw(ctx context.Context, s Sheet) ([]byte, error) {
	key := sha256.Sum256([]byte(strings.Join(append([]string{s.Above, s.Title, s.Below, s.Key}, s.Lines...), "\x00")))
	if drawn := p.look(key); drawn != nil {
		return drawn, nil
	}
	enough := time.NewTimer(turnWait)
	defer enough.Stop()
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-enough.C:
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, ErrBusy.Because(ctx.Err())
	}
	if drawn := p.look(key); drawn != nil { // by who came before
		return drawn, nil
	}
	var photo image.Image
	if s.Photo != nil {
		var err error
		if photo, err = s.Photo(); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, p.draw(s, photo)); err != nil {
		return nil, fmt.Errorf("poster: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.kept) == maxKept {
		clear(p.kept)
	}
	p.kept[key] = b.Bytes()
	return b.Bytes(), nil
}

func (p *Poster) look(key [sha256.Size]byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kept[key]
}

// The colours and measures of a picture.
var (
	ground = color.RGBA{0x0f, 0x4a, 0x33, 0xff}
	gold   = color.RGBA{0xd9, 0xb4, 0x5f, 0xff}
	paper  = color.RGBA{0xf7, 0xf2, 0xe4, 0xff}
)

const (
	edge   = 24 // of the frame
	margin = 84
	photoW = 330
	photoH = 440
)

func (p *Poster) draw(s Sheet, photo image.Image) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, Width, Height))
	draw.Draw(img, img.Bounds(), image.NewUniform(ground), image.Point{}, draw.Src)
	frame(img, edge, 3)
	room := Width - 2*margin
	if photo != nil {
		room -= photoW + 48
		at := image.Rect(Width-margin-photoW, (Height-photoH)/2, Width-margin, (Height+photoH)/2)
		draw.Draw(img, at.Inset(-6), image.NewUniform(gold), image.Point{}, draw.Src)
		draw.CatmullRom.Scale(img, at, photo, covering(photo.Bounds()), draw.Src, nil)
	}
	y := margin + 36
	y = p.write(img, s.Above, y, 32, 1, room, gold) + 52
	size, lines := 76, 3
	if len([]rune(s.Title)) > 36 {
		size = 58
	}
	if len(s.Lines) > 2 {
		lines = 2
	}
	y = p.write(img, s.Title, y+size-32, size, lines, room, paper) + 24
	for _, line := range s.Lines {
		if y > Height-margin-70 {
			break
		}
		y = p.write(img, line, y+40, 36, 1, room, paper) + 14
	}
	p.write(img, s.Below, Height-margin+18, 28, 1, room, gold)
	return img
}

// covering is the part of a photo that fills the place of the photo.
func covering(b image.Rectangle) image.Rectangle {
	w, h := b.Dx(), b.Dy()
	if w*photoH > h*photoW {
		w = h * photoW / photoH
	} else {
		h = w * photoH / photoW
	}
	x, y := b.Min.X+(b.Dx()-w)/2, b.Min.Y+(b.Dy()-h)/2
	return image.Rect(x, y, x+w, y+h)
}

func frame(img *image.RGBA, at, width int) {
	outer := img.Bounds().Inset(at)
	inner := outer.Inset(width)
	for _, r := range []image.Rectangle{
		{outer.Min, image.Pt(outer.Max.X, inner.Min.Y)},
		{image.Pt(outer.Min.X, inner.Max.Y), outer.Max},
		{outer.Min, image.Pt(inner.Min.X, outer.Max.Y)},
		{image.Pt(inner.Max.X, outer.Min.Y), outer.Max},
	} {
		draw.Draw(img, r, image.NewUniform(gold), image.Point{}, draw.Src)
	}
}

// write writes a text in so many lines at most, the first on the base line y, and
// gives the last base line; y where there is no text.
func (p *Poster) write(img *image.RGBA, text string, y, size, lines, room int, in color.Color) int {
	if text == "" {
		return y
	}
	face, err := opentype.NewFace(p.font, &opentype.FaceOptions{Size: float64(size), DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return y // of a size that no font has
	}
	defer face.Close()
	d := font.Drawer{Dst: img, Src: image.NewUniform(in), Face: face}
	for i, line := range wrapped(text, lines, func(s string) bool { return d.MeasureString(s) <= fixed.I(room) }) {
		if i > 0 {
			y += size * 5 / 4
		}
		d.Dot = fixed.P(margin, y)
		d.DrawString(line)
	}
	return y
}
