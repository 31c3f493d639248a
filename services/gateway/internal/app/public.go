package app

import (
	"context"
	"errors"

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
	return do(ctx, a, ReadSelection, slug, a.selections.Get, slug)
}

// Candidates gives the whole list by number, struck ones too. Before the
// rulebook is frozen there are none. The caller does not change the list.
func (a *App) Candidates(ctx context.Context, slug string) ([]nomination.Candidate, error) {
	ctx, err := a.may(ctx, ListCandidates, slug, "")
	if err != nil {
		return nil, err
	}
	s, err := a.selections.Get(ctx, slug)
	if err != nil || s.FrozenAt == nil {
		return []nomination.Candidate{}, err
	}
	return a.candidates.Get(ctx, slug)
}

// Candidate gives one with the whole story: nomination.Service.GetCandidate.
func (a *App) Candidate(ctx context.Context, slug string, number int) (nomination.Candidate, error) {
	ctx, err := a.may(ctx, ReadCandidate, slug, "")
	if err != nil {
		return nomination.Candidate{}, err
	}
	if err := a.known(ctx, slug); err != nil {
		return nomination.Candidate{}, err
	}
	return a.nomination.GetCandidate(ctx, nomination.OfCandidate{Slug: slug, Number: number})
}

// Tally gives the counts as far as the rulebook shows them at this time.
func (a *App) Tally(ctx context.Context, slug string) (voting.Tally, error) {
	ctx, err := a.may(ctx, ReadTally, slug, "")
	if err != nil {
		return voting.Tally{}, err
	}
	if err := a.known(ctx, slug); err != nil {
		return voting.Tally{}, err
	}
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
