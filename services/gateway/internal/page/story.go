package page

import (
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
)

// storyPage is a candidate's story.
type storyPage struct {
	Card       card
	Paragraphs []string
	Facts      []fact
	Won        *won   // nil: nothing, as far as is public
	Form       *form  // nil: no ballot is taken of this visitor now
	Others     []card // further picks that the address names
	ListHref   string
}

// fact is a line about a candidate.
type fact struct{ Label, Value string }

// candidate shows a candidate's story.
func (p *pages) candidate(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	found, err := p.candidateOf(c, s)
	if err != nil {
		return err
	}
	a := askedOf(c.QueryParams())
	data := storyPage{ListHref: a.address(s), Paragraphs: paragraphs(found.Deeds), Facts: s.facts(found)}
	var shown counts
	if s.Phase(rulebook.PhaseVoting).OpenedAt != nil {
		if tally, err := p.tallies.Get(c.Request().Context(), s.Slug); err == nil { // the story stays without it
			shown = countsOf(tally)
		}
	}
	data.Card, data.Won = s.card(found, shown), p.wonBy(c, s, found.Number)
	if !found.Struck && p.takes(c, s) {
		data.Form = s.form(s.adds(p.receiptOf(c, s)))
		data.Card.Picked = slices.Contains(a.picks, found.Number)
		if data.Others, err = p.others(c, s, a.picks, found.Number); err != nil {
			return err
		}
	}
	address := s.storyPath(found.Number)
	return p.render(c, s, web.Page{
		Name: "candidate", Address: address, Title: found.Name, Section: "candidate", Picture: p.poster(c, s, address), Data: data,
	})
}

// others are the candidates of some picks, but for one.
func (p *pages) others(c echo.Context, s *visit, picks []int, but int) ([]card, error) {
	if len(picks) == 0 {
		return nil, nil
	}
	list, err := p.app.Candidates(c.Request().Context(), s.Slug)
	if err != nil {
		return nil, err
	}
	var out []card
	for _, one := range s.picked(list, standing(picks, list)) {
		if one.Number != but {
			out = append(out, one)
		}
	}
	return out, nil
}

func (p *pages) candidateOf(c echo.Context, s *visit) (nomination.Candidate, error) {
	number, err := strconv.Atoi(c.Param("number"))
	if err != nil || number < 1 {
		return nomination.Candidate{}, nomination.ErrNoCandidate
	}
	return p.app.Candidate(c.Request().Context(), s.Slug, number)
}

// paragraphs splits a story where its writer began a new line.
func paragraphs(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func (s *visit) facts(c nomination.Candidate) []fact {
	facts := []fact{
		{s.printer.T("fact.employer"), c.Employer},
		{s.printer.T("fact.region"), c.Region},
		{s.printer.T("fact.category"), s.book.Category(c.Category)},
	}
	if c.Years != nil {
		facts = append(facts, fact{s.printer.T("fact.years"), s.printer.N("fact.years.value", int64(*c.Years))})
	}
	by := c.RecommendedBy
	if by == "" {
		by = s.printer.T("fact.self")
	}
	facts = append(facts, fact{s.printer.T("fact.recommended"), by})
	for _, l := range s.rules.Labels { // those without a name for readers are for the rules alone
		if value := c.Attributes[l.Attribute]; value != "" {
			facts = append(facts, fact{s.book.Attribute(l.Attribute), s.book.Value(l.Attribute, value)})
		}
	}
	kept := facts[:0]
	for _, f := range facts {
		if f.Value != "" {
			kept = append(kept, f)
		}
	}
	return kept
}
