// Package outcome shows a result: awards, ranking, reasons, and how to compute it
// again. The public page and the desks show it by the same data and by the
// templates of package web of the same name.
package outcome

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/portrait"
	"github.com/laurel-awards/laurel/services/gateway/internal/rule"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
)

// Outcome is published results as everybody reads them: data of the template
// "outcome".
type Outcome struct {
	Slug        string
	PublishedAt web.Moment
	Ballots     int64
	Awards      []Award
	Columns     []string // titles of the components
	Rows        []Row
	Decision    selection.DecisionRecord
	Present     int // members who voted
	Hashes      []Hash
	Decided     bool     // the seats were filled by a decision
	Commands    []string // to recompute the result, line by line
}

// Award is one award and who won it.
type Award struct {
	Title   string
	Seats   int
	First   bool // the best award is shown largest
	Winners []Winner
}

// Winner is a candidate in an award's list.
type Winner struct {
	selection.RankedCandidate
	portrait.Portrait

	Href string
}

// Row is a line of the whole ranking.
type Row struct {
	selection.RankedCandidate

	Href   string
	Award  string // title
	Points []string
	Why    [][]Part // Explain, sentence by sentence
}

// Hash is a fingerprint of what the result was computed from.
type Hash struct{ Label, Value string }

// Teller tells of a selection's candidates and their ranks in one language.
type Teller struct {
	slug    string
	book    rule.Book
	at      *time.Location
	sources []string // the components, in the rulebook's order
	titles  map[string]string
	list    map[int]nomination.Candidate
	apart   *strings.Replacer
}

// Tell makes the Teller of a ranking, whole or in part; the list is that of all
// candidates, where it is known.
func Tell(book rule.Book, slug string, at *time.Location, ranking []selection.RankedCandidate, list []nomination.Candidate) *Teller {
	t := &Teller{slug: slug, book: book, at: at, titles: map[string]string{}, list: make(map[int]nomination.Candidate, len(list))}
	for _, c := range list {
		t.list[c.Number] = c
	}
	for _, a := range book.Rules.Awards {
		t.titles[a.ID] = book.Words(a.Title)
	}
	for _, c := range book.Rules.Composite.Components {
		if !slices.Contains(t.sources, c.Source) {
			t.sources = append(t.sources, c.Source)
		}
	}
	if len(ranking) > 0 && len(t.sources) == 0 {
		t.sources = slices.Sorted(maps.Keys(ranking[0].Components))
	}
	t.apart = written(book.Rules, ranking, list)
	return t
}

// Outcome tells published results, or what would be.
func (t *Teller) Outcome(found selection.Results) Outcome {
	for _, a := range found.Awards {
		t.titles[a.ID] = t.book.Words(a.Title)
	}
	d := found.Decision
	out := Outcome{
		Slug: t.slug, PublishedAt: t.book.Moment(found.PublishedAt, t.at), Ballots: found.Ballots,
		Decision: d, Present: d.For + d.Against + d.Abstained, Columns: t.Columns(), Rows: t.Rows(found.Ranking),
		Hashes: []Hash{
			{t.book.T("hash.rulebook"), found.RulebookHash},
			{t.book.T("hash.result"), found.ResultHash},
			{t.book.T("hash.votes"), found.VotesHash},
			{t.book.T("hash.scores"), found.ScoresHash},
		},
		Decided:  found.Decided,
		Commands: t.commands(found.Lot, found.Decided),
	}
	for i, a := range found.Awards {
		out.Awards = append(out.Awards, t.Award(i, a))
	}
	return out
}

// Award tells who won the award at a place of the rulebook's list.
func (t *Teller) Award(place int, a selection.AwardList) Award {
	out := Award{Title: t.book.Words(a.Title), Seats: a.Seats, First: place == 0}
	for _, w := range a.Winners { // named as they were when the result was computed
		c := t.list[w.Number]
		c.Number, c.Name = w.Number, w.Name
		out.Winners = append(out.Winners, Winner{RankedCandidate: w, Portrait: portrait.Of(t.slug, c), Href: t.Story(w.Number)})
	}
	return out
}

// Story is the address of a candidate's page.
func (t *Teller) Story(number int) string { return "/s/" + t.slug + "/c/" + strconv.Itoa(number) }

// Columns are the titles of the components.
func (t *Teller) Columns() []string {
	var titles []string
	for _, source := range t.sources {
		titles = append(titles, t.book.Source(source))
	}
	return titles
}

// Rows tells lines of the ranking.
func (t *Teller) Rows(ranking []selection.RankedCandidate) []Row {
	rows := make([]Row, 0, len(ranking))
	for _, r := range ranking {
		row := Row{RankedCandidate: r, Href: t.Story(r.Number), Award: t.titles[r.Award]}
		for _, source := range t.sources {
			row.Points = append(row.Points, Shortened(r.Components[source]))
		}
		for _, sentence := range r.Explain {
			row.Why = append(row.Why, partsOf(sentence, t.apart))
		}
		rows = append(rows, row)
	}
	return rows
}

// shownDigits is how many decimals of a component are shown; the exact number
// is in the published data.
const shownDigits = 4

// Shortened cuts a decimal for display, marking what is left out.
func Shortened(number string) string {
	whole, decimals, _ := strings.Cut(number, ".")
	if len(decimals) <= shownDigits {
		return number
	}
	return whole + "." + decimals[:shownDigits] + "…"
}

// commands recompute the result from what is published: lot is the value that
// lots were drawn from; decided tells that the seats were filled by a decision.
func (t *Teller) commands(lot string, decided bool) []string {
	rules := t.book.Rules
	line := "laurel compute --rulebook rulebook.json --candidates candidates.csv"
	if len(rules.Voting.Voters) > 0 {
		line += " --votes votes.csv"
	}
	if len(rules.Review.Panels) > 0 {
		line += " --scores scores.csv"
	}
	if decided {
		line += " --awards awards.csv"
	}
	if _, has := rules.LotValue(); lot != "" && !has {
		line += " --lot='" + strings.ReplaceAll(lot, "'", `'\''`) + "'"
	}
	return []string{line}
}

// written finds in sentences what somebody wrote: values of candidates, and those
// that quotas name.
func written(rules *rulebook.Rulebook, ranking []selection.RankedCandidate, list []nomination.Candidate) *strings.Replacer {
	seen := map[string]bool{"": true}
	var texts []string
	add := func(values ...string) {
		for _, v := range values {
			if !seen[v] {
				seen[v] = true
				texts = append(texts, v)
			}
		}
	}
	for _, r := range ranking {
		add(r.Name, r.Employer)
	}
	for _, c := range list {
		add(c.Name, c.Employer, c.Region)
	}
	for _, q := range rules.Quotas {
		add(q.Value)
	}
	return marking(texts)
}
