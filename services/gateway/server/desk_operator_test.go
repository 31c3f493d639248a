package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/identity"
)

// overall is an installation whose audit logs are long, and one of them broken.
func overall(t *testing.T) *installation {
	t.Helper()
	h := bare(t, testkit.Log(t))
	script := map[string]bus.Endpoint{"selection/get_selection": says(frozen(t), nil)}
	for _, service := range event.Services() {
		report := audit.Report{Service: service, Entries: 4711, Signed: 4700, Head: "laurel/audit/" + service + "\n4700\nr00t\n", Problems: []string{}}
		if service == event.Review {
			report.Problems = []string{"entry 12 is not what was recorded " + scrawl}
		}
		script[service+"/"+run.CheckAudit] = says(report, nil)
		script[service+"/"+run.ListErasures] = says([]retention.Erased{{Kind: "sign_ins", Count: 12, At: h0}}, nil)
		script[service+"/"+run.ListAudit] = does(func(in audit.Page) ([]audit.Entry, error) {
			var page []audit.Entry
			for id := in.After + 1; id <= 150 && len(page) < in.Limit; id++ {
				page = append(page, audit.Entry{ID: id, At: h0, Name: "王芳" + scrawl, Act: "sign_in", Reason: scrawl})
			}
			return page, nil
		})
	}
	h.serve(t, h.scripted(script))
	h.start(t, quickly)
	return h
}

// TestDeskOperators gives and takes roles in all selections, and disables accounts.
func TestDeskOperators(t *testing.T) {
	h := overall(t)
	const page = "/desk/operators"
	send := func(form string, values url.Values) answer {
		return h.desk(t, http.MethodPost, page+form, organizer, values)
	}
	if a := h.desk(t, http.MethodGet, page, organizer, nil); a.Status != http.StatusOK || !strings.Contains(a.Body, organizer) {
		t.Errorf("%d %.500s", a.Status, a.Body)
	}
	a := send("/give", url.Values{"email": {"new@example.org"}, "name": {"New"}, "role": {"auditor"}})
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != page {
		t.Errorf("given: %d %.500s", a.Status, a.Body)
	}
	everywhere := identity.Grant{Slug: identity.AnySelection, Role: identity.Auditor}
	if got := h.identity.account("new@example.org").Grants; len(got) != 1 || got[0] != everywhere {
		t.Errorf("they have %v", got)
	}
	a = send("/revoke", url.Values{"email": {"new@example.org"}, "name": {"New"}, "role": {"auditor"}})
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != page || len(h.identity.account("new@example.org").Grants) != 0 {
		t.Errorf("taken back: %d", a.Status)
	}
	cookies := "laurel_session=" + organizer + "; " + strings.Split(a.Header.Get("Set-Cookie"), ";")[0]
	back := h.ask(t, http.MethodGet, page, "", "", "Accept-Language", "en", "Cookie", cookies)
	if !strings.Contains(back.Body, `action="/desk/operators/give"`) || !strings.Contains(back.Body, "Undo") {
		t.Errorf("it cannot be undone: %.3000s", back.Body)
	}
	if a := send("/access/change", url.Values{"email": {"left@example.org"}, "reason": {"has left"}}); a.Status != http.StatusUnprocessableEntity ||
		!strings.Contains(a.Body, "has left</textarea>") {
		t.Errorf("neither disabled nor enabled: %d", a.Status)
	}
	for _, do := range []string{"disable", "enable"} {
		if a := send("/access/change", url.Values{"email": {"left@example.org"}, "reason": {"has left"}, "do": {do}}); a.Status != http.StatusSeeOther {
			t.Errorf("%s: %d", do, a.Status)
		}
	}
}

// TestDeskInstallation has an auditor of all selections look at every audit log.
func TestDeskInstallation(t *testing.T) {
	h := overall(t)
	inspector := ""
	for _, p := range h.people() {
		if p.name == "inspector" {
			inspector = p.email
		}
	}
	const page = "/desk/installation"
	for path, has := range map[string][]string{
		"":                                 {"4,711 entries, of which 4,700 are signed", "entry 12 is not what was recorded"},
		"/audit?service=review":            {"王芳", "after=100"},
		"/audit?service=review&after=100":  {"王芳", "Previous"},
		"/audit?service=nowhere&after=-10": {"identity", "王芳"},
		"/erasures":                        {"sign-ins in the audit log"},
	} {
		a := h.desk(t, http.MethodGet, page+path, inspector, nil)
		for _, text := range has {
			if !strings.Contains(a.Body, text) {
				t.Errorf("%s: %q is not said: %d %.2000s", path, text, a.Status, a.Body)
			}
		}
		if strings.Contains(a.Body, "<b onclick") {
			t.Errorf("%s: markup stands in the page", path)
		}
	}
}

// TestDeskOperators_look looks at the pages of the whole installation.
func TestDeskOperators_look(t *testing.T) {
	h := overall(t)
	h.identity.grants[organizer] = append(h.identity.grants[organizer], identity.Grant{Slug: identity.AnySelection, Role: identity.Auditor})
	ctx := browser.Open(t)
	browser.Run(t, ctx, "session", chromedp.Navigate(h.url+"/desk/sign-in"),
		chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+organizer+`; path=/"`))
	for name, path := range map[string]string{
		"operators": "/operators", "operator-access": "/operators/access", "installation": "/installation", "whole-audit": "/installation/audit?service=review",
	} {
		browser.Look(t, ctx, name, h.url+"/desk"+path)
	}
}
