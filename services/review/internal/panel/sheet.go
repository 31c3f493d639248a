package panel

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

const maxComment = 2000 // characters

// sheetRow is a revision of a sheet.
type sheetRow struct {
	Panel     string          `db:"panel"`
	Candidate int             `db:"candidate"`
	Revision  int             `db:"revision"`
	Scores    json.RawMessage `db:"scores"`
	Comment   string          `db:"comment"`
	Submitted bool            `db:"submitted"`
	At        time.Time       `db:"at"`
}

func (r sheetRow) sheet() (review.Sheet, error) {
	s := review.Sheet{Panel: r.Panel, Candidate: r.Candidate, Revision: r.Revision, Comment: r.Comment, Submitted: r.Submitted, At: r.At.UTC()}
	if err := json.Unmarshal(r.Scores, &s.Scores); err != nil {
		return s, fmt.Errorf("sheet: %w", err)
	}
	return s, nil
}

// SaveSheet implements review.Service.
func (p *Panels) SaveSheet(ctx context.Context, in review.SaveSheet) (review.Sheet, error) {
	juror := actor.From(ctx).ID
	row := sheetRow{Panel: in.Panel, Candidate: in.Candidate, Comment: strings.TrimSpace(in.Comment), Submitted: in.Submit, At: p.deps.Time()}
	err := pg.InTx(ctx, p.deps.DB, func(tx *sqlx.Tx) error {
		sel, err := phase.Require(ctx, tx, in.Slug, row.At, event.Review)
		if err != nil {
			return err
		}
		panel, err := find(sel, in.Panel)
		if err != nil {
			return err
		}
		if err := share(ctx, tx, in.Slug, in.Panel); err != nil {
			return err
		}
		if err := seated(ctx, tx, in.Slug, in.Panel, juror); err != nil {
			return err
		}
		var assigned bool
		if err := tx.GetContext(ctx, &assigned, `
			SELECT EXISTS (SELECT FROM assignment WHERE slug = $1 AND panel = $2 AND account = $3 AND candidate = $4)`,
			in.Slug, in.Panel, juror, in.Candidate); err != nil {
			return fmt.Errorf("assignment: %w", err)
		}
		if !assigned {
			return review.ErrUnassigned
		}
		scores, err := checkScores(panel, in)
		if err != nil {
			return err
		}
		if row.Scores, err = json.Marshal(scores); err != nil {
			return fmt.Errorf("save sheet: %w", err)
		}
		return p.revise(ctx, tx, in.Slug, juror, &row)
	})
	if err != nil {
		return review.Sheet{}, err
	}
	return row.sheet()
}

// revise adds a revision. A submitted sheet stays submitted: what amends it is
// submitted too, or it would fall out of the result unseen.
func (p *Panels) revise(ctx context.Context, tx *sqlx.Tx, slug, juror string, row *sheetRow) error {
	if err := lock(ctx, tx, slug, row.Panel+"/"+juror); err != nil {
		return err
	}
	var was bool
	if err := tx.GetContext(ctx, &was, `
		SELECT coalesce(bool_or(submitted), false) FROM last_sheet
		WHERE slug = $1 AND panel = $2 AND account = $3 AND candidate = $4`, slug, row.Panel, juror, row.Candidate); err != nil {
		return fmt.Errorf("save sheet: %w", err)
	}
	if was && !row.Submitted {
		return invalid([]fault.Field{{Name: "submit", Message: "the sheet has been submitted; amend it by submitting again"}})
	}
	if err := tx.GetContext(ctx, &row.Revision, `
		INSERT INTO sheet (slug, panel, account, candidate, revision, scores, comment, submitted, at)
		SELECT $1, $2, $3, $4, coalesce(max(revision), 0) + 1, $5, $6, $7, $8
		FROM sheet WHERE slug = $1 AND panel = $2 AND account = $3 AND candidate = $4
		RETURNING revision`, slug, row.Panel, juror, row.Candidate, []byte(row.Scores), row.Comment, row.Submitted, row.At); err != nil {
		return fmt.Errorf("save sheet: %w", err)
	}
	act := "save_draft"
	if row.Submitted {
		act = "submit_sheet"
	}
	return audit.Record(ctx, tx, row.At, slug, act, "", map[string]any{"panel": row.Panel, "candidate": row.Candidate, "revision": row.Revision})
}

// checkScores gives the scores as written, if each criterion's is on the scale
// and, to submit, none is missing.
func checkScores(panel rulebook.Panel, in review.SaveSheet) (map[string]string, error) {
	scores := make(map[string]string, len(in.Scores))
	var fields []fault.Field
	bad := func(criterion, message string) {
		fields = append(fields, fault.Field{Name: "scores." + criterion, Message: message})
	}
	known := map[string]bool{}
	for _, c := range panel.Criteria {
		known[c.ID] = true
		text := strings.TrimSpace(in.Scores[c.ID])
		switch {
		case text == "" && in.Submit:
			bad(c.ID, "is missing")
		case text != "":
			scores[c.ID] = text
			if message := offScale(panel.Scale, text); message != "" {
				bad(c.ID, message)
			}
		}
	}
	for _, c := range slices.Sorted(maps.Keys(in.Scores)) {
		if !known[c] {
			bad(c, "is not a criterion of this panel")
		}
	}
	if utf8.RuneCountInString(in.Comment) > maxComment {
		fields = append(fields, fault.Field{Name: "comment", Message: fmt.Sprintf("takes at most %d characters", maxComment)})
	}
	return scores, invalid(fields)
}

// offScale says what is wrong with a score, or nothing.
func offScale(scale rulebook.Scale, text string) string {
	n, err := rulebook.ParseNumber(text)
	switch {
	case err != nil || n.IsShare():
		return "is not a decimal number"
	case scale.Min.IsSet() && n.Cmp(scale.Min) < 0:
		return "is below the scale's " + scale.Min.String()
	case scale.Max.IsSet() && n.Cmp(scale.Max) > 0:
		return "is above the scale's " + scale.Max.String()
	}
	if scale.Step.Sign() > 0 {
		steps := new(big.Rat).Sub(n.Rat(), scale.Min.Rat())
		if !steps.Quo(steps, scale.Step.Rat()).IsInt() {
			return fmt.Sprintf("is not on the scale: steps of %s from %s", scale.Step, scale.Min)
		}
	}
	return ""
}

// Assignments implements review.Service.
func (p *Panels) Assignments(ctx context.Context, in review.OfPanel) ([]review.Assignment, error) {
	sel, err := phase.Get(ctx, p.deps.DB, in.Slug)
	if err != nil {
		return nil, err
	}
	panel, err := find(sel, in.Panel)
	if err != nil {
		return nil, err
	}
	juror := actor.From(ctx).ID
	if err := seated(ctx, p.deps.DB, in.Slug, in.Panel, juror); err != nil {
		return nil, err
	}
	var candidates []struct {
		Number int    `db:"number"`
		Name   string `db:"name"`
	}
	// In an order of the juror's own, so that no candidate is the tired ninth
	// of everybody.
	if err := p.deps.DB.SelectContext(ctx, &candidates, `
		SELECT c.number, c.name
		FROM assignment a JOIN candidate c ON c.slug = a.slug AND c.number = a.candidate
		WHERE a.slug = $1 AND a.panel = $2 AND a.account = $3
		ORDER BY md5(a.account || '/' || c.number), c.number`, in.Slug, in.Panel, juror); err != nil {
		return nil, fmt.Errorf("assignments: %w", err)
	}
	var rows []sheetRow
	if err := p.deps.DB.SelectContext(ctx, &rows, `
		SELECT panel, candidate, revision, scores, comment, submitted, at
		FROM last_sheet WHERE slug = $1 AND panel = $2 AND account = $3`, in.Slug, in.Panel, juror); err != nil {
		return nil, fmt.Errorf("assignments: %w", err)
	}
	sheets := make(map[int]*review.Sheet, len(rows))
	for _, r := range rows {
		s, err := r.sheet()
		if err != nil {
			return nil, err
		}
		sheets[r.Candidate] = &s
	}
	out := make([]review.Assignment, len(candidates))
	for i, c := range candidates {
		out[i] = review.Assignment{Candidate: c.Number, Name: c.Name, Sheet: sheets[c.Number]}
		if panel.Hides("name") {
			out[i].Name = ""
		}
	}
	return out, nil
}
