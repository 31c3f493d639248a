package gateway

import (
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// PhaseStep is one change of a phase.
type PhaseStep struct {
	Phase    string             `json:"phase" doc:"{phases}"`
	Action   string             `json:"action" doc:"open or close"`
	Ready    bool               `json:"ready" doc:"It may be ordered now, as far as the phases before are"`
	Ordered  *selection.Ordered `json:"ordered,omitempty" doc:"Absent: it has not been"`
	Code     string             `json:"code,omitempty" doc:"What the order would be refused for now"`
	Because  []string           `json:"because,omitempty" doc:"The same in words, one for each obstacle"`
	ClosesAt *time.Time         `json:"closes_at,omitempty" doc:"Of an opening that is ready: when the clock would close the phase"`
}

// PhaseSteps are those of a plan.
func PhaseSteps(plan selection.Plan) []PhaseStep {
	steps := make([]PhaseStep, len(plan.Steps))
	for i, s := range plan.Steps {
		steps[i] = PhaseStep{Phase: s.Phase, Action: s.Action, Ready: s.Ready(), Ordered: s.Ordered, ClosesAt: s.ClosesAt}
		steps[i].Code, steps[i].Because = because(s.Refused)
	}
	return steps
}

// because tells what something would be refused for; nil: for nothing.
func because(refused *fault.Error) (code string, texts []string) {
	if refused == nil {
		return "", nil
	}
	for _, f := range refused.Fields {
		texts = append(texts, f.Message)
	}
	return refused.Code, texts
}

// Preview is what publication would make public now.
type Preview struct {
	Results *selection.Results `json:"results,omitempty" doc:"Dated now; absent: no approved result has arrived"`
	Code    string             `json:"code,omitempty" doc:"What publication would be refused for now"`
	Because []string           `json:"because,omitempty" doc:"The same in words, one for each obstacle"`
}

// PreviewOf is that of a selection.
func PreviewOf(p selection.Preview) Preview {
	out := Preview{Results: p.Results}
	out.Code, out.Because = because(p.Refused)
	return out
}

// Gap is what keeps a panel's scores from being whole.
type Gap struct {
	Panel      string `json:"panel"`
	Juror      string `json:"juror,omitempty" doc:"Name of who has yet to submit sheets"`
	Candidates []int  `json:"candidates,omitempty" doc:"Of these sheets"`
	Gap        string `json:"gap" doc:"In words; of a juror the first sheet"`
}

// Gaps are those of a selection.
func Gaps(found []review.Gap) []Gap {
	gaps := make([]Gap, len(found))
	for i, g := range found {
		gaps[i] = Gap{Panel: g.Panel, Juror: g.Juror, Candidates: g.Candidates, Gap: g.What.Message}
	}
	return gaps
}
