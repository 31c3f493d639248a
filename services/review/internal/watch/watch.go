// Package watch says who may watch and run the panels of a selection. Until the
// result is public, jurors may not watch their own panel, and jurors who are
// recused from a candidate may watch none.
package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/services/review"
)

// viewer is what the actor is to the panels of a selection, whatever role they
// have.
type viewer struct {
	Own     bool `db:"own"`     // sits on the panel
	Seated  bool `db:"seated"`  // sits or sat on any
	Recused bool `db:"recused"` // and from a candidate there
	Public  bool `db:"public"`  // the result is
}

func viewerOf(ctx context.Context, q sqlx.QueryerContext, slug, panel string) (v viewer, err error) {
	if err := sqlx.GetContext(ctx, q, &v, `
		SELECT EXISTS (SELECT FROM juror WHERE slug = $1 AND panel = $2 AND account = $3 AND left_at IS NULL) AS own,
		       EXISTS (SELECT FROM juror WHERE slug = $1 AND account = $3) AS seated,
		       EXISTS (SELECT FROM recusal JOIN juror USING (slug, panel, account) WHERE slug = $1 AND account = $3) AS recused,
		       EXISTS (SELECT FROM notice WHERE slug = $1 AND published_at IS NOT NULL) AS public`,
		slug, panel, actor.From(ctx).ID); err != nil {
		return v, fmt.Errorf("viewer: %w", err)
	}
	return v, nil
}

// Panel refuses the actor of ctx a view of a panel, and a hand in it. Faults:
// ErrOwnPanel, ErrRecused.
func Panel(ctx context.Context, q sqlx.QueryerContext, slug, panel string) error {
	v, err := viewerOf(ctx, q, slug, panel)
	switch {
	case err != nil || v.Public:
		return err
	case v.Own:
		return review.ErrOwnPanel
	case v.Recused:
		return review.ErrRecused
	}
	return nil
}

// Result refuses the actor of ctx what is made of all panels' scores. Faults:
// ErrNotMember, ErrRecused.
func Result(ctx context.Context, q sqlx.QueryerContext, slug string) error {
	if err := Member(ctx, q, slug); err != nil {
		return err
	}
	v, err := viewerOf(ctx, q, slug, "")
	if err == nil && v.Recused && !v.Public {
		err = review.ErrRecused
	}
	return err
}

// Member refuses the actor of ctx who acts as one of the committee and has no
// seat on it (any more). Fault: ErrNotMember.
func Member(ctx context.Context, q sqlx.QueryerContext, slug string) error {
	who := actor.From(ctx)
	if who.As != member {
		return nil
	}
	var seated bool
	if err := sqlx.GetContext(ctx, q, &seated, `SELECT EXISTS (SELECT FROM member WHERE slug = $1 AND account = $2)`, slug, who.ID); err != nil {
		return fmt.Errorf("member: %w", err)
	}
	if !seated {
		return review.ErrNotMember
	}
	return nil
}

// member is the role of the committee in identity's words.
const member = "committee"

// Audit is a page of the room's audit log for the actor of ctx. Until the result
// is public, those who sit or sat on a panel do not see the acts on panels. These
// have public numbers beside the times of a blind juror's own sheets, and reasons
// that tell of scores.
func Audit(ctx context.Context, db *sqlx.DB, in audit.Page) ([]audit.Entry, error) {
	withheld := map[string]bool{} // by selection
	for {
		page, err := audit.List(ctx, db, in)
		if err != nil || len(page) == 0 {
			return page, err
		}
		for _, e := range page {
			if _, seen := withheld[e.Slug]; seen {
				continue
			}
			v, err := viewerOf(ctx, db, e.Slug, "")
			if err != nil {
				return nil, err
			}
			withheld[e.Slug] = v.Seated && !v.Public
		}
		if last := page[len(page)-1]; in.Newest {
			in.Before, in.BeforeID = &last.At, last.ID
		} else {
			in.After = last.ID
		}
		if rest := slices.DeleteFunc(page, func(e audit.Entry) bool { return withheld[e.Slug] && ofPanel(e) }); len(rest) > 0 {
			return rest, nil // an empty page would end the reading
		}
	}
}

// ofPanel tells whether an act was on a panel: its detail names one.
func ofPanel(e audit.Entry) bool {
	var detail struct{ Panel string }
	return json.Unmarshal(e.Detail, &detail) == nil && detail.Panel != ""
}
