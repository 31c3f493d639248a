package reason

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

//go:embed *.json
var catalogues embed.FS

// Languages are those that there is a catalogue of.
func Languages() []string { return []string{"en", "zh-CN"} }

// Speaker puts reasons into one language.
//
// A text of the catalogue has {name} where a parameter stands; {name|; } joins
// its values or reasons by what is behind the bar instead of the language's
// comma; {name?seat|seats} is the first word for 1 and the second for all else.
type Speaker struct {
	Lang string
	// Name gives how something is called, such as an award's title for its id.
	// beside is the value of the parameter that the value belongs to: the
	// attribute, or the panel. Empty: as the catalogue or the value itself has it.
	// nil: of nothing.
	Name func(unit Unit, value, beside string) string

	texts   map[string]string
	written bool // as results were written before there were codes
}

// NewSpeaker gives a Speaker of one of the Languages.
func NewSpeaker(lang string) *Speaker {
	s := &Speaker{Lang: lang}
	src, err := catalogues.ReadFile(lang + ".json")
	if err == nil {
		err = json.Unmarshal(src, &s.texts)
	}
	if err != nil {
		panic(fmt.Sprintf("reason: %s: %v", lang, err)) // embedded: wrong in the build or never
	}
	return s
}

// Add adds texts to the catalogue's.
func (s *Speaker) Add(texts map[string]string) {
	s.texts = maps.Clone(s.texts)
	maps.Copy(s.texts, texts)
}

// Part is a piece of a sentence.
type Part struct {
	Text  string
	Named bool // a name that somebody gave: its language and direction are its own
}

// Text is the sentence.
func (s *Speaker) Text(r Reason) string {
	var b strings.Builder
	for _, p := range s.Parts(r) {
		b.WriteString(p.Text)
	}
	return b.String()
}

// Parts is the sentence, with what somebody named apart.
func (s *Speaker) Parts(r Reason) []Part {
	var out sentence
	s.say(&out, r)
	return out.parts
}

// Foreign tells that a reason is a sentence in English, whatever the language.
func (s *Speaker) Foreign(r Reason) bool { return r.written != "" && s.Lang != "en" }

// sentence is what is said so far.
type sentence struct{ parts []Part }

func (o *sentence) add(text string, named bool) {
	if n := len(o.parts); n > 0 && !named && !o.parts[n-1].Named {
		o.parts[n-1].Text += text
	} else if text != "" {
		o.parts = append(o.parts, Part{text, named})
	}
}

func (s *Speaker) say(out *sentence, r Reason) {
	if r.written != "" {
		out.add(r.written, false)
		return
	}
	text, ok := s.texts[r.Code]
	if !ok {
		out.add(r.Code, false)
		return
	}
	for text != "" {
		before, rest, _ := strings.Cut(text, "{")
		inside, after, _ := strings.Cut(rest, "}")
		out.add(before, false)
		if inside != "" {
			s.fill(out, r, inside)
		}
		text = after
	}
}

// fill says a parameter in its place.
func (s *Speaker) fill(out *sentence, r Reason, place string) {
	name, form, counts := strings.Cut(place, "?")
	if counts {
		one, many, _ := strings.Cut(form, "|")
		if p, _ := r.param(name); slices.Equal(p.Values, []string{"1"}) {
			many = one
		}
		out.add(many, false)
		return
	}
	name, between, own := strings.Cut(place, "|")
	if !own {
		between = s.texts["list"]
	}
	p, _ := r.param(name)
	if s.written && r.Code == "quota_needs" { // whose words were quoted as Go does
		quoted := strconv.Quote(s.Text(p.Reasons[0]))
		out.add(quoted[1:len(quoted)-1], false)
		return
	}
	for i, one := range p.Reasons {
		if i > 0 {
			out.add(between, false)
		}
		s.say(out, one)
	}
	for i, value := range p.Values {
		if i > 0 {
			out.add(between, false)
		}
		text, named := s.called(r, p.Unit, value)
		out.add(text, named)
	}
	if p.More > 0 {
		s.say(out, New("more", Number("n", Count, p.More)))
	}
}

// called gives what a parameter's value is called.
func (s *Speaker) called(r Reason, unit Unit, value string) (text string, named bool) {
	beside := ""
	switch unit {
	case Value:
		p, _ := r.param("attribute")
		beside = strings.Join(p.Values, "")
	case Criterion:
		p, _ := r.param("panel")
		beside = strings.Join(p.Values, "")
	}
	return s.Called(unit, value, beside), given(unit)
}

// Called gives what something is called; beside is as of Name.
func (s *Speaker) Called(unit Unit, value, beside string) string {
	if unit == Nth {
		return s.nth(value)
	}
	if s.Name != nil {
		if text := s.Name(unit, value, beside); text != "" {
			return text
		}
	}
	if text, ok := s.texts[string(unit)+"."+value]; ok {
		return text
	}
	return value
}

// given tells of units whose values somebody has named.
func given(unit Unit) bool {
	switch unit {
	case Attribute, Award, Candidate, Criterion, Panel, Source, Value:
		return true
	}
	return false
}

// nth is a place in an order: third.
func (s *Speaker) nth(value string) string {
	if text, ok := s.texts["nth."+value]; ok {
		return text
	}
	if s.texts["nth"] != "" {
		return strings.ReplaceAll(s.texts["nth"], "{n}", value)
	}
	n, _ := strconv.Atoi(value)
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			if suffix = "st"; s.written {
				suffix = "rk" // what results said before there were codes
			}
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return value + suffix
}

// asWritten has the words of results from before there were codes: those of
// the English catalogue, whose texts of then stay for that.
var asWritten = func() *Speaker {
	s := NewSpeaker("en")
	s.written = true
	maps.DeleteFunc(s.texts, func(key, _ string) bool { return strings.HasPrefix(key, string(Mode)+".") })
	return s
}()

// AsWritten is the reason as a result had it before there were codes.
func (r Reason) AsWritten() Reason {
	if r.IsZero() || r.written != "" {
		return r
	}
	return Written(asWritten.Text(r))
}
