package page_test

import (
	"testing"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/selection"
)

// TestPages_look looks at each public page, while votes are taken and once the
// result is public.
func TestPages_look(t *testing.T) {
	h := newInstallation(t, courierRules(t), 12)
	address := serve(t, h, "").URL
	ctx := browser.Open(t)
	for name, path := range map[string]string{
		"start": "/", "ballot": "/s/" + slug, "ballot-search": "/s/" + slug + "?q=nobody", "candidate": "/s/" + slug + "/c/3",
		"rules": "/s/" + slug + "/rules", "results-before": "/s/" + slug + "/results", "receipt": "/s/" + slug + "/receipt",
		"statement": "/s/" + slug + "/statement", "forgot": "/forgot", "sent": "/forgot/sent", "claimed": "/claim/done", "unknown": "/s/unknown-selection",
	} {
		browser.Look(t, ctx, name, address+path)
	}
	h.set(rulebook.PhaseVoting, selection.Closed)
	h.set(rulebook.PhaseNotice, selection.Closed)
	h.publish()
	browser.Look(t, ctx, "results", address+"/s/"+slug+"/results")
	browser.Look(t, ctx, "ballot-after", address+"/s/"+slug)
}
