package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/fault"
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
			ctx := actor.WithRequest(req.Context(), id)
			c.SetRequest(req.WithContext(ctx))
			c.Response().Header().Set(echo.HeaderXRequestID, id)
			err := guarded(next, c)
			if err != nil {
				c.Error(err)
			}
			level := slog.LevelDebug
			if err != nil && c.Response().Status == http.StatusInternalServerError {
				level = slog.LevelError
			}
			log.LogAttrs(ctx, level, "request", slog.String("method", req.Method), slog.String("path", req.URL.Path),
				slog.Int("status", c.Response().Status), slog.Duration("took", time.Since(started)), slog.Any("error", err))
			return nil
		}
	}
}

// guarded turns a panic into an error with its place.
func guarded(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	err = next(c)
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

// headers are what browsers are told of every answer.
func headers(secure bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'") // pages set their own
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("X-Frame-Options", "DENY")
			h.Set("Referrer-Policy", "same-origin")
			h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
			if secure {
				h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
			}
			if strings.HasPrefix(c.Request().URL.Path, "/api/") {
				h.Set("Cache-Control", "no-store")
			}
			return next(c)
		}
	}
}
