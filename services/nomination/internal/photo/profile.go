package photo

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
	"io"
	"math"
)

// maxProfile bounds a colour profile, in bytes: those of cameras have some
// thousand.
const maxProfile = 1 << 20

// profile turns a picture's colours into linear light, and that into XYZ under
// D50: a matrix and three curves. Source: ICC.1:2022, annex F.
type profile struct {
	curves [3][256]float64
	matrix [3][3]float64 // rows X, Y, Z
}

// readProfile reads an RGB profile of a matrix and curves. nil, true: there is
// nothing to convert by, as the bytes are no profile of RGB; false: it converts in
// another way, by tables.
func readProfile(icc []byte) (p *profile, ok bool) {
	if len(icc) < 132 || string(icc[36:40]) != "acsp" || string(icc[16:20]) != "RGB " {
		return nil, true
	}
	tags := make(map[string][]byte)
	count := int(min(binary.BigEndian.Uint32(icc[128:]), 100))
	for i := range count {
		at := 132 + 12*i
		if at+12 > len(icc) {
			return nil, true
		}
		from, size := uint64(binary.BigEndian.Uint32(icc[at+4:])), uint64(binary.BigEndian.Uint32(icc[at+8:]))
		if from+size > uint64(len(icc)) {
			return nil, true
		}
		tags[string(icc[at:at+4])] = icc[from : from+size]
	}
	if string(icc[20:24]) != "XYZ " || tags["rXYZ"] == nil || tags["rTRC"] == nil {
		return nil, tags["A2B0"] == nil
	}
	p = new(profile)
	for c, name := range []string{"r", "g", "b"} {
		xyz := tags[name+"XYZ"]
		if len(xyz) < 20 {
			return nil, true
		}
		for row := range 3 {
			p.matrix[row][c] = fixed(xyz[8+4*row:])
		}
		curve := curveOf(tags[name+"TRC"])
		if curve == nil {
			return nil, true
		}
		for v := range p.curves[c] {
			p.curves[c][v] = min(max(curve(float64(v)/255), 0), 1)
		}
	}
	return p, true
}

// fixed is a number with 16 bits behind the point.
func fixed(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / (1 << 16) }

// curveOf reads a curve from 0 to 1 (ICC.1, 10.6 and 10.18); nil: it is none.
func curveOf(tag []byte) func(float64) float64 {
	if len(tag) < 12 {
		return nil
	}
	switch string(tag[:4]) {
	case "curv":
		return tableCurve(tag)
	case "para":
		counts := []int{1, 3, 4, 5, 7}
		kind := int(binary.BigEndian.Uint16(tag[8:]))
		if kind >= len(counts) || len(tag) < 12+4*counts[kind] {
			return nil
		}
		var p [7]float64 // g, a, b, c, d, e, f
		for i := range counts[kind] {
			p[i] = fixed(tag[12+4*i:])
		}
		return parametric(kind, p)
	}
	return nil
}

func tableCurve(tag []byte) func(float64) float64 {
	n := int(binary.BigEndian.Uint32(tag[8:]))
	switch {
	case n == 0:
		return func(x float64) float64 { return x }
	case n < 0 || n > (len(tag)-12)/2:
		return nil
	case n == 1:
		gamma := float64(binary.BigEndian.Uint16(tag[12:])) / 256
		return func(x float64) float64 { return math.Pow(x, gamma) }
	}
	at := func(i int) float64 { return float64(binary.BigEndian.Uint16(tag[12+2*i:])) / 65535 }
	return func(x float64) float64 {
		place := x * float64(n-1)
		i := min(int(place), n-2)
		part := place - float64(i)
		return at(i)*(1-part) + at(i+1)*part
	}
}

func parametric(kind int, p [7]float64) func(float64) float64 {
	g, a, b, c, d, e, f := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
	power := func(x float64) float64 { return math.Pow(max(a*x+b, 0), g) }
	return func(x float64) float64 {
		switch {
		case kind == 0:
			return math.Pow(x, g)
		case kind == 1 && a*x+b >= 0:
			return power(x)
		case kind == 1:
			return 0
		case kind == 2 && a*x+b >= 0:
			return power(x) + c
		case kind == 2:
			return c
		case kind == 3 && x >= d:
			return power(x)
		case kind == 3:
			return c * x
		case x >= d:
			return power(x) + e
		}
		return c*x + f
	}
}

// fromXYZ gives linear sRGB of XYZ under D50.
// Source: IEC 61966-2-1, adapted to D50 by Bradford's matrix.
var fromXYZ = [3][3]float64{
	{3.1338561, -1.6168667, -0.4906146},
	{-0.9787684, 1.9161415, 0.0334540},
	{0.0719453, -0.2289914, 1.4052427},
}

// toSRGB converts a picture's colours, which are in premultiplied RGBA and opaque.
func (p *profile) toSRGB(img *image.RGBA) {
	var m [3][3]float64
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				m[i][j] += fromXYZ[i][k] * p.matrix[k][j]
			}
		}
	}
	const steps = 1 << 12
	var encoded [steps + 1]uint8
	for i := range encoded {
		x := float64(i) / steps
		if x <= 0.0031308 {
			x *= 12.92
		} else {
			x = 1.055*math.Pow(x, 1/2.4) - 0.055
		}
		encoded[i] = uint8(math.Round(255 * x))
	}
	for i := 0; i+3 < len(img.Pix); i += 4 {
		r, g, b := p.curves[0][img.Pix[i]], p.curves[1][img.Pix[i+1]], p.curves[2][img.Pix[i+2]]
		for c := range 3 {
			light := min(max(m[c][0]*r+m[c][1]*g+m[c][2]*b, 0), 1)
			img.Pix[i+c] = encoded[int(light*steps+0.5)]
		}
	}
}

// inflate unpacks a profile of a PNG; nil where it is broken or too large.
func inflate(packed []byte) []byte {
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(io.LimitReader(z, maxProfile+1))
	if err != nil || len(out) > maxProfile {
		return nil
	}
	return out
}
