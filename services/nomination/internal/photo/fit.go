package photo

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"
)

// fit makes a picture at most MaxEdge long, and opaque: transparent parts become
// white.
//
// A very large one is halved first, each pixel the mean of four: the kernel's
// buffer grows with the height of its source, and would take more memory than
// the picture.
func fit(img image.Image) image.Image {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	for max(w, h) > 2*MaxEdge {
		w, h = max(w/2, 1), max(h/2, 1)
		half := image.NewRGBA(image.Rect(0, 0, w, h))
		draw.ApproxBiLinear.Scale(half, half.Bounds(), img, img.Bounds(), draw.Src, nil)
		img = half
	}
	small := image.Rect(0, 0, w, h)
	if long := max(w, h); long > MaxEdge {
		small = image.Rect(0, 0, max(w*MaxEdge/long, 1), max(h*MaxEdge/long, 1))
	}
	opaque := isOpaque(img)
	if opaque && small.Size() == img.Bounds().Size() {
		return img
	}
	out := image.NewRGBA(small)
	op := draw.Src
	if !opaque {
		draw.Draw(out, small, image.NewUniform(color.White), image.Point{}, draw.Src)
		op = draw.Over
	}
	draw.CatmullRom.Scale(out, small, img, img.Bounds(), op, nil)
	return out
}

func isOpaque(img image.Image) bool {
	o, ok := img.(interface{ Opaque() bool })
	return ok && o.Opaque()
}
