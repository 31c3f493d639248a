package page_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

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
	h.photographed(t)
	for name, path := range map[string]string{
		"ballot-full":      "/s/" + slug + "?pick=1&pick=2&pick=3&pick=4&pick=5&pick=6&pick=7&pick=8&pick=9&pick=10",
		"review":           "/s/" + slug + "/review?pick=3&pick=1&pick=7",
		"candidate-picked": "/s/" + slug + "/c/3?pick=3&pick=5",
		"start":            "/", "ballot": "/s/" + slug, "ballot-search": "/s/" + slug + "?q=nobody", "candidate": "/s/" + slug + "/c/3",
		"rules": "/s/" + slug + "/rules", "results-before": "/s/" + slug + "/results", "receipt": "/s/" + slug + "/receipt",
		"statement": "/s/" + slug + "/statement", "forgot": "/forgot", "sent": "/forgot/sent", "claimed": "/claim/done", "unknown": "/s/unknown-selection",
	} {
		browser.Look(t, ctx, name, address+path)
	}
	browser.Run(t, ctx, "vote", chromedp.Navigate(address+"/s/"+slug+"/review?pick=3&pick=1"), thumb(".cast-row .button"),
		chromedp.WaitVisible(chromedp.CSS(".ticket")))
	for name, path := range map[string]string{"voted": "/voted", "ballot-voted": "", "receipt-found": "/receipt", "candidate-voted": "/c/3"} {
		browser.Look(t, ctx, name, address+"/s/"+slug+path)
	}
	opens := h.now.Add(24 * time.Hour)
	h.phase(rulebook.PhaseVoting, func(p *selection.Phase) { p.State, p.OpenedAt, p.OpensAt = selection.Pending, nil, &opens })
	browser.Look(t, ctx, "ballot-before", address+"/s/"+slug)
	h.set(rulebook.PhaseVoting, selection.Pending)
	h.set(rulebook.PhaseNomination, selection.Opened)
	browser.Look(t, ctx, "nominate", address+"/s/"+slug+"/nominate")
	browser.Look(t, ctx, "nominate-start", address+"/s/"+slug)
	h.set(rulebook.PhaseNomination, selection.Closed)
	browser.Look(t, ctx, "nominate-closed", address+"/s/"+slug+"/nominate")
	h.set(rulebook.PhaseVoting, selection.Closed)
	h.set(rulebook.PhaseNotice, selection.Closed)
	h.publish()
	browser.Look(t, ctx, "results", address+"/s/"+slug+"/results")
	browser.Look(t, ctx, "ballot-after", address+"/s/"+slug)
}
