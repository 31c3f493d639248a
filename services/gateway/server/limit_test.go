package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/gateway/server"
)

const voters = "/api/v1/selections/" + here + "/voters"

// TestLimit_address counts by the connection's address unless it is a trusted
// proxy's, which then says for whom it asks.
func TestLimit_address(t *testing.T) {
	few := limits(func(l *app.Limits) { l.Credentials.Network = limit.Rate{PerSecond: 0.1, Burst: 3} })
	for name, c := range map[string]struct {
		proxies []string
		from    func(i int) string
		passed  int
	}{
		"untrusted":     {nil, func(i int) string { return fmt.Sprintf("203.0.113.%d", i) }, 3},
		"other proxy":   {[]string{"10.0.0.0/8"}, func(i int) string { return fmt.Sprintf("203.0.113.%d", i) }, 3},
		"trusted":       {[]string{"127.0.0.0/8"}, func(i int) string { return fmt.Sprintf("203.0.113.%d", i) }, 10},
		"one household": {[]string{"127.0.0.0/8"}, func(i int) string { return fmt.Sprintf("2001:db8::%d", i+1) }, 3},
		"forged chain":  {[]string{"127.0.0.0/8"}, func(i int) string { return fmt.Sprintf("198.51.100.%d, 203.0.113.9", i) }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, few, func(cfg *server.Config) { cfg.TrustedProxies = c.proxies })
			passed := 0
			for i := range 10 {
				a := h.ask(t, http.MethodPost, voters, "", `{"way":"device"}`, "X-Forwarded-For", c.from(i))
				switch {
				case a.Status == http.StatusCreated:
					passed++
				case a.problem(t).Code != "too_many_requests" || a.Header.Get("Retry-After") == "":
					t.Fatalf("%d %s", a.Status, a.Body)
				}
			}
			if passed != c.passed {
				t.Errorf("%d of 10 passed, want %d", passed, c.passed)
			}
		})
	}
}

func TestLimit_ballots(t *testing.T) {
	h := open(t, limits(func(l *app.Limits) { l.Ballots = limit.Rate{PerSecond: 1, Burst: 2} }))
	cast := func(voter string) int {
		return h.ask(t, http.MethodPost, ballots, h.voter(voter, here, time.Hour), `{"picks":[1]}`).Status
	}
	for i, want := range []int{http.StatusCreated, http.StatusConflict, http.StatusTooManyRequests} {
		if got := cast("one voter"); got != want {
			t.Errorf("try %d: %d, want %d", i, got, want)
		}
	}
	if got := cast("another voter"); got != http.StatusCreated {
		t.Errorf("another voter at the same address: %d", got)
	}
	h.clock.Advance(time.Second)
	if got := cast("one voter"); got != http.StatusConflict {
		t.Errorf("after a second: %d", got)
	}
}

func TestLimit_requests(t *testing.T) {
	h := open(t, limits(func(l *app.Limits) { l.Requests = limit.Rate{PerSecond: 1, Burst: 2} }))
	for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		if got := h.ask(t, http.MethodGet, "/api/v1/selections/"+here, "", "").Status; got != want {
			t.Errorf("request %d: %d, want %d", i, got, want)
		}
	}
}

// TestLimit_pages holds the pages that prove and sign for a receipt to the rate of
// the API, and no other page.
func TestLimit_pages(t *testing.T) {
	of := "/s/" + here
	for at, burst := range map[string]int{
		"GET " + of + "/receipt": 2, "POST " + of + "/receipt/check": 2, "POST " + of + "/statement/show": 2, "POST " + of + "/statement/file": 2,
		"POST " + of + "/statement/code": 2,
		"GET " + of + "/receipt.json":    4, // leads to the page, for there is no receipt
	} {
		t.Run(at, func(t *testing.T) {
			h := open(t, limits(func(l *app.Limits) { l.Requests = limit.Rate{PerSecond: 1, Burst: burst} }))
			method, path, _ := strings.Cut(at, " ")
			for i := range 3 {
				a := h.ask(t, method, path, "", "receipt=", "Content-Type", "application/x-www-form-urlencoded")
				if (a.Status == http.StatusTooManyRequests) != (i == 2) {
					t.Errorf("request %d: %d %.300s", i, a.Status, a.Body)
				}
			}
			if got := h.ask(t, http.MethodGet, of, "", "").Status; got != http.StatusOK {
				t.Errorf("the ballot's page: %d", got)
			}
		})
	}
}

// TestLimit_acts holds back what invites abuse, by address, and says for how
// long.
func TestLimit_acts(t *testing.T) {
	few := limit.Rate{PerSecond: 0.1, Burst: 1}
	h := open(t, limits(func(l *app.Limits) { l.SignIns, l.Entries = few, few }))
	for path, body := range map[string]string{
		"/api/v1/sessions":                        `{"email":"` + organizer + `","password":"wrong"}`,
		"/api/v1/selections/" + here + "/entries": `{"name":"马晓燕","employer":"陇运","region":"兰州","deeds":"…"}`,
	} {
		first, second := h.ask(t, http.MethodPost, path, "", body), h.ask(t, http.MethodPost, path, "", body)
		if p := second.problem(t); first.Status == http.StatusTooManyRequests || p.Status != http.StatusTooManyRequests || second.Header.Get("Retry-After") != "10" {
			t.Errorf("%s: %d, then %d %s, Retry-After %q", path, first.Status, second.Status, second.Body, second.Header.Get("Retry-After"))
		}
		h.clock.Advance(10 * time.Second)
		if third := h.ask(t, http.MethodPost, path, "", body); third.Status != first.Status {
			t.Errorf("%s: %d once the wait is over", path, third.Status)
		}
	}
	path := "/api/v1/selections/" + here + "/entries"
	if a := h.ask(t, http.MethodPost, path, organizer, `{"name":"马晓燕","employer":"陇运","region":"兰州","deeds":"…"}`); a.Status != http.StatusCreated {
		t.Errorf("an organizer is held back: %d", a.Status)
	}
}

func TestNew_refuses(t *testing.T) {
	var b *bus.Bus
	for name, cfg := range map[string]server.Config{
		"short key": {CredentialKey: []byte("short")},
		"proxy":     {CredentialKey: make([]byte, 32), TrustedProxies: []string{"10.0.0.1"}},
	} {
		if _, err := server.New(b, nil, cfg); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
