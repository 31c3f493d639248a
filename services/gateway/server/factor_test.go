package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
)

// TestFactor_first lets a session that a second factor is to prove do nothing but
// that: each act of the table is refused, and says why.
func TestFactor_first(t *testing.T) {
	h := open(t)
	const email = "organizer@example.org"
	h.identity.needs = map[string]bool{email: true}
	people, known, acts, rules := h.people(), examples(), h.acts(t), app.Rules()
	first, refused := 0, 0
	for route := range h.operations(t) {
		e, rule := known[route], rules[acts[route]]
		if !rule.ForStaff() || rule.Who == app.Holders || rule.Who == app.Published {
			continue
		}
		a := h.ask(t, e.method, e.path, email, e.body)
		switch {
		case rule.First:
			first++
			if a.Status >= 300 {
				t.Errorf("%s: %d %s", route, a.Status, a.Body)
			}
		case a.Status != http.StatusForbidden || a.problem(t).Code != "second_factor_missing":
			t.Errorf("%s: %d %s", route, a.Status, a.Body)
		default:
			refused++
		}
	}
	if first == 0 || refused < 40 {
		t.Errorf("%d routes were tried first, %d refused, %d people", first, refused, len(people))
	}
}

// TestSignIn_challenge answers 202 to a right password where there is a second
// factor, and leaves no session in the browser.
func TestSignIn_challenge(t *testing.T) {
	h := open(t)
	h.identity.second = map[string]bool{"organizer@example.org": true}
	a := h.ask(t, http.MethodPost, "/api/v1/sessions", "", `{"email":"organizer@example.org","password":"correct horse"}`)
	if a.Status != http.StatusAccepted || !strings.Contains(a.Body, `"ch4llenge"`) || strings.Contains(a.Body, `"account"`) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if cookie := a.Header.Get("Set-Cookie"); strings.Contains(cookie, "ch4llenge") || strings.Contains(cookie, "organizer") {
		t.Errorf("the browser keeps %s", cookie)
	}
	a = h.ask(t, http.MethodPost, "/api/v1/sessions/second", "", `{"challenge":"ch4llenge","code":"123456"}`)
	if a.Status != http.StatusCreated || !strings.Contains(a.Header.Get("Set-Cookie"), "t0ken") {
		t.Errorf("%d %v", a.Status, a.Header)
	}
	a = h.ask(t, http.MethodPost, "/api/v1/sessions", "", `{"email":"other@example.org","password":"correct horse"}`)
	if a.Status != http.StatusCreated || strings.Contains(a.Body, "challenge") {
		t.Errorf("without a second factor: %d %s", a.Status, a.Body)
	}
}
