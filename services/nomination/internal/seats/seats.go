// Package seats tells whether the awards can be filled with the candidates there
// are.
package seats

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/entry"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

// budget bounds the search about quotas, which somebody waits for: a second or so.
const budget = 1_000_000_000

// Check counts the entries that are candidates or may become so.
func Check(ctx context.Context, q sqlx.QueryerContext, sel phase.Selection) (nomination.Seats, error) {
	entries, err := entry.Standing(ctx, q, sel.Slug)
	if err != nil {
		return nomination.Seats{}, err
	}
	in := ranking.New(sel.Rulebook)
	for _, e := range entries {
		if err := in.Candidate(e.ID, form.Values(e.Nominee)); err != nil {
			return nomination.Seats{}, fmt.Errorf("seats of %s: %w", sel.Slug, err)
		}
	}
	found, err := in.Seats(ranking.Options{Budget: budget})
	out := nomination.Seats{Seats: found.Seats, Candidates: found.Candidates}
	unmet := func(field fault.Field) { out.Unmet = append(out.Unmet, nomination.Warn(0, field)) }
	if found.Short() {
		unmet(fault.Wrong("awards", "seats_short", "{seats} seats, {candidates} candidates", "seats", found.Seats, "candidates", found.Candidates))
	}
	for _, place := range found.Idle {
		q := sel.Rulebook.Quotas[place-1]
		out.Idle = append(out.Idle, nomination.Warn(0, fault.Wrong(fmt.Sprintf("quotas[%d]", place-1), "quota_idle",
			"no candidate has {attribute} {value}", "attribute", q.Attribute, "value", q.Value)))
	}
	switch {
	case fault.HasCode(err, ranking.CodeUndecided):
		unmet(fault.Wrong("quotas", "quotas_open", "whether the quotas can be met was not decided in the time there is"))
	case err != nil:
		return out, fmt.Errorf("seats of %s: %w", sel.Slug, err)
	}
	for _, s := range found.Unmet {
		code, message := "quota_short_max", "{quota}: {need} seats are to be filled, and the candidates can fill {have}"
		if s.Limit == ranking.LimitMin {
			code, message = "quota_short_min", "{quota}: {need} needed, and {have} candidates count for it"
		}
		unmet(fault.Wrong(fmt.Sprintf("quotas[%d]", s.Quota-1), code, message, "quota", s.Words, "need", s.Need, "have", s.Have))
	}
	return out, nil
}
