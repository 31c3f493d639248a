package page_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/testkit/browser"
)

// A thumb on a phone, with scripts and without.
func TestBrowser_vote(t *testing.T) {
	for _, with := range []bool{true, false} {
		t.Run(map[bool]string{true: "scripts", false: "no scripts"}[with], func(t *testing.T) {
			h := newInstallation(t, courierRules(t), 12)
			address := serve(t, h, "").URL + "/s/" + slug
			ctx := browser.Open(t)
			pick := func(n string) chromedp.Action[chromedp.Void] { return thumb("#c" + n + " .pick") }
			browser.Run(t, ctx, "open", browser.Scripts(with), chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch),
				chromedp.Navigate(address+"?lang=zh-CN"))
			if wide := browser.Read[int](t, ctx, `document.documentElement.scrollWidth`); wide > 390 {
				t.Errorf("the page is %d pixels wide", wide)
			}
			small := browser.Read[[]string](t, ctx, `[...document.querySelectorAll("main a, button, select, .pick, input[type=search]")].filter(e => {
				const r = e.getBoundingClientRect(); return r.width && r.height < 44 && !e.closest("h3, p.lead, .skip-list, .next") && e.tabIndex >= 0 })
				.map(e => e.outerHTML.slice(0, 120))`)
			if len(small) > 0 {
				t.Errorf("too small for a thumb: %q", small)
			}
			if with {
				if !browser.Read[bool](t, ctx, `document.querySelector(".cast .button").disabled`) {
					t.Error("an empty ballot can be cast")
				}
				for n := range 11 {
					browser.Run(t, ctx, "pick", pick(strconv.Itoa(n+1)))
				}
				if got := browser.Read[string](t, ctx, `document.querySelector(".tally-live").textContent`); got != "最多选 10 位；要换人，请先取消一位" {
					t.Errorf("after the eleventh: %q", got)
				}
				if n := browser.Read[int](t, ctx, `document.querySelectorAll(".pick :checked").length`); n != 10 {
					t.Errorf("%d are ticked", n)
				}
				for n := range 8 {
					browser.Run(t, ctx, "unpick", pick(strconv.Itoa(n+1)))
				}
				if got := browser.Read[string](t, ctx, `document.querySelector(".tally-live").textContent`); got != "可以投票了。 还可再选 8 位。" {
					t.Errorf("the counter says %q", got)
				}
				// A story read in between keeps the picks, and adds its own.
				browser.Run(t, ctx, "story", chromedp.Navigate(address+"/c/12"), thumb(".vote-here .pick"), thumb(".onward-list .button"),
					chromedp.WaitVisible(chromedp.CSS("#c12 .pick")))
			} else {
				browser.Run(t, ctx, "pick", pick("9"), pick("10"), pick("12"))
				if got := drawn(t, ctx); !strings.Contains(got, "已选3/1–10位") {
					t.Errorf("the style sheet does not count: %s", got)
				}
			}
			browser.Run(t, ctx, "cast", chromedp.Click(chromedp.CSS(".cast-row .button")), chromedp.WaitVisible(chromedp.CSS(".order")),
				chromedp.Click(chromedp.CSS(".cast-row .button")), chromedp.WaitVisible(chromedp.CSS(".ticket")))
			if got := browser.Read[string](t, ctx, `location.pathname`); got != "/s/"+slug+"/voted" {
				t.Errorf("the receipt is at %s", got)
			}
			if got := browser.Read[string](t, ctx, `document.getElementById("code").innerText.replace(/\s/g, "")`); got != "00000000000000000000000007" {
				t.Errorf("the receipt is %q", got)
			}
			if hidden := browser.Read[bool](t, ctx, `document.querySelector("[data-copy]").hidden`); hidden == with {
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
				browser.Run(t, ctx, "again", chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS(".notice")))
				if kept := browser.Read[string](t, ctx, `sessionStorage.getItem("laurel.picks.`+slug+`") ?? ""`); kept != "" {
					t.Errorf("the browser keeps the picks of a cast ballot: %s", kept)
				}
			}
		})
	}
}
