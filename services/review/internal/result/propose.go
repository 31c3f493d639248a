package result

import (
	"context"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/services/review"
)

// Propose makes the result in which the seats are filled as somebody decides,
// where the search about quotas has ended undecided. It is not in force by that.
// was is the hash that it has already, if any.
// Faults: why no result could be computed, ErrDecided, ErrSearching, ErrInvalid
// (seats).
func (r *Results) Propose(ctx context.Context, q sqlx.ExtContext, sel phase.Selection, seats []review.Awarded, was string) (out review.Result, err error) {
	if _, err := r.InForce(ctx, q, sel); err == nil || fault.HasCode(err, ranking.CodeInfeasible) {
		return out, review.ErrDecided
	} else if !fault.HasCode(err, ranking.CodeUndecided) {
		return out, err
	}
	if last, found, err := job.Last(ctx, q, sel.Slug, review.SearchJob); err != nil {
		return out, err
	} else if found && !last.Ended() {
		return out, review.ErrSearching
	}
	in, err := r.inputs(ctx, q, sel)
	if err != nil {
		return out, err
	}
	ranked, err := in.rank(sel, ranking.Options{Seats: seatsOf(seats)})
	if fault.HasCode(err, ranking.CodeSeats) {
		err = review.ErrInvalid.At(fault.From(err).Fields...)
	}
	if err != nil {
		return out, err
	}
	return r.made(ctx, sel, in, ranked, was)
}

// Change makes the result of a list that is another than the rules make, under
// their quotas. It is not in force by that. Faults: why no result could be
// computed, ErrInvalid (seats).
func (r *Results) Change(ctx context.Context, q sqlx.ExtContext, sel phase.Selection, seats []review.Awarded) (out review.Result, err error) {
	in, err := r.inputs(ctx, q, sel)
	if err != nil {
		return out, err
	}
	ranked, err := in.rank(sel, ranking.Options{Seats: seatsOf(seats), Changed: true})
	if fault.HasCode(err, ranking.CodeSeats) {
		err = review.ErrInvalid.At(fault.From(err).Fields...)
	}
	if err != nil {
		return out, err
	}
	return r.made(ctx, sel, in, ranked, "")
}

func seatsOf(seats []review.Awarded) []ranking.Seat {
	all := make([]ranking.Seat, len(seats))
	for i, s := range seats {
		all[i] = ranking.Seat{Candidate: strconv.Itoa(s.Candidate), Award: s.Award}
	}
	return all
}
