package desk

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
	"github.com/laurel-awards/laurel/services/review"
)

// motionForm asks for a motion; where the search for who can be seated has ended
// undecided, for all seats, too.
func (d *desk) motionForm(c echo.Context, at *place, m review.Meeting) (*Form, []string) {
	form := &Form{Action: at.Path("meeting", "motion", "confirm"), Button: at.T("desk.meeting.motion.send"), Fields: []Field{
		{Name: "motion", Kind: "area", Label: at.T("desk.meeting.motion.label"), Hint: at.T("desk.meeting.motion.hint"), Max: 1000},
	}}
	told := []string{at.T("desk.meeting.motion.told", "members", len(m.Members), "quorum", m.Quorum)}
	// Why there is no result else is told when the motion is put.
	if s, err := d.app.Search(c.Request().Context(), at.Slug); err == nil && s.Undecided {
		var awards []string
		if rules, err := d.app.RulebookOf(at.Selection); err == nil {
			for _, a := range rules.Awards {
				awards = append(awards, fmt.Sprintf("%s (%s)", a.ID, at.Words(a.Title)))
			}
		}
		form.Fields = append(form.Fields, Field{
			Name: "seats", Kind: "area", Label: at.T("desk.meeting.seats.label"), Hint: at.T("desk.meeting.seats.hint", "awards", at.List(awards)),
		})
		told = append([]string{at.T("desk.meeting.seats.told")}, told...)
		return form, told
	}
	return d.changeForm(c, at, form), told
}

// changeForm asks beside for what the motion changes, where it changes the list.
func (d *desk) changeForm(c echo.Context, at *place, form *Form) *Form {
	kind := Field{Name: "kind", Kind: "radio", Label: at.T("desk.meeting.kind"), Value: review.Adopt}
	kinds := []string{review.Adopt, review.Replace, review.LeaveEmpty}
	var seats []Field
	if found, err := d.app.Computed(c.Request().Context(), at.Slug); err == nil && len(found.Computed.Ties) > 0 {
		kinds = append(kinds, review.Choose)
		var ties []string
		for _, tie := range found.Computed.Ties {
			ties = append(ties, tie.Candidates...)
		}
		seats = []Field{{
			Name: "seats", Kind: "area", Label: at.T("desk.meeting.choose.label"), Hint: at.T("desk.meeting.choose.hint", "candidates", at.List(ties)), Optional: true,
		}}
	}
	for _, k := range kinds {
		kind.Options = append(kind.Options, Option{Value: k, Text: at.T("desk.meeting.kind." + k), Hint: at.T("desk.meeting.kind.hint." + k)})
	}
	reason := at.reason("desk.meeting.change.reason")
	reason.Optional = true
	form.Fields = append(form.Fields, kind,
		Field{Name: "out", Kind: "number", Label: at.T("desk.meeting.out"), Hint: at.T("desk.meeting.out.hint"), Optional: true},
		Field{Name: "in", Kind: "number", Label: at.T("desk.meeting.in"), Hint: at.T("desk.meeting.in.hint"), Optional: true})
	form.Fields = append(append(form.Fields, seats...), reason)
	return form
}

// candidateOf reads a candidate's number; nothing is none.
func candidateOf(typed url.Values, name string) (int, error) {
	text := strings.TrimSpace(typed.Get(name))
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, problem.Invalid([]fault.Field{fault.Wrong(name, "without_award", "candidate {candidate} has no award", "candidate", text)})
	}
	return n, nil
}

func (d *desk) putMotion(c echo.Context, at *place, typed url.Values) error {
	seats, err := seatsOf(typed.Get("seats"))
	if err != nil {
		return err
	}
	in := review.PutMotion{Slug: at.Slug, Motion: typed.Get("motion"), Seats: seats, Kind: typed.Get("kind")}
	if in.Out, err = candidateOf(typed, "out"); err != nil {
		return err
	}
	if in.In, err = candidateOf(typed, "in"); err != nil {
		return err
	}
	if review.Changes(in.Kind) {
		in.Reason = typed.Get("reason")
	}
	_, err = d.app.PutMotion(c.Request().Context(), in)
	return err
}

// seatsOf reads a line a seat, as typed or copied from a spreadsheet: the
// candidate's number and the award's id.
func seatsOf(text string) (seats []review.Awarded, err error) {
	for i, line := range strings.Split(text, "\n") {
		words := strings.FieldsFunc(line, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;，；、", r) })
		if len(words) == 0 {
			continue
		}
		number, err := strconv.Atoi(words[0])
		if err != nil || len(words) != 2 {
			return nil, problem.Invalid([]fault.Field{fault.Wrong("seats", "seat_line", "line {line} is not a candidate's number and an award", "line", i+1)})
		}
		seats = append(seats, review.Awarded{Candidate: number, Award: words[1]})
	}
	return seats, nil
}
