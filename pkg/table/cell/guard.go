// Package cell is how a cell of a table that this program wrote is read back.
// Readers of such tables need no more than encoding/csv beside it.
package cell

import (
	"strings"
	"unicode"
)

// Guard puts an apostrophe before text that a spreadsheet would take for a
// formula when it opens or saves a file: text that begins with one of = + - @,
// full-width ones too, be there white space before it, or with a tab or the end
// of a line. Numbers stay as they are. The reader takes the apostrophe away, so
// text that begins with one before such a sign gets another.
// Source: OWASP, CSV Injection.
func Guard(s string) string {
	if s == "" || !formula(strings.TrimLeft(s, "'")) {
		return s
	}
	return "'" + s
}

// Unguard is a text without Guard's apostrophe.
func Unguard(s string) string {
	if len(s) > 1 && s[0] == '\'' && formula(strings.TrimLeft(s, "'")) {
		return s[1:]
	}
	return s
}

func formula(s string) bool {
	if s == "" {
		return false
	}
	if strings.ContainsRune("\t\r\n", rune(s[0])) {
		return true
	}
	rest := strings.TrimLeftFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	})
	for _, r := range rest {
		return strings.ContainsRune("=+-@＝＋－＠﹢﹣﹦﹫−", r) && !IsNumber(strings.TrimSuffix(s, "%"))
	}
	return false
}

// IsNumber tells a decimal number, with a sign and an exponent perhaps.
func IsNumber(s string) bool {
	if s == "" || len(s) > 400 {
		return false
	}
	rest := strings.TrimLeft(s, "+-")
	if len(s)-len(rest) > 1 {
		return false
	}
	mantissa, exponent, has := rest, "", false
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		mantissa, exponent, has = rest[:i], rest[i+1:], true
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole+fraction == "" || !digits(whole) || !digits(fraction) {
		return false
	}
	if has {
		exponent = strings.TrimLeft(exponent, "+-")
		return exponent != "" && len(exponent) < 5 && digits(exponent)
	}
	return true
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }
