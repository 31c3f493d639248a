package desk

import (
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/rule"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// draftView is a rulebook at work: form, text, mistakes, timeline and sentences.
type draftView struct {
	Text     string
	Lines    int
	Form     []draftItem // none of a text that cannot be read
	Mistakes []draftMistake
	Doubts   []draftMistake // what is mostly not meant
	Timeline *timeline      // nil as long as there is a mistake in what is written
	Chapters []rule.Chapter // as with Timeline
	Warning  string
}

// draftMistake is what is wrong at one line.
type draftMistake struct {
	Text
	Where  string // place, as the document calls it
	Href   string // leads to its field; empty: it has none
	Line   int
	Column int
	Source string // the line
}

// view lays out what is known of a checked rulebook.
func (d *desk) view(t web.Printer, id string, checked app.CheckedRulebook) draftView {
	v := draftView{Text: checked.Text}
	lines := strings.Split(checked.Text, "\n")
	v.Lines = len(lines)
	wrong := append(checked.Refused, checked.Wrong...)
	shown := map[string]bool{}
	if checked.Document != nil {
		items := checked.Document.Form()
		placesOf(shown, items)
		v.Form = newDraftForm(t, newPath+"/"+id+"/apply", wrong, items)
	}
	placed := func(w fault.Field) draftMistake {
		m := draftMistake{Text: t.Field(w), Where: w.Name, Line: w.Line, Column: w.Column}
		if at := nearest(shown, w.Name); at != "" {
			m.Href = "#" + elementID(at)
		}
		if w.Line > 0 && w.Line <= len(lines) {
			m.Source = strings.TrimSpace(lines[w.Line-1])
		}
		return m
	}
	for _, w := range wrong {
		v.Mistakes = append(v.Mistakes, placed(w))
	}
	if checked.Rules != nil {
		for _, w := range checked.Rules.Doubts() {
			v.Doubts = append(v.Doubts, placed(w))
		}
		book := rule.New(t, checked.Rules, d.Now())
		line := newTimeline(t, checked.Rules, d.Now())
		v.Timeline, v.Chapters, v.Warning = &line, book.Chapters(), book.Warning()
	}
	return v
}
