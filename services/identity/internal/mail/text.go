package mail

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
)

// A letter is in both languages: nothing says which its reader has.
//
//go:embed template/*.txt
var templateFiles embed.FS

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

// write fills the template of a kind: its first line is the subject.
func write(k Kind, f filling) (text, error) {
	t, err := template.ParseFS(templateFiles, "template/"+string(k)+".txt")
	if err != nil {
		return text{}, fmt.Errorf("letter: %w", err)
	}
	var b strings.Builder
	if err := t.Execute(&b, f); err != nil {
		return text{}, fmt.Errorf("letter: %w", err)
	}
	subject, body, _ := strings.Cut(b.String(), "\n")
	return text{subject, strings.TrimLeft(body, "\n")}, nil
}
