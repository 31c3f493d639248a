package photo

import (
	"encoding/binary"
	"image"
	"image/draw"
)

// orientation is how the stored picture has to be turned to stand upright: the
// values of Exif's tag 0x0112 (CIPA DC-008, 4.6.5.1.6), 1 to 8; 1 and anything
// else is as stored.
type orientation uint16

// orientationOf finds the tag in the first directory of Exif's TIFF.
func orientationOf(tiff []byte) orientation {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	fields := tiff[at+2:]
	for n := order.Uint16(tiff[at:]); n > 0 && len(fields) >= 12; n-- {
		const short = 3
		if order.Uint16(fields) == 0x0112 && order.Uint16(fields[2:]) == short {
			return orientation(order.Uint16(fields[8:]))
		}
		fields = fields[12:]
	}
	return 1
}

// source gives, for a point of the upright picture, the point of the stored
// one, which has the last column right and the last row bottom.
func (o orientation) source(x, y, right, bottom int) (sx, sy int) {
	switch o {
	case 2:
		return right - x, y
	case 3:
		return right - x, bottom - y
	case 4:
		return x, bottom - y
	case 5:
		return y, x
	case 6:
		return y, bottom - x
	case 7:
		return right - y, bottom - x
	case 8:
		return right - y, x
	}
	return x, y
}

// apply turns a picture; one that stands upright is given back as it is.
func (o orientation) apply(img image.Image) image.Image {
	if o < 2 || o > 8 {
		return img
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	from := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(from, from.Bounds(), img, img.Bounds().Min, draw.Src)
	right, bottom := w-1, h-1
	if o >= 5 {
		w, h = h, w
	}
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			sx, sy := o.source(x, y, right, bottom)
			to.SetRGBA(x, y, from.RGBAAt(sx, sy))
		}
	}
	return to
}
