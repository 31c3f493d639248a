package desk

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// actsAtOnce is how many acts a page of the log has.
const actsAtOnce = 50

func (d *desk) mountAudit() {
	d.section(app.ReadAudit, "audit", "desk.audit", d.audit)
	d.page(app.ReadAudit, of+"/audit/export", d.exportAudit)
}

// auditPage is a page of the log.
type auditPage struct {
	Filters  []Field
	Filtered bool
	Rows     []actRow
	Later    string // address of the acts before these; empty: there are none
	First    string // address of the first page; empty: this is it
	Export   string
	Zone     string
}

type actRow struct {
	At                                 web.Moment
	Name, Service, Act, Reason, Detail string
	Says                               string // the act in words
	Person, Same                       string // addresses: all of this person, all of this act
}

// dayLayout is that of <input type="date">.
const dayLayout = time.DateOnly

// searchOf reads what the address asks for. A day that is none asks for nothing.
func searchOf(c echo.Context, at *place) audit.Search {
	find := audit.Search{Text: c.QueryParam("q"), Person: c.QueryParam("person"), Act: c.QueryParam("act")}
	zone := web.Location(at.Selection.Timezone)
	if day, err := time.ParseInLocation(dayLayout, c.QueryParam("from"), zone); err == nil {
		find.From = &day
	}
	if day, err := time.ParseInLocation(dayLayout, c.QueryParam("to"), zone); err == nil {
		day = day.AddDate(0, 0, 1) // the day itself is meant, too
		find.To = &day
	}
	return find
}

func (d *desk) audit(c echo.Context, at *place) error {
	find := searchOf(c, at)
	acts, next, err := d.app.FindAudit(c.Request().Context(), at.Slug, find, c.QueryParam("after"), actsAtOnce)
	if err != nil {
		return err
	}
	now := d.Now()
	data := auditPage{
		Filtered: find != audit.Search{}, Export: at.Path("audit", "export"), Zone: web.Zone(web.Location(at.Selection.Timezone), now),
		Filters: []Field{
			{Name: "q", Kind: "search", Label: at.T("desk.audit.text"), Value: find.Text, Max: 200, Optional: true},
			{Name: "person", Label: at.T("desk.audit.person"), Value: find.Person, Max: 200, Optional: true},
			{Name: "act", Kind: "select", Label: at.T("desk.audit.act"), Value: find.Act, Options: actOptions(at, acts, find.Act), Optional: true},
			{Name: "from", Kind: "date", Label: at.T("desk.audit.from"), Value: day(find.From, 0), Optional: true},
			{Name: "to", Kind: "date", Label: at.T("desk.audit.to"), Value: day(find.To, -1), Optional: true},
		},
	}
	query := url.Values{}
	for _, f := range data.Filters {
		if f.Value != "" {
			query.Set(f.Name, f.Value)
		}
	}
	if len(query) > 0 {
		data.Export += "?" + query.Encode()
	}
	if next != "" {
		data.Later = address(c, "after", next)
	}
	if c.QueryParam("after") != "" {
		data.First = address(c, "after", "")
	}
	only := func(name, value string) string { return at.Path("audit") + "?" + url.Values{name: {value}}.Encode() }
	for _, e := range acts {
		row := actRow{
			At: at.Precise(e.At, web.Location(at.Selection.Timezone)), Name: e.Name, Service: e.Service, Act: e.Act, Says: at.act(e.Act), Reason: e.Reason,
			Same: only("act", e.Act),
		}
		if detail := string(e.Detail); detail != "null" && detail != "{}" {
			row.Detail = detail
		}
		if e.Actor != "" {
			row.Person = only("person", e.Actor)
		}
		if row.Name == "" {
			row.Name = at.T("desk.audit.nobody")
		}
		data.Rows = append(data.Rows, row)
	}
	return d.render(c, at, web.Page{Name: "audit", Title: at.T("desk.audit"), Data: data})
}

// act says what was done; what this version does not know keeps its code.
func (at *place) act(code string) string {
	if key := "desk.act." + code; at.Has(key) {
		return at.T(key)
	}
	return code
}

// actOptions are the acts on a page, and the one that is asked for.
func actOptions(at *place, acts []gateway.Act, asked string) []Option {
	out := []Option{{Text: at.T("desk.entries.all")}}
	add := func(code string) {
		if code != "" && !slices.ContainsFunc(out, func(o Option) bool { return o.Value == code }) {
			out = append(out, Option{Value: code, Text: at.act(code)})
		}
	}
	add(asked)
	for _, one := range acts {
		add(one.Act)
	}
	slices.SortFunc(out[1:], func(a, b Option) int { return strings.Compare(a.Text, b.Text) })
	return out
}

// day is what a date field shows of a time, so many days later.
func day(t *time.Time, later int) string {
	if t == nil {
		return ""
	}
	return t.AddDate(0, 0, later).Format(dayLayout)
}

func (d *desk) exportAudit(c echo.Context, at *place) error {
	data, err := d.app.ExportAudit(c.Request().Context(), at.Slug, searchOf(c, at))
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="audit-`+at.Slug+`.csv"`)
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", data)
}
