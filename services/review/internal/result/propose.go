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
// Faults: why no result could be computed, ErrDecided, ErrSearching, ErrInvalid
// (seats).
func (r *Results) Propose(ctx context.Context, q sqlx.ExtContext, sel phase.Selection, seats []review.Awarded) (out review.Result, err error) {
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
	options := ranking.Options{Seats: []ranking.Seat{}}
	for _, s := range seats {
		options.Seats = append(options.Seats, ranking.Seat{Candidate: strconv.Itoa(s.Candidate), Award: s.Award})
	}
	ranked, err := in.rank(sel, options)
	if fault.HasCode(err, ranking.CodeSeats) {
		err = review.ErrInvalid.At(fault.From(err).Fields...)
	}
	if err != nil {
		return out, err
	}
	return r.made(ctx, sel, in, ranked)
}
