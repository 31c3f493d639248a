package server

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
)

var errCrossOrigin = fault.New(fault.Forbidden, "cross_origin", "another site's page needs a token: Authorization: Bearer TOKEN")

// auth finds out who asks, on all routes: it counts the address's API requests,
// takes the token, and lets other sites' pages do nothing without one: neither
// by a cookie's power nor in their visitors' names. The answer has its request's
// id already, by which services know it.
func auth(a *app.App) echo.MiddlewareFunc {
	csrf := http.NewCrossOriginProtection()
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			req := c.Request()
			caller, err := callerOf(a, req, limit.Network(c.RealIP()), csrf)
			ctx := actor.WithRequest(req.Context(), c.Response().Header().Get(echo.HeaderXRequestID))
			c.SetRequest(req.WithContext(app.WithCaller(ctx, caller)))
			if err != nil {
				return err
			}
			return next(c)
		}
	}
}

func callerOf(a *app.App, req *http.Request, address string, csrf *http.CrossOriginProtection) (app.Caller, error) {
	caller := app.Caller{Address: address}
	api := strings.HasPrefix(req.URL.Path, "/api/")
	if api {
		if err := a.Admit(address); err != nil {
			return caller, err
		}
	}
	if token, ok := bearer(req); ok {
		caller.Token = token
		return caller, nil
	}
	if api {
		if err := csrf.Check(req); err != nil {
			return caller, errCrossOrigin.Because(err)
		}
	}
	if cookie, err := req.Cookie(app.SessionCookie); err == nil {
		caller.Token = cookie.Value
	}
	return caller, nil
}

// bearer is the token of an Authorization header; the scheme's case means
// nothing (RFC 9110, section 11.1).
func bearer(req *http.Request) (token string, ok bool) {
	scheme, token, ok := strings.Cut(req.Header.Get(echo.HeaderAuthorization), " ")
	return token, ok && strings.EqualFold(scheme, "Bearer")
}
