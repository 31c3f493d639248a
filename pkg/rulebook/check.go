package rulebook

import "slices"

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
	for _, key := range []string{"working_days", "calendar"} {
		f.get("phases").get(PhaseNotice).get(key).require()
	}
	for _, key := range []string{"quorum", "approve", "ballot"} {
		f.get("decision").get(key).require()
	}
	f.get("composite").get("components").some("is empty")
	rb.checkVoting(f)
	rb.checkReview(f)
	return r.result()
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
