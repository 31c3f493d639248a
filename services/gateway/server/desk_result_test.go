package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/ranking"
	reasons "github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// resulting is a review room with a result; the test says of how many.
type resulting struct {
	mu    sync.Mutex
	n     int
	fault error
	made  map[int]review.Result // by number of candidates
	tried []review.TryResult
}

func (r *resulting) of(n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n, r.fault = n, err
}

// result is that of n candidates: the first 30 win, one tie is open, one is passed
// over.
func (r *resulting) result(review.Of) (review.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fault != nil {
		return review.Result{}, r.fault
	}
	if made, ok := r.made[r.n]; ok {
		return made, nil
	}
	out := ranking.Result{Lot: "33" + scrawl, Awards: []ranking.AwardList{{Award: "winner", Seats: 10, Open: 1}, {Award: "nominated", Seats: 20}}}
	for i := range r.n {
		id := strconv.Itoa(i + 1)
		one := ranking.Ranked{
			Candidate: id, Rank: i + 1, Total: "93.2125", Components: map[string]string{"votes": "33.333333333333333333", "panel:experts": "52.125"},
			Explain: []reasons.Reason{
				reasons.New("component", reasons.Of("source", reasons.Source, "votes"),
					reasons.Because("of", reasons.New("amount", reasons.Of("amount", reasons.Votes, "1234"))),
					reasons.Because("converted", reasons.New("banded", reasons.Of("points", reasons.Points, "83.333333333333333333"))),
					reasons.Because("weighted", reasons.New("weighted",
						reasons.Of("weight", reasons.Factor, "0.4"), reasons.Of("points", reasons.Points, "33.333333333333333333")))),
				reasons.Written("panel:experts: mean of 88, 90, 92.5: 90.17; × 0.6 = 54.1"), passedOver(scrawl),
			},
		}
		switch {
		case i < 10:
			one.Award = "winner"
		case i < 30:
			one.Award = "nominated"
		}
		if i == 12 {
			one.Displaced = []ranking.Displacement{{
				Award: "winner", Quotas: []ranking.QuotaHit{{Quota: 1, Attribute: "employer"}}, InFavour: "14", Committed: []string{"2", "3"},
			}}
		}
		out.Ranking = append(out.Ranking, one)
	}
	if r.n > 30 {
		out.Ties = []ranking.Tie{{Rank: 30, Candidates: []string{"30", "31"}, Awards: []string{"nominated"}}}
	}
	text, err := json.Marshal(out)
	if r.made == nil {
		r.made = map[int]review.Result{}
	}
	r.made[r.n] = review.Result{Slug: here, Hash: strings.Repeat("ab", 32), Ranking: text}
	return r.made[r.n], err
}

func (r *resulting) try(in review.TryResult) (out review.Trial, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried = append(r.tried, in)
	switch {
	case r.fault != nil:
		return out, r.fault
	case in.Weights["votes"] == "-1%":
		return out, review.ErrInvalid.At(fault.Wrong("weights.votes", "negative", "{value} is negative", "value", "-1%"))
	}
	for i := range 9 {
		out.Seats = append(out.Seats, review.TrialSeat{Seat: review.Seat{Panel: "experts", Juror: fmt.Sprintf("J%d", i+1)}, Name: "评委" + scrawl})
	}
	changes := len(in.Weights)+len(in.Converts)+len(in.Without) > 0
	for i := range r.n {
		c := review.TrialRanked{Number: i + 1, Rank: i + 1, Total: "90.5", Own: review.Placed{Rank: i + 1, Total: "90.5"}}
		if i < 10 {
			c.Award, c.Own.Award = "winner", "winner"
		}
		if changes && i == 9 {
			c.Award = ""
		}
		if changes && i == 10 {
			c.Award = "winner"
		}
		out.Ranked = append(out.Ranked, c)
	}
	return out, nil
}

// atResult is an installation with it.
func atResult(t *testing.T, r *resulting) (*installation, *askedRooms) {
	t.Helper()
	h := bare(t, testkit.Log(t))
	list := make([]nomination.Candidate, 3000)
	for i := range list {
		list[i] = nomination.Candidate{Number: i + 1, Name: "候选人" + strconv.Itoa(i+1) + scrawl, Employer: "单位" + strconv.Itoa(i%97) + scrawl, Region: "兰州市"}
	}
	asked := &askedRooms{n: map[string]int{}}
	s := drawing(t)
	h.serve(t, asked.count(h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(s, nil),
		"review/get_result":       does(r.result),
		"review/try_result":       does(r.try),
		"review/get_sensitivity": says(review.Sensitivities{
			Weights: []review.WeightMove{
				{Source: "votes", Weight: "0.4", Lower: &review.WeightShift{Weight: "0.3521", Gain: []string{"11"}, Lose: []string{"10"}}},
				{Source: "panel:experts", Weight: "0.6", Upper: &review.WeightShift{Weight: "0.75", Gain: []string{"11", "12"}, Lose: []string{"10"}}},
			},
			Quotas: []ranking.QuotaMove{
				{Quota: 1, Limit: "max", Seats: 3, Stricter: &ranking.QuotaShift{Seats: 2, Gain: []string{"14"}, Lose: []string{"3"}}},
				{Quota: 2, Limit: "min", Seats: 2, Stricter: &ranking.QuotaShift{Seats: 9, Impossible: true}},
			},
		}, nil),
		"review/get_lot": says(review.Lot{Value: scrawl, Reason: scrawl, At: &h0}, nil),
		"nomination/list_candidates": does(func(in nomination.ListCandidates) ([]nomination.Candidate, error) {
			return list[min(in.After, len(list)):min(in.After+1000, len(list))], nil
		}),
	})))
	h.start(t, quickly)
	return h, asked
}

// drawing is a selection whose rulebook draws lots from what is read after the
// vote.
func drawing(t *testing.T) selection.Selection {
	t.Helper()
	s := frozen(t)
	text, err := os.ReadFile("../../../pkg/rulebook/testdata/courier.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lot := fmt.Sprintf("  lot: {source: {zh: %q}}\n  tie_break:", "上证综指 2026-05-08 收盘"+scrawl)
	rules, err := rulebook.Parse(bytes.Replace(text, []byte("  tie_break:"), []byte(lot), 1))
	if err != nil {
		t.Fatal(err)
	}
	if s.Rulebook, err = rules.Canonical(); err != nil {
		t.Fatal(err)
	}
	s.RulebookHash = rules.Hash()
	return s
}

// TestDeskResult shows the result of 60 and of 3,000 candidates: with one call, on
// a small page, and with every why.
func TestDeskResult(t *testing.T) {
	r := &resulting{}
	h, asked := atResult(t, r)
	const page = "/desk/s/" + here + "/result"
	for _, n := range []int{60, 3000} {
		r.of(n, nil)
		h.desk(t, http.MethodGet, page, organizer, nil) // the caches are filled
		whole := map[string]int{"review/get_result": 1, "review/get_lot": 1}
		for path, want := range map[string]map[string]int{
			"": whole, "?page=2": whole, "?award=nominated&q=%E5%80%99": whole, "/try": {"review/try_result": 1}, "/sensitivity": {"review/get_sensitivity": 1},
		} {
			asked.since()
			a := h.desk(t, http.MethodGet, page+path, organizer, nil)
			calls := asked.since()
			for _, verb := range []string{"identity/authenticate", "selection/get_selection", "nomination/list_candidates"} {
				delete(calls, verb)
			}
			if diff := cmp.Diff(want, calls); diff != "" || a.Status != http.StatusOK {
				t.Errorf("%d candidates, %q: %d, it asks (-want +got):\n%s", n, path, a.Status, diff)
			}
			if strings.Contains(a.Body, "<b onclick") || strings.Contains(a.Body, "style=") {
				t.Errorf("%d candidates, %q: markup stands in the page", n, path)
			}
			if size := packed(t, a.Body); size > 120_000 {
				t.Errorf("%d candidates, %q: it weighs %d bytes", n, path, size)
			}
		}
	}
	a := h.desk(t, http.MethodGet, page, organizer, nil)
	for _, text := range []string{
		"1 seat is open until a tie is decided", "Rank 30: the rules leave these equal", "Passed over because of a quota", "instead of them 14",
		"33.3333…", "passed over as third", "1–60 of 3,000", "Lots were drawn from",
	} {
		if !strings.Contains(a.Body, text) {
			t.Errorf("%q is not said", text)
		}
	}
	a = h.desk(t, http.MethodGet, page+"?q=2999", organizer, nil)
	if !strings.Contains(a.Body, "候选人2999") || strings.Count(a.Body, `class="rank"`) > 100 {
		t.Error("nobody is found by number")
	}
}

// TestDeskResult_none says why there is no result, and leads to where that is done.
func TestDeskResult_none(t *testing.T) {
	r := &resulting{}
	h, _ := atResult(t, r)
	const page = "/desk/s/" + here + "/result"
	for name, c := range map[string]struct {
		fault error
		has   []string
	}{
		"uncomputed": {review.ErrUncomputed, []string{"voting is sealed and review closed", "/phases"}},
		"missing":    {review.ErrMissing.At(fault.Wrong("scores", "gap_sheet", "…", "panel", "experts", "juror", scrawl, "candidate", 7)), []string{"/panels"}},
		"lot":        {review.ErrLot, []string{"/result/lot"}},
		"quotas":     {fault.NewInvalid(ranking.CodeInfeasible, "the quotas cannot be met"), []string{"The quotas cannot be met with these candidates"}},
	} {
		r.of(0, c.fault)
		a := h.desk(t, http.MethodGet, page, organizer, nil)
		for _, text := range append(c.has, "There is no result yet") {
			if !strings.Contains(a.Body, text) {
				t.Errorf("%s: %q is not said: %d", name, text, a.Status)
			}
		}
		if a := h.desk(t, http.MethodGet, page+"/try", organizer, nil); a.Status != http.StatusSeeOther || a.Header.Get("Location") != page {
			t.Errorf("%s, a trial: %d", name, a.Status)
		}
	}
	r.of(0, review.ErrRecused)
	if a := h.desk(t, http.MethodGet, page, organizer, nil); a.Status != http.StatusForbidden {
		t.Errorf("recused: %d", a.Status)
	}
}

// TestDeskResult_try tries what the form asks, and leaves to the rulebook what is
// left as it is.
func TestDeskResult_try(t *testing.T) {
	r := &resulting{n: 60}
	h, _ := atResult(t, r)
	const page = "/desk/s/" + here + "/result/try"
	ask := func(query string) (answer, review.TryResult) {
		a := h.desk(t, http.MethodGet, page+query, organizer, nil)
		r.mu.Lock()
		defer r.mu.Unlock()
		return a, r.tried[len(r.tried)-1]
	}
	own := review.TryResult{Slug: here}
	a, got := ask("")
	if diff := cmp.Diff(own, got); diff != "" || !strings.Contains(a.Body, "Not a result") || !strings.Contains(a.Body, "No award changes hands") {
		t.Errorf("nothing tried (-want +got):\n%s\n%.500s", diff, a.Body)
	}
	a, got = ask("?" + url.Values{
		"weights.votes": {"10.5"}, "weights.panel:experts": {"60"}, "converts.votes": {"rank"}, "converts.panel:experts": {""}, "without": {"experts/J2"},
	}.Encode())
	want := review.TryResult{
		Slug: here, Weights: map[string]string{"votes": "10.5%"}, Converts: map[string]string{"votes": "{method: rank}"},
		Without: []review.Seat{{Panel: "experts", Juror: "J2"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tried (-want +got):\n%s", diff)
	}
	for _, text := range []string{"2 candidates would get another award", "Public vote weighs 10.5%", "without J2", `value="10.5"`, "no award"} {
		if !strings.Contains(a.Body, text) {
			t.Errorf("%q is not said: %.4000s", text, a.Body)
		}
	}
	a, _ = ask("?weights.votes=-1")
	if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, `id="weights.votes-wrong"`) || !strings.Contains(a.Body, `value="-1"`) ||
		!strings.Contains(a.Body, "评委") {
		t.Errorf("a negative weight: %d", a.Status)
	}
	if _, got := ask("?" + url.Values{"converts.votes": {"{method: banded}"}}.Encode()); got.Converts != nil && strings.Contains(got.Converts["votes"], "banded") {
		t.Errorf("a conversion that is not offered: %v", got)
	}
}

// TestDeskResult_lot records the value that lots are drawn from.
func TestDeskResult_lot(t *testing.T) {
	var got review.RecordLot
	var refuse error
	h := bare(t, testkit.Log(t))
	s := drawing(t)
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(s, nil),
		"review/record_lot": does(func(in review.RecordLot) (review.Lot, error) {
			got = in
			return review.Lot{Value: in.Value}, refuse
		}),
	}))
	h.start(t, quickly)
	const page = "/desk/s/" + here + "/result/lot"
	send := func() answer {
		return h.desk(t, http.MethodPost, page+"/record", organizer, url.Values{"value": {"3371.25"}, "reason": {"sse.com.cn\n15:00"}})
	}
	if a := send(); a.Status != http.StatusSeeOther || got != (review.RecordLot{Slug: here, Value: "3371.25", Reason: "sse.com.cn\n15:00"}) {
		t.Errorf("%d %+v", a.Status, got)
	}
	for _, refuse = range []error{review.ErrMoved, review.ErrInvalid.At(fault.Required("value"))} {
		if a := send(); a.Status < 400 || !strings.Contains(a.Body, `value="3371.25"`) {
			t.Errorf("%v: %d", refuse, a.Status)
		}
	}
	if !errors.Is(refuse, review.ErrInvalid) {
		t.Error("not all were tried")
	}
}

// TestDeskResult_look looks at the result's pages in a browser, and moves a slider.
func TestDeskResult_look(t *testing.T) {
	r := &resulting{}
	r.of(0, review.ErrMissing.At(fault.Wrong("scores", "gap_sheet", "…", "panel", "experts", "juror", scrawl, "candidate", 7)))
	h, _ := atResult(t, r)
	ctx := browser.Open(t)
	browser.Run(t, ctx, "session", chromedp.Navigate(h.url+"/desk/sign-in"),
		chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+organizer+`; path=/"`))
	base := h.url + "/desk/s/" + here + "/result"
	browser.Look(t, ctx, "result-none", base)
	browser.Look(t, ctx, "result-lot", base+"/lot")
	r.of(60, nil)
	browser.Look(t, ctx, "result", base)
	browser.Look(t, ctx, "result-try", base+"/try")
	browser.Look(t, ctx, "result-tried", base+"/try?weights.votes=10&without=experts%2FJ2")
	browser.Look(t, ctx, "result-sensitivity", base+"/sensitivity")
	browser.Run(t, ctx, "slide", chromedp.Navigate(base+"/try?lang=en"), chromedp.WaitVisible(chromedp.CSS("#try input[type=range]")),
		chromedp.Evaluate[chromedp.Void](`(() => {
			const s = document.querySelector("#try input[type=range]");
			s.value = 5;
			s.dispatchEvent(new Event("input", {bubbles: true}));
		})()`))
	testkit.Eventually(t, testkit.Patience, func() error {
		if said := browser.Read[string](t, ctx, `document.querySelector("#trial").innerText`); !strings.Contains(said, "2 candidates would get another award") {
			return errors.New(said)
		}
		return nil
	})
	if at := browser.Read[string](t, ctx, `location.search`); !strings.Contains(at, "weights.votes=5&") {
		t.Errorf("the address is %s", at)
	}
}

// passedOver is why somebody of an employer gets no award.
func passedOver(employer string) reasons.Reason {
	return reasons.New("passed_over", reasons.Of("award", reasons.Award, "winner"), reasons.Because("why", reasons.New("cap_reached",
		reasons.Number("nth", reasons.Nth, 3), reasons.Of("attribute", reasons.Attribute, "employer"), reasons.Of("value", reasons.Value, employer),
		reasons.Number("max", reasons.Seats, 2), reasons.Because("where", reasons.New("over_all")))),
		reasons.Of("candidate", reasons.Candidate, "14"), reasons.Number("place", reasons.Place, 14))
}
