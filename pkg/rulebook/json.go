package rulebook

import (
	"encoding/json"
	"errors"
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
	r := jsonReader{text: text, at: cursor{text: text, place: place{1, 1}}, dec: dec}
	return r.value(0)
}

type jsonReader struct {
	text   string
	at     cursor
	dec    *json.Decoder
	tokens int
}

// next gives the next token and where it begins.
func (r *jsonReader) next() (json.Token, place, error) {
	start := int(r.dec.InputOffset())
	for start < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[start]) >= 0 {
		start++
	}
	at := r.at.move(start)
	if r.tokens++; r.tokens > maxTokens {
		return nil, at, tooManyWords(at)
	}
	token, err := r.dec.Token()
	if err != nil {
		return nil, at, invalid(flaw(at, "", "unreadable", "not readable as {format}: {detail}", "format", "JSON", "detail", err))
	}
	return token, at, nil
}

func (r *jsonReader) value(depth int) (value, error) {
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

func (r *jsonReader) items(v *value, depth int) error {
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

// cursor follows the place of a byte that only moves forward, so that finding
// all places of a text takes one reading of it, however long its lines are.
type cursor struct {
	text   string
	offset int
	place
}

func (c *cursor) move(offset int) place {
	passed := c.text[c.offset:offset]
	if newlines := strings.Count(passed, "\n"); newlines > 0 {
		c.line += newlines
		c.column = 1
		passed = passed[strings.LastIndexByte(passed, '\n')+1:]
	}
	c.column += utf8.RuneCountInString(passed)
	c.offset = offset
	return c.place
}
