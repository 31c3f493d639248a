package web

import (
	"strings"
	"unicode"
)

// The marks around a text whose direction is its own (Unicode, UAX #9).
const (
	isolate    = '\u2068'
	isolateEnd = '\u2069'
)

// isolated keeps a text that runs from right to left, or has marks of direction,
// from turning the words around it. Marks of its own go: one that is not closed
// would reach beyond it.
func isolated(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return rightToLeft(r) || directs(r) }) || balanced(text) {
		return text
	}
	plain := strings.Map(func(r rune) rune {
		if directs(r) {
			return -1
		}
		return r
	}, text)
	return string(isolate) + plain + string(isolateEnd)
}

// rightToLeft tells letters of the scripts that run so.
func rightToLeft(r rune) bool {
	return unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam, unicode.Samaritan, unicode.Mandaic)
}

// directs tells the marks that change the direction of what follows.
func directs(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' || r == '\u200E' || r == '\u200F' || r == '\u061C'
}

// balanced tells a list of texts that are isolated already.
func balanced(text string) bool {
	open, outside, marked := 0, false, false
	for _, r := range text {
		switch {
		case r == isolate:
			open, marked = open+1, true
		case r == isolateEnd:
			open--
		case directs(r):
			return false
		case rightToLeft(r) && open == 0:
			outside = true
		}
		if open < 0 || open > 1 {
			return false
		}
	}
	return marked && open == 0 && !outside
}
