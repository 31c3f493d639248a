// Package ical writes one event in the form of RFC 5545, so that somebody's
// calendar reminds them.
package ical

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
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
	var w writer
	zone := e.Start.Location()
	w.line("BEGIN", "VCALENDAR")
	w.line("VERSION", "2.0")
	w.line("PRODID", "-//Laurel//Laurel//EN")
	w.line("METHOD", "PUBLISH")
	w.zone(zone, e)
	w.line("BEGIN", "VEVENT")
	w.line("UID", text(e.UID))
	w.line("DTSTAMP", e.Stamp.UTC().Format(universal))
	w.at("DTSTART", e.Start)
	if !e.End.IsZero() {
		w.at("DTEND", e.End.In(zone))
	}
	if e.Daily {
		rule := "FREQ=DAILY"
		if !e.Until.IsZero() {
			rule += ";UNTIL=" + e.Until.UTC().Format(universal)
		}
		w.line("RRULE", rule)
	}
	w.line("SUMMARY", text(e.Summary))
	if e.Description != "" {
		w.line("DESCRIPTION", text(e.Description))
	}
	if e.URL != "" {
		w.line("URL", e.URL)
	}
	w.line("BEGIN", "VALARM")
	w.line("ACTION", "DISPLAY")
	w.line("TRIGGER", "PT0S")
	w.line("DESCRIPTION", text(e.Summary))
	w.line("END", "VALARM")
	w.line("END", "VEVENT")
	w.line("END", "VCALENDAR")
	return []byte(w.String())
}

type writer struct{ strings.Builder }

// at writes a time, by the clock of its zone.
func (w *writer) at(name string, t time.Time) {
	if t.Location() == time.UTC {
		w.line(name, t.Format(universal))
		return
	}
	w.line(name+";TZID="+t.Location().String(), t.Format(local))
}

// spans is for how long a zone is described, where an event has no end.
const spans = 366 * 24 * time.Hour

// zone describes the clock of a zone from the event's beginning to its end: each
// offset that it has in that time, and when it began. UTC needs no description.
func (w *writer) zone(zone *time.Location, e Event) {
	if zone == time.UTC {
		return
	}
	last := e.Start
	switch {
	case e.Daily && e.Until.IsZero():
		last = e.Start.Add(spans)
	case e.Daily:
		last = e.Until
	case !e.End.IsZero():
		last = e.End
	}
	w.line("BEGIN", "VTIMEZONE")
	w.line("TZID", zone.String())
	for at := e.Start.In(zone); !at.After(last); {
		begins, ends := at.ZoneBounds()
		name, offset := at.Zone()
		before := offset
		if begins.IsZero() {
			begins = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Duration(offset) * time.Second)
		} else {
			_, before = begins.Add(-time.Second).Zone()
		}
		kind := "STANDARD"
		if at.IsDST() {
			kind = "DAYLIGHT"
		}
		w.line("BEGIN", kind)
		w.line("DTSTART", begins.UTC().Add(time.Duration(before)*time.Second).Format(local)) // by the clock before
		w.line("TZOFFSETFROM", offsetText(before))
		w.line("TZOFFSETTO", offsetText(offset))
		w.line("TZNAME", text(name))
		w.line("END", kind)
		if ends.IsZero() {
			break
		}
		at = ends.In(zone)
	}
	w.line("END", "VTIMEZONE")
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

// text escapes a value (RFC 5545, 3.3.11); other control characters may not be
// there.
func text(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\r\n", "\n")
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\\' || r == ';' || r == ',':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r >= ' ' && r != 0x7f:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// most is how many bytes a line has without its end; what is longer goes on in the
// next, behind a space (RFC 5545, 3.1).
const most = 75

// line writes a property, in as many lines as it takes; no character is cut.
func (w *writer) line(name, value string) {
	for rest, room := name+":"+value, most; ; room = most - 1 {
		if len(rest) <= room {
			w.WriteString(rest + "\r\n")
			return
		}
		cut := room
		for !utf8.RuneStart(rest[cut]) {
			cut--
		}
		w.WriteString(rest[:cut] + "\r\n ")
		rest = rest[cut:]
	}
}
