package web

import (
	"fmt"
	"time"
)

// Moment is a time as a page shows it, in the selection's timezone.
type Moment struct {
	ISO   string // RFC 3339
	Text  string
	Local bool // it is shown in the reader's own timezone, where scripts run
}

// Moment gives t as readers of the language write it, to the minute.
func (p Printer) Moment(t time.Time, at *time.Location) Moment {
	t = t.In(at)
	separator := ", "
	if p.Lang == Chinese {
		separator = " "
	}
	return Moment{ISO: t.Format(time.RFC3339), Text: p.Day(t) + separator + t.Format("15:04")}
}

// Day is a date as readers of the language write it.
func (p Printer) Day(day time.Time) string {
	if p.Lang == Chinese {
		return fmt.Sprintf("%d年%d月%d日", day.Year(), day.Month(), day.Day())
	}
	return day.Format("2 January 2006")
}

// Precise is Moment to the second, for what is disputed.
func (p Printer) Precise(t time.Time, at *time.Location) Moment {
	m := p.Moment(t, at)
	m.Text += t.In(at).Format(":05")
	return m
}

// Location is the selection's timezone; the rulebook has been checked, so an
// unknown name can only come from a newer version.
func Location(name string) *time.Location {
	if at, err := time.LoadLocation(name); err == nil {
		return at
	}
	return time.UTC
}

// Zone names a timezone at a time: Asia/Shanghai (UTC+8).
func Zone(at *time.Location, t time.Time) string {
	_, offset := t.In(at).Zone()
	if offset == 0 {
		return at.String()
	}
	hours, minutes := offset/3600, (max(offset, -offset)%3600)/60
	if minutes == 0 {
		return fmt.Sprintf("%s (UTC%+d)", at, hours)
	}
	return fmt.Sprintf("%s (UTC%+d:%02d)", at, hours, minutes)
}
