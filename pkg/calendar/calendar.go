// Package calendar counts working days, with China's public holidays and the
// weekend days worked in exchange for them (调休).
package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/6tail/lunar-go/HolidayUtil"
)

// The calendars, as a rulebook names them.
const (
	CN       = "CN"       // China: as the State Council publishes for each year
	Weekdays = "weekdays" // Monday to Friday, no holidays
	EveryDay = "everyday" // all seven days count
)

// ErrUnknown is returned for a calendar that does not exist.
var ErrUnknown = errors.New("unknown calendar")

// ErrNoData is returned for a year whose holidays are not known to this
// version. China publishes a year's holidays in the November before it.
var ErrNoData = errors.New("the year's holidays are not known")

// Names are the calendars that there are.
func Names() []string { return []string{CN, Weekdays, EveryDay} }

// Calendar tells working days from others. The zero Calendar is not one; get
// it from Named.
type Calendar struct {
	name  string
	added Holidays
}

// Named gives the calendar of that name, or ErrUnknown.
func Named(name string) (Calendar, error) {
	if !slices.Contains(Names(), name) {
		return Calendar{}, fmt.Errorf("%w %q: there are %s", ErrUnknown, name, strings.Join(Names(), ", "))
	}
	return Calendar{name: name}, nil
}

// With gives the calendar with an installation's own holidays of China before
// those that come with this version.
func (c Calendar) With(added Holidays) Calendar { return Calendar{c.name, added} }

// NoDataError is ErrNoData for a year.
type NoDataError struct{ Year int }

func (e NoDataError) Error() string { return fmt.Sprintf("%v: %d", ErrNoData, e.Year) }

// Is tells that it is ErrNoData.
func (NoDataError) Is(target error) bool { return target == ErrNoData }

// WorkingDay tells whether the day on which t falls, by t's own timezone, is
// worked. For CN it gives ErrNoData rather than guess at a year without data.
func (c Calendar) WorkingDay(t time.Time) (bool, error) {
	weekday := t.Weekday() != time.Saturday && t.Weekday() != time.Sunday
	switch c.name {
	case Weekdays:
		return weekday, nil
	case EveryDay:
		return true, nil
	case CN:
		if worked, ok := c.added[t.Format(time.DateOnly)]; ok {
			return worked, nil
		}
		if !known(t.Year()) && !c.added.whole(t.Year()) {
			return false, NoDataError{t.Year()}
		}
		if day := HolidayUtil.GetHoliday(t.Format(time.DateOnly)); day != nil {
			return day.IsWork(), nil
		}
		return weekday, nil
	}
	return false, ErrUnknown
}

// known tells whether a year's holidays are there in full. National Day is the
// last holiday of every year; New Year's days alone may come with the year before.
func known(year int) bool {
	return year >= 1000 && year <= 9999 && HolidayUtil.GetHolidayByYmd(year, 10, 1) != nil
}

// AddWorkingDays gives the end of a notice of n whole working days posted at
// start: the day of posting does not count, whatever the hour (Civil Code of
// China, article 201); the notice ends with the n-th working day after it. The
// result is exclusive: midnight in tz that begins the following day. n is 1 or
// more. Errors: ErrNoData, when the days pass into a year without data.
func (c Calendar) AddWorkingDays(start time.Time, n int, tz *time.Location) (time.Time, error) {
	if n < 1 {
		return time.Time{}, fmt.Errorf("calendar: %d working days: at least 1", n)
	}
	year, month, day := start.In(tz).Date()
	for n > 0 {
		day++
		// Noon exists on every day of every timezone; midnight does not.
		worked, err := c.WorkingDay(time.Date(year, month, day, 12, 0, 0, 0, tz))
		if err != nil {
			return time.Time{}, err
		}
		if worked {
			n--
		}
	}
	return time.Date(year, month, day+1, 0, 0, 0, 0, tz), nil
}
