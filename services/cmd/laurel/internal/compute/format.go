package compute

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/table"
)

// format writes the result in one of the command's formats.
func format(w io.Writer, kind string, out output) error {
	switch kind {
	case "json":
		return writeJSON(w, out)
	case "csv":
		return table.WriteCSV(w, sheet(out.Result, table.Guard))
	case "xlsx":
		return table.WriteXLSX(w, sheet(out.Result, func(s string) string { return s }))
	default:
		return text(w, out)
	}
}

// writeJSON writes the result with a line a candidate, one after the other: a
// hundred thousand of them need not be in memory twice.
func writeJSON(w io.Writer, out output) error {
	ranking := out.Ranking
	result := *out.Result
	result.Ranking = nil
	out.Result = &result
	rest, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	b := bufio.NewWriterSize(w, 1<<16)
	e := json.NewEncoder(b) // each value ends its line
	e.SetEscapeHTML(false)
	before, after, _ := bytes.Cut(rest, []byte(`"ranking":null`))
	write := func(s string) { _, _ = b.WriteString(s) } // Flush tells what failed
	write(string(before) + "\n\"ranking\": [\n")
	for i, r := range ranking {
		if i > 0 {
			write(",")
		}
		if err := e.Encode(r); err != nil {
			return fmt.Errorf("write JSON: %w", err)
		}
	}
	write("]" + string(after) + "\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// sources gives the components in a fixed order.
func sources(result *ranking.Result) []string {
	var out []string
	if len(result.Ranking) > 0 {
		for source := range result.Ranking[0].Components {
			out = append(out, source)
		}
	}
	slices.Sort(out)
	return out
}

// sheet is the ranking as rows: candidate, rank, total, a column a component,
// award, explain. Guard protects text that others typed.
func sheet(result *ranking.Result, guard func(string) string) table.Sheet {
	components := sources(result)
	s := table.Sheet{Name: "ranking", Header: []string{"candidate", "rank", "total"}, Numeric: []bool{false, true, true}}
	for _, source := range components {
		s.Header, s.Numeric = append(s.Header, source), append(s.Numeric, true)
	}
	s.Header, s.Numeric = append(s.Header, "award", "explain"), append(s.Numeric, false, false)
	s.Rows = func(yield func([]string) bool) {
		for _, r := range result.Ranking {
			row := []string{guard(r.Candidate), strconv.Itoa(r.Rank), r.Total}
			for _, source := range components {
				row = append(row, r.Components[source])
			}
			if !yield(append(row, guard(r.Award), guard(strings.Join(r.Explain, "\n")))) {
				return
			}
		}
	}
	return s
}

// text writes for a person: the ranking, each award's list, ties, and why
// quotas and ties fell as they did.
func text(w io.Writer, out output) error {
	b := new(bytes.Buffer)
	components := sources(out.Result)
	lines := [][]string{append(append([]string{"rank", "candidate", "total"}, components...), "award")}
	for _, r := range out.Ranking {
		line := []string{strconv.Itoa(r.Rank), r.Candidate, short(r.Total)}
		for _, source := range components {
			line = append(line, short(r.Components[source]))
		}
		lines = append(lines, append(line, r.Award))
	}
	align(b, lines)
	for _, a := range out.Awards {
		fmt.Fprintf(b, "\n%s: %d of %d seats\n", a.Award, len(a.Candidates), a.Seats)
		for i, c := range a.Candidates {
			fmt.Fprintf(b, "  %d. %s\n", i+1, c)
		}
		if a.Open > 0 {
			fmt.Fprintf(b, "  %d open until a tie is decided\n", a.Open)
		}
	}
	if len(out.Shortlist) > 0 {
		fmt.Fprintf(b, "\nshortlist (%d): %s\n", len(out.Shortlist), strings.Join(out.Shortlist, ", "))
	}
	for _, t := range out.Ties {
		fmt.Fprintf(b, "\ntie at rank %d: %s\n", t.Rank, t.Reason)
	}
	if out.Lot != "" {
		fmt.Fprintf(b, "\nlots are drawn from %q\n", out.Lot)
	}
	for i, r := range out.Rounds {
		fmt.Fprintf(b, "\nround %d: %s leaves (%s)\n", i+1, strings.Join(r.Eliminated, ", "), r.Reason)
	}
	fmt.Fprint(b, "\nwhy:\n")
	for _, r := range out.Ranking {
		fmt.Fprintf(b, "%d. %s\n", r.Rank, r.Candidate)
		for _, e := range r.Explain {
			fmt.Fprintf(b, "     %s\n", e)
		}
	}
	for i, s := range out.Sensitivity {
		if i == 0 {
			fmt.Fprint(b, "\nweights at which an award changes hands:\n")
		}
		fmt.Fprintf(b, "  %s: now %s; below %s; above %s\n", s.Source, s.Weight, change(s.Lower), change(s.Upper))
	}
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

func change(c *ranking.Change) string {
	if c == nil {
		return "none"
	}
	return fmt.Sprintf("%s (gains: %s; loses: %s)", short(c.Weight), strings.Join(c.Gain, ", "), strings.Join(c.Lose, ", "))
}

// short cuts a decimal that does not end, for the eye.
func short(number string) string {
	const most = 12
	if whole, decimals, ok := strings.Cut(number, "."); ok && len(decimals) > most {
		return whole + "." + decimals[:most] + "…"
	}
	return number
}

// align writes columns, with Chinese characters two cells wide.
func align(w *bytes.Buffer, lines [][]string) {
	var widths []int
	for _, line := range lines {
		for i, cell := range line {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], width(cell))
		}
	}
	for _, line := range lines {
		var b strings.Builder
		for i, cell := range line {
			b.WriteString(cell)
			b.WriteString(strings.Repeat(" ", widths[i]-width(cell)+2))
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

func width(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.Is(unicode.Han, r), r >= 0x3000 && r <= 0x303F, r >= 0xFF00 && r <= 0xFF60:
			n += 2
		default:
			n++
		}
	}
	return n
}
