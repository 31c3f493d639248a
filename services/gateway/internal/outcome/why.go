package outcome

import (
	"cmp"
	"slices"
	"strings"
)

// Part is a piece of a sentence.
type Part struct {
	Text string
	User bool // somebody wrote it: its direction is its own
}

// mark stands around what somebody wrote. PostgreSQL keeps no text that has it.
const mark = "\x00"

// marking puts marks around texts. Of several that fit, the longest is taken.
func marking(texts []string) *strings.Replacer {
	slices.SortFunc(texts, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	pairs := make([]string, 0, 2*len(texts))
	for _, text := range texts {
		pairs = append(pairs, text, mark+text+mark)
	}
	return strings.NewReplacer(pairs...)
}

// partsOf takes a sentence apart.
func partsOf(sentence string, written *strings.Replacer) []Part {
	var parts []Part
	for i, text := range strings.Split(written.Replace(sentence), mark) {
		if text != "" {
			parts = append(parts, Part{text, i%2 == 1})
		}
	}
	return parts
}
