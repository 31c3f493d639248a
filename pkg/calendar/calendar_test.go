package calendar_test

import (
	"errors"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/calendar"
)

func shanghai(t *testing.T) *time.Location {
	t.Helper()
	tz, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return tz
}

func named(t *testing.T, name string) calendar.Calendar {
	t.Helper()
	c, err := calendar.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Days as the General Office of the State Council announced them for 2025 and
// 2026.
func TestCalendar_WorkingDay(t *testing.T) {
	tests := []struct {
		calendar, day string
		want          bool
	}{
		{calendar.CN, "2025-01-26", true},  // Sunday worked before Spring Festival
		{calendar.CN, "2025-01-28", false}, // Tuesday, New Year's Eve
		{calendar.CN, "2025-02-08", true},  // Saturday worked after it
		{calendar.CN, "2025-04-27", true},  // Sunday worked before Labour Day
		{calendar.CN, "2025-09-28", true},  // Sunday worked before National Day
		{calendar.CN, "2025-10-01", false}, // Wednesday, National Day
		{calendar.CN, "2025-10-08", false}, // Wednesday, its last day off
		{calendar.CN, "2025-10-09", true},  // Thursday
		{calendar.CN, "2025-10-11", true},  // Saturday worked in exchange
		{calendar.CN, "2025-10-12", false}, // an ordinary Sunday
		{calendar.CN, "2026-01-04", true},  // Sunday worked after New Year
		{calendar.CN, "2026-02-23", false}, // Monday, last day of Spring Festival
		{calendar.Weekdays, "2025-10-01", true},
		{calendar.Weekdays, "2025-10-11", false},
		{calendar.EveryDay, "2025-10-12", true},
	}
	for _, tt := range tests {
		t.Run(tt.calendar+"/"+tt.day, func(t *testing.T) {
			day, err := time.ParseInLocation(time.DateOnly, tt.day, shanghai(t))
			if err != nil {
				t.Fatal(err)
			}
			got, err := named(t, tt.calendar).WorkingDay(day)
			if err != nil || got != tt.want {
				t.Errorf("WorkingDay = %v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

func TestCalendar_AddWorkingDays(t *testing.T) {
	tests := []struct {
		name, calendar, start string
		n                     int
		want                  string
	}{
		{"across National Day", calendar.CN, "2025-09-29T10:00:00+08:00", 5, "2025-10-14T00:00:00+08:00"}, // 30 September, 9, 10, 11, 13 October
		{"posted on a day off", calendar.CN, "2025-10-03T08:00:00+08:00", 1, "2025-10-10T00:00:00+08:00"},
		{"make-up days count", calendar.CN, "2025-10-08T23:59:59+08:00", 3, "2025-10-12T00:00:00+08:00"},
		{"the hour of posting does not matter", calendar.CN, "2025-03-03T00:00:00+08:00", 5, "2025-03-11T00:00:00+08:00"},
		{"nor its last minute", calendar.CN, "2025-03-03T23:59:00+08:00", 5, "2025-03-11T00:00:00+08:00"},
		{"the day is the timezone's", calendar.CN, "2025-03-03T17:00:00Z", 1, "2025-03-06T00:00:00+08:00"},
		{"across the year", calendar.CN, "2025-12-31T09:00:00+08:00", 2, "2026-01-06T00:00:00+08:00"},
		{"weekends only", calendar.Weekdays, "2025-09-30T10:00:00+08:00", 5, "2025-10-08T00:00:00+08:00"},
		{"every day", calendar.EveryDay, "2025-09-30T10:00:00+08:00", 5, "2025-10-06T00:00:00+08:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start, err := time.Parse(time.RFC3339, tt.start)
			if err != nil {
				t.Fatal(err)
			}
			end, err := named(t, tt.calendar).AddWorkingDays(start, tt.n, shanghai(t))
			if err != nil {
				t.Fatal(err)
			}
			if got := end.Format(time.RFC3339); got != tt.want {
				t.Errorf("end = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestCalendar_AddWorkingDays_refuses(t *testing.T) {
	cn, tz := named(t, calendar.CN), shanghai(t)
	for _, year := range []int{1, 2001, 2100, 20250} {
		start := time.Date(year, 10, 1, 9, 0, 0, 0, tz)
		if _, err := cn.AddWorkingDays(start, 5, tz); !errors.Is(err, calendar.ErrNoData) {
			t.Errorf("year %d: err = %v, want ErrNoData", year, err)
		}
	}
	if _, err := cn.AddWorkingDays(time.Date(2025, 3, 3, 9, 0, 0, 0, tz), 0, tz); err == nil {
		t.Error("0 working days: no error")
	}
	if _, err := calendar.Named("FR"); !errors.Is(err, calendar.ErrUnknown) {
		t.Errorf("Named(FR): err = %v, want ErrUnknown", err)
	}
	if _, err := (calendar.Calendar{}).AddWorkingDays(time.Now(), 1, tz); !errors.Is(err, calendar.ErrUnknown) {
		t.Errorf("zero Calendar: err = %v, want ErrUnknown", err)
	}
}
