package web

import (
	"fmt"
	"strings"

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
	var path strings.Builder
	for y, row := range rows {
		for x, dark := range row {
			if dark {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x, y)
			}
		}
	}
	out.Path = path.String()
	return out, nil
}
