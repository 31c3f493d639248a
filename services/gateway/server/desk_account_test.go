package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/gateway/server"
)

// named is an installation that browsers reach by a name.
func named(c *server.Config) { c.PublicURL = "http://localhost" }

// TestDesk_second takes a sign-in to its second step, and has it begin again when
// it has ended.
func TestDesk_second(t *testing.T) {
	h := atDesks(t)
	h.identity.second = map[string]bool{organizer: true}
	a := h.desk(t, http.MethodPost, "/desk/sign-in/enter", "", url.Values{"email": {organizer}, "password": {"correct horse"}, "to": {"/desk/s/" + here}})
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/desk/sign-in/second?to=%2Fdesk%2Fs%2F"+here {
		t.Fatalf("%d %v", a.Status, a.Header)
	}
	cookie := a.Header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "laurel_challenge=ch4llenge") || !strings.Contains(cookie, "HttpOnly") || strings.Contains(cookie, "laurel_session") {
		t.Errorf("the browser keeps %s", cookie)
	}
	with := func(method, path string, form url.Values, challenge string) answer {
		return h.ask(t, method, path, "", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin",
			"Accept-Language", "en", "Cookie", "laurel_challenge="+challenge)
	}
	if a := with(http.MethodGet, "/desk/sign-in/second", nil, "ch4llenge"); a.Status != http.StatusOK || !strings.Contains(a.Body, `name="code"`) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := with(http.MethodGet, "/desk/sign-in/second", nil, "ended"); a.Status != http.StatusUnauthorized || !strings.Contains(a.Body, "sign in again") {
		t.Errorf("an ended one: %d %s", a.Status, a.Body)
	}
	a = with(http.MethodPost, "/desk/sign-in/second/prove", url.Values{"code": {"wrong"}}, "ch4llenge")
	if a.Status != http.StatusUnauthorized || !strings.Contains(a.Body, "second factor is wrong") || !strings.Contains(a.Body, `name="code"`) {
		t.Errorf("a wrong code: %d %s", a.Status, a.Body)
	}
	for to, want := range map[string]string{"/desk/account": "/desk/account", "https://evil.example": "/desk"} {
		a = with(http.MethodPost, "/desk/sign-in/second/prove", url.Values{"code": {"123456"}, "to": {to}}, "ch4llenge")
		kept := strings.Join(a.Header.Values("Set-Cookie"), "\n")
		if a.Status != http.StatusSeeOther || a.Header.Get("Location") != want || !strings.Contains(kept, "laurel_session=t0ken") {
			t.Errorf("a right code: %d %v", a.Status, a.Header)
		}
	}
}

// TestDesk_first leads whoever must set up a second factor to their account.
func TestDesk_first(t *testing.T) {
	h := atDesks(t)
	h.identity.needs = map[string]bool{organizer: true}
	for _, path := range []string{"/desk", "/desk/s/" + here, "/desk/account/password"} {
		if a := h.desk(t, http.MethodGet, path, organizer, nil); a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/desk/account" {
			t.Errorf("%s: %d %v", path, a.Status, a.Header)
		}
	}
	if a := h.desk(t, http.MethodGet, "/desk/account", organizer, nil); a.Status != http.StatusOK || !strings.Contains(a.Body, "Set one up first") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	a := h.desk(t, http.MethodPost, "/desk/account/sessions/confirm", organizer, url.Values{})
	if a.Status != http.StatusForbidden || !strings.Contains(a.Body, "take a second factor") {
		t.Errorf("an act: %d %s", a.Status, a.Body)
	}
}

// TestDesk_codes shows codes of recovery once, and keeps them out of caches.
func TestDesk_codes(t *testing.T) {
	h := atDesks(t)
	a := h.desk(t, http.MethodPost, "/desk/account/recovery/renew", organizer, url.Values{"present": {"correct horse"}})
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "7K2M-9TQX-2HFP-0001") || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %s", a.Status, a.Header, a.Body)
	}
	for address, want := range map[string]int{"https://evil.example": http.StatusSeeOther, strings.Repeat("x", 2000): http.StatusSeeOther} {
		form := url.Values{"ceremony": {"t0ken"}, "code": {"wrong"}, "address": {address}}
		if a := h.desk(t, http.MethodPost, "/desk/account/totp/finish", organizer, form); a.Status != want {
			t.Errorf("an address of an app that is none: %d %.200s", a.Status, a.Body)
		}
	}
}

// TestDesk_account_look looks at the pages of an account in a browser.
func TestDesk_account_look(t *testing.T) {
	h := atDesks(t, named)
	ctx := browser.Open(t)
	at := strings.Replace(h.url, "127.0.0.1", "localhost", 1)
	browser.Look(t, ctx, "setup", at+"/desk/setup?token=t0ken")
	browser.Look(t, ctx, "sign-in-passkey", at+"/desk/sign-in")
	browser.Run(t, ctx, "challenge", chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_challenge=ch4llenge; path=/"`))
	browser.Look(t, ctx, "second", at+"/desk/sign-in/second")
	browser.Run(t, ctx, "session", chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+organizer+`; path=/"`))
	for name, path := range map[string]string{
		"account": "", "password": "/password", "totp": "/totp", "passkey": "/passkey", "recovery": "/recovery",
		"remove": "/factors/" + aFactor,
	} {
		browser.Look(t, ctx, "account-"+name, at+"/desk/account"+path)
	}
	press := func(name, path, shown string) {
		browser.Run(t, ctx, name, chromedp.EmulateViewport(360, 740), chromedp.Navigate(at+path),
			chromedp.SetValue(chromedp.CSS(`[name="present"]`), "correct horse"),
			chromedp.Click(chromedp.CSS("main form button")), chromedp.WaitVisible(chromedp.CSS(shown)))
		browser.See(t, ctx, name)
	}
	press("account-totp-scan", "/desk/account/totp?lang=zh-CN", "svg.qr")
	press("account-codes", "/desk/account/recovery?lang=en", ".codes")
	h.identity.needs = map[string]bool{organizer: true}
	browser.Look(t, ctx, "account-first", at+"/desk/account")
}
