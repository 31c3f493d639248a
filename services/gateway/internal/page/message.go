package page

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

//go:embed message/*.json
var messageFiles embed.FS

// printer gives the texts of one language. A text holds {name} for what is
// filled in; key.one is the form for one thing, where a language has it.
type printer struct {
	lang  string
	texts map[string]string
}

func loadPrinter(lang string) printer {
	p := printer{lang: lang}
	src, err := messageFiles.ReadFile("message/" + lang + ".json")
	if err == nil {
		err = json.Unmarshal(src, &p.texts)
	}
	if err != nil {
		panic(fmt.Sprintf("page: messages of %s: %v", lang, err)) // embedded: wrong in the build or never
	}
	return p
}

// has tells whether there is a text.
func (p printer) has(key string) bool { _, ok := p.texts[key]; return ok }

// T gives a text; args are names and values in turn.
func (p printer) T(key string, args ...any) string {
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
			return v
		case int:
			return strconv.Itoa(v)
		}
		return fmt.Sprint(args[i+1])
	}
	return "{" + name + "}"
}

// N gives a text that counts: {n} is n, grouped.
func (p printer) N(key string, n int64, args ...any) string {
	if one := key + ".one"; n == 1 && p.has(one) {
		key = one
	}
	return p.T(key, append([]any{"n", grouped(n)}, args...)...)
}

// list joins words as the language does.
func (p printer) list(words []string) string { return strings.Join(words, p.T("list.separator")) }

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

// duration says how long something takes, in the largest unit that fits whole.
func (p printer) duration(d time.Duration) string {
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
