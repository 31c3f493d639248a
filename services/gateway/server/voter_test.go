package server_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/selection"
)

// TestVoters_phase issues credentials to devices while the vote is open and the
// rulebook takes them, to members until it closes; none outlives the vote.
func TestVoters_phase(t *testing.T) {
	h := bare(t, testkit.Log(t))
	var mu sync.Mutex
	now := takes(t, "voters: [device, roster]")
	var asked []identity.ProveVoter
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": {Handle: func(context.Context, []byte) (any, error) {
			mu.Lock()
			defer mu.Unlock()
			return now, nil
		}},
		"identity/prove_voter": does(func(in identity.ProveVoter) (identity.Credential, error) {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, in)
			return identity.Credential{Credential: "v2.x"}, nil
		}),
	}))
	h.start(t)
	soon, past := h.clock.Now().Add(time.Hour), h.clock.Now().Add(-time.Hour)
	only := func(voters string) selection.Selection { return takes(t, "voters: ["+voters+"]") }
	for name, c := range map[string]struct {
		selection      selection.Selection
		state          selection.PhaseState
		closes         *time.Time
		device, roster string
	}{
		"before":              {only("device, roster"), selection.Pending, &soon, "voting_not_open", ""},
		"opening":             {only("device, roster"), selection.Opening, &soon, "selection_not_yet", ""},
		"open":                {only("device, roster"), selection.Opened, &soon, "", ""},
		"open, by hand":       {only("device, roster"), selection.Opened, nil, "", ""},
		"open, members alone": {only("roster"), selection.Opened, nil, "way_not_taken", ""},
		"open, devices alone": {only("device"), selection.Opened, nil, "", "way_not_taken"},
		"past the deadline":   {only("device, roster"), selection.Opened, &past, "voting_closed", "voting_closed"},
		"closing":             {only("device, roster"), selection.Closing, &soon, "voting_closed", "voting_closed"},
		"closed":              {only("device, roster"), selection.Closed, nil, "voting_closed", "voting_closed"},
	} {
		c.selection.Phases = []selection.Phase{{Name: rulebook.PhaseVoting, State: c.state, ClosesAt: c.closes}}
		mu.Lock()
		now, asked = c.selection, nil
		mu.Unlock()
		h.clock.Advance(time.Second) // what is kept of the selection is old
		for body, want := range map[string]string{`{"way":"device"}`: c.device, `{"way":"roster","code":"` + goodCode + `"}`: c.roster} {
			a := h.ask(t, http.MethodPost, voters, "", body)
			switch {
			case want == "" && a.Status != http.StatusCreated:
				t.Errorf("%s, %s: %d %s", name, body, a.Status, a.Body)
			case want != "" && a.problem(t).Code != want:
				t.Errorf("%s, %s: %s, want %s", name, body, a.Body, want)
			case want == "selection_not_yet" && (a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == ""):
				t.Errorf("%s, %s: %d, try again after %q", name, body, a.Status, a.Header.Get("Retry-After"))
			}
		}
		for _, in := range asked {
			open := c.state == selection.Opened && c.closes != nil
			if open != (in.Until != nil) || open && !in.Until.Equal(*c.closes) {
				t.Errorf("%s: a credential of %s until %v, want %v", name, in.Way, in.Until, c.closes)
			}
		}
	}

	// The moment at which another gateway opens it: what is kept is not believed.
	mu.Lock()
	now = only("device")
	now.Phases[0].State = selection.Pending
	mu.Unlock()
	h.clock.Advance(time.Second)
	h.ask(t, http.MethodGet, "/api/v1/selections/"+here, "", "")
	mu.Lock()
	now.Phases = []selection.Phase{{Name: rulebook.PhaseVoting, State: selection.Opened}}
	mu.Unlock()
	if a := h.ask(t, http.MethodPost, voters, "", `{"way":"device"}`); a.Status != http.StatusCreated {
		t.Errorf("just opened: %d %s", a.Status, a.Body)
	}
}
