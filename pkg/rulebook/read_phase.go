package rulebook

import "time"

func (r *reader) phases(f field) Phases {
	f = f.mapping(PhaseNames()...)
	p := Phases{
		Nomination: r.window(f.get(PhaseNomination)),
		Vetting:    r.window(f.get(PhaseVetting)),
		Voting:     r.window(f.get(PhaseVoting)),
		Review:     r.window(f.get(PhaseReview)),
		Decision:   r.window(f.get(PhaseDecision)),
		Notice:     r.notice(f.get(PhaseNotice)),
	}
	r.phaseOrder(f, p)
	return p
}

func (r *reader) window(f field) Window {
	f = f.mapping("opens", "closes")
	w := Window{Opens: r.time(f.get("opens")), Closes: r.time(f.get("closes"))}
	if !w.Opens.IsZero() && !w.Closes.IsZero() && !w.Opens.Before(w.Closes) {
		f.get("closes").fail("closes_before_opening", "closes before it opens, or at once")
	}
	return w
}

// time reads RFC 3339, or a local time of the rulebook's timezone.
func (r *reader) time(f field) time.Time {
	s := f.words()
	f.note(KindTime)
	if s == "" {
		return time.Time{}
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.In(r.location)
	}
	wall, ok := wallTime(s)
	if !ok {
		f.fail("time_malformed", `"{value}" is not a time such as 2026-05-01 09:00 or 2026-05-01T09:00:00+08:00`, "value", escaped(s))
		return time.Time{}
	}
	switch at := instants(wall, r.location); len(at) {
	case 0:
		f.fail("time_skipped", `"{value}" does not exist in {timezone}: clocks are put forward then`, "value", s, "timezone", r.location)
		return time.Time{}
	case 1:
		return at[0]
	default:
		f.fail("time_twice", `"{value}" comes twice in {timezone}, where clocks are put back then: write {first} or {second}`, "value", s,
			"timezone", r.location, "first", at[0].Format(time.RFC3339), "second", at[len(at)-1].Format(time.RFC3339))
		return time.Time{}
	}
}

// phaseOrder checks the dates against the order of phases. Vetting may begin
// while nominations are open, and voting and review may run side by side; every
// other phase waits for the close of those before it.
func (r *reader) phaseOrder(f field, p Phases) {
	names := PhaseNames()[:5] // the notice has no dates
	overlap := map[string]string{PhaseVetting: PhaseNomination, PhaseReview: PhaseVoting}
	for i, later := range names {
		after, _ := p.Window(later)
		for _, earlier := range names[:i] {
			before, _ := p.Window(earlier)
			opens, closes := f.get(later).get("opens"), f.get(later).get("closes")
			switch {
			case precedes(after.Closes, before.Closes):
				closes.fail("closes_too_early", "{phase} closes before {earlier} does", "phase", later, "earlier", earlier)
			case precedes(after.Opens, before.Opens):
				opens.fail("opens_too_early", "{phase} opens before {earlier} does", "phase", later, "earlier", earlier)
			case overlap[later] != earlier && precedes(after.Opens, before.Closes):
				opens.fail("opens_before_close", "{phase} opens before {earlier} closes", "phase", later, "earlier", earlier)
			}
		}
	}
}

// precedes tells whether both times are dated and the first is earlier.
func precedes(a, b time.Time) bool { return !a.IsZero() && !b.IsZero() && a.Before(b) }
