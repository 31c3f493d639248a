package decision

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/services/review"
)

// maxMotion is how many characters a motion may have.
const maxMotion = 1000

// checkMotion says what is wrong with a motion by itself, and gives its kind.
func checkMotion(in review.PutMotion) (review.PutMotion, error) {
	in.Motion, in.Reason = strings.TrimSpace(in.Motion), strings.TrimSpace(in.Reason)
	if in.Kind == "" {
		in.Kind = review.Adopt
		if len(in.Seats) > 0 {
			in.Kind = review.Fill
		}
	}
	fields := fault.Text("motion", in.Motion, maxMotion)
	if in.Motion == "" {
		fields = append(fields, fault.Required("motion"))
	}
	if !slices.Contains(review.Kinds(), in.Kind) {
		fields = append(fields, fault.OneOf("kind", review.Kinds()...))
	}
	if review.Changes(in.Kind) {
		fields = append(fields, audit.Reason(in.Reason)...)
	}
	takes := func(name string, has, wants bool) {
		switch {
		case wants && !has:
			fields = append(fields, fault.Required(name))
		case has && !wants:
			fields = append(fields, fault.Wrong(name, "motion_takes_none", "a motion of the kind {kind} takes none", "kind", in.Kind))
		}
	}
	takes("out", in.Out != 0, in.Kind == review.Replace || in.Kind == review.LeaveEmpty)
	takes("in", in.In != 0, in.Kind == review.Replace)
	takes("seats", len(in.Seats) > 0, in.Kind == review.Fill || in.Kind == review.Choose)
	return in, review.ErrInvalid.Check(fields)
}

// subject is what a motion puts to the vote.
type subject struct {
	hash, base string           // of the result that it makes, and of the one that it changes
	seats      []review.Awarded // all of them; nil: those in force
}

// PutMotion implements review.Service.
func (m *Meeting) PutMotion(ctx context.Context, in review.PutMotion) (review.Decision, error) {
	in, err := checkMotion(in)
	if err != nil {
		return review.Decision{}, err
	}
	return m.change(ctx, in.Slug, func(tx *sqlx.Tx) error {
		sel, err := m.open(ctx, tx, in.Slug)
		if err != nil {
			return err
		}
		mo, err := last(ctx, tx, in.Slug)
		if err != nil {
			return err
		}
		if mo.Outcome == review.Moved || mo.Outcome == review.AwaitsHosts || mo.Outcome == review.Approved {
			return review.ErrMoved
		}
		sub, err := m.subject(ctx, tx, sel, in)
		if err != nil {
			return err
		}
		var members int
		if err := tx.GetContext(ctx, &members, `SELECT count(*) FROM member WHERE slug = $1`, in.Slug); err != nil {
			return fmt.Errorf("put motion: %w", err)
		}
		if members == 0 {
			return review.ErrInvalid.At(fault.Wrong("members", "nobody_seated", "nobody is seated"))
		}
		var seats sql.NullString
		if sub.seats != nil {
			body, err := json.Marshal(sub.seats)
			if err != nil {
				return fmt.Errorf("put motion: %w", err)
			}
			seats = sql.NullString{String: string(body), Valid: true}
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO motion (slug, seq, text, result, seats, outcome, members, moved_at, moved_by, kind, reason, base, out_candidate, in_candidate)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, nullif($13, 0), nullif($14, 0))`,
			in.Slug, mo.Seq+1, in.Motion, sub.hash, seats, review.Moved, members, m.deps.Time(), actor.From(ctx).Name,
			in.Kind, in.Reason, sub.base, in.Out, in.In); err != nil {
			return fmt.Errorf("put motion: %w", err)
		}
		return audit.Record(ctx, tx, m.deps.Time(), in.Slug, "put_motion", in.Reason, struct {
			Motion string           `json:"motion"`
			Kind   string           `json:"kind"`
			Result string           `json:"result_hash"`
			Seats  []review.Awarded `json:"seats,omitempty"`
			Out    int              `json:"out,omitempty"`
			In     int              `json:"in,omitempty"`
		}{in.Motion, in.Kind, sub.hash, in.Seats, in.Out, in.In})
	})
}

// subject is the result in force, the one that it would be with the seats filled as
// the motion says, or with the change that it makes.
func (m *Meeting) subject(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, in review.PutMotion) (sub subject, err error) {
	switch in.Kind {
	case review.Fill:
		out, err := m.results.Propose(ctx, tx, sel, in.Seats, "")
		return subject{hash: out.Hash, seats: in.Seats}, err
	case review.Adopt:
		sub.hash, err = m.results.InForce(ctx, tx, sel)
		return sub, err
	}
	if sub.base, err = m.results.InForce(ctx, tx, sel); err != nil {
		return sub, err
	}
	if sub.seats, err = m.changed(ctx, tx, in, sub.base); err != nil {
		return sub, err
	}
	out, err := m.results.Change(ctx, tx, sel, sub.seats)
	if refused := fault.From(err); err != nil && refused.Is(review.ErrInvalid) && in.Kind != review.Choose {
		for i := range refused.Fields { // they are said of what was asked
			refused.Fields[i].Name = map[string]string{review.Replace: "in", review.LeaveEmpty: "out"}[in.Kind]
		}
		err = refused
	}
	sub.hash = out.Hash
	return sub, err
}

// changed is the list of a result with the change that a motion makes.
func (m *Meeting) changed(ctx context.Context, tx *sqlx.Tx, in review.PutMotion, base string) ([]review.Awarded, error) {
	list, err := m.results.Awards(ctx, tx, in.Slug, base)
	if err != nil {
		return nil, err
	}
	at := func(candidate int) int {
		return slices.IndexFunc(list, func(a review.Awarded) bool { return a.Candidate == candidate })
	}
	if in.Kind == review.Choose {
		return m.chosen(ctx, in, base, list)
	}
	out := at(in.Out)
	switch {
	case out < 0:
		return nil, review.ErrInvalid.At(fault.Wrong("out", "without_award", "candidate {candidate} has no award", "candidate", in.Out))
	case in.Kind == review.LeaveEmpty:
		return slices.Delete(list, out, out+1), nil
	case at(in.In) >= 0:
		return nil, review.ErrInvalid.At(fault.Wrong("in", "has_award", "candidate {candidate} has an award already", "candidate", in.In))
	}
	list[out] = review.Awarded{Candidate: in.In, Award: list[out].Award}
	return list, nil
}

// chosen is a list with the seats that ties leave open given to some of those who
// tie.
func (m *Meeting) chosen(ctx context.Context, in review.PutMotion, base string, list []review.Awarded) ([]review.Awarded, error) {
	open, tied, err := m.results.Ties(ctx, base)
	if err != nil {
		return nil, err
	}
	var fields []fault.Field
	for _, one := range in.Seats {
		if !slices.Contains(tied[one.Award], one.Candidate) {
			fields = append(fields, fault.Wrong("seats", "seat_untied", "candidate {candidate} is in no tie for the award {award}",
				"candidate", one.Candidate, "award", one.Award))
		}
		open[one.Award]--
	}
	for award, left := range open {
		if left > 0 && tied[award] != nil {
			fields = append(fields, fault.Wrong("seats", "seats_open", "seats of the award {award} stay open: {left}", "award", award, "left", left))
		}
	}
	slices.SortFunc(fields, func(a, b fault.Field) int { return cmp.Compare(a.Message, b.Message) })
	return slices.Concat(list, in.Seats), review.ErrInvalid.Check(fields)
}

// stands tells whether what a motion puts is still what its members voted for,
// and which result that puts in force, where it is not in force already. Where the
// search has decided meanwhile, or the inputs are others, the motion is overtaken.
func (m *Meeting) stands(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, mo motion) (outcome string, enforce *review.Result, err error) {
	filled, err := mo.filled()
	if err != nil {
		return "", nil, err
	}
	var out review.Result
	switch mo.Kind {
	case review.Fill:
		out, err = m.results.Propose(ctx, tx, sel, filled, mo.Result)
	default:
		var now string
		now, err = m.results.InForce(ctx, tx, sel)
		switch {
		case err != nil:
		case now != cmp.Or(mo.Base, mo.Result):
			return review.Overtaken, nil, nil
		case mo.Kind == review.Adopt:
			out.Hash, err = now, m.results.Whole(ctx, tx, sel.Slug, now)
		default:
			out, err = m.results.Change(ctx, tx, sel, filled)
		}
	}
	switch {
	case errors.Is(err, review.ErrSearching):
		return "", nil, err
	case fault.Is(err, fault.Conflict), fault.Is(err, fault.Invalid), err == nil && out.Hash != mo.Result:
		return review.Overtaken, nil, nil
	case err != nil:
		return "", nil, err
	case mo.Kind == review.Adopt:
		return review.Approved, nil, nil
	}
	return review.Approved, &out, nil
}
