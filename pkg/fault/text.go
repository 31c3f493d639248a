package fault

import (
	"strings"
	"unicode/utf8"
)

// Plain tells whether a text is nothing but text: valid UTF-8 without control
// characters (NUL, which PostgreSQL cannot keep, and the rest of C0 and C1), and
// without overrides of direction (U+202D, U+202E), which show a text as another.
// Marks and isolates of direction are text: names in two scripts need them. Line
// feeds, carriage returns and tabs belong to texts of several lines alone.
//
// It is the one rule for whatever comes in.
func Plain(text string, lines bool) bool {
	if !utf8.ValidString(text) {
		return false
	}
	return strings.IndexFunc(text, func(r rune) bool {
		switch {
		case r == '\n', r == '\r', r == '\t':
			return !lines
		case r < ' ', r >= 0x7F && r <= 0x9F, r == 0x202D, r == 0x202E:
			return true
		}
		return false
	}) < 0
}

// NotPlain says that a field's text is not Plain.
func NotPlain(name string) Field {
	return Wrong(name, "control_character", "contains a character that is no text")
}
