package ranking

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// problem is a generated selection: candidates in rank order with their
// attributes, and rules.
type problem struct {
	rb         *rulebook.Rulebook
	candidates []map[string]string
}

func (p problem) input(t testing.TB) *Input {
	in := New(p.rb)
	for c, attributes := range p.candidates {
		if err := in.Candidate(fmt.Sprint(c), attributes); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

// rule is a quota in a line.
type rule struct{ attribute, value, most, least, of string }

func rules(t testing.TB, awards []int, list []rule) *rulebook.Rulebook {
	rb := new(rulebook.Rulebook)
	for a, seats := range awards {
		rb.Awards = append(rb.Awards, rulebook.Award{ID: fmt.Sprintf("award%d", a), Seats: seats})
	}
	for _, r := range list {
		q := rulebook.Quota{Attribute: r.attribute, Value: r.value, Of: r.of}
		for text, n := range map[string]*rulebook.Number{r.most: &q.Max, r.least: &q.Min} {
			if text == "" {
				continue
			}
			parsed, err := rulebook.ParseNumber(text)
			if err != nil {
				t.Fatal(err)
			}
			*n = parsed
		}
		rb.Quotas = append(rb.Quotas, q)
	}
	return rb
}

// medal is a labour medal: who is ranked high is more often a leader, a man and
// from an enterprise than the quotas allow.
func medal(t testing.TB, seed uint64, candidates int, awards []int, more ...rule) problem {
	chance := rand.New(rand.NewPCG(seed, uint64(candidates)))
	p := problem{rb: rules(t, awards, append([]rule{
		{"rank", "leader", "15%", "", ""},
		{"work", "front line", "", "60%", ""},
		{"body", "enterprise", "", "50%", ""},
		{"field", "science and education", "", "20%", ""},
		{"gender", "female", "", "20%", ""},
		{"migrant", "yes", "", "20%", ""},
		{"employer", "", "2", "", ""},
		{"region", "", "15%", "", ""},
	}, more...))}
	for c := range candidates {
		height := 1 - float64(c)/float64(candidates) // 1 for the first
		yes := func(low, top float64) bool { return chance.Float64() < low+(top-low)*height }
		pick := func(is bool, value, other string) string {
			if is {
				return value
			}
			return other
		}
		a := map[string]string{
			"employer": fmt.Sprint("e", int(float64(candidates)/2*math.Pow(chance.Float64(), 1.3))),
			"region":   fmt.Sprint("r", int(14*math.Pow(chance.Float64(), 1.5))),
			"gender":   pick(yes(0.45, 0.1), "female", "male"),
			"body":     pick(yes(0.4, 0.8), "enterprise", pick(chance.IntN(2) == 0, "institution", "office")),
		}
		leader := yes(0.15, 0.55)
		a["rank"] = pick(leader, "leader", pick(chance.IntN(2) == 0, "manager", "worker"))
		a["work"] = pick(!leader && yes(0.8, 0.45), "front line", "other")
		a["migrant"] = pick(a["work"] == "front line" && yes(0.5, 0.2), "yes", "no")
		a["field"] = pick(a["body"] != "enterprise" && yes(0.5, 0.3), "science and education", pick(chance.IntN(3) == 0, "agriculture", "industry"))
		p.candidates = append(p.candidates, a)
	}
	return p
}

// hard has three attributes of many values, each capped as tightly as the
// seats allow, and floors across them.
func hard(t testing.TB, seed uint64, candidates, seats int) problem {
	chance := rand.New(rand.NewPCG(seed, uint64(seats)))
	p := problem{rb: rules(t, []int{seats / 3, seats - seats/3}, []rule{
		{"employer", "", "2", "", ""},
		{"school", "", "4", "", ""},
		{"region", "", "8", "", ""},
		{"gender", "female", "", "40%", ""},
		{"gender", "female", "", "30%", "award0"},
	})}
	value := func(name string, n int) string { return fmt.Sprint(name, chance.IntN(n)) }
	for c := range candidates {
		p.candidates = append(p.candidates, map[string]string{
			"employer": value("e", seats/2), "school": value("s", seats/4), "region": value("r", seats/8),
			"gender": []string{"female", "male", "male", "male"}[chance.IntN(2+2*(candidates-c)/candidates)],
		})
	}
	return p
}

func parsed(t testing.TB, text string) *rulebook.Rulebook {
	t.Helper()
	rb, err := rulebook.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return rb
}
