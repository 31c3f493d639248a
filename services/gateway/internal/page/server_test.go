package page_test

import (
	"context"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/gateway/internal/page"
	"github.com/laurel-awards/laurel/services/gateway/internal/poster"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/gateway/internal/work"
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

// serve brings the pages of an installation on the air.
func serve(t testing.TB, h *installation, public string) *httptest.Server {
	t.Helper()
	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) { _ = problem.Write(c, err, nil) }
	h.mount(t, e, public)
	h.handler = e
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	return s
}

// mount adds the pages to e.
func (h *installation) mount(t testing.TB, e *echo.Echo, public string) {
	t.Helper()
	clock := func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }
	ahead := func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now.Add(h.kept) }
	much := limit.Rate{PerSecond: 1e6, Burst: 1e6}
	limits := app.Limits{
		Requests: much, SignIns: much, Entries: much, Ballots: much, Codes: much, AllCodes: much,
		Credentials: work.Rates{Network: much, All: much, Strained: much},
	}
	if h.requests > 0 {
		limits.Requests = limit.Rate{PerSecond: 1e-9, Burst: h.requests}
	}
	if h.entries > 0 {
		limits.Entries = limit.Rate{PerSecond: 1e-9, Burst: h.entries}
	}
	if h.numbers > 0 { // work is wanted for every ballot but each tenth second's
		slow := limit.Rate{PerSecond: 0.1, Burst: 1}
		limits.Credentials = work.Rates{Network: slow, All: slow, Strained: slow}
	}
	bus := testkit.Connect(t, testkit.NATS(t), "gateway")
	core := app.New(app.Services{
		Identity: identities{installation: h}, Selection: selections{installation: h},
		Nomination: nominations{installation: h}, Voting: votes{installation: h}, Replicas: votes{installation: h},
	}, bus, blobs{installation: h}, app.Config{
		CredentialKey: h.key, Limits: limits, WorkNumbers: h.numbers, Now: ahead, Log: slog.New(slog.DiscardHandler),
	})
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error)
	go func() { ended <- core.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.SetRequest(c.Request().WithContext(app.WithCaller(c.Request().Context(), app.Caller{Address: "203.0.113.7"})))
			return next(c)
		}
	})
	if h.numbers > 0 { // the one that is free
		asks := app.WithCaller(t.Context(), app.Caller{Address: "203.0.113.7"})
		if _, err := core.ProveVoter(asks, slug, ""); err != nil {
			t.Fatal(err)
		}
	}
	site := web.New(web.Config{PublicURL: public, Reading: h.gate, Log: slog.New(slog.DiscardHandler), Now: clock})
	site.Mount(e)
	posters, err := poster.Open("")
	if err != nil {
		t.Fatal(err)
	}
	page.Mount(e, site, core, posters)
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
		Jar: jar, Timeout: testkit.Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is what a visitor got.
type answer struct {
	*http.Response

	body string
}

// ask sends a request and reads the answer whole.
func ask(t testing.TB, c *http.Client, method, address string, form url.Values) answer {
	t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res, string(text)}
}

func get(t testing.TB, c *http.Client, address string) answer {
	t.Helper()
	return ask(t, c, http.MethodGet, address, nil)
}

// has fails unless the answer has a status and all texts.
func (a answer) has(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("%s: status %d, want %d", a.Request.URL, a.StatusCode, status)
	}
	if strings.Contains(a.body, "ZgotmplZ") {
		t.Errorf("%s: the template puts a value where none may stand", a.Request.URL)
	}
	plain := html.UnescapeString(a.body)
	for _, text := range texts {
		if !strings.Contains(plain, text) {
			t.Errorf("%s: the page lacks %q", a.Request.URL, text)
		}
	}
	if t.Failed() && testing.Verbose() {
		t.Log(a.body)
	}
}

// hidden gives the value of a hidden field of the page's form.
func (a answer) hidden(t *testing.T, name string) string {
	t.Helper()
	found := regexp.MustCompile(`<input type="hidden" name="` + name + `" value="([^"]*)">`).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("%s: there is no hidden field %s", a.Request.URL, name)
	}
	return found[1]
}

// ticked gives the numbers that are ticked.
func (a answer) ticked() []string {
	var numbers []string
	for _, m := range regexp.MustCompile(`<input type="checkbox" name="pick" value="(\d+)" checked`).FindAllStringSubmatch(a.body, -1) {
		numbers = append(numbers, m[1])
	}
	slices.Sort(numbers)
	return numbers
}

// ballot is the form of a page, filled in.
func (a answer) ballot(t *testing.T, picks ...string) url.Values {
	t.Helper()
	return url.Values{"key": {a.hidden(t, "key")}, "pick": picks}
}

// carried are the hidden fields of a page's form for a code.
func (a answer) carried(t *testing.T) url.Values {
	t.Helper()
	_, form, _ := strings.Cut(a.body, `action="/s/`+slug+`/code"`)
	form, _, ok := strings.Cut(form, "</form>")
	if !ok {
		t.Fatal("there is no form for a code")
	}
	sent := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`).FindAllStringSubmatch(form, -1) {
		sent.Add(m[1], html.UnescapeString(m[2]))
	}
	return sent
}
