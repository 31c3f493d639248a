package page

import (
	"html/template"
	"io"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/identity"
)

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

// WriteSlips writes the slips in a language of the pages.
func WriteSlips(w io.Writer, lang string, s Slips) error {
	lang, _ = known(lang)
	if lang == "" {
		lang = chinese
	}
	words := loadPrinter(lang)
	view, err := template.New("slips.html").Funcs(template.FuncMap{"t": words.T}).ParseFS(templateFiles, "template/print/slips.html")
	if err != nil {
		return err
	}
	return view.Execute(w, struct {
		Slips
		Lang  string
		Title string
	}{s, lang, rulebook.Text(s.Title).In(contentLanguages(lang)...)})
}
