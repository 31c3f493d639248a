package panel

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// standing is what the actor is to the panels of a selection, beside what their
// role is.
type standing struct {
	Own     bool `db:"own"`     // sits on the panel
	Seated  bool `db:"seated"`  // sits or sat on any
	Recused bool `db:"recused"` // and from a candidate there
	Public  bool `db:"public"`  // the result is
}

func standingOf(ctx context.Context, q sqlx.QueryerContext, slug, panel string) (s standing, err error) {
	if err := sqlx.GetContext(ctx, q, &s, `
		SELECT EXISTS (SELECT FROM juror WHERE slug = $1 AND panel = $2 AND account = $3 AND left_at IS NULL) AS own,
		       EXISTS (SELECT FROM juror WHERE slug = $1 AND account = $3) AS seated,
		       EXISTS (SELECT FROM recusal JOIN juror USING (slug, panel, account) WHERE slug = $1 AND account = $3) AS recused,
		       EXISTS (SELECT FROM notice WHERE slug = $1 AND published_at IS NOT NULL) AS public`,
		slug, panel, actor.From(ctx).ID); err != nil {
		return s, fmt.Errorf("standing: %w", err)
	}
	return s, nil
}

// watches refuses the actor of ctx a view of a panel, and a hand in it. Faults:
// ErrOwnPanel, ErrRecused.
func watches(ctx context.Context, q sqlx.QueryerContext, slug, panel string) error {
	s, err := standingOf(ctx, q, slug, panel)
	switch {
	case err != nil || s.Public:
		return err
	case s.Own:
		return review.ErrOwnPanel
	case s.Recused:
		return review.ErrRecused
	}
	return nil
}

// watched finds a panel that the actor of ctx reads. Faults: those of find and
// watches.
func (p *Panels) watched(ctx context.Context, in review.OfPanel) (sel phase.Selection, panel rulebook.Panel, err error) {
	if sel, err = p.deps.Selections.Get(ctx, p.deps.DB, in.Slug); err != nil {
		return sel, panel, err
	}
	if panel, err = find(sel, in.Panel); err != nil {
		return sel, panel, err
	}
	return sel, panel, watches(ctx, p.deps.DB, in.Slug, in.Panel)
}

// NotRecused refuses the actor of ctx what is made of all panels' scores.
// Fault: ErrRecused.
func NotRecused(ctx context.Context, q sqlx.QueryerContext, slug string) error {
	s, err := standingOf(ctx, q, slug, "")
	if err == nil && s.Recused && !s.Public {
		err = review.ErrRecused
	}
	return err
}

// Audit is the room's audit log. From who sits or sat on a panel it withholds
// what was done on panels until the result is public: that has public numbers
// beside the times of a blind juror's own sheets, and reasons that tell of
// scores.
func (p *Panels) Audit(ctx context.Context, in audit.Page) ([]audit.Entry, error) {
	s, err := standingOf(ctx, p.deps.DB, in.Slug, "")
	if err != nil {
		return nil, err
	}
	for {
		page, err := audit.List(ctx, p.deps.DB, in)
		if err != nil || len(page) == 0 || !s.Seated || s.Public {
			return page, err
		}
		in.After = page[len(page)-1].ID
		if rest := slices.DeleteFunc(page, ofPanel); len(rest) > 0 {
			return rest, nil // an empty page would end the reading
		}
	}
}

// ofPanel tells whether an act was on a panel: its detail names one.
func ofPanel(e audit.Entry) bool {
	var detail struct{ Panel string }
	return json.Unmarshal(e.Detail, &detail) == nil && detail.Panel != ""
}
