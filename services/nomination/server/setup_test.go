package server_test

import (
	"context"
	"errors"
	"testing"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/server"
)

const slug = "most-beautiful-courier-2"

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
quotas: [{attribute: gender, value: female, max: 1}, {attribute: region, value: 蘭州, max: 1}]
decision: {quorum: 2/3, approve: 2/3, ballot: secret}
`

// room is a nomination room at work, its caller, and the selection that it is
// told of.
type room struct {
	*nomination.Client
	*testkit.Room
	selection *testkit.Selection
}

func setup(t testing.TB) *room {
	t.Helper()
	r := testkit.NewRoom(t, nomination.Name, server.Migrations(), server.New)
	return &room{nomination.NewClient(r.Caller), r, r.Selection(slug)}
}

// opened is a room in which nominations and vetting are open.
func opened(t testing.TB) *room {
	t.Helper()
	r := setup(t)
	r.selection.Freeze(rules)
	r.selection.Open(rulebook.PhaseNomination, rulebook.PhaseVetting)
	return r
}

// staff asks in the context.
func staff(t testing.TB) context.Context {
	t.Helper()
	return testkit.Staff(t, "s1", "李审核")
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
	return testkit.Fields(err)
}
