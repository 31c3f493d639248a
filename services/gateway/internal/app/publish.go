package app

import (
	"context"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// PreviewResults gives what PublishResult would make public now, and what stands
// in its way: selection.Service.PreviewResults. Before that, review decides
// whether the caller may see a result. Fault: review.ErrRecused.
func (a *App) PreviewResults(ctx context.Context, slug string) (selection.Preview, error) {
	ctx, err := a.may(ctx, PublishResult, slug, "")
	if err != nil {
		return selection.Preview{}, err
	}
	s, err := a.selections.Get(ctx, slug)
	if err != nil {
		return selection.Preview{}, err
	}
	if s.PublishedAt == nil && s.Decided {
		if _, err := a.review.GetResult(ctx, review.Of{Slug: slug}); fault.Is(err, fault.Forbidden) {
			return selection.Preview{}, err
		}
	}
	return a.selection.PreviewResults(ctx, selection.Of{Slug: slug})
}

// PublishResult makes the result public, once its files are made:
// selection.Service.PublishResult.
func (a *App) PublishResult(ctx context.Context, in selection.PublishResult) (selection.Results, error) {
	ctx, err := a.may(ctx, PublishResult, in.Slug, "")
	if err != nil {
		return selection.Results{}, err
	}
	if err := a.filesMade(ctx, in.Slug); err != nil {
		return selection.Results{}, err
	}
	defer a.selections.Drop(in.Slug)
	public, err := a.selection.PublishResult(ctx, in)
	if err == nil {
		a.orderBundle(ctx, in.Slug)
	}
	return public, err
}
