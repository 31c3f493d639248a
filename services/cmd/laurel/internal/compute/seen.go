package compute

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/laurel-awards/laurel/pkg/table"
)

// seen is what was read of the files, and what was seen in them and not read.
type seen struct {
	sheets   map[string]string // by kind of file, of the workbooks
	warnings []fileWarning
}

// fileWarning is a warning about a file.
type fileWarning struct {
	File string `json:"file"`
	table.Warning
}

// add notes what a file's reader has to tell.
func (s *seen) add(kind, path string, t *table.Reader) {
	if t.Sheet() != "" {
		if s.sheets == nil {
			s.sheets = make(map[string]string)
		}
		s.sheets[kind] = t.Sheet()
	}
	for _, w := range t.Warnings() {
		s.warnings = append(s.warnings, fileWarning{path, w})
	}
}

// surplus notes columns that the rulebook asks nothing of.
func (s *seen) surplus(path string, columns []string) {
	if len(columns) > 0 {
		s.warnings = append(s.warnings, fileWarning{path, table.Warn(0, "columns", "columns_unused",
			"the rulebook needs no such columns, and they are not read: {columns}", "columns", strings.Join(columns, ", "))})
	}
}

// tell writes the warnings for a person: to standard error, so that a result
// stays alone in its output.
func (s *seen) tell(w io.Writer) {
	if w == nil {
		w = os.Stderr
	}
	for _, x := range s.warnings {
		at := x.File
		if x.Row > 0 {
			at = fmt.Sprintf("%s:%d", at, x.Row)
		}
		fmt.Fprintf(w, "%s: warning: %s\n", at, x.Message)
	}
}
