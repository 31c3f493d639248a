package app

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// Result gives the computed result, before it is public.
func (a *App) Result(ctx context.Context, slug string) (review.Result, error) {
	return do(ctx, a, ReadResult, slug, a.review.GetResult, review.Of{Slug: slug})
}

// Computed is the computed result with the candidates' names.
type Computed struct {
	review.Result

	Computed ranking.Result
	Ranking  []selection.RankedCandidate // best first, as it would be published
	List     []nomination.Candidate      // all, struck ones too
	ByNumber map[int]nomination.Candidate
}

// Computed gives it. Faults: those of review.Service.GetResult.
func (a *App) Computed(ctx context.Context, slug string) (out Computed, err error) {
	if out.Result, err = a.Result(ctx, slug); err != nil {
		return out, err
	}
	if err := json.Unmarshal(out.Result.Ranking, &out.Computed); err != nil {
		return out, fmt.Errorf("result of %s: %w", slug, err)
	}
	if out.List, err = a.Candidates(ctx, slug); err != nil {
		return out, err
	}
	out.ByNumber = make(map[int]nomination.Candidate, len(out.List))
	for _, c := range out.List {
		out.ByNumber[c.Number] = c
	}
	for _, r := range out.Computed.Ranking {
		number, err := strconv.Atoi(r.Candidate)
		if err != nil {
			return out, fmt.Errorf("result of %s: %w", slug, err)
		}
		out.Ranking = append(out.Ranking, selection.RankedCandidate{
			Number: number, Name: out.ByNumber[number].Name, Employer: out.ByNumber[number].Employer, Rank: r.Rank, Total: r.Total,
			Components: r.Components, Award: r.Award, Explain: r.Explain,
		})
	}
	return out, nil
}

// TryResult computes what other rules would make of it:
// review.Service.TryResult.
func (a *App) TryResult(ctx context.Context, in review.TryResult) (review.Trial, error) {
	return do(ctx, a, TryResult, in.Slug, a.review.TryResult, in)
}

// Sensitivity tells how much hangs on each figure of the rulebook:
// review.Service.GetSensitivity.
func (a *App) Sensitivity(ctx context.Context, slug string) (review.Sensitivities, error) {
	return do(ctx, a, ReadResult, slug, a.review.GetSensitivity, review.Of{Slug: slug})
}
