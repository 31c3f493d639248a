package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// Selections gives all, newest first.
func (a *App) Selections(ctx context.Context) ([]selection.Selection, error) {
	return do(ctx, a, ListSelections, "", a.selection.ListSelections, struct{}{})
}

// Selection gives one: selection.Service.GetSelection.
func (a *App) Selection(ctx context.Context, slug string) (selection.Selection, error) {
	s, _, err := a.LookSelection(ctx, slug)
	return s, err
}

// LookSelection is Selection with the version of what it gives: cache.Cache.Look.
func (a *App) LookSelection(ctx context.Context, slug string) (selection.Selection, uint64, error) {
	ctx, err := a.may(ctx, ReadSelection, slug, "")
	if err != nil {
		return selection.Selection{}, 0, err
	}
	return a.selections.Look(ctx, slug)
}

// Candidates gives the whole list by number, struck ones too. Before the
// rulebook is frozen there are none. The caller does not change the list.
func (a *App) Candidates(ctx context.Context, slug string) ([]nomination.Candidate, error) {
	list, _, err := a.LookCandidates(ctx, slug)
	return list, err
}

// LookCandidates is Candidates with the version of the list, 0 for that of none.
func (a *App) LookCandidates(ctx context.Context, slug string) ([]nomination.Candidate, uint64, error) {
	ctx, err := a.may(ctx, ListCandidates, slug, "")
	if err != nil {
		return nil, 0, err
	}
	s, err := a.selections.Get(ctx, slug)
	if err != nil || s.FrozenAt == nil {
		return []nomination.Candidate{}, 0, err
	}
	return a.candidates.Look(ctx, slug)
}

// Candidate gives one with the whole story: nomination.Service.GetCandidate.
func (a *App) Candidate(ctx context.Context, slug string, number int) (nomination.Candidate, error) {
	c, _, err := a.LookCandidate(ctx, slug, number)
	return c, err
}

// LookCandidate is Candidate with the version of what it gives.
func (a *App) LookCandidate(ctx context.Context, slug string, number int) (nomination.Candidate, uint64, error) {
	ctx, err := a.may(ctx, ReadCandidate, slug, "")
	if err != nil {
		return nomination.Candidate{}, 0, err
	}
	if err := a.known(ctx, slug); err != nil {
		return nomination.Candidate{}, 0, err
	}
	return a.stories.Look(ctx, slug+"/"+strconv.Itoa(number))
}

func (a *App) story(ctx context.Context, key string) (nomination.Candidate, error) {
	slug, number, _ := strings.Cut(key, "/")
	n, err := strconv.Atoi(number)
	if err != nil {
		return nomination.Candidate{}, fmt.Errorf("candidate %.64q: %w", key, err)
	}
	return a.nomination.GetCandidate(ctx, nomination.OfCandidate{Slug: slug, Number: n})
}

// Tally gives the counts as far as the rulebook shows them at this time. Nobody
// changes them.
func (a *App) Tally(ctx context.Context, slug string) (voting.Tally, error) {
	return a.tally(ctx, slug, a.tallies.Get)
}

// freshTally is Tally as it is now, for live streams.
func (a *App) freshTally(ctx context.Context, slug string) (voting.Tally, error) {
	return a.tally(ctx, slug, a.askTally)
}

func (a *App) tally(ctx context.Context, slug string, get func(context.Context, string) (voting.Tally, error)) (voting.Tally, error) {
	ctx, err := a.may(ctx, ReadTally, slug, "")
	if err != nil {
		return voting.Tally{}, err
	}
	if err := a.known(ctx, slug); err != nil {
		return voting.Tally{}, err
	}
	return get(ctx, slug)
}

func (a *App) askTally(ctx context.Context, slug string) (voting.Tally, error) {
	return a.voting.GetTally(ctx, voting.Of{Slug: slug})
}

// Results gives the published outcome: selection.Service.GetResults.
func (a *App) Results(ctx context.Context, slug string) (selection.Results, error) {
	return do(ctx, a, ReadResults, slug, a.selection.GetResults, selection.Of{Slug: slug})
}

// allCandidates reads the list page by page.
func (a *App) allCandidates(ctx context.Context, slug string) ([]nomination.Candidate, error) {
	all := []nomination.Candidate{}
	for after := 0; ; {
		page, err := a.nomination.ListCandidates(ctx, nomination.ListCandidates{Slug: slug, After: after})
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			return all, nil
		}
		all = append(all, page...)
		after = page[len(page)-1].Number
	}
}

// ErrNotBegun says that nobody but the selection service has heard of a selection:
// its rulebook is not frozen.
var ErrNotBegun = fault.New(fault.Conflict, "selection_not_begun", "nominations have not opened yet; this can be done from then on")

// OrUnknown turns "not yet" about a selection that does not exist, or has not
// begun, into that: a room cannot tell the one from the other, the selection
// service can.
func (a *App) OrUnknown(ctx context.Context, slug string, err error) error {
	if !errors.Is(err, phase.ErrNotYet) {
		return err
	}
	switch s, unknown := a.selections.Get(ctx, slug); {
	case errors.Is(unknown, selection.ErrUnknown):
		return unknown
	case unknown == nil && s.FrozenAt == nil && s.Phase(rulebook.PhaseNomination).State == selection.Pending:
		return ErrNotBegun
	}
	return err
}

// known gives ErrUnknown for a selection that does not exist, so that what
// other services have not yet heard of stays "not yet".
func (a *App) known(ctx context.Context, slug string) error {
	_, err := a.selections.Get(ctx, slug)
	return err
}
