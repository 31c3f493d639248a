package table

import "strings"

// shown is how a cell's style shows a number, if not as a number.
type shown struct {
	as     form
	zeros  int  // digits that a whole number is filled up to with zeros
	timely bool // a date's style has hours
}

type form int

const (
	aNumber form = iota
	aDate
	aPercentage
)

// readStyles finds how each cell style shows a number: the built-in formats 14
// to 22, 27 to 36 and 50 to 58 as a date, 9 and 10 as a percentage (ECMA-376
// part 1, 18.8.30), and own formats by what is in them.
func readStyles(a *archive, part string) ([]shown, error) {
	own := make(map[int]shown)
	var out []shown
	special, inCells := false, false
	err := a.scan(part, func(s *scanner, element string) error {
		switch element {
		case "numFmt":
			own[s.number("numFmtId")] = shows(s.attr("formatCode"))
		case "cellXfs":
			inCells = true
		case "cellStyles", "dxfs":
			inCells = false
		case "xf":
			if !inCells {
				return nil
			}
			n := s.number("numFmtId")
			how := own[n]
			switch {
			case n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 50 && n <= 58:
				how = shown{as: aDate, timely: n >= 18 && n <= 22 || n >= 32 && n <= 35 || n == 55 || n == 56}
			case n == 9 || n == 10:
				how = shown{as: aPercentage}
			}
			special = special || how != shown{}
			out = append(out, how)
		}
		return nil
	})
	if !special {
		out = nil
	}
	return out, err
}

// shows tells what is in a number format outside its quoted and bracketed parts:
// a year or a day, hours, a percent sign, or zeros alone.
func shows(code string) shown {
	var quote, bracket, escaped bool
	var out shown
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
		case strings.ContainsRune("yYdD", r):
			out.as = aDate
		case strings.ContainsRune("hH", r):
			out.timely = true
		case r == '%' && out.as == aNumber:
			out.as = aPercentage
		}
	}
	if out.timely && out.as == aNumber && !strings.Contains(code, "[") {
		out.as = aDate // a time of day
	}
	if len(code) > 1 && strings.Trim(code, "0") == "" {
		out.zeros = len(code)
	}
	return out
}
