package panel

import (
	"context"
	"encoding/json"
	"errors"
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
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
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
	Comments  json.RawMessage `db:"comments"`
	Abstained bool            `db:"abstained"`
}

// sheet is the row; called is what the panel calls the candidate.
func (r sheetRow) sheet(called string) (review.Sheet, error) {
	s := review.Sheet{
		Panel: r.Panel, Candidate: called, Revision: r.Revision, Comment: r.Comment,
		Abstained: r.Abstained, Submitted: r.Submitted, At: r.At.UTC(),
	}
	return s, errors.Join(json.Unmarshal(r.Scores, &s.Scores), json.Unmarshal(r.Comments, &s.Comments))
}

// SaveSheet implements review.Service.
func (p *Panels) SaveSheet(ctx context.Context, in review.SaveSheet) (review.Sheet, error) {
	juror := actor.From(ctx).ID
	row := sheetRow{Panel: in.Panel, Comment: strings.TrimSpace(in.Comment), Abstained: in.Abstain, Submitted: in.Submit, At: p.deps.Time()}
	var of ref
	err := pg.InTx(ctx, p.deps.DB, func(tx *sqlx.Tx) error {
		sel, err := p.deps.Selections.Require(ctx, tx, in.Slug, row.At, rulebook.PhaseReview)
		if err != nil {
			return err
		}
		panel, err := find(sel, in.Panel)
		if err != nil {
			return err
		}
		// A sheet may show that another juror is needed; drawing one has the panel
		// to itself.
		draws := row.Submitted && panel.Assign == rulebook.AssignRandom && (row.Abstained || panel.SpreadLimit.IsSet())
		hold := pg.LockShared
		if draws {
			hold = pg.Lock
		}
		if err := hold(ctx, tx, lockName(in.Slug, in.Panel)); err != nil {
			return err
		}
		if err := seated(ctx, tx, in.Slug, in.Panel, juror); err != nil {
			return err
		}
		if of, err = due(ctx, tx, in.Slug, panel, juror, in.Candidate); err != nil {
			return err
		}
		row.Candidate = of.number
		if err := row.fill(panel, in); err != nil {
			return err
		}
		if err := p.revise(ctx, tx, in.Slug, juror, &row); err != nil {
			return err
		}
		if !draws {
			return nil
		}
		if err := p.assign(ctx, tx, sel, panel); err != nil { // in the place of who abstains
			return err
		}
		return p.drawFurther(ctx, tx, sel, panel, row.Candidate)
	})
	if err != nil {
		return review.Sheet{}, err
	}
	return row.sheet(of.called)
}

// revise adds a revision. A submitted sheet stays submitted: what amends it is
// submitted too, or it would fall out of the result unseen.
func (p *Panels) revise(ctx context.Context, tx *sqlx.Tx, slug, juror string, row *sheetRow) error {
	if err := pg.Lock(ctx, tx, lockName(slug, row.Panel)+"/"+juror); err != nil {
		return err
	}
	var was bool
	if err := tx.GetContext(ctx, &was, `
		SELECT coalesce(bool_or(submitted), false) FROM last_sheet
		WHERE slug = $1 AND panel = $2 AND account = $3 AND candidate = $4`, slug, row.Panel, juror, row.Candidate); err != nil {
		return fmt.Errorf("save sheet: %w", err)
	}
	if was && !row.Submitted {
		return review.ErrInvalid.Check([]fault.Field{{Name: "submit", Message: "the sheet has been submitted; amend it by submitting again"}})
	}
	if err := tx.GetContext(ctx, &row.Revision, `
		INSERT INTO sheet (slug, panel, account, candidate, revision, scores, comment, submitted, at, comments, abstained)
		SELECT $1, $2, $3, $4, coalesce(max(revision), 0) + 1, $5, $6, $7, $8, $9, $10
		FROM sheet WHERE slug = $1 AND panel = $2 AND account = $3 AND candidate = $4
		RETURNING revision`, slug, row.Panel, juror, row.Candidate, []byte(row.Scores), row.Comment, row.Submitted, row.At,
		[]byte(row.Comments), row.Abstained); err != nil {
		return fmt.Errorf("save sheet: %w", err)
	}
	act := "save_draft"
	switch {
	case row.Submitted && row.Abstained:
		act = "abstain"
	case row.Submitted:
		act = "submit_sheet"
	}
	return audit.Record(ctx, tx, row.At, slug, act, "", map[string]any{"panel": row.Panel, "candidate": row.Candidate, "revision": row.Revision})
}

// due finds the candidate that the panel calls so, if it is the juror's to
// score. Fault: ErrUnassigned.
func due(ctx context.Context, q sqlx.QueryerContext, slug string, panel rulebook.Panel, juror, called string) (ref, error) {
	of, err := refer(ctx, q, slug, panel, called)
	if err != nil {
		return ref{}, err
	}
	var is bool
	if err := sqlx.GetContext(ctx, q, &is, `
		SELECT EXISTS (SELECT FROM due WHERE slug = $1 AND panel = $2 AND account = $3 AND candidate = $4)`,
		slug, panel.ID, juror, of.number); err != nil {
		return ref{}, fmt.Errorf("assignment: %w", err)
	}
	if !is {
		return ref{}, review.ErrUnassigned
	}
	return of, nil
}

// fill takes the scores and comments as written, if each criterion's score is
// on the scale and, to submit, none is missing; who abstains gives none.
func (r *sheetRow) fill(panel rulebook.Panel, in review.SaveSheet) error {
	scores, fields := checkScores(panel, in)
	comments, wrong := checkComments(panel, in)
	if err := review.ErrInvalid.Check(append(fields, wrong...)); err != nil {
		return err
	}
	var err error
	if r.Scores, err = json.Marshal(scores); err != nil {
		return fmt.Errorf("save sheet: %w", err)
	}
	if r.Comments, err = json.Marshal(comments); err != nil {
		return fmt.Errorf("save sheet: %w", err)
	}
	return nil
}

func checkComments(panel rulebook.Panel, in review.SaveSheet) (map[string]string, []fault.Field) {
	comments := map[string]string{}
	var fields []fault.Field
	long := func(field, text string) {
		if utf8.RuneCountInString(text) > maxComment {
			fields = append(fields, fault.Field{Name: field, Message: fmt.Sprintf("takes at most %d characters", maxComment)})
		}
	}
	long("comment", in.Comment)
	for _, c := range slices.Sorted(maps.Keys(in.Comments)) {
		if !slices.ContainsFunc(panel.Criteria, func(x rulebook.Criterion) bool { return x.ID == c }) {
			fields = append(fields, fault.Field{Name: "comments." + c, Message: "is not a criterion of this panel"})
			continue
		}
		long("comments."+c, in.Comments[c])
		if text := strings.TrimSpace(in.Comments[c]); text != "" {
			comments[c] = text
		}
	}
	return comments, fields
}

func checkScores(panel rulebook.Panel, in review.SaveSheet) (map[string]string, []fault.Field) {
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
		case text != "" && in.Abstain:
			bad(c.ID, "is not taken: you abstain")
		case text == "" && in.Submit && !in.Abstain:
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
	return scores, fields
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
