package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// searching is an installation whose review room answers what a test sets.
type searching struct {
	*installation
	now     atomic.Pointer[review.Search]
	refused atomic.Pointer[fault.Error]
	ordered atomic.Int64
	moved   atomic.Pointer[review.PutMotion]
	meeting atomic.Pointer[review.Meeting]
}

func newSearching(t *testing.T) *searching {
	t.Helper()
	s := &searching{installation: bare(t, testkit.Log(t))}
	say := func(review.Of) (review.Search, error) {
		if f := s.refused.Load(); f != nil {
			return review.Search{}, f
		}
		return *s.now.Load(), nil
	}
	s.meeting.Store(meetingOf(""))
	deciding := frozen(t)
	deciding.Phases = append(deciding.Phases, selection.Phase{Name: rulebook.PhaseDecision, State: selection.Opened})
	s.serve(t, s.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(deciding, nil),
		"review/get_meeting":      does(func(review.OfMeeting) (review.Meeting, error) { return *s.meeting.Load(), nil }),
		"review/put_motion": does(func(in review.PutMotion) (review.Decision, error) {
			if len(in.Seats) == 1 {
				return review.Decision{}, review.ErrInvalid.At(fault.Wrong("seats", "seat_number", "award {award} has {seats} seats, not {given}",
					"award", "winner", "seats", 10, "given", 1))
			}
			s.moved.Store(&in)
			return review.Decision{}, nil
		}),
		"review/get_search":    does(say),
		"review/get_result":    says(review.Result{}, ranking.Undecided(3_000_000_000)),
		"review/cancel_search": does(say),
		"review/order_search": does(func(in review.OrderSearch) (review.Search, error) {
			if in.Budget > review.MostBudget {
				return review.Search{}, review.ErrInvalid.At(fault.Wrong("budget", "not_between", "{value} is not between {min} and {max}",
					"value", in.Budget, "min", 1, "max", int64(review.MostBudget)))
			}
			s.ordered.Store(in.Budget)
			return *s.now.Load(), nil
		}),
	}))
	s.start(t)
	return s
}

// set lets the search be undecided, with a job in a state; empty: none.
func (s *searching) set(state job.State) {
	now := &review.Search{Undecided: true, Work: 3_000_000_123, Budget: 3_000_000_000}
	if state != "" {
		j := atWork(review.SearchJob, state)
		if state == job.Failed || state == job.Done {
			at := testkit.Morning()
			j.EndedAt = &at
		}
		if state == job.Failed {
			j.Fault = job.ErrCancelled
		}
		now.Job = &j
	}
	s.now.Store(now)
}

// TestDesk_search tells how far the search is, and orders and cancels one.
func TestDesk_search(t *testing.T) {
	s := newSearching(t)
	const page = "/desk/s/" + here + "/search"
	look := func(want ...string) string {
		t.Helper()
		a := s.desk(t, http.MethodGet, page, organizer, nil)
		for _, text := range want {
			if a.Status != http.StatusOK || !strings.Contains(a.Body, text) {
				t.Errorf("%d, without %q:\n%s", a.Status, text, a.Body)
			}
		}
		return a.Body
	}
	s.set("")
	look("3,000,000,123", page+"/order", `value="100000000000"`, `/meeting/motion"`)
	if a := s.desk(t, http.MethodGet, "/desk/s/"+here+"/result", organizer, nil); !strings.Contains(a.Body, `href="`+page+`"`) {
		t.Errorf("the result's page does not lead to the search: %d\n%s", a.Status, a.Body)
	}
	if a := s.desk(t, http.MethodPost, page+"/order", organizer, url.Values{"budget": {"1000000000000"}}); a.Status != http.StatusSeeOther ||
		s.ordered.Load() != 1_000_000_000_000 {
		t.Errorf("ordered: %d, %d", a.Status, s.ordered.Load())
	}
	for _, budget := range []string{"", "many", "99999999999999"} {
		if a := s.desk(t, http.MethodPost, page+"/order", organizer, url.Values{"budget": {budget}}); a.Status != http.StatusUnprocessableEntity ||
			!strings.Contains(a.Body, `id="alert"`) {
			t.Errorf("with %q: %d\n%s", budget, a.Status, a.Body)
		}
	}
	s.set(job.Running)
	if body := look("<progress", page+"/cancel"); strings.Contains(body, page+"/order") {
		t.Error("a second search can be ordered while one is at work")
	}
	if a := s.desk(t, http.MethodPost, page+"/cancel", organizer, nil); a.Status != http.StatusSeeOther {
		t.Errorf("cancelled: %d", a.Status)
	}
	s.set(job.Failed)
	look(page+"/order", `role="alert"`, "The work was cancelled")
	s.now.Store(&review.Search{Work: 5, Budget: 10})
	if body := look("It is decided who can be seated"); strings.Contains(body, "<form class=\"ask\"") {
		t.Error("what is decided can be ordered")
	}
	s.refused.Store(review.ErrUncomputed)
	if body := look("<h1"); strings.Contains(body, `id="state"`) || strings.Contains(body, page+"/order") {
		t.Errorf("before there is anything to decide:\n%s", body)
	}
}

// TestMeeting_seats puts a motion that fills the seats, where the search ended
// undecided, and shows it to whoever votes on it.
func TestMeeting_seats(t *testing.T) {
	s := newSearching(t)
	s.set("")
	const page = "/desk/s/" + here + "/meeting"
	if a := s.desk(t, http.MethodGet, page+"/motion", organizer, nil); a.Status != http.StatusOK ||
		!strings.Contains(a.Body, `name="seats"`) || !strings.Contains(a.Body, "nominated (提名奖)") {
		t.Errorf("the form: %d\n%s", a.Status, a.Body)
	}
	for text, want := range map[string]string{
		"7 winner\nwinner 8": "line 2 is not", "7": "line 1 is not", "7,winner": "has 10 seats, not 1",
	} {
		a := s.desk(t, http.MethodPost, page+"/motion/confirm", organizer, url.Values{"motion": {"m"}, "seats": {text}})
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, want) || !strings.Contains(a.Body, strings.Split(text, "\n")[0]) {
			t.Errorf("%q: %d, without %q\n%s", text, a.Status, want, a.Body)
		}
	}
	a := s.desk(t, http.MethodPost, page+"/motion/confirm", organizer, url.Values{"motion": {"m"}, "seats": {"7\twinner\r\n\r\n 8，nominated \n"}})
	want := &review.PutMotion{Slug: here, Motion: "m", Seats: []review.Awarded{{Candidate: 7, Award: "winner"}, {Candidate: 8, Award: "nominated"}}}
	if a.Status != http.StatusSeeOther || !cmp.Equal(s.moved.Load(), want) {
		t.Errorf("%d, %+v", a.Status, s.moved.Load())
	}
	api := s.ask(t, http.MethodPost, "/api/v1/selections/"+here+"/decision/motion", organizer,
		`{"motion":"m","seats":[{"candidate":8,"award":"winner"},{"candidate":7,"award":"nominated"}]}`)
	want.Seats[0].Candidate, want.Seats[1].Candidate = 8, 7
	if api.Status != http.StatusCreated || !cmp.Equal(s.moved.Load(), want) {
		t.Errorf("by the API: %d %s, %+v", api.Status, api.Body, s.moved.Load())
	}
	s.meeting.Store(filling(review.Overtaken))
	for _, path := range []string{"", "/wall", "/minutes"} {
		if a := s.desk(t, http.MethodGet, page+path, organizer, nil); a.Status != http.StatusOK || strings.Contains(a.Body, scrawl) ||
			!strings.Contains(a.Body, "王芳") || !strings.Contains(a.Body, "陇原最美快递员") || !strings.Contains(a.Body, "Overtaken") {
			t.Errorf("%s: %d\n%s", path, a.Status, a.Body)
		}
	}
	s.now.Store(&review.Search{})
	if a := s.desk(t, http.MethodGet, page+"/motion", organizer, nil); a.Status != http.StatusOK || strings.Contains(a.Body, `name="seats"`) {
		t.Errorf("the form where it is decided: %d\n%s", a.Status, a.Body)
	}
}

// filling is a meeting whose motion fills the seats.
func filling(outcome string) *review.Meeting {
	m := meetingOf(outcome)
	m.Motions[0].Seats = []review.Awarded{
		{Candidate: 7, Name: "王芳", Award: "winner"}, {Candidate: 8, Name: scrawl, Award: "nominated"}, {Candidate: 9, Award: "nominated"},
	}
	return m
}

// TestExport_awards gives who gets which award, as computed and as published.
func TestExport_awards(t *testing.T) {
	computed := review.Result{Ranking: json.RawMessage(`{"decided":true,"ranking":[
		{"candidate":"9","award":"winner"},{"candidate":"8","award":""},{"candidate":"7","award":"nominated"}]}`)}
	published := selection.Results{Slug: here, Decided: true, Ranking: []selection.RankedCandidate{{Number: 7, Award: "winner"}, {Number: 8}}}
	const at = "/api/v1/selections/" + here + "/exports/awards"
	for _, public := range []bool{false, true} {
		h, now := bare(t, testkit.Log(t)), frozen(t)
		who, want := organizer, "candidate,award\n9,winner\n7,nominated\n"
		if public {
			who, want, now.PublishedAt = "", "candidate,award\n7,winner\n", &h0
		}
		h.serve(t, h.scripted(map[string]bus.Endpoint{
			"selection/get_selection": says(now, nil), "selection/get_results": says(published, nil), "review/get_result": says(computed, nil),
		}))
		h.start(t)
		if a := h.ask(t, http.MethodGet, at, who, ""); a.Status != http.StatusOK || a.Body != want {
			t.Errorf("public %t: %d %q", public, a.Status, a.Body)
		}
		if a := h.ask(t, http.MethodGet, at, "", ""); !public && a.Status == http.StatusOK {
			t.Errorf("nobody gets it before it is public: %q", a.Body)
		}
	}
}

// TestDesk_search_look looks at the page in its states.
func TestDesk_search_look(t *testing.T) {
	s := newSearching(t)
	ctx := browser.Open(t)
	browser.Run(t, ctx, "session", chromedp.Navigate(s.url+"/static/icon.svg"),
		chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+organizer+`; path=/"`))
	for name, state := range map[string]job.State{"search": job.Failed, "search-running": job.Running} {
		s.set(state)
		browser.Look(t, ctx, name, s.url+"/desk/s/"+here+"/search")
	}
	browser.Look(t, ctx, "seats-motion", s.url+"/desk/s/"+here+"/meeting/motion")
	s.meeting.Store(filling(review.Overtaken))
	browser.Look(t, ctx, "seats-meeting", s.url+"/desk/s/"+here+"/meeting")
	s.refused.Store(review.ErrUncomputed)
	browser.Look(t, ctx, "search-early", s.url+"/desk/s/"+here+"/search")
}
