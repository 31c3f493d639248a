package ical_test

import (
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/services/gateway/internal/ical"
)

// unfolded are the lines of a calendar as they are read; every line that was sent
// is short enough, and whole.
func unfolded(t *testing.T, body []byte) []string {
	t.Helper()
	text := string(body)
	if strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\n") || !strings.HasSuffix(text, "\r\n") {
		t.Error("a line does not end in CR LF")
	}
	for line := range strings.SplitSeq(text, "\r\n") {
		if len(line) > 75 || strings.ToValidUTF8(line, "?") != line {
			t.Errorf("%d bytes: %q", len(line), line)
		}
	}
	return strings.Split(strings.ReplaceAll(text, "\r\n ", ""), "\r\n")
}

func has(t *testing.T, lines []string, want ...string) {
	t.Helper()
	all := "\n" + strings.Join(lines, "\n") + "\n"
	for _, w := range want {
		if !strings.Contains(all, "\n"+w+"\n") {
			t.Errorf("there is no %q in %s", w, all)
		}
	}
}

func in(t *testing.T, zone string) *time.Location {
	t.Helper()
	at, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestWrite(t *testing.T) {
	at := in(t, "Asia/Shanghai")
	lines := unfolded(t, ical.Write(ical.Event{
		UID: "a@b", Stamp: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC),
		Start: time.Date(2026, 5, 4, 9, 0, 0, 0, at), End: time.Date(2026, 5, 4, 14, 0, 0, 0, time.UTC),
		Summary: "投票：第二届“陇原最美快递员”；\\ a, b; c\r\nBEGIN:VEVENT\x00" + strings.Repeat("长", 60), URL: "https://vote.example/s/x",
	}))
	has(t, lines, "DTSTAMP:20260501T000000Z", "DTSTART;TZID=Asia/Shanghai:20260504T090000", "DTEND;TZID=Asia/Shanghai:20260504T220000",
		`SUMMARY:投票：第二届“陇原最美快递员”；\\ a\, b\; c\nBEGIN:VEVENT`+strings.Repeat("长", 60), "TZID:Asia/Shanghai",
		"TZOFFSETTO:+0800", "URL:https://vote.example/s/x")
	if n := strings.Count(strings.Join(lines, "\n"), "\nBEGIN:VEVENT"); n != 1 {
		t.Errorf("%d events", n)
	}
}

// A zone whose clock is put back while the event repeats has both its offsets.
func TestWrite_zone(t *testing.T) {
	at := in(t, "Europe/Berlin")
	lines := unfolded(t, ical.Write(ical.Event{
		UID: "a", Start: time.Date(2026, 10, 20, 9, 0, 0, 0, at), End: time.Date(2026, 10, 20, 10, 0, 0, 0, at),
		Daily: true, Until: time.Date(2026, 11, 2, 9, 0, 0, 0, at), Summary: "x",
	}))
	has(t, lines, "RRULE:FREQ=DAILY;UNTIL=20261102T080000Z",
		"BEGIN:DAYLIGHT\nDTSTART:20260329T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nTZNAME:CEST\nEND:DAYLIGHT",
		"BEGIN:STANDARD\nDTSTART:20261025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nTZNAME:CET\nEND:STANDARD")
	has(t, unfolded(t, ical.Write(ical.Event{Start: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)})), "DTSTART:20260504T090000Z")
	// One that never had another clock.
	has(t, unfolded(t, ical.Write(ical.Event{Start: time.Date(2026, 5, 4, 9, 0, 0, 0, in(t, "Etc/GMT-8"))})), "DTSTART:19700101T000000", "TZOFFSETFROM:+0800")
}
