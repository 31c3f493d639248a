package rulebook

import (
	"slices"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/calendar"
)

// maxNoticeDays is the most days of one notice, maxNotices the most notices.
const (
	maxNoticeDays = 250
	maxNotices    = 10
)

// notice reads how long a notice lasts.
func (r *reader) notice(f field) Notice {
	f = f.mapping("working_days", "days", "calendar", "starts", "shortened_to")
	n := Notice{}
	n.WorkingDays, n.Days = r.noticeDays(f)
	f.get("calendar").note(KindChoice, calendar.Names()...)
	if cal := f.get("calendar"); cal.has() {
		n.Calendar = cal.choice("", calendar.Names()...)
	}
	n.Starts = f.get("starts").choice("", StartsNextDay, StartsSameDay)
	n.ShortenedTo = f.get("shortened_to").duration(1, 365*24*time.Hour)
	return n
}

// noticeDays reads working days or days.
func (r *reader) noticeDays(f field) (working, days int) {
	working, days = f.get("working_days").whole(1, maxNoticeDays), f.get("days").whole(1, maxNoticeDays)
	if working > 0 && days > 0 {
		f.get("days").fail("days_twice", "a notice has working_days or days, not both")
	}
	return working, days
}

// publicNotice reads what the notice tells.
func (r *reader) publicNotice(f field, rb *Rulebook) PublicNotice {
	f = f.mapping("order", "show", "objections", "office", "notices")
	n := PublicNotice{
		Order:      f.get("order").choice("", OrderStrokes, OrderPinyin, OrderRegion, OrderRank),
		Show:       r.noticeShow(f.get("show"), rb),
		Objections: r.objections(f.get("objections")),
		Office:     r.office(f.get("office")),
	}
	for _, item := range f.get("notices").atMost(maxNotices) {
		item = item.mapping("title", "working_days", "days")
		var one NoticeOf
		if title := item.get("title"); title.require() {
			one.Title = title.localized()
		}
		one.WorkingDays, one.Days = r.noticeDays(item)
		n.Notices = append(n.Notices, one)
	}
	return n
}

// noticeShow reads fields that everybody may read.
func (r *reader) noticeShow(f field, rb *Rulebook) (show []string) {
	if f.has() {
		show = []string{}
	}
	once, public := unique(), rb.public()
	for _, item := range f.all() {
		name := item.id()
		once(item, name)
		if name != "" && !slices.Contains(public, name) {
			item.fail("attribute_private", `"{value}" is not for everybody to read; {values} are, and attributes that have a label`,
				"value", escaped(name), "values", strings.Join(public, ", "))
		}
		show = append(show, name)
	}
	return show
}

func (r *reader) objections(f field) Objections {
	f = f.mapping("by", "anonymous", "answer_in")
	return Objections{
		By: f.get("by").choice("", ByArrival, ByPostmark), Anonymous: f.get("anonymous").truth(), AnswerIn: f.get("answer_in").whole(1, maxNoticeDays),
	}
}

func (r *reader) office(f field) Office {
	f = f.mapping("name", "hours", "phone", "address", "postcode", "mail")
	return Office{
		Name: f.get("name").localized(), Hours: f.get("hours").localized(), Phone: f.get("phone").words(),
		Address: f.get("address").localized(), Postcode: f.get("postcode").words(), Mail: f.get("mail").words(),
	}
}
