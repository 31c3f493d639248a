package server_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/review"
)

func TestSaveSheet_refused(t *testing.T) {
	r := scoring(t)
	save := func(in review.SaveSheet) review.SaveSheet {
		in.Slug, in.Panel, in.Submit = slug, "experts", true
		if in.Candidate == "" {
			in.Candidate = r.called("a", 1)
		}
		return in
	}
	scores := func(deeds, skill string) review.SaveSheet {
		return review.SaveSheet{Scores: map[string]string{"deeds": deeds, "skill": skill}}
	}
	good := scores("90", "80.5").Scores
	type refusal struct {
		juror string
		in    review.SaveSheet
		want  error
		field []string
	}
	invalid := func(in review.SaveSheet, field ...string) refusal {
		return refusal{"a", save(in), review.ErrInvalid, field}
	}
	charm := map[string]string{"deeds": "90", "skill": "80", "charm": "1"}
	for name, c := range map[string]refusal{
		"off the scale":    invalid(scores("100.5", "-1"), "scores.deeds", "scores.skill"),
		"off the step":     invalid(scores("90.25", "80"), "scores.deeds"),
		"not a number":     invalid(scores("ninety", "8e1"), "scores.deeds", "scores.skill"),
		"a share":          invalid(scores("90%", "1/2"), "scores.deeds", "scores.skill"),
		"missing":          invalid(review.SaveSheet{Scores: map[string]string{"deeds": "90"}}, "scores.skill"),
		"unknown":          invalid(review.SaveSheet{Scores: charm}, "scores.charm"),
		"long comment":     invalid(review.SaveSheet{Scores: good, Comment: strings.Repeat("长", 2001)}, "comment"),
		"no text":          invalid(review.SaveSheet{Scores: good, Comment: "a\x00b", Comments: map[string]string{"deeds": "\x00"}}, "comment", "comments.deeds"),
		"not on the panel": {"x", save(review.SaveSheet{Scores: good}), review.ErrNotJuror, nil},
		"no candidate":     {"a", save(review.SaveSheet{Scores: good, Candidate: "99"}), review.ErrUnassigned, nil},
		"its number":       {"a", save(review.SaveSheet{Scores: good, Candidate: "1"}), review.ErrUnassigned, nil},
		"no panel":         {"a", review.SaveSheet{Slug: slug, Panel: "public", Candidate: "1", Scores: good}, review.ErrNoPanel, nil},
		"no selection":     {"a", review.SaveSheet{Slug: "s-2", Panel: "experts", Candidate: "1", Scores: good}, review.ErrNotYet, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.SaveSheet(r.as(c.juror), c.in)
			if !errors.Is(err, c.want) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			if diff := cmp.Diff(c.field, testkit.Fields(err)); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
	if n := r.Count(`SELECT count(*) FROM sheet`); n != 0 {
		t.Errorf("%d sheets were kept of refused ones", n)
	}
	if _, err := r.RecuseJuror(r.as("organizer"), review.RecuseJuror{Slug: slug, Panel: "experts", Juror: "a", Candidate: 1, Reason: "employer"}); err != nil {
		t.Fatal(err)
	}
	if err := r.score("a", 1, "90", "80"); !errors.Is(err, review.ErrUnassigned) {
		t.Errorf("a recused candidate: %v", err)
	}
	r.Close(rulebook.PhaseReview)
	if err := r.score("a", 2, "90", "80"); !errors.Is(err, review.ErrPhase) {
		t.Errorf("after closing: %v", err)
	}
}

func TestSaveSheet_revisions(t *testing.T) {
	r := scoring(t)
	draft := review.SaveSheet{Slug: slug, Panel: "experts", Candidate: r.called("a", 1), Scores: map[string]string{"deeds": "70"}}
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
	mine, err := r.ListAssignments(r.as("a"), review.OfPanel{Slug: slug, Panel: "experts"})
	if err != nil || len(mine) != 3 {
		t.Fatalf("assignments = %+v, %v", mine, err)
	}
	for _, a := range mine {
		if a.Name != "" {
			t.Errorf("the panel is blind and shows %q", a.Name)
		}
		if a.Candidate == r.called("a", 1) && (a.Sheet == nil || a.Sheet.Revision != 3 || a.Sheet.Scores["deeds"] != "72") {
			t.Errorf("sheet of 1 = %+v", a.Sheet)
		}
	}
	panel, err := r.GetPanel(r.as("organizer"), review.OfPanel{Slug: slug, Panel: "experts"})
	if err != nil || panel.Jurors[0].Submitted != 1 || panel.Jurors[0].Assigned != 3 || panel.Jurors[1].Submitted != 0 {
		t.Errorf("panel = %+v, %v", panel, err)
	}
	var deeds []string
	own, err := r.ListRevisions(r.as("a"), review.OfSheet{Slug: slug, Panel: "experts", Candidate: r.called("a", 1)})
	for _, s := range own {
		deeds = append(deeds, fmt.Sprintf("%d %t %s", s.Revision, s.Submitted, s.Scores["deeds"]))
	}
	if diff := cmp.Diff([]string{"1 false 70", "2 true 71", "3 true 72"}, deeds); err != nil || diff != "" {
		t.Errorf("revisions: %v (-want +got):\n%s", err, diff)
	}
	deeds = nil
	all, err := r.GetHistory(r.as("auditor"), review.OfCandidate{Slug: slug, Panel: "experts", Candidate: 1})
	for _, s := range all {
		deeds = append(deeds, fmt.Sprintf("%s %s %d %s", s.Juror, s.Candidate, s.Revision, s.Scores["deeds"]))
	}
	if diff := cmp.Diff([]string{"a 1 2 71", "a 1 3 72"}, deeds); err != nil || diff != "" {
		t.Errorf("history: %v (-want +got):\n%s", err, diff)
	}
	if _, err := r.GetHistory(r.as("auditor"), review.OfCandidate{Slug: slug, Panel: "experts", Candidate: 9}); !errors.Is(err, review.ErrUnassigned) {
		t.Errorf("history of nobody: %v", err)
	}
	if _, err := r.SeatPanel(r.as("organizer"), review.SeatPanel{Slug: slug, Panel: "experts", Jurors: people}); !errors.Is(err, review.ErrSeated) {
		t.Errorf("another panel after a sheet was submitted: %v", err)
	}
}

// TestSaveSheet_abstain takes no scores, and is no gap.
func TestSaveSheet_abstain(t *testing.T) {
	r := scoring(t)
	sheet := review.SaveSheet{
		Slug: slug, Panel: "experts", Candidate: r.called("a", 1), Abstain: true, Submit: true,
		Scores: map[string]string{"deeds": "90"}, Comments: map[string]string{"charm": "none", "skill": strings.Repeat("长", 2001)},
	}
	_, err := r.SaveSheet(r.as("a"), sheet)
	if diff := cmp.Diff([]string{"scores.deeds", "comments.charm", "comments.skill"}, testkit.Fields(err)); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	sheet.Scores, sheet.Comments = nil, map[string]string{"skill": " cannot tell "}
	saved, err := r.SaveSheet(r.as("a"), sheet)
	want := review.Sheet{
		Panel: "experts", Candidate: r.called("a", 1), Scores: map[string]string{}, Comments: map[string]string{"skill": "cannot tell"},
		Abstained: true, Submitted: true, Revision: 1,
	}
	if diff := cmp.Diff(want, saved, cmpopts.IgnoreFields(review.Sheet{}, "At")); err != nil || diff != "" {
		t.Fatalf("%v (-want +got):\n%s", err, diff)
	}
	for _, j := range people {
		for c := 1; c <= 3; c++ {
			if j.ID == "a" && c == 1 {
				continue
			}
			if err := r.score(j.ID, c, "90", "80"); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.Close(rulebook.PhaseReview)
	r.Tell("voting", "seal", event.TallySealed{Ballots: 1, Votes: map[int]int64{1: 1}})
	got, err := r.GetResult(r.as("organizer"), review.Of{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	if scores := string(r.Blob(got.ScoresHash)); !strings.Contains(scores, "experts,J1,1,,abstained\n") {
		t.Errorf("scores do not tell the abstention:\n%s", scores)
	}
}

func TestPeers(t *testing.T) {
	never := scoring(t)
	if _, err := never.ListPeers(never.as("a"), review.OfSheet{Slug: slug, Panel: "experts", Candidate: "1"}); !errors.Is(err, review.ErrPeersHidden) {
		t.Errorf("where the rulebook says never: %v", err)
	}
	r := frozen(t, with(isAll, "sees_others: after_own,"), make([]event.CandidateAdmitted, 2)...)
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
	of := review.OfSheet{Slug: slug, Panel: "experts", Candidate: "1"}
	if err := r.score("b", 1, "90", "80.5"); err != nil {
		t.Fatal(err)
	}
	save := func(in review.SaveSheet) {
		t.Helper()
		in.Slug, in.Panel, in.Candidate = slug, "experts", "1"
		if _, err := r.SaveSheet(r.as("a"), in); err != nil {
			t.Fatal(err)
		}
	}
	before := func(how string) {
		t.Helper()
		if _, err := r.ListPeers(r.as("a"), of); !errors.Is(err, review.ErrOwnFirst) {
			t.Errorf("%s: %v", how, err)
		}
	}
	before("without a sheet")
	save(review.SaveSheet{Scores: map[string]string{"deeds": "70"}})
	before("with a draft")
	save(review.SaveSheet{Abstain: true, Submit: true})
	before("abstaining")
	if err := r.score("a", 1, "70", "70"); err != nil {
		t.Fatal(err)
	}
	got, err := r.ListPeers(r.as("a"), of)
	want := []review.Peer{{Juror: "J2", Scores: map[string]string{"deeds": "90", "skill": "80.5"}, Total: "86.2000"}}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := r.ListPeers(r.as("x"), of); !errors.Is(err, review.ErrNotJuror) {
		t.Errorf("a stranger: %v", err)
	}
}
