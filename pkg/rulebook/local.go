package rulebook

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"golang.org/x/text/unicode/norm"
)

// localPattern is a date and an hour as people write them: 2026-12-01 9:00,
// 2026/12/1 09:00:30, 2026年12月1日9时30分. Full-width signs have been made plain.
var localPattern = regexp.MustCompile(
	`^(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|\.(\d{1,2})\.|年(\d{1,2})月)(\d{1,2})(?:日 *|[T ] *)(\d{1,2})[:时](\d{1,2})分?(?::?(\d{1,2})秒?)?$`)

// wallTime reads a date and an hour without a zone, as UTC.
func wallTime(s string) (time.Time, bool) {
	m := localPattern.FindStringSubmatch(norm.NFKC.String(s))
	if m == nil {
		return time.Time{}, false
	}
	number := func(text string) int {
		n, _ := strconv.Atoi(text) // digits, or "" for 0
		return n
	}
	month := number(m[2] + m[3] + m[4] + m[5])
	t := time.Date(number(m[1]), time.Month(month), number(m[6]), number(m[7]), number(m[8]), number(m[9]), 0, time.UTC)
	// A 30th of February or a 25th hour would have moved.
	exists := t.Year() == number(m[1]) && int(t.Month()) == month && t.Day() == number(m[6]) &&
		t.Hour() == number(m[7]) && t.Minute() == number(m[8]) && t.Second() == number(m[9])
	return t, exists
}

// instants are the times at which clocks of a zone show a date and an hour, in
// order: none where they are put forward over it, two where they are put back.
func instants(wall time.Time, zone *time.Location) []time.Time {
	var out []time.Time
	for offset := range offsets(wall, zone) {
		at := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if _, own := at.Zone(); own == offset {
			out = append(out, at)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// offsets are those of a zone around a date, in seconds east of UTC. No zone is
// more than 15 hours from UTC.
func offsets(wall time.Time, zone *time.Location) map[int]bool {
	out := make(map[int]bool)
	for at, last := wall.Add(-15*time.Hour).In(zone), wall.Add(15*time.Hour); ; {
		_, offset := at.Zone()
		out[offset] = true
		_, end := at.ZoneBounds()
		if end.IsZero() || end.After(last) {
			return out
		}
		at = end
	}
}
