package rulebook_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// opens reads a time of a zone; code is that of the mistake.
func opens(t *testing.T, zone, typed string) (at time.Time, code string, params map[string]string) {
	t.Helper()
	rb, err := rulebook.Parse(fmt.Appendf(nil, "timezone: %s\nphases: {voting: {opens: %q}}\n", zone, typed))
	var f *fault.Error
	switch {
	case errors.As(err, &f) && len(f.Fields) == 1 && f.Fields[0].Name == "phases.voting.opens":
		return at, f.Fields[0].Code, f.Fields[0].Params
	case err != nil:
		t.Fatalf("%s: %v", typed, err)
	}
	return rb.Phases.Voting.Opens, "", nil
}

// A time is read in every way that people write it, or refused for its form.
func TestParse_localTimes(t *testing.T) {
	for typed, want := range map[string]string{
		"2026-12-01 9:00": "2026-12-01T09:00:00+08:00", "2026-12-01 09:00:30": "2026-12-01T09:00:30+08:00", "2026-12-1 9:5": "2026-12-01T09:05:00+08:00",
		"2026/12/01 09:00": "2026-12-01T09:00:00+08:00", "2026.12.1 9:00": "2026-12-01T09:00:00+08:00", "2026-12-01T9:00": "2026-12-01T09:00:00+08:00",
		"2026年12月1日9时30分": "2026-12-01T09:30:00+08:00", "2026年12月1日 09:30": "2026-12-01T09:30:00+08:00", "２０２６－１２－０１　９：００": "2026-12-01T09:00:00+08:00",
		"2026-12-01T09:00:00Z": "2026-12-01T17:00:00+08:00", "2026年1月2日3时4分5秒": "2026-01-02T03:04:05+08:00",
		"2026-02-30 09:00": "", "2026-12-01 25:00": "", "2026-12-01 09:60": "", "2026-13-01 09:00": "", "2026-12-01": "", "2026-12-01 9": "",
		"2026-12/01 09:00": "", "26-12-01 09:00": "", "2026-12-01 09:00 PM": "", "2026-12-01 09:00+08:00": "", "01/12/2026 09:00": "", "2026-12-01 24:00": "",
	} {
		at, code, _ := opens(t, "Asia/Shanghai", typed)
		if got := at.Format(time.RFC3339); want != "" && got != want {
			t.Errorf("%s is %s (%s), want %s", typed, got, code, want)
		}
		if want == "" && code != "time_malformed" {
			t.Errorf("%s: %q at %v, want it refused for its form", typed, code, at)
		}
	}
}

// Around every change of clocks, each time of the day is read as it is, or told
// to be missing or to come twice.
func TestParse_clockChanges(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe"} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		changes := 0
		for at := time.Date(2026, 1, 1, 0, 0, 0, 0, location); ; {
			_, at = at.ZoneBounds()
			if at.IsZero() || at.Year() > 2035 {
				break
			}
			changes++
			_, before := at.Add(-time.Second).Zone()
			_, after := at.Zone()
			lo, hi := min(before, after), max(before, after)
			utc := at.UTC()
			for minute := -180; minute <= 180; minute += 15 {
				wall := utc.Add(time.Duration(lo)*time.Second + time.Duration(minute)*time.Minute)
				typed := wall.Format("2006-01-02 15:04")
				// Clocks show what lies between the two readings of the change twice, or never.
				want := ""
				if minute >= 0 && time.Duration(minute)*time.Minute < time.Duration(hi-lo)*time.Second {
					want = map[bool]string{true: "time_skipped", false: "time_twice"}[after > before]
				}
				got, code, params := opens(t, zone, typed)
				switch {
				case code != want:
					t.Errorf("%s in %s: %q, want %q", typed, zone, code, want)
				case code == "" && got.Format("2006-01-02 15:04") != typed:
					t.Errorf("%s in %s is %s", typed, zone, got)
				case code == "time_twice":
					for _, name := range []string{"first", "second"} {
						one, code, _ := opens(t, zone, params[name])
						if code != "" || one.Format("2006-01-02 15:04") != typed || params["first"] == params["second"] {
							t.Errorf("%s in %s: %v", typed, zone, params)
						}
					}
				}
			}
		}
		if changes != 20 {
			t.Errorf("%s: %d changes in ten years", zone, changes)
		}
	}
}
