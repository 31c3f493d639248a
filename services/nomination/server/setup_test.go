package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/server"
)

const (
	slug    = "most-beautiful-courier-2"
	patient = 20 * time.Second // how long a test waits for what has to come
)

const rules = `
laurel: 1
title: {zh: 最美快递员}
edition: 2
timezone: Asia/Shanghai
nominee: person
categories: [{id: courier, title: {zh: 快递员, en: Courier}}, {id: sorter, title: {zh: 分拣员, en: Sorter}}]
attributes: [party]
awards: [{id: winner, title: {zh: 最美快递员}, seats: 1}]
phases: {notice: {working_days: 5, calendar: CN}}
vetting: {departments: [{id: hr, veto: true}, {id: postal, veto: true}, {id: union}]}
voting: {voters: [device], frequency: once, picks: {min: 1, max: 1}, counts: live}
composite: {components: [{source: votes, weight: 100%, convert: {method: none}}]}
quotas: [{attribute: gender, value: female, max: 1}]
decision: {quorum: 2/3, approve: 2/3, ballot: secret}
`

// room is a nomination room at work, and the selection room's part in it.
type room struct {
	*nomination.Client
	deps     run.Deps
	clock    *testkit.Clock
	outside  *bus.Bus
	versions map[string]int64 // by slug
	sent     []event.Envelope
}

func setup(t *testing.T) *room {
	t.Helper()
	nats := testkit.NATS(t)
	clock := testkit.NewClock(time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC))
	deps := testkit.Deps(t, nats, run.Room{Name: nomination.Name, Migrations: server.Migrations()}, clock)
	r, err := server.New(deps)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Start(t, r, deps)
	outside := testkit.Connect(t, nats, "selection")
	return &room{nomination.NewClient(outside), deps, clock, outside, make(map[string]int64), nil}
}

// opened is a room in which nominations and vetting are open.
func opened(t *testing.T) *room {
	t.Helper()
	r := setup(t)
	r.freeze(t, slug, rules)
	r.change(t, slug, event.PhaseChanged{Phase: rulebook.PhaseNomination, Action: event.Open})
	r.change(t, slug, event.PhaseChanged{Phase: rulebook.PhaseVetting, Action: event.Open})
	return r
}

func (r *room) freeze(t *testing.T, slug, text string) {
	t.Helper()
	rb, err := rulebook.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	body, err := rb.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	r.publish(t, slug, event.RulebookFrozen{Hash: rb.Hash(), Rulebook: body})
}

func (r *room) change(t *testing.T, slug string, c event.PhaseChanged) {
	t.Helper()
	r.publish(t, slug, c)
}

// publish sends an event of the selection room, and waits until it is applied.
func (r *room) publish(t *testing.T, slug string, p event.Payload) {
	t.Helper()
	r.versions[slug]++
	env := testkit.Envelope(t, "selection", slug, "phases", r.versions[slug], r.clock.Now(), p)
	r.sent = append(r.sent, env)
	r.deliver(t, env, 1)
	r.eventually(t, "the room's version of phases", int(env.Version), func() int {
		return r.count(t, `SELECT coalesce(max(version), 0) FROM projection WHERE slug = $1`, slug)
	})
}

// deliver publishes an event; the attempt keeps JetStream from dropping a
// repeat.
func (r *room) deliver(t *testing.T, env event.Envelope, attempt int) {
	t.Helper()
	body, err := json.Marshal(env)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.outside.Publish(t.Context(), env.Subject(), fmt.Sprintf("%s/%d", env.ID, attempt), body); err != nil {
		t.Fatal(err)
	}
}

func (r *room) eventually(t *testing.T, what string, want int, got func() int) {
	t.Helper()
	testkit.Eventually(t, patient, func() error {
		if n := got(); n != want {
			return fmt.Errorf("%s is %d, want %d", what, n, want)
		}
		return nil
	})
}

func (r *room) count(t *testing.T, query string, args ...any) int {
	t.Helper()
	var n int
	if err := r.deps.DB.GetContext(t.Context(), &n, query, args...); err != nil {
		t.Fatal(err)
	}
	return n
}

// upload puts a body in the blob store.
func (r *room) upload(t *testing.T, body []byte) string {
	t.Helper()
	ref, err := r.deps.Blobs.Put(t.Context(), bytes.NewReader(body), 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	return ref.Hash
}

// staff acts in the context.
func staff(t *testing.T) context.Context {
	t.Helper()
	return actor.WithRequest(actor.With(t.Context(), actor.Actor{Kind: actor.Staff, ID: "s1", Name: "李审核"}), "req-1")
}

func nominee(i int) nomination.Nominee {
	years := 8
	return nomination.Nominee{
		Name: "王强" + string(rune('一'+i)), Gender: "男", Category: "快递员", Employer: "陇运速递", Region: "兰州市",
		Years: &years, Deeds: "十年如一日。", RecommendedBy: "总工会", Attributes: map[string]string{"party": "党员"},
	}
}

func (r *room) submit(t *testing.T, i int) nomination.Entry {
	t.Helper()
	e, err := r.SubmitEntry(staff(t), nomination.SubmitEntry{Slug: slug, Nominee: nominee(i)})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (r *room) say(t *testing.T, entry, department, verdict string) (nomination.Entry, error) {
	t.Helper()
	in := nomination.GiveOpinion{Slug: slug, Entry: entry, Department: department, Verdict: verdict}
	if verdict == nomination.Fail {
		in.Reason = "社保不足两年"
	}
	return r.GiveOpinion(staff(t), in)
}

// admit passes an entry in every department.
func (r *room) admit(t *testing.T, i int) nomination.Entry {
	t.Helper()
	e := r.submit(t, i)
	for _, department := range []string{"hr", "postal", "union"} {
		var err error
		if e, err = r.say(t, e.ID, department, nomination.Pass); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// fields are the names of the fields that a fault is about.
func fields(t *testing.T, err error, want *fault.Error) []string {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %s", err, want.Code)
	}
	var names []string
	for _, f := range fault.From(err).Fields {
		names = append(names, f.Name)
	}
	return names
}

// outbox are the payloads of the events of a type, by version.
func outbox[P event.Payload](t *testing.T, r *room) []P {
	t.Helper()
	var zero P
	var rows [][]byte
	if err := r.deps.DB.SelectContext(t.Context(), &rows, `SELECT data FROM outbox WHERE name = $1 ORDER BY seq`, zero.EventType().Name); err != nil {
		t.Fatal(err)
	}
	payloads := make([]P, len(rows))
	for i, body := range rows {
		if err := json.Unmarshal(body, &payloads[i]); err != nil {
			t.Fatal(err)
		}
	}
	return payloads
}
