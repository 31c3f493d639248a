package server

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/guard"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
)

// maxRequestID is the longest request id that is taken from a client.
const maxRequestID = 64

// requests gives each request its id, answers errors and panics, and logs
// what failed.
func requests(log *slog.Logger) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			req, started := c.Request(), time.Now()
			id := req.Header.Get(echo.HeaderXRequestID)
			if !sane(id) {
				id = uuid.NewString()
			}
			c.Response().Header().Set(echo.HeaderXRequestID, id)
			err := guarded(next, c)
			if err != nil {
				c.Error(err)
			}
			level := slog.LevelDebug
			if err != nil && c.Response().Status == http.StatusInternalServerError {
				level = slog.LevelError
			}
			ctx := c.Request().Context()
			if !log.Enabled(ctx, level) {
				return nil
			}
			log.LogAttrs(ctx, level, "request", slog.String("method", req.Method), slog.String("path", logged(c)),
				slog.Int("status", c.Response().Status), slog.Duration("took", time.Since(started)), slog.Any("error", err))
			return nil
		}
	}
}

// logged is the path of a request without a receipt, which tells how somebody
// voted.
func logged(c echo.Context) string {
	path := c.Request().URL.Path
	if receipt := c.Param("receipt"); receipt != "" {
		path = strings.ReplaceAll(path, receipt, "…")
	}
	return path
}

// guarded turns a panic into an error with its place.
func guarded(next echo.HandlerFunc, c echo.Context) error {
	err := guard.Do("http", func() error { return next(c) })
	if known := problem.Known(err); err != nil && fault.From(known).Kind != fault.Internal {
		return known
	}
	return err
}

func sane(id string) bool {
	return id != "" && len(id) <= maxRequestID && strings.IndexFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	}) < 0
}

// headers are what browsers are told: of every answer, of the API's, and of
// those that may be documents. The values are shared, not made anew for each.
func headers(secure bool) echo.MiddlewareFunc {
	type header struct {
		name  string
		value []string
	}
	all := []header{
		{"Content-Security-Policy", []string{"default-src 'none'; frame-ancestors 'none'"}}, // pages set their own
		{"X-Content-Type-Options", []string{"nosniff"}},
	}
	if secure {
		all = append(all, header{"Strict-Transport-Security", []string{"max-age=31536000; includeSubDomains"}})
	}
	api := append(slices.Clip(all), header{"Cache-Control", []string{"no-store"}})
	documents := append(slices.Clip(all),
		header{"X-Frame-Options", []string{"DENY"}},
		header{"Referrer-Policy", []string{"same-origin"}},
		header{"Permissions-Policy", []string{"camera=(), microphone=(), geolocation=()"}},
	)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			told := documents
			if strings.HasPrefix(c.Request().URL.Path, "/api/") {
				told = api
			}
			h := c.Response().Header()
			for _, one := range told {
				h[one.name] = one.value
			}
			return next(c)
		}
	}
}
