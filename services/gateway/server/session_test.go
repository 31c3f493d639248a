package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/services/gateway/server"
	"github.com/laurel-awards/laurel/services/identity"
)

const (
	organizer = "organizer@example.org"
	panel     = "/api/v1/selections/" + here + "/panels/experts"
)

func TestSession_signIn(t *testing.T) {
	h := open(t, func(c *server.Config) { c.PublicURL = "https://laurel.example.org" })
	a := h.ask(t, http.MethodPost, "/api/v1/sessions", "", `{"email":"`+organizer+`","password":"correct horse"}`)
	cookie := a.Header.Get("Set-Cookie")
	if a.Status != http.StatusCreated || !strings.Contains(a.Body, organizer) {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	for _, want := range []string{"HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie is not %s: %s", want, cookie)
		}
	}
	if !strings.HasPrefix(cookie, "__Host-laurel_session=") || !strings.Contains(cookie, "Path=/;") || strings.Contains(cookie, "Domain") {
		t.Errorf("another host of the domain could set the cookie: %s", cookie)
	}
	for name, want := range map[string]int{"__Host-laurel_session": http.StatusOK, "laurel_session": http.StatusUnauthorized} {
		if a := h.ask(t, http.MethodGet, "/api/v1/accounts/me", "", "", "Cookie", name+"="+organizer); a.Status != want {
			t.Errorf("a session in %s: %d, want %d", name, a.Status, want)
		}
	}
	if hsts := a.Header.Get("Strict-Transport-Security"); hsts == "" {
		t.Error("no HSTS on https")
	}
	a = h.ask(t, http.MethodPost, "/api/v1/sessions", "", `{"email":"`+organizer+`","password":"wrong"}`)
	if p := a.problem(t); p.Status != http.StatusUnauthorized || p.Code != "sign_in_failed" || a.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("a wrong password: %s, headers %v", a.Body, a.Header)
	}
}

// TestSession_cookie works from our own pages alone; a token works from
// anywhere.
func TestSession_cookie(t *testing.T) {
	h := open(t)
	body := `{"jurors":["a@example.org","b@example.org"]}`
	cookie := "laurel_session=" + organizer
	for name, c := range map[string]struct {
		token   string
		headers []string
		want    int
	}{
		"own page":    {"", []string{"Cookie", cookie, "Sec-Fetch-Site", "same-origin"}, http.StatusOK},
		"other site":  {"", []string{"Cookie", cookie, "Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		"old browser": {"", []string{"Cookie", cookie, "Origin", "https://evil.example"}, http.StatusForbidden},
		"token":       {organizer, []string{"Sec-Fetch-Site", "cross-site"}, http.StatusOK},
		"nobody":      {"", nil, http.StatusUnauthorized},
		"unknown":     {"forged", nil, http.StatusUnauthorized},
		"no role":     {"stranger@example.org", nil, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			if a := h.ask(t, http.MethodPut, panel, c.token, body, c.headers...); a.Status != c.want {
				t.Errorf("%d, want %d: %s", a.Status, c.want, a.Body)
			}
		})
	}
}

// TestSession_freshRole lets in whoever was refused a moment ago and has the
// role now.
func TestSession_freshRole(t *testing.T) {
	h := open(t)
	const juror = "juror@example.org"
	expert := identity.Grant{Slug: here, Role: identity.Juror, Scope: "experts"}
	if a := h.ask(t, http.MethodGet, panel+"/sheets", juror, ""); a.Status != http.StatusForbidden {
		t.Fatalf("without the role: %d", a.Status)
	}
	h.identity.hear(juror, expert)
	if a := h.ask(t, http.MethodGet, panel+"/sheets", juror, ""); a.Status != http.StatusOK {
		t.Errorf("with the role: %d %s", a.Status, a.Body)
	}
}

// TestGiveRole_link answers with the link that is to be handed over, which leads
// to the page as browsers reach it.
func TestGiveRole_link(t *testing.T) {
	for public, at := range map[string]string{"": "", "https://laurel.example.org/": "https://laurel.example.org"} {
		h := open(t, func(c *server.Config) { c.PublicURL, c.TrustedProxies = public, []string{"127.0.0.0/8"} })
		if at == "" {
			at = h.url
		}
		body := `{"email":"new@example.org","role":"auditor","hand_over":true}`
		a := h.ask(t, http.MethodPut, "/api/v1/selections/"+here+"/staff", organizer, body)
		if want := `"link":"` + at + `/claim?token=t0ken%2B%2F"`; a.Status != http.StatusOK || !strings.Contains(a.Body, want) {
			t.Errorf("%d %s, want %s", a.Status, a.Body, want)
		}
	}
}

// TestSeatPanel_refused leaves no role behind.
func TestSeatPanel_refused(t *testing.T) {
	h := open(t)
	for body, fields := range map[string]string{
		`{"jurors":["a@example.org"]}`:                      "",
		`{"jurors":["a@example.org","nobody@example.org"]}`: "jurors[1]",
		`{"jurors":["a@example.org"],"chair":"a"}`:          "chair",
		`{"jurors":"a@example.org"}`:                        "jurors",
	} {
		a := h.ask(t, http.MethodPut, panel, organizer, body)
		if p := a.problem(t); p.Status != http.StatusUnprocessableEntity || strings.Join(p.fields(), ",") != fields {
			t.Errorf("%s: %s", body, a.Body)
		}
	}
	if g := h.identity.account("a@example.org").Grants; len(g) > 0 {
		t.Errorf("refused jurors have roles: %v", g)
	}
	expert := identity.Grant{Slug: here, Role: identity.Juror, Scope: "experts"}
	a := h.ask(t, http.MethodPut, panel, organizer, `{"jurors":["a@example.org","b@example.org"]}`)
	if g := h.identity.account("b@example.org").Grants; a.Status != http.StatusOK || len(g) != 1 || g[0] != expert {
		t.Errorf("seated: %d %s, roles %v", a.Status, a.Body, g)
	}
}

// TestSession_otherSite signs nobody in, and hands nothing in, from another
// site's page: a browser would do it in its user's name.
func TestSession_otherSite(t *testing.T) {
	h := open(t)
	for path, body := range map[string]string{
		"/api/v1/sessions":                         `{"email":"` + organizer + `","password":"correct horse"}`,
		"/api/v1/selections/" + here + "/entries":  `{"name":"马晓燕","employer":"陇运","region":"兰州","deeds":"…"}`,
		"/api/v1/selections/" + here + "/voters":   `{"way":"device"}`,
		"/api/v1/selections/" + here + "/ballots":  `{"picks":[1]}`,
		"/api/v1/selections/" + here + "/no/route": `{}`,
	} {
		a := h.ask(t, http.MethodPost, path, "", body, "Sec-Fetch-Site", "cross-site")
		if p := a.problem(t); p.Status != http.StatusForbidden || p.Code != "cross_origin" || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	if a := h.ask(t, http.MethodGet, "/api/v1/selections/"+here, "", "", "Sec-Fetch-Site", "cross-site"); a.Status != http.StatusOK {
		t.Errorf("reading from another site: %d", a.Status)
	}
}

// TestSession_signOut clears the cookie, whether the session lives or has ended.
func TestSession_signOut(t *testing.T) {
	h := open(t)
	for _, token := range []string{organizer, "ended"} {
		a := h.ask(t, http.MethodDelete, "/api/v1/sessions/current", "", "", "Cookie", "laurel_session="+token)
		cookie := a.Header.Get("Set-Cookie")
		if a.Status != http.StatusNoContent || !strings.HasPrefix(cookie, "laurel_session=;") || !strings.Contains(cookie, "1970") {
			t.Errorf("%s: %d, cookie %q", token, a.Status, cookie)
		}
	}
	if a := h.ask(t, http.MethodDelete, "/api/v1/sessions/current", "", ""); a.Status != http.StatusUnauthorized {
		t.Errorf("nobody signed out: %d", a.Status)
	}
	if a := h.ask(t, http.MethodGet, "/api/v1/accounts/me", "", "", "Authorization", "bearer "+organizer); a.Status != http.StatusOK {
		t.Errorf("a scheme in small letters: %d", a.Status)
	}
}
