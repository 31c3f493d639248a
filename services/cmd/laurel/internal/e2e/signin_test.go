package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/identity"
)

// TestSignIn_crowd has 200 people sign in at the same moment, each from an
// address of their own, and then all from one: everybody gets a session.
func TestSignIn_crowd(t *testing.T) {
	t.Parallel()
	const people = 200
	h := together(t)
	if _, err := h.databases(t)[identity.Name].Exec(`
		INSERT INTO account (id, email, name, password, created_at)
		SELECT gen_random_uuid(), 'n' || n || '@example.org', 'N', (SELECT password FROM account LIMIT 1), now() FROM generate_series(1, $1) AS n`,
		people); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]func(i int) string{
		"many addresses": func(i int) string { return fmt.Sprintf("203.0.113.%d", i) },
		"one address":    func(int) string { return "198.51.100.7" },
	} {
		var wg sync.WaitGroup
		var mu sync.Mutex
		answers := map[string]int{}
		for i := range people {
			body, err := json.Marshal(map[string]string{"email": fmt.Sprintf("n%d@example.org", i+1), "password": script.Password})
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				answer, wait := h.signIn(t, body, from(i))
				for wait > 0 { // on a slow machine
					<-time.After(wait)
					answer, wait = h.signIn(t, body, from(i))
				}
				mu.Lock()
				defer mu.Unlock()
				answers[answer]++
			})
		}
		wg.Wait()
		if diff := cmp.Diff(map[string]int{"201": people}, answers); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// signIn gives the status of a try, with the body where it failed, and when who
// waited in vain may come again.
func (h *harness) signIn(t *testing.T, body []byte, from string) (answer string, wait time.Duration) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+h.Listen+"/api/v1/sessions", bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return "", 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Forwarded-For", from)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return "", 0
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	answer = fmt.Sprint(resp.StatusCode)
	if resp.StatusCode == http.StatusCreated {
		return answer, 0
	}
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable || !bytes.Contains(text, []byte(`"sign_in_busy"`)) {
		return answer + string(text), 0
	}
	return answer, time.Duration(seconds) * time.Second
}
