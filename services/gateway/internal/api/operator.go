package api

import (
	"context"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/identity"
)

type giveOperator struct {
	Reached
	Body gateway.GiveRole
}

// operatorRoutes are about the accounts of the whole installation.
func (a *API) operatorRoutes() {
	const staff = "/staff"
	serve(a, route{act: app.ListOperators, at: "GET " + staff, summary: "Who has a role in all selections"},
		func(ctx context.Context, _ *struct{}) ([]identity.Account, error) { return a.app.Operators(ctx) })
	serve(a, route{act: app.ChangeOperators, at: "PUT " + staff, summary: "Give a role in all selections; who is new is invited by mail"},
		func(ctx context.Context, in *giveOperator) (gateway.RoleGiven, error) {
			out, err := a.app.GiveOperator(ctx, invite("", in.Body))
			return a.given(out, in.Reached), err
		})
	serve(a, route{act: app.ChangeOperators, at: "DELETE " + staff, summary: "Take a role in all selections back"},
		func(ctx context.Context, in *body[gateway.ChangeRole]) (identity.Account, error) {
			return a.app.RevokeOperator(ctx, change("", in.Body))
		})
	serve(a, route{act: app.ChangeAccess, at: "POST /accounts/disable", summary: "Disable an account, and end its sessions"},
		func(ctx context.Context, in *body[gateway.ChangeAccess]) (identity.Account, error) {
			return a.app.DisableAccount(ctx, identity.ChangeAccess{Email: in.Body.Email, Reason: in.Body.Reason})
		})
	serve(a, route{act: app.ChangeAccess, at: "POST /accounts/enable", summary: "Enable an account again"},
		func(ctx context.Context, in *body[gateway.ChangeAccess]) (identity.Account, error) {
			return a.app.EnableAccount(ctx, identity.ChangeAccess{Email: in.Body.Email, Reason: in.Body.Reason})
		})
}
