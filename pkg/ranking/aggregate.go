package ranking

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// score is what a panel gives a candidate.
type score struct {
	value    number
	given    bool // false where no juror has scored: nothing stands behind the value
	scores   int  // how many jurors' scores count
	criteria []number
	told     []told // how: by criterion, or of the sheets' totals
}

// told is how scores were combined. It is kept short, because there is one a
// candidate and criterion.
type told struct {
	scores  string // those that count, lowest first, between line feeds
	dropped string // by a trimmed mean, in the same way
	more    int    // how many count beside these
	result  number
}

// vote is one juror's number of one candidate: a sheet's total or a
// criterion's score.
type vote struct {
	juror  int32 // -1: a juror of whom nothing is known but that they are absent
	absent bool  // 0 stands for a score that is missing
	value  number
}

// missing collects the gaps that stop a computation.
type missing struct {
	fields []fault.Field
	more   int
}

// maxGaps bounds how many gaps a fault names.
const maxGaps = 1000

func (m *missing) add(name, code, message string, params ...any) {
	if len(m.fields) == maxGaps {
		m.more++
		return
	}
	m.fields = append(m.fields, fault.Wrong(name, code, message, params...))
}

// once adds a gap that was not the last to be added.
func (m *missing) once(name, code, message string, params ...any) {
	if n := len(m.fields); n == 0 || m.fields[n-1].Name != name || m.fields[n-1].Code != code {
		m.add(name, code, message, params...)
	}
}

// CodeMissing is the code of the fault that names every gap in the scores.
const CodeMissing = "scores_missing"

func (m *missing) err() error {
	if len(m.fields) == 0 {
		return nil
	}
	slices.SortStableFunc(m.fields, func(a, b fault.Field) int { return cmp.Compare(a.Name, b.Name) })
	message := "scores are missing"
	if m.more > 0 {
		message = fmt.Sprintf("scores are missing, %d more than are named here", m.more)
	}
	return fault.NewInvalid(CodeMissing, message, m.fields...)
}

// aggregate gives the panel's score of each of n candidates. The scores of
// jurors in without are left out as if they were recused.
func (p *panel) aggregate(ids []string, without map[string]bool, gaps *missing) []score {
	out := make([]score, len(ids))
	if p.rules.Aggregate.Over == rulebook.OverCriterion {
		for c := range out {
			out[c].criteria = make([]number, len(p.weights))
		}
		for k := range p.weights {
			p.combine(ids, p.column(ids, k, without, gaps), gaps, func(c int, s score) {
				round := p.rules.Aggregate.Round
				part := rounded(s.value, round)
				out[c].criteria[k] = part
				out[c].value = out[c].value.add(rounded(part.mul(p.weights[k]), round))
				out[c].given = out[c].given || s.given
				out[c].scores = max(out[c].scores, s.scores)
				s.told[0].result = part
				out[c].told = append(out[c].told, s.told[0])
			})
		}
		return out
	}
	p.combine(ids, p.totals(ids, without, gaps), gaps, func(c int, s score) {
		s.value = rounded(s.value, p.rules.Aggregate.Round)
		s.told[0].result = s.value
		out[c] = s
	})
	return out
}

// expected gives how many unknown jurors are absent from every candidate: the
// rulebook counts more than have been put in.
func (p *panel) expected() (absent int) {
	if p.everyone() {
		return max(0, p.rules.Jurors-len(p.names))
	}
	return 0
}

// each calls f for every juror whose score of the candidate is counted or
// missing; cells is nil where the juror has no sheet.
func (p *panel) each(candidate int, without map[string]bool, f func(juror int32, cells []cell)) {
	sheets := p.of(candidate)
	for i := range sheets {
		if s := &sheets[i]; !s.out && !without[p.names[s.juror]] {
			f(s.juror, p.cells(s))
		}
	}
	if p.everyone() && len(sheets) < len(p.names) {
		has := make(map[int32]bool, len(sheets))
		for _, s := range sheets {
			has[s.juror] = true
		}
		for j, name := range p.names {
			if !has[int32(j)] && !without[name] {
				f(int32(j), nil)
			}
		}
	}
	for range p.expected() {
		f(-1, nil)
	}
}

// gapName names a candidate in a panel, as a fault's field.
func (p *panel) gapName(candidate string) string { return p.rules.ID + " / " + candidate }

// lack handles a score that is not there: it tells whether it counts as 0.
func (p *panel) lack(ids []string, candidate int, juror int32, criterion string, gaps *missing) bool {
	switch p.rules.Missing {
	case rulebook.MissingZero:
		return true
	case rulebook.MissingSkip:
		return false
	}
	name := p.gapName(ids[candidate])
	switch {
	case juror < 0:
		gaps.once(name, "jurors_missing", "jurors' scores are missing: {known} of the panel's {jurors} jurors are known",
			"known", len(p.names), "jurors", p.rules.Jurors)
	case criterion == "":
		gaps.add(name, "sheet_missing", "juror {juror}'s scores are missing", "juror", p.names[juror])
	default:
		gaps.add(name, "criterion_missing", "juror {juror}'s score by {criterion} is missing", "juror", p.names[juror], "criterion", criterion)
	}
	return false
}

// totals gives each candidate's sheets as weighted totals. Where missing scores
// are skipped, a sheet that lacks one is left out whole, because its total would
// not compare.
func (p *panel) totals(ids []string, without map[string]bool, gaps *missing) [][]vote {
	out := make([][]vote, len(ids))
	for c := range ids {
		votes := make([]vote, 0, len(p.of(c)))
		p.each(c, without, func(juror int32, cells []cell) {
			if cells == nil {
				if p.lack(ids, c, juror, "", gaps) {
					votes = append(votes, vote{juror: juror, absent: true})
				}
				return
			}
			var total number
			whole, absent := true, true
			for k, cell := range cells {
				if cell.given() {
					absent = false
					total = total.add(cell.number().mul(p.weights[k]))
				} else if !p.lack(ids, c, juror, p.rules.Criteria[k].ID, gaps) {
					whole = false
				}
			}
			if whole {
				votes = append(votes, vote{juror, absent, total})
			}
		})
		out[c] = votes
	}
	p.unassigned(ids, gaps)
	return out
}

// column gives each candidate's scores by one criterion.
func (p *panel) column(ids []string, k int, without map[string]bool, gaps *missing) [][]vote {
	out := make([][]vote, len(ids))
	for c := range ids {
		votes := make([]vote, 0, len(p.of(c)))
		p.each(c, without, func(juror int32, cells []cell) {
			switch {
			case cells != nil && cells[k].given():
				votes = append(votes, vote{juror: juror, value: cells[k].number()})
			case p.lack(ids, c, juror, p.rules.Criteria[k].ID, gaps):
				votes = append(votes, vote{juror: juror, absent: true})
			}
		})
		out[c] = votes
	}
	if k == 0 {
		p.unassigned(ids, gaps)
	}
	return out
}

// unassigned names the candidates of whom no juror was to score, where nothing
// may be missing. Jurors of a category score only its candidates.
func (p *panel) unassigned(ids []string, gaps *missing) {
	if p.rules.Missing == rulebook.MissingSkip || p.rules.Missing == rulebook.MissingZero || p.rules.Assign == rulebook.AssignCategory {
		return
	}
	for c, id := range ids {
		if len(p.of(c)) == 0 && len(p.names) == 0 && p.expected() == 0 || len(p.of(c)) == 0 && !p.everyone() {
			gaps.add(p.gapName(id), "scores_missing", "no juror has scored")
		}
	}
}

// combine makes one number of each candidate's votes by the panel's method.
func (p *panel) combine(ids []string, votes [][]vote, gaps *missing, put func(candidate int, s score)) {
	rules := p.rules.Aggregate
	if rules.Method == rulebook.AggregateStandardized {
		standardize(votes)
	}
	for c, vs := range votes {
		s := score{scores: len(vs)}
		if least := p.rules.MinScores; len(vs) < least {
			gaps.add(p.gapName(ids[c]), "scores_below_min", "{count} scores count, at least {min} are needed", "count", len(vs), "min", least)
			continue
		}
		if len(vs) == 0 {
			s.told = make([]told, 1)
			put(c, s)
			continue
		}
		slices.SortFunc(vs, func(a, b vote) int { return a.value.cmp(b.value) })
		kept := vs
		if rules.Method == rulebook.AggregateTrimmedMean {
			if len(vs) <= rules.DropLow+rules.DropHigh {
				gaps.add(p.gapName(ids[c]), "scores_all_dropped",
					"{count} scores count, and leaving out the {high} highest and {low} lowest leaves none",
					"count", len(vs), "high", rules.DropHigh, "low", rules.DropLow)
				continue
			}
			kept = vs[rules.DropLow : len(vs)-rules.DropHigh]
		}
		s.given = slices.ContainsFunc(vs, func(v vote) bool { return !v.absent })
		if rules.Method == rulebook.AggregateMedian {
			s.value = kept[len(kept)/2].value.add(kept[(len(kept)-1)/2].value).div(whole(2))
		} else {
			s.value = mean(kept)
		}
		s.told = []told{p.describe(vs, kept)}
		put(c, s)
	}
}

func mean(votes []vote) number {
	var sum number
	for _, v := range votes {
		sum = sum.add(v.value)
	}
	return sum.div(whole(int64(len(votes))))
}

// describe tells how the scores were combined, lowest first, without saying
// whose they are.
func (p *panel) describe(votes, kept []vote) (t told) {
	const most = 30
	t.more = max(0, len(kept)-most)
	t.scores = listed(kept[:len(kept)-t.more])
	if len(kept) < len(votes) {
		low, high := p.rules.Aggregate.DropLow, p.rules.Aggregate.DropHigh
		t.dropped = listed(append(slices.Clone(votes[:low]), votes[len(votes)-high:]...))
	}
	return t
}

func listed(votes []vote) string {
	var b strings.Builder
	for i, v := range votes {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(v.value.String())
	}
	return b.String()
}

// tell explains a candidate's score.
func (p *panel) tell(s score) reason.Reason {
	if p.rules.Aggregate.Over != rulebook.OverCriterion {
		return p.combined(s.told[0])
	}
	var all []reason.Reason
	for k, t := range s.told {
		all = append(all, reason.New("criterion", reason.Of("criterion", reason.Criterion, p.rules.Criteria[k].ID),
			reason.Of("panel", reason.Panel, p.rules.ID), reason.Because("score", p.combined(t))))
	}
	return reason.New("criteria", reason.Because("criteria", all...))
}

// combined explains how scores were made one.
func (p *panel) combined(t told) reason.Reason {
	result := reason.Of("result", reason.Points, t.result.String())
	if t.scores == "" {
		return reason.New("no_score", result)
	}
	scores := reason.Of("scores", reason.Points, strings.Split(t.scores, "\n")...)
	scores.More = t.more
	method := cmp.Or(p.rules.Aggregate.Method, rulebook.AggregateMean)
	if method != rulebook.AggregateTrimmedMean {
		return reason.New(method, scores, result)
	}
	dropped := reason.Because("dropped")
	if t.dropped != "" {
		dropped = reason.Because("dropped", reason.New("dropped", reason.Of("scores", reason.Points, strings.Split(t.dropped, "\n")...)))
	}
	return reason.New(method, scores, dropped, result)
}
