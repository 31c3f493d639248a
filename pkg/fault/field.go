package fault

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Field is one field of the input and what is wrong with it. Wrong makes one.
type Field struct {
	Name    string            `json:"name"`             // path from the input's root: picks[2], row 7 / 性别
	Code    string            `json:"code"`             // stable and machine readable: too_long
	Message string            `json:"message"`          // for a person, in English
	Params  map[string]string `json:"params,omitempty"` // what the message says, to say it in other languages: max=1000
	Line    int               `json:"line,omitempty"`   // in a file, from 1
	Column  int               `json:"column,omitempty"` // in a file, from 1
}

// Wrong says what is wrong with a field. The message is an English sentence
// without its subject; a {word} in it is filled in from params, which are pairs
// of a word and its value. Code and params together say the same as the message,
// so that a page can say it in its reader's language.
func Wrong(name, code, message string, params ...any) Field {
	f := Field{Name: name, Code: code, Message: message}
	if len(params) == 0 {
		return f
	}
	f.Params = make(map[string]string, len(params)/2)
	words := make([]string, 0, len(params))
	for i := 0; i+1 < len(params); i += 2 {
		word, value := fmt.Sprint(params[i]), fmt.Sprint(params[i+1])
		f.Params[word] = value
		words = append(words, "{"+word+"}", value)
	}
	f.Message = strings.NewReplacer(words...).Replace(message)
	return f
}

// In gives a copy of f at a place in a file; lines and columns are from 1, and
// 0 where there is none.
func (f Field) In(line, column int) Field {
	f.Line, f.Column = line, column
	return f
}

// Required says that a field is missing or empty.
func Required(name string) Field { return Wrong(name, "required", "is required") }

// TooLong says that a text has more characters than the field takes.
func TooLong(name string, most int) Field {
	return Wrong(name, "too_long", "takes at most {max} characters", "max", most)
}

// OneOf says that a field's value is none of those that it takes.
func OneOf[T ~string](name string, values ...T) Field {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return Wrong(name, "not_one_of", "is one of {values}", "values", strings.Join(list, ", "))
}

// Text says what is wrong with a text that people write into a field: it is
// Plain, with lines, and has at most so many characters. Spaces at its ends do
// not count.
func Text(name, text string, most int) []Field {
	switch {
	case !Plain(text, true):
		return []Field{NotPlain(name)}
	case utf8.RuneCountInString(strings.TrimSpace(text)) > most:
		return []Field{TooLong(name, most)}
	}
	return nil
}
