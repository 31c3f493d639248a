package result

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/watch"
)

// A trial, which somebody waits for while they move a slider, has this part of the
// budget of a search that somebody waits for.
const tryPart = 10

// open gives what the result in force was computed from, to whoever may see it.
func (r *Results) open(ctx context.Context, slug string) (*ranking.Input, inputs, error) {
	var in inputs
	sel, err := r.deps.Selections.Get(ctx, r.deps.DB, slug)
	if err != nil {
		return nil, in, err
	}
	if err := watch.Result(ctx, r.deps.DB, slug); err != nil {
		return nil, in, err
	}
	if in, err = r.inputs(ctx, r.deps.DB, sel); err != nil {
		return nil, in, err
	}
	input, err := in.put(sel)
	return input, in, err
}

// turnWait is how long a computation waits for its turn: shorter than a caller
// waits for its answer.
const turnWait = 2 * time.Second

// computing waits for its turn: however many ask, one such computation takes a
// processor at a time.
func (r *Results) computing(ctx context.Context) (end func(), err error) {
	enough := time.NewTimer(turnWait)
	defer enough.Stop()
	select {
	case r.turn <- struct{}{}:
		return func() { <-r.turn }, nil
	case <-enough.C:
		return nil, review.ErrBusy
	case <-ctx.Done():
		return nil, review.ErrBusy.Because(ctx.Err())
	}
}

// TryResult implements review.Service.
func (r *Results) TryResult(ctx context.Context, in review.TryResult) (out review.Trial, err error) {
	input, from, err := r.open(ctx, in.Slug)
	if err != nil {
		return out, err
	}
	scenario, err := scenarioOf(input, in)
	if err != nil {
		return out, err
	}
	end, err := r.computing(ctx)
	if err != nil {
		return out, err
	}
	defer end()
	options := ranking.Options{Lot: from.lot, Budget: r.budget / tryPart}
	own, err := input.Rank(options)
	if err != nil {
		return out, err
	}
	tried, err := input.WhatIf(options, scenario)
	if err != nil {
		return out, err
	}
	if out.Seats, err = r.seats(ctx, in.Slug, input, from.scores); err != nil {
		return out, err
	}
	before := make(map[string]ranking.Ranked, len(own.Ranking))
	for _, c := range own.Ranking {
		before[c.Candidate] = c
	}
	out.Ties = tried.Ties
	for _, a := range tried.Awards {
		out.Awards = append(out.Awards, review.TrialAward{ID: a.Award, Open: a.Open})
	}
	for _, c := range tried.Ranking {
		number, err := strconv.Atoi(c.Candidate)
		if err != nil {
			return out, fmt.Errorf("trial: %w", err)
		}
		was := before[c.Candidate]
		out.Ranked = append(out.Ranked, review.TrialRanked{
			Number: number, Rank: c.Rank, Total: c.Total, Award: c.Award, Own: review.Placed{Rank: was.Rank, Total: was.Total, Award: was.Award},
		})
	}
	return out, nil
}

// scenarioOf reads what is to be tried, and names every mistake in it.
func scenarioOf(input *ranking.Input, in review.TryResult) (ranking.Scenario, error) {
	s := ranking.Scenario{Weights: map[string]rulebook.Number{}, Converts: map[string]rulebook.Convert{}}
	var wrong []fault.Field
	known := func(name, source string) bool {
		ok := slices.ContainsFunc(input.Rulebook().Composite.Components, func(c rulebook.Component) bool { return c.Source == source })
		if !ok {
			wrong = append(wrong, fault.Wrong(name, "component_unknown", "no component of the source {source}", "source", source))
		}
		return ok
	}
	for source, text := range in.Weights {
		name := "weights." + source
		weight, err := rulebook.ParseNumber(text)
		switch {
		case !known(name, source):
		case err != nil:
			wrong = append(wrong, fault.Wrong(name, "not_a_weight", "is not a number such as 40%, 0.4 or 2/5"))
		case weight.Sign() < 0:
			wrong = append(wrong, fault.Wrong(name, "negative", "{value} is negative", "value", text))
		default:
			s.Weights[source] = weight
		}
	}
	for source, text := range in.Converts {
		name := "converts." + source
		if len(text) > maxConvert {
			wrong = append(wrong, fault.TooLong(name, maxConvert))
			continue
		}
		convert, err := rulebook.ParseConvert([]byte(text))
		switch {
		case !known(name, source):
		case err != nil:
			wrong = append(wrong, fault.Wrong(name, "not_a_conversion", "is no conversion of a rulebook"))
		default:
			s.Converts[source] = convert
		}
	}
	for i, seat := range in.Without {
		name, juror := fmt.Sprintf("without[%d]", i), ranking.Juror(seat)
		switch {
		case !input.HasJuror(juror):
			wrong = append(wrong, fault.Wrong(name, "juror_unknown", "panel {panel} has no juror {juror}", "panel", seat.Panel, "juror", seat.Juror))
		case slices.Contains(s.Without, juror):
			wrong = append(wrong, fault.Wrong(name, "juror_twice", "juror {juror} is named twice", "juror", seat.Juror))
		default:
			s.Without = append(s.Without, juror)
		}
	}
	slices.SortFunc(wrong, func(a, b fault.Field) int { return cmp.Compare(a.Name, b.Name) })
	return s, review.ErrInvalid.Check(wrong)
}

// maxConvert is the longest conversion in characters.
const maxConvert = 2000

// seats are those with scores, with names where the caller may watch the panel.
func (r *Results) seats(ctx context.Context, slug string, input *ranking.Input, scores []score) ([]review.TrialSeat, error) {
	var rows []struct {
		Panel string `db:"panel"`
		Seat  int    `db:"seat"`
		Name  string `db:"name"`
	}
	if err := r.deps.DB.SelectContext(ctx, &rows, `SELECT panel, seat, name FROM juror WHERE slug = $1`, slug); err != nil {
		return nil, fmt.Errorf("seats: %w", err)
	}
	names, watched := map[review.Seat]string{}, map[string]bool{}
	for _, p := range input.Rulebook().Review.Panels {
		watched[p.ID] = watch.Panel(ctx, r.deps.DB, slug, p.ID) == nil
	}
	for _, one := range rows {
		if watched[one.Panel] {
			names[review.Seat{Panel: one.Panel, Juror: "J" + strconv.Itoa(one.Seat)}] = one.Name
		}
	}
	seats := []review.TrialSeat{}
	for _, s := range scores { // by panel and seat
		seat := review.Seat{Panel: s.Panel, Juror: s.Juror}
		if n := len(seats); n > 0 && seats[n-1].Seat == seat || !input.HasJuror(ranking.Juror(seat)) {
			continue
		}
		seats = append(seats, review.TrialSeat{Seat: seat, Name: names[seat]})
	}
	return seats, nil
}

// GetSensitivity implements review.Service.
func (r *Results) GetSensitivity(ctx context.Context, in review.Of) (out review.Sensitivities, err error) {
	input, from, err := r.open(ctx, in.Slug)
	if err != nil {
		return out, err
	}
	end, err := r.computing(ctx)
	if err != nil {
		return out, err
	}
	defer end()
	options := ranking.Options{Lot: from.lot, Budget: r.budget}
	weights, err := input.Sensitivities(options, ranking.Scenario{})
	if err != nil {
		return out, err
	}
	for _, w := range weights {
		out.Weights = append(out.Weights, review.WeightMove{
			Source: w.Source, Weight: w.Weight, Lower: (*review.WeightShift)(w.Lower), Upper: (*review.WeightShift)(w.Upper),
		})
	}
	report, err := input.Quotas(options, ranking.Scenario{})
	if err != nil {
		return out, err
	}
	out.Quotas = report.Moves
	return out, nil
}
