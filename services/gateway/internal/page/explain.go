package page

import (
	"cmp"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
)

// part is a piece of a sentence.
type part struct {
	Text string
	User bool // somebody wrote it: its direction is its own
}

// mark stands around what somebody wrote. PostgreSQL keeps no text that has it.
const mark = "\x00"

// written finds in sentences what somebody wrote: values of candidates, and those
// that quotas name.
func (s *visit) written(ranking []selection.RankedCandidate, list []nomination.Candidate) *strings.Replacer {
	seen := map[string]bool{"": true}
	var texts []string
	add := func(values ...string) {
		for _, v := range values {
			if !seen[v] {
				seen[v] = true
				texts = append(texts, v)
			}
		}
	}
	for _, r := range ranking {
		add(r.Name, r.Employer)
	}
	for _, c := range list {
		add(c.Name, c.Employer, c.Region)
	}
	for _, q := range s.rules.Quotas {
		add(q.Value)
	}
	// Of several that fit, the first is taken: the longest.
	slices.SortFunc(texts, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	pairs := make([]string, 0, 2*len(texts))
	for _, text := range texts {
		pairs = append(pairs, text, mark+text+mark)
	}
	return strings.NewReplacer(pairs...)
}

// partsOf takes a sentence apart.
func partsOf(sentence string, written *strings.Replacer) []part {
	var parts []part
	for i, text := range strings.Split(written.Replace(sentence), mark) {
		if text != "" {
			parts = append(parts, part{text, i%2 == 1})
		}
	}
	return parts
}
