package page

import (
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/kept"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
)

// storyPage is a candidate's story.
type storyPage struct {
	Card       card
	Votes      template.HTML
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
	number, err := strconv.Atoi(c.Param("number"))
	if err != nil || number < 1 {
		return nomination.ErrNoCandidate
	}
	found, version, err := p.app.LookCandidate(c.Request().Context(), s.Slug, number)
	if err != nil {
		return err
	}
	a, won := askedOf(c.QueryParams()), p.wonBy(c, s, number)
	votes, err := p.votes(c, s, found)
	if err != nil {
		return err
	}
	var form *form
	adds := false
	if !found.Struck && p.takes(c, s) {
		adds = s.adds(p.receiptOf(c, s))
		form = s.form(adds)
	}
	page := func(address string, votes template.HTML, others []card) web.Page {
		data := storyPage{
			Card: s.card(found), Votes: votes, Won: won, Form: form, Others: others,
			ListHref: a.address(s), Paragraphs: paragraphs(found.Deeds), Facts: s.facts(found),
		}
		data.Card.Picked = form != nil && slices.Contains(a.picks, number)
		at := s.storyPath(number)
		return web.Page{
			Name: "candidate", Address: at, Title: found.Name, Section: "candidate", Picture: p.poster(address, s, at),
			Selection: s.summary, Data: data,
		}
	}
	if !a.plain() {
		var others []card
		if form != nil {
			if others, err = p.others(c, s, a.picks, number); err != nil {
				return err
			}
		}
		return p.render(c, s, page(p.Address(c), votes.part, others))
	}
	key := keptKey{what: ofStory, look: s.look, list: version, order: number, mode: modeOf(form, adds), won: won.text()}
	all, err := p.keep(key, "story", s.printer.Lang, func() (web.Page, error) {
		return page(p.marks.address, template.HTML(p.marks.counts), nil), nil //nolint:gosec // our own word
	})
	if err != nil {
		return err
	}
	return p.send(c, all, fillings{counts: kept.Filling{Text: string(votes.part)}, address: p.Address(c)})
}

// votes is a candidate's count as the story shows it; empty while it is hidden.
func (p *pages) votes(c echo.Context, s *visit, of nomination.Candidate) (held, error) {
	if s.Phase(rulebook.PhaseVoting).OpenedAt == nil {
		return held{}, nil
	}
	t, err := p.app.Tally(c.Request().Context(), s.Slug)
	if err != nil {
		return held{}, nil //nolint:nilerr // the story stays without it
	}
	shown := countsOf(t)
	if shown.votes == nil {
		return held{}, nil
	}
	one := shown.of(of)
	key := keptKey{what: ofVotes, look: s.look, order: one.Share, ballots: one.Votes}
	return p.part(key, s, "candidate", "votes", func() any { return one })
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
