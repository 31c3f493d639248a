package server_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// with replaces words of the rules; old and new alternate.
func with(words ...string) string { return strings.NewReplacer(words...).Replace(rules) }

const (
	isAll    = "blind: true,"
	isRandom = "blind: true, assign: random, min_scores: 2,"
)

// frozen brings a room to a rulebook, with candidates of the attributes.
func frozen(t *testing.T, document string, candidates ...event.CandidateAdmitted) *room {
	t.Helper()
	r := setup(t)
	rb, err := rulebook.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	canonical, err := rb.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	r.deliver("selection", "phases", event.RulebookFrozen{Hash: rb.Hash(), Rulebook: canonical})
	for i, c := range candidates {
		c.Number, c.Name = i+1, fmt.Sprintf("Candidate %d", i+1)
		r.deliver("nomination", fmt.Sprintf("candidate/%d", i+1), c)
	}
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
	p, err := r.Panel(r.as("organizer"), experts)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// mine is what a juror is to score.
func (r *room) mine(juror string) []int {
	r.t.Helper()
	all, err := r.Assignments(r.as(juror), experts)
	if err != nil {
		r.t.Fatal(err)
	}
	numbers := make([]int, len(all))
	for i, a := range all {
		numbers[i] = a.Candidate
	}
	slices.Sort(numbers)
	return numbers
}

func loads(p review.Panel) (jurors map[string]int, scores map[int]int) {
	jurors, scores = map[string]int{}, map[int]int{}
	for _, j := range p.Jurors {
		jurors[j.ID] = j.Assigned
		for _, c := range j.Candidates {
			scores[c]++
		}
	}
	return jurors, scores
}

// TestAssign_random draws when review opens, levels the loads when a juror
// leaves, and takes in who is admitted late.
func TestAssign_random(t *testing.T) {
	r := frozen(t, with(isAll, isRandom), make([]event.CandidateAdmitted, 9)...)
	r.seat(people...)
	if got := r.mine("a"); len(got) != 0 {
		t.Errorf("before review opens: %v", got)
	}
	r.phase(event.Review, event.Open)
	before := r.panel()
	if jurors, scores := loads(before); !cmp.Equal(jurors, map[string]int{"a": 6, "b": 6, "c": 6}) || len(scores) != 9 || before.Seed == "" {
		t.Errorf("loads %v, scores %v, seed %q", jurors, scores, before.Seed)
	}
	done := before.Jurors[0].Candidates[0]
	if err := r.score("a", done, "90", "80"); err != nil {
		t.Fatal(err)
	}
	got, err := r.Unseat(r.as("organizer"), review.Unseat{
		Slug: slug, Panel: "experts", Juror: "a", Sheets: review.KeepSheets, Reason: "ill",
		Successor: &review.Person{ID: "d", Name: "Dai"},
	})
	if err != nil {
		t.Fatal(err)
	}
	jurors, scores := loads(got)
	for c := 1; c <= 9; c++ {
		if scores[c] != 2 {
			t.Errorf("candidate %d has %d jurors", c, scores[c])
		}
	}
	if jurors["a"] != 1 || jurors["b"]+jurors["c"]+jurors["d"] != 17 || jurors["d"] < 5 {
		t.Errorf("loads %v", jurors)
	}
	if err := r.score("a", done, "91", "80"); !errors.Is(err, review.ErrNotJuror) {
		t.Errorf("who left scores: %v", err)
	}
	r.deliver("nomination", "candidate/10", event.CandidateAdmitted{Number: 10, Name: "Late"})
	if _, scores := loads(r.panel()); scores[10] != 2 {
		t.Errorf("the late candidate has %d jurors", scores[10])
	}
	// A conflict leaves two jurors; a second one too few.
	for i, juror := range []string{"b", "c"} {
		if _, err := r.DeclareConflict(r.as(juror), review.DeclareConflict{Slug: slug, Panel: "experts", Candidate: 10, Reason: "my neighbour"}); err != nil {
			t.Fatal(err)
		}
		if short := r.panel().Short; (i == 1) != slices.Contains(short, 10) {
			t.Errorf("after %d conflicts, short of jurors are %v", i+1, short)
		}
	}
}

func TestAssign_category(t *testing.T) {
	r := frozen(t, with(isAll, "blind: true, assign: category,", "nominee: person", "nominee: person\ncategories: [{id: road}, {id: desk}]"),
		event.CandidateAdmitted{Category: "road"}, event.CandidateAdmitted{Category: "desk"}, event.CandidateAdmitted{Category: "road"})
	_, err := r.SeatPanel(r.as("organizer"), review.SeatPanel{Slug: slug, Panel: "experts", Jurors: []review.Person{
		{ID: "a", Category: "road"}, {ID: "b"}, {ID: "c", Category: "sea"},
	}})
	if diff := cmp.Diff([]string{"jurors[1].category", "jurors[2].category"}, fields(err)); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	r.seat(review.Person{ID: "a", Category: "road"}, review.Person{ID: "b", Category: "desk"}, review.Person{ID: "c", Category: "road"})
	r.phase(event.Review, event.Open)
	if a, b := r.mine("a"), r.mine("b"); !slices.Equal(a, []int{1, 3}) || !slices.Equal(b, []int{2}) {
		t.Errorf("road %v, desk %v", a, b)
	}
}

func TestAssign_hand(t *testing.T) {
	r := frozen(t, with(isAll, "blind: true, assign: hand,"), make([]event.CandidateAdmitted, 3)...)
	r.seat(people...)
	hand := func(juror string, candidates ...int) error {
		_, err := r.AssignByHand(r.as("organizer"), review.AssignByHand{Slug: slug, Panel: "experts", Juror: juror, Candidates: candidates})
		return err
	}
	if err := hand("a", 1, 2); err != nil {
		t.Fatal(err)
	}
	r.phase(event.Review, event.Open)
	if got := r.mine("a"); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("a scores %v", got)
	}
	if diff := cmp.Diff([]int{3}, r.panel().Short); diff != "" {
		t.Errorf("short (-want +got):\n%s", diff)
	}
	if err := r.score("a", 2, "90", "80"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"candidates[1]", "candidates[2]", "candidates"}, fields(hand("a", 1, 1, 9))); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if err := hand("x", 1); !errors.Is(err, review.ErrNotJuror) {
		t.Errorf("a stranger: %v", err)
	}
	r.phase(event.Review, event.Close)
	if err := hand("b", 3); !errors.Is(err, review.ErrPhase) {
		t.Errorf("after the close: %v", err)
	}
	all := scoring(t)
	if _, err := all.AssignByHand(all.as("organizer"), review.AssignByHand{Slug: slug, Panel: "experts", Juror: "a"}); !cmp.Equal(fields(err), []string{"panel"}) {
		t.Errorf("where the rulebook assigns: %v", err)
	}
}

// TestUnseat_sheets keeps or withdraws what was submitted.
func TestUnseat_sheets(t *testing.T) {
	for sheets, want := range map[string]struct {
		successor []int
		line      string
	}{
		review.KeepSheets:     {[]int{2, 3}, "experts,J1,1,deeds,90\n"},
		review.WithdrawSheets: {[]int{1, 2, 3}, "experts,J1,1,,unassigned\n"},
	} {
		t.Run(sheets, func(t *testing.T) {
			r := scoring(t)
			if err := r.score("a", 1, "90", "80"); err != nil {
				t.Fatal(err)
			}
			unseat := review.Unseat{Slug: slug, Panel: "experts", Juror: "a", Sheets: "burn", Successor: &review.Person{ID: "b"}}
			_, err := r.Unseat(r.as("organizer"), unseat)
			if diff := cmp.Diff([]string{"reason", "sheets", "successor"}, fields(err)); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			unseat.Sheets, unseat.Reason, unseat.Successor = sheets, "moved away", &review.Person{ID: "d", Name: "Dai"}
			if _, err := r.Unseat(r.as("organizer"), unseat); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Unseat(r.as("organizer"), unseat); !errors.Is(err, review.ErrNotJuror) {
				t.Errorf("twice: %v", err)
			}
			if got := r.mine("d"); !slices.Equal(got, want.successor) {
				t.Errorf("the successor scores %v, want %v", got, want.successor)
			}
			for _, j := range []string{"b", "c", "d"} {
				for _, c := range r.mine(j) {
					if err := r.score(j, c, "70", "70"); err != nil {
						t.Fatal(err)
					}
				}
			}
			r.phase(event.Review, event.Close)
			r.deliver("voting", "seal", event.TallySealed{Ballots: 1, Votes: map[int]int64{1: 1}})
			got, err := r.Result(r.as("organizer"), review.Of{Slug: slug})
			if err != nil {
				t.Fatal(err)
			}
			if scores := r.blob(got.ScoresHash); !strings.Contains(scores, want.line) {
				t.Errorf("scores lack %q:\n%s", want.line, scores)
			}
			if n := r.count(`SELECT count(*) FROM audit WHERE act = 'unseat_juror' AND reason = 'moved away'`); n != 1 {
				t.Errorf("%d audit entries", n)
			}
		})
	}
}

// TestConflict finds conflicts by every way, lets an organizer overrule each,
// and keeps the candidate from the juror.
func TestConflict(t *testing.T) {
	r := frozen(t, with("nominee: person", "nominee: person\nattributes: [conflicts]", isAll, "sees_others: after_own,"),
		event.CandidateAdmitted{Attributes: map[string]string{"employer": "陇运 速递"}},
		event.CandidateAdmitted{Attributes: map[string]string{"recommended_by": "ABC"}},
		event.CandidateAdmitted{Attributes: map[string]string{"conflicts": "Somebody、Cai"}},
		event.CandidateAdmitted{})
	r.seat(review.Person{ID: "a", Name: "Ann", Employer: "陇运速递"}, review.Person{ID: "b", Name: "Bo", Employer: "ａｂｃ"}, review.Person{ID: "c", Name: "Cai"})
	r.phase(event.Review, event.Open)
	organizer := r.as("organizer")
	declare := review.DeclareConflict{Slug: slug, Panel: "experts", Candidate: 4, Reason: "my cousin"}
	if _, err := r.DeclareConflict(r.as("a"), review.DeclareConflict{Slug: slug, Panel: "experts", Candidate: 4}); !cmp.Equal(fields(err), []string{"reason"}) {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := r.DeclareConflict(r.as("x"), declare); !errors.Is(err, review.ErrNotJuror) {
		t.Errorf("a stranger: %v", err)
	}
	for range 2 { // again is fine
		if c, err := r.DeclareConflict(r.as("a"), declare); err != nil || !c.Recused {
			t.Fatalf("%+v, %v", c, err)
		}
	}
	got, err := r.Conflicts(organizer, experts)
	if err != nil {
		t.Fatal(err)
	}
	want := []review.Conflict{
		{Juror: "a", Candidate: 1, Grounds: []review.Ground{{Source: "employer", Detail: "陇运速递"}}, Recused: true},
		{Juror: "a", Candidate: 4, Grounds: []review.Ground{{Source: "declared", Detail: "my cousin"}}, Recused: true},
		{Juror: "b", Candidate: 2, Grounds: []review.Ground{{Source: "recommended_by", Detail: "ａｂｃ"}}, Recused: true},
		{Juror: "c", Candidate: 3, Grounds: []review.Ground{{Source: "entry", Detail: "Cai"}}, Recused: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("conflicts (-want +got):\n%s", diff)
	}
	if got := r.mine("a"); !slices.Equal(got, []int{2, 3}) {
		t.Errorf("a sees %v", got)
	}
	if err := r.score("a", 4, "90", "80"); !errors.Is(err, review.ErrUnassigned) {
		t.Errorf("a recused juror scores: %v", err)
	}
	if err := r.score("b", 1, "90", "80"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Peers(r.as("a"), review.OfSheet{Slug: slug, Panel: "experts", Candidate: 1}); !errors.Is(err, review.ErrUnassigned) {
		t.Errorf("a recused juror reads scores: %v", err)
	}
	no := false
	pinned, err := r.PinConflict(organizer, review.PinConflict{Slug: slug, Panel: "experts", Juror: "a", Candidate: 1, Reason: "another firm of that name"})
	if diff := cmp.Diff(review.Conflict{Juror: "a", Candidate: 1, Grounds: want[0].Grounds, Pinned: &no, Reason: "another firm of that name"}, pinned); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got := r.mine("a"); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("a sees %v", got)
	}
	r.phase(event.Review, event.Close)
	if _, err := r.ExportScores(r.as("a"), review.Of{Slug: slug}); !errors.Is(err, review.ErrRecused) {
		t.Errorf("a recused juror exports scores: %v", err)
	}
	r.deliver("selection", "notice", event.NoticePosted{})
	if _, err := r.PinConflict(organizer, review.PinConflict{Slug: slug, Panel: "experts", Juror: "a", Candidate: 2, Conflicted: true, Reason: "late"}); !errors.Is(err, review.ErrPhase) {
		t.Errorf("after the notice: %v", err)
	}
}

// TestAssignments_blind hides what the rulebook says, and nothing more.
func TestAssignments_blind(t *testing.T) {
	admitted := event.CandidateAdmitted{Attributes: map[string]string{"employer": "X", "region": "Lanzhou", "conflicts": "Ann's rival"}}
	seen := func(blind string) review.Assignment {
		r := frozen(t, with(isAll, blind, "nominee: person", "nominee: person\nattributes: [conflicts]"), admitted)
		r.seat(people...)
		r.phase(event.Review, event.Open)
		all, err := r.Assignments(r.as("a"), experts)
		if err != nil || len(all) != 1 {
			t.Fatalf("%+v, %v", all, err)
		}
		return all[0]
	}
	want := review.Assignment{Candidate: 1, Attributes: map[string]string{"region": "Lanzhou"}, Hidden: rulebook.BlindFields()}
	if diff := cmp.Diff(want, seen(isAll)); diff != "" {
		t.Errorf("blind (-want +got):\n%s", diff)
	}
	want = review.Assignment{Candidate: 1, Name: "Candidate 1", Attributes: map[string]string{"employer": "X"}, Hidden: []string{"region"}}
	if diff := cmp.Diff(want, seen("blind: [region],")); diff != "" {
		t.Errorf("blind to the region (-want +got):\n%s", diff)
	}
	want = review.Assignment{Candidate: 1, Name: "Candidate 1", Attributes: map[string]string{"employer": "X", "region": "Lanzhou"}}
	if diff := cmp.Diff(want, seen("blind: false,")); diff != "" {
		t.Errorf("not blind (-want +got):\n%s", diff)
	}
}
