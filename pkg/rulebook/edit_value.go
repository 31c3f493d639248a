package rulebook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// changed is a document's value with a change.
func changed(v value, steps []step, c Change, kind Kind) (value, error) {
	if len(steps) == 0 {
		return changedHere(v, c, kind)
	}
	s := steps[0]
	v.keys, v.items = slices.Clone(v.keys), slices.Clone(v.items)
	switch {
	case s.index >= 0:
		if v.kind != list || s.index >= len(v.items) {
			return v, uneditable(c.Path)
		}
		if len(steps) == 1 && c.Do == DoRemove {
			v.items = slices.Delete(v.items, s.index, s.index+1)
			return v, nil
		}
		item, err := changed(v.items[s.index], steps[1:], c, kind)
		v.items[s.index] = item
		return v, err
	case v.kind == absent:
		v.kind = mapping
	case v.kind != mapping:
		return v, uneditable(c.Path)
	}
	at := slices.IndexFunc(v.keys, func(k value) bool { return k.text == s.key })
	if at < 0 {
		v.keys, v.items = append(v.keys, value{kind: scalar, text: s.key}), append(v.items, value{})
		at = len(v.keys) - 1
	}
	item, err := changed(v.items[at], steps[1:], c, kind)
	v.items[at] = item
	return v, err
}

func changedHere(v value, c Change, kind Kind) (value, error) {
	text := strings.TrimSpace(c.Text)
	switch {
	case c.Do == DoAdd:
		if kind != KindList || v.kind != list && v.kind != absent {
			return v, uneditable(c.Path)
		}
		v.kind, v.items = list, append(slices.Clone(v.items), value{kind: mapping})
		return v, nil
	case c.Do == DoRemove || text == "":
		return value{}, nil
	case c.Do != DoSet || kind == KindMapping || kind == KindList || !allowedText(c.Text):
		return v, uneditable(c.Path)
	case (kind == KindTruth || kind == KindWords) && truthText(text):
		return value{kind: boolean, text: text}, nil
	case kind == KindWords:
		words := value{kind: list}
		for _, w := range splitWords(c.Text) {
			words.items = append(words.items, value{kind: scalar, text: w})
		}
		return words, nil
	}
	return value{kind: scalar, text: text}, nil
}

func allowedText(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !allowed(r) })
}

// same tells whether two values say the same: what is absent, or a mapping or
// list of a key that is empty, is as good as not written.
func same(a, b value) bool {
	a, b = a.pruned(), b.pruned()
	if a.kind != b.kind || a.text != b.text || len(a.items) != len(b.items) {
		return false
	}
	for i := range a.items {
		if !same(a.items[i], b.items[i]) {
			return false
		}
	}
	return slices.EqualFunc(a.keys, b.keys, func(x, y value) bool { return x.text == y.text })
}

// pruned is a mapping without keys that say nothing, sorted. Twice the same key
// stays twice.
func (v value) pruned() value {
	if v.kind != mapping {
		return v
	}
	out := value{kind: mapping}
	for i, item := range v.items {
		if item = item.pruned(); item.empty() {
			continue
		}
		out.keys, out.items = append(out.keys, v.keys[i]), append(out.items, item)
	}
	return out.sorted()
}

func (v value) empty() bool {
	return v.kind == absent || (v.kind == mapping || v.kind == list) && len(v.items) == 0
}

// layJSON lays a document out as JSON with its keys in their order. Keys that say
// nothing are left out.
func (v value) layJSON() (string, error) {
	var flat, laid bytes.Buffer
	if err := v.flatJSON(&flat); err != nil {
		return "", err
	}
	if err := json.Indent(&laid, flat.Bytes(), "", "  "); err != nil {
		return "", fmt.Errorf("lay out: %w", err)
	}
	return laid.String() + "\n", nil
}

func (v value) flatJSON(b *bytes.Buffer) error {
	switch v.kind {
	case absent:
		b.WriteString("null")
	case boolean:
		b.WriteString(v.text)
	case scalar:
		if looksLikeNumber(v.text) && json.Valid([]byte(v.text)) {
			b.WriteString(v.text)
			return nil
		}
		return writeString(b, v.text)
	case list:
		return v.flatItems(b, '[', ']')
	case mapping:
		return v.flatItems(b, '{', '}')
	}
	return nil
}

func (v value) flatItems(b *bytes.Buffer, open, end byte) error {
	b.WriteByte(open)
	first := true
	for i, item := range v.items {
		if v.kind == mapping && item.empty() {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		if v.kind == mapping {
			if err := writeString(b, v.keys[i].text); err != nil {
				return err
			}
			b.WriteByte(':')
		}
		if err := item.flatJSON(b); err != nil {
			return err
		}
	}
	b.WriteByte(end)
	return nil
}
