package rulebook

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/laurel-awards/laurel/pkg/calendar"
)

// Notice is how long a notice of the decision lasts.
type Notice struct {
	WorkingDays int    // whole working days
	Days        int    // whole days of any kind, in place of working days
	Calendar    string // whose working days, by a name of pkg/calendar
	Starts      string // StartsNextDay by default
	// ShortenedTo replaces the days of each notice by this real duration. It exists
	// for demonstrations; as a key of the frozen rulebook it is public.
	ShortenedTo time.Duration
}

// The first day of a notice that counts.
const (
	StartsNextDay = "next_day" // the day after the posting
	StartsSameDay = "same_day" // the day of the posting
)

// PublicNotice is what the notice tells, and who takes objections.
type PublicNotice struct {
	Order      string   // of the list: OrderRank by default
	Show       []string // fields of each candidate beside number and name; DefaultShow where it is not written
	Objections Objections
	Office     Office
	Notices    []NoticeOf // one after another; empty: one
}

// The order of the list, within each award.
const (
	OrderStrokes = "strokes" // of the name's characters
	OrderPinyin  = "pinyin"  // of the name
	OrderRegion  = "region"  // then by pinyin of the name
	OrderRank    = "rank"    // of the result
)

// Objections is how they are taken.
type Objections struct {
	By        string // what must be within the notice: ByArrival by default
	Anonymous bool   // taken, with evidence
	AnswerIn  int    // working days until each is decided: AnswerDays by default
}

// What of an objection must be within the notice.
const (
	ByArrival  = "arrival"
	ByPostmark = "postmark"
)

// Office is where objections go.
type Office struct {
	Name     Text
	Hours    Text
	Phone    string
	Address  Text
	Postcode string
	Mail     string
}

// IsSet tells whether the rulebook names the office.
func (o Office) IsSet() bool {
	return len(o.Name)+len(o.Hours)+len(o.Address) > 0 || o.Phone+o.Postcode+o.Mail != ""
}

// NoticeOf is one notice of several.
type NoticeOf struct {
	Title       Text
	WorkingDays int // with Days 0: those of `phases.notice`
	Days        int
}

// Ordered is Order or its default.
func (n PublicNotice) Ordered() string { return cmp.Or(n.Order, OrderRank) }

// Shown is Show or its default.
func (n PublicNotice) Shown() []string {
	if n.Show == nil {
		return DefaultShow()
	}
	return n.Show
}

// DefaultShow are the fields that a notice shows where nothing else is written.
func DefaultShow() []string { return []string{"employer"} }

// Counts is By or its default.
func (o Objections) Counts() string { return cmp.Or(o.By, ByArrival) }

// AnswerDays are the working days until an objection is to be decided, where the
// rulebook does not say.
const AnswerDays = 15

// Within is AnswerIn or its default.
func (o Objections) Within() int { return cmp.Or(o.AnswerIn, AnswerDays) }

// public are the attributes that everybody may read of every candidate: those of
// each story, and those that the rulebook has labels for.
func (rb *Rulebook) public() []string {
	all := slices.DeleteFunc(KnownAttributes(), func(a string) bool { return a == "gender" })
	for _, l := range rb.Labels {
		if l.Attribute != "" && !slices.Contains(all, l.Attribute) {
			all = append(all, l.Attribute)
		}
	}
	return all
}

// NoticeRun is one notice with its time.
type NoticeRun struct {
	Title       Text
	WorkingDays int // one of both is 0
	Days        int
	Posted      time.Time
	Closes      time.Time // exclusive: the midnight after the last day
}

// Length is how long the notices are, one after another, without their times.
func (rb *Rulebook) Length() []NoticeRun {
	of := rb.Notice.Notices
	if len(of) == 0 {
		of = []NoticeOf{{}}
	}
	runs := make([]NoticeRun, len(of))
	for i, n := range of {
		if n.WorkingDays+n.Days == 0 {
			n.WorkingDays, n.Days = rb.Phases.Notice.WorkingDays, rb.Phases.Notice.Days
		}
		runs[i] = NoticeRun{Title: n.Title, WorkingDays: n.WorkingDays, Days: n.Days}
	}
	return runs
}

// NoticeRuns gives the time of each notice of a decision that is posted at a
// moment; added are an installation's own holidays. The days of a further notice
// begin with the day after the last of the one before. Errors: those of
// calendar.AddWorkingDays.
func (rb *Rulebook) NoticeRuns(posted time.Time, added calendar.Holidays) ([]NoticeRun, error) {
	runs, rules := rb.Length(), rb.Phases.Notice
	before := posted // the day before the first that counts
	if rules.Starts == StartsSameDay {
		year, month, day := posted.In(rb.Location()).Date()
		before = time.Date(year, month, day-1, 12, 0, 0, 0, rb.Location())
	}
	for i := range runs {
		runs[i].Posted = posted.UTC()
		if rules.ShortenedTo > 0 {
			runs[i].Closes = posted.Add(rules.ShortenedTo).UTC()
		} else {
			name, days := rules.Calendar, runs[i].WorkingDays
			if runs[i].Days > 0 {
				name, days = calendar.EveryDay, runs[i].Days
			}
			c, err := calendar.Named(name)
			if err != nil {
				return nil, fmt.Errorf("notice: %w", err)
			}
			end, err := c.With(added).AddWorkingDays(before, days, rb.Location())
			if err != nil {
				return nil, fmt.Errorf("notice: %w", err)
			}
			runs[i].Closes = end.UTC()
		}
		posted, before = runs[i].Closes, runs[i].Closes.Add(-time.Nanosecond)
	}
	return runs, nil
}
