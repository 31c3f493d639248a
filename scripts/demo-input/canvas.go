package main

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// point is in pixels from the top left corner.
type point struct{ x, y float64 }

// outline is a closed polygon.
type outline []point

// canvas is what a portrait is painted on.
type canvas struct{ *image.RGBA }

// fill paints the inside of an outline, with smooth edges.
func (c canvas) fill(o outline, paint color.Color) {
	low, high := o[0], o[0]
	for _, p := range o {
		low = point{min(low.x, p.x), min(low.y, p.y)}
		high = point{max(high.x, p.x), max(high.y, p.y)}
	}
	// Only the part that the outline covers is rasterized.
	box := image.Rect(int(low.x)-1, int(low.y)-1, int(high.x)+2, int(high.y)+2).Intersect(c.Bounds())
	if box.Empty() {
		return
	}
	r := vector.NewRasterizer(box.Dx(), box.Dy())
	at := func(p point) (x, y float32) {
		return float32(p.x - float64(box.Min.X)), float32(p.y - float64(box.Min.Y))
	}
	r.MoveTo(at(o[0]))
	for _, p := range o[1:] {
		r.LineTo(at(p))
	}
	r.ClosePath()
	r.DrawOp = draw.Over
	r.Draw(c.RGBA, box, image.NewUniform(paint), image.Point{})
}

// ellipse is around a centre; from and to are angles in turns, clockwise from
// the right, so that 0.5 to 1 is the upper half.
func ellipse(centre point, rx, ry, from, to float64) outline {
	const steps = 48
	var o outline
	for i := range steps + 1 {
		a := 2 * math.Pi * (from + (to-from)*float64(i)/steps)
		o = append(o, point{centre.x + rx*math.Cos(a), centre.y + ry*math.Sin(a)})
	}
	return o
}

func oval(x, y, rx, ry float64) outline { return ellipse(point{x, y}, rx, ry, 0, 1) }

// arc is a curved line of a width.
func arc(centre point, rx, ry, from, to, width float64) outline {
	outer := ellipse(centre, rx+width/2, ry+width/2, from, to)
	return append(outer, ellipse(centre, rx-width/2, ry-width/2, to, from)...)
}

func rectangle(x, y, width, height float64) outline {
	return outline{{x, y}, {x + width, y}, {x + width, y + height}, {x, y + height}}
}

// blob is a smooth closed curve through the points (Catmull-Rom).
func blob(through ...point) outline {
	const steps = 12
	var o outline
	n := len(through)
	for i := range n {
		a, b, c, d := through[(i+n-1)%n], through[i], through[(i+1)%n], through[(i+2)%n]
		for s := range steps {
			t := float64(s) / steps
			o = append(o, point{spline(a.x, b.x, c.x, d.x, t), spline(a.y, b.y, c.y, d.y, t)})
		}
	}
	return o
}

func spline(a, b, c, d, t float64) float64 {
	return 0.5 * (2*b + (c-a)*t + (2*a-5*b+4*c-d)*t*t + (3*b-a-3*c+d)*t*t*t)
}

// mirrored is the outline on the other side of the middle line x.
func (o outline) mirrored(x float64) outline {
	m := make(outline, len(o))
	for i, p := range o {
		m[i] = point{2*x - p.x, p.y}
	}
	return m
}

// rgb is an opaque colour from 0xRRGGBB.
func rgb(v uint32) color.RGBA {
	return color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 0xFF}
}

// mix goes from a to b by the part t.
func mix(a, b color.RGBA, t float64) color.RGBA {
	part := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + (float64(y)-float64(x))*t)) }
	return color.RGBA{part(a.R, b.R), part(a.G, b.G), part(a.B, b.B), 0xFF}
}
