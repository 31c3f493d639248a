package api

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
)

func (a *API) statementRoutes() {
	const path = "/selections/{slug}/statement"
	register(a, route{method: http.MethodGet, path: path, summary: "A signed statement of the ballots recorded for a voter, or of none", media: "text/plain"},
		func(ctx context.Context, in *InSelection) (*text, error) {
			voter, err := a.app.Voter(app.CallerOf(ctx).Token, in.Slug)
			if err != nil {
				return nil, named(err, "Authorization")
			}
			s, err := a.app.Statement(ctx, voter)
			return &text{plainText, []byte(s.Statement)}, err
		})
	a.huma.OpenAPI().Paths["/api/v1"+path].Get.Security = []map[string][]string{{"credential": {}}}
}
