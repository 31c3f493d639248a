package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
	"github.com/laurel-awards/laurel/services/identity"
)

// SessionCookie holds a staff session's token in browsers.
const SessionCookie = "laurel_session"

// visitor is what is known of a caller before anybody is asked.
type visitor struct {
	address string // of the client, or its network
	token   string // bearer token or session cookie
}

type visitorKey struct{}

func visitorOf(ctx context.Context) visitor {
	v, _ := ctx.Value(visitorKey{}).(visitor)
	return v
}

// Door is the middleware of all routes: it counts the address's API requests,
// takes the token, and lets other sites' pages do nothing without one: neither
// by a cookie's power nor in their visitors' names. The answer has its request's
// id already, by which services know it.
func (a *API) Door() echo.MiddlewareFunc {
	csrf := http.NewCrossOriginProtection()
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			req := c.Request()
			v, err := a.visitor(req, limit.Network(c.RealIP()), csrf)
			ctx := actor.WithRequest(req.Context(), c.Response().Header().Get(echo.HeaderXRequestID))
			c.SetRequest(req.WithContext(context.WithValue(ctx, visitorKey{}, v)))
			if err != nil {
				return err
			}
			return next(c)
		}
	}
}

func (a *API) visitor(req *http.Request, address string, csrf *http.CrossOriginProtection) (visitor, error) {
	v := visitor{address: address}
	api := strings.HasPrefix(req.URL.Path, "/api/")
	if api {
		if err := a.requests.Take(address); err != nil {
			return v, err
		}
	}
	if token, ok := bearer(req); ok {
		v.token = token
		return v, nil
	}
	if !api { // pages have their own proof, and take no session
		return v, nil
	}
	if err := csrf.Check(req); err != nil {
		return v, errCrossOrigin.Because(err)
	}
	if cookie, err := req.Cookie(SessionCookie); err == nil {
		v.token = cookie.Value
	}
	return v, nil
}

// bearer is the token of an Authorization header; the scheme's case means
// nothing (RFC 9110, section 11.1).
func bearer(req *http.Request) (token string, ok bool) {
	scheme, token, ok := strings.Cut(req.Header.Get(echo.HeaderAuthorization), " ")
	return token, ok && strings.EqualFold(scheme, "Bearer")
}

var (
	errCrossOrigin = fault.New(fault.Forbidden, "cross_origin", "another site's page needs a token: Authorization: Bearer TOKEN")

	errNoSession = fault.New(fault.Unauthorized, "session_missing", "sign in first: Authorization: Bearer TOKEN")
	errForbidden = fault.New(fault.Forbidden, "role_missing", "your account does not have the role for this")
)

// maxToken is the longest session token in characters.
const maxToken = 128

// signedIn gives the account that asks, and a context in which it acts.
func (a *API) signedIn(ctx context.Context) (context.Context, identity.Account, error) {
	token := visitorOf(ctx).token
	if token == "" {
		return ctx, identity.Account{}, errNoSession
	}
	if len(token) > maxToken {
		return ctx, identity.Account{}, identity.ErrSession
	}
	account, err := a.accounts.Get(ctx, token)
	if err != nil {
		return ctx, identity.Account{}, err
	}
	return actor.With(ctx, actor.Actor{Kind: actor.Staff, ID: account.ID, Name: account.Name}), account, nil
}

// strangersOut refuses whoever has no session before the body is read: a
// stranger does not make us hold megabytes.
func (a *API) strangersOut(ctx huma.Context, next func(huma.Context)) {
	_, _, err := a.signedIn(ctx.Context())
	if err == nil {
		next(ctx)
		return
	}
	if err := problem.Write(humaecho.Unwrap(ctx), err); err != nil {
		a.cfg.Log.WarnContext(ctx.Context(), "answer not sent", "error", err)
	}
}

// may lets an account pass that has one of the roles in the selection.
func (a *API) may(ctx context.Context, slug string, roles ...identity.Role) (context.Context, error) {
	return a.mayIn(ctx, slug, "", roles...)
}

// mayIn is may in a department or panel. Before it refuses it asks again: the
// role may have been given since the account was kept.
func (a *API) mayIn(ctx context.Context, slug, scope string, roles ...identity.Role) (context.Context, error) {
	acting, account, err := a.signedIn(ctx)
	if err == nil && !hasOne(account, slug, scope, roles) {
		a.accounts.Drop(visitorOf(ctx).token)
		if acting, account, err = a.signedIn(ctx); err == nil && !hasOne(account, slug, scope, roles) {
			err = errForbidden
		}
	}
	if err != nil {
		return ctx, err
	}
	return acting, nil
}

func hasOne(account identity.Account, slug, scope string, roles []identity.Role) bool {
	return slices.ContainsFunc(roles, func(r identity.Role) bool { return account.May(slug, r, scope) })
}
