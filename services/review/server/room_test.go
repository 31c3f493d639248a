package server_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
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

// room is a review room with its client, and a selection of which it is told.
type room struct {
	*testkit.Room
	*testkit.Selection
	*review.Client
	t *testing.T
}

func setup(t *testing.T) *room {
	t.Helper()
	r := testkit.NewRoom(t, review.Name, server.Migrations(), server.Config{}.New)
	return &room{r, r.Selection(slug), review.NewClient(r.Caller), t}
}

// frozen brings a room to a rulebook, with candidates of the attributes.
func frozen(t *testing.T, document string, candidates ...event.CandidateAdmitted) *room {
	t.Helper()
	r := setup(t)
	r.Freeze(document)
	r.Admit(candidates...)
	return r
}

func (r *room) as(account string) context.Context { return testkit.Staff(r.t, account, account) }

var people = []review.Person{{ID: "a", Name: "Ann"}, {ID: "b", Name: "Bo"}, {ID: "c", Name: "Cai"}}

// scoring brings the room to where jurors score three candidates.
func scoring(t *testing.T) *room {
	t.Helper()
	r := frozen(t, rules, make([]event.CandidateAdmitted, 3)...)
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
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

// called is what a juror's list calls a candidate.
func (r *room) called(juror string, number int) string {
	r.t.Helper()
	var name string
	if err := r.DB.Get(&name, `
		SELECT coalesce((SELECT code FROM code WHERE slug = $1 AND panel = 'experts' AND account = $3 AND candidate = $2), $2::int::text)`,
		slug, number, juror); err != nil {
		r.t.Fatal(err)
	}
	return name
}

// number is whom a juror's list calls so.
func (r *room) number(juror, called string) (n int) {
	r.t.Helper()
	if err := r.DB.Get(&n, `
		SELECT coalesce((SELECT candidate FROM code WHERE slug = $1 AND panel = 'experts' AND account = $3 AND code = $2)::text, $2)::int`,
		slug, called, juror); err != nil {
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
		numbers = append(numbers, r.number(juror, a.Candidate))
	}
	slices.Sort(numbers)
	return numbers
}

func (r *room) score(juror string, candidate int, deeds, skill string) error {
	_, err := r.SaveSheet(r.as(juror), review.SaveSheet{
		Slug: slug, Panel: "experts", Candidate: r.called(juror, candidate), Submit: true, Scores: map[string]string{"deeds": deeds, "skill": skill},
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
	if err := r.DB.Select(&rows, `SELECT row_to_json(x)::text FROM `+table+` x ORDER BY 1`); err != nil {
		r.t.Fatal(err)
	}
	return rows
}
