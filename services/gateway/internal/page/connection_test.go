package page_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// wire counts what goes to a browser, head and body, and cuts it off.
type wire struct {
	mu     sync.Mutex
	bytes  int
	photos int
	paths  []string
	down   bool // no request arrives
	lose   bool // ballots arrive, and their answers do not
}

func (w *wire) set(f func(w *wire)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w)
}

func (w *wire) read() wire {
	w.mu.Lock()
	defer w.mu.Unlock()
	return wire{bytes: w.bytes, photos: w.photos, paths: slices.Clone(w.paths)}
}

type counting struct {
	http.ResponseWriter
	n int
}

func (c *counting) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.n += n
	return n, err
}

// on puts the wire between a server and its browsers.
func (w *wire) on(s *httptest.Server) string {
	next := s.Config.Handler
	s.Config.Handler = http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
		state := wire{}
		w.set(func(w *wire) { state.down, state.lose = w.down, w.lose })
		if state.down {
			panic(http.ErrAbortHandler)
		}
		if state.lose && strings.HasSuffix(r.URL.Path, "/vote") {
			next.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		c := &counting{ResponseWriter: to}
		next.ServeHTTP(c, r)
		w.set(func(w *wire) {
			w.bytes += c.n
			for name, values := range to.Header() {
				for _, v := range values {
					w.bytes += len(name) + len(v) + 4
				}
			}
			w.paths = append(w.paths, fmt.Sprintf("%s %d", r.URL.Path, c.n))
			if strings.Contains(r.URL.Path, "/photo/") {
				w.photos++
			}
		})
	})
	return s.URL
}

// onPhone opens a page on a small phone.
func onPhone(t *testing.T, address string) context.Context {
	t.Helper()
	ctx := browser.Open(t)
	browser.Run(t, ctx, "open", chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile, chromedp.EmulateTouch),
		chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS("#ballot")))
	return ctx
}

const said = `(e => e.hidden ? "" : e.querySelector("p").textContent)(document.querySelector(".sending"))`

// says waits until the page says something of the connection.
func says(t *testing.T, ctx context.Context, want string) { //nolint:revive // as above
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		if got := browser.Read[string](t, ctx, said); !strings.Contains(got, want) {
			return fmt.Errorf("the page says %q, want %q", got, want)
		}
		return nil
	})
}

// TestBrowser_lostConnection loses the connection before the review, meets a busy
// server, and loses the answer to the ballot: the page stays, says so, keeps the
// picks, goes on by itself, and one ballot is counted.
func TestBrowser_lostConnection(t *testing.T) {
	h := newInstallation(t, courierRules(t), 12)
	w := &wire{}
	address := w.on(serve(t, h, "")) + "/s/" + slug
	ctx := onPhone(t, address+"?lang=zh-CN")
	online := chromedp.Evaluate[chromedp.Void](`dispatchEvent(new Event("online"))`)
	browser.Run(t, ctx, "pick", thumb("#c5 .pick"), thumb("#c3 .pick"))
	w.set(func(w *wire) { w.down = true })
	browser.Run(t, ctx, "review", chromedp.Click(chromedp.CSS(".cast-row .button")))
	says(t, ctx, "现在没有网络")
	w.set(func(w *wire) { w.down = false })
	h.change(func(h *installation) { h.castErr = voting.ErrBusy })
	browser.Run(t, ctx, "back", online, chromedp.WaitVisible(chromedp.CSS(".order")), chromedp.Click(chromedp.CSS(".cast-row .button")))
	says(t, ctx, "现在投票的人很多")
	h.change(func(h *installation) { h.castErr = voting.ErrUnknownOutcome })
	says(t, ctx, "暂时不知道选票是否送达")
	w.set(func(w *wire) { w.lose = true })
	h.change(func(h *installation) { h.castErr = nil })
	testkit.Eventually(t, testkit.Patience, func() error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.ballots) == 0 {
			return errors.New("it is not sent again")
		}
		return nil
	})
	says(t, ctx, "暂时不知道选票是否送达")
	if got := browser.Read[string](t, ctx, `location.pathname + document.querySelectorAll(".order li").length`); got != "/s/"+slug+"/review2" {
		t.Errorf("the page is %s", got)
	}
	// The page is closed, and opened again where no ballot is taken any more: it
	// asks for the same ballot's receipt.
	h.set(rulebook.PhaseVoting, selection.Closing)
	browser.Run(t, ctx, "opened again", chromedp.Navigate(address+"/c/7"))
	says(t, ctx, "暂时不知道选票是否送达")
	w.set(func(w *wire) { w.lose = false })
	browser.Run(t, ctx, "back again", online, chromedp.WaitVisible(chromedp.CSS(".ticket")))
	h.change(func(h *installation) {
		for _, b := range h.ballots {
			if !slices.Equal(b.picks, []int{5, 3}) {
				t.Errorf("counted: %v", b.picks)
			}
		}
		if len(h.ballots) != 1 {
			t.Errorf("%d ballots", len(h.ballots))
		}
	})
	kept := browser.Read[string](t, ctx, `JSON.stringify(["sent", "picks"].map(k => sessionStorage.getItem("laurel." + k + ".`+slug+`")))`)
	if kept != `[null,null]` {
		t.Errorf("the browser keeps %s", kept)
	}
}
