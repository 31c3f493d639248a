package app

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"

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
	if out.Computed, err = a.read.result(out.Result.Ranking); err != nil {
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

// readResults keeps the results that were read last, by their bytes: the pages of one
// are read one after another, and one of thousands of candidates takes a tenth of a
// second.
type readResults struct {
	mu   sync.Mutex
	kept map[[sha256.Size]byte]ranking.Result
}

// maxRead is how many are kept.
const maxRead = 4

// result reads a result's JSON. Callers share it and do not change it.
func (r *readResults) result(text []byte) (out ranking.Result, err error) {
	sum := sha256.Sum256(text)
	r.mu.Lock()
	out, ok := r.kept[sum]
	r.mu.Unlock()
	if ok {
		return out, nil
	}
	if err := json.Unmarshal(text, &out); err != nil {
		return out, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil || len(r.kept) >= maxRead {
		r.kept = map[[sha256.Size]byte]ranking.Result{}
	}
	r.kept[sum] = out
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
