package api

import (
	"context"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/selection"
)

func (a *API) noticeRoutes() {
	serve(a, route{act: app.ReadNotice, at: "GET /selections/{slug}/notice", summary: "The decision on public notice"},
		func(ctx context.Context, in *InSelection) (selection.Notice, error) {
			return a.app.Notice(ctx, in.Slug)
		})
}
