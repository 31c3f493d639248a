package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/testkit/browser"
)

// TestDesk_people shows what a list says before anybody is invited, with each
// mistake at its line, and links that are handed over once.
func TestDesk_people(t *testing.T) {
	h := atDesks(t)
	const invite = "/desk/s/" + here + "/people/invite"
	list := url.Values{"list": {"王芳 <wang@example.org>\n李雷\n"}, "seat": {"juror/experts"}, "until": {"2026-05-10"}}
	a := h.desk(t, http.MethodPost, invite+"/read", organizer, list)
	for _, want := range []string{
		"Nobody has been invited yet", "Line 2:", "has no email address: 李雷", `value="wang@example.org"`, "Invite this one", "11 May 2026",
	} {
		if a.Status != http.StatusOK || !strings.Contains(a.Body, want) {
			t.Errorf("what was understood lacks %q: %d %s", want, a.Status, a.Body)
		}
	}
	for field, wrong := range map[string]url.Values{
		"until": {"list": list["list"], "seat": list["seat"], "until": {"2020-01-01"}}, "list": {"list": {" "}, "seat": list["seat"]},
		"seat": {"list": list["list"]},
	} {
		if a := h.desk(t, http.MethodPost, invite+"/read", organizer, wrong); a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusBadRequest ||
			!strings.Contains(a.Body, `href="#`+field+`"`) {
			t.Errorf("wrong %s: %d", field, a.Status)
		}
	}
	send := url.Values{"email": {"wang@example.org"}, "name": {"王芳"}, "seat": {"juror/experts"}, "hand_over": {"yes"}}
	a = h.desk(t, http.MethodPost, invite+"/send", organizer, send)
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "/claim?token=t0ken") || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("links: %d %s", a.Status, a.Body)
	}
	send.Set("seat", "juror/nobody")
	if a := h.desk(t, http.MethodPost, invite+"/send", organizer, send); a.Status < 400 || a.Status >= 500 {
		t.Errorf("a panel that is none: %d", a.Status)
	}
	a = h.desk(t, http.MethodPost, "/desk/s/"+here+"/people/revoke", organizer, url.Values{
		"email": {"wang@example.org"}, "role": {"juror"}, "scope": {"experts"}, "until": {"2026-05-11T00:00:00Z"},
	})
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/desk/s/"+here+"/people" || !strings.Contains(a.Header.Get("Set-Cookie"), "laurel_note=") {
		t.Errorf("taken back: %d %v", a.Status, a.Header)
	}
}

// TestDesk_people_look looks at the pages of people in a browser.
func TestDesk_people_look(t *testing.T) {
	h := atDesks(t)
	h.people()
	ctx := browser.Open(t)
	at := h.url + "/desk/s/" + here + "/people"
	browser.Run(t, ctx, "start", chromedp.Navigate(h.url+"/desk/sign-in"))
	browser.Run(t, ctx, "session", chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+organizer+`; path=/"`))
	browser.Look(t, ctx, "people", at)
	browser.Look(t, ctx, "people-none", at+"?q=nobody-at-all")
	browser.Look(t, ctx, "people-invite", at+"/invite")
	browser.Look(t, ctx, "people-file", at+"/invite/file")
	browser.Run(t, ctx, "look", chromedp.EmulateViewport(360, 740), chromedp.Navigate(at+"/invite?lang=zh-CN"),
		chromedp.SetValue(chromedp.CSS(`[name="list"]`), "王芳 <wang@example.org>\n李雷\n赵 <zhao@example.org>"),
		chromedp.SetValue(chromedp.CSS(`[name="seat"]`), "juror/experts"),
		chromedp.Click(chromedp.CSS("main form button")), chromedp.WaitVisible(chromedp.CSS("table")))
	browser.See(t, ctx, "people-understood")
}
