package api

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/identity"
)

type ofSession struct {
	ID string `path:"session" maxLength:"36" doc:"Id of a session"`
}

// accountRoutes are what holders do with their accounts.
func (a *API) accountRoutes() {
	const me = "/accounts/me"
	serve(a, route{act: app.ReadAccount, at: "GET " + me, summary: "The account that is signed in"},
		func(ctx context.Context, _ *struct{}) (identity.Account, error) { return a.app.Account(ctx) })
	serve(a, route{act: app.ClaimAccount, at: "POST /accounts/claim", summary: "Use a link: claim an account, prove its address, set its password"},
		func(ctx context.Context, in *body[gateway.ClaimAccount]) (identity.Account, error) {
			return a.app.ClaimAccount(ctx, in.Body)
		})
	register(a, route{
		act: app.ForgotPassword, at: "POST /accounts/forgot", status: http.StatusAccepted,
		summary: "Have a link mailed to set a new password; whether there is such an account is not told",
	},
		func(ctx context.Context, in *body[gateway.ForgotPassword]) (*struct{}, error) {
			return nil, a.app.AskReset(ctx, in.Body.Email)
		})
	serve(a, route{act: app.ChangePassword, at: "PUT " + me + "/password", summary: "Change one's password, and end one's other sessions"},
		func(ctx context.Context, in *body[gateway.ChangePassword]) (identity.Account, error) {
			return a.app.ChangePassword(ctx, in.Body)
		})
	serve(a, route{act: app.ReadSessions, at: "GET " + me + "/sessions", summary: "One's sessions, the last first"},
		func(ctx context.Context, _ *struct{}) ([]identity.OpenSession, error) { return a.app.Sessions(ctx) })
	serve(a, route{act: app.EndSessions, at: "DELETE " + me + "/sessions", summary: "End one's other sessions"},
		func(ctx context.Context, _ *struct{}) ([]identity.OpenSession, error) {
			return a.app.EndSessions(ctx, "")
		})
	serve(a, route{act: app.EndSessions, at: "DELETE " + me + "/sessions/{session}", summary: "End one of one's other sessions"},
		func(ctx context.Context, in *ofSession) ([]identity.OpenSession, error) {
			return a.app.EndSessions(ctx, in.ID)
		})
}
