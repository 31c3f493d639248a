package app

import (
	"context"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/review"
)

// OrderSearch goes on with the search for who can be seated under the quotas.
func (a *App) OrderSearch(ctx context.Context, in review.OrderSearch) (gateway.Search, error) {
	return toldSearch(do(ctx, a, OrderSearch, in.Slug, a.review.OrderSearch, in))
}

// CancelSearch ends the search that is at work: who may order it may do so.
func (a *App) CancelSearch(ctx context.Context, slug string) (gateway.Search, error) {
	return toldSearch(do(ctx, a, OrderSearch, slug, a.review.CancelSearch, review.Of{Slug: slug}))
}

// Search tells how far it is.
func (a *App) Search(ctx context.Context, slug string) (gateway.Search, error) {
	return toldSearch(do(ctx, a, ReadSearch, slug, a.review.GetSearch, review.Of{Slug: slug}))
}

func toldSearch(s review.Search, err error) (gateway.Search, error) {
	told := gateway.Search{Undecided: s.Undecided, Work: s.Work, Budget: s.Budget}
	if s.Job != nil {
		told.Job = toldJob(review.Name, *s.Job)
	}
	return told, err
}
