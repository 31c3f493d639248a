package desk

import (
	"embed"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/selection"
)

//go:embed template
var templateFiles embed.FS

// root is the address of the first desk page; of is that of a selection's.
const (
	root = "/desk"
	of   = root + "/s/:slug"
)

// desk is what the handlers share.
type desk struct {
	*web.Site

	echo     *echo.Echo
	app      *app.App
	views    web.Views
	sections map[string]section // those of a selection, by name
}

// section is a page of a selection that stands in its navigation.
type section struct {
	act   app.Act
	title string // key of its text
}

// Mount adds the desks to e.
func Mount(e *echo.Echo, site *web.Site, core *app.App) {
	d := &desk{Site: site, echo: e, app: core, views: site.Views(templateFiles), sections: map[string]section{}}
	d.mountSession()
	d.mountHome()
	d.mountAccount()
	d.mountFactors()
	d.mountSetup()
	d.mountOperators()
	d.mountInstallation()
	d.mountPeople()
	d.mountMail()
	d.mountNew()
	d.mountEntries()
	d.mountImport()
	d.mountPhotos()
	d.mountMeeting()
	d.mountSign()
	d.mountAudit()
	d.mountPhases()
	d.mountPanels()
	d.mountRoster()
	d.mountVetting()
	d.mountSheets()
	d.mountStrike()
	d.mountResult()
	d.mountSearch()
	d.mountPublish()
	d.mountObjections()
	d.mountChecks()
}

// handler answers a request of whoever is at a desk.
type handler func(c echo.Context, at *place) error

// sent answers a form. Its texts are fault.Plain.
type sent func(c echo.Context, at *place, form url.Values) error

// section mounts a page of a selection that stands in its navigation, under the
// text of a key; the empty name is that of the first.
func (d *desk) section(act app.Act, name, title string, h handler) {
	d.sections[name] = section{act, title}
	d.page(act, path(of, name), h)
}

// page mounts what is read, at a whole path.
func (d *desk) page(act app.Act, path string, h handler) {
	web.Get(d.echo, act, path, d.seated(act, h), d.through()...)
}

// form mounts a form that stands on the page at a path. The fields that are named
// in lines may have several lines.
func (d *desk) form(act app.Act, path, name string, h sent, lines ...string) {
	d.formUpTo(web.MaxForm, act, path, name, h, lines...)
}

// formUpTo is form for what may be larger than other forms.
func (d *desk) formUpTo(limit string, act app.Act, path, name string, h sent, lines ...string) {
	answer := func(c echo.Context, at *place) error {
		form, err := web.Form(c, lines...)
		if err != nil {
			return err
		}
		return h(c, at, form)
	}
	web.Post(d.echo, act, path, name, d.seated(act, answer), d.throughUpTo(limit)...)
}

// through is what desk pages go through: nothing of them is kept by caches, nor
// by the browser after signing out.
func (d *desk) through() []echo.MiddlewareFunc { return d.throughUpTo(web.MaxForm) }

// throughUpTo is through for bodies of so many bytes.
func (d *desk) throughUpTo(limit string) []echo.MiddlewareFunc {
	return append(slices.Clip(d.Taking(limit)), notKept)
}

func notKept(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "no-store")
		return next(c)
	}
}

// seated has a handler answer whoever may do the act. Others are asked to sign
// in, before what they sent is read.
func (d *desk) seated(act app.Act, h handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		slug := c.Param("slug")
		if slug != "" && !event.ValidSlug(slug) {
			return selection.ErrUnknown
		}
		seat, err := d.app.Seat(c.Request().Context(), act, slug)
		if err != nil && fault.From(err).Kind == fault.Unauthorized {
			return d.ended(c)
		}
		if errors.Is(err, app.ErrFactorMissing) && c.Request().Method != http.MethodPost {
			return c.Redirect(http.StatusSeeOther, accountPath)
		}
		if err != nil {
			return err
		}
		return h(c, d.place(c, seat))
	}
}

// path joins an address and a name, which may be empty.
func path(base, name string) string {
	if name == "" {
		return base
	}
	return base + "/" + name
}

// render writes a page: where no status is said, of a form that was read.
func (d *desk) render(c echo.Context, at *place, pg web.Page) error {
	if pg.Address == "" {
		r := c.Request()
		pg.Address = r.URL.RequestURI()
		if r.Method == http.MethodPost {
			pg.Address = web.FormPage(c)
		}
	}
	at.Note = d.said(c)
	pg.Selection = at
	return d.Render(c, d.views, pg)
}
