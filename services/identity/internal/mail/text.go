package mail

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
	"unicode"

	"github.com/laurel-awards/laurel/services/identity"
)

// A letter is in both languages: nothing says which its reader has.
//
//go:embed template/*.txt
var templateFiles embed.FS

// between stands between the languages of a letter.
const between = "\n\n—\n\n"

// text is a letter as it is sent.
type text struct{ subject, body string }

// filling is what templates are filled with.
type filling struct {
	Said

	Address string
	Link    string // "" where the kind has none
	Code    string // of a voter
	Forgot  string // where a new password is asked for
}

// everywhere names the text of a letter about all selections.
const everywhere = "_all"

// standard is the text of a kind of letter, of a selection or of all of them.
func standard(k Kind, slug string) (identity.Words, error) {
	name := string(k)
	if slug == "" && (k == Invitation || k == RoleGiven) {
		name += everywhere
	}
	all, err := templateFiles.ReadFile("template/" + name + ".txt")
	if err != nil {
		return identity.Words{}, fmt.Errorf("letter: %w", err)
	}
	subject, body, _ := strings.Cut(string(all), "\n")
	zh, en, _ := strings.Cut(strings.TrimSpace(body), between)
	return identity.Words{Subject: subject, ZH: zh, EN: en}, nil
}

// write fills the words of a letter. The subject is one line, whatever they are
// filled with.
func write(w identity.Words, f filling) (out text, err error) {
	if out.subject, err = fill(w.Subject, f); err != nil {
		return text{}, err
	}
	var parts []string
	for _, words := range []string{w.ZH, w.EN} {
		part, err := fill(words, f)
		if err != nil {
			return text{}, err
		}
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	out.subject = strings.Join(strings.FieldsFunc(out.subject, unicode.IsControl), " ")
	out.body = strings.Join(parts, between) + "\n"
	return out, nil
}

func fill(words string, f filling) (string, error) {
	t, err := template.New("letter").Parse(words)
	if err != nil {
		return "", fmt.Errorf("letter: %w", err)
	}
	var b strings.Builder
	if err := t.Execute(&b, f); err != nil {
		return "", fmt.Errorf("letter: %w", err)
	}
	return b.String(), nil
}
