package compute

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/table"
)

// format writes the result in one of the command's formats.
func format(w io.Writer, kind string, out output) error {
	switch kind {
	case "json":
		return writeJSON(w, out)
	case "csv":
		return table.WriteCSV(w, sheet(out))
	case "xlsx":
		return table.WriteXLSX(w, sheet(out))
	default:
		return writeText(w, out)
	}
}

// document is the JSON without the ranking's lines.
type document struct {
	WhatIf *trial `json:"what_if,omitempty"` // what was tried; with it this is not a result
	ranking.Result
	Sensitivity []ranking.Sensitivity `json:"sensitivity,omitempty"`
	Quotas      *ranking.QuotaReport  `json:"quotas,omitempty"`
	Sheets      map[string]string     `json:"sheets,omitempty"`   // of the workbooks: which was read
	Warnings    []fileWarning         `json:"warnings,omitempty"` // what was seen in the files and not read
}

// writeJSON writes the result with a line a candidate, one after the other: a
// hundred thousand of them need not be in memory at once.
func writeJSON(w io.Writer, out output) error {
	result := out.Result
	for i, t := range result.Ties {
		result.Ties[i].Reason = out.say(t.Reason)
	}
	for i, r := range result.Rounds {
		result.Rounds[i].Reason = out.say(r.Reason)
	}
	doc := document{WhatIf: out.trial, Result: result, Sensitivity: out.sensitivity, Quotas: out.quotas, Sheets: out.seen.sheets, Warnings: out.seen.warnings}
	rest, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	b := bufio.NewWriterSize(w, 1<<16)
	e := json.NewEncoder(b) // each value ends its line
	e.SetEscapeHTML(false)
	before, after, _ := bytes.Cut(rest, []byte(`"ranking":null`))
	write := func(s string) { _, _ = b.WriteString(s) } // Flush tells what failed
	write(string(before) + "\n\"ranking\": [\n")
	separator := ""
	for r := range out.Rows() {
		write(separator)
		separator = ","
		if err := e.Encode(out.told(r)); err != nil {
			return fmt.Errorf("write JSON: %w", err)
		}
	}
	write("]" + string(after) + "\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// sheet is the ranking as rows: candidate, rank, total, a column a component,
// award, explain.
func sheet(out output) table.Sheet {
	sources := out.Sources()
	s := table.Sheet{Name: "ranking", Header: []string{"candidate", "rank", "total"}, Numeric: []bool{false, true, true}}
	for _, source := range sources {
		s.Header, s.Numeric = append(s.Header, source), append(s.Numeric, true)
	}
	s.Header, s.Numeric = append(s.Header, "award", "explain"), append(s.Numeric, false, false)
	s.Rows = func(yield func([]string) bool) {
		for r := range out.Rows() {
			row := []string{r.Candidate, strconv.Itoa(r.Rank), r.Total}
			for _, source := range sources {
				row = append(row, r.Components[source])
			}
			if !yield(append(row, r.Award, strings.Join(out.why(r), "\n"))) {
				return
			}
		}
	}
	return s
}
