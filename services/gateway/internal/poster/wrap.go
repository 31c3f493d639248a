package poster

import (
	"strings"
	"unicode"
)

// The signs that no line begins with, and those that none ends with (避头尾).
const (
	closing = "，。、；：！？）》〉」』】〕”’…·,.;:!?)]}%"
	opening = "（《〈「『【〔“‘([{"
)

// pieces are what a line may break between: a Chinese character, or a word with the
// space after it, each with the signs that belong to it.
func pieces(text string) []string {
	var out []string
	glue := false // the next belongs to the last
	for _, r := range text {
		s := string(r)
		last := len(out) - 1
		switch {
		case last >= 0 && (glue || strings.ContainsRune(closing, r) || unicode.Is(unicode.M, r)):
			out[last] += s
		case last >= 0 && !wide(r) && !strings.ContainsRune(opening, r) && (unicode.IsSpace(r) || inWord(out[last])):
			out[last] += s
		default:
			out = append(out, s)
		}
		glue = strings.ContainsRune(opening, r)
	}
	return out
}

// inWord tells whether a word goes on behind what is written.
func inWord(piece string) bool {
	runes := []rune(piece)
	last := runes[len(runes)-1]
	return !unicode.IsSpace(last) && !wide(last)
}

// wide are the scripts that are written without spaces between words.
func wide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xff60
}

// wrapped breaks a text into at most so many lines that fit; what is left over is
// told by an ellipsis.
func wrapped(text string, most int, fits func(string) bool) []string {
	var lines []string
	line := ""
	text = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) { // direction marks have no glyph
			return -1
		}
		return r
	}, text)
	rest := pieces(strings.Join(strings.Fields(text), " "))
	for len(rest) > 0 {
		if fits(strings.TrimRight(line+rest[0], " ")) {
			line, rest = line+rest[0], rest[1:]
			continue
		}
		if len(lines) == most-1 {
			return append(lines, cut(line+strings.Join(rest, ""), fits))
		}
		if line == "" { // a word that is longer than a line
			head := cutAt(rest[0], fits)
			line, rest[0] = head, strings.TrimPrefix(rest[0], head)
		}
		lines, line = append(lines, strings.TrimRight(line, " ")), ""
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// cut gives as much of a text as fits with an ellipsis.
func cut(text string, fits func(string) bool) string {
	return strings.TrimRight(cutAt(text, func(s string) bool { return fits(s + "…") }), " ") + "…"
}

// cutAt gives the longest beginning that fits, at least one character.
func cutAt(text string, fits func(string) bool) string {
	end := 0
	for i := range text {
		if i > 0 && !fits(text[:i]) {
			break
		}
		end = i
	}
	if end == 0 || fits(text) {
		return text
	}
	return text[:end]
}
