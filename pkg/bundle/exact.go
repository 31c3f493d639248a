package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Exact tells which of the known fields a JSON document has, and which are
// unknown. It refuses what two readers could read differently: a field that is
// there twice, or is written like a known one in other letters.
func Exact(data []byte, known []string) (has, unknown []string, err error) {
	e := exactly{Decoder: json.NewDecoder(bytes.NewReader(data)), known: known}
	if err := e.value("", false); err != nil {
		return nil, nil, err
	}
	return e.has, e.unknown, nil
}

// maxFields is the most that an object has of which any are used.
const maxFields = 256

type exactly struct {
	*json.Decoder
	known, has, unknown []string
}

// value reads one, whose field has a name; hidden, within one that is unknown.
func (e *exactly) value(name string, hidden bool) error {
	token, err := e.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('['):
		for e.More() {
			if err := e.value(name, hidden); err != nil {
				return err
			}
		}
	case json.Delim('{'):
		if err := e.object(name, hidden); err != nil {
			return err
		}
	default:
		return nil
	}
	_, err = e.Token() // the end
	return err
}

func (e *exactly) object(within string, hidden bool) error {
	var seen []string
	for e.More() {
		if len(seen) > maxFields {
			return fmt.Errorf("%s: it has more than %d fields", within, maxFields)
		}
		token, err := e.Token()
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(within+"."+token.(string), ".")
		like := func(other string) bool { return strings.EqualFold(other, name) }
		unknown := !hidden && !slices.Contains(e.known, name)
		switch {
		case hidden:
		case slices.ContainsFunc(seen, like):
			return fmt.Errorf("%s: it is there twice", name)
		case unknown && slices.ContainsFunc(e.known, like):
			return fmt.Errorf("%s: it is written in other letters", name)
		case unknown:
			e.unknown = append(e.unknown, name)
		default:
			e.has = append(e.has, name)
		}
		if !hidden {
			seen = append(seen, name)
		}
		if err := e.value(name, hidden || unknown); err != nil {
			return err
		}
	}
	return nil
}
