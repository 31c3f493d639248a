package rulebook

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// Document is a rulebook as it is written, with whatever mistakes it has: what
// an editor shows as a form and as text.
type Document struct {
	text string
	doc  value
}

// ReadDocument reads the text of a rulebook in YAML or JSON. An empty one has no
// keys. The error is Parse's for what is not readable at all.
func ReadDocument(src []byte) (*Document, error) {
	d := &Document{text: string(src), doc: value{kind: mapping, place: place{1, 1}}}
	if onlyComments(d.text) {
		return d, nil
	}
	var err error
	d.doc, err = read(src)
	return d, err
}

// onlyComments tells whether a text has nothing but comments and blank lines.
func onlyComments(text string) bool {
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

// Text is the document as written.
func (d *Document) Text() string { return d.text }

// Check gives what is wrong with a text as the rulebook of a selection that begins
// now, as Parse, CheckSelection and CheckNew say it, and the rulebook, which is
// nil as long as Parse finds a mistake.
func Check(src []byte, now time.Time) (*Rulebook, []fault.Field) {
	rb, err := Parse(src)
	if err != nil {
		return nil, flawsOf(err)
	}
	return rb, sorted(append(flawsOf(rb.CheckSelection()), flawsOf(rb.CheckNew(now))...))
}

func flawsOf(err error) []fault.Field {
	var f *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return f.Fields
	}
	return []fault.Field{flaw(place{}, "", "unreadable", "not readable as {format}: {detail}", "format", "YAML", "detail", err)}
}

// Item is a key of the format in a document, as a form shows it.
type Item struct {
	Key           // of the format
	At     string // path in the document: review.panels[0].assign
	Text   string // what is written there; of words, separated by commas
	There  bool   // it is written there
	Odd    bool   // of another kind than the format's: only the text can mend it
	Items  []Item // of a mapping
	List   [][]Item
	Spoken []Item // of a localized text: one a language
}

// Languages are those that a form has a field for, whatever is written.
func Languages() []string { return []string{"zh", "en"} }

// Form gives all keys of the format with what the document has.
func (d *Document) Form() []Item {
	s := &shape{at: map[string]int{}}
	r := &reader{location: time.UTC, shape: s}
	r.rulebook(field{r: r})
	return s.items("", "", d.doc)
}

// items are the keys of a mapping; at is its path in the document.
func (s *shape) items(path, at string, v value) []Item {
	var items []Item
	for _, k := range s.keys {
		parent, name := parentOf(k.Path)
		if parent == path {
			items = append(items, s.item(k, join(at, name), v.child(name)))
		}
	}
	return items
}

func parentOf(path string) (parent, name string) {
	i := strings.LastIndexByte(path, '.')
	return path[:max(i, 0)], path[i+1:]
}

func (s *shape) item(k Key, at string, v value) Item {
	it := Item{Key: k, At: at, There: v.kind != absent}
	switch k.Kind {
	case KindMapping:
		it.Odd = it.There && v.kind != mapping
		it.Items = s.items(k.Path, at, v)
	case KindList:
		it.Odd = it.There && v.kind != list
		for i, one := range v.items {
			if v.kind == list {
				it.List = append(it.List, s.items(k.Path, indexed(at, i), one))
			}
		}
	case KindWords:
		it.Text, it.Odd = wordsOf(v)
	case KindLocalized:
		it.Spoken, it.Text = spoken(at, v), v.text
		it.Odd = v.kind == list
	default:
		it.Text = v.text
		it.Odd = v.kind == list || v.kind == mapping
	}
	return it
}

func indexed(at string, i int) string { return at + "[" + strconv.Itoa(i) + "]" }

// wordsOf writes a list of words in one line; odd tells that it is not one.
func wordsOf(v value) (text string, odd bool) {
	if v.kind != list {
		return v.text, v.kind == mapping
	}
	words := make([]string, len(v.items))
	for i, item := range v.items {
		words[i] = item.text
		odd = odd || item.kind == list || item.kind == mapping || strings.ContainsAny(item.text, listCommas+"\n")
	}
	return strings.Join(words, ", "), odd
}

// listCommas separate words in a form: a comma, or one of Chinese writing.
const listCommas = ",，、"

// splitWords reads what wordsOf writes.
func splitWords(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(listCommas, r) })
	for i := range words {
		words[i] = strings.TrimSpace(words[i])
	}
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

// spoken are the languages of a text: those of Languages and any that it has;
// none of a text that has no language.
func spoken(at string, v value) []Item {
	if v.kind == scalar || v.kind == boolean {
		return nil
	}
	languages := Languages()
	for _, k := range v.keys {
		if !slices.Contains(languages, k.text) {
			languages = append(languages, k.text)
		}
	}
	items := make([]Item, len(languages))
	for i, l := range languages {
		of := v.child(l)
		items[i] = Item{
			Key: Key{Path: l, Kind: KindText}, At: join(at, l), Text: of.text,
			There: of.kind != absent, Odd: of.kind == list || of.kind == mapping,
		}
	}
	return items
}
