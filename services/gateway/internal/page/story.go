package page

import (
	"io"
	"net/http"
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
	VoteHref   string // empty: no votes are taken
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
	data := storyPage{ListHref: s.path(), Paragraphs: paragraphs(found.Deeds), Facts: s.facts(found)}
	var shown counts
	if s.Phase(rulebook.PhaseVoting).OpenedAt != nil {
		if tally, err := p.tallies.Get(c.Request().Context(), s.Slug); err == nil { // the story stays without it
			shown = countsOf(tally)
		}
	}
	data.Card = s.card(found, shown)
	if s.voting() && !found.Struck {
		number := strconv.Itoa(found.Number)
		data.VoteHref = data.ListHref + "?pick=" + number + "#c" + number
	}
	return p.render(c, s, web.Page{Name: "candidate", Address: s.storyPath(found.Number), Title: found.Name, Section: "candidate", Data: data})
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
	kept := facts[:0]
	for _, f := range facts {
		if f.Value != "" {
			kept = append(kept, f)
		}
	}
	return kept
}

// photo serves a candidate's photo: what the list shows and nothing else of the
// blob store.
func (p *pages) photo(c echo.Context) error {
	number, err := strconv.Atoi(c.Param("number"))
	if err != nil {
		return nomination.ErrNoCandidate
	}
	body, size, err := p.app.Photo(c.Request().Context(), c.Param("slug"), number, c.Param("hash"))
	if err != nil {
		return err
	}
	defer body.Close()
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set(echo.HeaderContentLength, strconv.FormatInt(size, 10))
	h.Set(echo.HeaderContentType, "image/jpeg")
	c.Response().WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	_, err = io.Copy(c.Response(), body)
	return err
}
