package page_test

import (
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/page"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
)

// courierRules is the rulebook of the project's example.
func courierRules(t testing.TB) string {
	t.Helper()
	src, err := os.ReadFile("../../../../deploy/examples/most-beautiful-courier/rulebook.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// serve brings the pages of a house on the air.
func serve(t testing.TB, h *house, public string) *httptest.Server {
	t.Helper()
	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) { _ = problem.Write(c, err) }
	page.Mount(e, page.Config{
		PublicURL: public, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now },
	}, h)
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	return s
}

// visitor is a browser without JavaScript that does not follow redirects by
// itself.
func visitor(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{
		Jar: jar, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
