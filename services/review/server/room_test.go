package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/bus"
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

// with replaces words of the rules; old and new alternate.
func with(words ...string) string { return strings.NewReplacer(words...).Replace(rules) }

const (
	isAll    = "blind: true,"
	isRandom = "blind: true, assign: random, min_scores: 2,"
)

// room is a review room with its client, and the events that other rooms would
// send.
type room struct {
	*review.Client
	t       *testing.T
	gateway *bus.Bus
	deps    run.Deps
	inbox   *outbox.Inbox
	clock   *testkit.Clock
	events  []event.Envelope
	next    map[string]int64 // version by publisher and aggregate
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
	gateway := testkit.Connect(t, nats, "gateway")
	return &room{
		Client: review.NewClient(gateway), t: t, gateway: gateway, deps: deps, clock: clock, next: map[string]int64{},
		inbox: &outbox.Inbox{Service: review.Name, DB: deps.DB, Log: deps.Log, Handlers: wired.Handlers},
	}
}

// envelope makes the next event of an aggregate.
func (r *room) envelope(publisher, aggregate string, p event.Payload) event.Envelope {
	r.t.Helper()
	r.next[publisher+aggregate]++
	env := testkit.Envelope(r.t, publisher, slug, aggregate, r.next[publisher+aggregate], r.clock.Now(), p)
	r.events = append(r.events, env)
	return env
}

func (r *room) deliver(publisher, aggregate string, p event.Payload) {
	r.t.Helper()
	if err := r.inbox.Deliver(r.t.Context(), r.envelope(publisher, aggregate, p)); err != nil {
		r.t.Fatal(err)
	}
}

// frozen brings a room to a rulebook, with candidates of the attributes.
func frozen(t *testing.T, document string, candidates ...event.CandidateAdmitted) *room {
	t.Helper()
	r := setup(t)
	r.freeze(document)
	for i, c := range candidates {
		c.Number, c.Name = i+1, fmt.Sprintf("Candidate %d", i+1)
		r.deliver("nomination", fmt.Sprintf("candidate/%d", i+1), c)
	}
	return r
}

func (r *room) freeze(document string) {
	r.t.Helper()
	rb, err := rulebook.Parse([]byte(document))
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
	r.freeze(rules)
	r.candidates(3)
	if _, err := r.SeatPanel(r.as("organizer"), review.SeatPanel{Slug: slug, Panel: "experts", Jurors: people}); err != nil {
		t.Fatal(err)
	}
	r.phase(rulebook.PhaseReview, event.Open)
	return r
}

func (r *room) seat(people ...review.Person) review.Panel {
	r.t.Helper()
	p, err := r.SeatPanel(r.as("organizer"), review.SeatPanel{Slug: slug, Panel: "experts", Jurors: people})
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

var experts = review.OfPanel{Slug: slug, Panel: "experts"}

func (r *room) panel() review.Panel {
	r.t.Helper()
	p, err := r.GetPanel(r.as("organizer"), experts)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// called is what the panel calls a candidate.
func (r *room) called(number int) string {
	r.t.Helper()
	var name string
	if err := r.deps.DB.Get(&name, `
		SELECT coalesce((SELECT code FROM code WHERE slug = $1 AND panel = 'experts' AND candidate = $2), $2::int::text)`, slug, number); err != nil {
		r.t.Fatal(err)
	}
	return name
}

// number is whom the panel calls so.
func (r *room) number(called string) (n int) {
	r.t.Helper()
	if err := r.deps.DB.Get(&n, `
		SELECT coalesce((SELECT candidate FROM code WHERE slug = $1 AND panel = 'experts' AND code = $2)::text, $2)::int`, slug, called); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// mine is what a juror is to score, by number.
func (r *room) mine(juror string) []int {
	r.t.Helper()
	all, err := r.ListAssignments(r.as(juror), experts)
	if err != nil {
		r.t.Fatal(err)
	}
	var numbers []int
	for _, a := range all {
		numbers = append(numbers, r.number(a.Candidate))
	}
	slices.Sort(numbers)
	return numbers
}

func (r *room) score(juror string, candidate int, deeds, skill string) error {
	_, err := r.SaveSheet(r.as(juror), review.SaveSheet{
		Slug: slug, Panel: "experts", Candidate: r.called(candidate), Submit: true, Scores: map[string]string{"deeds": deeds, "skill": skill},
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
