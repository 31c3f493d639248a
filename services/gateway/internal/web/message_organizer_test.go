package web

import (
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
)

// organizerFamilies are those of the pages on which a selection is run.
func organizerFamilies() map[string][]string {
	acts, codes := []string{"further", "return", "pin"}, []string{"codes", "mail", "replace"}
	var steps, forms []string
	for _, phase := range rulebook.PhaseNames() {
		steps = append(steps, phase+"."+event.Open, phase+"."+event.Close)
	}
	for _, f := range gateway.Forms() {
		forms = append(forms, string(f))
	}
	return map[string][]string{
		"desk.wait.":           app.Waits(),
		"desk.ground.":         {"declared", "entry", "employer", "recommended_by"},
		"desk.phase.does.":     steps,
		"desk.scored.":         acts,
		"desk.scored.does.":    acts,
		"desk.scored.done.":    acts,
		"desk.codes.":          codes,
		"desk.codes.does.":     codes,
		"desk.codes.form.":     forms,
		"desk.codes.language.": Languages(),
	}
}
