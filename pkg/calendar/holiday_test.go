package calendar_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/calendar"
)

// A year that came out after this version is taken from a file, whose days go
// before those that are built in.
func TestReadHolidays(t *testing.T) {
	h, err := calendar.ReadHolidays(strings.NewReader("\ufeff# 国务院办公厅\n\n2098-01-01, holiday, 元旦\r\n2098-01-04,work\n2098-10-01,holiday\n2025-03-05,holiday\n"))
	if err != nil {
		t.Fatal(err)
	}
	cn := named(t, calendar.CN).With(h)
	for date, want := range map[string]bool{
		"2098-01-01": false, "2098-01-02": true, "2098-01-04": true, "2098-01-05": false, "2098-01-06": true, // 4 and 5 January are a weekend
		"2025-03-05": false, "2025-03-04": true, "2025-10-01": false,
	} {
		day, err := time.ParseInLocation(time.DateOnly, date, shanghai(t))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := cn.WorkingDay(day); err != nil || got != want {
			t.Errorf("%s (%s) worked: %v, %v", date, day.Weekday(), got, err)
		}
	}
	var missing calendar.NoDataError
	_, err = cn.AddWorkingDays(time.Date(2098, 12, 30, 9, 0, 0, 0, shanghai(t)), 5, shanghai(t))
	if !errors.As(err, &missing) || missing.Year != 2099 || !errors.Is(err, calendar.ErrNoData) {
		t.Errorf("into a year without data: %v", err)
	}
}

// Every bad line is named.
func TestReadHolidays_refuses(t *testing.T) {
	_, err := calendar.ReadHolidays(strings.NewReader("2098-13-01,holiday\n2098-01-01\n2098-01-01,off\n2098-01-02,holiday\n2098-01-02,work\n"))
	for _, part := range []string{"line 1:", "line 2:", "line 3:", "line 5: 2098-01-02 is there twice", "year 2098"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v lacks %q", err, part)
		}
	}
}
