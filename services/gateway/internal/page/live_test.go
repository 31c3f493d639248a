package page_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/gateway/internal/live"
	"github.com/laurel-awards/laurel/services/voting"
)

// TestBrowser_live sees the counts of an open page move, rest while nobody
// looks, and become final.
func TestBrowser_live(t *testing.T) {
	h := newInstallation(t, courierRules(t), 3)
	hub := live.New(live.Config{Load: func(ctx context.Context, slug string) (voting.Tally, error) {
		return votes{installation: h}.GetTally(ctx, voting.Of{Slug: slug})
	}, Log: testkit.Log(t)})
	e := echo.New()
	h.mount(t, e, "")
	e.GET("/api/v1/selections/:slug/live", func(c echo.Context) error {
		return hub.Serve(c.Response(), c.Request(), c.Param("slug"), "a")
	})
	server := httptest.NewServer(e)
	running, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	go func() { defer close(ended); hub.Run(running) }()
	t.Cleanup(func() { server.Close(); stop(); <-ended })

	ctx := browser.Open(t)
	browser.Run(t, ctx, "open", chromedp.Navigate(server.URL+"/s/"+slug+"?lang=en"), chromedp.WaitVisible(chromedp.CSS("#c3")))
	open := func(n int) {
		t.Helper()
		testkit.Eventually(t, 20*time.Second, func() error {
			if got := hub.Streams(); got != n {
				return fmt.Errorf("%d streams, want %d", got, n)
			}
			return nil
		})
	}
	shows := func(expression, want string) {
		t.Helper()
		testkit.Eventually(t, 20*time.Second, func() error {
			if got := browser.Read[string](t, ctx, expression); got != want {
				return fmt.Errorf("%s is %q, want %q", expression, got, want)
			}
			return nil
		})
	}
	const counts = `document.querySelector("[data-turnout]").textContent +
		[...document.querySelectorAll("[data-votes]")].sort((a, b) => a.dataset.votes - b.dataset.votes)
			.map(p => "|" + p.innerText.trim() + " " + p.querySelector("rect").getAttribute("width")).join("")`
	shows(counts, "0|0 votes 0|0 votes 0|0 votes 0")
	open(1)
	tally := voting.Tally{Slug: slug, State: voting.Open, Ballots: 12345, Votes: map[int]int64{1: 1, 2: 12000, 3: 6000}, Version: 12346}
	hub.Hear(tally)
	shows(counts, "12,345|1 vote 0|12,000 votes 100|6,000 votes 50")
	if said := browser.Read[string](t, ctx, `document.querySelector("[data-live-heard]").textContent`); said != "" {
		t.Errorf("voices are told %q within a minute", said)
	}

	look := func(hidden bool) {
		browser.Run(t, ctx, "look", chromedp.Evaluate[chromedp.Void](fmt.Sprintf(
			`Object.defineProperty(document, "hidden", {value: %v, configurable: true}); document.dispatchEvent(new Event("visibilitychange"))`, hidden)))
	}
	look(true)
	open(0)
	tally.Ballots, tally.Version = 20000, 20001
	hub.Hear(tally)
	look(false)
	shows(counts, "20,000|1 vote 0|12,000 votes 100|6,000 votes 50")

	tally.State, tally.Version = voting.Sealed, 20003
	hub.Hear(tally)
	shows(`document.querySelector(".notice[data-live-sealed]:not([hidden]) p")?.innerText ?? ""`, "Voting has closed and the counts are final. Reload")
	shows(`document.querySelector("[data-live-heard]").textContent.trim()`, "Voting has closed and the counts are final. Reload")
	open(0)
}
