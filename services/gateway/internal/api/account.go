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

type ofFactor struct {
	ID   string `path:"factor" maxLength:"36" doc:"Id of a factor"`
	Body gateway.Present
}

// factorRoutes are what holders do with their second factors, and how the first
// organizer comes to be.
func (a *API) factorRoutes() {
	const factors = "/accounts/me/factors"
	serve(a, route{
		act: app.SetUp, at: "POST /setup", status: http.StatusCreated,
		summary: "Create the first organizer, by the link that the installation printed",
	},
		func(ctx context.Context, in *body[gateway.SetUp]) (identity.Account, error) {
			return a.app.SetUp(ctx, in.Body)
		})
	serve(a, route{act: app.ReadFactors, at: "GET " + factors, summary: "One's second factors"},
		func(ctx context.Context, _ *struct{}) (identity.Factors, error) { return a.app.Factors(ctx) })
	serve(a, route{act: app.ChangeFactors, at: "POST " + factors, summary: "Begin to add a second factor"},
		func(ctx context.Context, in *body[gateway.BeginFactor]) (identity.FactorBegun, error) {
			return a.app.BeginFactor(ctx, in.Body)
		})
	serve(a, route{
		act: app.ChangeFactors, at: "POST " + factors + "/finish", status: http.StatusCreated,
		summary: "Show that the second factor is there, and have it added",
	},
		func(ctx context.Context, in *body[gateway.FinishFactor]) (identity.FactorAdded, error) {
			return a.app.FinishFactor(ctx, in.Body)
		})
	serve(a, route{act: app.ChangeFactors, at: "DELETE " + factors + "/{factor}", summary: "Remove a second factor"},
		func(ctx context.Context, in *ofFactor) (identity.Factors, error) {
			return a.app.RemoveFactor(ctx, in.ID, in.Body.Present)
		})
	serve(a, route{act: app.ChangeFactors, at: "POST /accounts/me/recovery-codes", summary: "New codes of recovery; those of before are no longer good"},
		func(ctx context.Context, in *body[gateway.Present]) (identity.RecoveryCodes, error) {
			return a.app.RenewRecovery(ctx, in.Body.Present)
		})
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
