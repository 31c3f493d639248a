package web

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/kept"
)

//go:embed template
var templateFiles embed.FS

// Views are a face's templates, by language.
type Views map[string]View

// View is one language's texts and pages.
type View struct {
	Printer

	pages map[string]func() *template.Template // made when they are asked for first: hundreds, each with all that they share
}

// Views parses a face's templates for every language: texts are looked up by
// the template itself, so that no handler carries them about. A page is
// template/NAME.html and defines "main"; template/shared/*.html is for all of
// them, and fills the layout's blocks. What faces share is in the site's own.
func (s *Site) Views(face fs.FS) Views {
	all := Views{}
	for _, lang := range Languages() {
		v := View{Printer: NewPrinter(lang), pages: map[string]func() *template.Template{}}
		functions := s.functions(v.Printer)
		base := template.Must(template.New("").Funcs(functions).ParseFS(templateFiles, "template/layout.html", "template/shared/*.html"))
		if face != nil {
			base = template.Must(base.ParseFS(face, "template/shared/*.html"))
		}
		s.fold(v.Printer, base)
		if face != nil {
			s.add(v, base, functions, face)
		}
		s.add(v, base, functions, templateFiles)
		all[lang] = v
	}
	return all
}

// add parses the pages of a file system, which stand on a base.
func (s *Site) add(v View, base *template.Template, functions template.FuncMap, files fs.FS) {
	names, err := fs.Glob(files, "template/*.html")
	if err != nil {
		panic(fmt.Sprintf("web: templates: %v", err)) // a bad pattern: never
	}
	for _, path := range names {
		name := strings.TrimSuffix(strings.TrimPrefix(path, "template/"), ".html")
		own := template.Must(template.New("").Funcs(functions).ParseFS(files, path)) // embedded: wrong in the build or never
		s.fold(v.Printer, own)
		v.pages[name] = sync.OnceValue(func() *template.Template {
			page := template.Must(base.Clone())
			for _, part := range own.Templates() {
				template.Must(page.AddParseTree(part.Name(), part.Tree))
			}
			return page
		})
	}
}

// functions are what templates call.
func (s *Site) functions(t Printer) template.FuncMap {
	return template.FuncMap{
		"t": t.T,
		"n": func(key string, n any, args ...any) (string, error) {
			i, err := whole(n)
			return t.N(key, i, args...), err
		},
		"asset": s.assets.path,
		"num": func(n any) (string, error) {
			i, err := whole(n)
			return grouped(i), err
		},
		"user": func(text string) template.HTMLAttr { return userAttributes(text, t.Lang) },
		"in":   langAttribute,
		"lang": func(text string) string { return languageOfText(text, t.Lang) },
	}
}

// userAttributes are those of an element that holds what somebody wrote and
// nothing else: its direction is its own, which also keeps it apart from the text
// around it, and so is its language, where that is known not to be the page's.
func userAttributes(text, page string) template.HTMLAttr {
	out := ` dir="auto"`
	if lang := languageOfText(text, page); lang != "" {
		out += ` lang="` + lang + `"`
	}
	return template.HTMLAttr(out) //nolint:gosec // languageOfText gives constants
}

// langAttribute marks a text's language where it is known not to be the page's.
func langAttribute(lang string) template.HTMLAttr {
	if lang != Chinese && lang != English {
		return ""
	}
	return template.HTMLAttr(` lang="` + lang + `"`) //nolint:gosec // one of our two constants
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

// Part renders one template of a page by itself.
func (v View) Part(page, name string, data any) (template.HTML, error) {
	var out bytes.Buffer
	if err := v.pages[page]().ExecuteTemplate(&out, name, data); err != nil {
		return "", fmt.Errorf("page %s: %w", page, err)
	}
	return template.HTML(out.String()), nil //nolint:gosec // a template's own output
}

// Page is one answer.
type Page struct {
	Name      string // of the template
	Status    int    // 0: 200
	Title     string
	Section   string // which of the face's pages it is
	Selection any    // what the face's header tells of; nil: of nothing
	Address   string // where it can be read, path and query: the answer to a form is not reached by the form's address
	Picture   string // absolute address of the picture that stands for it elsewhere; empty: there is none
	Data      any
}

// frame is what every page has around its own data.
type frame struct {
	Lang      string
	Title     string
	Languages []languageLink
	Selection any
	Section   string
	Picture   string
	Data      any
}

// languageLink leads to the same page in another language.
type languageLink struct {
	Lang, Name, Href string
	Current          bool
}

// HTML is the content type of pages.
const HTML = "text/html; charset=utf-8"

// Render writes a page. It is written to memory first, so that a failure can
// still become an error page.
func (s *Site) Render(c echo.Context, views Views, pg Page) error {
	body, err := views.Text(languageOf(c), pg)
	if err != nil {
		return err
	}
	return kept.Send(c, cmp.Or(pg.Status, http.StatusOK), HTML, body)
}

// Text is a whole page in a language.
func (views Views) Text(lang string, pg Page) ([]byte, error) {
	if pg.Address == "" {
		return nil, fmt.Errorf("page %s: it has no address", pg.Name)
	}
	var out bytes.Buffer
	err := views[lang].pages[pg.Name]().ExecuteTemplate(&out, "layout", frame{
		Lang: lang, Title: pg.Title, Languages: views.links(pg.Address, lang), Selection: pg.Selection, Section: pg.Section, Picture: pg.Picture, Data: pg.Data,
	})
	if err != nil {
		return nil, fmt.Errorf("page %s: %w", pg.Name, err)
	}
	return out.Bytes(), nil
}

// links lead to an address in each language.
func (views Views) links(address, current string) []languageLink {
	to, err := url.Parse(address)
	if err != nil {
		to = &url.URL{Path: "/"}
	}
	query := to.Query()
	var links []languageLink
	for _, lang := range Languages() {
		query.Set("lang", lang)
		to.RawQuery = query.Encode()
		links = append(links, languageLink{Lang: lang, Name: views[lang].T("language.name"), Href: to.String(), Current: lang == current})
	}
	return links
}

// View gives the texts and pages in the language of a request.
func (views Views) View(c echo.Context) View { return views[languageOf(c)] }
