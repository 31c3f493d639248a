package compute

import (
	"errors"
	"fmt"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// problems collects what is wrong with the files, a line each, the way
// compilers do: FILE:LINE:COLUMN: what.
type problems struct {
	lines []string
	more  int
}

// maxProblems bounds how many are listed.
const maxProblems = 100

func (p *problems) addf(file string, line, column int, format string, args ...any) {
	if len(p.lines) == maxProblems {
		p.more++
		return
	}
	at := file
	if line > 0 {
		at = fmt.Sprintf("%s:%d:%d", file, line, column)
	}
	p.lines = append(p.lines, at+": "+fmt.Sprintf(format, args...))
}

// add lists a fault of a file, a line for each of its fields.
func (p *problems) add(file string, e *fault.Error) {
	if len(e.Fields) == 0 {
		p.addf(file, 0, 0, "%s", e.Error())
	}
	for _, f := range e.Fields {
		p.addf(file, f.Line, f.Column, "%s: %s", f.Name, f.Message)
	}
}

// err is nil where there are none.
func (p *problems) err() error {
	if len(p.lines) == 0 {
		return nil
	}
	text := strings.Join(p.lines, "\n")
	if p.more > 0 {
		text += fmt.Sprintf("\nand %d more", p.more)
	}
	return errors.New("the input has mistakes:\n" + text)
}

// reported gives a fault of the computation a line for each field.
func reported(err error) error {
	e := fault.From(err)
	if e.Kind == fault.Internal {
		return err
	}
	lines := []string{e.Message}
	for _, f := range e.Fields {
		lines = append(lines, f.Name+": "+f.Message)
	}
	return errors.New(strings.Join(lines, "\n"))
}
