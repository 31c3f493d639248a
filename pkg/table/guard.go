package table

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

// unguarded is a text without Guard's apostrophe.
func unguarded(s string) string {
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
		return strings.ContainsRune("=+-@＝＋－＠﹢﹣﹦﹫−", r) && !isNumber(strings.TrimSuffix(s, "%"))
	}
	return false
}
