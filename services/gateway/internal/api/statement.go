package api

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/voting"
)

func (a *API) statementRoutes() {
	const path = "/selections/{slug}/statement"
	register(a, route{method: http.MethodGet, path: path, summary: "A signed statement of the ballots recorded for a voter, or of none", media: "text/plain"},
		func(ctx context.Context, in *InSelection) (*text, error) {
			voter, err := a.Voter(visitorOf(ctx).token, in.Slug)
			if err != nil {
				return nil, named(err, "Authorization")
			}
			s, err := a.Statement(ctx, voter)
			return &text{plainText, []byte(s.Statement)}, err
		})
	a.huma.OpenAPI().Paths["/api/v1"+path].Get.Security = []map[string][]string{{"credential": {}}}
}

// Statement says, signed, what is recorded for a voter. It takes from the rate
// of the voter's ballots. Faults: voting's, too_many_requests.
func (a *API) Statement(ctx context.Context, voter credential.Voter) (voting.Statement, error) {
	if err := a.ballots.Take(string(voter.ID[:])); err != nil {
		return voting.Statement{}, err
	}
	return a.voting.GetStatement(ctx, voting.StatementOf{Slug: voter.Slug, Voter: voter.ID})
}
