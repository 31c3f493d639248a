package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/review"
)

// searching is an installation whose review room answers what a test sets.
type searching struct {
	*installation
	now     atomic.Pointer[review.Search]
	refused atomic.Pointer[fault.Error]
	ordered atomic.Int64
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
	s.serve(t, s.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"review/get_search":       does(say),
		"review/get_result":       says(review.Result{}, ranking.Undecided(3_000_000_000)),
		"review/cancel_search":    does(say),
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
	look("3,000,000,123", page+"/order", `value="100000000000"`)
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
	s.refused.Store(review.ErrUncomputed)
	browser.Look(t, ctx, "search-early", s.url+"/desk/s/"+here+"/search")
}
