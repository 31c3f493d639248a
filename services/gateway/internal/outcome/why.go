package outcome

import (
	"strconv"

	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/selection"
)

// Sentence is a reason in the reader's language.
type Sentence struct {
	Parts []reason.Part
	Lang  string // where it is not the page's
}

// Sentence tells a reason.
func (t *Teller) Sentence(r reason.Reason) Sentence {
	s := Sentence{Parts: t.speaker.Parts(r)}
	if t.speaker.Foreign(r) {
		s.Lang = web.English
	}
	return s
}

// newSpeaker speaks the page's language, with the rulebook's titles and the
// candidates' names.
func (t *Teller) newSpeaker(ranking []selection.RankedCandidate) *reason.Speaker {
	names := make(map[string]string, len(t.list)+len(ranking))
	for number, c := range t.list {
		names[strconv.Itoa(number)] = c.Name
	}
	for _, r := range ranking { // named as they were when the result was computed
		names[strconv.Itoa(r.Number)] = r.Name
	}
	s := reason.NewSpeaker(t.book.Lang)
	s.Name = func(unit reason.Unit, value, beside string) string {
		switch unit {
		case reason.Award:
			return t.titles[value]
		case reason.Attribute:
			return t.book.Attribute(value)
		case reason.Value:
			return t.book.Value(beside, value)
		case reason.Source:
			return t.book.Source(value)
		case reason.Panel:
			return t.book.Panel(value)
		case reason.Criterion:
			return t.book.Criterion(beside, value)
		case reason.Points, reason.Votes, reason.Factor:
			return Shortened(value)
		case reason.Candidate:
			if name := names[value]; name != "" {
				return name + " (" + value + ")"
			}
		}
		return ""
	}
	return s
}
