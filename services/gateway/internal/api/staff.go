package api

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/identity"
)

func change(in *about[gateway.ChangeRole]) identity.Change {
	return identity.Change{Email: in.Body.Email, Grant: identity.Grant{Slug: in.Slug, Role: in.Body.Role, Scope: in.Body.Scope}}
}

func (a *API) staffRoutes() {
	const staff = "/selections/{slug}/staff"
	serve(a, route{act: app.CreateAccount, at: "POST /accounts", summary: "Create a staff account", status: http.StatusCreated},
		func(ctx context.Context, in *body[gateway.CreateAccount]) (identity.Account, error) {
			return a.app.CreateAccount(ctx, identity.CreateAccount{Email: in.Body.Email, Name: in.Body.Name, Password: in.Body.Password})
		})
	serve(a, route{act: app.ListStaff, at: "GET " + staff, summary: "Who has a role in a selection"},
		func(ctx context.Context, in *InSelection) ([]identity.Account, error) {
			return a.app.Staff(ctx, in.Slug)
		})
	serve(a, route{act: app.ChangeRole, at: "PUT " + staff, summary: "Give a role"},
		func(ctx context.Context, in *about[gateway.ChangeRole]) (identity.Account, error) {
			return a.app.GrantRole(ctx, change(in))
		})
	serve(a, route{act: app.ChangeRole, at: "DELETE " + staff, summary: "Take a role back"},
		func(ctx context.Context, in *about[gateway.ChangeRole]) (identity.Account, error) {
			return a.app.RevokeRole(ctx, change(in))
		})
}
