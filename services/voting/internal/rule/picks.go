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
// together. A field is picks[i] where one pick is at fault, else picks.
func (r Rules) Judge(picks, earlier []int, candidates map[int]Candidate) []fault.Field {
	fields := r.number(len(picks), len(earlier))
	taken := make(map[int]bool, len(earlier)+len(picks))
	categories := map[string]int{}
	for _, n := range earlier {
		taken[n] = true
		categories[candidates[n].Category]++
	}
	for i, n := range picks {
		c, known := candidates[n]
		before := taken[n]
		code, message := "", ""
		switch {
		case before && slices.Contains(earlier, n):
			code, message = "pick_again", "candidate {number} was picked in your earlier ballot"
		case before:
			code, message = "pick_twice", "candidate {number} is named twice"
		case !known:
			code, message = "pick_unknown", "there is no candidate {number}"
		case c.Struck:
			code, message = "pick_struck", "candidate {number} is off the list"
		}
		if code != "" {
			fields = append(fields, fault.Wrong(fmt.Sprintf("picks[%d]", i), code, message, "number", n))
			if len(fields) == maxFields {
				return fields
			}
		}
		if !before {
			taken[n] = true
			categories[c.Category]++
		}
	}
	return append(fields, r.limits(categories)...)
}

// number tells whether a ballot has too few or too many picks beside those of
// earlier ones.
func (r Rules) number(picks, earlier int) []fault.Field {
	most, all := r.voting.Picks, picks+earlier
	switch {
	case picks == 0:
		return []fault.Field{tooFew(0, max(1, most.Min-earlier))}
	case all < most.Min:
		return []fault.Field{tooFew(all, most.Min)}
	case all > most.Max && earlier > 0:
		return []fault.Field{fault.Wrong("picks", "picks_too_many_added",
			"names {chosen} candidates; you have picked {earlier} already and may pick {max} in all",
			"chosen", picks, "earlier", earlier, "max", most.Max)}
	case all > most.Max:
		return []fault.Field{fault.Wrong("picks", "picks_too_many", "names {chosen} candidates; it may name at most {max}",
			"chosen", all, "max", most.Max, "over", all-most.Max)}
	}
	return nil
}

func tooFew(chosen, least int) fault.Field {
	return fault.Wrong("picks", "picks_too_few", "names {chosen} candidates; it must name at least {min}", "chosen", chosen, "min", least)
}

// limits tells which categories have too few or too many of the picks.
func (r Rules) limits(categories map[string]int) (fields []fault.Field) {
	for _, l := range r.voting.Limits {
		switch n := categories[l.Category]; {
		case n < l.Min:
			fields = append(fields, fault.Wrong("picks", "category_too_few",
				"names {chosen} of category {category}; it must name at least {min}", "category", l.Category, "chosen", n, "min", l.Min))
		case n > l.Max:
			fields = append(fields, fault.Wrong("picks", "category_too_many",
				"names {chosen} of category {category}; it may name at most {max}", "category", l.Category, "chosen", n, "max", l.Max))
		}
	}
	return fields
}
