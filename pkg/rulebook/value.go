package rulebook

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// MaxSize is the largest document that Parse reads, in bytes.
const MaxSize = 256 << 10

// maxDepth is how deep mappings and lists may nest; no rule goes past half.
const maxDepth = 16

// maxTokens is the most tokens of a document. The YAML parser's time grows with
// their square; this many take it a moment, and are fifty times the usual.
const maxTokens = 20_000

// value is a part of the document as written, with its place.
type value struct {
	kind  kind
	text  string  // a scalar's text; a boolean's is true or false
	keys  []value // a mapping's keys, parallel to items
	items []value // a mapping's or a list's values
	place
}

// place is where something is written, both from 1; columns count characters.
type place struct{ line, column int }

type kind int

const (
	absent kind = iota // no such key, or null
	scalar             // a string or a number; the rule that reads it tells which
	boolean
	list
	mapping
)

func (k kind) String() string {
	switch k {
	case scalar:
		return "a text or number"
	case boolean:
		return "true or false"
	case list:
		return "a list"
	case mapping:
		return "a mapping"
	case absent:
	}
	return "nothing"
}

// expected is the code of the mistake that a value is not of the kind.
func (k kind) expected() string {
	switch k {
	case boolean:
		return "not_a_boolean"
	case list:
		return "not_a_list"
	case mapping:
		return "not_a_mapping"
	case scalar, absent:
	}
	return "not_a_scalar"
}

// child gives the value under the key of a mapping.
func (v value) child(key string) value {
	for i, k := range v.keys {
		if k.text == key {
			return v.items[i]
		}
	}
	return value{place: v.place}
}

// read turns a document into its value, or says where it cannot be read.
func read(src []byte) (value, error) {
	if len(src) > MaxSize {
		return value{}, invalid(flaw(place{}, "", "document_too_large", "the document has {size} bytes; the most is {max}", "size", len(src), "max", MaxSize))
	}
	text := strings.TrimPrefix(string(src), "\ufeff")
	if !utf8.ValidString(text) {
		return value{}, invalid(flaw(firstInvalid(text), "", "not_utf8", "not UTF-8"))
	}
	doc, err := readJSON(text)
	if errors.Is(err, errNotJSON) {
		doc, err = readYAML(text)
	}
	if err != nil {
		return value{}, err
	}
	if doc.kind != mapping {
		return value{}, invalid(flaw(doc.place, "", mapping.expected(), "a rulebook is a mapping of keys, not {found}", "found", doc.kind))
	}
	return doc, nil
}

func firstInvalid(text string) place {
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
			at := cursor{text: text, place: place{1, 1}}
			return at.move(i)
		}
	}
	return place{}
}

func tooDeep(at place) error {
	return invalid(flaw(at, "", "too_deep", "nested deeper than {max} levels", "max", maxDepth))
}

func tooManyWords(at place) error {
	return invalid(flaw(at, "", "too_many_words", "more than {max} words and signs", "max", maxTokens))
}

// root is what a fault names when it concerns the whole document.
const root = "rulebook"

// flaw is one mistake at a place.
func flaw(at place, path, code, message string, params ...any) fault.Field {
	return fault.Wrong(cmp.Or(path, root), code, message, params...).In(at.line, at.column)
}

// escaped gives a text of the document as a message may show it: with escapes
// for what is not printable.
func escaped(text string) string {
	quoted := strconv.Quote(text)
	return quoted[1 : len(quoted)-1]
}

// CodeInvalid is the code of the fault that Parse and the checks return.
const CodeInvalid = "rulebook_invalid"

// maxFlaws is how many mistakes are reported; a person mends no more at a time.
const maxFlaws = 100

func invalid(flaws ...fault.Field) error {
	if n := len(flaws); n > maxFlaws {
		flaws = append(flaws[:maxFlaws:maxFlaws], flaw(place{}, "", "more_mistakes", "and {count} mistakes more", "count", n-maxFlaws))
	}
	return fault.NewInvalid(CodeInvalid, "the rulebook has mistakes", flaws...)
}

// allowed tells which characters texts and keys may have. Control characters
// and line separators are out, so that every JSON writer escapes the canonical
// form alike.
func allowed(r rune) bool {
	return r == '\n' || r == '\t' || (r >= ' ' && r != 0x7f && r != '\u2028' && r != '\u2029')
}

func (r *reader) characters(v value, path string) {
	for _, c := range v.text {
		if !allowed(c) {
			r.flaws = append(r.flaws, flaw(v.place, path, "character_forbidden", "the character {character} is not allowed",
				"character", fmt.Sprintf("U+%04X", c)))
			return
		}
	}
}
