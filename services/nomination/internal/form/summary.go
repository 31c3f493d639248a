package form

import (
	"strings"
	"unicode"
)

// SummaryLength is the most characters that a summary has.
const SummaryLength = 90

// Summary is the beginning of a story in one line: whole sentences where they
// fill at least half of the space, else whole phrases, else whole words. An
// ellipsis says that there is more.
func Summary(story string) string {
	text := []rune(line(story))
	if len(text) <= SummaryLength {
		return string(text)
	}
	text = text[:SummaryLength-1] // the ellipsis takes one
	sentence, phrase, word := 0, 0, 0
	for i, r := range text {
		spaced := i+1 < len(text) && text[i+1] == ' '
		switch {
		case strings.ContainsRune("。！？!?", r), r == '.' && spaced:
			sentence = i + 1
		case strings.ContainsRune("，；：、", r), strings.ContainsRune(",;:", r) && spaced:
			phrase = i
		case r == ' ':
			word = i
		}
	}
	for _, cut := range []int{sentence, phrase, word} {
		if cut >= SummaryLength/2 {
			return strings.TrimRightFunc(string(text[:cut]), unicode.IsSpace) + "…"
		}
	}
	return string(text) + "…"
}
