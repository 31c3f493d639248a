package table

import (
	"math/big"

	"github.com/xuri/excelize/v2"
)

// shown is how a cell's style shows a number if not as a number.
type shown int

const (
	aDate shown = iota + 1
	aPercentage
)

// styles finds the cell styles that show a number as a date or a percentage:
// the built-in formats 14 to 22, 27 to 36 and 50 to 58, and 9 and 10 (ECMA-376
// part 1, 18.8.30), and own formats with a year or a day, or a percent sign.
func styles(f *excelize.File) map[int]shown {
	out := make(map[int]shown)
	if f.Styles == nil || f.Styles.CellXfs == nil {
		return out
	}
	own := make(map[int]shown)
	if f.Styles.NumFmts != nil {
		for _, format := range f.Styles.NumFmts.NumFmt {
			own[format.NumFmtID] = shows(format.FormatCode)
		}
	}
	for id, xf := range f.Styles.CellXfs.Xf {
		if xf.NumFmtID == nil {
			continue
		}
		how := own[*xf.NumFmtID]
		switch n := *xf.NumFmtID; {
		case n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 50 && n <= 58:
			how = aDate
		case n == 9 || n == 10:
			how = aPercentage
		}
		if how != 0 {
			out[id] = how
		}
	}
	return out
}

// shows tells whether a number format has a year, a day or a percent sign
// outside its quoted and bracketed parts.
func shows(code string) shown {
	var quote, bracket, escaped bool
	for _, r := range code {
		switch {
		case escaped:
			escaped = false
		case r == '\\' || r == '_' || r == '*':
			escaped = true
		case r == '"':
			quote = !quote
		case quote:
		case r == '[':
			bracket = true
		case r == ']':
			bracket = false
		case bracket:
		case r == 'y' || r == 'Y' || r == 'd' || r == 'D':
			return aDate
		case r == '%':
			return aPercentage
		}
	}
	return 0
}

// percentText shows a share as a percentage: 0.85 as 85%.
func percentText(text string) string {
	share, ok := new(big.Rat).SetString(plainNumber(text))
	if !ok {
		return text
	}
	share.Mul(share, big.NewRat(100, 1))
	digits, _ := share.FloatPrec()
	return share.FloatString(digits) + "%"
}
