package table

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// sharedStrings are the texts that a workbook keeps once. They are read when
// the first cell asks for one.
type sharedStrings struct {
	part string
	read bool
	all  string
	ends []int // of each text within all
}

// text gives a text by its place; false where there is none.
func (t *sharedStrings) text(a *archive, place int) (string, bool, error) {
	if !t.read {
		if err := t.load(a); err != nil {
			return "", false, err
		}
		t.read = true
	}
	if place < 0 || place >= len(t.ends) {
		return "", false, nil
	}
	start := 0
	if place > 0 {
		start = t.ends[place-1]
	}
	return t.all[start:t.ends[place]], true, nil
}

func (t *sharedStrings) load(a *archive) error {
	var all []byte
	var item []byte
	err := a.scan(t.part, func(s *scanner, element string) (err error) {
		if element != "si" {
			return nil
		}
		if item, err = s.richText(item[:0]); err != nil {
			return err
		}
		all = append(all, cellText(item)...)
		t.ends = append(t.ends, len(all))
		return nil
	})
	t.all = string(all)
	return err
}

// richText appends the runs of a text whose start was read, without the
// readings (furigana) beside them.
func (s *scanner) richText(to []byte) ([]byte, error) {
	err := s.each(func(element string) (err error) {
		switch element {
		case "t":
			to, err = s.within(to)
		case "rPh":
			err = s.skip()
		}
		return err
	})
	return to, err
}

// cellText is a stored text as it was typed: characters that XML cannot hold
// are stored as _x000D_ (ECMA-376 part 1, 22.9.2.19, ST_Xstring).
func cellText(b []byte) string {
	text := string(b)
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	if !strings.Contains(text, "_x") {
		return text
	}
	var out strings.Builder
	for {
		i := strings.Index(text, "_x")
		if i < 0 {
			break
		}
		out.WriteString(text[:i])
		text = text[i:]
		if len(text) >= 7 && text[6] == '_' {
			if n, err := strconv.ParseUint(text[2:6], 16, 16); err == nil {
				out.WriteRune(rune(n))
				text = text[7:]
				continue
			}
		}
		out.WriteString(text[:2])
		text = text[2:]
	}
	return out.String() + text
}
