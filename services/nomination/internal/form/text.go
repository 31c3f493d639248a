package form

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/pkg/table"
)

// line is text of one line as it should have been typed: no white space at the
// ends, single spaces within, nothing invisible.
func line(s string) string {
	return strings.Join(strings.Fields(printable(s)), " ")
}

// Line is text of one line as it should have been typed.
func Line(s string) string { return line(s) }

// Prose is text as it should have been typed, with its line breaks.
func Prose(s string) string { return prose(s) }

// prose keeps its line breaks.
func prose(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRightFunc(printable(l), unicode.IsSpace)
	}
	return table.Text(strings.Join(lines, "\n"))
}

// printable turns control characters into spaces (PostgreSQL takes no NUL) and
// drops invisible ones, except the joiners that some scripts need. A character
// from the private use that GBK had becomes the one that it has since been given:
// no other font shows it.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u200C', r == '\u200D':
			return r
		case unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return norm.Standard(r)
	}, s)
}

// personName is a line without the spaces that align Chinese names of two
// characters with those of three: 王　强 is 王强, Anna Li stays.
func personName(s string) string {
	s = line(s)
	var b strings.Builder
	var before rune
	for i, r := range s {
		if r == ' ' {
			after, _ := utf8.DecodeRuneInString(s[i+1:])
			if joins(before) || joins(after) {
				continue
			}
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

// joins tells the characters that take no space beside them.
func joins(r rune) bool { return norm.Han(r) || norm.Dot(r) }

// Key is text as it is compared.
func Key(s string) string { return norm.Key(s) }
