package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/identity"
)

// atDesk sends what a browser without scripts sends, as whoever has a session, and
// gives the page that comes, or the address to which it leads.
func (h *harness) atDesk(t *testing.T, session, path string, form any) (status int, page string) {
	t.Helper()
	method, media := http.MethodGet, ""
	var body io.Reader
	switch f := form.(type) {
	case url.Values:
		method, media, body = http.MethodPost, "application/x-www-form-urlencoded", strings.NewReader(f.Encode())
	case []byte: // a file
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		part, err := w.CreateFormFile("blob", "members.csv")
		if err == nil {
			_, err = part.Write(f)
		}
		if err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		method, media, body = http.MethodPost, w.FormDataContentType(), &b
	}
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+h.Listen+"/desk/s/"+slug+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", media)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Accept-Language", "en")
	req.AddCookie(&http.Cookie{Name: "laurel_session", Value: session})
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if to := res.Header.Get("Location"); to != "" {
		return res.StatusCode, to
	}
	return res.StatusCode, string(text)
}

// TestDesk_organizer runs a selection from its opening to the review on pages
// alone, without scripts; then with a keyboard in a browser.
func TestDesk_organizer(t *testing.T) {
	t.Parallel()
	h := together(t)
	h.Rules = strings.Replace(h.Rules, "voters: [device]", "voters: [roster]", 1)
	h.run(t, h.Create)
	session := h.token(t, identity.Organizer, 1)
	wants := func(what string, status int, page string, want int, texts ...string) {
		t.Helper()
		if status != want {
			t.Fatalf("%s: %d, want %d: %.3000s", what, status, want, page)
		}
		for _, text := range texts {
			if !strings.Contains(page, text) {
				t.Errorf("%s does not say %q: %.3000s", what, text, page)
			}
		}
	}
	get := func(path string, texts ...string) string {
		t.Helper()
		status, page := h.atDesk(t, session, path, nil)
		wants(path, status, page, http.StatusOK, texts...)
		return page
	}
	send := func(path string, form any, want int, texts ...string) string {
		t.Helper()
		status, page := h.atDesk(t, session, path, form)
		wants(path, status, page, want, texts...)
		return page
	}

	h.run(t, h.Nominate)
	get("", fmt.Sprintf("%d entries to vet", entries), "The roster is not imported yet")
	get("/phases/vetting/close", "entries have no opinion")
	h.run(t, h.Vet)

	send("/roster/import", []byte("member,name\n17,王芳\n,李娜\n17,赵强\n"), http.StatusUnprocessableEntity, "row 3", "row 4", "Nothing was imported")
	send("/roster/import", []byte("member,name\n17,<b>王芳</b>\n18,李娜\n"), http.StatusSeeOther, "/roster")
	get("/roster", "Members", ">2<")
	slips := send("/roster/codes/send", url.Values{"format": {"html"}, "language": {"en"}, "reason": {""}}, http.StatusOK)
	code := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}`)
	if !code.MatchString(slips) {
		t.Errorf("no code on the slips: %.500s", slips)
	}
	send("/roster/codes/send", url.Values{"format": {"xlsx"}, "reason": {""}}, http.StatusConflict, "says why all codes are replaced")
	send("/roster/replace/send", url.Values{"member": {"17"}, "reason": {" "}}, http.StatusUnprocessableEntity, `href="#reason"`)
	fresh := send("/roster/replace/send", url.Values{"member": {"17"}, "reason": {"lost"}}, http.StatusOK, "&lt;b&gt;王芳")
	if !code.MatchString(fresh) {
		t.Error("no new code is shown")
	}
	get("/roster", "Slips to be printed and cut")

	var jurors []string
	for _, m := range h.Input.With(identity.Juror) {
		jurors = append(jurors, m.Email)
	}
	send("/panels/experts/seats/take", url.Values{"person": jurors[:1]}, http.StatusUnprocessableEntity, "the rulebook says 3")
	send("/panels/experts/seats/take", url.Values{"person": jurors, "employer:" + jurors[0]: {"陇运快递"}}, http.StatusSeeOther, "/panels/experts")
	panel := get("/panels/experts", h.Input.With(identity.Juror)[0].Name, "陇运快递")
	juror := regexp.MustCompile(`/panels/experts/jurors/([0-9a-f-]+)`).FindStringSubmatch(panel)
	if juror == nil {
		t.Fatal("no juror's page")
	}
	get("/panels/experts/jurors/"+juror[1], jurors[0])
	send("/panels/experts/candidates/1/pin/send", url.Values{"juror": jurors[:1], "reason": {"kin"}}, http.StatusUnprocessableEntity, `href="#conflicted"`)
	send("/panels/experts/candidates/1/pin/send", url.Values{"juror": jurors[:1], "conflicted": {"yes"}, "reason": {"kin"}}, http.StatusSeeOther)
	get("/panels/experts", "Must not score", "kin")
	members := h.Input.With(identity.Committee)
	send("/committee/take", url.Values{"person": {"nobody@example.org"}}, http.StatusUnprocessableEntity, "nobody@example.org")
	send("/committee/take", url.Values{"person": {members[0].Email}}, http.StatusSeeOther)
	get("/panels", members[0].Name)

	// Two open the same phase: the second is told what the first did.
	order := url.Values{"seen": {"pending"}, "reason": {"the list is complete"}}
	send("/phases/voting/open/order", order, http.StatusSeeOther)
	send("/phases/voting/open/order", order, http.StatusConflict, "Somebody has changed this phase meanwhile", "the list is complete", "Opened by")

	ctx := browser.Open(t)
	browser.Run(t, ctx, "session", chromedp.Navigate("http://"+h.Listen+"/desk/sign-in"),
		chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+session+`; path=/"; document.cookie = "laurel_language=en; path=/"`),
		chromedp.EmulateViewport(360, 740), chromedp.Navigate("http://"+h.Listen+"/desk/s/"+slug+"/phases/review/open?lang=en"))
	tabs := browser.Read[int](t, ctx, `(() => {
		const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")].filter((e) => e.checkVisibility());
		return 1 + all.indexOf(document.getElementById("reason"));
	})()`)
	browser.Run(t, ctx, "keys", chromedp.KeyEvent(strings.Repeat("\t", tabs)))
	if at := browser.Read[string](t, ctx, `document.activeElement.id`); at != "reason" {
		t.Fatalf("%d times Tab lead to %q", tabs, at)
	}
	browser.Run(t, ctx, "order", chromedp.KeyEvent("as planned"), chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
	testkit.Eventually(t, testkit.Patience, func() error {
		seen, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname + " " + (document.querySelector("main") || document.body).innerText`))
		if err == nil && (!strings.HasPrefix(seen, "/desk/s/"+slug+"/phases ") || !strings.Contains(seen, "as planned")) {
			err = fmt.Errorf("at %.300s", seen)
		}
		return err
	})
	get("/panels/experts", "✓ submitted", "0 of")
}
