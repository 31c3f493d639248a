package compute

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/table"
)

// reader puts the files' rows into the engine.
type reader struct {
	rb       *rulebook.Rulebook
	in       *ranking.Input
	problems problems
	seen     seen
	bar      progress
	names    struct{ candidate, juror, constituency names }
	seats    []ranking.Seat
	listed   bool // the candidates are those of a file, not whoever turns up
}

// limits bounds a file: a hundred thousand candidates, nine jurors and five
// criteria are 4.5 million rows.
func limits() table.Limits {
	return table.Limits{Bytes: 1 << 30, Unzipped: 2 << 30, Rows: 20_000_000, Columns: 1 << 14, Cells: 200_000_000}
}

// The kinds of files, by their flags.
const (
	ofCandidates = "candidates"
	ofVotes      = "votes"
	ofScores     = "scores"
	ofBallots    = "ballots"
	ofAwards     = "awards"
)

// sheetOf is the sheet that was named for a kind of file, or for all of them.
func (c *Command) sheetOf(kind string) string {
	name := ""
	for _, s := range c.Sheet {
		of, own, ok := strings.Cut(s, "=")
		switch {
		case ok && of == kind:
			return own
		case !ok || !slices.Contains([]string{ofCandidates, ofVotes, ofScores, ofBallots, ofAwards}, of):
			name = s
		}
	}
	return name
}

// readInput reads the files, with the seats that were decided, and says what was
// seen in them and not read.
func (c *Command) readInput(ctx context.Context, rb *rulebook.Rulebook) (*ranking.Input, []ranking.Seat, seen, error) {
	r := &reader{rb: rb, in: ranking.New(rb), listed: c.Candidates != ""}
	c.checkFiles(r)
	if err := r.problems.err(); err != nil {
		return nil, nil, r.seen, err
	}
	var size int64
	for _, path := range []string{c.Candidates, c.Votes, c.Scores, c.Ballots, c.Awards} {
		if info, err := os.Stat(path); path != "" && err == nil {
			size += 2 * info.Size() // once for the encoding, once for the rows
		}
	}
	r.bar = c.newProgress(size)
	defer r.bar.done()
	for _, f := range []struct {
		kind, path string
		required   []string
		optional   []string
		read       func(ctx context.Context, path string, t *table.Reader) error
	}{
		{ofCandidates, c.Candidates, r.candidateColumns(), nil, r.candidates},
		{ofVotes, c.Votes, r.voteColumns(), []string{"constituency"}, r.votes},
		{ofScores, c.Scores, scoreColumns(), nil, r.scores},
		{ofBallots, c.Ballots, nil, nil, r.ballots},
		{ofAwards, c.Awards, []string{"candidate", "award"}, nil, r.decided},
	} {
		if f.path == "" {
			continue
		}
		options := table.Options{Limits: limits(), Sheet: c.sheetOf(f.kind), Least: len(f.required)}
		switch known := append(slices.Clone(f.required), f.optional...); {
		case f.kind != ofBallots:
			options.Field = func(name string) string {
				if name = columnName(name); slices.Contains(known, name) {
					return name
				}
				return ""
			}
		case r.listed:
			options.Field = func(name string) string {
				if name = id(name); r.in.Has(name) {
					return name
				}
				return ""
			}
		}
		if err := r.file(ctx, f.kind, f.path, options, f.read); err != nil {
			return nil, nil, r.seen, err
		}
		if r.listed && r.in.Candidates() == 0 && len(r.problems.lines) > 0 {
			break // without the list of candidates every row would be wrong
		}
	}
	return r.in, r.seats, r.seen, r.problems.err()
}

// checkFiles tells which files the rulebook needs and does not get.
func (c *Command) checkFiles(r *reader) {
	need := func(path, flag, why string) {
		if path == "" {
			r.problems.addf(c.Rulebook, 0, 0, "%s, so --%s is needed", why, flag)
		}
	}
	sources := slices.Clone(r.rb.Composite.TieBreak)
	for _, component := range r.rb.Composite.Components {
		sources = append(sources, component.Source)
	}
	for i, source := range sources {
		if slices.Contains(sources[:i], source) {
			continue
		}
		_, panel := rulebook.SourcePanel(source)
		switch {
		case source == rulebook.SourceVotes:
			need(c.Votes, "votes", "the composite counts votes")
		case source == rulebook.SourceRanked:
			need(c.Ballots, "ballots", "the composite ranks by ballots")
		case source == rulebook.SourcePanels || panel:
			need(c.Scores, "scores", "the composite has scores of "+source)
		}
	}
	if len(r.rb.Quotas) > 0 {
		need(c.Candidates, "candidates", "the quotas are by attributes")
	}
}

// file reads one file, listing what is wrong with it.
func (r *reader) file(
	ctx context.Context, kind, path string, options table.Options, read func(context.Context, string, *table.Reader) error,
) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	t, err := table.Open(ctx, &counted{File: f, bar: r.bar}, options)
	if err == nil {
		err = read(ctx, path, t)
		r.seen.add(kind, path, t)
		err = errors.Join(err, t.Close())
	}
	var e *fault.Error
	if errors.As(err, &e) {
		r.problems.add(path, e)
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// columnName is a column's name as it is compared.
func columnName(cell string) string { return strings.ToLower(table.Fold(cell)) }

// heading is the names of a file's columns: in lower case, with their indexes.
type heading struct {
	columns map[string]int
	width   int
	ids     []int // the columns of identifiers
	ruled   []int // those of them whose names the rulebook may have
	last    int   // the column of numbers; -1 where there is none
}

// heading reads the names of the columns. Nil means that they cannot be used, and
// why is listed.
func (r *reader) heading(path string, t *table.Reader, required ...string) (*heading, error) {
	row := t.Header().Row
	if row.Line == 0 {
		r.problems.addf(path, 1, 1, "the file is empty; its first row has the columns %s", strings.Join(required, ", "))
		return nil, nil // the problem is listed
	}
	before := len(r.problems.lines)
	h := &heading{columns: make(map[string]int, len(row.Cells)), width: len(row.Cells), last: -1}
	var surplus []string
	for i, cell := range row.Cells {
		name := columnName(cell)
		if first, ok := h.columns[name]; ok && name != "" {
			r.problems.addf(path, row.Line, i+1, "column %q is there twice, first in column %d", name, first+1)
		}
		if _, ok := h.columns[name]; !ok {
			h.columns[name] = i
		}
		if name != "" && t.Header().Fields[i] == "" {
			surplus = append(surplus, table.Text(cell))
		}
	}
	for _, name := range required {
		if _, ok := h.columns[name]; !ok {
			hint := ""
			if len(row.Cells) == 1 {
				hint = "; the row is one cell: are the cells separated by commas?"
			}
			r.problems.addf(path, row.Line, 1, "no column %q; the columns are %s%s", name, strings.Join(required, ", "), hint)
		}
	}
	if len(r.problems.lines) > before {
		return nil, nil // the problems are listed
	}
	for _, name := range []string{"panel", "juror", "candidate", "criterion", "constituency"} {
		if i, ok := h.columns[name]; ok {
			h.ids = append(h.ids, i)
			if name == "panel" || name == "criterion" {
				h.ruled = append(h.ruled, i)
			}
		}
	}
	r.seen.surplus(path, surplus)
	return h, nil
}

// rows calls f for each row, but for those with a mistake of the file: a cell
// that no column is above (1,000 in a CSV without quotes is two cells, and half a
// number is not to be taken for the whole), an error, an identifier that has
// lost digits, a total.
func (r *reader) rows(ctx context.Context, path string, t *table.Reader, h *heading, f func(table.Row)) error {
	return rows(ctx, t, func(row table.Row) {
		if r.flawed(path, row) {
			return
		}
		for i := h.width; i < len(row.Cells); i++ {
			if table.Text(row.Cells[i]) != "" && !row.Repeated(i) {
				r.problems.addf(path, row.Line, i+1, "a cell without a column name above it: %q", row.Cells[i])
				return
			}
		}
		for _, i := range h.ids {
			if wrong, ok := row.Inexact(i, "identifier"); ok {
				r.problems.addf(path, row.Line, i+1, "%s: %s", wrong.Name, wrong.Message)
				return
			}
			if table.IsTotal(row.Cell(i)) && (!slices.Contains(h.ruled, i) || !r.ruled(id(row.Cell(i)))) {
				r.problems.addf(path, row.Line, i+1, "%q is the label of a total and nobody's name: leave out this row", table.Text(row.Cell(i)))
				return
			}
		}
		f(row)
	})
}

// ruled tells the name of a panel or criterion of the rulebook, which may well be
// "overall".
func (r *reader) ruled(name string) bool {
	return slices.ContainsFunc(r.rb.Review.Panels, func(p rulebook.Panel) bool {
		return p.ID == name || slices.ContainsFunc(p.Criteria, func(c rulebook.Criterion) bool { return c.ID == name })
	})
}

// flawed lists the cells of a row that cannot be read.
func (r *reader) flawed(path string, row table.Row) bool {
	for _, p := range row.Problems {
		r.problems.addf(path, p.Line, p.Column, "%s: %s", p.Name, p.Message)
	}
	return len(row.Problems) > 0
}

// id is a candidate's, juror's or other identifier: as typed without the white
// space around it, and with plain digits where it is a number.
func id(cell string) string {
	text := table.Text(cell)
	if folded := table.Fold(text); folded != text && strings.Trim(folded, "0123456789") == "" {
		return folded
	}
	return text
}

// names are how people are called in the files of one computation, by spelling
// and by key. Spellings with one key are one, called as the first of them.
type names map[string]string

// of gives what a cell's person is called.
func (n *names) of(cell string) string {
	text := table.Text(cell)
	if called, ok := (*n)[text]; ok {
		return called
	}
	if *n == nil {
		*n = make(names)
	}
	text = strings.Clone(id(text))
	key := norm.Key(text)
	called, ok := (*n)[key]
	if !ok || key == "" {
		called = text
	}
	if key != "" {
		(*n)[key] = called
	}
	(*n)[text] = called
	return called
}

// known puts in a candidate who turns up, where no file lists them.
func (r *reader) known(candidate string) error {
	if r.listed || r.in.Has(candidate) {
		return nil
	}
	return r.in.Candidate(candidate, nil)
}

// flaw lists an error of the engine at its column of the row.
func (r *reader) flaw(path string, row table.Row, h *heading, err error) {
	var f *ranking.Flaw
	if !errors.As(err, &f) {
		r.problems.addf(path, row.Line, 1, "%v", err)
		return
	}
	r.problems.addf(path, row.Line, h.columns[f.Field]+1, "%v", err)
}
