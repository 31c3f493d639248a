package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// checking is what rooms say to who checks them; the test says how it stands.
type checking struct {
	mu      sync.Mutex
	now     selection.Selection
	check   voting.Check
	fault   error
	hidden  bool
	log     voting.Checkpoint
	late    bool // a delivery has not arrived
	erased  []retention.Erased
	ordered []string
	making  *job.Job // the file is still being made
	blob    string
	exports []selection.RecordExport
}

func (c *checking) set(fn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fn()
}

// under has a verb answer with the lock held.
func under[In, Out any](c *checking, fn func(In) (Out, error)) bus.Endpoint {
	return does(func(in In) (Out, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		return fn(in)
	})
}

// atChecks is an installation with it.
func atChecks(t *testing.T, c *checking) (*installation, *askedRooms) {
	t.Helper()
	h := bare(t, testkit.Log(t))
	c.now = frozen(t)
	asked := &askedRooms{n: map[string]int{}}
	act := func(what string) bus.Endpoint {
		return under(c, func(voting.Of) (voting.Check, error) {
			c.ordered = append(c.ordered, what)
			return voting.Check{}, c.fault
		})
	}
	script := map[string]bus.Endpoint{
		"selection/get_selection": under(c, func(selection.Of) (selection.Selection, error) { return c.now, nil }),
		"selection/record_export": under(c, func(in selection.RecordExport) (selection.Selection, error) {
			c.exports = append(c.exports, in)
			return c.now, nil
		}),
		"voting/check_tally":    under(c, func(voting.Of) (voting.Check, error) { return c.check, c.fault }),
		"voting/order_check":    act("order"),
		"voting/cancel_check":   act("cancel"),
		"voting/get_checkpoint": under(c, func(voting.Of) (voting.Checkpoint, error) { return c.log, nil }),
		"voting/get_tally":      under(c, func(voting.Of) (voting.Tally, error) { return voting.Tally{Hidden: c.hidden}, nil }),
		"voting/export_ballots": under(c, func(voting.Of) (voting.Exported, error) { return voting.Exported{Blob: c.blob, Job: c.making}, nil }),
		"nomination/check_seats": under(c, func(nomination.Of) (nomination.Seats, error) {
			if !c.late {
				return nomination.Seats{Seats: 30, Candidates: 41}, nil
			}
			return nomination.Seats{Seats: 30, Candidates: 12, Unmet: []nomination.Warning{
				{Field: "awards", Code: "seats_short", Message: "…", Params: map[string]string{"candidates": "12", "seats": "30"}},
			}}, nil
		}),
	}
	for _, service := range event.Services() {
		script[service+"/"+run.ListErasures] = under(c, func(run.Of) ([]retention.Erased, error) {
			if service != identity.Name {
				return nil, nil
			}
			return c.erased, nil
		})
		script[service+"/"+run.ReportDeliveries] = under(c, func(run.Of) (outbox.Deliveries, error) {
			return outbox.Deliveries{Service: service}, nil
		})
	}
	script["selection/"+run.ReportDeliveries] = under(c, func(run.Of) (outbox.Deliveries, error) {
		d := outbox.Deliveries{Service: selection.Name}
		if c.late {
			d.Outbox = []outbox.Count{{Publisher: selection.Name, Name: "rulebook_frozen", Events: 3, Unsent: 2, Digest: "x"}}
		}
		return d, nil
	})
	h.serve(t, asked.count(h.scripted(script)))
	h.start(t, quickly)
	return h, asked
}

// TestDeskChecks has an auditor see what there is to check, and what it means.
func TestDeskChecks(t *testing.T) {
	c := &checking{fault: voting.ErrNoCheck}
	h, asked := atChecks(t, c)
	const page = "/desk/s/" + here + "/checks"
	auditor := ""
	for _, p := range h.people() {
		if p.name == "auditor" {
			auditor = p.email
		}
	}
	look := func(path string, has ...string) answer {
		t.Helper()
		h.clock.Advance(time.Second) // what the gateway keeps is old
		a := h.desk(t, http.MethodGet, page+path, auditor, nil)
		for _, text := range has {
			if !strings.Contains(a.Body, text) {
				t.Errorf("%s: %q is not said: %d %.3000s", path, text, a.Status, a.Body)
			}
		}
		if strings.Contains(a.Body, "<b onclick") {
			t.Errorf("%s: markup stands in the page", path)
		}
		return a
	}
	look("", "have not been recounted yet", "Recount the ballots", "After this phase is closed: Public vote")
	asked.since()
	look("")
	calls := asked.since()
	delete(calls, "identity/authenticate")
	delete(calls, "selection/get_selection")
	if diff := cmp.Diff(map[string]int{"voting/check_tally": 1, "voting/get_checkpoint": 1}, calls); diff != "" {
		t.Errorf("the page asks (-want +got):\n%s", diff)
	}

	c.set(func() {
		c.fault, c.check = nil, voting.Check{Job: &job.Job{ID: jobID, State: job.Running, Done: 40, Total: 100}}
	})
	if a := look("", `value="40"`, page+"/cancel"); a.Header.Get("Refresh") == "" || strings.Contains(a.Body, page+"/recount") {
		t.Errorf("while it runs: Refresh %q", a.Header.Get("Refresh"))
	}
	c.set(func() { c.check = voting.Check{Ballots: 4711, Sequenced: 4711, At: h0, Problems: []string{}} })
	look("", "Everything holds: 4,711 ballots, 4,711 lines of the log", "Recount once more")
	c.set(func() {
		c.check.Problems = []string{"tally of the ballots: candidate 7 has 12 votes, " + scrawl, "tally of the ballots: candidate 8 has 3"}
	})
	look("", "This does not hold", "candidate 7 has 12 votes")
	c.set(func() { c.hidden = true })
	if a := look("", "This does not hold", "tally of the ballots"); strings.Contains(a.Body, "12 votes") {
		t.Error("hidden counts are told")
	}
	a := h.ask(t, http.MethodGet, "/api/v1/selections/"+here+"/check", auditor, "")
	if strings.Contains(a.Body, "12 votes") || !strings.Contains(a.Body, "tally of the ballots") {
		t.Errorf("hidden counts by the API: %s", a.Body)
	}

	for form, want := range map[string]string{"recount": "order", "cancel": "cancel"} {
		a := h.desk(t, http.MethodPost, page+"/"+form, auditor, url.Values{})
		if a.Status != http.StatusSeeOther || c.ordered[len(c.ordered)-1] != want {
			t.Errorf("%s: %d %v", form, a.Status, c.ordered)
		}
	}
	c.set(func() { c.fault = job.ErrUnknown })
	if a := h.desk(t, http.MethodPost, page+"/cancel", auditor, url.Values{}); a.Status < 400 || a.Status >= 500 {
		t.Errorf("there is none to cancel: %d", a.Status)
	}
	c.set(func() { c.fault = nil })

	look("/deliveries", "Everything has arrived, once")
	c.set(func() { c.late = true })
	look("/deliveries", "Not everything has arrived", "rulebook_frozen: 2 not sent")
	look("/erasures", "Nothing has been erased yet")
	c.set(func() {
		c.erased = []retention.Erased{{Kind: "sign_ins", Count: 12, At: h0}, {Kind: "of_a_later_version", Count: 1, At: h0}}
	})
	look("/erasures", "sign-ins in the audit log", "of a later version")
}

// TestDeskChecks_files sends files once they can be taken, and says how far the
// work is before.
func TestDeskChecks_files(t *testing.T) {
	c := &checking{making: &job.Job{ID: jobID, State: job.Running, Done: 40, Total: 100}}
	h, _ := atChecks(t, c)
	const files = "/desk/s/" + here + "/checks/files/"
	a := h.desk(t, http.MethodGet, files+"ballots", organizer, nil)
	if a.Status != http.StatusOK || a.Header.Get("Refresh") == "" || !strings.Contains(a.Body, `value="40"`) {
		t.Errorf("while it is made: %d %v", a.Status, a.Header)
	}
	ref, err := h.blobs.In(voting.Name).Put(t.Context(), strings.NewReader("ballot\n1\n"), 20)
	if err != nil {
		t.Fatal(err)
	}
	c.set(func() { c.making, c.blob = nil, ref.Hash })
	h.clock.Advance(time.Second)
	a = h.desk(t, http.MethodGet, files+"ballots", organizer, nil)
	named := `attachment; filename="` + here + `-ballots.csv"`
	if a.Body != "ballot\n1\n" || a.Header.Get("Content-Disposition") != named || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %q %v", a.Status, a.Body, a.Header)
	}
	if n := len(c.exports); n == 0 || c.exports[n-1] != (selection.RecordExport{Slug: here, File: "ballots"}) {
		t.Errorf("what the audit log hears: %v", c.exports)
	}
	before := len(c.exports)
	if a := h.desk(t, http.MethodHead, files+"ballots", organizer, nil); a.Status != http.StatusOK || len(c.exports) != before {
		t.Errorf("a look at the heading: %d, %v", a.Status, c.exports)
	}
	if a := h.desk(t, http.MethodGet, files+"passwords", organizer, nil); a.Status != http.StatusNotFound {
		t.Errorf("a file that is none: %d", a.Status)
	}
}

// TestDeskSeats tells whether every award can be filled.
func TestDeskSeats(t *testing.T) {
	c := &checking{}
	h, _ := atChecks(t, c)
	const page = "/desk/s/" + here + "/entries/seats"
	if a := h.desk(t, http.MethodGet, page, organizer, nil); !strings.Contains(a.Body, "Every award can be filled") || !strings.Contains(a.Body, ">41<") {
		t.Errorf("%d %.2000s", a.Status, a.Body)
	}
	c.set(func() { c.late = true })
	if a := h.desk(t, http.MethodGet, page, organizer, nil); !strings.Contains(a.Body, "What cannot be met") || !strings.Contains(a.Body, "12") {
		t.Errorf("%d %.2000s", a.Status, a.Body)
	}
	c.set(func() { c.now.FrozenAt = nil })
	h.clock.Advance(time.Second)
	if a := h.desk(t, http.MethodGet, page, organizer, nil); !strings.Contains(a.Body, "There are no entries yet") {
		t.Errorf("before there are entries: %d", a.Status)
	}
}

// TestDeskStrike strikes a candidate after a page that says what it does.
func TestDeskStrike(t *testing.T) {
	var got nomination.StrikeCandidate
	var refuse error
	state := nomination.Admitted
	h := bare(t, testkit.Log(t))
	const id = "0192f0c1-2345-7abc-8def-0123456789ab"
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"nomination/get_entry": does(func(nomination.OfEntry) (nomination.Entry, error) {
			return nomination.Entry{ID: id, Slug: here, State: state, Number: 7, Nominee: nomination.Nominee{Name: "马晓燕" + scrawl}}, nil
		}),
		"nomination/strike_candidate": does(func(in nomination.StrikeCandidate) (nomination.Candidate, error) {
			got = in
			return nomination.Candidate{}, refuse
		}),
	}))
	h.start(t, quickly)
	const entry = "/desk/s/" + here + "/entries/" + id
	if a := h.desk(t, http.MethodGet, entry, organizer, nil); !strings.Contains(a.Body, entry+"/strike") {
		t.Errorf("the entry does not lead there: %d", a.Status)
	}
	asked := h.desk(t, http.MethodGet, entry+"/strike", organizer, nil)
	if !strings.Contains(asked.Body, entry+"/strike/confirm") || strings.Contains(asked.Body, "<b onclick") {
		t.Errorf("the page: %d %.2000s", asked.Status, asked.Body)
	}
	send := func() answer {
		return h.desk(t, http.MethodPost, entry+"/strike/confirm", organizer, url.Values{"reason": {"withdrew by letter"}})
	}
	refuse = nomination.ErrInvalid.At(fault.Required("reason"))
	if a := send(); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "withdrew by letter</textarea>") {
		t.Errorf("refused: %d", a.Status)
	}
	refuse = nil
	if a := send(); a.Status != http.StatusSeeOther || got != (nomination.StrikeCandidate{Slug: here, Number: 7, Reason: "withdrew by letter"}) {
		t.Errorf("%d %+v", a.Status, got)
	}
	state, got = nomination.Struck, nomination.StrikeCandidate{}
	if a := send(); a.Status != http.StatusConflict || got.Number != 0 || !strings.Contains(a.Body, "not a candidate") {
		t.Errorf("struck already: %d %+v", a.Status, got)
	}
}

// TestMeeting_api gives the meeting without the page, and counts nobody as present
// for it.
func TestMeeting_api(t *testing.T) {
	h := bare(t, testkit.Log(t))
	attends := false
	h.identity.grants[member] = []identity.Grant{{Slug: here, Role: identity.Committee}}
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"review/get_meeting": {Handle: func(_ context.Context, in []byte) (any, error) {
			attends = attends || strings.Contains(string(in), "attend")
			return meetingOf("moved"), nil
		}},
	}))
	h.start(t, quickly)
	a := h.ask(t, http.MethodGet, "/api/v1/selections/"+here+"/decision/meeting", member, "")
	if a.Status != http.StatusOK || !strings.Contains(a.Body, `"quorum":2`) || attends {
		t.Errorf("%d %s, attends: %t", a.Status, a.Body, attends)
	}
}

// TestDeskChecks_look looks at the checks in a browser, with nothing and with much
// in them.
func TestDeskChecks_look(t *testing.T) {
	c := &checking{fault: voting.ErrNoCheck, making: &job.Job{ID: jobID, State: job.Running, Done: 40, Total: 100}}
	h, _ := atChecks(t, c)
	ctx := browser.Open(t)
	browser.Run(t, ctx, "session", chromedp.Navigate(h.url+"/desk/sign-in"),
		chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+organizer+`; path=/"`))
	base := h.url + "/desk/s/" + here
	browser.Look(t, ctx, "checks-empty", base+"/checks")
	browser.Look(t, ctx, "erasures-empty", base+"/checks/erasures")
	browser.Look(t, ctx, "deliveries", base+"/checks/deliveries")
	browser.Look(t, ctx, "seats", base+"/entries/seats")
	c.set(func() {
		c.fault, c.late = nil, true
		c.check = voting.Check{Ballots: 4711, Sequenced: 4711, At: h0, Problems: []string{}}
		note := "laurel.example/most-beautiful-courier-2\n4711\n" + strings.Repeat("r00t", 11) + "\n\n— laurel.example " + strings.Repeat("s1g", 30) + "\n"
		c.log = voting.Checkpoint{Size: 4711, Checkpoint: note}
		for i := range c.now.Phases {
			c.now.Phases[i].State = selection.Closed
		}
		c.now.Phases = append(c.now.Phases, selection.Phase{Name: rulebook.PhaseReview, State: selection.Closed})
		for i := range 20 {
			kind := []string{"sign_ins", "photos", "roster_members"}[i%3]
			c.erased = append(c.erased, retention.Erased{Kind: kind, Count: 12 + i, At: h0.Add(time.Duration(i) * time.Hour)})
		}
	})
	h.clock.Advance(time.Second)
	browser.Look(t, ctx, "checks", base+"/checks")
	browser.Look(t, ctx, "erasures", base+"/checks/erasures")
	browser.Look(t, ctx, "deliveries-late", base+"/checks/deliveries")
	browser.Look(t, ctx, "seats-unmet", base+"/entries/seats")
	c.set(func() {
		c.check.Problems = []string{fmt.Sprintf("tally = recount: candidate %d has 12 votes, %s", 7, scrawl)}
	})
	browser.Look(t, ctx, "checks-wrong", base+"/checks")
	c.set(func() { c.check = voting.Check{Job: &job.Job{ID: jobID, State: job.Queued, Done: 40, Total: 100}} })
	browser.Run(t, ctx, "running", chromedp.Navigate(base+"/checks"), chromedp.WaitVisible(chromedp.CSS("progress")))
}
