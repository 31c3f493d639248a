// Package photo turns what people upload into the picture that pages show. An
// upload is recognized by its content and held to bounds before it is decoded.
// The result is upright, small, and without metadata (a phone writes where a
// person lives into its photos).
package photo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
	"golang.org/x/sync/semaphore"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// The bounds of an upload and of what is made of it.
const (
	MaxBytes  = 10 << 20   // of an upload
	MaxPixels = 50_000_000 // of an upload, by its header
	MaxEdge   = 1200       // of the result's longer edge, in pixels
	Slots     = 2          // pictures that are decoded at once
	quality   = 85         // of the result's JPEG

	// plain is what a picture of MaxPixels takes in memory at four bytes a
	// pixel; one that takes more is decoded alone.
	plain = 4 * MaxPixels
)

// Refusal is why a picture is not taken, of a field without a name.
type Refusal struct{ fault.Field }

func (r Refusal) Error() string { return r.Message }

// Refuse makes a Refusal of a code and its words, as fault.Wrong does.
func Refuse(code, message string, params ...any) Refusal {
	return Refusal{fault.Wrong("", code, message, params...)}
}

// Kind is how a picture is encoded.
type Kind string

// The kinds that are taken.
const (
	JPEG Kind = "JPEG"
	PNG  Kind = "PNG"
	WebP Kind = "WebP"
)

// Picture is an upload that was looked at and not yet decoded.
type Picture struct {
	Kind   Kind
	Width  int // in pixels, as stored
	Height int
	Ink    bool // CMYK with a profile, which is not applied: its colours may come out otherwise

	body    []byte
	turn    orientation
	profile *profile // of its colours; nil: sRGB
	frame   *frame   // of an animation, which body is; nil: a still
	plain   bool     // CMYK whose numbers are ink, not its lack
	memory  int64    // to decode it, in bytes, about
}

// Pixels is its size by its header.
func (p Picture) Pixels() int64 { return int64(p.Width) * int64(p.Height) }

// Open looks at a picture's header. It answers a Refusal for what is no
// picture, too large, or built to be costly.
func Open(body []byte) (Picture, error) {
	if len(body) > MaxBytes {
		return Picture{}, Refuse("too_many_bytes", "has more than {max} MB", "max", MaxBytes>>20)
	}
	p := Picture{body: body}
	var cfg image.Config
	var err error
	var seen marks
	switch {
	case bytes.HasPrefix(body, []byte("\xFF\xD8\xFF")):
		p.Kind = JPEG
		if seen, err = markJPEG(body); err == nil {
			cfg, err = jpeg.DecodeConfig(bytes.NewReader(body))
		}
		if p.plain = seen.components == 4 && !seen.adobe; p.plain {
			p.body = withAdobe(body)
		}
	case bytes.HasPrefix(body, []byte("\x89PNG\r\n\x1a\n")):
		p.Kind = PNG
		seen = markPNG(body)
		cfg, err = png.DecodeConfig(bytes.NewReader(body))
	case len(body) >= 12 && string(body[:4]) == "RIFF" && string(body[8:12]) == "WEBP":
		p.Kind = WebP
		seen = markWebP(body)
		if p.frame = firstFrame(body); p.frame != nil {
			p.body = p.frame.body
		}
		if cfg, err = webp.DecodeConfig(bytes.NewReader(p.body)); p.frame != nil {
			cfg.Width, cfg.Height = max(cfg.Width, p.frame.canvas.X), max(cfg.Height, p.frame.canvas.Y)
		}
	default:
		return Picture{}, Refuse("not_a_picture", "is not a JPEG, PNG or WebP picture")
	}
	if refusal, ok := errors.AsType[Refusal](err); ok {
		return Picture{}, refusal
	}
	if err != nil {
		return Picture{}, p.refused(err)
	}
	p.Width, p.Height, p.turn = cfg.Width, cfg.Height, orientationOf(seen.exif)
	if p.Width < 1 || p.Height < 1 {
		return Picture{}, broken(p.Kind)
	}
	if p.Pixels() > MaxPixels {
		return Picture{}, Refuse("too_many_pixels", "has {width} × {height} pixels; at most {max} million are taken",
			"width", p.Width, "height", p.Height, "max", MaxPixels/1_000_000)
	}
	p.Ink = cfg.ColorModel == color.CMYKModel && len(seen.icc) > 0
	if cfg.ColorModel != color.GrayModel && cfg.ColorModel != color.CMYKModel {
		var ok bool
		if p.profile, ok = readProfile(seen.icc); !ok {
			return Picture{}, Refuse("unsupported_profile", "has a colour profile of tables, which is not supported; save it as sRGB")
		}
	}
	p.memory = p.Pixels() * bytesPerPixel(cfg.ColorModel, seen.progressive)
	return p, nil
}

// refused tells a picture of a kind that the decoder lacks from a broken one.
func (p Picture) refused(err error) Refusal {
	if _, ok := errors.AsType[jpeg.UnsupportedError](err); ok {
		return unsupported(p.Kind)
	}
	if _, ok := errors.AsType[png.UnsupportedError](err); ok {
		return unsupported(p.Kind)
	}
	return broken(p.Kind)
}

func unsupported(k Kind) Refusal {
	return Refuse("unsupported_kind", "is a {kind} of a kind that is not supported; save it again as an ordinary JPEG or PNG", "kind", k)
}

func broken(k Kind) Refusal {
	return Refuse("broken_picture", "is a broken or truncated {kind}", "kind", k)
}

// bytesPerPixel is what a decoder takes: a progressive JPEG is kept whole as
// coefficients of four bytes for each colour.
func bytesPerPixel(m color.Model, progressive bool) int64 {
	switch {
	case progressive:
		return 16
	case m == color.NRGBA64Model, m == color.RGBA64Model:
		return 8
	}
	return 4
}

// Maker makes pages' pictures, at most Slots at a time, however many ask.
type Maker struct{ memory *semaphore.Weighted }

// NewMaker makes a Maker; one for a process.
func NewMaker() *Maker { return &Maker{semaphore.NewWeighted(Slots * plain)} }

// Make decodes a picture and gives the JPEG that pages show. It answers a
// Refusal for a picture that turns out to be broken.
func (m *Maker) Make(ctx context.Context, p Picture) ([]byte, error) {
	done, err := m.turn(ctx, p)
	if err != nil {
		return nil, err
	}
	defer done()
	img, err := p.decode()
	if err != nil {
		return nil, p.refused(err)
	}
	small := fit(img)
	if p.profile != nil {
		coloured := image.NewRGBA(small.Bounds())
		draw.Draw(coloured, coloured.Bounds(), small, small.Bounds().Min, draw.Src)
		p.profile.toSRGB(coloured)
		small = coloured
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, p.turn.apply(small), &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("photo: encode: %w", err)
	}
	return out.Bytes(), nil
}

// turn waits until there is memory to decode a picture; done gives it back.
func (m *Maker) turn(ctx context.Context, p Picture) (done func(), err error) {
	weight := min(max(plain, p.memory), Slots*plain)
	if err := m.memory.Acquire(ctx, weight); err != nil {
		return nil, fmt.Errorf("photo: wait for a turn: %w", err)
	}
	return func() { m.memory.Release(weight) }, nil
}

func (p Picture) decode() (image.Image, error) {
	r := bytes.NewReader(p.body)
	switch p.Kind {
	case PNG:
		return png.Decode(r)
	case WebP:
		img, err := webp.Decode(r)
		if err == nil && p.frame != nil {
			img = p.frame.on(img)
		}
		return img, err
	case JPEG:
	}
	img, err := jpeg.Decode(r)
	if ink, ok := img.(*image.CMYK); ok && p.plain {
		for i := range ink.Pix {
			ink.Pix[i] = 255 - ink.Pix[i] // the decoder takes all for Adobe's, which are negatives
		}
	}
	return img, err
}
