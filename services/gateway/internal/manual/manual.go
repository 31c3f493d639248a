// Package manual is the description of the API as pages, for people: made by the
// server from the same document as /api/openapi.json, with nothing from elsewhere.
package manual

import (
	"embed"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

//go:embed template
var templateFiles embed.FS

const root = "/api/docs"

// manual is the pages. What they tell does not change while the program runs.
type manual struct {
	*web.Site

	views    web.Views
	chapters []chapter
}

// Mount adds the pages to e.
func Mount(e *echo.Echo, site *web.Site, doc *huma.OpenAPI) {
	m := &manual{Site: site, views: site.Views(templateFiles), chapters: chapters(doc)}
	web.Get(e, app.ReadDescription, root, m.contents, m.Middleware()...)
	web.Get(e, app.ReadDescription, root+"/:chapter", m.chapter, m.Middleware()...)
}

type contentsPage struct {
	Chapters []chapter
	Address  string // of the installation
}

func (m *manual) contents(c echo.Context) error {
	return m.Render(c, m.views, web.Page{
		Name: "contents", Title: m.views.View(c).T("manual.title"), Address: root, Data: contentsPage{m.chapters, m.Address(c)},
	})
}

type chapterPage struct {
	Chapters []chapter // all, for the way to the others
	This     chapter
	Address  string
}

func (m *manual) chapter(c echo.Context) error {
	for _, one := range m.chapters {
		if one.ID == c.Param("chapter") {
			return m.Render(c, m.views, web.Page{
				Name: "chapter", Title: one.Title, Address: root + "/" + one.ID, Data: chapterPage{m.chapters, one, m.Address(c)},
			})
		}
	}
	return echo.NewHTTPError(http.StatusNotFound)
}
