package api

import (
	"context"
	"net/http"
	"time"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/identity"
)

type signInInput struct {
	Body struct {
		Email    string `json:"email" maxLength:"254"`
		Password string `json:"password" maxLength:"128"`
	}
}

type sessionOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      identity.Session
}

type signedOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (a *API) cookie(token string, expires time.Time) http.Cookie {
	return http.Cookie{
		Name: app.SessionCookie, Value: token, Path: "/", Expires: expires,
		HttpOnly: true, Secure: a.cfg.Secure, SameSite: http.SameSiteLaxMode,
	}
}

func (a *API) sessionRoutes() {
	register(a, route{method: http.MethodPost, path: "/sessions", summary: "Sign in", status: http.StatusCreated},
		func(ctx context.Context, in *signInInput) (*sessionOutput, error) {
			if err := a.app.AdmitSignIn(app.CallerOf(ctx).Address); err != nil {
				return nil, err
			}
			s, err := a.identity.SignIn(ctx, identity.SignIn{Email: in.Body.Email, Password: in.Body.Password})
			if err != nil {
				return nil, err
			}
			return &sessionOutput{a.cookie(s.Token, s.ExpiresAt), s}, nil
		})
	register(a, route{method: http.MethodDelete, path: "/sessions/current", summary: "Sign out", status: http.StatusNoContent, staff: true, late: true},
		func(ctx context.Context, _ *struct{}) (*signedOut, error) {
			token := app.CallerOf(ctx).Token
			if token == "" {
				return nil, app.ErrNoSession
			}
			_, err := a.identity.SignOut(ctx, identity.Token{Token: token})
			a.app.ForgetAccount(token)
			return &signedOut{a.cookie("", time.Unix(1, 0))}, err
		})
	register(a, route{method: http.MethodGet, path: "/accounts/me", summary: "The account that is signed in", staff: true},
		func(ctx context.Context, _ *struct{}) (*body[identity.Account], error) {
			_, account, err := a.app.SignedIn(ctx)
			return answer(account, err)
		})
}
