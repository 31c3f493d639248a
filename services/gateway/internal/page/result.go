package page

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
)

// resultPage is the published outcome.
type resultPage struct {
	PublishedAt web.Moment
	Ballots     int64
	Awards      []awardList
	Columns     []string // titles of the components
	Rows        []resultRow
	Decision    selection.DecisionRecord
	Present     int // members who voted
	Hashes      []fact
	Commands    []string // to recompute the result, line by line
}

// awardList is one award and who won it.
type awardList struct {
	Title   string
	Seats   int
	First   bool // the best award is shown largest
	Winners []winner
}

// winner is a candidate in an award's list.
type winner struct {
	card

	Rank  int
	Total string
}

// resultRow is a line of the whole ranking.
type resultRow struct {
	selection.RankedCandidate

	Href   string
	Award  string // title
	Points []string
	Why    [][]part // Explain, sentence by sentence
}

// waitPage is shown in place of results that are not public.
type waitPage struct {
	Text string
	When *web.Moment // the notice's end, where it is known
}

// results shows the outcome, or says when it will be there.
func (p *pages) results(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	found, err := p.outcomes.Get(c.Request().Context(), s.Slug)
	if errors.Is(err, selection.ErrUnpublished) {
		return p.render(c, s, web.Page{
			Name: "wait", Address: s.path() + "/results", Title: s.printer.T("results.wait.title"), Section: "results", Data: s.wait(),
		})
	}
	if err != nil {
		return err
	}
	list, err := p.app.Candidates(c.Request().Context(), s.Slug)
	if err != nil { // names and ranks are in the result; photos can be missed
		p.Log.WarnContext(c.Request().Context(), "no candidates for the results", "slug", s.Slug, "error", err)
	}
	return p.render(c, s, web.Page{
		Name: "results", Address: s.path() + "/results", Title: s.printer.T("results.title"), Section: "results", Data: s.result(found, list),
	})
}

func (s *visit) wait() waitPage {
	notice := s.Phase(rulebook.PhaseNotice)
	if notice.ClosesAt != nil && (notice.State == selection.Opened || notice.State == selection.Opening) {
		at := s.printer.Moment(*notice.ClosesAt, s.at)
		return waitPage{Text: s.printer.T("results.wait.notice"), When: &at}
	}
	if notice.State == selection.Closed {
		return waitPage{Text: s.printer.T("results.wait.soon")}
	}
	return waitPage{Text: s.printer.T("results.wait.text", "days", s.book.Notice())}
}

func (s *visit) result(found selection.Results, list []nomination.Candidate) resultPage {
	byNumber := make(map[int]nomination.Candidate, len(list))
	for _, c := range list {
		byNumber[c.Number] = c
	}
	d := found.Decision
	out := resultPage{
		PublishedAt: s.printer.Moment(found.PublishedAt, s.at), Ballots: found.Ballots,
		Decision: d, Present: d.For + d.Against + d.Abstained,
		Hashes: []fact{
			{s.printer.T("hash.rulebook"), found.RulebookHash},
			{s.printer.T("hash.result"), found.ResultHash},
			{s.printer.T("hash.votes"), found.VotesHash},
			{s.printer.T("hash.scores"), found.ScoresHash},
		},
	}
	titles := map[string]string{}
	for i, a := range found.Awards {
		titles[a.ID] = s.title(a.Title)
		shown := awardList{Title: titles[a.ID], Seats: a.Seats, First: i == 0}
		for _, w := range a.Winners {
			c, ok := byNumber[w.Number]
			if !ok {
				c = nomination.Candidate{Number: w.Number}
			}
			c.Name, c.Employer = w.Name, w.Employer // as they stood when the result was computed
			shown.Winners = append(shown.Winners, winner{card: s.card(c, counts{}), Rank: w.Rank, Total: w.Total})
		}
		out.Awards = append(out.Awards, shown)
	}
	sources := s.sources(found.Ranking)
	for _, source := range sources {
		out.Columns = append(out.Columns, s.book.Source(source))
	}
	apart := s.written(found.Ranking, list)
	for _, r := range found.Ranking {
		row := resultRow{RankedCandidate: r, Href: s.storyPath(r.Number), Award: titles[r.Award]}
		for _, source := range sources {
			row.Points = append(row.Points, shortened(r.Components[source]))
		}
		for _, sentence := range r.Explain {
			row.Why = append(row.Why, partsOf(sentence, apart))
		}
		out.Rows = append(out.Rows, row)
	}
	out.Commands = s.commands(found.Lot)
	return out
}

// sources are the components of a ranking in the rulebook's order.
func (s *visit) sources(ranking []selection.RankedCandidate) []string {
	var sources []string
	for _, c := range s.rules.Composite.Components {
		if !slices.Contains(sources, c.Source) {
			sources = append(sources, c.Source)
		}
	}
	if len(ranking) > 0 && len(sources) == 0 {
		sources = slices.Sorted(maps.Keys(ranking[0].Components))
	}
	return sources
}

// shownDigits is how many decimals of a component are shown; the exact number
// is in the published data.
const shownDigits = 4

// shortened cuts a decimal for display, marking what is left out.
func shortened(number string) string {
	whole, decimals, _ := strings.Cut(number, ".")
	if len(decimals) <= shownDigits {
		return number
	}
	return whole + "." + decimals[:shownDigits] + "…"
}

// commands recompute the result from what is published: lot is the value that
// lots were drawn from.
func (s *visit) commands(lot string) []string {
	line := "laurel compute --rulebook rulebook.json --candidates candidates.csv"
	if len(s.rules.Voting.Voters) > 0 {
		line += " --votes votes.csv"
	}
	if len(s.rules.Review.Panels) > 0 {
		line += " --scores scores.csv"
	}
	if _, has := s.rules.LotValue(); lot != "" && !has {
		line += " --lot='" + strings.ReplaceAll(lot, "'", `'\''`) + "'"
	}
	return []string{line}
}
