package api

import (
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
)

// strangersOut refuses whoever has no session before the body is read: a
// stranger does not make us hold megabytes.
func (a *API) strangersOut(ctx huma.Context, next func(huma.Context)) {
	_, _, err := a.app.SignedIn(ctx.Context())
	if err == nil {
		next(ctx)
		return
	}
	if err := problem.Write(humaecho.Unwrap(ctx), err); err != nil {
		a.cfg.Log.WarnContext(ctx.Context(), "answer not sent", "error", err)
	}
}
