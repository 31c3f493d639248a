package rulebook

import (
	"math/big"
	"slices"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// CheckSelection tells what a selection needs that the rulebook does not have:
// a title, a timezone, awards, a notice, a committee, and the rules of every
// source that the composite names. The error is like Parse's.
func (rb *Rulebook) CheckSelection() error {
	r := &reader{}
	f := field{value: rb.doc, r: r}
	for _, key := range []string{"laurel", "title", "timezone", "nominee"} {
		f.get(key).require()
	}
	f.get("awards").some("is empty")
	f.get("vetting").get("departments").some("is empty")
	rb.checkNotice(f.get("phases").get(PhaseNotice))
	for _, key := range []string{"quorum", "approve", "ballot"} {
		f.get("decision").get(key).require()
	}
	f.get("composite").get("components").some("is empty")
	rb.checkVoting(f)
	rb.checkReview(f)
	return r.result()
}

// CheckNew tells what a selection that begins now may not have: a time that has
// passed, and ways to be a voter that this version knows and cannot check. What
// has begun with them goes on. The error is like Parse's; the zero time is before
// all others.
func (rb *Rulebook) CheckNew(now time.Time) error {
	r := &reader{}
	f := field{value: rb.doc, r: r}
	for _, name := range PhaseNames() {
		window, _ := rb.Phases.Window(name)
		for key, at := range map[string]time.Time{"opens": window.Opens, "closes": window.Closes} {
			if !at.IsZero() && at.Before(now) {
				f.get("phases").get(name).get(key).fail("time_past", "{value} has passed", "value", at.In(rb.Location()).Format(time.DateTime))
			}
		}
	}
	for _, way := range f.get("voting").get("voters").all() {
		if way.text == WayOTP || way.text == WayOIDC {
			way.fail("way_unsupported", `this version cannot check voters by "{value}"`, "value", way.text)
		}
	}
	return r.result()
}

// Doubts tells what a rulebook may say, and mostly does not mean: weights of the
// composite that are written and do not sum to 1.
func (rb *Rulebook) Doubts() []fault.Field {
	r := &reader{}
	components := field{value: rb.doc, r: r}.get("composite").get("components")
	sum := new(big.Rat)
	for _, c := range rb.Composite.Components {
		sum.Add(sum, c.Weight.Rat())
	}
	written := slices.ContainsFunc(components.all(), func(c field) bool { return c.get("weight").has() })
	if written && sum.Cmp(big.NewRat(1, 1)) != 0 {
		text := sum.RatString()
		if digits, exact := sum.FloatPrec(); exact {
			text = sum.FloatString(digits)
		}
		components.fail("weights_sum", "the weights sum to {sum}, not to 1", "sum", text)
	}
	return r.flaws
}

// CheckCompute tells what computing a result needs that the rulebook does not
// have. The error is like Parse's.
func (rb *Rulebook) CheckCompute() error {
	r := &reader{}
	field{value: rb.doc, r: r}.get("composite").get("components").some("is empty")
	return r.result()
}

func (r *reader) result() error {
	if len(r.flaws) > 0 {
		return invalid(sorted(r.flaws)...)
	}
	return nil
}

func (rb *Rulebook) checkVoting(f field) {
	i := slices.IndexFunc(rb.Composite.Components, func(c Component) bool { return c.Source == SourceVotes })
	voting := f.get("voting")
	if i < 0 && !voting.has() {
		return
	}
	for _, key := range []string{"voters", "frequency", "picks", "counts"} {
		voting.get(key).require()
	}
	if i >= 0 && rb.Composite.Components[i].Per == PerConstituency {
		voting.get("constituency").require()
	}
}

func (rb *Rulebook) checkReview(f field) {
	panels := f.get("review").get("panels")
	for _, panel := range panels.all() {
		panel.get("jurors").require()
		for _, key := range []string{"min", "max"} {
			panel.get("scale").get(key).require()
		}
	}
}

// checkNotice asks for the days of each notice, and for the calendar of working days.
func (rb *Rulebook) checkNotice(f field) {
	runs := rb.Length()
	if slices.ContainsFunc(runs, func(n NoticeRun) bool { return n.WorkingDays+n.Days == 0 }) {
		f.get("working_days").require()
	}
	if slices.ContainsFunc(runs, func(n NoticeRun) bool { return n.Days == 0 }) {
		f.get("calendar").require()
	}
}
