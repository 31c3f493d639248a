package page_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
)

// TestBrowser_keys goes from the last pick to the ballot by one key; Enter on a box
// never searches. A pick is made on a candidate's page, and taken off in the bar.
func TestBrowser_keys(t *testing.T) {
	h := newInstallation(t, courierRules(t), 12)
	w := &wire{}
	address := w.on(serve(t, h, "")) + "/s/" + slug
	ctx := onPhone(t, address+"/c/12?lang=zh-CN")
	browser.Run(t, ctx, "there", thumb(".vote-here .pick"))
	got := browser.Read[string](t, ctx, `[".vote-here .pick", ".tally-now"].map(s => document.querySelector(s).innerText).join() + location.pathname`)
	if got != "已选,已选 1 / 1–10 位/s/"+slug+"/c/12" {
		t.Errorf("the candidate's page says %q", got)
	}
	browser.Run(t, ctx, "list", chromedp.Navigate(address), thumb("#c4 .pick"), thumb("#c9 .pick"))
	chips := `[...document.querySelectorAll(".chip bdi")].map(e => e.textContent).join()`
	if got, want := browser.Read[string](t, ctx, chips), name(11)+","+name(3)+","+name(8); got != want {
		t.Errorf("the bar names %s, want %s", got, want)
	}
	// A link within the page does not load it again.
	browser.Run(t, ctx, "skip", chromedp.Evaluate[chromedp.Void](`window.same = true, document.querySelector(".skip-list").click()`))
	browser.Run(t, ctx, "take off", chromedp.Click(chromedp.CSS(".chosen li:nth-child(2) .chip")))
	if !browser.Read[bool](t, ctx, `window.same && location.hash === "#cast"`) {
		t.Error("the skip link has loaded the page again")
	}
	if browser.Read[bool](t, ctx, `document.querySelector("#c4 input").checked`) {
		t.Error("it is still ticked")
	}
	browser.Run(t, ctx, "Tab", chromedp.Evaluate[chromedp.Void](`document.querySelector("#c9 input").focus()`), chromedp.KeyEvent("\t"))
	if got := browser.Read[string](t, ctx, `document.activeElement.type + " " + document.activeElement.innerText`); got != "submit 核对并投票" {
		t.Errorf("behind the pick comes %q", got)
	}
	browser.Run(t, ctx, "Enter", chromedp.Evaluate[chromedp.Void](`document.querySelector("#c9 input").focus()`), chromedp.KeyEvent("\r"),
		chromedp.WaitVisible(chromedp.CSS(".order")))
	got = browser.Read[string](t, ctx, `document.activeElement.innerText + [...document.querySelectorAll(".order input")].map(e => e.value)`)
	if got != "投票12,9" {
		t.Errorf("the review has the focus and the picks %q", got)
	}
	for _, path := range w.read().paths {
		if strings.Contains(path, "/find") {
			t.Error("Enter searched")
		}
	}
	browser.Run(t, ctx, "move", chromedp.Click(chromedp.CSS("[name=down]")))
	testkit.Eventually(t, testkit.Patience, func() error {
		if got := browser.Read[string](t, ctx, `[...document.querySelectorAll(".order input")].map(e => e.value).join()`); got != "9,12" {
			return fmt.Errorf("the order is %s", got)
		}
		return nil
	})
	// Back is the list, with the picks in their order.
	browser.Run(t, ctx, "back", chromedp.Evaluate[chromedp.Void](`history.go(-2)`), chromedp.WaitVisible(chromedp.CSS("#c9 .pick")))
	if got, want := browser.Read[string](t, ctx, chips), name(8)+","+name(11); got != want {
		t.Errorf("the bar names %s, want %s", got, want)
	}
	// A number leads to its card, words and filters narrow the list.
	browser.Run(t, ctx, "jump", chromedp.Navigate(address), chromedp.SendKeys(chromedp.CSS("#q"), "7"), chromedp.KeyEvent("\r"))
	if got := browser.Read[string](t, ctx, `document.activeElement.value + " " + document.querySelectorAll(".card:not([hidden])").length`); got != "7 12" {
		t.Errorf("the number leads to %q", got)
	}
	browser.Run(t, ctx, "search", chromedp.SendKeys(chromedp.CSS("#q"), "陇运"))
	got = browser.Read[string](t, ctx, `document.querySelectorAll(".card:not([hidden])").length + document.querySelector(".found").textContent`)
	if got != "3找到 3 位" {
		t.Errorf("the search says %q", got)
	}
	got = browser.Read[string](t, ctx, `(() => {
		const region = document.getElementById("region");
		region.value = "`+regions()[0]+`"; region.dispatchEvent(new Event("change", { bubbles: true }));
		return [...document.querySelectorAll(".card:not([hidden])")].map(c => c.id).join();
	})()`)
	if got != "c1" {
		t.Errorf("the region leaves %q", got)
	}
	// Where the page has not all of the list, the server searches.
	browser.Run(t, ctx, "again", chromedp.Navigate(address+"?category=none"), chromedp.SendKeys(chromedp.CSS("#q"), name(0)), chromedp.KeyEvent("\r"),
		chromedp.WaitVisible(chromedp.CSS("#c1")))
}
