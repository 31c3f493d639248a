package compute

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/laurel-awards/laurel/pkg/ranking"
)

// writeText writes for a person: the ranking, each award's list, ties, and why
// quotas and ties fell as they did.
func writeText(w io.Writer, out output) error {
	b := bufio.NewWriterSize(w, 1<<16) // Flush tells what failed
	if out.trial != nil {
		fmt.Fprintf(b, "WHAT IF, not a result: %s\n\n", out.trial.words())
	}
	writeRanking(b, out.Outcome)
	writeAwards(b, out.Result)
	fmt.Fprint(b, "\nwhy:\n")
	for r := range out.Rows() {
		fmt.Fprintf(b, "%d. %s\n", r.Rank, r.Candidate)
		for _, e := range r.Explain {
			fmt.Fprintf(b, "     %s\n", e)
		}
	}
	for i, s := range out.sensitivity {
		if i == 0 {
			fmt.Fprint(b, "\nweights at which an award changes hands:\n")
		}
		fmt.Fprintf(b, "  %s: now %s; below %s; above %s\n", s.Source, s.Weight, crossing(s.Lower), crossing(s.Upper))
	}
	if out.quotas != nil {
		writeQuotas(b, out.rules, out.quotas)
	}
	if out.trial != nil {
		writeChanges(b, out.trial.Changes)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

func writeRanking(b *bufio.Writer, outcome *ranking.Outcome) {
	sources := outcome.Sources()
	lines := [][]string{append(append([]string{"rank", "candidate", "total"}, sources...), "award")}
	for r := range outcome.Rows() {
		line := append(make([]string, 0, len(sources)+4), strconv.Itoa(r.Rank), r.Candidate, short(r.Total))
		for _, source := range sources {
			line = append(line, short(r.Components[source]))
		}
		lines = append(lines, append(line, r.Award))
	}
	align(b, lines)
}

func writeAwards(b *bufio.Writer, result ranking.Result) {
	for _, a := range result.Awards {
		fmt.Fprintf(b, "\n%s: %d of %d seats\n", a.Award, len(a.Candidates), a.Seats)
		for i, c := range a.Candidates {
			fmt.Fprintf(b, "  %d. %s\n", i+1, c)
		}
		if a.Open > 0 {
			fmt.Fprintf(b, "  %d open until a tie is decided\n", a.Open)
		}
	}
	if len(result.Shortlist) > 0 {
		fmt.Fprintf(b, "\nshortlist (%d): %s\n", len(result.Shortlist), strings.Join(result.Shortlist, ", "))
	}
	for _, t := range result.Ties {
		fmt.Fprintf(b, "\ntie at rank %d: %s\n", t.Rank, t.Reason)
	}
	if result.Lot != "" {
		fmt.Fprintf(b, "\nlots are drawn from %q\n", result.Lot)
	}
	for i, r := range result.Rounds {
		fmt.Fprintf(b, "\nround %d: %s leaves (%s)\n", i+1, strings.Join(r.Eliminated, ", "), r.Reason)
	}
}

func writeChanges(b *bufio.Writer, changes []change) {
	fmt.Fprint(b, "\nawards that differ from the rulebook's own:\n")
	for _, c := range changes {
		fmt.Fprintf(b, "  %s: %s instead of %s\n", c.Candidate, cmp.Or(c.Award, "no award"), cmp.Or(c.Instead, "none"))
	}
	if len(changes) == 0 {
		fmt.Fprint(b, "  none\n")
	}
}

func crossing(c *ranking.Change) string {
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
func align(w *bufio.Writer, lines [][]string) {
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
