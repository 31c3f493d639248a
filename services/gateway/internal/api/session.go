package api

import (
	"context"
	"net/http"
	"time"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/identity"
)

type signedIn struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      identity.Session
}

type signedOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (a *API) cookie(token string, expires time.Time) http.Cookie {
	return gateway.NewSessionCookie(token, expires, a.cfg.Secure)
}

func (a *API) sessionRoutes() {
	register(a, route{act: app.SignIn, at: "POST /sessions", summary: "Sign in", status: http.StatusCreated},
		func(ctx context.Context, in *body[gateway.SignIn]) (*signedIn, error) {
			s, err := a.app.SignIn(ctx, identity.SignIn{Email: in.Body.Email, Password: in.Body.Password})
			return &signedIn{a.cookie(s.Token, s.ExpiresAt), s}, err
		})
	register(a, route{act: app.SignOut, at: "DELETE /sessions/current", summary: "Sign out", status: http.StatusNoContent},
		func(ctx context.Context, _ *struct{}) (*signedOut, error) {
			return &signedOut{a.cookie("", time.Unix(1, 0))}, a.app.SignOut(ctx)
		})
}
