package app

import (
	"context"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/review"
)

// Oversight tells how the jurors of a panel agree.
func (a *App) Oversight(ctx context.Context, of review.OfPanel) (review.Oversight, error) {
	return do(ctx, a, ReadOversight, of.Slug, a.review.GetOversight, of)
}

// History gives every submitted revision of a candidate's sheets, by seat.
func (a *App) History(ctx context.Context, of review.OfCandidate) ([]review.Revision, error) {
	return do(ctx, a, ReadHistory, of.Slug, a.review.GetHistory, of)
}

// Conflicts gives a panel's conflicts and what was said of them.
func (a *App) Conflicts(ctx context.Context, of review.OfPanel) ([]review.Conflict, error) {
	return do(ctx, a, ReadConflicts, of.Slug, a.review.ListConflicts, of)
}

// DeclareConflict is the acting juror's word that they must not score a
// candidate.
func (a *App) DeclareConflict(ctx context.Context, in review.DeclareConflict) (review.Declared, error) {
	return doIn(ctx, a, DeclareConflict, in.Slug, in.Panel, a.review.DeclareConflict, in)
}

// PinConflict says whether a juror may score a candidate.
func (a *App) PinConflict(ctx context.Context, of review.OfPanel, in gateway.PinConflict) (review.Conflict, error) {
	ctx, err := a.may(ctx, PinConflict, of.Slug, "")
	if err != nil {
		return review.Conflict{}, err
	}
	juror, err := a.person(ctx, of.Slug, "juror", in.Juror)
	if err != nil {
		return review.Conflict{}, err
	}
	return a.review.PinConflict(ctx, review.PinConflict{
		Slug: of.Slug, Panel: of.Panel, Juror: juror.ID, Candidate: in.Candidate, Conflicted: in.Conflicted, Reason: in.Reason,
	})
}

// RecuseJuror takes a candidate from a juror.
func (a *App) RecuseJuror(ctx context.Context, of review.OfPanel, in gateway.RecuseJuror) (review.Panel, error) {
	ctx, err := a.may(ctx, RecuseJuror, of.Slug, "")
	if err != nil {
		return review.Panel{}, err
	}
	juror, err := a.person(ctx, of.Slug, "juror", in.Juror)
	if err != nil {
		return review.Panel{}, err
	}
	return a.review.RecuseJuror(ctx, review.RecuseJuror{
		Slug: of.Slug, Panel: of.Panel, Juror: juror.ID, Candidate: in.Candidate, Reason: in.Reason,
	})
}
