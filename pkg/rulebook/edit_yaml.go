package rulebook

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// find follows steps as far as the text has them: the parts passed, the root
// first, and the entries that lead to them.
func (e *editor) find(steps []step) (parts []*part, entries []int) {
	parts = []*part{&e.root}
	for _, s := range steps {
		here := parts[len(parts)-1]
		i, ok := here.at(s)
		if !ok {
			break
		}
		parts, entries = append(parts, &here.entries[i].part), append(entries, i)
	}
	return parts, entries
}

// set writes a text, as YAML has it, at a place.
func (e *editor) set(steps []step, text string) error {
	parts, entries := e.find(steps)
	here, rest := parts[len(parts)-1], steps[len(entries):]
	switch {
	case len(rest) == 0 && here.kind != absent:
		e.cut(here.start, here.end, text)
		return nil
	case here.kind == absent && len(entries) > 0: // a key or a dash with nothing behind it
		e.put(here.start, " "+nested(rest, text))
		return nil
	case here.kind == absent: // a document without keys
		if len(e.text) > 0 && !strings.HasSuffix(e.text, "\n") {
			text = text + "\n"
			e.text += "\n"
		}
		e.put(len(e.text), rest[0].key+": "+nested(rest[1:], text))
		return nil
	case here.kind == mapping:
		e.insert(here, steps[:len(entries)], rest[0].key, nested(rest[1:], text))
		return nil
	}
	return errElsewhere
}

// nested writes a text under further keys, in brackets.
func nested(rest []step, text string) string {
	for _, s := range slices.Backward(rest) {
		text = "{" + s.key + ": " + text + "}"
	}
	return text
}

// insert puts a key into a mapping, after the last of those that come before it
// in the format.
func (e *editor) insert(m *part, path []step, key, text string) {
	after := -1
	order := orderOf(path)
	for i, one := range m.entries {
		if slices.Index(order, one.key) < slices.Index(order, key) {
			after = i
		}
	}
	line := key + ": " + text
	switch {
	case m.flow && len(m.entries) == 0:
		e.put(m.start+1, line)
	case m.flow && after < 0:
		e.put(m.entries[0].start, line+", ")
	case m.flow:
		e.put(m.entries[after].end, ", "+line)
	case after < 0:
		e.put(m.entries[0].start, line+"\n"+e.indent(m.entries[0].start))
	default:
		e.put(e.lineEnd(m.entries[after].end), "\n"+e.indent(m.entries[0].start)+line)
	}
}

// orderOf are the keys of the mapping at a path, in the format's order; a text's
// languages have none.
func orderOf(path []step) []string {
	at := ""
	for _, s := range path {
		if s.index < 0 {
			at = join(at, s.key)
		}
	}
	var order []string
	for _, k := range Shape() {
		if parent, name := parentOf(k.Path); parent == at {
			order = append(order, name)
		}
	}
	if len(order) == 0 {
		return Languages()
	}
	return order
}

// add puts an empty item at the end of a list.
func (e *editor) add(steps []step) error { return e.push(steps, "{}") }

func (e *editor) push(steps []step, text string) error {
	parts, entries := e.find(steps)
	here := parts[len(parts)-1]
	if len(entries) < len(steps) || here.kind == absent {
		return e.set(steps, "["+text+"]")
	}
	switch {
	case here.kind != list:
		return errElsewhere
	case here.flow && len(here.entries) == 0:
		e.put(here.start+1, text)
	case here.flow:
		e.put(here.entries[len(here.entries)-1].end, ", "+text)
	default:
		e.put(e.lineEnd(here.end), "\n"+e.indent(here.entries[0].start)+"- "+text)
	}
	return nil
}

// remove takes a key or an item away, with a mapping that has no other key.
// What is not there is removed.
func (e *editor) remove(steps []step) error {
	parts, entries := e.find(steps)
	if len(entries) < len(steps) {
		return nil
	}
	n := len(entries) - 1
	for n > 0 && len(parts[n].entries) == 1 && parts[n].kind == mapping && steps[n-1].index < 0 {
		n--
	}
	from, i := parts[n], entries[n]
	one := from.entries[i]
	switch {
	case from.flow && i > 0:
		e.cut(from.entries[i-1].end, one.end, "")
	case from.flow && len(from.entries) > 1:
		e.cut(one.start, from.entries[1].start, "")
	case from.flow:
		e.cut(one.start, one.end, "")
	case len(from.entries) == 1 && from != &e.root && from.kind == mapping: // an item that has no other key
		e.cut(one.start, one.end, "{}")
	default:
		e.cutLines(one.start, one.end)
	}
	return nil
}

// cutLines takes the lines of an entry away, with the comment at its end. Before
// the first key of an item stands the item's dash, which stays.
func (e *editor) cutLines(start, end int) {
	end = e.lineEnd(end)
	line := start - len(e.indentOf(start))
	if line > 0 && e.text[line-1] != '\n' || strings.TrimSpace(e.text[line:start]) != "" {
		e.cut(start, end, "")
		return
	}
	if end < len(e.text) {
		end++ // the line feed
	}
	e.cut(line, end, "")
}

// setWords makes a list say other words: item by item, so that those that stay
// keep their comments.
func (e *editor) setWords(steps []step, words []string) error {
	parts, entries := e.find(steps)
	here := parts[len(parts)-1]
	if len(entries) < len(steps) || here.kind != list || len(words) == 0 || len(here.entries) == 0 {
		texts := make([]string, len(words))
		for i, w := range words {
			texts[i] = scalarText(w, KindText)
		}
		return e.set(steps, "["+strings.Join(texts, ", ")+"]")
	}
	had := len(here.entries)
	for i := min(had, len(words)) - 1; i >= 0; i-- { // from the end, so that places before hold
		one := here.entries[i]
		if one.kind != scalar {
			return errElsewhere
		}
		if now, err := fromText(e.text[one.part.start:one.end]); err == nil && now == words[i] {
			continue
		}
		e.cut(one.part.start, one.end, scalarText(words[i], KindText))
	}
	again, err := newEditor(e.text)
	if err != nil {
		return err
	}
	*e = *again
	for i := had - 1; i >= len(words); i-- {
		if err := e.again(func() error { return e.remove(append(slices.Clone(steps), step{index: i})) }); err != nil {
			return err
		}
	}
	for _, w := range words[min(had, len(words)):] {
		if err := e.again(func() error { return e.push(steps, scalarText(w, KindText)) }); err != nil {
			return err
		}
	}
	return nil
}

// again changes the text, and reads it once more.
func (e *editor) again(change func() error) error {
	if err := change(); err != nil {
		return err
	}
	next, err := newEditor(e.text)
	if err == nil {
		*e = *next
	}
	return err
}

// fromText reads a scalar by itself.
func fromText(text string) (string, error) {
	v, err := readYAML(text)
	return v.text, err
}

// cut replaces a stretch of the text; put puts a text in.
func (e *editor) cut(start, end int, text string) { e.text = e.text[:start] + text + e.text[end:] }
func (e *editor) put(at int, text string)         { e.cut(at, at, text) }

// lineEnd is the end of the line in which a place is, before its line feed.
func (e *editor) lineEnd(at int) int {
	if i := strings.IndexByte(e.text[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(e.text)
}

// indentOf is the blank before a place in its line.
func (e *editor) indentOf(at int) string {
	line := e.text[strings.LastIndexByte(e.text[:at], '\n')+1 : at]
	return line[len(strings.TrimRight(line, " ")):]
}

// indent is what a line begins with whose text begins under a place.
func (e *editor) indent(at int) string {
	line := e.text[strings.LastIndexByte(e.text[:at], '\n')+1 : at]
	columns := 0
	for range line {
		columns++
	}
	return strings.Repeat(" ", columns)
}

// plain are the texts that YAML reads back as they are, inside brackets too.
var plainPattern = regexp.MustCompile(`^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_/%.-]*( [\p{L}\p{N}_][\p{L}\p{M}\p{N}_/%.-]*)*$`)

// scalarText writes a text as YAML, in quotes where it would else be read as
// something else.
func scalarText(text string, kind Kind) string {
	text = strings.TrimSpace(text)
	if (kind == KindTruth || kind == KindWords) && truthText(text) {
		return text
	}
	if plainPattern.MatchString(text) {
		if v, err := readYAML("[" + text + "]"); err == nil && len(v.items) == 1 && v.items[0].kind == scalar && v.items[0].text == text {
			return text
		}
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string, to memory
	return strings.TrimSuffix(b.String(), "\n")
}
