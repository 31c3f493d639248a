package desk

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

const meetingPath = of + "/meeting"

func (d *desk) mountMeeting() {
	d.section(app.ReadDecision, "meeting", "desk.meeting", d.meeting)
	d.page(app.ReadDecision, meetingPath+"/state", d.follow("meeting", true))
	d.page(app.ReadDecision, meetingPath+"/wall", d.wall)
	d.page(app.ReadDecision, meetingPath+"/wall/state", d.follow("wall", false))
	d.page(app.ReadDecision, meetingPath+"/minutes", d.minutes)
	d.mountMeetingActs()
}

// room is the meeting as its pages show it while it goes on.
type room struct {
	Version string
	Said    string // the state in one sentence, for whoever listens
	Secret  bool
	Follow  string // address that answers when the state is another
	Members []memberRow
	Present int
	Quorum  int
	Open    bool // the committee may decide now
	Motion  *motionView
	Mine    string // what the reader's own vote is, without its choice
	Acts    []meetingLink
}

// memberRow is one of the committee.
type memberRow struct {
	Name                string
	Present, Voted, Own bool
	Recused             bool // from the motion
	CameAt, LeftAt      *web.Moment
}

// motionView is a motion and what came of it.
type motionView struct {
	review.Motion

	OutcomeText   string
	Cast          int // votes
	Moved, Closed bool
	MovedAt       web.Moment
	ClosedAt      web.Moment
	Names         string // of those who voted
	Filled        []filledView
	Hosts         []hostRow // that sign it
	KindText      string
	Change        string // what it changes, in a sentence
}

// meetingLink leads to a page on which something is done.
type meetingLink struct {
	Href, Text, Key, ID string
	First               bool // the one that is waited for
}

func (d *desk) meeting(c echo.Context, at *place) error {
	m, err := d.app.Meeting(c.Request().Context(), at.Slug, true)
	if err != nil {
		return err
	}
	return d.render(c, at, web.Page{Name: "meeting", Title: at.T("desk.meeting"), Data: d.room(at, m, "state")})
}

// wall is the meeting for a room full of people: it has no control.
func (d *desk) wall(c echo.Context, at *place) error {
	m, err := d.app.Meeting(c.Request().Context(), at.Slug, false)
	if err != nil {
		return err
	}
	return d.render(c, at, web.Page{Name: "wall", Title: at.T("desk.meeting"), Data: d.room(at, m, "wall", "state")})
}

// follow answers a page that shows the meeting with what has changed, once it has.
func (d *desk) follow(page string, attend bool) handler {
	return func(c echo.Context, at *place) error {
		m, err := d.app.FollowMeeting(c.Request().Context(), at.Slug, attend, c.QueryParam("known"))
		if err != nil {
			return err
		}
		text, err := d.views.View(c).Part(page, "room", d.room(at, m))
		if err != nil {
			return err
		}
		return c.HTML(http.StatusOK, string(text))
	}
}

// room shows a meeting; follow is the address under the meeting's that tells of
// changes.
func (d *desk) room(at *place, m app.Meeting, follow ...string) room {
	last := m.Motion()
	r := room{
		Version: m.Version, Present: m.Present(), Quorum: m.Quorum, Open: at.Selection.Phase(rulebook.PhaseDecision).State == selection.Opened,
		Secret: m.Secret, Follow: at.Path(append([]string{"meeting"}, follow...)...),
	}
	member := false
	for _, one := range m.Members {
		own := one.ID == at.Account.ID
		member = member || own
		r.Members = append(r.Members, memberRow{Name: one.Name, Present: one.Present, Voted: last.Voted(one.ID), Own: own, Recused: last.IsRecused(one.ID)})
	}
	r.Said = at.T("desk.meeting.said.none", "present", r.Present, "members", len(r.Members))
	if last.Number > 0 {
		if last.Outcome == review.Moved {
			r.Quorum = cmp.Or(last.Quorum, m.Quorum)
		}
		shown := d.motion(at, m.Meeting, last)
		r.Motion = &shown
		r.Said = at.T("desk.meeting.said", "present", r.Present, "members", len(r.Members), "outcome", shown.OutcomeText, "voted", shown.Cast)
	}
	moved := last.Outcome == review.Moved
	voted, recused := last.Voted(at.Account.ID), last.IsRecused(at.Account.ID)
	switch {
	case member && moved && recused:
		r.Mine = at.T("desk.meeting.mine.recused")
	case member && moved && voted:
		r.Mine = at.T("desk.meeting.mine.voted")
	case member && moved:
		r.Mine = at.T("desk.meeting.mine.due")
	}
	offer := func(act app.Act, when bool, name, title, key string, first bool) {
		if when && at.Can(act) {
			r.Acts = append(r.Acts, meetingLink{at.Path(name), at.T(title), key, "act-" + strings.TrimPrefix(name, "meeting/"), first})
		}
	}
	offer(app.VoteMotion, member && moved && !voted && !recused && r.Open, "meeting/vote", "desk.meeting.vote", "v", true)
	offer(app.VoteMotion, member && moved && !voted && !recused && r.Open, "meeting/recuse", "desk.meeting.recuse", "x", false)
	settled := moved || last.Outcome == review.AwaitsHosts || last.Outcome == review.Approved
	offer(app.PutMotion, !settled && len(m.Members) > 0 && r.Open, "meeting/motion", "desk.meeting.motion", "m", true)
	offer(app.CloseMotion, moved && r.Open, "meeting/close", "desk.meeting.close", "c", true)
	offer(app.SeatCommittee, last.Number == 0, "committee", "desk.meeting.members", "s", len(m.Members) == 0)
	offer(app.ReadDecision, true, "meeting/wall", "desk.meeting.wall", "w", false)
	offer(app.ReadDecision, true, "meeting/minutes", "desk.meeting.minutes", "p", false)
	return r
}

// motion shows one of a meeting's.
func (d *desk) motion(at *place, m review.Meeting, one review.Motion) motionView {
	v := motionView{
		Motion: one, OutcomeText: at.T("desk.meeting.outcome." + one.Outcome), Cast: len(one.Voters), Moved: one.Outcome == review.Moved,
		Closed: one.ClosedAt != nil, MovedAt: at.moment(one.MovedAt),
	}
	if v.Closed {
		v.ClosedAt = at.moment(*one.ClosedAt)
	}
	var names []string
	for _, who := range m.Members {
		if one.Voted(who.ID) {
			names = append(names, who.Name)
		}
	}
	v.Names, v.Filled = at.List(names), d.filled(at, one)
	v.Hosts = hostRows(at, one.SignOffs)
	v.KindText = at.T("desk.meeting.kind." + cmp.Or(one.Kind, review.Adopt))
	switch {
	case one.Out != nil && one.In != nil:
		v.Change = at.T("desk.meeting.change.replace", "out", withNumber(one.Out), "in", withNumber(one.In))
	case one.Out != nil:
		v.Change = at.T("desk.meeting.change.leave_empty", "out", withNumber(one.Out))
	}
	return v
}

// withNumber is a candidate's number and name.
func withNumber(a *review.Awarded) string {
	return strings.TrimSpace(strconv.Itoa(a.Candidate) + " " + a.Name)
}

// filledView is who gets an award by a motion that fills the seats.
type filledView struct{ Award, Names string }

func (d *desk) filled(at *place, one review.Motion) (all []filledView) {
	if len(one.Seats) == 0 {
		return nil
	}
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		rules = &rulebook.Rulebook{} // the awards' ids will do
	}
	var ids []string
	names := map[string][]string{}
	for _, s := range one.Seats {
		if names[s.Award] == nil {
			ids = append(ids, s.Award)
		}
		names[s.Award] = append(names[s.Award], cmp.Or(s.Name, strconv.Itoa(s.Candidate)))
	}
	for _, id := range ids {
		all = append(all, filledView{cmp.Or(at.Words(awardOf(rules, id).Title), id), at.List(names[id])})
	}
	return all
}

// minutesPage is what a meeting leaves behind, to be printed.
type minutesPage struct {
	Members []memberRow
	Motions []motionView
	Quorum  int
	Approve string
	Secret  bool
	Lot     *review.Lot
	LotAt   web.Moment
	MadeAt  web.Moment
	Zone    string
	Back    string
}

func (d *desk) minutes(c echo.Context, at *place) error {
	m, err := d.app.Minutes(c.Request().Context(), at.Slug)
	if err != nil {
		return err
	}
	now, zone := d.Now(), web.Location(at.Selection.Timezone)
	data := minutesPage{
		Quorum: m.Quorum, Approve: m.Approve, Secret: m.Secret, MadeAt: at.moment(now), Zone: web.Zone(zone, now), Back: at.Path("meeting"),
	}
	if data.Lot = m.Lot; m.Lot != nil {
		data.LotAt = at.moment(*m.Lot.At)
	}
	for _, one := range m.Members {
		row := memberRow{Name: one.Name, Present: one.Present}
		if one.CameAt != nil {
			came := at.moment(*one.CameAt)
			row.CameAt = &came
		}
		if one.LeftAt != nil {
			left := at.moment(*one.LeftAt)
			row.LeftAt = &left
		}
		data.Members = append(data.Members, row)
	}
	for _, one := range m.Motions {
		data.Motions = append(data.Motions, d.motion(at, m.Meeting, one))
	}
	return d.render(c, at, web.Page{Name: "minutes", Title: at.T("desk.minutes.title"), Data: data})
}
