package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/selection"
)

const (
	votes  = "2222222222222222222222222222222222222222222222222222222222222222"
	scores = "3333333333333333333333333333333333333333333333333333333333333333"
)

// computed is a result as review writes it.
const computed = `{"slug": %q, "rulebook_hash": %q, "votes_hash": %q, "scores_hash": %q, "ranking": {"lot": "3371.25", "decided": true, "ranking": [
	{"candidate": "3", "rank": 1, "total": "93.21", "components": {"votes": "40", "panel:experts": "53.21"}, "award": "winner"},
	{"candidate": "1", "rank": 2, "total": "80", "components": {"votes": "30", "panel:experts": "50"}, "award": "nominated"},
	{"candidate": "4", "rank": 3, "total": "70", "components": {"votes": "20", "panel:experts": "50"}, "award": "nominated", "explain": ["lot"]},
	{"candidate": "2", "rank": 4, "total": "1", "components": {"votes": "1", "panel:experts": "0"}}], "shortlist": ["3", "1", "4", "2"]}}`

// signed is the hosts' word for the approved result.
func signed() []event.HostSignature {
	return []event.HostSignature{
		{Host: "union", Title: map[string]string{"zh": "总工会", "en": "Trade Union"}, Signer: "王伟", At: spring()},
		{Host: "daily", Title: map[string]string{"zh": "日报社"}, Signer: "Li Na", At: spring().Add(time.Minute)},
	}
}

// decided brings a selection to the end of decision, with four candidates and
// an approved result, whose hash it gives.
func (h *installation) decided(rulebook string) string {
	h.t.Helper()
	s := h.create(rulebook)
	h.rooms["nomination"].admitted = 4
	h.change("open nomination", "open vetting", "close nomination", "close vetting", "open voting", "open review", "close voting", "close review")
	result := h.Keep(event.Review, fmt.Appendf(nil, computed, slug, s.RulebookHash, h.votes, h.scores))
	h.rooms["review"].say("result", event.ResultComputed{ResultHash: result, RulebookHash: s.RulebookHash, VotesHash: h.votes, ScoresHash: h.scores})
	h.change("open decision")
	h.rooms["review"].say("decision", event.DecisionMade{
		ResultHash: result, Approved: true, Members: 9, For: 7, Against: 1, Abstained: 1, Signatures: signed(),
	})
	h.until(func(s selection.Selection) bool { return s.Decided })
	h.change("close decision")
	return result
}

func (h *installation) admit(numbers ...int) {
	for _, n := range numbers {
		h.rooms["nomination"].say(fmt.Sprintf("candidate/%d", n), event.CandidateAdmitted{
			Number: n, EntryID: fmt.Sprintf("e-%d", n), Name: fmt.Sprintf("候选人%d", n),
			Attributes: map[string]string{"employer": fmt.Sprintf("快递%d", n), "region": "兰州"},
		})
	}
}

func (h *installation) publish() (selection.Results, error) {
	return h.PublishResult(h.ctx, selection.PublishResult{Slug: slug, Reason: "the notice ended without objections"})
}

func TestNotice_workingDays(t *testing.T) {
	h := open(t)
	result := h.decided(rules)
	// Thursday evening before Labour Day (1 to 5 May) in Lanzhou; Saturday the
	// ninth is worked in exchange.
	h.Clock.Set(time.Date(2026, 4, 30, 12, 0, 0, 0, time.UTC))
	h.change("open notice")
	ends := time.Date(2026, 5, 11, 16, 0, 0, 0, time.UTC) // 6, 7, 8, 9 and 11 May
	if p := h.get().Phase("notice"); p.ClosesAt == nil || !p.ClosesAt.Equal(ends) {
		t.Fatalf("the notice closes at %v, want %v", p.ClosesAt, ends)
	}
	changes := h.rooms["nomination"].changes()
	if last := changes[len(changes)-1]; last.Phase != rulebook.PhaseNotice || last.ClosesAt == nil || !last.ClosesAt.Equal(ends) {
		t.Errorf("the rooms heard of %+v", last)
	}
	posted := only[event.NoticePosted](h)
	if posted.ResultHash != result || !posted.ClosesAt.Equal(ends) {
		t.Errorf("posted %+v", posted)
	}
	h.Clock.Set(ends.Add(-time.Microsecond))
	_, err := h.order("notice", event.Close)
	if f := refused(t, err, selection.ErrNoticeRuns); f.Params["closes_at"] != "2026-05-11T16:00:00Z" {
		t.Errorf("got %+v", f.Params)
	}
	_, err = h.publish()
	_ = refused(t, err, selection.ErrOutOfOrder)
	h.Clock.Set(ends)
	h.await("notice", selection.Closed) // by the clock
}

// only is the only event of a type that the room has published.
func only[P event.Payload](h *installation) P {
	h.t.Helper()
	all := testkit.Published[P](h.t, h.DB)
	if len(all) != 1 {
		h.t.Fatalf("%d events %T", len(all), all)
	}
	return all[0]
}

func TestNotice_holidaysUnknown(t *testing.T) {
	h := open(t)
	h.decided(rules)
	h.Clock.Set(time.Date(9998, 1, 1, 0, 0, 0, 0, time.UTC))
	_, err := h.order("notice", event.Open)
	if f := refused(t, err, selection.ErrNoHolidays); len(f.Fields) != 1 || f.Fields[0].Params["year"] != "9998" {
		t.Errorf("the year is not named: %+v", f)
	}
	if p := h.get().Phase("notice"); p.State != selection.Pending || p.ClosesAt != nil {
		t.Errorf("got %+v", p)
	}
}

func TestPublish(t *testing.T) {
	h := open(t)
	h.admit(3, 1, 4, 2)
	h.rooms["nomination"].say("candidate/2", event.CandidateStruck{Number: 2, Reason: "withdrew"})
	result := h.decided(strings.Replace(rules, notice, "notice: {working_days: 5, calendar: CN, shortened_to: 3s}", 1))
	voting := h.rooms["voting"]
	voting.say("tally", event.BallotsCountedV1{Ballots: 300, Sums: map[int]int64{3: 300}}) // of before: what was added
	voting.say("tally", event.BallotsCountedV1{Ballots: 2, FirstIndex: 300, Sums: map[int]int64{1: 2}})
	h.until(func(s selection.Selection) bool { return s.Ballots == 302 })
	voting.say("tally", event.BallotsCounted{Ballots: 302, Votes: map[int]int64{3: 300, 1: 2}}) // totals, of which the greatest counts
	voting.say("tally", event.BallotsCounted{Ballots: 312, Votes: map[int]int64{3: 300, 1: 12}})
	voting.say("tally", event.BallotsCounted{Ballots: 310, Votes: map[int]int64{3: 300, 1: 10}})
	h.until(func(s selection.Selection) bool { return s.Ballots == 312 && s.Candidates == 3 })
	voting.say("seal", event.TallySealed{Ballots: 320, Votes: map[int]int64{3: 300, 1: 20}})
	h.until(func(s selection.Selection) bool { return s.Ballots == 320 })
	voting.again()
	_, err := h.GetResults(h.ctx, selection.Of{Slug: slug})
	_ = refused(t, err, selection.ErrUnpublished)
	_, err = h.publish()
	if f := refused(t, err, selection.ErrOutOfOrder); f.Params["blocked_by"] != "notice" {
		t.Errorf("got %+v", f)
	}
	h.change("open notice")
	if p := h.get().Phase("notice"); !p.ClosesAt.Equal(spring().Add(3 * time.Second)) {
		t.Errorf("a shortened notice closes at %v", p.ClosesAt)
	}
	h.Clock.Advance(3 * time.Second)
	h.change("close notice")
	if _, err := h.PublishResult(h.ctx, selection.PublishResult{Slug: slug}); !errors.Is(err, selection.ErrInvalid) || fault.From(err).Fields[0].Name != "reason" {
		t.Errorf("without a reason: %v", err)
	}
	got := h.publishAtOnce()
	want := selection.Results{
		Slug: slug, Title: map[string]string{"zh": "第二届“陇原最美快递员”", "en": "Most Beautiful Courier"}, Edition: 2,
		PublishedAt: spring().Add(3 * time.Second), RulebookHash: h.get().RulebookHash, ResultHash: result, VotesHash: votes, ScoresHash: scores,
		Ballots: 320, Lot: "3371.25", Decided: true,
		Decision: selection.DecisionRecord{Members: 9, For: 7, Against: 1, Abstained: 1, Signatures: signed()},
		Ranking: []selection.RankedCandidate{
			ranked(3, 1, "93.21", "40", "53.21", "winner"), ranked(1, 2, "80", "30", "50", "nominated"),
			ranked(4, 3, "70", "20", "50", "nominated", "lot"), ranked(2, 4, "1", "1", "0", ""),
		},
	}
	want.Notices = []selection.NoticeRun{{
		WorkingDays: 5, PostedAt: spring(), ClosesAt: spring().Add(3 * time.Second),
	}}
	want.Objections = &selection.ObjectionCounts{}
	want.Awards = []selection.AwardList{
		{ID: "winner", Title: map[string]string{"zh": "陇原最美快递员"}, Seats: 1, Winners: want.Ranking[:1]},
		{ID: "nominated", Title: map[string]string{"zh": "提名奖"}, Seats: 2, Winners: want.Ranking[1:3]},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	published := only[event.ResultPublished](h)
	if diff := cmp.Diff(want, h.read(published.ResultHash)); diff != "" {
		t.Error(diff)
	}
	again, err := h.GetResults(h.ctx, selection.Of{Slug: slug})
	if diff := cmp.Diff(want, again); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if s := h.get(); s.PublishedAt == nil || !s.PublishedAt.Equal(want.PublishedAt) || s.Ballots != 320 {
		t.Errorf("got %+v", s)
	}
	acts := h.acts()
	if last := acts[len(acts)-1]; last.Act != "publish_result" || last.Reason == "" || acts[len(acts)-2].Act == last.Act {
		t.Errorf("audit ends with %+v", acts[len(acts)-2:])
	}
}

func ranked(number, rank int, total, votes, experts, award string, explain ...string) selection.RankedCandidate {
	return selection.RankedCandidate{
		Number: number, Name: fmt.Sprintf("候选人%d", number), Employer: fmt.Sprintf("快递%d", number), Rank: rank, Total: total,
		Components: map[string]string{"votes": votes, "panel:experts": experts}, Award: award, Explain: written(explain),
	}
}

func written(sentences []string) (all []reason.Reason) {
	for _, s := range sentences {
		all = append(all, reason.Written(s))
	}
	return all
}

// publishAtOnce has several organizers publish; all get the same.
func (h *installation) publishAtOnce() selection.Results {
	h.t.Helper()
	var all [4]selection.Results
	var errs [4]error
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() { all[i], errs[i] = h.publish() })
	}
	wg.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		h.t.Fatal(err)
	}
	for _, other := range all[1:] {
		if diff := cmp.Diff(all[0], other); diff != "" {
			h.t.Error(diff)
		}
	}
	return all[0]
}

func (h *installation) read(hash string) (results selection.Results) {
	h.t.Helper()
	if err := json.Unmarshal(h.Blob(hash), &results); err != nil {
		h.t.Fatal(err)
	}
	return results
}

// TestPublish_notArrived publishes before the candidates' names are there.
func TestPublish_notArrived(t *testing.T) {
	h := open(t)
	h.admit(1, 2, 3)
	h.decided(strings.Replace(rules, notice, "notice: {working_days: 5, calendar: CN, shortened_to: 1s}", 1))
	h.change("open notice")
	h.Clock.Advance(time.Second)
	h.await("notice", selection.Closed)
	_, err := h.publish()
	if f := refused(t, err, selection.ErrNotArrived); f.Kind != fault.Unavailable || f.RetryAfter == 0 {
		t.Errorf("got %+v", f)
	}
	if h.get().PublishedAt != nil {
		t.Error("half of it is published")
	}
	h.admit(4)
	testkit.Eventually(t, testkit.Patience, func() error { _, err := h.publish(); return err })
}

// TestPublish_told publishes no more than the rulebook has published.
func TestPublish_told(t *testing.T) {
	whole := []selection.RankedCandidate{
		ranked(3, 1, "93.21", "40", "53.21", "winner"), ranked(1, 2, "80", "30", "50", "nominated"),
		ranked(4, 3, "70", "20", "50", "nominated", "lot"), ranked(2, 4, "1", "1", "0", ""),
	}
	for results, want := range map[string]struct {
		numbers       int
		total, points bool
	}{
		"":                                  {4, true, true},
		"{show: all, scores: all}":          {4, true, true},
		"{show: awarded, scores: total}":    {3, true, false},
		"{show: shortlisted, scores: none}": {4, false, false},
		"{show: awarded}":                   {3, true, true},
	} {
		t.Run("results: "+results, func(t *testing.T) {
			h := open(t)
			h.admit(3, 1, 4, 2)
			text := strings.Replace(rules, notice, "notice: {working_days: 5, calendar: CN, shortened_to: 3s}", 1)
			if results != "" {
				text += "\nshortlist: {ratio: 1.5}\nresults: " + results + "\n"
			}
			h.decided(text)
			h.until(func(s selection.Selection) bool { return s.Candidates == 4 })
			h.change("open notice")
			h.Clock.Advance(3 * time.Second)
			h.change("close notice")
			got, err := h.publish()
			if err != nil {
				t.Fatal(err)
			}
			expected := []selection.RankedCandidate{}
			for _, r := range whole[:want.numbers] {
				if !want.total {
					r.Total = ""
				}
				if !want.points {
					r.Components, r.Explain = nil, nil
				}
				expected = append(expected, r)
			}
			if diff := cmp.Diff(expected, got.Ranking); diff != "" {
				t.Errorf("%s: %s", results, diff)
			}
			if diff := cmp.Diff(expected[1:3], got.Awards[1].Winners); diff != "" {
				t.Errorf("%s: %s", results, diff)
			}
			if diff := cmp.Diff(got, h.read(only[event.ResultPublished](h).ResultHash)); diff != "" {
				t.Errorf("%s: the body: %s", results, diff)
			}
		})
	}
}

// TestPublish_foreign has a result that the frozen rulebook did not compute.
func TestPublish_foreign(t *testing.T) {
	h := open(t)
	h.admit(1, 2, 3, 4)
	h.decided(strings.Replace(rules, notice, "notice: {working_days: 5, calendar: CN, shortened_to: 1s}", 1))
	foreign := h.Keep(event.Review, fmt.Appendf(nil, computed, slug, votes, votes, scores))
	h.rooms["review"].say("result", event.ResultComputed{ResultHash: foreign, RulebookHash: votes, VotesHash: votes, ScoresHash: scores})
	h.rooms["review"].say("decision", event.DecisionMade{ResultHash: foreign, Approved: true, Members: 9, For: 9})
	testkit.Eventually(t, testkit.Patience, func() error {
		var hash string
		err := h.DB.GetContext(h.ctx, &hash, `SELECT result_hash FROM decision WHERE slug = $1`, slug)
		if err == nil && hash != foreign {
			err = errors.New("not yet")
		}
		return err
	})
	h.change("open notice")
	h.Clock.Advance(time.Second)
	h.await("notice", selection.Closed)
	if _, err := h.publish(); !fault.Is(err, fault.Internal) {
		t.Errorf("got %v", err)
	}
	_, err := h.GetResults(h.ctx, selection.Of{Slug: slug})
	_ = refused(t, err, selection.ErrUnpublished)
	_, err = h.GetResults(h.ctx, selection.Of{Slug: "another"})
	_ = refused(t, err, selection.ErrUnknown)
}

// TestPublish_exchanged has somebody who can write to the store, as every room of
// an installation can, put another ranking in the place of the approved one.
func TestPublish_exchanged(t *testing.T) {
	h := open(t)
	h.admit(1, 2, 3, 4)
	result := h.decided(strings.Replace(rules, notice, "notice: {working_days: 5, calendar: CN, shortened_to: 1s}", 1))
	h.change("open notice")
	h.Clock.Advance(time.Second)
	h.await("notice", selection.Closed)
	body := filepath.Join(h.Dir, event.Review, result[:2], result)
	genuine, err := os.ReadFile(body)
	if err != nil {
		t.Fatal(err)
	}
	forged := strings.NewReplacer(`"rank": 1,`, `"rank": 2,`, `"rank": 2,`, `"rank": 1,`).Replace(string(genuine))
	if forged == string(genuine) {
		t.Fatal("nothing was exchanged")
	}
	if err := os.WriteFile(body, []byte(forged), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.publish(); !fault.Is(err, fault.Internal) {
		t.Errorf("got %v", err)
	}
	_, err = h.GetResults(h.ctx, selection.Of{Slug: slug})
	_ = refused(t, err, selection.ErrUnpublished)
	if err := os.WriteFile(body, genuine, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.publish(); err != nil {
		t.Errorf("the approved one: %v", err)
	}
}
