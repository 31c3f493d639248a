package page_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/testkit/browser"
)

// TestCheck shows what is recorded behind a receipt, by a form: the code is in no
// address, and the picks are on no page.
func TestCheck(t *testing.T) {
	b := newBooth(t)
	get(t, b.visitor, b.address+"/receipt").has(t, 200, "核对回执", "输入投票后得到的回执编号")
	if to := get(t, b.visitor, b.address+"/receipt.json"); to.StatusCode != http.StatusSeeOther || to.Header.Get("Location") != "/s/"+slug+"/receipt" {
		t.Errorf("a proof of nothing: %d %s", to.StatusCode, to.body)
	}
	b.vote(t, b.form.ballot(t, "3", "5")).has(t, http.StatusSeeOther)
	const code = "00000000000000000000000007"

	own := get(t, b.visitor, b.address+"/receipt")
	own.has(t, 200, "这张选票已计入", "尾号为 0007", "2026年5月4日", "已写入公开记录")
	stranger := visitor(t)
	checked := ask(t, stranger, http.MethodPost, b.address+"/receipt/check", url.Values{"receipt": {"0000-0000 0000 0000 0000 0000 07"}})
	if checked.StatusCode != http.StatusSeeOther || checked.Header.Get("Location") != "/s/"+slug+"/receipt" {
		t.Fatalf("%d, to %q: %s", checked.StatusCode, checked.Header.Get("Location"), checked.body)
	}
	if c := cookieOf(t, checked, "laurel_checked"); !c.HttpOnly || c.MaxAge != 3600 || c.Value != code {
		t.Errorf("what the browser keeps: %v", c)
	}
	other := get(t, stranger, b.address+"/receipt")
	other.has(t, 200, "这张选票已计入", "尾号为 0007")
	for _, page := range []answer{own, other, get(t, b.visitor, b.address+"/voted")} {
		for _, secret := range []string{pseudonym, "[3 5]", "salt", "promised", "proved"} {
			if strings.Contains(page.body, secret) {
				t.Errorf("%s tells %q", page.Request.URL, secret)
			}
		}
		for _, address := range regexp.MustCompile(`(?:href|action|src)="([^"]*)"`).FindAllStringSubmatch(page.body, -1) {
			if strings.Contains(address[1], "0000000") {
				t.Errorf("%s leads to %s", page.Request.URL, address[1])
			}
		}
		if c := page.Header.Get("Cache-Control"); c != "private, no-store" {
			t.Errorf("%s may be kept: %q", page.Request.URL, c)
		}
	}
	file := get(t, stranger, b.address+"/receipt.json")
	file.has(t, 200, `"leaf":"ballot 2026-05-04 `+pseudonym+` [3 5] salt"`, `"proof":{`)
	if d := file.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment;") {
		t.Errorf("the proof is shown, not saved: %q", d)
	}
	// The ballot page does not take the stranger for who voted.
	if page := get(t, stranger, b.address); !strings.Contains(page.body, `name="pick"`) {
		t.Error("who checked a receipt cannot vote")
	}
}

func TestCheck_refused(t *testing.T) {
	b := newBooth(t)
	for name, c := range map[string]struct {
		receipt, says string
		status        int
	}{
		"nothing":  {"", "请先输入回执编号", http.StatusUnprocessableEntity},
		"unknown":  {"0000000000000000000000000X", "没有这个回执", http.StatusNotFound},
		"too long": {strings.Repeat("7", 500), "没有这个回执", http.StatusNotFound},
		"markup":   {`"><script>alert(1)</script>`, "没有这个回执", http.StatusNotFound},
	} {
		a := ask(t, b.visitor, http.MethodPost, b.address+"/receipt/check", url.Values{"receipt": {c.receipt}})
		a.has(t, c.status, c.says)
		if strings.Contains(a.body, "<script>alert") || !strings.Contains(a.body, `aria-invalid="true"`) {
			t.Errorf("%s: %s", name, a.body)
		}
	}
}

// TestBrowser_check looks at the page in both languages, on a phone and on a
// desk. LAUREL_SHOTS names a directory for pictures.
func TestBrowser_check(t *testing.T) {
	b := newBooth(t)
	b.vote(t, b.form.ballot(t, "3", "5")).has(t, http.StatusSeeOther)
	address, ctx := b.address, browser.Open(t)
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"phone", 360, 740}, {"desk", 1440, 900}} {
		for _, lang := range []string{"zh-CN", "en"} {
			shot := func(page string) {
				t.Helper()
				if wide := browser.Read[int](t, ctx, `document.documentElement.scrollWidth`); wide > int(size.width) {
					t.Errorf("%s, %s, %s: the page is %d pixels wide", page, size.name, lang, wide)
				}
				if dir := os.Getenv("LAUREL_SHOTS"); dir != "" {
					picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(dir, page+"-"+size.name+"-"+lang+".png"), picture, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			browser.Run(t, ctx, "empty", chromedp.EmulateViewport(size.width, size.height), chromedp.Navigate(address+"/receipt?lang="+lang),
				chromedp.WaitVisible(chromedp.CSS("#receipt-code")))
			shot("check")
			enter := func(code string) {
				t.Helper()
				browser.Run(t, ctx, "enter", chromedp.SetValue(chromedp.CSS("#receipt-code"), code), chromedp.Click(chromedp.CSS(".proof-row .button")))
			}
			enter("0000 0000 wrong")
			browser.Run(t, ctx, "wrong", chromedp.WaitVisible(chromedp.CSS("#receipt-wrong")))
			shot("check-wrong")
			enter("00000000000000000000000007")
			browser.Run(t, ctx, "found", chromedp.WaitVisible(chromedp.CSS(".recorded")))
			shot("check-found")
			if got := browser.Read[string](t, ctx, `location.href`); strings.Contains(got, "0000") || !strings.HasSuffix(got, "/receipt") {
				t.Errorf("the address is %s", got)
			}
			if said := browser.Read[string](t, ctx, `document.body.innerText`); strings.Contains(said, "00000000") {
				t.Errorf("the page shows the whole code: %s", said)
			}
		}
	}
}
