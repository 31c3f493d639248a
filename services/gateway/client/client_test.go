package client_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/voting"
)

// serve answers the n-th request by the n-th of the acts, the last for all
// that follow, and gives the Idempotency-Keys that came.
func serve(t *testing.T, acts ...http.HandlerFunc) (c *client.Client, keys func() []string) {
	t.Helper()
	var (
		mu   sync.Mutex
		seen []string
	)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n := len(seen)
		seen = append(seen, r.Header.Get("Idempotency-Key"))
		mu.Unlock()
		acts[min(n, len(acts)-1)](w, r)
	}))
	t.Cleanup(s.Close)
	return client.New(s.URL), func() []string { mu.Lock(); defer mu.Unlock(); return slices.Clone(seen) }
}

func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		w.Write([]byte(body)) //nolint:errcheck // the client sees it
	}
}

// hangUp loses the answer.
func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// TestCast_retry sends the ballot again with the same key, until it is told
// what became of it.
func TestCast_retry(t *testing.T) {
	unknown := answer(http.StatusServiceUnavailable, `{"code":"outcome_unknown","detail":"try again"}`, "Retry-After", "1")
	c, keys := serve(t, hangUp, unknown, answer(http.StatusOK, `{"receipt":"R-1","at":"2026-05-04T02:30:00Z"}`))
	counted, err := c.Bearer("s-1", "v1.x").Cast(t.Context(), []int{1})
	if err != nil || counted.Receipt != "R-1" {
		t.Fatalf("%+v, %v", counted, err)
	}
	k := keys()
	if len(k) != 3 || k[0] == "" || k[1] != k[0] || k[2] != k[0] {
		t.Errorf("keys %q", k)
	}
}

// TestCast_refused is not sent again, and is the fault that the service gave.
func TestCast_refused(t *testing.T) {
	c, keys := serve(t, answer(http.StatusConflict, `{"code":"ballot_duplicate","detail":"counted","params":{"first":"2026-05-04T02:30:00Z"},
		"errors":[{"field":"picks[2]","message":"is repeated","line":3}]}`))
	_, err := c.Bearer("s-1", "v1.x").Cast(t.Context(), []int{1})
	f := fault.From(err)
	if !f.Is(voting.ErrDuplicate) || f.Kind != fault.Conflict || f.Params["first"] != "2026-05-04T02:30:00Z" ||
		!cmp.Equal(f.Fields, []fault.Field{{Name: "picks[2]", Message: "is repeated", Line: 3}}) {
		t.Errorf("%#v", f)
	}
	if n := len(keys()); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

// TestClient_once does not repeat what is not a ballot.
func TestClient_once(t *testing.T) {
	c, keys := serve(t, answer(http.StatusServiceUnavailable, `{"code":"service_down","detail":"down"}`, "Retry-After", "7"))
	_, err := c.Publish(t.Context(), "s-1", "why")
	if f := fault.From(err); f.Code != "service_down" || f.RetryAfter != 7*time.Second {
		t.Errorf("%v", err)
	}
	if n := len(keys()); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

func TestClient_noProblem(t *testing.T) {
	c, _ := serve(t, answer(http.StatusBadGateway, `<html>`))
	if _, err := c.Selection(t.Context(), "s-1"); err == nil || fault.From(err).Kind != fault.Internal {
		t.Errorf("%v", err)
	}
}
