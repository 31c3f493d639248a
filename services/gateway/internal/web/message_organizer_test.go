package web

import (
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/voting"
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
		"desk.file.":           append(fileNames(), suffixed(fileNames(), ".what")...),
		"desk.access.":         {"disable", "disable.hint", "enable", "enable.hint"},
		"desk.erased.": {
			"sign_ins", "audit_details", "withdrawn_entries", "refused_entries", "struck_candidates", "objections", "photos", "imports", "pictures", "roster_members",
		},
		"desk.try.convert.": {rulebook.ConvertNone, rulebook.ConvertProportional, rulebook.ConvertRank},
	}
}

// fileNames are those that can be taken at a desk.
func fileNames() []string { return append(spelled(gateway.Files()), voting.LeavesJob) }

func suffixed(words []string, end string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w + end
	}
	return out
}
