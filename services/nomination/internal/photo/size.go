package photo

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"

	"golang.org/x/image/draw"
)

// Widths are those in which a picture is made besides its own, in pixels. Pages
// offer them all, and a browser takes the one that fits its screen.
func Widths() []int { return []int{96, 192, 360, 720} }

// small is the quality of a smaller picture's JPEG: of two that take as many
// bytes, the one with more pixels looks better.
const small = 72

// Size is a picture in one size.
type Size struct {
	Width, Height int // in pixels
	Body          []byte
}

// Sizes makes the smaller sizes of a picture that Make made, the smallest first;
// none is as wide as the picture itself, which is the last. It answers a Refusal
// for what is none.
func (m *Maker) Sizes(ctx context.Context, made []byte) ([]Size, error) {
	p, err := Open(made)
	if err != nil {
		return nil, err
	}
	done, err := m.turn(ctx, p)
	if err != nil {
		return nil, err
	}
	defer done()
	img, err := p.decode()
	if err != nil {
		return nil, p.refused(err)
	}
	sizes := []Size{{p.Width, p.Height, made}}
	widths := Widths()
	for i := len(widths) - 1; i >= 0; i-- { // each of the one before: the largest is looked at once
		if widths[i] >= p.Width {
			continue
		}
		smaller := image.NewRGBA(image.Rect(0, 0, widths[i], max(p.Height*widths[i]/p.Width, 1)))
		draw.CatmullRom.Scale(smaller, smaller.Bounds(), img, img.Bounds(), draw.Src, nil)
		img = smaller
		var out bytes.Buffer
		if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: small}); err != nil {
			return nil, fmt.Errorf("photo: encode: %w", err)
		}
		sizes = append([]Size{{widths[i], smaller.Rect.Dy(), out.Bytes()}}, sizes...)
	}
	return sizes, nil
}
