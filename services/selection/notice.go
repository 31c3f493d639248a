package selection

import (
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// ErrNoNotice is of a decision that is not on public notice yet.
var ErrNoNotice = fault.New(fault.NotFound, "notice_unposted", "no decision is on public notice yet")

// Notice is what everybody may read of a decision on public notice.
type Notice struct {
	Slug         string            `json:"slug"`
	Title        map[string]string `json:"title"`
	Edition      int               `json:"edition"`
	Timezone     string            `json:"timezone"`      // the days are its
	RulebookHash string            `json:"rulebook_hash"` // SHA-256, hex
	ResultHash   string            `json:"result_hash"`   // of the result that the committee approved
	DecidedAt    time.Time         `json:"decided_at"`
	Decision     DecisionRecord    `json:"decision"`
	Notices      []NoticeRun       `json:"notices"` // one after another
	ClosedAt     *time.Time        `json:"closed_at,omitempty"`
	PublishedAt  *time.Time        `json:"published_at,omitempty"`
	Order        string            `json:"order"` // of each award's list: strokes, pinyin, region, rank
	Show         []string          `json:"show"`  // fields of each candidate
	Awards       []NoticeList      `json:"awards"`
	Objections   ObjectionRules    `json:"objections"`
	Counts       ObjectionCounts   `json:"counts"`           // of objections
	Office       *Office           `json:"office,omitempty"` // absent: the rulebook names none
}

// NoticeRun is one notice with its time.
type NoticeRun struct {
	Title       map[string]string `json:"title,omitempty"`
	WorkingDays int               `json:"working_days,omitempty"`
	Days        int               `json:"days,omitempty"` // of any kind, in place of working days
	PostedAt    time.Time         `json:"posted_at"`
	ClosesAt    time.Time         `json:"closes_at"` // exclusive: its last minute is the one before
}

// NoticeList is one award and who is to have it, in the rulebook's order.
type NoticeList struct {
	ID     string            `json:"id"`
	Title  map[string]string `json:"title"`
	Seats  int               `json:"seats"`
	Listed []NoticeEntry     `json:"listed"`
}

// NoticeEntry is a candidate on notice.
type NoticeEntry struct {
	Number int               `json:"number"`
	Name   string            `json:"name"`
	Fields map[string]string `json:"fields,omitempty"` // by attribute: those of Show that the entry has
	Struck bool              `json:"struck,omitempty"` // since the decision
}

// ObjectionRules is how objections are taken.
type ObjectionRules struct {
	By        string `json:"by"` // what must be within the notice: arrival, postmark
	Anonymous bool   `json:"anonymous"`
}

// Office is where objections go.
type Office struct {
	Name     map[string]string `json:"name,omitempty"`
	Hours    map[string]string `json:"hours,omitempty"`
	Phone    string            `json:"phone,omitempty"`
	Address  map[string]string `json:"address,omitempty"`
	Postcode string            `json:"postcode,omitempty"`
	Mail     string            `json:"mail,omitempty"`
}

// PostedAt is when the first notice was posted.
func (n Notice) PostedAt() time.Time {
	if len(n.Notices) == 0 {
		return time.Time{}
	}
	return n.Notices[0].PostedAt
}

// ClosesAt is when the last one ends.
func (n Notice) ClosesAt() time.Time {
	if len(n.Notices) == 0 {
		return time.Time{}
	}
	return n.Notices[len(n.Notices)-1].ClosesAt
}
