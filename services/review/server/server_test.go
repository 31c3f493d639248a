package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/server"
)

const (
	slug  = "s-1"
	rules = `
laurel: 1
title: {en: Test}
edition: 1
timezone: Asia/Shanghai
nominee: person
awards: [{id: winner, title: {en: Winner}, seats: 1}]
voting: {voters: [device], frequency: once, picks: {min: 1, max: 2}}
review:
  panels:
    - {id: experts, jurors: 3, blind: true, scale: {min: 0, max: 100, step: 0.5},
       criteria: [{id: deeds, weight: 60%}, {id: skill, weight: 40%}],
       aggregate: {method: mean, over: sheet, round: {digits: 2, mode: half_up}}, missing: refuse}
composite:
  round: {digits: 2, mode: half_up}
  components:
    - {source: votes, weight: 40%, convert: {method: proportional, top: 100}}
    - {source: "panel:experts", weight: 60%}
  tie_break: ["panel:experts", votes, lot]
decision: {quorum: 2/3, approve: 2/3, ballot: secret}
`
)

// room is a review room with its client, and the events that other rooms would
// send.
type room struct {
	*review.Client
	t      *testing.T
	deps   run.Deps
	inbox  *outbox.Inbox
	clock  *testkit.Clock
	events []event.Envelope
	next   map[string]int64 // version by publisher and aggregate
}

func setup(t *testing.T) *room {
	t.Helper()
	nats := testkit.NATS(t)
	clock := testkit.NewClock(time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC))
	deps := testkit.Deps(t, nats, run.Room{Name: review.Name, Migrations: server.Migrations()}, clock)
	wired, err := server.New(deps)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Start(t, wired, deps)
	return &room{
		Client: review.NewClient(testkit.Connect(t, nats, "gateway")), t: t, deps: deps, clock: clock, next: map[string]int64{},
		inbox: &outbox.Inbox{Service: review.Name, DB: deps.DB, Log: deps.Log, Handlers: wired.Handlers},
	}
}

// envelope makes the next event of an aggregate.
func (r *room) envelope(publisher, aggregate string, p event.Payload) event.Envelope {
	r.t.Helper()
	data, err := json.Marshal(p)
	if err != nil {
		r.t.Fatal(err)
	}
	r.next[publisher+aggregate]++
	env := event.Envelope{
		ID: uuid.New(), Publisher: publisher, Name: p.EventType().Name, V: 1, Slug: slug,
		Aggregate: aggregate, Version: r.next[publisher+aggregate], At: r.clock.Now(), Data: data,
	}
	r.events = append(r.events, env)
	return env
}

func (r *room) deliver(publisher, aggregate string, p event.Payload) {
	r.t.Helper()
	if err := r.inbox.Deliver(r.t.Context(), r.envelope(publisher, aggregate, p)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) freeze() {
	r.t.Helper()
	rb, err := rulebook.Parse([]byte(rules))
	if err != nil {
		r.t.Fatal(err)
	}
	canonical, err := rb.Canonical()
	if err != nil {
		r.t.Fatal(err)
	}
	r.deliver("selection", "phases", event.RulebookFrozen{Hash: rb.Hash(), Rulebook: canonical})
}

func (r *room) phase(name, action string) {
	r.t.Helper()
	r.deliver("selection", "phases", event.PhaseChanged{Phase: name, Action: action})
}

func (r *room) candidates(n int) {
	r.t.Helper()
	for i := 1; i <= n; i++ {
		r.deliver("nomination", fmt.Sprintf("candidate/%d", i), event.CandidateAdmitted{Number: i, Name: fmt.Sprintf("Candidate %d", i)})
	}
}

func (r *room) as(account string) context.Context {
	return actor.With(r.t.Context(), actor.Actor{Kind: actor.Staff, ID: account, Name: account})
}

var people = []review.Person{{ID: "a", Name: "Ann"}, {ID: "b", Name: "Bo"}, {ID: "c", Name: "Cai"}}

// scoring brings the room to where jurors score three candidates.
func scoring(t *testing.T) *room {
	t.Helper()
	r := setup(t)
	r.freeze()
	r.candidates(3)
	if _, err := r.SeatPanel(r.as("organizer"), review.SeatPanel{Slug: slug, Panel: "experts", Jurors: people}); err != nil {
		t.Fatal(err)
	}
	r.phase(event.Review, event.Open)
	return r
}

func (r *room) score(juror string, candidate int, deeds, skill string) error {
	_, err := r.SaveSheet(r.as(juror), review.SaveSheet{
		Slug: slug, Panel: "experts", Candidate: candidate, Submit: true, Scores: map[string]string{"deeds": deeds, "skill": skill},
	})
	return err
}

func (r *room) scoreAll() {
	r.t.Helper()
	for i, j := range people {
		for c := 1; c <= 3; c++ {
			if err := r.score(j.ID, c, fmt.Sprint(60+10*c+i), "80.5"); err != nil {
				r.t.Fatal(err)
			}
		}
	}
}

func TestSaveSheet_refused(t *testing.T) {
	r := scoring(t)
	save := func(in review.SaveSheet) review.SaveSheet {
		in.Slug, in.Panel, in.Submit = slug, "experts", true
		if in.Candidate == 0 {
			in.Candidate = 1
		}
		return in
	}
	good := map[string]string{"deeds": "90", "skill": "80.5"}
	for name, c := range map[string]struct {
		juror string
		in    review.SaveSheet
		want  error
		field []string
	}{
		"off the scale":    {"a", save(review.SaveSheet{Scores: map[string]string{"deeds": "100.5", "skill": "-1"}}), review.ErrInvalid, []string{"scores.deeds", "scores.skill"}},
		"off the step":     {"a", save(review.SaveSheet{Scores: map[string]string{"deeds": "90.25", "skill": "80"}}), review.ErrInvalid, []string{"scores.deeds"}},
		"not a number":     {"a", save(review.SaveSheet{Scores: map[string]string{"deeds": "ninety", "skill": "8e1"}}), review.ErrInvalid, []string{"scores.deeds", "scores.skill"}},
		"a share":          {"a", save(review.SaveSheet{Scores: map[string]string{"deeds": "90%", "skill": "1/2"}}), review.ErrInvalid, []string{"scores.deeds", "scores.skill"}},
		"missing":          {"a", save(review.SaveSheet{Scores: map[string]string{"deeds": "90"}}), review.ErrInvalid, []string{"scores.skill"}},
		"unknown":          {"a", save(review.SaveSheet{Scores: map[string]string{"deeds": "90", "skill": "80", "charm": "1"}}), review.ErrInvalid, []string{"scores.charm"}},
		"long comment":     {"a", save(review.SaveSheet{Scores: good, Comment: strings.Repeat("长", 2001)}), review.ErrInvalid, []string{"comment"}},
		"not on the panel": {"x", save(review.SaveSheet{Scores: good}), review.ErrNotJuror, nil},
		"no candidate":     {"a", save(review.SaveSheet{Scores: good, Candidate: 99}), review.ErrUnassigned, nil},
		"no panel":         {"a", review.SaveSheet{Slug: slug, Panel: "public", Candidate: 1, Scores: good}, review.ErrNoPanel, nil},
		"no selection":     {"a", review.SaveSheet{Slug: "s-2", Panel: "experts", Candidate: 1, Scores: good}, review.ErrNotYet, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.SaveSheet(r.as(c.juror), c.in)
			if !errors.Is(err, c.want) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			if diff := cmp.Diff(c.field, fields(err)); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
	if n := r.count(`SELECT count(*) FROM sheet`); n != 0 {
		t.Errorf("%d sheets were kept of refused ones", n)
	}
	if _, err := r.Recuse(r.as("organizer"), review.Recuse{Slug: slug, Panel: "experts", Juror: "a", Candidate: 1, Reason: "employer"}); err != nil {
		t.Fatal(err)
	}
	if err := r.score("a", 1, "90", "80"); !errors.Is(err, review.ErrUnassigned) {
		t.Errorf("a recused candidate: %v", err)
	}
	r.phase(event.Review, event.Close)
	if err := r.score("a", 2, "90", "80"); !errors.Is(err, review.ErrPhase) {
		t.Errorf("after closing: %v", err)
	}
}

func TestSaveSheet_revisions(t *testing.T) {
	r := scoring(t)
	draft := review.SaveSheet{Slug: slug, Panel: "experts", Candidate: 1, Scores: map[string]string{"deeds": "70"}}
	if s, err := r.SaveSheet(r.as("a"), draft); err != nil || s.Revision != 1 || s.Submitted {
		t.Fatalf("draft = %+v, %v", s, err)
	}
	if err := r.score("a", 1, "71", "80"); err != nil {
		t.Fatal(err)
	}
	if err := r.score("a", 1, "72", "80"); err != nil { // amended
		t.Fatal(err)
	}
	if _, err := r.SaveSheet(r.as("a"), draft); !errors.Is(err, review.ErrInvalid) {
		t.Errorf("a draft over a submitted sheet: %v", err)
	}
	mine, err := r.Assignments(r.as("a"), review.OfPanel{Slug: slug, Panel: "experts"})
	if err != nil || len(mine) != 3 {
		t.Fatalf("assignments = %+v, %v", mine, err)
	}
	for _, a := range mine {
		if a.Name != "" {
			t.Errorf("the panel is blind and shows %q", a.Name)
		}
		if a.Candidate == 1 && (a.Sheet == nil || a.Sheet.Revision != 3 || a.Sheet.Scores["deeds"] != "72") {
			t.Errorf("sheet of 1 = %+v", a.Sheet)
		}
	}
	panel, err := r.Panel(r.as("organizer"), review.OfPanel{Slug: slug, Panel: "experts"})
	if err != nil || panel.Jurors[0].Submitted != 1 || panel.Jurors[0].Assigned != 3 || panel.Jurors[1].Submitted != 0 {
		t.Errorf("panel = %+v, %v", panel, err)
	}
	if n := r.count(`SELECT count(*) FROM sheet`); n != 3 {
		t.Errorf("%d revisions are kept, want 3", n)
	}
	if _, err := r.SeatPanel(r.as("organizer"), review.SeatPanel{Slug: slug, Panel: "experts", Jurors: people}); !errors.Is(err, review.ErrSeated) {
		t.Errorf("another panel after a sheet was submitted: %v", err)
	}
}

func TestSeatPanel_refused(t *testing.T) {
	r := setup(t)
	r.freeze()
	_, err := r.SeatPanel(r.as("organizer"), review.SeatPanel{Slug: slug, Panel: "experts", Jurors: []review.Person{people[0], people[0]}})
	if diff := cmp.Diff([]string{"jurors", "jurors[1]"}, fields(err)); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

// TestPhase_candidates opens review only when every admitted candidate is known.
func TestPhase_candidates(t *testing.T) {
	r := setup(t)
	r.freeze()
	open := r.envelope("selection", "phases", event.PhaseChanged{Phase: event.Review, Action: event.Open, Candidates: 2})
	if err := r.inbox.Deliver(t.Context(), open); !errors.Is(err, outbox.ErrNotYet) {
		t.Fatalf("opened without its candidates: %v", err)
	}
	r.candidates(2)
	if err := r.inbox.Deliver(t.Context(), open); err != nil {
		t.Fatal(err)
	}
	if n := r.count(`SELECT count(*) FROM outbox WHERE name = 'phase_applied'`); n != 1 {
		t.Errorf("answered %d times", n)
	}
}

func TestResult(t *testing.T) {
	r := scoring(t)
	r.scoreAll()
	if _, err := r.Result(r.as("organizer"), review.Of{Slug: slug}); !errors.Is(err, review.ErrUncomputed) {
		t.Errorf("before the close: %v", err)
	}
	if _, err := r.ExportScores(r.as("auditor"), review.Of{Slug: slug}); !errors.Is(err, review.ErrPhase) {
		t.Errorf("export before the close: %v", err)
	}
	r.phase(event.Review, event.Close)
	r.deliver("voting", "seal", event.TallySealed{Ballots: 10, Votes: map[int]int64{1: 10, 2: 5, 3: 0}})
	got, err := r.Result(r.as("organizer"), review.Of{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	// Candidate c: sheets 0.6×(60+10c+i) + 0.4×80.5 for i = 0, 1, 2; votes 100, 50, 0.
	want := map[string]string{"1": "84.88", "2": "68.48", "3": "52.08"}
	var out struct {
		Ranking []struct{ Candidate, Total, Award string }
	}
	if err := json.Unmarshal(got.Ranking, &out); err != nil {
		t.Fatal(err)
	}
	totals := map[string]string{}
	for _, x := range out.Ranking {
		totals[x.Candidate] = x.Total
	}
	if diff := cmp.Diff(want, totals); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	if out.Ranking[0].Candidate != "1" || out.Ranking[0].Award != "winner" {
		t.Errorf("ranking %+v", out.Ranking)
	}
	exported, err := r.ExportScores(r.as("auditor"), review.Of{Slug: slug})
	if err != nil || exported.Blob != got.ScoresHash || exported.Rows != 18 {
		t.Errorf("export = %+v, %v; the result is of %s", exported, err, got.ScoresHash)
	}
	if votes := r.blob(got.VotesHash); votes != "candidate,votes\n1,10\n2,5\n3,0\n" {
		t.Errorf("votes:\n%s", votes)
	}
	if n := r.count(`SELECT count(*) FROM outbox WHERE name = 'result_computed'`); n != 1 {
		t.Errorf("result_computed %d times", n)
	}
}

// TestResult_missing closes review with a gap, which a recusal ends.
func TestResult_missing(t *testing.T) {
	r := scoring(t)
	for _, j := range people {
		for c := 1; c <= 3; c++ {
			if j.ID == "b" && c == 2 {
				continue
			}
			if err := r.score(j.ID, c, "90", "80"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if gaps, err := r.Gaps(r.as("organizer"), review.Of{Slug: slug}); err != nil || len(gaps) != 1 || gaps[0] != "experts: Bo: 2" {
		t.Errorf("gaps = %v, %v", gaps, err)
	}
	r.deliver("voting", "seal", event.TallySealed{Ballots: 1, Votes: map[int]int64{1: 1, 2: 1, 3: 1}})
	r.phase(event.Review, event.Close)
	_, err := r.Result(r.as("organizer"), review.Of{Slug: slug})
	if !errors.Is(err, review.ErrMissing) || len(fault.From(err).Fields) != 1 {
		t.Fatalf("with a gap: %v", err)
	}
	recuse := review.Recuse{Slug: slug, Panel: "experts", Juror: "b", Candidate: 2, Reason: "related"}
	for range 2 { // again is fine
		if _, err := r.Recuse(r.as("organizer"), recuse); err != nil {
			t.Fatal(err)
		}
	}
	got, err := r.Result(r.as("organizer"), review.Of{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	if scores := r.blob(got.ScoresHash); !strings.Contains(scores, "experts,J2,2,,recused\n") {
		t.Errorf("scores do not tell the recusal:\n%s", scores)
	}
	if _, err := r.Recuse(r.as("organizer"), review.Recuse{Slug: slug, Panel: "experts", Juror: "b", Candidate: 1}); !errors.Is(err, review.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
}

func TestDecision(t *testing.T) {
	r := scoring(t)
	r.scoreAll()
	r.phase(event.Review, event.Close)
	r.deliver("voting", "seal", event.TallySealed{Ballots: 1, Votes: map[int]int64{1: 1}})
	organizer, of := r.as("organizer"), review.Of{Slug: slug}
	if _, err := r.SeatCommittee(organizer, review.SeatCommittee{Slug: slug, Members: people}); err != nil {
		t.Fatal(err)
	}
	move := review.Move{Slug: slug, Motion: "adopt the result"}
	if _, err := r.Move(organizer, move); !errors.Is(err, review.ErrPhase) {
		t.Errorf("a motion before the phase: %v", err)
	}
	r.phase(event.Decision, event.Open)
	if _, err := r.VoteMotion(r.as("a"), review.VoteMotion{Slug: slug, Choice: "for"}); !errors.Is(err, review.ErrNoMotion) {
		t.Errorf("a vote without a motion: %v", err)
	}
	vote := func(member, choice string) error {
		_, err := r.VoteMotion(r.as(member), review.VoteMotion{Slug: slug, Choice: choice})
		return err
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := r.Move(organizer, move)
	must(err)
	must(vote("a", "for"))
	if err := vote("a", "against"); !errors.Is(err, review.ErrVoted) {
		t.Errorf("a second vote: %v", err)
	}
	if err := vote("x", "for"); !errors.Is(err, review.ErrNotMember) {
		t.Errorf("a stranger's vote: %v", err)
	}
	if err := vote("b", "maybe"); !errors.Is(err, review.ErrInvalid) {
		t.Errorf("an unknown choice: %v", err)
	}
	if _, err := r.CloseMotion(organizer, of); !errors.Is(err, review.ErrQuorum) {
		t.Errorf("closed below the quorum: %v", err)
	}
	must(vote("b", "against"))
	d, err := r.Decision(organizer, of)
	must(err)
	if d.For != 0 || d.Against != 0 || d.Voted != 2 {
		t.Errorf("counts are told before the vote is closed: %+v", d)
	}
	d, err = r.CloseMotion(organizer, of)
	must(err)
	if d.Outcome != "rejected" || d.For != 1 || d.Against != 1 {
		t.Errorf("one of two for, two thirds needed: %+v", d)
	}
	_, err = r.Move(organizer, move)
	must(err)
	must(vote("a", "for"))
	must(vote("b", "for"))
	must(vote("c", "abstain"))
	for range 2 { // again is fine
		d, err = r.CloseMotion(organizer, of)
		must(err)
		if d.Outcome != "approved" {
			t.Errorf("two of three for: %+v", d)
		}
	}
	if _, err := r.Move(organizer, move); !errors.Is(err, review.ErrMoved) {
		t.Errorf("a motion after the approved one: %v", err)
	}
	if n := r.count(`SELECT count(*) FROM outbox WHERE name = 'decision_made'`); n != 2 {
		t.Errorf("decision_made %d times, want 2", n)
	}
	if n := r.count(`SELECT count(*) FROM motion_vote WHERE choice IS NOT NULL`); n != 0 {
		t.Errorf("%d secret votes are kept with their member", n)
	}
}

// TestEvents_shuffled feeds a second room the same events several times, in a
// random order: it computes the same.
func TestEvents_shuffled(t *testing.T) {
	r := setup(t)
	r.freeze()
	r.candidates(3)
	r.phase(event.Review, event.Open)
	r.deliver("nomination", "candidate/3", event.CandidateStruck{Number: 3, Reason: "withdrew"})
	r.deliver("voting", "seal", event.TallySealed{Ballots: 2, Votes: map[int]int64{1: 1, 2: 2}})
	r.deliver("selection", "notice", event.NoticePosted{})
	r.deliver("selection", "notice", event.ResultPublished{})

	again := setup(t)
	deck := append(append([]event.Envelope(nil), r.events...), r.events...)
	rand.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	for range 10 {
		for _, env := range deck {
			if err := again.inbox.Deliver(t.Context(), env); err != nil && !errors.Is(err, outbox.ErrNotYet) {
				t.Fatal(err)
			}
		}
	}
	for _, table := range []string{"candidate", "tally", "phase", "selection", "notice"} {
		if diff := cmp.Diff(r.dump(table), again.dump(table)); diff != "" {
			t.Errorf("%s (-in order +shuffled):\n%s", table, diff)
		}
	}
}

func (r *room) dump(table string) []string {
	r.t.Helper()
	var rows []string
	if err := r.deps.DB.Select(&rows, `SELECT row_to_json(x)::text FROM `+table+` x ORDER BY 1`); err != nil {
		r.t.Fatal(err)
	}
	return rows
}

func (r *room) count(query string) (n int) {
	r.t.Helper()
	if err := r.deps.DB.Get(&n, query); err != nil {
		r.t.Fatal(err)
	}
	return n
}

func (r *room) blob(hash string) string {
	r.t.Helper()
	body, _, err := r.deps.Blobs.Open(r.t.Context(), hash)
	if err != nil {
		r.t.Fatal(err)
	}
	defer body.Close()
	var b bytes.Buffer
	if _, err := io.Copy(&b, body); err != nil {
		r.t.Fatal(err)
	}
	return b.String()
}

func fields(err error) []string {
	var names []string
	for _, f := range fault.From(err).Fields {
		names = append(names, f.Name)
	}
	return names
}
