// Package ical writes one event in the form of RFC 5545, so that somebody's
// calendar reminds them.
package ical

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	ics "github.com/arran4/golang-ical"
)

// Event is an entry of a calendar. Its times are shown in the zone that they have.
type Event struct {
	UID         string // the same for the same event, so that a calendar has it once
	Stamp       time.Time
	Start, End  time.Time // End may be zero: the event has no length
	Daily       bool      // again each day
	Until       time.Time // of Daily: the last moment; zero: without end
	Summary     string
	Description string
	URL         string
}

// Media is the type of what Write gives.
const Media = "text/calendar; charset=utf-8"

// local and universal are the forms of a time.
const (
	local     = "20060102T150405"
	universal = "20060102T150405Z"
)

// Write gives the event as a calendar of its own.
func Write(e Event) []byte {
	zone := e.Start.Location()
	c := ics.NewCalendarFor("Laurel")
	c.SetMethod(ics.MethodPublish)
	if zone != time.UTC { // which needs no description
		c.AddVTimezone(clock(zone, e))
	}
	event := c.AddEvent(text(e.UID))
	event.SetDtStampTime(e.Stamp)
	at(event, ics.ComponentPropertyDtStart, e.Start)
	if !e.End.IsZero() {
		at(event, ics.ComponentPropertyDtEnd, e.End.In(zone))
	}
	if e.Daily {
		rule := "FREQ=DAILY"
		if !e.Until.IsZero() {
			rule += ";UNTIL=" + e.Until.UTC().Format(universal)
		}
		event.AddRrule(rule)
	}
	event.SetSummary(text(e.Summary))
	if e.Description != "" {
		event.SetDescription(text(e.Description))
	}
	if e.URL != "" {
		event.SetURL(e.URL)
	}
	alarm := event.AddAlarm()
	alarm.SetAction(ics.ActionDisplay)
	alarm.SetTrigger("PT0S")
	alarm.SetDescription(text(e.Summary))
	return []byte(c.Serialize(ics.WithNewLineWindows))
}

// at sets a time, by the clock of its zone.
func at(event *ics.VEvent, name ics.ComponentProperty, t time.Time) {
	if t.Location() == time.UTC {
		event.SetProperty(name, t.Format(universal))
		return
	}
	event.SetProperty(name, t.Format(local), ics.WithTZID(t.Location().String()))
}

// spans is for how long a zone is described, where an event has no end.
const spans = 366 * 24 * time.Hour

// clock describes a zone from the event's beginning to its end: each offset that
// it has in that time, and when it began.
func clock(zone *time.Location, e Event) *ics.VTimezone {
	last := e.Start
	switch {
	case e.Daily && e.Until.IsZero():
		last = e.Start.Add(spans)
	case e.Daily:
		last = e.Until
	case !e.End.IsZero():
		last = e.End
	}
	z := ics.NewTimezone(zone.String())
	for at := e.Start.In(zone); !at.After(last); {
		begins, ends := at.ZoneBounds()
		name, offset := at.Zone()
		before := offset
		if begins.IsZero() {
			begins = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Duration(offset) * time.Second)
		} else {
			_, before = begins.Add(-time.Second).Zone()
		}
		var span ics.ComponentBase
		span.AddProperty(ics.ComponentPropertyDtStart, begins.UTC().Add(time.Duration(before)*time.Second).Format(local)) // by the clock before
		span.AddProperty("TZOFFSETFROM", offsetText(before))
		span.AddProperty("TZOFFSETTO", offsetText(offset))
		span.AddProperty("TZNAME", text(name))
		if at.IsDST() {
			z.Components = append(z.Components, &ics.Daylight{ComponentBase: span})
		} else {
			z.Components = append(z.Components, &ics.Standard{ComponentBase: span})
		}
		if ends.IsZero() {
			break
		}
		at = ends.In(zone)
	}
	return z
}

func offsetText(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	out := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds%3600/60)
	if rest := seconds % 60; rest > 0 {
		out += fmt.Sprintf("%02d", rest)
	}
	return out
}

// text is one without the control characters that a value may not have.
func text(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}
