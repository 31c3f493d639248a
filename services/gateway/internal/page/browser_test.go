package page_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// chromium starts a headless browser with an empty profile. It fails the test
// where there is none: scripts/install browser brings one.
func chromium(t testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	programs := []string{"chromium", "chromium-browser", "google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"}
	i := slices.IndexFunc(programs, func(name string) bool { _, err := exec.LookPath(name); return err == nil })
	if i < 0 {
		t.Fatal("there is no Chromium: run scripts/install browser")
	}
	// Not t.TempDir: the browser may still write while it is being removed.
	profile, err := os.MkdirTemp("", "laurel-browser-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(profile) })
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath(programs[i]), chromedp.UserDataDir(profile), chromedp.Headless, chromedp.NoFirstRun,
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("force-prefers-reduced-motion", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WSURLReadTimeout(time.Minute),
	}, more...)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf))
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// run does steps in the browser.
func run(t *testing.T, ctx context.Context, what string, steps ...chromedp.Action[chromedp.Void]) { //nolint:revive // t comes first in tests
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// read gives the value of an expression in the page.
func read[T any](t *testing.T, ctx context.Context, expression string) T { //nolint:revive // as above
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// scripts switches the scripts of pages.
func scripts(on bool) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	})
}

// A thumb on a phone, with scripts and without.
func TestBrowser_vote(t *testing.T) {
	for _, with := range []bool{true, false} {
		t.Run(map[bool]string{true: "scripts", false: "no scripts"}[with], func(t *testing.T) {
			h := newInstallation(t, courierRules(t), 12)
			address := serve(t, h, "").URL + "/s/" + slug
			ctx := chromium(t)
			pick := func(n string) chromedp.Action[chromedp.Void] { // where the bar at the bottom does not cover it
				return chromedp.Steps(
					chromedp.Evaluate[chromedp.Void](`document.querySelector("#c`+n+` .pick").scrollIntoView({block: "center", behavior: "instant"})`),
					chromedp.Click(chromedp.CSS("#c"+n+" .pick")))
			}
			run(t, ctx, "open", scripts(with), chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch),
				chromedp.Navigate(address+"?lang=zh-CN"))
			// Cards that are laid out late would move away under the pointer.
			run(t, ctx, "lay out", chromedp.Evaluate[chromedp.Void](`document.querySelectorAll(".card").forEach(c => { c.style.contentVisibility = "visible" })`))
			if wide := read[int](t, ctx, `document.documentElement.scrollWidth`); wide > 390 {
				t.Errorf("the page is %d pixels wide", wide)
			}
			small := read[[]string](t, ctx, `[...document.querySelectorAll("main a, button, select, .pick, input[type=search]")].filter(e => {
				const r = e.getBoundingClientRect(); return r.width && r.height < 44 && !e.closest("h3, p.lead") && e.tabIndex >= 0 }).map(e => e.outerHTML.slice(0, 120))`)
			if len(small) > 0 {
				t.Errorf("too small for a thumb: %q", small)
			}
			if with {
				if !read[bool](t, ctx, `document.querySelector(".cast .button").disabled`) {
					t.Error("an empty ballot can be cast")
				}
				for n := range 11 {
					run(t, ctx, "pick", pick(strconv.Itoa(n+1)))
				}
				if got := read[string](t, ctx, `document.querySelector(".tally-live").textContent`); got != "最多选 10 位；要换人，请先取消一位" {
					t.Errorf("after the eleventh: %q", got)
				}
				if n := read[int](t, ctx, `document.querySelectorAll(".pick :checked").length`); n != 10 {
					t.Errorf("%d are ticked", n)
				}
				for n := range 8 {
					run(t, ctx, "unpick", pick(strconv.Itoa(n+1)))
				}
				if got := read[string](t, ctx, `document.querySelector(".tally-live").textContent`); got != "已选 2 位，还可选 8 位" {
					t.Errorf("the counter says %q", got)
				}
				// A story read in between keeps the picks, and adds its own.
				run(t, ctx, "story", chromedp.Navigate(address+"/c/12"), chromedp.Click(chromedp.CSS(".cast .button")),
					chromedp.WaitVisible(chromedp.CSS("#c12 .pick")))
			} else {
				run(t, ctx, "pick", pick("9"), pick("10"), pick("12"))
				if got := read[string](t, ctx, `getComputedStyle(document.querySelector(".tally-now b"), "::before").content`); !strings.Contains(got, "counter") {
					t.Errorf("the style sheet does not count: %s", got)
				}
			}
			run(t, ctx, "cast", chromedp.Click(chromedp.CSS(".cast .button")), chromedp.WaitVisible(chromedp.CSS(".ticket")))
			if got := read[string](t, ctx, `location.pathname`); got != "/s/"+slug+"/voted" {
				t.Errorf("the receipt is at %s", got)
			}
			if got := read[string](t, ctx, `document.getElementById("code").innerText.replace(/\s/g, "")`); got != "00000000000000000000000007" {
				t.Errorf("the receipt is %q", got)
			}
			if hidden := read[bool](t, ctx, `document.querySelector("[data-copy]").hidden`); hidden == with {
				t.Errorf("the button to copy is hidden: %v", hidden)
			}
			h.change(func(h *installation) {
				for _, b := range h.ballots {
					picks := slices.Sorted(slices.Values(b.picks))
					if !slices.Equal(picks, []int{9, 10, 12}) {
						t.Errorf("counted: %v", picks)
					}
				}
				if len(h.ballots) != 1 {
					t.Errorf("%d ballots", len(h.ballots))
				}
			})
			if with {
				run(t, ctx, "again", chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS(".notice")))
				if kept := read[string](t, ctx, `sessionStorage.getItem("laurel.picks.`+slug+`")`); kept != "[]" {
					t.Errorf("the browser keeps the picks of a cast ballot: %s", kept)
				}
			}
		})
	}
}
