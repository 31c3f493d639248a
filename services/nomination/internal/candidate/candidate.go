// Package candidate shows the admitted entries, and takes them off the list.
package candidate

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/privacy"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/entry"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
	"github.com/laurel-awards/laurel/services/nomination/internal/seats"
)

// maxPage is the most candidates of a page.
const maxPage = 500

// Candidates are the candidates of all selections.
type Candidates struct{ deps run.Deps }

// New shows what is in deps' database.
func New(deps run.Deps) *Candidates { return &Candidates{deps} }

// Aggregate is what versions of a candidate's events count.
func Aggregate(number int) string { return "candidate/" + strconv.Itoa(number) }

// ListCandidates implements nomination.Service.
func (c *Candidates) ListCandidates(ctx context.Context, in nomination.ListCandidates) ([]nomination.Candidate, error) {
	if in.Limit <= 0 || in.Limit > maxPage {
		in.Limit = maxPage
	}
	if err := phase.Known(ctx, c.deps.DB, in.Slug); err != nil {
		return nil, err
	}
	// A summary needs only the beginning of the deeds.
	found, err := list(ctx, c.deps.DB, `left(e.deeds, 400)`, `c.slug = $1 AND c.number > $2::bigint ORDER BY c.number LIMIT $3`, in.Slug, in.After, in.Limit)
	for i := range found {
		found[i].Deeds = ""
	}
	return found, err
}

// GetCandidate implements nomination.Service.
func (c *Candidates) GetCandidate(ctx context.Context, in nomination.OfCandidate) (nomination.Candidate, error) {
	if err := phase.Known(ctx, c.deps.DB, in.Slug); err != nil {
		return nomination.Candidate{}, err
	}
	return get(ctx, c.deps.DB, in.Slug, in.Number)
}

// StrikeCandidate implements nomination.Service.
func (c *Candidates) StrikeCandidate(ctx context.Context, in nomination.StrikeCandidate) (nomination.Candidate, error) {
	in.Reason = strings.TrimSpace(in.Reason)
	var out nomination.Candidate
	strikes := false
	err := pg.InTx(ctx, c.deps.DB, func(tx *sqlx.Tx) error {
		if err := phase.Known(ctx, tx, in.Slug); err != nil {
			return err
		}
		if wrong := audit.Reason(in.Reason); len(wrong) > 0 {
			return nomination.Invalid(wrong...)
		}
		now := c.deps.Time()
		state, err := phase.Of(ctx, tx, in.Slug, rulebook.PhaseDecision, now)
		if err != nil {
			return err
		}
		var ids []string
		if err := tx.SelectContext(ctx, &ids, `
			UPDATE candidate SET struck_at = $3, struck_reason = $4 WHERE slug = $1 AND number = $2::bigint AND struck_at IS NULL AND recalled_at IS NULL
			RETURNING entry`, in.Slug, in.Number, now, in.Reason); err != nil {
			return fmt.Errorf("strike: %w", err)
		}
		strikes = len(ids) > 0
		for _, id := range ids {
			if state == phase.Closed && !in.Upheld {
				return phase.ErrNotOpen.With("phase", rulebook.PhaseDecision)
			}
			if err := notEnded(ctx, tx, in.Slug); err != nil {
				return err
			}
			if err := c.struck(ctx, tx, in, id); err != nil {
				return err
			}
		}
		out, err = get(ctx, tx, in.Slug, in.Number)
		return err
	})
	if err == nil && strikes {
		out.Unmet = c.unmet(ctx, in.Slug)
	}
	return out, err
}

// notEnded refuses what would change a public result.
func notEnded(ctx context.Context, tx *sqlx.Tx, slug string) error {
	var ended bool
	if err := tx.GetContext(ctx, &ended, `SELECT EXISTS (SELECT FROM ended WHERE slug = $1)`, slug); err != nil {
		return fmt.Errorf("strike: %w", err)
	}
	if ended {
		return phase.ErrNotOpen.With("phase", rulebook.PhaseNotice)
	}
	return nil
}

// unmet tells what can no more be met. The strike stands whatever comes of that.
func (c *Candidates) unmet(ctx context.Context, slug string) []nomination.Warning {
	sel, err := c.deps.Selections.Get(ctx, c.deps.DB, slug)
	var found nomination.Seats
	if err == nil {
		found, err = seats.Check(ctx, c.deps.DB, sel)
	}
	if err != nil {
		c.deps.Log.WarnContext(ctx, "seats were not checked after a strike", "slug", slug, "error", err)
	}
	return found.Unmet
}

func (c *Candidates) struck(ctx context.Context, tx *sqlx.Tx, in nomination.StrikeCandidate, id string) error {
	now := c.deps.Time()
	if err := entry.SetState(ctx, tx, id, nomination.Struck); err != nil {
		return err
	}
	if err := entry.Record(ctx, tx, now, in.Slug, "strike_candidate", in.Reason, map[string]any{"entry": id, "number": in.Number}); err != nil {
		return err
	}
	return outbox.Append(ctx, tx, now, in.Slug, Aggregate(in.Number), event.CandidateStruck{Number: in.Number, Reason: privacy.Mask(in.Reason)})
}

func get(ctx context.Context, q sqlx.QueryerContext, slug string, number int) (nomination.Candidate, error) {
	found, err := list(ctx, q, `e.deeds`, `c.slug = $1 AND c.number = $2::bigint`, slug, number)
	if err == nil && len(found) == 0 {
		err = nomination.ErrNoCandidate
	}
	if err != nil {
		return nomination.Candidate{}, err
	}
	return found[0], nil
}

// list reads candidates, with as much of the deeds as is asked for.
func list(ctx context.Context, q sqlx.QueryerContext, deeds, where string, args ...any) ([]nomination.Candidate, error) {
	var rows []struct {
		Number        int    `db:"number"`
		Name          string `db:"name"`
		Category      string `db:"category"`
		Gender        string `db:"gender"`
		Employer      string `db:"employer"`
		Region        string `db:"region"`
		Years         *int   `db:"years"`
		Deeds         string `db:"deeds"`
		RecommendedBy string `db:"recommended_by"`
		Photo         string `db:"photo"`
		Struck        bool   `db:"struck"`
		StruckReason  string `db:"struck_reason"`
		Attributes    []byte `db:"attributes"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT c.number, e.name, e.category, e.gender, e.employer, e.region, e.years, `+deeds+` AS deeds, e.recommended_by, e.photo,
		       c.struck_at IS NOT NULL AS struck, c.struck_reason, e.attributes
		FROM candidate c JOIN entry e ON e.id = c.entry WHERE c.recalled_at IS NULL AND `+where, args...); err != nil {
		return nil, fmt.Errorf("candidates: %w", err)
	}
	candidates := make([]nomination.Candidate, len(rows))
	for i, r := range rows {
		n := nomination.Nominee{Name: r.Name, Employer: r.Employer, Region: r.Region, Deeds: r.Deeds, RecommendedBy: r.RecommendedBy}
		if err := json.Unmarshal(r.Attributes, &n.Attributes); err != nil {
			return nil, fmt.Errorf("candidate %d: %w", r.Number, err)
		}
		n = form.Public(n)
		candidates[i] = nomination.Candidate{
			Number: r.Number, Name: n.Name, Category: r.Category, Gender: r.Gender, Employer: n.Employer, Region: n.Region, Years: r.Years,
			Summary: form.Summary(n.Deeds), Deeds: n.Deeds, RecommendedBy: n.RecommendedBy, Attributes: n.Attributes, Photo: r.Photo,
			Struck: r.Struck, StruckReason: privacy.Mask(r.StruckReason),
		}
	}
	return candidates, addSizes(ctx, q, candidates)
}

// addSizes adds the sizes of the candidates' photos.
func addSizes(ctx context.Context, q sqlx.QueryerContext, candidates []nomination.Candidate) error {
	photos := make([]string, 0, len(candidates))
	for _, c := range candidates {
		if c.Photo != "" {
			photos = append(photos, c.Photo)
		}
	}
	if len(photos) == 0 {
		return nil
	}
	var rows []struct {
		Photo  string `db:"photo"`
		Width  int    `db:"width"`
		Height int    `db:"height"`
		File   string `db:"file"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT photo, width, height, file FROM photo_size WHERE photo = ANY($1) ORDER BY photo, width`, pq.Array(photos)); err != nil {
		return fmt.Errorf("sizes of photos: %w", err)
	}
	of := make(map[string][]nomination.PhotoSize, len(photos))
	for _, r := range rows {
		of[r.Photo] = append(of[r.Photo], nomination.PhotoSize{Width: r.Width, Height: r.Height, File: r.File})
	}
	for i, c := range candidates {
		candidates[i].Sizes = of[c.Photo]
	}
	return nil
}
