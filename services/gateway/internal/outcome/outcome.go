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

	"github.com/laurel-awards/laurel/pkg/reason"
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
	Hosts       []string
	ResultHash  string
	PublishedAt web.Moment
	Ballots     int64
	Awards      []Award
	Heading     string   // of the ranking
	Lead        string   // what it has
	Columns     []string // titles of the components
	Rows        []Row
	Scored      bool // there are totals
	Explained   bool // and reasons
	Kept        bool // the rulebook keeps something back
	Decision    selection.DecisionRecord
	Decided     bool      // the seats were filled by a decision
	Present     int       // members who voted
	Files       []File    // to check the result by
	Commands    []Command // to check it with, in their order
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

	Href    string
	Summary string // the story in short
}

// Row is a line of the whole ranking.
type Row struct {
	selection.RankedCandidate

	Href   string
	Award  string // title
	Points []string
	Why    []Sentence // Explain
}

// Teller tells of a selection's candidates and their ranks in one language.
type Teller struct {
	slug    string
	book    rule.Book
	at      *time.Location
	sources []string // the components, in the rulebook's order
	titles  map[string]string
	list    map[int]nomination.Candidate
	speaker *reason.Speaker
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
	t.speaker = t.newSpeaker(ranking)
	return t
}

// Outcome tells published results, or what would be.
func (t *Teller) Outcome(found selection.Results) Outcome {
	for _, a := range found.Awards {
		t.titles[a.ID] = t.book.Words(a.Title)
	}
	d := found.Decision
	out := Outcome{
		Slug: t.slug, Hosts: t.book.Names(t.book.Rules.Hosts), ResultHash: found.ResultHash,
		PublishedAt: t.book.Moment(found.PublishedAt, t.at), Ballots: found.Ballots,
		Decision: d, Present: d.For + d.Against + d.Abstained, Decided: found.Decided,
		Files: t.files(found), Commands: t.commands(found),
	}
	for i, a := range found.Awards {
		out.Awards = append(out.Awards, t.Award(i, a))
	}
	t.below(&out, found)
	return out
}

// below tells of everybody who is shown, as far as the rulebook has it.
func (t *Teller) below(out *Outcome, found selection.Results) {
	rules := t.book.Rules.Results
	out.Scored, out.Explained, out.Kept = rules.Told() != rulebook.ScoresNone, rules.Told() == rulebook.ScoresAll, !rules.Whole()
	out.Heading, out.Lead = t.book.T("results.ranking."+rules.Shown()), t.book.T("results.ranking.lead."+rules.Told())
	if rules.Shown() == rulebook.ShowAwarded && !out.Scored {
		return // the awards say it all
	}
	if out.Rows = t.Rows(found.Ranking); out.Explained {
		out.Columns = t.Columns()
		return
	}
	for i := range out.Rows {
		out.Rows[i].Points = nil
	}
}

// Award tells who won the award at a place of the rulebook's list.
func (t *Teller) Award(place int, a selection.AwardList) Award {
	out := Award{Title: t.book.Words(a.Title), Seats: a.Seats, First: place == 0}
	for _, w := range a.Winners { // named as they were when the result was computed
		c := t.list[w.Number]
		c.Number, c.Name = w.Number, w.Name
		out.Winners = append(out.Winners, Winner{
			RankedCandidate: w, Portrait: portrait.Of(t.slug, c), Href: t.Story(w.Number), Summary: c.Summary,
		})
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
		for _, why := range r.Explain {
			row.Why = append(row.Why, t.Sentence(why))
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
