package ranking

import (
	"fmt"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// counter is a quota applied to one value of its attribute.
type counter struct {
	quota     int // its place among the rulebook's quotas, from 0
	attribute int
	value     string // as it is compared
	shown     string // as it was written: in the rulebook, or of a candidate
	award     int    // the award it counts in; allAwards
	min       int
	max       int // noCap: none
}

const (
	allAwards = -1
	noCap     = -1
	noAward   = -1
)

// class is the candidates that all quotas treat alike.
type class struct {
	values []string // by attribute; "" where no counter has the value
	supply int
	hits   [][]int // by award: the counters that a member in it counts for
}

// quotas are the rulebook's quotas on given candidates.
type quotas struct {
	rb       *rulebook.Rulebook
	counters []counter
	classes  []class
}

// populace is candidates by their attributes' values, for building quotas.
type populace struct {
	attributes []string
	n          int
	value      func(attribute, candidate int) string // as it is compared
	shown      func(attribute int, value string) string
}

// newQuotas gives the quotas, and the class of each candidate. A cap that holds
// for every value has a counter only for the values that could pass it.
func newQuotas(rb *rulebook.Rulebook, people populace) (*quotas, []int) {
	qs := &quotas{rb: rb}
	frequency := make([]map[string]int, len(people.attributes))
	for a := range people.attributes {
		frequency[a] = make(map[string]int)
		for c := range people.n {
			frequency[a][people.value(a, c)]++
		}
	}
	for i, q := range rb.Quotas {
		award, of := allAwards, rb.Seats(q.Of)
		if q.Of != "" {
			award = slices.IndexFunc(rb.Awards, func(a rulebook.Award) bool { return a.ID == q.Of })
		}
		most, capped := q.Cap(of)
		if !capped {
			most = noCap
		}
		least, _ := q.Floor(of)
		attribute := slices.Index(people.attributes, q.Attribute)
		if q.Value != "" {
			qs.counters = append(qs.counters, counter{i, attribute, norm.Key(q.Value), q.Value, award, least, most})
			continue
		}
		values := make([]string, 0)
		for value, n := range frequency[attribute] {
			if value != "" && n > most {
				values = append(values, value)
			}
		}
		slices.Sort(values)
		for _, value := range values {
			qs.counters = append(qs.counters, counter{i, attribute, value, people.shown(attribute, value), award, 0, most})
		}
	}
	return qs, qs.classify(people)
}

// classify sorts the candidates into classes.
func (qs *quotas) classify(people populace) []int {
	counted := make([]map[string][]int, len(people.attributes))
	for a := range counted {
		counted[a] = make(map[string][]int)
	}
	for i, k := range qs.counters {
		counted[k.attribute][k.value] = append(counted[k.attribute][k.value], i)
	}
	of := make([]int, people.n)
	known := make(map[string]int)
	values := make([]string, len(people.attributes))
	for c := range people.n {
		for a := range values {
			values[a] = people.value(a, c)
			if _, ok := counted[a][values[a]]; !ok {
				values[a] = ""
			}
		}
		key := strings.Join(values, "\x00")
		k, ok := known[key]
		if !ok {
			k = len(qs.classes)
			known[key] = k
			hits := make([][]int, len(qs.rb.Awards))
			for award := range hits {
				for a, value := range values {
					for _, i := range counted[a][value] {
						if qs.counters[i].award == allAwards || qs.counters[i].award == award {
							hits[award] = append(hits[award], i)
						}
					}
				}
			}
			qs.classes = append(qs.classes, class{slices.Clone(values), 0, hits})
		}
		qs.classes[k].supply++
		of[c] = k
	}
	return of
}

// hit describes a counter for the result.
func (qs *quotas) hit(i int) QuotaHit {
	k := qs.counters[i]
	h := QuotaHit{Quota: k.quota + 1, Attribute: qs.rb.Quotas[k.quota].Attribute, Value: k.shown, Of: qs.rb.Quotas[k.quota].Of}
	if k.max != noCap {
		h.Max = &k.max
	}
	if k.min > 0 {
		h.Min = &k.min
	}
	return h
}

// The codes of the faults about quotas.
const (
	CodeInfeasible = "quotas_infeasible" // no filling of the awards meets them; the fields name those in conflict
	CodeUndecided  = "quotas_undecided"  // the bounded search ended without an answer
)

// CheckQuotas tells, before there are candidates, whether the quotas can be
// met by any: quotas_infeasible names those in conflict.
func CheckQuotas(rb *rulebook.Rulebook) error {
	in := New(rb)
	// Enough candidates of every combination of the values that quotas name,
	// and of none, would fill the awards if any could. Caps that hold for each
	// value bind only where they allow nobody.
	for i, q := range rb.Quotas {
		of := rb.Seats(q.Of)
		if most, ok := q.Cap(of); ok && most == 0 && q.Value == "" {
			return fault.NewInvalid(CodeInfeasible, "the quotas cannot be met", fault.Wrong(fmt.Sprintf("quotas[%d]", i), "quota_of_nobody",
				"max {max} of {seats} seats lets nobody with a {attribute} in", "max", q.Max, "seats", of, "attribute", q.Attribute))
		}
	}
	values := make([][]string, len(in.attributes))
	combinations := 1
	for a, name := range in.attributes {
		values[a] = []string{""}
		for _, q := range rb.Quotas {
			if key := norm.Key(q.Value); q.Attribute == name && key != "" && !slices.Contains(values[a], key) {
				values[a] = append(values[a], key)
			}
		}
		if combinations *= len(values[a]); combinations > maxCombinations {
			return nil // known only with the candidates
		}
	}
	people := populace{attributes: in.attributes, n: combinations, value: func(a, c int) string {
		for _, earlier := range values[:a] {
			c /= len(earlier)
		}
		return values[a][c%len(values[a])]
	}, shown: func(_ int, value string) string { return value }}
	qs, _ := newQuotas(rb, people)
	for i := range qs.classes {
		qs.classes[i].supply = rb.Seats("")
	}
	need := make([]int, len(rb.Awards))
	for i, a := range rb.Awards {
		need[i] = a.Seats
	}
	_, err := qs.seating(nil, nil, need, Options{}.effort())
	return err
}

const maxCombinations = 1 << 12

// order is that in which the candidates were put in.
func (in *Input) order() []int {
	out := make([]int, len(in.ids))
	for c := range out {
		out[c] = c
	}
	return out
}

func (in *Input) people() populace {
	return populace{
		in.attributes, len(in.ids), func(a, c int) string { return in.values[a][c] },
		func(a int, value string) string { return in.spelled[a][value] },
	}
}

// demand is how many each award takes: its seats, while there are candidates.
func demand(awards []rulebook.Award, candidates int) []int {
	out := make([]int, len(awards))
	for i, a := range awards {
		out[i] = min(a.Seats, candidates)
		candidates -= out[i]
	}
	return out
}

// words tells a quota in words.
func (qs *quotas) words(i int) string {
	q := qs.rb.Quotas[i]
	text := q.Attribute
	if q.Value != "" {
		text += " " + q.Value
	}
	if q.Min.IsSet() {
		text += ", min " + q.Min.String()
	}
	if q.Max.IsSet() {
		text += ", max " + q.Max.String()
	}
	if q.Of != "" {
		text += " of " + q.Of
	}
	return text
}

// reason tells a quota as a part of a sentence.
func (qs *quotas) reason(i int) reason.Reason {
	q := qs.rb.Quotas[i]
	part := func(name string, told bool, p reason.Param) reason.Param {
		if !told {
			return reason.Because(name)
		}
		return reason.Because(name, reason.New("quota_"+name, append([]reason.Param{p}, reason.Of("attribute", reason.Attribute, q.Attribute))...))
	}
	return reason.New("quota", reason.Of("attribute", reason.Attribute, q.Attribute),
		part("value", q.Value != "", reason.Of("value", reason.Value, q.Value)),
		part("min", q.Min.IsSet(), reason.Of("min", reason.Threshold, q.Min.String())),
		part("max", q.Max.IsSet(), reason.Of("max", reason.Threshold, q.Max.String())),
		part("of", q.Of != "", reason.Of("award", reason.Award, q.Of)))
}
