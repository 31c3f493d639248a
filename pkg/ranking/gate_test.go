package ranking_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/ranking"
)

// What cannot be met is told in numbers: of each quota in conflict alone, and of
// the seats.
func TestInput_Seats(t *testing.T) {
	const rules = `
awards: [{id: winner, seats: 4}, {id: nominated, seats: 2}]
composite: {components: [{source: votes}]}
quotas: [{attribute: employer, max: 2}, {attribute: gender, value: female, min: 50%}]`
	for name, c := range map[string]struct {
		who  []string // employer and gender
		want ranking.Seats
	}{
		"enough":  {[]string{"Xf", "Xf", "Yf", "Ym", "Zm", "Zm"}, ranking.Seats{Seats: 6, Candidates: 6}},
		"too few": {[]string{"Xf", "Yf"}, ranking.Seats{Seats: 6, Candidates: 2, Unmet: []ranking.Shortfall{{2, "gender female, min 50%", ranking.LimitMin, 3, 2}}}},
		"too few women": {[]string{"Xf", "Xf", "Ym", "Ym", "Zm", "Zm", "Vm"}, ranking.Seats{Seats: 6, Candidates: 7, Unmet: []ranking.Shortfall{
			{2, "gender female, min 50%", ranking.LimitMin, 3, 2},
		}}},
		"one employer": {[]string{"Xf", "Xf", "Xf", "Xf", "Ym", "Ym"}, ranking.Seats{Seats: 6, Candidates: 6, Unmet: []ranking.Shortfall{
			{1, "employer, max 2", ranking.LimitMax, 6, 4},
		}}},
		"together": {[]string{"Xf", "Xf", "Xf", "Ym", "Ym", "Zm", "Zm"}, ranking.Seats{Seats: 6, Candidates: 7, Unmet: []ranking.Shortfall{
			{1, "employer, max 2", ranking.LimitMax, 6, 6}, {2, "gender female, min 50%", ranking.LimitMin, 3, 3},
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			in := ranking.New(parse(t, rules))
			for i, who := range c.who {
				gender := map[byte]string{'f': "female", 'm': "male"}[who[1]]
				if err := in.Candidate(fmt.Sprint(i), map[string]string{"employer": who[:1], "gender": gender}); err != nil {
					t.Fatal(err)
				}
			}
			got, err := in.Seats(ranking.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("seats (-want +got):\n%s", diff)
			}
		})
	}
	in := ranking.New(parse(t, rules))
	if err := in.Candidate("1", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Seats(ranking.Options{}); err != nil && !fault.HasCode(err, ranking.CodeUndecided) {
		t.Error(err)
	}
}
