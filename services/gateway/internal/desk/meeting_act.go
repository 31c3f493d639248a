package desk

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/review"
)

// meetingActs are what is done in the meeting, none of which can be undone: each
// has a page of its own that says so, and a form on it.
func (d *desk) mountMeetingActs() {
	for _, one := range []struct {
		act               app.Act
		name, title, done string // the texts' keys
		form              func(c echo.Context, at *place, m review.Meeting) (*Form, []string)
		do                func(c echo.Context, at *place, typed url.Values) error
	}{
		{app.VoteMotion, "vote", "desk.meeting.vote", "desk.meeting.vote.done", voteForm, d.voteMotion},
		{app.VoteMotion, "recuse", "desk.meeting.recuse", "desk.meeting.recuse.done", recuseForm, d.recuseMotion},
		{app.CloseMotion, "close", "desk.meeting.close", "desk.meeting.close.done", closeForm, d.closeMotion},
		{app.PutMotion, "motion", "desk.meeting.motion", "desk.meeting.motion.done", d.motionForm, d.putMotion},
	} {
		show := func(c echo.Context, at *place, m app.Meeting, form *Form, told []string, status int) error {
			data := meetingAct{Form: form, Told: told, Back: at.Path("meeting")}
			if last := m.Motion(); last.Number > 0 && one.act != app.PutMotion {
				shown := d.motion(at, m.Meeting, last)
				data.Motion = &shown
			}
			return d.render(c, at, web.Page{Name: "meeting-act", Status: status, Title: at.T(one.title), Data: data})
		}
		d.page(one.act, path(meetingPath, one.name), func(c echo.Context, at *place) error {
			m, err := d.app.Meeting(c.Request().Context(), at.Slug, true)
			if err != nil {
				return err
			}
			form, told := one.form(c, at, m.Meeting)
			return show(c, at, m, form, told, http.StatusOK)
		})
		d.form(one.act, path(meetingPath, one.name), "confirm", func(c echo.Context, at *place, typed url.Values) error {
			err := one.do(c, at, typed)
			if err == nil {
				return d.done(c, at.Path("meeting"), at.T(one.done), nil)
			}
			m, failed := d.app.Meeting(c.Request().Context(), at.Slug, true)
			if failed != nil {
				return err
			}
			form, told := one.form(c, at, m.Meeting)
			return d.again(c, at, form, typed, err, func(status int) error { return show(c, at, m, form, told, status) })
		}, "motion", "seats", "reason")
	}
}

// meetingAct is the page of an act.
type meetingAct struct {
	Motion *motionView
	Told   []string // what it does
	Form   *Form
	Back   string
}

// motionField says which motion whoever acts has seen.
func motionField(m review.Meeting) Field {
	return Field{Name: "number", Kind: "hidden", Value: strconv.Itoa(m.Motion().Number)}
}

// numberOf reads it; what is no number is none that was put.
func numberOf(typed url.Values) int {
	n, err := strconv.Atoi(typed.Get("number"))
	if err != nil || n < 1 {
		return -1
	}
	return n
}

func voteForm(_ echo.Context, at *place, m review.Meeting) (*Form, []string) {
	choice := Field{Name: "choice", Kind: "radio", Label: at.T("desk.meeting.choice")}
	for _, c := range []string{review.For, review.Against, review.Abstain} {
		choice.Options = append(choice.Options, Option{Value: c, Text: at.T("desk.meeting.choice." + c)})
	}
	told := []string{at.T("desk.meeting.vote.told")}
	if m.Secret {
		told = append(told, at.T("desk.meeting.secret"))
	}
	return &Form{
		Action: at.Path("meeting", "vote", "confirm"), Button: at.T("desk.meeting.vote.send"), Fields: []Field{choice, motionField(m)},
	}, told
}

func (d *desk) voteMotion(c echo.Context, at *place, typed url.Values) error {
	in := review.VoteMotion{Slug: at.Slug, Motion: numberOf(typed), Choice: typed.Get("choice")}
	_, err := d.app.VoteMotion(c.Request().Context(), in)
	return err
}

func recuseForm(_ echo.Context, at *place, m review.Meeting) (*Form, []string) {
	return &Form{
		Action: at.Path("meeting", "recuse", "confirm"), Button: at.T("desk.meeting.recuse.send"),
		Fields: []Field{at.reason("desk.meeting.recuse.hint"), motionField(m)},
	}, []string{at.T("desk.meeting.recuse.told")}
}

func (d *desk) recuseMotion(c echo.Context, at *place, typed url.Values) error {
	_, err := d.app.RecuseMotion(c.Request().Context(), review.RecuseMotion{Slug: at.Slug, Motion: numberOf(typed), Reason: typed.Get("reason")})
	return err
}

func closeForm(_ echo.Context, at *place, m review.Meeting) (*Form, []string) {
	last := m.Motion()
	told := []string{
		at.T("desk.meeting.close.told"),
		at.T("desk.meeting.close.votes", "voted", len(last.Voters), "members", last.Members, "quorum", cmp.Or(last.Quorum, m.Quorum)),
	}
	var due []string
	for _, one := range m.Members {
		if !last.Voted(one.ID) && !last.IsRecused(one.ID) {
			due = append(due, one.Name)
		}
	}
	if len(due) > 0 {
		told = append(told, at.T("desk.meeting.close.due", "names", at.List(due)))
	}
	return &Form{
		Action: at.Path("meeting", "close", "confirm"), Button: at.T("desk.meeting.close.send"), Fields: []Field{motionField(m)},
	}, told
}

func (d *desk) closeMotion(c echo.Context, at *place, typed url.Values) error {
	_, err := d.app.CloseMotion(c.Request().Context(), review.CloseMotion{Slug: at.Slug, Motion: numberOf(typed)})
	return err
}
