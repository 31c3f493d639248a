package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// TestDesk_objections handles objections on the desks: a refused one changes
// nothing, an upheld one strikes a winner; the result is computed anew, the
// committee decides again, its decision takes the place of the other on notice, and
// then the result is published.
func TestDesk_objections(t *testing.T) {
	t.Parallel()
	h := together(t)
	h.run(t, h.Create, h.Nominate, h.Vet, h.Vote, h.Score, h.Decide, h.Notice)
	before, err := h.API.Notice(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	fallen, other := before.Awards[0].Listed[0].Number, before.Awards[1].Listed[0].Number
	token := h.token(t, identity.Organizer, 1)
	office := h.clerk(t, h.Input.With(identity.Organizer)[0].Email, "en")
	zone, err := time.LoadLocation(before.Timezone)
	if err != nil {
		t.Fatal(err)
	}
	day := before.PostedAt().In(zone).Format(time.DateOnly) // within the notice, however long this takes
	for i, candidate := range []int{fallen, other} {
		if page := entersObjection(office, candidate, day); !strings.Contains(page, fmt.Sprintf("The objection has the number %d.", i+1)) {
			t.Fatalf("objection %d: %s", i+1, mainOf(page))
		}
	}
	h.blocked(t, token, selection.ErrObjectionsOpen.Code)

	h.sends(t, token, "/objections/1/note/send", url.Values{"kind": {"hearing"}, "on": {day}, "text": {"本人承认"}}, "本人承认")
	h.party(t, token)
	h.sends(t, token, "/objections/2/decide/send", url.Values{"outcome": {"refused"}, "reasons": {"查无实据"}}, "unfounded")
	h.blocked(t, token, selection.ErrObjectionsOpen.Code)
	if s, err := h.API.Selection(t.Context(), slug); err != nil || !s.Decided {
		t.Errorf("a refused objection: %+v, %v", s.Decided, err)
	}
	h.sends(t, token, "/objections/1/decide/send", url.Values{"outcome": {"upheld"}, "reasons": {"事迹不实"}}, "founded")
	if err := h.Await(t.Context(), func(s selection.Selection) bool { return !s.Decided }); err != nil {
		t.Fatal(err)
	}
	h.blocked(t, token, selection.ErrOutOfOrder.Code)

	h.decidesAgain(t)
	testkit.Eventually(t, wait, func() error {
		now, err := h.API.Notice(t.Context(), slug)
		if err == nil && now.ResultHash == before.ResultHash {
			err = fmt.Errorf("on notice is still %s", now.ResultHash)
		}
		if err == nil && slices.ContainsFunc(now.Awards[0].Listed, func(one selection.NoticeEntry) bool { return one.Number == fallen }) {
			t.Errorf("on notice is still %d", fallen)
		}
		return err
	})
	h.run(t, h.Publish)
	results, err := h.API.Results(t.Context(), slug)
	counts := selection.ObjectionCounts{Received: 2, Founded: 1, Unfounded: 1}
	if err != nil || results.Objections == nil || *results.Objections != counts || len(results.Notices) != 1 {
		t.Fatalf("published %+v, %v", results.Objections, err)
	}
	for _, r := range results.Ranking {
		if r.Number == fallen {
			t.Errorf("%d is still ranked", fallen)
		}
	}
	if len(results.Awards[0].Winners) != len(before.Awards[0].Listed) {
		t.Errorf("the seat was not filled anew: %+v", results.Awards[0])
	}
	if h.Candidates, err = h.API.Candidates(t.Context(), slug); err != nil { // one is struck
		t.Fatal(err)
	}
	h.check(t)
}

// blocked sees that nothing is published, and why.
func (h *harness) blocked(t *testing.T, token, code string) {
	t.Helper()
	a := h.ask(t, request{method: http.MethodPost, path: of("/publication"), token: token, body: gateway.Reason{Reason: "公示期满"}})
	if a.status != http.StatusConflict || a.Code != code {
		t.Errorf("publication: %d %s, want %s", a.status, a.body, code)
	}
}

// sends sends a form of the desks; the page that it leads to says a text.
func (h *harness) sends(t *testing.T, token, path string, form url.Values, says string) {
	t.Helper()
	if status, page := h.posted(t, token, path, form); status != http.StatusOK || !strings.Contains(page, says) {
		t.Fatalf("%s: %d %s", path, status, mainOf(page))
	}
}

// party has one more organizer, who is excluded from the first objection as party
// to it, and sees nothing of it.
func (h *harness) party(t *testing.T, token string) {
	t.Helper()
	i := slices.IndexFunc(h.Input.Staff, func(m script.Member) bool { return m.Role == identity.Auditor })
	theirMail := h.Input.Staff[i].Email
	if _, err := h.Organizer().GiveRole(t.Context(), slug, gateway.GiveRole{Email: theirMail, Role: identity.Organizer}); err != nil {
		t.Fatal(err)
	}
	theirs := h.token(t, identity.Auditor, 1)
	if a := h.ask(t, request{method: http.MethodGet, path: of("/objections/1"), token: theirs}); a.status != http.StatusOK {
		t.Fatalf("before: %d %s", a.status, a.body)
	}
	h.sends(t, token, "/objections/1/exclude/send", url.Values{"email": {theirMail}, "reason": {"异议提到此人"}}, "Excluded.")
	if a := h.ask(t, request{method: http.MethodGet, path: of("/objections/1"), token: theirs}); a.status != http.StatusNotFound {
		t.Errorf("who is party to it reads %s", a.body)
	}
	status, page := h.got(t, theirs, "/objections")
	if status != http.StatusOK || strings.Contains(page, "/objections/1\"") || !strings.Contains(page, "/objections/2\"") {
		t.Errorf("who is party to it sees %d %s", status, mainOf(page))
	}
}

// decidesAgain has the committee decide on the result that was computed anew.
func (h *harness) decidesAgain(t *testing.T) {
	t.Helper()
	testkit.Eventually(t, wait, func() error {
		_, err := h.Organizer().Move(t.Context(), slug, "重新审定评选结果")
		return err
	})
	for n := range h.Input.With(identity.Committee) {
		if _, err := h.API.WithToken(h.token(t, identity.Committee, n+1)).VoteMotion(t.Context(), slug, review.For); err != nil {
			t.Fatal(err)
		}
	}
	if d, err := h.Organizer().CloseMotion(t.Context(), slug); err != nil || d.Outcome != review.Approved {
		t.Fatalf("decided again: %+v, %v", d, err)
	}
	if err := h.Await(t.Context(), func(s selection.Selection) bool { return s.Decided }); err != nil {
		t.Fatal(err)
	}
}

// entersObjection enters a letter with its scan, and gives the page that tells the
// code.
func entersObjection(office *clerk, candidate int, day string) string {
	office.t.Helper()
	return office.sendFiles("/desk/s/"+slug+"/objections/enter/send", "files", map[string]string{
		"via": selection.ViaLetter, "candidate": strconv.Itoa(candidate), "received_on": day, "text": "事迹不实", "name": "李四", "contact": "13800000000",
	}, file{name: "scan.pdf", body: []byte("%PDF-1.7")}).Text
}
