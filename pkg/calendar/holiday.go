package calendar

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Holidays are days that differ from their weekday: off, or worked in exchange.
// true is worked. The keys are dates such as 2027-01-01.
type Holidays map[string]bool

// ReadHolidays reads a file of holidays. A line is a date, a comma, and holiday or
// work; what follows a further comma is a note. Empty lines, and what begins
// with #, are not read. It merges over the holidays that come with this version.
// A year that this version does not know is given in full, National Day included,
// as the State Council announces it. The error names every bad line.
func ReadHolidays(r io.Reader) (Holidays, error) {
	h := make(Holidays)
	var wrong []error
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\uFEFF"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := h.add(line); err != nil {
			wrong = append(wrong, fmt.Errorf("line %d: %w", n, err))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("holidays: %w", err)
	}
	years := make(map[int]bool)
	for date := range h {
		if day, err := time.Parse(time.DateOnly, date); err == nil {
			years[day.Year()] = true
		}
	}
	for year := range years {
		if !known(year) && !h.whole(year) {
			wrong = append(wrong, fmt.Errorf("year %d is not known to this version and has no holiday on %d-10-01: give all its days", year, year))
		}
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("holidays: %w", errors.Join(wrong...))
	}
	return h, nil
}

func (h Holidays) add(line string) error {
	parts := strings.SplitN(line, ",", 3)
	if len(parts) < 2 {
		return fmt.Errorf("%q is not a date, a comma, and holiday or work", line)
	}
	date, kind := strings.TrimSpace(parts[0]), strings.TrimSpace(parts[1])
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return fmt.Errorf("%q is not a date such as 2027-01-01", date)
	}
	if kind != "holiday" && kind != "work" {
		return fmt.Errorf("%q is neither holiday nor work", kind)
	}
	if _, twice := h[date]; twice {
		return fmt.Errorf("%s is there twice", date)
	}
	h[date] = kind == "work"
	return nil
}

// whole tells whether a year is given in full: its National Day is.
func (h Holidays) whole(year int) bool {
	_, ok := h[fmt.Sprintf("%04d-10-01", year)]
	return ok
}
