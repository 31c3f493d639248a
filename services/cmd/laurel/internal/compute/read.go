package compute

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
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
	bar      progress
	notes    io.Writer // what was assumed, for a person
	names    struct{ candidate, juror, constituency names }
	listed   bool // the candidates are those of a file, not whoever turns up
}

// limits bounds a file: a hundred thousand candidates, nine jurors and five
// criteria are 4.5 million rows.
func limits() table.Limits {
	return table.Limits{Bytes: 1 << 30, Unzipped: 2 << 30, Rows: 20_000_000, Columns: 1 << 14}
}

func (c *Command) readInput(ctx context.Context, rb *rulebook.Rulebook) (*ranking.Input, error) {
	r := &reader{rb: rb, in: ranking.New(rb), notes: cmp.Or[io.Writer](c.err, os.Stderr), listed: c.Candidates != ""}
	c.checkFiles(r)
	if err := r.problems.err(); err != nil {
		return nil, err
	}
	var size int64
	for _, path := range []string{c.Candidates, c.Votes, c.Scores, c.Ballots} {
		if info, err := os.Stat(path); path != "" && err == nil {
			size += 2 * info.Size() // once for the encoding, once for the rows
		}
	}
	r.bar = c.newProgress(size)
	defer r.bar.done()
	for _, f := range []struct {
		path string
		read func(ctx context.Context, path string, t *table.Reader) error
	}{{c.Candidates, r.candidates}, {c.Votes, r.votes}, {c.Scores, r.scores}, {c.Ballots, r.ballots}} {
		if f.path == "" {
			continue
		}
		if err := r.file(ctx, f.path, f.read); err != nil {
			return nil, err
		}
		if r.listed && r.in.Candidates() == 0 && len(r.problems.lines) > 0 {
			break // without the list of candidates every row would be wrong
		}
	}
	return r.in, r.problems.err()
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
func (r *reader) file(ctx context.Context, path string, read func(context.Context, string, *table.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	t, err := table.Open(&counted{ReadSeeker: f, bar: r.bar}, limits())
	if err == nil {
		if t.Encoding() == norm.GB18030 {
			fmt.Fprintf(r.notes, "%s: not UTF-8; read as GB18030\n", path)
		}
		err = errors.Join(read(ctx, path, t), t.Close())
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

// heading is a file's first row: column names in lower case, with their indexes.
type heading struct {
	columns map[string]int
	width   int
}

// heading reads the first row. Nil means that it cannot be used, and why is
// listed.
func (r *reader) heading(path string, t *table.Reader, required ...string) (*heading, error) {
	row, err := t.Next()
	if errors.Is(err, io.EOF) {
		r.problems.addf(path, 1, 1, "the file is empty; its first row has the columns %s", strings.Join(required, ", "))
		return nil, nil // the problem is listed
	}
	if err != nil {
		return nil, err
	}
	before := len(r.problems.lines)
	columns := make(map[string]int, len(row.Cells))
	for i, cell := range row.Cells {
		name := strings.ToLower(table.Fold(cell))
		if first, ok := columns[name]; ok && name != "" {
			r.problems.addf(path, row.Line, i+1, "column %q is there twice, first in column %d", name, first+1)
		}
		if _, ok := columns[name]; !ok {
			columns[name] = i
		}
	}
	for _, name := range required {
		if _, ok := columns[name]; !ok {
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
	return &heading{columns, len(row.Cells)}, nil
}

// rows calls f for each row, but for those with a cell that no column is above:
// 1,000 in a CSV without quotes is two cells, and half a number is not to be
// taken for the whole.
func (r *reader) rows(ctx context.Context, path string, t *table.Reader, h *heading, f func(table.Row)) error {
	return rows(ctx, t, func(row table.Row) {
		if len(row.Cells) > h.width {
			r.problems.addf(path, row.Line, h.width+1, "a cell without a column name above it: %q", row.Cells[h.width])
			return
		}
		f(row)
	})
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

// names are how people are called in the files of one computation. Spellings with
// one key are one, called as the first of them.
type names struct{ called, byKey map[string]string }

// of gives what a cell's person is called.
func (n *names) of(cell string) string {
	text := id(cell)
	if called, ok := n.called[text]; ok {
		return called
	}
	if n.called == nil {
		n.called, n.byKey = make(map[string]string), make(map[string]string)
	}
	text = strings.Clone(text)
	key := norm.Key(text)
	called, ok := n.byKey[key]
	if !ok || key == "" {
		called = text
		n.byKey[key] = called
	}
	n.called[text] = called
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
