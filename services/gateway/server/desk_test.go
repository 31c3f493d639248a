package server_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/server"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// deskPaths fills in what stands in the paths of desk pages beside the slug.
var deskPaths = map[string]string{
	"factor": aFactor, "draft": "0192f0c1-2345-7abc-8def-0123456789ad",
	"entry": "0192f0c1-2345-7abc-8def-0123456789ab", "import": "0192f0c1-2345-7abc-8def-0123456789ac", "picture": "0192f0c1-2345-7abc-8def-0123456789ad",
	"panel": "experts", "code": "K-482", "letter": aLetter, "wording": "invitation",
	"phase": "voting", "action": "close", "juror": "0192f0c1-2345-7abc-8def-0123456789ae", "number": "7", "file": "candidates", "objection": "2",
}

// deskForms are what forms of desks take, by route, where a form with nothing in
// it would not be read.
var deskForms = map[string]url.Values{
	"POST /desk/s/{slug}/vetting/withdraw":     {"department": {"hr"}, "entry": {"0192f0c1-2345-7abc-8def-0123456789ab"}},
	"POST /desk/s/{slug}/vetting/many/give":    {"department": {"hr"}, "entry": {"0192f0c1-2345-7abc-8def-0123456789ab"}, "verdict": {"pass"}},
	"POST /desk/s/{slug}/vetting/{entry}/give": {"department": {"hr"}, "verdict": {"pass"}},
}

// atDesks is an installation whose rooms answer nothing but who people are, and
// one selection.
func atDesks(t *testing.T, change ...func(*server.Config)) *installation {
	t.Helper()
	h := bare(t, testkit.Log(t))
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection":   says(frozen(t), nil),
		"selection/list_selections": says([]selection.Selection{frozen(t)}, nil),
		"review/get_result":         says(review.Result{Ranking: json.RawMessage(`{}`)}, nil),
		"review/get_sheets": says(review.OwnSheets{
			Open: true, List: []review.Assignment{{Candidate: "K-482"}}, One: &review.Assignment{Candidate: "K-482", Deeds: "…"},
		}, nil),
	}))
	h.start(t, append(change, quickly)...)
	return h
}

// desk asks for a page in a browser's way: a session in a cookie, a form as a
// form.
func (h *installation) desk(t *testing.T, method, path, session string, form url.Values) answer {
	t.Helper()
	headers := []string{"Sec-Fetch-Site", "same-origin", "Accept-Language", "en"}
	if session != "" {
		headers = append(headers, "Cookie", "laurel_session="+session)
	}
	if method == http.MethodPost {
		headers = append(headers, "Content-Type", "application/x-www-form-urlencoded")
	}
	return h.ask(t, method, path, "", form.Encode(), headers...)
}

// TestDesks asks for each page and sends each form of the desks as nobody and as
// an account of each kind, of this selection and of another: the table says who
// may.
func TestDesks(t *testing.T) {
	h := atDesks(t)
	people, acts, rules := h.people(), h.acts(t), app.Rules()
	tried := 0
	for _, route := range slices.SortedFunc(maps.Keys(acts), byPath) {
		method, path, _ := strings.Cut(route, " ")
		rule := scoped(rules[acts[route]], path, deskForms[route])
		if !isDesk(path) || method == http.MethodHead || !rule.ForStaff() || rule.Who != app.NobodyElse && rule.Who != app.SignedIn {
			continue
		}
		tried++
		at := strings.ReplaceAll(path, "{slug}", here)
		for name, value := range deskPaths {
			at = strings.ReplaceAll(at, "{"+name+"}", value)
		}
		if strings.Contains(at, "{") {
			t.Errorf("%s: deskPaths lacks what fills it in", route)
		}
		form := deskForms[route]
		for _, token := range []string{"", "no-session"} {
			a := h.desk(t, method, at, token, form)
			to := a.Header.Get("Location")
			if method == http.MethodGet && (a.Status != http.StatusSeeOther || to != "/desk/sign-in?to="+url.QueryEscape(at)) {
				t.Errorf("%s: without a session %d %s", route, a.Status, to)
			}
			if method == http.MethodPost && (a.Status != http.StatusUnauthorized || !strings.Contains(a.Body, `action="`+at+`"`)) {
				t.Errorf("%s: without a session %d", route, a.Status)
			}
		}
		for _, p := range people {
			a := h.desk(t, method, at, p.email, form)
			if p.may(rule) == (a.Status == http.StatusForbidden) || a.Status == http.StatusSeeOther && strings.HasPrefix(a.Header.Get("Location"), "/desk/sign-in") {
				t.Errorf("%s: %s got %d, and may: %t", route, p.name, a.Status, p.may(rule))
			}
			if a.Status >= http.StatusInternalServerError {
				t.Errorf("%s: %s got %d", route, p.name, a.Status)
			}
			if a.Status == http.StatusForbidden && !strings.Contains(a.Body, "Nothing was changed") {
				t.Errorf("%s: %s is not told why", route, p.name)
			}
			if kept := a.Header.Get("Cache-Control"); kept != "no-store" {
				t.Errorf("%s: Cache-Control %q", route, kept)
			}
		}
		h.clock.Advance(1e10)
	}
	if tried < 2 {
		t.Errorf("only %d routes were tried", tried)
	}
}

// TestDesk_session signs in and out by the pages.
func TestDesk_session(t *testing.T) {
	h := atDesks(t)
	enter := func(password, to string) answer {
		return h.desk(t, http.MethodPost, "/desk/sign-in/enter", "", url.Values{"email": {organizer}, "password": {password}, "to": {to}})
	}
	if a := enter("wrong", "/desk"); a.Status != http.StatusUnauthorized || !strings.Contains(a.Body, "The address or the password is wrong") ||
		!strings.Contains(a.Body, `value="`+organizer+`"`) || strings.Contains(a.Body, `value="wrong"`) || a.Header.Get("Set-Cookie") != "" {
		t.Errorf("a wrong password: %d %v %s", a.Status, a.Header, a.Body)
	}
	for to, want := range map[string]string{
		"/desk/s/" + here + "?page=2": "/desk/s/" + here + "?page=2", "": "/desk", "https://evil.example/desk": "/desk", "//evil.example": "/desk",
		"/desk\\evil": "/desk", "/deskevil": "/desk", "/s/" + here: "/desk",
	} {
		a := enter("correct horse", to)
		if a.Status != http.StatusSeeOther || a.Header.Get("Location") != want || !strings.HasPrefix(a.Header.Get("Set-Cookie"), "laurel_session=") {
			t.Errorf("%q leads to %q, want %q: %d", to, a.Header.Get("Location"), want, a.Status)
		}
	}
	a := h.desk(t, http.MethodGet, "/desk", organizer, nil)
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "Sign out") {
		t.Errorf("a desk: %d %s", a.Status, a.Body)
	}
	a = h.desk(t, http.MethodPost, "/desk/sign-out", organizer, nil)
	if a.Status != http.StatusSeeOther || !strings.Contains(a.Header.Get("Set-Cookie"), "laurel_session=;") {
		t.Errorf("signed out: %d %v", a.Status, a.Header)
	}
}

// TestDesk_foreign lets no other site's page do anything at a desk.
func TestDesk_foreign(t *testing.T) {
	h := atDesks(t)
	for _, path := range []string{"/desk/sign-in/enter", "/desk/sign-out"} {
		a := h.ask(t, http.MethodPost, path, "", "email=x", "Content-Type", "application/x-www-form-urlencoded",
			"Cookie", "laurel_session="+organizer, "Sec-Fetch-Site", "cross-site")
		if a.Status != http.StatusForbidden {
			t.Errorf("%s from elsewhere: %d", path, a.Status)
		}
	}
}

// TestDesk_look looks at the desks' first pages in a browser, on both screens, in
// both themes and languages.
func TestDesk_look(t *testing.T) {
	h := atDesks(t)
	ctx := browser.Open(t)
	browser.Look(t, ctx, "sign-in", h.url+"/desk/sign-in")
	browser.Run(t, ctx, "session", chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+organizer+`; path=/"`))
	browser.Look(t, ctx, "home", h.url+"/desk")
	browser.Look(t, ctx, "dashboard", h.url+"/desk/s/"+here)
	browser.Run(t, ctx, "keys", chromedp.Navigate(h.url+"/desk"), chromedp.KeyEvent("?"), chromedp.WaitVisible(chromedp.CSS("#keys")))
	browser.Look(t, ctx, "forbidden", h.url+"/desk/s/unknown-selection")
}

// scoped is a rule as a desk's page can hold it: one that names no department and
// no panel, such as the list of one's own, is for the members of each.
func scoped(r app.Rule, path string, form url.Values) app.Rule {
	if r.In != app.Everywhere && !strings.Contains(path, "{panel}") && form.Get("department") == "" {
		r.In = app.Selection
	}
	return r
}
