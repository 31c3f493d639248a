package panel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// candidateRow is a candidate as the projection has it.
type candidateRow struct {
	Number     int             `db:"number"`
	Called     string          `db:"called"` // as the panel calls it
	Name       string          `db:"name"`
	Category   string          `db:"category"`
	Attributes json.RawMessage `db:"attributes"`
	Deeds      string          `db:"deeds"`
	SecondLook string          `db:"second_look"`
}

// ListAssignments implements review.Service.
func (p *Panels) ListAssignments(ctx context.Context, in review.OfPanel) (out []review.Assignment, err error) {
	err = p.asJuror(ctx, in.Slug, in.Panel, func(tx *sqlx.Tx, panel rulebook.Panel, juror string) error {
		out, err = assignments(ctx, tx, in.Slug, panel, juror, everyStory)
		return err
	})
	return out, err
}

// GetSheets implements review.Service.
func (p *Panels) GetSheets(ctx context.Context, in review.OfSheet) (out review.OwnSheets, err error) {
	err = p.asJuror(ctx, in.Slug, in.Panel, func(tx *sqlx.Tx, panel rulebook.Panel, juror string) error {
		out, err = p.own(ctx, tx, in.Slug, panel, juror, in.Candidate)
		return err
	})
	return out, err
}

// own is a juror's list, with one candidate whole.
func (p *Panels) own(ctx context.Context, tx *sqlx.Tx, slug string, panel rulebook.Panel, juror, called string) (out review.OwnSheets, err error) {
	_, err = p.deps.Selections.Require(ctx, tx, slug, p.deps.Time(), rulebook.PhaseReview)
	switch {
	case err == nil:
		out.Open = true
	case !errors.Is(err, review.ErrPhase):
		return out, err
	}
	if called != "" {
		of, err := shown(ctx, tx, slug, panel, juror, called)
		if err != nil {
			return out, err
		}
		called = of.called
	}
	if out.List, err = assignments(ctx, tx, slug, panel, juror, called); err != nil {
		return out, err
	}
	for i, a := range out.List {
		if a.Candidate == called {
			out.One = &a
		}
		out.List[i].Deeds, out.List[i].Attributes, out.List[i].Hidden = "", nil, nil
	}
	return out, nil
}

// everyStory has assignments read the stories of all candidates, and not only of
// the one that is called so.
const everyStory = "*"

func assignments(ctx context.Context, q sqlx.QueryerContext, slug string, panel rulebook.Panel, juror, story string) ([]review.Assignment, error) {
	var candidates []candidateRow
	// Each juror has an order of their own, so that no candidate comes late and
	// tired for everybody. It is made of what the juror may know.
	if err := sqlx.SelectContext(ctx, q, &candidates, `
		SELECT c.number, called, c.name, c.category, c.attributes, CASE WHEN $5 IN ('*', called) THEN c.deeds ELSE '' END AS deeds, coalesce(l.reason, '') AS second_look
		FROM shown a
		JOIN candidate c ON c.slug = a.slug AND c.number = a.candidate
		LEFT JOIN code k ON k.slug = a.slug AND k.panel = a.panel AND k.account = a.account AND k.candidate = a.candidate
		CROSS JOIN LATERAL (SELECT CASE WHEN $4 THEN k.code ELSE c.number::text END AS called) AS name
		LEFT JOIN last_sheet s ON s.slug = a.slug AND s.panel = a.panel AND s.account = a.account AND s.candidate = a.candidate
		LEFT JOIN second_look l ON l.slug = s.slug AND l.panel = s.panel AND l.account = s.account AND l.candidate = s.candidate
			AND l.revision = s.revision
		WHERE a.slug = $1 AND a.panel = $2 AND a.account = $3
		ORDER BY md5(a.account || '/' || called), called`, slug, panel.ID, juror, coded(panel), story); err != nil {
		return nil, fmt.Errorf("assignments: %w", err)
	}
	sheets, err := lastSheets(ctx, q, slug, panel.ID, juror)
	if err != nil {
		return nil, err
	}
	out := make([]review.Assignment, len(candidates))
	for i, c := range candidates {
		if out[i], err = c.seenBy(panel); err != nil {
			return nil, err
		}
		if out[i].Sheet = sheets[c.Number]; out[i].Sheet != nil {
			out[i].Sheet.Candidate = c.Called
		}
	}
	return out, nil
}

// lastSheets are a juror's sheets as they are, by candidate.
func lastSheets(ctx context.Context, q sqlx.QueryerContext, slug, panel, juror string) (map[int]*review.Sheet, error) {
	var rows []sheetRow
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT panel, candidate, revision, scores, comment, submitted, at, comments, abstained
		FROM last_sheet WHERE slug = $1 AND panel = $2 AND account = $3`, slug, panel, juror); err != nil {
		return nil, fmt.Errorf("sheets: %w", err)
	}
	sheets := make(map[int]*review.Sheet, len(rows))
	for _, r := range rows {
		s, err := r.sheet("")
		if err != nil {
			return nil, fmt.Errorf("sheets: %w", err)
		}
		sheets[r.Candidate] = &s
	}
	return sheets, nil
}

// seenBy is the candidate without what the panel is blind to. The conflicts
// that an entry states name jurors; only organizers see them.
func (c candidateRow) seenBy(panel rulebook.Panel) (review.Assignment, error) {
	out := review.Assignment{Candidate: c.Called, Name: c.Name, Category: c.Category, Hidden: panel.Blind}
	if err := json.Unmarshal(c.Attributes, &out.Attributes); err != nil {
		return out, fmt.Errorf("candidate %d: %w", c.Number, err)
	}
	blot := c.blot(panel, out.Attributes)
	out.Deeds, out.SecondLook = blot.Replace(c.Deeds), blot.Replace(c.SecondLook)
	delete(out.Attributes, "conflicts")
	for _, field := range panel.Blind {
		delete(out.Attributes, field)
	}
	if panel.Hides("name") {
		out.Name = ""
	}
	if panel.Hides("category") {
		out.Category = ""
	}
	if panel.Hides("deeds") {
		out.Deeds = ""
	}
	return out, nil
}

// leastBlotted is the length in characters from which a hidden value is blotted
// out of prose. Shorter ones, such as "3", occur everywhere.
const leastBlotted = 2

// blot takes hidden values out of prose that spells them out.
func (c candidateRow) blot(panel rulebook.Panel, attributes map[string]string) *strings.Replacer {
	var hidden []string
	for _, field := range panel.Blind {
		value := attributes[field]
		if field == "name" {
			value = c.Name
		}
		if utf8.RuneCountInString(value) >= leastBlotted {
			hidden = append(hidden, value)
		}
	}
	// The longest first: one may be a part of another.
	slices.SortFunc(hidden, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, value := range hidden {
		pairs = append(pairs, value, "■■")
	}
	return strings.NewReplacer(pairs...)
}
