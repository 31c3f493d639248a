package table

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
)

type csvRows struct {
	r      *csv.Reader
	passed int // lines before the first that r sees
	end    bool
}

// openText reads delimited text.
func (r *Reader) openText(f file) error {
	if r.options.Sheet != "" {
		return ErrSheet.At(fault.Wrong("sheet", "sheet_of_text", "the file is text and has no sheets"))
	}
	coding, err := findCharset(f)
	if err != nil {
		return err
	}
	if coding.assumed {
		r.noticed = append(r.noticed, Warn(0, "csv", "encoding_assumed",
			"the file does not say its encoding, which was taken for {encoding}", "encoding", coding.name))
	}
	text, err := coding.open(f)
	if err != nil {
		return err
	}
	sample := make([]byte, sampled)
	n, err := io.ReadFull(&lineEnds{r: bufio.NewReader(text)}, sample)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read CSV: %w", err)
	}
	d, err := r.findDelimiter(string(sample[:n]))
	if err != nil {
		return err
	}
	if d.assumed && d.r != ',' {
		r.noticed = append(r.noticed, Warn(0, "csv", "delimiter_assumed", "the cells were taken to be separated by {delimiter}", "delimiter", d.name()))
	}
	if text, err = coding.open(f); err != nil {
		return err
	}
	lines := bufio.NewReaderSize(&lineEnds{r: bufio.NewReaderSize(text, 1<<16)}, 1<<16)
	for range d.lines {
		if _, err := lines.ReadString('\n'); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read CSV: %w", err)
		}
	}
	c := csv.NewReader(lines)
	c.Comma = d.r
	c.FieldsPerRecord = -1
	c.ReuseRecord = true
	r.src = &csvRows{r: c, passed: d.lines}
	if r.options.Field != nil {
		r.header, err = r.readHeader()
	}
	return err
}

func (s *csvRows) next() (Row, error) {
	if s.end {
		return Row{}, io.EOF
	}
	cells, err := s.r.Read()
	if err == nil {
		line, _ := s.r.FieldPos(0)
		return Row{Line: line + s.passed, Cells: cells}, nil
	}
	s.end = true
	var parse *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return Row{}, io.EOF
	case errors.As(err, &parse):
		return Row{}, unreadable("the CSV is broken", fault.Wrong("csv", "csv_broken",
			"{detail} (a cell with a quote must be quoted and its quotes doubled)", "detail", parse.Err).In(parse.StartLine+s.passed, parse.Column))
	}
	return Row{}, fmt.Errorf("read CSV: %w", err)
}

func (s *csvRows) close() error { return nil }

// lineEnds makes every line end with \n, whether it ended so, with \r\n or with
// \r alone.
type lineEnds struct {
	r      *bufio.Reader
	before bool // the last byte was \r
}

func (l *lineEnds) Read(p []byte) (int, error) {
	for {
		n, err := l.r.Read(p)
		out := 0
		for _, b := range p[:n] {
			switch {
			case b == '\r':
				p[out] = '\n'
				out++
			case b == '\n' && l.before:
			default:
				p[out] = b
				out++
			}
			l.before = b == '\r'
		}
		if out > 0 || err != nil || len(p) == 0 {
			return out, err
		}
	}
}

// delimiter is what separates the cells of a text.
type delimiter struct {
	r       rune
	lines   int  // that say so, before the first row
	assumed bool // the text does not say so
}

func (d delimiter) name() string {
	return map[rune]string{',': "commas", ';': "semicolons", '\t': "tabs"}[d.r]
}

// sampled is how much of a text is looked at to find its delimiter.
const sampled = 1 << 16

// findDelimiter takes what a line sep=; says; else the one of comma, semicolon
// and tab by which the header names most fields, or by which most rows have as
// many cells. Fault: another delimiter, by its name.
func (r *Reader) findDelimiter(sample string) (delimiter, error) {
	first, _, _ := strings.Cut(sample, "\n")
	if said, ok := strings.CutPrefix(strings.ToLower(strings.Trim(first, `"`)), "sep="); ok {
		switch d := []rune(said + ","); d[0] {
		case ',', ';', '\t':
			return delimiter{r: d[0], lines: 1}, nil
		default:
			return delimiter{}, otherDelimiter(string(d[0]), 1)
		}
	}
	best, bestFields, bestShare := ',', 0, 0.0
	for _, d := range ",;\t" {
		fields, share := r.separated(sample, d)
		if fields > bestFields || fields == bestFields && share > bestShare {
			best, bestFields, bestShare = d, fields, share
		}
	}
	if bestShare > 0 || bestFields > 1 {
		return delimiter{r: best, assumed: true}, nil
	}
	for _, d := range "|，；、^~\u001f¦" {
		if fields, share := r.separated(sample, d); fields > max(bestFields, 1) || r.options.Field == nil && share > 0.9 {
			return delimiter{}, otherDelimiter(string(d), 1)
		}
	}
	return delimiter{r: ',', assumed: true}, nil
}

func otherDelimiter(name string, line int) error {
	return unreadable("the cells are separated by "+name+", which is not read", fault.Wrong("csv", "delimiter_unknown",
		"the cells are separated by {delimiter}, which is not read: save the file with commas, semicolons or tabs", "delimiter", name).In(line, 1))
}

// separated tells how many fields the best of the first rows names if cells are
// separated so, and which share of them has as many cells, more than one, as most
// have.
func (r *Reader) separated(sample string, d rune) (fields int, share float64) {
	c := csv.NewReader(strings.NewReader(sample))
	c.Comma, c.FieldsPerRecord = d, -1
	width := make(map[int]int)
	all := 0
	for ; all < 50; all++ {
		cells, err := c.Read()
		if err != nil {
			if !errors.Is(err, io.EOF) && len(sample) < sampled { // not where the sample is cut
				width = nil
			}
			break
		}
		if len(cells) > 1 {
			width[len(cells)]++
		}
		if r.options.Field == nil {
			continue
		}
		seen := make(map[string]bool)
		for _, cell := range cells {
			if field := r.options.Field(Text(cell)); field != "" {
				seen[field] = true
			}
		}
		fields = max(fields, len(seen))
	}
	for _, n := range width {
		share = max(share, float64(n)/float64(all))
	}
	return fields, share
}
