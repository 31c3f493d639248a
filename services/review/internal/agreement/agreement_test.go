package agreement_test

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/services/review/internal/agreement"
)

// panel makes sheets of one criterion, scores by juror in the order of
// candidates from 1; a negative score is no sheet.
func panel(scores map[string][]int64) []agreement.Sheet {
	var sheets []agreement.Sheet
	for juror, row := range scores {
		for i, x := range row {
			if x >= 0 {
				n := big.NewRat(x, 1)
				sheets = append(sheets, agreement.Sheet{Juror: juror, Candidate: i + 1, Cells: []*big.Rat{n}, Total: n})
			}
		}
	}
	return sheets
}

func TestSpreads(t *testing.T) {
	got := agreement.Spreads(panel(map[string][]int64{"a": {80, 90, 70}, "b": {81, 90, 70}, "c": {95, 90, -1}, "d": {82, 60, -1}}))
	var lines []string
	for _, s := range got {
		line := fmt.Sprintf("%d: %d, mean %s, range %s", s.Candidate, s.Sheets, s.Mean.FloatString(2), s.Range().FloatString(0))
		for _, o := range s.Outliers {
			line += fmt.Sprintf("; %s z %s", o.Juror, o.Z.FloatString(4))
		}
		lines = append(lines, line)
	}
	// Of 1: median 81.5, MAD median{0.5, 0.5, 1.5, 13.5} = 1, c: 0.6745 × 13.5.
	// Of 2: MAD 0, mean of distances 7.5, d: −30 / (1.253314 × 7.5) = −3.1915, which is within ±3.5.
	want := []string{
		"1: 4, mean 84.50, range 15; c z 9.1058",
		"2: 4, mean 82.50, range 30",
		"3: 2, mean 70.00, range 0",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSpreads_equal takes the mean of the distances where the median is 0.
func TestSpreads_equal(t *testing.T) {
	got := agreement.Spreads(panel(map[string][]int64{"a": {80}, "b": {80}, "c": {80}, "d": {80}, "e": {90}}))
	if len(got[0].Outliers) != 1 || got[0].Outliers[0].Z.FloatString(4) != "3.9894" { // 10 / (1.253314 × 2)
		t.Errorf("outliers %+v", got[0].Outliers)
	}
	if got := agreement.Spreads(panel(map[string][]int64{"a": {80}, "b": {80}, "c": {80}})); len(got[0].Outliers) != 0 {
		t.Errorf("all equal, yet outliers %+v", got[0].Outliers)
	}
}

func TestSeverities(t *testing.T) {
	got := agreement.Severities(panel(map[string][]int64{"a": {80, 70}, "b": {90, 80}, "c": {85, -1}, "d": {-1, -1, 50}}))
	var lines []string
	for _, s := range got {
		lines = append(lines, fmt.Sprintf("%s %d %s", s.Juror, s.Sheets, s.Lean.FloatString(3)))
	}
	// a: (80 − 87.5 + 70 − 80) / 2; c: 85 − 85; b: (90 − 82.5 + 80 − 70) / 2.
	if diff := cmp.Diff([]string{"a 2 -8.750", "c 1 0.000", "b 2 8.750"}, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPairs(t *testing.T) {
	base := []int64{60, 71, 82, 93, 64, 75, 86, 97, 68, 79}
	with := func(change func(i int, x int64) int64) []int64 {
		row := make([]int64, len(base))
		for i, x := range base {
			row[i] = change(i, x)
		}
		return row
	}
	for name, c := range map[string]struct {
		other []int64
		want  bool
	}{
		"the same":          {base, true},
		"one of ten apart":  {with(func(i int, x int64) int64 { return x + int64(i/9) }), true},
		"two of ten apart":  {with(func(i int, x int64) int64 { return x + int64(i/8) }), false},
		"shifted":           {with(func(_ int, x int64) int64 { return x - 3 }), true},
		"own mind":          {with(func(i int, x int64) int64 { return x + int64(i%3) }), false},
		"four in common":    {append([]int64{60, 71, 82, 93}, -1, -1, -1, -1, -1, -1), false},
		"five in common":    {append([]int64{60, 71, 82, 93, 64}, -1, -1, -1, -1, -1), true},
		"nothing in common": {with(func(int, int64) int64 { return -1 }), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := agreement.Pairs(panel(map[string][]int64{"a": base, "b": c.other})); len(got) == 1 != c.want {
				t.Errorf("%+v, want alike %t", got, c.want)
			}
		})
	}
	flat := []int64{80, 80, 80, 80, 80, 80}
	if got := agreement.Pairs(panel(map[string][]int64{"a": flat, "b": flat})); len(got) != 0 {
		t.Errorf("two who tell nobody apart: %+v", got)
	}
}
