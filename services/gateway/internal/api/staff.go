package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/review"
)

type accountInput struct {
	Body struct {
		Email    string `json:"email" maxLength:"254"`
		Name     string `json:"name" maxLength:"400"`
		Password string `json:"password" maxLength:"128" doc:"At least 10 characters"`
	}
}

type roleInput struct {
	InSelection
	Body struct {
		Email string        `json:"email" maxLength:"254"`
		Role  identity.Role `json:"role" enum:"organizer,vetter,juror,committee,auditor"`
		Scope string        `json:"scope,omitempty" maxLength:"64" doc:"Department of a vetter, panel of a juror"`
	}
}

func (in roleInput) change() identity.Change {
	return identity.Change{Email: in.Body.Email, Grant: identity.Grant{Slug: in.Slug, Role: in.Body.Role, Scope: in.Body.Scope}}
}

func (a *API) staffRoutes() {
	register(a, route{method: http.MethodPost, path: "/accounts", summary: "Create a staff account", status: http.StatusCreated, staff: true},
		func(ctx context.Context, in *accountInput) (*body[identity.Account], error) {
			ctx, account, err := a.app.SignedIn(ctx)
			if err != nil {
				return nil, err
			}
			if !organizes(account) {
				return nil, app.ErrForbidden
			}
			return answer(a.identity.CreateAccount(ctx, identity.CreateAccount{Email: in.Body.Email, Name: in.Body.Name, Password: in.Body.Password}))
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/staff", summary: "Who has a role in a selection", staff: true},
		func(ctx context.Context, in *InSelection) (*body[[]identity.Account], error) {
			ctx, err := a.app.May(ctx, in.Slug, identity.Organizer, identity.Auditor)
			if err != nil {
				return nil, err
			}
			return answer(a.identity.ListStaff(ctx, identity.ListStaff{Slug: in.Slug}))
		})
	for method, act := range map[string]func(context.Context, identity.Change) (identity.Account, error){
		http.MethodPut: a.identity.GrantRole, http.MethodDelete: a.identity.RevokeRole,
	} {
		summary := "Give a role"
		if method == http.MethodDelete {
			summary = "Take a role back"
		}
		register(a, route{method: method, path: "/selections/{slug}/staff", summary: summary, staff: true},
			func(ctx context.Context, in *roleInput) (*body[identity.Account], error) {
				ctx, err := a.app.May(ctx, in.Slug, identity.Organizer)
				if err != nil {
					return nil, err
				}
				if err := a.known(ctx, in.Slug); err != nil {
					return nil, err
				}
				return answer(act(ctx, in.change()))
			})
	}
}

// organizes tells whether an account is an organizer of anything.
func organizes(a identity.Account) bool {
	return slices.ContainsFunc(a.Grants, func(g identity.Grant) bool { return g.Role == identity.Organizer })
}

// people finds accounts by email. field names the list in a fault.
func (a *API) people(ctx context.Context, field string, emails []string) ([]review.Person, error) {
	people := make([]review.Person, 0, len(emails))
	var missing []fault.Field
	for i, email := range emails {
		account, err := a.identity.FindAccount(ctx, identity.Lookup{Email: email})
		if errors.Is(err, identity.ErrNoAccount) {
			missing = append(missing, fault.Field{Name: fmt.Sprintf("%s[%d]", field, i), Message: identity.ErrNoAccount.Message})
			continue
		}
		if err != nil {
			return nil, err
		}
		people = append(people, review.Person{ID: account.ID, Name: account.Name})
	}
	return people, review.ErrInvalid.Check(missing)
}

// appoint gives each account a role, once the service has taken its holder: a
// refused list leaves no role behind, and a list sent again completes one that
// broke off.
func (a *API) appoint(ctx context.Context, emails []string, g identity.Grant) error {
	for _, email := range emails {
		if _, err := a.identity.GrantRole(ctx, identity.Change{Email: email, Grant: g}); err != nil {
			return err
		}
	}
	return nil
}
