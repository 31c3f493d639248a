package page_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/altcha-org/altcha-lib-go"
	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/gateway/internal/work"
)

// challenge is what a page asks for.
func (a answer) challenge(t *testing.T) altcha.Challenge {
	t.Helper()
	data := func(name string) string {
		found := regexp.MustCompile(` data-` + name + `="([^"]*)"`).FindStringSubmatch(a.body)
		if found == nil {
			t.Fatalf("%s: there is no data-%s", a.Request.URL, name)
		}
		return strings.ReplaceAll(found[1], "&amp;", "&")
	}
	n, err := strconv.ParseInt(data("max"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return altcha.Challenge{Algorithm: data("algorithm"), Challenge: data("challenge"), MaxNumber: n, Salt: data("salt"), Signature: data("signature")}
}

func TestWork(t *testing.T) {
	h := newInstallation(t, courierRules(t), 5)
	h.numbers = 100
	v, address := visitor(t), serve(t, h, "").URL+"/s/"+slug
	page := get(t, v, address+"?pick=3&pick=5")
	page.has(t, http.StatusTooManyRequests, "选票马上打开", "请等 10 秒再试", h.candidates[0].Name, `href="/s/`+slug+`?pick=3&pick=5#candidates"`)
	if after := page.Header.Get("Retry-After"); after != "10" || strings.Contains(page.body, `type="checkbox"`) {
		t.Errorf("Retry-After %q; or the page offers a ballot", after)
	}
	if policy := page.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'self';") {
		t.Errorf("a worker of ours may not run: %s", policy)
	}
	solution, err := work.Solve(t.Context(), page.challenge(t))
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"work": {solution}, "pick": {"3", "5"}}
	done := ask(t, v, http.MethodPost, address+"/work", form)
	if to := done.Header.Get("Location"); done.StatusCode != http.StatusSeeOther || to != "/s/"+slug+"?pick=3&pick=5#candidates" {
		t.Fatalf("%d to %q", done.StatusCode, to)
	}
	ballot := get(t, v, address+"?pick=3&pick=5")
	ballot.has(t, http.StatusOK)
	if got := ballot.ticked(); !slices.Equal(got, []string{"3", "5"}) {
		t.Errorf("ticked %v", got)
	}
	// Somebody else with the same solution, and a browser without scripts.
	other := visitor(t)
	for name, sent := range map[string]string{"used": solution, "nonsense": "1", "long": strings.Repeat("A", 100_000)} {
		form.Set("work", sent)
		page := ask(t, other, http.MethodPost, address+"/work", form)
		page.has(t, http.StatusTooManyRequests, "已经过期或用过", "data-held", "再试一次")
		if cookieIn(page, "laurel_voter") {
			t.Errorf("%s: a credential was given", name)
		}
	}
	form.Set("work", "")
	ask(t, other, http.MethodPost, address+"/work", form).has(t, http.StatusTooManyRequests, "请等 10 秒再试")
	h.change(func(h *installation) { h.now = h.now.Add(10 * time.Second) })
	get(t, other, address).has(t, http.StatusOK, `type="checkbox"`)
}

func cookieIn(a answer, name string) bool {
	return slices.ContainsFunc(a.Cookies(), func(c *http.Cookie) bool { return c.Name == name })
}

// TestBrowser_work has a browser solve a challenge as hard as they are, and
// vote with what it gets.
func TestBrowser_work(t *testing.T) {
	h := newInstallation(t, courierRules(t), 12)
	h.numbers = 200_000
	ctx := browser.Open(t)
	began := time.Now()
	browser.Run(t, ctx, "open", chromedp.Navigate(serve(t, h, "").URL+"/s/"+slug+"?lang=zh-CN&pick=3"), chromedp.WaitVisible(chromedp.CSS("#c3 .pick")))
	t.Logf("a ballot after %v", time.Since(began))
	browser.Run(t, ctx, "vote", chromedp.Click(chromedp.CSS(".cast-row .button")), chromedp.WaitVisible(chromedp.CSS(".order")),
		chromedp.Click(chromedp.CSS(".cast-row .button")), chromedp.WaitVisible(chromedp.CSS(".ticket")))
	if len(h.works) != 1 || len(h.ballots) != 1 {
		t.Errorf("%d works and %d ballots", len(h.works), len(h.ballots))
	}
}
