package rule

import (
	"fmt"
	"slices"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// maxFields bounds the answer to a ballot that is wrong throughout.
const maxFields = 32

// Candidate is who may be picked.
type Candidate struct {
	Category string
	Struck   bool // is off the list
}

// Judge tells every way in which picks break the rules, given the picks of the
// voter's earlier ballots in the period: the rules hold for all of them
// together.
func (r Rules) Judge(picks, earlier []int, candidates map[int]Candidate) []fault.Field {
	var fields []fault.Field
	fail := func(name, format string, args ...any) {
		if len(fields) < maxFields {
			fields = append(fields, fault.Field{Name: name, Message: fmt.Sprintf(format, args...)})
		}
	}
	failAt := func(i int, format string, args ...any) { fail(fmt.Sprintf("picks[%d]", i), format, args...) }
	all := len(earlier) + len(picks)
	switch most := r.voting.Picks; {
	case len(picks) == 0:
		fail("picks", "names no candidate; it must name %s", between(most.Min, most.Max))
	case all < most.Min:
		fail("picks", "names %d candidates; it must name at least %d", all, most.Min)
	case all > most.Max && len(earlier) > 0:
		fail("picks", "names %d candidates; you have picked %d already and may pick %d in all", len(picks), len(earlier), most.Max)
	case all > most.Max:
		fail("picks", "names %d candidates; it may name at most %d", all, most.Max)
	}
	seen := map[int]string{}
	categories := map[string]int{}
	for _, n := range earlier {
		seen[n] = "was picked in your earlier ballot"
		categories[candidates[n].Category]++
	}
	for i, n := range picks {
		c, known := candidates[n]
		switch {
		case seen[n] != "":
			failAt(i, "candidate %d %s", n, seen[n])
			continue
		case !known:
			failAt(i, "there is no candidate %d", n)
		case c.Struck:
			failAt(i, "candidate %d is off the list", n)
		}
		if len(fields) == maxFields {
			return fields
		}
		seen[n] = "is named twice"
		categories[c.Category]++
	}
	return slices.Concat(fields, r.limits(categories))
}

// limits tells which categories have too few or too many of the picks.
func (r Rules) limits(categories map[string]int) (fields []fault.Field) {
	for _, l := range r.voting.Limits {
		if n := categories[l.Category]; n < l.Min || n > l.Max {
			fields = append(fields, fault.Field{
				Name:    "picks",
				Message: fmt.Sprintf("names %d of category %s; it must name %s", n, l.Category, between(l.Min, l.Max)),
			})
		}
	}
	return fields
}

func between(least, most int) string {
	if least == most {
		return fmt.Sprint(least)
	}
	return fmt.Sprintf("%d to %d", least, most)
}
