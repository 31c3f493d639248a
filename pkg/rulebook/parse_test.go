package rulebook_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

func courier(t testing.TB) []byte {
	t.Helper()
	src, err := os.ReadFile("testdata/courier.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func parse(t testing.TB, src string) *rulebook.Rulebook {
	t.Helper()
	rb, err := rulebook.Parse([]byte(src))
	if err != nil {
		t.Fatalf("Parse: %v\n%s", err, src)
	}
	return rb
}

func number(t testing.TB, s string) rulebook.Number {
	t.Helper()
	n, err := rulebook.ParseNumber(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// sameNumbers compares numbers as written.
func sameNumbers() cmp.Option {
	return cmp.Comparer(func(a, b rulebook.Number) bool { return a.String() == b.String() && a.Cmp(b) == 0 })
}

func diff(t *testing.T, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, sameNumbers()); d != "" {
		t.Errorf("differs (-want +got):\n%s", d)
	}
}

func TestParse(t *testing.T) {
	rb := parse(t, string(courier(t)))
	if err := rb.CheckSelection(); err != nil {
		t.Errorf("CheckSelection: %v", err)
	}
	if err := rb.CheckCompute(); err != nil {
		t.Errorf("CheckCompute: %v", err)
	}
	n := func(s string) rulebook.Number { return number(t, s) }
	round := rulebook.Rounding{Digits: 2, Mode: rulebook.RoundHalfUp}
	diff(t, rb.Title, rulebook.Text{"zh": "第二届“陇原最美快递员”", "en": "Most Beautiful Courier of Longyuan, 2nd edition"})
	diff(t, rb.Vetting.Departments[1], rulebook.Department{ID: "public-security", Title: rulebook.Text{"": "公安"}, Veto: true})
	diff(t, rb.Voting, rulebook.Voting{
		Voters: []string{"device"}, Frequency: "daily", Hours: rulebook.Hours{From: 540, To: 1320},
		Picks: rulebook.Picks{Min: 1, Max: 10}, Change: "no", Counts: "live",
		Publication: rulebook.Publication{Every: rulebook.PublicationEvery, Ballots: rulebook.PublicationBallots},
	})
	diff(t, rb.Review.Panels, []rulebook.Panel{{
		ID: "experts", Jurors: 9, Blind: rulebook.BlindFields(), Assign: "all",
		Scale:     rulebook.Scale{Min: n("0"), Max: n("100"), Step: n("0.5")},
		Criteria:  []rulebook.Criterion{{ID: "deeds", Weight: n("50%")}, {ID: "service", Weight: n("30%")}, {ID: "skill", Weight: n("20%")}},
		Aggregate: rulebook.Aggregate{Method: "trimmed_mean", DropHigh: 1, DropLow: 1, Over: "sheet", Round: round},
		Missing:   "refuse", SeesOthers: "never",
	}})
	diff(t, rb.Composite, rulebook.Composite{
		Round: round,
		Components: []rulebook.Component{
			{Source: "votes", Weight: n("40%"), Convert: rulebook.Convert{Method: "proportional", Top: n("100")}},
			{Source: "panel:experts", Weight: n("60%"), Convert: rulebook.Convert{Method: "none"}},
		},
		TieBreak: []string{"panel:experts", "votes", "lot"},
	})
	diff(t, rb.Quotas, []rulebook.Quota{
		{Attribute: "employer", Max: n("2")},
		{Attribute: "region", Max: n("40%")},
		{Attribute: "gender", Value: "female", Min: n("30%"), Of: "winner"},
	})
	diff(t, rb.Decision, rulebook.Decision{Quorum: n("2/3"), Approve: n("2/3"), Change: n("2/3"), Ballot: "secret", Recused: "count"})
	if got := rb.Phases.Nomination.Opens.Format(time.RFC3339); got != "2026-03-02T09:00:00+08:00" {
		t.Errorf("nomination opens %s", got)
	}
	if w, ok := rb.Phases.Window(rulebook.PhaseDecision); !ok || !w.Opens.IsZero() {
		t.Errorf("decision: %v, %v; want by hand", w, ok)
	}
}

// Every rule that the main example does not use.
func TestParse_rules(t *testing.T) {
	rb := parse(t, `
attributes: [ethnicity]
categories: [{id: rider, title: 骑手}, {id: sorter}]
awards: [{id: gold, seats: 3}]
phases: {notice: {working_days: 5, calendar: weekdays, shortened_to: 3s}}
voting:
  voters: [roster]
  picks: {max: 4}
  limits: [{category: rider, min: 1, max: 3}]
  change: add
  counts: hidden
  publication: {every: 90s, ballots: 25}
  constituency: {from: roster}
review:
  panels:
  - id: media
    jurors: 5
    blind: [photo, ethnicity]
    assign: random
    min_scores: 3
    missing: skip
    sees_others: after_own
    spread_limit: 12.50
    criteria: [{id: 文采}]
    aggregate: {method: standardized, over: criterion}
composite:
  components:
  - {source: votes, per: constituency, convert: {method: points, points: [12, 10, 8], ties: same}}
  - {source: panels, per: panel, convert: {method: rank}}
  - {source: "panel:media", convert: {method: banded, bands: [{from: 0, score: 35}, {from: 1000, score: 40}]}}
  lot: {source: 上证指数 2026-05-08 收盘}
shortlist: {ratio: 1.5}
quotas: [{attribute: ethnicity, value: 藏, min: 1/3}]
`)
	n := func(s string) rulebook.Number { return number(t, s) }
	diff(t, rb.Notice.Shown(), []string{"employer"})
	diff(t, rb.Notice.Ordered()+" "+rb.Notice.Objections.Counts(), "rank arrival")
	diff(t, rb.Phases.Notice, rulebook.Notice{WorkingDays: 5, Calendar: "weekdays", ShortenedTo: 3 * time.Second})
	diff(t, rb.Voting, rulebook.Voting{
		Voters: []string{"roster"}, Picks: rulebook.Picks{Min: 1, Max: 4}, Change: "add", Counts: "hidden",
		Publication:  rulebook.Publication{Every: 90 * time.Second, Ballots: 25},
		Limits:       []rulebook.PickLimit{{Category: "rider", Min: 1, Max: 3}},
		Constituency: &rulebook.Constituency{From: "roster"},
	})
	diff(t, rb.Review.Panels[0], rulebook.Panel{
		ID: "media", Jurors: 5, Blind: []string{"photo", "ethnicity"}, Assign: "random", MinScores: 3, Missing: "skip",
		SeesOthers: "after_own", SpreadLimit: n("12.50"), Criteria: []rulebook.Criterion{{ID: "文采", Weight: n("1")}},
		Aggregate: rulebook.Aggregate{Method: "standardized", Over: "criterion"},
	})
	diff(t, rb.Composite.Components, []rulebook.Component{
		{
			Source: "votes", Weight: n("1"), Per: "constituency",
			Convert: rulebook.Convert{Method: "points", Points: []rulebook.Number{n("12"), n("10"), n("8")}, Ties: "same"},
		},
		{Source: "panels", Weight: n("1"), Per: "panel", Convert: rulebook.Convert{Method: "rank", Top: n("100"), Ties: "average"}},
		{
			Source: "panel:media", Weight: n("1"),
			Convert: rulebook.Convert{
				Method: "banded", Bands: []rulebook.Band{{From: n("0"), Score: n("35")}, {From: n("1000"), Score: n("40")}},
			},
		},
	})
	if size := rb.Shortlist.Size(3); size != 5 {
		t.Errorf("shortlist of 3 seats at 1.5 = %d, want 5", size)
	}
	if _, ok := rb.LotValue(); ok {
		t.Error("the lot's value is known, though its source is still to be read")
	}
	ranked := parse(t, "composite: {components: [{source: ranked, method: schulze}]}")
	diff(t, ranked.Composite.Components, []rulebook.Component{{Source: "ranked", Method: "schulze", Weight: n("1")}})
	if v, ok := ranked.LotValue(); !ok || v != ranked.Hash() {
		t.Errorf("LotValue = %q, %v; want the hash", v, ok)
	}
}

func TestRulebook_CheckSelection(t *testing.T) {
	rb := parse(t, "laurel: 1\nreview:\n  panels: [{id: a, criteria: [{id: x}]}]\ncomposite: {components: [{source: votes, per: constituency}]}\n")
	err := rb.CheckSelection()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		t.Fatalf("err = %v, want an invalid fault", err)
	}
	got := map[string]int{}
	for _, field := range f.Fields {
		got[field.Name] = field.Line
	}
	diff(t, got, map[string]int{
		"title": 1, "timezone": 1, "nominee": 1, "awards": 1, "vetting.departments": 1,
		"phases.notice.working_days": 1, "phases.notice.calendar": 1,
		"decision.quorum": 1, "decision.approve": 1, "decision.ballot": 1,
		"voting.voters": 1, "voting.frequency": 1, "voting.picks": 1, "voting.counts": 1, "voting.constituency": 1,
		"review.panels[0].jurors": 3, "review.panels[0].scale.min": 3, "review.panels[0].scale.max": 3,
	})
	if err := parse(t, "awards: [{id: a, seats: 1}]").CheckCompute(); !fault.HasCode(err, rulebook.CodeInvalid) {
		t.Errorf("CheckCompute = %v, want a fault: there are no components", err)
	}
}

func TestRulebook_CheckNew(t *testing.T) {
	const text = `timezone: Asia/Shanghai
phases:
  nomination: {opens: "2026-03-02 09:00", closes: "2026-03-31 18:00"}
  vetting: {closes: "2026-04-10 18:00"}
voting: {voters: [device, otp, roster]}
`
	rb := parse(t, text)
	for at, want := range map[string][]string{
		"2026-03-02T01:00:00Z": {`5 voting.voters[1]: this version cannot check voters by "otp"`},
		"2026-04-01T00:00:00Z": {
			"3 phases.nomination.opens: 2026-03-02 09:00:00 has passed", "3 phases.nomination.closes: 2026-03-31 18:00:00 has passed",
			`5 voting.voters[1]: this version cannot check voters by "otp"`,
		},
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range fault.From(rb.CheckNew(now)).Fields {
			got = append(got, fmt.Sprintf("%d %s: %s", f.Line, f.Name, f.Message))
		}
		diff(t, got, want)
	}
	if err := parse(t, strings.Replace(text, " otp,", "", 1)).CheckNew(time.Time{}); err != nil {
		t.Error(err)
	}
}

func TestRulebook_Doubts(t *testing.T) {
	for weights, want := range map[string]string{
		"20% 80%": "", "1/3 2/3": "", "": "", "1 1 1": "3", "0.2 0.9": "1.1", "1/3 1/3": "2/3",
	} {
		text := "composite:\n  components:\n"
		for i := range max(2, len(strings.Fields(weights))) {
			text += "    - {source: " + []string{"votes", "panel:a", "panel:b"}[i]
			if weights != "" {
				text += ", weight: " + strings.Fields(weights)[i]
			}
			text += "}\n"
		}
		got := ""
		for _, f := range parse(t, text+"review: {panels: [{id: a, criteria: [{id: x}]}, {id: b, criteria: [{id: x}]}]}\n").Doubts() {
			got = f.Params["sum"]
			if f.Name != "composite.components" || f.Line != 3 || f.Code != "weights_sum" {
				t.Errorf("%q: %+v", weights, f)
			}
		}
		if got != want {
			t.Errorf("%q sum to %q, want %q", weights, got, want)
		}
	}
}

func TestParse_everyMistake(t *testing.T) {
	src := strings.NewReplacer("edition: 2", "edition: 0", "min: 1, max: 10", "min: 11, max: 10", "quorum: 2/3", "quorum: 3/2", "id: tax", "id: hr").
		Replace(string(courier(t)))
	_, err := rulebook.Parse([]byte(src))
	var f *fault.Error
	if !errors.As(err, &f) {
		t.Fatalf("err = %v", err)
	}
	var names []string
	for _, field := range f.Fields {
		names = append(names, field.Name)
	}
	diff(t, names, []string{"edition", "vetting.departments[2].id", "voting.picks.min", "decision.quorum"})
}

func TestRulebook_UnmarshalJSON(t *testing.T) {
	rb := parse(t, string(courier(t)))
	src, err := json.Marshal(rb)
	if err != nil {
		t.Fatal(err)
	}
	var again rulebook.Rulebook
	if err := json.Unmarshal(src, &again); err != nil {
		t.Fatal(err)
	}
	if again.Hash() != rb.Hash() || again.Hash() == "" {
		t.Errorf("hash %q became %q", rb.Hash(), again.Hash())
	}
	if err := json.Unmarshal([]byte(`{"laurel": 2}`), &again); !fault.HasCode(err, rulebook.CodeInvalid) {
		t.Errorf("err = %v, want %s", err, rulebook.CodeInvalid)
	}
}
