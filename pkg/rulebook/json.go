package rulebook

import (
	"encoding/json"
	"errors"
	"sort"
	"strings"
	"unicode/utf8"
)

// errNotJSON means that the text has to be read as YAML.
var errNotJSON = errors.New("not JSON")

// readJSON reads text that is a JSON object. JSON has a reader of its own
// because YAML readers differ on its escapes and on tabs.
func readJSON(text string) (value, error) {
	if !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") || !json.Valid([]byte(text)) {
		return value{}, errNotJSON
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	r := jsonReader{text: text, lines: newLines(text), dec: dec}
	return r.value(0)
}

type jsonReader struct {
	text  string
	lines lines
	dec   *json.Decoder
}

// next gives the next token and where it begins.
func (r jsonReader) next() (json.Token, place, error) {
	start := int(r.dec.InputOffset())
	for start < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[start]) >= 0 {
		start++
	}
	at := r.lines.at(start)
	token, err := r.dec.Token()
	if err != nil {
		return nil, at, invalid(flaw(at, "", "unreadable", "not readable as {format}: {detail}", "format", "JSON", "detail", err))
	}
	return token, at, nil
}

func (r jsonReader) value(depth int) (value, error) {
	token, at, err := r.next()
	if err != nil {
		return value{}, err
	}
	v := value{place: at}
	switch token := token.(type) {
	case string:
		v.kind, v.text = scalar, token
	case json.Number:
		v.kind, v.text = scalar, token.String()
	case bool:
		v.kind, v.text = boolean, boolText(token)
	case json.Delim:
		if depth >= maxDepth {
			return value{}, tooDeep(at)
		}
		v.kind = list
		if token == '{' {
			v.kind = mapping
		}
		err = r.items(&v, depth+1)
	}
	return v, err
}

func (r jsonReader) items(v *value, depth int) error {
	for r.dec.More() {
		if v.kind == mapping {
			token, at, err := r.next()
			if err != nil {
				return err
			}
			key, _ := token.(string)
			v.keys = append(v.keys, value{kind: scalar, text: key, place: at})
		}
		item, err := r.value(depth)
		if err != nil {
			return err
		}
		v.items = append(v.items, item)
	}
	_, _, err := r.next() // the closing bracket
	return err
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func tooDeep(at place) error {
	return invalid(flaw(at, "", "too_deep", "nested deeper than {max} levels", "max", maxDepth))
}

// lines finds the place of a byte in a text.
type lines struct {
	text   string
	starts []int
}

func newLines(text string) lines {
	l := lines{text: text, starts: []int{0}}
	for i := range len(text) {
		if text[i] == '\n' {
			l.starts = append(l.starts, i+1)
		}
	}
	return l
}

func (l lines) at(offset int) place {
	line := sort.SearchInts(l.starts, offset+1)
	return place{line, utf8.RuneCountInString(l.text[l.starts[line-1]:offset]) + 1}
}
