package page_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/voting"
)

// TestStatement shows what is recorded for a ballot to who has its receipt: sent
// in a form, without script, never in an address.
func TestStatement(t *testing.T) {
	b := newBooth(t)
	b.form.has(t, 200, `href="/s/`+slug+`/statement"`)
	page := b.address + "/statement"
	form := get(t, b.visitor, page)
	form.has(t, 200, "凭回执可以取得", `action="/s/`+slug+`/statement/show"`, `value=""`)
	noScript(t, form)
	b.vote(t, b.form.ballot(t, "3")).has(t, http.StatusSeeOther)
	get(t, b.visitor, b.address+"/voted").has(t, 200, `href="/s/`+slug+`/statement"`)
	const code = "00000000000000000000000007"
	get(t, b.visitor, page).has(t, 200, `value="`+code+`"`) // what this browser holds
	stranger := visitor(t)
	get(t, stranger, page).has(t, 200, `value=""`)

	shown := ask(t, stranger, http.MethodPost, page+"/show", url.Values{"receipt": {" " + code + " "}})
	shown.has(t, 200, "laurel/"+slug+"/statement", `action="/s/`+slug+`/statement/file"`, `name="receipt" value="`+code+`"`)
	noScript(t, shown)
	if h := shown.Header; h.Get("Cache-Control") != "private, no-store" {
		t.Errorf("the page may be kept: %v", h)
	}
	ask(t, stranger, http.MethodPost, page+"/show?lang=en", url.Values{"receipt": {code}}).has(t, 200, "does not prove")
	file := ask(t, stranger, http.MethodPost, page+"/file", url.Values{"receipt": {code}})
	file.has(t, 200, "laurel/"+slug+"/statement\n")
	h := file.Header
	if !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("Cache-Control") != "private, no-store" ||
		h.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("the file: %v", h)
	}

	for _, to := range []string{"/show", "/file"} {
		ask(t, b.visitor, http.MethodPost, page+to, url.Values{"receipt": {"00000000000000000000000008"}}).
			has(t, http.StatusNotFound, "没有选票对应这个回执码", `value="00000000000000000000000008"`, `aria-invalid="true"`)
		ask(t, b.visitor, http.MethodPost, page+to, url.Values{"receipt": {" "}}).has(t, http.StatusUnprocessableEntity, "请输入回执码")
		ask(t, b.visitor, http.MethodPost, page+to, url.Values{"receipt": {strings.Repeat("<", 999)}}).has(t, http.StatusNotFound, "没有选票对应这个回执码")
	}
	b.services.change(func(h *installation) { h.stateErr = voting.ErrBusy })
	ask(t, b.visitor, http.MethodPost, page+"/show", url.Values{"receipt": {code}}).has(t, http.StatusServiceUnavailable)
}

// TestBrowser_statement goes from a receipt to its statement, on a phone and on a
// desk, in both languages, with scripts and without.
func TestBrowser_statement(t *testing.T) {
	b := newBooth(t)
	b.vote(t, b.form.ballot(t, "3")).has(t, http.StatusSeeOther)
	const code = "00000000000000000000000007"
	ctx := browser.Open(t)
	for _, c := range []struct {
		language      string
		width, height int64
		scripts       bool
	}{{"zh-CN", 360, 740, true}, {"en", 360, 740, false}, {"zh-CN", 1440, 900, false}, {"en", 1440, 900, true}} {
		browser.Run(t, ctx, "open", browser.Scripts(c.scripts), chromedp.EmulateViewport(c.width, c.height),
			chromedp.Navigate(b.address+"/statement?lang="+c.language))
		look := func(step string) {
			t.Helper()
			if wide := browser.Read[int64](t, ctx, `document.documentElement.scrollWidth`); wide > c.width {
				t.Errorf("%s of %+v is %d pixels wide", step, c, wide)
			}
			if dir := os.Getenv("SHOTS"); dir != "" {
				shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(fmt.Sprintf("%s/%s-%s-%d.png", dir, step, c.language, c.width), shot, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		look("ask")
		browser.Run(t, ctx, "wrong", chromedp.SetValue(chromedp.CSS("#receipt"), "7"+code[1:]), chromedp.Click(chromedp.CSS(".proof .button")),
			chromedp.WaitVisible(chromedp.CSS("#receipt-wrong")))
		look("wrong")
		browser.Run(t, ctx, "right", chromedp.SetValue(chromedp.CSS("#receipt"), code), chromedp.Click(chromedp.CSS(".proof .button")),
			chromedp.WaitVisible(chromedp.CSS("pre")))
		look("shown")
		if at := browser.Read[string](t, ctx, `location.href`); strings.Contains(at, code) {
			t.Errorf("the receipt is in the address: %s", at)
		}
	}
}

// TestStatement_code asks by a voter code, which is in no address, and says of
// each refusal why.
func TestStatement_code(t *testing.T) {
	b := rosterBooth(t, "[roster]")
	page := b.address + "/statement"
	get(t, b.visitor, page).has(t, 200, `action="/s/`+slug+`/statement/code"`, "密封纸条")
	for code, want := range map[string]struct {
		status int
		text   string
	}{
		"private ballot": {200, "已有一张选票计入"},
		"private none":   {200, "没有选票计入"},
		"read":           {http.StatusForbidden, "其他人可能看到过它"},
		"early":          {http.StatusConflict, "投票结束并计票后才能查询"},
		"typo":           {http.StatusUnprocessableEntity, "投票码输错了"},
		"wrong":          {http.StatusUnauthorized, "只有最后一封"},
		" ":              {http.StatusUnprocessableEntity, "请输入"},
	} {
		a := ask(t, visitor(t), http.MethodPost, page+"/code", url.Values{"code": {code}})
		a.has(t, want.status, want.text)
		noScript(t, a)
		if a.Header.Get("Cache-Control") != "private, no-store" {
			t.Errorf("%s: the page may be kept: %v", code, a.Header)
		}
	}
	ask(t, visitor(t), http.MethodPost, page+"/code?lang=en", url.Values{"code": {"private ballot"}}).has(t, 200, "A ballot is counted")
	if other := newBooth(t); strings.Contains(get(t, other.visitor, other.address+"/statement").body, "/statement/code") {
		t.Error("a vote without codes asks for one")
	}
}

// TestStatementCode_look asks by a code that is refused, then by a private one.
func TestStatementCode_look(t *testing.T) {
	b := rosterBooth(t, "[roster]")
	ctx := browser.Open(t)
	browser.Look(t, ctx, "statement-code", b.address+"/statement")
	send := func(step, code, wait string) {
		t.Helper()
		browser.Run(t, ctx, step, chromedp.SetValue(chromedp.CSS("#code"), code), chromedp.Click(chromedp.CSS(`form[action$="/code"] .button`)),
			chromedp.WaitVisible(chromedp.CSS(wait)))
	}
	browser.Run(t, ctx, "open", chromedp.Navigate(b.address+"/statement?lang=en"))
	send("refused", "read", "#code-wrong")
	if at := browser.Read[string](t, ctx, `document.activeElement.id + " " + location.href`); strings.Contains(at, "read") {
		t.Errorf("the code is in the address: %s", at)
	}
	send("told", "private ballot", `[role=status]`)
	if told := browser.Read[string](t, ctx, `document.querySelector("[role=status]").textContent`); told != "A ballot is counted for the member with this code." {
		t.Errorf("told %q", told)
	}
}
