package e2e_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// TestChaos_phaseWhileDown changes phases while a service that has to apply
// them is down. Until it is back, no answer says that the change counts; then
// the change is applied without anybody asking again.
func TestChaos_phaseWhileDown(t *testing.T) {
	t.Parallel()
	h := apart(t)
	h.run(t, h.Create, h.Nominate)
	organizer := h.token(t, identity.Organizer, 1)

	h.kill(t, "nomination")
	h.later(t, organizer, rulebook.PhaseNomination, event.Close, "nomination")
	// Nobody knows now whether vetting is complete, so it is not closed.
	h.away(t, h.change(t, organizer, rulebook.PhaseVetting, event.Close))
	entry := map[string]any{"name": "陈可信", "employer": "第一营业部", "region": "兰州", "deeds": "风雨无阻。"}
	h.away(t, h.ask(t, request{method: "POST", path: of("/entries"), token: organizer, body: entry}))
	h.start(t, "nomination")
	h.becomes(t, rulebook.PhaseNomination, selection.Closed)
	if a := h.ask(t, request{method: "POST", path: of("/entries"), token: organizer, body: entry}); a.status != http.StatusConflict || a.Code != "phase_not_open" {
		t.Errorf("an entry after the close: %d %s", a.status, a.body)
	}
	h.run(t, h.Vet)
	if len(h.Candidates) != entries {
		t.Errorf("%d candidates of %d entries", len(h.Candidates), entries)
	}

	early, late := h.device(t), h.device(t)
	h.kill(t, "voting")
	h.later(t, organizer, rulebook.PhaseVoting, event.Open, "voting")
	h.away(t, h.ballot(t, early))
	h.away(t, h.ask(t, request{method: "GET", path: of("/tally")}))
	h.shown(t)
	h.start(t, "voting")
	h.becomes(t, rulebook.PhaseVoting, selection.Opened)
	if a := h.ballot(t, early); a.status != http.StatusCreated {
		t.Errorf("a ballot when voting has opened: %d %s", a.status, a.body)
	}

	h.kill(t, "voting")
	h.later(t, organizer, rulebook.PhaseVoting, event.Close, "voting")
	h.away(t, h.ballot(t, late))
	if page := h.shown(t); strings.Contains(page, "投票已经结束") {
		t.Error("the page says that voting has ended, which nobody knows yet")
	}
	h.start(t, "voting")
	h.becomes(t, rulebook.PhaseVoting, selection.Closed)
	if a := h.ballot(t, late); a.status != http.StatusConflict || a.Code != voting.ErrClosed.Code {
		t.Errorf("a ballot when voting has closed: %d %s", a.status, a.body)
	}
	testkit.Eventually(t, wait, func() error {
		tally, err := h.API.Tally(t.Context(), slug)
		if err == nil && (tally.State != voting.Sealed || tally.Ballots != 1) {
			err = fmt.Errorf("the tally is %s with %d ballots", tally.State, tally.Ballots)
		}
		return err
	})
	h.delivered(t)
}

func (h *harness) change(t *testing.T, token, phase, action string) answer {
	t.Helper()
	return h.ask(t, request{method: "POST", path: of("/phases/" + phase + "/" + action), token: token, body: reason()})
}

// later orders a change, which is accepted and waits for a service.
func (h *harness) later(t *testing.T, token, phase, action, service string) {
	t.Helper()
	want := map[string]selection.PhaseState{event.Open: selection.Opening, event.Close: selection.Closing}[action]
	if a := h.change(t, token, phase, action); a.status != http.StatusAccepted {
		t.Fatalf("%s %s: %d %s", action, phase, a.status, a.body)
	}
	s, err := h.API.Selection(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	if p := s.Phase(phase); p.State != want || !slices.Equal(p.WaitingFor, []string{service}) {
		t.Errorf("%s is %s, waiting for %v", phase, p.State, p.WaitingFor)
	}
}

// away is the only answer that is right while a service is down.
func (h *harness) away(t *testing.T, a answer) {
	t.Helper()
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || a.Code != "service_down" {
		t.Errorf("while a service is down: %d, Retry-After %q, %s", a.status, a.header.Get("Retry-After"), a.body)
	}
}

// becomes waits for the change to count.
func (h *harness) becomes(t *testing.T, phase string, want selection.PhaseState) {
	t.Helper()
	if err := h.Await(t.Context(), func(s selection.Selection) bool { return s.Phase(phase).State == want }); err != nil {
		t.Fatalf("%s does not become %s: %v", phase, want, err)
	}
}

// shown asks for what does not need the vote: it is all there.
func (h *harness) shown(t *testing.T) (page string) {
	t.Helper()
	for _, path := range []string{of(""), of("/candidates"), of("/rulebook"), "/s/" + slug} {
		a := h.ask(t, request{method: "GET", path: path, header: map[string]string{"Accept-Language": "zh-CN"}})
		if a.status != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		page = string(a.body)
	}
	return page
}

// voter gives the credential of somebody new.
func (h *harness) voter(t *testing.T) string {
	t.Helper()
	a := h.ask(t, request{method: "POST", path: h.of("/voters"), body: map[string]string{"way": "device"}})
	var c identity.Credential
	if err := json.Unmarshal(a.body, &c); err != nil || a.status != http.StatusCreated {
		t.Fatalf("a voter: %d %s", a.status, a.body)
	}
	return c.Credential
}

// device is the credential of somebody new, as it is issued while voting is open.
func (h *harness) device(t *testing.T) string {
	t.Helper()
	v := credential.Voter{Slug: slug, Way: identity.WayDevice, Expires: time.Now().Add(time.Hour)}
	rand.Read(v.ID[:])
	return h.key(t).Sign(v)
}

// ballot casts one for two of the candidates.
func (h *harness) ballot(t *testing.T, credential string) answer {
	t.Helper()
	picks := []int{h.Candidates[0].Number, h.Candidates[1].Number}
	return h.ask(t, request{method: "POST", path: of("/ballots"), token: credential, body: map[string][]int{"picks": picks}})
}
