package page

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

//go:embed template
var templateFiles embed.FS

// views are the parsed templates by language and page.
type views map[string]view

// view is one language's texts and pages.
type view struct {
	printer
	pages map[string]*template.Template
}

// loadViews parses every page for every language: texts are looked up by the
// template itself, so that no handler carries them about.
func loadViews(a assets) views {
	all := views{}
	for _, lang := range languages() {
		v := view{printer: loadPrinter(lang), pages: map[string]*template.Template{}}
		base := template.New("").Funcs(template.FuncMap{
			"t": v.T, "n": func(key string, n any, args ...any) (string, error) {
				i, err := whole(n)
				return v.N(key, i, args...), err
			},
			"asset": a.path,
			"num": func(n any) (string, error) {
				i, err := whole(n)
				return grouped(i), err
			},
			"lang": func(text string) template.HTMLAttr {
				if l := languageOfText(text, lang); l != "" {
					return template.HTMLAttr(` lang="` + l + `"`) //nolint:gosec // one of our two constants
				}
				return ""
			},
		})
		base = template.Must(base.ParseFS(templateFiles, "template/shared/*.html"))
		files, err := templateFiles.ReadDir("template")
		if err != nil {
			panic(fmt.Sprintf("page: templates: %v", err)) // embedded: wrong in the build or never
		}
		for _, f := range files {
			if !f.IsDir() {
				name := strings.TrimSuffix(f.Name(), ".html")
				v.pages[name] = template.Must(template.Must(base.Clone()).ParseFS(templateFiles, "template/"+f.Name()))
			}
		}
		all[lang] = v
	}
	return all
}

func whole(n any) (int64, error) {
	switch n := n.(type) {
	case int:
		return int64(n), nil
	case int64:
		return n, nil
	case *int64:
		if n != nil {
			return *n, nil
		}
	}
	return 0, errors.New("not a whole number")
}

// frame is what every page has around its own data.
type frame struct {
	Lang      string
	Title     string
	Languages []languageLink
	CSRF      string
	Selection *summary // nil outside a selection
	Section   string   // which of a selection's pages it is
	Data      any
}

// languageLink leads to the same page in another language.
type languageLink struct {
	Lang, Name, Href string
	Current          bool
}

// page is one answer.
type page struct {
	name    string // of the template
	status  int    // 0: 200
	title   string
	section string
	summary *summary
	data    any
}

// render writes a page. It is written to memory first, so that a failure can
// still become an error page.
func (p *pages) render(c echo.Context, pg page) error {
	lang := languageOf(c)
	if pg.status == 0 {
		pg.status = http.StatusOK
	}
	var out bytes.Buffer
	err := p.views[lang].pages[pg.name].ExecuteTemplate(&out, "layout", frame{
		Lang: lang, Title: pg.title, Languages: p.languageLinks(c, lang), CSRF: csrfToken(c),
		Selection: pg.summary, Section: pg.section, Data: pg.data,
	})
	if err != nil {
		return fmt.Errorf("page %s: %w", pg.name, err)
	}
	h := c.Response().Header()
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-cache")
	}
	return c.HTMLBlob(pg.status, out.Bytes())
}

// languageLinks lead to the page as it is, in each language. The answer to a
// form is not reached by its address: links lead to the selection then.
func (p *pages) languageLinks(c echo.Context, current string) []languageLink {
	r := c.Request()
	to := url.URL{Path: r.URL.Path}
	query := url.Values{}
	if r.Method == http.MethodPost {
		for _, form := range []string{"/vote", "/find", "/work", "/code"} {
			to.Path = strings.TrimSuffix(to.Path, form)
		}
		query["pick"] = c.Request().PostForm["pick"]
	} else {
		query = r.URL.Query()
	}
	var links []languageLink
	for _, lang := range languages() {
		query.Set("lang", lang)
		to.RawQuery = query.Encode()
		links = append(links, languageLink{Lang: lang, Name: p.views[lang].T("language.name"), Href: to.String(), Current: lang == current})
	}
	return links
}

// printer gives the texts in the language of a request.
func (p *pages) printer(c echo.Context) printer { return p.views[languageOf(c)].printer }
