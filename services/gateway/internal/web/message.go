package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

//go:embed message
var messageFiles embed.FS

// Printer gives the texts of one language. A text holds {name} for what is
// filled in; key.one is the form for one thing, where a language has it.
type Printer struct {
	Lang  string
	texts map[string]string
}

// NewPrinter gives the texts of one of the Languages.
func NewPrinter(lang string) Printer {
	p := Printer{Lang: lang, texts: map[string]string{}}
	names, err := fs.Glob(messageFiles, "message/"+lang+"/*.json")
	if err != nil || len(names) == 0 {
		panic(fmt.Sprintf("web: messages of %s: %d files, %v", lang, len(names), err)) // embedded: wrong in the build or never
	}
	for _, name := range names {
		src, err := messageFiles.ReadFile(name)
		texts := map[string]string{}
		if err == nil {
			err = json.Unmarshal(src, &texts)
		}
		for key, text := range texts {
			if p.Has(key) {
				err = fmt.Errorf("%s is there twice", key)
			}
			p.texts[key] = text
		}
		if err != nil {
			panic(fmt.Sprintf("web: %s: %v", name, err)) // as above
		}
	}
	return p
}

// Has tells whether there is a text.
func (p Printer) Has(key string) bool { _, ok := p.texts[key]; return ok }

// T gives a text; args are names and values in turn.
func (p Printer) T(key string, args ...any) string {
	text, ok := p.texts[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return text
	}
	return filled(text, args)
}

// filled puts values into their places, once: what a value holds stays text.
func filled(text string, args []any) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		b.WriteString(before)
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			if ok {
				b.WriteString("{" + rest)
			}
			return b.String()
		}
		text = after
		b.WriteString(valueOf(name, args))
	}
}

func valueOf(name string, args []any) string {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] != any(name) {
			continue
		}
		switch v := args[i+1].(type) {
		case string:
			return isolated(v)
		case int:
			return strconv.Itoa(v)
		}
		return fmt.Sprint(args[i+1])
	}
	return "{" + name + "}"
}

// N gives a text that counts: {n} is n, grouped.
func (p Printer) N(key string, n int64, args ...any) string {
	if one := key + ".one"; n == 1 && p.Has(one) {
		key = one
	}
	return p.T(key, append([]any{"n", grouped(n)}, args...)...)
}

// Words gives what somebody wrote in several languages in the page's.
func (p Printer) Words(words map[string]string) string {
	return rulebook.Text(words).In(contentLanguages(p.Lang)...)
}

// List joins words as the language does.
func (p Printer) List(words []string) string {
	apart := make([]string, len(words))
	for i, w := range words {
		apart[i] = isolated(w)
	}
	return strings.Join(apart, p.T("list.separator"))
}

// Grouped writes 1234567 as 1,234,567.
func Grouped(n int64) string { return grouped(n) }

// grouped writes 1234567 as 1,234,567.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Duration says how long something takes, in the largest unit that fits whole.
func (p Printer) Duration(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return p.N("duration.hours", int64(d/time.Hour))
	case d >= time.Minute && d%time.Minute == 0:
		return p.N("duration.minutes", int64(d/time.Minute))
	case d%time.Second == 0:
		return p.N("duration.seconds", int64(d/time.Second))
	}
	return d.String()
}

// Text is a text and its language, where that is not the page's.
type Text struct{ Text, Lang string }

// Field says what is wrong with a field, in the page's language, with what the
// page knows better than the fault's params. A code without a text is said in
// English.
func (p Printer) Field(f fault.Field, better ...string) Text {
	text, ok := p.texts["field."+f.Code]
	if !ok {
		lang := ""
		if p.Lang != English {
			lang = English
		}
		return Text{f.Message, lang}
	}
	args := make([]any, 0, 2*len(f.Params)+len(better))
	for _, one := range better {
		args = append(args, one)
	}
	for name, value := range f.Params {
		args = append(args, name, p.word(name, value))
	}
	return Text{Text: filled(text, args)}
}

// Fault says what a fault means, in the page's language, by its code; one
// without a text is said in English.
func (p Printer) Fault(f *fault.Error) Text {
	key := "fault." + f.Code
	if !p.Has(key) {
		lang := ""
		if p.Lang != English {
			lang = English
		}
		return Text{f.Message, lang}
	}
	args := []any{"wait", p.Duration(WholeWait(f.RetryAfter))}
	for name, value := range f.Params {
		args = append(args, name, p.word(name, value))
	}
	return Text{Text: p.T(key, args...)}
}

// word gives a param that is one of our own words, such as a phase, in the
// language.
func (p Printer) word(name, value string) string {
	key := ""
	switch name {
	case "phase", "before", "earlier":
		key = "phase." + value
	case "state":
		key = "state." + value
	}
	if p.Has(key) {
		return p.T(key)
	}
	return value
}
