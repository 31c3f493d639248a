package people

import (
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"
)

// readCards reads vCards (RFC 6350, and versions 2.1 and 3.0 as phones write
// them): the name and the first address of each.
func readCards(text string) (l List) {
	var card *Row
	preferred, structured := false, ""
	for _, line := range unfold(text) {
		name, params, value := property(line.text)
		switch {
		case name == "BEGIN" && strings.EqualFold(value, "VCARD"):
			if card != nil {
				l.wrong(card.Line, "line", "card_open", "the card has no end")
			}
			card, preferred, structured = &Row{Line: line.number}, false, ""
		case card == nil:
			if strings.TrimSpace(line.text) != "" {
				l.wrong(line.number, "line", "card_outside", "stands outside of a card: {line}", "line", short(line.text))
			}
		case name == "END":
			if card.Name == "" {
				card.Name = structured
			}
			l.add(*card)
			card = nil
		case name == "FN":
			card.Name = value
		case name == "N": // family; given; …: as it is read where it is written without spaces
			structured = strings.Join(strings.FieldsFunc(value, func(r rune) bool { return r == ';' }), " ")
		case name == "EMAIL":
			pref := strings.Contains(params, "PREF")
			if card.Email == "" || pref && !preferred {
				card.Email, preferred = strings.TrimPrefix(value, "mailto:"), pref
			}
		}
	}
	if card != nil {
		l.wrong(card.Line, "line", "card_open", "the card has no end")
	}
	return l
}

// numbered is a line with where it begins.
type numbered struct {
	number int
	text   string
}

// unfold joins lines that were broken: by a space at their beginning, or in
// quoted-printable by "=" at the end of the one before.
func unfold(text string) (lines []numbered) {
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		last := len(lines) - 1
		switch {
		case last >= 0 && (strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")):
			lines[last].text += line[1:]
		case last >= 0 && strings.HasSuffix(lines[last].text, "=") && strings.Contains(strings.ToUpper(lines[last].text), "QUOTED-PRINTABLE"):
			lines[last].text = strings.TrimSuffix(lines[last].text, "=") + line
		default:
			lines = append(lines, numbered{i + 1, line})
		}
	}
	return lines
}

// property takes a line apart: item1.EMAIL;TYPE=work:wang@example.org.
func property(line string) (name, params, value string) {
	head, value, _ := strings.Cut(line, ":")
	name, params, _ = strings.Cut(strings.ToUpper(head), ";")
	if _, own, grouped := strings.Cut(name, "."); grouped {
		name = own
	}
	switch {
	case strings.Contains(params, "QUOTED-PRINTABLE"):
		if plain, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(value))); err == nil {
			value = decode(plain)
		}
	case strings.Contains(params, "ENCODING=B"):
		if plain, err := base64.StdEncoding.DecodeString(value); err == nil {
			value = decode(plain)
		}
	}
	return strings.TrimSpace(name), params, strings.TrimSpace(strings.NewReplacer(`\,`, ",", `\;`, ";", `\n`, " ", `\N`, " ", `\\`, `\`).Replace(value))
}
