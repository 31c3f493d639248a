package page_test

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// send posts a form as a browser does that tells where it comes from.
func send(t *testing.T, c *http.Client, address string, form url.Values, header, value string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if header != "" {
		r.Header.Set(header, value)
	}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res, string(body)}
}

// A form of another site does nothing, whatever cookies come with it.
func TestForms_otherSite(t *testing.T) {
	for _, form := range []string{"find", "vote", "work", "code"} {
		for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			t.Run(form+" "+header, func(t *testing.T) {
				b := rosterBooth(t, "[device, roster]")
				sent := b.form.ballot(t, "3")
				sent.Set("code", goodCode)
				page := send(t, b.visitor, b.address+"/"+form, sent, header, value)
				page.has(t, http.StatusForbidden, "没有权限", "来自别的网站", `href="/s/`+slug+`?lang=en"`)
				if len(b.services.ballots) != 0 || len(page.Cookies()) != 0 {
					t.Errorf("%d ballots, cookies %v", len(b.services.ballots), page.Cookies())
				}
				b.vote(t, b.form.ballot(t, "3")).has(t, http.StatusSeeOther)
			})
		}
	}
}

// Browsers say that a form is ours, or say nothing at all.
func TestForms_ownSite(t *testing.T) {
	for name, header := range map[string][2]string{
		"today":           {"Sec-Fetch-Site", "same-origin"},
		"before 2023":     {"Origin", ""},
		"neither header":  {"Accept", "text/html"},
		"behind a proxy":  {"Origin", "https://vote.example"},
		"typed by itself": {"Sec-Fetch-Site", "none"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newInstallation(t, courierRules(t), 12)
			s := serve(t, h, "https://vote.example")
			if header[0] == "Origin" && header[1] == "" {
				header[1] = s.URL
			}
			b := &booth{services: h, visitor: visitor(t), address: s.URL + "/s/" + slug}
			b.form = get(t, b.visitor, b.address)
			send(t, b.secureless(t), b.address+"/vote", b.form.ballot(t, "3"), header[0], header[1]).has(t, http.StatusSeeOther)
			if n := len(h.ballots); n != 1 {
				t.Errorf("%d ballots", n)
			}
		})
	}
}

// secureless is the visitor with the cookies that plain http would not carry.
func (b *booth) secureless(t *testing.T) *http.Client {
	t.Helper()
	c := visitor(t)
	to, err := url.Parse(b.address)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range b.form.Cookies() {
		cookie.Secure = false
		c.Jar.SetCookies(to, []*http.Cookie{cookie})
	}
	return c
}

// A page that was left open overnight votes: nothing of it has aged but the
// voter's credential, which lives longer.
func TestForms_overnight(t *testing.T) {
	b := newBooth(t)
	form := b.form.ballot(t, "3")
	b.services.change(func(h *installation) { h.now = h.now.Add(20 * time.Hour) })
	b.vote(t, form).has(t, http.StatusSeeOther)
	if n := len(b.services.ballots); n != 1 {
		t.Errorf("%d ballots", n)
	}
}

// A browser without any cookie proves a code; its ballot has no voter, which the
// page that says so mends.
func TestForms_noCookies(t *testing.T) {
	roster := rosterBooth(t, "[roster]")
	proved := send(t, visitor(t), roster.address+"/code", url.Values{"code": {goodCode}}, "Sec-Fetch-Site", "same-origin")
	proved.has(t, http.StatusSeeOther)
	cookieOf(t, proved, "laurel_voter")

	b := newBooth(t)
	b.visitor = visitor(t) // the cookies are lost
	page := send(t, b.visitor, b.address+"/vote", b.form.ballot(t, "3"), "Sec-Fetch-Site", "same-origin")
	page.has(t, http.StatusForbidden, "请再按一次", "允许本站的 Cookie")
	if got := page.ticked(); !slices.Equal(got, []string{"3"}) || len(b.services.ballots) != 0 {
		t.Errorf("ticked %v, %d ballots", got, len(b.services.ballots))
	}
	b.vote(t, page.ballot(t, "3")).has(t, http.StatusSeeOther)

	b = newBooth(t)
	b.visitor = &http.Client{CheckRedirect: b.visitor.CheckRedirect} // keeps none
	b.vote(t, b.form.ballot(t, "3")).has(t, http.StatusForbidden)
	b.vote(t, b.form.ballot(t, "3")).has(t, http.StatusForbidden)
	if n := len(b.services.ballots); n != 0 {
		t.Errorf("%d ballots of no voter", n)
	}
}
