package rulebook

import "time"

// The phases of a selection, in order.
const (
	PhaseNomination = "nomination"
	PhaseVetting    = "vetting"
	PhaseVoting     = "voting"
	PhaseReview     = "review"
	PhaseDecision   = "decision"
	PhaseNotice     = "notice"
)

// PhaseNames are the phases in order.
func PhaseNames() []string {
	return []string{PhaseNomination, PhaseVetting, PhaseVoting, PhaseReview, PhaseDecision, PhaseNotice}
}

// Phases is when each phase is open.
type Phases struct {
	Nomination Window
	Vetting    Window
	Voting     Window
	Review     Window
	Decision   Window
	Notice     Notice
}

// Window is when a phase opens and closes; a zero time means by hand. Times
// carry the rulebook's timezone.
type Window struct {
	Opens  time.Time
	Closes time.Time
}

// Window returns the dated phase of that name; the notice has none, its end
// follows from its working days.
func (p Phases) Window(name string) (Window, bool) {
	switch name {
	case PhaseNomination:
		return p.Nomination, true
	case PhaseVetting:
		return p.Vetting, true
	case PhaseVoting:
		return p.Voting, true
	case PhaseReview:
		return p.Review, true
	case PhaseDecision:
		return p.Decision, true
	}
	return Window{}, false
}

// Location is the rulebook's timezone; UTC where it names none.
func (rb *Rulebook) Location() *time.Location {
	if rb.location == nil {
		return time.UTC
	}
	return rb.location
}
