package compute

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/reason"
)

// writeText writes for a person: the ranking, each award's list, ties, and why
// quotas and ties fell as they did.
func writeText(w io.Writer, out output) error {
	b := bufio.NewWriterSize(w, 1<<16) // Flush tells what failed
	if out.trial != nil {
		fmt.Fprintf(b, "%s\n\n", out.text("trial", reason.Of("what", reason.Count, out.trial.words())))
	}
	writeRanking(b, out)
	writeAwards(b, out)
	fmt.Fprintf(b, "\n%s\n", out.text("why"))
	for r := range out.Rows() {
		fmt.Fprintf(b, "%d. %s\n", r.Rank, r.Candidate)
		for _, e := range out.why(r) {
			fmt.Fprintf(b, "     %s\n", e)
		}
	}
	for i, s := range out.sensitivity {
		if i == 0 {
			fmt.Fprintf(b, "\n%s\n", out.text("sensitivity"))
		}
		fmt.Fprintf(b, "  %s\n", out.text("weight", reason.Of("source", reason.Source, s.Source), reason.Of("weight", reason.Factor, s.Weight),
			out.crossing("lower", s.Lower), out.crossing("upper", s.Upper)))
	}
	if out.quotas != nil {
		out.writeQuotas(b)
	}
	if out.trial != nil {
		writeChanges(b, out)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

func writeRanking(b *bufio.Writer, out output) {
	sources := out.Sources()
	header := []string{out.text("rank"), out.text("candidate"), out.text("total")}
	for _, source := range sources {
		header = append(header, out.called(reason.Source, source))
	}
	lines := [][]string{append(header, out.text("award"))}
	for r := range out.Rows() {
		line := append(make([]string, 0, len(sources)+4), strconv.Itoa(r.Rank), r.Candidate, short(r.Total))
		for _, source := range sources {
			line = append(line, short(r.Components[source]))
		}
		lines = append(lines, append(line, out.called(reason.Award, r.Award)))
	}
	align(b, lines)
}

// called is what something is called in the table.
func (o output) called(unit reason.Unit, value string) string {
	if value == "" {
		return ""
	}
	return o.speaker.Called(unit, value, "")
}

func writeAwards(b *bufio.Writer, out output) {
	candidates := func(of []string) reason.Param { return reason.Of("candidates", reason.Candidate, of...) }
	for _, a := range out.Awards {
		fmt.Fprintf(b, "\n%s\n", out.text("seats", reason.Of("award", reason.Award, a.Award),
			reason.Number("n", reason.Count, len(a.Candidates)), reason.Number("seats", reason.Seats, a.Seats)))
		for i, c := range a.Candidates {
			fmt.Fprintf(b, "  %d. %s\n", i+1, c)
		}
		if a.Open > 0 {
			fmt.Fprintf(b, "  %s\n", out.text("open", reason.Number("seats", reason.Seats, a.Open)))
		}
	}
	if n := len(out.Shortlist); n > 0 {
		fmt.Fprintf(b, "\n%s\n", out.text("shortlist", reason.Number("n", reason.Count, n), candidates(out.Shortlist)))
	}
	for _, t := range out.Ties {
		fmt.Fprintf(b, "\n%s\n", out.text("tie", reason.Number("place", reason.Place, t.Rank), reason.Because("why", t.Reason)))
	}
	if out.Lot != "" {
		fmt.Fprintf(b, "\n%s\n", out.text("lot", reason.Of("lot", reason.Lot, strconv.Quote(out.Lot))))
	}
	for i, r := range out.Rounds {
		fmt.Fprintf(b, "\n%s\n", out.text("round", reason.Number("round", reason.Round, i+1), candidates(r.Eliminated), reason.Because("why", r.Reason)))
	}
}

func writeChanges(b *bufio.Writer, out output) {
	fmt.Fprintf(b, "\n%s\n", out.text("changes"))
	award := func(name, id, none string) reason.Param {
		if id == "" {
			return reason.Because(name, reason.New("table_"+none))
		}
		return reason.Of(name, reason.Award, id)
	}
	for _, c := range out.trial.Changes {
		fmt.Fprintf(b, "  %s\n", out.text("change", reason.Of("candidate", reason.Candidate, c.Candidate),
			award("award", c.Award, "no_award"), award("other", c.Instead, "none")))
	}
	if len(out.trial.Changes) == 0 {
		fmt.Fprintf(b, "  %s\n", out.text("none"))
	}
}

// crossing is a weight at which an award changes hands.
func (o output) crossing(name string, c *ranking.Change) reason.Param {
	if c == nil {
		return reason.Because(name, reason.New("table_none"))
	}
	return reason.Because(name, reason.New("table_crossing", reason.Of("weight", reason.Factor, short(c.Weight)),
		reason.Of("gain", reason.Candidate, c.Gain...), reason.Of("lose", reason.Candidate, c.Lose...)))
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
