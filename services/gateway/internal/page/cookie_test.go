package page_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
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

// TestCookies_planted has another host of the domain set a voter's cookies, which
// it can under bare names alone: a browser that has its own keeps them, and one
// that has none gets its own, and not those.
func TestCookies_planted(t *testing.T) {
	h := newInstallation(t, courierRules(t), 2)
	plain := cookies(t, serve(t, h, "").URL+"/s/"+slug) // credentials are good on both
	mallory := plain["laurel_voter"].Value
	s := serve(t, h, "https://awards.example.org")
	planted := []string{
		"laurel_voter=" + mallory, "laurel_order=" + plain["laurel_order"].Value,
		"laurel_receipt=00000000000000000000000007.1777777777", "laurel_checked=00000000000000000000000007", "laurel_session=x",
	}
	first := cookies(t, s.URL+"/s/"+slug, planted...)
	own := first["__Host-laurel_voter."+slug]
	if own == nil || own.Value == mallory || first["__Host-laurel_order"] == nil || first["__Host-laurel_order"].Value == plain["laurel_order"].Value {
		t.Fatalf("a new browser gets %v", first)
	}
	for name, c := range first {
		if strings.Contains(name, "receipt") || strings.Contains(name, "checked") {
			t.Errorf("it takes over %v", c)
		}
	}
	keeps := []string{own.Name + "=" + own.Value, "__Host-laurel_order=" + first["__Host-laurel_order"].Value}
	for name, sent := range map[string][]string{"before": slices.Concat(planted, keeps), "behind": slices.Concat(keeps, planted)} {
		if set := cookies(t, s.URL+"/s/"+slug, sent...); len(set) != 0 {
			t.Errorf("planted %s its own, they displace them: %v", name, set)
		}
	}
	for _, page := range []string{"/statement", "/receipt", "/voted", ""} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/s/"+slug+page, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", strings.Join(planted, "; "))
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(body), "0000000000") {
			t.Errorf("%q shows a planted receipt:\n%s", page, body)
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
