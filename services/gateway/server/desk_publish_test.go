package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	reasons "github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// publishing is a selection near its end; the test says how near.
type publishing struct {
	mu      sync.Mutex
	now     selection.Selection
	preview selection.Preview
	asked   []selection.PublishResult
	seen    error // what review says to whoever looks at the result
	pending bool  // the files are still being made
}

func (p *publishing) set(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn()
}

// outcomeOf is the results of so many candidates, with markup in all that people wrote.
func outcomeOf(candidates int) selection.Results {
	r := selection.Results{
		Slug: here, Title: map[string]string{"zh": "最美快递员"}, PublishedAt: h0, Ballots: 4711, Lot: "33" + scrawl,
		RulebookHash: strings.Repeat("1", 64), ResultHash: strings.Repeat("2", 64), VotesHash: strings.Repeat("3", 64), ScoresHash: strings.Repeat("4", 64),
		Decision: selection.DecisionRecord{Members: 9, For: 7, Against: 1, Abstained: 1},
	}
	for i := range candidates {
		one := selection.RankedCandidate{
			Number: i + 1, Name: fmt.Sprintf("候选人%d%s", i+1, scrawl), Employer: scrawl, Rank: i + 1, Total: fmt.Sprintf("%d.25", 99-i%90),
			Components: map[string]string{"votes": "33.333333333333333333", "panel:experts": "52.125"},
			Explain: []reasons.Reason{
				reasons.Written("votes: 1234 in proportion to the highest: 83.3"), passedOver(scrawl),
			},
		}
		switch {
		case i < 10:
			one.Award = "winner"
		case i < 30:
			one.Award = "nominated"
		}
		r.Ranking = append(r.Ranking, one)
	}
	r.Awards = []selection.AwardList{
		{ID: "winner", Title: map[string]string{"zh": "陇原最美快递员" + scrawl}, Seats: 10, Winners: r.Ranking[:min(10, candidates)]},
		{ID: "nominated", Title: map[string]string{"zh": "提名奖"}, Seats: 20, Winners: r.Ranking[min(10, candidates):min(30, candidates)]},
	}
	return r
}

// ending is an installation in which p is the selection.
func ending(t *testing.T, p *publishing) (*installation, *askedRooms) {
	t.Helper()
	h := bare(t, testkit.Log(t))
	p.now = frozen(t)
	p.now.Phases = nil
	for _, name := range rulebook.PhaseNames() {
		p.now.Phases = append(p.now.Phases, selection.Phase{Name: name, State: selection.Closed})
	}
	p.now.Decided = true
	list := make([]nomination.Candidate, manyCandidates)
	for i := range list {
		list[i] = nomination.Candidate{Number: i + 1, Name: "候选人" + strconv.Itoa(i+1) + scrawl, Employer: scrawl, Photo: strings.Repeat("a", 64)}
	}
	asked := &askedRooms{n: map[string]int{}}
	h.serve(t, asked.count(h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": does(func(selection.Of) (selection.Selection, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.now, nil
		}),
		"selection/preview_results": does(func(selection.Of) (selection.Preview, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.preview, nil
		}),
		"selection/get_results": does(func(selection.Of) (selection.Results, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.now.PublishedAt == nil {
				return selection.Results{}, selection.ErrUnpublished
			}
			return *p.preview.Results, nil
		}),
		"selection/publish_result": does(func(in selection.PublishResult) (selection.Results, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.asked = append(p.asked, in)
			if err := selection.Invalid(in.Check()...); err != nil {
				return selection.Results{}, err
			}
			if p.preview.Refused != nil {
				return selection.Results{}, p.preview.Refused
			}
			p.now.PublishedAt = &h0
			return *p.preview.Results, nil
		}),
		"review/get_result": does(func(review.Of) (review.Result, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			return review.Result{}, p.seen
		}),
		"voting/export_leaves": does(func(voting.Of) (voting.Exported, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.pending {
				return voting.Exported{Job: &job.Job{Done: 3, Total: 10}}, nil
			}
			return voting.Exported{}, nil
		}),
		"nomination/list_candidates": does(func(in nomination.ListCandidates) ([]nomination.Candidate, error) {
			return list[min(in.After, len(list)):], nil
		}),
	})))
	h.start(t, quickly)
	return h, asked
}

// public is what is between the first award and the end of the last section.
func public(t *testing.T, page string) string {
	t.Helper()
	from, to := strings.Index(page, `<section class="award`), strings.LastIndex(page, "This page as data (JSON)")
	if from < 0 || to < from {
		t.Fatalf("no outcome: %.3000s", page)
	}
	return page[from:to]
}

// TestDeskPublish shows what the public will see, publishes it after one
// confirmation with a reason, and then that is what the public sees.
func TestDeskPublish(t *testing.T) {
	results := outcomeOf(manyCandidates)
	p := &publishing{preview: selection.Preview{Results: &results}}
	h, asked := ending(t, p)
	const page = "/desk/s/" + here + "/publish"
	h.desk(t, http.MethodGet, page, organizer, nil)
	asked.since()
	before := h.desk(t, http.MethodGet, page, organizer, nil)
	calls := asked.since()
	delete(calls, "identity/authenticate")
	delete(calls, "selection/get_selection")
	if diff := cmp.Diff(map[string]int{"selection/preview_results": 1, "review/get_result": 1}, calls); diff != "" {
		t.Errorf("the page asks (-want +got):\n%s", diff)
	}
	if before.Status != http.StatusOK || !strings.Contains(before.Body, `action="`+page+`/send"`) || strings.Contains(before.Body, "<b onclick") {
		t.Fatalf("%d %.500s", before.Status, before.Body)
	}
	if size := packed(t, before.Body); size > 120_000 {
		t.Errorf("it weighs %d bytes", size)
	}
	if a := h.desk(t, http.MethodGet, "/s/"+here+"/results", "", nil); strings.Contains(a.Body, "候选人1") {
		t.Errorf("it is public already: %d", a.Status)
	}
	send := func(reason string) answer {
		return h.desk(t, http.MethodPost, page+"/send", organizer, url.Values{"reason": {reason}})
	}
	if a := send(" "); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, `href="#reason"`) || p.now.PublishedAt != nil {
		t.Errorf("without a reason: %d %.300s", a.Status, a.Body)
	}
	p.set(func() { p.pending = true })
	if a := send("the notice is over"); a.Status != http.StatusServiceUnavailable || !strings.Contains(a.Body, "the notice is over</textarea>") ||
		!strings.Contains(a.Body, "still being made") || a.Header.Get("Retry-After") == "" || len(p.asked) != 1 {
		t.Errorf("while files are being made: %d %.300s", a.Status, a.Body)
	}
	p.set(func() { p.pending = false })
	if a := send("the notice is over"); a.Status != http.StatusSeeOther || a.Header.Get("Location") != page {
		t.Errorf("published: %d %s", a.Status, a.Header.Get("Location"))
	}
	if last := p.asked[len(p.asked)-1]; last.Reason != "the notice is over" {
		t.Errorf("the reason is %q", last.Reason)
	}
	h.clock.Advance(time.Minute) // what pages keep is old
	seen := h.desk(t, http.MethodGet, "/s/"+here+"/results?lang=en", "", nil)
	if diff := cmp.Diff(public(t, seen.Body), public(t, before.Body)); diff != "" {
		t.Errorf("the public sees something else (-public +preview):\n%.2000s", diff)
	}
	after := h.desk(t, http.MethodGet, page, organizer, nil)
	if strings.Contains(after.Body, "/publish/send") || !strings.Contains(after.Body, "The result is public since") {
		t.Errorf("it can be published again: %.500s", after.Body)
	}
}

// TestDeskPublish_early says what stands in the way, and publishes nothing.
func TestDeskPublish_early(t *testing.T) {
	results := outcomeOf(3)
	waits := func(codes ...string) *fault.Error {
		var fields []fault.Field
		for _, code := range codes {
			fields = append(fields, fault.Wrong("phase", code, "…", "phase", "notice", "before", "notice", "state", "open", "waiting", "voting"))
		}
		return fault.From(selection.ErrOutOfOrder.At(fields...))
	}
	p := &publishing{}
	h, _ := ending(t, p)
	const page = "/desk/s/" + here + "/publish"
	for name, c := range map[string]struct {
		preview selection.Preview
		has     []string
	}{
		"undecided": {
			selection.Preview{Refused: waits("not_approved", "published_after_notice")},
			[]string{"the committee has not approved a result", "There is no approved result"},
		},
		"on notice": {selection.Preview{Results: &results, Refused: waits("published_after_notice")}, []string{"after the notice is closed", "候选人3"}},
		"on its way": {
			selection.Preview{Refused: fault.From(selection.ErrNotArrived)}, []string{"The approved result has not arrived here in full yet"},
		},
	} {
		p.set(func() { p.preview = c.preview })
		a := h.desk(t, http.MethodGet, page, organizer, nil)
		for _, text := range append(c.has, "What stands in the way") {
			if !strings.Contains(a.Body, text) {
				t.Errorf("%s: %q is not said: %d %.3000s", name, text, a.Status, a.Body)
			}
		}
		if strings.Contains(a.Body, "/publish/send") {
			t.Errorf("%s: it can be published", name)
		}
		a = h.desk(t, http.MethodPost, page+"/send", organizer, url.Values{"reason": {"why I did"}})
		if a.Status < 400 || !strings.Contains(a.Body, "why I did</textarea>") || p.now.PublishedAt != nil {
			t.Errorf("%s, sent all the same: %d", name, a.Status)
		}
	}
	// Whoever is recused from a candidate sees no ranking of it.
	p.set(func() { p.preview, p.seen = selection.Preview{Results: &results}, review.ErrRecused })
	if a := h.desk(t, http.MethodGet, page, organizer, nil); a.Status != http.StatusForbidden || strings.Contains(a.Body, "候选人1") {
		t.Errorf("recused: %d", a.Status)
	}
	if a := h.ask(t, http.MethodGet, "/api/v1/selections/"+here+"/publication", organizer, ""); a.problem(t).Code != "recused" {
		t.Errorf("recused, by the API: %d", a.Status)
	}
}

// TestDeskPublish_look looks at publication in a browser: empty, waiting, full,
// done.
func TestDeskPublish_look(t *testing.T) {
	results := outcomeOf(manyCandidates)
	p := &publishing{preview: selection.Preview{Refused: fault.From(selection.ErrOutOfOrder.At(
		fault.Wrong("phase", "not_approved", "…", "phase", "notice", "before", "decision", "state", "pending"),
		fault.Wrong("phase", "published_after_notice", "…", "phase", "notice", "before", "notice", "state", "pending"),
	))}}
	h, _ := ending(t, p)
	p.set(func() { p.now.Decided = false })
	ctx := browser.Open(t)
	browser.Run(t, ctx, "session", chromedp.Navigate(h.url+"/desk/sign-in"),
		chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+organizer+`; path=/"`))
	browser.Look(t, ctx, "publish-empty", h.url+"/desk/s/"+here+"/publish")
	p.set(func() { p.preview, p.now.Decided = selection.Preview{Results: &results}, true })
	browser.Look(t, ctx, "publish", h.url+"/desk/s/"+here+"/publish")
	p.set(func() { p.now.PublishedAt = &h0 })
	h.clock.Advance(time.Minute)
	browser.Look(t, ctx, "publish-done", h.url+"/desk/s/"+here+"/publish")
}
