package panel

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

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
	row := sheetRow{Panel: in.Panel, Comment: strings.TrimSpace(in.Comment), Abstained: in.Abstain, Submitted: in.Submit, At: p.deps.Time()}
	var of ref
	err := p.scoring(ctx, in.Slug, in.Panel, row.At, row.Submitted, row.Abstained, func(tx *sqlx.Tx, panel rulebook.Panel, juror string) ([]int, error) {
		var err error
		if of, err = shown(ctx, tx, in.Slug, panel, juror, in.Candidate); err != nil {
			return nil, err
		}
		row.Candidate = of.number
		if err := row.fill(panel, in); err != nil {
			return nil, err
		}
		return []int{row.Candidate}, p.revise(ctx, tx, in.Slug, juror, &row, in.Base)
	})
	if err != nil {
		return review.Sheet{}, err
	}
	return row.sheet(of.called)
}

// scoring runs a juror's change of sheets while review is open, and has further
// jurors drawn for the candidates that it gives where their sheets show that they
// are needed.
func (p *Panels) scoring(
	ctx context.Context, slug, id string, at time.Time, submits, abstains bool,
	change func(tx *sqlx.Tx, panel rulebook.Panel, juror string) ([]int, error),
) error {
	juror := actor.From(ctx).ID
	return pg.InTx(ctx, p.deps.DB, func(tx *sqlx.Tx) error {
		sel, err := p.deps.Selections.Require(ctx, tx, slug, at, rulebook.PhaseReview)
		if err != nil {
			return err
		}
		panel, err := find(sel, id)
		if err != nil {
			return err
		}
		// Drawing a juror takes the panel's lock alone.
		draws := submits && panel.Assign == rulebook.AssignRandom && (abstains || panel.SpreadLimit.IsSet())
		hold := pg.LockShared
		if draws {
			hold = pg.Lock
		}
		if err := hold(ctx, tx, lockName(slug, id)); err != nil {
			return err
		}
		if err := seated(ctx, tx, slug, id, juror); err != nil {
			return err
		}
		candidates, err := change(tx, panel, juror)
		if err != nil || !draws {
			return err
		}
		if err := p.assign(ctx, tx, sel, panel); err != nil { // in the place of who abstains
			return err
		}
		for _, c := range candidates {
			if err := p.drawFurther(ctx, tx, sel, panel, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// last is a juror's sheet of a candidate as it is, revision 0 where there is none.
// No other revision comes until tx ends.
func last(ctx context.Context, tx *sqlx.Tx, slug, panel, juror string, candidate int) (row sheetRow, err error) {
	if err := pg.Lock(ctx, tx, lockName(slug, panel)+"/"+juror); err != nil {
		return row, err
	}
	err = tx.GetContext(ctx, &row, `
		SELECT panel, candidate, revision, scores, comment, submitted, at, comments, abstained FROM last_sheet
		WHERE slug = $1 AND panel = $2 AND account = $3 AND candidate = $4`, slug, panel, juror, candidate)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return row, fmt.Errorf("sheet: %w", err)
	}
	return row, nil
}

// revise adds a revision, if it is of the base. A submitted sheet stays submitted:
// its amendments are submitted too, or it would fall out of the result unseen.
func (p *Panels) revise(ctx context.Context, tx *sqlx.Tx, slug, juror string, row *sheetRow, base *int) error {
	was, err := last(ctx, tx, slug, row.Panel, juror, row.Candidate)
	if err != nil {
		return err
	}
	if base != nil && *base != was.Revision {
		if same, err := row.same(was); err != nil || !same {
			return cmp.Or(err, error(review.ErrChanged.With("revision", strconv.Itoa(was.Revision))))
		}
		*row = was
		return nil
	}
	if was.Submitted && !row.Submitted {
		return review.ErrInvalid.At(fault.Wrong("submit", "already_submitted", "the sheet has been submitted; amend it by submitting again"))
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

// same tells whether two sheets say the same.
func (r sheetRow) same(as sheetRow) (bool, error) {
	if as.Revision == 0 {
		return false, nil
	}
	a, err := r.sheet("")
	if err != nil {
		return false, fmt.Errorf("sheet: %w", err)
	}
	b, err := as.sheet("")
	if err != nil {
		return false, fmt.Errorf("sheet: %w", err)
	}
	return a.Abstained == b.Abstained && a.Submitted == b.Submitted && a.Comment == b.Comment &&
		maps.Equal(a.Scores, b.Scores) && maps.Equal(a.Comments, b.Comments), nil
}

// shown finds the candidate whom the juror's list calls so. Fault:
// ErrUnassigned.
func shown(ctx context.Context, q sqlx.QueryerContext, slug string, panel rulebook.Panel, juror, called string) (ref, error) {
	of, err := refer(ctx, q, slug, panel, juror, called)
	if err != nil {
		return ref{}, err
	}
	var is bool
	if err := sqlx.GetContext(ctx, q, &is, `
		SELECT EXISTS (SELECT FROM shown WHERE slug = $1 AND panel = $2 AND account = $3 AND candidate = $4)`,
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
	fields := fault.Text("comment", in.Comment, maxComment)
	for _, c := range slices.Sorted(maps.Keys(in.Comments)) {
		field := "comments." + c
		if !slices.ContainsFunc(panel.Criteria, func(x rulebook.Criterion) bool { return x.ID == c }) {
			fields = append(fields, unknown(field, c))
			continue
		}
		fields = append(fields, fault.Text(field, in.Comments[c], maxComment)...)
		if text := strings.TrimSpace(in.Comments[c]); text != "" {
			comments[c] = text
		}
	}
	return comments, fields
}

// unknown says that the rulebook or the list of candidates has no such thing.
func unknown(field string, value any) fault.Field {
	return fault.Wrong(field, "unknown", "there is no {value}", "value", value)
}

func checkScores(panel rulebook.Panel, in review.SaveSheet) (map[string]string, []fault.Field) {
	scores := make(map[string]string, len(in.Scores))
	var fields []fault.Field
	known := map[string]bool{}
	for _, c := range panel.Criteria {
		known[c.ID] = true
		field, text := "scores."+c.ID, strings.TrimSpace(in.Scores[c.ID])
		switch {
		case text != "" && in.Abstain:
			fields = append(fields, fault.Wrong(field, "abstained", "is not taken: you abstain"))
		case text == "" && in.Submit && !in.Abstain:
			fields = append(fields, fault.Required(field))
		case text != "":
			scores[c.ID] = text
			fields = append(fields, offScale(panel.Scale, field, text)...)
		}
	}
	for _, c := range slices.Sorted(maps.Keys(in.Scores)) {
		if !known[c] {
			fields = append(fields, unknown("scores."+c, c))
		}
	}
	return scores, fields
}

// offScale says what is wrong with a score, or nothing.
func offScale(scale rulebook.Scale, field, text string) []fault.Field {
	n, err := rulebook.ParseNumber(text)
	switch {
	case err != nil || n.IsShare():
		return []fault.Field{fault.Wrong(field, "not_a_number", "{value} is not a number", "value", text)}
	case scale.Min.IsSet() && n.Cmp(scale.Min) < 0:
		return []fault.Field{fault.Wrong(field, "below_min", "{value} is below {min}", "value", text, "min", scale.Min)}
	case scale.Max.IsSet() && n.Cmp(scale.Max) > 0:
		return []fault.Field{fault.Wrong(field, "above_max", "{value} is above {max}", "value", text, "max", scale.Max)}
	}
	if scale.Step.Sign() > 0 {
		steps := new(big.Rat).Sub(n.Rat(), scale.Min.Rat())
		if !steps.Quo(steps, scale.Step.Rat()).IsInt() {
			return []fault.Field{fault.Wrong(field, "off_step", "is not on the scale: steps of {step} from {min}", "step", scale.Step, "min", scale.Min)}
		}
	}
	return nil
}
