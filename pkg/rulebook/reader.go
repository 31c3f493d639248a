package rulebook

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// maxItems is the most items of a list, maxQuotas those of quotas, each of which
// is held against every other.
const (
	maxItems  = 1000
	maxQuotas = 100
)

// reader turns the document into a Rulebook and collects every mistake.
type reader struct {
	flaws    []fault.Field
	location *time.Location
	shape    *shape // Shape collects here what is asked for; else nil
}

// field is a value with its path from the root. Reading an absent or mistaken
// field gives the zero value, so that reading goes on to the next mistake.
type field struct {
	value
	path string
	r    *reader
}

// fail notes a mistake of the field: its code, its message and the message's
// parameters are those of fault.Wrong.
func (f field) fail(code, message string, params ...any) {
	f.r.flaws = append(f.r.flaws, flaw(f.place, f.path, code, message, params...))
}

func (f field) has() bool { return f.kind != absent }

// is tells whether the field has the kind; one of another kind is a mistake.
func (f field) is(k kind) bool {
	if f.has() && f.kind != k {
		f.fail(k.expected(), "expected {expected}, not {found}", "expected", k, "found", f.kind)
	}
	return f.kind == k
}

// require tells whether the field is there; its absence is a mistake.
func (f field) require() bool {
	if f.r.shape != nil {
		f.r.shape.require(f.path)
		return true
	}
	if !f.has() {
		f.fail("required", "is required")
	}
	return f.has()
}

// some tells whether the field is there and, if a list, has an item; the
// message is for a list that has none.
func (f field) some(message string) bool {
	if !f.require() {
		return false
	}
	if f.kind == list && len(f.items) == 0 {
		f.fail("empty", message)
		return false
	}
	return true
}

// mapping checks that the field is a mapping of the keys, each at most once.
func (f field) mapping(keys ...string) field {
	if f.r.shape != nil {
		f.r.shape.mapping(f.path, keys)
	}
	if !f.is(mapping) {
		return field{value: value{place: f.place}, path: f.path, r: f.r}
	}
	seen := map[string]bool{}
	for _, key := range f.keys {
		at := field{value: key, path: join(f.path, key.text), r: f.r}
		switch {
		case seen[key.text]:
			at.fail("repeated", "the key is here twice")
		case !slices.Contains(keys, key.text):
			at.fail("key_unknown", "unknown key; known here are {known}", "known", strings.Join(keys, ", "))
		}
		seen[key.text] = true
	}
	return f
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// get gives the field under the key; an absent one has its parent's place.
func (f field) get(key string) field {
	return field{value: f.child(key), path: join(f.path, key), r: f.r}
}

// all gives the fields of a list.
func (f field) all() []field { return f.atMost(maxItems) }

// atMost gives the fields of a list that has no more than so many.
func (f field) atMost(most int) []field {
	if f.r.shape != nil {
		f.r.shape.list(f.path)
		return []field{{path: f.path, r: f.r}}
	}
	if !f.is(list) {
		return nil
	}
	if len(f.items) > most {
		f.fail("too_many", "has {count} items; the most is {max}", "count", len(f.items), "max", most)
		return nil
	}
	fields := make([]field, 0, len(f.items))
	for i, item := range f.items {
		at := field{value: item, path: f.path + "[" + strconv.Itoa(i) + "]", r: f.r}
		if !at.has() {
			at.fail("empty", "an item of a list is empty")
			continue
		}
		fields = append(fields, at)
	}
	return fields
}

// words reads a string that is not blank.
func (f field) words() string {
	f.note(KindText)
	if !f.is(scalar) {
		return ""
	}
	if strings.TrimSpace(f.text) == "" {
		f.fail("empty", "is blank")
	}
	f.r.characters(f.value, f.path)
	return f.text
}

// id reads a name that other places refer to. It is generous, because it also
// names columns of people's spreadsheets, but it has no ":" or "/".
func (f field) id() string {
	f.note(KindText)
	if !f.is(scalar) {
		return ""
	}
	if s := f.text; s == "" || len(s) > 64 || strings.TrimSpace(s) != s || strings.ContainsFunc(s, notOfID) {
		f.fail("id_malformed", `"{value}" is not an id: 1 to 64 bytes of letters, digits, inner spaces and _ - . & '`, "value", escaped(f.text))
	}
	return f.text
}

func notOfID(c rune) bool {
	return !unicode.IsLetter(c) && !unicode.IsMark(c) && !unicode.IsDigit(c) && !strings.ContainsRune(" _-.&'", c)
}

// unique gives a function that is told each id of a list, and finds the second
// of two alike.
func unique() func(f field, id string) {
	seen := map[string]int{}
	return func(f field, id string) {
		if id == "" {
			return
		}
		if line, ok := seen[id]; ok {
			f.fail("repeated", `"{value}" is here twice, first on line {line}`, "value", escaped(id), "line", line)
			return
		}
		seen[id] = f.line
	}
}

// choice reads one of the words; absent, it gives the default.
func (f field) choice(def string, words ...string) string {
	f.note(KindChoice, words...)
	if !f.has() {
		return def
	}
	if !f.is(scalar) {
		return def
	}
	if !slices.Contains(words, f.text) {
		f.notOneOf(words)
		return def
	}
	return f.text
}

func (f field) notOneOf(words []string) {
	f.fail("not_one_of", `"{value}" is not one of {values}`, "value", escaped(f.text), "values", strings.Join(words, ", "))
}

// truth reads true or false.
func (f field) truth() bool {
	f.note(KindTruth)
	return f.is(boolean) && f.text == "true"
}

// whole reads a whole number between the bounds; absent, it gives 0.
func (f field) whole(least, most int) int {
	f.note(KindWhole)
	if !f.is(scalar) {
		return 0
	}
	n, err := strconv.Atoi(f.text)
	if err != nil || strings.HasPrefix(f.text, "+") {
		f.fail("not_whole", `"{value}" is not a whole number`, "value", escaped(f.text))
		return 0
	}
	if n < least || n > most {
		f.fail("not_between", "{value} is not between {min} and {max}", "value", n, "min", least, "max", most)
		return 0
	}
	return n
}

// number reads an exact number.
func (f field) number() Number {
	f.note(KindNumber)
	if !f.is(scalar) {
		return Number{}
	}
	n, err := ParseNumber(f.text)
	switch {
	case errors.Is(err, errDenominator):
		f.fail("denominator_zero", `"{value}" is `+err.Error(), "value", escaped(f.text))
	case err != nil:
		f.fail("not_a_number", `"{value}" is `+err.Error(), "value", escaped(f.text))
	}
	return n
}

// duration reads a time span between the bounds; absent, it gives 0. One that is
// not above 0 is none.
func (f field) duration(least, most time.Duration) time.Duration {
	f.note(KindText)
	if !f.is(scalar) {
		return 0
	}
	d, err := time.ParseDuration(f.text)
	switch {
	case err != nil || d <= 0:
		f.fail("duration_malformed", `"{value}" is not a duration such as 3s, 10m or 1h`, "value", escaped(f.text))
		return 0
	case d < least || d > most:
		f.fail("not_between", "{value} is not between {min} and {max}", "value", d, "min", least, "max", most)
		return 0
	}
	return d
}

// atLeastZero reads a number that is not negative; absent, it gives the default.
func (f field) atLeastZero(def Number) Number {
	n := f.number()
	if n.Sign() < 0 {
		f.fail("negative", "{value} is negative", "value", n)
	}
	if !n.IsSet() {
		return def
	}
	return n
}

// localized reads a string, or a mapping of language tags to strings.
func (f field) localized() Text {
	f.note(KindLocalized)
	if !f.has() {
		return nil
	}
	if f.kind != mapping {
		return Text{"": f.words()}
	}
	text := Text{}
	for i, key := range f.keys {
		item := field{value: f.items[i], path: join(f.path, key.text), r: f.r}
		at := field{value: key, path: item.path, r: f.r}
		switch _, twice := text[key.text]; {
		case twice:
			at.fail("repeated", "the key is here twice")
		case !languageTag(key.text):
			at.fail("language_malformed", `"{value}" is not a language tag such as zh or en`, "value", escaped(key.text))
		case item.has():
			text[key.text] = item.words()
		}
	}
	if len(f.keys) == 0 {
		f.fail("empty", "has no text in any language")
	}
	return text
}

// languageTag tells whether s has the shape of one: zh, en, zh-CN.
func languageTag(s string) bool {
	for i, part := range strings.Split(s, "-") {
		if len(part) < 2 || len(part) > 8 || strings.ContainsFunc(part, func(c rune) bool {
			return (c < 'a' || c > 'z') && (i == 0 || (c < 'A' || c > 'Z') && (c < '0' || c > '9'))
		}) {
			return false
		}
	}
	return true
}
