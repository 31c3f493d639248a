package desk

import (
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// sectionOrder is that of the navigation: own work first, then what runs the
// selection, then what watches over it.
var sectionOrder = []string{
	"", "vetting", "sheets", "meeting", "sign",
	"entries", "import", "photos", "phases", "people", "mail", "roster", "panels", "result", "objections", "publish",
	"rulebook", "checks", "audit",
}

// place is where somebody sits: what every page knows.
type place struct {
	app.Seat
	web.Printer

	Slug    string // empty: of no selection
	Title   string // of the selection
	Section string
	Nav     []link
	Note    *note
}

// link leads to a page.
type link struct {
	Href, Text string
	Current    bool
}

// place makes that of a request.
func (d *desk) place(c echo.Context, seat app.Seat) *place {
	at := &place{Seat: seat, Printer: d.views.View(c).Printer, Slug: seat.Selection.Slug}
	if at.Slug == "" {
		return at
	}
	at.Title = at.Words(seat.Selection.Title)
	at.Section, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimPrefix(c.Path(), of), "/"), "/")
	for _, name := range sectionOrder {
		if s, there := d.sections[name]; there && seat.Can(s.act) {
			at.Nav = append(at.Nav, link{Href: at.Path(name), Text: at.T(s.title), Current: name == at.Section})
		}
	}
	return at
}

// Path is the address of a section of the selection, or of what stands under it.
func (at *place) Path(parts ...string) string {
	parts = slices.DeleteFunc(slices.Clone(parts), func(p string) bool { return p == "" })
	return strings.Join(append([]string{root, "s", at.Slug}, parts...), "/")
}

// moment shows a time in the selection's timezone.
func (at *place) moment(t time.Time) web.Moment {
	return at.Moment(t, web.Location(at.Selection.Timezone))
}
