package page

import (
	"strings"

	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/nomination"
)

// sortOf reads how the list is to be ordered; the fair order is the usual one.
func sortOf(text string) string {
	if text == string(gateway.OrderNumber) {
		return text
	}
	return string(gateway.OrderFair)
}

// maxQuery is the longest search, in characters.
const maxQuery = 50

// queryOf cleans what somebody searched for.
func queryOf(text string) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, ""))
	if runes := []rune(text); len(runes) > maxQuery {
		return string(runes[:maxQuery])
	}
	return text
}

// matches tells whether a candidate is what somebody searched for: the number,
// or a part of name, employer or region. Whatever norm.Key does not tell apart is as good.
func matches(c nomination.Candidate, number int, query string) bool {
	if number > 0 {
		return c.Number == number
	}
	return strings.Contains(norm.Key(c.Name), query) || strings.Contains(norm.Key(c.Employer), query) ||
		strings.Contains(norm.Key(c.Region), query)
}
