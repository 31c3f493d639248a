package e2e_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// webForm is a form of a page, as a browser without scripts has it.
type webForm struct {
	method, action, media string
	controls              []control
}

// control is what of a form is filled in, ticked, chosen or pressed.
type control struct {
	kind, name, value string // kind: an input's type, textarea, option or button
	action            string // of a button that sends the form elsewhere
	most              int    // characters; 0: no limit
	on                bool   // ticked, chosen
}

// text tells whether people type words into a control.
func (c control) text() bool { return slices.Contains([]string{"text", "search", "textarea"}, c.kind) }

// chosen tells whether a control is one of several answers.
func (c control) chosen() bool {
	return slices.Contains([]string{"radio", "checkbox", "option"}, c.kind)
}

// attribute of an element; has tells whether it is there.
func attribute(n *html.Node, name string) (value string, has bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// words are all text in an element.
func words(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// forms reads those of a page.
func (s shown) forms(t *testing.T) []*webForm {
	t.Helper()
	root, err := html.Parse(strings.NewReader(s.Text))
	if err != nil {
		t.Fatal(err)
	}
	var all []*webForm
	var read func(n *html.Node, of *webForm)
	read = func(n *html.Node, of *webForm) {
		if _, off := attribute(n, "disabled"); off {
			return
		}
		get := func(name string) string { v, _ := attribute(n, name); return v }
		switch n.Data {
		case "form":
			of = &webForm{method: strings.ToUpper(get("method")), action: get("action"), media: get("enctype")}
			all = append(all, of)
		case "input", "textarea", "button", "select":
			if of != nil {
				of.controls = append(of.controls, controls(n, get)...)
			}
		}
		for child := range n.ChildNodes() {
			read(child, of)
		}
	}
	read(root, nil)
	return all
}

// controls of an element: a select has one an option.
func controls(n *html.Node, get func(string) string) []control {
	c := control{kind: n.Data, name: get("name"), value: get("value"), action: get("formaction")}
	c.most, _ = strconv.Atoi(get("maxlength"))
	switch n.Data {
	case "input":
		_, c.on = attribute(n, "checked")
		if c.kind = get("type"); c.kind == "" {
			c.kind = "text"
		}
	case "button":
		if get("type") == "button" { // it sends nothing
			return nil
		}
	case "textarea":
		c.value = strings.TrimPrefix(words(n), "\n")
	case "select":
		var options []control
		for d := range n.Descendants() {
			if d.Data != "option" {
				continue
			}
			o := control{kind: "option", name: c.name}
			var has bool
			if o.value, has = attribute(d, "value"); !has {
				o.value = words(d)
			}
			_, o.on = attribute(d, "selected")
			options = append(options, o)
		}
		if len(options) > 0 && !slices.ContainsFunc(options, func(o control) bool { return o.on }) {
			options[0].on = true
		}
		return options
	}
	return []control{c}
}

// sends gives the button that sends a form to an address; nil: none does.
func (f *webForm) sends(action string, answers url.Values) *control {
	var found *control
	for i, c := range f.controls {
		if c.kind != "button" && c.kind != "submit" {
			continue
		}
		to := c.action
		if to == "" {
			to = f.action
		}
		if path, _, _ := strings.Cut(to, "?"); !strings.HasSuffix(path, action) {
			continue
		}
		if c.name != "" && slices.Contains(answers[c.name], c.value) {
			return &f.controls[i]
		}
		if found == nil {
			found = &f.controls[i]
		}
	}
	return found
}

// takes tells whether a form has every control that is answered, and allows the
// answer.
func (f *webForm) takes(answers url.Values) bool {
	for name, values := range answers {
		for _, value := range values {
			if !slices.ContainsFunc(f.controls, func(c control) bool {
				free := !c.chosen() && c.kind != "hidden" && c.kind != "button"
				return c.name == name && (free || c.value == value)
			}) {
				return false
			}
		}
		if len(values) == 0 && !slices.ContainsFunc(f.controls, func(c control) bool { return c.name == name }) {
			return false
		}
	}
	return true
}

// filled is what a form sends: what stands in it, answers, and words in each
// field for text that is empty and not answered.
func (f *webForm) filled(answers url.Values, pressed *control, words string) url.Values {
	sent := url.Values{}
	for _, c := range f.controls {
		_, answered := answers[c.name]
		switch {
		case answered || c.name == "" || c.kind == "button" || c.kind == "submit" || c.kind == "file" || c.chosen() && !c.on:
		case c.text() && c.value == "" && words != "":
			sent.Add(c.name, cut(words, c.most))
		default:
			sent.Add(c.name, c.value)
		}
	}
	for name, values := range answers {
		sent[name] = values
	}
	if pressed.name != "" {
		sent[pressed.name] = []string{pressed.value}
	}
	return sent
}

// cut shortens a text to so many characters; 0: no limit.
func cut(text string, most int) string {
	if r := []rune(text); most > 0 && len(r) > most {
		return string(r[:most])
	}
	return text
}

// form is the first of a page that goes to an address with this end and takes the
// answers; nil: there is none, and the test has failed.
func (s shown) form(t *testing.T, action string, answers url.Values) (*webForm, *control) {
	t.Helper()
	for _, f := range s.forms(t) {
		if pressed := f.sends(action, answers); pressed != nil && f.takes(answers) {
			return f, pressed
		}
	}
	t.Errorf("no form at %s goes to %s and takes %v: %d %s", s.Path, action, answers, s.Status, mainOf(s.Text))
	return nil, nil
}

// fill fills in a form of a page and sends it as it is rendered, and sees that it
// succeeds. An answer of no values unticks.
func (c *clerk) fill(page shown, action string, answers url.Values, files ...file) shown {
	c.t.Helper()
	f, pressed := page.form(c.t, action, answers)
	if f == nil {
		return page
	}
	if c.types != "" {
		c.refuses(page, f, pressed, answers)
	}
	s := c.press(page, f, pressed, f.filled(answers, pressed, c.types), files)
	if s.Status != http.StatusOK {
		c.t.Errorf("%s at %s: %d %s", action, page.Path, s.Status, mainOf(s.Text))
	} else if c.sent != nil {
		c.sent[f.address(pressed, page)] = true
	}
	return s
}

// address is where a form goes by a button.
func (f *webForm) address(pressed *control, page shown) string {
	switch {
	case pressed.action != "":
		return pressed.action
	case f.action != "":
		return f.action
	}
	return page.Path
}

// press sends a form.
func (c *clerk) press(page shown, f *webForm, pressed *control, sent url.Values, files []file) shown {
	c.t.Helper()
	to := f.address(pressed, page)
	switch {
	case f.method == "" || f.method == http.MethodGet:
		return c.get(to + "?" + sent.Encode())
	case f.media == "":
		return c.send(to, sent)
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, values := range sent {
		for _, value := range values {
			if err := w.WriteField(name, value); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	for _, one := range f.controls {
		if one.kind != "file" {
			continue
		}
		some := files
		if len(some) == 0 {
			some = []file{{}} // what a browser sends where none is chosen
		}
		for _, x := range some {
			part, err := w.CreateFormFile(one.name, x.name)
			if err == nil {
				_, err = part.Write(x.body)
			}
			if err != nil {
				c.t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		c.t.Fatal(err)
	}
	return c.do(http.MethodPost, to, w.FormDataContentType(), &b)
}
