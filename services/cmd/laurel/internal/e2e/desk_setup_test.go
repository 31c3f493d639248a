package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
)

// seated is a member of staff at a browser.
type seated struct {
	*harness
	t     *testing.T
	ctx   context.Context //nolint:containedctx // the browser's
	token string
}

// at opens a browser in which somebody is signed in.
func (h *harness) at(t *testing.T, token string) *seated {
	t.Helper()
	s := &seated{h, t, browser.Open(t), token}
	s.do("sign in", chromedp.Navigate(s.desk("")+"/../../healthz"),
		chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+token+`; path=/"; document.cookie = "laurel_language=en; path=/"`))
	return s
}

// byKeys opens a browser in which somebody signs in by the keyboard alone, and is led
// to a page of the selection.
func (h *harness) byKeys(t *testing.T, email, path string) *seated {
	t.Helper()
	s := &seated{h, t, browser.Open(t), ""}
	to := url.Values{"to": {"/desk/s/" + slug + path}, "lang": {"en"}}
	s.do("to the page that asks who", chromedp.Navigate("http://"+h.Listen+"/desk/sign-in?"+to.Encode()))
	tabTo(t, s.ctx, `e.id === "email"`)
	s.seen()
	s.keys(email)
	tabTo(t, s.ctx, `e.id === "password"`)
	s.seen()
	s.keys(script.Password + "\r")
	return s
}

// seen waits until what has the focus shows it.
func (s *seated) seen() {
	s.t.Helper()
	testkit.Eventually(s.t, testkit.Patience, func() error {
		if where := s.text(unseen); where != "" {
			return errors.New(where)
		}
		return nil
	})
}

// unseen says why the focus is not seen.
const unseen = `(() => {
		const e = document.activeElement, style = getComputedStyle(e);
		if (e === document.body) return "nothing has the focus";
		if (!e.matches(":focus-visible")) return e.outerHTML.slice(0, 200) + " does not match :focus-visible";
		return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none" ? "" : e.outerHTML.slice(0, 200) + " has no outline";
	})()`

// shortcuts opens the list of a page's keys, has it name some, and closes it.
func (s *seated) shortcuts(keys ...string) {
	s.t.Helper()
	s.keys("?")
	s.until(`document.getElementById("keys").open`)
	listed := s.text(`[...document.querySelectorAll("#keys dt")].map((e) => e.innerText).join(" ")`)
	for _, key := range keys {
		if !strings.Contains(" "+strings.ReplaceAll(listed, "/", " ")+" ", " "+key+" ") {
			s.t.Errorf("the page's keys are %q, without %q", listed, key)
		}
	}
	tabTo(s.t, s.ctx, `e.closest("#keys form") !== null && e.type === "submit"`)
	s.seen()
	s.keys("\r")
	s.until(`!document.getElementById("keys").open`)
}

// desk is the address of a page of the selection's desks.
func (h *harness) desk(path string) string { return "http://" + h.Listen + "/desk/s/" + slug + path }

func (s *seated) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	browser.Run(s.t, s.ctx, what, steps...)
}

func (s *seated) open(path string) {
	s.t.Helper()
	s.do(path, chromedp.Navigate(s.desk(path)))
}

// keys presses keys, one after another; \r is Enter. What a page does with a key
// itself is not typed, as with a real keyboard.
func (s *seated) keys(keys string) {
	s.t.Helper()
	type event struct {
		Type string `json:"type"`
		Key  string `json:"key"`
		Text string `json:"text,omitempty"`
		Code int    `json:"windowsVirtualKeyCode,omitempty"`
	}
	dispatch := cdp.Command[event, struct{}]{Method: "Input.dispatchKeyEvent"}
	s.do("keys "+keys, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, r := range keys {
			e := event{Type: "keyDown", Key: string(r), Text: string(r)}
			switch r {
			case '\r':
				e.Key, e.Code = "Enter", 13
			case '\t':
				e.Key, e.Text, e.Code = "Tab", "", 9
			case ' ':
				e.Code = 32
			}
			if _, err := cdp.Call(ctx, target, dispatch, e); err != nil {
				return err
			}
			e.Type, e.Text = "keyUp", ""
			if _, err := cdp.Call(ctx, target, dispatch, e); err != nil {
				return err
			}
		}
		return nil
	}))
}

// until waits until a page is there whole and an expression in it is true.
func (s *seated) until(expression string) {
	s.t.Helper()
	testkit.Eventually(s.t, testkit.Patience, func() error {
		is, err := chromedp.Run(s.ctx, chromedp.Evaluate[bool](`document.readyState === "complete" && Boolean(`+expression+`)`))
		if err == nil && !is {
			seen, _ := chromedp.Run(s.ctx, chromedp.Evaluate[string](
				`location.pathname + " " + (document.querySelector("main") || document.body).innerText.slice(0, 600)`))
			err = fmt.Errorf("%s: not at %s", expression, seen)
		}
		return err
	})
}

// tabsTo is how often Tab is pressed until the first element of a kind has the
// focus.
func (s *seated) tabsTo(selector string) int {
	s.t.Helper()
	return browser.Read[int](s.t, s.ctx, `(() => {
		const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
			.filter((e) => e.offsetParent && !e.disabled);
		return all.findIndex((e) => e.matches('`+selector+`')) - all.indexOf(document.activeElement);
	})()`)
}

func (s *seated) text(expression string) string {
	s.t.Helper()
	return browser.Read[string](s.t, s.ctx, expression)
}

// offline cuts the browser's connection, or brings it back.
func (s *seated) offline(off bool) {
	s.t.Helper()
	type params struct {
		Offline            bool    `json:"offline"`
		Latency            float64 `json:"latency"`
		DownloadThroughput float64 `json:"downloadThroughput"`
		UploadThroughput   float64 `json:"uploadThroughput"`
	}
	enable := cdp.Command[struct{}, struct{}]{Method: "Network.enable"}
	emulate := cdp.Command[params, struct{}]{Method: "Network.emulateNetworkConditions"}
	s.do("connection", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, enable, struct{}{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, target, emulate, params{off, 0, -1, -1})
		return err
	}))
}

// posted sends a form as a browser without scripts does, and reads the page that
// it leads to.
func (h *harness) posted(t *testing.T, token, path string, form url.Values) (status int, body string) {
	t.Helper()
	return h.browsed(t, token, http.MethodPost, h.desk(path), form)
}

// got reads a page.
func (h *harness) got(t *testing.T, token, path string) (status int, body string) {
	t.Helper()
	return h.browsed(t, token, http.MethodGet, h.desk(path), nil)
}

func (h *harness) browsed(t *testing.T, token, method, address string, form url.Values) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Language", "en")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	jar, err := cookiejar.New(nil) // a note goes along to the next page
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(req.URL, []*http.Cookie{{Name: "laurel_session", Value: token, Path: "/"}})
	resp, err := (&http.Client{Jar: jar}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// mainOf is what a page says, without its frame.
func mainOf(body string) string {
	_, body, _ = strings.Cut(body, "<main")
	body, _, _ = strings.Cut(body, "</main>")
	if at := strings.Index(body, `role="alert"`); at >= 0 {
		body = body[at:]
	}
	return body[:min(len(body), 700)]
}
