package app

import (
	"context"

	"github.com/laurel-awards/laurel/services/selection"
)

// Notice gives what is on public notice: selection.Service.GetNotice. The caller
// does not change it.
func (a *App) Notice(ctx context.Context, slug string) (selection.Notice, error) {
	return do(ctx, a, ReadNotice, slug, a.notices.Get, slug)
}
