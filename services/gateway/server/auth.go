package server

import (
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// auth finds out who asks, on all routes: the address, and a token or the cookie
// of a staff session. Requests to the API are counted, and without a token
// another site's page does nothing there: neither by a cookie's power nor in its
// visitors' names. (Pages have the same protection for their forms.) The answer
// has its request's id already, by which services know it.
func auth(a *app.App, origin web.CrossOrigin, secure bool) echo.MiddlewareFunc {
	session := gateway.SessionCookieName(secure)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			req := c.Request()
			caller := app.Caller{Address: limit.Network(c.RealIP())}
			token, isProgram := bearer(c)
			if isProgram {
				caller.Token = token
			} else if cookie, err := req.Cookie(session); err == nil {
				caller.Token = cookie.Value
			}
			ctx := actor.WithRequest(req.Context(), c.Response().Header().Get(echo.HeaderXRequestID))
			c.SetRequest(req.WithContext(app.WithCaller(ctx, caller)))
			if strings.HasPrefix(req.URL.Path, "/api/") {
				if err := a.Admit(caller.Address); err != nil {
					return err
				}
				if !isProgram {
					if err := origin.Check(req); err != nil {
						return err
					}
				}
			}
			return next(c)
		}
	}
}

// bearer is the token of an Authorization header; the scheme's case means
// nothing (RFC 9110, section 11.1).
func bearer(c echo.Context) (token string, ok bool) {
	scheme, token, ok := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	return token, ok && strings.EqualFold(scheme, "Bearer")
}
