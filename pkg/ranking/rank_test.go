package ranking_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// election is a whole input, which can be put in in any order.
type election struct {
	candidates []string
	employers  map[string]string
	votes      map[string]int64
	scores     [][4]string // juror, candidate, criterion, score
}

func drawElection(t *rapid.T) election {
	e := election{employers: make(map[string]string), votes: make(map[string]int64)}
	jurors := rapid.IntRange(3, 5).Draw(t, "jurors")
	for c := range rapid.IntRange(1, 8).Draw(t, "candidates") {
		id := strconv.Itoa(c + 1)
		e.candidates = append(e.candidates, id)
		e.employers[id] = rapid.SampledFrom([]string{"x", "y", "z", ""}).Draw(t, "employer")
		e.votes[id] = rapid.Int64Range(0, 6).Draw(t, "votes") * 10
		for j := range jurors {
			for k := range 2 {
				score := strconv.Itoa(rapid.IntRange(0, 4).Draw(t, "score"))
				e.scores = append(e.scores, [4]string{"J" + strconv.Itoa(j), id, "c" + strconv.Itoa(k), score})
			}
		}
	}
	return e
}

// drawRules gives a rulebook on panel p, votes and the quota on employers.
func drawRules(t *rapid.T) *rulebook.Rulebook {
	method := rapid.SampledFrom([]string{"mean", "median", "standardized", "trimmed_mean, drop_high: 1, drop_low: 1"}).Draw(t, "method")
	over := rapid.SampledFrom([]string{"sheet", "criterion"}).Draw(t, "over")
	convert := rapid.SampledFrom([]string{"none", "proportional", "rank", "rank, ties: same", "points, points: [5, 3, 1]"}).Draw(t, "convert")
	ties := rapid.SampledFrom([]string{"[]", "[votes]", "['panel:p', votes]", "[votes, lot]"}).Draw(t, "ties")
	return parse(t, fmt.Sprintf(`
awards: [{id: winner, seats: 2}, {id: nominated, seats: 3}]
review: {panels: [{id: p, criteria: [{id: c0, weight: 60%%}, {id: c1, weight: 1/3}], aggregate: {method: %s, over: %s, round: {digits: 1, mode: half_up}}}]}
composite:
  round: {digits: 0, mode: half_even}
  components: [{source: votes, weight: 0.4, convert: {method: %s}}, {source: "panel:p"}]
  tie_break: %s
  lot: {value: "3120.45"}
quotas: [{attribute: employer, max: 3}]`, method, over, convert, ties))
}

// rank puts the election in by the order that the source of chance gives.
func (e election) rank(rb *rulebook.Rulebook, shuffle *rand.Rand) (*ranking.Result, error) {
	in := ranking.New(rb)
	candidates, scores := slices.Clone(e.candidates), slices.Clone(e.scores)
	if shuffle != nil {
		shuffle.Shuffle(len(candidates), func(i, j int) { candidates[i], candidates[j] = candidates[j], candidates[i] })
		shuffle.Shuffle(len(scores), func(i, j int) { scores[i], scores[j] = scores[j], scores[i] })
	}
	for _, id := range candidates {
		if err := in.Candidate(id, map[string]string{"employer": e.employers[id]}); err != nil {
			return nil, err
		}
	}
	for _, id := range candidates {
		if err := in.Votes(id, "", e.votes[id]); err != nil {
			return nil, err
		}
	}
	for _, s := range scores {
		if err := in.Score("p", s[0], s[1], s[2], s[3]); err != nil {
			return nil, err
		}
	}
	return in.Rank(ranking.Options{})
}

// The order in which candidates and jurors' scores come changes nothing, nor
// do the jurors' names.
func TestInput_Rank_permuted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e, rb := drawElection(t), drawRules(t)
		want, wantErr := e.rank(rb, nil)
		for i := range e.scores {
			e.scores[i][0] = "renamed" + string('z'-e.scores[i][0][1])
		}
		got, err := e.rank(rb, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)))
		if (wantErr == nil) != (err == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("err = %v, before %v", err, wantErr)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("result (-before +permuted):\n%s", diff)
		}
	})
}

// Twice or ten times as many votes for everybody change no proportional result.
func TestInput_Rank_scaled(t *testing.T) {
	rb := parse(t, "composite: {components: [{source: votes, weight: 40%, convert: {method: proportional, top: 70}}]}")
	rapid.Check(t, func(t *rapid.T) {
		e := drawElection(t)
		e.scores = nil
		before, err := e.rank(rb, nil)
		if err != nil {
			t.Fatal(err)
		}
		factor := rapid.Int64Range(1, 1_000_000_000).Draw(t, "factor")
		for id := range e.votes {
			e.votes[id] *= factor
		}
		after, err := e.rank(rb, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(totals(before), totals(after)); diff != "" {
			t.Fatalf("totals (-before +scaled):\n%s", diff)
		}
	})
}

// Removing a candidate without an award changes nobody else's aggregate, by any
// method that looks at one candidate at a time.
func TestInput_Rank_removed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e, rb := drawElection(t), drawRules(t)
		before, err := e.rank(rb, nil)
		if err != nil || rb.Review.Panels[0].Aggregate.Method == rulebook.AggregateStandardized {
			return
		}
		losers := slices.DeleteFunc(slices.Clone(before.Ranking), func(r ranking.Ranked) bool { return r.Award != "" })
		if len(losers) == 0 {
			return
		}
		gone := rapid.SampledFrom(losers).Draw(t, "gone").Candidate
		e.candidates = slices.DeleteFunc(e.candidates, func(id string) bool { return id == gone })
		e.scores = slices.DeleteFunc(e.scores, func(s [4]string) bool { return s[1] == gone })
		after, err := e.rank(rb, nil)
		if fault.HasCode(err, ranking.CodeInfeasible) {
			return // the seats were filled with them only
		}
		if err != nil {
			t.Fatal(err)
		}
		panels := func(r *ranking.Result) map[string]ranking.PanelScore {
			out := make(map[string]ranking.PanelScore)
			for _, c := range r.Ranking {
				if c.Candidate != gone {
					out[c.Candidate] = c.Panels["p"]
				}
			}
			return out
		}
		if diff := cmp.Diff(panels(before), panels(after)); diff != "" {
			t.Fatalf("aggregates (-before +after %s is gone):\n%s", gone, diff)
		}
	})
}

// counted ranks by votes alone under further rules.
func counted(t *testing.T, rules string, lot string, votes ...int64) *ranking.Result {
	t.Helper()
	in := ranking.New(parse(t, rules))
	for i, n := range votes {
		id := string(rune('A' + i))
		if err := in.Candidate(id, map[string]string{"employer": "E" + strconv.Itoa(i%2)}); err != nil {
			t.Fatal(err)
		}
		if err := in.Votes(id, "", n); err != nil {
			t.Fatal(err)
		}
	}
	r, err := in.Rank(ranking.Options{Lot: lot})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func order(r *ranking.Result) string {
	var out []string
	for _, c := range r.Ranking {
		out = append(out, fmt.Sprintf("%d:%s:%s", c.Rank, c.Candidate, c.Award))
	}
	return strings.Join(out, " ")
}

func TestInput_Rank_ties(t *testing.T) {
	const rules = "awards: [{id: w, seats: 2}, {id: n, seats: 1}]\ncomposite: {components: [{source: votes, convert: {method: capped, cap: 50}}], tie_break: %s}\n"
	t.Run("raw votes", func(t *testing.T) {
		if got := order(counted(t, fmt.Sprintf(rules, "[votes]"), "", 60, 70, 40)); got != "1:B:w 2:A:w 3:C:n" {
			t.Error(got)
		}
	})
	t.Run("within an award", func(t *testing.T) {
		r := counted(t, fmt.Sprintf(rules, "[]"), "", 60, 70, 40)
		if got := order(r); got != "1:A:w 1:B:w 3:C:n" || r.Ties != nil {
			t.Error(got, r.Ties)
		}
	})
	t.Run("across the last seat", func(t *testing.T) {
		r := counted(t, fmt.Sprintf(rules, "[]"), "", 60, 40, 40, 40, 1)
		if got := order(r); got != "1:A:w 2:B: 2:C: 2:D: 5:E:" {
			t.Error(got)
		}
		want := []ranking.Tie{{
			Rank: 2, Candidates: []string{"B", "C", "D"}, Awards: []string{"w", "n"},
			Reason: reason.Written("B, C, D are equal by total and every tie-break, and the last seats of w, n fall between them"),
		}}
		if diff := cmp.Diff(want, r.AsWritten().Ties); diff != "" {
			t.Errorf("ties (-want +got):\n%s", diff)
		}
		if r.Awards[0].Open != 1 || r.Awards[1].Open != 1 {
			t.Errorf("awards %+v", r.Awards)
		}
	})
	t.Run("a quota decides it", func(t *testing.T) {
		r := counted(t, fmt.Sprintf(rules, "[]")+"quotas: [{attribute: employer, max: 1, of: w}]", "", 60, 40, 40, 1)
		// A and C are of one employer, so B has the seat whatever their order.
		if got := order(r); got != "1:A:w 2:B:w 2:C:n 4:D:" || r.Ties != nil {
			t.Error(got, r.Ties)
		}
	})
	t.Run("lot", func(t *testing.T) {
		lots := make(map[string]string)
		for _, id := range []string{"B", "C", "D"} {
			sum := sha256.Sum256([]byte("3120.45\n" + id))
			lots[id] = hex.EncodeToString(sum[:])
		}
		ids := []string{"B", "C", "D"}
		slices.SortFunc(ids, func(a, b string) int { return strings.Compare(lots[a], lots[b]) })
		r := counted(t, fmt.Sprintf(rules, "[votes, lot]"), "3120.45", 60, 40, 40, 40)
		want := fmt.Sprintf("1:A:w 2:%s:w 3:%s:n 4:%s:", ids[0], ids[1], ids[2])
		if got := order(r); got != want || r.Lot != "3120.45" {
			t.Errorf("%s (lot %q), want %s", got, r.Lot, want)
		}
	})
	t.Run("lot not yet drawn", func(t *testing.T) {
		rb := strings.Replace(fmt.Sprintf(rules, "[lot]"), "tie_break", "lot: {source: a stock index}, tie_break", 1)
		r := counted(t, rb, "", 60, 40, 40)
		if len(r.Ties) != 1 || !strings.Contains(said(r.Ties[0].Reason), "yet to be read") {
			t.Errorf("ties %+v", r.Ties)
		}
	})
	t.Run("another lot than the rulebook's", func(t *testing.T) {
		in := ranking.New(parse(t, "composite: {components: [{source: votes}], tie_break: [lot], lot: {value: a}}"))
		if _, err := in.Rank(ranking.Options{Lot: "b"}); !fault.HasCode(err, "lot_fixed") {
			t.Errorf("err = %v", err)
		}
	})
}

func TestInput_Rank_displaced(t *testing.T) {
	in := ranking.New(parse(t, `
awards: [{id: winner, seats: 3}, {id: nominated, seats: 1}]
composite: {components: [{source: votes}]}
quotas: [{attribute: employer, max: 2}, {attribute: gender, value: female, min: 1, of: winner}]`))
	for i, c := range []struct{ employer, gender string }{{"X", "male"}, {"X", "male"}, {"X", "male"}, {"Y", "male"}, {"Z", "female"}} {
		id := string(rune('A' + i))
		if err := in.Candidate(id, map[string]string{"employer": c.employer, "gender": c.gender}); err != nil {
			t.Fatal(err)
		}
		if err := in.Votes(id, "", int64(10-i)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := in.Rank(ranking.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := order(r); got != "1:A:winner 2:B:winner 3:C: 4:D:nominated 5:E:winner" {
		t.Error(got)
	}
	reasons := make(map[string][]string)
	for _, c := range r.Ranking {
		for _, d := range c.Displaced {
			reasons[c.Candidate] = append(reasons[c.Candidate], said(d.Reason))
		}
	}
	want := map[string][]string{
		"C": {
			"award winner: passed over as third of employer X, cap 2 over all awards, in favour of E (rank 5)",
			"award nominated: passed over as third of employer X, cap 2 over all awards, in favour of D (rank 4)",
		},
		"D": {`award winner: passed over as the seats left are needed for the quota "gender female, min 1 of winner", in favour of E (rank 5)`},
	}
	if diff := cmp.Diff(want, reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}

// While a tie is open nobody is told why they were passed over: by what depends on
// who gets the tied seats.
func TestInput_Rank_displacedAndTied(t *testing.T) {
	rank := func(votes ...int64) *ranking.Result {
		in := ranking.New(parse(t, `
awards: [{id: winner, seats: 3}]
composite: {components: [{source: votes}]}
quotas: [{attribute: employer, max: 1}]`))
		for i, employer := range []string{"X", "X", "Y", "Z", "W"} {
			id := string(rune('A' + i))
			if err := in.Candidate(id, map[string]string{"employer": employer}); err != nil {
				t.Fatal(err)
			}
			if err := in.Votes(id, "", votes[i]); err != nil {
				t.Fatal(err)
			}
		}
		r, err := in.Rank(ranking.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if b := rank(9, 8, 7, 6, 5).Ranking[1]; len(b.Displaced) != 1 {
		t.Errorf("without a tie B is passed over for %+v", b.Displaced)
	}
	r := rank(9, 8, 7, 6, 6)
	if len(r.Ties) != 1 {
		t.Fatalf("ties %+v", r.Ties)
	}
	for _, row := range r.Ranking {
		text := said(row.Explain...)
		if len(row.Displaced) > 0 || strings.Contains(text, "in favour of") || strings.Contains(text, "instead") {
			t.Errorf("%s: %+v; %s", row.Candidate, row.Displaced, text)
		}
		if row.Candidate == "B" && !strings.Contains(text, "when the tie at rank 4 is decided") {
			t.Errorf("B is told %s", text)
		}
	}
	if len(r.Proofs) > 0 {
		t.Errorf("proofs %+v", r.Proofs)
	}
}

func TestInput_Rank_shortlist(t *testing.T) {
	const rules = "awards: [{id: w, seats: 3}]\nshortlist: {ratio: 1.2}\ncomposite: {components: [{source: votes}]}"
	if got := counted(t, rules, "", 9, 8, 7, 6, 5).Shortlist; !slices.Equal(got, []string{"A", "B", "C", "D"}) {
		t.Errorf("3.6 rounded up: %v", got)
	}
	if got := counted(t, rules, "", 9, 8, 7, 5, 5).Shortlist; !slices.Equal(got, []string{"A", "B", "C", "D", "E"}) {
		t.Errorf("a tie for the last place: %v", got)
	}
	if got := counted(t, rules, "", 9, 8).Shortlist; !slices.Equal(got, []string{"A", "B"}) {
		t.Errorf("fewer candidates: %v", got)
	}
}

// said is reasons in English.
func said(reasons ...reason.Reason) string {
	speaker := reason.NewSpeaker("en")
	var all []string
	for _, r := range reasons {
		all = append(all, speaker.Text(r))
	}
	return strings.Join(all, "\n")
}
