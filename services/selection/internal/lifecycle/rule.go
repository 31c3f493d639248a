package lifecycle

import (
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/selection"
)

// need is a phase that another one has to wait for.
type need struct {
	phase  string
	closed bool // else opened, perhaps closed again
}

// needs is the order of phases. Vetting may begin while entries still come in,
// and jurors may score while the public votes.
func needs(name, action string) []need {
	opened := func(name string) need { return need{name, false} }
	closed := func(name string) need { return need{name, true} }
	switch {
	case name == rulebook.PhaseVetting && action == event.Open:
		return []need{opened(rulebook.PhaseNomination)}
	case name == rulebook.PhaseVetting:
		return []need{closed(rulebook.PhaseNomination)}
	case action == event.Close:
		return nil
	}
	switch name {
	case rulebook.PhaseVoting:
		return []need{closed(rulebook.PhaseNomination), closed(rulebook.PhaseVetting)}
	case rulebook.PhaseReview:
		return []need{closed(rulebook.PhaseVetting)}
	case rulebook.PhaseDecision:
		return []need{closed(rulebook.PhaseVoting), closed(rulebook.PhaseReview)}
	case rulebook.PhaseNotice:
		return []need{closed(rulebook.PhaseDecision)}
	}
	return nil
}

// Order tells whether the action on the phase has been ordered already and, if
// not, what stands in its way, as ErrOutOfOrder. approved says that the
// committee has approved a result.
func (ps Phases) Order(name, action string, approved bool) (already bool, err error) {
	p, ok := ps.Phase(name)
	if !ok {
		return false, selection.ErrNoPhase.With("phase", name)
	}
	switch {
	case action == event.Open && p.Closed != nil:
		return false, refuse(p, obstacle{p, "opens_once", "it has been open once and does not open again"})
	case action == event.Open && p.Opened != nil, action == event.Close && p.Closed != nil:
		return true, nil
	case action == event.Close && !p.Opened.counts():
		return false, refuse(p, obstacle{p, "closes_after_opening", "{phase} closes after it is open"})
	}
	var obstacles []obstacle
	for _, n := range needs(name, action) {
		before, _ := ps.Phase(n.phase)
		if n.closed && !before.Closed.counts() {
			obstacles = append(obstacles, obstacle{before, action + "s_after_close", "{phase} " + action + "s after {before} is closed"})
		}
		if !n.closed && !before.Opened.counts() {
			obstacles = append(obstacles, obstacle{before, action + "s_after_open", "{phase} " + action + "s after {before} is open"})
		}
	}
	if len(obstacles) == 0 && name == rulebook.PhaseNotice && action == event.Open && !approved {
		decision, _ := ps.Phase(rulebook.PhaseDecision)
		obstacles = append(obstacles, obstacle{decision, "not_approved", "the committee has not approved a result"})
	}
	if len(obstacles) > 0 {
		return false, refuse(p, obstacles...)
	}
	return false, nil
}

// Publishable tells what stands in the way of publication, as ErrOutOfOrder.
// approved says that the committee has approved a result.
func (ps Phases) Publishable(approved bool) error {
	notice, _ := ps.Phase(rulebook.PhaseNotice)
	var obstacles []obstacle
	if !approved {
		decision, _ := ps.Phase(rulebook.PhaseDecision)
		obstacles = append(obstacles, obstacle{decision, "not_approved", "the committee has not approved a result"})
	}
	if !notice.Closed.counts() {
		obstacles = append(obstacles, obstacle{notice, "published_after_notice", "the result is published after the notice is closed"})
	}
	if len(obstacles) == 0 {
		return nil
	}
	return refuse(notice, obstacles...)
}

// obstacle is a phase that stands in the way.
type obstacle struct {
	Phase

	code string
	rule string // in words; {phase} waits for {before}
}

// field says the rule, and how far the phase in the way is: a code that ends in
// _waiting names the services that have not answered its change, too.
func (o obstacle) field(phase string) fault.Field {
	code, message := o.code, o.rule+"; {before} is {state}"
	params := []any{"phase", phase, "before", o.Name, "state", o.State()}
	if w := o.Waiting(); len(w) > 0 {
		code, message = code+"_waiting", message+", waiting for {waiting}"
		params = append(params, "waiting", strings.Join(w, ", "))
	}
	return fault.Wrong("phase", code, message, params...)
}

// refuse says everything that stands in the way of p: a field for each, the
// phases at fault and the services that they wait for.
func refuse(p Phase, obstacles ...obstacle) error {
	var by, waiting []string
	f := *selection.ErrOutOfOrder
	for _, o := range obstacles {
		f.Fields = append(f.Fields, o.field(p.Name))
		by, waiting = append(by, o.Name), append(waiting, o.Waiting()...)
	}
	f.Params = map[string]string{"phase": p.Name, "blocked_by": strings.Join(by, ",")}
	if len(waiting) > 0 {
		slices.Sort(waiting)
		f.Params["waiting_for"] = strings.Join(slices.Compact(waiting), ",")
	}
	return &f
}
