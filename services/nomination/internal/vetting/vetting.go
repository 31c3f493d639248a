// Package vetting takes the departments' opinions and makes candidates of the
// entries that all of them passed.
package vetting

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

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
func (v *Vetting) GiveOpinion(ctx context.Context, in nomination.GiveOpinion) (out nomination.Entry, err error) {
	err = pg.InTx(ctx, v.deps.DB, func(tx *sqlx.Tx) error {
		_, err := v.give(ctx, tx, nomination.GiveOpinions{
			Slug: in.Slug, Entries: []string{in.Entry}, Department: in.Department, Verdict: in.Verdict, Reason: in.Reason,
		})
		if err == nil {
			out, err = entry.Get(ctx, tx, in.Slug, in.Entry)
		}
		return err
	})
	if errors.Is(err, nomination.ErrDecided) {
		err = nomination.ErrDecided.With("state", fault.From(err).Params["state"])
	}
	return out, err
}

// GiveOpinions implements nomination.Service.
func (v *Vetting) GiveOpinions(ctx context.Context, in nomination.GiveOpinions) (out nomination.Vetted, err error) {
	err = pg.InTx(ctx, v.deps.DB, func(tx *sqlx.Tx) error {
		out, err = v.give(ctx, tx, in)
		return err
	})
	return out, err
}

// give writes a department's word on entries, and what it makes of them.
func (v *Vetting) give(ctx context.Context, tx *sqlx.Tx, in nomination.GiveOpinions) (out nomination.Vetted, err error) {
	in.Reason = strings.TrimSpace(in.Reason)
	now := v.deps.Time()
	sel, err := v.deps.Selections.Require(ctx, tx, in.Slug, now, rulebook.PhaseVetting)
	if err != nil {
		return out, err
	}
	departments := sel.Rulebook.Vetting.Departments
	if fields := mistakes(in, departments); len(fields) > 0 {
		return out, nomination.Invalid(fields...)
	}
	all, err := entry.LockAll(ctx, tx, in.Slug, in.Entries)
	if err != nil {
		return out, err
	}
	fresh, err := undecided(all, in)
	if err != nil {
		return out, err
	}
	by := actor.From(ctx)
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO opinion (entry, department, verdict, reason, given_by, given_at, account, version)
		SELECT id, $2, $3, $4, $5, $6, $7, version FROM entry WHERE id = ANY($1::uuid[])
		ON CONFLICT (entry, department) DO UPDATE SET verdict = excluded.verdict, reason = excluded.reason,
		       given_by = excluded.given_by, given_at = excluded.given_at, account = excluded.account, version = excluded.version`,
		pq.Array(fresh), in.Department, in.Verdict, in.Reason, by.Name, now, by.ID); err != nil {
		return out, fmt.Errorf("give opinion: %w", err)
	}
	for i := range all {
		e := &all[i]
		if !slices.Contains(fresh, e.ID) {
			continue
		}
		word := nomination.Opinion{Department: in.Department, Verdict: in.Verdict, Reason: in.Reason}
		e.Opinions = append(without(e.Opinions, in.Department), word)
		if err := settle(ctx, tx, now, e, outcome(e.Opinions, departments), takenBack); err != nil {
			return out, err
		}
		if err := entry.Record(ctx, tx, now, in.Slug, "give_opinion", in.Reason, map[string]string{
			"entry": e.ID, "department": in.Department, "verdict": in.Verdict,
		}); err != nil {
			return out, err
		}
	}
	return vetted(all), nil
}

// undecided are the entries about which the department says something new. Fault:
// ErrDecided with each that has been decided.
func undecided(all []nomination.Entry, in nomination.GiveOpinions) (fresh []string, err error) {
	var fields []fault.Field
	state := nomination.State("")
	for i, e := range all {
		switch {
		case said(e, in):
		case e.State != nomination.Submitted:
			fields, state = append(fields, decided(i, e)), e.State
		default:
			fresh = append(fresh, e.ID)
		}
	}
	if len(fields) > 0 {
		return nil, nomination.ErrDecided.At(fields...).With("state", string(state))
	}
	return fresh, nil
}

func decided(i int, e nomination.Entry) fault.Field {
	return fault.Wrong(fmt.Sprintf("entries[%d]", i), "entry_decided", "{name} has been decided: {state}", "name", e.Nominee.Name, "state", string(e.State))
}

// settle moves a locked entry to the state that opinions make of it. why is told of
// a candidate who is none any more.
func settle(ctx context.Context, tx *sqlx.Tx, now time.Time, e *nomination.Entry, to nomination.State, why string) (err error) {
	switch {
	case e.State == to:
		return nil
	case to == nomination.Admitted:
		e.Number, err = admit(ctx, tx, now, *e)
	case e.State == nomination.Admitted:
		if err = recall(ctx, tx, now, *e, why); err == nil {
			err = entry.SetState(ctx, tx, e.ID, to)
		}
		e.Number = 0
	default:
		err = entry.SetState(ctx, tx, e.ID, to)
	}
	e.State = to
	return err
}

// Why a number is struck before vetting closes, as other rooms hear it.
const (
	takenBack = "a department took its opinion back before vetting closed"
	corrected = "the entry was corrected before vetting closed"
)

// WithdrawOpinions implements nomination.Service.
func (v *Vetting) WithdrawOpinions(ctx context.Context, in nomination.WithdrawOpinions) (out nomination.Vetted, err error) {
	err = pg.InTx(ctx, v.deps.DB, func(tx *sqlx.Tx) error {
		now := v.deps.Time()
		sel, err := v.deps.Selections.Require(ctx, tx, in.Slug, now, rulebook.PhaseVetting)
		if err != nil {
			return err
		}
		departments := sel.Rulebook.Vetting.Departments
		if fields := append(chosen(in.Entries), department(in.Department, departments)...); len(fields) > 0 {
			return nomination.Invalid(fields...)
		}
		all, err := entry.LockAll(ctx, tx, in.Slug, in.Entries)
		if err != nil {
			return err
		}
		var fields []fault.Field
		for i, e := range all {
			switch e.State {
			case nomination.Submitted, nomination.Vetoed, nomination.Admitted:
			default:
				fields = append(fields, decided(i, e))
			}
		}
		if len(fields) > 0 {
			return nomination.ErrDecided.At(fields...)
		}
		for i := range all {
			if err := v.withdraw(ctx, tx, now, &all[i], in.Department, departments); err != nil {
				return err
			}
		}
		out = vetted(all)
		return nil
	})
	return out, err
}

// withdraw takes a department's word on an entry back, if there is one.
func (v *Vetting) withdraw(ctx context.Context, tx *sqlx.Tx, now time.Time, e *nomination.Entry, of string, departments []rulebook.Department) error {
	left := without(e.Opinions, of)
	if len(left) == len(e.Opinions) {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM opinion WHERE entry = $1 AND department = $2`, e.ID, of); err != nil {
		return fmt.Errorf("withdraw opinion: %w", err)
	}
	e.Opinions = left
	if err := settle(ctx, tx, now, e, outcome(left, departments), takenBack); err != nil {
		return err
	}
	return entry.Record(ctx, tx, now, e.Slug, "withdraw_opinion", "", map[string]string{"entry": e.ID, "department": of})
}

// without are the opinions of the other departments.
func without(opinions []nomination.Opinion, of string) []nomination.Opinion {
	return slices.DeleteFunc(slices.Clone(opinions), func(o nomination.Opinion) bool { return o.Department == of })
}

func vetted(all []nomination.Entry) nomination.Vetted {
	out := nomination.Vetted{Entries: make([]nomination.VettedEntry, len(all))}
	for i, e := range all {
		out.Entries[i] = nomination.VettedEntry{ID: e.ID, Name: e.Nominee.Name, State: e.State, Number: e.Number}
	}
	return out
}

func mistakes(in nomination.GiveOpinions, departments []rulebook.Department) []fault.Field {
	fields := append(chosen(in.Entries), department(in.Department, departments)...)
	if !slices.Contains(nomination.Verdicts(), in.Verdict) {
		fields = append(fields, fault.OneOf("verdict", nomination.Verdicts()...))
	}
	if in.Verdict == nomination.Fail {
		return append(fields, audit.Reason(in.Reason)...)
	}
	return append(fields, audit.OptionalReason(in.Reason)...)
}

// department says what is wrong with a department's id, or nothing.
func department(id string, departments []rulebook.Department) []fault.Field {
	ids := make([]string, len(departments))
	for i, d := range departments {
		ids[i] = d.ID
	}
	if slices.Contains(ids, id) {
		return nil
	}
	return []fault.Field{fault.OneOf("department", ids...)}
}

// chosen says what is wrong with a list of entries, or nothing.
func chosen(entries []string) (fields []fault.Field) {
	switch {
	case len(entries) == 0:
		return []fault.Field{fault.Required("entries")}
	case len(entries) > nomination.MaxOpinions:
		return []fault.Field{fault.Wrong("entries", "too_many", "has {count}, the most is {max}", "count", len(entries), "max", nomination.MaxOpinions)}
	}
	seen := map[string]bool{}
	for i, id := range entries {
		if seen[id] {
			fields = append(fields, fault.Wrong(fmt.Sprintf("entries[%d]", i), "repeated", "is there twice"))
		}
		seen[id] = true
	}
	return fields
}

// said tells whether the department's word is just what it said before.
func said(e nomination.Entry, in nomination.GiveOpinions) bool {
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
