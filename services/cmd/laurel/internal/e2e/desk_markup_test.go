package e2e_test

import (
	"bytes"
	"encoding/csv"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html"
)

// typed is what people type who try whether a page takes words for markup and a
// spreadsheet for a formula. Its last word is longer than a line.
const typed = `=1+1 "><script>hostile()</script><img src=x onerror=hostile()> {{.}} ` +
	"LongerThanALineLongerThanALineLongerThanALineLongerThanALineLongerThanALine"

// overridden is a text whose letters a reader sees in another order.
const overridden = "a\u202Eb"

// refuses sends a form once for each of its fields for text with a character in
// it that turns the order of letters round: the form is not taken, and the
// character is not shown.
func (c *clerk) refuses(page shown, f *webForm, pressed *control, answers url.Values) {
	c.t.Helper()
	for _, one := range f.controls {
		if !one.text() || one.name == "" || f.method != http.MethodPost {
			continue
		}
		sent := f.filled(answers, pressed, c.types)
		sent.Set(one.name, overridden)
		if s := c.press(page, f, pressed, sent, nil); s.Status < 400 || s.Status >= 500 || strings.Contains(s.Text, "\u202E") {
			c.t.Errorf("%s, %s: %d %s", f.action, one.name, s.Status, mainOf(s.Text))
		}
	}
}

// harmless sees that nothing that was typed is more than text in an answer.
func (c *clerk) harmless(s shown) {
	c.t.Helper()
	media, _, err := mime.ParseMediaType(s.Header.Get("Content-Type"))
	if err != nil && s.Text != "" {
		c.t.Errorf("%s: Content-Type: %v", s.Path, err)
	}
	wrong := func(what string) { c.t.Errorf("%s (%s) has %s: %s", s.Path, media, what, around(s.Text, "hostile")) }
	if s.Header.Get("X-Content-Type-Options") != "nosniff" {
		wrong("no nosniff")
	}
	if strings.Contains(s.Text, "\u202E") {
		wrong("a character that turns the order round")
	}
	switch {
	case media == "text/html" || media == "image/svg+xml":
		if what := markedUp(s.Text); what != "" {
			wrong(what)
		}
	case media == "text/csv":
		if what := formulas(s.Text); what != "" {
			wrong(what)
		}
	case strings.HasSuffix(media, "spreadsheetml.sheet"):
		if what := computed(s.Text); what != "" {
			wrong(what)
		}
	}
}

// around is where a text has a word.
func around(text, word string) string {
	i := max(0, strings.Index(text, word))
	return text[max(0, i-150):min(len(text), i+150)]
}

// markedUp tells what of a page somebody has typed.
func markedUp(page string) string {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return err.Error()
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "script" && words(n) != "" {
			return "a script in it"
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || n.Data == "img" && a.Key == "src" && a.Val == "x" {
				return "an attribute " + a.Key
			}
		}
		if (n.Data == "b" || n.Data == "i") && strings.ContainsAny(words(n), `&"`) {
			return "an element " + n.Data
		}
	}
	return ""
}

// formulas tells which cell of a table a spreadsheet would compute.
func formulas(table string) string {
	r := csv.NewReader(strings.NewReader(table))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		return err.Error()
	}
	for _, row := range rows {
		for _, cell := range row {
			if _, err := strconv.ParseFloat(cell, 64); err != nil && cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				return "a formula " + cell
			}
		}
	}
	return ""
}

// computed is formulas for a workbook.
func computed(book string) string {
	f, err := excelize.OpenReader(bytes.NewReader([]byte(book)))
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			return err.Error()
		}
		for y, row := range rows {
			for x := range row {
				cell, err := excelize.CoordinatesToCellName(x+1, y+1)
				if err != nil {
					return err.Error()
				}
				if formula, err := f.GetCellFormula(sheet, cell); err != nil || formula != "" {
					return "a formula in " + cell
				}
			}
		}
	}
	return ""
}

// swept has everybody follow every link of the pages that are theirs and read
// what is there, and fill in every form that they find: what searches is sent;
// of the rest it is seen that it was sent before.
func (p *plain) swept() {
	p.t.Helper()
	readers := map[string]*clerk{"": p.person()}
	for _, name := range []string{"organizer-1", "vetter-1", "juror-2", "committee-1", "auditor-1"} {
		readers[email(name)] = p.people[email(name)]
	}
	for who, c := range readers {
		seen, next := map[string]bool{}, []string{"/", "/s/" + slug}
		if who != "" {
			next = append(next, "/desk", "/desk/new", at(""))
		}
		for len(next) > 0 {
			path := next[0]
			next = next[1:]
			s := c.get(path)
			if s.Status >= 500 {
				p.t.Errorf("%s at %s: %d", who, path, s.Status)
			}
			if !strings.HasPrefix(s.Header.Get("Content-Type"), "text/html") {
				continue
			}
			for _, link := range s.links(`/[^"#]*`) {
				link = html.UnescapeString(link)
				key := kindOf(link)
				if !seen[key] && !strings.HasPrefix(link, "/static/") {
					seen[key] = true
					next = append(next, link)
				}
			}
			p.found(c, s)
		}
		if len(seen) < 5 {
			p.t.Errorf("%s found only %v", who, seen)
		}
	}
}

// kindOf is an address without the answers in its query: pages of one kind are
// read once in each order.
func kindOf(link string) string {
	path, query, _ := strings.Cut(link, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return link
	}
	for name := range values {
		path += "?" + name
	}
	return path
}

// found fills in the forms of a page.
func (p *plain) found(c *clerk, s shown) {
	p.t.Helper()
	for _, f := range s.forms(p.t) {
		pressed := f.sends("", nil)
		if f.method == http.MethodPost {
			if pressed != nil && !p.did(f.address(pressed, s)) {
				p.t.Errorf("%s: nobody has sent its form %s", s.Path, f.address(pressed, s))
			}
			continue
		}
		if pressed == nil || f.method == "DIALOG" {
			continue
		}
		if s := c.press(s, f, pressed, f.filled(nil, pressed, c.types), nil); s.Status >= 500 {
			p.t.Errorf("%s: %d", s.Path, s.Status)
		}
	}
}

// written sees that letters are plain text with a subject of one line.
func (p *plain) written() {
	p.t.Helper()
	letters := p.post.Letters()
	if len(letters) < 5 {
		p.t.Errorf("%d letters", len(letters))
	}
	said := false
	for _, l := range letters {
		if l.Media != "text/plain" || strings.ContainsAny(l.Subject, "\r\n") {
			p.t.Errorf("a letter to %s: %s %q", l.To, l.Media, l.Subject)
		}
		said = said || strings.Contains(l.Text, "hostile")
	}
	if !said {
		p.t.Log("no letter says what was typed")
	}
}
