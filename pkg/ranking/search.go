package ranking

import (
	"fmt"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// filling is a partly filled list of awards, by classes: what is taken so far,
// and what may still be.
type filling struct {
	qs     *quotas
	need   []int    // by award: seats still empty
	supply []int    // by class: members without an award
	counts []int    // by counter
	shut   [][]bool // by award, by class: no more of it here
	ignore []bool   // by quota: as if it were not there
	nodes  int      // of the search, left
}

// plan is how many of each class each award takes.
type plan [][]int

func (qs *quotas) newPlan() plan {
	p := make(plan, len(qs.rb.Awards))
	for a := range p {
		p[a] = make([]int, len(qs.classes))
	}
	return p
}

// answer of a search.
type answer int

const (
	possible answer = iota
	impossible
	undecided
)

// maxWork bounds one search, in looks at a class for an award.
const maxWork = 50_000_000

func (qs *quotas) filling(need []int) *filling {
	f := &filling{
		qs: qs, need: append([]int(nil), need...), counts: make([]int, len(qs.counters)),
		ignore: make([]bool, len(qs.rb.Quotas)), supply: make([]int, len(qs.classes)),
	}
	for i, c := range qs.classes {
		f.supply[i] = c.supply
	}
	f.shut = make([][]bool, len(need))
	for a := range f.shut {
		f.shut[a] = make([]bool, len(qs.classes))
	}
	return f
}

func (f *filling) clone() *filling {
	g := *f
	g.need = append([]int(nil), f.need...)
	g.supply = append([]int(nil), f.supply...)
	g.counts = append([]int(nil), f.counts...)
	g.ignore = append([]bool(nil), f.ignore...)
	g.shut = make([][]bool, len(f.shut))
	for a := range g.shut {
		g.shut[a] = append([]bool(nil), f.shut[a]...)
	}
	return &g
}

// put adds n of a class to an award; a negative n takes them back.
func (f *filling) put(award, class, n int) {
	f.need[award] -= n
	f.supply[class] -= n
	for _, i := range f.qs.classes[class].hits[award] {
		f.counts[i] += n
	}
}

// room is how many of a class an award could take now, by its seats, the
// class's members and the caps alone.
func (f *filling) room(award, class int) int {
	if f.shut[award][class] {
		return 0
	}
	n := min(f.need[award], f.supply[class])
	for _, i := range f.qs.classes[class].hits[award] {
		if k := f.qs.counters[i]; k.max != noCap && !f.ignore[k.quota] {
			n = min(n, k.max-f.counts[i])
		}
	}
	return n
}

// first finds a filling of all awards or says which quotas are in conflict.
func (qs *quotas) first(need []int) (plan, error) {
	f := qs.filling(need)
	p, a := f.solve()
	switch a {
	case possible:
		return p, nil
	case undecided:
		return nil, errUndecided()
	}
	var fields []fault.Field
	var names []string
	for i, conflicting := range f.conflict() {
		if conflicting {
			fields = append(fields, fault.Wrong(fmt.Sprintf("quotas[%d]", i), "quota_unmet", "cannot be met: {quota}", "quota", qs.words(i)))
			names = append(names, qs.words(i))
		}
	}
	message := "the quotas cannot be met together: " + strings.Join(names, "; ")
	return nil, fault.NewInvalid(CodeInfeasible, message, fields...)
}

func errUndecided() error {
	return fault.NewInvalid(CodeUndecided, "whether the quotas can be met could not be decided within the search's bound")
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

// conflict gives, for an impossible filling, a set of quotas none of which can
// be spared: dropping any one of them would make it possible.
func (f *filling) conflict() []bool {
	g := f.clone()
	needed := make([]bool, len(g.ignore))
	for i := range g.ignore {
		g.ignore[i] = true
		if _, a := g.solve(); a != impossible {
			g.ignore[i] = false
			needed[i] = true
		}
	}
	return needed
}

// solve completes the filling: by a straight way that often succeeds, else by
// search.
func (f *filling) solve() (plan, answer) {
	p := f.qs.newPlan()
	if f.hopeless() {
		return p, impossible
	}
	g := f.clone()
	if g.straight(p) {
		return p, possible
	}
	g = f.clone()
	look := 1 + len(f.qs.classes)*len(f.need)*(2+len(f.qs.classes[0].values)) + len(f.qs.counters)
	g.nodes = max(100, maxWork/look)
	p = f.qs.newPlan()
	return p, g.search(p)
}

// straight takes, without looking back, whoever helps most floors, then
// whoever leaves most room under the caps.
func (f *filling) straight(p plan) bool {
	for {
		award, class, ok := f.choose()
		if !ok {
			break
		}
		n := 1
		if len(f.qs.classes[class].hits[award]) == 0 {
			n = f.room(award, class)
		}
		f.put(award, class, n)
		p[award][class] += n
	}
	return f.done()
}

// lacking is the counter under its floor with the least choice; -1: none.
func (f *filling) lacking() int {
	found, least := -1, 0
	for i, k := range f.qs.counters {
		short := k.min - f.counts[i]
		if short <= 0 || f.ignore[k.quota] {
			continue
		}
		if choice := f.within(i) - short; found < 0 || choice < least {
			found, least = i, choice
		}
	}
	return found
}

// within is an upper bound of how many could still count for a counter.
func (f *filling) within(i int) int {
	k := f.qs.counters[i]
	sum := 0
	for c := range f.qs.classes {
		if f.qs.classes[c].values[k.attribute] != k.value {
			continue
		}
		room := 0
		for a := range f.need {
			if k.award == allAwards || k.award == a {
				room += max(0, f.room(a, c))
			}
		}
		sum += min(room, f.supply[c])
	}
	return sum
}

// choose finds the next award and class to take from: for the most pressing
// floor, else for the first award with empty seats.
func (f *filling) choose() (award, class int, ok bool) {
	lacking := f.lacking()
	best := [3]int{}
	for a, need := range f.need {
		if need == 0 {
			continue
		}
		for c := range f.qs.classes {
			if lacking >= 0 && !f.countsFor(lacking, a, c) || f.room(a, c) <= 0 {
				continue
			}
			if v := f.worth(a, c); !ok || v[0] > best[0] || v[0] == best[0] && (v[1] > best[1] || v[1] == best[1] && v[2] > best[2]) {
				award, class, best, ok = a, c, v, true
			}
		}
		if ok && lacking < 0 {
			break
		}
	}
	return award, class, ok
}

// countsFor tells whether a member of the class in the award counts for the counter.
func (f *filling) countsFor(counter, award, class int) bool {
	for _, i := range f.qs.classes[class].hits[award] {
		if i == counter {
			return true
		}
	}
	return false
}

// worth compares choices: floors helped, then the least room under a cap that
// it leaves, then the members left.
func (f *filling) worth(award, class int) [3]int {
	v := [3]int{0, 1 << 30, f.supply[class]}
	for _, i := range f.qs.classes[class].hits[award] {
		k := f.qs.counters[i]
		if f.ignore[k.quota] {
			continue
		}
		if f.counts[i] < k.min {
			v[0]++
		}
		if k.max != noCap {
			v[1] = min(v[1], k.max-f.counts[i])
		}
	}
	return v
}

// done tells whether all seats are taken and all floors met.
func (f *filling) done() bool {
	for _, n := range f.need {
		if n > 0 {
			return false
		}
	}
	return f.lacking() < 0
}

// search tries, for each choice, to take one and then to do without it, until a
// filling is found, none is left, or the nodes are used up.
func (f *filling) search(p plan) answer {
	if f.done() {
		return possible
	}
	if f.hopeless() {
		return impossible
	}
	if f.nodes--; f.nodes < 0 {
		return undecided
	}
	award, class, ok := f.choose()
	if !ok {
		return impossible
	}
	f.put(award, class, 1)
	p[award][class]++
	a := f.search(p)
	if a != impossible {
		return a
	}
	f.put(award, class, -1)
	p[award][class]--
	f.shut[award][class] = true
	a = f.search(p)
	if a == impossible {
		f.shut[award][class] = false
	}
	return a
}

// hopeless proves by counting that no completion exists: a floor without
// enough candidates, floors of one attribute that need more seats than there
// are, or an award that caps on one attribute keep from being filled.
func (f *filling) hopeless() bool {
	for i, k := range f.qs.counters {
		if short := k.min - f.counts[i]; short > 0 && !f.ignore[k.quota] && f.within(i) < short {
			return true
		}
	}
	empty := 0
	for _, n := range f.need {
		empty += n
	}
	attributes := 0
	if len(f.qs.classes) > 0 {
		attributes = len(f.qs.classes[0].values)
	}
	for attribute := range attributes {
		if f.crowded(attribute, allAwards, empty) || f.starved(attribute, allAwards, empty) {
			return true
		}
		for a, n := range f.need {
			if f.crowded(attribute, a, n) || f.starved(attribute, a, n) {
				return true
			}
		}
	}
	return attributes == 0 && f.starved(-1, allAwards, empty)
}

// crowded tells whether the floors of an attribute's values together need more
// than the empty seats; of several floors on one value the highest counts.
func (f *filling) crowded(attribute, award, empty int) bool {
	short := make(map[string]int)
	for i, k := range f.qs.counters {
		if k.attribute == attribute && k.award == award && !f.ignore[k.quota] {
			short[k.value] = max(short[k.value], k.min-f.counts[i])
		}
	}
	sum := 0
	for _, n := range short {
		sum += n
	}
	return sum > empty
}

// starved tells whether the caps on an attribute's values leave fewer than the
// empty seats of an award, or of all.
func (f *filling) starved(attribute, award, empty int) bool {
	left := make(map[string]int)
	for c, class := range f.qs.classes {
		room := 0
		for a := range f.need {
			if award == allAwards || award == a {
				room += max(0, f.room(a, c))
			}
		}
		value := ""
		if attribute >= 0 {
			value = class.values[attribute]
		}
		left[value] += min(room, f.supply[c])
	}
	for i, k := range f.qs.counters {
		if n, ok := left[k.value]; ok && k.attribute == attribute && k.max != noCap && !f.ignore[k.quota] &&
			(k.award == allAwards || k.award == award) {
			left[k.value] = min(n, k.max-f.counts[i])
		}
	}
	sum := 0
	for _, n := range left {
		sum += n
	}
	return sum < empty
}
