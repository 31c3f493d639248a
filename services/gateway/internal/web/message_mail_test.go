package web

import "github.com/laurel-awards/laurel/services/identity"

// mailFamilies are those of the pages of letters.
func mailFamilies() map[string][]string {
	var kinds, states, wordings []string
	for _, k := range identity.LetterKinds() {
		kinds = append(kinds, string(k))
	}
	for _, s := range identity.LetterStates() {
		states = append(states, string(s))
	}
	for _, k := range identity.WordingKinds() {
		wordings = append(wordings, string(k))
	}
	all := []string{string(identity.HoldMail), string(identity.ReleaseMail), string(identity.RetryMail)}
	return map[string][]string{
		"desk.mail.kind.":     kinds,
		"desk.mail.state.":    states,
		"desk.mail.fate.":     append([]string{"unknown", "sent.at", "withdrawn.at"}, states...),
		"desk.mail.all.":      all,
		"desk.mail.one.":      all,
		"desk.mail.done.":     all,
		"desk.wording.kind.":  wordings,
		"desk.wording.field.": {"Link", "Code", "By", "Slug", "Address"},
	}
}
