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
	Status    int         // 202: the challenge has to be answered first
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      identity.Session
}

// opened is the answer to a sign-in.
func (a *API) opened(s identity.Session) *signedIn {
	if s.Challenge != nil { // and the session of before ends: whoever signs in is somebody else
		return &signedIn{http.StatusAccepted, a.cookie("", time.Unix(1, 0)), s}
	}
	return &signedIn{http.StatusCreated, a.cookie(s.Token, s.ExpiresAt), s}
}

type signedOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (a *API) cookie(token string, expires time.Time) http.Cookie {
	return gateway.NewSessionCookie(token, expires, a.cfg.Secure)
}

func (a *API) sessionRoutes() {
	register(a, route{act: app.SignIn, at: "POST /sessions", summary: "Sign in; 202 asks for a second factor", status: http.StatusCreated, challenged: true},
		func(ctx context.Context, in *body[gateway.SignIn]) (*signedIn, error) {
			s, err := a.app.SignIn(ctx, identity.SignIn{Email: in.Body.Email, Password: in.Body.Password})
			return a.opened(s), err
		})
	register(a, route{act: app.SignIn, at: "POST /sessions/second", summary: "Sign in: the second factor", status: http.StatusCreated},
		func(ctx context.Context, in *body[gateway.ProveSecond]) (*signedIn, error) {
			s, err := a.app.ProveSecond(ctx, in.Body)
			return a.opened(s), err
		})
	serve(a, route{act: app.SignIn, at: "POST /sessions/passkey/begin", summary: "Sign in by a passkey alone: what to ask it"},
		func(ctx context.Context, _ *struct{}) (identity.PasskeyWanted, error) { return a.app.AskPasskey(ctx) })
	register(a, route{act: app.SignIn, at: "POST /sessions/passkey", summary: "Sign in by a passkey alone", status: http.StatusCreated},
		func(ctx context.Context, in *body[gateway.SignInByPasskey]) (*signedIn, error) {
			s, err := a.app.SignInByPasskey(ctx, in.Body)
			return a.opened(s), err
		})
	register(a, route{act: app.SignOut, at: "DELETE /sessions/current", summary: "Sign out", status: http.StatusNoContent},
		func(ctx context.Context, _ *struct{}) (*signedOut, error) {
			return &signedOut{a.cookie("", time.Unix(1, 0))}, a.app.SignOut(ctx)
		})
}
