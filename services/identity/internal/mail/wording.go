package mail

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
)

// fields are what may stand in each wording. No secret stands in a subject, which
// is shown on locked screens and kept by mail servers.
func fields(k identity.WordingKind) []identity.WordingField {
	address, slug := identity.WordingField{Name: "{{.Address}}", InSubject: true}, identity.WordingField{Name: "{{.Slug}}", InSubject: true}
	by := identity.WordingField{Name: "{{.By}}", InSubject: true}
	switch k {
	case identity.WordInvitation:
		return []identity.WordingField{{Name: "{{.Link}}", Needed: true}, by, slug, address}
	case identity.WordRoleGiven:
		return []identity.WordingField{by, slug, address}
	case identity.WordCode:
		return []identity.WordingField{{Name: "{{.Code}}", Needed: true}, {Name: "{{.Link}}"}, slug, address}
	}
	return nil
}

// checkWords names each mistake of a wording at its field and line.
func checkWords(k identity.WordingKind, w identity.Words) error {
	known := fields(k)
	if known == nil {
		return identity.ErrMail.At(fault.OneOf("kind", identity.WordingKinds()...))
	}
	var wrong []fault.Field
	switch {
	case strings.TrimSpace(w.Subject) == "":
		wrong = append(wrong, fault.Required("subject"))
	case !fault.Plain(w.Subject, false):
		wrong = append(wrong, fault.NotPlain("subject"))
	default:
		wrong = append(wrong, checkPart("subject", w.Subject, identity.MaxSubject, known)...)
	}
	if strings.TrimSpace(w.ZH) == "" && strings.TrimSpace(w.EN) == "" {
		wrong = append(wrong, fault.Wrong("zh", "letter_empty", "or the English text has to say something"))
	}
	for name, part := range map[string]string{"zh": w.ZH, "en": w.EN} {
		if strings.TrimSpace(part) != "" {
			wrong = append(wrong, checkPart(name, part, identity.MaxWording, known)...)
		}
	}
	slices.SortStableFunc(wrong, func(a, b fault.Field) int { return place(a) - place(b) })
	return identity.ErrMail.Check(wrong)
}

// place puts mistakes in the order of the form.
func place(f fault.Field) int {
	return slices.Index([]string{"subject", "zh", "en"}, f.Name)*10_000 + f.Line
}

// checkPart says what is wrong with one text of a wording.
func checkPart(name, words string, most int, known []identity.WordingField) (wrong []fault.Field) {
	if wrong = fault.Text(name, words, most); len(wrong) > 0 {
		return wrong
	}
	found, wrong := fieldsIn(name, words)
	for _, f := range found {
		i := slices.IndexFunc(known, func(k identity.WordingField) bool { return k.Name == f.name })
		switch {
		case i < 0:
			wrong = append(wrong, fault.Wrong(name, "letter_field_unknown", "line {line}: {field} is no field of this letter", "line", f.line, "field", f.name).
				In(f.line, 0))
		case name == "subject" && !known[i].InSubject:
			wrong = append(wrong, fault.Wrong(name, "letter_field_subject", "{field} is not shown in a subject", "field", f.name).In(f.line, 0))
		}
	}
	if len(wrong) > 0 || name == "subject" {
		return wrong
	}
	for _, k := range known {
		if k.Needed && !slices.ContainsFunc(found, func(f foundField) bool { return f.name == k.Name }) {
			wrong = append(wrong, fault.Wrong(name, "letter_field_missing", "lacks {field}", "field", k.Name))
		}
	}
	return wrong
}

// foundField is what stands in a wording between braces.
type foundField struct {
	name string
	line int // from 1
}

// syntax is what the parser says of a mistake: where, and what.
var syntax = regexp.MustCompile(`^template: letter:(\d+): (.*)$`)

// fieldsIn are the fields of a template that is made of text and fields alone:
// nothing in it is called, compared or repeated.
func fieldsIn(name, words string) (found []foundField, wrong []fault.Field) {
	trees, err := parse.Parse("letter", words, "", "")
	if err != nil {
		line := 1
		said := err.Error()
		if m := syntax.FindStringSubmatch(said); m != nil {
			line, _ = strconv.Atoi(m[1]) // of digits
			said = m[2]
		}
		return nil, []fault.Field{fault.Wrong(name, "letter_syntax", "line {line}: a field is written like {example}; {said}",
			"line", line, "example", "{{.Address}}", "said", said).In(line, 0)}
	}
	at := func(pos parse.Pos) int { return 1 + strings.Count(words[:min(int(pos), len(words))], "\n") }
	if len(trees) > 1 {
		wrong = append(wrong, notField(name, 1, "{{define}}"))
	}
	tree := trees["letter"]
	if tree == nil || tree.Root == nil {
		return found, wrong
	}
	for _, n := range tree.Root.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
		case *parse.ActionNode:
			field, ok := only(n.Pipe)
			if !ok {
				wrong = append(wrong, notField(name, at(n.Position()), n.String()))
				continue
			}
			found = append(found, foundField{fmt.Sprintf("{{.%s}}", field), at(n.Position())})
		default:
			said, _, _ := strings.Cut(n.String(), "}}")
			wrong = append(wrong, notField(name, at(n.Position()), said+"}}"))
		}
	}
	return found, wrong
}

// only is the name of the field that a pipeline is, and nothing else.
func only(p *parse.PipeNode) (field string, ok bool) {
	if len(p.Decl) > 0 || len(p.Cmds) != 1 || len(p.Cmds[0].Args) != 1 {
		return "", false
	}
	f, ok := p.Cmds[0].Args[0].(*parse.FieldNode)
	if !ok || len(f.Ident) != 1 {
		return "", false
	}
	return f.Ident[0], true
}

func notField(name string, line int, said string) fault.Field {
	return fault.Wrong(name, "letter_field_unknown", "line {line}: {field} is no field of this letter", "line", line, "field", said).In(line, 0)
}
