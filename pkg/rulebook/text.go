package rulebook

import (
	"maps"
	"slices"
)

// Text is the same words in several languages, keyed by language tag (zh, en).
// A plain string in the document has the key "".
type Text map[string]string

// In gives the words in the first of the languages that there is, else the
// plain string, else the first by language tag; empty where there are none.
func (t Text) In(languages ...string) string {
	for _, language := range append(slices.Clone(languages), "") {
		if s, ok := t[language]; ok {
			return s
		}
	}
	for _, language := range slices.Sorted(maps.Keys(t)) {
		return t[language]
	}
	return ""
}
