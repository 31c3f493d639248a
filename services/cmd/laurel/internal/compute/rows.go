package compute

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/table"
)

func (r *reader) candidateColumns() []string {
	required := []string{"candidate"}
	for _, q := range r.rb.Quotas {
		if name := strings.ToLower(q.Attribute); !slices.Contains(required, name) {
			required = append(required, name)
		}
	}
	return required
}

// candidates reads candidate[,attribute…].
func (r *reader) candidates(ctx context.Context, path string, t *table.Reader) error {
	h, err := r.heading(path, t, r.candidateColumns()...)
	if h == nil {
		return err
	}
	return r.rows(ctx, path, t, h, func(row table.Row) {
		attributes := make(map[string]string, len(r.rb.Quotas))
		for _, q := range r.rb.Quotas {
			attributes[q.Attribute] = table.Text(row.Cell(h.columns[strings.ToLower(q.Attribute)]))
		}
		if err := r.in.Candidate(r.names.candidate.of(row.Cell(h.columns["candidate"])), attributes); err != nil {
			r.flaw(path, row, h, err)
		}
	})
}

func (r *reader) voteColumns() []string {
	required := []string{"candidate", "votes"}
	for _, c := range r.rb.Composite.Components {
		if c.Per == rulebook.PerConstituency {
			return append(required, "constituency")
		}
	}
	return required
}

// votes reads candidate,votes[,constituency].
func (r *reader) votes(ctx context.Context, path string, t *table.Reader) error {
	h, err := r.heading(path, t, r.voteColumns()...)
	if h == nil {
		return err
	}
	place, divided := h.columns["constituency"]
	candidateAt, votesAt := h.columns["candidate"], h.columns["votes"]
	return r.rows(ctx, path, t, h, func(row table.Row) {
		candidate, constituency := r.names.candidate.of(row.Cell(candidateAt)), ""
		if divided {
			constituency = r.names.constituency.of(row.Cell(place))
		}
		text := table.Fold(row.Cell(votesAt))
		count, err := strconv.ParseInt(text, 10, 64)
		if err != nil || strings.Trim(text, "-0123456789") != "" {
			r.problems.addf(path, row.Line, votesAt+1, "votes: %q is not a whole number", text)
			return
		}
		if err = r.known(candidate); err == nil {
			err = r.in.Votes(candidate, constituency, count)
		}
		if err != nil {
			r.flaw(path, row, h, err)
		}
	})
}

// excused tells the words that stand in a score's place where there is none to
// be counted, in both languages.
func excused(text string) bool {
	switch strings.ToLower(text) {
	case "recused", "unassigned", "abstained", "回避", "未分配", "弃权":
		return true
	}
	return false
}

func scoreColumns() []string { return []string{"panel", "juror", "candidate", "criterion", "score"} }

// scores reads panel,juror,candidate,criterion,score. A blank score is
// missing, and says that it was expected.
func (r *reader) scores(ctx context.Context, path string, t *table.Reader) error {
	h, err := r.heading(path, t, scoreColumns()...)
	if h == nil {
		return err
	}
	panelAt, jurorAt, candidateAt := h.columns["panel"], h.columns["juror"], h.columns["candidate"]
	criterionAt, scoreAt := h.columns["criterion"], h.columns["score"]
	return r.rows(ctx, path, t, h, func(row table.Row) {
		panel, criterion := id(row.Cell(panelAt)), id(row.Cell(criterionAt))
		juror, candidate := r.names.juror.of(row.Cell(jurorAt)), r.names.candidate.of(row.Cell(candidateAt))
		score := table.Fold(row.Cell(scoreAt))
		err := r.known(candidate)
		if unscored := score == "" || excused(score); err == nil && unscored && criterion != "" {
			err = r.in.Criterion(panel, criterion)
		}
		switch {
		case err != nil:
		case score == "":
			err = r.in.Assign(panel, juror, candidate)
		case excused(score):
			err = r.in.Excuse(panel, juror, candidate)
		default:
			err = r.in.Score(panel, juror, candidate, criterion, score)
		}
		if err != nil {
			r.flaw(path, row, h, err)
		}
	})
}

// ballots reads ranked ballots: a column a candidate, cells are ranks.
func (r *reader) ballots(ctx context.Context, path string, t *table.Reader) error {
	head := t.Header().Row
	if head.Line == 0 {
		var err error
		if head, err = t.Next(); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	if head.Line == 0 {
		r.problems.addf(path, 1, 1, "the file is empty; its first row names the candidates")
		return nil
	}
	r.flawed(path, head)
	names := make([]string, len(head.Cells))
	seen := make(map[string]bool)
	before := len(r.problems.lines)
	for i, cell := range head.Cells {
		names[i] = r.names.candidate.of(cell)
		wrong, inexact := head.Inexact(i, "candidate")
		switch {
		case inexact:
			r.problems.addf(path, head.Line, i+1, "%s: %s", wrong.Name, wrong.Message)
		case table.IsTotal(cell):
			r.problems.addf(path, head.Line, i+1, "%q is the label of a total and nobody's name: leave out this column", table.Text(cell))
		case seen[names[i]]:
			r.problems.addf(path, head.Line, i+1, "candidate %q is there twice", names[i])
		case r.listed && !r.in.Has(names[i]):
			r.problems.addf(path, head.Line, i+1, "no candidate %q", names[i])
		default:
			if err := r.known(names[i]); err != nil {
				r.problems.addf(path, head.Line, i+1, "%v", err)
			}
		}
		seen[names[i]] = true
	}
	if len(r.problems.lines) > before {
		return nil
	}
	return rows(ctx, t, func(row table.Row) {
		if r.flawed(path, row) {
			return
		}
		ranks := make(map[string]int, len(names))
		for i, cell := range row.Cells {
			text := table.Fold(cell)
			if text == "" || strings.EqualFold(text, "no opinion") {
				continue
			}
			if i >= len(names) {
				r.problems.addf(path, row.Line, i+1, "a rank without a candidate above it")
				continue
			}
			rank, err := strconv.Atoi(text)
			if err != nil || rank < 1 || rank > 1<<30 {
				r.problems.addf(path, row.Line, i+1, "%s: %q is not a rank from 1", names[i], text)
				continue
			}
			ranks[names[i]] = rank
		}
		if err := r.in.Ballot(ranks); err != nil {
			r.problems.addf(path, row.Line, 1, "%v", err)
		}
	})
}

// decided reads candidate,award.
func (r *reader) decided(ctx context.Context, path string, t *table.Reader) error {
	h, err := r.heading(path, t, "candidate", "award")
	if h == nil {
		return err
	}
	r.seats = []ranking.Seat{}
	return r.rows(ctx, path, t, h, func(row table.Row) {
		r.seats = append(r.seats, ranking.Seat{
			Candidate: r.names.candidate.of(row.Cell(h.columns["candidate"])), Award: table.Text(row.Cell(h.columns["award"])),
		})
	})
}
