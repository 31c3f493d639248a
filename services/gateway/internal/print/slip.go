// Package print makes what is printed: pages with everything in them, that need
// neither our style sheet nor a connection.
package print

import (
	"embed"
	"html/template"
	"io"

	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
)

//go:embed template
var templateFiles embed.FS

// Slips are voters' codes on paper: a page with everything in it, to be
// printed and cut.
type Slips struct {
	Title   map[string]string // of the selection, by language
	Address string            // of its page
	Codes   []identity.Coded
}

// CodeAddress leads to the ballot with the code filled in. The code stands in
// the fragment, which browsers send to nobody.
func CodeAddress(address, code string) string { return address + "#code=" + code }

// WriteCodes writes a spreadsheet of codes; address is that of the selection's
// page.
func WriteCodes(w io.Writer, address string, codes []identity.Coded) error {
	return table.WriteXLSX(w, table.Sheet{
		Header: []string{"member", "name", "constituency", "code", "address"},
		Rows: func(yield func([]string) bool) {
			for _, c := range codes {
				if !yield([]string{c.Member, c.Name, c.Constituency, c.Code, CodeAddress(address, c.Code)}) {
					return
				}
			}
		},
	})
}

// WriteSlips writes the slips in a language of the pages.
func WriteSlips(w io.Writer, lang string, s Slips) error {
	lang, ok := web.Known(lang)
	if !ok {
		lang = web.Chinese
	}
	words := web.NewPrinter(lang)
	view, err := template.New("slips.html").Funcs(template.FuncMap{"t": words.T, "qr": figure}).ParseFS(templateFiles, "template/slips.html")
	if err != nil {
		return err
	}
	return view.Execute(w, struct {
		Slips
		Lang  string
		Title string
	}{s, lang, words.Words(s.Title)})
}

func figure(address, code string) (web.QR, error) { return web.NewQR(CodeAddress(address, code)) }
