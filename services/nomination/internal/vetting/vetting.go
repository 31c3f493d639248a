// Package vetting takes the departments' opinions and makes candidates of the
// entries that all of them passed.
package vetting

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/entry"
)

// Vetting is the departments' work on the entries of all selections.
type Vetting struct{ deps run.Deps }

// New vets what is in deps' database.
func New(deps run.Deps) *Vetting { return &Vetting{deps} }

// GiveOpinion implements nomination.Service.
func (v *Vetting) GiveOpinion(ctx context.Context, in nomination.GiveOpinion) (nomination.Entry, error) {
	in.Reason = strings.TrimSpace(in.Reason)
	var out nomination.Entry
	err := pg.InTx(ctx, v.deps.DB, func(tx *sqlx.Tx) error {
		now := v.deps.Time()
		sel, err := v.deps.Selections.Require(ctx, tx, in.Slug, now, rulebook.PhaseVetting)
		if err != nil {
			return err
		}
		departments := sel.Rulebook.Vetting.Departments
		if fields := mistakes(in, departments); len(fields) > 0 {
			return nomination.Invalid(fields...)
		}
		if out, err = entry.Lock(ctx, tx, in.Slug, in.Entry); err != nil {
			return err
		}
		if said(out, in) {
			return nil
		}
		if out.State != nomination.Submitted {
			return nomination.ErrDecided.With("state", string(out.State))
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO opinion (entry, department, verdict, reason, given_by, given_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (entry, department) DO UPDATE SET verdict = excluded.verdict, reason = excluded.reason,
			       given_by = excluded.given_by, given_at = excluded.given_at`,
			out.ID, in.Department, in.Verdict, in.Reason, actor.From(ctx).Name, now); err != nil {
			return fmt.Errorf("give opinion: %w", err)
		}
		if out, err = entry.Get(ctx, tx, in.Slug, in.Entry); err != nil {
			return err
		}
		switch outcome(out.Opinions, departments) {
		case nomination.Vetoed:
			err = entry.SetState(ctx, tx, out.ID, nomination.Vetoed)
		case nomination.Admitted:
			err = admit(ctx, tx, now, out)
		}
		if err != nil {
			return err
		}
		if err := entry.Record(ctx, tx, now, in.Slug, "give_opinion", in.Reason, map[string]string{
			"entry": out.ID, "department": in.Department, "verdict": in.Verdict,
		}); err != nil {
			return err
		}
		out, err = entry.Get(ctx, tx, in.Slug, in.Entry)
		return err
	})
	return out, err
}

func mistakes(in nomination.GiveOpinion, departments []rulebook.Department) []fault.Field {
	var fields []fault.Field
	ids := make([]string, len(departments))
	for i, d := range departments {
		ids[i] = d.ID
	}
	if !slices.Contains(ids, in.Department) {
		fields = append(fields, fault.OneOf("department", ids...))
	}
	if !slices.Contains(nomination.Verdicts(), in.Verdict) {
		fields = append(fields, fault.OneOf("verdict", nomination.Verdicts()...))
	}
	if in.Verdict == nomination.Fail {
		return append(fields, audit.Reason(in.Reason)...)
	}
	return append(fields, audit.OptionalReason(in.Reason)...)
}

// said tells whether the department's word is just what it said before.
func said(e nomination.Entry, in nomination.GiveOpinion) bool {
	return slices.ContainsFunc(e.Opinions, func(o nomination.Opinion) bool {
		return o.Department == in.Department && o.Verdict == in.Verdict && o.Reason == in.Reason
	})
}

// outcome is what the opinions make of an entry: vetoed, admitted once every
// department passed it, else it stays submitted.
func outcome(opinions []nomination.Opinion, departments []rulebook.Department) nomination.State {
	verdicts := make(map[string]string, len(opinions))
	for _, o := range opinions {
		verdicts[o.Department] = o.Verdict
	}
	state := nomination.Admitted
	for _, d := range departments {
		switch verdict := verdicts[d.ID]; {
		case verdict == nomination.Fail && d.Veto:
			return nomination.Vetoed
		case verdict != nomination.Pass:
			state = nomination.Submitted
		}
	}
	return state
}
