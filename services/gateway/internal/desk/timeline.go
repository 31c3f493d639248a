package desk

import (
	"errors"
	"time"

	"github.com/laurel-awards/laurel/pkg/calendar"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/rule"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// timeline is a rulebook's phases drawn to scale, and the same as a table.
type timeline struct {
	Rows   []timelineRow
	Marks  []timelineMark // first and last day, and today
	Height int            // of the drawing
	Foot   int            // where the marks' texts stand
	Rail   int            // where the rows end
	Dated  bool           // there is a date to draw
}

// timelineRow is a phase.
type timelineRow struct {
	Phase  string
	Opens  *web.Moment // nil: by hand
	Closes *web.Moment
	Note   string
	Past   bool // its opening lies in the past
	Y      int
	X      float64 // of the bar, of timelineWidth
	Width  float64 // 0: nothing is drawn
	Open   string  // from or until, where only one is dated
}

// Top is where the row's bar begins.
func (r timelineRow) Top() int { return r.Y + (rowHeight-14)/2 }

// Middle is where its rail lies.
func (r timelineRow) Middle() int { return r.Y + rowHeight/2 }

// Baseline is where its name stands.
func (r timelineRow) Baseline() int { return r.Y + rowHeight/2 + 5 }

type timelineMark struct {
	Text string
	X    float64
	End  bool // its text ends there
	Now  bool
}

// The measures of the drawing.
const (
	timelineWidth = 600.0
	rowHeight     = 30
)

// newTimeline draws the phases of a rulebook.
func newTimeline(t web.Printer, rules *rulebook.Rulebook, now time.Time) timeline {
	var line timeline
	at := rules.Location()
	var first, last time.Time
	seen := func(times ...time.Time) {
		for _, x := range times {
			if x.IsZero() {
				continue
			}
			if first.IsZero() || x.Before(first) {
				first = x
			}
			if last.IsZero() || x.After(last) {
				last = x
			}
		}
	}
	windows := map[string]rulebook.Window{}
	for _, name := range rulebook.PhaseNames() {
		w, dated := rules.Phases.Window(name)
		if !dated {
			w = noticeWindow(rules)
		}
		if name == rulebook.PhaseVoting && len(rules.Voting.Voters) == 0 {
			continue
		}
		windows[name] = w
		seen(w.Opens, w.Closes)
	}
	span := last.Sub(first)
	scale := func(x time.Time) float64 { return timelineWidth * float64(x.Sub(first)) / float64(max(span, 1)) }
	for _, name := range rulebook.PhaseNames() {
		w, there := windows[name]
		if !there {
			continue
		}
		row := timelineRow{Phase: t.T("phase." + name), Y: len(line.Rows) * rowHeight, Past: !w.Opens.IsZero() && w.Opens.Before(now)}
		row.Opens, row.Closes = shownAt(t, w.Opens, at), shownAt(t, w.Closes, at)
		if name == rulebook.PhaseNotice {
			row.Past = false
			row.Note = rule.New(t, rules, now).Notice()
		}
		switch {
		case span <= 0:
		case !w.Opens.IsZero() && !w.Closes.IsZero():
			row.X, row.Width = scale(w.Opens), max(3, scale(w.Closes)-scale(w.Opens))
		case !w.Opens.IsZero():
			row.X, row.Width, row.Open = scale(w.Opens), timelineWidth-scale(w.Opens), "from"
		case !w.Closes.IsZero():
			row.Width, row.Open = scale(w.Closes), "until"
		}
		line.Rows = append(line.Rows, row)
	}
	line.Rail = len(line.Rows) * rowHeight
	line.Foot, line.Height = line.Rail+16, line.Rail+rowHeight
	if span > 0 {
		line.Dated = true
		line.Marks = []timelineMark{{Text: t.Day(first.In(at))}, {Text: t.Day(last.In(at)), X: timelineWidth, End: true}}
		if now.After(first) && now.Before(last) {
			line.Marks = append(line.Marks, timelineMark{Text: t.T("desk.draft.today"), X: scale(now), Now: true})
		}
	}
	return line
}

func shownAt(t web.Printer, x time.Time, at *time.Location) *web.Moment {
	if x.IsZero() {
		return nil
	}
	m := t.Moment(x, at)
	return &m
}

// noticeWindow is when the notice can run at the earliest: from the decision's
// close, by the holidays that come with this version. It is dated where the
// decision is.
func noticeWindow(rules *rulebook.Rulebook) rulebook.Window {
	posted := rules.Phases.Decision.Closes
	if posted.IsZero() {
		return rulebook.Window{}
	}
	runs, err := rules.NoticeRuns(posted, nil)
	if errors.Is(err, calendar.ErrNoData) {
		return rulebook.Window{Opens: posted}
	}
	if err != nil {
		return rulebook.Window{}
	}
	return rulebook.Window{Opens: posted, Closes: runs[len(runs)-1].Closes}
}
