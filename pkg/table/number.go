package table

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// kept is how many digits a spreadsheet keeps of a number.
const kept = 15

// inexact tells a stored number that may have lost digits: it has an exponent,
// or more than fifteen digits before the point.
func inexact(stored string) bool {
	whole, _, _ := strings.Cut(strings.TrimLeft(stored, "+-0"), ".")
	return strings.ContainsAny(stored, "eE") || len(whole) > kept
}

// exported is a number as a spreadsheet writes it into a CSV where it shows too
// few digits: 6.20102E+17.
var exported = regexp.MustCompile(`^[+-]?[0-9](\.[0-9]+)?E\+[0-9]{2,3}$`)

// plainNumber is the shortest decimal that a spreadsheet stores as text does: a
// typed 7.3 is stored as 7.2999999999999998, small numbers with an exponent.
func plainNumber(text string) string {
	if strings.ContainsAny(text, "eE") || strings.Contains(text, ".") && len(strings.Trim(text, "-0.")) > kept+1 {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return text
		}
		short := strconv.FormatFloat(v, 'g', kept, 64)
		if back, err := strconv.ParseFloat(short, 64); err != nil || back != v {
			short = strconv.FormatFloat(v, 'g', -1, 64)
		}
		exact, ok := new(big.Rat).SetString(short)
		if !ok {
			return text
		}
		places, _ := exact.FloatPrec()
		return exact.FloatString(places)
	}
	return text
}

// shownAs gives a stored number as its style shows it: 0.85 as 85%, a count of
// days as a date, 7 as 007. Every other style shows what was typed.
func (b *workbook) shownAs(text string, style int) string {
	if style < 0 || style >= len(b.shows) {
		return plainNumber(text)
	}
	switch how := b.shows[style]; {
	case how.as == aDate:
		return b.dateText(text, how.timely)
	case how.as == aPercentage:
		return percentText(text)
	case how.zeros > len(text) && strings.Trim(text, "0123456789") == "":
		return strings.Repeat("0", how.zeros-len(text)) + text
	}
	return plainNumber(text)
}

// percentText shows a share as a percentage: 0.85 as 85%.
func percentText(text string) string {
	share, ok := new(big.Rat).SetString(plainNumber(text))
	if !ok {
		return text
	}
	share.Mul(share, big.NewRat(100, 1))
	places, _ := share.FloatPrec()
	return share.FloatString(places) + "%"
}

// lastDay is the end of a spreadsheet's calendar: 9999-12-31.
const lastDay = 2_958_466

// dateText shows a count of days as 2026-05-01, with the time where it has one.
// Day 60 of the calendar from 1900 is the 29 February that there never was.
func (b *workbook) dateText(text string, timely bool) string {
	days, err := strconv.ParseFloat(text, 64)
	if err != nil || days < 0 || days >= lastDay {
		return plainNumber(text)
	}
	seconds := int64(math.Round(days * 24 * 60 * 60))
	if timely && seconds < 24*60*60 {
		return fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	}
	start := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case b.era1904:
		start = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case days < 60:
		start = start.AddDate(0, 0, 1)
	}
	at := start.Add(time.Duration(seconds%(24*60*60))*time.Second).AddDate(0, 0, int(seconds/(24*60*60)))
	if at.Equal(at.Truncate(24 * time.Hour)) {
		return at.Format("2006-01-02")
	}
	return at.Format("2006-01-02 15:04:05")
}

// isoDate shows a stored date, 2026-05-01T00:00:00, as dateText does.
func isoDate(text string) string {
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02"} {
		if at, err := time.Parse(layout, text); err == nil {
			if at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0 {
				return at.Format("2006-01-02")
			}
			return at.Format("2006-01-02 15:04:05")
		}
	}
	return text
}
