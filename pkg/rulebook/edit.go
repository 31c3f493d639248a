package rulebook

import (
	"strconv"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// Do is what a change does.
type Do string

// What a change does.
const (
	DoSet    Do = "set"    // writes Text under the key; without a Text, the key is removed
	DoAdd    Do = "add"    // adds an empty item to the list
	DoRemove Do = "remove" // removes the key, or the item of a list
)

// Change is a change of one place of a document, as a form makes it.
type Change struct {
	Do   Do     `json:"do" enum:"set,add,remove"`
	Path string `json:"path" maxLength:"256" doc:"Place in the document" example:"review.panels[0].jurors"`
	Text string `json:"text,omitempty" lines:"true" maxLength:"65536" doc:"Of set: what is written there; words of a list are separated by commas"`
}

// Edit gives the document with a change. Nothing but the place of the change is
// written anew: comments, order and layout of the rest are as they were. A
// document in JSON, which has no comments, is laid out anew.
//
// Fault: rulebook_uneditable, where the format has no such place or the text is
// written in a manner in which only a person should change it.
func (d *Document) Edit(c Change) (*Document, error) {
	steps, ok := stepsOf(c.Path)
	kind, known := kindAt(steps)
	if !ok || !known {
		return nil, uneditable(c.Path)
	}
	want, err := changed(d.doc, steps, c, kind)
	if err != nil {
		return nil, err
	}
	text, err := d.rewritten(steps, c, kind, want)
	if err != nil {
		return nil, err
	}
	after, err := ReadDocument([]byte(text))
	if err != nil || !same(want, after.doc) {
		// The text would not say what the form wants: leave it as it is.
		return nil, uneditable(c.Path)
	}
	return after, nil
}

// rewritten is the document's text with a change, by which it becomes want.
func (d *Document) rewritten(steps []step, c Change, kind Kind, want value) (string, error) {
	if strings.HasPrefix(strings.TrimLeft(strings.TrimPrefix(d.text, "\ufeff"), " \t\r\n"), "{") {
		if _, err := readJSON(strings.TrimPrefix(d.text, "\ufeff")); err == nil {
			return want.layJSON()
		}
	}
	text, marked := strings.CutPrefix(d.text, "\ufeff")
	windows := strings.Contains(text, "\r\n")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	e, err := newEditor(text)
	if err != nil {
		return "", err
	}
	switch {
	case c.Do == DoAdd:
		err = e.add(steps)
	case c.Do == DoRemove || strings.TrimSpace(c.Text) == "":
		err = e.remove(steps)
	case kind == KindWords && !truthText(c.Text):
		err = e.setWords(steps, splitWords(c.Text))
	default:
		err = e.set(steps, scalarText(c.Text, kind))
	}
	if err != nil {
		return "", uneditable(c.Path)
	}
	text = e.text
	if windows {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	if marked {
		text = "\ufeff" + text
	}
	return text, nil
}

func uneditable(path string) error {
	return fault.NewInvalid("rulebook_uneditable", "this place cannot be changed by a form",
		fault.Wrong("path", "rulebook_uneditable", `"{path}" cannot be changed by a form: change it in the text`, "path", escaped(path)))
}

// step is one of a path: a key, or the place in a list.
type step struct {
	key   string
	index int // -1: a key
}

// stepsOf reads a path such as awards[0].title.zh.
func stepsOf(path string) (steps []step, ok bool) {
	for part := range strings.SplitSeq(path, ".") {
		key, rest, _ := strings.Cut(part, "[")
		if key == "" {
			return nil, false
		}
		steps = append(steps, step{key, -1})
		if rest == "" {
			continue
		}
		digits, closed := strings.CutSuffix(rest, "]")
		n, err := strconv.Atoi(digits)
		if !closed || err != nil || n < 0 || n >= maxItems {
			return nil, false
		}
		steps = append(steps, step{index: n})
	}
	return steps, len(steps) <= maxDepth
}

// kindAt is the kind of a place; an item of a list is a mapping.
func kindAt(steps []step) (kind Kind, ok bool) {
	path := ""
	for i, s := range steps {
		if s.index >= 0 {
			if kind != KindList {
				return "", false
			}
			kind = KindMapping
			continue
		}
		path = join(path, s.key)
		found := false
		for _, k := range Shape() {
			if k.Path == path {
				kind, found = k.Kind, true
			}
		}
		switch {
		case found:
		case kind == KindLocalized && i == len(steps)-1 && languageTag(s.key):
			return KindText, true
		default:
			return "", false
		}
	}
	return kind, true
}

// truthText tells whether a text says true or false.
func truthText(text string) bool { return text == "true" || text == "false" }
