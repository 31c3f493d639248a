package e2e_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
)

// inBrowser checks the bundle of a published result where its visitors do: it holds,
// and so does a receipt; one with a flipped byte does not, nor what is no receipt.
func inBrowser(t *testing.T, h *harness, s *script.Script) {
	t.Helper()
	file, err := h.API.Page(t.Context(), "/s/"+s.Slug+"/bundle.zip")
	if err != nil {
		t.Fatal(err)
	}
	file[len(file)/2] ^= 4
	flipped := filepath.Join(t.TempDir(), "flipped.zip")
	if err := os.WriteFile(flipped, file, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx := browser.Open(t)
	const verdict = ".check-verdict"
	address := "http://" + h.Listen + "/s/" + s.Slug + "/check/bundle?lang="
	check := func(steps ...chromedp.Action[chromedp.Void]) (said string) {
		t.Helper()
		browser.Run(t, ctx, "check", append(steps, chromedp.Click(chromedp.CSS("form[data-bundle] .button")),
			chromedp.WaitVisible(chromedp.CSS(verdict+".good, "+verdict+".bad")))...)
		return browser.Read[string](t, ctx, `document.querySelector("`+verdict+`").textContent`)
	}
	open := func(lang string) chromedp.Action[chromedp.Void] { return chromedp.Navigate(address + lang) }
	form := chromedp.WaitVisible(chromedp.CSS("form[data-bundle]"))
	receipt := slices.Sorted(maps.Keys(s.Receipts()))[0]
	if said := check(open("en"), form, chromedp.SendKeys(chromedp.CSS("#bundle-receipt"), receipt)); said != "Everything that was checked holds." {
		t.Fatalf("a bundle and a receipt that hold: %s", said)
	}
	passed := strings.Join(browser.Read[[]string](t, ctx, `[...document.querySelectorAll(".check-passed li")].map((e) => e.textContent)`), "\n")
	for _, want := range []string{"the file is whole: 10 parts", "40 ballots, recounted", "the same totals and ranks", "receipt " + receipt + " is proved"} {
		if !strings.Contains(passed, want) {
			t.Errorf("it does not say %q:\n%s", want, passed)
		}
	}
	if n := browser.Read[int](t, ctx, `document.querySelectorAll(".check-unchecked li").length`); n < 5 {
		t.Errorf("it names %d things that were not checked", n)
	}
	if said := check(open("en"), form, chromedp.SetUploadFiles(chromedp.CSS("#bundle-file"), []string{flipped})); !strings.HasPrefix(said, "It does not hold: ") {
		t.Errorf("with a flipped byte: %s", said)
	}
	if said := check(open("zh-CN"), form, chromedp.SendKeys(chromedp.CSS("#bundle-receipt"), "00000000000000000000000000")); said != "没有选票有此回执。" {
		t.Errorf("what is no receipt: %s", said)
	}
	if said := check(open("zh-CN"), form); said != "所核对的全部成立。" {
		t.Errorf("in Chinese: %s", said)
	}
}
