package web

import (
	"fmt"

	"github.com/skip2/go-qrcode"
)

// QR is a QR code as an SVG path, a unit a module.
type QR struct {
	Side int // units
	Path string
}

// NewQR makes that of a text.
func NewQR(text string) (out QR, err error) {
	symbol, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return out, fmt.Errorf("QR code: %w", err)
	}
	rows := symbol.Bitmap()
	out.Side = len(rows)
	var path []byte
	for y, row := range rows {
		for x := 0; x < len(row); x++ {
			from := x
			for x < len(row) && row[x] {
				x++
			}
			if n := x - from; n > 0 { // a run of dark modules
				path = fmt.Appendf(path, "M%d %dh%dv1h-%dz", from, y, n, n)
			}
		}
	}
	out.Path = string(path)
	return out, nil
}
