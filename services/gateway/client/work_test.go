package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
	"github.com/laurel-awards/laurel/services/gateway/internal/work"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
)

// TestVoter_work does the work that it is asked for, anew where it came too
// late, and gives up in the end.
func TestVoter_work(t *testing.T) {
	none := limit.Rate{}
	throttle := work.NewThrottle(work.Rates{Network: none, All: none, Strained: none}, 50, credential.Key(strings.Repeat("k", 32)), time.Now)
	for name, c := range map[string]struct {
		late int // how many works are said to have expired
		want error
	}{"at once": {0, nil}, "anew": {2, nil}, "never": {100, work.ErrWanted}} {
		t.Run(name, func(t *testing.T) {
			late := c.late
			voters := func(w http.ResponseWriter, r *http.Request) {
				var in struct{ Way, Work string }
				if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Way != identity.WayDevice {
					t.Errorf("%+v, %v", in, err)
				}
				_, err := throttle.Pass("192.0.2.1", "s-1", in.Work)
				if err == nil && late > 0 {
					late--
					err = identity.ErrWorkExpired
				}
				if err == nil {
					answer(http.StatusCreated, `{"credential":"v1.x"}`)(w, r)
					return
				}
				p := problem.From(err, "r-1")
				body, err := json.Marshal(p)
				if err != nil {
					t.Error(err)
				}
				answer(p.Status, string(body), "Retry-After", "1")(w, r)
			}
			api, keys := serve(t, voters)
			voter, err := api.Voter(t.Context(), "s-1")
			if !errors.Is(err, c.want) || (err == nil) != (voter != nil) {
				t.Errorf("%+v, %v", voter, err)
			}
			if n := len(keys()); n > 10 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// TestVoter_nonsense solves nothing that is no challenge.
func TestVoter_nonsense(t *testing.T) {
	for name, params := range map[string]string{
		"none": `{}`, "endless": `{"algorithm":"SHA-256","maxNumber":"999999999999","challenge":"00","salt":"x"}`, "no number": `{"maxNumber":"x"}`,
	} {
		api, _ := serve(t, answer(http.StatusTooManyRequests, fmt.Sprintf(`{"code":"proof_of_work_wanted","detail":"work","params":%s}`, params)))
		if _, err := api.Voter(t.Context(), "s-1"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
