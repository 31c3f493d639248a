package page_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// cookies asks a page with cookies, and gives those that the answer sets, by
// name.
func cookies(t *testing.T, address string, sent ...string) map[string]*http.Cookie {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", strings.Join(sent, "; "))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d", address, res.StatusCode)
	}
	set := map[string]*http.Cookie{}
	for _, c := range res.Cookies() {
		set[c.Name] = c
	}
	return set
}

// TestCookies_prefix has every cookie on https be one that only this host can
// set.
func TestCookies_prefix(t *testing.T) {
	s := serve(t, newInstallation(t, courierRules(t), 2), "https://awards.example.org")
	set := cookies(t, s.URL+"/s/"+slug+"?lang=en")
	if len(set) != 3 { // language, order, voter
		t.Errorf("cookies %v", set)
	}
	for name, c := range set {
		if !strings.HasPrefix(name, "__Host-laurel_") || c.Path != "/" || c.Domain != "" || !c.Secure || !c.HttpOnly {
			t.Errorf("another host of the domain could set %v", c)
		}
	}
}

// TestCookies_moved brings what a browser kept under the names of before to the
// new ones, once, and to no other selection.
func TestCookies_moved(t *testing.T) {
	h := newInstallation(t, courierRules(t), 2)
	before := serve(t, h, "")
	kept := cookies(t, before.URL+"/s/"+slug)
	voter, order := kept["laurel_voter"].Value, kept["laurel_order"].Value
	after := serve(t, h, "https://awards.example.org")
	old := []string{"laurel_voter=" + voter, "laurel_order=" + order}
	set := cookies(t, after.URL+"/s/"+slug, old...)
	for name, want := range map[string]string{"__Host-laurel_voter." + slug: voter, "__Host-laurel_order": order} {
		if c := set[name]; c == nil || c.Value != want {
			t.Errorf("%s is %v, want %q", name, c, want)
		}
	}
	for name, path := range map[string]string{"laurel_voter": "/s/" + slug, "laurel_order": "/"} {
		if c := set[name]; c == nil || c.MaxAge >= 0 || c.Path != path {
			t.Errorf("the old %s stays: %v", name, c)
		}
	}
	// What somebody else puts under an old name later counts for nothing.
	set = cookies(t, after.URL+"/s/"+slug, append(old, "__Host-laurel_voter."+slug+"="+voter, "__Host-laurel_order="+order)...)
	for name, c := range set {
		if strings.HasPrefix(name, web.CookieVoter) && c.MaxAge >= 0 || strings.HasPrefix(name, "__Host-") {
			t.Errorf("moved twice: %v", c)
		}
	}
}

// TestCookies_bounded keeps the cookies of a browser that was everywhere below
// what a request's headers may have: the oldest go.
func TestCookies_bounded(t *testing.T) {
	s := serve(t, newInstallation(t, courierRules(t), 2), "https://awards.example.org")
	var sent []string
	for i := range 25 {
		sent = append(sent, fmt.Sprintf("__Host-laurel_voter.another-%d=%s", i, strings.Repeat("x", 150)))
	}
	gone := 0
	for name, c := range cookies(t, s.URL+"/s/"+slug, sent...) {
		if !strings.Contains(name, ".another-") {
			continue
		}
		var i int
		if _, err := fmt.Sscanf(name, "__Host-laurel_voter.another-%d", &i); err != nil || i >= 6 || c.MaxAge >= 0 {
			t.Errorf("%v", c)
		}
		gone++
	}
	if gone != 6 { // 19 and the new one stay
		t.Errorf("%d were forgotten", gone)
	}
}
