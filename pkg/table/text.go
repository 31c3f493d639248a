package table

import (
	"strings"
	"unicode"
	"unicode/utf8"

	unicodenorm "golang.org/x/text/unicode/norm"
)

// Text is a cell's text without the white space, full-width space and
// invisible marks at its ends.
func Text(s string) string {
	if s == "" || plain(s[0]) && plain(s[len(s)-1]) {
		return s
	}
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || r == '\uFEFF' || r == '\u200B' || r == '\u200E' || r == '\u200F' || r == 0
	})
}

// plain tells a visible ASCII character.
func plain(c byte) bool { return c > ' ' && c < 0x7F }

// Fold is Text with full-width letters, digits and signs made plain (Unicode
// NFKC): for numbers and identifiers, not for prose. What is compared is compared by
// norm.Key.
func Fold(s string) string {
	s = Text(s)
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return Text(unicodenorm.NFKC.String(s))
		}
	}
	return s
}
