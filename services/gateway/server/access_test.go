package server_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/services/identity"
)

// second is another gateway of the same installation.
func (h *installation) second(t *testing.T) *installation {
	t.Helper()
	other := *h
	other.start(t)
	return &other
}

// TestAccess_lost takes access at the next request, whichever gateway gets it:
// with a role that was taken back, and with a session that was ended.
func TestAccess_lost(t *testing.T) {
	first := open(t)
	first.identity.ended = map[string]bool{}
	second := first.second(t)
	const auditor = "auditor@example.org"
	first.identity.hear(auditor, identity.Grant{Slug: here, Role: identity.Auditor})
	const staff = "/api/v1/selections/" + here + "/staff"
	status := func(h *installation, path string) int { return h.ask(t, http.MethodGet, path, auditor, "").Status }
	both := func(when, path string, want int) {
		t.Helper()
		for name, h := range map[string]*installation{"first": first, "second": second} {
			if got := status(h, path); got != want {
				t.Errorf("%s: the %s gateway answers %d, want %d", when, name, got, want)
			}
		}
	}
	both("with the role", staff, http.StatusOK)
	role := `{"email":"` + auditor + `","role":"auditor"}`
	if a := first.ask(t, http.MethodDelete, staff, organizer, role); a.Status != http.StatusOK {
		t.Fatalf("revoke: %d %s", a.Status, a.Body)
	}
	both("without it", staff, http.StatusForbidden)
	if a := second.ask(t, http.MethodPut, staff, organizer, role); a.Status != http.StatusOK {
		t.Fatalf("grant: %d %s", a.Status, a.Body)
	}
	both("with it again", staff, http.StatusOK)
	if a := second.ask(t, http.MethodDelete, "/api/v1/sessions/current", auditor, ""); a.Status != http.StatusNoContent {
		t.Fatalf("sign out: %d %s", a.Status, a.Body)
	}
	both("signed out", staff, http.StatusUnauthorized)
	both("signed out", "/api/v1/accounts/me", http.StatusUnauthorized)
}

// TestAccess_told tells of an account its roles in this selection alone, and
// those in all selections to whoever has one in all.
func TestAccess_told(t *testing.T) {
	h := open(t)
	const local, person = "local@example.org", "person@example.org"
	own := identity.Grant{Slug: here, Role: identity.Juror, Scope: "experts"}
	anywhere := identity.Grant{Slug: identity.AnySelection, Role: identity.Auditor}
	h.identity.hear(local, identity.Grant{Slug: here, Role: identity.Organizer})
	for _, g := range []identity.Grant{{Slug: "another-selection", Role: identity.Organizer}, anywhere, own} {
		h.identity.hear(person, g)
	}
	for caller, want := range map[string][]identity.Grant{local: {own}, organizer: {anywhere, own}} {
		for _, r := range []struct{ method, body string }{
			{http.MethodGet, ""},
			{http.MethodPut, `{"email":"` + person + `","role":"juror","scope":"experts"}`},
			{http.MethodDelete, `{"email":"` + person + `","role":"juror","scope":"nobody"}`},
		} {
			a := h.ask(t, r.method, "/api/v1/selections/"+here+"/staff", caller, r.body)
			if a.Status != http.StatusOK {
				t.Fatalf("%s by %s: %d %s", r.method, caller, a.Status, a.Body)
			}
			var staff []identity.Account
			if r.method != http.MethodGet {
				a.Body = "[" + a.Body + "]"
			}
			if err := json.Unmarshal([]byte(a.Body), &staff); err != nil {
				t.Fatal(err)
			}
			for _, account := range staff {
				if account.Email != person {
					continue
				}
				if diff := cmp.Diff(want, slices.Compact(account.Grants)); diff != "" {
					t.Errorf("%s by %s (-want +got):\n%s", r.method, caller, diff)
				}
			}
		}
	}
}
