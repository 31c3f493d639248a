package desk

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

func (d *desk) mountChecks() {
	const at = of + "/checks"
	d.section(app.CheckTally, "checks", "desk.checks", d.checks)
	d.form(app.CheckTally, at, "recount", d.recount)
	d.form(app.CheckTally, at, "cancel", d.cancelRecount)
	d.page(app.ReadDeliveries, at+"/deliveries", d.deliveries)
	d.page(app.ReadErasures, at+"/erasures", d.erasures)
	d.page(app.ExportFile, at+"/files/:file", d.file)
}

// checksPage is everything that somebody can check, each with what it means.
type checksPage struct {
	Recount    recountView
	Log        *logView // nil: there is none
	Files      []fileView
	Deliveries string // addresses; empty: not for the reader
	Erasures   string
	Audit      string
}

// recountView is the check of the ballots: what the last one found, and the one
// that is at work.
type recountView struct {
	Form      *Form
	At        *web.Moment // of the last that came to its end
	Ballots   int64
	Sequenced int64
	Problems  []string
	Running   bool
	Percent   int
	Failed    Text // why the last one did not come to its end
}

// logView is the ballot log as it is signed.
type logView struct {
	Size         int64
	Checkpoint   string
	ToCheckpoint string
	ToKey        string
}

// fileView is a file that can be taken.
type fileView struct {
	Name, What string
	Href       string // empty: not yet
	Later      string // from when on
}

func (d *desk) checks(c echo.Context, at *place) error {
	return d.showChecks(c, at, http.StatusOK, &Form{})
}

func (d *desk) showChecks(c echo.Context, at *place, status int, form *Form) error {
	ctx := c.Request().Context()
	data := checksPage{Deliveries: at.Path("checks", "deliveries"), Erasures: at.Path("checks", "erasures"), Audit: d.to(at, "audit")}
	data.Recount = recountView{Form: form}
	found, err := d.app.CheckTally(ctx, at.Slug)
	switch {
	case errors.Is(err, voting.ErrNoCheck):
		if code := fault.From(err).Params["code"]; code != "" {
			data.Recount.Failed = at.Fault(&fault.Error{Code: code, Message: code})
		}
	case err != nil && fault.From(err).Kind != fault.Unavailable:
		return err
	case err == nil:
		data.Recount.fill(at, found)
	}
	if data.Recount.Running {
		c.Response().Header().Set("Refresh", refresh)
	}
	if head, err := d.app.Checkpoint(ctx, at.Slug); err == nil {
		api := "/api/v1/selections/" + at.Slug + "/log/"
		data.Log = &logView{Size: head.Size, Checkpoint: head.Checkpoint, ToCheckpoint: api + "checkpoint", ToKey: api + "key"}
	}
	data.Files = files(at)
	return d.render(c, at, web.Page{Name: "checks", Status: status, Title: at.T("desk.checks"), Data: data})
}

func (v *recountView) fill(at *place, found gateway.Check) {
	if !found.At.IsZero() {
		v.At = new(at.moment(found.At))
		v.Ballots, v.Sequenced, v.Problems = found.Ballots, found.Sequenced, found.Problems
	}
	if j := found.Job; j != nil {
		v.Running = j.EndedAt == nil && (j.State == job.Queued || j.State == job.Running)
		v.Percent = percentOf(j.Done, j.Total)
		if !v.Running && j.Code != "" {
			v.Failed = at.Fault(&fault.Error{Code: j.Code, Message: j.Message})
		}
	}
}

// percentOf is how much of a whole a part is; of nothing it is 0.
func percentOf[N int | int64](part, whole N) int {
	if whole <= 0 {
		return 0
	}
	return int(100 * part / whole)
}

// fileNames are those that can be taken: what `laurel compute` reads, and the lines
// of the ballot log.
func fileNames() []string {
	var names []string
	for _, f := range gateway.Files() {
		names = append(names, string(f))
	}
	return append(names, voting.LeavesJob)
}

// files says of each when it can be taken.
func files(at *place) (all []fileView) {
	for _, name := range fileNames() {
		f := fileView{Name: at.T("desk.file." + name), What: at.T("desk.file." + name + ".what"), Href: at.Path("checks", "files", name)}
		phase := rulebook.PhaseVoting
		switch name {
		case string(gateway.FileCandidates):
			phase = ""
		case string(gateway.FileScores), string(gateway.FileAwards):
			phase = rulebook.PhaseReview
		}
		if phase != "" && at.Selection.Phase(phase).State != selection.Closed {
			f.Href, f.Later = "", at.T("desk.file.later", "phase", at.T("phase."+phase))
		}
		all = append(all, f)
	}
	return all
}

func (d *desk) recount(c echo.Context, at *place, typed url.Values) error {
	_, err := d.app.OrderCheck(c.Request().Context(), at.Slug)
	return d.recounted(c, at, typed, err, "desk.recount.ordered")
}

func (d *desk) cancelRecount(c echo.Context, at *place, typed url.Values) error {
	_, err := d.app.CancelCheck(c.Request().Context(), at.Slug)
	return d.recounted(c, at, typed, err, "desk.recount.cancelled")
}

func (d *desk) recounted(c echo.Context, at *place, typed url.Values, err error, said string) error {
	if err == nil {
		return d.done(c, at.Path("checks")+"#recount", at.T(said), nil)
	}
	form := &Form{}
	return d.again(c, at, form, typed, err, func(status int) error { return d.showChecks(c, at, status, form) })
}

// file sends a file, or says how far the work is that makes it.
func (d *desk) file(c echo.Context, at *place) error {
	ctx, name := c.Request().Context(), c.Param("file")
	if c.Request().Method == http.MethodHead { // the file is not made, nor is it recorded that somebody took it
		return c.NoContent(http.StatusOK)
	}
	media, ext := "text/csv; charset=utf-8", ".csv"
	take := func() (app.File, error) { return d.app.Export(ctx, at.Slug, gateway.File(name)) }
	switch {
	case name == voting.LeavesJob:
		media, ext = "text/plain; charset=utf-8", ".txt"
		take = func() (app.File, error) { return d.app.Leaves(ctx, at.Slug) }
	case !slices.Contains(fileNames(), name):
		return echo.ErrNotFound
	}
	file, err := take()
	if err != nil {
		return err
	}
	if file.Job != nil {
		c.Response().Header().Set("Refresh", refresh)
		return d.render(c, at, web.Page{Name: "file", Title: at.T("desk.file." + name), Data: filePage{at.Path("checks"), percentOf(file.Job.Done, file.Job.Total)}})
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, media)
	h.Set(echo.HeaderContentDisposition, `attachment; filename="`+at.Slug+"-"+name+ext+`"`)
	if err := file.Send(c.Response(), http.NewResponseController(c.Response().Writer)); err != nil {
		d.Log.WarnContext(ctx, "file broken off", "slug", at.Slug, "what", name, "error", err)
	}
	return nil
}

// filePage waits for a file that is being made.
type filePage struct {
	Back    string
	Percent int
}

// deliveriesPage tells whether every event reached everyone it concerns.
type deliveriesPage struct {
	Complete bool
	Problems []string
	Rows     []deliveryRow
	Back     string
}

type deliveryRow struct {
	Service                string
	Sent, Unsent, Received int
}

func (d *desk) deliveries(c echo.Context, at *place) error {
	report, err := d.app.Deliveries(c.Request().Context(), at.Slug)
	if err != nil {
		return err
	}
	data := deliveriesPage{Complete: report.Complete, Problems: report.Problems, Back: at.Path("checks")}
	for _, s := range report.Services {
		row := deliveryRow{Service: s.Service}
		for _, o := range s.Outbox {
			row.Sent += int(o.Events)
			row.Unsent += int(o.Unsent)
		}
		for _, i := range s.Inbox {
			row.Received += int(i.Events)
		}
		data.Rows = append(data.Rows, row)
	}
	return d.render(c, at, web.Page{Name: "deliveries", Title: at.T("desk.deliveries"), Data: data})
}

// erasuresPage lists what was erased because its time was over.
type erasuresPage struct {
	Rows           []erasureRow
	Zone           string
	Back, BackText string
}

type erasureRow struct {
	At      web.Moment
	What    string
	Count   int
	Service string
}

func (d *desk) erasures(c echo.Context, at *place) error {
	found, err := d.app.Erasures(c.Request().Context(), at.Slug)
	if err != nil {
		return err
	}
	return d.render(c, at, web.Page{
		Name: "erasures", Title: at.T("desk.erasures"), Data: at.erasures(found, at.Path("checks"), at.T("desk.checks"), at.Selection.Timezone),
	})
}

func (at *place) erasures(found []gateway.Erasure, back, backText, timezone string) erasuresPage {
	zone := web.Location(timezone)
	data := erasuresPage{Back: back, BackText: backText, Zone: timezone}
	for _, e := range found {
		data.Rows = append(data.Rows, erasureRow{At: at.Moment(e.At, zone), What: at.erased(e.Kind), Count: e.Count, Service: e.Service})
	}
	return data
}

// erased names a kind of data.
func (at *place) erased(kind string) string {
	if key := "desk.erased." + kind; at.Has(key) {
		return at.T(key)
	}
	return strings.ReplaceAll(kind, "_", " ") // of a later version
}

// fillingPage tells whether every award can be filled.
type fillingPage struct {
	Seats, Candidates int
	Known             bool // the candidates can be looked at
	Unmet, Idle       []Text
	Back              string
}

func (d *desk) filling(c echo.Context, at *place) error {
	data := fillingPage{Back: at.Path("entries")}
	if at.Selection.FrozenAt != nil { // before, there are no entries
		found, err := d.app.Seats(c.Request().Context(), at.Slug)
		if err != nil {
			return err
		}
		data.Known, data.Seats, data.Candidates = true, found.Seats, found.Candidates
		for _, u := range found.Unmet {
			data.Unmet = append(data.Unmet, at.Field(fault.Field{Name: u.Field, Code: u.Code, Params: u.Params, Message: u.Message}))
		}
		for _, u := range found.Idle {
			data.Idle = append(data.Idle, at.Field(fault.Field{Name: u.Field, Code: u.Code, Params: u.Params, Message: u.Message}))
		}
	}
	return d.render(c, at, web.Page{Name: "entry-seats", Title: at.T("desk.filling"), Data: data})
}
