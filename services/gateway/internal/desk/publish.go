package desk

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/outcome"
	"github.com/laurel-awards/laurel/services/gateway/internal/rule"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
)

func (d *desk) mountPublish() {
	d.section(app.PublishResult, "publish", "desk.publish", d.publishing)
	d.form(app.PublishResult, of+"/publish", "send", d.publish, "reason")
}

// publishPage is what the public will see, and one form that has it seen.
type publishPage struct {
	Outcome *outcome.Outcome // nil: there is none yet
	Public  *web.Moment      // since when it is public
	Address string           // of the public page
	Why     []missing        // what stands in the way
	Ends    *web.Moment      // of the notice
	Form    *Form            // nil: it cannot be published
}

func publishForm(at *place) *Form {
	return &Form{Action: at.Path("publish", "send"), Button: at.T("desk.publish.send"), Fields: []Field{
		at.reason("desk.publish.reason.hint"),
	}}
}

func (d *desk) publishing(c echo.Context, at *place) error {
	return d.showPublishing(c, at, http.StatusOK, publishForm(at))
}

func (d *desk) showPublishing(c echo.Context, at *place, status int, form *Form) error {
	ctx := c.Request().Context()
	preview, err := d.app.PreviewResults(ctx, at.Slug)
	if err != nil {
		return err
	}
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return err
	}
	data := publishPage{Address: "/s/" + at.Slug + "/results", Why: d.inTheWay(at, preview.Refused)}
	if notice := at.Selection.Phase(rulebook.PhaseNotice); notice.ClosesAt != nil && notice.State == selection.Opened {
		data.Ends = new(at.moment(*notice.ClosesAt))
	}
	if preview.Results != nil {
		list, err := d.app.Candidates(ctx, at.Slug)
		if err != nil { // their photos can be missed
			d.Log.WarnContext(ctx, "no candidates for the preview", "slug", at.Slug, "error", err)
		}
		data.Outcome = new(d.teller(at, rules, preview.Results.Ranking, list).Outcome(*preview.Results))
	}
	switch {
	case at.Selection.PublishedAt != nil:
		data.Public = new(at.moment(*at.Selection.PublishedAt))
	case preview.Refused == nil || form.Faulty():
		data.Form = form
	}
	return d.render(c, at, web.Page{Name: "publish", Status: status, Title: at.T("desk.publish"), Data: data})
}

// teller tells of a result at the desk.
func (d *desk) teller(at *place, rules *rulebook.Rulebook, ranking []selection.RankedCandidate, list []nomination.Candidate) *outcome.Teller {
	return outcome.Tell(rule.New(at.Printer, rules, d.Now()), at.Slug, web.Location(at.Selection.Timezone), ranking, list)
}

// inTheWay says everything that publication would be refused for, and leads to
// where it is done.
func (d *desk) inTheWay(at *place, refused *fault.Error) (all []missing) {
	if refused == nil {
		return nil
	}
	for _, text := range at.why(refused) {
		all = append(all, missing{Text: text, Href: d.to(at, "phases")})
	}
	return all
}

func (d *desk) publish(c echo.Context, at *place, typed url.Values) error {
	_, err := d.app.PublishResult(c.Request().Context(), selection.PublishResult{Slug: at.Slug, Reason: typed.Get("reason")})
	if err == nil {
		return d.done(c, at.Path("publish"), at.T("desk.publish.done"), nil)
	}
	if known := fault.From(err); known.Code == selection.ErrOutOfOrder.Code { // the page says what stands in the way
		bare := *known
		bare.Fields = nil
		err = &bare
	}
	form := publishForm(at)
	return d.again(c, at, form, typed, err, func(status int) error { return d.showPublishing(c, at, status, form) })
}
