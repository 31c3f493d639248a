package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/server"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

const reason = `{"reason":"as announced"}`

// TestPhase_wait answers 200 once every service has applied a change, and 202
// where that takes longer than the wait.
func TestPhase_wait(t *testing.T) {
	for name, c := range map[string]struct {
		looks  int64 // after so many looks it is applied
		status int
		state  selection.PhaseState
	}{"applied": {2, http.StatusOK, selection.Opened}, "pending": {1 << 40, http.StatusAccepted, selection.Opening}} {
		t.Run(name, func(t *testing.T) {
			var looks atomic.Int64
			voting := func(s selection.PhaseState) selection.Selection {
				return selection.Selection{Slug: here, Phases: []selection.Phase{{Name: "voting", State: s}}}
			}
			h := bare(t, testkit.Log(t))
			h.serve(t, h.scripted(map[string]bus.Endpoint{
				"selection/change_phase": does(func(in selection.ChangePhase) (selection.Selection, error) {
					if in != (selection.ChangePhase{Slug: here, Phase: "voting", Action: "open", Reason: "as announced"}) {
						t.Errorf("asked for %+v", in)
					}
					return voting(selection.Opening), nil
				}),
				"selection/get_selection": does(func(selection.Of) (selection.Selection, error) {
					if looks.Add(1) >= c.looks {
						return voting(selection.Opened), nil
					}
					return voting(selection.Opening), nil
				}),
			}))
			h.start(t, func(cfg *server.Config) { cfg.PhaseWait = 400 * time.Millisecond })
			began := time.Now()
			a := h.ask(t, http.MethodPost, "/api/v1/selections/"+here+"/phases/voting/open", organizer, reason)
			var got selection.Selection
			if err := json.Unmarshal([]byte(a.Body), &got); err != nil || a.Status != c.status || got.Phase("voting").State != c.state {
				t.Errorf("%d %s", a.Status, a.Body)
			}
			if took := time.Since(began); a.Status == http.StatusAccepted && took < 400*time.Millisecond {
				t.Errorf("gave up after %v", took)
			}
		})
	}
}

// TestPhase_incomplete does not order the close of a phase in which somebody
// has something left to do.
func TestPhase_incomplete(t *testing.T) {
	due := nomination.Progress{Due: map[string]int{"tax": 2, "hr": 1, "police": 0}}
	gaps := map[string]bus.Endpoint{"review/list_gaps": says([]string{"experts: 王芳: 7", "experts: 王芳: 8"}, nil)}
	unheard := map[string]bus.Endpoint{
		"review/list_gaps": says(nil, phase.ErrNotYet), "selection/change_phase": says(nil, selection.ErrUnknown),
	}
	none := says(nomination.Progress{Due: map[string]int{"hr": 0}}, nil)
	enough := says(nomination.Seats{Seats: 3, Candidates: 3}, nil)
	short := says(nomination.Seats{Seats: 3, Candidates: 2, Unmet: []nomination.Warning{
		nomination.Warn(0, fault.Wrong("awards", "seats_short", "3 seats, 2 candidates")), nomination.Warn(0, fault.Wrong("quotas[1]", "quota_short_min", "few")),
	}}, nil)
	const knowing = `{"reason":"nobody else will come","acknowledge":true}`
	for name, c := range map[string]struct {
		phase  string
		script map[string]bus.Endpoint
		code   string
		fields string
	}{
		"seats unmet": {"vetting", map[string]bus.Endpoint{"nomination/get_progress": none, "nomination/check_seats": short}, "seats_unmet", "awards,quotas[1]"},
		"seats unmet, acknowledged": {"vetting", map[string]bus.Endpoint{
			"nomination/get_progress": none, "nomination/check_seats": short, "selection/change_phase": {},
		}, "", ""},
		"opinions due, acknowledged": {"vetting", map[string]bus.Endpoint{
			"nomination/get_progress": says(due, nil), "selection/change_phase": {},
		}, "phase_incomplete", "vetting.hr,vetting.tax"},
		"opinions due":   {"vetting", map[string]bus.Endpoint{"nomination/get_progress": says(due, nil)}, "phase_incomplete", "vetting.hr,vetting.tax"},
		"no opinion due": {"vetting", map[string]bus.Endpoint{"nomination/get_progress": none, "nomination/check_seats": enough}, "", ""},
		"scores due":     {"review", gaps, "phase_incomplete", "review,review"},
		"no score due":   {"review", map[string]bus.Endpoint{"review/list_gaps": says([]string{}, nil)}, "", ""},
		"unheard of":     {"review", unheard, "selection_unknown", ""},
		"review is busy": {"review", map[string]bus.Endpoint{"review/list_gaps": says(nil, review.ErrMissing)}, "scores_missing", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var ordered atomic.Bool
			body, unmet := reason, ""
			own, ok := c.script["selection/change_phase"]
			if ok && own.Handle == nil {
				body = knowing
			}
			if own.Handle == nil {
				c.script["selection/change_phase"] = does(func(in selection.ChangePhase) (selection.Selection, error) {
					ordered.Store(true)
					unmet = in.Unmet
					return selection.Selection{Slug: here}, nil
				})
			}
			h := bare(t, testkit.Log(t))
			h.serve(t, h.scripted(c.script))
			h.start(t)
			a := h.ask(t, http.MethodPost, "/api/v1/selections/"+here+"/phases/"+c.phase+"/close", organizer, body)
			if c.code == "" {
				if a.Status != http.StatusOK || !ordered.Load() || body == knowing != strings.Contains(unmet, "quotas[1]: few") {
					t.Errorf("%d %s, ordered: %v, unmet: %q", a.Status, a.Body, ordered.Load(), unmet)
				}
				return
			}
			if p := a.problem(t); p.Code != c.code || strings.Join(p.fields(), ",") != c.fields || ordered.Load() {
				t.Errorf("%d %s, ordered: %v", a.Status, a.Body, ordered.Load())
			}
		})
	}
}
